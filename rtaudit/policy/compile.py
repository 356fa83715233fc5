"""Compilation: turns YAML into conditions; errors carry the word, the place and the allowed values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import regex

from rtaudit.documents import KeyPath
from rtaudit.documents.json_values import is_number
from rtaudit.errors import InputError, allowed_hint
from rtaudit.policy.conditions import AllOf, AnyOf, Condition, FieldTest, Not, Operand
from rtaudit.policy.operators import COMPARISONS, OPERATORS, REGEX_LENGTH, Operator, quick_test
from rtaudit.policy.paths import FieldPath, PathError, compile_path
from rtaudit.policy.quantifiers import Count, Elements, Every, NoneOf, Some
from rtaudit.policy.says import PLACEHOLDERS, Says, compile_says
from rtaudit.subjects import ATTRIBUTES

ErrorAt = Callable[[KeyPath, str, str | None], InputError]

COMBINATORS = ("allOf", "anyOf", "not", "some", "every", "none", "count")
"""What combines conditions."""

_MAX_DEPTH = 20


class _Compiler:
    def __init__(self, kind: str, params: Mapping[str, Any], today: date, error: ErrorAt) -> None:
        self.facts = [name for name in ATTRIBUTES[kind] if name.startswith("facts.")]
        self.inside = 0  # how many quantifiers are around: inside one, a path starts at the element
        self.params = params
        self.today = today
        self.error = error

    def condition(self, value: Any, path: KeyPath) -> Condition:
        if len(path) > _MAX_DEPTH * 2:
            raise self.error(path, f"conditions are nested more than {_MAX_DEPTH} levels deep", "split the rule")
        if not isinstance(value, dict):
            raise self.error(
                path, "a condition is a mapping", "write {field: …, equals: …}, or allOf, anyOf, not, some, …"
            )
        if "says" in value:
            rest = {key: one for key, one in value.items() if key != "says"}
            return replace(self.condition(rest, path), says=self._says(value["says"], (*path, "says")))  # type: ignore[type-var]
        used = [name for name in COMBINATORS if name in value]
        if used:
            if len(value) > 1:
                other = next(name for name in value if name != used[0])
                raise self.error(
                    (*path, other), f"'{other}' cannot be combined with '{used[0]}'", "put both into an allOf"
                )
            return self._combined(used[0], value[used[0]], (*path, used[0]))
        return self._leaf(value, path)

    def _says(self, value: Any, path: KeyPath) -> Says:
        if not isinstance(value, str) or not value.strip():
            raise self.error(path, "'says' takes a sentence", "write says: what is wrong, with {subject} in it")

        def error(message: str) -> InputError:
            return self.error(path, message, f"placeholders: {PLACEHOLDERS}")

        text = " ".join(value.split())
        return compile_says(text, self.params, self.today, lambda field: self._path(field, path), error)

    def _combined(self, name: str, value: Any, path: KeyPath) -> Condition:
        if name in ("allOf", "anyOf"):
            if not isinstance(value, list) or not value:
                raise self.error(path, f"'{name}' takes a list of conditions", None)
            parts = [self.condition(part, (*path, index)) for index, part in enumerate(value)]
            return AllOf(parts) if name == "allOf" else AnyOf(parts)
        if name == "not":
            return Not(self.condition(value, path))
        if not isinstance(value, dict) or "of" not in value:
            raise self.error(
                path, f"'{name}' takes a mapping with 'of'", f"write {name}: {{of: …, where: …, satisfy: …}}"
            )
        if name == "count":
            return self._count(value, path)
        self._only(value, path, ("of", "where", "satisfy"))
        elements = self._elements(value, path)
        satisfy = self._of_element(value["satisfy"], (*path, "satisfy")) if "satisfy" in value else None
        if name == "every":
            if satisfy is None:
                raise self.error(path, "'every' lacks 'satisfy'", "say what each element must satisfy")
            return Every(elements, satisfy)
        some = Some(elements, satisfy)
        return some if name == "some" else NoneOf(some)

    def _count(self, value: dict[str, Any], path: KeyPath) -> Condition:
        self._only(value, path, ("of", "where", *COMPARISONS))
        used = [name for name in COMPARISONS if name in value]
        if len(used) != 1:
            raise self.error(path, "'count' takes exactly one comparison", f"allowed: {', '.join(COMPARISONS)}")
        operand = self._operand(value[used[0]], (*path, used[0]), OPERATORS[used[0]])
        if operand.path is None and operand.literal is not None and not is_number(operand.literal):
            raise self.error((*path, used[0]), f"'count' compares with a number, not {operand.literal!r}", None)
        return Count(self._elements(value, path), COMPARISONS[used[0]], operand, self.today)

    def _elements(self, value: dict[str, Any], path: KeyPath) -> Elements:
        of, where = value["of"], None
        if "where" in value:
            where = self._of_element(value["where"], (*path, "where"))
        if isinstance(of, dict) and set(of) == {"param"}:
            literal = self._param(of["param"], (*path, "of"))
            if literal is not None and not isinstance(literal, list):
                raise self.error((*path, "of"), f"the parameter '{of['param']}' is not a list: {literal!r}", None)
            return Elements(None, literal if isinstance(literal, list) else [], str(of["param"]), where)
        return Elements(self._path(of, (*path, "of")), (), "", where)

    def _of_element(self, value: Any, path: KeyPath) -> Condition:
        self.inside += 1
        found = self.condition(value, path)
        self.inside -= 1
        return found

    def _leaf(self, value: dict[str, Any], path: KeyPath) -> Condition:
        sides = [name for name in ("field", "value") if name in value]
        unknown = [name for name in value if name not in OPERATORS and name not in ("field", "value")]
        if unknown:
            raise self.error(
                (*path, unknown[0]),
                f"unknown operator '{unknown[0]}'",
                allowed_hint(unknown[0], [*OPERATORS, *COMBINATORS, "field", "value"]),
            )
        operators = [name for name in value if name in OPERATORS]
        if len(sides) != 1 or len(operators) != 1:
            what = (
                "lacks 'field'" if not sides else "has no operator" if not operators else "has more than one operator"
            )
            raise self.error(path, f"the condition {what}", f"one field and one of: {', '.join(OPERATORS)}")
        operator = OPERATORS[operators[0]]
        operand = self._operand(value[operator.name], (*path, operator.name), operator)
        if sides[0] == "field":
            fast_test = quick_test(operator, operand.literal) if operand.path is None else None
            return FieldTest(
                self._path(value["field"], (*path, "field")), Operand(), operator, operand, self.today, fast_test
            )
        left = Operand(self._literal(value["value"], (*path, "value")), stated=value["value"])
        return FieldTest(None, left, operator, operand, self.today)

    def _operand(self, value: Any, path: KeyPath, operator: Operator) -> Operand:
        if isinstance(value, dict) and set(value) == {"fieldOf"}:
            return Operand(path=self._path(value["fieldOf"], (*path, "fieldOf")))
        if isinstance(value, dict) and set(value) == {"product"}:
            return self._product(value, (*path, "product"), operator)
        literal = self._literal(value, path)
        if literal is None and isinstance(value, dict):
            return Operand(stated=value)  # a parameter without a value: the rule's `requires` decides
        self._check_literal(literal, path, operator)
        return Operand(literal, stated=value)

    def _product(self, value: dict[str, Any], path: KeyPath, operator: Operator) -> Operand:
        """`{product: [{fieldOf: …}, {param: …}, 2]}`: numbers, and at the most one field. Without a value where a part has none."""
        stated = value["product"]
        fields = [one for one in stated if isinstance(one, dict) and set(one) == {"fieldOf"}] if stated else []
        if not isinstance(stated, list) or not stated or len(fields) > 1:
            raise self.error(path, "'product' takes a list of numbers, with at most one fieldOf", None)
        factor: float | None = 1
        for index, one in enumerate(stated):
            number = 1 if one in fields else self._literal(one, (*path, index))
            if number is not None and not is_number(number):
                raise self.error((*path, index), f"'product' multiplies numbers, not {number!r}", None)
            factor = None if factor is None or number is None else factor * number
        if fields:
            field = self._path(fields[0]["fieldOf"], path)
            return Operand(path=field, stated=value, factor=factor) if factor is not None else Operand(stated=value)
        if factor is not None:
            self._check_literal(factor, path, operator)
        return Operand(factor, stated=value)

    def _literal(self, value: Any, path: KeyPath) -> Any:
        if isinstance(value, dict):
            if set(value) == {"param"}:
                return self._param(value["param"], path)
            return {key: self._literal(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self._literal(item, (*path, index)) for index, item in enumerate(value)]
        return value

    def _check_literal(self, literal: Any, path: KeyPath, operator: Operator) -> None:
        import jsonschema

        if operator.takes and not jsonschema.Draft202012Validator(operator.takes).is_valid(literal):
            kinds = operator.takes.get("type", "mapping")
            wanted = kinds if isinstance(kinds, str) else " or ".join(kinds)
            keys = operator.takes.get("properties")
            hint = f"allowed in it: {', '.join(keys)}" if keys else None
            raise self.error(path, f"'{operator.name}' takes {_article(wanted)}, not {literal!r}", hint)
        if operator.name == "matchesRegex":
            if len(literal) > REGEX_LENGTH:
                raise self.error(path, f"the regular expression is longer than {REGEX_LENGTH} characters", None)
            try:
                regex.compile(literal)
            except regex.error as problem:
                raise self.error(path, f"'{literal}' is not a regular expression: {problem}", None) from None

    def _param(self, name: Any, path: KeyPath) -> Any:
        """The value of a parameter, or of a key of one that is a mapping: `retentionDays.max`."""
        head, *keys = name.split(".") if isinstance(name, str) else [str(name)]
        if head not in self.params:
            raise self.error(
                path,
                f"'{name}' is not a parameter of this rule",
                allowed_hint(head, self.params) if self.params else "declare it under `params` of the rule",
            )
        value = self.params[head]
        for key in keys:
            if isinstance(value, dict) and key not in value:
                raise self.error(path, f"the parameter '{head}' has no '{key}'", allowed_hint(key, value))
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def _path(self, value: Any, path: KeyPath) -> FieldPath:
        if not isinstance(value, str) or not value:
            raise self.error(
                path, "a field is a JMESPath expression, as text", "write it in quotes if YAML reads it otherwise"
            )
        try:
            compiled = compile_path(value)
        except PathError as problem:
            raise self.error(path, str(problem), problem.hint) from None
        for root in compiled.roots if compiled.anchored or not self.inside else ():
            if root == "facts":
                raise self.error(path, f"'{value}' names no fact", f"write one of: {', '.join(self.facts)}")
            if root.startswith("facts.") and root not in self.facts:
                raise self.error(path, f"unknown fact '{root}' here", allowed_hint(root, self.facts))
        return compiled

    def _only(self, value: dict[str, Any], path: KeyPath, allowed: tuple[str, ...]) -> None:
        for key in value:
            if key not in allowed:
                raise self.error((*path, key), f"unknown key '{key}' in '{path[-1]}'", allowed_hint(key, allowed))


def compile_condition(
    value: Any,
    path: KeyPath,
    kind: str,
    params: Mapping[str, Any],
    today: date,
    error: ErrorAt,
    *,
    inside: bool = False,
) -> Condition:
    """The compiled condition of a YAML value about subjects of a kind; `params` are the values of the rule's parameters.

    With `inside` it starts at an element of a list, as within a quantifier. Raises what `error` makes.
    """
    compiler = _Compiler(kind, params, today, error)
    compiler.inside = int(inside)
    return compiler.condition(value, path)


def _article(kind: str) -> str:
    names = {"array": "a list", "integer": "a whole number", "boolean": "true or false", "object": "a mapping"}
    return " or ".join(names.get(one, f"a {one}") for one in kind.split(" or "))
