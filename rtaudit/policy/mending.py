"""Mending: applies the steps of a fix to the case that fails, and checks again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rtaudit.policy.edit import EditError, answered, edited
from rtaudit.policy.evaluate import evaluate
from rtaudit.policy.rules import BoundRule
from rtaudit.report import Finding
from rtaudit.report.steps import Step
from rtaudit.snapshot import Snapshot
from rtaudit.subjects import EstateIndex

MAX_ROUNDS = 20
"""How often a fix is applied to what it left: one step of each finding at a time."""


def why_unmended(
    base: Snapshot,
    bound: BoundRule,
    findings: Sequence[Finding],
    probes: Sequence[dict[str, Any]] = (),
    answers: Mapping[str, Any] | None = None,
    wanted: str = "pass",
) -> str | None:
    """Why the steps of the fix do not make these failures of a rule pass; None where they do, or say why none can."""
    if all(step.stated.plain for step in bound.steps):
        return None  # the old form states nothing that could be tried
    snapshot, left, used = base, list(findings), set()
    for _ in range(MAX_ROUNDS):
        failed = [one for one in left if one.outcome == "fail"]
        if not failed:
            return _hidden(findings, left) if wanted == "pass" else None
        step = next((one for one in _automatic(failed) if repr(one.sets) not in used), None)
        if step is None:
            break
        used.add(repr(step.sets))
        try:
            snapshot = edited(snapshot, answered(step.sets, {**step.examples, **(answers or {})}))
        except EditError as error:
            return f"the step '{_named(step)}' cannot be applied: {error.message}"
        left = evaluate(EstateIndex(snapshot, probes), [bound], "cases")
    return _unmended(failed)


def _hidden(before: Sequence[Finding], after: Sequence[Finding]) -> str | None:
    """What the steps made unknown: that is no pass."""
    known = {one.resource for one in before if one.outcome == "unknown"}
    for one in after:
        if one.outcome == "unknown" and one.resource not in known:
            return f"after its steps it is unknown: {one.gaps[0].message if one.gaps else one.note}"
    return None


def _automatic(findings: Sequence[Finding]) -> Iterator[Step]:
    for finding in findings:
        for observation in finding.observations:
            yield from (step for step in observation.steps if step.sets and not step.manual)


def _unmended(failed: Sequence[Finding]) -> str | None:
    for finding in failed:
        for one in finding.observations:
            if not any(step.manual for step in one.steps):
                if not one.steps:
                    return f"no step mends {one.field}, which is {one.actual!r}"
                return f"after its steps {one.field} is still {one.actual!r}"
    return None


def _named(step: Step) -> str:
    return step.say or (step.command.line() if step.command else "")
