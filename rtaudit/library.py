"""Library: the old name of `rtaudit.api`, for one release. Use `from rtaudit import …`."""

from rtaudit.api.checks import check, diff
from rtaudit.api.files import load_drift, render_as
from rtaudit.errors import RtauditError
from rtaudit.policy import Pack, load_policies
from rtaudit.report import Finding, Report
from rtaudit.report import load as load_report
from rtaudit.snapshot import Snapshot
from rtaudit.snapshot import load as load_snapshot

__all__ = [
    "Finding",
    "Pack",
    "Report",
    "RtauditError",
    "Snapshot",
    "check",
    "diff",
    "load_drift",
    "load_policies",
    "load_report",
    "load_snapshot",
    "render_as",
]


def __getattr__(name: str) -> object:
    # deepdiff takes its time; who never compares does not pay for it.
    if name == "Drift":
        from rtaudit.drift import Drift

        return Drift
    raise AttributeError(f"module 'rtaudit.library' has no attribute '{name}'")
