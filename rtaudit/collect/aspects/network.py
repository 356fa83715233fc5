"""Private endpoints that connect to an account in scope, and their DNS zone groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rtaudit.collect.aspects.calls import parent_names, subscriptions
from rtaudit.collect.reader import Reader, Row
from rtaudit.collect.world import listed, properties
from rtaudit.snapshot import ids

if TYPE_CHECKING:
    from azure.mgmt.network import NetworkManagementClient

    from rtaudit.collect.arm import Arm, Page
    from rtaudit.collect.world import World


def _client(arm: Arm, subscription: str) -> NetworkManagementClient:
    from azure.mgmt.network import NetworkManagementClient

    return arm.client(NetworkManagementClient, subscription)


def _ask_endpoints(arm: Arm, subject: str, page: Page, version: str) -> None:
    operation = _client(arm, ids.name_of(subject)).private_endpoints.list_by_subscription
    arm.first(operation, page=page, api_version=version)


def _ask_groups(arm: Arm, subject: str, page: Page, version: str) -> None:
    subscription, group, name = parent_names(subject)
    arm.first(
        _client(arm, subscription).private_dns_zone_groups.list,
        private_endpoint_name=name,
        resource_group_name=group,
        page=page,
        api_version=version,
    )


def connected_to(endpoint: Row) -> Iterator[str]:
    """Keys of what a private endpoint connects to, automatically or manually approved."""
    for name in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections"):
        for connection in listed(properties(endpoint).get(name)):
            target = properties(connection).get("privateLinkServiceId")
            if isinstance(target, str):
                yield ids.key(target)


def _keep_endpoint(world: World, row: Row) -> Row | None:
    in_scope = world.in_scope()
    return row if any(target in in_scope for target in connected_to(row)) else None


def _endpoints(world: World) -> Iterable[str]:
    return (row["id"] for row in world.kept("privateEndpoints") if world.mine(row["id"]))


READERS = (
    Reader(
        name="privateEndpoints",
        aspect="privateEndpoints",
        type="Microsoft.Network/privateEndpoints",
        action="Microsoft.Network/privateEndpoints/read",
        targets=subscriptions,
        ask=_ask_endpoints,
        keep=_keep_endpoint,
        keep_needs=("accounts",),
    ),
    Reader(
        name="zoneGroups",
        aspect="privateEndpoints",
        type="Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
        action="Microsoft.Network/privateEndpoints/privateDnsZoneGroups/read",
        targets=_endpoints,
        ask=_ask_groups,
        after=("accounts", "privateEndpoints"),
    ),
)
"""Readers of the aspect privateEndpoints."""
