"""Gate: thresholds, verdicts and exit codes of every answer, a report's and a drift's; the day that it is given as of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from rtaudit.errors import UsageError, allowed_hint

SEVERITIES = ("critical", "high", "medium", "low", "info")
"""Worst first."""

THRESHOLDS = (*SEVERITIES, "none")
"""What `--fail-on` takes: the severity from which something gates; `none` gates nothing."""

EXIT_CODES = {"ready": 0, "same": 0, "notReady": 1, "drift": 1, "incomplete": 4}
"""Verdict -> exit code of the command that gave it."""


def at_or_above(severity: str, threshold: str) -> bool:
    """True when `severity` is as bad as `threshold` or worse. The threshold `none` gates nothing."""
    return threshold in SEVERITIES and SEVERITIES.index(severity) <= SEVERITIES.index(threshold)


def verdict_of(gating: Iterable[bool], good: str, bad: str) -> str:
    """The verdict where each item says of something that gates whether it is known to be bad (else it is unknown).

    `bad` where one is; else `incomplete` where there is any; else `good`.
    """
    verdict = good
    for is_bad in gating:
        if is_bad:
            return bad
        verdict = "incomplete"
    return verdict


def check_threshold(word: str, name: str = "--fail-on") -> None:
    """Raise UsageError where there is no such threshold; `name` is the option's or the parameter's."""
    if word not in THRESHOLDS:
        raise UsageError(f"{name} cannot be '{word}'", allowed_hint(word, THRESHOLDS))


def parse_day(text: str | None, name: str = "--as-of") -> date | None:
    """The day that an option names, YYYY-MM-DD, or None. Raises UsageError."""
    if text is None:
        return None
    try:
        # fromisoformat also takes 20260131 and week dates; one form is enough.
        return date.fromisoformat(text if text[4:5] == text[7:8] == "-" and len(text) == len("2026-01-31") else "")
    except ValueError:
        raise UsageError(f"{name} {text} is not a valid date", "write YYYY-MM-DD") from None
