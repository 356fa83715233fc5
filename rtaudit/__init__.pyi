from rtaudit.library import (
    Drift,
    Finding,
    Pack,
    Report,
    RtauditError,
    Snapshot,
    check,
    diff,
    load_drift,
    load_policies,
    load_report,
    load_snapshot,
    render_as,
)

__version__: str

__all__ = [
    "Drift",
    "Finding",
    "Pack",
    "Report",
    "RtauditError",
    "Snapshot",
    "__version__",
    "check",
    "diff",
    "load_drift",
    "load_policies",
    "load_report",
    "load_snapshot",
    "render_as",
]
