"""Report schema: the JSON Schema of a report."""

from __future__ import annotations

from typing import Any

from rtaudit.report.gate import SEVERITIES, THRESHOLDS
from rtaudit.report.model import OUTCOMES, SCHEMA
from rtaudit.snapshot.schema import ENVELOPE as SNAPSHOT

_STRING = {"type": "string"}
_STRINGS = {"type": "array", "items": _STRING}
_COUNT = {"type": "integer", "minimum": 0}

_FINDING: dict[str, Any] = {
    "type": "object",
    "required": ["rule", "outcome", "each", "resource", "environment", "fingerprint"],
    "additionalProperties": False,
    "properties": {
        "rule": _STRING,
        "outcome": {"enum": list(OUTCOMES)},
        "each": _STRING,
        "resource": {**_STRING, "description": "ARM id as Azure wrote it."},
        "environment": _STRING,
        "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "Of rule and resource; stable."},
        "note": {**_STRING, "description": "Why it does not apply or is unknown, where no gap says it."},
        "message": {**_STRING, "description": "The headline: one plain sentence, at most 160 characters."},
        "cause": {
            "type": ["string", "null"],
            "description": "Equal for findings whose evidence is the same field of the same resource.",
        },
        "severity": {"enum": list(SEVERITIES)},
        "setBy": {**_STRING, "description": "The pack that set the outcome."},
        "observations": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "expected", "actual", "resource"],
                "additionalProperties": False,
                "properties": {
                    "message": {**_STRING, "description": "One plain sentence, at most 160 characters."},
                    "field": _STRING,
                    "expected": {},
                    "actual": {},
                    "resource": _STRING,
                    "fix": {**_STRINGS, "description": "What mends this one."},
                    "places": {
                        "type": "array",
                        "items": {
                            "type": "array",
                            "items": {"type": "integer", "minimum": 1},
                            "minItems": 2,
                            "maxItems": 2,
                        },
                        "description": "Of a source file: line and column of each place.",
                    },
                },
            },
        },
        "gaps": SNAPSHOT["properties"]["gaps"],
        "fix": _STRINGS,
        "waiver": {"type": ["object", "null"]},
        "known": {"type": "boolean", "description": "True when the baseline holds it: it does not block."},
        "address": {**_STRING, "description": "Of a planned resource: what the code calls it."},
        "source": {
            "type": "object",
            "description": "Of a planned resource: where the code has it, where that is certain.",
            "required": ["file", "line"],
            "properties": {"file": _STRING, "line": {"type": "integer", "minimum": 1}},
        },
    },
}

ENVELOPE: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "rtaudit report",
    "description": "The answer of `rtaudit check`.",
    "type": "object",
    "required": [
        "schema",
        "tool",
        "generatedAt",
        "asOf",
        "snapshots",
        "policies",
        "gate",
        "verdict",
        "summary",
        "rules",
        "findings",
    ],
    "additionalProperties": False,
    "properties": {
        "schema": {"const": SCHEMA},
        "tool": {"type": "object", "required": ["name", "version"], "additionalProperties": _STRING},
        "generatedAt": _STRING,
        "asOf": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$", "x-pattern-means": "a date YYYY-MM-DD"},
        "snapshots": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["environment", "digest", "collectedAt", "file"],
                "properties": {
                    "environment": _STRING,
                    "digest": _STRING,
                    "collectedAt": {"type": ["string", "null"]},
                    "file": {"type": ["string", "null"]},
                    "planned": {**SNAPSHOT["properties"]["scope"]["properties"]["planned"]["properties"]["plans"]},
                },
            },
        },
        "policies": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "digest", "params"],
                "properties": {"name": _STRING, "digest": _STRING, "params": {"type": "object"}},
            },
        },
        "gate": {
            "type": "object",
            "required": ["failOn", "allowUnknown", "baseline", "exitCode"],
            "additionalProperties": False,
            "properties": {
                "failOn": {"enum": list(THRESHOLDS)},
                "allowUnknown": {"anyOf": [{"type": "boolean"}, _STRINGS]},
                "baseline": {"type": ["string", "null"]},
                "exitCode": {"type": "integer"},
                "fixed": _COUNT,
            },
        },
        "verdict": {"enum": ["ready", "notReady", "incomplete"]},
        "summary": {
            "type": "object",
            "required": [*OUTCOMES, "failedBySeverity"],
            "properties": {
                **dict.fromkeys(OUTCOMES, _COUNT),
                "assignedByAzure": {**_COUNT, "description": "Unknowns of a plan that only Azure can tell."},
                "failedBySeverity": {"type": "object", "additionalProperties": _COUNT},
            },
        },
        "warnings": _STRINGS,
        "rules": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["name", "title", "severity", "why", "fix", "see", "controls"],
                "additionalProperties": False,
                "properties": {
                    "name": _STRING,
                    "title": _STRING,
                    "severity": {"enum": list(SEVERITIES)},
                    "why": _STRING,
                    "fix": _STRINGS,
                    "see": _STRINGS,
                    "controls": {"type": "object", "additionalProperties": _STRINGS},
                    "action": {**_STRING, "description": "Of a source check: what is to be done."},
                },
            },
        },
        "findings": {"type": "array", "items": _FINDING},
    },
}
"""The whole document."""
