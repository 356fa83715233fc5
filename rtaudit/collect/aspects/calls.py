"""The shapes of call that readers share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import RESOURCE_TYPES, ResourceType
from rtaudit.collect.reader import Reader

if TYPE_CHECKING:
    from rtaudit.collect.arm import Arm, Page
    from rtaudit.collect.world import World


def below(suffix: str = "", **query: str) -> Callable[[Arm, str, Page, str], None]:
    """A plain GET of the id with `suffix` behind it."""

    def ask(arm: Arm, subject: str, page: Page, version: str) -> None:
        arm.get(subject.rstrip("/") + suffix, page=page, api_version=version, **query)

    return ask


def list_of(resource_type: str, **more: Any) -> Reader:
    """The Reader of a type's plain list, as its row of the table says; `more` are further fields of the Reader."""
    row = RESOURCE_TYPES[resource_type.lower()]
    of_accounts: dict[str, Any] = {} if row.asked_of == "subscriptions" else {"after": ("accounts",), "eager": True}
    made = Reader(
        name=row.reader or row.name.rpartition("/")[2],
        aspect=row.aspect or "",
        type=row.name,
        action=row.read_action,
        targets=_TARGETS[row.asked_of](row),
        ask=_operation(row) if row.operation else below("" if row.catalogue else row.path),
        shape="catalogue" if row.catalogue else "list",
        **of_accounts,
    )
    return replace(made, **more)


def _operation(row: ResourceType) -> Callable[[Arm, str, Page, str], None]:
    """The first page, worded by an operation of the provider's SDK."""
    group, _, method = row.operation.partition(".")
    module, _, client = _CLIENTS[row.name.partition("/")[0]].partition(":")

    def ask(arm: Arm, subject: str, page: Page, version: str) -> None:
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


def regions(row: ResourceType) -> Callable[[World], Iterable[str]]:
    """The collection of a type in each region of each subscription that holds an account."""

    def targets(world: World) -> Iterable[str]:
        places = {
            (arm_id.subscription_of(account["id"]), arm_id.region(account.get("location")))
            for account in world.kept("accounts")
            if isinstance(account.get("location"), str)
        }
        provider, _, rest = row.name.partition("/locations/")
        for subscription, region in sorted((s or "", r) for s, r in places if r):
            yield f"/subscriptions/{subscription}/providers/{provider}/locations/{region}/{rest}"

    return targets


def subscriptions(world: World) -> Iterable[str]:
    """Every subscription in scope."""
    return (f"/subscriptions/{subscription}" for subscription in world.subscriptions)


def accounts(world: World) -> Iterable[str]:
    """Every account in scope that this shard reads."""
    return (row["id"] for row in world.kept("accounts"))


_TARGETS: dict[str, Callable[[ResourceType], Callable[[World], Iterable[str]]]] = {
    "subscriptions": lambda _row: subscriptions,
    "accounts": lambda _row: accounts,
    "regions": regions,
}
