"""Readiness and drift auditor for the Azure OpenAI Realtime API: collect, check, diff, render.

As a library: what `__all__` lists is stable, typed, and loaded when it is first used. Only `collect_snapshot`,
`preflight` and `probe_endpoint` reach a network.

    prod = rtaudit.load_snapshot("prod.json")
    report = rtaudit.check([prod])
    print(report.verdict, rtaudit.render_as(report, "markdown"))
"""

from typing import TYPE_CHECKING

from rtaudit.version import __version__

if TYPE_CHECKING:
    from rtaudit.api.checks import Checker, check, diff, make_runbook
    from rtaudit.api.files import (
        draft_contract,
        lint,
        load_drift,
        load_revision,
        render_as,
        run_cases,
        verify,
    )
    from rtaudit.api.live import collect_snapshot, collection, preflight, probe_endpoint
    from rtaudit.api.policies import list_rules
    from rtaudit.api.source import scan_source
    from rtaudit.drift import Drift
    from rtaudit.errors import RtauditError
    from rtaudit.inventory import list_inventory
    from rtaudit.plan import plan as plan_snapshot
    from rtaudit.policy import Pack, Waiver, load_policies, load_waivers
    from rtaudit.report import Finding, Report
    from rtaudit.report import load as load_report
    from rtaudit.snapshot import Snapshot
    from rtaudit.snapshot import load as load_snapshot
    from rtaudit.snapshot import write as write_snapshot
    from rtaudit.snapshot.merge import merge
    from rtaudit.snapshot.redact import redact

_WHERE = {
    "api.checks": ("Checker", "check", "diff", "make_runbook"),
    "api.files": (
        "draft_contract", "lint", "load_drift", "load_revision", "render_as", "run_cases", "verify"
    ),
    "api.live": ("collect_snapshot", "collection", "preflight", "probe_endpoint"),
    "api.policies": ("list_rules",),
    "api.source": ("scan_source",),
    "drift": ("Drift",),
    "errors": ("RtauditError",),
    "inventory": ("list_inventory",),
    "plan": ("plan_snapshot:plan",),
    "policy": ("Pack", "Waiver", "load_policies", "load_waivers"),
    "report": ("Finding", "Report", "load_report:load"),
    "snapshot": ("Snapshot", "load_snapshot:load", "write_snapshot:write"),
    "snapshot.merge": ("merge",),
    "snapshot.redact": ("redact",),
}  # fmt: skip
"""Module -> the public names that are in it, with another name of theirs after a colon."""

__all__ = [
    "Checker",
    "Drift",
    "Finding",
    "Pack",
    "Report",
    "RtauditError",
    "Snapshot",
    "Waiver",
    "__version__",
    "check",
    "collect_snapshot",
    "collection",
    "diff",
    "draft_contract",
    "lint",
    "list_inventory",
    "list_rules",
    "load_drift",
    "load_policies",
    "load_report",
    "load_revision",
    "load_snapshot",
    "load_waivers",
    "make_runbook",
    "merge",
    "plan_snapshot",
    "preflight",
    "probe_endpoint",
    "redact",
    "render_as",
    "run_cases",
    "scan_source",
    "verify",
    "write_snapshot",
]


def __getattr__(name: str) -> object:
    from importlib import import_module

    for module, names in _WHERE.items():
        for one in names:
            public, _, own = one.partition(":")
            if public == name:
                return getattr(import_module(f"rtaudit.{module}"), own or public)
    raise AttributeError(f"module 'rtaudit' has no attribute '{name}'")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
