"""`rtaudit render`: a report or a drift in another format, later and elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtaudit.cli.app import command
from rtaudit.errors import InputError

if TYPE_CHECKING:
    from rtaudit.drift import Drift
    from rtaudit.report import Report
    from rtaudit.settings import command_options, options


@command()
def render(chosen: command_options.Rendered, output: options.OutputFormats, view: options.View) -> None:
    """Write a report or a drift in other formats. Always exits 0: rendering does not evaluate again."""
    from rtaudit.cli.outputs import check_view, deliver, parse_outputs
    from rtaudit.documents import load_json
    from rtaudit.snapshot import load

    outputs = parse_outputs(output.output)
    check_view(view.group_by, view.show)
    file, given = chosen.file, chosen.snapshot
    name = "standard input" if file == "-" else file
    answer = _answer(load_json(file), name)
    snapshots = [load(path) for path in given]
    known = _digests(answer)
    for path, one in zip(given, snapshots, strict=True):
        if one.digest not in known:
            raise InputError(
                f"{path} is not a snapshot that {name} names: its digest is {one.digest}",
                "give the file that was checked",
            )
    deliver(outputs, answer, snapshots=snapshots, group_by=view.group_by, show=view.show, details=view.details)


def _answer(document: Any, name: str) -> Report | Drift:
    from rtaudit.drift.model import SCHEMA as DRIFT
    from rtaudit.drift.model import parse as parse_drift
    from rtaudit.report.files import parse as parse_report
    from rtaudit.report.model import SCHEMA as REPORT

    schema = document.get("schema") if isinstance(document, dict) else None
    if schema == DRIFT:
        return parse_drift(document, name)
    if schema == REPORT:
        return parse_report(document, name)
    what = f"a {schema} document" if isinstance(schema, str) else "something else"
    raise InputError(
        f"{name} is neither a report nor a drift but {what}", "give what check, audit or diff wrote with -o json"
    )


def _digests(answer: Report | Drift) -> set[str]:
    from rtaudit.report import Report

    if isinstance(answer, Report):
        return {one["digest"] for one in answer.snapshots}
    return {side.digest for side in answer.sides}
