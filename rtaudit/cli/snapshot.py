"""`rtaudit snapshot`: look into a snapshot, verify it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from rtaudit.cli.app import Group, app, command, counted, plain, write_stdout
from rtaudit.cli.completion import among, completer
from rtaudit.errors import UsageError, allowed_hint

snapshots = typer.Typer(cls=Group, help="Show, verify, redact and merge snapshots.", no_args_is_help=True)
app.add_typer(snapshots, name="snapshot")

_WHAT = ("accounts", "deployments", "capacity", "endpoints", "gaps")
_FORMATS = ("table", "json", "csv")


@snapshots.callback()
def _snapshot() -> None:
    pass


@command(snapshots)
def show(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The snapshot; - is standard input.")],
    what: Annotated[
        str, typer.Option("--what", metavar="WHAT", help=", ".join(_WHAT), autocompletion=completer("inventories"))
    ] = "accounts",
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FORMAT[=PATH]", help=", ".join(_FORMATS), autocompletion=among(*_FORMATS)
        ),
    ] = "table",
    wide: Annotated[bool, typer.Option("--wide", help="Show every column, however wide the terminal is.")] = False,
) -> None:
    """Print what a snapshot holds: its accounts, deployments, what each region could host, endpoints, gaps."""
    from rtaudit.cli.outputs import parse_outputs, screen
    from rtaudit.documents import write_atomically
    from rtaudit.render import whole
    from rtaudit.render.inventory import INVENTORIES
    from rtaudit.render.inventory import show as render_inventory
    from rtaudit.snapshot import load

    if what not in INVENTORIES:
        raise UsageError(f"unknown inventory '{what}'", allowed_hint(what, INVENTORIES))
    (chosen,) = parse_outputs([output], formats=_FORMATS)
    width = screen()["width"] if chosen.path is None and sys.stdout.isatty() else None
    text = render_inventory(load(file), what, chosen.format, width, wide=wide)
    if chosen.path is None:
        write_stdout(text)
    else:
        write_atomically(chosen.path, whole(text))


@command(snapshots)
def verify(
    path: Annotated[str, typer.Argument(metavar="FILE|DIR", help="A snapshot, or a folder that --evidence wrote.")],
) -> None:
    """Check that a snapshot, or a folder of evidence, is what it was when it was written.

    A snapshot is read, and its digest is recomputed. Of a folder every file's SHA-256 is checked, and the verdict is
    computed again from the files. Exits 3 if anything was modified.
    """
    from rtaudit.api.files import verify as run
    from rtaudit.snapshot import Snapshot

    found = run(path)
    if isinstance(found, Snapshot):
        counts = f"{counted(len(found.resources), 'resource')}, {counted(len(found.gaps), 'gap')}"
        write_stdout(f"{plain(path)}: {counts}, {found.digest}\n")
        return
    from rtaudit.evidence.bundle import judgement

    write_stdout(
        f"{plain(path)}: unchanged; checked again with the same verdict: {found.verdict}, {judgement(found)}\n"
    )
