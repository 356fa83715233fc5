"""Quantifiers: conditions over the elements of a list. An operator never maps over a list implicitly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from rtaudit.documents.json_values import is_number
from rtaudit.policy.conditions import AnyOf, Condition, EvalContext, FieldTest, Operand, Truth, say
from rtaudit.policy.operators import Operator
from rtaudit.policy.paths import FieldPath, Read, unwrap
from rtaudit.policy.says import Says, observed
from rtaudit.report import Observation
from rtaudit.snapshot import Gap


@dataclass(frozen=True, slots=True)
class Elements:
    """What a quantifier visits: the elements of a list that pass `where`."""

    of: FieldPath | None
    literal: Sequence[Any]
    name: str
    where: Condition | None

    def visit(self, scope: EvalContext) -> tuple[list[ElementScope], tuple[Gap, ...]]:
        """A scope for each element (before `where`), and the gaps of the list."""
        value, gaps = scope.read(self.of) if self.of else (self.literal, ())
        items = value if isinstance(value, list | tuple) else ()
        if gaps and self.of and not self.of.is_monotone:
            items = ()  # the first of what was seen need not be the first of all
        return [ElementScope(self, scope, index, item) for index, item in enumerate(items)], gaps

    def chosen_of(self, scope: EvalContext, *, first: bool = False) -> tuple[list[ElementScope], tuple[Gap, ...]]:
        """What `visit` gives, without elements that `where` surely leaves out, as far as an index of the list tells them.

        With `first`, no more than one is needed where there is no `where`.
        """
        found = self.of.rows(scope.subject) if self.of and (self.of.anchored or type(scope) is EvalContext) else None
        if found is not None and self.where is None and first:
            return [ElementScope(self, scope, 0, item) for item in found[0][:1]], found[1]
        wanted = None if found is None else self._wanted(scope, found[0].by)
        if found is None or wanted is None:
            return self.visit(scope)
        return [ElementScope(self, scope, index, item) for index, item in found[0].having(wanted)], found[1]

    def _wanted(self, scope: EvalContext, field: str) -> list[str] | None:
        """The texts of which `where` asks that `field` be one; None where it asks for something else."""
        wanted: list[Any] = []
        for part in self.where.parts if isinstance(self.where, AnyOf) else (self.where,):
            if not isinstance(part, FieldTest) or part.path is None or part.path.text != field or part.path.anchored:
                return None
            operand, gaps = part.operand.read(scope)
            fixed = part.operand.path is None or part.operand.path.anchored
            if gaps or not fixed or part.operator.name not in ("equals", "in"):
                return None
            wanted += operand if part.operator.name == "in" and isinstance(operand, list) else [operand]
        return [one for one in wanted if isinstance(one, str)]

    def owner(self, scope: EvalContext) -> str:
        """The resource that evidence about the list is about here."""
        return scope.owner(self.of) if self.of else scope.resource

    def selected(self, element: EvalContext) -> Truth:
        """Does the element pass `where`?"""
        return True if self.where is None else self.where.truth(element)

    @property
    def words(self) -> str:
        """As explanations say it."""
        listed = f"`{self.of.text}`" if self.of else self.name
        return f"{listed} where {self.where.words()}" if self.where else listed

    def field(self, scope: EvalContext) -> str:
        """How evidence names the list here."""
        return scope.name(self.of) if self.of else self.name

    def paths(self) -> Iterator[tuple[FieldPath, bool]]:
        """Its paths; those of `where` start at the element."""
        if self.of:
            yield self.of, True
        if self.where:
            yield from _inside(self.where)


class ElementScope(EvalContext):
    """Where a condition is evaluated when it is about an element of a list. How evidence names it is worked out when asked."""

    __slots__ = ("_elements", "_index", "_outer", "element")

    def __init__(self, elements: Elements, outer: EvalContext, index: int, element: Any) -> None:
        self.subject = outer.subject
        self.element = element
        self._elements = elements
        self._outer = outer
        self._index = index

    @property
    def field(self) -> str:
        """How evidence names the element."""
        return f"{self._elements.field(self._outer)}[{self._index}]"

    @property
    def resource(self) -> str:
        found = self.element.get("id") if isinstance(self.element, dict) else None
        if isinstance(found, str) and found.startswith("/"):
            return found
        return self._elements.owner(self._outer)

    def read(self, path: FieldPath) -> Read:
        return path.of_element(self.element, self.subject)

    def name(self, path: FieldPath) -> str:
        if path.anchored:
            return path.text
        return self.field if path.text == "@" else f"{self.field}.{path.text}"


@dataclass(frozen=True, slots=True)
class Some(Condition):
    """At least one element holds."""

    elements: Elements
    satisfy: Condition | None
    says: Says | None = None

    def truth(self, scope: EvalContext) -> Truth:
        visited, gaps = self.elements.chosen_of(scope, first=self.satisfy is None)
        result: Truth = None if gaps else False
        for element in visited:
            selected = self.elements.selected(element)
            if selected is False:
                continue
            holds = True if self.satisfy is None else self.satisfy.truth(element)
            if selected and holds:
                return True
            if holds is not False:
                result = None
        return result

    def observe(self, scope: EvalContext, says: Says | None = None) -> Iterator[Observation]:
        says = self.says or says
        visited, _ = self.elements.visit(scope)
        candidates = [element for element in visited if self.elements.selected(element)]
        if self.satisfy is None or not candidates:
            seen = [unwrap(element.element) for element in visited[:10]]
            what = self.elements.field(scope)
            yield observed(what, self._asks(), [_brief(one) for one in seen], scope.resource, scope, says)
            return
        for element in candidates:
            yield from self.satisfy.observe(element, says)

    def gaps(self, scope: EvalContext) -> Iterator[Gap]:
        yield from _element_gaps(self.elements, self.satisfy, scope)

    def _asks(self) -> str:
        where = f" where {self.elements.where.words()}" if self.elements.where else ""
        return f"at least one{where}" + (f" for which {self.satisfy.words()}" if self.satisfy else "")

    def words(self) -> str:
        holds = f" satisfies {self.satisfy.words()}" if self.satisfy else " is there"
        return f"at least one of {self.elements.words}{holds}"

    def paths(self) -> Iterator[tuple[FieldPath, bool]]:
        yield from self.elements.paths()
        if self.satisfy:
            yield from _inside(self.satisfy)


@dataclass(frozen=True, slots=True)
class Every(Condition):
    """Every element holds; true of an empty list."""

    elements: Elements
    satisfy: Condition
    says: Says | None = None

    def truth(self, scope: EvalContext) -> Truth:
        visited, gaps = self.elements.chosen_of(scope)
        result: Truth = None if gaps else True
        for element in visited:
            selected = self.elements.selected(element)
            if selected is False:
                continue
            holds = self.satisfy.truth(element)
            if holds is True:
                continue
            if selected and holds is False:
                return False
            result = None
        return result

    def observe(self, scope: EvalContext, says: Says | None = None) -> Iterator[Observation]:
        for element in self.elements.chosen_of(scope)[0]:
            if self.elements.selected(element) and self.satisfy.truth(element) is False:
                yield from self.satisfy.observe(element, self.says or says)

    def gaps(self, scope: EvalContext) -> Iterator[Gap]:
        yield from _element_gaps(self.elements, self.satisfy, scope)

    def words(self) -> str:
        return f"each of {self.elements.words} satisfies {self.satisfy.words()}"

    def paths(self) -> Iterator[tuple[FieldPath, bool]]:
        yield from self.elements.paths()
        yield from _inside(self.satisfy)


@dataclass(frozen=True, slots=True)
class NoneOf(Condition):
    """No element holds."""

    some: Some
    says: Says | None = None

    def truth(self, scope: EvalContext) -> Truth:
        one = self.some.truth(scope)
        return None if one is None else not one

    def observe(self, scope: EvalContext, says: Says | None = None) -> Iterator[Observation]:
        elements, satisfy = self.some.elements, self.some.satisfy
        expected = f"none where {satisfy.words()}" if satisfy else "none"
        for element in elements.chosen_of(scope)[0]:
            if elements.selected(element) and (satisfy is None or satisfy.truth(element)):
                seen = _brief(unwrap(element.element))
                yield observed(element.field, expected, seen, element.resource, element, self.says or says)

    def gaps(self, scope: EvalContext) -> Iterator[Gap]:
        yield from self.some.gaps(scope)

    def words(self) -> str:
        holds = f" satisfies {self.some.satisfy.words()}" if self.some.satisfy else " is there"
        return f"none of {self.some.elements.words}{holds}"

    def paths(self) -> Iterator[tuple[FieldPath, bool]]:
        yield from self.some.paths()


@dataclass(frozen=True, slots=True)
class Count(Condition):
    """The number of elements compares as asked."""

    elements: Elements
    operator: Operator
    operand: Operand
    today: date
    says: Says | None = None

    def _bounds(self, scope: EvalContext) -> tuple[int, int | None]:
        visited, gaps = self.elements.chosen_of(scope)
        selected = [self.elements.selected(element) for element in visited]
        surely = sum(one is True for one in selected)
        return surely, None if gaps else surely + sum(one is None for one in selected)

    def truth(self, scope: EvalContext) -> Truth:
        limit, gaps = self.operand.read(scope)
        low, high = self._bounds(scope)
        if gaps:
            return None
        if low == high:
            return self.operator.test(low, limit, self.today)
        # The operators are monotone or single points: what holds (or fails) at both ends and at the limit, holds between.
        tried = [low, 10**12 if high is None else high]
        if is_number(limit) and limit == round(limit) and limit >= low and (high is None or limit <= high):
            tried.append(round(limit))
        results = {self.operator.test(number, limit, self.today) for number in tried}
        return results.pop() if len(results) == 1 else None

    def observe(self, scope: EvalContext, says: Says | None = None) -> Iterator[Observation]:
        says = self.says or says
        limit = self.operand.read(scope)[0]
        asked = self.operator.words.format(say(limit)).removeprefix("is ") + " elements"
        number, field = self._bounds(scope)[0], self.elements.field(scope)
        count = observed(field, asked, number, scope.resource, scope, says, limit)
        yield count
        if self.operator.name in ("greater", "greaterOrEquals"):
            return
        # Too many: name each, so that a baseline tells the next one from those that are known.
        for element in self.elements.chosen_of(scope)[0]:
            if self.elements.selected(element):
                what, seen = element.field, _brief(unwrap(element.element))
                yield Observation(
                    what,
                    f"one of {asked}",
                    seen,
                    element.resource,
                    count.message if says else "",
                    element=element.element,
                )

    def gaps(self, scope: EvalContext) -> Iterator[Gap]:
        yield from self.operand.read(scope)[1]
        yield from _element_gaps(self.elements, None, scope)

    def words(self) -> str:
        return f"the number of {self.elements.words} {self.operator.words.format(self.operand.words)}"

    def paths(self) -> Iterator[tuple[FieldPath, bool]]:
        yield from self.elements.paths()
        if self.operand.path:
            yield self.operand.path, True


def _inside(condition: Condition) -> Iterator[tuple[FieldPath, bool]]:
    for path, _ in condition.paths():
        yield path, path.anchored


def _element_gaps(elements: Elements, satisfy: Condition | None, scope: EvalContext) -> Iterator[Gap]:
    visited, gaps = elements.chosen_of(scope)
    yield from gaps
    for element in visited:
        selected = elements.selected(element)
        if selected is None and elements.where:
            yield from elements.where.gaps(element)
        if selected is not False and satisfy is not None and satisfy.truth(element) is None:
            yield from satisfy.gaps(element)


def _brief(value: Any) -> Any:
    """An element as evidence: a resource by its name and id, anything else as it is."""
    if isinstance(value, dict) and "properties" in value and "id" in value:
        return {"id": value["id"]}
    return value
