"""Terminal renderer for reports: the verdict first and last, what blocks, the rest folded, and what to do next."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from rtaudit.azure import arm_id
from rtaudit.errors import counted
from rtaudit.render import Options
from rtaudit.render.page import LABEL, SEVERITY_COLOURS, TerminalPage, verdict_colour
from rtaudit.render.summary import MANY, badness, summary, tally
from rtaudit.render.text import (
    conclusion,
    count_line,
    heading,
    in_code,
    name,
    only_azure,
    outcome_label,
    owning_resource_name,
    reasons,
    resource_location,
    rule_list,
    shorten,
    to_printable,
    value,
    waiver,
    what_was_checked,
)
from rtaudit.report import SEVERITIES, Finding, Report
from rtaudit.report.causes import Cause, causes

MOST_CAUSES = 24
"""Causes that are listed where no outcomes were asked for; the last line then says how many more there are."""

_OUTCOME_COLOURS = {"unknown": "33", "waived": "36", "known": "36", "pass": "32", "notApplicable": "2"}
_LABELS = {"notApplicable": "N/A"}
_OBSERVATIONS = 5


def render(report: Report, options: Options) -> Iterator[str]:
    """The report for a terminal, in pieces. Plain and stable where `options.colour` is off."""
    if report.of_source:
        from rtaudit.render import source_table

        yield from source_table.render(report, options)
        return
    page = TerminalPage(options)
    colour = verdict_colour(report.verdict)
    for line in page.wrapped(heading(report), ""):
        yield page.paint(line.rstrip("\n"), colour) + "\n"
    yield from page.wrapped(what_was_checked(report), "")
    yield from page.wrapped(count_line(report), "")
    shown = _shown(report.findings, options.show)
    by_owner = _grouped(shown, lambda finding: arm_id.key(owning_resource_name(finding.resource)))
    yield "\n"
    if not shown and options.show:
        yield f"No finding matches --show {' '.join(options.show)}.\n"
    elif not options.show and len(by_owner) > MANY:
        yield from summary(page, report, shown, by_owner, options.group_by)
    elif options.group_by is not None:
        yield from _groups(page, report, shown, options)
    else:
        yield from _list(page, report, shown, options)
    yield "\n" if (shown or options.show) and not options.details else ""
    for warning in report.warnings:
        yield from page.wrapped(f"warning: {shorten(to_printable(warning), 400)}", "", "  ")
    if only_azure(report):
        yield from page.wrapped(f"{only_azure(report)}.", "")
    yield from _next(page, report, options)
    for line in page.wrapped(conclusion(report), ""):
        yield page.paint(line.rstrip("\n"), colour) + "\n"


def _shown(findings: Iterable[Finding], show: Sequence[str]) -> list[Finding]:
    wanted = set(show) or {"fail", "unknown"}
    if "all" in wanted:
        return list(findings)
    return [
        finding
        for finding in findings
        if ((outcome := outcome_label(finding)) in wanted and (show or not finding.waits_for_azure))
        or (outcome in ("fail", "unknown") and finding.severity in wanted)
    ]


def _grouped(findings: Iterable[Finding], of: Callable[[Finding], str]) -> dict[str, list[Finding]]:
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[of(finding)].append(finding)
    return groups


def _list(page: TerminalPage, report: Report, shown: list[Finding], options: Options) -> Iterator[str]:
    """One line a cause: all that were asked for, else those that block, with the rest counted by severity."""
    found = causes(shown, report.gate)
    blocking = [one for one in found if one.blocks]
    listed = found if options.show or not blocking else blocking
    folded = [] if listed is found else [one for one in found if not one.blocks]
    most = len(listed) if options.show else MOST_CAUSES
    for cause in listed[:most]:
        yield from _entry(page, report, cause, options)
    if len(listed) > most:
        yield f"{' ' * LABEL}and {counted(len(listed) - most, 'more cause')}: --show fail --show unknown lists all\n"
    for severity in SEVERITIES:
        rest = [one for one in folded if one.lead.severity == severity]
        if rest:
            number = sum(len(one.findings) for one in rest)
            said = f"{number} more" if number == len(rest) else f"{number} more with {counted(len(rest), 'cause')}"
            label = page.paint(severity.upper(), SEVERITY_COLOURS[severity])
            yield f"{label}{' ' * (LABEL - len(severity))}{said} (--show {severity})\n"


def _groups(page: TerminalPage, report: Report, shown: list[Finding], options: Options) -> Iterator[str]:
    """The findings under a heading for each account, rule or severity, the worst group first."""
    of: Callable[[Finding], str] = {
        "account": lambda finding: arm_id.key(owning_resource_name(finding.resource)),
        "rule": lambda finding: finding.rule,
    }.get(options.group_by or "", lambda finding: str(SEVERITIES.index(finding.severity)))
    groups = sorted(_grouped(shown, of).items(), key=lambda group: (badness(group[1]), group[0]))
    for number, (_, findings) in enumerate(groups):
        yield "\n" if number else ""
        for line in page.wrapped(f"{_title(report, findings[0], options)}: {tally(findings)}", "", "  "):
            yield page.paint(line.rstrip("\n"), "1") + "\n"
        for cause in causes(findings, report.gate):
            yield from _entry(page, report, cause, options)


def _title(report: Report, first: Finding, options: Options) -> str:
    if options.group_by == "severity":
        return first.severity
    if options.group_by == "rule":
        text = report.rules.get(first.rule)
        return f"{value(first.rule, 60)} {value(text.title, 200) if text else ''}".rstrip()
    resource = owning_resource_name(first.resource)
    environment = value(first.environment, 60) if len(report.snapshots) > 1 else ""
    where = ", ".join(filter(None, (resource_location(resource), environment)))
    return name(resource) + (f" ({where})" if where else "")


def _entry(page: TerminalPage, report: Report, cause: Cause, options: Options) -> Iterator[str]:
    lead = cause.lead
    outcome = outcome_label(lead)
    label = lead.severity.upper() if outcome == "fail" else _LABELS.get(outcome, outcome.upper())
    colour = SEVERITY_COLOURS[lead.severity] if outcome == "fail" else _OUTCOME_COLOURS[outcome]
    yield from page.entry(label, colour, _sentence(report, lead), rule_list(cause.rules))
    if lead.address is not None:
        yield from page.wrapped(in_code(lead), " " * LABEL, "  ")
    if lead.waiver:
        yield from page.wrapped(waiver(lead), " " * LABEL)
    if options.details:
        yield from _details(page, report, cause)


def _sentence(report: Report, finding: Finding) -> str:
    if finding.message and finding.outcome not in ("pass", "notApplicable"):
        return to_printable(finding.message)
    text = report.rules.get(finding.rule)
    note = f" ({shorten(to_printable(finding.note), 120)})" if finding.note else ""
    return f"{name(finding.resource)}: {value(text.title, 120) if text else value(finding.rule, 60)}{note}"


def _details(page: TerminalPage, report: Report, cause: Cause) -> Iterator[str]:
    """Evidence and commands of a cause. What a reader copies, ids and commands, is never broken over lines."""
    indent = " " * LABEL
    fixes: dict[str, None] = {}
    for finding in cause.findings:
        text = report.rules.get(finding.rule)
        title = f"{value(finding.rule, 60)} ({finding.severity}): {value(text.title, 200) if text else ''}"
        yield from page.wrapped(title, indent, "  ")
        if finding.outcome == "unknown":
            for reason in reasons(finding):
                yield from page.wrapped(reason, indent + "  ", "  ")
        fixes |= dict.fromkeys(finding.fix if finding.outcome == "fail" else ())
    lead = cause.lead
    for seen in lead.observations[:_OBSERVATIONS] if lead.outcome in ("fail", "waived") else ():
        yield f"{indent}seen: {value(seen.field, 500)}\n"
        yield from page.wrapped(f"expected {value(seen.expected)}, actual {value(seen.actual)}", indent + "      ")
        yield f"{indent}  at: {value(seen.resource, 500)}\n"
    if len(lead.observations) > _OBSERVATIONS:
        yield f"{indent}and {len(lead.observations) - _OBSERVATIONS} more like it (in -o json)\n"
    for line in fixes:
        shown = to_printable(line)
        if shown.startswith("az "):
            yield f"{indent}{shown}\n"
        else:
            yield from page.wrapped(f"fix: {shown}", indent, "     ")
    yield "\n"


def _of_report(report: Report) -> list[str]:
    """The options of a check that its report tells."""
    words = [] if report.generated_at.startswith(report.as_of) else ["--as-of", report.as_of]
    words += [] if report.gate.fail_on == "high" else ["--fail-on", report.gate.fail_on]
    return [*words, *(["--allow-edited"] if any("digest mismatch" in one for one in report.warnings) else [])]


def _next(page: TerminalPage, report: Report, options: Options) -> Iterator[str]:
    """What to do next, where something blocks."""
    blocking = next((one for one in report.findings if report.gate.blocks(one)), None)
    if blocking is None:
        return
    steps = [] if options.details else [("add --details", "evidence and az commands")]
    file = report.snapshots[0].get("file") if len(report.snapshots) == 1 else None
    if file and to_printable(file) == file and [one["name"] for one in report.policies] == ["production"]:
        words = _of_report(report) if options.runbook_options is None else options.runbook_options
        command = to_printable(shlex.join(["rtaudit", "runbook", file, *words]))
        # A command that would be broken over lines does not copy.
        steps += [(command, "the steps, in order")] if len(command) <= page.width - 7 else []
    if blocking.rule.startswith("RTA-") and to_printable(blocking.rule) == blocking.rule and len(blocking.rule) < 20:
        steps.append((f"rtaudit policy explain {blocking.rule}", "what it checks, why, and the fix"))
    width = max(len(command) for command, _ in steps) if steps else 0
    for number, (command, about) in enumerate(steps):
        padded = width if 7 + width + 3 + len(about) <= page.width else len(command)
        fits = 7 + padded + 3 + len(about) <= page.width
        tail = f"{'':<{padded - len(command)}}   {page.paint(about, '2')}" if fits else ""
        yield f"{'Next:' if number == 0 else '':<7}{command}{tail}\n"
    yield "\n" if steps else ""
