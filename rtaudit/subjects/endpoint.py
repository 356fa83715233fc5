"""Private endpoint: attributes of `privateEndpoint` subjects: accounts, DNS zone groups, zones, links and records."""

from __future__ import annotations

from typing import Any

from rtaudit.azure import arm_id, shapes
from rtaudit.azure.resource_types import ZONE, ZONE_GROUP, ZONE_LINK
from rtaudit.snapshot import Gap
from rtaudit.snapshot.aspects import RECORDS
from rtaudit.subjects.estate import EstateIndex, Subject, listing, mapping, text
from rtaudit.subjects.parts import Rows, WithGaps, fact, relation

_ZONES = (
    "account: properties.endpoint properties.endpoints; privateEndpoint: properties.manualPrivateLinkServiceConnections "
    "properties.privateLinkServiceConnections properties.subnet; zoneGroup: properties.privateDnsZoneConfigs; "
    "zoneLink: properties.virtualNetwork"
)
"""What says which zones answer for the accounts of an endpoint."""


@relation(
    "privateEndpoint",
    aspects=("accounts",),
    fields=(
        "account; "
        "privateEndpoint: properties.manualPrivateLinkServiceConnections "
        "properties.privateLinkServiceConnections"
    ),
)
def accounts(endpoint: Subject) -> list[dict[str, Any]]:
    """The accounts in scope that the endpoint connects to."""
    return [one.raw for one in _accounts(endpoint)]


@relation("privateEndpoint", aspects=("privateEndpoints",), fields="zoneGroup")
def zone_groups(endpoint: Subject) -> WithGaps:
    """The endpoint's private DNS zone groups."""
    estate = endpoint.estate
    return WithGaps(
        list(estate.children(ZONE_GROUP, endpoint.resource)), estate.gaps("privateEndpoints", endpoint.resource)
    )


@fact(
    "privateEndpoint",
    fields=("privateEndpoint: properties.manualPrivateLinkServiceConnections properties.privateLinkServiceConnections"),
)
def group_ids(endpoint: Subject) -> WithGaps:
    """The group ids (sub-resources) of its connections to accounts in scope, automatic and manual.

    Azure leaves them out of some connections: what such a one connects to is not known.
    """
    wanted = {arm_id.key(one.resource) for one in _accounts(endpoint)}
    found: set[str] = set()
    gaps: tuple[Gap, ...] = ()
    for connection in shapes.connections(endpoint.raw):
        properties = mapping(connection.get("properties"))
        if arm_id.key(str(properties.get("privateLinkServiceId") or "")) in wanted:
            groups = properties.get("groupIds")
            if groups is None:
                message = "the endpoint's connection does not name the sub-resource that it connects to"
                gaps = (Gap(endpoint.resource, "privateEndpoints", "missing", code="NotStated", message=message),)
            found.update(str(one) for one in listing(groups))
    return WithGaps(sorted(found), gaps)


@fact(
    "privateEndpoint",
    fields=(
        "account: properties.endpoint properties.endpoints; "
        "privateEndpoint: properties.manualPrivateLinkServiceConnections "
        "properties.privateLinkServiceConnections"
    ),
)
def required_dns_zones(endpoint: Subject) -> WithGaps:
    """The private DNS zones that the hosts of its accounts need."""
    joined = [one.join("facts.requiredDnsZones") for one in _accounts(endpoint)]
    zones = sorted({zone for one in joined for zone in one.value})
    return WithGaps(zones, tuple(gap for one in joined for gap in one.gaps))


@fact("privateEndpoint", aspects=("privateEndpoints",), fields="zoneGroup: properties.privateDnsZoneConfigs")
def zone_names(endpoint: Subject) -> WithGaps:
    """Names of the private DNS zones that its zone groups write to."""
    groups = endpoint.join("zoneGroups")
    return WithGaps(sorted({arm_id.name_of(config["zone"]).lower() for config in _configs(endpoint)}), groups.gaps)


@fact("privateEndpoint", fields="privateEndpoint: properties.subnet")
def virtual_network(endpoint: Subject) -> str | None:
    """ARM id of the virtual network that the endpoint's subnet is in."""
    subnet = mapping(endpoint.properties.get("subnet")).get("id")
    if not isinstance(subnet, str):
        return None
    at = subnet.lower().rfind("/subnets/")
    return "/" + subnet[:at].lstrip("/") if at > 0 else None


