"""Azure Pipelines: renders logging commands. Source: Microsoft's "Logging commands"."""

from __future__ import annotations

from collections.abc import Iterator

from rtaudit.render import Options
from rtaudit.render.annotations import notes
from rtaudit.render.source_lines import Lines, path
from rtaudit.render.text import to_printable
from rtaudit.report import Report


def render(report: Report, options: Options) -> Iterator[str]:
    """The verdict, then failures and unknowns that are neither waived nor in the baseline.

    `logissue` knows errors and warnings only: what is less than a warning is a plain line.
    """
    lines = Lines(options.snapshots, [(one["environment"], one.get("file")) for one in report.snapshots])
    for note in notes(report):
        # The text of the verdict states it already.
        title = note.title if note.finding is not None else "rtaudit"
        if note.level == "info":
            yield f"{title}: {_message(note.text)}\n"
            continue
        place = ""
        if note.finding is not None:
            file, line = lines.of(note.finding)
            file = to_printable(path(file, note.finding.environment))
            place = f"sourcepath={_property(file)};linenumber={line};"
            place += f"code={_property(note.code)};"
        yield f"##vso[task.logissue type={note.level};{place}]{_message(f'{title}: {note.text}')}\n"


def _message(text: str) -> str:
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(";", "%3B").replace("]", "%5D")
