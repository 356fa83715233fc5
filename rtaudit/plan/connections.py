"""Connections: what accounts that are there list of private endpoints that a plan makes, replaces or removes.

Azure keeps the list in step with the endpoints; a plan that only touches the endpoint does not show the account's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from rtaudit.azure import arm_id, shapes
from rtaudit.azure.resource_types import ACCOUNT, PRIVATE_ENDPOINT, RESOURCE_TYPES
from rtaudit.plan.model import PlannedResource, Unknown, at
from rtaudit.snapshot import Gap
from rtaudit.snapshot.gaps import ASSIGNED

_FIELD = "/properties/privateEndpointConnections"
_OTHER = "/planned/another-service"


def may_be_account(groups: Any) -> bool:
    """Whether an endpoint with these group ids may connect to an account: the one group of an account is `account`."""
    return (
        not isinstance(groups, list)
        or not groups
        or any(str(one).lower() == "account" for one in groups)
        or any(isinstance(one, Unknown) for one in groups)
    )


def of_other_services(body: dict[str, Any]) -> dict[str, Any]:
    """A planned endpoint whose connections to other services lead to something, where the plan does not say to what."""
    properties = body.get("properties")
    if not isinstance(properties, dict):
        return body
    lists = {name: properties[name] for name in shapes.CONNECTION_LISTS if isinstance(properties.get(name), list)}
    return {**body, "properties": {**properties, **{name: list(map(_settled, rows)) for name, rows in lists.items()}}}


def _settled(row: Any) -> Any:
    target, groups = (at(row, ("properties", name)) for name in ("privateLinkServiceId", "groupIds"))
    if not isinstance(target, Unknown) or may_be_account(groups):
        return row
    return {**row, "properties": {**row["properties"], "privateLinkServiceId": _OTHER}}


def connected(
    resources: dict[str, dict[str, Any]], gone: Collection[str], planned: Mapping[str, PlannedResource]
) -> Iterator[Gap]:
    """Take the endpoints that are gone off the lists of accounts; a gap for each account that a new one connects to.

    `resources` are by key of id, and changed; `gone` and the keys of `planned` are such keys too.
    """
    removed = {key for key in gone if arm_id.type_of(key) == PRIVATE_ENDPOINT}
    for key, account in resources.items() if removed else ():
        listed = at(account, ("properties", "privateEndpointConnections"))
        if arm_id.type_of(key) != ACCOUNT or not isinstance(listed, list):
            continue
        left = [one for one in listed if _endpoint(one) not in removed]
        if len(left) < len(listed):
            resources[key] = {**account, "properties": {**account["properties"], "privateEndpointConnections": left}}
    aspect = RESOURCE_TYPES[ACCOUNT].aspect
    assert aspect is not None
    for key in planned:
        if arm_id.type_of(key) != PRIVATE_ENDPOINT or key not in resources:
            continue
        for target in shapes.targets(resources[key]):
            listed = at(resources.get(target), ("properties", "privateEndpointConnections"))
            if isinstance(listed, list) and key not in map(_endpoint, listed):
                message = f"{arm_id.name_of(key)} connects to it at the deployment, and its approval is decided then"
                yield Gap(resources[target]["id"], aspect, ASSIGNED, field=_FIELD, message=message)


def _endpoint(connection: Any) -> str:
    return arm_id.key(str(at(connection, ("properties", "privateEndpoint", "id"))))
