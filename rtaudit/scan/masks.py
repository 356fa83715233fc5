"""What is cut from every text that a scan shows: source holds secrets of more shapes than Azure's answers do."""

from __future__ import annotations

import re

from rtaudit.snapshot.secrets import CUT, scrub

GIVEN = r"[\"'`\])]*\s*(?::\s*[\w.?|<> ]{1,40}?\s*=|:=|:-|=>|[:=,]|\bor\b|\|\||\?\?|\?:)\s*"
"""What stands between a name and the literal that it is given, or falls back to: `: string =`, `") or`."""

_KEY_NAME = r"(?:(?:api|subscription|access)[-_]?key|(?:openai|aoai)[-_]?(?:api[-_]?)?key|KeyCredential)"
_EDGE = r"[^\s\"'`<>()\[\]{},;]{0,200}"
"""A word at an edge; longer than any shape of a fixed length."""
_RIGHT_EDGE = re.compile(_EDGE + r"\Z")
_LEFT_EDGE = re.compile(_EDGE)
_EXCERPT = 160

_SHAPES = (
    re.compile(r"()\b[0-9a-fA-F]{32}\b"),
    re.compile(
        r"((?:[?&]|&amp;)(?:api[-_]?key|subscription-key|code|key|(?:access[-_]?)?token)=)[^&\s\"'`<>]+", re.IGNORECASE
    ),
    re.compile(rf"({_KEY_NAME}(?:{GIVEN}|\s*\(\s*|[\"']\s+value\s*=\s*)[\"'`])[^\"'`]+", re.IGNORECASE),
    # A variable of an environment, without quotes. No code: that has dots and brackets.
    re.compile(r"((?:\b[A-Z0-9_]*(?:KEY|SECRET|TOKEN)\s*[=:]\s*|\bENV\s+\w*KEY\s+))[A-Za-z0-9+/=_-]{8,}+(?![.(\[])"),
    re.compile(r"()\bsk-[A-Za-z0-9_-]{16,}"),
    re.compile(r"()\bgh[pousr]_[A-Za-z0-9]{16,}"),
    re.compile(r"()\bgithub_pat_\w{16,}"),
    re.compile(r"(://)[^/\s:@\"']{16,}(?=@)"),
)
"""Shapes of secrets in source. The first group is kept."""


def mask(text: str) -> str:
    """`text` with everything of a secret's shape cut out."""
    for shape in _SHAPES:
        text = shape.sub(lambda found: f"{found.group(1)}{CUT}", text)
    return scrub(text)


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
