"""Report: make the answer of a scan the one that every format, waiver and baseline knows."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from rtaudit.documents import canonical
from rtaudit.policy.waivers import Waiver, apply_baseline, apply_waivers
from rtaudit.report import OUTCOMES, SEVERITIES, Finding, Gate, Observation, Report, at_or_above
from rtaudit.report.gate import EXIT_CODES
from rtaudit.report.model import SOURCE, in_order
from rtaudit.report.wording import shorten
from rtaudit.scan.checks import SourceCheck, library
from rtaudit.scan.run import Scan, SourceFinding
from rtaudit.version import __version__

_PLACES = 200
"""Places of one pattern in one file that are kept; the rest is counted."""


def report_of(
    scans: Sequence[Scan],
    *,
    checks: Mapping[str, SourceCheck] | None = None,
    fail_on: str = "high",
    waivers: Sequence[Waiver] = (),
    baseline: Report | None = None,
    baseline_name: str | None = None,
    as_of: date | None = None,
) -> Report:
    """The answer of one or several scans: a finding for each check and file, an observation for each pattern in it."""
    checks = checks if checks is not None else library()
    today = as_of or datetime.now(UTC).date()
    findings = in_order(one for scan in scans for one in _findings(scan))
    warnings = [text for scan in scans for text in (*scan.notes, *scan.warnings)]
    warnings += [f"{scan.place(file)}: not read: {reason}" for scan in scans for file, reason in scan.unread]
    warnings += apply_waivers(findings, waivers, today)
    fixed = apply_baseline(findings, baseline) if baseline is not None else 0
    findings = in_order(findings)
    files = sum(scan.files for scan in scans)
    if not files:
        warnings.append("nothing was read: there is no file of text there that git does not ignore")
    failing = any(one.outcome == "fail" and not one.known and at_or_above(one.severity, fail_on) for one in findings)
    unseen = not files or (any(scan.unread for scan in scans) and fail_on != "none")
    verdict = "notReady" if failing else "incomplete" if unseen else "ready"
    stated = canonical([dict(check.stated) for _, check in sorted(checks.items())])
    counts = Counter(one.outcome for one in findings)
    failed = Counter(one.severity for one in findings if one.outcome == "fail")
    return Report(
        tool={"name": "rtaudit", "version": __version__},
        generated_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        as_of=today.isoformat(),
        snapshots=[],
        policies=[{"name": SOURCE, "digest": f"sha256:{hashlib.sha256(stated.encode()).hexdigest()}", "params": {}}],
        gate=Gate(fail_on, False, baseline_name, EXIT_CODES[verdict], fixed),
        verdict=verdict,
        summary={
            **{outcome: counts[outcome] for outcome in OUTCOMES},
            "known": sum(one.known for one in findings),
            "files": files,
            "failedBySeverity": {severity: failed[severity] for severity in SEVERITIES},
        },
        rules={check.id: check.text() for check in checks.values()},
        findings=findings,
        warnings=warnings,
    )


def _findings(scan: Scan) -> list[Finding]:
    """One for each check and file: what a comment accepts is apart, by its line."""
    grouped: dict[tuple[str, str, str | None, str], list[SourceFinding]] = {}
    for one in scan.findings:
        apart = "" if one.ignored is None else f"#{one.places[0].line}"
        grouped.setdefault((one.check.id, one.file, one.ignored, apart), []).append(one)
    return [_finding(scan, parts) for parts in grouped.values()]


def _finding(scan: Scan, parts: Sequence[SourceFinding]) -> Finding:
    first = parts[0]
    resource = scan.place(first.file)
    found = Finding(
        rule=first.check.id,
        outcome="fail" if first.ignored is None else "waived",
        each=SOURCE,
        resource=resource,
        environment=SOURCE,
        severity=min((one.severity for one in parts), key=SEVERITIES.index),
        set_by=SOURCE,
        observations=[seen for one in parts for seen in _observations(one, resource)],
        fix=list(dict.fromkeys(step for one in parts for step in one.fix)),
    )
    if first.ignored is not None:
        found.waiver = {
            "rule": first.check.id,
            "resource": resource,
            "reason": first.ignored,
            "by": "a comment in the source",
        }
    return found


def _observations(one: SourceFinding, resource: str) -> list[Observation]:
    via = next((place.via for place in one.places if place.via), ())
    message = one.message if not via else shorten(f"{one.message.rstrip('.')} (set in {via[0]}).", 160)
    places = [(place.line, place.column) for place in one.places[:_PLACES]]
    if one.check.action != "rotate":
        return [
            Observation(
                one.check.name,
                "absent",
                one.places[0].excerpt,
                resource,
                message,
                (),
                places,
            )
        ]
    # Each key counts for itself: a second one in a file is no old acquaintance of a baseline.
    return [
        Observation(
            f"{one.check.name} {number}", one.check.title, f"{one.found} (key {number})", resource, message, (), [place]
        )
        for number, place in enumerate(places, 1)
    ]
