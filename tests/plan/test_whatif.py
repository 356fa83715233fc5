"""What-if results: what each change type leaves there, and what is not reported."""

from __future__ import annotations

from typing import Any

import pytest

from rtaudit.snapshot import Snapshot

from .kit import ACCOUNT, ACCOUNTS, GROUP, gaps, resource, snapshot, what_if

BODY: dict[str, Any] = {
    "apiVersion": "2025-06-01",
    "id": ACCOUNT,
    "name": "voice",
    "type": ACCOUNTS,
    "location": "eastus2",
    "kind": "OpenAI",
    "sku": {"name": "S0", "tier": None},
    "properties": {"disableLocalAuth": True},
}


def entry(kind: str, **more: Any) -> dict[str, Any]:
    return {"changeType": kind, "resourceId": ACCOUNT, "before": None, "after": None, "delta": None, **more}


@pytest.mark.parametrize(
    ("change", "there", "gap"),
    [
        pytest.param(entry("Create", after=BODY), True, None, id="create"),
        pytest.param(entry("Modify", before={**BODY, "kind": "AIServices"}, after=BODY), True, None, id="modify"),
        pytest.param(entry("NoChange", before=BODY, after=BODY), True, None, id="no change"),
        pytest.param(entry("NoChange", before=BODY), True, None, id="no change, only before"),
        pytest.param(entry("Deploy"), False, "accounts", id="deploy: content not told"),
        pytest.param(entry("Ignore", before={"id": ACCOUNT, "type": ACCOUNTS, "name": "voice"}), False, "accounts", id="ignore: shallow"),
        pytest.param(entry("Delete", before=BODY), False, None, id="delete"),
        pytest.param(entry("Unsupported", after=BODY, unsupportedReason="x"), False, "accounts", id="unsupported"),
        pytest.param(entry("Sideways", after=BODY), False, "accounts", id="a change type that is not known"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("layer", ["flat", "properties"])
def test_a_change_type(change: dict[str, Any], there: bool, gap: str | None, layer: str) -> None:
    plan = what_if(change) if layer == "flat" else what_if(properties={"changes": [change]})
    found = snapshot(plan)
    assert (ACCOUNT in [one["id"] for one in found.resources]) is there
    assert ((gap, None) in gaps(found, "notYetKnown") if gap else True) is True
    if there:
        assert resource(found)["kind"] == "OpenAI"


def test_a_reference_is_not_resolved() -> None:
    body = {**BODY, "properties": {"disableLocalAuth": "[reference('x').y]"}}
    found = snapshot(what_if(entry("Modify", before=BODY, after=body)))
    assert ("accounts", "/properties/disableLocalAuth") in gaps(found, "notYetKnown")


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"diagnostics": [{"level": "Warning", "code": "NestedDeploymentShortCircuited", "message": "m"}]}, id="a diagnostic"),
        pytest.param({"changes": [entry("Unsupported", resourceId="[extensionResourceId('/x', 'A.B/c', guid(reference('y').z))]", after=None)]}, id="unsupported without a payload"),
    ],
)  # fmt: skip
def test_what_may_be_missing_is_a_gap(more: dict[str, Any]) -> None:
    assert ("accounts", None) in gaps(snapshot(what_if(**more)), "notYetKnown", "/")


def test_a_potential_change_may_or_may_not_come() -> None:
    found = snapshot(what_if(potentialChanges=[entry("Create", after=BODY)]))
    assert found.resources == []
    assert ("accounts", None) in gaps(found, "notYetKnown", ACCOUNT)


def test_a_resource_of_another_extension_is_passed_over() -> None:
    assert snapshot(what_if(entry("Create", resourceId=None, identifiers={"a": 1}, extension={}))).resources == []


def test_what_the_account_has_besides_is_not_told_where_it_is_only_changed() -> None:
    found = snapshot(what_if(entry("Modify", before=BODY, after=BODY)))
    assert {("diagnostics", None), ("deployments", None)} <= gaps(found, "notYetKnown", ACCOUNT).keys()
    made = snapshot(what_if(entry("Create", after=BODY)))
    assert ("diagnostics", None) not in gaps(made, "notYetKnown", ACCOUNT)


@pytest.mark.parametrize(
    ("kind", "base", "unknown"),
    [
        pytest.param("Create", None, True, id="made"),
        pytest.param("Modify", BODY, True, id="changed"),
        pytest.param("Deploy", BODY, True, id="deployed anew"),
        pytest.param("NoChange", BODY, False, id="left as it is"),
        pytest.param("Ignore", BODY, False, id="left alone"),
    ],
)
def test_a_result_of_ids_alone_does_not_say_what_will_be(kind: str, base: Any, unknown: bool) -> None:
    there = Snapshot.of("prod", {"cloud": "AzureCloud"}, [base] if base else [], [], (), {})
    found = snapshot(what_if(entry(kind)), base=there)
    assert (("accounts", None) in gaps(found, "notYetKnown", ACCOUNT)) is unknown
    assert bool(found.resources) is (base is not None)


@pytest.mark.parametrize("with_base", [False, True])
def test_what_a_change_takes_away_may_come_back(with_base: bool) -> None:
    """Azure may set it again, or a PUT without it unset it; tags and identities that are taken out are gone."""
    before = {**BODY, "tags": {"a.b": "1", "c": "2"}, "properties": {"disableLocalAuth": True, "networkAcls": {"defaultAction": "Deny", "bypass": "None"}}}  # fmt: skip
    after = {**BODY, "tags": {"c": "2"}, "properties": {"networkAcls": {"defaultAction": "Deny"}}}
    base = Snapshot.of("prod", {"cloud": "AzureCloud"}, [before], [], (), {}) if with_base else None
    found = snapshot(what_if(entry("Modify", before=before, after=after)), base=base)
    fields = {field for _, field in gaps(found, "notYetKnown", ACCOUNT)} - {None}
    assert fields == {"/properties/disableLocalAuth", "/properties/networkAcls/bypass"}
    assert resource(found)["tags"] == {"c": "2"}
    assert resource(found)["properties"] == {"networkAcls": {"defaultAction": "Deny"}}


NESTED = [{"path": "properties", "propertyChangeType": "Modify", "children": [{"path": "disableLocalAuth", "propertyChangeType": "NoEffect"}]}]  # fmt: skip


@pytest.mark.parametrize("delta", [[{"path": "properties.disableLocalAuth", "propertyChangeType": "NoEffect"}], NESTED], ids=["a path", "nested"])  # fmt: skip
@pytest.mark.parametrize("kind", ["Modify", "NoChange"])
def test_what_has_no_effect_is_not_set(kind: str, delta: list[Any]) -> None:
    before = {**BODY, "properties": {"disableLocalAuth": False}}
    found = snapshot(what_if(entry(kind, before=before, after=BODY, delta=delta)))
    assert resource(found)["properties"]["disableLocalAuth"] is False


@pytest.mark.parametrize("kind", ["Create", "NoChange"])
def test_the_group_that_the_cli_writes_beside_an_id_is_no_part_of_it(kind: str) -> None:
    inner = {"id": f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v/subnets/s", "resourceGroup": "RG"}
    body = {**BODY, "resourceGroup": "rg", "properties": {"a": [{"subnet": inner, "resourceGroup": "kept"}]}}
    found = resource(snapshot(what_if(entry(kind, before=None if kind == "Create" else body, after=body))))
    assert "resourceGroup" not in found
    assert found["properties"]["a"] == [{"subnet": {"id": inner["id"]}, "resourceGroup": "kept"}]
