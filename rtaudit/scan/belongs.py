"""Belonging: tell which service a mark speaks of, by what is nearest: host, class, variable, call, file, project."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache

from rtaudit.scan.branches import OTHER
from rtaudit.scan.marks import HOLE, MODULE_LINES, Mark, Source
from rtaudit.scan.urls import GA, PREVIEW, Url, read_url

VENDORS: dict[str, re.Pattern[str]] = {
    "voiceLive": re.compile(
        r"voice[-_]?live|/voice-agent/realtime|azure_semantic_vad|azure_deep_noise|server_echo_cancellation|azure-(?:standard|custom|platform|personal)\b", re.IGNORECASE
    ),
    "arm": re.compile(
        r"management\.(?:azure|core\.windows|microsoftazure|usgovcloudapi)|/subscriptions/|/providers/microsoft\.|Microsoft\.\w+/[\w/]+@"
        r"|\baz rest\b|armclient|ARM_|arm_?api_?version|control[-_ ]?plane",
        re.IGNORECASE,
    ),
    "search": re.compile(r"search\.windows\.|azure_?(?:ai_?|cognitive_?)?search|SearchClient|/indexes\b|search_?(?:service_?)?(?:api_?)?(?:version|key|admin)|cognitive_?search", re.IGNORECASE),
    "service": re.compile(
        r"speech_?(?:key|api|service|region)|translator|form_?recognizer|document_?intelligence|content_?safety|content_?understanding|azure_?maps|atlas\.microsoft"
        r"|computer_?vision|text_?analytics|/vision/|/formrecognizer|speechtotext|\.stt\.speech|\.tts\.speech|app_?config|keyvault|key_?vault|cosmos|storage_?(?:key|account)"
        r"|communication\.azure|graph\.microsoft|dynamics|event_?grid|service_?bus|notification|bing_|weather|datadog|twilio|elevenlabs|deepgram|anthropic|gemini|google|github|cohere|mistral",
        re.IGNORECASE,
    ),
    "openai": re.compile(r"api\.openai\.com|\bOPENAI_API_KEY\b(?<!AZURE_OPENAI_API_KEY)"),
    "chat": re.compile(
        r"chat[._/-]?completions?|/openai/deployments/|embedding|responses\.(?:create|stream)|\bChatClient|GetChatClient|(?<![a-z])chat_?(?:deployment|model|api|client|version)"
        r"|CHAT_|_CHAT\b|dall-?e|gpt-image|image_generation|video_generation|images\.generate|audio\.transcriptions|audio\.speech|assistants|threads\.|\bgpt-?(?:35|3\.5|4|4o|4\.1|5|5\.\d)(?:-(?:mini|nano|turbo|32k|vision))?\b(?!-?(?:realtime|mini-realtime|transcribe|audio|mini-transcribe))|GPT4O?_|GPT_4O?_?"
        r"|AzureChatOpenAI|whisper_|_whisper|tts_|_tts\b|completion_",
        re.IGNORECASE,
    ),
    "azure": re.compile(
        r"openai\.azure\.(?:com|us|cn)|azure_?open_?ai|AzureOpenAI|Azure\.AI\.OpenAI|azure[./-]ai[./-]openai|\baoai|_aoai|azure_?endpoint|azure_?api_?(?:version|key)|api_?type_?azure|azure_?deployment|with_?azure"
        r"|/openai/(?:v1/)?realtime|realtimeapi-preview|\brtclient\b|\brt-client\b|\bRTLowLevelClient|\bLowLevelRTClient|AzureRealtime|azure/\S*realtime"
        r"|OpenAIRealtime\w*\.azure|azure_?(?:ai_?)?(?:foundry|realtime)|AZURE_REALTIME|azure-openai",
        re.IGNORECASE,
    ),
}  # fmt: skip
"""What names a service. A mark may name several; the first one here counts."""

REALTIME = re.compile(
    r"\.realtime\.connect|realtime\.(?:client_secrets|sessions|calls)|RealtimeModel|gpt-(?:4o-(?:mini-)?)?realtime|gpt-realtime|gpt4o-?realtime|\bRT(?:LowLevel)?Client\b|LowLevelRTClient"
    r"|rtclient|rt-client|RealtimeConversation|GetRealtime\w*Client|Realtime\w*ClientBuilder|openai\.realtime|client_secrets?\b|realtimertc|OpenAIRealtime|AzureRealtime|RealtimeRunner|RealtimeAgent\b"
    r"|RealtimeSession\b|input_audio_buffer|response\.(?:output_)?audio(?:_transcript)?\.|realtime\.call\.|intent=transcription|realtimeapi|openai/(?:v1/)?realtime"
    r"|beta[./]realtime|realtime/(?:ws|websocket|client)|session\.update\b|RealtimeServerEvent|RealtimeClient\b|/v1/realtime|realtime-audio|@openai/agents[-/]realtime",
)
"""What opens or feeds a session of OpenAI's realtime protocol."""
_VOICE_LIVE = re.compile(
    r"/voice-(?:live|agent)/realtime|azure[./_-]ai[./_-]voice_?live|VoiceLive\w*(?:Client|Session)|azure_semantic_vad|^voice-live$",
    re.IGNORECASE,
)
"""What opens sessions of Voice Live; a name with those words in it may be anything."""
_OTHER_REALTIME = re.compile(
    r"supabase|firebase|pusher|liveblocks|ably\b|@azure/web-pubsub|signalr|appwrite|phoenix", re.IGNORECASE
)
_SPEAKS = re.compile(r"real-?time", re.IGNORECASE)
_MODEL = re.compile(
    r"(?:[\w.-]+/)*(?:gpt-|o[134]-|chatgpt|claude-|gemini-|mistral|llama|text-embedding|command-|deepseek|qwen|grok-)",
    re.IGNORECASE,
)
_CATALOGUE = 40
"""Models that a file names at least, to be a list of all that there are and no settings of one's own."""
_OF_ARM = re.compile(r"\b(?:reference|list[A-Z]\w*)\(")
PREVIEW_SDK = re.compile(r"(?:^|\.)RT(?:LowLevel)?Client$|rt-?client|LowLevelRTClient")
"""Microsoft's preview SDKs, which open sessions of Voice Live too."""


