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
        load_answer,
        load_drift,
        load_revision,
        merge,
        plan_snapshot,
        redact,
        render_as,
        verify,
    )
    from rtaudit.api.live import collect_snapshot, collection, expectations, preflight, probe_endpoint
    from rtaudit.api.policies import explain_rules, lint, list_rules, run_case_files, run_cases
    from rtaudit.api.schemas import find_schema
    from rtaudit.api.source import SourceScan, scan_source
    from rtaudit.collect.preflight import Expected, PlannedDeployment
    from rtaudit.drift import Drift
    from rtaudit.errors import RtauditError
    from rtaudit.inventory import list_inventory
    from rtaudit.policy import Pack, Waiver, load_policies, load_waivers
    from rtaudit.report import Finding, Report
    from rtaudit.report import load as load_report
    from rtaudit.simulate import Simulator
    from rtaudit.snapshot import Snapshot
    from rtaudit.snapshot import load as load_snapshot
    from rtaudit.snapshot import write as write_snapshot

_WHERE = {
    "api.checks": ("Checker", "check", "diff", "make_runbook"),
    "api.files": (
        "draft_contract", "load_answer", "load_drift", "load_revision", "merge", "plan_snapshot", "redact", "render_as", "verify"
    ),
    "api.live": ("collect_snapshot", "collection", "expectations", "preflight", "probe_endpoint"),
    "api.policies": ("explain_rules", "lint", "list_rules", "run_case_files", "run_cases"),
    "api.schemas": ("find_schema",),
    "api.source": ("SourceScan", "scan_source"),
    "collect.preflight": ("Expected", "PlannedDeployment"),
    "drift": ("Drift",),
    "errors": ("RtauditError",),
    "inventory": ("list_inventory",),
    "policy": ("Pack", "Waiver", "load_policies", "load_waivers"),
    "report": ("Finding", "Report", "load_report:load"),
    "simulate": ("Simulator",),
    "snapshot": ("Snapshot", "load_snapshot:load", "write_snapshot:write"),
}  # fmt: skip
"""Module -> the public names that are in it, with another name of theirs after a colon."""

__all__ = [
    "Checker",
    "Drift",
    "Expected",
    "Finding",
    "Pack",
    "PlannedDeployment",
    "Report",
    "RtauditError",
    "Simulator",
    "Snapshot",
    "SourceScan",
    "Waiver",
    "__version__",
    "check",
    "collect_snapshot",
    "collection",
    "diff",
    "draft_contract",
    "expectations",
    "explain_rules",
    "find_schema",
    "lint",
    "list_inventory",
    "list_rules",
    "load_answer",
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
    "run_case_files",
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
