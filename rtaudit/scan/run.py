"""`client scan`: what a client's source and configuration say about realtime, and what they should not say. Pure reading."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rtaudit.report.gate import at_or_above
from rtaudit.scan.checks import CHECKS, HOST, in_line, is_template, sdks_in, side_of, versions_in
from rtaudit.scan.draft import Draft, Target
from rtaudit.scan.masks import excerpt, mask
from rtaudit.scan.walk import Walk

SCHEMA = "rtaudit.scan/1"
"""The schema of a scan as JSON."""

_WINDOW = 20_000
"""Characters of a line that are searched at a time: minified code has lines of megabytes."""
_OVERLAP = 300
_HINTS = (
    "openai", "realtime", "apikey", "api-key", "api_key", "subscription-key", "subscription_key", "jqqj9", "azure.", "deployment",
    "apiversion", "api-version", "api_version", "allowbrowser", "keycredential",
    "subscriptionkey", "aoai", "rtclient", "rt-client",
)  # fmt: skip
"""In lower case: no check finds anything in a text or line that holds none of them."""
_IGNORE = re.compile(r"rtaudit:\s*ignore\b(?:\[([^\]\r\n]*)\])?:?\s*([^\r\n]*)")
_COMMENT = ("#", "//", "/*", "*", "<!--", "--", ";", "%", "{#", "{/*", "'")
"""What a line begins with that is nothing but a comment, and so speaks of the line below."""
_CLOSERS = re.compile(r"(?:\*/|-->|#\}|--\}\}|\*\)).*")
"""Where a comment ends: what follows is no part of a reason."""
_NAMES = frozenset({name for check in CHECKS.values() for name in (check.id, check.name)})

_ENDPOINT = re.compile(rf"\b(?:wss?|https?)://({HOST})(/[^\s\"'`<>)\\]*)?", re.IGNORECASE)
_MODEL = re.compile(r"[?&](?:model|deployment)=([\w.-]{1,64})(?![\w.-]*[{$])")
_DEPLOYMENT = re.compile(
    r"deployment(?:[-_]?(?:name|id))?[\"']?\s*[:=]\s*[\"']?([A-Za-z0-9][\w.-]{1,63})[\"'\s,;)]", re.IGNORECASE
)
_SIGNS: dict[str, dict[str, re.Pattern[str]]] = {
    "transport": {
        "webrtc": re.compile(r"RTCPeerConnection|/realtime/calls\b|realtimertc\b"),
        "sip": re.compile(r"sip\.ai\.azure\.com|realtime\.call\.incoming"),
        "websocket": re.compile(r"\bwss://|\bWebSocket\b|websockets?\.connect|realtime\.connect"),
    },
    "auth": {
        "clientSecret": re.compile(r"client_secrets?\b|ephemeral"),
        "entra": re.compile(
            r"DefaultAzureCredential|get_bearer_token_provider|@azure/identity|azure[.-]identity", re.IGNORECASE
        ),
        "key": re.compile(r"[\"']api-key[\"']|AzureKeyCredential|AZURE_OPENAI_(?:API_)?KEY"),
    },
}


@dataclass(frozen=True)
class SourceFinding:
    """One thing that a line should not hold."""

    check: str
    """Check id."""
    file: str
    """Path from the root, with slashes."""
    line: int
    """1-based."""
    column: int
    """1-based, in characters."""
    side: str
    """browser, mobile, server or config."""
    found: str
    """What it is, in words without a secret."""
    excerpt: str
    """The line, shortened, with everything of a secret's shape cut out."""
    ignored: str | None = None
    """The reason that a `rtaudit:ignore` gives; None where it stands."""

    @property
    def severity(self) -> str:
        """The check's severity."""
        return CHECKS[self.check].severity


@dataclass(frozen=True)
class Seen:
    """Something about realtime that a file states (the first line that does): no fault, but what a contract is made of."""

    kind: str
    """endpoint, path, apiVersion, deployment, transport, auth, sdk."""
    value: str
    file: str
    line: int
    side: str


