"""Drift schemas: JSON Schemas of a drift, a drift policy and a map."""

from __future__ import annotations

from typing import Any

from rtaudit.drift.model import CATEGORIES, DECISIONS, KINDS, SCHEMA
from rtaudit.report.gate import SEVERITIES, THRESHOLDS

POLICY_SCHEMA = "rtaudit.driftpolicy/1"
MAP_SCHEMA = "rtaudit.map/1"

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_STRING = {"type": "string"}
_NULLABLE = {"type": ["string", "null"]}
_COUNT = {"type": "integer", "minimum": 0}
_STRINGS = {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}
_WORDS = {"anyOf": [{"type": "string", "minLength": 1}, _STRINGS]}

_SIDE: dict[str, Any] = {
    "type": "object",
    "required": ["environment", "digest"],
    "additionalProperties": False,
    "properties": {"environment": _STRING, "digest": _STRING, "file": _NULLABLE, "collectedAt": _NULLABLE},
}

_PAIR: dict[str, Any] = {
    "type": "object",
    "required": ["role", "type", "left", "right", "by"],
    "additionalProperties": False,
    "properties": {
        "role": _STRING,
        "type": _STRING,
        "left": _STRING,
        "right": _STRING,
        "by": {**_STRING, "description": "The ground of the pairing."},
    },
}

_UNPAIRED: dict[str, Any] = {
    "type": "object",
    "required": ["side", "type", "resource", "reason"],
    "additionalProperties": False,
    "properties": {"side": {"enum": ["left", "right"]}, "type": _STRING, "resource": _STRING, "reason": _STRING},
}

_CHANGE: dict[str, Any] = {
    "type": "object",
    "required": [
        "role",
        "type",
        "left",
        "right",
        "category",
        "kind",
        "path",
        "before",
        "after",
        "severity",
        "decision",
        "decidedBy",
    ],
    "additionalProperties": False,
    "properties": {
        "role": _STRING,
        "type": _STRING,
        "left": {**_NULLABLE, "description": "ARM id in the base; null when it is not there."},
        "right": _NULLABLE,
        "category": {"enum": list(CATEGORIES)},
        "kind": {"enum": list(KINDS)},
        "path": {
            "type": "string",
            "pattern": "^(/.*)?$",
            "description": 'JSON Pointer into the normalised resource; "" for a whole resource; a list is pointed at as a whole.',
        },
        "before": {},
        "after": {},
        "severity": {"enum": list(SEVERITIES)},
        "decision": {"enum": list(DECISIONS)},
        "decidedBy": {**_NULLABLE, "description": "The drift policy's entry; for unknown the gap."},
        "message": {"type": "string", "description": "One plain sentence, at most 160 characters."},
        "meaning": {**_NULLABLE, "description": "What it means, in words."},
        "modified": {
            "type": ["object", "null"],
            "description": "Who last changed the resource, and when (its systemData).",
            "properties": {"by": _NULLABLE, "at": _NULLABLE},
        },
        "rules": {
            "type": "array",
            "description": "Rules of the catalogue whose outcome differs between the two sides.",
            "items": {
                "type": "object",
                "required": ["rule", "left", "right"],
                "properties": {
                    "rule": _STRING,
                    "title": _STRING,
                    "severity": {"enum": list(SEVERITIES)},
                    "left": _NULLABLE,
                    "right": _NULLABLE,
                },
            },
        },
    },
}

ENVELOPE: dict[str, Any] = {
    "$schema": _DIALECT,
    "title": "rtaudit drift",
    "description": "The answer of `rtaudit diff`.",
    "type": "object",
    "required": ["schema", "verdict", "comparisons", "tool", "asOf", "gate", "policies", "warnings"],
    "additionalProperties": False,
    "properties": {
        "schema": {"const": SCHEMA},
        "tool": {"type": "object", "required": ["name", "version"], "additionalProperties": _STRING},
        "asOf": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$", "x-pattern-means": "a date YYYY-MM-DD"},
        "gate": {
            "type": "object",
            "required": ["failOn", "exitCode"],
            "additionalProperties": False,
            "properties": {"failOn": {"enum": list(THRESHOLDS)}, "exitCode": {"enum": [0, 1, 4]}},
        },
        "verdict": {"enum": ["same", "drift", "incomplete"]},
        "policies": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "file"],
                "properties": {"name": _STRING, "file": _STRING},
            },
        },
        "warnings": {"type": "array", "items": _STRING},
        "comparisons": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["left", "right", "pairs", "unpaired", "changes", "summary"],
                "additionalProperties": False,
                "properties": {
                    "left": _SIDE,
                    "right": _SIDE,
                    "overTime": {"type": "boolean", "description": "The same environment at two moments."},
                    "pairs": {"type": "array", "items": _PAIR},
                    "unpaired": {"type": "array", "items": _UNPAIRED, "description": "Only pairings in doubt."},
                    "changes": {"type": "array", "items": _CHANGE},
                    "summary": {
                        "type": "object",
                        "required": ["pairs", "unpaired", *DECISIONS],
                        "properties": {**dict.fromkeys(("pairs", "unpaired", *DECISIONS), _COUNT)},
                    },
                },
            },
        },
    },
}
"""The whole document of a drift."""

