"""GitHub Actions: renders workflow annotations, the verdict first, because GitHub shows ten of a kind per step.

Source: GitHub's "Workflow commands". The job summary is the format `markdown`.
"""

from __future__ import annotations

from collections.abc import Iterator

from rtaudit.render import Options
from rtaudit.render.annotations import notes
from rtaudit.render.source_lines import Lines, path
from rtaudit.render.text import to_printable
from rtaudit.report import Report

_KINDS = {"error": "error", "warning": "warning", "info": "notice"}


def render(report: Report, options: Options) -> Iterator[str]:
    """The verdict, then failures and unknowns that are neither waived nor in the baseline."""
    lines = Lines(options.snapshots, [(one["environment"], one.get("file")) for one in report.snapshots])
    for note in notes(report):
        place = ""
        if note.finding is not None:
            file, line = lines.of(note.finding)
            place = f"file={_property(to_printable(path(file, note.finding.environment)))},line={line},"
        yield f"::{_KINDS[note.level]} {place}title={_property(note.title)}::{_message(note.text)}\n"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
