"""Conditions: compiled from YAML once per pack, evaluated in three-valued (Kleene) logic.

`True` and `False` are what was seen; `None` is unknown: a gap is in the way. A violation that was seen still fails, and a
witness that was seen still passes, whatever a gap hides beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from rtaudit.documents import canonical
from rtaudit.documents.json_values import is_number
from rtaudit.policy.operators import OPERATORS, Operator
from rtaudit.policy.paths import FieldPath, Read, unwrap
from rtaudit.policy.says import Says, observed
from rtaudit.report import Observation
from rtaudit.snapshot import Gap
from rtaudit.subjects import Subject

Truth = bool | None

MAX_OBSERVATIONS = 50
"""Observations that one finding lists at the most; the last one then says how many more there are."""


class EvalContext:
    """Where a condition is evaluated: at a subject, or at an element of one of its lists."""

    __slots__ = ("subject",)
    subject: Subject

    element: Any = None
    """The element of a list that is evaluated here; None at a subject."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    @property
    def resource(self) -> str:
        """The resource that evidence found here is about."""
        return self.subject.resource

    def read(self, path: FieldPath) -> Read:
        """What is at `path` here."""
        return path.of_subject(self.subject)

    def name(self, path: FieldPath) -> str:
        """How evidence names `path` here."""
        return path.text

    def owner(self, path: FieldPath) -> str:
        """The resource that evidence about `path` is about."""
        return self.subject.resource if path.anchored else self.resource


@dataclass(frozen=True, slots=True)
class Operand:
    """The right side of an operator: a literal (parameters are literals by then), or another field."""

    literal: Any = None
    path: FieldPath | None = None
    stated: Any = None
    """The literal as the rule states it, its parameters still by name."""
    factor: float | None = None
    """What the field is multiplied by, where the rule states a `product`."""

    def read(self, scope: EvalContext) -> Read:
        """Its value here."""
        if self.path is None:
            return self.literal, ()
        value, gaps = scope.read(self.path)
        if self.factor is not None:
            value = value * self.factor if is_number(value) else None
        return value, gaps

    @property
    def words(self) -> str:
        """As explanations say it."""
        if isinstance(self.stated, dict) and set(self.stated) == {"product"}:
            return " times ".join(say(one) for one in self.stated["product"])
        return f"the value of `{self.path.text}`" if self.path else say(self.stated)


