"""The shapes of call that readers share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from rtaudit.azure import arm_id

if TYPE_CHECKING:
    from rtaudit.collect.arm import Arm, Page
    from rtaudit.collect.world import World


def below(suffix: str = "", **query: str) -> Callable[[Arm, str, Page, str], None]:
    """A plain GET of the id with `suffix` behind it."""

    def ask(arm: Arm, subject: str, page: Page, version: str) -> None:
        arm.get(subject.rstrip("/") + suffix, page=page, api_version=version, **query)

    return ask


def subscriptions(world: World) -> Iterable[str]:
    """Every subscription in scope."""
    return (f"/subscriptions/{subscription}" for subscription in world.subscriptions)


def accounts(world: World) -> Iterable[str]:
    """Every account in scope that this shard reads."""
    return (row["id"] for row in world.kept("accounts"))


def parent_names(resource_id: str) -> tuple[str, str, str]:
    """Subscription, resource group and name of a resource, as Azure wrote them but for the subscription's case."""
    return arm_id.subscription_of(resource_id) or "", arm_id.group_of(resource_id) or "", arm_id.name_of(resource_id)
