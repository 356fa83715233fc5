"""Seen: draft a client contract of what a scan saw; what it did not see is null, and what it found fault with stays in."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from rtaudit.scan.checks import frameworks
from rtaudit.scan.draft import Draft, DraftTarget
from rtaudit.scan.marks import Mark, Source
from rtaudit.scan.masks import mask
from rtaudit.scan.projects import Tree
from rtaudit.scan.run import Scan, SourceFinding
from rtaudit.scan.sides import CODE
from rtaudit.scan.urls import GA, PREVIEW, Url

_TRANSPORTS = (
    ("sip", re.compile(r"sip\.ai\.azure\.com|realtime\.call\.incoming")),
    ("webrtc", re.compile(r"RTCPeerConnection|/realtime/calls\b|realtimertc\b|OpenAIRealtimeWebRTC")),
    (
        "websocket",
        re.compile(
            r"WebSocket|websockets?\.connect|ws_connect|realtime\.connect|RTClient|\bwss://|RealtimeModel|RealtimeRunner|RealtimeClient",
            re.IGNORECASE,
        ),
    ),
)
_SHARED_HOST = re.compile(r"\.(?:api\.cognitive\.microsoft\.(?:com|us)|realtimeapi-preview\.ai\.azure\.com)\Z")
"""Hosts of a region: they name no account."""
_PLACEHOLDER = re.compile(
    r"\A(?:wss?://|https?://)?(?:your?\b|your[-_]|my[-_]?(?:resource|account|endpoint|aoai|openai|azure)\b|example\b|placeholder|resource(?:[-_]?name)?\.|account\.|endpoint\.|x{3,})",
    re.IGNORECASE,
)
"""A host that somebody is asked to fill in."""
_AUTHS = (
    ("clientSecret", re.compile(r"client_secrets?\b|ephemeral|/realtimeapi/sessions", re.IGNORECASE)),
    (
        "entra",
        re.compile(
            r"DefaultAzureCredential|get_bearer_token_provider|getBearerTokenProvider|ManagedIdentityCredential|AzureCliCredential|azure_ad_token|TokenCredential|login\.microsoftonline"
        ),
    ),
    ("key", re.compile(r"^api-key$|KeyCredential|AZURE_OPENAI_(?:API_)?KEY|api_key_azure|^apiKey$|^api_key$")),
)
_NAMED = re.compile(
    r"(?:realtime|azure|aoai|openai)\w*deployment|^deployment(?:_?name|_?id)?$|^azure_deployment$|^realtime_?model$",
    re.IGNORECASE,
)
_OPENED = re.compile(r"\.?realtime\.connect$|RealtimeModel|RTClient|RealtimeSession$|RealtimeWS\.|RealtimeWebSocket\.")
_TRANSCRIPTION = re.compile(r"transcription(?:_?(?:options|settings|config))?$", re.IGNORECASE)
_LITELLM = re.compile(r"azure/([A-Za-z0-9][\w.-]{1,63})\Z")
"""How LiteLLM names a deployment."""
_DEPLOYMENT = re.compile(r"[A-Za-z0-9][\w.-]{1,63}\Z")
_LANGUAGES = {"pypi": "python", "npm": "javascript", "nuget": "dotnet", "maven": "java", "go": "go"}
_FAULTY_PATH = ("RTA-SRC-004",)

Place = str
"""`file:line`."""


class _Votes:
    """Values, how often each was seen, and where first."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.places: dict[tuple[str, str], Place] = {}

    def add(self, kind: str, value: str, place: Place) -> None:
        self.counts[kind][value] += 1
        self.places.setdefault((kind, value), place)

    def top(self, kind: str, order: Sequence[str] = ()) -> tuple[str | None, Place | None]:
        """The first of `order` that was seen, else the most frequent."""
        counter = self.counts.get(kind)
        if not counter:
            return None, None
        value = next((one for one in order if one in counter), None) or counter.most_common(1)[0][0]
        return value, self.places[kind, value]


