"""A plan over what is there: what is deleted goes, what is replaced is new, and the quota counts what comes."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rtaudit.azure import arm_id
from rtaudit.plan.model import Plan, Planned
from rtaudit.snapshot import Snapshot, load

from .kit import gaps, resource, snapshot

SAMPLES = Path(__file__).parents[2] / "snapshots"


@cache
def prod() -> Snapshot:
    return load(SAMPLES / "prod.json")


def named(name: str) -> dict[str, Any]:
    (found,) = [one for one in prod().resources if one["id"].lower().endswith(f"/accounts/{name}")]
    return found


DESK = named("lh-frontdesk-prod-eus2")
VOICE = f"{DESK['id']}/deployments/frontdesk-voice"


def plan(*planned: Planned) -> Plan:
    return Plan("Terraform plan", "p.json", list(planned))


def test_what_is_deleted_goes_with_all_that_is_on_it() -> None:
    found = snapshot(plan(Planned(DESK["id"], {}, "a", "delete")), base=prod())
    assert not [one for one in found.resources if arm_id.covers(DESK["id"], one["id"])]
    assert len(found.resources) > 40


def test_what_is_replaced_is_new() -> None:
    made = {"id": DESK["id"], "name": DESK["name"], "type": DESK["type"], "kind": "OpenAI", "properties": {}}
    found = snapshot(plan(Planned(DESK["id"], made, "a", "create")), base=prod())
    assert ("accounts", "/properties/provisioningState") in gaps(found, "assignedByAzure", DESK["id"])
    assert not [one for one in found.resources if one["id"].startswith(f"{DESK['id']}/deployments/")]


def test_what_is_changed_keeps_what_azure_holds() -> None:
    body = {"id": DESK["id"], "properties": {"disableLocalAuth": True}}
    found = snapshot(plan(Planned(DESK["id"], body, "a", "change", cleared=["properties.networkAcls"])), base=prod())
    after = resource(found, DESK["id"])["properties"]
    assert after["disableLocalAuth"] is True
    assert after["provisioningState"] == "Succeeded"
    assert "networkAcls" not in after
    assert not gaps(found, "assignedByAzure", DESK["id"])
    assert "networkAcls" in DESK["properties"], "the base was changed"


def test_a_put_unsets_what_it_does_not_name_but_not_what_azure_assigns() -> None:
    body = {"id": DESK["id"], "kind": "OpenAI", "properties": {"disableLocalAuth": True}}
    after = resource(snapshot(plan(Planned(DESK["id"], body, "a", "put")), base=prod()), DESK["id"])["properties"]
    assert after["provisioningState"] == "Succeeded"
    assert "networkAcls" not in after


@pytest.mark.parametrize(
    ("planned", "delta"),
    [
        pytest.param(Planned(VOICE, {"id": VOICE, "sku": {"capacity": 10}}, "a", "change"), 4, id="more capacity"),
        pytest.param(Planned(VOICE, {}, "a", "delete"), -6, id="deleted"),
        pytest.param(
            Planned(
                f"{DESK['id']}/deployments/second",
                {
                    "id": f"{DESK['id']}/deployments/second",
                    "sku": {"name": "GlobalStandard", "capacity": 5},
                    "properties": {"model": {"format": "OpenAI", "name": "gpt-realtime-mini", "version": "2025-12-15"}},
                },
                "a",
                "create",
            ),
            5,
            id="another deployment",
        ),
        pytest.param(Planned(DESK["id"], {}, "a", "delete"), -6, id="its account deleted"),
    ],
)
def test_quota_counts_what_the_plan_adds_and_takes(planned: Planned, delta: int) -> None:
    before, after = used(prod()), used(snapshot(plan(planned), base=prod()))
    changed = {name: after[name] - before[name] for name in before if after[name] != before[name]}
    assert list(changed.values()) == [delta]
    assert "gpt-realtime-mini" in next(iter(changed))


def used(of: Snapshot) -> dict[str, float]:
    (usages,) = [one for one in of.resources if one["id"].lower().endswith("/locations/eastus2/usages")]
    return {row["name"]["value"]: row["currentValue"] for row in usages["value"]}


def test_without_a_base_what_no_plan_holds_is_unknown_and_says_what_would_tell() -> None:
    found = gaps(snapshot(plan()), "notYetKnown", "/")
    assert {"models", "usages", "providers"} == {aspect for aspect, _ in found}
    assert all("--with SNAPSHOT" in str(gap.message) for gap in found.values())


def test_with_a_base_nothing_is_said_of_what_it_holds() -> None:
    assert gaps(snapshot(plan(), base=prod())) == gaps(prod())
    assert [one["id"] for one in snapshot(plan(), base=prod()).resources] == [one["id"] for one in prod().resources]
