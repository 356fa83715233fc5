"""The sample company's production as a Terraform plan: what `terraform show -json` writes before the first apply.

Accounts and what is on them are in a module, called once; what refers to them does so by its outputs. Ids are known after
the apply, so that a reader has to follow the configuration.
"""
# ruff: noqa: INP001

from __future__ import annotations

import re
from typing import Any

from rtaudit.azure import arm_id

Resource = dict[str, Any]
_GROUP = "microsoft.network/privateendpoints/privatednszonegroups"
UNKNOWN: Any = object()
"""Marks a value that is known after the apply."""

MODULE = "module.voice"


class _Plan:
    """The plan while it is put together."""

    def __init__(self) -> None:
        self.changes: list[Resource] = []
        self.root: list[Resource] = []
        self.inner: list[Resource] = []
        self.addresses: dict[str, str] = {}
        """Key of id -> address of what makes it."""
        self.outputs: dict[str, Any] = {}
        self.groups: dict[str, Resource] = {}
        """Key of a private endpoint -> its zone group."""

    def add(self, resource: Resource, kind: str, after: Resource, refers: dict[str, Any], *, inner: bool) -> None:
        # All the names of the id: an extension's target, a child's parent, its own.
        names = [name for part in resource["id"].lower().split("/providers/")[1:] for name in part.split("/")[2::2]]
        name = re.sub(r"[^a-z0-9]+", "_", "_".join(names)).strip("_")
        address = f"{kind}.{name}"
        self.addresses[arm_id.key(resource["id"])] = f"{MODULE}.{address}" if inner else address
        known, unknown = _split(after)
        full = {
            "address": f"{MODULE}.{address}" if inner else address,
            **({"module_address": MODULE} if inner else {}),
            "mode": "managed",
            "type": kind,
            "name": name,
            "provider_name": f"registry.terraform.io/{'azure/azapi' if kind.startswith('azapi') else 'hashicorp/azurerm'}",
            "change": {
                "actions": ["create"],
                "before": None,
                "after": known,
                "after_unknown": {"id": True, **unknown},
                "before_sensitive": False,
                "after_sensitive": {},
            },
        }
        self.changes.append(full)
        expressions: Resource = {key: {"constant_value": value} for key, value in known.items() if _plain(value)}
        expressions.update(refers)
        (self.inner if inner else self.root).append(
            {
                "address": address,
                "mode": "managed",
                "type": kind,
                "name": name,
                "expressions": expressions,
                "schema_version": 0,
            }
        )

    def refer(self, resource_id: str, *, inner: bool) -> Any:
        """The expression for the id of a resource of the plan; a constant for one that it does not make."""
        address = self.addresses.get(arm_id.key(resource_id))
        if address is None:
            return {"constant_value": resource_id}
        if inner or not address.startswith(f"{MODULE}."):
            bare = address.removeprefix(f"{MODULE}.")
            return {"references": [f"{bare}.id", bare]}
        bare = address.removeprefix(f"{MODULE}.")
        output = bare.replace(".", "_") + "_id"
        self.outputs[output] = {"expression": {"references": [f"{bare}.id", bare]}}
        return {"references": [f"{MODULE}.{output}", MODULE]}

    def value(self, resource_id: str) -> Any:
        """The id as the plan knows it: not at all where the plan makes the resource."""
        return UNKNOWN if arm_id.key(resource_id) in self.addresses else resource_id


def terraform(resources: list[Resource], *, azapi: bool) -> dict[str, Any]:
    """The resources as a plan of azurerm resources, or with accounts and deployments as azapi resources."""
    plan = _Plan()
    plan.groups = {arm_id.parent_of(one["id"]): one for one in resources if arm_id.type_of(one["id"]) == _GROUP}
    order = sorted(resources, key=lambda one: (_ORDER.index(arm_id.type_of(one["id"])), one["id"].lower()))
    for resource in order:
        kind = arm_id.type_of(resource["id"])
        if azapi and kind in _AZAPI:
            _azapi(plan, resource)
        else:
            _MAKERS[kind](plan, resource)
    subscription = arm_id.subscription_of(resources[0]["id"])
    return {
        "format_version": "1.2",
        "terraform_version": "1.13.4",
        "planned_values": {"root_module": {}},
        "resource_changes": plan.changes,
        "configuration": {
            "provider_config": {
                "azurerm": {
                    "name": "azurerm",
                    "full_name": "registry.terraform.io/hashicorp/azurerm",
                    "version_constraint": "~> 4.0",
                    "expressions": {"features": [{}], "subscription_id": {"constant_value": subscription}},
                }
            },
            "root_module": {
                "resources": plan.root,
                "module_calls": {
                    "voice": {
                        "source": "./voice",
                        "expressions": {},
                        "module": {"outputs": plan.outputs, "resources": plan.inner},
                    }
                },
            },
        },
        "timestamp": "2026-11-22T09:00:00Z",
        "applyable": True,
        "complete": True,
        "errored": False,
    }