def draft_of(scans: Sequence[Scan], name: str) -> Draft:
    """A draft contract from what scans saw: the most frequent of each, to be completed and corrected."""
    votes = _Votes()
    for scan in scans:
        if scan.tree is not None:
            for source in scan.tree.sources:
                if source.side in (*CODE, "config"):
                    _vote(votes, scan, source, scan.tree)
            _sdks(votes, scan, scan.tree)
    counted = [
        (scan, one)
        for scan in scans
        for one in scan.findings
        if one.ignored is None and one.side not in ("tests", "prose")
    ]
    for scan, one in counted:
        _faults(votes, scan, one)
    where: dict[str, str] = {}

    def take(field: str, kind: str, order: Sequence[str] = ()) -> str | None:
        value, place = votes.top(kind, order)
        if value is not None and place is not None:
            where[field] = place
        return value

    endpoint = take("endpoint", "endpoint")
    host = urlsplit(endpoint or "").hostname
    target = DraftTarget(
        "default",
        endpoint,
        host.partition(".")[0] if host and not _SHARED_HOST.search(host) else None,
        take("deployment", "deployment"),
        take("transcriptionDeployment", "transcription"),
    )
    sdk, sdk_place = votes.top("sdk")
    if sdk_place:
        where["sdk"] = sdk_place
    language, package, version = (sdk or "::").split(":", 2)
    faulty = bool(votes.counts.get("faultyPath"))
    query, query_place = votes.top("faultyQuery")
    if query_place:
        where["query"] = query_place
    transport = take("transport", "transport", [one for one, _ in _TRANSPORTS])
    return Draft(
        name,
        [target],
        runs_in=take("runsIn", "faultySide") or take("runsIn", "side", ("browser", "mobile", "server")),
        transport=transport,
        auth=take("auth", "faultyAuth") or take("auth", "auth", [one for one, _ in _AUTHS]),
        path=take("path", "faultyPath")
        if faulty
        else take("path", "path", ["/openai/v1/realtime/calls" if transport == "webrtc" else "/openai/v1/realtime"]),
        api_version=take("apiVersion", "apiVersion"),
        headers=[one for one in ("OpenAI-Beta",) if take("headers", "header")],
        query=dict([query.split("=", 1)]) if query else {},
        use=take("use", "use", ("transcription", "translation", "live", "speech")),
        sdk={"name": package or None, "language": language or None, "version": version or None},
        where=where,
    )


def _vote(votes: _Votes, scan: Scan, source: Source, tree: Tree) -> None:
    def at(mark: Mark) -> Place:
        return f"{scan.place(source.path)}:{mark.line}"

    opens = False
    for url, mark in tree.belongings[source.path].urls:
        if url.vendor in ("azure", "gateway", "unknown") and url.api in (*GA, *PREVIEW, "live"):
            opens = True
            _vote_url(votes, url, at(mark))
        elif url.vendor == "azure" and url.host:
            host = url.host.lower()
            if _is_host(host) and url.api in ("", "base"):
                votes.add("endpoint", f"wss://{host}", at(mark))
    if not opens and "realtime" not in source.signs and source.side != "config":
        return
    hosts = any(url.vendor == "azure" for url, _ in tree.belongings[source.path].urls)
    if "onlyVoiceLive" in source.signs or not (hosts or "azure" in tree.signs(source)):
        return
    for mark in source.marks:
        for kind, value in _of_mark(mark, source):
            votes.add(kind, value, at(mark))
    if source.side in CODE and (opens or "realtime" in source.signs):
        votes.add("side", source.side, f"{scan.place(source.path)}:{source.signs.get('realtime', 1)}")


def _is_host(host: str) -> bool:
    return host.count(".") > 2 and not re.search(r"[{<$%]", host) and _PLACEHOLDER.match(host) is None


