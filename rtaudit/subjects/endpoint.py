"""What belongs to a private endpoint: its accounts, DNS zone groups, zones, links and records."""

from __future__ import annotations

from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import ZONE_GROUP, ZONE_LINK
from rtaudit.snapshot import Gap
from rtaudit.subjects.parts import Joined, fact, root
from rtaudit.subjects.world import Subject, World, connection_targets, connections, listing, mapping, text


@root("privateEndpoint", reads=("accounts",))
def accounts(endpoint: Subject) -> list[dict[str, Any]]:
    """The accounts in scope that the endpoint connects to."""
    return [one.raw for one in _accounts(endpoint)]


@root("privateEndpoint", reads=("privateEndpoints",))
def zone_groups(endpoint: Subject) -> Joined:
    """The endpoint's private DNS zone groups."""
    world = endpoint.world
    return Joined(
        list(world.children(ZONE_GROUP, endpoint.resource)), world.gaps("privateEndpoints", endpoint.resource)
    )


@fact("privateEndpoint")
def group_ids(endpoint: Subject) -> list[str]:
    """The group ids (sub-resources) of its connections to accounts in scope, automatic and manual."""
    wanted = {arm_id.key(one.resource) for one in _accounts(endpoint)}
    found: set[str] = set()
    for connection in connections(endpoint.raw):
        properties = mapping(connection.get("properties"))
        if arm_id.key(str(properties.get("privateLinkServiceId") or "")) in wanted:
            found.update(str(one) for one in listing(properties.get("groupIds")))
    return sorted(found)


@fact("privateEndpoint")
def required_dns_zones(endpoint: Subject) -> Joined:
    """The private DNS zones that the hosts of its accounts need."""
    joined = [one.join("facts.requiredDnsZones") for one in _accounts(endpoint)]
    zones = sorted({zone for one in joined for zone in one.value})
    return Joined(zones, tuple(gap for one in joined for gap in one.gaps))


@fact("privateEndpoint", reads=("privateEndpoints",))
def zone_names(endpoint: Subject) -> Joined:
    """Names of the private DNS zones that its zone groups write to."""
    groups = endpoint.join("zoneGroups")
    return Joined(sorted({arm_id.name_of(config["zone"]).lower() for config in _configs(endpoint)}), groups.gaps)


@fact("privateEndpoint")
def virtual_network(endpoint: Subject) -> str | None:
    """ARM id of the virtual network that the endpoint's subnet stands in."""
    subnet = mapping(endpoint.properties.get("subnet")).get("id")
    if not isinstance(subnet, str):
        return None
    at = subnet.lower().rfind("/subnets/")
    return subnet[:at] if at > 0 else None


@fact("privateEndpoint", reads=("privateEndpoints", "privateDns"))
def zone_links(endpoint: Subject) -> Joined:
    """Each zone of its zone groups with the virtual networks it is linked to: `id` (the zone), `networks`."""
    world = endpoint.world
    rows, gaps = [], list(endpoint.join("zoneGroups").gaps)
    for zone_id in sorted({config["zone"] for config in _configs(endpoint)}):
        of_zone = list(world.gaps("privateDns", zone_id))
        if world.resource(zone_id) is None and not of_zone:
            message = "the private DNS zone is not among those that were read: another subscription"
            of_zone.append(Gap(zone_id, "privateDns", "missing", message=message))
        networks = {
            arm_id.key(network)
            for link in world.children(ZONE_LINK, zone_id)
            if isinstance(network := mapping(mapping(link.get("properties")).get("virtualNetwork")).get("id"), str)
        }
        rows.append({"id": zone_id, "networks": Joined(sorted(networks), tuple(of_zone))})
    return Joined(rows, tuple(gaps))


@fact("privateEndpoint", reads=("privateEndpoints", "privateDns"))
def linked_networks(endpoint: Subject) -> Joined:
    """The virtual networks that every zone of its zone groups is linked to."""
    links = endpoint.join("facts.zoneLinks")
    sets = [set(row["networks"].value) for row in links.value]
    common = set.intersection(*sets) if sets else set()
    gaps = (*links.gaps, *(gap for row in links.value for gap in row["networks"].gaps))
    return Joined(sorted(common), tuple(dict.fromkeys(gaps)))


