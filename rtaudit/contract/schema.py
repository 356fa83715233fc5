"""Contract schema: the JSON Schema of a client contract, for editors and for the loader."""

from __future__ import annotations

from typing import Any

from rtaudit.azure.realtime_api import OTHER_APIS, ROLES
from rtaudit.documents.schema_of import DIALECT, TEXT, closed

CONTRACT = "rtaudit.client/1"
"""The schema this version reads and writes."""

_OPTIONAL_TEXT = {"type": ["string", "null"], "minLength": 1}
_COUNT = {"type": ["integer", "null"], "minimum": 1}
_NUMBER = {"type": ["number", "null"], "exclusiveMinimum": 0}

_CALLER = {
    **TEXT,
    "pattern": r"^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|/subscriptions/[^/]+/resource[gG]roups/[^/]+/providers/.+)$",
    "x-pattern-means": "a principal id (a GUID), or the ARM id of an app or a user-assigned identity",
}


def _mapping(about: str, /, **properties: Any) -> dict[str, Any]:
    return closed(properties, description=about)


_STORED = {
    "stored": {"type": ["boolean", "null"], "description": "Whether it is kept anywhere."},
    "retentionDays": {**_COUNT, "description": "Days after which it is deleted."},
    "incidentOwner": {**_OPTIONAL_TEXT, "description": "Who decides on access to it in an incident."},
    "where": {**_OPTIONAL_TEXT, "description": "Where it is kept."},
}

_FALLBACK = {
    **_mapping(
        "What the caller gets when realtime cannot be had.",
        kind={"enum": ["textDeployment", "secondRegion", "human"]},
        account={**_OPTIONAL_TEXT, "description": "Account of the deployment, where it is another one."},
        deployment={**_OPTIONAL_TEXT, "description": "The deployment that answers instead."},
        about=_OPTIONAL_TEXT,
    ),
    "required": ["kind"],
}

