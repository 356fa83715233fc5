"""Rule sentences: fill in the sentence that a rule has beside a condition, with names and values, where the condition fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from rtaudit.azure import arm_id
from rtaudit.policy.paths import FieldPath, unwrap
from rtaudit.report import Observation
from rtaudit.report.wording import MAX_MESSAGE, finish, in_words, name, plain_field, shorten
from rtaudit.subjects.dates import parse_date

if TYPE_CHECKING:
    from rtaudit.policy.conditions import EvalContext

MAX_OWN_TEXT = 120
"""Most characters that a sentence may have besides its placeholders: names and values are added."""

PLACEHOLDERS = (
    "{subject}, {element}, {actual}, {expected}, {days}, {params.NAME}, {PATH}, {count of PATH: noun}, "
    "{names of PATH}, {days until PATH}, {words of PATH}, {percent of PATH}, {PATH or TEXT}, {differences of PATH}"
)
"""What a sentence may hold, for hints and documentation."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_COUNT = re.compile(r"count of (.+?)(?:: ([a-z][a-z -]*))?\Z")
_NAMING = re.compile(r"(?:^|\.)(?:name|id|model|modelAndVersion|account|deployment|host|principalId)\Z")
_CAPS = (140, 100, 80, 60, 45, 32, 22, 14)
"""Longest value, tried from left to right until the sentence fits."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a placeholder is filled in from."""

    seen: Observation
    scope: EvalContext
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
        values = [_worded(unwrap(get(evidence))) for get in self.values]
        head = "" if self.names else f"{name(evidence.scope.subject.resource, 60)}: "
        text = ""
        for cap in _CAPS:
            pieces = [shorten(one, cap) for one in values]
            text = head + "".join(a + b for a, b in zip(self.texts, (*pieces, ""), strict=True))
            if len(text) < MAX_MESSAGE:
                break
        return finish(text[:1].upper() + text[1:] if self.texts[0] and self.names else text)


def _worded(value: Any) -> str:
    # A fact may be a whole sentence; the caps cut it only where it does not fit.
    return in_words(value, MAX_MESSAGE) if isinstance(value, str) else in_words(value)


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


def observed(
    field: str, expected: Any, actual: Any, resource: str, scope: EvalContext, says: Says | None, literal: Any = None
) -> Observation:
    """An observation at `scope`, with the sentence `says` filled in (`literal` is its `{expected}`), else one made from the rest."""
    seen = Observation(field, expected, actual, resource, "" if says is None else "-", element=scope.element)
    if says is not None:
        seen.message = says.fill(Evidence(seen, scope, literal, says.today))
    return seen


def compile_says(
    text: str,
    params: Mapping[str, Any],
    today: date,
    path: Callable[[str], FieldPath],
    error: Callable[[str], Exception],
) -> Says:
    """The compiled sentence of a rule.

    `path` compiles a field path, `error` makes what is raised for an unknown parameter or an unclosed brace.
    """
    texts = _PLACEHOLDER.split(text)
    own, inside = texts[::2], [one.strip() for one in texts[1::2]]
    if any("{" in one or "}" in one for one in own):
        raise error("a brace of `says` is not closed, or is empty")
    names = False

    def placeholder(one: str) -> Placeholder:
        nonlocal names
        if one in _FIXED:
            names = names or one in ("subject", "element")
            return _FIXED[one]
        if one.startswith("params."):
            return _param(one.removeprefix("params."), params, error)
        value, otherwise, text = one.partition(" or ")
        if otherwise:
            return _or(placeholder(value), text)
        for prefix, make in _OF_A_VALUE.items():
            if one.startswith(prefix):
                return make(placeholder(one.removeprefix(prefix)))
        for prefix, read in _OF_A_PATH.items():
            if one.startswith(prefix):
                names = names or prefix == "names of "
                return read(path(one.removeprefix(prefix)))
        count = _COUNT.match(one)
        if count:
            return _count(placeholder(count.group(1)), count.group(2))
        names = names or _NAMING.search(one) is not None
        return _value(path(one))

    values = tuple(placeholder(one) for one in inside)
    return Says(tuple(own), values, names, today)


