"""Aspects: name what a collection can read, skip or miss. Worked out from the table of resource types."""

from __future__ import annotations

from dataclasses import dataclass

from rtaudit.azure.resource_types import RESOURCE_TYPES


@dataclass(frozen=True, slots=True)
class Aspect:
    """One thing that a collection reads."""

    name: str
    """As it is in `scope.aspects`, in gaps and in `--aspect`/`--skip`."""
    about: str
    """What it is, in a few words."""
    opt_in: bool = False
    """True when it is read only if asked for (`--aspect`, or a pack that reads it)."""
    types: tuple[str, ...] = ()
    """The types that it reads (lower case), the one that represents it first."""
    filtered_by: tuple[str, ...] = ()
    """The aspects that say what of its lists is kept, or what is asked for: a gap there hides resources here."""
    compared: str = "always"
    """`always`, `overTime` (not between environments) or `never`."""


def _aspect(name: str) -> Aspect:
    rows = [row for row in RESOURCE_TYPES.values() if row.aspect == name]
    first = rows[0]
    filters = (one for row in rows for one in row.filtered_by if "/" not in one)
    types = tuple(row.key for row in rows)
    return Aspect(name, first.about, first.opt_in, types, tuple(dict.fromkeys(filters)), first.compared)


ASPECTS: dict[str, Aspect] = {
    name: _aspect(name) for name in dict.fromkeys(row.aspect for row in RESOURCE_TYPES.values()) if name
}
"""Every aspect by name."""

DEFAULT_ASPECTS: tuple[str, ...] = tuple(name for name, aspect in ASPECTS.items() if not aspect.opt_in)
"""The aspects that are read unless skipped."""

RECORDS = "A records of private DNS zones that name no account in scope"
"""In `scope.leftOut.rules` of a snapshot that holds the zones' own records."""
