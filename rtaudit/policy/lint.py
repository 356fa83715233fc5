"""Lint: what is wrong with a policy beyond not loading. Each complaint has a place, a check and words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rtaudit.documents import load_yaml, schema_errors
from rtaudit.documents.files import real_path
from rtaudit.documents.yaml import Document
from rtaudit.errors import InputError, did_you_mean
from rtaudit.policy.cases import find_case_files, load_cases
from rtaudit.policy.conditions import AllOf, AnyOf, Condition, FieldTest, Not
from rtaudit.policy.fields import PROPERTIES, TOP_FIELDS, VALUES
from rtaudit.policy.fix_order import circles
from rtaudit.policy.operators import same
from rtaudit.policy.packs import CASES_SUFFIX, declared_params, library, load_policies, rule_files, rules_of
from rtaudit.policy.paths import FieldPath
from rtaudit.policy.quantifiers import Count, Every, NoneOf, Some
from rtaudit.policy.rules import BoundRule, Rule, bind
from rtaudit.policy.says import says_problems, stated
from rtaudit.policy.schema import PACK_SCHEMA, RULES_SCHEMA
from rtaudit.snapshot import Snapshot
from rtaudit.subjects import ATTRIBUTES, EstateIndex


@dataclass(frozen=True)
class Complaint:
    """One thing that lint found."""

    place: str
    """`file:line:column`."""
    check: str
    """Which check found it."""
    message: str


def lint(target: Path, snapshots: Sequence[Snapshot] = ()) -> list[Complaint]:
    """Everything that is wrong with the policy files at `target` (a file or a folder).

    With snapshots, also the fields that resolve nowhere in them. Raises InputError when there is nothing to lint.
    """
    files = [target] if target.is_file() else [*rule_files(target), *rule_files(target / "rules")]
    if not files:
        raise InputError(f"there is no policy at {target}", "give a policy folder, a pack or a file of rules")
    complaints: list[Complaint] = []
    rules: dict[str, Rule] = {}
    for path in files:
        loaded, wrong = _load(path)
        complaints += [_from_error(error, "schema") for error in wrong]
        if wrong:
            continue
        complaints += _duplicates(loaded, rules)
        rules.update({rule.id: rule for rule in loaded})
        complaints += _pack(path)
    packs = [path for path in files if isinstance(load_yaml(path).value, dict)] if not complaints else []
    for path in packs:
        for pack in load_policies([str(path)]):
            complaints += [Complaint(f"{path}:1:1", "unselected", warning) for warning in pack.warnings]
    estates = [EstateIndex(snapshot) for snapshot in snapshots]
    for rule in rules.values():
        complaints += _rule(rule, estates)
    complaints += _parameters(rules)
    complaints += _order(rules)
    complaints += _cases(files, rules)
    # What breaks a file breaks its cases too: it is reported once, by the check that found it first.
    once = {(one.place, one.message): one for one in reversed(complaints)}.values()
    return sorted(once, key=lambda one: (one.place.rsplit(":", 2)[0], _line(one.place), one.message))


def _load(path: Path) -> tuple[list[Rule], list[InputError]]:
    """The rules of a file, and everything that is wrong with their form: with all of it reported, one round mends it."""
    try:
        document = load_yaml(path)
        schema = RULES_SCHEMA if isinstance(document.value, list) else PACK_SCHEMA
        wrong = schema_errors(document.value, schema, document.error)
        return ([], wrong) if wrong else (rules_of(document), [])
    except InputError as error:
        return [], [error]


def _duplicates(loaded: Sequence[Rule], rules: dict[str, Rule]) -> Iterator[Complaint]:
    for rule in loaded:
        known = rules.get(rule.id) or library().get(rule.id)
        if known is not None and real_path(known.document.name) != real_path(rule.document.name):
            yield _at(rule, ("id",), "duplicate-id", f"{rule.id} is already defined in {known.document.name}")


def _pack(path: Path) -> Iterator[Complaint]:
    """What merging a pack finds: unknown rules and parameters, circles."""
    document = load_yaml(path)
    if not isinstance(document.value, dict):
        return
    try:
        for pack in load_policies([str(path)]):
            pack.bind(datetime.now(UTC).date())
    except InputError as error:
        yield _from_error(error, "pack")


def _rule(rule: Rule, estates: Sequence[EstateIndex]) -> Iterator[Complaint]:
    try:
        bound = bind(rule, {}, datetime.now(UTC).date())
    except InputError as error:
        yield _from_error(error, "condition")
        return
    for name in rule.params:
        if name not in _mentions([rule.when, rule.require]) and name not in rule.requires:
            yield _at(
                rule, ("params", name), "unused-parameter", f"{rule.id}: no condition names the parameter '{name}'"
            )
    yield from _fix(rule)
    for part, condition in (("when", bound.when), ("require", bound.require)):
        if condition is not None:
            for message in _unreachable(condition):
                yield _at(rule, (part,), "unreachable", f"{rule.id}: {message}")
    for says_path, text in stated(rule.require, ("require",)):
        for problem in says_problems(text):
            yield _at(rule, says_path, "sentence", f"{rule.id}: {problem}")
    for path in _subject_paths(bound):
        complaint = _unknown_field(rule, path)
        if complaint:
            yield _at(rule, _place_of(rule, path), "unknown-field", f"{rule.id}: {complaint}")
        elif estates and _resolves_nowhere(rule, path, estates):
            message = f"{rule.id}: `{path.text}` resolves nowhere in the snapshots given"
            yield _at(rule, _place_of(rule, path), "unresolved-field", message)


def _fix(rule: Rule) -> Iterator[Complaint]:
    """What is wrong with the steps of a fix beyond their form."""
    for index, step in enumerate(rule.steps):
        at = ("fix", index)
        if step.az and not step.sets and not step.manual:
            message = f"{rule.id}: the step has a command and neither `sets` (what it changes) nor `manual` (why it is no fix)"
            yield _at(rule, at, "unproved-step", message)
        if not step.lines:
            yield _at(rule, at, "empty-step", f"{rule.id}: the step has neither `say` nor `az`")


def _order(rules: dict[str, Rule]) -> Iterator[Complaint]:
    """What is wrong with `before` and `after`: rules that are not there, and circles."""
    known = {**library(), **rules}
    for rule in rules.values():
        for index, step in enumerate(rule.steps):
            for part in ("before", "after"):
                for other in getattr(step, part):
                    if other not in known:
                        near = did_you_mean(other, known)
                        hint = f"; did you mean {near}?" if near else ""
                        message = f"{rule.id}: there is no rule {other}{hint}"
                        yield _at(rule, ("fix", index, part), "unknown-rule", message)
    for circle in circles(known):
        if circle[0] in rules:
            message = f"the steps wait for each other: {' before '.join(circle)}"
            yield _at(rules[circle[0]], ("fix",), "circle", message)


def _subject_paths(bound: BoundRule) -> list[FieldPath]:
    conditions = [one for one in (bound.when, bound.require) if one is not None]
    return list(dict.fromkeys(path for one in conditions for path, at_subject in one.paths() if at_subject))


def _unknown_field(rule: Rule, path: FieldPath) -> str | None:
    known = TOP_FIELDS.get(rule.each)
    if known is None:
        return None
    parts = ATTRIBUTES[rule.each]
    for root in path.roots:
        if root not in parts and root not in known:
            near = did_you_mean(root, [*parts, *known])
            return f"no {rule.each} has `{root}`" + (f"; did you mean `{near}`?" if near else "")
    pieces = path.text.split(".")
    documented = PROPERTIES.get(rule.each)
    if documented and len(pieces) > 1 and pieces[0] == "properties":
        name = pieces[1].split("[")[0].strip('"')
        if name.isidentifier() and name not in documented:
            near = did_you_mean(name, documented)
            return f"Azure documents no `properties.{name}` of {_a(rule.each)}" + (
                f"; did you mean `{near}`?" if near else ""
            )
    return None


def _a(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _resolves_nowhere(rule: Rule, path: FieldPath, estates: Sequence[EstateIndex]) -> bool:
    subjects = [subject for estate in estates for subject in estate.each(rule.each)]
    reads = [path.of_subject(subject) for subject in subjects]
    return bool(reads) and all(value is None and not gaps for value, gaps in reads)


def _unreachable(condition: Condition) -> Iterator[str]:
    """Why parts of a condition can never hold (or never fail)."""
    match condition:
        case AllOf(parts):
            yield from _contradictions([part for part in parts if isinstance(part, FieldTest)])
            for part in parts:
                yield from _unreachable(part)
        case AnyOf(parts):
            for part in parts:
                yield from _unreachable(part)
        case Not(part):
            yield from _unreachable(part)
        case FieldTest():
            yield from _never(condition)
        case Some(elements, satisfy) | Every(elements, satisfy) | NoneOf(Some(elements, satisfy)):
            for inner in (elements.where, satisfy):
                if inner is not None:
                    yield from _unreachable(inner)
        case Count(elements, operator, operand):
            if (
                operator.name in ("less", "lessOrEquals")
                and operand.path is None
                and _below_zero(operator.name, operand.literal)
            ):
                yield "no list has fewer than 0 elements"
            if elements.where is not None:
                yield from _unreachable(elements.where)


def _below_zero(operator: str, limit: Any) -> bool:
    return isinstance(limit, int) and (limit <= 0 if operator == "less" else limit < 0)


def _never(leaf: FieldTest) -> Iterator[str]:
    literal, path = leaf.operand.literal, leaf.path
    if leaf.operand.path is not None or path is None:
        return
    if leaf.operator.name == "in" and literal == []:
        yield f"`{path.text}` is never one of an empty list"
    domain = VALUES.get(path.text)
    if domain and leaf.operator.name in ("equals", "in"):
        wanted = literal if isinstance(literal, list) else [literal]
        for one in wanted:
            if one is not None and not any(same(one, value) for value in domain):
                yield f"`{path.text}` is never {one!r}; it is one of {', '.join(sorted(domain))}"


def _contradictions(leaves: Sequence[FieldTest]) -> Iterator[str]:
    by_path: dict[str, list[FieldTest]] = {}
    for leaf in leaves:
        if leaf.path is not None and leaf.operand.path is None:
            by_path.setdefault(leaf.path.text, []).append(leaf)
    for path, same_path in by_path.items():
        pinned = [leaf for leaf in same_path if leaf.operator.name == "equals"]
        for at, leaf in enumerate(pinned):
            for other in same_path:
                if other not in pinned[: at + 1] and not other.operator.test(
                    leaf.operand.literal, other.operand.literal, leaf.today
                ):
                    yield f"`{path}` cannot be {leaf.operand.literal!r} and satisfy `{other.words()}` at once"


def _mentions(value: Any) -> set[str]:
    """The parameters that conditions, as they are in YAML, name."""
    if isinstance(value, list):
        return {name for item in value for name in _mentions(item)}
    if not isinstance(value, dict):
        return set()
    if set(value) == {"param"}:
        return {str(value["param"]).split(".")[0]}
    return {name for item in value.values() for name in _mentions(item)}


def _parameters(rules: dict[str, Rule]) -> Iterator[Complaint]:
    try:
        declared_params(rules.values())
    except InputError as error:
        yield _from_error(error, "parameter")


def _cases(files: Sequence[Path], rules: dict[str, Rule]) -> Iterator[Complaint]:
    tested: dict[str, set[str]] = {}
    unread: set[Path] = set()
    for path in files:
        for case_file in find_case_files(path):
            try:
                for case in load_cases(case_file).cases:
                    tested.setdefault(case.rule, set()).add(case.expect)
            except InputError as error:
                unread.add(case_file)
                yield _from_error(error, "cases")
    for rule in rules.values():
        if not unread.isdisjoint(find_case_files(Path(rule.document.name))):
            continue
        missing = [one for one in ("pass", "fail") if one not in tested.get(rule.id, set())]
        if missing:
            name = f"{Path(rule.document.name).stem}{CASES_SUFFIX}"
            yield _at(
                rule,
                ("id",),
                "missing-case",
                f"{rule.id} has no case that must {' and none that must '.join(missing)} ({name})",
            )


def _at(rule: Rule, path: tuple[Any, ...], check: str, message: str) -> Complaint:
    line, column = rule.document.position((*rule.path, *path))
    return Complaint(f"{rule.document.name}:{line}:{column}", check, message)


def _place_of(rule: Rule, path: FieldPath) -> tuple[Any, ...]:
    """Where in the rule a path is written."""
    written = {path.text, f"$.{path.text}"}
    document: Document = rule.document
    for place in document.positions:
        if place[: len(rule.path)] != rule.path:
            continue
        value: Any = document.value
        for step in place:
            value = value[step]
        if isinstance(value, str) and value in written:
            return place[len(rule.path) :]
    return ("require",)


def _from_error(error: InputError, check: str) -> Complaint:
    place, _, message = error.message.partition(": ")
    return Complaint(place, check, message + (f" ({error.hint})" if error.hint else ""))


def _line(place: str) -> tuple[int, int]:
    parts = place.rsplit(":", 2)
    numbers = [int(part) if part.isdigit() else 0 for part in parts[1:]]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else (0, 0)
