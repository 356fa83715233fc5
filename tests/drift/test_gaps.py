from __future__ import annotations

from dataclasses import replace

import pytest

from rtaudit.drift import Drift, DriftPolicy
from rtaudit.drift.policy import Entry
from rtaudit.snapshot import Gap, Snapshot

from .estate import ALL, Resource, account, account_id, deployment, edited, estate, run, snapshot, subscription, without


def gapped(given: Snapshot, aspect: str, scope: str) -> Snapshot:
    gap = Gap(scope, aspect, "denied", 403, "AuthorizationFailed", "Microsoft.X/y/read")
    return Snapshot.of(given.environment, given.scope, given.resources, [gap], collection=given.collection)


def told(drift: Drift) -> list[tuple[str, str, str, str]]:
    return [
        (change.decision, change.role, change.type.rsplit("/", 1)[-1], change.path)
        for change in drift.comparisons[0].changes
    ]


@pytest.mark.parametrize("blind", ["left", "right"])
@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize(
    ("aspect", "resource_type"),
    [("diagnostics", "diagnosticSettings"), ("deployments", "deployments"), ("contentPolicies", "raiPolicies")],
)
def test_a_gap_makes_the_comparison_unknown_not_equal(blind: str, upper: bool, aspect: str, resource_type: str) -> None:
    def dark(label: str) -> Snapshot:
        scope = account_id(label, f"voice-{label}")
        return gapped(without(estate(label), resource_type), aspect, scope.upper() if upper else scope)

    left = dark("test") if blind == "left" else estate("test")
    right = dark("prod") if blind == "right" else estate("prod")
    drift = run(left, right)
    assert told(drift) == [("unknown", "voice", resource_type.lower(), "")]
    assert (drift.verdict, drift.exit_code) == ("incomplete", 4)
    (change,) = drift.comparisons[0].changes
    label = "test" if blind == "left" else "prod"
    assert change.decided_by == (
        f"{label}: {aspect} not read: denied (403 AuthorizationFailed), needs Microsoft.X/y/read"
    )


def test_both_blind_is_unknown_too() -> None:
    left, right = (
        gapped(without(estate(label), "diagnosticSettings"), "diagnostics", account_id(label, f"voice-{label}"))
        for label in ("test", "prod")
    )
    assert [decision for decision, *_ in told(run(left, right))] == ["unknown"]


def test_what_was_seen_still_drifts() -> None:
    left = gapped(estate("test"), "diagnostics", account_id("test", "voice-test"))
    right = edited(estate("prod"), "diagnosticSettings", lambda item: item["properties"].update(logs=[]))
    drift = run(left, right)
    assert told(drift) == [
        ("drift", "voice/to-logs", "diagnosticsettings", "/properties/logs"),
        ("unknown", "voice", "diagnosticsettings", ""),
    ]
    assert drift.exit_code == 1


def test_a_gap_at_another_account_hides_nothing() -> None:
    accounts = {label: [account(label), account(label, f"chat-{label}")] for label in ("test", "prod")}
    left = snapshot("test", [*accounts["test"], deployment(accounts["test"][0])])
    right = gapped(snapshot("prod", accounts["prod"]), "deployments", accounts["prod"][1]["id"])
    assert told(run(left, right)) == [
        ("drift", "voice/voice", "deployments", ""),
        ("unknown", "chat", "deployments", ""),
    ]


def test_a_list_that_was_not_read_hides_what_it_could_hold() -> None:
    alert = {"id": f"{subscription('test')}/resourceGroups/rg/providers/Microsoft.Insights/metricAlerts/throttled"}
    left = snapshot("test", [*estate("test").resources, alert])
    assert told(run(left, estate("prod"))) == [("drift", "throttled", "metricalerts", "")]
    assert told(run(left, gapped(estate("prod"), "alerts", subscription("prod")))) == [
        ("unknown", "subscription", "metricalerts", "")
    ]


def test_an_aspect_that_one_side_skipped_is_unknown() -> None:
    few = [name for name in ALL if name != "locks"]
    right = replace(estate("prod"), scope={"aspects": few})
    drift = run(estate("test"), right)
    assert told(drift) == [("unknown", "environment", "locks", "")]
    drift = run(replace(estate("test"), scope={"aspects": few}), right)
    assert (told(drift), drift.warnings, drift.exit_code) == ([], ["not compared: locks, which neither side read"], 0)


def test_an_opt_in_aspect_of_one_side_is_said_but_does_not_gate() -> None:
    drift = run(estate("test"), replace(estate("prod"), scope={"aspects": [*ALL, "defender"]}))
    assert [decision for decision, *_ in told(drift)] == ["unknown"]
    assert drift.exit_code == 0


def test_a_field_that_an_older_api_version_does_not_show_is_unknown() -> None:
    def read_with(given: Snapshot, version: str) -> Snapshot:
        kind = "Microsoft.CognitiveServices/accounts/deployments"
        return Snapshot.of(given.environment, given.scope, given.resources, collection={"apiVersions": {kind: version}})

    def forget(item: Resource) -> None:
        item["properties"].pop("deploymentState")

    hidden = edited(estate("test"), "deployments", forget)
    left, right = read_with(hidden, "2025-06-01"), read_with(estate("prod"), "2026-05-01")
    drift = run(left, right)
    assert told(drift) == [("unknown", "voice/voice", "deployments", "/properties/deploymentState")]
    assert "api-version 2025-06-01 does not show it" in (drift.comparisons[0].changes[0].decided_by or "")
    assert told(run(right, left)) == told(drift)
    both_new = read_with(hidden, "2026-05-01")
    assert told(run(both_new, right))[0][0] == "drift"


def test_accounts_that_could_not_be_listed_are_not_removed() -> None:
    blind = gapped(snapshot("prod", []), "accounts", subscription("prod"))
    drift = run(snapshot("test", [account("test")]), blind)
    assert told(drift) == [("unknown", "environment", "accounts", "")]


def test_roles_that_could_not_be_read_are_unknown() -> None:
    held = {
        "id": f"{subscription('test')}/providers/Microsoft.Authorization/roleAssignments/a",
        "properties": {
            "principalType": "User",
            "roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/owner",
        },
    }
    left = snapshot("test", [*estate("test").resources, held])
    assert told(run(left, estate("prod"))) == [("drift", "voice", "roleassignments", "/rolesHeld/User")]
    assert told(run(left, gapped(estate("prod"), "roleAssignments", subscription("prod")))) == [
        ("unknown", "subscription", "roleassignments", "")
    ]


def test_what_is_ignored_altogether_need_not_be_seen() -> None:
    blind = gapped(without(estate("prod"), "diagnosticSettings"), "diagnostics", account_id("prod", "voice-prod"))
    for paths, decision in ((None, "ignored"), (("/properties/logs",), "unknown")):
        policy = DriftPolicy([Entry("no-logs", categories=("logging",), paths=paths, ignore=True)])
        assert [one.decision for one in run(estate("test"), blind, policy).comparisons[0].changes] == [decision]