_AZAPI = ("microsoft.cognitiveservices/accounts", "microsoft.cognitiveservices/accounts/deployments", "microsoft.cognitiveservices/accounts/raipolicies")  # fmt: skip


def _azapi(plan: _Plan, one: Resource) -> None:
    kind = "/".join([(names := one["id"].rsplit("/providers/", 1)[-1].split("/"))[0], *names[1::2]])
    child = kind.count("/") > 1
    parent = one["id"].rsplit("/", 2)[0] if child else one["id"].split("/providers/")[0]
    after = {"type": f"{kind}@2025-06-01", "name": one["name"], "parent_id": plan.value(parent), "identity": []}
    after["body"] = {key: value for key, value in one.items() if key in ("kind", "sku", "properties")}
    if "location" in one:
        after["location"] = one["location"]
    if "tags" in one:
        after["tags"] = one["tags"]
    if "identity" in one:
        after["identity"] = [{"type": one["identity"]["type"], "identity_ids": None, "principal_id": UNKNOWN, "tenant_id": UNKNOWN}]  # fmt: skip
    refers = {"parent_id": plan.refer(parent, inner=True)} if child else {}
    plan.add(one, "azapi_resource", after, refers, inner=True)


def _common(one: Resource, *names: str) -> Resource:
    found: Resource = {"name": one["name"], "timeouts": None}
    if "group" in names:
        found["resource_group_name"] = arm_id.group_of(one["id"])
    if "location" in names:
        found["location"] = arm_id.region(one.get("location"))
    if "tags" in names:
        found["tags"] = one.get("tags") or None
    return found


def _account(plan: _Plan, one: Resource) -> None:
    given, acls = one["properties"], one["properties"].get("networkAcls")
    after = _common(one, "group", "location", "tags") | {
        "kind": one["kind"],
        "sku_name": one["sku"]["name"],
        "custom_subdomain_name": given.get("customSubDomainName"),
        "local_auth_enabled": not given.get("disableLocalAuth", False),
        "public_network_access_enabled": given.get("publicNetworkAccess", "Enabled") == "Enabled",
        "outbound_network_access_restricted": given.get("restrictOutboundNetworkAccess", False),
        "fqdns": given.get("allowedFqdnList") or None,
        "project_management_enabled": given.get("allowProjectManagement", False),
        "network_acls": [],
        "identity": [],
        "customer_managed_key": [],
        "storage": [],
        "endpoint": UNKNOWN,
        "primary_access_key": UNKNOWN,
        "secondary_access_key": UNKNOWN,
    }
    if acls:
        after["network_acls"] = [
            {
                "default_action": acls["defaultAction"],
                "bypass": acls.get("bypass"),
                "ip_rules": [rule["value"] for rule in acls.get("ipRules") or ()] or None,
                "virtual_network_rules": [],
            }
        ]
    if "identity" in one:
        after["identity"] = [{"type": one["identity"]["type"], "identity_ids": None, "principal_id": UNKNOWN, "tenant_id": UNKNOWN}]  # fmt: skip
    plan.add(one, "azurerm_cognitive_account", after, {}, inner=True)