class Condition:
    """A node of a compiled condition."""

    __slots__ = ()

    def truth(self, scope: EvalContext) -> Truth:
        """Does it hold here? None when a gap is in the way."""
        raise NotImplementedError

    def observe(self, scope: EvalContext, says: Says | None = None) -> Iterator[Observation]:
        """Why it is False here; `says` is the sentence of a condition around it, where it has none of its own."""
        raise NotImplementedError

    def gaps(self, scope: EvalContext) -> Iterator[Gap]:
        """Why it is None here."""
        raise NotImplementedError

    def words(self) -> str:
        """What it asks, in words."""
        raise NotImplementedError

    def paths(self) -> Iterator[tuple[FieldPath, bool]]:
        """Every path that it reads, and whether it starts at the subject."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class FieldTest(Condition):
    """`{field: …, <operator>: …}` or `{value: …, <operator>: …}`."""

    path: FieldPath | None
    value: Operand
    operator: Operator
    operand: Operand
    today: date
    fast_test: Callable[[Any], bool] | None = None
    """The operator with its literal built in, where there is such a short cut."""
    says: Says | None = None
    """What it says where it does not hold."""

    def _reads(self, scope: EvalContext) -> tuple[Any, Any, tuple[Gap, ...]]:
        actual, gaps = scope.read(self.path) if self.path else (self.value.literal, ())
        expected, more = self.operand.read(scope)
        return actual, expected, gaps + more

    def truth(self, scope: EvalContext) -> Truth:
        if self.operand.path is None and self.path is not None:
            # The common leaf, without detours: most of the time of a large check is spent here.
            actual, gaps = scope.read(self.path)
            expected = self.operand.literal
        else:
            actual, gaps = scope.read(self.path) if self.path else (self.value.literal, ())
            expected, more = self.operand.read(scope)
            if more:
                return None if gaps else self._of_what_was_seen(actual, expected)
        holds = self.fast_test(actual) if self.fast_test else self.operator.test(actual, expected, self.today)
        if not gaps:
            return holds
        proves = self.operator.certain_if_true if holds else self.operator.certain_if_false
        return holds if proves and isinstance(actual, list) and self.path and self.path.is_monotone else None

    def _of_what_was_seen(self, actual: Any, expected: Any) -> Truth:
        """What a list with a gap proves: a value that was seen in it is in it, whatever the gap hides."""
        path = self.operand.path
        if not isinstance(expected, list) or path is None or not path.is_monotone:
            return None
        holds = self.operator.test(actual, expected, self.today)
        return holds if (self.operator.name, holds) in (("in", True), ("notIn", False)) else None

    def observe(self, scope: EvalContext, says: Says | None = None) -> Iterator[Observation]:
        actual, expected, _ = self._reads(scope)
        asked = self.operator.expected(expected, say(expected))
        field = scope.name(self.path) if self.path else "value"
        about = scope.owner(self.path) if self.path else scope.resource
        yield observed(field, asked, unwrap(actual), about, scope, self.says or says, expected)

    def gaps(self, scope: EvalContext) -> Iterator[Gap]:
        yield from self._reads(scope)[2]

    def words(self) -> str:
        left = f"`{self.path.text}`" if self.path else self.value.words
        return f"{left} {self.operator.words.format(self.operand.words)}"

    def paths(self) -> Iterator[tuple[FieldPath, bool]]:
        for path in (self.path, self.operand.path):
            if path:
                yield path, True


@dataclass(frozen=True, slots=True)
class _Several(Condition):
    """What allOf and anyOf share."""

    parts: Sequence[Condition]
    says: Says | None = None

    def gaps(self, scope: EvalContext) -> Iterator[Gap]:
        for part in self.parts:
            if part.truth(scope) is None:
                yield from part.gaps(scope)

    def paths(self) -> Iterator[tuple[FieldPath, bool]]:
        for part in self.parts:
            yield from part.paths()


class AllOf(_Several):
    """Every part holds."""

    __slots__ = ()

    def truth(self, scope: EvalContext) -> Truth:
        result: Truth = True
        for part in self.parts:
            one = part.truth(scope)
            if one is False:
                return False
            if one is None:
                result = None
        return result

    def observe(self, scope: EvalContext, says: Says | None = None) -> Iterator[Observation]:
        for part in self.parts:
            if part.truth(scope) is False:
                yield from part.observe(scope, self.says or says)

    def words(self) -> str:
        return _joined(self.parts, " and ")


class AnyOf(_Several):
    """Some part holds."""

    __slots__ = ()

    def truth(self, scope: EvalContext) -> Truth:
        result: Truth = False
        for part in self.parts:
            one = part.truth(scope)
            if one is True:
                return True
            if one is None:
                result = None
        return result

    def observe(self, scope: EvalContext, says: Says | None = None) -> Iterator[Observation]:
        # A branch that a parameter rules out is no reason, unless there is no other.
        for part in [one for one in self.parts if not _ruled_out(one, scope)] or self.parts:
            yield from part.observe(scope, self.says or says)

    def words(self) -> str:
        return _joined(self.parts, " or ")


def _ruled_out(part: Condition, scope: EvalContext) -> bool:
    parts = part.parts if isinstance(part, AllOf) else [part]
    return any(isinstance(one, FieldTest) and one.path is None and one.truth(scope) is False for one in parts)


@dataclass(frozen=True, slots=True)
class Not(Condition):
    """The part does not hold."""

    part: Condition
    says: Says | None = None

    def truth(self, scope: EvalContext) -> Truth:
        one = self.part.truth(scope)
        return None if one is None else not one

    def observe(self, scope: EvalContext, says: Says | None = None) -> Iterator[Observation]:
        says = self.says or says
        for one in self.part.observe(scope):
            seen = observed(one.field, f"not {say(one.expected)}", one.actual, one.resource, scope, says)
            seen.element = scope.element if one.element is None else one.element
            yield seen

    def gaps(self, scope: EvalContext) -> Iterator[Gap]:
        yield from self.part.gaps(scope)

    def words(self) -> str:
        return f"not ({self.part.words()})"

    def paths(self) -> Iterator[tuple[FieldPath, bool]]:
        yield from self.part.paths()


def observations(condition: Condition, scope: EvalContext) -> list[Observation]:
    """Why a condition is False here, each thing once, at most MAX_OBSERVATIONS."""
    found: list[Observation] = []
    more, unlisted = 0, hashlib.sha256()
    for one in condition.observe(scope):
        if one in found:
            continue
        if len(found) < MAX_OBSERVATIONS:
            found.append(one)
        else:
            more += 1
            unlisted.update(f"{canonical(one.actual)} {one.resource.lower()}\n".encode())
    if more:
        # Each is distinguished, so that a baseline does not take others for known.
        which = f"{more} more observations are not listed"
        found.append(Observation("", which, f"sha256:{unlisted.hexdigest()[:16]}", scope.resource))
    return found


def say(value: Any) -> str:
    """A literal as words."""
    if isinstance(value, str):
        return value or '""'
    if isinstance(value, list):
        return "[" + ", ".join(say(one) for one in value) + "]"
    if isinstance(value, dict):
        if set(value) == {"param"}:
            return f"the parameter `{value['param']}`"
        if set(value) == {"fieldOf"}:
            return f"the value of `{value['fieldOf']}`"
        return " and ".join(
            OPERATORS[key].words.format(say(one)).removeprefix("is ") if key in OPERATORS else f"{key}: {say(one)}"
            for key, one in value.items()
        )
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _joined(parts: Sequence[Condition], word: str) -> str:
    texts = [part.words() for part in parts]
    if len(texts) == 1:
        return texts[0]
    return word.join(f"({text})" if " and " in text or " or " in text else text for text in texts)
