"""Drift report: reads a Drift as a Report, for formats that know findings only: each category of change is a rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rtaudit.azure import arm_id
from rtaudit.drift import DECISIONS, columns, matrix
from rtaudit.drift.sentences import row_sentence
from rtaudit.report import OUTCOMES, SEVERITIES, Finding, Gate, Observation, Report, RuleText

if TYPE_CHECKING:
    from rtaudit.drift import MatrixRow
    from rtaudit.drift.model import Change, Comparison, Drift

_OUTCOMES = {"drift": "fail", "unknown": "unknown", "expected": "waived", "ignored": "waived"}
"""Decision about a change -> outcome of the finding that represents it."""

_WHY = "What is tested in one environment is not what runs in another."


def as_report(drift: Drift) -> Report:
    """The drift as a report with the drift's own verdict: one finding for each setting that differs, as many as every other format counts."""
    findings = list(_findings(drift))
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


def _findings(drift: Drift) -> Iterator[Finding]:
    heads = columns(drift)
    for row in matrix(drift):
        yield _finding(drift, row, heads)
    for comparison in drift.comparisons:
        yield from _others(comparison)


def _others(comparison: Comparison) -> list[Finding]:
    """What was paired and does not differ, and what could not be paired."""
    changed = {arm_id.key(one) for change in comparison.changes for one in (change.left, change.right) if one}
    found = [
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


def _finding(drift: Drift, row: MatrixRow, heads: Sequence[str]) -> Finding:
    """The finding of a row of the matrix: one setting that differs, in however many environments."""
    changed = [(one, change) for one, change in zip(drift.comparisons, row.changes, strict=True) if change is not None]
    worst = min(changed, key=lambda pair: (DECISIONS.index(pair[1].decision), SEVERITIES.index(pair[1].severity)))
    comparison, change = worst
    # What was removed is in the base only.
    side = comparison.left if change.right is None and change.left is not None else comparison.right
    said = row_sentence(row, heads)
    seen = [Observation(_path(one), one.before, one.after, _resource(one), said) for _, one in changed]
    by = ", ".join(sorted({str(one.decided_by) for _, one in changed if one.decided_by}))
    note = "; ".join(dict.fromkeys(one.meaning for _, one in changed if one.meaning)) or None
    waiver: dict[str, Any] | None = None
    if row.decision in ("expected", "ignored"):
        waiver = {"reason": f"{row.decision} by {by or 'the drift policy'}"}
    if row.decision == "unknown":
        note = "; ".join(filter(None, (by, note))) or "one side could not be read"
    return Finding(
        f"drift-{row.category}",
        _OUTCOMES[row.decision],
        row.type,
        _resource(change),
        side.environment,
        row.severity,
        f"{comparison.left.environment} to {comparison.right.environment}",
        seen,
        waiver=waiver,
        note=note,
    )


def _resource(change: Change) -> str:
    return change.right or change.left or change.role


def _path(change: Change) -> str:
    return change.path or {"added": "(only here)", "removed": "(missing here)"}.get(change.kind, "(the whole resource)")