@fact("privateEndpoint", aspects=("privateEndpoints", "privateDns"), fields=_ZONES)
def host_zones(endpoint: Subject) -> WithGaps:
    """For each host of its accounts: `host`, `zone` (its name), `answered`: whether a private zone answers for it, `id` (that zone).

    One answers that a zone group of the endpoint writes to, or that is linked to its network and holds the record. Where no
    zone of the name was seen at all, one of a subscription that was not read may answer: unknown.
    """
    groups = endpoint.join("zoneGroups").gaps
    rows, gaps = [], list[Gap]()
    for account in _accounts(endpoint):
        found = account.join("facts.hosts")
        gaps += found.gaps
        rows += [{**one, **_answer(endpoint, one, groups)} for one in found.value]
    return WithGaps(rows, tuple(dict.fromkeys(gaps)))


def _answer(endpoint: Subject, host: dict[str, Any], groups: tuple[Gap, ...]) -> dict[str, Any]:
    estate = endpoint.estate
    written = [config["zone"] for config in _configs(endpoint) if _zone_name(config["zone"]) == host["zone"]]
    if written:
        return {"id": written[0], "answered": True}
    linked = [zone for zone in _linked_zones(endpoint) if _zone_name(zone) == host["zone"]]
    holding = [zone for zone in linked if estate.resource(f"{zone}/A/{host['record']}") is not None]
    if holding:
        return {"id": holding[0], "answered": True}
    named = estate.once(_zones_by_name).get(host["zone"], [])
    # Of an estate without such gaps, the records of every zone of the name need not be gone through.
    around = (*linked, *named) if estate.gaps_anywhere("privateDns") else ()
    records = [f"{zone}/A/{host['record']}" for zone in around]
    gaps = (*groups, *(estate.gaps("privateDns", *records) if records else ()), *estate.once(_list_gaps))
    if not named and not gaps:
        message = f"no zone {host['zone']} was read; one of a subscription that was not collected may answer"
        gaps = (Gap(endpoint.resource, "privateDns", "missing", message=message),)
    unread = [zone for zone in linked if not zone_records_read(estate)]
    if unread and not _configs(endpoint) and not gaps:
        message = f"the A records of {host['zone']} are not in this snapshot"
        gaps = (Gap(unread[0], "privateDns", "missing", message=message),)
    return {"id": linked[0] if linked else endpoint.resource, "answered": WithGaps(False, gaps)}


@fact("privateEndpoint", aspects=("privateEndpoints", "privateDns"), fields=_ZONES)
def zone_links(endpoint: Subject) -> WithGaps:
    """Each zone that answers for its accounts with the virtual networks it is linked to: `id` (the zone), `networks`."""
    estate = endpoint.estate
    rows, gaps = [], list(endpoint.join("zoneGroups").gaps)
    # Where a zone may answer that was not seen, so may its links be missing here.
    hosts = endpoint.join("facts.hostZones")
    gaps += [*hosts.gaps, *(gap for row in hosts.value if row["answered"] is not True for gap in row["answered"].gaps)]
    for zone_id in _answering(endpoint):
        of_zone = list(estate.gaps("privateDns", zone_id))
        if estate.resource(zone_id) is None and not of_zone:
            message = "the private DNS zone is not among those that were read: another subscription"
            of_zone.append(Gap(zone_id, "privateDns", "missing", message=message))
        rows.append({"id": zone_id, "networks": WithGaps(estate.once(networks_of, zone_id), tuple(of_zone))})
    return WithGaps(rows, tuple(dict.fromkeys(gaps)))


@fact("privateEndpoint", aspects=("privateEndpoints", "privateDns"), fields=_ZONES)
def linked_networks(endpoint: Subject) -> WithGaps:
    """The virtual networks that every zone that answers for its accounts is linked to."""
    links = endpoint.join("facts.zoneLinks")
    sets = [set(row["networks"].value) for row in links.value]
    common = set.intersection(*sets) if sets else set()
    gaps = (*links.gaps, *(gap for row in links.value for gap in row["networks"].gaps))
    return WithGaps(sorted(common), tuple(dict.fromkeys(gaps)))


@fact("privateEndpoint", aspects=("privateEndpoints", "privateDns"), fields=_ZONES)
def network_zones(endpoint: Subject) -> WithGaps:
    """For each network that is linked to a zone of a name that its accounts need: `network`, `zone` (the name), `id` (the zone), its `group`, `zones`, `conflict`.

    A network resolves a name by one zone. In conflict is one that is linked to two of the name, or to another than the one
    that answers for the account.
    """
    estate = endpoint.estate
    answering = _answering(endpoint)
    names = sorted({row["zone"] for row in endpoint.join("facts.hostZones").value})
    ours = {name: {arm_id.key(zone) for zone in answering if _zone_name(zone) == name} for name in names}
    sources = [(name, estate.once(_linked, name)) for name in names]

    def row(name: str, network: str, zones: list[str]) -> dict[str, Any]:
        others = [zone for zone in zones if arm_id.key(zone) not in ours[name]]
        conflict = len(zones) > 1 or bool(ours[name] and others)
        found = {"network": network, "zone": name, "id": (others or zones)[0], "zones": zones, "conflict": conflict}
        return {**found, "group": arm_id.group_of(found["id"])}

    rows = Rows("network", sources, row)
    links = (gap for name, linked in sources if linked for gap in estate.once(_link_gaps, name))
    gaps = (*endpoint.join("facts.zoneLinks").gaps, *links, *estate.once(_list_gaps))
    return WithGaps(rows, tuple(dict.fromkeys(gaps)))


