"""Private endpoints that connect to an account in scope, and their DNS zone groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rtaudit.azure import arm_id
from rtaudit.collect.aspects.calls import below, list_of
from rtaudit.collect.reader import Reader, Row
from rtaudit.collect.world import listed, properties

if TYPE_CHECKING:
    from rtaudit.collect.world import World


def connected_to(endpoint: Row) -> Iterator[str]:
    """Keys of what a private endpoint connects to, automatically or manually approved."""
    for name in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections"):
        for connection in listed(properties(endpoint).get(name)):
            target = properties(connection).get("privateLinkServiceId")
            if isinstance(target, str):
                yield arm_id.key(target)


def _keep_endpoint(world: World, row: Row) -> Row | None:
    in_scope = world.in_scope()
    return row if any(target in in_scope for target in connected_to(row)) else None


def _endpoints(world: World) -> Iterable[str]:
    return (row["id"] for row in world.kept("privateEndpoints") if world.mine(row["id"]))


READERS = (
    # azure-mgmt-network takes 0.2 s and more to load, for two paths: docs/decisions/0001-plain-get.md.
    list_of("Microsoft.Network/privateEndpoints", keep=_keep_endpoint, keep_needs=("accounts",)),
    Reader(
        name="zoneGroups",
        aspect="privateEndpoints",
        type="Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
        action="Microsoft.Network/privateEndpoints/privateDnsZoneGroups/read",
        targets=_endpoints,
        ask=below("/privateDnsZoneGroups"),
        after=("accounts", "privateEndpoints"),
    ),
)
"""Readers of the aspect privateEndpoints."""