class Belongings:
    """What one file speaks of, and where."""

    def __init__(self, source: Source) -> None:
        """Read from the file's marks, not from its comments."""
        self.source = source
        self.vendors: list[tuple[str, Mark]] = []
        self.urls: list[tuple[Url, Mark]] = []
        """Those in the file."""
        self.used: list[tuple[Url, Mark]] = []
        """Those that a name represents, where it is used."""
        signs = source.signs
        for mark in source.marks:
            vendor = name_of(mark.key, mark.full, mark.shown)
            if mark.kind == "text" or (mark.kind == "entry" and mark.resolved and HOLE.fullmatch(mark.value)):
                url = read_url(mark.shown)
                if (
                    url is not None
                    and url.vendor == "unknown"
                    and not url.host
                    and not url.path.startswith("/")
                    and not _is_path(mark)
                ):
                    url = None
                if url is not None:
                    (self.urls if mark.kind == "text" else self.used).append((url, mark))
                    vendor = _of_url(url) or vendor
            if mark.via and not any(place.startswith(f"{source.path}:") for place in mark.via):
                # A host from another file, where a field of that name may be another service's: what is written here tells more.
                vendor = name_of(mark.key, mark.full, mark.value) or (
                    "" if vendor == "chat" and REALTIME.search(mark.value) else vendor
                )
            if vendor == "voiceLive" and not source.opens_voice_live and _VOICE_LIVE.search(f"{mark.key} {mark.shown}"):
                source.opens_voice_live = mark.line
            if vendor:
                self.vendors.append((vendor, mark))
                signs.setdefault(vendor, mark.line)
            if mark.key == "mode" and mark.shown == "realtime":
                # LiteLLM's word for a deployment that opens sessions.
                signs.setdefault("realtime", mark.line)
            if "realtime" not in signs or "speaks" not in signs:
                for text in (mark.key, mark.full, mark.shown):
                    opens, speaks = _signs_of(text) if text else (False, False)
                    if opens:
                        signs.setdefault("realtime", mark.line)
                    if speaks:
                        signs.setdefault("speaks", mark.line)
        if "speaks" not in signs and any(_SPEAKS.search(line) for line in source.lines if len(line) < 2000):
            signs["speaks"] = 1
        if not self.vendors and "speaks" in signs:
            # The header api-key and nothing else that names a service: Azure OpenAI's, where realtime is spoken of.
            self.vendors = [("azure", mark) for mark in source.marks if mark.kind == "entry" and mark.key == "api-key"]
            if self.vendors:
                signs["azure"] = self.vendors[0][1].line
        if "azure" not in signs and "realtime" in signs and not any(url.vendor == "openai" for url, _ in self.urls):
            # OpenAI's own service takes Authorization alone: its key in the header api-key is the key of an account.
            keys = [
                mark
                for mark in source.marks
                if mark.kind == "entry" and mark.key == "api-key" and name_of(mark.value) == "openai"
            ]
            if keys:
                self.vendors += [("azure", mark) for mark in keys]
                signs["azure"] = keys[0].line
        opens = any(
            vendor == "azure"
            and _opens(mark)
            and not ("voiceLive" in signs and PREVIEW_SDK.search(mark.key or mark.shown))
            for vendor, mark in self.vendors
        ) or any(url.api in (*GA, *PREVIEW) and url.vendor in ("azure", "unknown") for url, _ in self.urls)
        # One of each on a line is enough: minified code has thousands there, and each mark looks at all of them.
        self.vendors = list({(vendor, one.scope, one.line): (vendor, one) for vendor, one in self.vendors}.values())
        if "voiceLive" in signs and not opens:
            signs["onlyVoiceLive"] = signs["voiceLive"]
        signs.update(_catalogue(source))
        own = next((mark for url, mark in self.urls if url.vendor == "openai" and url.api in ("own", "bare")), None)
        if own is not None and "azure" not in signs:
            signs["onlyOpenAI"] = own.line

    def is_of_control_plane(self, name: str) -> bool:
        """Whether a template gives a name to a function of Resource Manager: reference(…, NAME), listKeys(…, NAME)."""
        return any(
            re.search(rf"{_OF_ARM.pattern}.*\b{re.escape(name)}\b", line) for line in self._asking if name in line
        )

    @cached_property
    def _asking(self) -> Sequence[str]:
        """The lines that call a function of Resource Manager."""
        return [line for line in self.source.lines if _OF_ARM.search(line)]

    def of(self, mark: Mark, project: Iterable[str] = ()) -> str:
        """The service that a mark speaks of: its own words, else the nearest in its call, statement, function, file; else the project's."""
        if OTHER in mark.guards:
            return "openai"
        own = name_of(mark.key, mark.full, mark.shown, mark.value, *mark.under, mark.call)
        if own:
            return own
        for level in (2, 1, 0):
            found = [(vendor, one) for vendor, one in self.vendors if one is not mark and _shares(mark, one, level)]
            if found:
                return _nearest(mark, found)
        if self.vendors:
            return _nearest(mark, self.vendors)
        known = set(project)
        return "azure" if "azure" in known else ""


