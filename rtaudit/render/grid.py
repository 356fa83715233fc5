"""Rows and columns on a terminal: a grid where it fits, else one paragraph per row. Nothing is cut to fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.cells import cell_len

from rtaudit.render.text import value


def grid(columns: Sequence[str], rows: Sequence[Sequence[Any]], width: int | None) -> Iterator[str]:
    """The rows under their headings; where they are wider than `width` (None: a pipe, never), as paragraphs."""
    texts = [["" if item is None else value(item, 200) for item in row] for row in rows]
    widths = [max(cell_len(text[at]) for text in [columns, *texts]) for at in range(len(columns))]
    if width is not None and sum(widths) + 2 * (len(widths) - 1) > width:
        yield from _paragraphs(columns, texts, width)
        return
    numeric = [
        all(isinstance(row[at], int | float | None) and not isinstance(row[at], bool) for row in rows)
        for at in range(len(columns))
    ]
    for text in [list(columns), *texts]:
        cells = []
        for at, cell in enumerate(text):
            padding = " " * (widths[at] - cell_len(cell))
            cells.append(padding + cell if numeric[at] else cell + padding)
        yield "  ".join(cells).rstrip() + "\n"


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