@fact("privateEndpoint", aspects=("privateEndpoints", "privateDns"), fields=_ZONES)
def linked_elsewhere(endpoint: Subject) -> str:
    """Networks that are linked to another zone of a name than the one that answers for the accounts, in words."""
    said = [
        f"{arm_id.name_of(row['network'])} is linked to {row['zone']} in {arm_id.group_of(row['id'])}"
        for row in endpoint.join("facts.networkZones").value
        if row["conflict"]
    ]
    return "; ".join(said) or "none"


@fact(
    "privateEndpoint",
    aspects=("privateEndpoints", "privateDns"),
    fields=(
        "account: properties.endpoint properties.endpoints; "
        "privateEndpoint: properties.customDnsConfigs properties.manualPrivateLinkServiceConnections "
        "properties.privateLinkServiceConnections properties.subnet; record: properties.aRecords; "
        "zoneGroup: properties.privateDnsZoneConfigs; zoneLink: properties.virtualNetwork"
    ),
)
def host_records(endpoint: Subject) -> WithGaps:
    """For each host and zone: `host`, `expected` (the endpoint's own addresses), `actual` (the A record's), `matches`.

    Expected are the addresses of `customDnsConfigs`, else those of the zone group. Actual is the zone's own record: what a
    zone group wrote once is no proof of it, and counts only in snapshots that do not hold the zones' records. A zone that no
    zone group writes to counts where it is linked to the endpoint's network and holds a record of the account.
    """
    groups = endpoint.join("zoneGroups").gaps
    configs = _configs(endpoint)
    rows = []
    for account in _accounts(endpoint):
        for host in account.join("facts.hosts").value:
            of_host = [config for config in configs if _zone_name(config["zone"]) == host["zone"]]
            if not of_host:
                of_host = [
                    {"zone": zone, "records": []}
                    for zone in _linked_zones(endpoint)
                    if _zone_name(zone) == host["zone"]
                    and endpoint.estate.resource(f"{zone}/A/{host['record']}") is not None
                ]
            rows += [_record(endpoint, config, host) for config in of_host]
    if not rows and not groups:
        # Where it is certain that no zone answers (RTA-DNS-002), there is no record to compare.
        hosts = endpoint.join("facts.hostZones")
        doubtful = [row for row in hosts.value if row["answered"] is not True and row["answered"].gaps]
        rows = [_no_record(row) for row in doubtful]
        groups = hosts.gaps
    return WithGaps(rows, groups)


def zone_records_read(estate: EstateIndex) -> bool:
    """True when the snapshot holds the A records of each of its zones; older ones hold them only where no zone group had written."""
    left_out = mapping(estate.snapshot.scope.get("leftOut"))
    return RECORDS in listing(left_out.get("rules"))


def _no_record(row: dict[str, Any]) -> dict[str, Any]:
    gaps = row["answered"].gaps
    return {
        "host": row["host"],
        "id": row["id"],
        "expected": [],
        "actual": WithGaps([], gaps),
        "matches": WithGaps(value=False, gaps=gaps),
    }


def _list_gaps(estate: EstateIndex) -> tuple[Gap, ...]:
    """The gaps of whole lists of zones: any subscription may hold the zone that answers."""
    return tuple(
        gap
        for gap in estate.gaps_anywhere("privateDns")
        if arm_id.is_list(gap.scope) or not arm_id.type_of(gap.scope).startswith(ZONE)
    )


def _answering(endpoint: Subject) -> list[str]:
    """Ids of the zones that answer for the accounts: those of zone groups, and those that hold a record by hand."""
    found = {arm_id.key(config["zone"]): config["zone"] for config in _configs(endpoint)}
    for row in endpoint.join("facts.hostZones").value:
        if row["answered"] is True:
            found.setdefault(arm_id.key(row["id"]), row["id"])
    return [found[key] for key in sorted(found)]


def _zone_name(zone_id: str) -> str:
    return arm_id.name_of(zone_id).lower()


