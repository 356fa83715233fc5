"""Page: lines of a terminal of a fixed width, wrapped at words and coloured where colour may be."""

from __future__ import annotations

from collections.abc import Iterator

from rtaudit.render import Options
from rtaudit.render.text import GOOD_VERDICTS

SEVERITY_COLOURS = {"critical": "1;31", "high": "31", "medium": "33", "low": "36", "info": "2"}
"""Severity -> ANSI colour, by degree."""


def verdict_colour(verdict: str) -> str:
    """The ANSI colour of the verdict of a report, or of a drift."""
    return "1;32" if verdict in GOOD_VERDICTS else "1;31" if verdict in ("notReady", "drift") else "1;33"


class TerminalPage:
    """Lines of a fixed width, with colour where it may be."""

    def __init__(self, options: Options) -> None:
        self.width = max(60, options.width)
        self._colour = options.colour

    def paint(self, text: str, code: str) -> str:
        """`text` in an ANSI colour, where colour may be."""
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour and code and text else text

    def wrapped(self, text: str, indent: str, more: str = "") -> Iterator[str]:
        """`text` over as many lines as it needs; a word longer than a line is cut after a dot or slash, never lost."""
        if len(indent) + len(text) <= self.width:
            yield f"{indent}{text}\n"
            return
        line, space = indent, self.width - len(indent)
        for word in text.split(" "):
            if len(line) > len(indent) and len(word) + 1 <= space:
                line, space = f"{line} {word}", space - len(word) - 1
                continue
            if len(line) > len(indent):
                yield line + "\n"
                indent += more
                more = ""
                line, space = indent, self.width - len(indent)
            *whole, last = _pieces(word, space, self.width - len(indent + more))
            for piece in whole:
                yield line + piece + "\n"
                indent += more
                more = ""
                line = indent
            line, space = line + last, self.width - len(line) - len(last)
        yield line + "\n"

    def entry(self, label: str, colour: str, text: str, reference: str) -> Iterator[str]:
        """`LABEL     text` under a hanging indent, with a reference at the right end of its last line."""
        lines = [line.rstrip("\n") for line in self.wrapped(text, " " * LABEL)]
        if reference:
            edge = min(self.width, 120)
            if len(lines[-1]) + 2 + len(reference) <= edge:
                lines[-1] = lines[-1].ljust(edge - len(reference)) + self.paint(reference, "2")
            else:
                tail = [line.strip() for line in self.wrapped(reference, " " * LABEL)]
                lines += [" " * max(LABEL, edge - len(one)) + self.paint(one, "2") for one in tail]
        yield self.paint(label, colour) + " " * (LABEL - len(label)) + lines[0][LABEL:] + "\n"
        for line in lines[1:]:
            yield line + "\n"


LABEL = 10
"""Columns of the label of an entry, such as CRITICAL."""


def _pieces(word: str, first: int, space: int) -> list[str]:
    """`word` in pieces that fit a line; cut after a dot, slash or bracket where there is one."""
    pieces = []
    while len(word) > first:
        cut = max(word.rfind(".", 0, first), word.rfind("/", 0, first), word.rfind("]", 0, first)) + 1
        pieces.append(word[: cut or first])
        word = word[cut or first :]
        first = space
    return [*pieces, word]
