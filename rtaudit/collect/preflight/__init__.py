"""Preflight: checks before a collection whether it can read everything, and before a deployment whether it can be built."""

from rtaudit.azure.rbac import grants
from rtaudit.collect.preflight.model import (
    SCHEMA,
    Expected,
    PlannedDeployment,
    Preflight,
    PreflightFinding,
    expected_of,
    narrowest_role,
)
from rtaudit.collect.preflight.run import preflight

__all__ = [
    "SCHEMA",
    "Expected",
    "PlannedDeployment",
    "Preflight",
    "PreflightFinding",
    "expected_of",
    "grants",
    "narrowest_role",
    "preflight",
]
