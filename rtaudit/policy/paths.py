"""Field paths: compile JMESPath, the language of `az --query`, once, bounded, and never with a crash.

A plain dotted path, which most fields are, is walked directly; anything richer is left to the jmespath library. `$.` in front
reads from the subject even inside `some`, `every`, `none` and `count`, where a path otherwise starts at the element.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import jmespath
import jmespath.exceptions
from jmespath.functions import Functions

from rtaudit.errors import did_you_mean
from rtaudit.snapshot import Gap
from rtaudit.snapshot.partial import noting
from rtaudit.subjects import Rows, Subject, WithGaps
from rtaudit.subjects.estate import late_fields, not_shown

MAX_LENGTH = 500
"""Longest path, in characters."""
MAX_DEPTH = 30
"""Deepest nesting of a path's expression."""

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*\Z")
_NEEDS_QUOTES = re.compile(r"(?:^|\.)([A-Za-z_][A-Za-z0-9_]*-[A-Za-z0-9_-]+)")
_LATE = late_fields()

Read = tuple[Any, tuple[Gap, ...]]
"""A value, and the gaps that count against it."""


class PathError(ValueError):
    """Raised when a text is no path; says why, and in `hint` what to write instead."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class FieldPath:
    """A compiled path."""

    __slots__ = ("_expression", "_late", "_only", "_parts", "_whole", "anchored", "is_monotone", "roots", "text")

    def __init__(self, text: str) -> None:
        self.anchored = text.startswith("$.")
        """True when it starts at the subject wherever it is."""
        self.text = text.removeprefix("$.")
        """As written, without the anchor."""
        self._late = tuple(late for late in _LATE if late.rsplit(".", 1)[-1] in self.text)
        self._whole = self.text == "@"
        self.is_monotone = True
        """False when a list that a gap cut short may give an element here which the whole list would not."""
        self._only: str | None = None  # the one name of a path that has just one: most fields of elements
        self._expression: Any = None
        self._parts: tuple[str, ...] = ()
        if len(text) > MAX_LENGTH:
            raise PathError(f"the path is {len(text):,} characters long, more than {MAX_LENGTH}", "shorten it")
        if _PLAIN.match(self.text):
            parts = self.text.split(".")
            # A fact is one root: facts.exposure, not facts.
            self._parts = (".".join(parts[:2]), *parts[2:]) if parts[0] == "facts" and len(parts) > 1 else tuple(parts)
            self.roots: tuple[str, ...] = (self._parts[0],)
            self._only = parts[0] if len(parts) == 1 else None
        elif self.text == "@":
            self.roots = ()
        else:
            self._expression = _parse(self.text)
            roots = set(_roots(self._expression.parsed))
            self._whole = "@" in roots
            self.is_monotone = _grows(self._expression.parsed)
            self.roots = tuple(sorted(roots - {"@"}))
        """The root keys and facts that it reads when it starts at the subject."""

    def of_subject(self, subject: Subject) -> Read:
        """What is at the path in a subject."""
        if not subject.estate.partial:
            return self._of_subject(subject)
        with noting() as rests_on:
            value, gaps = self._of_subject(subject)
        if rests_on and any(root.startswith("facts.") for root in self.roots):
            value = None  # what was worked out from a value that is not known shows nothing, a list's elements neither
        return value, tuple(dict.fromkeys((*gaps, *rests_on)))

    def _of_subject(self, subject: Subject) -> Read:
        if self._parts:
            joined = subject.join(self._parts[0])
            value, gaps = joined.value, joined.gaps
            if len(self._parts) > 1 or type(value) is WithGaps:
                value, gaps = _walk(value, self._parts, gaps)
            if type(value) is Rows:
                return list(value), gaps
            if self._late and value is None and not gaps:
                return None, self._not_shown(subject.raw, subject)
            return value, gaps
        if self._expression is None:
            return subject.raw, ()
        found: dict[str, Any] = dict(subject.raw) if self._whole else {}
        gaps = self._not_shown(found if self._whole else subject.raw, subject)
        for root in self.roots:
            joined = subject.join(root)
            gaps += joined.gaps
            value, inner = _settled(list(joined.value) if type(joined.value) is Rows else joined.value)
            gaps += inner
            for item in value if self._late and isinstance(value, list) else ():
                gaps += self._not_shown(item, subject)
            if root.startswith("facts."):
                found.setdefault("facts", {})[root[6:]] = value
            else:
                found[root] = value
        return _search(self._expression, found), gaps

    def rows(self, subject: Subject) -> tuple[Rows, tuple[Gap, ...]] | None:
        """The rows at the path in a subject, not made yet, where they are such and their gaps are all that is noted."""
        if len(self._parts) != 1 or subject.estate.partial:
            return None
        joined = subject.join(self._parts[0])
        return (joined.value, joined.gaps) if type(joined.value) is Rows else None

    def of_element(self, element: Any, subject: Subject) -> Read:
        """What is at the path in an element of one of the subject's lists (or in the subject, when anchored)."""
        if not subject.estate.partial:
            return self._of_element(element, subject)
        with noting() as rests_on:
            value, gaps = self._of_element(element, subject)
        return value, tuple(dict.fromkeys((*gaps, *rests_on)))

    def _of_element(self, element: Any, subject: Subject) -> Read:
        if self._only is not None and not self.anchored:
            value = element.get(self._only) if isinstance(element, dict) else None
            return (value.value, value.gaps) if type(value) is WithGaps else (value, ())
        if self.anchored:
            return self.of_subject(subject)
        if self._expression is not None:
            value, gaps = _settled(element)
            return _search(self._expression, value), gaps + self._not_shown(value, subject)
        if not self._parts:
            return _settled(element)
        if not isinstance(element, dict):
            return None, ()
        first = self._parts[0]
        start = element.get(first) if "." not in first else _walk(element, ("", *first.split(".")), ())[0]
        value, gaps = _walk(start, self._parts, ())
        if self._late and value is None and not gaps:
            return None, self._not_shown(element, subject)
        return value, gaps

    def _not_shown(self, resource: Any, subject: Subject) -> tuple[Gap, ...]:
        """The gaps of the fields named here that the api-version used cannot show, where `resource` has none."""
        if not self._late or not isinstance(resource, dict) or not isinstance(resource.get("id"), str):
            return ()
        missing = [late for late in self._late if _walk(resource, ("", *late.split(".")), ())[0] is None]
        return tuple(gap for late in missing if (gap := not_shown(subject.estate, resource, late)))


