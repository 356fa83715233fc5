"""Network readers: read private endpoints that connect to an account in scope, and their DNS zone groups.

azure-mgmt-network says what to call. It takes 0.2 s and more to load, so that it is loaded only where an account has an
endpoint, on the thread of the first read that needs it (and in one process of several: `Reader.apart`); elsewhere the list,
which will be empty but for endpoints that an account no longer knows, is the same GET worded here. A test holds that both are one.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rtaudit.azure import arm_id, shapes
from rtaudit.collect.aspects.calls import below, list_of, subscriptions
from rtaudit.collect.reader import Reader, Row
from rtaudit.documents.json_values import listing, properties

if TYPE_CHECKING:
    from rtaudit.collect.arm import ArmReader, ResponsePage
    from rtaudit.collect.collected import CollectedRows

_SDK = "azure.mgmt.network"


def _keep_endpoint(collected: CollectedRows, row: Row) -> Row | None:
    in_scope = collected.in_scope()
    return row if any(target in in_scope for target in shapes.targets(row)) else None


def _endpoints(collected: CollectedRows) -> Iterable[str]:
    return (row["id"] for row in collected.kept("privateEndpoints") if collected.mine(row["id"]))


def _subscriptions(collected: CollectedRows) -> Iterable[str]:
    """Every subscription; where an account has an endpoint, the SDK is called for."""
    if any(listing(properties(row).get("privateEndpointConnections")) for row in collected.kept("accounts")):
        collected.sdks.add(_SDK)
    return subscriptions(collected)


def _client(arm: ArmReader, subject: str) -> Any:
    return arm.client(import_module(_SDK).NetworkManagementClient, arm_id.subscription_of(subject) or "")


def _list_endpoints(arm: ArmReader, subject: str, page: ResponsePage, version: str) -> None:
    if _SDK not in arm.sdks:
        below("/providers/Microsoft.Network/privateEndpoints")(arm, subject, page, version)
        return
    arm.first(_client(arm, subject).private_endpoints.list_by_subscription, page=page, api_version=version)


def _list_zone_groups(arm: ArmReader, subject: str, page: ResponsePage, version: str) -> None:
    operation = _client(arm, subject).private_dns_zone_groups.list
    arm.first(operation, arm_id.name_of(subject), arm_id.group_of(subject) or "", page=page, api_version=version)


READERS = (
    list_of(
        "Microsoft.Network/privateEndpoints",
        targets=_subscriptions,
        send=_list_endpoints,
        depends_on=("accounts",),
        row_filter=_keep_endpoint,
        keep_depends_on=("accounts",),
        apart=True,
    ),
    Reader(
        name="zoneGroups",
        aspect="privateEndpoints",
        type="Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
        action="Microsoft.Network/privateEndpoints/privateDnsZoneGroups/read",
        targets=_endpoints,
        send=_list_zone_groups,
        depends_on=("accounts", "privateEndpoints"),
        apart=True,
    ),
)
"""Readers of the aspect privateEndpoints."""
