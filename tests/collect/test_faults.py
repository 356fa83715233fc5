"""Each fault on each read: a gap with its reason, everything else there, nothing claimed that was not read."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rtaudit.azure import arm_id
from rtaudit.collect.aspects import READERS
from rtaudit.collect.failures import fault_of
from rtaudit.collect.gap_summary import gap_lines
from rtaudit.snapshot import Gap
from tests.collect.support import (
    ENDPOINT,
    MODELS,
    QUICK,
    ROLE,
    SUB,
    USAGES,
    VOICE,
    WORKSPACE,
    ZONE,
    Cloud,
    Reply,
    denied,
    gather,
    group,
    have,
    running,
)  # fmt: skip

_SUB = f"/subscriptions/{SUB}"

CAPACITIES = MODELS.replace("/models", "/modelCapacities")

PATHS: dict[str, tuple[str, str]] = {
    "subscriptions": (_SUB, _SUB),
    "accounts": (f"{_SUB}/providers/Microsoft.CognitiveServices/accounts", _SUB),
    "deployments": (f"{VOICE}/deployments", VOICE),
    "contentPolicies": (f"{VOICE}/raiPolicies", VOICE),
    "diagnostics": (f"{VOICE}/providers/Microsoft.Insights/diagnosticSettings", VOICE),
    "models": (MODELS, MODELS),
    "usages": (USAGES, USAGES),
    "providers": (f"{_SUB}/providers/Microsoft.Insights", f"{_SUB}/providers/Microsoft.Insights"),
    "privateEndpoints": (f"{_SUB}/providers/Microsoft.Network/privateEndpoints", _SUB),
    "zoneGroups": (f"{ENDPOINT}/privateDnsZoneGroups", ENDPOINT),
    "zones": (f"{_SUB}/providers/Microsoft.Network/privateDnsZones", _SUB),
    "zoneLinks": (f"{ZONE}/virtualNetworkLinks", ZONE),
    "deletedAccounts": (
        f"{_SUB}/providers/Microsoft.CognitiveServices/deletedAccounts",
        f"{_SUB}/providers/Microsoft.CognitiveServices/deletedAccounts",
    ),
    "budgetsOfGroups": (
        f"{group()}/providers/Microsoft.Consumption/budgets",
        f"{group()}/providers/Microsoft.Consumption/budgets",
    ),
    "capacities": (f"{CAPACITIES}", f"{CAPACITIES}/OpenAI.gpt-realtime.1"),
    "budgets": (f"{_SUB}/providers/Microsoft.Consumption/budgets", f"{_SUB}/providers/Microsoft.Consumption/budgets"),
    "zoneRecords": (f"{ZONE}/A", f"{ZONE}/A"),
    "roleAssignments": (f"{_SUB}/providers/Microsoft.Authorization/roleAssignments", _SUB),
    "roleDefinitions": (ROLE, ROLE),
    "locks": (f"{_SUB}/providers/Microsoft.Authorization/locks", _SUB),
    "metricAlerts": (
        f"{_SUB}/providers/Microsoft.Insights/metricAlerts",
        f"{_SUB}/providers/Microsoft.Insights/metricAlerts",
    ),
    "activityLogAlerts": (
        f"{_SUB}/providers/Microsoft.Insights/activityLogAlerts",
        f"{_SUB}/providers/Microsoft.Insights/activityLogAlerts",
    ),
    "logAlerts": (
        f"{_SUB}/providers/Microsoft.Insights/scheduledQueryRules",
        f"{_SUB}/providers/Microsoft.Insights/scheduledQueryRules",
    ),
    "actionGroups": (
        f"{_SUB}/providers/Microsoft.Insights/actionGroups",
        f"{_SUB}/providers/Microsoft.Insights/actionGroups",
    ),
    "workspaces": (WORKSPACE, WORKSPACE),
    "defenderPlans": (
        f"{_SUB}/providers/Microsoft.Security/pricings/AI",
        f"{_SUB}/providers/Microsoft.Security/pricings/AI",
    ),
    "defenderSettings": (f"{VOICE}/defenderForAISettings", VOICE),
    "perimeters": (f"{VOICE}/networkSecurityPerimeterConfigurations", VOICE),
    "metrics": (f"{VOICE}/providers/Microsoft.Insights/metrics", VOICE),
}
"""Reader -> the path that it asks, and the scope of its gap."""

_REGISTRATION = "The subscription is not registered to use namespace 'Microsoft.X'."

FAULTS: dict[str, tuple[Reply, str, int | None, str | None]] = {
    "denied": (denied("a/b/read"), "denied", 403, "AuthorizationFailed"),
    "denied without a word": (Reply(403, b""), "denied", 403, None),
    "token expired on the way": (Reply(401, {"error": {"code": "ExpiredAuthenticationToken", "message": "m"}}), "denied", 401, "ExpiredAuthenticationToken"),
    "throttled": (Reply(429, {"error": {"code": "TooManyRequests", "message": "m"}}, {"Retry-After": "3600"}), "throttled", 429, "TooManyRequests"),
    "not there": (Reply(404, {"error": {"code": "ResourceNotFound", "message": "m"}}), "missing", 404, "ResourceNotFound"),
    "not registered": (Reply(409, {"error": {"code": "MissingSubscriptionRegistration", "message": _REGISTRATION}}), "failed", 409, "MissingSubscriptionRegistration"),
    "server error": (Reply(500, {"error": {"code": "InternalServerError", "message": "m"}}), "failed", 500, "InternalServerError"),
    "gateway page": (Reply(502, b"<html><h1>Bad Gateway</h1></html>"), "failed", 502, None),
    "reset": (Reply(reset=True), "failed", None, "ProtocolError"),
    "cut off": (Reply(body=b'{"value": [', promise=5000), "failed", None, "ProtocolError"),
    "silence": (Reply(delay=4), "failed", None, "ReadTimeoutError"),
    "not JSON": (Reply(body=b"<html>sign in</html>"), "failed", None, "MalformedAnswer"),
    "not an object": (Reply(body=[1]), "failed", None, "MalformedAnswer"),
    "not a number": (Reply(body=b'{"value": [{"id": NaN}]}'), "failed", None, "MalformedAnswer"),
    "too deep": (Reply(body=b'{"value": [{"id": "/x", "y": ' + b"[" * 500 + b"]" * 500 + b"}]}"), "failed", None, "MalformedAnswer"),
    "redirect": (Reply(307, b"", {"Location": "http://127.0.0.1:1/elsewhere"}), "failed", 307, "Redirect"),
    "too large": (Reply(body=b"[" + b" " * 300_000 + b"]"), "failed", None, "TooLarge"),
}  # fmt: skip
"""Fault -> the answer, and the gap that it has to be."""

_LIMITS = replace(QUICK, attempts=2, throttle_count=3, answer_bytes=200_000)


def test_every_reader_is_in_the_matrix() -> None:
    # Those of callers are asked where a contract names one only: tests/contract.
    readers = {name for name in READERS if not name.startswith("caller ")}
    assert readers - set(PATHS) == {"zonesElsewhere", "actionGroupsElsewhere", "groups"}


@pytest.fixture(scope="module")
def everything() -> set[str]:
    with running() as cloud:
        return have(gather(cloud))


WAVES = (
    ("accounts",),
    ("privateEndpoints",),
    (
        "deployments",
        "diagnostics",
        "zoneGroups",
        "zones",
        "roleAssignments",
        "metricAlerts",
        "activityLogAlerts",
        "logAlerts",
    ),
    tuple(
        name for name in PATHS if not any(name in (*one.depends_on, *one.keep_depends_on) for one in READERS.values())
    ),
)
"""Readers that are struck at once: none of them keeps another one of its wave from being asked."""


@pytest.mark.parametrize("wave", WAVES, ids=lambda wave: wave[0])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_on_any_read_is_one_gap_and_costs_nothing_else(
    cloud: Cloud, fault: str, wave: tuple[str, ...], everything: set[str]
) -> None:
    reply, reason, status, code = FAULTS[fault]
    struck = [
        name for name in wave if name != "subscriptions" or status not in {401, 404}
    ]  # those end it: test_reads.py
    for name in struck:
        cloud.on(PATHS[name][0], reply)
    collected = gather(cloud, replace(_LIMITS, read_timeout=1) if fault == "silence" else _LIMITS)
    gaps = {(gap.aspect, gap.scope, gap.needs): gap for gap in collected.snapshot.gaps}
    expected = {
        (
            READERS[name].aspect,
            PATHS[name][1],
            None if status != 403 else "a/b/read" if fault == "denied" else READERS[name].action,
        )
        for name in struck
    }
    assert set(gaps) == expected
    for gap in gaps.values():
        assert (gap.reason, gap.status, gap.code) == (reason, status, code)
        assert gap.message
    lost = {arm_id.type_of(one) for one in everything - have(collected)}
    assert lost <= {one for name in struck for one in {READERS[name].type.lower()} | _below(name)}
    assert {method for method, _, _ in cloud.asked} == {"GET"}


def test_the_matrix_strikes_every_reader() -> None:
    assert {name for wave in WAVES for name in wave} == set(PATHS)


def _below(name: str) -> set[str]:
    """Types of what cannot be asked for when a reader brings nothing."""
    found = {
        READERS[other].type.lower()
        for other in READERS
        if name in READERS[other].depends_on + READERS[other].keep_depends_on
    }
    for other in [other for other in READERS if name in READERS[other].depends_on + READERS[other].keep_depends_on]:
        found |= _below(other)
    if name in {"accounts", "deployments"}:
        found |= {"microsoft.insights/metrics"}
    return found


def test_an_error_of_the_moment_is_asked_again(cloud: Cloud) -> None:
    path = PATHS["deployments"][0]
    cloud.on(path, Reply(503), Reply(reset=True), Reply(429, b"", {"Retry-After": "0"}), Reply(body={"value": []}))
    collected = gather(cloud)
    assert collected.snapshot.gaps == []
    assert cloud.paths().count(path) == 4
    assert collected.snapshot.collection["calls"]["throttled"] == 1
    assert collected.snapshot.collection["calls"]["retried"] == 3


def test_of_a_list_that_breaks_off_what_came_is_kept(cloud: Cloud) -> None:
    path = PATHS["deployments"][0]
    rows = cloud.lists[path.lower()]
    cloud.on(path, Reply(body={"value": rows, "nextLink": f"{cloud.url}{path}?page=2"}), denied())
    collected = gather(cloud)
    assert arm_id.key(rows[0]["id"]) in have(collected)
    assert [gap.aspect for gap in collected.snapshot.gaps] == ["deployments"]


def test_rows_that_are_no_resources_are_a_gap_and_the_others_are_kept(cloud: Cloud) -> None:
    path = PATHS["deployments"][0]
    rows = cloud.lists[path.lower()]
    cloud.on(path, Reply(body={"value": [None, {"id": 7}, {"id": "/subscriptions/x"}, *rows]}))
    collected = gather(cloud)
    assert arm_id.key(rows[0]["id"]) in have(collected)
    assert [(gap.aspect, gap.code) for gap in collected.snapshot.gaps] == [("deployments", "MalformedAnswer")]


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"error": {"code": "A", "message": "m"}}, "A", "m"),
        ({"code": "A", "message": "m"}, "A", "m"),
        ({"Code": "A", "Message": "m", "Target": None, "Details": [], "Innererror": None}, "A", "m"),
        ({"Message": "m"}, None, "m"),
        ({"error": {"code": "A", "message": "m", "details": [{"message": "more"}, "x"]}}, "A", "m; more"),
        ({"error": {"code": "A", "message": "m", "details": None}}, "A", "m"),
        ({"odata.error": {"code": "A", "message": {"lang": "en", "value": "m"}}}, "A", "m"),
        ({"error": "invalid_request", "error_description": "m"}, "invalid_request", "m"),
        ({"error": {"code": "", "message": None}}, None, "HTTP 400 without a message"),
        ([], None, "HTTP 400 without a message"),
        (b"", None, "HTTP 400 without a message"),
        (b"<html><b>Our services</b> are down</html>", None, "Our services are down"),
    ],
)
def test_every_envelope_of_an_error_is_understood(cloud: Cloud, body: object, code: str | None, message: str) -> None:
    cloud.on(PATHS["diagnostics"][0], Reply(400, body))
    gap = gather(cloud).snapshot.gaps[0]
    assert (gap.code, gap.message) == (code, message)


def test_messages_hold_no_secret_and_nothing_that_changes_on_every_call(cloud: Cloud) -> None:
    volatile = "Correlation ID: 6af413a8-23eb-4ce4-bbeb-69da916d1f74, tracking id is '7af413a8-23eb-4ce4-bbeb-69da916d1f74', at 2026-01-02T03:04:05.6Z"
    kept = "object id '8af413a8-23eb-4ce4-bbeb-69da916d1f74'"
    cloud.on(PATHS["diagnostics"][0], Reply(400, {"error": {"message": f"{volatile} {kept} sig=abcdefgh {'x' * 900}"}}))
    message = gather(cloud).snapshot.gaps[0].message
    assert message is not None
    assert "6af413a8" not in message
    assert "7af413a8" not in message
    assert "2026" not in message
    assert "abcdefgh" not in message
    assert kept in message
    assert len(message) == 400


def test_gaps_are_summed_up_in_words(cloud: Cloud) -> None:
    cloud.choose = lambda path: (
        denied("Microsoft.Insights/diagnosticSettings/read") if path.endswith("diagnosticsettings") else None
    )
    cloud.on(USAGES, Reply(500, {"error": {"code": "Oops", "message": "try later"}}))
    assert list(gap_lines(gather(cloud).snapshot.gaps)) == [
        "diagnostics of 2 accounts: Microsoft.Insights/diagnosticSettings/read denied",
        "usages of region eastus2: failed (500 Oops): try later",
    ]


def test_gaps_name_the_group_of_a_list_and_count_in_plural() -> None:
    budgets = f"{group()}/providers/Microsoft.Consumption/budgets"
    gaps = [Gap(f"{CAPACITIES}/OpenAI.gpt-realtime.{number}", "capacity", "throttled", 429) for number in (1, 2)]
    assert list(gap_lines([Gap(budgets, "budgets", "throttled", 429), *gaps])) == [
        f"budgets of resource group {group().rpartition('/')[2]}: throttled to the end (429)",
        "capacity of 2 model capacities: throttled to the end (429)",
    ]


def test_each_list_of_alerts_has_a_gap_of_its_own(cloud: Cloud) -> None:
    # No service names an action in a 429 or a 500: the scope alone tells the lists apart.
    cloud.on(PATHS["metricAlerts"][0], Reply(429, b"", {"Retry-After": "0"}))
    cloud.on(PATHS["activityLogAlerts"][0], Reply(500, {"error": {"code": "Oops", "message": "try later"}}))
    cloud.on(PATHS["actionGroups"][0], denied("Microsoft.Insights/actionGroups/read"))
    gaps = gather(cloud, _LIMITS).snapshot.gaps
    assert [(gap.scope, gap.reason) for gap in gaps] == [
        (f"{_SUB}/providers/Microsoft.Insights/actionGroups", "denied"),
        (f"{_SUB}/providers/Microsoft.Insights/activityLogAlerts", "failed"),
        (f"{_SUB}/providers/Microsoft.Insights/metricAlerts", "throttled"),
    ]
    assert list(gap_lines(gaps)) == [
        f"alerts (actionGroups) of subscription {SUB}: Microsoft.Insights/actionGroups/read denied",
        f"alerts (activityLogAlerts) of subscription {SUB}: failed (500 Oops): try later",
        f"alerts (metricAlerts) of subscription {SUB}: throttled to the end (429)",
    ]
    # Where the list is named as its aspect is, it is named once.
    budgets = Gap(f"{_SUB}/providers/Microsoft.Consumption/budgets", "budgets", "throttled", 429)
    assert list(gap_lines([budgets])) == [f"budgets of subscription {SUB}: throttled to the end (429)"]


@pytest.mark.parametrize("name", ["metricAlerts", "activityLogAlerts", "logAlerts", "actionGroups"])
def test_a_list_of_alerts_is_filled_apart_from_the_others(cloud: Cloud, name: str) -> None:
    whole = gather(cloud).snapshot
    cloud.on(PATHS[name][0], denied())
    part = gather(cloud).snapshot
    assert part.gaps
    cloud.scripts.clear()
    cloud.asked.clear()
    filled = gather(cloud, earlier=part).snapshot
    assert (filled.gaps, filled.digest) == ([], whole.digest)
    # Which action groups are kept depends on the alerts that are there.
    assert {path.rsplit("/", 1)[-1] for path in cloud.paths()} == {PATHS[name][0].rsplit("/", 1)[-1], "actionGroups"}
    # A gap of an older version is at the subscription, and may be of any of the lists.
    cloud.asked.clear()
    older = replace(part, gaps=[replace(gap, scope=_SUB) for gap in part.gaps])
    assert gather(cloud, earlier=older).snapshot.digest == whole.digest
    assert len(cloud.asked) == 4


_REPLIES = st.one_of(
    st.none(),
    st.sampled_from([reply for name, (reply, *_) in FAULTS.items() if name not in {"silence", "too large"}]),
    st.builds(
        Reply,
        status=st.sampled_from([200, 200, 204, 400, 418, 503]),
        body=st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["value", "nextLink", "id", "error", "properties", "kind"]), inner, max_size=4
                )
            ),
            max_leaves=8,
        ),
    ),
)


@given(st.lists(_REPLIES, max_size=40), st.integers(0, 10_000))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_azure_answers_nothing_is_raised_lost_or_claimed(replies: list[Reply | None], seed: int) -> None:
    given_paths: set[str] = set()
    faulty: set[str] = set()
    waiting = list(replies)
    random = Random(seed)

    def choose(path: str) -> Reply | None:
        if path.count("/") == 2 or not waiting:  # the subscription itself decides whether there is a collection at all
            given_paths.add(path)
            return None
        reply = waiting.pop(random.randrange(len(waiting)))
        (given_paths if reply is None else faulty).add(path)
        return reply

    with running() as cloud:
        cloud.choose = choose
        collected = gather(cloud, _LIMITS)
        snapshot = collected.snapshot
        json.dumps(snapshot.document(), allow_nan=False)
        gaps = {(gap.aspect, arm_id.key(gap.scope)) for gap in snapshot.gaps}
        found = have(collected)
        for name, (path, scope) in PATHS.items():
            reader, key = READERS[name], path.lower()
            if key in faulty and key not in given_paths:
                # Only faults came: either a gap says so, or what came was an honest answer of another kind.
                claimed = {one for one in found if arm_id.type_of(one) == reader.type.lower()}
                expected = {
                    arm_id.key(row["id"]) for row in cloud.lists.get(key, []) if isinstance(row, dict) and "id" in row
                }
                assert (reader.aspect, arm_id.key(scope)) in gaps or not claimed & expected, name
            if key in given_paths and key not in faulty and name in {"deployments", "contentPolicies", "diagnostics"}:
                assert {arm_id.key(row["id"]) for row in cloud.lists[key]} <= found, name


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'"you shall not pass"', "you shall not pass"),
        (b"Forbidden by a proxy", "Forbidden by a proxy"),
        (b"<html><body>no</body></html>", "no"),
        (b'{"error": "no"}', "no"),
        (b'{"Message": "no"}', "no"),
        (b"[]", "HTTP 403 without a message"),
        (b'""', "HTTP 403 without a message"),
        (b"", "HTTP 403 without a message"),
    ],
)
def test_a_403_is_denied_whatever_its_body(body: bytes, message: str) -> None:
    fault = fault_of(403, {}, body)
    assert (fault.reason, fault.status, fault.message) == ("denied", 403, message)