@lru_cache(maxsize=4096)
def compile_path(text: str) -> FieldPath:
    """The compiled path of a text. Raises PathError."""
    return FieldPath(text)


def _walk(value: Any, parts: tuple[str, ...], gaps: tuple[Gap, ...]) -> Read:
    """Follow `parts[1:]` from `value`; a Joined on the way adds its gaps."""
    for part in parts[1:]:
        if type(value) is WithGaps:
            gaps += value.gaps
            value = value.value
        value = value.get(part) if isinstance(value, dict) else None
    if type(value) is WithGaps:
        return value.value, gaps + value.gaps
    return value, gaps


def _settled(value: Any) -> Read:
    """`value` with every Joined inside replaced by its value, and their gaps; what holds none is the same object as before."""
    gaps: list[Gap] = []
    return _plain(value, gaps), tuple(gaps)


_NESTS = (dict, list, WithGaps)


def _plain(value: Any, gaps: list[Gap]) -> Any:
    if isinstance(value, WithGaps):
        gaps += value.gaps
        return _plain(value.value, gaps)
    plain = value
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, _NESTS) and (inner := _plain(item, gaps)) is not item:
                plain = dict(value) if plain is value else plain
                plain[key] = inner
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, _NESTS) and (inner := _plain(item, gaps)) is not item:
                plain = list(value) if plain is value else plain
                plain[index] = inner
    return plain


def unwrap(value: Any) -> Any:
    """`value` as plain data, for evidence."""
    return _settled(value)[0]


def _search(expression: Any, value: Any) -> Any:
    try:
        return expression.search(value)
    except (jmespath.exceptions.JMESPathError, TypeError, ValueError, ArithmeticError, RecursionError):
        # A type error inside an expression means that what it asks for is not there.
        return None


def _parse(text: str) -> Any:
    try:
        expression = jmespath.compile(text)
    except (jmespath.exceptions.JMESPathError, RecursionError) as error:
        quoted = _NEEDS_QUOTES.search(text)
        hint = (
            f'a name with a hyphen needs quotes: "{quoted.group(1)}"'
            if quoted
            else "fields are JMESPath, as in `az --query`"
        )
        reason = (
            "it is nested too deeply" if isinstance(error, RecursionError) else str(error).splitlines()[0].rstrip(":")
        )
        raise PathError(f"'{text}' is not a JMESPath expression: {reason}", hint) from None
    _check(expression.parsed, 0)
    return expression


def _check(node: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise PathError(f"the path is nested more than {MAX_DEPTH} levels deep", "flatten it")
    if node["type"] == "function_expression" and node["value"] not in Functions.FUNCTION_TABLE:
        near = did_you_mean(str(node["value"]), Functions.FUNCTION_TABLE)
        known = ", ".join(sorted(Functions.FUNCTION_TABLE))
        raise PathError(
            f"JMESPath has no function {node['value']}()",
            f"did you mean {near}()? known: {known}" if near else f"known: {known}",
        )
    for child in node["children"]:
        if isinstance(child, dict):
            _check(child, depth + 1)


_LEFT_ONLY = frozenset(
    {
        "subexpression",
        "index_expression",
        "projection",
        "filter_projection",
        "value_projection",
        "flatten",
        "pipe",
        "slice",
    }
)
"""Nodes of which only the first child starts at the subject; the others start at what it yields."""


def _leftmost_field(node: Any) -> str | None:
    # facts.legacyAlerts[0]: the index is around the fact's name
    while node["type"] in _LEFT_ONLY and node["children"]:
        node = node["children"][0]
    return str(node["value"]) if node["type"] == "field" else None


def _roots(node: Any) -> Iterator[str]:
    kind, children = node["type"], node["children"]
    if kind == "field":
        yield str(node["value"])
    elif kind in ("current", "identity"):
        yield "@"
    elif kind == "subexpression" and children[0].get("type") == "field" and children[0].get("value") == "facts":
        name = _leftmost_field(children[1])
        yield f"facts.{name}" if name else "facts"
    elif kind in _LEFT_ONLY:
        if children:
            yield from _roots(children[0])
    else:
        for child in children:
            if isinstance(child, dict):
                yield from _roots(child)


_GROWING = frozenset({"field", "identity", "current", "subexpression", "projection", "flatten", "filter_projection"})
"""Nodes that give no fewer elements of a longer list. An index, a slice, a pipe or a function may."""


def _grows(node: Any) -> bool:
    while node["type"] in _GROWING:
        if not node["children"]:
            return True
        node = node["children"][0]
    return False
