"""Source table: show the answer of `client scan` in the terminal, place by place, worst first, with a summary of what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rtaudit.errors import counted
from rtaudit.render import Options
from rtaudit.render.page import SEVERITY_COLOURS, TerminalPage, verdict_colour
from rtaudit.render.text import VERDICTS, outcome_label, shorten, to_printable, value, waiver
from rtaudit.report import SEVERITIES, Finding, Observation, Report

_PLACES = 6
"""Lines of one pattern in one file that are listed."""


def render(report: Report, options: Options) -> Iterator[str]:
    """The findings with their sentences, the fix of each check once, and the summary."""
    wanted = set(options.show) or {"fail", "unknown"}
    shown = [one for one in report.findings if "all" in wanted or outcome_label(one) in wanted]
    page = TerminalPage(options)
    fixed: set[str] = set()
    for finding in sorted(shown, key=lambda one: (SEVERITIES.index(one.severity), one.resource, one.rule)):
        yield from _finding(page, report, finding, fixed)
    for finding in report.findings:
        if finding.outcome == "waived" and finding not in shown:
            yield f"{_place(finding, finding.observations[0])} ignored {finding.rule}: {waiver(finding)}\n"
    if report.findings:
        yield "\n"
    for warning in report.warnings:
        yield f"note: {shorten(to_printable(warning), 400)}\n"
    yield from _closing(page, report)


def _finding(page: TerminalPage, report: Report, finding: Finding, fixed: set[str]) -> Iterator[str]:
    text = report.rules.get(finding.rule)
    marked = "" if outcome_label(finding) == "fail" else f" ({outcome_label(finding)})"
    for seen in finding.observations:
        severity = page.paint(finding.severity, SEVERITY_COLOURS[finding.severity])
        yield f"{_place(finding, seen)} {severity} {finding.rule} {text.name if text else ''}{marked}\n"
        yield f"  {shorten(to_printable(seen.message), 400)}\n"
        lines = sorted({line for line, _ in seen.places})
        if len(lines) > 1:
            more = f" and {len(lines) - _PLACES} more" if len(lines) > _PLACES else ""
            yield f"  {len(seen.places)} places: lines {', '.join(map(str, lines[:_PLACES]))}{more}\n"
        if isinstance(seen.actual, str) and seen.actual:
            yield f"  | {value(seen.actual, 160)}\n"
    if finding.waiver:
        yield f"  {waiver(finding)}\n"
    key = f"{finding.rule}{finding.fix}"
    if finding.outcome == "fail" and key not in fixed:
        fixed.add(key)
        for step in finding.fix[:6]:
            yield f"  fix: {shorten(to_printable(step), 400)}\n"


def _place(finding: Finding, seen: Observation) -> str:
    line, column = next(iter(seen.places), (1, 1))
    return f"{to_printable(finding.resource)}:{line}:{column}:"


def _closing(page: TerminalPage, report: Report) -> Iterator[str]:
    """By severity, and by what is to be done: `migrate: 2 places; rotate: 1 place`."""
    open_now = [one for one in report.findings if one.outcome == "fail" and not one.known]
    by_severity = Counter(one.severity for one in open_now)
    worst = ", ".join(f"{by_severity[severity]} {severity}" for severity in SEVERITIES if by_severity[severity])
    todo: Counter[str] = Counter()
    for one in open_now:
        if one.severity != "info":
            text = report.rules.get(one.rule)
            todo[(text.action if text else "") or "mend"] += _places(one.observations)
    if todo:
        yield (
            "to do: " + "; ".join(f"{action}: {counted(count, 'place')}" for action, count in todo.most_common()) + "\n"
        )
    others = [
        f"{sum(one.outcome == 'waived' for one in report.findings)} accepted",
        f"{sum(one.known for one in report.findings)} known",
    ]
    files = report.summary.get("files", 0)
    line = (
        f"{VERDICTS.get(report.verdict, report.verdict)}: {counted(files, 'file')} read, {counted(len(open_now), 'finding')}"
        + (f" ({worst})" if worst else "")
    )
    said = ", ".join([line, *(one for one in others if not one.startswith("0 "))])
    yield page.paint(said, verdict_colour(report.verdict)) + "\n"


def _places(observations: Sequence[Observation]) -> int:
    return sum(max(1, len(one.places)) for one in observations)
