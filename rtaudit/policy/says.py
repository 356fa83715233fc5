"""Says: the sentence that a rule states beside a condition, filled in with names and values where the condition fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from rtaudit.azure import arm_id
from rtaudit.policy.paths import Path, settled
from rtaudit.report import Observation
from rtaudit.report.wording import MAX_MESSAGE, finish, in_words, name, sentence, shorten
from rtaudit.subjects.deployment import parse_date

if TYPE_CHECKING:
    from rtaudit.policy.conditions import Scope

MAX_OWN_TEXT = 120
"""Most characters that a sentence may have besides its placeholders: names and values need room too."""

PLACEHOLDERS = (
    "{subject}, {element}, {actual}, {expected}, {days}, {params.NAME}, {PATH}, {count of PATH: noun}, "
    "{names of PATH}, {days until PATH}"
)
"""What a sentence may hold, for hints and documentation."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_COUNT = re.compile(r"count of (.+?)(?:: ([a-z][a-z -]*))?\Z")
_NAMING = re.compile(r"(?:^|\.)(?:name|id|model|modelAndVersion|account|deployment|host|principalId)\Z")
_CAPS = (80, 60, 45, 32, 22, 14)
"""Longest value, tried from left to right until the sentence fits."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a placeholder is filled in from."""

    seen: Observation
    scope: Scope
    expected: Any
    today: date


Placeholder = Callable[[Evidence], Any]


@dataclass(frozen=True)
class Says:
    """A compiled sentence: `texts` with a value between each two."""

    texts: tuple[str, ...]
    values: tuple[Placeholder, ...]
    names: bool
    """True when a placeholder names something; else the sentence is prefixed with the subject's name."""
    today: date

    def fill(self, evidence: Evidence) -> str:
        """The sentence, at most MAX_MESSAGE characters."""
        values = [
            one if isinstance(one, str) else in_words(settled(one)) for one in (get(evidence) for get in self.values)
        ]
        head = "" if self.names else f"{name(evidence.scope.subject.resource, 60)}: "
        text = ""
        for cap in _CAPS:
            pieces = [shorten(one, cap) for one in values]
            text = head + "".join(a + b for a, b in zip(self.texts, (*pieces, ""), strict=True))
            if len(text) < MAX_MESSAGE:
                break
        return finish(sentence(text[:1].upper() + text[1:] if self.texts[0] else text))


def says_problems(text: str) -> Iterator[str]:
    """What `policy lint` says of a sentence that compiles."""
    own = "".join(_PLACEHOLDER.split(" ".join(text.split()))[::2])
    if len(own) > MAX_OWN_TEXT:
        yield f"the sentence has {len(own)} characters besides its placeholders, more than {MAX_OWN_TEXT}"
    marks = sorted({one for one in own if one in "[]`"})
    if marks:
        yield f"the sentence contains {' '.join(marks)}: write it without"
    if "facts." in own or "properties." in own:
        yield "the sentence contains a field's path; use words, or a placeholder for its value"


def stated(condition: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Every sentence in a condition as YAML states it: where, and the text."""
    if isinstance(condition, list):
        for index, part in enumerate(condition):
            yield from stated(part, (*path, index))
    elif isinstance(condition, dict):
        for key, part in condition.items():
            if key == "says" and isinstance(part, str):
                yield (*path, key), part
            else:
                yield from stated(part, (*path, key))


def with_message(seen: Observation, says: Says | None, scope: Scope, expected: Any) -> Observation:
    """`seen` with the sentence `says` filled in, or as it is where there is none."""
    return seen if says is None else replace(seen, message=says.fill(Evidence(seen, scope, expected, says.today)))


def compile_says(
    text: str, params: Mapping[str, Any], today: date, path: Callable[[str], Path], error: Callable[[str], Exception]
) -> Says:
    """The compiled sentence of a rule.

    `path` compiles a field path, `error` makes what is raised for an unknown parameter or an unclosed brace.
    """
    texts = _PLACEHOLDER.split(text)
    own, inside = texts[::2], [one.strip() for one in texts[1::2]]
    if any("{" in one or "}" in one for one in own):
        raise error("a brace of `says` is not closed, or is empty")
    names = False
    values: list[Placeholder] = []
    for one in inside:
        count = _COUNT.match(one)
        if one in _FIXED:
            values.append(_FIXED[one])
            names = names or one in ("subject", "element")
        elif one.startswith("params."):
            values.append(_param(one.removeprefix("params."), params, error))
        elif count:
            values.append(_count(path(count.group(1)), count.group(2)))
        elif one.startswith("days until "):
            values.append(_days_until(path(one.removeprefix("days until "))))
        elif one.startswith("names of "):
            values.append(_names(path(one.removeprefix("names of "))))
            names = True
        else:
            values.append(_value(path(one)))
            names = names or _NAMING.search(one) is not None
    return Says(tuple(own), tuple(values), names, today)


def _element(evidence: Evidence) -> Any:
    element = getattr(evidence.scope, "element", None)
    if element is None:
        return name(evidence.scope.subject.resource, 80)
    found = element.get("id") if isinstance(element, dict) else element
    return name(found, 80) if isinstance(found, str) and found.startswith("/") else element


def _days(day: Any, today: date) -> str:
    parsed = parse_date(day)
    if parsed is None:
        return "on an unknown date"
    number = (parsed - today).days
    noun = "day" if abs(number) == 1 else "days"
    return "today" if number == 0 else f"in {number} {noun}" if number > 0 else f"{-number} {noun} ago"


_FIXED: dict[str, Placeholder] = {
    "subject": lambda one: name(one.scope.subject.resource, 80),
    "element": _element,
    "actual": lambda one: one.seen.actual,
    "expected": lambda one: one.expected,
    "days": lambda one: _days(one.seen.actual, one.today),
}
"""Placeholders that are not a path."""


def _param(named: str, params: Mapping[str, Any], error: Callable[[str], Exception]) -> Placeholder:
    head, *keys = named.split(".")
    if head not in params:
        raise error(f"'{head}' is not a parameter of this rule")
    value = params[head]
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return lambda _: value


def _value(path: Path) -> Placeholder:
    def get(evidence: Evidence) -> Any:
        value, gaps = evidence.scope.read(path)
        return "unknown" if value is None and gaps else value

    return get


def _count(path: Path, noun: str | None) -> Placeholder:
    def get(evidence: Evidence) -> Any:
        value = evidence.scope.read(path)[0]
        number = len(value) if isinstance(value, list | dict) else value if isinstance(value, int) else 0
        plural = noun and ("" if number == 1 else "es" if noun.endswith("s") else "s")
        return f"{number} {noun}{plural}" if noun else str(number)

    return get


def _days_until(path: Path) -> Placeholder:
    return lambda evidence: _days(evidence.scope.read(path)[0], evidence.today)


def _names(path: Path) -> Placeholder:
    def get(evidence: Evidence) -> Any:
        value = settled(evidence.scope.read(path)[0])
        items = value if isinstance(value, list) else [] if value is None else [value]
        return [arm_id.name_of(one) if isinstance(one, str) else one for one in items]

    return get
