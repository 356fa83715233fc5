"""Inventory rows: list accounts, deployments, endpoints and gaps of a snapshot. Pure functions over its subjects.

A value is `unknown` where a gap keeps the answer from being known, and None where Azure gave none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.subjects import EstateIndex, Subject, WithGaps
from rtaudit.subjects.estate import listing, mapping, text

InventoryRow = dict[str, Any]

UNKNOWN = "unknown"
"""Where a gap keeps the answer from being known."""


def known(joined: WithGaps, read: Callable[[Any], Any] = lambda one: one) -> Any:
    """What `read` makes of a joined value; `unknown` where nothing was seen and something may have been."""
    found = read(joined.value)
    return UNKNOWN if joined.gaps and found in (None, [], 0, False) else found


def accounts(estate: EstateIndex) -> list[InventoryRow]:
    """One row per account of the kinds that can host realtime deployments."""
    return [_account(one) for one in estate.accounts]


def _account(account: Subject) -> InventoryRow:
    properties = account.properties
    connections = listing(properties.get("privateEndpointConnections"))
    approved = sum(_connection_status(one) == "approved" for one in connections)
    sinks = account.join("facts.logDestinations")
    return {
        "account": account.name,
        "group": arm_id.group_of(account.resource),
        "subscription": arm_id.subscription_of(account.resource),
        "region": arm_id.region(account.raw.get("location")) or None,
        "kind": account.raw.get("kind"),
        "exposure": account.fact("exposure"),
        # Azure leaves disableLocalAuth out where keys work.
        "keys": "off" if properties.get("disableLocalAuth") is True else "on",
        "deployments": known(account.join("deployments"), len),
        "realtime": known(account.join("facts.hostsRealtime")),
        "endpoints": f"{approved}/{len(connections)}",
        "logsTo": known(sinks, lambda rows: sorted({row["kind"] for row in rows})) or "nowhere",
        "subdomain": properties.get("customSubDomainName"),
        "state": properties.get("provisioningState"),
        "notSeen": sorted(account.estate.snapshot.index.aspects_missing(account.resource)),
        "id": account.resource,
    }


def deployments(estate: EstateIndex) -> list[InventoryRow]:
    """One row per model deployment."""
    return [_deployment(one) for one in estate.deployments]


def _deployment(deployment: Subject) -> InventoryRow:
    model, sku = mapping(deployment.properties.get("model")), mapping(deployment.raw.get("sku"))
    account = deployment.account
    rate = deployment.join("facts.requestsPerMinute").value
    return {
        "account": account.name if account else None,
        "deployment": deployment.name,
        "region": arm_id.region(account.raw.get("location") if account else None) or None,
        "model": model.get("name"),
        "version": model.get("version"),
        "role": deployment.fact("realtimeRole"),
        "roleFrom": deployment.fact("realtimeEvidence"),
        "sku": sku.get("name"),
        "capacity": sku.get("capacity"),
        "requestsPerMinute": rate,
        "upgrade": deployment.fact("effectiveUpgradeOption"),
        "retires": known(deployment.join("facts.retirementDate")),
        "retiresFrom": deployment.fact("retirementSource"),
        "contentPolicy": deployment.properties.get("raiPolicyName"),
        "state": deployment.properties.get("provisioningState"),
        "id": deployment.resource,
    }


def endpoints(estate: EstateIndex) -> list[InventoryRow]:
    """One row per connection of an account to a private endpoint; one for an account without any."""
    by_id = {arm_id.key(one.resource): one for one in estate.private_endpoints}
    rows = []
    for account in estate.accounts:
        connections = [mapping(one) for one in listing(account.properties.get("privateEndpointConnections"))]
        rows += [_connection(account, one, by_id) for one in connections] or [_connection(account, {}, by_id)]
    return rows


def _connection(account: Subject, connection: dict[str, Any], by_id: dict[str, Subject]) -> InventoryRow:
    properties = mapping(connection.get("properties"))
    endpoint_id = mapping(properties.get("privateEndpoint")).get("id")
    endpoint = by_id.get(arm_id.key(endpoint_id)) if isinstance(endpoint_id, str) else None
    required = account.join("facts.requiredDnsZones")
    zones = endpoint.join("facts.zoneNames") if endpoint else None
    missing: Any = None
    if zones is not None:
        lacking = sorted(set(required.value) - set(zones.value))
        missing = UNKNOWN if lacking and (zones.gaps or required.gaps) else lacking
    return {
        "account": account.name,
        "exposure": account.fact("exposure"),
        "host": account.properties.get("endpoint"),
        "endpoint": arm_id.name_of(endpoint_id) if isinstance(endpoint_id, str) else None,
        "status": mapping(properties.get("privateLinkServiceConnectionState")).get("status"),
        "groupIds": known(endpoint.join("facts.groupIds")) if endpoint else properties.get("groupIds"),
        "network": endpoint.fact("virtualNetwork") if endpoint else (UNKNOWN if endpoint_id else None),
        "zones": (known(zones) if zones else UNKNOWN) if endpoint_id else None,
        "missingZones": missing,
        "endpointId": endpoint_id,
        "id": account.resource,
    }


def _connection_status(connection: Any) -> str:
    state = mapping(mapping(mapping(connection).get("properties")).get("privateLinkServiceConnectionState"))
    return text(state.get("status"))


def gaps(estate: EstateIndex) -> list[InventoryRow]:
    """One row per read that failed."""
    return [gap.document() for gap in estate.snapshot.gaps]
