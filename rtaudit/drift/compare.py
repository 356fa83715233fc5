"""Comparison: finds where two normalised resources differ. Deepdiff sees each way in which two differ once."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rtaudit.drift.ignored_fields import FOLLOWS


@dataclass(frozen=True, slots=True)
class Difference:
    """One path at which two normalised resources differ."""

    path: str
    """JSON Pointer; a list is pointed at as a whole."""
    kind: str
    """changed, added or removed, as seen from the base."""
    before: Any
    after: Any


def differences(left: dict[str, Any], right: dict[str, Any], resource_type: str) -> list[Difference]:
    """Where `left` and `right` differ, by path. Strings that differ in case only are equal, except in tags."""
    if left == right:
        return []
    one, other = unequal(left, right)
    found: dict[str, Difference] = {}
    for path in _places(_shape(one), _shape(other)):
        for difference in _leaves(path, _at(one, path), _at(other, path)):
            found[difference.path] = difference
    kept = [found[path] for path in sorted(found)]
    effects = [
        effect
        for (of, effect), cause in FOLLOWS.items()
        if of == resource_type and any(_under(one.path, cause) for one in kept)
    ]
    return [one for one in kept if not any(_under(one.path, effect) for effect in effects)]


def _under(path: str, top: str) -> bool:
    return path == top or path.startswith(top + "/")


def unequal(left: dict[str, Any], right: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both without what is equal in them."""
    one, other = dict(left), dict(right)
    for key, value in left.items():
        if key not in right:
            continue
        opposite = right[key]
        if value == opposite:
            del one[key], other[key]
        elif isinstance(value, dict) and isinstance(opposite, dict):
            one[key], other[key] = unequal(value, opposite)
    return one, other


def _shape(value: Any) -> Hashable:
    """What of a value without equal parts decides where it differs: its fields and numbers; of a text or a list only that it is one."""
    if isinstance(value, dict):
        return dict, tuple([(key, _shape(held)) for key, held in value.items()])
    # With its type: True and 1 are one key, and two values.
    return type(value) if isinstance(value, str | list) else (type(value), value)


def _of_shape(shape: Any, side: str) -> Any:
    """A value of this shape, unequal to that of the other side. A list is bytes, which no JSON holds: it changes as a whole."""
    if shape is str:
        return side
    if shape is list:
        return side.encode()
    kind, held = shape
    return {key: _of_shape(inner, side) for key, inner in held} if kind is dict else held


@lru_cache(maxsize=16_384)
def _places(left: Hashable, right: Hashable) -> tuple[tuple[Any, ...], ...]:
    """The paths at which values of two shapes differ, as deepdiff says. Estates differ in few ways and many places."""
    # Imported here: a diff without a difference never needs it.
    from deepdiff import DeepDiff

    tree = DeepDiff(
        _of_shape(left, "left"),
        _of_shape(right, "right"),
        view="tree",
        ignore_private_variables=False,
        ignore_numeric_type_changes=True,
        threshold_to_diff_deeper=0,
    )
    return tuple(tuple(level.path(output_format="list", force="fake")) for group in tree.values() for level in group)


_ABSENT = object()


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        if not isinstance(value, dict) or part not in value:
            return _ABSENT
        value = value[part]
    return value


def _leaves(path: tuple[Any, ...], before: Any, after: Any) -> Iterator[Difference]:
    """The difference at `path`, reported at each leaf where a whole mapping is there on one side only."""
    if before is _ABSENT and isinstance(after, dict) and after:
        for key, held in after.items():
            yield from _leaves((*path, key), _ABSENT, held)
        return
    if after is _ABSENT and isinstance(before, dict) and before:
        for key, held in before.items():
            yield from _leaves((*path, key), held, _ABSENT)
        return
    if isinstance(before, str) and isinstance(after, str) and path[:1] != ("tags",) and before.lower() == after.lower():
        return
    kind = "added" if before is _ABSENT else "removed" if after is _ABSENT else "changed"
    yield Difference(pointer(path), kind, None if before is _ABSENT else before, None if after is _ABSENT else after)


def pointer(path: tuple[Any, ...]) -> str:
    """A path as a JSON Pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def raw_at(value: Any, path: str) -> Any:
    """What is in a resource as Azure returned it where a JSON Pointer points; None where nothing does."""
    found = _at(value, tuple(part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]))
    return None if found is _ABSENT else found
