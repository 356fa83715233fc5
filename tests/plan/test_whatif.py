"""What-if results: what each change type leaves there, and what is not reported."""

from __future__ import annotations

from typing import Any

import pytest

from .kit import ACCOUNT, ACCOUNTS, gaps, resource, snapshot, what_if

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
