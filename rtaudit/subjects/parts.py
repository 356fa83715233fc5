"""Attributes: registry of what rules see of a subject: `@relation` (related resources) and `@fact` (derived values)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from rtaudit.azure.resource_types import RESOURCE_TYPES
from rtaudit.snapshot import ASPECTS, Gap

if TYPE_CHECKING:
    from rtaudit.subjects.estate import Subject

KINDS: dict[str, str] = {
    "account": "an Azure OpenAI or AI Services account",
    "deployment": "a model deployment",
    "realtimeDeployment": "a deployment whose realtime role is served (`servedRoles`, speech unless set), or unknown",
    "privateEndpoint": "a private endpoint that connects to an account in scope",
    "subscription": "a subscription that holds an account in scope",
    "environment": "the snapshot as a whole",
    "client": "a client contract",
    "probe": "what a probe of a realtime endpoint saw",
}
"""What a rule's `each` may name."""


@dataclass(frozen=True, slots=True)
class WithGaps:
    """A value, and the gaps that keep it from being the whole truth.

    With gaps, a list holds the elements that were seen; anything else is what is known so far, and decides nothing.
    """

    value: Any
    gaps: tuple[Gap, ...] = ()


class Rows(Sequence[dict[str, Any]]):
    """The rows of a fact that has one for much of the estate: each is made when it is asked for, and found by one of its fields."""

    __slots__ = ("_make", "_sources", "by")

    def __init__(
        self,
        by: str,
        sources: Sequence[tuple[str, dict[str, tuple[int, Any]]]],
        make: Callable[[str, str, Any], dict[str, Any]],
    ) -> None:
        """A source is a name, and of each key (lower case, in order) its place among the keys and what belongs to it.

        `make` makes a row of a name, a key and what belongs to it; `by` is the field of a row that holds the key.
        """
        self.by = by
        self._sources = sources
        self._make = make

    def __len__(self) -> int:
        return sum(len(found) for _, found in self._sources)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self._make(name, key, value) for name, found in self._sources for key, (_, value) in found.items())

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> Any:
        rows = iter(self)
        return list(itertools.islice(rows, 1)) if index == slice(1) else list(rows)[index]

    def having(self, keys: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
        """The rows of which the field `by` is one of `keys`, in any case, in order, each with its place among all rows."""
        wanted = {key.lower() for key in keys}
        before = 0
        for name, found in self._sources:
            for place, key in sorted((found[key][0], key) for key in wanted if key in found):
                yield before + place, self._make(name, key, found[key][1])
            before += len(found)


@dataclass(frozen=True, slots=True)
class Attribute:
    """A root key or fact of one kind of subject."""

    name: str
    """`deployments`, or `facts.exposure`."""
    aspects: tuple[str, ...]
    """The aspects that it reads, besides the subject itself."""
    helped_by: tuple[str, ...]
    """Opt-in aspects that sharpen it where they were read: a rule applies without them, and `--for` asks for them."""
    about: str
    """What it is: the first paragraph of its docstring."""
    build: Callable[[Subject], Any]
    fields: tuple[tuple[str, str], ...] | None = None
    """Type (lower case) and dotted path of each field that it reads; an empty path is the whole resource. None: not declared."""


ATTRIBUTES: dict[str, dict[str, Attribute]] = {kind: {} for kind in KINDS}
"""Kind of subject -> name -> part."""

_Builder = Callable[["Subject"], Any]

_TYPES = {"client": "client", **{row.short: row.key for row in RESOURCE_TYPES.values() if row.short}}
"""Short name -> type."""


def _placed(fields: str) -> Iterator[tuple[str, str]]:
    for one in filter(None, fields.split(";")):
        short, _, paths = one.strip().partition(":")
        for path in paths.split() or [""]:
            yield _TYPES[short], path


def relation(*kinds: str, aspects: tuple[str, ...] = (), fields: str | None = None) -> Callable[[_Builder], _Builder]:
    """Register the decorated function as a root key: `diagnostic_settings` becomes `diagnosticSettings`."""
    return _register("", kinds, aspects, (), fields)


def fact(
    *kinds: str, aspects: tuple[str, ...] = (), helped_by: tuple[str, ...] = (), fields: str | None = None
) -> Callable[[_Builder], _Builder]:
    """Register the decorated function as a fact: `realtime_role` becomes `facts.realtimeRole`.

    It may return a plain value (known for certain) or a WithGaps with the gaps that count against it. `fields` are what it
    reads, by the short names of types: `account: location; metricAlert: properties.scopes`; `account` alone is all of it.
    """
    return _register("facts.", kinds, aspects, helped_by, fields)


def _register(
    prefix: str, kinds: tuple[str, ...], aspects: tuple[str, ...], helped_by: tuple[str, ...], fields: str | None
) -> Callable[[_Builder], _Builder]:
    placed = None if fields is None else tuple(_placed(fields))

    def decorate(function: _Builder) -> _Builder:
        head, *tail = function.__name__.split("_")
        name = prefix + head + "".join(word.title() for word in tail)
        about = " ".join((function.__doc__ or "").split("\n\n")[0].split())
        assert about, f"{name} has no docstring"
        assert all(aspect in ASPECTS for aspect in (*aspects, *helped_by)), f"{name} reads an unknown aspect"
        for kind in kinds:
            ATTRIBUTES[kind][name] = Attribute(name, aspects, helped_by, about, function, placed)
        return function

    return decorate