@dataclass
class Scan:
    """The answer of a scan."""

    root: str
    files: int = 0
    findings: list[SourceFinding] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    unread: list[tuple[str, str]] = field(default_factory=list)
    """Path and reason."""
    warnings: list[str] = field(default_factory=list)

    def place(self, file: str) -> str:
        """The path of a file of the scan from the current directory, where the root was given so; else from the root."""
        root = Path(self.root)
        folder = root.parent if root.is_file() else root
        if folder.is_absolute() or ".." in folder.parts:
            return file
        return (folder / file).as_posix()

    def failing(self, fail_on: str) -> bool:
        """True when something of this severity or worse stands and is not ignored."""
        return any(one.ignored is None and at_or_above(one.severity, fail_on) for one in self.findings)

    def document(self) -> dict[str, Any]:
        """The scan as a JSON document."""
        return {
            "schema": SCHEMA,
            "root": self.root,
            "files": self.files,
            "leftOut": self.left_out,
            "unread": [{"file": file, "reason": reason} for file, reason in self.unread],
            "findings": [
                {
                    "check": one.check, "name": CHECKS[one.check].name, "severity": one.severity, "file": one.file,
                    "line": one.line, "column": one.column, "side": one.side, "found": one.found,
                    "excerpt": one.excerpt, "ignored": one.ignored,
                }
                for one in self.findings
            ],
            "seen": [
                {"kind": one.kind, "value": one.value, "file": one.file, "line": one.line, "side": one.side}
                for one in self.seen
            ],
            "warnings": self.warnings,
        }  # fmt: skip


def scan(root: str | Path) -> Scan:
    """Scan a file or a folder. Raises InputError where there is nothing to scan."""
    walk = Walk(Path(root))
    result = Scan(str(root))
    old_sdks: list[SourceFinding] = []
    realtime = False
    for path, text in walk.texts():
        lower = text.lower()
        realtime = realtime or "realtime" in lower
        if _hints(lower):
            lines = text.split("\n")
            old_sdks += _sdks(result, path, text, lines)
            _file(result, path, text, lines, side_of(path, text))
    # An old SDK is no fault of a tree that does not speak of realtime.
    result.findings += old_sdks if realtime else []
    result.findings.sort(key=lambda one: (one.file, one.line, one.column, one.check))
    result.files, result.left_out, result.unread = walk.files, dict(sorted(walk.left_out.items())), sorted(walk.unread)
    return result


def _hints(lower: str) -> bool:
    return any(word in lower for word in _HINTS)


def _file(result: Scan, path: str, text: str, lines: list[str], side: str) -> None:
    realtime = "realtime" in text.lower() and not is_template(text)
    seen: dict[tuple[str, str], int] = {}
    for number, line in enumerate(lines, 1):
        if not _hints(line.lower()):
            continue
        known: set[tuple[str, int]] = set()
        for start in range(0, max(len(line), 1), _WINDOW - _OVERLAP):
            for check, at, found in in_line(line[start : start + _WINDOW], side, realtime=realtime):
                column = start + at
                if (check, column) not in known:
                    known.add((check, column))
                    reason = _reason(result, lines, number, check, path)
                    shown = excerpt(line, column)
                    result.findings.append(
                        SourceFinding(check, path, number, column + 1, side, mask(found), shown, reason)
                    )
        if realtime and len(line) <= _WINDOW:
            for kind, value in _seen(line):
                seen.setdefault((kind, value), number)
    result.seen += [Seen(kind, mask(value), path, number, side) for (kind, value), number in seen.items()]
    if realtime:
        for kind, signs in _SIGNS.items():
            for value, pattern in signs.items():
                match = pattern.search(text)
                if match:
                    result.seen.append(Seen(kind, value, path, text.count("\n", 0, match.start()) + 1, side))


