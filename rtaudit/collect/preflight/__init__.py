"""preflight: before anything is collected, whether it could be; before anything is built, whether it can be."""

from rtaudit.azure.rbac import grants
from rtaudit.collect.preflight.model import (
    SCHEMA,
    Check,
    Expected,
    Planned,
    Preflight,
    expected_of,
    narrowest_role,
)
from rtaudit.collect.preflight.run import preflight

__all__ = [
    "SCHEMA",
    "Check",
    "Expected",
    "Planned",
    "Preflight",
    "expected_of",
    "grants",
    "narrowest_role",
    "preflight",
]