def _deployment(plan: _Plan, one: Resource) -> None:
    given, account = one["properties"], one["id"].rsplit("/", 2)[0]
    after = {
        "name": one["name"],
        "cognitive_account_id": plan.value(account),
        "model": [{**{key: given["model"].get(key) for key in ("format", "name", "version")}}],
        "sku": [
            {"name": one["sku"]["name"], "capacity": one["sku"]["capacity"], "tier": None, "size": None, "family": None}
        ],
        "rai_policy_name": given.get("raiPolicyName") or UNKNOWN,
        "version_upgrade_option": given.get("versionUpgradeOption", "OnceNewDefaultVersionAvailable"),
        "dynamic_throttling_enabled": None,
        "timeouts": None,
    }
    plan.add(one, "azurerm_cognitive_deployment", after, {"cognitive_account_id": plan.refer(account, inner=True)}, inner=True)  # fmt: skip


def _policy(plan: _Plan, one: Resource) -> None:
    given, account = one["properties"], one["id"].rsplit("/", 2)[0]
    after = {
        "name": one["name"],
        "cognitive_account_id": plan.value(account),
        "base_policy_name": given["basePolicyName"],
        "mode": given.get("mode"),
        "tags": None,
        "content_filter": [
            {
                "name": row["name"],
                "filter_enabled": row["enabled"],
                "block_enabled": row["blocking"],
                "severity_threshold": row.get("severityThreshold", ""),
                "source": row["source"],
            }
            for row in given["contentFilters"]
        ],
    }
    plan.add(one, "azurerm_cognitive_account_rai_policy", after, {"cognitive_account_id": plan.refer(account, inner=True)}, inner=True)  # fmt: skip


def _endpoint(plan: _Plan, one: Resource) -> None:
    given = one["properties"]
    manual = bool(given.get("manualPrivateLinkServiceConnections"))
    (connection, *_) = given.get("manualPrivateLinkServiceConnections") or given["privateLinkServiceConnections"]
    target = connection["properties"]["privateLinkServiceId"]
    after = _common(one, "group", "location", "tags") | {
        "subnet_id": given["subnet"]["id"],
        "private_service_connection": [
            {
                "name": connection["name"],
                "is_manual_connection": manual,
                "private_connection_resource_id": plan.value(target),
                "private_connection_resource_alias": None,
                "subresource_names": connection["properties"]["groupIds"],
                "request_message": None,
                "private_ip_address": UNKNOWN,
            }
        ],
        "private_dns_zone_group": [],
        "ip_configuration": [],
        "custom_network_interface_name": None,
        "custom_dns_configs": UNKNOWN,
        "private_dns_zone_configs": UNKNOWN,
        "network_interface": UNKNOWN,
    }
    refers = {"private_service_connection": [{"private_connection_resource_id": plan.refer(target, inner=False)}]}
    group = plan.groups.get(arm_id.key(one["id"]))
    if group is not None:
        zones = [config["properties"]["privateDnsZoneId"] for config in group["properties"]["privateDnsZoneConfigs"]]
        after["private_dns_zone_group"] = [{"name": group["name"], "id": UNKNOWN, "private_dns_zone_ids": [plan.value(zone) for zone in zones]}]  # fmt: skip
        references = [ref for zone in zones for ref in plan.refer(zone, inner=False).get("references", ())]
        refers["private_dns_zone_group"] = [{"private_dns_zone_ids": {"references": references}}]
    plan.add(one, "azurerm_private_endpoint", after, refers, inner=False)


def _zone(plan: _Plan, one: Resource) -> None:
    after = _common(one, "group", "tags") | {"soa_record": UNKNOWN, "number_of_record_sets": UNKNOWN}
    plan.add(one, "azurerm_private_dns_zone", after, {}, inner=False)


def _link(plan: _Plan, one: Resource) -> None:
    zone = one["id"].rsplit("/", 2)[0]
    after = _common(one, "group", "tags") | {
        "private_dns_zone_name": arm_id.name_of(zone),
        "virtual_network_id": one["properties"]["virtualNetwork"]["id"],
        "registration_enabled": one["properties"].get("registrationEnabled", False),
        "resolution_policy": UNKNOWN,
    }
    plan.add(one, "azurerm_private_dns_zone_virtual_network_link", after, {}, inner=False)


def _record(plan: _Plan, one: Resource) -> None:
    after = _common(one, "group") | {
        "zone_name": arm_id.name_of(one["id"].rsplit("/", 2)[0]),
        "records": [row["ipv4Address"] for row in one["properties"]["aRecords"]],
        "ttl": one["properties"]["ttl"],
        "tags": None,
        "fqdn": UNKNOWN,
    }
    plan.add(one, "azurerm_private_dns_a_record", after, {}, inner=False)


