"""Callers: compares the identity that a client contract names by the roles that it holds, not by its id."""

from __future__ import annotations

from rtaudit.contract.sections import caller_of
from rtaudit.drift.pairing import PairedResources
from rtaudit.drift.sides import Resource, SideIndex


def name_callers(left: SideIndex, right: SideIndex, pair: PairedResources, one: Resource, other: Resource) -> None:
    """Put `callerRoles` into the two normalised contracts of a pair, and take out ids that differ by design between environments.

    Where either side's roles are not known, neither has them: a gap says so elsewhere.
    """
    assert pair.left is not None
    assert pair.right is not None
    if not (caller_of(pair.left) and caller_of(pair.right)):
        return
    here, there = left.caller_roles.get(pair.left["id"]), right.caller_roles.get(pair.right["id"])
    if here is not None and there is not None:
        one["callerRoles"], other["callerRoles"] = here, there
    if left.label != right.label:
        for contract in (one, other):
            for name in ("caller", "principalId"):
                contract.pop(name, None)
