"""URLs: tell which service a URL, or a part of one, belongs to, and what it asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

AZURE_HOST = re.compile(
    r"(?:[\w{}<>$ .%-]*\.)?(?:openai\.azure\.(?:com|us|cn)|cognitiveservices\.azure\.(?:com|us|cn)|services\.ai\.azure\.(?:com|us|cn)"
    r"|api\.cognitive\.microsoft\.(?:com|us)|realtimeapi-preview\.ai\.azure\.com)\Z",
    re.IGNORECASE,
)
"""Hosts of Azure OpenAI."""
GATEWAY_HOST = re.compile(r"\.(?:azure-api\.(?:net|us)|azurefd\.net)\Z", re.IGNORECASE)
"""Hosts of Azure's gateways: what is behind them is not known."""
REGIONAL_HOST = re.compile(r"\A[\w{}<>$-]+\.api\.cognitive\.microsoft\.(?:com|us)\Z", re.IGNORECASE)

_URL = re.compile(
    r"(?P<scheme>wss?|https?)://(?P<host>(?:\{[^}]*\}|<[^>]*>|\[[^\]]*\]|[^/?#\s\"'`\\{}<>\[\]])*)(?P<rest>[^\s\"'`<>]*)",
    re.IGNORECASE,
)
_PATHS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("voiceLive", re.compile(r"/voice-(?:live|agent)/realtime")),
    ("previewSessions", re.compile(r"(?:^|/)openai/realtimeapi(?:/|$)")),
    ("gaSecrets", re.compile(r"(?:^|/)openai/v1/realtime/client_secrets")),
    ("gaCalls", re.compile(r"(?:^|/)openai/v1/realtime/calls|\A[^/]*\}/realtime/(?:calls|client_secrets)(?![\w-])")),
    ("gaTranslations", re.compile(r"(?:^|/)openai/v1/realtime/translations")),
    ("ga", re.compile(r"(?:^|[/}])openai/v1/realtime(?![\w-])")),
    ("live", re.compile(r"(?:^|/)openai/v1/live(?![\w-])")),
    ("responses", re.compile(r"(?:^|/)openai/(?:v1/)?responses(?![\w-])")),
    ("chat", re.compile(r"/chat/completions|/embeddings|/images/|/audio/(?:transcriptions|translations|speech)|/assistants|/threads")),
    ("preview", re.compile(r"(?:^|[/}])openai/realtime/?(?=\Z|[?#{&\s,;])|(?:^|/)openai/deployments/[^/]+/realtime(?![\w-])")),
    ("previewBelow", re.compile(r"(?:^|[/}])openai/realtime/[\w{]")),
    ("previewRtc", re.compile(r"/v1/realtimertc(?![\w-])")),
    ("own", re.compile(r"(?:^|/)v1/realtime(?![\w-])")),
    ("deployments", re.compile(r"(?:^|/)openai/deployments(?:/|$)")),
    ("service", re.compile(r"^/(?:sts|speech\w*|vision|computervision|formrecognizer|documentintelligence|translator|language|text|face|content\w*)/", re.IGNORECASE)),
    ("arm", re.compile(r"^/subscriptions/|/providers/Microsoft\.", re.IGNORECASE)),
    ("project", re.compile(r"^/api/projects/")),
    ("base", re.compile(r"(?:^|/)openai/v1/?(?=\Z|[?#\s])")),
    ("bare", re.compile(r"(?:^|[/}])realtime/?(?=\Z|[?#])")),
)  # fmt: skip
"""What a path asks for, the most particular first."""

REALTIME = ("preview", "previewSessions", "previewBelow", "previewRtc", "ga", "gaSecrets", "gaCalls", "gaTranslations")
GA = ("ga", "gaSecrets", "gaCalls", "gaTranslations")
PREVIEW = ("preview", "previewSessions", "previewBelow", "previewRtc")

_OWN_SESSIONS = re.compile(r"(?<!openai)/v1/realtime/(?:transcription_)?sessions\b")
"""A path of OpenAI's own service that Azure has never had."""

_QUERY = re.compile(r"[?&](?:amp;)?([\w.-]+)=((?:\{[^}]*\}|<[^>]*>|[^&#\s\"'`\\(){}\[\],;])*)")
_PLACEHOLDER = re.compile(r"[{}<>\[\]$%]|\A(?:your|my)[-_]|\byour|\bexample-|xxx|\.\.\.|\A[\w-]*\Z", re.IGNORECASE)
_BEFORE = re.compile(r"[^\s\"'`()\[\],;=|]*\Z")
_OWN_ROUTE = re.compile(r"\A(?:\.{0,2}/|@|~|\$lib|#)")


