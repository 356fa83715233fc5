"""Partial resources: raw resources of which single values are not known, and what a reader of them came to need.

A gap with a `field` says that one value is not known. Rules and facts read resources as plain dicts; a Partial is such a dict
that notes the gap when somebody asks for the value, so that what was worked out from it is known to be unknown.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rtaudit.snapshot.gaps import Gap

_noting: list[dict[Gap, None]] = []


@contextlib.contextmanager
def noting() -> Iterator[dict[Gap, None]]:
    """Within, the gaps of every unknown value that is read are put into the yielded dict, in order."""
    found: dict[Gap, None] = {}
    _noting.append(found)
    try:
        yield found
    finally:
        _noting.pop()


def note(gaps: Iterable[Gap]) -> None:
    """Say that what is being worked out rests on values that these gaps hide."""
    if _noting:
        _noting[-1].update(dict.fromkeys(gaps))


class Partial(dict[str, Any]):
    """A dict of which some values are not known: reading one, or all of them, notes its gap."""

    __slots__ = ("rest", "unknown")

    def __init__(self, known: dict[str, Any]) -> None:
        super().__init__(known)
        self.unknown: dict[str, tuple[Gap, ...]] = {}
        """Key -> the gaps of its value: not there, or a list that is not whole."""
        self.rest: tuple[Gap, ...] = ()
        """The gaps of every key that is not there."""

    def _ask(self, key: Any) -> None:
        gaps = self.unknown.get(key, () if dict.__contains__(self, key) else self.rest)
        if gaps:
            note(gaps)

    def _ask_all(self) -> None:
        note([*self.rest, *(gap for gaps in self.unknown.values() for gap in gaps)])

    def get(self, key: Any, default: Any = None) -> Any:
        self._ask(key)
        return dict.get(self, key, default)

    def __getitem__(self, key: Any) -> Any:
        self._ask(key)
        return dict.__getitem__(self, key)

    def __contains__(self, key: object) -> bool:
        self._ask(key)
        return dict.__contains__(self, key)

    def __iter__(self) -> Iterator[str]:
        self._ask_all()
        return dict.__iter__(self)

    def keys(self) -> Any:
        self._ask_all()
        return dict.keys(self)

    def values(self) -> Any:
        self._ask_all()
        return dict.values(self)

    def items(self) -> Any:
        self._ask_all()
        return dict.items(self)

    def __eq__(self, other: object) -> bool:
        self._ask_all()
        return dict.__eq__(self, other)

    __hash__ = None


def with_gaps(resource: dict[str, Any], gaps: Iterable[Gap]) -> dict[str, Any]:
    """The resource with a Partial wherever one of the gaps has its `field`; what is on the way is copied once, not changed.

    A field that is an object which is there means whatever else may be in it; one that is a list, further elements.
    """
    copies = _Copies()
    for gap in gaps:
        if gap.field is not None:
            resource = copies.marked(resource, [_unescaped(step) for step in gap.field.split("/")[1:]], gap)
    return resource


class _Copies:
    """The copies of one resource's values that were made for its gaps: these alone may be changed."""

    def __init__(self) -> None:
        self._made: dict[int, Any] = {}  # by identity; the values keep each identity in use

    def marked(self, value: Any, steps: list[str], gap: Gap) -> Any:
        if isinstance(value, list) and steps:
            index = int(steps[0]) if steps[0].isdecimal() else len(value)
            if index >= len(value):
                return value
            items = self._own(value, list)
            items[index] = self.marked(items[index], steps[1:], gap)
            return items
        if not isinstance(value, dict):
            return value
        if not steps:
            partial = self._partial(value)
            partial.rest = (*partial.rest, gap)
            return partial
        inner = dict.get(value, steps[0])
        if isinstance(inner, dict) or (isinstance(inner, list) and len(steps) > 1):
            copy = self._partial(value) if isinstance(value, Partial) else self._own(value, dict)
            dict.__setitem__(copy, steps[0], self.marked(inner, steps[1:], gap))
            return copy
        partial = self._partial(value)
        partial.unknown[steps[0]] = (*partial.unknown.get(steps[0], ()), gap)
        return partial

    def _own(self, value: Any, copied: Callable[[Any], Any]) -> Any:
        """The value itself, where it is one of the copies; else a copy."""
        if id(value) in self._made:
            return value
        copy = copied(value)
        self._made[id(copy)] = copy
        return copy

    def _partial(self, value: dict[str, Any]) -> Partial:
        if id(value) in self._made and not isinstance(value, Partial):
            del self._made[id(value)]  # a plain copy gives way to one that notes
        partial: Partial = self._own(value, _partial_copy)
        return partial


def _partial_copy(value: dict[str, Any]) -> Partial:
    copy = Partial(dict(dict.items(value)))
    if isinstance(value, Partial):
        copy.unknown, copy.rest = dict(value.unknown), value.rest
    return copy


def _unescaped(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")
