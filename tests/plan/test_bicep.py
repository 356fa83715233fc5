"""Bicep snapshots: what Bicep writes, version by version, and what is open in it."""

from __future__ import annotations

from typing import Any

import pytest

from rtaudit.plan.expressions import GROUP as NO_GROUP
from rtaudit.plan.expressions import SUBSCRIPTION as NO_SUBSCRIPTION
from rtaudit.plan.expressions import evaluated, plain
from rtaudit.plan.model import Unknown

from .kit import ACCOUNT, GROUP, account, gaps, predicted, resource, snapshot

OPEN_GROUP = f"{NO_SUBSCRIPTION}/resourceGroups/{NO_GROUP}"


def extension(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "name": "x", "apiVersion": "2022-04-01", "properties": {}, **more}


def test_a_child_has_its_last_name_as_a_get_gives_it() -> None:
    child = {
        "id": f"{ACCOUNT}/deployments/talk",
        "type": "Microsoft.CognitiveServices/accounts/deployments",
        "name": "voice/talk",
        "properties": None,
    }
    found = snapshot(predicted(account(), child))
    assert resource(found, f"{ACCOUNT}/deployments/talk")["name"] == "talk"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        pytest.param("[parameters('x')]", None, id="an expression"),
        pytest.param("[[literal]", "[literal]", id="an escaped bracket"),
        pytest.param("[not closed", "[not closed", id="no expression"),
        pytest.param("[format('{0}-{1}', 'a', 'b')]", "a-b", id="an expression of literals"),
        pytest.param("[toLower('ABC')]", "abc", id="lower case"),
        pytest.param(None, None, id="null is not set"),
    ],
)  # fmt: skip
def test_a_value(value: Any, kept: Any) -> None:
    found = snapshot(predicted(account(customSubDomainName=value)))
    assert resource(found)["properties"].get("customSubDomainName") == kept
    open_value = isinstance(value, str) and kept is None
    assert (("accounts", "/properties/customSubDomainName") in gaps(found, "notYetKnown")) is open_value


@pytest.mark.parametrize(
    ("element", "field"),
    [
        pytest.param({"tags": "[resourceGroup().tags]"}, "/tags", id="a whole object"),
        pytest.param({"sku": {"name": "[parameters('sku')]"}}, "/sku/name", id="deep"),
        pytest.param({"identity": {"type": "UserAssigned", "userAssignedIdentities": {"[format('{0}', reference('x').id)]": {}}}}, "/identity/userAssignedIdentities", id="a key"),
        pytest.param({"properties": {"networkAcls": {"ipRules": [{"value": "10.0.0.0/24"}, {"value": "[parameters('ip')]"}]}}}, "/properties/networkAcls/ipRules", id="an element of a list"),
        pytest.param({"properties": "[parameters('all')]"}, "/properties", id="all properties"),
    ],
)  # fmt: skip
def test_what_is_open_is_a_gap_with_its_field(element: dict[str, Any], field: str) -> None:
    found = snapshot(predicted({**account(), **element}))
    assert ("accounts", field) in gaps(found, "notYetKnown", ACCOUNT)


def test_what_is_known_of_a_list_stays() -> None:
    rules = [{"value": "10.0.0.0/24"}, {"value": "[parameters('ip')]"}]
    found = snapshot(predicted(account(networkAcls={"ipRules": rules})))
    assert resource(found)["properties"]["networkAcls"]["ipRules"] == [{"value": "10.0.0.0/24"}]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("[resourceId('Microsoft.CognitiveServices/accounts', 'a')]", f"{OPEN_GROUP}/providers/Microsoft.CognitiveServices/accounts/a"),
        ("[resourceId('rg', 'A.B/c/d', 'x', 'y')]", f"{NO_SUBSCRIPTION}/resourceGroups/rg/providers/A.B/c/x/d/y"),
        ("[RESOURCEID('s', 'rg', 'A.B/c', 'x')]", "/subscriptions/s/resourceGroups/rg/providers/A.B/c/x"),
        ("[resourceId(subscription().subscriptionId, resourceGroup().name, 'A.B/c', 'x')]", f"{OPEN_GROUP}/providers/A.B/c/x"),
        ("[format('/subscriptions/{0}/resourceGroups/{1}/providers/A.B/c/x', subscription().subscriptionId, resourceGroup().name)]", f"{OPEN_GROUP}/providers/A.B/c/x"),
        ("[CONCAT('/subscriptions/s', '/x''y')]", "/subscriptions/s/x'y"),
        ("[format('{{0}} {0}', 'x')]", "{0} x"),
        ("[format('{0}{1}', '{1}', 'x')]", "{1}x"),
        ("[extensionResourceId('/a/b', 'C.D/e', 'n')]", "/a/b/providers/C.D/e/n"),
        ("[subscriptionResourceId('A.B/c', 'x')]", f"{NO_SUBSCRIPTION}/providers/A.B/c/x"),
    ],
)  # fmt: skip
def test_an_expression_that_a_plan_settles(expression: str, value: str) -> None:
    assert plain(expression) == value


