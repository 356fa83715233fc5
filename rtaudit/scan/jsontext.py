"""JSON text: read the entries of JSON that is in a string of code, with what is filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"\"(?P<d>(?:[^\"\\]|\\.)*)\"|'(?P<s>(?:[^'\\]|\\.)*)'|(?P<hole>\{[\w.]*\})|(?P<sign>[{}\[\]:,])|(?P<bare>[^\s\"'{}\[\]:,]+)",
    re.DOTALL,
)
_BEGINS = re.compile(r"\s*[\[{]\s*[\[{\"']")
_COLON = re.compile(r"\s*:")
MAX_CHARACTERS = 20_000
MAX_ENTRIES = 400
"""A text of more is data, and no message that somebody wrote."""


@dataclass(frozen=True, slots=True)
class JsonEntry:
    """A name that is given a value."""

    key: str
    value: str
    """Empty for an object or an array."""
    under: tuple[str, ...]
    """The names around it, outermost first."""
    row: int
    """Line feeds before it."""


def json_entries(text: str) -> Iterator[JsonEntry]:
    """The entries of a text that begins as JSON does; none for any other. What is no JSON in it is passed over."""
    if len(text) > MAX_CHARACTERS or not _BEGINS.match(text):
        return
    names: list[str] = []
    key: str | None = None
    count = row = last = 0
    for token in _TOKEN.finditer(text):
        if count >= MAX_ENTRIES:
            return
        row, last = row + text.count("\n", last, token.start()), token.start()
        quoted = token["d"] if token["d"] is not None else token["s"]
        under = tuple(name for name in names if name)
        if token["sign"] in ("{", "["):
            if key is not None:
                yield JsonEntry(key, "", under, row)
            names.append(key or "")
            key = None
        elif token["sign"] in ("}", "]"):
            key = None
            if names:
                names.pop()
        elif token["sign"] == ",":
            key = None
        elif quoted is not None and key is None and _COLON.match(text, token.end()):
            key = quoted
            count += 1
        elif key is not None and token["sign"] is None:
            yield JsonEntry(key, quoted if quoted is not None else token[0], under, row)
            key = None
