"""`rtaudit snapshot`: look into a snapshot, verify it."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from rtaudit.cli.app import app, command, counted, emit, plain
from rtaudit.errors import InputError, UsageError, allowed_hint

snapshots = typer.Typer(help="Show, verify, redact and merge snapshots.", no_args_is_help=True)
app.add_typer(snapshots, name="snapshot")

_WHAT = ("accounts", "deployments", "capacity", "endpoints", "gaps")
_FORMATS = ("table", "json", "csv")


@snapshots.callback()
def _snapshot() -> None:
    pass


@command(snapshots)
def show(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The snapshot; - is standard input.")],
    what: Annotated[str, typer.Option("--what", metavar="WHAT", help=", ".join(_WHAT))] = "accounts",
    output: Annotated[str, typer.Option("--output", "-o", metavar="FORMAT[=PATH]", help=", ".join(_FORMATS))] = "table",
) -> None:
    """Print what a snapshot holds: its accounts, deployments, what each region could host, endpoints, gaps."""
    from rtaudit.cli.outputs import parse_outputs, screen
    from rtaudit.documents import write_atomically
    from rtaudit.render import whole
    from rtaudit.render.inventory import INVENTORIES
    from rtaudit.render.inventory import show as render_inventory
    from rtaudit.snapshot import load

    if what not in INVENTORIES:
        raise UsageError(f"there is no inventory '{what}'", allowed_hint(what, INVENTORIES))
    (chosen,) = parse_outputs([output], formats=_FORMATS)
    width = screen()["width"] if chosen.path is None and sys.stdout.isatty() else None
    text = render_inventory(load(file), what, chosen.format, width)
    if chosen.path is None:
        emit(text)
    else:
        write_atomically(chosen.path, whole(text))


@command(snapshots)
def verify(
    path: Annotated[str, typer.Argument(metavar="FILE|DIR", help="A snapshot, or a folder that --evidence wrote.")],
) -> None:
    """Check that a snapshot, or a folder of evidence, is what it was when it was written.

    A snapshot is read, and its digest counted again. Of a folder every file's SHA-256 is checked, and the judgement is
    made again from the files. Exit code 3 says that something was changed.
    """
    if os.path.isdir(path):
        from rtaudit.evidence.bundle import judgement
        from rtaudit.evidence.bundle import verify as verify_evidence

        report = verify_evidence(path)
        emit(f"{plain(path)}: unchanged; judged again, the same: {report.verdict}, {judgement(report)}\n")
        return
    from rtaudit.snapshot import load

    snapshot = load(path)
    if snapshot.recorded_digest is None:
        raise InputError(
            f"{path} records no digest: nothing to compare with", "collect again, or keep its SHA-256 elsewhere"
        )
    if snapshot.recorded_digest != snapshot.digest:
        raise InputError(
            f"{path} was changed after it was written: it says {snapshot.recorded_digest}, its content has {snapshot.digest}",
            "take the original; a snapshot is never edited by hand",
        )
    emit(
        f"{plain(path)}: {counted(len(snapshot.resources), 'resource')}, {counted(len(snapshot.gaps), 'gap')}, {snapshot.digest}\n"
    )
