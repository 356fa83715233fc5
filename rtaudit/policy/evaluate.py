"""Evaluation: runs every bound rule on every subject, three-valued, and merges packs by the worst outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from rtaudit.azure import arm_id
from rtaudit.policy.conditions import Condition, EvalContext, observations
from rtaudit.policy.fixes import steps_for
from rtaudit.policy.rules import BoundRule
from rtaudit.report import Finding
from rtaudit.report.model import in_order
from rtaudit.snapshot import Gap, Snapshot
from rtaudit.subjects import EstateIndex, Subject

Among = Callable[[str, Sequence[EvalContext]], Sequence[EvalContext]]
"""Rule id and all its subjects -> those to evaluate."""

Detail = Literal["outcome", "seen", "fix", "steps", "apply"]
"""What a finding says of a failure: that it is one, what was seen, how it is fixed too, and that in steps that can be applied.

`apply` is for a runbook: what was seen, and the steps of each observation, without the lines of the fix.
"""


def evaluate(
    estate: EstateIndex,
    rules: Sequence[BoundRule],
    pack: str,
    *,
    detail: Detail = "steps",
    among: Among | None = None,
    unlisted: bool = True,
) -> list[Finding]:
    """The findings of one pack over one snapshot: one for each rule and subject (those `among` them), passes too.

    With `unlisted` also one for each rule and list that could not be read: what it would have named is unknown.
    """
    # What is served is a parameter of the pack, wherever one of its rules asks for it.
    served = frozenset[str]().union(*(bound.served for bound in rules)) or frozenset({"speech"})
    scopes: dict[str, list[EvalContext]] = {}
    findings: list[Finding] = []
    for bound in rules:
        kind = bound.rule.each
        if kind not in scopes:
            scopes[kind] = [EvalContext(subject) for subject in estate.each(kind, served)]
        note = _does_not_apply(estate, bound)
        if unlisted and note is None:
            findings.extend(_unlisted(estate, bound, scopes[kind], pack))
        among_these = scopes[kind] if among is None else among(bound.rule.id, scopes[kind])
        findings.extend(_evaluate_rule(estate, bound, among_these, pack, note=note, detail=detail))
    return findings


def _unlisted(estate: EstateIndex, bound: BoundRule, scopes: Sequence[EvalContext], pack: str) -> Iterable[Finding]:
    rule, environment = bound.rule, estate.snapshot.environment
    # What a gap names is hidden by it only where it is no subject itself: that one is evaluated.
    seen = {arm_id.key(scope.subject.resource) for scope in scopes} if rule.each == "subscription" else set()
    for gap in estate.listing_gaps(rule.each):
        resource = gap.scope if gap.scope != "/" else f"environment/{environment}"
        if arm_id.key(resource) not in seen:
            seen.add(arm_id.key(resource))
            yield Finding(rule.id, "unknown", rule.each, resource, environment, bound.severity, pack, gaps=[gap])


def _evaluate_rule(
    estate: EstateIndex,
    bound: BoundRule,
    scopes: Sequence[EvalContext],
    pack: str,
    *,
    note: str | None,
    detail: Detail,
) -> Iterable[Finding]:
    """The findings of one rule over `scopes`; `note` says why it applies to none of them, if it does."""
    environment, severity, rule_id, each = estate.snapshot.environment, bound.severity, bound.rule.id, bound.rule.each
    for scope in scopes:
        resource = scope.subject.resource
        no_use = note or _another_api(scope.subject)
        if no_use is not None:
            yield Finding(rule_id, "notApplicable", each, resource, environment, severity, pack, note=no_use)
            continue
        applies = True if bound.when is None else bound.when.truth(scope)
        if applies is False:
            why = None if detail in ("outcome", "apply") else _why_not(bound.when, scope)
            yield Finding(rule_id, "notApplicable", each, resource, environment, severity, pack, note=why)
            continue
        holds = bound.require.truth(scope)
        if applies and holds and (each != "realtimeDeployment" or scope.subject.fact("realtimeRole") != "unknown"):
            yield Finding(rule_id, "pass", each, resource, environment, severity, pack)
        else:
            yield _not_passed(bound, scope, applies, holds, environment, pack, detail=detail)


def _why_not(when: Condition | None, scope: EvalContext) -> str | None:
    """What the rule's `when` says where it does not hold, if it says anything."""
    if when is None or getattr(when, "says", None) is None:
        return None
    return next((one.message for one in observations(when, scope)), None)


