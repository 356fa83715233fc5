"""A gap of the served snapshot is that failure once more, where it was and nowhere else."""

from __future__ import annotations

import http.client

import pytest

from rtaudit.simulate import Simulator
from rtaudit.snapshot import Gap, Snapshot

from .support import ACCOUNT, ENDPOINT, GROUP, MODELS, ROOT, SUB, ZONE, get, send, snapshot

LAW = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/law"

ALERTS = f"{SUB}/providers/Microsoft.Insights/activityLogAlerts"

PLACES = [
    (
        f"{SUB}/providers/Microsoft.CognitiveServices/accounts",
        SUB,
        "accounts",
        "Microsoft.CognitiveServices/accounts/read",
        ACCOUNT[:-2],
    ),
    (f"{ACCOUNT}/deployments", ACCOUNT, "deployments", "Microsoft.CognitiveServices/accounts/deployments/read", None),
    (
        f"{ACCOUNT}/raiPolicies",
        ACCOUNT,
        "contentPolicies",
        "Microsoft.CognitiveServices/accounts/raiPolicies/read",
        None,
    ),
    (
        f"{ACCOUNT}/providers/microsoft.insights/diagnosticSettings",
        ACCOUNT,
        "diagnostics",
        "Microsoft.Insights/diagnosticSettings/read",
        f"{ACCOUNT}/providers/microsoft.insights/diagnosticSettings",
    ),
    (MODELS, MODELS, "models", "Microsoft.CognitiveServices/locations/models/read", None),
    (
        f"{SUB}/providers/Microsoft.Network/privateEndpoints",
        SUB,
        "privateEndpoints",
        "Microsoft.Network/privateEndpoints/read",
        ENDPOINT,
    ),
    (
        f"{ENDPOINT}/privateDnsZoneGroups",
        ENDPOINT,
        "privateEndpoints",
        "Microsoft.Network/privateEndpoints/privateDnsZoneGroups/read",
        f"{ENDPOINT}/",
    ),
    (f"{ZONE}/A", ZONE, "privateDns", "Microsoft.Network/privateDnsZones/A/read", f"{ZONE}/A"),
    (f"{SUB}{ROOT}/roleAssignments", SUB, "roleAssignments", "Microsoft.Authorization/roleAssignments/read", None),
    (f"{SUB}{ROOT}/locks", SUB, "locks", "Microsoft.Authorization/locks/read", None),
    (f"{SUB}/providers/Microsoft.Insights/metricAlerts", SUB, "alerts", "Microsoft.Insights/metricAlerts/read", None),
    (ALERTS, ALERTS, "alerts", "Microsoft.Insights/activityLogAlerts/read", None),
    (LAW, LAW, "workspaces", "Microsoft.OperationalInsights/workspaces/read", LAW),
    (f"{ACCOUNT}/providers/Microsoft.Insights/metrics", ACCOUNT, "metrics", "Microsoft.Insights/metrics/read", None),
    (f"{SUB}/providers/Microsoft.Network", SUB, "providers", "Microsoft.Resources/subscriptions/providers/read", None),
    (SUB, SUB, "accounts", "Microsoft.Resources/subscriptions/read", None),
]

# Everything that the role assignments', locks' and alerts' lists show is all over the subscription.
EVERYWHERE = ("roleAssignments", "locks", "metricAlerts", "activityLogAlerts")


def _estate(path: str, below: str | None, gap: Gap) -> Snapshot:
    """The small estate with a gap, and without what the read at the gap would show."""
    everything = path == SUB or path.endswith(EVERYWHERE)
    return snapshot(without=["/" if everything else below or path], gaps=[gap])


@pytest.mark.parametrize(
    ("path", "scope", "aspect", "needs", "below"), PLACES, ids=[place[0].rsplit("/", 1)[-1] for place in PLACES]
)
def test_a_read_fails_again_by_its_action_or_by_its_aspect(path, scope, aspect, needs, below):
    extra = "&metricnames=RealtimeUsageTime" if aspect == "metrics" else ""
    denied = Gap(scope, aspect, "denied", 403, "AuthorizationFailed", needs, f"no {needs}")
    with Simulator([_estate(path, below, denied)]) as sim:
        got = get(sim, path, extra)
        assert (got.status, got.code, got.message) == (403, "AuthorizationFailed", f"no {needs}")
        assert set(got.json) == {"error"}
    gone = Gap(scope, aspect, "missing", 404, "Gone", None, "gone")
    with Simulator([_estate(path, below, gone)]) as sim:
        got = get(sim, path, extra)
        assert (got.status, got.code, got.message) == (404, "Gone", "gone")
        assert set(got.json) == ({"code", "message"} if "/microsoft.insights/" in path.lower() else {"error"})