@dataclass(slots=True)
class Url:
    """A URL, or the part of one that says something."""

    api: str
    """What its path asks for: preview, ga, voiceLive, …; empty where the host alone says something."""
    host: str
    """As it is written; empty where only a path is."""
    vendor: str
    """azure, gateway, openai, voiceLive, arm, other; unknown where the host is no literal."""
    scheme: str = ""
    path: str = ""
    query: dict[str, str] = field(default_factory=dict)
    regional: bool = False
    """True for the shared host of a region."""


def read_url(text: str) -> Url | None:
    """The first URL in a text, or the path of one; None where there is none that matters."""
    if len(text) > 4000 or len(text) < 5:
        return None
    lower = text.lower()
    if "realtime" not in lower and "://" not in text and "openai" not in lower:
        return None
    found = _URL.search(text)
    if found is not None and (found["host"] or found["rest"]):
        return _of_url(found)
    return _of_path(text)


def _of_url(found: re.Match[str]) -> Url | None:
    host, rest = found["host"].rstrip("."), found["rest"]
    path = re.split(r"[?#]", rest)[0]
    api = _api(path or "") or ("bare" if path.endswith("/realtime") else "")
    if "realtimeapi-preview" in host.lower():
        api = "previewRtc"
    if not path.strip("/") and rest[:1] not in ("?", "#") and host.endswith("}"):
        api = ""
    vendor = vendor_of_host(host)
    if api in ("voiceLive", "arm"):
        vendor = api
    query = _query(rest)
    if api == "previewBelow" and vendor != "azure" and "api-version" not in query:
        api = ""
    return Url(api, host, vendor, found["scheme"].lower(), path, query, bool(REGIONAL_HOST.match(_bare(host))))


def _of_path(text: str) -> Url | None:
    api = _api(re.split(r"[?#]", text)[0])
    if not api or api == "chat":
        pieces = [one for one in re.split(r"[\s,;\"'`]+", text) if "realtime" in one] if " " in text else []
        if not pieces:
            return None
        text = pieces[0]
        api = _api(re.split(r"[?#]", text)[0])
        if not api:
            return None
    path = re.split(r"[?#]", text)[0]
    at = next(pattern.search(path) for name, pattern in _PATHS if name == api)
    before = _BEFORE.search(path, 0, at.start() if at else 0)
    prefix = before.group() if before else ""
    if _OWN_ROUTE.match(prefix) or (
        prefix and not re.search(r"[}>%\])]\Z|\A[A-Za-z0-9<{][\w.<>{} -]*(?::\d+)?(?:/[\w{}.-]+)*\Z", prefix)
    ):
        return None
    head = prefix.split("/", 1)[0]
    vendor = vendor_of_host(head) if "." in head and not head.startswith("{") else "unknown"
    if api in ("voiceLive", "arm"):
        vendor = api
    elif vendor == "unknown" and _OWN_SESSIONS.search(path):
        vendor = "openai"
    query = _query(text)
    # One's own routes have such names too; an api-version is what only Azure asks for.
    if vendor == "other" or (api == "previewBelow" and vendor != "azure" and "api-version" not in query):
        return None
    return Url(api, head, vendor, "", path, query)


def _api(path: str) -> str:
    return next((name for name, pattern in _PATHS if pattern.search(path)), "")


def _query(text: str) -> dict[str, str]:
    return {found[1].lower(): found[2] for found in _QUERY.finditer(text)}


def _bare(host: str) -> str:
    return host.rpartition("@")[2].partition(":")[0]


def vendor_of_host(host: str) -> str:
    """azure, openai, arm, other; unknown where it is a placeholder or no whole host."""
    bare = _bare(host).strip()
    lower = bare.lower()
    if AZURE_HOST.search(bare):
        return "azure"
    if GATEWAY_HOST.search(bare):
        return "gateway"
    if lower.endswith("openai.com"):
        return "openai"
    if lower.startswith("management.") or lower.endswith("management.azure.com"):
        return "arm"
    if lower == "localhost":
        return "other"
    if not bare or _PLACEHOLDER.search(bare):
        return "unknown"
    return "other"
