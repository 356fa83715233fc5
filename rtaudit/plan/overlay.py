"""Overlay: lays a planned resource over the one that is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from rtaudit.plan.model import PlannedResource, at


def over(
    there: dict[str, Any],
    body: dict[str, Any],
    planned: PlannedResource,
    unknown: list[tuple[str, str]],
    assigned: Sequence[str],
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """A planned resource over the one that is there, and what is not known of it then."""
    if planned.fate == "put":
        # A PUT sets what it names and unsets the rest; what Azure alone writes stays.
        _keep_assigned(there, body, assigned)
        return body, unknown
    if planned.fate == "keep":
        merged = _kept(there, body)
        for path in planned.cleared:
            if at(merged, path.split(".")):  # empty is unset too
                unset(merged, path.split("."))
        return merged, []  # what the plan does not tell of what it leaves as it is, the snapshot shows
    merged = merge(there, body)
    for path in planned.whole:
        *above, last = path.split(".")
        if isinstance(stated := at(body, [*above, last]), dict):
            at(merged, above)[last] = dict(stated)
            _keep_assigned(there, merged, assigned)
    for path in planned.cleared:
        unset(merged, path.split("."))
    for pointer, _ in unknown:
        if not isinstance(at(body, steps(pointer)), list):
            unset(merged, steps(pointer))
    return merged, unknown


_FORM = ("location", "odata.type")
"""Fields that cannot change of what stays, and that a plan writes in a form of its own."""


def _kept(there: Any, shown: Any) -> Any:
    """What is there, with each single value that the plan shows otherwise; the plan's form of a list is not Azure's."""
    if isinstance(there, dict) and isinstance(shown, dict):
        return {
            name: value if shown.get(name) is None or name in _FORM else _kept(value, shown[name])
            for name, value in there.items()
        }
    same = isinstance(there, dict | list) or isinstance(shown, dict | list) or str(there).lower() == str(shown).lower()
    return there if same else shown


def _keep_assigned(there: dict[str, Any], body: dict[str, Any], assigned: Sequence[str]) -> None:
    """Put what Azure alone writes back into a resource that the plan shows whole."""
    has_identity = "systemassigned" in str(at(body, ("identity", "type"))).lower()
    for pointer in list(elements(there, assigned)):
        value = at(there, steps(pointer))
        if value is None or (pointer.startswith("/identity/") and not has_identity):
            continue
        _set(body, steps(pointer), value)


def merge(lower: Any, upper: Any) -> Any:
    """`upper` over `lower`, key by key of their objects; lists whole."""
    if isinstance(lower, dict) and isinstance(upper, dict):
        return {**lower, **{key: merge(lower.get(key), value) for key, value in upper.items()}}
    return upper


def elements(body: dict[str, Any], pointers: Iterable[str]) -> Iterator[str]:
    """The pointers, with `*` once for each element that the list has."""
    for pointer in pointers:
        if "/*/" not in pointer:
            yield pointer
            continue
        head, _, tail = pointer.partition("/*/")
        items = at(body, steps(head))
        for index in range(len(items) if isinstance(items, list) else 0):
            yield f"{head}/{index}/{tail}"


@lru_cache(maxsize=16_384)
def steps(pointer: str) -> tuple[str | int, ...]:
    """A JSON Pointer as steps; what is a number is an index."""
    parts = pointer.split("/")[1:]
    return tuple([int(step) if step.isdigit() else step.replace("~1", "/").replace("~0", "~") for step in parts])


def _set(body: Any, path: Sequence[str | int], value: Any) -> None:
    for step in path[:-1]:
        if isinstance(body, list):
            body = body[step] if isinstance(step, int) and step < len(body) else None
        elif isinstance(body, dict):
            body = body.setdefault(str(step), {})
        else:
            return
    if isinstance(body, dict):
        body.setdefault(str(path[-1]), value)


def unset(body: Any, path: Sequence[str | int]) -> None:
    """Take away what is at the path; what is on the way is copied, since others may hold it too."""
    above = at(body, path[:-1])
    if not isinstance(above, dict) or path[-1] not in above:
        return
    for step in path[:-1]:
        inner = at(body, (step,))
        body[step] = inner = inner.copy()
        body = inner
    del body[path[-1]]
