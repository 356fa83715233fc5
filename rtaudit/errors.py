"""Errors: the family that a person may see. Any other error is a defect of rtaudit and ends with exit code 70.

* RtauditError: the work could not be done (exit 3)
    * InputError: a file or document that was given is not what it should be (exit 3)
    * CredentialError: no token could be had, or Azure refused it (exit 3)
    * UsageError: the command line is wrong (exit 2)
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class RtauditError(Exception):
    """Says what happened, with the name of the thing, and (in `hint`) what to do about it."""

    exit_code = 3
    """The process exit code when this error ends a command."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        """One sentence, without a trailing full stop."""
        self.hint = hint
        """What the reader can do, or None."""


class InputError(RtauditError):
    """Raised when a file or document that was given cannot be used."""


class CredentialError(RtauditError):
    """Raised when no token could be had for Azure Resource Manager, or the cloud refused it."""


class UsageError(RtauditError):
    """Raised when options contradict each other or name what does not exist."""

    exit_code = 2


def did_you_mean(word: str, allowed: Iterable[str]) -> str | None:
    """The allowed word nearest to `word`, or None when none is near."""
    by_lower = {candidate.lower(): candidate for candidate in allowed}
    near = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[near[0]] if near else None


def allowed_hint(word: str, allowed: Iterable[str]) -> str:
    """A hint that lists what was allowed, and names the nearest word where there is one."""
    choices = sorted(set(allowed))
    near = did_you_mean(word, choices)
    if near and len(choices) > _MANY:
        return f"did you mean '{near}'?"
    more = f" and {len(choices) - _MANY} more" if len(choices) > _MANY else ""
    listed = "allowed: " + ", ".join(choices[:_MANY]) + more if choices else "nothing is allowed here"
    return f"did you mean '{near}'? {listed}" if near else listed


_MANY = 24
"""Most choices that a hint lists; with more, the nearest one is enough."""


def counted(number: int, noun: str) -> str:
    """`1 gap`, `3 gaps`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