_SETTINGS: dict[str, Any] = {
    "endpoint": {
        **_OPTIONAL_TEXT,
        "description": "Where the client connects: scheme and host, or the whole URL. Of SIP: sip:proj_…@region.sip.ai.azure.com.",
    },
    "account": {**_OPTIONAL_TEXT, "description": "The Azure OpenAI or AI Services account: its name or ARM id."},
    "deployment": {**_OPTIONAL_TEXT, "description": "The deployment that sessions are opened on."},
    "transcriptionDeployment": {
        **_OPTIONAL_TEXT,
        "description": "The deployment that transcribes what the caller says; absent where input is not transcribed.",
    },
    "use": {
        "enum": [*ROLES, *OTHER_APIS],
        "description": "What the deployment is used for; speech unless said. voiceLive and responses are other APIs: not checked.",
    },
    "caller": {
        "description": "Who connects: the principal (object) id of the identity, or the ARM id of the app or user-assigned identity.",
        "anyOf": [
            _CALLER,
            closed(
                {
                    "id": _CALLER,
                    "tenant": {**_OPTIONAL_TEXT, "description": "Tenant of the identity, where it is another one."},
                },
                "id",
            ),
            {"type": "null"},
        ],
    },
    "principalId": {**_OPTIONAL_TEXT, "description": "The caller's principal id; `caller` takes it too, and more."},
    "protocol": _mapping(
        "What the client asks for on the wire.",
        path={**_OPTIONAL_TEXT, "description": "Path of the endpoint, such as /openai/v1/realtime."},
        apiVersion={**_OPTIONAL_TEXT, "description": "The api-version that it sends; null for none, as GA wants it."},
        headers={
            "type": ["array", "null"],
            "items": {
                **TEXT,
                "pattern": r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                "x-pattern-means": "a header's name without its value, such as OpenAI-Beta",
            },
            "description": "Names (never values) of the headers that it sends.",
        },
        query={
            "type": ["object", "null"],
            "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
            "description": "Query parameters that it sends; a key's value is cut out.",
        },
    ),
    "transport": {"enum": ["websocket", "webrtc", "sip"]},
    "signalling": {
        "enum": ["direct", "proxied", None],
        "description": "Of WebRTC: whether the client posts its SDP to the account itself, or a server of yours does.",
    },
    "runsIn": {"enum": ["browser", "mobile", "server"], "description": "Where the code runs that connects."},
    "network": {
        "enum": ["internet", "private", None],
        "description": "The network that it connects from: the internet, or one that reaches the private endpoint.",
    },
    "auth": {
        "enum": ["entra", "clientSecret", "key"],
        "description": "Entra token, short-lived client secret made by a token broker, or the account's key.",
    },
    "session": _mapping(
        "Bounds of one session.",
        maxMinutes={**_NUMBER, "description": "Longest session, in minutes."},
        idleTimeoutSeconds={**_NUMBER, "description": "Silence after which the client hangs up, in seconds."},
        reconnect={
            "type": ["boolean", "string", "null"],
            "description": "Whether, or how, it reconnects after a cut.",
        },
    ),
    "peakSessionsPerMinute": {
        **_COUNT,
        "description": "New sessions in the busiest minute, of all clients of this contract.",
    },
    "peakConcurrentSessions": {
        **_COUNT,
        "description": "Sessions that are open at a time at the peak, of all clients of this contract.",
    },
    "on429": _mapping(
        "What the client does when Azure answers 429: too many requests.",
        retryAfter={
            "type": ["boolean", "null"],
            "description": "Whether it waits as long as the header Retry-After says.",
        },
        maxAttempts={**_COUNT, "description": "Attempts after which it gives up."},
        then={
            "enum": ["fallback", "queue", "hangUp", None],
            "description": "What the caller gets then: the contract's fallback, a place in a queue, or an announcement.",
        },
    ),
    "tokenBroker": _mapping(
        "The service of yours that hands out tokens or client secrets.",
        region=_OPTIONAL_TEXT,
        issues={**_OPTIONAL_TEXT, "description": "How it issues sessions."},
        secretSeconds={**_COUNT, "description": "How long a client secret is valid, in seconds."},
    ),
    "gateway": {
        **_mapping(
            "The API gateway between client and account.",
            kind={"enum": ["apiManagement", "applicationGateway", "frontDoor", "other"]},
            tier={
                **_OPTIONAL_TEXT,
                "description": "API Management: Consumption, Developer, Basic, Standard v2, …; Front Door: Standard, Premium, classic.",
            },
            host={**_OPTIONAL_TEXT, "description": "The gateway's host name."},
        ),
        "type": ["object", "null"],
        "required": ["kind"],
    },
    "transcripts": _mapping("Text of what was said.", **_STORED),
    "audio": _mapping("Recorded audio.", **_STORED),
    "fallback": {
        "description": "One fallback, or several in order.",
        "anyOf": [_FALLBACK, {"type": "array", "items": _FALLBACK}, {"type": "null"}],
    },
    "sdk": _mapping(
        "The library that connects.",
        name=_OPTIONAL_TEXT,
        language=_OPTIONAL_TEXT,
        version=_OPTIONAL_TEXT,
    ),
}
"""What may be at the top for every environment, and in one environment for that one alone."""

CONTRACT_SCHEMA: dict[str, Any] = closed(
    {
        "schema": {"const": CONTRACT},
        "name": {
            **TEXT,
            "pattern": r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
            "x-pattern-means": "a name such as guest-app",
        },
        "owner": {**_OPTIONAL_TEXT, "description": "Who answers for this client."},
        **_SETTINGS,
        "environments": {
            "type": "object",
            "minProperties": 1,
            "description": "Label of an environment: what applies there. A key here replaces the one at the top.",
            "additionalProperties": closed(_SETTINGS),
        },
    },
    "schema",
    "name",
    "transport",
    "runsIn",
    "auth",
    title="rtaudit client contract",
    description="What a client of the Realtime API promises: where it connects, how, and what it does when that fails.",
    **{"$schema": DIALECT},
)
"""The whole document."""
