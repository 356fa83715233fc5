"""Readiness and drift auditor for the Azure OpenAI Realtime API: collect, check, diff, render.

As a library: what `__all__` lists is stable, typed, offline, and loaded when it is first used.

    prod = rtaudit.load_snapshot("prod.json")
    report = rtaudit.check([prod])
    print(report.verdict, rtaudit.render_as(report, "markdown"))
"""

__version__ = "0.1.0"

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


def __getattr__(name: str) -> object:
    # By name, not by an import statement: everything imports this module, and must not thereby reach the rooms above it.
    if name in __all__:
        from importlib import import_module

        return getattr(import_module("rtaudit.library"), name)
    raise AttributeError(f"module 'rtaudit' has no attribute '{name}'")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
