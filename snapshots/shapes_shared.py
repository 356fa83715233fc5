"""Shapes of what an account shares with others: network, DNS, roles, alerts, locks, workspaces."""
# ruff: noqa: INP001

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shapes import Resource, etag, guid


def private_endpoint(
    endpoint_id: str,
    location: str,
    account_id: str,
    subnet: str,
    addresses: Mapping[str, str],
    *,
    manual: bool = False,
    status: str = "Approved",
    tags: Mapping[str, str] | None = None,
) -> Resource:
    """A private endpoint; `addresses` are its host names and addresses as Azure lists them without a zone group."""
    name = endpoint_id.rsplit("/", 1)[-1]
    list_name = "manualPrivateLinkServiceConnections" if manual else "privateLinkServiceConnections"
    link = {
        "name": name,
        "id": f"{endpoint_id}/{list_name}/{name}",
        "etag": f"W/{etag(name)}",
        "properties": {
            "provisioningState": "Succeeded",
            "privateLinkServiceId": account_id,
            "groupIds": ["account"],
            "privateLinkServiceConnectionState": {
                "status": status,
                "description": "Approved by the platform team" if manual else "Auto-Approved",
                "actionsRequired": "None",
            },
        },
        "type": f"Microsoft.Network/privateEndpoints/{list_name}",
    }
    return {
        "name": name,
        "id": endpoint_id,
        "etag": f"W/{etag(name)}",
        "type": "Microsoft.Network/privateEndpoints",
        "location": location,
        "tags": dict(tags or {}),
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": guid("endpoint", endpoint_id),
            "privateLinkServiceConnections": [] if manual else [link],
            "manualPrivateLinkServiceConnections": [link] if manual else [],
            "customNetworkInterfaceName": "",
            "subnet": {"id": subnet},
            "ipConfigurations": [],
            "networkInterfaces": [
                {
                    "id": endpoint_id.replace("privateEndpoints", "networkInterfaces")
                    + ".nic."
                    + guid("interface", endpoint_id)
                }
            ],
            "customDnsConfigs": [{"fqdn": host, "ipAddresses": [address]} for host, address in addresses.items()],
        },
    }


def zone_group(
    endpoint_id: str, zones: Mapping[str, str], record: str, addresses: Mapping[str, str] | None
) -> Resource:
    """The DNS zone group of an endpoint: `zones` by zone name, `addresses` by zone name (None: it wrote no records)."""
    group = f"{endpoint_id}/privateDnsZoneGroups/default"
    return {
        "name": "default",
        "id": group,
        "etag": f"W/{etag(group)}",
        "type": "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
        "properties": {
            "provisioningState": "Succeeded",
            "privateDnsZoneConfigs": [
                {
                    "name": zone.replace(".", "-"),
                    "id": f"{group}/privateDnsZoneConfigs/{zone.replace('.', '-')}",
                    "etag": f"W/{etag(group, zone)}",
                    "type": "Microsoft.Network/privateEndpoints/privateDnsZoneGroups/privateDnsZoneConfigs",
                    "properties": {
                        "provisioningState": "Succeeded",
                        "privateDnsZoneId": zone_id,
                        "recordSets": [
                            {
                                "recordType": "A",
                                "recordSetName": record,
                                "fqdn": f"{record}.{zone}",
                                "ttl": 10,
                                "ipAddresses": [addresses[zone]],
                                "provisioningState": "Succeeded",
                            }
                        ]
                        if addresses
                        else [],
                    },
                }
                for zone, zone_id in zones.items()
            ],
        },
    }


def zone(zone_id: str, records: int, links: int) -> Resource:
    return {
        "id": zone_id,
        "name": zone_id.rsplit("/", 1)[-1],
        "type": "Microsoft.Network/privateDnsZones",
        "etag": guid("zone", zone_id),
        "location": "global",
        "tags": {},
        "properties": {
            "maxNumberOfRecordSets": 25000,
            "maxNumberOfVirtualNetworkLinks": 1000,
            "maxNumberOfVirtualNetworkLinksWithRegistration": 100,
            "numberOfRecordSets": records + 1,
            "numberOfVirtualNetworkLinks": links,
            "numberOfVirtualNetworkLinksWithRegistration": 0,
            "provisioningState": "Succeeded",
        },
    }


def zone_link(zone_id: str, network: str) -> Resource:
    name = "to-" + network.rsplit("/", 1)[-1]
    return {
        "id": f"{zone_id}/virtualNetworkLinks/{name}",
        "name": name,
        "type": "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
        "etag": f'"{guid("link", zone_id, name)}"',
        "location": "global",
        "tags": {},
        "properties": {
            "provisioningState": "Succeeded",
            "registrationEnabled": False,
            "resolutionPolicy": "Default",
            "virtualNetwork": {"id": network},
            "virtualNetworkLinkState": "Completed",
        },
    }


def a_record(zone_id: str, name: str, addresses: Sequence[str]) -> Resource:
    return {
        "id": f"{zone_id}/A/{name}",
        "name": name,
        "type": "Microsoft.Network/privateDnsZones/A",
        "etag": guid("record", zone_id, name),
        "properties": {
            "fqdn": f"{name}.{zone_id.rsplit('/', 1)[-1]}.",
            "isAutoRegistered": False,
            "ttl": 10,
            "aRecords": [{"ipv4Address": address} for address in addresses],
        },
    }