@pytest.mark.parametrize(
    "expression",
    [
        "[reference('/x', '2022-09-01').outputs.resource.value.id]",
        "[listKeys('/x', '2023-05-01').keys[0].value]",
        "[guid('a', reference('x').principalId)]",
        "[__bicep.replaceMultiple('<x>', createObject('a', 'b'))]",
        "[format('{0}', parameters('x'))]",
        "[format('{9999999999}', 'x')]",
        "[format('{0:D3}', 'x')]",
        "[format('{0,5}', 'x')]",
        "[format('{', 'x')]",
        "[5]",
        "['a' 'b']",
        "[int(parameters('units'))]",
        "[" + "format(" * 4000 + "]",
        "[resourceId()]",
        "[']",
        "[)]",
        "[]",
        "[" + "x" * 30_000 + "]",
    ],
)
def test_an_expression_that_stays_open(expression: str) -> None:
    assert isinstance(plain(expression), Unknown)


@pytest.mark.parametrize(
    ("raw", "scope"),
    [
        pytest.param(f"[concat('{ACCOUNT}/providers/', concat('Microsoft.Insights/diagnosticSettings/', guid('a', reference('x').y)))]", ACCOUNT, id="concat"),
        pytest.param(f"[extensionResourceId('{ACCOUNT}', 'Microsoft.Insights/diagnosticSettings', guid(reference('x').y))]", ACCOUNT, id="extensionResourceId"),
        pytest.param(f"[EXTENSIONRESOURCEID(FORMAT('{GROUP}/providers/{{0}}', 'Microsoft.CognitiveServices/accounts/voice'), 'Microsoft.Insights/diagnosticSettings', newGuid())]", ACCOUNT, id="format inside"),
    ],
)  # fmt: skip
def test_an_open_name_on_a_known_scope_exists_there(raw: str, scope: str) -> None:
    setting = extension(
        "Microsoft.Insights/diagnosticSettings", id=raw, name="[guid('x')]", properties={"workspaceId": "/w"}
    )
    found = snapshot(predicted(account(), setting))
    below = [
        one
        for one in found.resources
        if one["id"].startswith(f"{scope}/providers/Microsoft.Insights/diagnosticSettings/")
    ]
    assert [one["properties"] for one in below] == [{"workspaceId": "/w"}]


def test_something_on_an_unknown_scope_makes_none_exists_unknown() -> None:
    raw = "[extensionResourceId(format('Microsoft.CognitiveServices/accounts/{0}', reference('x').name), 'Microsoft.Authorization/roleAssignments', guid('a'))]"
    found = snapshot(predicted(account(), extension("Microsoft.Authorization/roleAssignments", id=raw)))
    assert ("roleAssignments", None) in gaps(found, "notYetKnown", "/")


def test_an_account_by_its_name_where_the_id_is_open() -> None:
    one = {**account(), "id": "[resourceId('Microsoft.CognitiveServices/accounts', parameters('n'))]"}
    found = snapshot(predicted(one))
    assert [each["name"] for each in found.resources] == ["voice"]
    assert found.resources[0]["id"] == f"{OPEN_GROUP}/providers/Microsoft.CognitiveServices/accounts/voice"


@pytest.mark.parametrize(
    ("element", "there"),
    [
        pytest.param({"condition": "[equals(reference('x').y, 'z')]"}, False, id="an open condition"),
        pytest.param({"condition": True}, True, id="a condition that holds"),
        pytest.param({"condition": False}, False, id="a condition that does not"),
    ],
)
def test_a_condition(element: dict[str, Any], there: bool) -> None:
    found = snapshot(predicted({**account(), **element}))
    assert (ACCOUNT in [one["id"] for one in found.resources]) is there
    conditional = isinstance(element["condition"], str)
    assert (("accounts", None) in gaps(found, "notYetKnown", ACCOUNT)) is conditional