def _seen(line: str) -> Iterator[tuple[str, str]]:
    for match in _ENDPOINT.finditer(line):
        yield "endpoint", f"wss://{match.group(1).lower()}"
        path = urlsplit(match.group(2) or "").path.rstrip("/")
        if "/realtime" in path:
            yield "path", path
    for match in (*_MODEL.finditer(line), *_DEPLOYMENT.finditer(line)):
        if match.group(1).lower() not in (
            "process.env",
            "os.environ",
            "none",
            "null",
            "true",
            "false",
            "str",
            "string",
        ):
            yield "deployment", match.group(1)
    for match in versions_in(line):
        yield "apiVersion", match.group(1)


def _sdks(result: Scan, path: str, text: str, lines: list[str]) -> list[SourceFinding]:
    findings = []
    for sdk in sdks_in(path, text):
        version = mask(sdk.version or "")
        result.seen.append(Seen("sdk", f"{sdk.language}:{sdk.name}:{version}", path, sdk.line, "config"))
        if sdk.below:
            reason = _reason(result, lines, sdk.line, "RTA-SRC-007", path)
            found = f"{sdk.name} {version}".strip()
            shown = excerpt(lines[sdk.line - 1], 0)
            findings.append(SourceFinding("RTA-SRC-007", path, sdk.line, 1, "config", found, shown, reason))
    return findings


def _reason(result: Scan, lines: list[str], number: int, check: str, path: str) -> str | None:
    """The reason of a `rtaudit:ignore[…]` for this check in the line or the one above, or None."""
    for at in (number, number - 1):
        line = lines[at - 1][:_WINDOW] if at >= 1 else ""
        match = _IGNORE.search(line)
        if at != number and not line.lstrip().startswith(_COMMENT):
            continue
        if match is None:
            continue
        if match.group(1) is None:
            _warn(result, f"{path}:{at}: rtaudit:ignore names no check in brackets, so it ignores nothing")
            continue
        names = {name for name in re.split(r"[\s,]+", match.group(1)) if name}
        for name in sorted(names - _NAMES):
            _warn(result, f"{path}:{at}: rtaudit:ignore[{name[:40]}] names no check of a scan, so it ignores nothing")
        if not {check, CHECKS[check].name} & names:
            continue
        reason = _CLOSERS.sub("", match.group(2)).strip(" -:\t")
        if any(character.isalnum() for character in reason):
            return mask(reason)
        _warn(result, f"{path}:{at}: rtaudit:ignore[{check}] gives no reason, so it ignores nothing")
    return None


def _warn(result: Scan, text: str) -> None:
    if (warning := mask(text)) not in result.warnings:
        result.warnings.append(warning)


def draft_of(result: Scan, name: str) -> Draft:
    """A draft contract from what a scan saw: the most frequent of each, to be completed and corrected."""
    found: dict[str, Counter[str]] = {}
    sides: Counter[str] = Counter()
    accepted = {(one.file, one.line) for one in result.findings if one.ignored is not None}
    for one in result.seen:
        if (one.file, one.line) in accepted:
            continue
        found.setdefault(one.kind, Counter())[one.value] += 1
        if one.kind != "sdk" and one.side != "config":
            sides[one.side] += 1
    top = {kind: counter.most_common(1)[0][0] for kind, counter in found.items()}
    sdk = top.get("sdk", "::").split(":", 2)
    host = urlsplit(top.get("endpoint", "")).hostname
    beta = any(one.check == "RTA-SRC-006" for one in result.findings)
    target = Target("default", top.get("endpoint"), host.partition(".")[0] if host else None, top.get("deployment"))
    in_hand = next((side for side in ("browser", "mobile") if sides[side]), "server")
    return Draft(
        name,
        [target],
        runs_in=in_hand,
        transport=next(
            (one for one in ("sip", "webrtc", "websocket") if one in found.get("transport", {})), "websocket"
        ),
        auth=next((one for one in ("clientSecret", "entra", "key") if one in found.get("auth", {})), "entra"),
        path=top.get("path", "/openai/v1/realtime"),
        api_version=top.get("apiVersion"),
        headers=["OpenAI-Beta"] if beta else [],
        sdk={"name": sdk[1] or None, "language": sdk[0] or None, "version": sdk[2] or None},
    )
