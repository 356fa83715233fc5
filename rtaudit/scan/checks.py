"""What a scan of source looks for: each check once, with its words, and the patterns that find it in a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rtaudit.scan.masks import GIVEN

GUIDE = "https://learn.microsoft.com/azure/ai-foundry/openai/how-to/realtime-audio-preview-api-migration-guide"
_WEBRTC = "https://learn.microsoft.com/azure/ai-foundry/openai/how-to/realtime-audio-webrtc"
_MANAGED = "https://learn.microsoft.com/azure/ai-services/openai/how-to/managed-identity"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that source code should not hold."""

    id: str
    name: str
    title: str
    severity: str
    why: str
    fix: str
    see: str


CHECKS: dict[str, Check] = {
    check.id: check
    for check in (
        Check(
            "RTA-SRC-001", "key-in-source", "The source contains an account key", "critical",
            "Who can read the repository, or any copy of it, has the account.",
            "Rotate the key, take it out of the history, and use an Entra token.", _MANAGED,
        ),
        Check(
            "RTA-SRC-002", "key-in-url", "A key is sent in a URL", "critical",
            "URLs are logged by every proxy, gateway and browser on the way.",
            "Send an Entra token in the Authorization header.", _MANAGED,
        ),
        Check(
            "RTA-SRC-003", "key-in-client-code", "Code of a browser or mobile app uses the account's key", "critical",
            "Whoever opens the browser's tools or the app's package has the key.",
            "Let a server make a client secret (POST /openai/v1/realtime/client_secrets), and give the client only that.",
            _WEBRTC,
        ),
        Check(
            "RTA-SRC-004", "preview-protocol", "The preview protocol is used", "critical",
            "The preview Realtime API has been deprecated since 2026-04-30.",
            "Connect to /openai/v1/realtime?model=<deployment>; WebRTC to /openai/v1/realtime/client_secrets and /calls.",
            GUIDE,
        ),
        Check(
            "RTA-SRC-005", "api-version-sent", "A realtime client states an api-version", "high",
            "The generally available protocol takes none, and answers 401 to a client that sends one.",
            "Take the api-version out.", GUIDE,
        ),
        Check(
            "RTA-SRC-006", "beta-header", "The OpenAI-Beta header is sent", "high",
            "The generally available protocol refuses it.", "Take the header out.", GUIDE,
        ),
        Check(
            "RTA-SRC-007", "sdk-below-ga", "The SDK is older than the generally available protocol, or supports the preview only",
            "high", "It opens sessions by the preview protocol, which is deprecated.",
            "Update: openai for Python 1.107.0, openai for JavaScript 5.20.0, OpenAI for .NET 2.9.0, or later.", GUIDE,
        ),
        Check(
            "RTA-SRC-008", "plain-transport", "An Azure OpenAI host is addressed without TLS", "high",
            "The service refuses it; what was sent until then could be read.", "Write wss:// or https://.", GUIDE,
        ),
    )
}  # fmt: skip
"""Every check by id."""

HOST = r"[\w.-]+\.(?:openai\.azure\.(?:com|us|cn)|cognitiveservices\.azure\.(?:com|us|cn)|services\.ai\.azure\.com)"

_KEY = re.compile(r"\b[A-Za-z0-9]{52}JQQJ9[A-Za-z0-9]{19,29}\b")
_HEX_KEY = re.compile(
    r"(?:(?:api[-_]?key|openai[-_]?key|aoai[-_]?key|subscription[-_]?key)"
    rf"(?:{GIVEN}|\s+|[\"']\s+value\s*=\s*)|(?:Azure|Api)KeyCredential\(\s*)[\"'`]?[0-9a-f]{{32}}\b",
    re.IGNORECASE,
)
_KEY_IN_URL = re.compile(
    r"[?&](?:api-key|subscription-key)=|searchParams\.(?:set|append)\(\s*[\"'](?:api|subscription)-key[\"']",
    re.IGNORECASE,
)
_KEY_HEADER = re.compile(r"[\"']api-key[\"']\s*[:,\])]|setRequestHeader\(\s*[\"']api-key", re.IGNORECASE)
_IN_BROWSER = re.compile(r"dangerouslyAllowBrowser\s*:\s*true")
_PUBLIC_KEY = re.compile(r"\b(?:VITE|NEXT_PUBLIC|REACT_APP|NUXT_PUBLIC|EXPO_PUBLIC)_\w*(?:OPENAI|AOAI)\w*KEY\b")
_PREVIEW = re.compile(
    r"/openai/realtime(?![\w-])|/openai/realtimeapi/|realtimeapi-preview\.ai\.azure\.com"
    r"|\.beta\.realtime\b|openai/beta/realtime|RealtimeConversationClient\b"
)
_VERSION = re.compile(rf"api[-_]?version{GIVEN}[\"'`]?(20\d\d-\d\d-\d\d(?:-preview)?)", re.IGNORECASE)
_OTHER_PLANE = re.compile(r"management\.|/providers/|/openai/deployments|\baz rest\b|armclient", re.IGNORECASE)
"""What a line is about whose api-version is not the realtime endpoint's."""
_OTHER_MODEL = re.compile(
    r"chat|embedding|completion|whisper|dall-?e|search\.windows|azure[-_]?(?:ai[-_]?)?search|search_api", re.IGNORECASE
)
"""What a line is about that does not name realtime, and whose api-version is another endpoint's."""
_TEMPLATE = re.compile(r"schema\.management\.azure\.com/schemas/|[\"']type[\"']\s*:\s*[\"']Microsoft\.\w+/")
"""A deployment template of Azure Resource Manager: each resource of it states the api-version of its provider."""