_ENVIRONMENTS = {
    "anyOf": [
        _STRINGS,
        {
            "type": "object",
            "required": ["from", "to"],
            "additionalProperties": False,
            "properties": {"from": _STRINGS, "to": _STRINGS},
        },
    ],
    "description": "The entry applies where one side is among these; `from` is the value there. A mapping names both sides.",
}

_ENTRY: dict[str, Any] = {
    "type": "object",
    "required": ["id"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "minLength": 1, "description": "What `decidedBy` says."},
        "where": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "type": {**_WORDS, "description": "Resource type, or several; `*` matches any text."},
                "path": {
                    "anyOf": [_STRING, {"type": "array", "items": _STRING, "minItems": 1}],
                    "description": 'Glob over the path: `*` within a segment, `**` any number of segments; "" is a whole resource.',
                },
                "category": {
                    "anyOf": [{"enum": list(CATEGORIES)}, {"type": "array", "items": {"enum": list(CATEGORIES)}}]
                },
                "role": {**_WORDS, "description": "Role, or several; `*` matches any text."},
                "kind": {"enum": list(KINDS)},
                "environments": _ENVIRONMENTS,
            },
        },
        "ignore": {"const": True},
        "expect": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": {
                "from": {"description": "The value in the base, or in `where.environments`; null: nothing is there."},
                "to": {"description": "The value on the other side."},
                "is": {"enum": ["lower", "higher"], "description": "The number at `from` is lower or higher."},
            },
        },
        "severity": {"enum": list(SEVERITIES)},
        "reason": {"type": "string", "minLength": 1},
        "owner": {"type": "string", "minLength": 1},
        "expires": {
            "type": "string",
            "pattern": r"^\d{4}-\d{2}-\d{2}$",
            "x-pattern-means": "a date YYYY-MM-DD",
            "description": "Valid to the end of that day, UTC.",
        },
    },
}

POLICY: dict[str, Any] = {
    "$schema": _DIALECT,
    "title": "rtaudit drift policy",
    "description": "What a diff ignores, what it expects, and how severe the rest is.",
    "type": "object",
    "required": ["schema", "entries"],
    "additionalProperties": False,
    "properties": {
        "schema": {"const": POLICY_SCHEMA},
        "name": {"type": "string", "minLength": 1},
        "title": {"type": "string", "minLength": 1},
        "extends": {**_STRINGS, "description": "`default`, or paths beside this file. Their entries come after these."},
        "entries": {"type": "array", "items": _ENTRY, "description": "The first that fits decides."},
    },
}
"""A drift policy."""

MAP: dict[str, Any] = {
    "$schema": _DIALECT,
    "title": "rtaudit map",
    "description": "Which resources of which environment play the same role.",
    "type": "object",
    "required": ["schema"],
    "additionalProperties": False,
    "properties": {
        "schema": {"const": MAP_SCHEMA},
        "roles": {
            "type": "object",
            "description": "Role -> environment -> ARM id of any resource, or name of an account, or a list of them (one for each region).",
            "additionalProperties": {"type": "object", "minProperties": 1, "additionalProperties": _WORDS},
        },
        "regions": {
            "type": "object",
            "description": "Environment -> its regions; those in the same place of each list are counterparts.",
            "additionalProperties": _STRINGS,
        },
        "tokens": {
            "type": "object",
            "description": "Environment -> the words in names that mean it, in place of those learnt from its label.",
            "additionalProperties": {"type": "array", "items": {"type": "string", "minLength": 1}},
        },
    },
}
"""A map."""
