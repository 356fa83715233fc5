"""Drift Markdown: renders a table for each category, a column for each environment, outliers in bold."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from rtaudit.drift import Drift, MatrixRow, matrix
from rtaudit.render import Options
from rtaudit.render.drift_labels import CATEGORY_TITLES, cell_text, compared, counts, headings, reasons, setting
from rtaudit.render.markdown import MOST, code
from rtaudit.render.text import VERDICTS, shorten, to_printable


def render(drift: Drift, _options: Options) -> Iterator[str]:
    """Verdict, counts, what differs by category, what is in doubt. Ignored changes are counted only."""
    yield f"# rtaudit: {VERDICTS.get(drift.verdict, drift.verdict)}\n\n"
    yield f"{code(compared(drift))}\n\n{counts(drift)}\n"
    for warning in drift.warnings:
        yield f"\n> warning: {code(shorten(to_printable(warning), 500))}\n"
    heads = headings(drift)
    rows = [row for row in matrix(drift) if row.decision != "ignored"]
    for category, group in groupby(rows, key=lambda row: row.category):
        listed = list(group)
        yield f"\n## {CATEGORY_TITLES[category]} ({len(listed)})\n\n"
        yield "| | role | setting | " + " | ".join(map(code, heads)) + " | what it means |\n"
        yield "| --- " * (len(heads) + 4) + "|\n"
        for row in listed[:MOST]:
            yield _line(row, heads)
        if len(listed) > MOST:
            yield f"\nand {len(listed) - MOST} more, in the JSON drift\n"
    doubts = [(comparison, doubt) for comparison in drift.comparisons for doubt in comparison.unpaired]
    if doubts:
        yield f"\n## Not paired ({len(doubts)})\n\nNothing was guessed; name the pairs in `--map`.\n\n"
        yield "| environment | type | resource | why |\n| --- | --- | --- | --- |\n"
    for comparison, doubt in doubts[:MOST]:
        side = comparison.left if doubt.side == "left" else comparison.right
        name = doubt.resource.rstrip("/").rsplit("/", 1)[-1]
        cells = (side.environment, doubt.type.rsplit("/", 1)[-1], name, doubt.reason)
        yield "| " + " | ".join(code(shorten(to_printable(cell), 300)) for cell in cells) + " |\n"


def _line(row: MatrixRow, heads: list[str]) -> str:
    word = row.severity if row.decision == "drift" else row.decision
    cells = []
    for cell in row.cells:
        shown = code(cell_text(row, cell, 160))
        cells.append(f"**{shown}**" if cell.odd else shown)
    meaning = "<br>".join(code(reason) for reason in reasons(row, heads))
    role = code(shorten(to_printable(row.role), 120))
    return f"| {word} | {role} | {code(setting(row))} | " + " | ".join(cells) + f" | {meaning} |\n"
