"""Realtime API: knows the paths, the query parameters and the token audiences of each use.

Sources: Microsoft's how-to pages of each transport, the migration guide, and the pages on translation, transcription and GPT-Live.
"""

from __future__ import annotations

import re

from rtaudit.azure.clouds import Cloud

REALTIME = "/openai/v1/realtime"
"""Path of the generally available Realtime API."""
PREVIEW = "/openai/realtime"
"""Path of the preview's WebSocket, deprecated since 2026-04-30."""
TRANSLATIONS = f"{REALTIME}/translations"
LIVE = "/openai/v1/live"

ROLES = ("speech", "transcription", "translation", "live")
"""What a client can use a deployment for on the Realtime API and GPT-Live."""

OTHER_APIS: dict[str, str] = {"voiceLive": "the Voice Live API", "responses": "the Responses API"}
"""Uses that are another API -> its name. Nothing here says anything about them."""

_OTHER_PATHS = {
    "/voice-live/realtime": "voiceLive",
    "/voice-agent/realtime": "voiceLive",
    "/openai/v1/responses": "responses",
}

_CALL = re.compile(rf"({REALTIME}/calls)/[^/]+(/(?:accept|reject|refer|hangup))")
_ATTACH = re.compile(rf"({LIVE}/sessions)/[^/]+/attach")

_SPEECH: dict[str, tuple[str, ...]] = {
    "websocket": (REALTIME,),
    "webrtc": (f"{REALTIME}/client_secrets", f"{REALTIME}/calls", REALTIME),
    "sip": (*(f"{REALTIME}/calls{rest}" for rest in ("", *(f"/{{id}}/{verb}" for verb in ("accept", "reject", "refer", "hangup")))), REALTIME),
}  # fmt: skip
_LIVE_PATHS = (LIVE, f"{LIVE}/sessions", f"{LIVE}/sessions/{{id}}/attach")


def ga_paths(use: str, transport: str) -> tuple[str, ...]:
    """The documented paths for a use (`speech`, `live`, …) and a transport; `{id}` represents an id in the path."""
    if use == "live":
        return () if transport == "sip" else _LIVE_PATHS
    if use == "translation":
        return (*_SPEECH.get(transport, (REALTIME,)), TRANSLATIONS)
    return _SPEECH.get(transport, (REALTIME,))


def whole_list(use: str, transport: str) -> bool:
    """False where Microsoft's pages do not state every path: a further one may be right."""
    return not (use in ("translation", "live") and transport != "websocket")


def plain_path(path: str) -> str:
    """A path as `ga_paths` writes it: one slash before, none behind, `{id}` for the id of a call or a session."""
    found = "/" + path.strip("/")
    return _ATTACH.sub(r"\1/{id}/attach", _CALL.sub(r"\1/{id}\2", found)) if found.count("/") > 4 else found


def other_api(path: str) -> str | None:
    """The use (a key of OTHER_APIS) that a path belongs to, or None."""
    return _OTHER_PATHS.get("/" + path.strip("/"))


def audiences(cloud: Cloud) -> tuple[str, ...]:
    """What a token for the data plane may be asked for: Microsoft's pages name both in the public cloud."""
    return (cloud.data_plane_audience, *(("https://ai.azure.com",) if cloud.name == "AzureCloud" else ()))


def session_query(use: str, deployment: str, path: str = REALTIME) -> dict[str, str]:
    """The query of the URL that opens a session, by use; the preview's path has a word of its own."""
    if path.rstrip("/") == PREVIEW:
        return {"deployment": deployment}
    return {"intent": "transcription"} if use == "transcription" else {"model": deployment}


def first_update(use: str, deployment: str) -> dict[str, object] | None:
    """The event that a client has to send before the service has opened what was asked for; None where none is needed.

    A transcription session names its deployment there, and GPT-Live starts a session with it.
    """
    if use == "transcription":
        named = {"type": "transcription", "audio": {"input": {"transcription": {"model": deployment}}}}
        return {"type": "session.update", "session": named}
    return {"type": "session.update", "session": {}} if use == "live" else None


OPENED = frozenset({"session.created", "session.started", "transcription_session.created"})
"""Events that say that a session is open: of the Realtime API, of GPT-Live, of the preview's transcription."""
UPDATED = frozenset({"session.updated", "transcription_session.updated"})