def _catalogue(source: Source) -> dict[str, int]:
    """The sign of settings that list the models of every vendor."""
    if source.side != "config":
        return {}
    named = {text for mark in source.marks for text in (mark.key, mark.value) if _MODEL.match(text)}
    return {"catalogue": 1} if len(named) >= _CATALOGUE else {}


def name_of(*texts: str) -> str:
    """The service that texts name, the first in VENDORS where they name several; empty for none."""
    found = {name for text in texts if text and (name := _name_of(text))}
    return min(found, key=_ORDER.__getitem__) if found else ""


@lru_cache(maxsize=65_536)
def _name_of(text: str) -> str:
    return next((vendor for vendor, pattern in VENDORS.items() if pattern.search(text)), "")


_ORDER = {vendor: number for number, vendor in enumerate(VENDORS)}


@lru_cache(maxsize=65_536)
def _signs_of(text: str) -> tuple[bool, bool]:
    """Whether a text opens or feeds a realtime session, and whether it speaks of realtime at all."""
    if _SPEAKS.search(text) is None and REALTIME.search(text) is None:
        return False, False
    return REALTIME.search(text) is not None and _OTHER_REALTIME.search(text) is None, _SPEAKS.search(text) is not None


def _of_url(url: Url) -> str:
    if url.vendor in ("openai", "arm", "voiceLive"):
        return url.vendor
    if url.api in ("chat", "deployments", "responses"):
        return "chat"
    if url.vendor == "other":
        return "service"
    of_azure = url.vendor in ("azure", "gateway") or "openai/" in url.path or url.api == "previewRtc"
    return "azure" if of_azure and url.api in (*GA, *PREVIEW, "base", "own", "bare") else ""


_PATHLIKE = re.compile(r"path|url|uri|endpoint|join|host|connect|socket|request|route|base", re.IGNORECASE)


def _is_path(mark: Mark) -> bool:
    """Whether a text such as `openai/realtime`, without a slash before it, is part of a URL and no module's name."""
    return _PATHLIKE.search(f"{mark.call} {' '.join(mark.under[-1:])} {mark.key}") is not None


def _opens(mark: Mark) -> bool:
    return REALTIME.search(f"{mark.key} {mark.shown}") is not None


def _shares(one: Mark, other: Mark, level: int) -> bool:
    if one.scope[level] == 0 or one.scope[level] != other.scope[level]:
        return level == 0 and one.scope[0] == other.scope[0] == 0 and abs(one.line - other.line) <= MODULE_LINES
    return True


def _nearest(mark: Mark, found: Sequence[tuple[str, Mark]]) -> str:
    return min(found, key=lambda one: (abs(one[1].line - mark.line), one[1].line > mark.line))[0]
