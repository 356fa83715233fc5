"""Markdown as GitHub renders it: for a job summary, a pull request, a ticket. Azure's words stand in code spans."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from rtaudit.render import Options
from rtaudit.render.text import VERDICTS, judged, name, reasons, state, value, waiver
from rtaudit.report import OUTCOMES, Finding, Report

MOST = 300
"""Rows per table: a job summary holds 1 MiB."""


def render(report: Report, _options: Options) -> Iterator[str]:
    """Verdict, counts, failures with their fix, unknowns with their reason, what is waived or known."""
    yield f"# rtaudit: {VERDICTS.get(report.verdict, report.verdict)}\n\n"
    yield f"{code(judged(report))}\n\n"
    yield "| " + " | ".join(OUTCOMES) + " |\n" + "| ---: " * len(OUTCOMES) + "|\n"
    yield "| " + " | ".join(str(report.summary.get(outcome, 0)) for outcome in OUTCOMES) + " |\n"
    for warning in report.warnings:
        yield f"\n> warning: {code(value(warning, 500))}\n"
    by_state: dict[str, list[Finding]] = {}
    for finding in report.findings:
        by_state.setdefault(state(finding), []).append(finding)
    yield from _section(report, "Failed", ("severity", "rule", "resource", "seen"), by_state.get("fail", []), _failed)
    yield from _fixes(report, by_state.get("fail", []))
    unknown = by_state.get("unknown", [])
    yield from _section(
        report, "Unknown: could not be looked at", ("severity", "rule", "resource", "why"), unknown, _why
    )
    waived = by_state.get("waived", [])
    yield from _section(report, "Waived", ("severity", "rule", "resource", "waiver"), waived, _waiver)
    known = by_state.get("known", [])
    yield from _section(report, "Known from the baseline", ("severity", "rule", "resource", "outcome"), known, _outcome)


def code(text: str) -> str:
    """`text` (plain, one line) as a code span that also survives in a table: nothing in it is markup, link or mention."""
    if not text:
        return ""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    padding = " " if longest or text.startswith(" ") or text.endswith(" ") else ""
    # In a table GitHub takes `\|` for a pipe, also in a code span.
    return f"{fence}{padding}{text}{padding}{fence}".replace("|", "\\|")


def _section(
    report: Report,
    title: str,
    columns: tuple[str, ...],
    findings: list[Finding],
    last: Callable[[Finding], str],
) -> Iterator[str]:
    if not findings:
        return
    yield f"\n## {title} ({len(findings)})\n\n"
    yield "| " + " | ".join(columns) + " |\n" + "| --- " * len(columns) + "|\n"
    for finding in findings[:MOST]:
        text = report.rules.get(finding.rule)
        rule = code(value(finding.rule, 60)) + (f" {code(value(text.name, 100))}" if text else "")
        yield f"| {finding.severity} | {rule} | {code(name(finding.resource))} | {last(finding)} |\n"
    if len(findings) > MOST:
        yield f"\nand {len(findings) - MOST} more, in the JSON report\n"


def _failed(finding: Finding) -> str:
    said = [
        f"{code(value(seen.field, 200))}: expected {code(value(seen.expected, 200))}, actual {code(value(seen.actual, 200))}"
        for seen in finding.observations[:3]
    ]
    if len(finding.observations) > 3:
        said.append(f"and {len(finding.observations) - 3} more like it")
    if finding.waiver:
        said.append(code(waiver(finding)))
    return "<br>".join(said)


def _fixes(report: Report, failed: list[Finding]) -> Iterator[str]:
    """Once per rule: why it matters, and the fix for the first resource."""
    first: dict[str, Finding] = {}
    for finding in failed:
        first.setdefault(finding.rule, finding)
    if not first:
        return
    yield "\n<details><summary>How to fix</summary>\n"
    for rule, finding in list(first.items())[:MOST]:
        text = report.rules.get(rule)
        yield f"\n### {code(value(rule, 60))} {code(value(text.title, 300)) if text else ''}\n\n"
        if text:
            yield f"{code(value(text.why, 1000))}\n" + ("\n" if finding.fix else "")
        for step in finding.fix:
            yield f"* {code(value(step, 1000))}\n"
    yield "\n</details>\n"


def _why(finding: Finding) -> str:
    return "<br>".join(code(reason) for reason in reasons(finding)[:5])


def _waiver(finding: Finding) -> str:
    return code(waiver(finding))


def _outcome(finding: Finding) -> str:
    return finding.outcome
