"""Annotations: texts shared by the github and azdo formats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rtaudit.render.text import GOOD_VERDICTS, in_code, in_full, name, observed, reasons, shorten, value, verdict
from rtaudit.report import Finding, Report
from rtaudit.report.model import SOURCE


@dataclass(frozen=True, slots=True)
class Note:
    """One annotation."""

    level: str
    """error (it gates), warning or info."""
    title: str
    text: str
    """Lines of plain text."""
    code: str = ""
    """The rule."""
    finding: Finding | None = None


def notes(report: Report) -> Iterator[Note]:
    """The verdict, the warnings, then each failure and unknown that is neither waived nor in the baseline, worst first."""
    good = report.verdict in GOOD_VERDICTS
    yield Note("info" if good else "error", f"rtaudit: {verdict(report)}", in_full(report))
    for warning in report.warnings:
        yield Note("warning", "rtaudit", value(warning, 1000))
    for finding in report.findings:
        if finding.outcome in ("fail", "unknown") and not finding.known:
            yield _note(report, finding)


def _note(report: Report, finding: Finding) -> Note:
    text = report.rules.get(finding.rule)
    unknown = finding.outcome == "unknown"
    gates = report.gate.blocks(finding)
    said = [value(finding.message or "", 400), value(text.title if text else finding.rule, 300)]
    said.append(in_code(finding))
    if unknown:
        said += [f"unknown: {reason}" for reason in reasons(finding)[:5]]
    elif finding.each == SOURCE:
        said = [value(seen.message, 300) for seen in finding.observations[:5]]
        said += [f"fix: {value(step, 500)}" for step in finding.fix[:1]]
    else:
        said += [observed(seen, finding) for seen in finding.observations[:5]]
        said += [f"fix: {value(step, 500)}" for step in finding.fix[:1]]
    title = f"{value(finding.rule, 60)} ({finding.severity}) {name(finding.resource)}"
    return Note(
        "error" if gates else "warning",
        shorten(title, 250),
        "\n".join(filter(None, said)),
        value(finding.rule, 60),
        finding,
    )
