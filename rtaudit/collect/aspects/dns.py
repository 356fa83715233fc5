"""Private DNS: read the zones that private endpoints need, their virtual network links and their A records.

Clients resolve what is in the zone, not what a zone group once wrote: one list of A records a zone, of which the
records of accounts in scope are kept. No SDK: docs/decisions/0001-plain-get.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rtaudit.azure import arm_id
from rtaudit.collect.aspects.calls import below, list_of
from rtaudit.collect.reader import Reader, Row
from rtaudit.documents.json_values import listing, properties

if TYPE_CHECKING:
    from rtaudit.collect.collected import CollectedRows

_ZONES = "Microsoft.Network/privateDnsZones"


def _configs(group: Row) -> Iterator[str]:
    """Ids of the zones that a zone group writes to."""
    for config in listing(properties(group).get("privateDnsZoneConfigs")):
        zone = properties(config).get("privateDnsZoneId")
        if isinstance(zone, str) and arm_id.type_of(zone) == _ZONES.lower():
            yield zone


def _named_zones(collected: CollectedRows) -> dict[str, str]:
    """Zones that zone groups name, by key, as Azure wrote them."""
    return {arm_id.key(zone): zone for group in collected.kept("zoneGroups") for zone in _configs(group)}


def _required(collected: CollectedRows, zone: str) -> bool:
    return arm_id.name_of(zone).lower() in collected.cloud.dns_zones.values()


def _keep_zone(collected: CollectedRows, row: Row) -> Row | None:
    return row if _required(collected, row["id"]) or arm_id.key(row["id"]) in collected.memo(_named_zones) else None


def _elsewhere(collected: CollectedRows) -> Iterable[str]:
    """Zones that zone groups name in subscriptions that are not collected, such as a hub's."""
    scope = set(collected.subscriptions)
    return (zone for zone in collected.memo(_named_zones).values() if arm_id.subscription_of(zone) not in scope)


def _zones(collected: CollectedRows) -> Iterable[str]:
    return (row["id"] for name in ("zones", "zonesElsewhere") for row in collected.kept(name))


def _keep_record(collected: CollectedRows, row: Row) -> Row | None:
    return row if arm_id.name_of(row["id"]).lower() in collected.memo(_hosts) else None


def _hosts(collected: CollectedRows) -> set[str]:
    """Names of the records of accounts in scope: the first label of each of their hosts."""
    found: set[str] = set()
    for account in collected.in_scope().values():
        stated = properties(account)
        others = stated.get("endpoints")
        urls = [stated.get("endpoint"), *(others.values() if isinstance(others, dict) else ())]
        names = [url.partition("//")[2].partition(".")[0] for url in urls if isinstance(url, str)]
        found.update(name.lower() for name in (*names, str(stated.get("customSubDomainName") or "")) if name)
    return found


READERS = (
    list_of(_ZONES, row_filter=_keep_zone, keep_depends_on=("zoneGroups",)),
    Reader(
        name="zonesElsewhere",
        aspect="privateDns",
        type=_ZONES,
        action=f"{_ZONES}/read",
        targets=_elsewhere,
        send=below(),
        depends_on=("zoneGroups",),
        shape="one",
    ),
    Reader(
        name="zoneLinks",
        aspect="privateDns",
        type=f"{_ZONES}/virtualNetworkLinks",
        action=f"{_ZONES}/virtualNetworkLinks/read",
        targets=_zones,
        send=below("/virtualNetworkLinks"),
        depends_on=("zones", "zonesElsewhere", "zoneGroups"),
    ),
    Reader(
        name="zoneRecords",
        aspect="privateDns",
        type=f"{_ZONES}/A",
        action=f"{_ZONES}/A/read",
        targets=_zones,
        send=below("/A"),
        part="/A",
        depends_on=("zones", "zonesElsewhere", "zoneGroups"),
        row_filter=_keep_record,
        keep_depends_on=("accounts",),
    ),
)
"""Readers of the aspect privateDns. Without the aspect privateEndpoints every required zone is read, and its links."""