def versions_in(line: str) -> Iterator[re.Match[str]]:
    """The api-versions that a line gives to what may be the realtime endpoint; the first group of each is it."""
    if not (_OTHER_PLANE.search(line) or (_OTHER_MODEL.search(line) and "realtime" not in line.lower())):
        yield from _VERSION.finditer(line)


def is_template(text: str) -> bool:
    """True for a file whose api-versions are those of Azure Resource Manager."""
    return _TEMPLATE.search(text) is not None


_BEFORE = re.compile(r"[^\s\"'`()\[\],;=|]*\Z")
_ROUTE_OF_A_HOST = re.compile(r"|.*(?:[}>]|://.*|\$[A-Z_]+|%[sv@])|[\w-]+(?:\.[\w-]+)+(?::\d+)?")
"""What stands before a path of the service: nothing, a placeholder, a URL, a host. Else it is a module or route of one's own."""
_BETA = re.compile(r"OpenAI-Beta", re.IGNORECASE)
_PLAIN = re.compile(rf"\b(?:ws|http)://{HOST}", re.IGNORECASE)

Found = tuple[str, int, str]
"""Check id, column (0-based), and what was found, in words without a secret."""


def in_line(line: str, side: str, *, realtime: bool) -> Iterator[Found]:
    """What the checks find in one line of a file of this side (browser, mobile, server, config).

    `realtime` says whether the file speaks of realtime at all: an api-version elsewhere is nobody's business.
    """
    for pattern, words in ((_KEY, "a key of an Azure AI account"), (_HEX_KEY, "32 hex digits given as a key")):
        for found in pattern.finditer(line):
            yield "RTA-SRC-001", found.start(), words
    for found in _KEY_IN_URL.finditer(line):
        yield "RTA-SRC-002", found.start(), "a key as a query parameter"
    for found in _PUBLIC_KEY.finditer(line):
        yield "RTA-SRC-003", found.start(), f"{found.group()} is built into the page"
    if side in ("browser", "mobile"):
        for pattern, words in ((_KEY_HEADER, "the header api-key"), (_IN_BROWSER, "dangerouslyAllowBrowser")):
            for found in pattern.finditer(line):
                yield "RTA-SRC-003", found.start(), f"{words}, in {side} code"
    for found in _PREVIEW.finditer(line):
        before = _BEFORE.search(line, max(0, found.start() - 300), found.start())
        if not found.group().startswith("/") or (before and _ROUTE_OF_A_HOST.fullmatch(before.group())):
            yield "RTA-SRC-004", found.start(), found.group()
    if realtime:
        for found in versions_in(line):
            yield "RTA-SRC-005", found.start(), f"api-version {found.group(1)}"
        if "assistants" not in line:
            for found in _BETA.finditer(line):
                yield "RTA-SRC-006", found.start(), "the header OpenAI-Beta"
    for found in _PLAIN.finditer(line):
        yield "RTA-SRC-008", found.start(), found.group().partition(":")[0] + ":// to an Azure OpenAI host"


_BROWSER = re.compile(
    r"\bwindow\.|\bdocument\.|navigator\.mediaDevices|RTCPeerConnection|^['\"]use client['\"]", re.MULTILINE
)
_SERVER = re.compile(
    r"require\(['\"](?:express|http|fs|ws|fastify)['\"]\)|from ['\"](?:node:|express|fastify|ws['\"]|fs['\"])|process\.argv"
)
_KOTLIN_SERVER = re.compile(r"^[ \t]*import[ \t]+(?:org\.springframework|io\.ktor\.server)\b", re.MULTILINE)
_MARKUP = (".html", ".htm", ".jsx", ".tsx", ".vue", ".svelte", ".astro")
_SCRIPT = (".js", ".mjs", ".cjs", ".ts", ".mts")
_MOBILE = (".swift", ".kt", ".kts", ".dart", ".m", ".mm")
_CONFIG = (".env", ".yaml", ".yml", ".json", ".toml", ".ini", ".cfg", ".properties", ".tf", ".bicep", ".xml", ".config")
_BROWSER_FOLDERS = {"public", "static", "frontend", "webapp", "wwwroot", "assets"}
_MOBILE_FOLDERS = {"ios", "android"}


