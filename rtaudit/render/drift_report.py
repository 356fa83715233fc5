"""A Drift read as a Report, for the formats that know findings only: each category of change is a rule."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from rtaudit.azure import arm_id
from rtaudit.report import OUTCOMES, SEVERITIES, Finding, Gate, Observation, Report, RuleText
from rtaudit.snapshot import Gap

if TYPE_CHECKING:
    from rtaudit.drift.model import Change, Comparison, Drift

_OUTCOMES = {"drift": "fail", "unknown": "unknown", "expected": "waived", "ignored": "waived"}
"""Decision about a change -> outcome of the finding that stands for it."""

_WHY = "What is tested in one environment is not what runs in another."


def as_report(drift: Drift) -> Report:
    """The drift as a report with the drift's own verdict: one finding per resource, category, decision and severity."""
    findings = [finding for comparison in drift.comparisons for finding in _findings(comparison)]
    counted = Counter(finding.outcome for finding in findings)
    failed = Counter(finding.severity for finding in findings if finding.outcome == "fail")
    worst: dict[str, str] = {}
    for finding in findings:
        worst[finding.rule] = min(worst.get(finding.rule, "info"), finding.severity, key=SEVERITIES.index)
    return Report(
        tool=drift.tool,
        # A drift records no time of its own: the last collection that it compares is the time it speaks of.
        generated_at=max((side.collected_at or "" for side in drift.sides), default="") or f"{drift.as_of}T00:00:00Z",
        as_of=drift.as_of,
        snapshots=[
            {
                "environment": side.environment,
                "digest": side.digest,
                "collectedAt": side.collected_at,
                "file": side.file,
            }
            for side in drift.sides
        ],
        policies=[{"digest": "", "params": {}, **policy} for policy in drift.policies],
        gate=Gate(fail_on=drift.fail_on, exit_code=drift.exit_code),
        verdict=drift.verdict,
        summary={
            **{outcome: counted[outcome] for outcome in OUTCOMES},
            "failedBySeverity": {severity: failed[severity] for severity in SEVERITIES if failed[severity]},
        },
        rules={rule: _rule(rule, severity) for rule, severity in sorted(worst.items())},
        findings=sorted(findings, key=lambda finding: finding.order),
        warnings=drift.warnings,
    )


def _rule(rule: str, severity: str) -> RuleText:
    category = rule.removeprefix("drift-")
    title = {
        "drift-pairing": "Each resource has a known counterpart",
        "drift-none": "The two resources are the same",
    }.get(rule, f"{category}: the environments agree")
    return RuleText(rule, title, severity, _WHY)


def _findings(comparison: Comparison) -> list[Finding]:
    groups: dict[tuple[str, str, str, str], list[Change]] = defaultdict(list)
    for change in comparison.changes:
        groups[_resource(change), change.category, change.decision, change.severity].append(change)
    found = [_finding(comparison, key, changes) for key, changes in groups.items()]
    changed = {arm_id.key(one) for change in comparison.changes for one in (change.left, change.right) if one}
    found += [
        Finding("drift-none", "pass", pair.type, pair.right, comparison.right.environment)
        for pair in comparison.pairs
        if not changed & {arm_id.key(pair.left), arm_id.key(pair.right)}
    ]
    for doubt in comparison.unpaired:
        side = comparison.left if doubt.side == "left" else comparison.right
        found.append(
            Finding(
                "drift-pairing", "unknown", doubt.type, doubt.resource, side.environment, "medium", note=doubt.reason
            )
        )
    return found


def _finding(comparison: Comparison, key: tuple[str, str, str, str], changes: list[Change]) -> Finding:
    resource, category, decision, severity = key
    # What was removed stands in the base only.
    side = comparison.left if changes[0].right is None and changes[0].left is not None else comparison.right
    seen = [Observation(_path(change), change.before, change.after, _resource(change)) for change in changes]
    by = ", ".join(sorted({str(change.decided_by) for change in changes if change.decided_by}))
    meanings = "; ".join(dict.fromkeys(change.meaning for change in changes if change.meaning))
    waiver: dict[str, Any] | None = None
    gaps: list[Gap] = []
    note = meanings or None
    if decision in ("expected", "ignored"):
        waiver = {"reason": f"{decision} by {by or 'the drift policy'}"}
    if decision == "unknown":
        note = "; ".join(filter(None, (by, meanings))) or "one side could not be seen"
    return Finding(
        f"drift-{category}",
        _OUTCOMES[decision],
        changes[0].type,
        resource,
        side.environment,
        severity,
        f"{comparison.left.environment} to {comparison.right.environment}",
        seen,
        gaps,
        waiver=waiver,
        note=note,
    )


def _resource(change: Change) -> str:
    return change.right or change.left or change.role


def _path(change: Change) -> str:
    return change.path or {"added": "(only here)", "removed": "(missing here)"}.get(change.kind, "(the whole resource)")
