"""`rtaudit render`: a report or a drift in another format, later and elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from rtaudit.cli.app import command
from rtaudit.cli.outputs import OUTPUT_HELP
from rtaudit.errors import InputError

if TYPE_CHECKING:
    from rtaudit.drift import Drift
    from rtaudit.report import Report


@command()
def render(
    file: Annotated[str, typer.Argument(metavar="REPORT.json", help="What check, audit or diff wrote with -o json.")],
    *,
    output: Annotated[
        list[str] | None, typer.Option("--output", "-o", metavar="FORMAT[=PATH]", help=OUTPUT_HELP)
    ] = None,
    snapshot: Annotated[
        list[str] | None,
        typer.Option(
            "--snapshot",
            metavar="FILE",
            help="A snapshot that was judged: adds lines to annotations and plots to HTML.",
        ),
    ] = None,
    group_by: Annotated[
        str | None, typer.Option("--group-by", metavar="account|rule|severity", help="How the table groups.")
    ] = None,
    show: Annotated[
        list[str] | None,
        typer.Option(
            "--show",
            metavar="OUTCOME",
            help="Outcomes or severities to list (also `known`, `all`; of a drift: drift, unknown, expected, ignored).",
        ),
    ] = None,
    details: Annotated[
        bool, typer.Option("--details", help="Show evidence, full ids and az commands in the table.")
    ] = False,
) -> None:
    """Write a report or a drift in other formats. Exit 0: the verdict was given when it was made."""
    from rtaudit.cli.outputs import check_view, deliver, parse_outputs
    from rtaudit.documents import load_json
    from rtaudit.snapshot import load

    outputs = parse_outputs(output or ())
    check_view(group_by, show or ())
    name = "standard input" if file == "-" else file
    answer = _answer(load_json(file), name)
    snapshots = [load(path) for path in snapshot or ()]
    known = _digests(answer)
    for path, one in zip(snapshot or (), snapshots, strict=True):
        if one.digest not in known:
            raise InputError(
                f"{path} is not a snapshot that {name} speaks of: its digest is {one.digest}",
                "give the file that was judged",
            )
    deliver(outputs, answer, snapshots=snapshots, group_by=group_by, show=show or (), details=details)


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
