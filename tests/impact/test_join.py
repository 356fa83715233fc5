"""The join of a drift with the rules: a change names the rules that it turns, all of them, and no others."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import rtaudit
from rtaudit import assets
from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import ACCOUNT, DEPLOYMENT
from rtaudit.cli import app
from rtaudit.drift import Drift, diff, load_policy
from rtaudit.drift.model import dump
from rtaudit.impact.join import join_rules, rule_reads
from rtaudit.policy import check, load_policies
from rtaudit.snapshot import Snapshot, load
from tests.drift.estate import account, estate, snapshot, subscription

TODAY = date(2026, 11, 22)
PACKS = load_policies(["regulated"])
GOOD = load(assets.policies() / "rules" / "good.json")
SAMPLES = {label: load(assets.snapshots() / f"{label}.json") for label in ("test", "prod")}
Change = tuple[str, str]


def joined(left: Snapshot, right: Snapshot) -> Drift:
    return join_rules(diff([left, right], load_policy(None, TODAY), as_of=TODAY), [left, right], PACKS, TODAY)


def rules(drift: Drift) -> dict[Change, set[str]]:
    return {
        (change.role, change.path): {rule["rule"] for rule in change.rules}
        for change in drift.comparisons[0].changes
        if change.decision == "drift"
    }


def outcomes(of: Snapshot) -> dict[tuple[str, str], str]:
    return {(one.rule, arm_id.key(one.resource)): one.outcome for one in check([of], PACKS, as_of=TODAY).findings}


BEFORE = outcomes(GOOD)


def turned(other: Snapshot) -> set[str]:
    after = outcomes(other)
    return {
        rule
        for (rule, resource), outcome in BEFORE.items()
        if (there := after.get((rule, resource))) not in (None, outcome) and "fail" in (outcome, there)
    }


def _leaves(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, held in value.items():
            if at or key not in ("id", "name", "type"):
                yield from _leaves(held, (*at, key))
    elif isinstance(value, list):
        for index, held in enumerate(value[:3]):
            yield from _leaves(held, (*at, index))
    else:
        yield at


LEAVES = [(index, path) for index, item in enumerate(GOOD.resources) for path in _leaves(item)]
VALUES = [
    True,
    False,
    0,
    1,
    7,
    10_000,
    None,
    "Disabled",
    "Enabled",
    "Allow",
    "None",
    "Succeeded",
    "Failed",
    "Rejected",
    "*",
]


def _edit(index: int, path: tuple[Any, ...], value: Any) -> Snapshot:
    resources = list(GOOD.resources)
    resources[index] = copy.deepcopy(resources[index])
    inner = resources[index]
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    return Snapshot.of(GOOD.environment, GOOD.scope, resources, GOOD.gaps, GOOD.clients, GOOD.collection)


@given(st.sampled_from(LEAVES), st.sampled_from(VALUES))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
def test_of_a_single_edit_every_rule_that_turns_is_joined_and_no_other(leaf: tuple[int, Any], value: Any) -> None:
    other = _edit(*leaf, value)
    drift = joined(GOOD, other)
    changes = rules(drift)
    assume(len(changes) == 1)
    assert set().union(*changes.values()) == turned(other)


def test_the_law_is_tried_on_edits_that_turn_rules() -> None:
    switches = [(leaf, value) for leaf in LEAVES if (value := _at(leaf)) is True or value == "Succeeded"]
    edits = [_edit(*leaf, False if value is True else "Disabled") for leaf, value in switches]
    found = [(turned(one), rules(joined(GOOD, one))) for one in edits]
    assert sum(bool(wanted) for wanted, changes in found if len(changes) == 1) >= 10
    assert [
        (wanted, changes)
        for wanted, changes in found
        if len(changes) == 1 and {*wanted} != set().union(*changes.values())
    ] == []


def _at(leaf: tuple[int, tuple[Any, ...]]) -> Any:
    value: Any = GOOD.resources[leaf[0]]
    for part in leaf[1]:
        value = value[part]
    return value


def test_an_alert_is_blamed_only_for_the_rule_that_it_turns() -> None:
    found = rules(joined(SAMPLES["test"], SAMPLES["prod"]))
    legacy = {role for (role, _), of_change in found.items() if "RTA-OBS-009" in of_change}
    assert legacy == {"frontdesk-latency"}
    assert sum(path == "" and "RTA-OBS-008" in of_change for (_, path), of_change in found.items()) == 5


def test_a_rule_of_service_health_is_not_joined_to_metric_alerts() -> None:
    drift = joined(SAMPLES["test"], SAMPLES["prod"])
    types = {
        change.type for change in drift.comparisons[0].changes for rule in change.rules if rule["rule"] == "RTA-OBS-010"
    }
    assert types == {
        "microsoft.cognitiveservices/accounts",
        "microsoft.insights/actiongroups",
        "microsoft.insights/activitylogalerts",
    }


def test_a_content_policys_filters_turn_the_rule_of_the_deployment() -> None:
    found = rules(joined(SAMPLES["test"], SAMPLES["prod"]))
    assert "RTA-RAI-003" in found["lh-concierge-sdc/concierge-guard", "/properties/contentFilters"]
    # Whether a deployment is of realtime was no question in either.
    assert "RTA-RAI-003" not in found["lh-concierge-sdc/concierge-voice", "/properties/model/name"]


def test_an_account_that_went_turns_the_rules_of_the_environment() -> None:
    def two(label: str) -> list[Any]:
        return list(estate(label).resources)

    def voice(owner: Any) -> Any:
        return {
            "id": f"{owner['id']}/deployments/voice", "name": "voice", "sku": {"name": "GlobalStandard", "capacity": 6},
            "properties": {
                "model": {"format": "OpenAI", "name": "gpt-realtime", "version": "2025-08-28"}, "raiPolicyName": "guard",
                "provisioningState": "Succeeded", "capabilities": {"realtime": "true"},
            },
        }  # fmt: skip

    second = account("prod", "voice-prod-sdc", location="swedencentral")
    left = snapshot("prod", [*two("prod"), second, voice(second)])
    right = snapshot("prod", two("prod"))
    (change,) = [
        one for one in joined(left, right).comparisons[0].changes if one.path == "" and one.decision == "drift"
    ]
    assert {rule["rule"] for rule in change.rules} == {"RTA-RES-001"}


def test_what_came_to_an_account_of_another_name_turns_the_rules_of_that_account() -> None:
    kind = "microsoft.insights/diagnosticsettings"
    sides = [
        [one for one in estate(label).resources if arm_id.type_of(one["id"]) != kind] for label in ("test", "prod")
    ]
    owner = next(one["id"] for one in sides[1] if arm_id.type_of(one["id"]) == ACCOUNT)
    workspace = f"{subscription('prod')}/resourceGroups/logs/providers/Microsoft.OperationalInsights/workspaces/logs"
    logs = [{"category": name, "enabled": True} for name in ("Audit", "RequestResponse")]
    setting = {
        "id": f"{owner}/providers/Microsoft.Insights/diagnosticSettings/audit", "name": "audit",
        "properties": {"workspaceId": workspace, "logs": logs},
    }  # fmt: skip
    found = rules(joined(snapshot("test", sides[0]), snapshot("prod", [*sides[1], setting])))
    assert found["voice/audit", ""] == {"RTA-OBS-001", "RTA-OBS-002"}


def test_a_model_that_nobody_knows_turns_the_rules_of_realtime_deployments() -> None:
    before = list(estate("prod").resources)
    after = copy.deepcopy(before)
    voice = next(one for one in after if arm_id.type_of(one["id"]) == DEPLOYMENT)
    voice["properties"]["model"]["name"] = "acme-voice"
    found = rules(joined(snapshot("prod", before), snapshot("prod", after)))
    # What it filters is read of a content policy: of the model only whether the rule applies at all.
    assert "RTA-RAI-003" in found["voice-prod/voice", "/properties/model/name"]


def test_the_library_joins_what_the_command_joins() -> None:
    paths = [str(assets.snapshots() / f"{label}.json") for label in ("test", "prod")]
    done = CliRunner().invoke(app, ["diff", *paths, "--as-of", "2026-11-22", "-o", "json"])
    command = json.loads(done.stdout)
    library = json.loads(dump(rtaudit.diff(*map(rtaudit.load_snapshot, paths), as_of=TODAY)))
    assert command["comparisons"][0]["changes"] == library["comparisons"][0]["changes"]
    assert sum(bool(change["rules"]) for change in library["comparisons"][0]["changes"]) > 20
    bare = rtaudit.diff(*map(rtaudit.load_snapshot, paths), as_of=TODAY, rules=())
    assert not any(change.rules for change in bare.comparisons[0].changes)


@pytest.mark.parametrize(
    ("rule", "resource_type", "path", "reads"),
    [
        ("RTA-ID-001", "microsoft.cognitiveservices/accounts", "properties.disableLocalAuth", True),
        ("RTA-ID-001", "microsoft.cognitiveservices/accounts", "tags", False),
        ("RTA-OBS-008", "microsoft.insights/metricalerts", "properties.criteria", True),
        ("RTA-OBS-008", "microsoft.insights/activitylogalerts", "properties.enabled", False),
    ],
    ids=["own field", "another own field", "a related field", "another type of the aspect"],
)
def test_what_a_rule_reads_follows_from_its_expressions(rule: str, resource_type: str, path: str, reads: bool) -> None:
    fields = rule_reads(PACKS, TODAY)[rule].fields.get(resource_type, frozenset())
    assert any(one in ("", path) or path.startswith(f"{one}.") for one in fields) is reads
