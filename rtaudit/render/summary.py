"""Summaries of large reports: rules, accounts or severities on one screen, the worst first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from rtaudit.render.page import TerminalPage
from rtaudit.render.text import name, outcome_label, owning_resource_name, shorten, value
from rtaudit.report import SEVERITIES, Finding, Report

MANY = 20
"""With more accounts than this to list, and no outcomes asked for, they are summarised on one screen."""

_ROWS = 11
"""Lines of each table of a summary of rules and accounts; one table alone has twice as many."""

_STATES = ("fail", "unknown", "known", "waived", "pass", "notApplicable")


def badness(findings: Iterable[Finding]) -> tuple[int, ...]:
    """Sorts groups worst first: by number of failures of each severity, then of unknowns."""
    counted = [0] * (2 * len(SEVERITIES))
    for finding in findings:
        at = SEVERITIES.index(finding.severity)
        match outcome_label(finding):
            case "fail":
                counted[at] -= 1
            case "unknown":
                counted[len(SEVERITIES) + at] -= 1
    return tuple(counted)


def tally(findings: Iterable[Finding]) -> str:
    counted: dict[str, int] = defaultdict(int)
    for finding in findings:
        counted[outcome_label(finding)] += 1
    return ", ".join(f"{counted[word]} {word}" for word in _STATES if counted[word])


def summary(
    page: TerminalPage, report: Report, shown: list[Finding], by_owner: dict[str, list[Finding]], group_by: str | None
) -> Iterator[str]:
    """Rules, accounts or severities on one screen, worst first, and how to see each finding."""
    rules: dict[str, list[Finding]] = defaultdict(list)
    for finding in shown:
        rules[finding.rule].append(finding)
    yield f"{len(shown)} findings of {len(rules)} rules on {len(by_owner)} resources.\n"
    if group_by == "severity":
        yield from _severities(page, shown)
    rows = _ROWS if group_by is None else 2 * _ROWS
    if group_by in (None, "rule"):
        yield from _rules(page, report, rules, rows)
    if group_by in (None, "account"):
        yield from _accounts(page, by_owner, rows)
    yield "\nEach finding: --show fail --show unknown, or -o html=report.html\n"


def _rules(page: TerminalPage, report: Report, rules: dict[str, list[Finding]], rows: int) -> Iterator[str]:
    ranked = sorted(rules.items(), key=lambda group: (badness(group[1]), group[0]))
    yield "\n" + page.paint(f"{'rule':<14}{'severity':<9}{'fail':>6}{'unknown':>9}  name", "1") + "\n"
    for rule, findings in ranked[:rows]:
        text = report.rules.get(rule)
        fails = sum(outcome_label(finding) == "fail" for finding in findings)
        unknowns = sum(outcome_label(finding) == "unknown" for finding in findings)
        severity = min((finding.severity for finding in findings), key=SEVERITIES.index)
        line = f"{shorten(value(rule), 13):<14}{severity:<9}{fails:>6}{unknowns:>9}  "
        yield line + shorten(value(text.name) if text else "", page.width - len(line)) + "\n"
    if len(ranked) > rows:
        yield f"and {len(ranked) - rows} more rules" + (": --group-by rule\n" if rows == _ROWS else "\n")


def _accounts(page: TerminalPage, by_owner: dict[str, list[Finding]], rows: int) -> Iterator[str]:
    ranked = sorted(by_owner.items(), key=lambda group: (badness(group[1]), group[0]))
    heads = "".join(f"{severity:>9}" for severity in SEVERITIES)
    space = page.width - len(heads) - 9
    yield "\n" + page.paint(f"{'failed on':<{space}}{heads}{'unknown':>9}", "1") + "\n"
    for _, findings in ranked[:rows]:
        failed = [
            sum(outcome_label(one) == "fail" and one.severity == severity for one in findings)
            for severity in SEVERITIES
        ]
        unknown = sum(outcome_label(one) == "unknown" for one in findings)
        label = shorten(name(owning_resource_name(findings[0].resource)), space - 1)
        yield f"{label:<{space}}{''.join(f'{count:>9}' for count in failed)}{unknown:>9}\n"
    if len(ranked) > rows:
        yield f"and {len(ranked) - rows} more" + (": --group-by account\n" if rows == _ROWS else "\n")


def _severities(page: TerminalPage, shown: list[Finding]) -> Iterator[str]:
    yield "\n" + page.paint(f"{'severity':<10}{'fail':>6}{'unknown':>9}  most often", "1") + "\n"
    for severity in SEVERITIES:
        of_severity = [finding for finding in shown if finding.severity == severity]
        fails = sum(outcome_label(finding) == "fail" for finding in of_severity)
        unknowns = sum(outcome_label(finding) == "unknown" for finding in of_severity)
        often = Counter(value(finding.rule, 40) for finding in of_severity).most_common(3)
        line = f"{severity:<10}{fails:>6}{unknowns:>9}  "
        said = ", ".join(f"{rule} ({count})" for rule, count in sorted(often, key=lambda pair: (-pair[1], pair[0])))
        yield (line + shorten(said, page.width - len(line))).rstrip() + "\n"