def side_of(path: str, text: str) -> str:
    """Where the code of a file runs: browser, mobile, server, or config. By its extension, its folders, then what it calls."""
    folders = {part.lower() for part in path.split("/")[:-1]}
    name = path.rsplit("/", 1)[-1].lower()
    if name.endswith((".kt", ".kts")) and _KOTLIN_SERVER.search(text):
        return "server"
    if name.endswith(_MOBILE) or (folders & _MOBILE_FOLDERS and name.endswith((*_SCRIPT, ".java"))):
        return "mobile"
    if name.endswith(_MARKUP):
        return "server" if _SERVER.search(text) and not _BROWSER.search(text) else "browser"
    if name.endswith(_SCRIPT):
        if _SERVER.search(text):
            return "server"
        return "browser" if folders & _BROWSER_FOLDERS or _BROWSER.search(text) else "server"
    if name.endswith(_CONFIG) or name.startswith(".env"):
        return "config"
    return "server"


_FLOORS: dict[str, tuple[int, ...]] = {"python": (1, 107, 0), "javascript": (5, 20, 0), "dotnet": (2, 9, 0)}
"""First release of OpenAI's SDK with the generally available protocol. Sources: release notes of openai-python and
openai-node of 2025-09-08 ("ship the RealtimeGA API shape"); for .NET Microsoft's migration guide."""

_PREVIEW_ONLY = {"rtclient": "python", "rt-client": "javascript", "azure.ai.openai": "dotnet"}
"""Microsoft's preview SDKs. Source: the migration guide ("don't support GA API protocol")."""


@dataclass(frozen=True, slots=True)
class Sdk:
    """A library that a manifest names."""

    name: str
    language: str
    version: str | None
    """As the manifest states it."""
    line: int
    below: bool
    """True when no version that it admits speaks the generally available protocol."""


_PYTHON = re.compile(
    r"^[ \t\"']*(openai|rtclient)(?![\w.-])(?![ \t]*=[ \t]*\{)[ \t]*(?:\[[\w, \t-]*\])?[ \t]*(?:=[ \t]*[\"']|:[ \t]*[\"'])?[ \t]*"
    # Options of pip (`--hash=…`, `--index-url …`) are no part of the version.
    r"((?:[\^~<>=!]=?=?[ \t]*|(?<=[\"']))\d(?:(?!\s--)[^#;\"'\\\r\n])*)?",
    re.MULTILINE,
)  # fmt: skip
_PYTHON_LISTED = re.compile(
    r"^(?!\s*keywords)[^#\r\n]*?[\[,][ \t]*[\"'](openai|rtclient)[ \t]*(?:\[[\w, \t-]*\])?[ \t]*"
    r"([~<>=!]=?=?[ \t]*\d[^#;\"'\\\r\n]*)?[;\"']",
    re.MULTILINE,
)
"""In a list of one line."""
_PYTHON_INLINE = re.compile(
    r"^[ \t]*(openai|rtclient)[ \t]*=[ \t]*\{[^}\r\n]*?\bversion[ \t]*=[ \t]*[\"']([^\"'\r\n]+)", re.MULTILINE
)
_PYTHON_TABLE = re.compile(
    r"^\[tool\.poetry\.(?:group\.[\w-]+\.)?dependencies\.(openai|rtclient)\](?:(?!^\[)[\s\S])*?^version[ \t]*=[ \t]*[\"']([^\"'\r\n]+)",
    re.MULTILINE,
)
"""As a table of Poetry or Pipenv."""
_LOCKED = re.compile(r"^name = \"(openai|rtclient)\"\s*\nversion = \"([^\"]+)\"", re.MULTILINE)
_NPM = re.compile(r"\"(openai|rt-client)\"\s*:\s*\"([^\"]*)\"")
_NPM_LOCKED = re.compile(r"\"node_modules/(openai|rt-client)\"\s*:\s*\{\s*\"version\"\s*:\s*\"([^\"]+)\"")
_IN_FOLDER = re.compile(r"(?:^|/)requirements/[^/]+\.(?:txt|in)\Z", re.IGNORECASE)
_NUGET = re.compile(
    r"(?:Include|Update|id)=\"(OpenAI|Azure\.AI\.OpenAI)\"(?:[^>]*?(?:\bversion=\"|>\s*<version>\s*)([^\"<]+))?",
    re.IGNORECASE,
)


