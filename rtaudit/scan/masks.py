"""Masks: what a scan shows of a line, without the secrets in it. Shapes and names are those of `rtaudit.snapshot.secrets`."""

from __future__ import annotations

import re

from rtaudit.snapshot.secrets import scrub
from rtaudit.snapshot.secrets.shapes import GIVEN

__all__ = ["GIVEN", "excerpt", "mask"]

_EDGE = r"[^\s\"'`<>()\[\]{},;]{0,200}"
"""A word at an edge; longer than any shape of a fixed length."""
_RIGHT_EDGE = re.compile(_EDGE + r"\Z")
_LEFT_EDGE = re.compile(_EDGE)
_EXCERPT = 160


def mask(text: str) -> str:
    """`text` (a line of source) with everything of a secret's shape cut out."""
    return scrub(text, source=True)


def excerpt(line: str, column: int) -> str:
    """The part of a line around a column (0-based), masked."""
    start, end = max(0, column - 2 * _EXCERPT), column + 4 * _EXCERPT
    left, right = line[start:column], line[column:end]
    # Half a secret does not look like one: a word that the window cuts in two goes before anything is masked.
    if start:
        left = _LEFT_EDGE.sub("", left, count=1)
    if end < len(line):
        right = _RIGHT_EDGE.sub("", right, count=1)
    near = mask(left + right)
    at = min(max(0, len(mask(left)) - _EXCERPT // 2), max(0, len(near) - _EXCERPT))
    return near[at : at + _EXCERPT].strip()
