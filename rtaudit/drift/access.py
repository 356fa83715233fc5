"""Effective access: collects roles and locks in force per account; compared instead of assignments, whose ids always differ."""

from __future__ import annotations

from collections import defaultdict

from rtaudit.azure import arm_id, resource_types
from rtaudit.documents.json_values import properties, text
from rtaudit.drift.sides import Resource, SideIndex

CONDITIONAL = " (conditional)"
"""What is written behind a role that holds only under a condition."""


class EffectiveAccess:
    """Roles and locks in force at each account of a side."""

    def __init__(self, side: SideIndex, other: SideIndex) -> None:
        # Built-in roles have one id everywhere: where this side did not read a role's name, the other's will do.
        self._roles = {**_names(other), **_names(side)}
        self._index = side.index

    def roles(self, account: str) -> Resource:
        """Kind of principal -> the roles that principals of this kind hold at the account, inherited ones too."""
        held: dict[str, set[str]] = defaultdict(set)
        for item in self._index.covering(resource_types.ASSIGNMENT, account):
            inner = properties(item)
            definition = arm_id.name_of(arm_id.key(text(inner.get("roleDefinitionId"))))
            name = self._roles.get(definition) or definition
            if inner.get("condition"):
                name += CONDITIONAL
            held[text(inner.get("principalType")) or "Unknown"].add(name)
        return {"rolesHeld": {kind: sorted(names) for kind, names in held.items()}} if held else {}

    def locks(self, account: str) -> Resource:
        """The levels of the locks that cover the account."""
        levels = {text(properties(item).get("level")) for item in self._index.covering(resource_types.LOCK, account)}
        return {"locks": sorted(levels)} if levels else {}


def _names(side: SideIndex) -> dict[str, str]:
    return {
        arm_id.name_of(arm_id.key(item["id"])): text(properties(item).get("roleName"))
        for item in side.by_type.get(resource_types.DEFINITION, ())
    }