def sdks_in(path: str, text: str) -> list[Sdk]:
    """The realtime-capable SDKs that a manifest or lock file names; empty for any other file."""
    name = path.rsplit("/", 1)[-1].lower()
    patterns: list[tuple[re.Pattern[str], str, Callable[[str], tuple[int, ...] | None]]] = []
    if re.fullmatch(r"(.*requirements.*|constraints.*)\.(txt|in)|pyproject\.toml|pipfile", name) or _IN_FOLDER.search(
        path
    ):
        patterns = [(_PYTHON, "python", _python_ceiling)]
        if name in ("pyproject.toml", "pipfile"):
            patterns += [(one, "python", _python_ceiling) for one in (_PYTHON_LISTED, _PYTHON_INLINE, _PYTHON_TABLE)]
    elif name in ("uv.lock", "poetry.lock", "pdm.lock"):
        patterns = [(_LOCKED, "python", _exact)]
    elif name == "package.json":
        patterns = [(_NPM, "javascript", _npm_ceiling)]
    elif name == "package-lock.json":
        patterns = [(_NPM_LOCKED, "javascript", _exact)]
    elif name.endswith((".csproj", ".fsproj", ".props", "packages.config")):
        patterns = [(_NUGET, "dotnet", _nuget_ceiling)]
    found = []
    for pattern, language, ceiling in patterns:
        for match in pattern.finditer(text):
            package, stated = match.group(1), (match.group(2) or "").strip() or None
            top = ceiling(stated) if stated else None
            below = package.lower() in _PREVIEW_ONLY or (top is not None and top < _FLOORS[language])
            line = text.count("\n", 0, match.start(1)) + 1
            found.append(Sdk(package, language, stated, line, below))
    return found


_NUMBER = re.compile(r"\d+(?:\.\d+)*")


def _numbers(text: str) -> tuple[int, ...]:
    match = _NUMBER.search(text)
    return tuple(int(part) for part in match.group().split(".")[:4]) if match and len(match.group()) < 60 else ()


def _exact(stated: str) -> tuple[int, ...] | None:
    return _numbers(stated) or None


def _bumped(version: tuple[int, ...], keep: int) -> tuple[int, ...]:
    """Just below the next version when the first `keep` numbers may not change."""
    padded = (*version, 0, 0, 0)[: max(keep, 1)]
    return (*padded, 10**9, 10**9)


def _python_ceiling(stated: str) -> tuple[int, ...] | None:
    """The newest version that a Python requirement admits; None for no bound."""
    tops = []
    for clause in stated.split(","):
        version, sign = _numbers(clause), clause.strip()[:2]
        if not version:
            continue
        if sign.startswith("=="):
            tops.append(_bumped(version, len(version)) if "*" in clause else version)
        elif sign == "~=":
            tops.append(_bumped(version, len(version) - 1))
        elif sign.startswith("^"):
            tops.append(_bumped(version, 1))
        elif sign.startswith("~"):
            tops.append(_bumped(version, 2))
        elif sign.startswith("<"):
            tops.append(version if sign == "<=" else _just_below(version))
        elif clause.strip()[:1].isdigit():
            tops.append(version)
    return min(tops) if tops else None


def _npm_ceiling(stated: str) -> tuple[int, ...] | None:
    """The newest version that an npm range admits; None for no bound or a range that is not read."""
    version = _numbers(stated)
    if not version or any(word in stated for word in ("||", " - ", ">", "x", "*", "/", ":")):
        return None
    if stated.startswith("^"):
        return _bumped(version, 1)
    if stated.startswith("~"):
        return _bumped(version, 2)
    if stated.startswith("<"):
        return version if stated.startswith("<=") else _just_below(version)
    return version


def _nuget_ceiling(stated: str) -> tuple[int, ...] | None:
    """The newest version that a NuGet range admits; what is no range is taken as it stands, as NuGet does."""
    if "," in stated:
        upper = stated.rpartition(",")[2].strip()
        version = _numbers(upper)
        return (_just_below(version) if upper.endswith(")") else version) if version else None
    version = _numbers(stated)
    return (_bumped(version, len(version)) if "*" in stated else version) if version else None


def _just_below(version: tuple[int, ...]) -> tuple[int, ...]:
    trimmed = list(version)
    while len(trimmed) > 1 and trimmed[-1] == 0:
        trimmed.pop()
    return (*trimmed[:-1], trimmed[-1] - 1, 10**9) if trimmed[-1] else (0,)
