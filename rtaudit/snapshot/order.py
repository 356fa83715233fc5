"""Lists that are sets: Azure returns them in any order, so a snapshot sorts them. One table, each with its reason."""

from __future__ import annotations

from typing import Any

from rtaudit.documents import canonical

SET_LISTS: dict[str, str] = {
    "ipRules": "firewall rules: all apply, none before another",
    "virtualNetworkRules": "firewall rules: all apply, none before another",
    "privateEndpointConnections": "connections of an account",
    "privateLinkServiceConnections": "connections of a private endpoint",
    "manualPrivateLinkServiceConnections": "connections of a private endpoint",
    "groupIds": "sub-resources of a connection",
    "networkInterfaces": "interfaces of a private endpoint",
    "ipConfigurations": "addresses of a private endpoint",
    "customDnsConfigs": "host names of a private endpoint",
    "ipAddresses": "addresses of a host name",
    "privateDnsZoneConfigs": "zones of a zone group",
    "recordSets": "records that a zone group wrote",
    "aRecords": "addresses of a record",
    "logs": "log categories of a diagnostic setting",
    "metrics": "metric categories of a diagnostic setting",
    "contentFilters": "filters of a content policy",
    "customBlocklists": "blocklists of a content policy",
    "capabilities": "name/value pairs of an account",
    "skus": "SKUs of a catalogue row",
    "rateLimits": "limits by key",
    "rules": "rate-limit rules by key",
    "allowedFqdnList": "outbound hosts",
    "userOwnedStorage": "storage accounts",
    "networkInjections": "injected subnets by scenario",
    "regions": "regions of an account",
    "resourceTypes": "types of a provider",
    "apiVersions": "versions of a type",
    "locations": "regions of a type",
    "permissions": "permissions of a role: the union counts",
    "actions": "actions of a role",
    "notActions": "actions of a role",
    "dataActions": "actions of a role",
    "notDataActions": "actions of a role",
    "assignableScopes": "scopes of a role",
    "scopes": "targets of an alert",
    "allOf": "conditions that must all hold",
    "anyOf": "conditions of which one must hold",
    "actionGroups": "action groups of an alert",
    "associatedProjects": "projects of an account",
    "value": "rows of a collection",
}
"""Name of the list-valued field -> why its order says nothing."""


def sorted_sets(value: Any) -> Any:
    """`value` with every list that is a set sorted by the canonical form of its elements."""
    if isinstance(value, dict):
        return {
            name: sorted(inner, key=canonical)
            if name in SET_LISTS and isinstance(inner := sorted_sets(item), list)
            else sorted_sets(item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [sorted_sets(item) for item in value]
    return value


def catalogue_order(row: dict[str, Any]) -> tuple[str, str, str, str, str]:
    """Sort key of a row of a region's models or usages: kind, format, name, version, canonical JSON."""
    model = row.get("model") if isinstance(row.get("model"), dict) else {}
    name = row.get("name")
    if isinstance(name, dict):
        name = name.get("value")
    assert isinstance(model, dict)
    return (
        str(row.get("kind") or ""),
        str(model.get("format") or ""),
        str(model.get("name") or name or ""),
        str(model.get("version") or ""),
        canonical(row),
    )
