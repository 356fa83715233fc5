"""Read failures: parse Azure's error envelopes, and classify what a failed read means for the snapshot."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from rtaudit.snapshot.secrets import scrub

MESSAGE_LENGTH = 400
"""Characters of a service's message that are kept."""
CODE_LENGTH = 100
"""Characters of a service's error code that are kept."""

RETRIED = frozenset({408, 500, 502, 503, 504})
"""Statuses of the moment: asked again."""

_ACTION = re.compile(r"perform (?:the )?action '([A-Za-z0-9./_*-]+)'")
_VOLATILE = re.compile(
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\d{4}-\d\d-\d\dT[0-9:.]+Z?", re.IGNORECASE
)
_TRACKED = re.compile(r"(?:tracking|correlation|request|activity|trace)[ _-]?(?:id)?(?:\s+is)?\W{0,4}$", re.IGNORECASE)


class ReadFailure(Exception):  # noqa: N818 (what Azure answered, more often than an error)
    """Raised when a page could not be had. `reason` is one of the snapshot's GAP_REASONS."""

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        needs: str | None = None,
        retry_after: float | None = None,
        transient: bool = False,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = scrub(message)
        """Without secrets, at most MESSAGE_LENGTH characters."""
        self.status = status
        self.code = code
        self.needs = needs
        """The RBAC action that Azure named."""
        self.retry_after = retry_after
        """Seconds that the service asked to wait, where it did."""
        self.transient = transient
        """True for an error of the moment that asking again may cure."""

    def __reduce__(self) -> Any:
        more = {name: vars(self)[name] for name in ("status", "code", "needs", "retry_after", "transient")}
        return partial(type(self), **more), (self.reason, self.message)


def fault_of(status: int, headers: Mapping[str, str], body: bytes) -> ReadFailure:
    """The fault that an answer other than 200 is."""
    code, message = _words(body)
    code = None if code is None else scrub(code)[:CODE_LENGTH]
    message = _steady(message or f"HTTP {status} without a message")
    retry_after = _seconds(headers)
    if status == 429:
        return ReadFailure("throttled", message, status=status, code=code, retry_after=retry_after)
    if status in {401, 403}:
        found = _ACTION.search(message)
        return ReadFailure("denied", message, status=status, code=code, needs=found.group(1) if found else None)
    if status in {404, 410}:
        return ReadFailure("missing", message, status=status, code=code)
    if 300 <= status < 400:
        return ReadFailure("failed", "redirects are not followed", status=status, code=code or "Redirect")
    return ReadFailure(
        "failed", message, status=status, code=code, retry_after=retry_after, transient=status in RETRIED
    )


def _words(body: bytes) -> tuple[str | None, str | None]:
    # {"error": {code, message}}, {code, message}, {Code, Message}, {"Message": …}; details may hold the real reason.
    try:
        document = json.loads(body[:1_000_000])
    except (ValueError, RecursionError):
        text = re.sub(r"<[^>]*>|\s+", " ", body[:2000].decode("utf-8", "replace"))
        return None, " ".join(text.split()) or None
    return _error_in(document)


def error_of(document: Any) -> str:
    """What the error in a document says, in one line without secrets."""
    code, message = _error_in(document)
    return _steady(": ".join(part for part in (code, message) if part) or "without a message")


def _error_in(document: Any) -> tuple[str | None, str | None]:
    error: Any = document
    for name in ("error", "Error", "odata.error"):
        if isinstance(document, dict) and document.get(name) is not None:
            error = document[name]
            break
    if isinstance(error, str):
        # A bare string is a message, and no code.
        if not isinstance(document, dict):
            return None, error or None
        described = document.get("error_description") or document.get("message")
        return error, described if isinstance(described, str) else error
    if not isinstance(error, dict):
        return None, None
    code = _text(error, "code")
    message = _text(error, "message")
    details = error.get("details") or error.get("Details")
    if isinstance(details, list):
        further = [_text(item, "message") for item in details if isinstance(item, dict)]
        message = "; ".join(part for part in (message, *further) if part) or None
    return code, message


def _text(error: Mapping[str, Any], name: str) -> str | None:
    for key in (name, name.capitalize()):
        value = error.get(key)
        if isinstance(value, dict):
            value = value.get("value")
        if isinstance(value, (str, int)) and value != "":
            return str(value)
    return None


def _steady(message: str) -> str:
    """`message` without secrets and without what changes on every call, so that equal failures read equal."""

    def steady(found: re.Match[str]) -> str:
        return "…" if "T" in found.group()[:11] or _TRACKED.search(message[: found.start()]) else found.group()

    text = " ".join(scrub(_VOLATILE.sub(steady, message)).split())
    return text if len(text) <= MESSAGE_LENGTH else text[: MESSAGE_LENGTH - 1] + "…"


def _seconds(headers: Mapping[str, str]) -> float | None:
    for name, unit in (("retry-after-ms", 1000.0), ("x-ms-retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            return max(0.0, float(value) / unit)
        except ValueError:
            continue
    return None
