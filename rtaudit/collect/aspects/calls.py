"""Calls: build the requests and the targets that readers share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import RESOURCE_TYPES, ResourceType
from rtaudit.collect.reader import Reader, Row

if TYPE_CHECKING:
    from rtaudit.collect.arm import ArmReader, ResponsePage
    from rtaudit.collect.collected import CollectedRows


def below(suffix: str = "", **query: str) -> Callable[[ArmReader, str, ResponsePage, str], None]:
    """A plain GET of the id with `suffix` behind it."""

    def ask(arm: ArmReader, subject: str, page: ResponsePage, version: str) -> None:
        arm.get(subject.rstrip("/") + suffix, page=page, api_version=version, **query)

    return ask


def list_of(resource_type: str, **more: Any) -> Reader:
    """The Reader of a type's plain list, as its row of the table says; `more` are further fields of the Reader."""
    row = RESOURCE_TYPES[resource_type.lower()]
    of_each = _OF_EACH_ACCOUNT.get(row.asked_of)
    made = Reader(
        name=row.reader or row.name.rpartition("/")[2],
        aspect=row.aspect or "",
        type=row.name,
        action=row.read_action,
        targets=subscriptions if of_each is None else None,
        of_each=None if of_each is None else of_each(row),
        depends_on=() if of_each is None else ("accounts",),
        send=_operation(row) if row.operation else below("" if row.catalogue else row.path),
        shape="catalogue" if row.catalogue else "list",
    )
    return replace(made, **more)


def _operation(row: ResourceType) -> Callable[[ArmReader, str, ResponsePage, str], None]:
    """The first page, worded by an operation of the provider's SDK."""
    group, _, method = row.operation.partition(".")
    module, _, client = _CLIENTS[row.name.partition("/")[0]].partition(":")

    def ask(arm: ArmReader, subject: str, page: ResponsePage, version: str) -> None:
        kind = getattr(import_module(module), client)  # its import waits until it is needed
        operation = getattr(getattr(arm.client(kind, arm_id.subscription_of(subject) or ""), group), method)
        arm.first(operation, *_ARGUMENTS[row.asked_of](subject), page=page, api_version=version)

    return ask


_CLIENTS = {
    "Microsoft.CognitiveServices": "azure.mgmt.cognitiveservices:CognitiveServicesManagementClient",
    "Microsoft.Insights": "azure.mgmt.monitor:MonitorManagementClient",
}
"""Provider -> the SDK client of a subscription."""

_ARGUMENTS: dict[str, Callable[[str], tuple[str, ...]]] = {
    "subscriptions": lambda _subject: (),
    "accounts": lambda subject: (arm_id.group_of(subject) or "", arm_id.name_of(subject)),
    "regions": lambda subject: (subject.rsplit("/", 2)[-2],),
}
"""What a list is asked of -> the operation's own arguments."""


def regions(row: ResourceType) -> Callable[[Row], Iterable[str]]:
    """The collection of a type in the region of an account."""
    provider, _, rest = row.name.partition("/locations/")

    def of(account: Row) -> Iterable[str]:
        region, subscription = arm_id.region(account.get("location")), arm_id.subscription_of(account["id"])
        if region:
            yield f"/subscriptions/{subscription}/providers/{provider}/locations/{region}/{rest}"

    return of


def subscriptions(collected: CollectedRows) -> Iterable[str]:
    """Every subscription in scope."""
    return (f"/subscriptions/{subscription}" for subscription in collected.subscriptions)


def itself(row: Row) -> Iterable[str]:
    """The id of a row."""
    return (row["id"],)


_OF_EACH_ACCOUNT: dict[str, Callable[[ResourceType], Callable[[Row], Iterable[str]]]] = {
    "accounts": lambda _row: itself,
    "regions": regions,
}
"""What a list is asked of -> the ids to ask about for an account."""
