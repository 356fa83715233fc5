"""Snapshot index: finds resources by type, id, parent and scope, and gaps by aspect and scope, without walking a whole type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import ASSIGNMENT
from rtaudit.snapshot.gaps import Gap
from rtaudit.snapshot.partial import note, noting, with_gaps

Resource = dict[str, Any]
_Found = TypeVar("_Found")
_Placed = tuple[int, Resource]

TENANT = "/"
"""The scope above everything: the tenant's, and that of its management groups."""


class SnapshotIndex:
    """Some resources and gaps, each list of them walked at most once. What it returns is in the order of the resources."""

    def __init__(self, resources: Sequence[Resource], gaps: Iterable[Gap] = ()) -> None:
        self.by_key: dict[str, Resource] = {arm_id.key(resource["id"]): resource for resource in resources}
        """Every resource by the key of its id."""
        self.by_type: dict[str, list[Resource]] = {}
        """Resources by type (lower case)."""
        for resource in resources:
            self.by_type.setdefault(arm_id.type_of(resource["id"]), []).append(resource)
        gaps = tuple(gaps)
        self.gaps: Sequence[Gap] = tuple(gap for gap in gaps if gap.field is None)
        """Of whole reads."""
        self.field_gaps: dict[str, list[Gap]] = {}
        """Key of a resource -> the gaps of single values of it."""
        for gap in gaps:
            if gap.field is not None:
                self.field_gaps.setdefault(arm_id.key(gap.scope), []).append(gap)
        self._covering: dict[str, tuple[dict[str, list[_Placed]], tuple[Gap, ...]]] = {}
        self._below: dict[str, dict[str, list[Resource]]] = {}
        self._once: dict[Callable[..., Any], Any] = {}

    def with_partial_resources(self) -> SnapshotIndex:
        """An index of the same resources in which reading a value that is not known is noted (see `partial`)."""
        resources = [
            with_gaps(resource, self.field_gaps[key]) if key in self.field_gaps else resource
            for key, resource in self.by_key.items()
        ]
        return SnapshotIndex(resources, (*self.gaps, *(gap for gaps in self.field_gaps.values() for gap in gaps)))

    @cached_property
    def children(self) -> dict[str, dict[str, list[Resource]]]:
        """Parent's key -> type -> its children and extensions."""
        found: dict[str, dict[str, list[Resource]]] = {}
        for resource_type, resources in self.by_type.items():
            for resource in resources:
                of_parent = found.setdefault(arm_id.parent_of(resource["id"]), {})
                of_parent.setdefault(resource_type, []).append(resource)
        return found

    def children_of(self, resource_type: str, parent_id: str) -> Sequence[Resource]:
        """The children or extensions of a type (lower case) that belong to `parent_id`."""
        return self.children.get(arm_id.key(parent_id), {}).get(resource_type, ())

    def covering(self, resource_type: str, resource_id: str) -> list[Resource]:
        """The locks or role assignments (`resource_type`) whose scope is `resource_id` or is above it.

        Those of a management group count for everything: Azure lists them only for what is below it.
        """
        return at_or_above(self.by_scope(resource_type), resource_id)

    def by_scope(self, resource_type: str) -> Mapping[str, list[_Placed]]:
        """Key of a scope -> the locks or role assignments that count for it, each with its place among all."""
        by_scope, rests_on = self._covering.get(resource_type, (None, ()))
        if by_scope is None:
            by_scope = defaultdict(list)
            with noting() as found_unknown:
                for placed in enumerate(self.by_type.get(resource_type, ())):
                    by_scope[_scope_key(scope_of(resource_type, placed[1]))].append(placed)
            rests_on = tuple(found_unknown)
            self._covering[resource_type] = (by_scope, rests_on)
        note(rests_on)
        return by_scope

    def below(self, resource_type: str, scope: str) -> Sequence[Resource]:
        """The resources of a type (lower case) that are `scope` or are below it."""
        by_ancestor = self._below.get(resource_type)
        if by_ancestor is None:
            by_ancestor = self._below[resource_type] = defaultdict(list)
            for resource in self.by_type.get(resource_type, ()):
                for above in ancestors(arm_id.key(resource["id"])):
                    by_ancestor[above].append(resource)
        return by_ancestor.get(arm_id.key(scope), ())

    @cached_property
    def gaps_by_scope(self) -> dict[str, dict[str, list[Gap]]]:
        """Aspect -> key of the scope -> its gaps."""
        found: dict[str, dict[str, list[Gap]]] = {}
        for gap in self.gaps:
            found.setdefault(gap.aspect, {}).setdefault(arm_id.key(gap.scope), []).append(gap)
        return found

    def gaps_above(self, aspect: str, *scopes: str) -> tuple[Gap, ...]:
        """The gaps of an aspect at any of the given ids or above them."""
        of_aspect = self.gaps_by_scope.get(aspect)
        if not of_aspect:
            return ()
        found: dict[Gap, None] = {}
        for scope in scopes:
            for above in ancestors(arm_id.key(scope)):
                found.update(dict.fromkeys(of_aspect.get(above, ())))
        return tuple(found)

    def aspects_missing(self, resource_id: str) -> set[str]:
        """The aspects that have a gap at a resource or above it; that of a subscription's list counts for all in it."""
        if not self.gaps:
            return set()
        found: set[str] = set()
        for above in ancestors(arm_id.key(resource_id)):
            found |= self._aspects_by_scope.get(above, set())
        return found

    @cached_property
    def _aspects_by_scope(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for gap in self.gaps:
            found[arm_id.parent_of(gap.scope) if arm_id.is_list(gap.scope) else arm_id.key(gap.scope)].add(gap.aspect)
        return found

    def once(self, work_out: Callable[[SnapshotIndex], _Found]) -> _Found:
        """What `work_out` makes of the whole index, worked out once."""
        if work_out not in self._once:
            self._once[work_out] = work_out(self)
        found: _Found = self._once[work_out]
        return found


def at_or_above(by_scope: Mapping[str, list[_Placed]], resource_id: str) -> list[Resource]:
    """What is placed at the scope `resource_id` or above it, in order."""
    found: dict[int, Resource] = {}
    for scope in ancestors(arm_id.key(resource_id)) if by_scope else ():
        found.update(by_scope.get(scope, ()))
    return [found[place] for place in sorted(found)]


def scope_of(resource_type: str, resource: Resource) -> str:
    """The scope that a lock or role assignment counts for, as Azure wrote it."""
    inner = resource.get("properties")
    inner = inner if isinstance(inner, dict) else {}
    scope = inner.get("scope") if resource_type == ASSIGNMENT else None
    return scope if isinstance(scope, str) and scope else arm_id.parent_of(resource["id"])


def ancestors(resource_key: str) -> list[str]:
    """The keys at and above a key: `/`, `/subscriptions`, `/subscriptions/S` … and the key itself."""
    found, at = [TENANT], resource_key.find("/", 1)
    while at > 0:
        found.append(resource_key[:at])
        at = resource_key.find("/", at + 1)
    if resource_key != TENANT:
        found.append(resource_key)
    return found


def _scope_key(scope: str) -> str:
    key = arm_id.key(scope) if scope else ""
    return TENANT if key.startswith("/providers/microsoft.management/") else key
