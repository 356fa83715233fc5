"""The azurerm mapping: a case for each of its rows, both spellings of what two provider versions say, and its defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rtaudit.documents import load_yaml
from rtaudit.plan.azurerm_table import MAPPING
from rtaudit.plan.model import Unknown, at, unknowns
from rtaudit.snapshot import Snapshot

from .kit import (
    ACCOUNT,
    GROUP,
    WORKSPACE,
    change,
    configured,
    gaps,
    refers,
    resource,
    snapshot,
    terraform_plan,
    tf_account,
)

CASES: dict[str, dict[str, list[Any]]] = load_yaml(Path(__file__).with_name("azurerm.cases.yaml")).value
ROWS = [(kind, row.attribute) for kind, mapped in MAPPING.items() for row in mapped.rows.values() if row.to]
PARENTS = {"cognitive_account_id": ACCOUNT, "target_resource_id": ACCOUNT, "scope": ACCOUNT, "private_dns_zone_id": f"{GROUP}/providers/Microsoft.Network/privateDnsZones/z", "virtual_network_id": f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v", "network_security_perimeter_profile_id": f"{GROUP}/providers/Microsoft.Network/networkSecurityPerimeters/n/profiles/p"}  # fmt: skip


@pytest.mark.parametrize(("kind", "attribute"), ROWS, ids=[".".join(row) for row in ROWS])
def test_a_row(kind: str, attribute: str) -> None:
    shown, arm = CASES[kind][attribute]
    block, _, inner = attribute.partition(".")
    parents = {name: PARENTS[name] for name in MAPPING[kind].parents if name in PARENTS}
    values = {"name": "n", "resource_group_name": "rg", **parents, block: [{inner: shown}] if inner else shown}
    (planned,) = terraform_plan(change(kind, "x", values)).resources
    assert at(planned.body, MAPPING[kind].rows[attribute].to.split(".")) == arm or _within(
        planned.body, kind, attribute, arm
    )


def _within(body: dict[str, Any], kind: str, attribute: str, arm: Any) -> bool:
    """True for a conversion that adds to an object which others add to."""
    found = at(body, MAPPING[kind].rows[attribute].to.split("."))
    return isinstance(arm, dict) and isinstance(found, dict) and arm.items() <= found.items()


def test_every_case_is_of_a_row() -> None:
    assert {(kind, attribute) for kind, rows in CASES.items() for attribute in rows} == set(ROWS)


SETTING = {"name": "logs", "target_resource_id": ACCOUNT, "log_analytics_workspace_id": WORKSPACE}


@pytest.mark.parametrize(
    ("known", "unknown", "field"),
    [
        pytest.param({"enabled_log": [{"category": "Audit"}]}, "log", "logs", id="enabled_log"),
        pytest.param({"log": [{"category": "Audit", "enabled": True}]}, "enabled_log", "logs", id="log"),
        pytest.param({"enabled_metric": [{"category": "AllMetrics"}]}, "metric", "metrics", id="enabled_metric"),
        pytest.param({"metric": [{"category": "AllMetrics", "enabled": True}]}, "enabled_metric", "metrics", id="metric"),
    ],
)  # fmt: skip
def test_the_other_spelling_is_no_gap(known: dict[str, Any], unknown: str, field: str) -> None:
    (planned,) = terraform_plan(
        change("azurerm_monitor_diagnostic_setting", "x", {**SETTING, **known}, {unknown: True})
    ).resources
    assert not list(unknowns(planned.body))
    assert len(planned.body["properties"][field]) == 1


def test_a_block_that_nothing_knows_is_a_gap() -> None:
    (planned,) = terraform_plan(
        change("azurerm_monitor_diagnostic_setting", "x", SETTING, {"enabled_log": True})
    ).resources
    assert isinstance(planned.body["properties"]["logs"], Unknown)


def test_the_providers_defaults_are_values_and_are_told() -> None:
    root = {
        "resources": [
            configured(
                "azurerm_cognitive_account",
                "a",
                name={"constant_value": "voice"},
                public_network_access_enabled={"constant_value": True},
            )
        ]
    }
    found = snapshot(terraform_plan(change("azurerm_cognitive_account", "a", tf_account(), {"id": True}), root=root))
    assert resource(found)["properties"]["disableLocalAuth"] is False
    # What the code states is no default, even where it is the same.
    assert found.defaults[ACCOUNT.lower()] == {"/properties/disableLocalAuth": "local_auth_enabled"}


def test_a_version_that_azure_chooses_is_not_known() -> None:
    values = {
        "name": "talk",
        "cognitive_account_id": ACCOUNT,
        "model": [{"format": "OpenAI", "name": "gpt-realtime", "version": None}],
        "sku": [{"name": "GlobalStandard", "capacity": 1}],
    }
    found = snapshot(terraform_plan(change("azurerm_cognitive_deployment", "d", values)))
    assert ("deployments", "/properties/model/version") in gaps(found, "notYetKnown")


def test_a_role_by_its_name_has_no_id_in_a_plan() -> None:
    values = {
        "name": "n",
        "scope": ACCOUNT,
        "role_definition_name": "Cognitive Services OpenAI User",
        "principal_id": "p",
    }
    found = snapshot(terraform_plan(change("azurerm_role_assignment", "r", values, {"role_definition_id": True})))
    assert ("roleAssignments", "/properties/roleDefinitionId") in gaps(found, "notYetKnown")


def test_a_key_that_is_a_resource_of_its_own_is_part_of_the_account() -> None:
    root = {
        "resources": [
            configured(
                "azurerm_cognitive_account_customer_managed_key",
                "k",
                cognitive_account_id=refers("azurerm_cognitive_account.a.id", "azurerm_cognitive_account.a"),
            )
        ]
    }
    key = change(
        "azurerm_cognitive_account_customer_managed_key",
        "k",
        {"key_vault_key_id": "https://v.vault.azure.net/keys/k"},
        {"id": True, "cognitive_account_id": True},
    )
    found = snapshot(
        terraform_plan(change("azurerm_cognitive_account", "a", tf_account(), {"id": True}), key, root=root)
    )
    assert resource(found)["properties"]["encryption"]["keySource"] == "Microsoft.KeyVault"


def test_a_key_of_ones_own_that_is_taken_out() -> None:
    encryption = {"keySource": "Microsoft.KeyVault", "keyVaultProperties": {"keyName": "k"}}
    there = {"id": ACCOUNT, "kind": "OpenAI", "properties": {"encryption": encryption}}
    base = Snapshot.of("prod", {"aspects": ["accounts"]}, [there], [])
    kind, values = "azurerm_cognitive_account_customer_managed_key", {"id": ACCOUNT, "cognitive_account_id": ACCOUNT}
    entry = change(kind, "k", None, actions=("delete",), before=values)
    assert resource(snapshot(terraform_plan(entry), base=base))["properties"] == {}
    # One that is changed, beside an account that the code does not change and whose own block is empty.
    after = {**values, "key_vault_key_id": "https://v.vault.azure.net/keys/other"}
    account = change("azurerm_cognitive_account", "z", {**tf_account(), "id": ACCOUNT}, actions=("no-op",))
    for entries in ((account, change(kind, "k", after)), (change(kind, "k", after), account)):
        found = resource(snapshot(terraform_plan(*entries), base=base))
        assert found["properties"]["encryption"]["keyVaultProperties"]["keyName"] == "other"


@pytest.mark.parametrize("version", ["name", "id"])
def test_a_link_by_either_version(version: str) -> None:
    zone = f"{GROUP}/providers/Microsoft.Network/privateDnsZones/privatelink.openai.azure.com"
    by = (
        {"private_dns_zone_name": "privatelink.openai.azure.com", "resource_group_name": "rg"}
        if version == "name"
        else {"private_dns_zone_id": zone}
    )
    values = {"name": "l", "virtual_network_id": f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v", **by}
    found = snapshot(terraform_plan(change("azurerm_private_dns_zone_virtual_network_link", "l", values)))
    assert resource(found, f"{zone}/virtualNetworkLinks/l")


def test_an_endpoint_and_its_zone_group() -> None:
    zone = f"{GROUP}/providers/Microsoft.Network/privateDnsZones/privatelink.openai.azure.com"
    values = {
        "name": "pe",
        "resource_group_name": "rg",
        "private_service_connection": [{"name": "c", "is_manual_connection": False, "subresource_names": ["account"]}],
        "private_dns_zone_group": [{"name": "default", "private_dns_zone_ids": [zone]}],
    }
    unknown = {
        "id": True,
        "private_service_connection": [{"private_connection_resource_id": True, "subresource_names": [False]}],
        "custom_dns_configs": True,
    }
    expression = [
        {"private_connection_resource_id": refers("azurerm_cognitive_account.a.id", "azurerm_cognitive_account.a")}
    ]
    root = {"resources": [configured("azurerm_private_endpoint", "pe", private_service_connection=expression)]}
    found = snapshot(
        terraform_plan(
            change("azurerm_cognitive_account", "a", tf_account(), {"id": True}),
            change("azurerm_private_endpoint", "pe", values, unknown),
            root=root,
        )
    )
    endpoint = f"{GROUP}/providers/Microsoft.Network/privateEndpoints/pe"
    (connection,) = resource(found, endpoint)["properties"]["privateLinkServiceConnections"]
    assert connection["properties"]["privateLinkServiceId"] == ACCOUNT
    (config,) = resource(found, f"{endpoint}/privateDnsZoneGroups/default")["properties"]["privateDnsZoneConfigs"]
    assert config["properties"] == {"privateDnsZoneId": zone}


@pytest.mark.parametrize(
    ("known", "unknown", "kept"),
    [
        pytest.param({"local_authentication_disabled": True}, "local_authentication_enabled", True, id="older"),
        pytest.param({"local_authentication_enabled": False}, "local_authentication_disabled", True, id="newer"),
        pytest.param({"local_authentication_disabled": False}, "local_authentication_enabled", False, id="false is known"),
    ],
)  # fmt: skip
def test_of_two_spellings_the_known_one_counts(known: dict[str, Any], unknown: str, kept: bool) -> None:
    values = {"name": "logs", "resource_group_name": "rg", **known}
    found = snapshot(terraform_plan(change("azurerm_log_analytics_workspace", "w", values, {unknown: True})))
    assert resource(found, WORKSPACE)["properties"]["features"] == {"disableLocalAuth": kept}
    assert ("workspaces", "/properties/features/disableLocalAuth") not in gaps(found)


OLD = f"{GROUP}/providers/Microsoft.Insights/actionGroups/old"
NEW = f"{GROUP}/providers/Microsoft.Insights/actionGroups/new"
REFERS = {"action_group_id": refers("azurerm_monitor_action_group.ag.id", "azurerm_monitor_action_group.ag")}
IS = {"action_group_id": {"constant_value": OLD}}


@pytest.mark.parametrize(
    ("code", "ids"),
    [
        pytest.param([REFERS, IS], {OLD, NEW}, id="the code has it first"),
        pytest.param([IS, REFERS], {OLD, NEW}, id="the code has it last"),
        pytest.param([IS, IS], {OLD}, id="the code does not say what it refers to"),
    ],
)
def test_a_set_of_blocks_is_in_another_order_than_the_code(code: list[Any], ids: set[str]) -> None:
    """In the values of a set what is not known comes last, whatever the order in the code."""
    groups = [change("azurerm_monitor_action_group", name, {"name": name, "resource_group_name": "rg"}, {"id": True}) for name in ("ag", "other")]  # fmt: skip
    groups[0]["change"]["after"]["name"] = "new"
    values = {"name": "a", "resource_group_name": "rg", "scopes": [ACCOUNT], "action": [{"action_group_id": OLD}, {}]}
    alert = change("azurerm_monitor_metric_alert", "a", values, {"id": True, "action": [{}, {"action_group_id": True}]})
    root = {
        "resources": [
            configured("azurerm_monitor_action_group", "ag"),
            configured("azurerm_monitor_metric_alert", "a", action=code),
        ]
    }
    found = snapshot(terraform_plan(*groups, alert, root=root))
    (made,) = [one for one in found.resources if "/metricAlerts/" in one["id"]]
    assert {one["actionGroupId"] for one in made["properties"]["actions"]} == ids
    assert (("alerts", "/properties/actions") in gaps(found, "notYetKnown")) is (len(ids) == 1)


@pytest.mark.parametrize("actions", [("no-op",), ("update",), ("forget",)], ids=" ".join)
def test_a_diagnostic_setting_that_is_there_has_an_id_of_the_providers_own(actions: tuple[str, ...]) -> None:
    """azurerm writes the id of a diagnostic setting as its target, a bar and its name."""
    values = {**SETTING, "id": f"{ACCOUNT}|logs", "enabled_log": [{"category": "Audit"}]}
    shown = None if actions == ("forget",) else values
    found = snapshot(terraform_plan(change("azurerm_monitor_diagnostic_setting", "d", shown, before=values, actions=actions)))  # fmt: skip
    (made,) = found.resources
    assert made["id"] == f"{ACCOUNT}/providers/Microsoft.Insights/diagnosticSettings/logs"
    assert made["properties"]["workspaceId"] == WORKSPACE


def test_an_older_log_alert_is_there_and_what_it_watches_is_not_known() -> None:
    values = {"name": "a", "resource_group_name": "rg", "location": "eastus2", "query": "AzureDiagnostics"}
    found = snapshot(terraform_plan(change("azurerm_monitor_scheduled_query_rules_alert", "a", values, {"id": True})))
    assert ("alerts", "/properties") in gaps(found, "notYetKnown")


@pytest.mark.parametrize("scope", ["resource_group", "subscription", "management_group", "tenant"])
def test_what_a_template_makes_is_not_shown(scope: str) -> None:
    made = change(f"azurerm_{scope}_template_deployment", "t", {"name": "t", "template_content": "{}"}, {"id": True})
    plan = terraform_plan(change("azurerm_cognitive_account", "a", tf_account(), {"id": True}), made)
    assert ("diagnostics", None) in gaps(snapshot(plan), "notYetKnown", "/")
    assert plan.warnings == []
