"""Drift schemas: JSON Schemas of a drift, a drift policy and a map."""

from __future__ import annotations

from typing import Any

from rtaudit.documents.schema_of import (
    COUNT,
    DATE,
    DIALECT,
    NULLABLE,
    STRING,
    TEXT,
    closed,
    list_of,
    object_of,
    one_of,
    schema_of,
)
from rtaudit.drift.model import CATEGORIES, DECISIONS, KINDS, SCHEMA, Change, Comparison, Drift
from rtaudit.report.gate import SEVERITIES, THRESHOLDS

POLICY_SCHEMA = "rtaudit.driftpolicy/1"
MAP_SCHEMA = "rtaudit.map/1"

_STRINGS = {"type": "array", "items": TEXT, "minItems": 1}
_WORDS = {"anyOf": [TEXT, _STRINGS]}

_CHANGE = schema_of(
    Change,
    required=["decidedBy"],
    message={**STRING, "description": "One plain sentence, at most 160 characters."},
    modified={
        "type": ["object", "null"],
        "description": "Who last changed the resource, and when (its systemData).",
        "properties": {"by": NULLABLE, "at": NULLABLE},
    },
    rules=list_of(
        object_of(
            {"rule": STRING, "title": STRING, "severity": one_of(SEVERITIES), "left": NULLABLE, "right": NULLABLE},
            "title", "severity", closed=False,
        ),
        "Rules of the catalogue whose outcome differs between the two sides.",
    ),
)  # fmt: skip

ENVELOPE: dict[str, Any] = {
    "$schema": DIALECT,
    "title": "rtaudit drift",
    "description": "The answer of `rtaudit diff`.",
    **schema_of(
        Drift,
        without=["fail_on", "sides"],
        required=["schema", "gate", "policies", "warnings"],
        schema={"const": SCHEMA},
        tool={"type": "object", "required": ["name", "version"], "additionalProperties": STRING},
        gate=object_of({"failOn": one_of(THRESHOLDS), "exitCode": {"enum": [0, 1, 4]}}),
        policies=list_of(object_of({"name": STRING, "file": STRING}, closed=False)),
        comparisons=list_of(
            schema_of(
                Comparison,
                required=["summary"],
                changes=list_of(_CHANGE),
                summary=object_of(dict.fromkeys(("pairs", "unpaired", *DECISIONS), COUNT), closed=False),
            )
        ),
    ),
}
"""The whole document of a drift."""

_ENVIRONMENTS = {
    "anyOf": [
        _STRINGS,
        closed({"from": _STRINGS, "to": _STRINGS}, "from", "to"),
    ],
    "description": "The entry applies where one side is among these; `from` is the value there. A mapping names both sides.",
}

_ENTRY: dict[str, Any] = closed(
    {
        "id": {"type": "string", "minLength": 1, "description": "What `decidedBy` says."},
        "where": closed(
            {
                "type": {**_WORDS, "description": "Resource type, or several; `*` matches any text."},
                "path": {
                    "anyOf": [STRING, {"type": "array", "items": STRING, "minItems": 1}],
                    "description": 'Glob over the path: `*` within a segment, `**` any number of segments; "" is a whole resource.',
                },
                "category": {"anyOf": [one_of(CATEGORIES), {"type": "array", "items": one_of(CATEGORIES)}]},
                "role": {**_WORDS, "description": "Role, or several; `*` matches any text."},
                "kind": one_of(KINDS),
                "environments": _ENVIRONMENTS,
            }
        ),
        "ignore": {"const": True},
        "expect": closed(
            {
                "from": {"description": "The value in the base, or in `where.environments`; null: nothing is there."},
                "to": {"description": "The value on the other side."},
                "is": {"enum": ["lower", "higher"], "description": "The number at `from` is lower or higher."},
            },
            minProperties=1,
        ),
        "severity": one_of(SEVERITIES),
        "reason": TEXT,
        "owner": TEXT,
        "expires": {**DATE, "description": "Valid to the end of that day, UTC."},
    },
    "id",
)

POLICY: dict[str, Any] = closed(
    {
        "schema": {"const": POLICY_SCHEMA},
        "name": TEXT,
        "title": TEXT,
        "extends": {**_STRINGS, "description": "`default`, or paths beside this file. Their entries come after these."},
        "entries": {"type": "array", "items": _ENTRY, "description": "The first that fits decides."},
    },
    "schema",
    "entries",
    title="rtaudit drift policy",
    description="What a diff ignores, what it expects, and how severe the rest is.",
    **{"$schema": DIALECT},
)
"""A drift policy."""

MAP: dict[str, Any] = closed(
    {
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
            "additionalProperties": {"type": "array", "items": TEXT},
        },
    },
    "schema",
    title="rtaudit map",
    description="Which resources of which environment play the same role.",
    **{"$schema": DIALECT},
)
"""A map."""
