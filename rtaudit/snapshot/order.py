"""Lists that are sets: Azure returns them in any order, so a snapshot sorts them. One table, each with its reason."""

from __future__ import annotations

from itertools import pairwise
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


_LONG = 8
"""Elements from which on a list is worth remembering."""


def sorted_sets(value: Any, seen: dict[tuple[int, str], list[Any]] | None = None) -> Any:
    """`value` with every list that is a set sorted by the canonical form of its elements.

    What is sorted already is the same object as before. `seen` remembers long lists by their identity, for values
    that hold the same object many times and live as long as it does.
    """
    if isinstance(value, dict):
        changed: dict[str, Any] | None = None
        for name, item in value.items():
            if not isinstance(item, dict | list):
                continue
            ordered = seen.get((id(item), name)) if seen is not None else None
            if ordered is None:
                ordered = sorted_sets(item, seen)
                if isinstance(ordered, list) and len(ordered) > 1 and name in SET_LISTS:
                    ordered = _ordered(ordered)
                    if seen is not None and len(ordered) >= _LONG:
                        seen[id(item), name] = ordered
            if ordered is not item:
                changed = dict(value) if changed is None else changed
                changed[name] = ordered
        return value if changed is None else changed
    if isinstance(value, list):
        items = [sorted_sets(item, seen) if isinstance(item, dict | list) else item for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value


def _ordered(items: list[Any]) -> list[Any]:
    forms = [canonical(item) for item in items]
    if all(before <= after for before, after in pairwise(forms)):
        return items
    return [items[index] for index in sorted(range(len(items)), key=forms.__getitem__)]


def catalogue_order(row: Any) -> tuple[str, str, str, str, str]:
    """Sort key of a row of a region's models or usages: kind, format, name, version, canonical JSON."""
    if not isinstance(row, dict):
        return ("", "", "", "", canonical(row))
    found = row.get("model")
    model: dict[str, Any] = found if isinstance(found, dict) else {}
    name = row.get("name")
    if isinstance(name, dict):
        name = name.get("value")
    return (
        str(row.get("kind") or ""),
        str(model.get("format") or ""),
        str(model.get("name") or name or ""),
        str(model.get("version") or ""),
        canonical(row),
    )
