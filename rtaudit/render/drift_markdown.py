"""Drift Markdown: renders a table for each category, a column for each environment, outliers in bold."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from rtaudit.drift import Drift, MatrixRow, matrix
from rtaudit.drift.sentences import row_sentence
from rtaudit.render import Options
from rtaudit.render.drift_labels import CATEGORY_TITLES, cell_text, compared, counts, headings, reasons, setting
from rtaudit.render.markdown import MOST, SHORT_LIMIT, code, prose
from rtaudit.render.text import VERDICTS, rule_list, shorten, to_printable
from rtaudit.report import SEVERITIES


def render(drift: Drift, _options: Options) -> Iterator[str]:
    """Verdict, counts, what differs by category, what is in doubt. Ignored changes are counted only."""
    yield f"# rtaudit: {VERDICTS.get(drift.verdict, drift.verdict)}\n\n"
    yield f"{prose(compared(drift))}\n\n{counts(drift)}\n"
    for warning in drift.warnings:
        yield f"\n> warning: {prose(shorten(to_printable(warning), 500))}\n"
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


def render_short(drift: Drift, _options: Options) -> str:
    """The drift in at most SHORT_LIMIT characters: the verdict, what is weaker, what differs, the worst first."""
    heads = headings(drift)
    text = f"# rtaudit: {VERDICTS.get(drift.verdict, drift.verdict)}\n\n{prose(compared(drift))}\n\n{counts(drift)}.\n"
    for warning in drift.warnings[:5]:
        text += f"\n> warning: {prose(shorten(to_printable(warning), 300))}\n"
    rows = [row for row in matrix(drift) if row.decision in ("drift", "unknown")]
    rows.sort(key=lambda row: (row.decision, SEVERITIES.index(row.severity)))
    weaker = [row for row in rows if row.decision == "drift" and row.weaker]
    where = heads[1] if len(heads) == 2 else "another environment"
    for title, listed in (
        (f"Weaker in {prose(where)}", weaker),
        ("Different", [row for row in rows if row.decision == "drift" and not row.weaker]),
        ("Unknown", [row for row in rows if row.decision == "unknown"]),
    ):
        text = _fitted(text, title, listed, heads)
    return text[:SHORT_LIMIT]


def _fitted(text: str, title: str, listed: list[MatrixRow], heads: list[str]) -> str:
    """`text` and as many rows as fit; the last line says how many are left out."""
    if not listed or len(text) + len(title) + 120 > SHORT_LIMIT:
        return text
    text += f"\n## {title}\n\n"
    for number, row in enumerate(listed):
        left = f"- … and {len(listed) - number} more, in the full drift\n"
        word = row.severity if row.decision == "drift" else row.decision
        rules = f" {code(rule_list(row.weaker))}" if row.weaker else ""
        line = f"- {word}: {prose(to_printable(row_sentence(row, heads)))}{rules}\n"
        # Room for the headings and counts of the parts that follow.
        if len(text) + len(line) + len(left) > SHORT_LIMIT - 120:
            return text + left
        text += line
    return text


def _line(row: MatrixRow, heads: list[str]) -> str:
    word = row.severity if row.decision == "drift" else row.decision
    cells = []
    for cell in row.cells:
        shown = code(cell_text(row, cell, 160))
        cells.append(f"**{shown}**" if cell.odd else shown)
    meaning = "<br>".join(prose(reason) for reason in reasons(row, heads))
    role = code(shorten(to_printable(row.role), 120))
    return f"| {word} | {role} | {code(setting(row))} | " + " | ".join(cells) + f" | {meaning} |\n"
