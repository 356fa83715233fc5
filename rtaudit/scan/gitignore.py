"""What git ignores: `.gitignore` files and `.git/info/exclude`, by the rules of gitignore(5). A user's global file is not read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import regex

_LIMIT = 200_000
"""Bytes of an ignore file that are read."""
_SECONDS = 0.05
"""A pattern that needs longer for one path ignores nothing from then on."""


@dataclass(slots=True)
class Pattern:
    """One line of an ignore file."""

    expression: regex.Pattern[str]
    folder: str
    """The folder that it is relative to, with a slash at its end; empty at the top."""
    ignores: bool
    """False for a line that begins with `!`."""
    folders_only: bool
    slow: bool = False
    """True once it took too long: it is not tried on every other path of the tree as well."""

    def matches(self, path: str, *, is_folder: bool) -> bool:
        """Does it speak of `path` (from the top, with slashes)?"""
        if self.slow or (self.folders_only and not is_folder) or not path.startswith(self.folder):
            return False
        try:
            return self.expression.fullmatch(path[len(self.folder) :], timeout=_SECONDS) is not None
        except TimeoutError:
            self.slow = True
            return False


def read_patterns(file: str, folder: str) -> list[Pattern]:
    """The patterns of an ignore file, relative to `folder`. Empty where there is none that can be read."""
    try:
        if not os.path.isfile(file) or os.path.islink(file):
            return []
        with open(file, "rb") as stream:
            text = stream.read(_LIMIT).decode("utf-8-sig", "replace")
    except OSError:
        return []
    return [pattern for line in text.splitlines() if (pattern := parse(line, folder)) is not None]


def parse(line: str, folder: str) -> Pattern | None:
    """The pattern of one line, or None where it has none."""
    if not line.strip() or line.startswith("#") or len(line) > 1000:
        return None
    while line.endswith(" ") and not line.endswith("\\ "):
        line = line[:-1]
    ignores = not line.startswith("!")
    line = line if ignores else line[1:]
    folders_only = line.endswith("/")
    line = line.rstrip("/")
    anchored = "/" in line
    line = line.lstrip("/")
    if not line:
        return None
    start = "" if anchored else "(?:.*/)?"
    try:
        return Pattern(regex.compile(start + _translate(line), regex.DOTALL), folder, ignores, folders_only)
    except regex.error:
        return None


def ignored(path: str, patterns: Sequence[Pattern], *, is_folder: bool) -> bool:
    """Does the last pattern that speaks of `path` ignore it?"""
    return next((one.ignores for one in reversed(patterns) if one.matches(path, is_folder=is_folder)), False)


def _translate(glob: str) -> str:
    parts: list[str] = []
    at = 0
    while at < len(glob):
        character = glob[at]
        if glob.startswith("**/", at) and (at == 0 or glob[at - 1] == "/"):
            parts.append("(?:.*/)?")
            at += 3
        elif glob[at:] == "**" and at > 0 and glob[at - 1] == "/":
            parts.append(".+")
            at += 2
        elif character == "*":
            while glob[at : at + 1] == "*":
                at += 1
            parts.append("[^/]*")
        elif character == "?":
            parts.append("[^/]")
            at += 1
        elif character == "[" and (end := _class_end(glob, at)):
            inner = glob[at + 1 : end]
            negated = inner[:1] in ("!", "^")
            body = inner[1:] if negated else inner
            escaped = body.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace("&&", "&\\&")
            parts.append(f"(?!/)[{'^' if negated else ''}{escaped}]")
            at = end + 1
        elif character == "\\" and at + 1 < len(glob):
            parts.append(regex.escape(glob[at + 1], literal_spaces=True))
            at += 2
        else:
            parts.append(regex.escape(character, literal_spaces=True))
            at += 1
    return "".join(parts)


def _class_end(glob: str, at: int) -> int:
    """Where the bracket that opens at `at` closes; 0 where it does not."""
    start = at + 1
    start += glob[start : start + 1] in ("!", "^")
    end = glob.find("]", start + 1)
    return max(end, 0)
