"""Snapshot schema: the JSON Schema of a snapshot."""

from __future__ import annotations

from typing import Any

from rtaudit.documents.schema_of import DIALECT, STRINGS, closed, schema_of
from rtaudit.snapshot.gaps import Gap
from rtaudit.snapshot.model import SCHEMA

_COUNTS: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}

_PLANNED: dict[str, Any] = {
    "type": "object",
    "description": "Of a planned snapshot (`rtaudit plan`): what it was made of.",
    "properties": {
        "plans": {
            "type": "array",
            "description": "The plans.",
            "items": {"type": "object", "properties": {"format": {"type": "string"}, "file": {"type": "string"}}},
        },
        "with": {"type": "string", "description": "Digest of the collected snapshot that the plans are laid over."},
        "addresses": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Resource id -> what the code calls it.",
        },
        "defaults": {
            "type": "object",
            "additionalProperties": {"type": "object", "additionalProperties": {"type": "string"}},
            "description": "Resource id -> JSON Pointer -> the attribute that the code does not set.",
        },
        "sources": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["file", "line"],
                "properties": {"file": {"type": "string"}, "line": {"type": "integer", "minimum": 1}},
            },
            "description": "Resource id -> file and line of the code.",
        },
    },
}

ENVELOPE: dict[str, Any] = closed(
    {
        "schema": {"const": SCHEMA},
        "environment": {"type": "string", "minLength": 1, "description": "Label of the environment, such as prod."},
        "scope": {
            "type": "object",
            "description": "What was asked for, and what was left out by rule.",
            "required": ["aspects"],
            "properties": {
                "cloud": {"type": "string"},
                "tenant": {"type": ["string", "null"]},
                "subscriptions": STRINGS,
                "resourceGroups": STRINGS,
                "accounts": STRINGS,
                "aspects": {**STRINGS, "description": "The aspects that were read."},
                "leftOut": {
                    "type": "object",
                    "description": "What was left out by rule.",
                    "properties": {"accountsOfOtherKinds": _COUNTS, "rules": STRINGS},
                },
                "planned": _PLANNED,
            },
        },
        "collection": {
            "type": "object",
            "description": "The only volatile block; no part of the digest.",
            "properties": {
                "runs": {"type": "array", "items": {"type": "object"}},
                "apiVersions": {"type": "object", "additionalProperties": {"type": "string"}},
                "calls": _COUNTS,
            },
        },
        "resources": {
            "type": "array",
            "description": "Raw resources, sorted by lower-cased id.",
            "items": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string", "minLength": 1}, "properties": {"type": ["object", "null"]}},
            },
        },
        "gaps": {
            "type": "array",
            "description": "Reads that failed.",
            "items": schema_of(Gap, closed=False),
        },
        "clients": {"type": "array", "items": {"type": "object"}},
        "digest": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
    },
    "schema",
    "scope",
    "resources",
    "gaps",
    title="rtaudit snapshot",
    description="Azure resources as Azure Resource Manager returned them, and the gaps in them.",
    **{"$schema": DIALECT},
)
"""The whole document."""