def _diagnostics(plan: _Plan, one: Resource) -> None:
    given, target = one["properties"], one["id"].rsplit("/providers/", 1)[0]
    after = {
        "name": one["name"],
        "target_resource_id": plan.value(target),
        "log_analytics_workspace_id": plan.value(given["workspaceId"]) if given.get("workspaceId") else None,
        "storage_account_id": given.get("storageAccountId"),
        "eventhub_authorization_rule_id": given.get("eventHubAuthorizationRuleId"),
        "eventhub_name": given.get("eventHubName"),
        "partner_solution_id": None,
        "log_analytics_destination_type": UNKNOWN,
        "enabled_log": [
            {
                "category": row.get("category") or "",
                "category_group": row.get("categoryGroup") or "",
                "retention_policy": [],
            }
            for row in given["logs"]
            if row["enabled"]
        ],
        "enabled_metric": [{"category": row["category"]} for row in given["metrics"] if row["enabled"]],
        "metric": UNKNOWN,
        "timeouts": None,
    }
    refers = {"target_resource_id": plan.refer(target, inner=False)}
    if given.get("workspaceId"):
        refers["log_analytics_workspace_id"] = plan.refer(given["workspaceId"], inner=False)
    plan.add(one, "azurerm_monitor_diagnostic_setting", after, refers, inner=False)


def _role(plan: _Plan, one: Resource) -> None:
    given = one["properties"]
    scope = given["scope"]
    after = {
        "name": one["name"],
        "scope": plan.value(scope),
        "role_definition_id": given["roleDefinitionId"],
        "role_definition_name": UNKNOWN,
        "principal_id": given["principalId"],
        "principal_type": given["principalType"],
        "condition": given.get("condition"),
        "condition_version": given.get("conditionVersion"),
        "delegated_managed_identity_resource_id": None,
        "description": None,
        "skip_service_principal_aad_check": UNKNOWN,
        "timeouts": None,
    }
    plan.add(one, "azurerm_role_assignment", after, {"scope": plan.refer(scope, inner=False)}, inner=False)


def _lock(plan: _Plan, one: Resource) -> None:
    scope = one["id"].rsplit("/providers/", 1)[0]
    after = {
        "name": one["name"],
        "scope": plan.value(scope),
        "lock_level": one["properties"]["level"],
        "notes": one["properties"].get("notes"),
        "timeouts": None,
    }
    plan.add(one, "azurerm_management_lock", after, {"scope": plan.refer(scope, inner=False)}, inner=False)


def _metric_alert(plan: _Plan, one: Resource) -> None:
    given = one["properties"]
    groups = [action["actionGroupId"] for action in given["actions"]]
    after = _common(one, "group", "tags") | {
        "scopes": [plan.value(scope) for scope in given["scopes"]],
        "target_resource_type": given.get("targetResourceType"),
        "target_resource_location": given.get("targetResourceRegion"),
        "enabled": given["enabled"],
        "auto_mitigate": given.get("autoMitigate", True),
        "severity": given["severity"],
        "frequency": given["evaluationFrequency"],
        "window_size": given["windowSize"],
        "description": given.get("description") or "",
        "criteria": [
            {
                "metric_namespace": row["metricNamespace"],
                "metric_name": row["metricName"],
                "aggregation": row["timeAggregation"],
                "operator": row["operator"],
                "threshold": row["threshold"],
                "dimension": [
                    {key: part[key] for key in ("name", "operator", "values")} for part in row.get("dimensions") or ()
                ],
                "skip_metric_validation": row.get("skipMetricValidation", False),
            }
            for row in given["criteria"]["allOf"]
        ],
        "dynamic_criteria": [],
        "application_insights_web_test_location_availability_criteria": [],
        "action": [{"action_group_id": plan.value(group), "webhook_properties": {}} for group in groups],
    }
    refers = {
        "action": [{"action_group_id": plan.refer(group, inner=False)} for group in groups],
        "scopes": {
            "references": [
                ref for scope in given["scopes"] for ref in plan.refer(scope, inner=False).get("references", ())
            ]
        },
    }
    plan.add(one, "azurerm_monitor_metric_alert", after, refers, inner=False)


