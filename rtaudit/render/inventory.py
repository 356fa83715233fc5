"""Inventory: lists accounts, deployments, capacity, endpoints and gaps of a snapshot as rows. Pure functions over its subjects.

`unknown` stands where a gap keeps the answer from being known; nothing stands where Azure said nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.documents import dumps
from rtaudit.render.capacity import capacity
from rtaudit.render.csv import lines
from rtaudit.render.grid import grid, grid_width
from rtaudit.render.text import name, value
from rtaudit.snapshot import Snapshot
from rtaudit.subjects import EstateIndex, Subject, WithGaps
from rtaudit.subjects.world import listing, mapping, text

InventoryRow = dict[str, Any]

UNKNOWN = "unknown"
"""Stands where a gap keeps the answer from being known."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """One kind of rows."""

    rows: Callable[[EstateIndex], list[InventoryRow]]
    """Every row with every column."""
    terminal: tuple[str, ...]
    """The columns that a terminal shows; CSV and JSON have all."""
    columns: tuple[str, ...]
    """Every column."""
    empty: str
    """What to say where there is no row."""
    least: tuple[str, ...] = ()
    """The columns that a narrow terminal leaves out, the least important first."""


def show(
    snapshot: Snapshot,
    what: str,
    format: str,  # noqa: A002 - the option's name
    width: int | None = None,
    *,
    wide: bool = False,
) -> str | Iterator[str]:
    """The inventory `what` of a snapshot as `table`, `json` or `csv`.

    A table has the columns that fit `width` (None: a pipe); with `wide` it has all, whatever the width.
    """
    inventory = INVENTORIES[what]
    rows = inventory.rows(EstateIndex(snapshot))
    if format == "json":
        return dumps(rows)
    if format == "csv":
        return lines(inventory.columns, ([_flat(row[column]) for column in inventory.columns] for row in rows))
    return _table(snapshot, what, inventory, rows, width, wide=wide)


def _table(
    snapshot: Snapshot, what: str, inventory: Inventory, rows: list[InventoryRow], width: int | None, *, wide: bool
) -> Iterator[str]:
    if rows:
        chosen = inventory.columns if wide else inventory.terminal
        columns = [one for one in chosen if any(row[one] is not None for row in rows)]
        room = None if wide else width
        left_out = []
        for least in inventory.least if room is not None else ():
            if grid_width(columns, [[_cell(row[column]) for column in columns] for row in rows]) <= (room or 0):
                break
            if least in columns:
                columns.remove(least)
                left_out.append(least)
        yield from grid(columns, [[_cell(row[column]) for column in columns] for row in rows], room)
        if left_out:
            yield f"\nNot shown: {', '.join(sorted(left_out, key=chosen.index))} (--wide shows every column)\n"
    else:
        yield f"{inventory.empty}\n"
    if what != "gaps" and snapshot.gaps:
        yield f"\n{len(snapshot.gaps)} reads failed, so this may not be all: --what gaps lists them\n"


def _flat(item: Any) -> Any:
    """A value for CSV: ids whole, lists joined."""
    return ", ".join(map(str, item)) if isinstance(item, list) else item


def _cell(item: Any) -> Any:
    if isinstance(item, list):
        return ", ".join(_short(one) for one in item) or None
    if isinstance(item, bool):
        return "yes" if item else "no"
    if isinstance(item, str):
        return _short(item) if item.startswith("/") else item
    return int(item) if isinstance(item, float) and item.is_integer() else item


def _short(item: Any) -> str:
    return name(item) if isinstance(item, str) and item.startswith("/") else value(item)


def known(joined: WithGaps, read: Callable[[Any], Any] = lambda one: one) -> Any:
    """What `read` makes of a joined value; `unknown` where nothing was seen and something may have been."""
    found = read(joined.value)
    return UNKNOWN if joined.gaps and found in (None, [], 0, False) else found


def accounts(world: EstateIndex) -> list[InventoryRow]:
    """One row per account of the kinds that can host realtime deployments."""
    return [_account(one) for one in world.accounts]


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
        "notSeen": sorted(account.world.snapshot.index.aspects_missing(account.resource)),
        "id": account.resource,
    }


def deployments(world: EstateIndex) -> list[InventoryRow]:
    """One row per model deployment."""
    return [_deployment(one) for one in world.deployments]


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


def endpoints(world: EstateIndex) -> list[InventoryRow]:
    """One row per connection of an account to a private endpoint; one for an account without any."""
    by_id = {arm_id.key(one.resource): one for one in world.private_endpoints}
    rows = []
    for account in world.accounts:
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
        "groupIds": endpoint.fact("groupIds") if endpoint else properties.get("groupIds"),
        "network": endpoint.fact("virtualNetwork") if endpoint else (UNKNOWN if endpoint_id else None),
        "zones": (known(zones) if zones else UNKNOWN) if endpoint_id else None,
        "missingZones": missing,
        "endpointId": endpoint_id,
        "id": account.resource,
    }


def _connection_status(connection: Any) -> str:
    state = mapping(mapping(mapping(connection).get("properties")).get("privateLinkServiceConnectionState"))
    return text(state.get("status"))


def gaps(world: EstateIndex) -> list[InventoryRow]:
    """One row per read that failed."""
    return [gap.document() for gap in world.snapshot.gaps]


INVENTORIES: dict[str, Inventory] = {
    "accounts": Inventory(
        accounts,
        (
            "account",
            "group",
            "region",
            "kind",
            "exposure",
            "keys",
            "deployments",
            "realtime",
            "endpoints",
            "logsTo",
            "notSeen",
        ),
        (
            *("account", "group", "subscription", "region", "kind", "exposure", "keys", "deployments", "realtime"),
            *("endpoints", "logsTo", "subdomain", "state", "notSeen", "id"),
        ),
        "No account of kind OpenAI or AIServices.",
        ("notSeen", "group", "logsTo", "endpoints", "realtime", "kind", "deployments"),
    ),
    "deployments": Inventory(
        deployments,
        (
            "account",
            "deployment",
            "region",
            "model",
            "version",
            "role",
            "sku",
            "capacity",
            "requestsPerMinute",
            "retires",
        ),
        (
            *(
                "account",
                "deployment",
                "region",
                "model",
                "version",
                "role",
                "roleFrom",
                "sku",
                "capacity",
                "requestsPerMinute",
            ),
            *("upgrade", "retires", "retiresFrom", "contentPolicy", "state", "id"),
        ),
        "No model deployment.",
        ("requestsPerMinute", "sku", "region", "version", "role", "capacity"),
    ),
    "capacity": Inventory(
        capacity,
        (
            "region",
            "model",
            "version",
            "sku",
            "role",
            "couldHost",
            "because",
            "hosts",
            "used",
            "limit",
            "lifecycle",
            "retires",
        ),
        (
            *("subscription", "region", "model", "version", "sku", "role", "kinds", "couldHost", "because", "hosts"),
            *("deployments", "lifecycle", "retires", "used", "limit", "quota"),
        ),
        "No region in use.",
        ("lifecycle", "because", "limit", "role", "used", "version", "retires"),
    ),
    "endpoints": Inventory(
        endpoints,
        ("account", "exposure", "endpoint", "status", "groupIds", "network", "zones", "missingZones"),
        (
            *("account", "exposure", "host", "endpoint", "status", "groupIds", "network", "zones", "missingZones"),
            *("endpointId", "id"),
        ),
        "No account of kind OpenAI or AIServices.",
        ("groupIds", "network", "exposure", "zones", "status"),
    ),
    "gaps": Inventory(
        gaps,
        ("aspect", "scope", "reason", "status", "code", "needs"),
        ("aspect", "scope", "reason", "status", "code", "needs", "message"),
        "No gaps: every read succeeded.",
        ("code", "status", "reason"),
    ),
}
"""What `snapshot show --what` takes."""
