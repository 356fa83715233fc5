"""Wildcards: compile patterns in which `*` is any text, so that no text takes long."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=4096)
def wildcards(pattern: str) -> re.Pattern[str]:
    """A pattern in which `*` represents any text, matched whole and without case."""
    return re.compile(_matched(pattern, "."), re.IGNORECASE | re.DOTALL)


def segment(pattern: str) -> str:
    """The regular expression of one step of a path, in which `*` represents any text without a slash."""
    return _matched(pattern, "[^/]")


def _matched(pattern: str, any_of: str) -> str:
    first, *others = (re.escape(part) for part in re.split(r"\*+", pattern))
    if not others:
        return first
    # What is between two stars is looked for once, at the first place where it is: `*a*a*a*b` would try them all.
    middle = "".join(f"(?>{any_of}*?{part})" for part in others[:-1])
    return f"{first}{middle}{any_of}*{others[-1]}"
