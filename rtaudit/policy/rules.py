"""Rules: read from YAML, checked, and bound to the parameters of a pack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from rtaudit.documents import Document, KeyPath
from rtaudit.errors import InputError, allowed_hint
from rtaudit.policy.compile import compile_condition
from rtaudit.policy.conditions import Condition
from rtaudit.policy.fixes import BoundStep, StatedStep, bind_steps, read_steps
from rtaudit.policy.paths import FieldPath
from rtaudit.policy.schema import PARAM_TYPES
from rtaudit.report import RuleText
from rtaudit.subjects import ATTRIBUTES
from rtaudit.subjects.estate import opt_in


@dataclass(frozen=True)
class Param:
    """A parameter, declared where it is used."""

    name: str
    type: str
    """One of PARAM_TYPES."""
    about: str
    default: Any = None

    def accepts(self, value: Any) -> bool:
        """True when `value` is of the declared type."""
        return PARAM_TYPES[self.type](value)


@dataclass(frozen=True)
class Rule:
    """A rule as its file states it."""

    id: str
    name: str
    title: str
    severity: str
    each: str
    when: Mapping[str, Any] | None
    require: Mapping[str, Any]
    why: str
    steps: Sequence[StatedStep]
    """Its `fix`."""
    see: Sequence[str]
    controls: Mapping[str, Sequence[str]]
    params: Mapping[str, Param]
    requires: Sequence[str]
    document: Document
    """The file that states it."""
    path: KeyPath
    """Where in the file."""

    @property
    def group(self) -> str:
        """The middle of its id: `NET` of RTA-NET-009; empty where the id has another form."""
        parts = self.id.split("-")
        return parts[1] if len(parts) == 3 else ""

    def text(self) -> RuleText:
        """What a report says of it."""
        controls = {name: list(ids) for name, ids in self.controls.items()}
        return RuleText(self.name, self.title, self.severity, self.why, self.fix, list(self.see), controls)

    @property
    def fix(self) -> list[str]:
        """Its steps as plain lines, for readers that know no other form."""
        return [line for step in self.steps for line in step.lines]

    def source(self) -> dict[str, Any]:
        """The rule as data, for the digest of a policy."""
        value: Any = self.document.value
        for part in self.path:
            value = value[part]
        found: dict[str, Any] = value
        return found


@dataclass(frozen=True)
class BoundRule:
    """A rule compiled with the parameters and overrides of one pack."""

    rule: Rule
    severity: str
    when: Condition | None
    require: Condition
    unset: Sequence[str]
    """Parameters in `requires` that have no value: the rule does not apply."""
    reads: frozenset[str]
    """The aspects that its expressions read."""
    opt_in: Sequence[str]
    """Those of them that are read only when asked for."""
    helped_by: Sequence[str]
    """Opt-in aspects that sharpen its facts; it applies without them."""
    steps: Sequence[BoundStep]
    """What mends a failure."""
    served: frozenset[str] = frozenset()
    """The realtime roles that its parameter `servedRoles` names; empty where it has none."""


def read_rules(document: Document, values: Sequence[Any], at: KeyPath) -> list[Rule]:
    """The rules in the list at `at` in a document (already validated against the schema). Raises InputError."""
    rules: dict[str, Rule] = {}
    for index, value in enumerate(values):
        path = (*at, index)
        rule = _read_rule(document, value, path)
        if rule.id in rules:
            raise document.error((*path, "id"), f"the rule {rule.id} appears twice in this file")
        rules[rule.id] = rule
    return list(rules.values())


def _read_rule(document: Document, value: Mapping[str, Any], path: KeyPath) -> Rule:
    params = {
        name: Param(name, declared["type"], " ".join(declared["about"].split()), declared.get("default"))
        for name, declared in value.get("params", {}).items()
    }
    for name, param in params.items():
        if param.default is not None and not param.accepts(param.default):
            where = (*path, "params", name, "default")
            raise document.error(where, f"the default of '{name}' is not of type {param.type}")
    for index, name in enumerate(value.get("requires", ())):
        if name not in params:
            raise document.error(
                (*path, "requires", index), f"'{name}' is not a parameter of this rule", allowed_hint(name, params)
            )
    return Rule(
        id=value["id"],
        name=value["name"],
        title=value["title"],
        severity=value["severity"],
        each=value["each"],
        when=value.get("when"),
        require=value["require"],
        why=" ".join(value["why"].split()),
        steps=read_steps(value["fix"]),
        see=value.get("see", ()),
        controls=value.get("controls", {}),
        params=params,
        requires=value.get("requires", ()),
        document=document,
        path=path,
    )


def bind(rule: Rule, params: Mapping[str, Any], today: date, *, severity: str | None = None) -> BoundRule:
    """`rule` compiled with these parameter values, evaluating on `today`. Raises InputError at the rule's line."""
    values = {name: params.get(name, param.default) for name, param in rule.params.items()}

    def error(path: KeyPath, message: str, hint: str | None) -> InputError:
        return rule.document.error((*rule.path, *path), f"{rule.id}: {message}", hint)

    when = compile_condition(rule.when, ("when",), rule.each, values, today, error) if rule.when is not None else None
    require = compile_condition(rule.require, ("require",), rule.each, values, today, error)
    paths = _subject_paths(when, require)
    reads = frozenset(aspect for path in paths for aspect in aspects_of(rule.each, path))
    parts = ATTRIBUTES[rule.each]
    helped_by = {one for path in paths for root in path.roots if root in parts for one in parts[root].helped_by}
    return BoundRule(
        rule=rule,
        severity=severity or rule.severity,
        when=when,
        require=require,
        unset=[name for name in rule.requires if values[name] is None],
        reads=reads,
        opt_in=opt_in(reads),
        helped_by=sorted(helped_by),
        steps=bind_steps(rule.steps, rule.each, values, today, error),
        served=frozenset(values.get("servedRoles") or ()),
    )


def aspects_of(kind: str, path: FieldPath) -> set[str]:
    """The aspects that a path reads when it starts at a subject of this kind."""
    parts = ATTRIBUTES[kind]
    return {aspect for root in path.roots if root in parts for aspect in parts[root].aspects}


def _subject_paths(*conditions: Condition | None) -> list[FieldPath]:
    return [path for one in conditions if one is not None for path, at_subject in one.paths() if at_subject]