def role_definition(
    subscription_id: str,
    role: str,
    name: str,
    *,
    actions: Sequence[str] = (),
    data_actions: Sequence[str] = (),
    not_actions: Sequence[str] = (),
    built_in: bool = True,
) -> Resource:
    return {
        "properties": {
            "roleName": name,
            "type": "BuiltInRole" if built_in else "CustomRole",
            "description": "",
            "assignableScopes": ["/"] if built_in else [f"/subscriptions/{subscription_id}"],
            "permissions": [
                {
                    "actions": list(actions),
                    "notActions": list(not_actions),
                    "dataActions": list(data_actions),
                    "notDataActions": [],
                }
            ],
            "createdOn": "2022-10-27T19:34:12.3720414Z",
            "updatedOn": "2026-05-14T15:09:27.1183241Z",
            "createdBy": None,
            "updatedBy": None,
        },
        "id": f"/subscriptions/{subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{role}",
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": role,
    }


def role_assignment(
    subscription_id: str, scope: str, role: str, principal: str, principal_type: str, condition: str | None = None
) -> Resource:
    name = guid("assignment", scope, role, principal)
    return {
        "properties": {
            "roleDefinitionId": f"/subscriptions/{subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{role}",
            "principalId": principal,
            "principalType": principal_type,
            "scope": scope,
            "condition": condition,
            "conditionVersion": "2.0" if condition else None,
            "createdOn": "2026-01-20T07:58:31.0417722Z",
            "updatedOn": "2026-01-20T07:58:31.0417722Z",
            "createdBy": guid("application", "delivery"),
            "updatedBy": guid("application", "delivery"),
            "delegatedManagedIdentityResourceId": None,
            "description": None,
        },
        "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
        "type": "Microsoft.Authorization/roleAssignments",
        "name": name,
    }


def metric_alert(
    group: str,
    name: str,
    scope: str,
    metric: str,
    operator: str,
    threshold: float,
    aggregation: str,
    action_group: str | None,
    *,
    dimensions: Sequence[Resource] = (),
    region: str | None = None,
    enabled: bool = True,
) -> Resource:
    """A metric alert; `region` makes it one over all accounts of that region below `scope`."""
    criterion = {
        "criterionType": "StaticThresholdCriterion",
        "name": "Metric1",
        "metricName": metric,
        "metricNamespace": "Microsoft.CognitiveServices/accounts",
        "dimensions": list(dimensions),
        "operator": operator,
        "threshold": threshold,
        "timeAggregation": aggregation,
        "skipMetricValidation": False,
    }
    kind = "MultipleResourceMultipleMetricCriteria" if region else "SingleResourceMultipleMetricCriteria"
    return {
        "id": f"{group}/providers/microsoft.insights/metricAlerts/{name}",
        "name": name,
        "type": "Microsoft.Insights/metricAlerts",
        "location": "global",
        "tags": {},
        "properties": {
            "severity": 2,
            "enabled": enabled,
            "scopes": [scope],
            "evaluationFrequency": "PT5M",
            "windowSize": "PT15M",
            "criteria": {"odata.type": f"Microsoft.Azure.Monitor.{kind}", "allOf": [criterion]},
            "autoMitigate": True,
            "actions": [{"actionGroupId": action_group, "webHookProperties": {}}] if action_group else [],
            **(
                {"targetResourceType": "Microsoft.CognitiveServices/accounts", "targetResourceRegion": region}
                if region
                else {}
            ),
        },
    }


def health_alert(group: str, subscription_id: str, action_group: str | None, *, enabled: bool = True) -> Resource:
    """An activity-log alert on Service Health, where Azure announces retirements."""
    return {
        "id": f"{group}/providers/microsoft.insights/activityLogAlerts/service-health",
        "name": "service-health",
        "type": "Microsoft.Insights/ActivityLogAlerts",
        "location": "Global",
        "tags": {},
        "properties": {
            "scopes": [f"/subscriptions/{subscription_id}"],
            "condition": {"allOf": [{"field": "category", "equals": "ServiceHealth"}]},
            "actions": {
                "actionGroups": [{"actionGroupId": action_group, "webhookProperties": {}}] if action_group else []
            },
            "enabled": enabled,
            "description": "Azure's own notices, retirements among them",
        },
    }


def action_group(group: str, name: str, receivers: int, *, enabled: bool = True) -> Resource:
    """An action group, as far as a snapshot keeps it: whether it acts."""
    return {
        "id": f"{group}/providers/microsoft.insights/actionGroups/{name}",
        "name": name,
        "type": "Microsoft.Insights/ActionGroups",
        "location": "Global",
        "properties": {"enabled": enabled, "receivers": receivers},
    }


def workspace(workspace_id: str, location: str, days: int) -> Resource:
    return {
        "properties": {
            "customerId": guid("workspace", workspace_id),
            "provisioningState": "Succeeded",
            "sku": {"name": "PerGB2018", "lastSkuUpdate": "2026-01-19T08:20:17.8814903Z"},
            "retentionInDays": days,
            "features": {"legacy": 0, "searchVersion": 1, "enableLogAccessUsingOnlyResourcePermissions": True},
            "workspaceCapping": {"dailyQuotaGb": -1.0, "dataIngestionStatus": "RespectQuota"},
            "publicNetworkAccessForIngestion": "Enabled",
            "publicNetworkAccessForQuery": "Enabled",
        },
        "location": location,
        "tags": {},
        "id": workspace_id,
        "name": workspace_id.rsplit("/", 1)[-1],
        "type": "Microsoft.OperationalInsights/workspaces",
        "etag": etag(workspace_id),
    }


def lock(scope: str, name: str, level: str, notes: str) -> Resource:
    return {
        "properties": {"level": level, "notes": notes},
        "id": f"{scope}/providers/Microsoft.Authorization/locks/{name}",
        "type": "Microsoft.Authorization/locks",
        "name": name,
    }