def _zones_by_name(estate: EstateIndex) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for zone in estate.of_type(ZONE):
        found.setdefault(_zone_name(zone["id"]), []).append(zone["id"])
    return found


def _linked(estate: EstateIndex, name: str) -> dict[str, tuple[int, list[str]]]:
    """The networks (keys, in order) that are linked to zones of a name, each with its place among them and those zones."""
    linked: dict[str, list[str]] = {}
    for zone in estate.once(_zones_by_name).get(name, []):
        for network in networks_of(estate, zone):
            linked.setdefault(network, []).append(zone)
    return {network: (place, linked[network]) for place, network in enumerate(sorted(linked))}


def _link_gaps(estate: EstateIndex, name: str) -> tuple[Gap, ...]:
    return tuple(
        gap
        for _, zones in estate.once(_linked, name).values()
        for zone in zones
        for gap in estate.gaps("privateDns", zone)
    )


def networks_of(estate: EstateIndex, zone_id: str) -> list[str]:
    """Keys of the networks that a zone is linked to, in order."""
    return sorted(
        {
            arm_id.key(network)
            for link in estate.children(ZONE_LINK, zone_id)
            if isinstance(network := mapping(mapping(link.get("properties")).get("virtualNetwork")).get("id"), str)
        }
    )


def _linked_zones(endpoint: Subject) -> list[str]:
    """Ids of the private DNS zones that are linked to the endpoint's network."""
    network = arm_id.key(endpoint.fact("virtualNetwork") or "/")
    return endpoint.estate.once(zones_by_network).get(network, [])


def zones_by_network(estate: EstateIndex) -> dict[str, list[str]]:
    """Key of a network -> ids of the private DNS zones that are linked to it."""
    found: dict[str, list[str]] = {}
    for zone in estate.of_type(ZONE):
        for network in networks_of(estate, zone["id"]):
            found.setdefault(network, []).append(zone["id"])
    return found


def _record(endpoint: Subject, config: dict[str, Any], host: dict[str, Any]) -> dict[str, Any]:
    estate, name = endpoint.estate, host["host"]
    by_group = _group_addresses(config, host["record"])
    expected = _custom_addresses(endpoint, name) or by_group
    zone_record = estate.resource(f"{config['zone']}/A/{host['record']}")
    gaps: tuple[Gap, ...] = ()
    actual: list[str] = []
    if zone_record is not None:
        properties = mapping(zone_record.get("properties"))
        actual = sorted(str(mapping(one).get("ipv4Address")) for one in listing(properties.get("aRecords")))
    elif by_group and not zone_records_read(estate):
        actual = by_group
    elif not zone_records_read(estate) or estate.resource(config["zone"]) is None:
        message = f"the record of {name} in its zone was not read"
        gaps = (Gap(config["zone"], "privateDns", "missing", message=message),)
    if zone_record is None:
        gaps = estate.gaps("privateDns", f"{config['zone']}/A/{host['record']}") or gaps
    if not expected and not gaps:
        message = "the endpoint's own addresses are not stated"
        gaps = (Gap(endpoint.resource, "privateEndpoints", "missing", message=message),)
    return {
        "host": name,
        "id": config["zone"],
        "expected": expected,
        "actual": WithGaps(actual, gaps),
        "matches": WithGaps(expected == actual, gaps),
    }


def _custom_addresses(endpoint: Subject, host: str) -> list[str]:
    return sorted(
        str(address)
        for one in listing(endpoint.properties.get("customDnsConfigs"))
        if text(mapping(one).get("fqdn")).rstrip(".") == host
        for address in listing(mapping(one).get("ipAddresses"))
    )


def _group_addresses(config: dict[str, Any], subdomain: str) -> list[str]:
    return sorted(
        str(address)
        for record in config["records"]
        if text(mapping(record).get("recordType")) in ("a", "")
        and text(mapping(record).get("recordSetName")) == subdomain
        for address in listing(mapping(record).get("ipAddresses"))
    )


def _accounts(endpoint: Subject) -> list[Subject]:
    accounts = endpoint.estate.accounts_by_key
    return [accounts[key] for key in sorted(set(shapes.targets(endpoint.raw))) if key in accounts]


def _configs(endpoint: Subject) -> list[dict[str, Any]]:
    """The zones that the endpoint's zone groups write to: `zone` (id) and `records`."""
    found = []
    for group in endpoint.join("zoneGroups").value:
        for config in listing(mapping(group.get("properties")).get("privateDnsZoneConfigs")):
            properties = mapping(mapping(config).get("properties"))
            zone = properties.get("privateDnsZoneId")
            if isinstance(zone, str) and zone:
                found.append({"zone": zone, "records": listing(properties.get("recordSets"))})
    return found