@pytest.mark.parametrize(
    ("gap", "status", "code"),
    [
        (Gap(ACCOUNT, "deployments", "denied"), 403, "AuthorizationFailed"),
        (Gap(ACCOUNT.upper(), "deployments", "throttled"), 429, "SubscriptionRequestsThrottled"),
        (Gap(ACCOUNT, "deployments", "missing"), 404, "ResourceNotFound"),
        (Gap(ACCOUNT, "deployments", "failed", 500, "InternalServerError"), 500, "InternalServerError"),
        (
            Gap(ACCOUNT, "deployments", "failed", 409, "MissingSubscriptionRegistration", None, "not registered"),
            409,
            "MissingSubscriptionRegistration",
        ),
        (Gap(ACCOUNT, "deployments", "interrupted"), 503, "Interrupted"),
    ],
)
def test_each_reason_has_its_status(gap, status, code):
    with Simulator([snapshot(without=[f"{ACCOUNT}/deployments"], gaps=[gap])], retry_after=7) as sim:
        got = get(sim, f"{ACCOUNT}/deployments")
        assert (got.status, got.code) == (status, code)
        assert got.headers.get("retry-after") == ("7" if status == 429 else None)
        assert get(sim, f"{ACCOUNT}/raiPolicies").status == 200
        assert get(sim, f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/voice-2/deployments").status == 200


def test_a_denied_read_without_words_gets_azures():
    gap = Gap(ACCOUNT, "deployments", "denied")
    with Simulator([snapshot(without=[f"{ACCOUNT}/deployments"], gaps=[gap])]) as sim:
        message = get(sim, f"{ACCOUNT}/deployments").message
    assert (
        f"'Microsoft.CognitiveServices/accounts/deployments/read' over scope '{ACCOUNT}' or the scope is invalid"
        in message
    )


def test_another_action_is_not_denied():
    gap = Gap(ZONE, "privateDns", "denied", 403, "AuthorizationFailed", "Microsoft.Network/privateDnsZones/A/read")
    with Simulator([snapshot(without=[f"{ZONE}/A"], gaps=[gap])]) as sim:
        assert get(sim, f"{ZONE}/A").status == 403
        assert get(sim, f"{ZONE}/virtualNetworkLinks").names == ["hub"]
        assert get(sim, ZONE).status == 200


def test_a_read_that_failed_without_an_answer_gets_none():
    gap = Gap(ACCOUNT, "deployments", "failed", None, "Timeout")
    with Simulator([snapshot(without=[f"{ACCOUNT}/deployments"], gaps=[gap])]) as sim, pytest.raises(ConnectionError):
        get(sim, f"{ACCOUNT}/deployments")


@pytest.mark.parametrize("status", [200, None])
def test_an_answer_that_was_no_json_is_none_again(status):
    gap = Gap(ACCOUNT, "deployments", "failed", status, "MalformedAnswer")
    with Simulator([snapshot(without=[f"{ACCOUNT}/deployments"], gaps=[gap])]) as sim:
        got = get(sim, f"{ACCOUNT}/deployments")
        assert got.status == 200
        with pytest.raises(ValueError, match="Expecting"):
            _ = got.json


def test_a_list_that_broke_off_gives_what_it_gave_and_then_breaks():
    gap = Gap(ACCOUNT, "deployments", "failed", 500, "InternalServerError", None, "boom")
    with Simulator([snapshot(gaps=[gap])], page_size=3) as sim:
        first = get(sim, f"{ACCOUNT}/deployments").json
        head = {"Authorization": "Bearer x"}
        second = send(sim, first["nextLink"].removeprefix(sim.url), headers=head).json
        assert [len(page["value"]) for page in (first, second)] == [3, 2]
        last = send(sim, second["nextLink"].removeprefix(sim.url), headers=head)
        assert (last.status, last.message) == (500, "boom")


def test_a_denied_action_is_missing_from_the_permissions():
    needs = "Microsoft.Insights/diagnosticSettings/read"
    gap = Gap(ACCOUNT, "diagnostics", "denied", 403, "AuthorizationFailed", needs)
    with Simulator([snapshot(gaps=[gap])]) as sim:
        assert get(sim, f"{ACCOUNT}{ROOT}/permissions").json["value"][0]["notActions"] == [needs]
        assert get(sim, f"{SUB}{ROOT}/permissions").json["value"][0] == {
            "actions": ["*/read"],
            "notActions": [],
            "dataActions": [],
            "notDataActions": [],
        }


def test_a_gap_of_one_list_is_none_of_the_others_and_its_action_is_missing_from_the_subscription():
    needs = "Microsoft.Insights/activityLogAlerts/read"
    gap = Gap(ALERTS, "alerts", "denied", 403, "AuthorizationFailed", needs)
    with Simulator([snapshot(without=[f"{GROUP}/providers/Microsoft.Insights/activityLogAlerts"], gaps=[gap])]) as sim:
        assert get(sim, ALERTS).status == 403
        assert get(sim, f"{GROUP}/providers/Microsoft.Insights/activityLogAlerts").status == 403
        assert get(sim, ALERTS.replace("activityLogAlerts", "metricAlerts")).status != 403
        assert get(sim, f"{SUB}{ROOT}/permissions").json["value"][0]["notActions"] == [needs]
        assert get(sim, f"{ACCOUNT}{ROOT}/permissions").json["value"][0]["notActions"] == [needs]


def test_a_subscription_that_only_a_gap_names_is_not_listed():
    gap = Gap(SUB, "accounts", "denied", 403, "AuthorizationFailed", "Microsoft.Resources/subscriptions/read")
    with Simulator([snapshot(without=["/"], gaps=[gap])]) as sim:
        assert get(sim, "/subscriptions").json["value"] == []
        assert get(sim, SUB).status == 403


def test_a_dropped_connection_is_a_reset_and_the_next_one_works():
    with Simulator([snapshot()]) as sim:
        sim.serve(ACCOUNT, drop=True, times=1)
        with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
            get(sim, ACCOUNT)
        assert get(sim, ACCOUNT).status == 200
