"""Private DNS: the zones that private endpoints need, their virtual network links and, where unproven, their A records.

A zone group that Azure wrote records for proves them; a zone's own records are only read for endpoints of which none
does. No SDK: docs/decisions/0001-plain-get.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rtaudit.azure import arm_id
from rtaudit.collect.aspects.calls import below, list_of
from rtaudit.collect.aspects.network import connected_to
from rtaudit.collect.reader import Reader, Row
from rtaudit.collect.world import listed, properties

if TYPE_CHECKING:
    from rtaudit.collect.world import World

_ZONES = "Microsoft.Network/privateDnsZones"


def _configs(group: Row) -> Iterator[tuple[str, bool]]:
    """Zone id and whether A records are there, for each zone that a zone group writes to."""
    for config in listed(properties(group).get("privateDnsZoneConfigs")):
        zone = properties(config).get("privateDnsZoneId")
        if isinstance(zone, str) and arm_id.type_of(zone) == _ZONES.lower():
            records = listed(properties(config).get("recordSets"))
            proven = any(
                isinstance(one, dict)
                and str(one.get("recordType") or "A").upper() == "A"
                and listed(one.get("ipAddresses"))
                for one in records
            )
            yield zone, proven


def _named_zones(world: World) -> dict[str, str]:
    """Zones that zone groups name, by key, as Azure wrote them."""
    return {arm_id.key(zone): zone for group in world.kept("zoneGroups") for zone, _ in _configs(group)}


def _required(world: World, zone: str) -> bool:
    return arm_id.name_of(zone).lower() in world.cloud.dns_zones.values()


def _keep_zone(world: World, row: Row) -> Row | None:
    return row if _required(world, row["id"]) or arm_id.key(row["id"]) in world.memo(_named_zones) else None


def _elsewhere(world: World) -> Iterable[str]:
    """Zones that zone groups name in subscriptions that are not collected, such as a hub's."""
    scope = set(world.subscriptions)
    return (zone for zone in world.memo(_named_zones).values() if arm_id.subscription_of(zone) not in scope)


def _zones(world: World) -> Iterable[str]:
    return (row["id"] for name in ("zones", "zonesElsewhere") for row in world.kept(name))


def _unproven(world: World) -> dict[str, str]:
    """Zones, by key, whose own records have to be read: some endpoint's records in them are proven by no zone group."""
    zones = {arm_id.key(zone): zone for zone in _zones(world)}
    groups: dict[str, list[Row]] = {}
    for group in world.kept("zoneGroups"):
        groups.setdefault(arm_id.parent_of(group["id"]), []).append(group)
    found: dict[str, str] = {}
    in_scope = world.in_scope()
    for endpoint in world.kept("privateEndpoints"):
        if not world.mine(endpoint["id"]):
            continue
        configs = [config for group in groups.get(arm_id.key(endpoint["id"]), ()) for config in _configs(group)]
        proven = {arm_id.key(zone) for zone, seen in configs if seen}
        unproven = {arm_id.key(zone) for zone, seen in configs if not seen} - proven
        covered = {arm_id.name_of(zone).lower() for zone, _ in configs}
        needed = {
            zone
            for target in connected_to(endpoint)
            if target in in_scope
            for family, zone in world.cloud.dns_zones.items()
            if family != "services.ai" or str(in_scope[target].get("kind")).lower() == "aiservices"
        }
        for key, zone in zones.items():
            name = arm_id.name_of(zone).lower()
            if key in unproven or (name in needed and name not in covered):
                found[key] = zone
    return found


def _keep_record(world: World, row: Row) -> Row | None:
    return row if arm_id.name_of(row["id"]).lower() in world.memo(_hosts) else None


def _hosts(world: World) -> set[str]:
    return {str(properties(account).get("customSubDomainName")).lower() for account in world.in_scope().values()}


READERS = (
    list_of(_ZONES, keep=_keep_zone, keep_needs=("zoneGroups",)),
    Reader(
        name="zonesElsewhere",
        aspect="privateDns",
        type=_ZONES,
        action=f"{_ZONES}/read",
        targets=_elsewhere,
        ask=below(),
        after=("zoneGroups",),
        shape="one",
    ),
    Reader(
        name="zoneLinks",
        aspect="privateDns",
        type=f"{_ZONES}/virtualNetworkLinks",
        action=f"{_ZONES}/virtualNetworkLinks/read",
        targets=_zones,
        ask=below("/virtualNetworkLinks"),
        after=("zones", "zonesElsewhere", "zoneGroups"),
    ),
    Reader(
        name="zoneRecords",
        aspect="privateDns",
        type=f"{_ZONES}/A",
        action=f"{_ZONES}/A/read",
        targets=lambda world: _unproven(world).values(),
        ask=below("/A"),
        after=("accounts", "zones", "zonesElsewhere", "zoneGroups"),
        keep=_keep_record,
        # Of these depends which zones are asked for records at all.
        keep_needs=("accounts", "privateEndpoints", "zoneGroups"),
    ),
)
"""Readers of the aspect privateDns. Without the aspect privateEndpoints every required zone is read, and its links."""
