"""Formats: turn a Report or a Drift into text. A format is one module with `render(answer, options)` and one entry in FORMATS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rtaudit.errors import UsageError, allowed_hint

if TYPE_CHECKING:
    # The registry is read for --help: it must cost nothing.
    from rtaudit.drift import Drift
    from rtaudit.report import Report
    from rtaudit.report.runbook import Runbook
    from rtaudit.snapshot import Snapshot


_HERE = "rtaudit.render"


@dataclass(frozen=True, slots=True)
class Options:
    """How an answer is to be shown. A format takes of it what it has a use for."""

    snapshots: Sequence[Snapshot] = ()
    """The snapshots that were evaluated: lines for SARIF, plots and inventory for HTML."""
    width: int = 100
    """Columns of the terminal."""
    colour: bool = False
    """True when ANSI colours may be written."""
    group_by: str | None = None
    """account, rule or severity; None: by account, or both rules and accounts where they are summarised."""
    runbook: Runbook | None = None
    """The steps to ready, for HTML."""
    details: bool = False
    """True to show evidence, full ids and commands in the terminal."""
    runbook_options: Sequence[str] | None = None
    """The options of the check that `rtaudit runbook` takes too, for the command to run next; None where they are not known."""
    show: Sequence[str] = ()
    """The outcomes or severities to list (also `known`, `all`); empty: fail and unknown, summarised on one screen when there are many."""


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write an answer. `report` and `drift` name a function as `module:function`."""

    about: str
    """What it is for, in a few words."""
    report: str
    """Renders a Report: `(Report, Options) -> str | Iterable[str]`."""
    drift: str | None = None
    """Renders a Drift; None: the drift is read as a report, whose rules are the categories of change."""
    extensions: tuple[str, ...] = ()
    """File names that mean this format in `-o PATH`."""


FORMATS: dict[str, Format] = {
    "table": Format("the terminal", f"{_HERE}.table:render", f"{_HERE}.drift_table:render", (".txt",)),
    "json": Format("the document itself", f"{_HERE}.json:render", f"{_HERE}.json:render_drift", (".json",)),
    "sarif": Format("code scanning", f"{_HERE}.sarif:render", None, (".sarif", ".sarif.json")),
    "junit": Format("test reports of any CI", f"{_HERE}.junit:render", None, (".xml",)),
    "markdown": Format(
        "summaries and pull requests", f"{_HERE}.markdown:render", f"{_HERE}.drift_markdown:render", (".md",)
    ),
    "markdown-short": Format(
        "a comment or a chat: what blocks, in 4,000 characters",
        f"{_HERE}.markdown:render_short",
        f"{_HERE}.drift_markdown:render_short",
    ),
    "html": Format("people", f"{_HERE}.html:render", f"{_HERE}.html:render_drift", (".html", ".htm")),
    "ics": Format("a calendar: retirements of models, expiries of waivers", f"{_HERE}.ics:render", None, (".ics",)),
    "csv": Format("spreadsheets", f"{_HERE}.csv:render", None, (".csv",)),
    "github": Format("annotations and job summary of GitHub Actions", f"{_HERE}.github:render"),
    "azdo": Format("logging commands of Azure Pipelines", f"{_HERE}.azdo:render"),
    "ocsf": Format("OCSF compliance findings", f"{_HERE}.ocsf:render", None, (".ocsf.json",)),
}
"""Every format by name, in the order in which help lists them."""


def render(answer: Report | Drift, format: str, **options: Any) -> str | Iterable[str]:  # noqa: A002 - the option's name
    """`answer` in the format `format`, whole or in pieces; `options` are the fields of Options.

    Raises UsageError for a format that is not in FORMATS.
    """
    from rtaudit.report import Report

    entry = find(format)
    chosen = Options(**options)
    if isinstance(answer, Report):
        return _function(entry.report)(answer, chosen)
    if entry.drift is not None:
        return _function(entry.drift)(answer, chosen)
    from rtaudit.render.drift_report import as_report

    return _function(entry.report)(as_report(answer), chosen)


def find(name: str) -> Format:
    """The format called `name`. Raises UsageError, which lists the known ones."""
    if name not in FORMATS:
        raise UsageError(f"unknown format '{name}'", allowed_hint(name, FORMATS))
    return FORMATS[name]


def by_extension(path: str) -> str | None:
    """The format that a file name means, or None. The longest extension counts: `a.sarif.json` is SARIF."""
    lower = path.lower()
    matching = [
        (len(extension), name)
        for name, entry in FORMATS.items()
        for extension in entry.extensions
        if lower.endswith(extension)
    ]
    return max(matching)[1] if matching else None


def whole(text: str | Iterable[str]) -> str:
    """What `render` gave, in one piece."""
    return text if isinstance(text, str) else "".join(text)


def _function(where: str) -> Callable[[Any, Options], str | Iterable[str]]:
    module, _, name = where.partition(":")
    function: Callable[[Any, Options], str | Iterable[str]] = getattr(import_module(module), name)
    return function


__all__ = ["FORMATS", "Format", "Options", "by_extension", "find", "render", "whole"]
