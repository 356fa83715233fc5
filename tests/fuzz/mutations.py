"""Mutations: documents that are nearly right. What a fuzzer changes is drawn by hypothesis, so that a failure shrinks."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

TEXTS = st.text(max_size=12) | st.sampled_from(
    [
        "", " ", "null", "true", "\x00", "\u202e", "\ud800", "##vso[x]y", "::error::x", "../..", "/", "/subscriptions/", "{id}", "{{x}}",
        "$(x)", "'; --", "=1+1", "<script>", "[", "{", "%s", "%zz", "9" * 400, "2026-13-45", "0001-01-01T00:00:00Z", "10.0.0.0/99",
        "::1", "a" * 3000, "İ", "ß", "/subscriptions/x/resourceGroups/y/providers/Microsoft.CognitiveServices/accounts/z",
    ]
)  # fmt: skip
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a document, the whole first."""
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))


class Fuzzed:
    """A document, and what was done to it: a report of a failure shows that alone."""

    def __init__(self, document: Any, done: list[str]) -> None:
        self.document = document
        self._done = done

    def __repr__(self) -> str:
        return f"Fuzzed({self._done})"


@st.composite
def mutated(draw: st.DrawFn, document: Any, changes: int = 4) -> Fuzzed:
    """The document with up to `changes` things replaced, left out, doubled, renamed or swapped."""
    made = copy.deepcopy(document)
    done: list[str] = []
    for _ in range(draw(st.integers(1, changes))):
        inner = [path for path in places(made) if path]
        if not inner:
            return Fuzzed(draw(VALUES), done)
        path = draw(st.sampled_from(inner))
        owner = made
        for step in path[:-1]:
            owner = owner[step]
        last = path[-1]
        how = draw(st.sampled_from(["replace", "replace", "remove", "double", "rename", "swap"]))
        done.append(f"{how} {path}")
        if how == "replace":
            owner[last] = draw(VALUES)
            done[-1] += f" {str(owner[last])[:100]!r}"
        elif how == "remove":
            del owner[last]
        elif how == "double" and isinstance(owner, list):
            owner.append(copy.deepcopy(owner[last]))
        elif how == "rename" and isinstance(owner, dict):
            owner[draw(TEXTS)] = owner.pop(last)
        else:
            other: Any = made
            for step in draw(st.sampled_from(inner)):
                other = other[step] if _has(other, step) else other
            owner[last] = copy.deepcopy(other)
    return Fuzzed(made, done)


def _has(value: Any, step: Any) -> bool:
    return (
        step in value
        if isinstance(value, dict)
        else isinstance(value, list) and isinstance(step, int) and step < len(value)
    )
