"""azapi resources: the body is the ARM resource, as JSON text or an object, wholly or partly known."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from rtaudit.policy import check, load_policies
from rtaudit.snapshot import Snapshot

from .kit import ACCOUNT, GROUP, change, configured, gaps, refers, resource, snapshot, terraform_plan, tf_account

TYPE = "Microsoft.CognitiveServices/accounts@2025-06-01"
BODY = {"kind": "OpenAI", "sku": {"name": "S0"}, "properties": {"disableLocalAuth": True, "networkAcls": None}}


def azapi(
    name: str = "a", *, unknown: Any = None, actions: tuple[str, ...] = ("create",), **values: Any
) -> dict[str, Any]:
    after = {"type": TYPE, "name": "voice", "parent_id": GROUP, "location": "eastus2", "body": BODY, **values}
    return change("azapi_resource", name, after, {"id": True, **(unknown or {})}, actions=actions)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(BODY, id="an object"),
        pytest.param(json.dumps(BODY), id="JSON text"),
        pytest.param({**BODY, "location": "eastus2", "tags": {"a": "b"}}, id="location and tags in the body"),
    ],
)
def test_a_body(body: Any) -> None:
    found = resource(snapshot(terraform_plan(azapi(body=body))))
    assert found["kind"] == "OpenAI"
    assert found["properties"] == {"disableLocalAuth": True}
    assert found["location"] == "eastus2"


@pytest.mark.parametrize(
    ("values", "unknown", "field"),
    [
        pytest.param({"body": None}, {"body": True}, "/properties", id="the whole body"),
        pytest.param({"body": {"kind": "OpenAI", "properties": {}}}, {"body": {"properties": {"disableLocalAuth": True}}}, "/properties/disableLocalAuth", id="a leaf"),
        pytest.param({"body": {"kind": "OpenAI"}}, {"body": {"properties": True}}, "/properties", id="a subtree"),
        pytest.param({"body": "not json"}, {}, "/properties", id="text that is no JSON"),
        pytest.param({"body": '{"kind": "OpenAI", "properties": {"a": NaN}}'}, {}, "/properties", id="a number that is none"),
        pytest.param({"body": '{"kind": "OpenAI", "properties": {"a": 1e999}}'}, {}, "/properties", id="a number without an end"),
        pytest.param({"body": "[" * 100_000}, {}, "/properties", id="text that is nested too deeply"),
        pytest.param({"tags": None}, {"tags": True}, "/tags", id="tags"),
        pytest.param({"identity": [{"type": "UserAssigned"}]}, {"identity": [{"identity_ids": True}]}, "/identity/userAssignedIdentities", id="identities"),
        pytest.param({"sensitive_body_version": {"properties.apiProperties": "1"}}, {}, "/properties/apiProperties", id="a sensitive body"),
    ],
)  # fmt: skip
def test_what_is_not_known(values: dict[str, Any], unknown: dict[str, Any], field: str) -> None:
    found = snapshot(terraform_plan(azapi(unknown=unknown, **values)))
    fields = {one for _, one in gaps(found, "notYetKnown", ACCOUNT)}
    assert field in fields or None in fields  # without a kind nobody knows what the account is


def test_a_body_that_is_wholly_open_may_be_an_account_in_scope() -> None:
    found = snapshot(terraform_plan(azapi(body=None, unknown={"body": True})))
    assert ("accounts", None) in gaps(found, "notYetKnown", ACCOUNT)
    report = check([found], load_policies(["baseline"]), as_of=date(2026, 11, 22))
    assert {one.outcome for one in report.findings} == {"unknown"}


def test_a_body_that_is_wholly_open_over_what_is_there_keeps_the_kind() -> None:
    there = {"id": ACCOUNT, "kind": "AIServices", "sku": {"name": "S0"}, "properties": {"disableLocalAuth": True}}
    base = Snapshot.of("prod", {"aspects": ["accounts"]}, [there], [])
    found = snapshot(
        terraform_plan(azapi(body=None, unknown={"body": True}, actions=("update",), id=ACCOUNT)), base=base
    )
    assert resource(found)["kind"] == "AIServices"
    assert {("accounts", "/properties"), ("accounts", "/sku")} <= gaps(found, "notYetKnown", ACCOUNT).keys()
    assert "disableLocalAuth" not in resource(found).get("properties", {})


@pytest.mark.parametrize(
    ("kind", "parent", "expected"),
    [
        pytest.param("Microsoft.CognitiveServices/accounts", GROUP, ACCOUNT, id="top"),
        pytest.param("Microsoft.CognitiveServices/accounts/deployments", ACCOUNT, f"{ACCOUNT}/deployments/voice", id="child"),
        pytest.param("Microsoft.Insights/diagnosticSettings", ACCOUNT, f"{ACCOUNT}/providers/Microsoft.Insights/diagnosticSettings/voice", id="extension"),
        pytest.param("Microsoft.Resources/resourceGroups", "/subscriptions/s", "/subscriptions/s/resourceGroups/voice", id="resource group"),
    ],
)  # fmt: skip
def test_an_id(kind: str, parent: str, expected: str) -> None:
    found = snapshot(terraform_plan(azapi(type=f"{kind}@2025-06-01", parent_id=parent)))
    assert expected in [one["id"] for one in found.resources] or kind.endswith("resourceGroups")


def test_a_child_of_an_account_that_is_made() -> None:
    child = change(
        "azapi_resource",
        "d",
        {
            "type": "Microsoft.CognitiveServices/accounts/deployments@2025-06-01",
            "name": "talk",
            "body": {"sku": {"capacity": 2}},
        },
        {"id": True, "parent_id": True},
    )
    root = {
        "resources": [configured("azapi_resource", "d", parent_id=refers("azapi_resource.a.id", "azapi_resource.a"))]
    }
    found = snapshot(terraform_plan(azapi(), child, root=root))
    assert resource(found, f"{ACCOUNT}/deployments/talk")["sku"] == {"capacity": 2}


def test_a_patch_is_laid_over_what_it_patches() -> None:
    patch = change(
        "azapi_update_resource",
        "u",
        {"type": TYPE, "body": {"properties": {"storedCompletionsDisabled": True}}},
        {"resource_id": True, "id": True},
    )
    root = {
        "resources": [
            configured(
                "azapi_update_resource",
                "u",
                resource_id=refers("azurerm_cognitive_account.a.id", "azurerm_cognitive_account.a"),
            )
        ]
    }
    account = change("azurerm_cognitive_account", "a", tf_account(), {"id": True})
    found = snapshot(terraform_plan(account, patch, root=root))
    assert resource(found)["properties"]["storedCompletionsDisabled"] is True
    assert ("accounts", "/properties/storedCompletionsDisabled") not in gaps(found)
    assert ("accounts", "/properties/raiMonitorConfig") in gaps(found, "notYetKnown")


def test_a_patch_that_goes_changes_nothing() -> None:
    patch = change("azapi_update_resource", "u", None, before={"id": ACCOUNT, "type": TYPE}, actions=("delete",))
    account = change("azurerm_cognitive_account", "a", {**tf_account(), "id": ACCOUNT}, actions=("no-op",))
    assert resource(snapshot(terraform_plan(account, patch)))


@pytest.mark.parametrize(("actions", "open_rest"), [(("create",), False), (("update",), False), (("no-op",), True)])
def test_a_no_op_shows_what_was_written_and_not_what_azure_holds(actions: tuple[str, ...], open_rest: bool) -> None:
    found = snapshot(terraform_plan(azapi(actions=actions, id=ACCOUNT)))
    assert (("accounts", "/properties") in gaps(found, "notYetKnown")) is open_rest


@pytest.mark.parametrize("kind", ["azapi_resource_action", "azapi_data_plane_resource"])
def test_what_is_no_resource_is_passed_over(kind: str) -> None:
    plan = terraform_plan(change(kind, "x", {"type": TYPE, "action": "listKeys"}))
    assert plan.resources == []
    assert plan.warnings == []


@pytest.mark.parametrize(
    ("values", "unknown"),
    [
        pytest.param({"name": "voice"}, {"parent_id": True}, id="its parent"),
        pytest.param({"parent_id": GROUP}, {"name": True}, id="its name"),
        pytest.param({}, {"resource_id": True}, id="its id"),
    ],
)
def test_a_patch_of_something_unknown_makes_nothing(values: dict[str, Any], unknown: dict[str, Any]) -> None:
    body = {"kind": "OpenAI", "properties": {"disableLocalAuth": True}}
    plan = terraform_plan(change("azapi_update_resource", "u", {"type": TYPE, "body": body, **values}, unknown))
    assert plan.resources == []
    assert "does not tell what it patches" in plan.missing[0]


@pytest.mark.parametrize("kind", ["Microsoft.Resources/deployments@2022-09-01", "Microsoft.Resources/deploymentStacks@2024-03-01"])  # fmt: skip
def test_what_a_template_makes_is_not_shown(kind: str) -> None:
    made = change("azapi_resource", "t", {"type": kind, "name": "t", "parent_id": GROUP, "body": {}}, {"id": True})
    found = gaps(snapshot(terraform_plan(azapi(), made)), "notYetKnown", "/")
    assert ("diagnostics", None) in found
    assert "azapi_resource.t deploys a template" in str(found["diagnostics", None].message)


@pytest.mark.parametrize("number", ["NaN", "1e999", "-Infinity"])
def test_a_number_that_is_none_is_not_carried_on(number: str) -> None:
    body = f'{{"kind": "OpenAI", "sku": {{"name": "S0"}}, "properties": {{"a": {number}}}}}'
    assert json.dumps(snapshot(terraform_plan(azapi(body=body))).document(), allow_nan=False)
