"""Odd shapes: a value of another kind than the provider writes is unknown or left out, wherever it is, and never an error of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rtaudit.plan import bicep, terraform

from .kit import snapshot

PLANS = Path(__file__).parents[2] / "snapshots" / "plans"
ODD: list[Any] = [None, 3, True, "x", [], {}, [None], [3], {"a": 1}, [{"a": None}]]


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        yield (*above, step)
        yield from places(inner, (*above, step))


def first_of_each_type(name: str, key: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    document = json.loads((PLANS / name).read_text("utf-8"))
    rows = {str(row["type"]) + str(row.get("change", {}).get("after", {}).get("type")): row for row in document[key]}
    return document, list(rows.values())


@pytest.mark.parametrize("name", ["prod.azurerm.json", "prod.azapi.json", "prod.bicep.json"])
def test_an_odd_shape_is_no_error(name: str) -> None:
    key = "predictedResources" if "bicep" in name else "resource_changes"
    document, rows = first_of_each_type(name, key)
    read = bicep.read if "bicep" in name else terraform.read
    tried = 0
    for number, row in enumerate(rows):
        for place in places(row):
            copy = json.loads(json.dumps(row))
            holder = copy
            for step in place[:-1]:
                holder = holder[step]
            holder[place[-1]] = ODD[(number + tried) % len(ODD)]
            snapshot(read({**document, key: [copy]}, "p.json"))
            tried += 1
    assert tried > 150


@pytest.mark.parametrize("odd", [one for one in ODD if one not in (None, [], "x")], ids=repr)
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("azurerm_log_analytics_workspace", ("internet_ingestion_enabled",)),
        ("azurerm_cognitive_account", ("network_acls", 0, "ip_rules")),
        ("azurerm_private_endpoint", ("private_dns_zone_group", 0, "private_dns_zone_ids", 0)),
        ("azurerm_monitor_metric_alert", ("criteria", 0, "dimension")),
    ],
    ids=lambda one: one if isinstance(one, str) else one[0],
)
def test_an_odd_shape_of_what_is_converted_is_no_error(kind: str, values: tuple[Any, ...], odd: Any) -> None:
    inner = odd
    for step in reversed(values):
        inner = [inner] if isinstance(step, int) else {step: inner}
    row = {"address": f"{kind}.a", "mode": "managed", "type": kind, "name": "a", "provider_name": "azurerm"}
    after = {"name": "a", "resource_group_name": "rg", "kind": "OpenAI", **inner}
    document = {
        "format_version": "1.2",
        "resource_changes": [{**row, "change": {"actions": ["create"], "after": after}}],
    }
    assert snapshot(terraform.read(document, "p.json")).resources


@pytest.mark.parametrize("actions", [3, True, "create", {"create": 1}], ids=repr)
def test_odd_actions_lose_nothing(actions: Any) -> None:
    row = {
        "address": "azurerm_cognitive_account.a",
        "type": "azurerm_cognitive_account",
        "change": {"actions": actions},
    }
    plan = terraform.read({"format_version": "1.2", "resource_changes": [row]}, "p.json")
    assert "which is not known here" in plan.missing[0]


@pytest.mark.parametrize("odd", [one for one in ODD if one is not None], ids=repr)
def test_an_action_group_of_odd_properties_is_no_error(odd: Any) -> None:
    resource_id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Insights/actionGroups/g"
    one = {"id": resource_id, "type": "Microsoft.Insights/actionGroups", "name": "g", "properties": odd}
    assert snapshot(bicep.read({"predictedResources": [one], "diagnostics": []}, "p.json")).resources
