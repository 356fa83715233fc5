"""Values: the words that an option takes, by the name of their list; what a shell offers is made of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

GROUPINGS = ("account", "rule", "severity")
PROGRESS = ("auto", "plain", "none")
METHODS = ("default", "cli", "managed-identity", "workload-identity", "environment")
TABLES = ("table", "json", "csv")
RUNBOOKS = ("table", "markdown", "sh", "ps1", "json", "html")
OF_REPORT = ("fail", "unknown", "waived", "pass", "notApplicable", "known", "all")
OF_DRIFT = ("drift", "unknown", "expected", "ignored", "all")


def thresholds() -> Sequence[str]:
    """What `--fail-on` takes, worst first."""
    from rtaudit.report.gate import THRESHOLDS

    return THRESHOLDS


def clouds() -> Sequence[str]:
    """The Azure clouds."""
    from rtaudit.azure.clouds import CLOUDS

    return sorted(CLOUDS)


def aspects() -> Sequence[str]:
    """The aspects that a collection can read."""
    from rtaudit.snapshot.aspects import ASPECTS

    return sorted(ASPECTS)


def environments() -> Sequence[str]:
    """The labels that `rtaudit.yaml` of the current folder names; none where there is no such file, or it is broken."""
    from rtaudit.errors import RtauditError
    from rtaudit.settings.config_file import DEFAULT_FILE, load_environments

    try:
        return sorted(load_environments(DEFAULT_FILE)) if os.path.exists(DEFAULT_FILE) else ()
    except RtauditError:
        return ()


def shells() -> Sequence[str]:
    """The shells that a step can be quoted for."""
    from rtaudit.report.steps import SHELLS

    return SHELLS


LISTS: dict[str, Callable[[], Sequence[str]]] = {
    "thresholds": thresholds,
    "clouds": clouds,
    "aspects": aspects,
    "environments": environments,
    "groupings": lambda: GROUPINGS,
    "progress": lambda: PROGRESS,
    "methods": lambda: METHODS,
    "shells": shells,
    "runbooks": lambda: RUNBOOKS,
    "table or json": lambda: TABLES[:2],
    "table, json or csv": lambda: TABLES,
    "text or markdown": lambda: ("text", "markdown"),
    "outcomes": lambda: tuple(dict.fromkeys((*OF_REPORT, *OF_DRIFT, *thresholds()[:-1]))),
}
"""Name -> the list. The command line adds those of packages above this one (packs, rules, formats)."""
