"""Schemas: JSON Schema of source checks, their cases, and the table of frameworks."""

from __future__ import annotations

from typing import Any

from rtaudit.report import SEVERITIES
from rtaudit.scan.sides import SIDES

CHECKS = "rtaudit.source/1"
CASES = "rtaudit.sourcecases/1"
FRAMEWORKS = "rtaudit.frameworks/1"
CASES_SUFFIX = ".cases.yaml"
MATCHERS = frozenset({"url", "entry", "call", "import", "text", "word", "syntax", "package", "secret"})
"""What a pattern may look for."""

_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"type": "array", "items": _TEXT}
_STEPS = {
    "type": "array",
    "items": {
        "anyOf": [
            _TEXT,
            {
                "type": "object",
                "additionalProperties": False,
                "required": ["for", "step"],
                "properties": {
                    "for": {"type": "array", "items": _TEXT, "description": "Grammars that it is for."},
                    "step": _TEXT,
                },
            },
        ]
    },
}
_APIS = ["preview", "previewSessions", "previewBelow", "previewRtc", "ga", "gaSecrets", "gaCalls", "gaTranslations", "live", "own", "bare", "project",
         "base", "none", "voiceLive", "responses", "chat", "deployments", "arm"]  # fmt: skip


def _object(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": properties}


_URL = _object(
    api={"type": "array", "items": {"enum": _APIS}, "description": "What its path asks for."},
    host={
        "type": "array",
        "items": {"enum": ["azure", "gateway", "openai", "other", "unknown"]},
        "description": "Whose host it is.",
    },
    scheme={**_TEXTS, "description": "Any of these."},
    query={**_TEXTS, "description": "Query parameters, all of them there."},
    without={**_TEXTS, "description": "Query parameters, none of them there."},
    regional={"type": "boolean", "description": "Whether it is the shared host of a region."},
)
_MATCHERS: dict[str, Any] = {
    "url": {**_URL, "description": "A URL, or the path of one, put together where that is plain."},
    "entry": _object(
        key={**_TEXT, "description": "Regular expression of the name that is given a value (a constant, a key, a header, an argument)."},
        value={**_TEXT, "description": "Regular expression of the value; names are in braces."},
        call={**_TEXT, "description": "Regular expression of the call around it."},
        under={**_TEXT, "description": "Regular expression of the names of the entries around it, joined by dots."},
        form={**_TEXT, "description": "Regular expression of what the grammar calls it: pair, keyword_argument, …"},
        notForm=_TEXT,
        notUnder=_TEXT, notValue=_TEXT, notCall=_TEXT, notKey=_TEXT,
    ),
    "call": {**_TEXT, "description": "Regular expression of what is called: client.beta.realtime.connect."},
    "import": {**_TEXT, "description": "Regular expression of an import."},
    "text": {**_TEXT, "description": "Regular expression of a string."},
    "word": {**_TEXT, "description": "Regular expression of code that is not a comment."},
    "syntax": {"type": "object", "additionalProperties": _TEXT, "description": "Pattern of ast-grep by its name of the language."},
    "package": {"const": "belowFloor", "description": "Packages below the floor that the table of frameworks states."},
    "secret": {"enum": ["azureKey", "namedKey"], "description": "A key by its shape, or 32 hex digits under the name of one."},
}  # fmt: skip
_NEAR = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **{key: value for key, value in _MATCHERS.items() if key not in ("package", "secret", "syntax")},
            "sign": {
                "enum": [
                    "azure",
                    "realtime",
                    "voiceLive",
                    "openai",
                    "chat",
                    "speaks",
                    "onlyVoiceLive",
                    "onlyOpenAI",
                    "catalogue",
                    "search",
                    "arm",
                ]
            },
            "within": {"enum": ["line", "call", "statement", "beside", "function", "file", "project"]},
        },
    },
}
_FIND = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        **_MATCHERS,
        "belongs": {"type": "array", "items": {"enum": ["azure", "openai", "voiceLive", "arm", "search", "service", "chat", ""]},
                    "description": "The service that the place belongs to: its own words, else what is nearest."},
        "near": {**_NEAR, "description": "All of these are near it."},
        "without": {**_NEAR, "description": "None of these is near it."},
        "through": _object("call", call=_TEXT, otherwise=_TEXT),
        "literal": {"const": True, "description": "Of a text: as it is there, with no name of another place filled in."},
        "unguarded": {"enum": [True, "any"], "description": "Not where an `if` asks for the version that is sent (any: for a version): then the caller decides."},
        "inCall": {**_TEXT, "description": "Regular expression of the call around it."},
        "notInCall": {**_TEXT, "description": "Regular expression of calls around it that are others' affair, such as routes of one's own."},
        "notUnder": {**_TEXT, "description": "Regular expression of the names of the entries around it, joined by dots, that make it another thing."},
        "unlessFound": {**_TEXT, "description": "Not in a project where this other check finds something."},
        "reaches": {"const": "realtime", "description": "The value of the name is used by code that opens realtime sessions."},
        "newer": {"type": "object", "additionalProperties": _TEXT, "description": "Not where the project's package of this name is of this version or newer."},
        "sides": {"type": "array", "items": {"enum": list(SIDES)}},
        "severity": {"enum": list(SEVERITIES)},
        "says": {**_TEXT, "description": "What it means, at most 160 characters; {found}, {key}, {value}, {host}, {side}, {name}."},
        "fix": _STEPS,
    },
}  # fmt: skip
_CHECK = _object(
    "id", "name", "title", "severity", "why", "fix",
    id={"type": "string", "pattern": "^[A-Z][A-Z0-9]*(-[A-Z0-9]+)+$"},
    name={"type": "string", "pattern": "^[a-z][a-z0-9-]*$"},
    title=_TEXT, severity={"enum": list(SEVERITIES)}, why=_TEXT, fix=_STEPS, see=_TEXTS, action=_TEXT,
    sides={"type": "array", "items": {"enum": list(SIDES)}},
    find={"type": "array", "items": _FIND, "minItems": 1},
)  # fmt: skip

CHECKS_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "rtaudit source checks",
    "description": "What `rtaudit client scan` looks for.",
    **_object("schema", "checks", schema={"const": CHECKS}, checks={"type": "array", "items": _CHECK}),
}
FRAMEWORKS_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "rtaudit frameworks",
    "description": "Libraries that open realtime sessions, and the first version that supports the current protocol.",
    **_object(
        "schema", "frameworks",
        schema={"const": FRAMEWORKS},
        frameworks={"type": "array", "items": _object(
            "package", "ecosystem", "used", "source", "replacement",
            package=_TEXT, ecosystem={"enum": ["pypi", "npm", "nuget", "maven", "go", "pub", "swift"]}, label=_TEXT,
            floor={"type": ["string", "null"]}, used=_TEXT, source=_TEXT, replacement=_TEXT,
        )},
    ),
}  # fmt: skip
CASES_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "rtaudit cases of source checks",
    "description": "Small trees, and the places that a check finds in them.",
    **_object(
        "schema", "cases",
        schema={"const": CASES},
        cases={"type": "object", "additionalProperties": {"type": "array", "items": _object(
            "name", "files",
            name=_TEXT,
            files={"type": "object", "additionalProperties": {"type": "string"}, "description": "Path -> text."},
            finds={"type": "array", "items": {"type": "string", "pattern": r":\d+$"}, "description": "file:line of each finding; none unless given."},
        )}},
    ),
}  # fmt: skip
