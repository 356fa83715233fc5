"""Made values: work out what the steps of fixes put in and no field holds: a private endpoint, a zone's link, a role."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from rtaudit.azure import arm_id, effects
from rtaudit.azure.resource_types import DEFINITION, ZONE, ZONE_LINK
from rtaudit.subjects import EstateIndex, Subject
from rtaudit.subjects.endpoint import networks_of, zones_by_network
from rtaudit.subjects.estate import listing, mapping, text
from rtaudit.subjects.roles import REALTIME_ACTION, grants

OPENAI_USER = "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"
"""The built-in role Cognitive Services OpenAI User. Source: Microsoft's list of built-in roles."""


@dataclass(frozen=True)
class Given:
    """What a value is made from."""

    subject: Subject
    element: Any
    """What was observed, where it is an element of a list."""
    params: Mapping[str, Any]
    today: date

    @property
    def estate(self) -> EstateIndex:
        return self.subject.estate


Make = Callable[[Given], Any]
MADE: dict[str, Make] = {}
"""Name in a step -> what makes it; None where it cannot be had."""


def made(make: Make) -> Make:
    """Register what makes a value, under its own name in camel case."""
    head, *rest = make.__name__.strip("_").split("_")
    MADE[head + "".join(one.capitalize() for one in rest)] = make
    return make


def home_of(subject: Subject) -> str:
    """The ARM id that a subject is at: its own, or of a client that of the account which it names."""
    if subject.resource.startswith("/") or subject.kind != "client":
        return subject.resource
    return str(mapping(subject.fact("account")).get("id") or "")


# Private endpoints and their names


def _hosts(account: Subject) -> list[str]:
    name = text(account.properties.get("customSubDomainName")) or account.name.lower()
    return [f"{name}.{one.removeprefix('privatelink.')}" for one in account.fact("requiredDnsZones") or ()]


def _endpoint_for(account: Subject, name: str, subnet: str) -> dict[str, Any]:
    group = account.resource.lower().index("/providers/")
    endpoint_id = f"{account.resource[:group]}/providers/Microsoft.Network/privateEndpoints/{name}"
    location = account.raw.get("location")
    made = effects.endpoint(endpoint_id, account.resource, subnet, location, _hosts(account))
    return {
        "name": name,
        "id": endpoint_id,
        "account": account.resource,
        "resource": made,
        "connection": effects.connection(account.resource, endpoint_id),
    }


@made
def _new_endpoint(given: Given) -> dict[str, Any]:
    """A private endpoint for the account: `name`, `id`, `resource` and the account's `connection`."""
    return _endpoint_for(given.subject, f"{given.subject.name}-account-pe", "<subnet id>")


def _accounts(estate: EstateIndex) -> dict[str, Subject]:
    return {arm_id.key(one.resource): one for one in estate.accounts}


@made
def _better_endpoint(given: Given) -> dict[str, Any] | None:
    """A private endpoint in place of this one, in its subnet, that connects to the right group."""
    accounts = given.estate.once(_accounts)
    raw = listing(given.subject.join("accounts").value)
    account = accounts.get(arm_id.key(raw[0]["id"])) if raw else None
    subnet = mapping(given.subject.properties.get("subnet")).get("id")
    if account is None:
        return None
    made = _endpoint_for(account, f"{given.subject.name}-account", str(subnet or "<subnet id>"))
    old = [
        one["id"]
        for one in map(mapping, listing(account.properties.get("privateEndpointConnections")))
        if text(mapping(mapping(one.get("properties")).get("privateEndpoint")).get("id"))
        == text(given.subject.resource)
    ]
    return {**made, "old": old[0] if old else None}


def _zones(estate: EstateIndex) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in estate.of_type(ZONE):
        found.setdefault(text(arm_id.name_of(one["id"])), []).append(one["id"])
    return found


@made
def _zone(given: Given) -> str | None:
    """The id of the private DNS zone that was found missing (else of the first that is needed): one that is linked, if any."""
    wanted = mapping(given.element).get("zone")
    wanted = wanted or next(iter(given.subject.fact("requiredDnsZones") or ()), None)
    zones = given.estate.once(_zones).get(text(wanted), ())
    network = text(given.subject.fact("virtualNetwork"))

    linked = given.estate.once(zones_by_network).get(arm_id.key(network or "/"), ())
    named = [one for one in linked if text(arm_id.name_of(one)) == text(wanted)] or zones
    return named[0] if named else None


@made
def _zone_config(given: Given) -> Any:
    """The zone as the endpoint's zone group then holds it."""
    zone, groups = _zone(given), listing(given.subject.join("zoneGroups").value)
    if zone is None:
        return None
    group = groups[0]["id"] if groups else f"{given.subject.resource}/privateDnsZoneGroups/default"
    return effects.zone_config(group, given.subject.raw, zone, arm_id.name_of(zone).replace(".", "-"))


@made
def _zone_record(given: Given) -> Any:
    """The A record that the zone group then writes into the zone; its addresses are those of the zone group."""
    config = mapping(_zone_config(given))
    named = str(mapping(given.element).get("record") or given.subject.name)
    return _record_of(str(_zone(given)), config, named) if config else None


