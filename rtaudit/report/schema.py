"""Report schema: the JSON Schema of a report, from the classes that hold it."""

from __future__ import annotations

from typing import Any

from rtaudit.documents.schema_of import COUNT, DIALECT, NULLABLE, STRING, list_of, object_of, schema_of
from rtaudit.report.model import OUTCOMES, SCHEMA, Finding, Gate, Observation, Report, RuleText
from rtaudit.snapshot.schema import ENVELOPE as SNAPSHOT

_FINDING = schema_of(
    Finding,
    required=["fingerprint"],
    fingerprint={"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "Of rule and resource; stable."},
    message={**STRING, "description": "The headline: one plain sentence, at most 160 characters."},
    cause={**NULLABLE, "description": "Equal for findings whose evidence is the same field of the same resource."},
    observations=list_of(schema_of(Observation, without=["element", "steps"])),
    gaps=SNAPSHOT["properties"]["gaps"],
)
_PLANS = SNAPSHOT["properties"]["scope"]["properties"]["planned"]["properties"]["plans"]
_SNAPSHOT = object_of(
    {"environment": STRING, "digest": STRING, "collectedAt": NULLABLE, "file": NULLABLE, "planned": _PLANS},
    "planned", closed=False,
)  # fmt: skip
_SUMMARY = {
    **dict.fromkeys(OUTCOMES, COUNT),
    "assignedByAzure": {**COUNT, "description": "Unknowns of a plan that only Azure can tell."},
    "failedBySeverity": {"type": "object", "additionalProperties": COUNT},
}

ENVELOPE: dict[str, Any] = {
    "$schema": DIALECT,
    "title": "rtaudit report",
    "description": "The answer of `rtaudit check`.",
    **schema_of(
        Report,
        required=["schema"],
        schema={"const": SCHEMA},
        tool={"type": "object", "required": ["name", "version"], "additionalProperties": STRING},
        snapshots=list_of(_SNAPSHOT),
        policies=list_of(object_of({"name": STRING, "digest": STRING, "params": {"type": "object"}}, closed=False)),
        gate=schema_of(Gate, required=["failOn", "allowUnknown", "baseline", "exitCode"]),
        summary=object_of(_SUMMARY, "assignedByAzure", closed=False),
        rules={"type": "object", "additionalProperties": schema_of(RuleText, required=["fix", "see", "controls"])},
        findings=list_of(_FINDING),
    ),
}
"""The whole document."""
