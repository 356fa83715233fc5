"""Terminal renderer for drifts: what is weaker first, then what is different, by category; the verdict first and last."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from rtaudit.drift import Drift, MatrixRow, matrix
from rtaudit.drift.sentences import row_sentence
from rtaudit.errors import counted
from rtaudit.render import Options
from rtaudit.render.drift_labels import CATEGORY_TITLES, cell_text, compared, conclusion, headings, reasons, setting
from rtaudit.render.page import SEVERITY_COLOURS, TerminalPage, verdict_colour
from rtaudit.render.text import VERDICTS, rule_list, shorten, to_printable
from rtaudit.report import SEVERITIES

_COLOURS = {"drift": "31", "unknown": "33", "expected": "36", "ignored": "2"}
_SEVERITY = 11
_ODD = "*"
_GAP = 2
_CELL_LINES = 4


def render(drift: Drift, options: Options) -> Iterator[str]:
    """The drift for a terminal, in pieces. Plain and stable where `options.colour` is off.

    Lists the decisions that `options.show` names, or `all`; where it names none, all but ignored ones, which are counted only.
    Two environments are listed as sentences; more, or `options.details`, as a table with a column for each.
    """
    page = TerminalPage(options)
    heads = headings(drift)
    colour = verdict_colour(drift.verdict)
    verdict = VERDICTS.get(drift.verdict, drift.verdict).upper()
    for line in page.wrapped(f"{' → '.join(heads)}: {verdict}", ""):
        yield page.paint(line.rstrip("\n"), colour) + "\n"
    yield from page.wrapped(compared(drift), "")
    shown = set(options.show) or {"drift", "unknown", "expected"}
    rows = [row for row in matrix(drift) if "all" in shown or _decisions(row) & shown]
    weaker = [row for row in rows if row.decision == "drift" and row.weaker]
    different = [row for row in rows if not (row.decision == "drift" and row.weaker)]
    yield from page.wrapped(_summary(rows, weaker), "")
    if weaker:
        where = heads[1] if len(heads) == 2 else "another environment"
        title = f"Weaker: a rule passes in {heads[0]} and fails in {where}"
        yield "\n" + page.paint(title, "1") + "\n"
        for row in sorted(weaker, key=lambda row: SEVERITIES.index(row.severity)):
            yield from _entry(page, row, heads, rule_list(row.weaker))
    doubts = list(_doubts(drift, page)) if {"all", "unknown"} & shown else []
    in_columns = options.details or len(heads) > 2
    for category, group in groupby(different, key=lambda row: row.category):
        title, listed = f"Different: {CATEGORY_TITLES[category]}", list(group)
        yield "\n"
        if in_columns:
            yield from _category(page, title, listed, heads)
            continue
        yield page.paint(title, "1") + "\n"
        for row in listed:
            yield from _entry(page, row, heads, "")
    if in_columns and any(cell.odd for row in different for cell in row.cells):
        yield f"\n{_ODD} differs from most of the other environments.\n"
    if not rows and not doubts:
        listed_nothing = f"No difference matches --show {' '.join(options.show)}.\n"
        yield "\n"
        yield listed_nothing if options.show else "No differences (ids, host names and etags are ignored).\n"
    yield from doubts
    yield "\n"
    for warning in drift.warnings:
        yield from page.wrapped(f"warning: {to_printable(warning)}", "", "  ")
    for line in page.wrapped(conclusion(drift), "", "  "):
        yield page.paint(line.rstrip("\n"), colour) + "\n"


def _summary(rows: Sequence[MatrixRow], weaker: Sequence[MatrixRow]) -> str:
    total = Counter(row.decision for row in rows)
    if not rows:
        return "0 settings differ"
    parts = [f"{len(weaker)} weaker, {total['drift'] - len(weaker)} different"] if total["drift"] else []
    parts += [f"{total[decision]} {decision}" for decision in ("unknown", "expected", "ignored") if total[decision]]
    return f"{counted(len(rows), 'setting')} {'differs' if len(rows) == 1 else 'differ'}: {', '.join(parts)}"


def _entry(page: TerminalPage, row: MatrixRow, heads: Sequence[str], rules: str) -> Iterator[str]:
    word = row.severity if row.decision == "drift" else row.decision
    colour = SEVERITY_COLOURS[row.severity] if row.decision == "drift" else _COLOURS[row.decision]
    said = to_printable(row_sentence(row, heads))
    if row.decision in ("expected", "ignored"):
        by = next((change.decided_by for change in row.changes if change is not None and change.decided_by), None)
        said = f"{said.rstrip('.')} ({row.decision} by {to_printable(by)})." if by else said
    yield from page.entry(word.upper(), colour, said, rules)


def _category(page: TerminalPage, title: str, rows: Sequence[MatrixRow], heads: Sequence[str]) -> Iterator[str]:
    widths = _widths(rows, heads, page.width)
    head = " " * (_SEVERITY + 2) + " " * (widths[0] + _GAP) + _joined([[one] for one in heads], widths[1:])[0]
    yield page.paint(title, "1") + "\n"
    yield page.paint(head.rstrip(), "2") + "\n"
    for (role, resource_type), group in groupby(rows, key=lambda row: (row.role, row.type)):
        kind = resource_type.rsplit("/", 1)[-1]
        yield f"  {shorten(to_printable(role), page.width - len(kind) - 6)} ({kind})\n"
        for row in group:
            yield from _row(page, row, heads, widths)


def _row(page: TerminalPage, row: MatrixRow, heads: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    word = row.severity if row.decision == "drift" else row.decision
    cells = []
    for cell, space in zip(row.cells, widths[1:], strict=True):
        mark = _ODD if cell.odd else ""
        cells.append(_in_cell(cell_text(row, cell) + mark, space))
    lines = _joined([_in_cell(setting(row), widths[0]), *cells], widths)
    for number, line in enumerate(lines):
        left = f"    {word:<{_SEVERITY - 2}}" if number == 0 else " " * (_SEVERITY + 2)
        painted = page.paint(left, _COLOURS[row.decision]) if number == 0 else left
        yield f"{painted}{line}".rstrip() + "\n"
    for reason in reasons(row, heads):
        yield from page.wrapped(reason, " " * (_SEVERITY + 4))


def _widths(rows: Sequence[MatrixRow], heads: Sequence[str], width: int) -> list[int]:
    """Space for the setting and for each environment: what they need, at most what there is."""
    space = width - _SEVERITY - 2 - _GAP * len(heads)
    wanted = max((len(setting(row)) for row in rows), default=10)
    own = max(12, min(wanted, space * 2 // 5))
    left = space - own
    needs = [
        max([len(head), *(len(cell_text(row, row.cells[index])) + 1 for row in rows)])
        for index, head in enumerate(heads)
    ]
    share = max(8, left // len(heads))
    spare = sum(max(0, share - need) for need in needs)
    widths = []
    for need in needs:
        more = min(spare, max(0, need - share))
        spare -= more
        widths.append(max(6, min(need, share + more)))
    return [own, *widths]


def _in_cell(text: str, space: int) -> list[str]:
    lines = textwrap.wrap(text, space, break_long_words=True, break_on_hyphens=False) or [""]
    if len(lines) > _CELL_LINES:
        kept = lines[: _CELL_LINES - 1]
        mark = _ODD if text.endswith(_ODD) else ""
        return [*kept, "…" + mark]
    return lines


def _joined(cells: Sequence[Sequence[str]], widths: Sequence[int]) -> list[str]:
    height = max(len(cell) for cell in cells)
    return [
        (" " * _GAP)
        .join(
            f"{(cell[number] if number < len(cell) else ''):<{space}}"
            for cell, space in zip(cells, widths, strict=True)
        )
        .rstrip()
        for number in range(height)
    ]


def _decisions(row: MatrixRow) -> set[str]:
    return {change.decision for change in row.changes if change is not None}


def _doubts(drift: Drift, page: TerminalPage) -> Iterator[str]:
    doubts = [(comparison, doubt) for comparison in drift.comparisons for doubt in comparison.unpaired]
    if doubts:
        yield "\nNot paired (nothing was guessed)\n"
    for comparison, doubt in doubts:
        side = comparison.left if doubt.side == "left" else comparison.right
        kind = doubt.type.rsplit("/", 1)[-1]
        name = doubt.resource.rstrip("/").rsplit("/", 1)[-1]
        text = f"{to_printable(side.environment)} {to_printable(name)} ({kind}): {to_printable(doubt.reason)}"
        yield from page.wrapped(text, "  ", "  ")