def _record_of(zone: str, config: Mapping[str, Any], named: str) -> dict[str, Any]:
    written = [mapping(one) for one in listing(mapping(config.get("properties")).get("recordSets"))]
    name = next((str(one.get("recordSetName")) for one in written), named)
    addresses = [{"ipv4Address": str(address)} for one in written for address in listing(one.get("ipAddresses"))]
    return {
        "id": f"{zone}/A/{name}",
        "name": name,
        "type": "Microsoft.Network/privateDnsZones/A",
        "properties": {"ttl": 10, "aRecords": addresses},
    }


@made
def _zone_link(given: Given) -> dict[str, Any] | None:
    """A link that is missing: `zone`, `group`, `subscription`, `network`, `name` and the `resource`.

    Not where the network is linked to another zone of that name: Azure takes one only.
    """
    found = next((one for one in _missing_links(given) if _other_of(given.estate, *one) is None), None)
    if found is None:
        return None
    zone, network = found
    taken = {text(arm_id.name_of(one["id"])) for one in given.estate.children(ZONE_LINK, zone)}
    name = f"to-{arm_id.name_of(network)}"
    while text(name) in taken:
        name += "-2"
    resource = {
        "id": f"{zone}/virtualNetworkLinks/{name}",
        "name": name,
        "type": "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
        "location": "global",
        "properties": {
            "provisioningState": "Succeeded",
            "registrationEnabled": False,
            "virtualNetwork": {"id": network},
            "virtualNetworkLinkState": "Completed",
        },
    }
    return {
        "zone": arm_id.name_of(zone),
        "group": arm_id.group_of(zone),
        "subscription": arm_id.subscription_of(zone),
        "network": network,
        "name": name,
        "resource": resource,
    }


@made
def _other_zone(given: Given) -> dict[str, Any] | None:
    """Another zone of the name of one that lacks a link, which the network is linked to already: `name`, `group`, `id`."""
    others = (_other_of(given.estate, *one) for one in _missing_links(given))
    found = next((one for one in others if one is not None), None)
    return {"name": arm_id.name_of(found), "group": arm_id.group_of(found), "id": found} if found else None


def _other_of(estate: EstateIndex, zone: str, network: str) -> str | None:
    others = estate.once(_zones).get(text(arm_id.name_of(zone)), ())
    return next((one for one in others if arm_id.key(one) != arm_id.key(zone) and _linked(estate, one, network)), None)


def _missing_links(given: Given) -> list[tuple[str, str]]:
    """Zones, each with the network that it is not linked to."""
    network = given.element if isinstance(given.element, str) else given.subject.fact("virtualNetwork")
    if isinstance(given.element, dict):
        zones = [str(given.element.get("id"))]
    else:
        zones = [str(one["id"]) for one in given.subject.fact("zoneLinks") or ()]
    return [(one, str(network)) for one in zones if network and not _linked(given.estate, one, str(network))]


def _linked(estate: EstateIndex, zone: str, network: str) -> bool:
    return arm_id.key(network) in networks_of(estate, zone)


@made
def _stale_record(given: Given) -> dict[str, Any] | None:
    """The zone's own record that holds other addresses than the endpoint's: `id` and the `records` to put in."""
    row = mapping(given.element)
    host = str(row.get("host"))
    record = given.estate.resource(f"{row.get('id')}/A/{host.partition('.')[0]}")
    if record is None:
        return None
    return {"id": record["id"], "records": [{"ipv4Address": str(one)} for one in listing(row.get("expected"))]}


@made
def _written_anew(given: Given) -> dict[str, Any] | None:
    """The zone whose records the zone group has to write again: its `zone`, the `group`, its `label`, `config` and `record`."""
    zone = str(mapping(given.element).get("id"))
    for group in listing(given.subject.join("zoneGroups").value):
        for one in map(mapping, listing(mapping(group.get("properties")).get("privateDnsZoneConfigs"))):
            if text(mapping(one.get("properties")).get("privateDnsZoneId")) == text(zone):
                label = str(one.get("name"))
                config = effects.zone_config(group["id"], given.subject.raw, zone, label)
                name = arm_id.name_of(group["id"])
                record = _record_of(zone, config, str(mapping(given.element).get("host")).partition(".")[0])
                found = {"zone": zone, "group": group["id"], "name": name, "label": label}
                return {**found, "config": config, "record": record}
    return None


# Groups and roles


@made
def _account_group(given: Given) -> str | None:
    """The resource group of the subscription's first account."""
    raw = listing(given.subject.join("accounts").value)
    return arm_id.group_of(raw[0]["id"]) if raw else None


@made
def _realtime_role(given: Given) -> dict[str, Any]:
    """The role that may open realtime sessions, Cognitive Services OpenAI User: its definition, as read or as Microsoft states it."""
    known = given.estate.once(_openai_user)
    if known is not None:
        return known
    subscription = arm_id.subscription_of(home_of(given.subject))
    return {
        "id": f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{OPENAI_USER}",
        "name": OPENAI_USER,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": "Cognitive Services OpenAI User",
            "type": "BuiltInRole",
            "permissions": [{"actions": ["Microsoft.CognitiveServices/*/read"], "dataActions": [REALTIME_ACTION]}],
        },
    }


def _openai_user(estate: EstateIndex) -> dict[str, Any] | None:
    for one in estate.of_type(DEFINITION):
        named = text(mapping(one.get("properties")).get("roleName")) == "cognitive services openai user"
        if named and grants(one, REALTIME_ACTION, "dataActions", "notDataActions"):
            return one
    return None
