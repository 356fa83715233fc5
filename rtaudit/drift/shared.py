"""Shared values: detect values that name one environment but are equal on both sides: a shared resource, which is drift."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.drift.compare import Difference, raw_at
from rtaudit.drift.normalise import HOST, Normaliser, sorted_sets, unify_tag_case
from rtaudit.drift.pairing import PairedResources, Pairing
from rtaudit.drift.sides import CLIENT, Resource, SideIndex

_OF_THE_ENVIRONMENT = frozenset({"env", "environment", "stage"})
"""Tags that say, whatever the word, which environment a thing belongs to."""


class Shared:
    """Tells a shared thing, which merely is not named after the one environment, from a difference."""

    def __init__(self, left: SideIndex, right: SideIndex, pairing: Pairing) -> None:
        self.left, self.right, self.pairing = left, right, pairing

    def is_shared_value(self, pair: PairedResources, difference: Difference) -> bool:
        """True when both sides of a pair point at the very same thing.

        Where that thing has a counterpart of its own it is no matter of names: test writes to production's workspace.
        A tag points at nothing: where both say that they are `prod`, one of them says it of test.
        """
        if self.pairing.over_time or pair.left is None or pair.right is None:
            return False
        # A contract is called by its name in both, and is yet what each environment makes of it.
        if pair.type != CLIENT and arm_id.key(pair.left["id"]) == arm_id.key(pair.right["id"]):
            return self._itself(pair.left, pair.right, pair.type, difference)
        before, after = raw_at(pair.left, difference.path), raw_at(pair.right, difference.path)
        if before is None or before != after:
            return False
        field = difference.path.rsplit("/", 1)[-1]
        if difference.path.startswith("/tags/"):
            return field.lower() not in _OF_THE_ENVIRONMENT and str(before).lower() not in self._labels
        return not any(self._has_counterpart(key, text) for key, text in _strings(field, before))

    def _itself(self, left: Resource, right: Resource, resource_type: str, difference: Difference) -> bool:
        """True when one resource that both snapshots hold says the same in both, whatever that is called on each side."""
        here, there = self._plain
        one, other = sorted_sets(here(left, resource_type)), sorted_sets(there(right, resource_type))
        unify_tag_case(one, other)
        return bool(raw_at(one, difference.path) == raw_at(other, difference.path))

    @cached_property
    def _plain(self) -> tuple[Normaliser, Normaliser]:
        return (
            Normaliser(self.left, {}, self.right, over_time=True),
            Normaliser(self.right, {}, self.left, over_time=True),
        )

    @property
    def _labels(self) -> set[str]:
        return {self.left.label.lower(), self.right.label.lower()}

    def _has_counterpart(self, key: str, text: str) -> bool:
        """True when a text names something (by id, host or account) that plays a role on one side only."""
        lower = text.lower()
        at = lower.find("subscriptions/")
        if at >= 0:
            named = arm_id.key(lower[at:])
            while arm_id.type_of(named):
                if self._roles_differ(named):
                    return True
                if arm_id.type_of(named).startswith("microsoft.resources/"):
                    # An id below a subscription does not speak of the subscription.
                    return False
                named = arm_id.parent_of(named)
            return False
        hosts = {found.group(1).lower() for found in HOST.finditer(text)} if "." in text else set()
        if key == "account":
            hosts.add(lower)
        accounts = (side.hosts[host] for side in (self.left, self.right) for host in hosts if host in side.hosts)
        return any(self._roles_differ(account) for account in accounts)

    def _roles_differ(self, key: str) -> bool:
        return self.pairing.left_roles.get(key) != self.pairing.right_roles.get(key)


def _strings(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every text in a value with the field that holds it; names of fields too, which may be ids."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, list):
        for held in value:
            yield from _strings(key, held)
    elif isinstance(value, dict):
        for inner, held in value.items():
            yield "", inner
            yield from _strings(inner, held)