@fact("privateEndpoint", reads=("privateEndpoints", "privateDns"))
def host_records(endpoint: Subject) -> Joined:
    """For each zone and account: `host`, `expected` (the endpoint's own addresses), `actual` (the A record's), `matches`.

    Expected are the addresses of `customDnsConfigs`, else those of the zone group. Actual is the zone's own record where it
    was read, else the zone group's `recordSets`. With neither, `actual` and `matches` are unknown. A zone that no zone group
    writes to counts where it is linked to the endpoint's network and holds a record of the account: somebody's own work.
    """
    configs = _configs(endpoint)
    rows = [
        _row(endpoint, config, account)
        for config in configs
        for account in _accounts(endpoint)
        # A zone that the account's hosts do not need may stand in the group for another resource.
        if _needs(account, config["zone"])
    ]
    covered = {arm_id.name_of(config["zone"]).lower() for config in configs}
    for account in _accounts(endpoint):
        for zone in _linked_zones(endpoint):
            name = arm_id.name_of(zone).lower()
            recorded = endpoint.world.resource(f"{zone}/A/{_subdomain(account)}") is not None
            if recorded and name not in covered and _needs(account, zone):
                rows.append(_row(endpoint, {"zone": zone, "records": []}, account))
    groups = endpoint.join("zoneGroups").gaps
    if not rows and not groups:
        rows = [_no_record(endpoint, account) for account in _accounts(endpoint)]
    return Joined(rows, groups)


def _row(endpoint: Subject, config: dict[str, Any], account: Subject) -> dict[str, Any]:
    subdomain = _subdomain(account)
    host = f"{subdomain}.{arm_id.name_of(config['zone']).lower().removeprefix('privatelink.')}"
    return {"host": host, "id": config["zone"], **_record(endpoint, config, subdomain, host)}


def _no_record(endpoint: Subject, account: Subject) -> dict[str, Any]:
    message = f"no zone group writes a record of {account.name}, and no zone's own record of it was read"
    gaps = endpoint.world.gaps("privateDns", endpoint.resource) or (
        Gap(endpoint.resource, "privateDns", "missing", message=message),
    )
    return {
        "host": _subdomain(account),
        "id": endpoint.resource,
        "expected": [],
        "actual": Joined([], gaps),
        "matches": Joined(value=False, gaps=gaps),
    }


def _needs(account: Subject, zone: str) -> bool:
    needed = account.fact("requiredDnsZones")
    return not needed or arm_id.name_of(zone).lower() in needed


def _subdomain(account: Subject) -> str:
    return text(account.properties.get("customSubDomainName")) or account.name.lower()


def _linked_zones(endpoint: Subject) -> list[str]:
    """Ids of the private DNS zones that are linked to the endpoint's network."""
    network = arm_id.key(endpoint.fact("virtualNetwork") or "/")
    return endpoint.world.once(_zones_by_network).get(network, [])


def _zones_by_network(world: World) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for link in world.of_type(ZONE_LINK):
        network = mapping(mapping(link.get("properties")).get("virtualNetwork")).get("id")
        found.setdefault(arm_id.key(str(network or "")), []).append(arm_id.parent_of(link["id"]))
    return found


def _record(endpoint: Subject, config: dict[str, Any], subdomain: str, host: str) -> dict[str, Any]:
    world = endpoint.world
    by_group = _group_addresses(config, subdomain)
    expected = _custom_addresses(endpoint, host) or by_group
    zone_record = world.resource(f"{config['zone']}/A/{subdomain}")
    gaps: tuple[Gap, ...] = ()
    actual = by_group
    if zone_record is not None:
        properties = mapping(zone_record.get("properties"))
        actual = sorted(str(mapping(one).get("ipv4Address")) for one in listing(properties.get("aRecords")))
    elif not by_group:
        message = f"neither the zone's record of {host} nor the zone group's was read"
        gaps = world.gaps("privateDns", config["zone"]) or (
            Gap(config["zone"], "privateDns", "missing", message=message),
        )
    if not expected and not gaps:
        message = "the endpoint's own addresses are not stated"
        gaps = (Gap(endpoint.resource, "privateEndpoints", "missing", message=message),)
    return {"expected": expected, "actual": Joined(actual, gaps), "matches": Joined(expected == actual, gaps)}


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
    accounts = endpoint.world.accounts_by_key
    return [accounts[key] for key in sorted(set(map(arm_id.key, connection_targets(endpoint.raw)))) if key in accounts]


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
