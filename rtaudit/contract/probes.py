"""Probe documents: their schema and loader. `rtaudit.probe` makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rtaudit.documents import check_schema, error_for_file, load_json
from rtaudit.errors import InputError

PROBE = "rtaudit.probe/1"
"""The schema this version reads and writes."""

_TEXT = {"type": ["string", "null"]}
_STAGE = {
    "type": "object",
    "required": ["ok"],
    "properties": {"ok": {"type": "boolean"}, "code": _TEXT, "message": _TEXT},
}
_COUNT = {"type": "integer", "minimum": 0}
_NAMES = {"type": ["array", "null"], "items": {"type": "string"}}

PROBE_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "rtaudit probe",
    "description": "What one place saw of a realtime endpoint, from the name to session.created. Times are in seconds.",
    "type": "object",
    "required": ["schema", "startedAt", "target", "plan", "dns", "tcp", "tls", "http", "listing", "attempts", "summary"],
    "properties": {
        "schema": {"const": PROBE},
        "startedAt": {"type": "string"},
        "target": {
            "type": "object",
            "required": ["host", "deployment"],
            "properties": {
                "host": {"type": "string"}, "deployment": {"type": "string"}, "account": _TEXT,
                "environment": _TEXT, "client": _TEXT,
            },
        },
        "plan": {"type": "object", "required": ["count", "concurrency", "sessions"]},
        "proxy": _TEXT,
        "dns": {**_STAGE, "description": "Addresses, and whether they are the private endpoint's (`matches`)."},
        "tcp": _STAGE,
        "tls": {**_STAGE, "description": "Version, and issuer, subject, names and notAfter of the certificate."},
        "http": {"type": ["object", "null"], "description": "The answer to a request without a token."},
        "listing": {
            "type": ["object", "null"],
            "description": "Deployments as the data plane lists them, against the control plane's.",
            "properties": {"names": _NAMES, "missing": _NAMES, "extra": _NAMES},
        },
        "attempts": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["number", "outcome", "stage", "times"],
                "properties": {
                    "outcome": {"enum": ["session", "refused", "failed"]},
                    "times": {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}},
                },
            },
        },
        "summary": {
            "type": "object",
            "required": ["attempts", "sessions", "refused", "failed", "times"],
            "properties": {
                "attempts": _COUNT, "sessions": _COUNT, "refused": _COUNT, "failed": _COUNT,
                "times": {"type": "object", "description": "Stage: median, p95, jitter (p95 less median), count."},
                "budgetSeconds": {"type": ["number", "null"]},
                "withinBudget": {"type": ["boolean", "null"]},
            },
        },
    },
}  # fmt: skip
"""The whole document."""


def load_probe(path: str | Path) -> dict[str, Any]:
    """The probe in the JSON file `path` (`-` is standard input). Raises InputError."""
    name = "standard input" if str(path) == "-" else str(path)
    document = load_json(path)
    if not isinstance(document, dict) or document.get("schema") != PROBE:
        raise InputError(f"{name} is not a probe of schema {PROBE}", "give what `rtaudit probe -o json` wrote")
    check_schema(
        document, PROBE_SCHEMA, error_for_file(f"{name} is not a probe", "`rtaudit schema probe` prints the format")
    )
    return document
