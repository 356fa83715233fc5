"""Planned resources: what every reader of a plan gives, whatever the plan's format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Fate = Literal["create", "put", "change", "keep", "exists", "delete"]
"""What becomes of a resource: made; made or written over (the plan does not tell which); changed; left as it is; left as it
is and not shown; removed."""


class Unknown:
    """A value that the plan does not hold: an expression, `known after apply`, a reference that leads nowhere."""

    __slots__ = ("why",)

    def __init__(self, why: str) -> None:
        self.why = why
        """Why it is not known, as a clause without names of values: `known after apply`."""

    def __repr__(self) -> str:
        return f"Unknown({self.why!r})"


@dataclass
class PlannedResource:
    """One resource of a plan, in the shape that a GET of Azure Resource Manager would give."""

    id: str
    """The id that Azure will give where the plan tells it, else one below `/planned/`."""
    body: dict[str, Any]
    """The resource, id, name and type included; an Unknown may be anywhere in it."""
    address: str
    """What the code calls it: a Terraform address, or the id where the format has no names."""
    fate: Fate
    conditional: bool = False
    """True where a condition that the plan does not settle decides whether it is deployed."""
    defaults: Mapping[str, str] = field(default_factory=dict)
    """JSON Pointer -> the attribute that the code does not set, so that the provider's default holds."""
    cleared: Sequence[str] = ()
    """Dotted paths of what the plan says is not set: an update takes it away."""
    whole: Sequence[str] = ()
    """Dotted paths of objects that the plan shows whole: an update puts them in the place of what is there."""
    unmodelled: Sequence[str] = ()
    """JSON Pointers of what this kind of code cannot say; of an update, whatever else Azure holds stays."""
    source: tuple[str, int] | None = None
    """File and line (1-based) of the code, where they are certain."""
    partial: bool = False
    """True where the resource may hold more below `properties` than the plan shows; of one that `exists`, something else."""


@dataclass
class Plan:
    """One plan file, read."""

    format: str
    """`Bicep snapshot`, `Terraform plan` or `what-if result`."""
    file: str
    resources: list[PlannedResource] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Why resources may be missing from it: nothing follows from what is absent. Sentences."""
    warnings: list[str] = field(default_factory=list)
    """What the reader should know: types and attributes that were passed over, guesses that were made. Sentences."""
    nth: str = ""
    """Of several plans of one environment, what sets the second and later apart in names that are made up; empty of the first."""


AFTER_APPLY = "known after apply"
"""Why a value of a Terraform plan is not known."""


def known(value: Any) -> bool:
    """True when `value` is neither unknown nor null."""
    return value is not None and not isinstance(value, Unknown)


def at(value: Any, steps: Sequence[str | int]) -> Any:
    """What is at the steps in `value`; an Unknown on the way is the answer; None where nothing is."""
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list):
            value = value[step] if isinstance(step, int) and step < len(value) else None
        else:
            return value if isinstance(value, Unknown) else None
    return value


def put(target: dict[str, Any], path: str, value: Any) -> None:
    """Set `value` at a dotted path of `target`, making the objects on the way; null is not set, so nothing is put."""
    if value is None:
        return
    *above, last = path.split(".")
    for step in above:
        target = target.setdefault(step, {})
        if not isinstance(target, dict):
            return
    target[last] = value


def without_nulls(value: Any) -> Any:
    """`value` without keys whose value is null: in a plan null means that nothing is set."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value if item is not None]
    return value


def settle(body: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """`body` without its unknown values, and for each its JSON Pointer and why it is not known.

    An unknown inside of a list's element makes the list unknown, not the element: lists that are sets are sorted anew, so
    an index would point at another element. The element is left out, and what else the list holds stays. Of an only element
    what is known stays.
    """
    found: list[tuple[str, str]] = []
    settled = _settle(body, "", found)
    return (settled if isinstance(settled, dict) else {}), list(dict.fromkeys(found))


def _settle(value: Any, pointer: str, found: list[tuple[str, str]]) -> Any:
    if isinstance(value, Unknown):
        found.append((pointer, value.why))
        return None
    if isinstance(value, dict):
        kept: dict[str, Any] = {}
        for key, item in value.items():
            if isinstance(item, dict | list | Unknown):
                inner = _settle(item, f"{pointer}/{escaped(key)}", found)
                if not isinstance(item, Unknown):
                    kept[key] = inner
            else:
                kept[key] = item
        return kept
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        return [_settle(value[0], f"{pointer}/0", found)]
    if isinstance(value, list):
        items = []
        for item in value:
            first = next(unknowns(item), None)
            if first is None:
                items.append(item)
            else:
                found.append((pointer, first.why))
        return items
    return value


def unknowns(value: Any) -> Iterator[Unknown]:
    """Every Unknown inside `value`."""
    if isinstance(value, Unknown):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from unknowns(item)
    elif isinstance(value, list):
        for item in value:
            yield from unknowns(item)


def escaped(key: str) -> str:
    """A key as a step of a JSON Pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def value_of(after: Any, unknown: Any) -> Any:
    """`after` with an Unknown at each place that `unknown` marks."""
    if unknown is True:
        return Unknown(AFTER_APPLY)
    if isinstance(unknown, dict) and unknown:
        base = after if isinstance(after, dict) else {}
        marked = {key: value_of(base.get(key), mark) for key, mark in unknown.items() if mark or key not in base}
        return {**base, **marked}
    if isinstance(unknown, list) and unknown:
        items = after if isinstance(after, list) else []
        size = max(len(items), len(unknown))
        pairs = [
            (items[index] if index < len(items) else None, unknown[index] if index < len(unknown) else False)
            for index in range(size)
        ]
        return [value_of(item, mark) for item, mark in pairs]
    return after
