"""Operators: compare values by Azure Policy's words and a few of our own. Each is one function and one entry; adding one touches this file only.

Strings compare without case; nothing is coerced: `true` is not `1`, `"true"` is not `true`. A value that is not there (null or
missing) satisfies only `exists: false`, `equals: null` and the negations, as in Azure Policy.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import regex

from rtaudit.azure import arm_id
from rtaudit.documents.json_values import is_number
from rtaudit.documents.wildcards import wildcards
from rtaudit.errors import RtauditError
from rtaudit.subjects.dates import parse_date

REGEX_SECONDS = 0.5
"""A regular expression that needs longer for one value is an error."""
REGEX_LENGTH = 1000
"""Longest regular expression, in characters."""

ANY: dict[str, Any] = {}
_STRING = {"type": "string"}
_STRINGS = {"type": "array", "items": _STRING}
_STRING_OR_STRINGS = {"type": ["string", "array"], "items": _STRING}
_NUMBER_OR_STRING = {"type": ["number", "string"]}
_LIST = {"type": "array"}


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator."""

    name: str
    words: str
    """How `policy explain` and evidence say it; `{}` is the expected value."""
    takes: dict[str, Any]
    """JSON Schema of the literal it takes."""
    test: Callable[[Any, Any, date], bool]
    """(actual, expected, date of the evaluation) -> does it hold?"""
    certain_if_true: bool = False
    """True when holding over the seen part of a list is proof enough, whatever a gap hides."""
    certain_if_false: bool = False
    """True when failing over the seen part of a list is proof enough."""

    asked: str | None = None
    """How evidence says what was expected; without it, `words` less a leading "is"."""

    def expected(self, value: Any, said: str) -> Any:
        """What evidence expects: the value itself where it must be just that, else words; `said` is the value as words."""
        if self.name == "equals":
            return value
        if self.name == "exists":
            return "to be there" if value else "not to be there"
        return (self.asked or self.words.removeprefix("is ")).format(said)


def same(actual: Any, expected: Any) -> bool:
    """Equal without case and without coercion."""
    if isinstance(actual, str) and isinstance(expected, str):
        return actual == expected or actual.casefold() == expected.casefold()
    if isinstance(actual, bool) or isinstance(expected, bool):
        return actual is expected
    if isinstance(actual, int | float) and isinstance(expected, int | float):
        return actual == expected
    if isinstance(actual, list) and isinstance(expected, list):
        return len(actual) == len(expected) and all(map(same, actual, expected))
    if isinstance(actual, dict) and isinstance(expected, dict):
        return actual.keys() == expected.keys() and all(same(actual[key], expected[key]) for key in actual)
    return actual is None and expected is None


def _in(actual: Any, expected: Any) -> bool:
    if not isinstance(expected, list):
        return False
    # A text as it is written, or in lower case as keys are, is found at once; what else differs in case, one by one.
    at_once = isinstance(actual, str) and (actual in expected or actual.casefold() in expected)
    return at_once or any(same(actual, one) for one in expected)


def _contains(actual: Any, expected: Any) -> bool:
    if isinstance(actual, str) and isinstance(expected, str):
        return expected.casefold() in actual.casefold()
    return _in(expected, actual)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any, date], bool]:
    def test(actual: Any, expected: Any, _today: date) -> bool:
        if isinstance(actual, str) and isinstance(expected, str):
            return compare(actual.casefold(), expected.casefold())
        if is_number(actual) and is_number(expected):
            return compare(actual, expected)
        return False

    return test


def _like(actual: Any, expected: Any) -> bool:
    patterns = expected if isinstance(expected, list) else [expected]
    return isinstance(actual, str) and any(
        wildcards(one).fullmatch(actual) is not None for one in patterns if isinstance(one, str)
    )


def _in_regions(actual: Any, expected: Any) -> bool:
    if not isinstance(actual, str) or not isinstance(expected, list):
        return False
    return any(arm_id.region(actual) == arm_id.region(one) for one in expected)


def _regex(actual: Any, expected: Any) -> bool:
    if not isinstance(actual, str) or not isinstance(expected, str):
        return False
    try:
        return regex.fullmatch(expected, actual, timeout=REGEX_SECONDS) is not None
    except TimeoutError:
        raise RtauditError(
            f"the regular expression {expected!r} takes too long (more than {REGEX_SECONDS} s for one value)",
            "avoid nested repetition such as (a+)+",
        ) from None
    except regex.error as error:
        raise RtauditError(
            f"{expected!r} is not a regular expression: {error}", "it came from a field; mend it there"
        ) from None


