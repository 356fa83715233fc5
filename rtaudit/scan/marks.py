"""Marks: hold what a source file contains, whatever its language: strings, entries, calls, imports."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

HOLE = re.compile(r"\{([^{}]*)\}")
"""A part of a value that is no literal: the name that it comes from."""


@dataclass(slots=True)
class Mark:
    """One thing that a file says."""

    kind: str
    """`text` (a string), `entry` (a name that is given a value), `call`, `import`."""
    key: str
    """Of an entry its name, of a call the dotted name that is called, of an import the modules."""
    value: str
    """Its text; `{name}` represents what is no literal."""
    call: str
    """The dotted name of the call around it; empty where there is none."""
    under: tuple[str, ...]
    """The entries around it, outermost first."""
    line: int
    """1-based."""
    column: int
    """1-based, in characters."""
    scope: tuple[int, int, int]
    """Numbers of the function, statement and call around it; 0 where there is none."""
    refs: tuple[str, ...] = ()
    """Names that the value is made of."""
    full: str = ""
    """Of an entry the dotted name on its left side."""
    form: str = ""
    """Of an entry what its grammar calls it: pair, keyword_argument, …; `subscript` for `x["name"] = …`."""
    guards: tuple[str, ...] = ()
    """Names of versions that the conditions around it ask for."""
    resolved: str = ""
    """The value with the names that are known replaced."""
    via: tuple[str, ...] = ()
    """Where the replaced names are given their values: `file:line`."""

    @property
    def shown(self) -> str:
        """What it says, as far as it is known."""
        return self.resolved or self.value


@dataclass(slots=True)
class Comment:
    """Lines that are a comment or documentation, from first to last."""

    first: int
    last: int
    column: int


@dataclass(slots=True)
class Source:
    """One file that was read."""

    path: str
    """From the root of the scan, with slashes."""
    lines: Sequence[str]
    grammar: str
    """The name of its grammar; empty where it was read as text."""
    side: str
    """browser, mobile, server, config, tests or prose."""
    marks: list[Mark] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    parsed: bool = True
    """False where the grammar did not fit, and the file was read as text."""
    project: str = ""
    """The folder of its project."""
    opens_voice_live: int = 0
    """The first line that opens sessions of Voice Live, by its path or its library; 0 for none."""
    signs: dict[str, int] = field(default_factory=dict)
    """What the file speaks of (azure, realtime, voiceLive, …) -> the first line that says so."""

    _by_kind: dict[str, list[Mark]] = field(default_factory=dict, repr=False)
    _known: int = 0
    """Marks that are in `_by_kind`."""

    def of(self, kind: str) -> Sequence[Mark]:
        """Its marks of one kind."""
        for mark in self.marks[self._known :]:
            self._by_kind.setdefault(mark.kind, []).append(mark)
        self._known = len(self.marks)
        return self._by_kind.get(kind, ())

    def commented(self, line: int, column: int) -> bool:
        """True where a line and column (1-based) are in a comment."""
        return any(
            one.first <= line <= one.last and (line > one.first or column >= one.column) for one in self.comments
        )


def near(one: Mark, other: Mark, within: str) -> bool:
    """True when two marks of one file are in the same call, statement or function.

    Outside of functions, what lies within 40 lines is as near as one function.
    """
    if within == "file":
        return True
    if within == "line":
        return one.line == other.line
    if within == "call":
        return one.scope[2] == other.scope[2] != 0
    if within == "beside":
        return abs(one.line - other.line) <= BESIDE_LINES
    if within == "statement":
        return one.scope[1] == other.scope[1] != 0
    return one.scope[0] == other.scope[0] and (one.scope[0] != 0 or abs(one.line - other.line) <= MODULE_LINES)


BESIDE_LINES = 6
"""How far apart two marks of one block of settings are at most."""
MODULE_LINES = 40
"""How far apart two marks outside of functions may be and still belong together."""