def test_an_open_kind_may_be_an_account_in_scope() -> None:
    found = snapshot(predicted({**account(), "kind": "[parameters('kind')]"}))
    assert ("accounts", None) in gaps(found, "notYetKnown", ACCOUNT)


def test_diagnostics_mean_that_resources_are_missing() -> None:
    told = predicted(
        account(), diagnostics=["/x Warning NestedDeploymentShortCircuited: a nested deployment was left out"]
    )
    found = snapshot(told)
    assert {"accounts", "diagnostics", "roleAssignments"} <= {aspect for aspect, _ in gaps(found, "notYetKnown", "/")}


def test_what_bicep_says_is_shown_without_its_secrets() -> None:
    hidden = "AccountKey=" + "Zm9v" * 21 + "Zg=="
    found = snapshot(predicted(account(), diagnostics=[f"/x Error BCP1: connection '{hidden}' is not valid"]))
    messages = {str(gap.message) for gap in gaps(found, "notYetKnown", "/").values()}
    assert any("BCP1" in one for one in messages)
    assert not any("Zm9vZm9v" in one for one in messages)


@pytest.mark.parametrize(
    "element",
    [
        pytest.param({"type": "request@v1", "properties": {}}, id="another extension"),
        pytest.param({"type": 3}, id="no type"),
        pytest.param("text", id="no object"),
        pytest.param({"type": "Microsoft.Batch/batchAccounts", "id": f"{GROUP}/providers/Microsoft.Batch/batchAccounts/x"}, id="a type that is not read"),
    ],
)  # fmt: skip
def test_what_is_passed_over(element: Any) -> None:
    assert snapshot(predicted(element)).resources == []


def test_what_azure_assigns_is_in_no_plan_and_neither_passes_nor_fails() -> None:
    assigned = {field for aspect, field in gaps(snapshot(predicted(account())), "assignedByAzure", ACCOUNT)}
    assert {
        "/properties/provisioningState",
        "/properties/abusePenalty",
        "/properties/privateEndpointConnections",
    } <= assigned


def test_an_approval_in_the_template_is_a_wish() -> None:
    state = {
        "privateLinkServiceConnectionState": {"status": "Approved"},
        "privateLinkServiceId": ACCOUNT,
        "groupIds": ["account"],
    }
    endpoint = {
        "id": f"{GROUP}/providers/Microsoft.Network/privateEndpoints/pe",
        "type": "Microsoft.Network/privateEndpoints",
        "name": "pe",
        "properties": {"privateLinkServiceConnections": [{"name": "c", "properties": state}]},
    }
    found = snapshot(predicted(account(), endpoint))
    (connection,) = resource(found, endpoint["id"])["properties"]["privateLinkServiceConnections"]
    assert "privateLinkServiceConnectionState" not in connection["properties"]
    field = "/properties/privateLinkServiceConnections/0/properties/privateLinkServiceConnectionState"
    assert ("privateEndpoints", field) in gaps(found, "assignedByAzure")


def test_an_id_that_comes_twice_is_one_resource() -> None:
    found = snapshot(predicted(account(a=1), account(b=2)))
    assert {"a": 1, "b": 2}.items() <= resource(found)["properties"].items()


def test_a_hole_is_no_text() -> None:
    assert "\0" in evaluated("[format('{0}x', parameters('y'))]")


def test_a_type_that_is_left_out_is_that_of_the_id() -> None:
    element = {key: value for key, value in account().items() if key != "type"}
    assert resource(snapshot(predicted(element)))["kind"] == "OpenAI"


def test_a_state_that_only_azure_decides_does_not_block_when_it_is_an_expression() -> None:
    found = snapshot(predicted(account(provisioningState="[reference('x').y]")))
    assert ("accounts", "/properties/provisioningState") in gaps(found, "assignedByAzure")
    assert ("accounts", "/properties/provisioningState") not in gaps(found, "notYetKnown")


def test_an_id_that_is_no_id_is_open() -> None:
    one = {**account(), "id": "[format('{0}', 'https://x.example')]"}
    assert [each["id"] for each in snapshot(predicted(one)).resources] == [
        f"/planned/0/providers/{account()['type']}/voice"
    ]
