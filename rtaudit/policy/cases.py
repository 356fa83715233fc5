"""Cases: small changes to one good environment, and the outcome that a rule must then have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from rtaudit import assets
from rtaudit.documents import load_yaml
from rtaudit.documents.schema_of import DATE, DIALECT, TEXT, TEXTS, Schema, closed, list_of, one_of, schema_of
from rtaudit.errors import InputError, RtauditError, allowed_hint
from rtaudit.policy.edit import edited, edited_probes
from rtaudit.policy.evaluate import evaluate
from rtaudit.policy.mending import why_unmended
from rtaudit.policy.packs import CASES_SUFFIX, library, load_rules, rule_files
from rtaudit.policy.rules import BoundRule, Rule, bind, read_rules
from rtaudit.policy.schema import CHANGE
from rtaudit.report import OUTCOMES, Finding
from rtaudit.snapshot import Snapshot, load
from rtaudit.subjects import EstateIndex

_WORST_FIRST = ("fail", "unknown", "pass", "notApplicable")


_MENDED: Schema = {"const": "unknown", "description": "What the steps of the fix leave, where a gap hides more."}
_ANSWERS: Schema = {
    "type": "object", "description": "What the steps of a fix ask for: `subnet id: /subscriptions/…`.",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One case of one rule; its fields but the rule and the place are the keys of the file."""

    rule: str
    place: str
    """`file:line`."""
    name: Annotated[str, TEXT]
    expect: Annotated[str, one_of([one for one in OUTCOMES if one != "waived"])]
    """The worst outcome over the rule's findings; of a source check, the places that it finds."""
    observed: Annotated[Sequence[str], {**TEXTS, "description": "Starts of fields that an observation must name."}] = ()
    params: Annotated[Mapping[str, Any], {"type": "object"}] = field(default_factory=dict)
    answers: Annotated[Mapping[str, Any], _ANSWERS] = field(default_factory=dict)
    """What the steps of the fix ask for, by name."""
    mended: Annotated[str, _MENDED] = "pass"
    """The outcome that the steps of the fix must reach: `unknown` where a gap hides more."""
    change: Annotated[Sequence[Mapping[str, Any]], list_of(CHANGE)] = ()


CASES_SCHEMA: dict[str, Any] = {
    "$schema": DIALECT,
    "title": "rtaudit cases",
    **closed(
        {
            "schema": {"const": "rtaudit.cases/1"},
            "asOf": DATE,
            "base": {
                **TEXT,
                "description": "A snapshot beside this file; without it, the good environment that ships.",
            },
            "clients": list_of(
                {"type": "object", "required": ["name"]},
                "Client contracts that the base holds; `at: client` changes one.",
            ),
            "probes": list_of(
                {"type": "object", "required": ["target"]},
                "Probes that are checked with the base; `at: probe` changes them.",
            ),
            "answers": _ANSWERS,
            "cases": {"type": "object", "additionalProperties": list_of(schema_of(Case, without=["rule", "place"]))},
        },
        "schema",
        "cases",
        description="The cases of the rules beside it: small changes to one good environment, and the outcome each must have.",
    ),
}
"""A file of cases."""


@dataclass(frozen=True)
class CaseResult:
    """What became of a case."""

    case: Case
    problem: str | None
    """What went wrong; None when it is as expected."""


@dataclass(frozen=True)
class CaseFile:
    """A file of cases with the rules beside it."""

    path: Path
    rules: Mapping[str, Rule]
    cases: Sequence[Case]
    base: Path
    as_of: date
    clients: Sequence[dict[str, Any]] = ()
    """Client contracts in the base."""
    probes: Sequence[dict[str, Any]] = ()
    """Probes that are evaluated with the base."""
    answers: Mapping[str, Any] = field(default_factory=dict)
    """What the steps of fixes ask for, by name, for all cases."""

    @property
    def without_cases(self) -> list[str]:
        """Rules of the same file and have no case."""
        tested = {case.rule for case in self.cases}
        name = self.path.name.removesuffix(CASES_SUFFIX)
        own = [rule.id for rule in self.rules.values() if Path(rule.document.name).stem == name]
        return sorted(rule_id for rule_id in own if rule_id not in tested)


def find_case_files(target: Path) -> list[Path]:
    """The files of cases at `target`: the file itself, the one beside a rule file, or all below a folder."""
    if target.is_file():
        if target.name.endswith(CASES_SUFFIX):
            return [target]
        beside = target.with_name(target.stem + CASES_SUFFIX)
        return [beside] if beside.is_file() else []
    if not target.is_dir():
        raise InputError(f"no such file or folder: {target}", "give a policy folder, a rule file or a file of cases")
    return sorted(target.rglob(f"*{CASES_SUFFIX}"))