def _activity_alert(plan: _Plan, one: Resource) -> None:
    given = one["properties"]
    groups = [action["actionGroupId"] for action in given["actions"]["actionGroups"]]
    (category,) = [row["equals"] for row in given["condition"]["allOf"] if row.get("field") == "category"]
    after = _common(one, "group", "tags", "location") | {
        "scopes": given["scopes"],
        "enabled": given["enabled"],
        "description": given.get("description"),
        "criteria": [
            {"category": category, "operation_name": None, "service_health": UNKNOWN, "resource_health": UNKNOWN}
        ],
        "action": [{"action_group_id": plan.value(group), "webhook_properties": {}} for group in groups],
    }
    refers = {
        "action": [{"action_group_id": plan.refer(group, inner=False)} for group in groups],
        "criteria": [{"category": {"constant_value": category}}],
    }
    plan.add(one, "azurerm_monitor_activity_log_alert", after, refers, inner=False)


def _action_group(plan: _Plan, one: Resource) -> None:
    given = one["properties"]
    after = _common(one, "group", "tags", "location") | {
        "short_name": given["groupShortName"],
        "enabled": given["enabled"],
        "email_receiver": [
            {"name": row["name"], "email_address": row["emailAddress"], "use_common_alert_schema": True}
            for row in given["emailReceivers"]
        ],
        "webhook_receiver": [],
    }
    plan.add(one, "azurerm_monitor_action_group", after, {}, inner=False)


def _workspace(plan: _Plan, one: Resource) -> None:
    given = one["properties"]
    after = _common(one, "group", "location", "tags") | {
        "sku": given["sku"]["name"],
        "retention_in_days": given["retentionInDays"],
        "daily_quota_gb": -1,
        "local_authentication_enabled": True,
        "internet_ingestion_enabled": True,
        "internet_query_enabled": True,
        "workspace_id": UNKNOWN,
        "primary_shared_key": UNKNOWN,
        "secondary_shared_key": UNKNOWN,
    }
    plan.add(one, "azurerm_log_analytics_workspace", after, {}, inner=False)


def _in_its_endpoint(_plan: _Plan, _one: Resource) -> None:
    """A zone group is a block of its endpoint."""


_MAKERS = {
    "microsoft.operationalinsights/workspaces": _workspace,
    "microsoft.insights/actiongroups": _action_group,
    "microsoft.cognitiveservices/accounts": _account,
    "microsoft.cognitiveservices/accounts/raipolicies": _policy,
    "microsoft.cognitiveservices/accounts/deployments": _deployment,
    "microsoft.network/privatednszones": _zone,
    "microsoft.network/privatednszones/virtualnetworklinks": _link,
    "microsoft.network/privatednszones/a": _record,
    _GROUP: _in_its_endpoint,
    "microsoft.network/privateendpoints": _endpoint,
    "microsoft.insights/diagnosticsettings": _diagnostics,
    "microsoft.authorization/roleassignments": _role,
    "microsoft.authorization/locks": _lock,
    "microsoft.insights/metricalerts": _metric_alert,
    "microsoft.insights/activitylogalerts": _activity_alert,
}
"""Type -> what makes its Terraform resource, in an order in which what is referred to comes first."""
_ORDER = list(_MAKERS)


def _split(value: Any) -> tuple[Any, Any]:
    """What a plan shows of a value, and its marks of what is known after the apply."""
    if value is UNKNOWN:
        return None, True
    if isinstance(value, dict):
        known, marks = {}, {}
        for key, item in value.items():
            shown, mark = _split(item)
            if mark is not True:
                known[key] = shown
            if mark not in ({}, False):
                marks[key] = mark
        return known, marks
    if isinstance(value, list):
        pairs = [_split(item) for item in value]
        marks = [
            mark or ({} if isinstance(item, dict) else False) for item, (_, mark) in zip(value, pairs, strict=True)
        ]
        return [shown for shown, _ in pairs], marks if any(marks) else ([] if not value else marks)
    return value, {}


def _plain(value: Any) -> bool:
    """True for what code states as a constant."""
    return isinstance(value, str | int | float | bool)