def _days_until(actual: Any, expected: Any, today: date) -> bool:
    day = parse_date(actual)
    if day is None or not isinstance(expected, dict):
        return False
    days = (day - today).days
    return all(name in COMPARISONS and COMPARISONS[name].test(days, limit, today) for name, limit in expected.items())


def _within_cidr(actual: Any, expected: Any) -> bool:
    network = _network(actual)
    ranges = expected if isinstance(expected, list) else [expected]
    if network is None:
        return False
    return any(
        outer is not None and outer.version == network.version and network.subnet_of(outer)  # type: ignore[arg-type]
        for outer in map(_network, ranges)
    )


def _prefix_at_least(actual: Any, expected: Any) -> bool:
    network = _network(actual)
    return network is not None and is_number(expected) and network.prefixlen >= expected


def _network(value: Any) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    if not isinstance(value, str):
        return None
    try:
        return ipaddress.ip_network(value.strip(), strict=False)
    except ValueError:
        return None


_COMPARISONS = ("equals", "notEquals", "less", "lessOrEquals", "greater", "greaterOrEquals")
"""What `daysUntil` and `count` compare with."""

_DAYS: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": False,
    "properties": {name: {"type": ["number", "object"]} for name in _COMPARISONS},
}

OPERATORS: dict[str, Operator] = {
    operator.name: operator
    for operator in (
        Operator("equals", "is {}", ANY, lambda a, e, _: same(a, e)),
        Operator("notEquals", "is not {}", ANY, lambda a, e, _: not same(a, e)),
        Operator("in", "is one of {}", _LIST, lambda a, e, _: _in(a, e)),
        Operator("notIn", "is none of {}", _LIST, lambda a, e, _: not _in(a, e)),
        Operator(
            "contains", "contains {}", ANY, lambda a, e, _: _contains(a, e), certain_if_true=True, asked="to contain {}"
        ),
        Operator(
            "notContains",
            "does not contain {}",
            ANY,
            lambda a, e, _: not _contains(a, e),
            certain_if_false=True,
            asked="not to contain {}",
        ),
        Operator("exists", "exists: {}", {"type": "boolean"}, lambda a, e, _: (a is not None) is e),
        Operator("less", "is less than {}", _NUMBER_OR_STRING, _ordered(lambda a, e: a < e)),
        Operator("lessOrEquals", "is at most {}", _NUMBER_OR_STRING, _ordered(lambda a, e: a <= e)),
        Operator("greater", "is more than {}", _NUMBER_OR_STRING, _ordered(lambda a, e: a > e)),
        Operator("greaterOrEquals", "is at least {}", _NUMBER_OR_STRING, _ordered(lambda a, e: a >= e)),
        Operator("like", "is like {}", _STRING_OR_STRINGS, lambda a, e, _: _like(a, e)),
        Operator("inRegions", "is one of the regions {}", _STRINGS, lambda a, e, _: _in_regions(a, e)),
        Operator(
            "matchesRegex",
            "matches {} as a whole",
            _STRING,
            lambda a, e, _: _regex(a, e),
            asked="to match {} as a whole",
        ),
        Operator("daysUntil", "is {} days ahead", _DAYS, _days_until),
        Operator(
            "withinCidr",
            "lies within {}",
            {"type": ["string", "array"]},
            lambda a, e, _: _within_cidr(a, e),
            asked="to lie within {}",
        ),
        Operator(
            "prefixAtLeast",
            "has a prefix of /{} or longer",
            {"type": "integer"},
            lambda a, e, _: _prefix_at_least(a, e),
            asked="a prefix of /{} or longer",
        ),
    )
}
"""Every operator by name."""

COMPARISONS = {name: OPERATORS[name] for name in _COMPARISONS}
"""The operators that compare numbers."""


def quick_test(operator: Operator, literal: Any) -> Callable[[Any], bool] | None:
    """The operator's test with its literal built in, for the few that most leaves are; None for the others."""
    if operator.name == "equals" and isinstance(literal, bool):
        return lambda actual: actual is literal
    if operator.name == "equals" and isinstance(literal, str):
        folded = literal.casefold()
        return lambda actual: isinstance(actual, str) and (actual == literal or actual.casefold() == folded)
    if operator.name == "in" and isinstance(literal, list) and all(isinstance(one, str) for one in literal):
        choices = frozenset(one.casefold() for one in literal)
        return lambda actual: isinstance(actual, str) and actual.casefold() in choices
    return None
