"""A plan over what is there: what is deleted goes, what is replaced is new, and the quota counts what comes."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rtaudit.azure import arm_id
from rtaudit.plan.model import Fate, Plan, PlannedResource, Unknown, at
from rtaudit.policy import check, load_policies
from rtaudit.snapshot import Snapshot, load

from .kit import ACCOUNT, SUBSCRIPTION, change, gaps, resource, snapshot, terraform_plan, tf_account

SAMPLES = Path(__file__).parents[2] / "snapshots"


@cache
def prod() -> Snapshot:
    return load(SAMPLES / "prod.json")


def named(name: str) -> dict[str, Any]:
    (found,) = [one for one in prod().resources if one["id"].lower().endswith(f"/accounts/{name}")]
    return found


DESK = named("lh-frontdesk-prod-eus2")
VOICE = f"{DESK['id']}/deployments/frontdesk-voice"


def plan(*planned: PlannedResource) -> Plan:
    return Plan("Terraform plan", "p.json", list(planned))


def test_what_is_deleted_goes_with_all_that_is_on_it() -> None:
    found = snapshot(plan(PlannedResource(DESK["id"], {}, "a", "delete")), base=prod())
    assert not [one for one in found.resources if arm_id.covers(DESK["id"], one["id"])]
    assert len(found.resources) > 40


def test_what_is_replaced_is_new() -> None:
    made = {"id": DESK["id"], "name": DESK["name"], "type": DESK["type"], "kind": "OpenAI", "properties": {}}
    found = snapshot(plan(PlannedResource(DESK["id"], made, "a", "create")), base=prod())
    assert ("accounts", "/properties/provisioningState") in gaps(found, "assignedByAzure", DESK["id"])
    assert not [one for one in found.resources if one["id"].startswith(f"{DESK['id']}/deployments/")]


def test_what_is_changed_keeps_what_azure_holds() -> None:
    body = {"id": DESK["id"], "properties": {"disableLocalAuth": True}}
    found = snapshot(
        plan(PlannedResource(DESK["id"], body, "a", "change", cleared=["properties.networkAcls"])), base=prod()
    )
    after = resource(found, DESK["id"])["properties"]
    assert after["disableLocalAuth"] is True
    assert after["provisioningState"] == "Succeeded"
    assert "networkAcls" not in after
    assert not gaps(found, "assignedByAzure", DESK["id"])
    assert "networkAcls" in DESK["properties"], "the base was changed"


def test_a_put_unsets_what_it_does_not_name_but_not_what_azure_assigns() -> None:
    body = {"id": DESK["id"], "kind": "OpenAI", "properties": {"disableLocalAuth": True}}
    after = resource(snapshot(plan(PlannedResource(DESK["id"], body, "a", "put")), base=prod()), DESK["id"])[
        "properties"
    ]
    assert after["provisioningState"] == "Succeeded"
    assert "networkAcls" not in after


@pytest.mark.parametrize(
    ("planned", "delta"),
    [
        pytest.param(
            PlannedResource(VOICE, {"id": VOICE, "sku": {"capacity": 10}}, "a", "change"), 4, id="more capacity"
        ),
        pytest.param(PlannedResource(VOICE, {}, "a", "delete"), -6, id="deleted"),
        pytest.param(
            PlannedResource(
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
        pytest.param(PlannedResource(DESK["id"], {}, "a", "delete"), -6, id="its account deleted"),
    ],
)
def test_quota_counts_what_the_plan_adds_and_takes(planned: PlannedResource, delta: int) -> None:
    before, after = used(prod()), used(snapshot(plan(planned), base=prod()))
    changed = {name: after[name] - before[name] for name in before if after[name] != before[name]}
    assert list(changed.values()) == [delta]
    assert "gpt-realtime-mini" in next(iter(changed))


def outcomes(of: Snapshot) -> dict[tuple[str, str], str]:
    report = check([of], load_policies(["regulated"]), as_of=date(2026, 11, 22))
    return {(one.rule, one.resource): one.outcome for one in report.findings}


def turned(after: Snapshot) -> dict[tuple[str, str], tuple[str | None, str | None]]:
    """(rule, name) -> what it was and is, where that differs."""
    before, now = outcomes(prod()), outcomes(after)
    return {
        (rule, arm_id.name_of(resource)): (before.get((rule, resource)), now.get((rule, resource)))
        for rule, resource in {*before, *now}
        if before.get((rule, resource)) != now.get((rule, resource))
    }


ENDPOINT = "lh-concierge-prod-eus2-pe"


def endpoint() -> dict[str, Any]:
    (found,) = [one for one in prod().resources if one["id"].endswith(f"/privateEndpoints/{ENDPOINT}")]
    return found


def test_the_account_of_an_endpoint_that_is_deleted_has_no_connection_any_more() -> None:
    found = turned(snapshot(plan(PlannedResource(endpoint()["id"], {}, "a", "delete")), base=prod()))
    assert found["RTA-NET-006", "lh-concierge-prod-eus2"] == ("pass", "fail")
    assert found["RTA-NET-009", "lh-concierge-prod-eus2"] == ("pass", "fail")
    assert found["RTA-DNS-001", ENDPOINT] == ("pass", None)


@pytest.mark.parametrize("fate", ["create", "put"])
def test_who_approves_an_endpoint_that_is_replaced_is_not_known(fate: Fate) -> None:
    body = {**endpoint(), "properties": {**endpoint()["properties"]}}
    after = snapshot(plan(PlannedResource(body["id"], body, "a", fate)), base=prod())
    expected = {"create": "unknown", "put": "pass"}[fate]
    account = named("lh-concierge-prod-eus2")["id"]
    assert outcomes(after)["RTA-NET-006", account] == outcomes(after)["RTA-NET-009", account] == expected


def test_another_endpoint_keeps_what_is_approved_and_leaves_the_rest_open() -> None:
    account = named("lh-nightdesk-prod-sdc")["id"]
    connection = {"name": "c", "properties": {"privateLinkServiceId": account, "groupIds": ["account"]}}
    other = endpoint()["id"].replace(ENDPOINT, "another")
    body = {"id": other, "name": "another", "properties": {"privateLinkServiceConnections": [connection]}}
    found = turned(snapshot(plan(PlannedResource(other, body, "a", "create")), base=prod()))
    # It has no approved connection now, and may have one then.
    assert found["RTA-NET-006", "lh-nightdesk-prod-sdc"] == ("fail", "unknown")
    connection["properties"]["privateLinkServiceId"] = named("lh-concierge-prod-eus2")["id"]
    found = turned(snapshot(plan(PlannedResource(other, body, "a", "create")), base=prod()))
    assert ("RTA-NET-006", "lh-concierge-prod-eus2") not in found
    assert found["RTA-NET-007", "lh-concierge-prod-eus2"] == ("pass", "unknown")


def test_what_is_left_as_it_is_is_shown_by_the_base() -> None:
    entry = change(
        "azurerm_cognitive_account",
        "a",
        {**tf_account(DESK["name"], public_network_access_enabled=False), "id": DESK["id"]},
        actions=("no-op",),
    )
    behind = [{**one, "properties": {**one["properties"], "publicNetworkAccess": "SecuredByPerimeter"}} if one["id"] == DESK["id"] else one for one in prod().resources]  # fmt: skip
    base = Snapshot.of("prod", prod().scope, behind, prod().gaps, collection=prod().collection)
    found = snapshot(terraform_plan(entry), base=base)
    assert resource(found, DESK["id"])["properties"]["publicNetworkAccess"] == "SecuredByPerimeter"
    field = ("accounts", "/properties/publicNetworkAccess")
    assert field not in gaps(found, "notYetKnown", DESK["id"])
    assert field in gaps(snapshot(terraform_plan(entry)), "notYetKnown", DESK["id"])
    # An update sends Disabled.
    entry["change"]["actions"] = ["update"]
    assert resource(snapshot(terraform_plan(entry), base=base), DESK["id"])["properties"]["publicNetworkAccess"] == "Disabled"  # fmt: skip


@pytest.mark.parametrize(
    ("role", "known"),
    [("Cognitive Services OpenAI User", True), ("cognitive services openai user", True), ("Mine", False)],
)
def test_a_role_by_its_name_has_the_id_that_the_base_knows(role: str, known: bool) -> None:
    values = {"name": "r", "scope": DESK["id"], "role_definition_name": role, "principal_id": "p"}
    entry = change("azurerm_role_assignment", "r", values, {"id": True, "role_definition_id": True})
    found = snapshot(terraform_plan(entry), base=prod())
    scope = f"{DESK['id']}/providers/Microsoft.Authorization/roleAssignments/r"
    assert (("roleAssignments", "/properties/roleDefinitionId") not in gaps(found, "notYetKnown", scope)) is known
    stated = resource(found, scope)["properties"].get("roleDefinitionId")
    assert (stated is not None and stated.endswith("/5e0bd9bd-7b93-4f28-af87-19fc36ad61bd")) is known


def test_with_a_base_the_deleted_accounts_are_known() -> None:
    found = snapshot(plan(), base=prod())
    assert found.collection == {"apiVersions": prod().collection["apiVersions"]}
    assert not [key for key in turned(found) if key[0] == "RTA-GOV-005"]


def used(of: Snapshot) -> dict[str, float]:
    (usages,) = [one for one in of.resources if one["id"].lower().endswith("/locations/eastus2/usages")]
    return {row["name"]["value"]: row["currentValue"] for row in usages["value"]}


def test_without_a_base_what_no_plan_holds_is_unknown_and_says_what_would_tell() -> None:
    made = PlannedResource(DESK["id"], {"id": DESK["id"], "kind": "OpenAI"}, "a", "create")
    found = gaps(snapshot(plan(made)), "notYetKnown", "/")
    assert {"models", "usages", "providers"} == {aspect for aspect, _ in found}
    assert all("--with SNAPSHOT" in str(gap.message) for gap in found.values())


def test_a_plan_without_an_account_says_nothing_of_accounts() -> None:
    """Other code may hold them: the environment is not one without accounts."""
    report = check([snapshot(plan())], load_policies(["production"]), as_of=date(2026, 11, 22))
    assert {one.outcome for one in report.findings} == {"unknown"}
    assert report.verdict == "incomplete"
    assert outcomes(snapshot(plan(), base=prod()))["RTA-MOD-001", "environment/prod"] == "pass"


def test_alerts_of_a_subscription_may_be_in_other_code() -> None:
    made = PlannedResource(ACCOUNT, {"id": ACCOUNT, "kind": "OpenAI", "properties": {}}, "a", "create")
    assert outcomes(snapshot(plan(made)))["RTA-OBS-010", f"/subscriptions/{SUBSCRIPTION}"] == "unknown"


def test_with_a_base_nothing_is_said_of_what_it_holds() -> None:
    assert gaps(snapshot(plan(), base=prod())) == gaps(prod())
    assert [one["id"] for one in snapshot(plan(), base=prod()).resources] == [one["id"] for one in prod().resources]


ON = {"id": DESK["id"], "resource_group_name": "rg", "kind": "OpenAI"}


def updated(kind: str, values: dict[str, Any], before: dict[str, Any] | None = None) -> Plan:
    return terraform_plan(change(kind, "x", values, before=before or values, actions=("update",)))


@pytest.mark.parametrize(
    ("values", "path", "expected"),
    [
        pytest.param({"tags": {"a": "b"}}, ("tags",), {"a": "b"}, id="tags"),
        pytest.param({"tags": None}, ("tags",), None, id="all tags"),
        pytest.param({"identity": [{"type": "UserAssigned", "identity_ids": ["/i"]}]}, ("identity",), {"type": "UserAssigned", "userAssignedIdentities": {"/i": {}}}, id="identities"),
        pytest.param({"identity": [{"type": "SystemAssigned", "identity_ids": None}]}, ("identity", "principalId"), "p", id="the identity stays"),
        pytest.param({"customer_managed_key": [{"key_vault_key_id": "https://v/keys/k", "identity_client_id": None}]}, ("properties", "encryption"), {"keySource": "Microsoft.KeyVault", "keyVaultProperties": {"keyVaultUri": "https://v", "keyName": "k"}}, id="a key without a version"),
    ],
)  # fmt: skip
def test_an_update_takes_away_what_an_object_does_not_name(
    values: dict[str, Any], path: tuple[str, ...], expected: Any
) -> None:
    there = {**DESK, "tags": {"a": "b", "old": "x"}, "identity": {"type": "SystemAssigned", "principalId": "p", "tenantId": "t", "userAssignedIdentities": {"/old": {}}}}  # fmt: skip
    there["properties"] = {**DESK["properties"], "encryption": {"keySource": "Microsoft.KeyVault", "keyVaultProperties": {"keyVersion": "1", "identityClientId": "c"}}}  # fmt: skip
    base = Snapshot.of("prod", prod().scope, [there], [], (), {})
    found = snapshot(updated("azurerm_cognitive_account", {**ON, **values}), base=base)
    assert at(resource(found, DESK["id"]), path) == expected


def test_a_put_without_an_identity_leaves_none() -> None:
    there = {**DESK, "identity": {"type": "SystemAssigned", "principalId": "p", "tenantId": "t"}}
    body = {"id": DESK["id"], "kind": "OpenAI", "properties": {}}
    base = Snapshot.of("prod", prod().scope, [there], [], (), {})
    assert "identity" not in resource(snapshot(plan(PlannedResource(DESK["id"], body, "a", "put")), base=base), DESK["id"])  # fmt: skip


@pytest.mark.parametrize(("groups", "left"), [([], []), ([{"name": "new", "private_dns_zone_ids": ["/z"]}], ["new"])])
def test_a_zone_group_that_the_code_takes_out_goes(groups: list[Any], left: list[str]) -> None:
    one = endpoint()
    names = [arm_id.name_of(other["id"]) for other in prod().resources if arm_id.parent_of(other["id"]) == arm_id.key(one["id"])]  # fmt: skip
    assert names
    before = {"id": one["id"], "private_dns_zone_group": [{"name": name} for name in names]}
    found = snapshot(updated("azurerm_private_endpoint", {"id": one["id"], "private_dns_zone_group": groups}, before), base=prod())  # fmt: skip
    below = [arm_id.name_of(other["id"]) for other in found.resources if arm_id.parent_of(other["id"]) == arm_id.key(one["id"])]  # fmt: skip
    assert below == left


def second(**more: Any) -> PlannedResource:
    """A deployment beside the others of the region."""
    model = {"format": "OpenAI", "name": "gpt-realtime-mini", "version": "2025-12-15", **more.pop("model", {})}
    sku = {"name": "GlobalStandard", "capacity": 5, **more.pop("sku", {})}
    resource_id = f"{DESK['id']}/deployments/second"
    body = {"id": resource_id, "sku": sku, "properties": {"model": model}}
    return PlannedResource(resource_id, body, "a", "create", **more)


@pytest.mark.parametrize(
    "planned",
    [
        pytest.param(second(sku={"capacity": Unknown("x")}), id="how much"),
        pytest.param(second(model={"version": Unknown("x")}), id="of which version"),
        pytest.param(second(sku={"name": Unknown("x")}), id="of which SKU"),
        pytest.param(second(conditional=True), id="whether"),
    ],
)
def test_quota_that_a_deployment_may_take_is_not_known(planned: PlannedResource) -> None:
    (pool,) = [row for row in rows(snapshot(plan(second()), base=prod())) if row not in rows(prod())]
    after = {row["name"]["value"]: row.get("currentValue") for row in rows(snapshot(plan(planned), base=prod()))}
    assert after[pool["name"]["value"]] is None
    assert [one for one in after.values() if one is not None]
    turns = turned(snapshot(plan(planned), base=prod()))
    assert {now for (rule, _), (_, now) in turns.items() if rule == "RTA-CAP-002"} >= {"unknown"}


def rows(of: Snapshot) -> list[dict[str, Any]]:
    (usages,) = [one for one in of.resources if one["id"].lower().endswith("/locations/eastus2/usages")]
    return list(usages["value"])


def test_what_is_missing_may_draw_on_the_quota() -> None:
    found = snapshot(Plan("Bicep snapshot", "p.json", missing=["not all of it"]), base=prod())
    assert ("usages", None) in gaps(found, "notYetKnown", "/")


@pytest.mark.parametrize(("fate", "open_rest"), [("create", True), ("delete", True), ("keep", False)])
def test_what_a_template_makes_is_not_shown(fate: Fate, open_rest: bool) -> None:
    resource_id = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Resources/deployments/t"
    found = snapshot(plan(PlannedResource(resource_id, {"id": resource_id}, "a", fate)), base=prod())
    assert (("deployments", None) in gaps(found, "notYetKnown", "/")) is open_rest


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        pytest.param({"local_auth_enabled": True}, False, id="the plan was made later and shows another value"),
        pytest.param({"local_auth_enabled": False}, True, id="the same"),
        pytest.param({}, True, id="not shown"),
    ],
)
def test_what_stays_is_as_it_is_there(shown: dict[str, Any], expected: bool) -> None:
    there = {**DESK, "properties": {**DESK["properties"], "disableLocalAuth": True}}
    base = Snapshot.of("prod", prod().scope, [there], [], (), {})
    left = change("azurerm_cognitive_account", "x", {**ON, **shown}, before=ON, actions=("no-op",))
    found = resource(snapshot(terraform_plan(left), base=base), DESK["id"])
    assert found["properties"] == {**there["properties"], "disableLocalAuth": expected}
