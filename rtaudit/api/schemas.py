"""Schemas: find the JSON Schema of each document that rtaudit reads or writes."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from rtaudit.errors import UsageError, allowed_hint

SCHEMAS: dict[str, str] = {
    "snapshot": "rtaudit.snapshot.schema:ENVELOPE",
    "policy": "rtaudit.policy.schema:POLICY_SCHEMA",
    "cases": "rtaudit.policy.cases:CASES_SCHEMA",
    "waivers": "rtaudit.policy.schema:WAIVERS_SCHEMA",
    "report": "rtaudit.report.schema:ENVELOPE",
    "runbook": "rtaudit.report.runbook:ENVELOPE",
    "drift": "rtaudit.drift.schema:ENVELOPE",
    "driftpolicy": "rtaudit.drift.schema:POLICY",
    "map": "rtaudit.drift.schema:MAP",
    "config": "rtaudit.settings.config_file:CONFIG_SCHEMA",
    "client": "rtaudit.contract.schema:CONTRACT_SCHEMA",
    "source": "rtaudit.scan.schema:CHECKS_SCHEMA",
    "sourcecases": "rtaudit.scan.schema:CASES_SCHEMA",
    "frameworks": "rtaudit.scan.schema:FRAMEWORKS_SCHEMA",
    "probe": "rtaudit.contract.probes:PROBE_SCHEMA",
}
"""Document -> where its JSON Schema is."""


def find_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of the document `name`. Raises UsageError for an unknown one."""
    if name not in SCHEMAS:
        raise UsageError(f"unknown schema '{name}'", allowed_hint(name, SCHEMAS))
    module, _, attribute = SCHEMAS[name].partition(":")
    found: dict[str, Any] = getattr(import_module(module), attribute)
    return found