def load_cases(path: Path) -> CaseFile:
    """A file of cases. Raises InputError for a broken one, and for a case of a rule that nothing beside it states."""
    document = load_yaml(path, CASES_SCHEMA)
    rules = {**library(), **_beside(path.parent)}
    cases: list[Case] = []
    for rule_id, stated in document.value["cases"].items():
        if rule_id not in rules:
            raise document.error(
                ("cases", rule_id),
                f"unknown rule '{rule_id}'",
                allowed_hint(rule_id, _beside(path.parent) or rules)[:300],
                at_key=True,
            )
        for index, one in enumerate(stated):
            line, _ = document.position(("cases", rule_id, index))
            cases.append(Case(rule_id, f"{document.name}:{line}", **one))
    base = (
        path.parent / document.value["base"] if "base" in document.value else assets.policies() / "rules" / "good.json"
    )
    as_of = date.fromisoformat(document.value.get("asOf", "2026-01-01"))
    return CaseFile(
        path,
        rules,
        cases,
        base,
        as_of,
        document.value.get("clients", ()),
        document.value.get("probes", ()),
        document.value.get("answers", {}),
    )


def _beside(folder: Path) -> dict[str, Rule]:
    rules = load_rules(folder)
    for path in rule_files(folder):
        document = load_yaml(path)
        if isinstance(document.value, dict):
            rules.update({rule.id: rule for rule in read_rules(document, document.value.get("rules", ()), ("rules",))})
    return rules


def run(file: CaseFile) -> Iterator[CaseResult]:
    """Evaluate each case of a file."""
    base = base_of(file)
    for case in file.cases:
        try:
            yield CaseResult(case, _tried(file, case, base))
        except RtauditError as error:
            yield CaseResult(case, error.message + (f" ({error.hint})" if error.hint else ""))


def base_of(file: CaseFile) -> Snapshot:
    """The snapshot that the cases of a file change."""
    base = load(file.base)
    return base.with_clients(file.clients) if file.clients else base


def _tried(file: CaseFile, case: Case, base: Snapshot) -> str | None:
    """What is wrong with a case: its outcome, or that the rule's fix does not mend it."""
    bound = bind_case(file, case)
    snapshot, probes = changed(file, case, base)
    findings = evaluate(EstateIndex(snapshot, probes), [bound], "cases")
    problem = _compare(case, findings)
    if problem is None and case.expect == "fail":
        problem = why_unmended(snapshot, bound, findings, probes, {**file.answers, **case.answers}, case.mended)
    return problem


def findings_of(file: CaseFile, case: Case, base: Snapshot) -> list[Finding]:
    """The findings of a case's rule where its changes are made. Raises InputError."""
    snapshot, probes = changed(file, case, base)
    return evaluate(EstateIndex(snapshot, probes), [bind_case(file, case)], "cases")


def bind_case(file: CaseFile, case: Case) -> BoundRule:
    """The rule of a case with the case's parameters. Raises InputError."""
    rule = file.rules[case.rule]
    for name, value in case.params.items():
        if name not in rule.params:
            raise InputError(f"the rule has no parameter '{name}'", allowed_hint(name, rule.params))
        if value is not None and not rule.params[name].accepts(value):
            raise InputError(f"the parameter '{name}' is not of type {rule.params[name].type}", rule.params[name].about)
    return bind(rule, case.params, file.as_of)


def changed(file: CaseFile, case: Case, base: Snapshot) -> tuple[Snapshot, list[dict[str, Any]]]:
    """The base as the case has it, and the probes. Raises EditError."""
    of_probe = [one for one in case.change if one.get("at") == "probe"]
    others = [one for one in case.change if one.get("at") != "probe"]
    return edited(base, others), edited_probes(file.probes, of_probe)


def _compare(case: Case, findings: Sequence[Finding]) -> str | None:
    outcomes = {finding.outcome for finding in findings}
    worst = next((outcome for outcome in _WORST_FIRST if outcome in outcomes), "nothing to check")
    if worst != case.expect:
        return f"expected {case.expect}, but it is {worst}{_evidence(findings, worst)}"
    fields = [one.field for finding in findings if finding.outcome == worst for one in finding.observations]
    for wanted in case.observed:
        if not any(field.startswith(wanted) for field in fields):
            return f"no observation names {wanted}; they name {', '.join(sorted(set(fields))) or 'nothing'}"
    return None


def _evidence(findings: Sequence[Finding], outcome: str) -> str:
    for finding in findings:
        if finding.outcome != outcome:
            continue
        if finding.observations:
            one = finding.observations[0]
            return f": {one.field} {one.expected}, and it is {one.actual!r}"
        if finding.gaps:
            return f": {finding.gaps[0].aspect} at {finding.gaps[0].scope}: {finding.gaps[0].message}"
        if finding.note:
            return f": {finding.note}"
    return ""