def _does_not_apply(estate: EstateIndex, bound: BoundRule) -> str | None:
    if bound.unset:
        return f"the parameter {bound.unset[0]} is not set"
    missing = [aspect for aspect in bound.opt_in if aspect not in estate.snapshot.aspects]
    if missing:
        return f"needs `--aspect {missing[0]}` at collection"
    return None


def _another_api(subject: Subject) -> str | None:
    """Why no rule applies to a client of another API than the Realtime API, or None."""
    name = subject.fact("otherApi") if subject.kind == "client" else None
    return f"this client uses {name}, which is another API: not checked" if name else None


def _not_passed(
    bound: BoundRule,
    scope: EvalContext,
    applies: bool | None,
    holds: bool | None,
    environment: str,
    pack: str,
    *,
    detail: Detail,
) -> Finding:
    rule, subject = bound.rule, scope.subject
    finding = Finding(rule.id, "fail", rule.each, subject.resource, environment, bound.severity, pack)
    gaps: list[Gap] = []
    if applies is None and bound.when is not None:
        gaps += bound.when.gaps(scope)
    if holds is None:
        gaps += bound.require.gaps(scope)
    if rule.each == "realtimeDeployment" and subject.fact("realtimeRole") == "unknown":
        gaps += subject.join("facts.realtimeRole").gaps
        finding.note = f"whether this deployment is realtime is unknown: it rests on {subject.fact('realtimeEvidence')}"
        finding.outcome = "unknown"
    elif applies is None or holds is None:
        finding.outcome = "unknown"
    if finding.outcome == "unknown":
        finding.gaps = list(dict.fromkeys(gaps))
    if holds is False and detail != "outcome":
        finding.observations = observations(bound.require, scope)
    if detail == "apply":
        for one in finding.observations:
            one.steps = list(steps_for(bound.steps, subject, one))
    elif detail in ("fix", "steps"):
        _say_how(finding, bound, scope, steps=detail == "steps")
    snapshot = subject.estate.snapshot
    if snapshot.planned:
        finding.address = snapshot.addresses.get(arm_id.key(subject.resource))
        finding.source = snapshot.sources.get(arm_id.key(subject.resource))
        finding.note = finding.note or _default_of_provider(finding, snapshot)
    return finding


def _default_of_provider(finding: Finding, snapshot: Snapshot) -> str | None:
    """Which attributes behind a failure the code does not set, so that the provider's own default holds."""
    unset = {
        attribute
        for one in finding.observations
        for pointer, attribute in snapshot.defaults.get(arm_id.key(one.resource), {}).items()
        if f"/{one.field}/".replace(".", "/").startswith(f"{pointer}/")
    }
    return f"the code does not set {', '.join(sorted(unset))}: this is the provider's default" if unset else None


def _say_how(finding: Finding, bound: BoundRule, scope: EvalContext, *, steps: bool) -> None:
    """Fill in the rule's fix: for each observation the steps that mend it, and for the finding all of them."""
    lines: dict[str, None] = {}
    for one in finding.observations:
        made = list(steps_for(bound.steps, scope.subject, one, whole=steps))
        one.fix = [line for step in made for line in step.lines()]
        if steps:
            one.steps = made
        lines.update(dict.fromkeys(one.fix))
    for step in () if finding.observations else steps_for(bound.steps, scope.subject, None, whole=False):
        lines.update(dict.fromkeys(step.lines()))
    finding.fix = list(lines)


def join_packs(per_pack: Sequence[list[Finding]], gates: Callable[[Finding], bool]) -> list[Finding]:
    """The findings of several packs as one list: of each rule and resource the worst outcome, sorted for a report.

    What gates is worse than what does not: a failure that one pack calls low does not hide another's critical unknown.
    """
    if len(per_pack) == 1:
        return in_order(per_pack[0])
    worst: dict[tuple[str, str, str], Finding] = {}
    for findings in per_pack:
        for finding in findings:
            key = (finding.rule, arm_id.key(finding.resource), finding.environment)
            other = worst.get(key)
            if other is None or (not gates(finding), *finding.order[:2]) < (not gates(other), *other.order[:2]):
                worst[key] = finding
    return in_order(worst.values())
