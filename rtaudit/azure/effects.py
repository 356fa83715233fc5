"""Effects: say what Azure makes of a change beyond the resource that is changed.

Pure functions over resources as Azure Resource Manager returns them; the steps of fixes and the simulated Azure share them.
Source: recorded answers of Resource Manager and Microsoft's pages on private endpoints and their DNS.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from rtaudit.azure import arm_id

Resource = dict[str, Any]

STAND_IN = "192.0.2.0/24"
"""Where addresses are taken from that only Azure can assign: reserved for documentation."""


def connection_name(endpoint_id: str) -> str:
    """The name that the account gives the connection of an endpoint."""
    return f"{arm_id.name_of(endpoint_id)}.connection"


def connection(account_id: str, endpoint_id: str, status: str = "Approved") -> Resource:
    """The connection of an endpoint as the account embeds it."""
    name = connection_name(endpoint_id)
    return {
        "id": f"{account_id}/privateEndpointConnections/{name}",
        "name": name,
        "type": "Microsoft.CognitiveServices/accounts/privateEndpointConnections",
        "properties": {
            "groupIds": ["account"],
            "privateEndpoint": {"id": endpoint_id},
            "privateLinkServiceConnectionState": {
                "actionsRequired": "None",
                "description": "Auto-Approved" if status == "Approved" else "",
                "status": status,
            },
            "provisioningState": "Succeeded",
        },
    }


def dns_configs(hosts: Sequence[str]) -> list[dict[str, Any]]:
    """`customDnsConfigs` of an endpoint for these hosts, with addresses in place of those that Azure assigns."""
    addresses = ipaddress.ip_network(STAND_IN)
    return [{"fqdn": host, "ipAddresses": [str(addresses[index + 4])]} for index, host in enumerate(hosts)]


def endpoint(
    endpoint_id: str, account_id: str, subnet_id: str, location: Any, hosts: Sequence[str], status: str = "Approved"
) -> Resource:
    """A private endpoint of an account, as it is once it is made."""
    name = arm_id.name_of(endpoint_id)
    return {
        "id": endpoint_id,
        "name": name,
        "type": "Microsoft.Network/privateEndpoints",
        "location": location,
        "properties": {
            "customDnsConfigs": dns_configs(hosts),
            "manualPrivateLinkServiceConnections": [],
            "privateLinkServiceConnections": [
                {
                    "name": name,
                    "properties": {
                        "groupIds": ["account"],
                        "privateLinkServiceConnectionState": {"actionsRequired": "None", "status": status},
                        "privateLinkServiceId": account_id,
                        "provisioningState": "Succeeded",
                    },
                }
            ],
            "provisioningState": "Succeeded",
            "subnet": {"id": subnet_id},
        },
    }


def zone_records(of_endpoint: Mapping[str, Any], zone_id: str) -> list[dict[str, Any]]:
    """The record sets that a zone group writes to a zone: one for each host of the endpoint that the zone answers for."""
    zone = arm_id.name_of(zone_id)
    suffix = "." + zone.lower().removeprefix("privatelink.")
    records = []
    for config in (of_endpoint.get("properties") or {}).get("customDnsConfigs") or ():
        host = str(config.get("fqdn") or "").rstrip(".").lower()
        if host.endswith(suffix):
            name = host.removesuffix(suffix)
            records.append(
                {
                    "fqdn": f"{name}.{zone}",
                    "ipAddresses": list(config.get("ipAddresses") or ()),
                    "provisioningState": "Succeeded",
                    "recordSetName": name,
                    "recordType": "A",
                    "ttl": 10,
                }
            )
    return records


def a_record(config: Mapping[str, Any]) -> Resource | None:
    """The A record that a zone of a zone group writes; None where the endpoint has no host in it."""
    properties = config["properties"]
    for one in properties["recordSets"]:
        return {
            "id": f"{properties['privateDnsZoneId']}/A/{one['recordSetName']}",
            "name": one["recordSetName"],
            "type": "Microsoft.Network/privateDnsZones/A",
            "properties": {
                "aRecords": [{"ipv4Address": address} for address in one["ipAddresses"]],
                "fqdn": f"{one['fqdn']}.",
                "ttl": one["ttl"],
            },
        }
    return None


def zone_config(group_id: str, of_endpoint: Mapping[str, Any], zone_id: str, label: str) -> dict[str, Any]:
    """A zone of a private DNS zone group, with the records that Azure writes."""
    return {
        "id": f"{group_id}/privateDnsZoneConfigs/{label}",
        "name": label,
        "properties": {
            "privateDnsZoneId": zone_id,
            "provisioningState": "Succeeded",
            "recordSets": zone_records(of_endpoint, zone_id),
        },
    }
