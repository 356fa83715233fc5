"""Outputs: write what `-o FORMAT[=PATH] | PATH.sarif …` names: several in one run, files atomically, stdout at most once."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtaudit.cli.app import plain, write_stdout
from rtaudit.errors import RtauditError, UsageError, allowed_hint
from rtaudit.render import FORMATS, by_extension, render, whole
from rtaudit.settings.values import GROUPINGS, OF_DRIFT, OF_REPORT

if TYPE_CHECKING:
    from rtaudit.drift import Drift
    from rtaudit.report import Report

PIPE_WIDTH = 100
"""Columns when stdout is no terminal: always the same, whatever COLUMNS says."""


@dataclass(frozen=True, slots=True)
class Output:
    """One thing to write."""

    format: str
    path: str | None = None
    """None is stdout."""


def parse_outputs(
    words: Sequence[str], default: str = "table", formats: Collection[str] = tuple(FORMATS)
) -> list[Output]:
    """What the values of -o ask for, among `formats`; the format `default` on stdout where none was given.

    Raises UsageError for an unknown format, two outputs on stdout or to one file, RtauditError for a folder that is not there.
    """
    outputs = [_parse(word, formats) for word in words] or [Output(default)]
    check_places(outputs)
    return outputs


def check_places(outputs: Sequence[Output]) -> None:
    """Raise UsageError for two outputs on stdout or to one file, RtauditError for a folder that is not there."""
    if sum(output.path is None for output in outputs) > 1:
        names = " and ".join(output.format for output in outputs if output.path is None)
        raise UsageError(f"{names} cannot all go to stdout", "write all but one to a file: -o FORMAT=PATH")
    paths = [os.path.abspath(output.path) for output in outputs if output.path is not None]
    for output in outputs:
        if output.path is not None:
            if paths.count(os.path.abspath(output.path)) > 1:
                raise UsageError(f"two outputs go to {output.path}", "give each its own path")
            _check_place(output.path)


def check_view(group_by: str | None, show: Sequence[str], answer: Report | Drift | None = None) -> None:
    """Raise UsageError for a grouping or an outcome that there is none of, in this answer where it is there already."""
    from rtaudit.report import SEVERITIES, Report

    of_drift = answer is not None and not isinstance(answer, Report)
    of_report = (*OF_REPORT, *SEVERITIES)
    outcomes = (*of_report, *OF_DRIFT) if answer is None else OF_DRIFT if of_drift else of_report
    if group_by is not None and group_by not in GROUPINGS:
        raise UsageError(f"--group-by cannot be '{group_by}'", allowed_hint(group_by, GROUPINGS))
    if group_by is not None and of_drift:
        raise UsageError("--group-by groups a report, and this is a drift", "leave it out: a drift goes by category")
    for word in show:
        if word not in outcomes:
            where = "" if answer is None else " of a drift" if of_drift else " of a report"
            raise UsageError(f"--show cannot be '{word}'{where}", allowed_hint(word, outcomes))


def deliver(outputs: Sequence[Output], answer: Report | Drift, **options: Any) -> None:
    """Render `answer` for each output and write it. Options are those of `rtaudit.render.Options`.

    Where the format is `github` and GITHUB_STEP_SUMMARY names a file, the job summary is appended to it.
    """
    from rtaudit.documents import write_atomically

    check_view(options.get("group_by"), options.get("show") or (), answer)
    for output in outputs:
        if output.path is not None:
            write_atomically(output.path, render(answer, output.format, **options))
            print(f"wrote {plain(output.path)} ({output.format})", file=sys.stderr)
    if all(output.path is not None for output in outputs):
        print(_verdict(answer), file=sys.stderr)
    for output in outputs:
        if output.path is None:
            write_stdout(render(answer, output.format, **{**options, **screen()}))
        if output.format == "github":
            _job_summary(answer, options)


def _verdict(answer: Report | Drift) -> str:
    """The line that ends an answer, for a run whose outputs all go to files."""
    from rtaudit.report import Report

    if isinstance(answer, Report):
        from rtaudit.render.text import conclusion

        return conclusion(answer)
    from rtaudit.render.drift_labels import conclusion as of_drift

    return of_drift(answer)


def _parse(word: str, formats: Collection[str]) -> Output:
    name, equals, path = word.partition("=")
    if equals and (name in formats or not ("/" in name or "." in name)):
        if not path and name in formats:
            raise UsageError(f"-o {word} names no path", f"-o {name} alone writes to stdout")
        return Output(_known(name, formats), None if path == "-" else path)
    if word in formats:
        return Output(word)
    by_name = by_extension(word)
    if by_name is not None and by_name in formats:
        return Output(by_name, word)
    if "." in word or "/" in word:
        extensions = [extension for name in formats for extension in FORMATS[name].extensions]
        raise UsageError(
            f"the extension of '{word}' says no format",
            f"use -o FORMAT=PATH, or one of the extensions {', '.join(extensions)}",
        )
    return Output(_known(word, formats))


def _known(name: str, formats: Collection[str]) -> str:
    if name not in formats:
        raise UsageError(f"unknown format '{name}'", allowed_hint(name, formats))
    return name


def _check_place(path: str) -> None:
    # Before an hour of collecting, not after it.
    folder = Path(path).parent
    if not folder.is_dir():
        raise RtauditError(f"cannot write {path}: there is no folder {folder}", "make the folder, or choose another")
    if Path(path).is_dir():
        raise RtauditError(f"cannot write {path}: it is a folder", "give a file name")


def screen() -> dict[str, Any]:
    """What the options `width` and `colour` are for stdout as it is."""
    terminal = sys.stdout.isatty()
    colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return {"width": shutil.get_terminal_size().columns if terminal else PIPE_WIDTH, "colour": colour}


def _job_summary(answer: Report | Drift, options: dict[str, Any]) -> None:
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if not target:
        return
    try:
        with open(target, "ab") as file:
            file.write(whole(render(answer, "markdown-short", **options)).encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise RtauditError(
            f"cannot append to GITHUB_STEP_SUMMARY: {error.strerror or error}",
            "unset it, or name a file that can be written",
        ) from None
