"""Grid: lays out a table on a terminal, its widest column shortened where it almost fits; else one paragraph per row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.cells import cell_len

from rtaudit.documents.json_values import is_number
from rtaudit.render.text import shorten, value

_LEAST = 16
"""Fewest columns that the widest cells are shortened to; below that a row becomes a paragraph."""


def grid(columns: Sequence[str], rows: Sequence[Sequence[Any]], width: int | None) -> Iterator[str]:
    """The rows under their headings; where they are wider than `width` (None: a pipe, never), as paragraphs."""
    texts = [["" if item is None else value(item, 200) for item in row] for row in rows]
    widths = [max(cell_len(text[at]) for text in [columns, *texts]) for at in range(len(columns))]
    over = sum(widths) + 2 * (len(widths) - 1) - width if width is not None else 0
    if width is not None and over > 0:
        widest = widths.index(max(widths))
        if widths[widest] - over < _LEAST:
            yield from _paragraphs(columns, texts, width)
            return
        widths[widest] -= over
        texts = [[*text[:widest], shorten(text[widest], widths[widest]), *text[widest + 1 :]] for text in texts]
    numeric = [all(row[at] is None or is_number(row[at]) for row in rows) for at in range(len(columns))]
    for text in [list(columns), *texts]:
        cells = []
        for at, cell in enumerate(text):
            padding = " " * (widths[at] - cell_len(cell))
            cells.append(padding + cell if numeric[at] else cell + padding)
        yield "  ".join(cells).rstrip() + "\n"


def grid_width(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
    """How wide the grid of these rows is."""
    texts = [["" if item is None else value(item, 200) for item in row] for row in rows]
    return sum(max(cell_len(text[at]) for text in [columns, *texts]) for at in range(len(columns))) + 2 * (
        len(columns) - 1
    )


def _paragraphs(columns: Sequence[str], texts: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    for row in texts:
        line = ""
        for column, cell in zip(columns, row, strict=True):
            if not cell:
                continue
            pair = f"{column} {cell}"
            if line and cell_len(line) + 2 + cell_len(pair) > width:
                yield line + "\n"
                line = "  " + pair
            else:
                line = f"{line}  {pair}" if line else pair
        yield line + "\n"
