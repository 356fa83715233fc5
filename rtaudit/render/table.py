"""The terminal's report: worst first, each failure with field, expected, actual and fix; the last line is the verdict."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from rtaudit.azure import arm_id
from rtaudit.render import Options
from rtaudit.render.text import (
    GOOD_VERDICTS,
    conclusion,
    judged,
    name,
    owner,
    place,
    plain,
    reasons,
    shorten,
    state,
    value,
    waiver,
)
from rtaudit.report import SEVERITIES, Finding, Report

MANY = 20
"""With more accounts than this to tell of, and no outcomes asked for, they are summarised on one screen."""

_ROWS = 14
"""Lines of each table of a summary of rules and accounts; one table alone has twice as many."""

_COLOURS = {"fail": "31", "unknown": "33", "waived": "36", "known": "36", "pass": "32", "notApplicable": "2"}
_STATES = ("fail", "unknown", "known", "waived", "pass", "notApplicable")
_OBSERVATIONS = 5


class _Page:
    """Lines of a fixed width, with colour where it may be."""

    def __init__(self, options: Options) -> None:
        self.width = max(60, options.width)
        self._colour = options.colour

    def paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour and code else text

    def wrapped(self, text: str, indent: str, more: str = "") -> Iterator[str]:
        """`text` over as many lines as it needs; a word longer than a line is cut, never lost."""
        if len(indent) + len(text) <= self.width:
            yield f"{indent}{text}\n"
            return
        line, room = indent, self.width - len(indent)
        for word in text.split(" "):
            if len(line) > len(indent) and len(word) + 1 <= room:
                line, room = f"{line} {word}", room - len(word) - 1
                continue
            if len(line) > len(indent):
                yield line + "\n"
                indent += more
                more = ""
                line, room = indent, self.width - len(indent)
            *whole, last = _pieces(word, room, self.width - len(indent + more))
            for piece in whole:
                yield line + piece + "\n"
                indent += more
                more = ""
                line = indent
            line, room = line + last, self.width - len(line) - len(last)
        yield line + "\n"


def _pieces(word: str, first: int, room: int) -> list[str]:
    """`word` in pieces that fit a line; cut after a dot or slash where there is one."""
    pieces = []
    while len(word) > first:
        cut = max(word.rfind(".", 0, first), word.rfind("/", 0, first), word.rfind("]", 0, first)) + 1
        pieces.append(word[: cut or first])
        word = word[cut or first :]
        first = room
    return [*pieces, word]


def render(report: Report, options: Options) -> Iterator[str]:
    """The report for a terminal, in pieces. Plain and stable where `options.colour` is off."""
    if report.of_source:
        from rtaudit.render import source_table

        yield from source_table.render(report, options)
        return
    page = _Page(options)
    yield from page.wrapped(judged(report), "")
    shown = _shown(report.findings, options.show)
    by_owner = _grouped(shown, lambda finding: arm_id.key(owner(finding.resource)))
    if not shown:
        yield "\n"
        yield "Nothing to list.\n" if options.show else "No failure and nothing unknown.\n"
    elif not options.show and len(by_owner) > MANY:
        yield from _summary(page, report, shown, by_owner, options.group_by)
    elif options.group_by == "rule":
        yield from _by_rule(page, report, shown)
    elif options.group_by == "severity":
        yield from _by_severity(page, report, shown)
    else:
        yield from _by_account(page, report, by_owner)
    yield "\n"
    for warning in report.warnings:
        yield from page.wrapped(f"warning: {shorten(plain(warning), 400)}", "", "  ")
    colour = (
        "1;32" if report.verdict in GOOD_VERDICTS else "1;31" if report.verdict in ("notReady", "drift") else "1;33"
    )
    yield page.paint(conclusion(report), colour) + "\n"


def _shown(findings: Iterable[Finding], show: Sequence[str]) -> list[Finding]:
    wanted = set(show) or {"fail", "unknown"}
    if "all" in wanted:
        return list(findings)
    return [finding for finding in findings if state(finding) in wanted]


def _grouped(findings: Iterable[Finding], of: Callable[[Finding], str]) -> dict[str, list[Finding]]:
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[of(finding)].append(finding)
    return groups


def _badness(findings: Iterable[Finding]) -> tuple[int, ...]:
    """Sorts groups worst first: by number of failures of each severity, then of unknowns."""
    counted = [0] * (2 * len(SEVERITIES))
    for finding in findings:
        at = SEVERITIES.index(finding.severity)
        match state(finding):
            case "fail":
                counted[at] -= 1
            case "unknown":
                counted[len(SEVERITIES) + at] -= 1
    return tuple(counted)


def _tally(findings: Iterable[Finding]) -> str:
    counted: dict[str, int] = defaultdict(int)
    for finding in findings:
        counted[state(finding)] += 1
    return ", ".join(f"{counted[word]} {word}" for word in _STATES if counted[word])


def _by_account(page: _Page, report: Report, groups: dict[str, list[Finding]]) -> Iterator[str]:
    for key, findings in sorted(groups.items(), key=lambda group: (_badness(group[1]), group[0])):
        resource = owner(findings[0].resource)
        where = ", ".join(filter(None, (place(resource), _environment(report, findings[0]))))
        yield "\n"
        title = name(resource) + (f" ({where})" if where else "") + ": " + _tally(findings)
        for line in page.wrapped(title, ""):
            yield page.paint(line.rstrip("\n"), "1") + "\n"
        for finding in findings:
            child = "" if arm_id.key(finding.resource) == key else name(finding.resource)
            yield from _finding(page, report, finding, child)


def _by_rule(page: _Page, report: Report, shown: list[Finding]) -> Iterator[str]:
    groups = _grouped(shown, lambda finding: finding.rule)
    for rule, findings in sorted(groups.items(), key=lambda group: (_badness(group[1]), group[0])):
        text = report.rules.get(rule)
        yield "\n"
        title = f"{value(rule, 60)} {value(text.title, 200) if text else ''}: {_tally(findings)}"
        for line in page.wrapped(title, "", "  "):
            yield page.paint(line.rstrip("\n"), "1") + "\n"
        for finding in findings:
            yield from _finding(page, report, finding, name(finding.resource), with_rule=False)


def _by_severity(page: _Page, report: Report, shown: list[Finding]) -> Iterator[str]:
    groups = _grouped(shown, lambda finding: finding.severity)
    for severity in SEVERITIES:
        if groups.get(severity):
            yield "\n"
            yield page.paint(f"{severity}: {_tally(groups[severity])}", "1") + "\n"
            for finding in groups[severity]:
                yield from _finding(page, report, finding, name(finding.resource))


def _environment(report: Report, finding: Finding) -> str:
    return value(finding.environment, 60) if len(report.snapshots) > 1 else ""


def _finding(page: _Page, report: Report, finding: Finding, child: str, *, with_rule: bool = True) -> Iterator[str]:
    shown_as = state(finding)
    text = report.rules.get(finding.rule)
    what = f"{value(finding.rule, 60)} {value(text.name, 90) if text else ''}".rstrip() if with_rule else ""
    words = " · ".join(filter(None, (what, child)))
    severity = "" if finding.outcome in ("pass", "notApplicable") else finding.severity
    lines = page.wrapped(f"{shown_as:<8}{severity:<9}{words}", "  ", " " * 17)
    yield page.paint(next(lines).rstrip("\n"), _COLOURS[shown_as]) + "\n"
    yield from lines
    if finding.outcome == "unknown":
        for reason in reasons(finding):
            yield from page.wrapped(reason, "    ", "  ")
    elif finding.note:
        yield from page.wrapped(shorten(plain(finding.note), 300), "    ", "  ")
    if finding.outcome in ("fail", "waived"):
        for seen in finding.observations[:_OBSERVATIONS]:
            elsewhere = seen.resource and arm_id.key(seen.resource) != arm_id.key(finding.resource)
            at = f" ({name(seen.resource)})" if elsewhere else ""
            yield from page.wrapped(
                f"{value(seen.field)}: expected {value(seen.expected)}, actual {value(seen.actual)}{at}", "    ", "  "
            )
        if len(finding.observations) > _OBSERVATIONS:
            yield f"    and {len(finding.observations) - _OBSERVATIONS} more like it (in -o json)\n"
    if finding.waiver:
        yield from page.wrapped(waiver(finding), "    ", "  ")
    if finding.outcome == "fail" and finding.fix:
        yield from page.wrapped(f"fix: {shorten(plain(finding.fix[0]), 500)}", "    ", "  ")


def _summary(
    page: _Page, report: Report, shown: list[Finding], by_owner: dict[str, list[Finding]], group_by: str | None
) -> Iterator[str]:
    """Rules, accounts or severities on one screen, worst first, and how to see each finding."""
    rules = _grouped(shown, lambda finding: finding.rule)
    yield f"\n{len(shown)} findings of {len(rules)} rules on {len(by_owner)} resources.\n"
    if group_by == "severity":
        yield from _severities(page, shown)
    rows = _ROWS if group_by is None else 2 * _ROWS
    if group_by in (None, "rule"):
        yield from _rules(page, report, rules, rows)
    if group_by in (None, "account"):
        yield from _accounts(page, by_owner, rows)
    yield "\nEach finding: --show fail --show unknown, or -o html=report.html\n"


def _rules(page: _Page, report: Report, rules: dict[str, list[Finding]], rows: int) -> Iterator[str]:
    ranked = sorted(rules.items(), key=lambda group: (_badness(group[1]), group[0]))
    yield "\n" + page.paint(f"{'rule':<14}{'severity':<9}{'fail':>6}{'unknown':>9}  name", "1") + "\n"
    for rule, findings in ranked[:rows]:
        text = report.rules.get(rule)
        fails = sum(state(finding) == "fail" for finding in findings)
        unknowns = sum(state(finding) == "unknown" for finding in findings)
        severity = min((finding.severity for finding in findings), key=SEVERITIES.index)
        line = f"{shorten(value(rule), 13):<14}{severity:<9}{fails:>6}{unknowns:>9}  "
        yield line + shorten(value(text.name) if text else "", page.width - len(line)) + "\n"
    if len(ranked) > rows:
        yield f"and {len(ranked) - rows} more rules" + (": --group-by rule\n" if rows == _ROWS else "\n")


def _accounts(page: _Page, by_owner: dict[str, list[Finding]], rows: int) -> Iterator[str]:
    ranked = sorted(by_owner.items(), key=lambda group: (_badness(group[1]), group[0]))
    heads = "".join(f"{severity:>9}" for severity in SEVERITIES)
    room = page.width - len(heads) - 9
    yield "\n" + page.paint(f"{'failed on':<{room}}{heads}{'unknown':>9}", "1") + "\n"
    for _, findings in ranked[:rows]:
        failed = [sum(state(one) == "fail" and one.severity == severity for one in findings) for severity in SEVERITIES]
        unknown = sum(state(one) == "unknown" for one in findings)
        label = shorten(name(owner(findings[0].resource)), room - 1)
        yield f"{label:<{room}}{''.join(f'{count:>9}' for count in failed)}{unknown:>9}\n"
    if len(ranked) > rows:
        yield f"and {len(ranked) - rows} more" + (": --group-by account\n" if rows == _ROWS else "\n")


def _severities(page: _Page, shown: list[Finding]) -> Iterator[str]:
    yield "\n" + page.paint(f"{'severity':<10}{'fail':>6}{'unknown':>9}  most often", "1") + "\n"
    for severity in SEVERITIES:
        of_severity = [finding for finding in shown if finding.severity == severity]
        fails = sum(state(finding) == "fail" for finding in of_severity)
        unknowns = sum(state(finding) == "unknown" for finding in of_severity)
        often = Counter(value(finding.rule, 40) for finding in of_severity).most_common(3)
        line = f"{severity:<10}{fails:>6}{unknowns:>9}  "
        said = ", ".join(f"{rule} ({count})" for rule, count in sorted(often, key=lambda pair: (-pair[1], pair[0])))
        yield (line + shorten(said, page.width - len(line))).rstrip() + "\n"