def _vote_url(votes: _Votes, url: Url, place: Place) -> None:
    host = url.host.lower()
    if url.vendor == "azure" and _is_host(host):
        votes.add("endpoint", f"wss://{host}", place)
    path = re.sub(r"\A.*?(?=/?openai/|/v1/realtimertc)", "", url.path).rstrip("/")
    if path and "{" not in path:
        votes.add("path", path if path.startswith("/") else f"/{path}", place)
    named = url.query.get("model") or url.query.get("deployment")
    if named and _DEPLOYMENT.match(named):
        votes.add("deployment", mask(named), place)
    if "intent" in url.query:
        votes.add("use", "transcription", place)
    if url.api == "gaTranslations":
        votes.add("use", "translation", place)
    if url.api == "live":
        votes.add("use", "live", place)


def _of_mark(mark: Mark, source: Source) -> Iterator[tuple[str, str]]:
    text = f"{mark.key}\n{mark.shown}"
    if source.side in CODE:
        for kind, table in (("transport", _TRANSPORTS), ("auth", _AUTHS)):
            for value, pattern in table:
                if mark.kind != "import" and (
                    pattern.search(mark.key) or (mark.kind == "text" and pattern.search(mark.value))
                ):
                    yield kind, value
    named = _LITELLM.match(mark.shown) if mark.key == "model" else None
    if named and "realtime" in source.signs:
        yield "deployment", mask(named[1])
    if mark.kind == "entry" and _DEPLOYMENT.match(mark.shown) and "." not in mark.shown[:1]:
        if _NAMED.search(mark.key) and not re.search(
            r"chat|embedding|search|gpt-?4o(?!-realtime)|transcri|whisper", text, re.IGNORECASE
        ):
            yield "deployment", mask(mark.shown)
        if mark.key.lower() == "model" and mark.under and _TRANSCRIPTION.search(mark.under[-1]):
            yield "transcription", mask(mark.shown)
        elif mark.key == "model" and (_OPENED.search(mark.call) or mark.under[-1:] == ("session",)):
            yield "deployment", mask(mark.shown)
        if re.search(r"transcri\w*deployment", mark.key, re.IGNORECASE):
            yield "transcription", mask(mark.shown)


def _sdks(votes: _Votes, scan: Scan, tree: Tree) -> None:
    """The libraries that the projects whose code opens sessions are built with."""
    known = {(one.package, one.ecosystem): one for one in frameworks()}
    for project in tree.projects.values():
        marks = [mark for source in project.sources if source.side in CODE for mark in source.marks]
        for path, package in project.packages:
            framework = known.get((package.name, package.ecosystem))
            if framework and any(framework.used.search(f"{mark.key}\n{mark.shown}") for mark in marks):
                value = f"{_LANGUAGES.get(package.ecosystem, '')}:{package.name}:{mask(package.stated)}"
                votes.add("sdk", value, f"{scan.place(path)}:{package.line}")


def _faults(votes: _Votes, scan: Scan, one: SourceFinding) -> None:
    """What a finding says is in the draft, so that the contract does not pass what the scan failed."""
    place = f"{scan.place(one.file)}:{one.places[0].line}"
    if one.check.id == "RTA-SRC-004":
        path = re.search(r"preview path (/[\w/.-]+[\w-])", one.message)
        votes.add("faultyPath", path[1] if path else "/openai/realtime", place)
    elif one.check.id == "RTA-SRC-005":
        version = re.search(r"20\d\d-\d\d-\d\d(?:-preview)?", f"{one.message} {one.found}")
        votes.add("apiVersion", version[0] if version else "not determined", place)
    elif one.check.id == "RTA-SRC-006":
        votes.add("header", "OpenAI-Beta", place)
    elif one.check.id == "RTA-SRC-002":
        votes.add("faultyQuery", "api-key=[cut]", place)
        votes.add("faultyAuth", "key", place)
    elif one.check.id == "RTA-SRC-003":
        votes.add("faultyAuth", "key", place)
        votes.add("faultySide", one.side if one.side in ("browser", "mobile") else "browser", place)
    elif one.check.id == "RTA-SRC-011" and "deployment=" in one.message:
        votes.add("faultyQuery", "deployment=not determined", place)
