"""Ignores: accept a finding by a comment `rtaudit:ignore[CHECK] reason` in its line, or the one above."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rtaudit.scan.checks import SourceCheck
from rtaudit.scan.masks import mask

_IGNORE = re.compile(r"rtaudit:\s*ignore\b(?:\[([^\]\r\n]*)\])?:?\s*([^\r\n]*)")
_COMMENT = ("#", "//", "/*", "*", "<!--", "--", ";", "%", "{#", "{/*", "'")
"""What a line begins with that is nothing but a comment, and so speaks of the line below."""
_CLOSERS = re.compile(r"(?:\*/|-->|#\}|--\}\}|\*\)).*")
"""Where a comment ends: what follows is no part of a reason."""
_WINDOW = 20_000


class Ignores:
    """The comments that accept findings, and what is wrong with them."""

    def __init__(self, checks: Mapping[str, SourceCheck]) -> None:
        """Of these checks: a comment names one by id or name."""
        self._names = {name for check in checks.values() for name in (check.id, check.name)}
        self.warnings: list[str] = []

    def reason(self, lines: Sequence[str], number: int, check: SourceCheck, path: str) -> str | None:
        """The reason of a comment for this check in the line or the one above, or None."""
        for at in (number, number - 1):
            line = lines[at - 1][:_WINDOW] if 1 <= at <= len(lines) else ""
            match = _IGNORE.search(line)
            if match is None or (at != number and not line.lstrip().startswith(_COMMENT)):
                continue
            if match[1] is None:
                self._warn(f"{path}:{at}: rtaudit:ignore names no check in brackets, so it ignores nothing")
                continue
            names = {name for name in re.split(r"[\s,]+", match[1]) if name}
            for name in sorted(names - self._names):
                self._warn(f"{path}:{at}: rtaudit:ignore[{name[:40]}] names no check of a scan, so it ignores nothing")
            if not {check.id, check.name} & names:
                continue
            reason = _CLOSERS.sub("", match[2]).strip(" -:\t")
            if any(character.isalnum() for character in reason):
                return mask(reason)
            self._warn(f"{path}:{at}: rtaudit:ignore[{check.id}] gives no reason, so it ignores nothing")
        return None

    def _warn(self, text: str) -> None:
        if (warning := mask(text)) not in self.warnings:
            self.warnings.append(warning)
