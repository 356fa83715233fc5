"""Matching: pairs two lists by ordered criteria, the surest first; ambiguous candidates stay unmatched and are reported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rtaudit.drift.sides import Resource

KeyOf = Callable[[Resource], "str | None"]


@dataclass(frozen=True, slots=True)
class Criterion:
    """A reason to pair two resources: they have the same key."""

    name: str
    left: KeyOf
    """The key of a resource of the base; None when it has none."""
    right: KeyOf
    doubtful: bool = True
    """True when several with one key are a doubt to report; False when they merely are not settled by this ground."""
    among_all: bool = False
    """True when resources that are paired already still count as rivals: one of several regions is not "the only one"."""


@dataclass(frozen=True, slots=True)
class Match:
    """What matching found."""

    pairs: list[tuple[Resource, Resource, str]]
    """Left, right, ground."""
    doubts: list[tuple[str, list[Resource], list[Resource]]]
    """Ground, and the rivals on each side."""
    left: list[Resource]
    """Those without a counterpart."""
    right: list[Resource]


def match(
    lefts: Sequence[Resource],
    rights: Sequence[Resource],
    grounds: Sequence[Criterion],
    tie_breakers: Sequence[Criterion] = (),
) -> Match:
    """Pair `lefts` and `rights` one to one. Within an ambiguous key the `tie_breakers` are asked, in order."""
    pairs: list[tuple[Resource, Resource, str]] = []
    free_left, free_right = {id(item): item for item in lefts}, {id(item): item for item in rights}

    def take(one: Resource, other: Resource, ground: str) -> None:
        pairs.append((one, other, ground))
        del free_left[id(one)], free_right[id(other)]

    for ground in grounds:
        if not free_left or not free_right:
            break
        here = _grouped(lefts if ground.among_all else list(free_left.values()), ground.left)
        there = _grouped(rights if ground.among_all else list(free_right.values()), ground.right)
        for key, ones in here.items():
            others = there.get(key)
            if not others:
                continue
            if len(ones) == len(others) == 1:
                if id(ones[0]) in free_left and id(others[0]) in free_right:
                    take(ones[0], others[0], ground.name)
                continue
            for breaker in tie_breakers:
                others_by = _grouped(others, breaker.right)
                for inner, few in _grouped(ones, breaker.left).items():
                    opposite = others_by.get(inner, [])
                    if len(few) == len(opposite) == 1 and id(few[0]) in free_left and id(opposite[0]) in free_right:
                        take(few[0], opposite[0], f"{ground.name} and {breaker.name}")

    doubts = []
    for ground in grounds:
        if not free_left or not free_right:
            break
        if not ground.doubtful:
            continue
        here, there = _grouped(list(free_left.values()), ground.left), _grouped(list(free_right.values()), ground.right)
        for key, ones in here.items():
            if others := there.get(key):
                doubts.append((ground.name, ones, others))
                for item in ones:
                    del free_left[id(item)]
                for item in others:
                    del free_right[id(item)]
    return Match(pairs, doubts, list(free_left.values()), list(free_right.values()))


def _grouped(items: Sequence[Resource], key_of: KeyOf) -> dict[str, list[Resource]]:
    groups: dict[str, list[Resource]] = defaultdict(list)
    for item in items:
        key = key_of(item)
        if key is not None:
            groups[key].append(item)
    return groups