def _element(evidence: Evidence) -> Any:
    element = getattr(evidence.scope, "element", None)
    if element is None:
        return name(evidence.scope.subject.resource, 80)
    found = element.get("id") if isinstance(element, dict) else element
    if not isinstance(found, str) or not found.startswith("/"):
        return element
    return name(found, 80).removeprefix(name(evidence.scope.subject.resource, 80) + "/")


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


def _value(path: FieldPath) -> Placeholder:
    def get(evidence: Evidence) -> Any:
        value, gaps = evidence.scope.read(path)
        return "unknown" if value is None and gaps else value

    return get


def _count(counted: Placeholder, noun: str | None) -> Placeholder:
    """How many elements a list has, or a number itself, with the noun in its right form; what is no number stays as it is."""

    def get(evidence: Evidence) -> Any:
        value = counted(evidence)
        number = len(value) if isinstance(value, list | dict) else value
        if not isinstance(number, int | float):
            return number
        plural = noun and ("" if number == 1 else "es" if noun.endswith("s") else "s")
        return f"{in_words(number)} {noun}{plural}" if noun else in_words(number)

    return get


def _days_until(path: FieldPath) -> Placeholder:
    return lambda evidence: _days(evidence.scope.read(path)[0], evidence.today)


def _names(path: FieldPath) -> Placeholder:
    def get(evidence: Evidence) -> Any:
        value = unwrap(evidence.scope.read(path)[0])
        items = value if isinstance(value, list) else [] if value is None else [value]
        return [arm_id.name_of(one) if isinstance(one, str) else one for one in items]

    return get


def _or(value: Placeholder, text: str) -> Placeholder:
    return lambda evidence: text if (found := value(evidence)) in (None, "") else found


def _words(value: Placeholder) -> Placeholder:
    return lambda evidence: plain_field(str(value(evidence)))


def _percent(value: Placeholder) -> Placeholder:
    def get(evidence: Evidence) -> Any:
        share = value(evidence)
        return f"{share * 100:.3g} %" if isinstance(share, int | float) else share

    return get


def _differences(path: FieldPath) -> Placeholder:
    """Of entries with `region` and `value`: each region with its value; of a list of rows, the first row that differs."""

    def get(evidence: Evidence) -> Any:
        rows = [one for one in unwrap(evidence.scope.read(path)[0]) or () if isinstance(one, dict)]
        values: list[Any] = [one.get("value") for one in rows]
        if _all_rows(values):
            key: list[Any] = next(
                (row[:2] for value in values for row in value if any(row not in other for other in values)), []
            )
            found = [next((row for row in value if row[:2] == key), None) for value in values]
            # A column in which all agree tells nothing.
            columns = [
                at
                for at in range(2, max((len(row or ()) for row in found), default=0))
                if any(row is None or found[0] is None or row[at : at + 1] != found[0][at : at + 1] for row in found)
            ]
            values = [f"{' on '.join(map(in_words, key))} {_row(row, columns)}" for row in found]
        return ", ".join(f"{row.get('region')} {in_words(one, 45)}" for row, one in zip(rows, values, strict=True))

    return get


def _row(row: list[Any] | None, columns: Sequence[int]) -> str:
    """The cells of a row in the columns that differ, as words; the first two, which name it, are left out."""
    if row is None:
        return "absent"
    differing = [row[at] for at in columns if at < len(row)]
    return ", ".join(
        "on" if one is True else "off" if one is False else in_words(one) for one in differing if one != ""
    )


def _all_rows(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(one, list) and all(isinstance(item, list) for item in one) for one in values)


_OF_A_VALUE: dict[str, Callable[[Placeholder], Placeholder]] = {"words of ": _words, "percent of ": _percent}
_OF_A_PATH: dict[str, Callable[[FieldPath], Placeholder]] = {
    "days until ": _days_until,
    "names of ": _names,
    "differences of ": _differences,
}
