"""`rtaudit snapshot`: look into a snapshot, verify it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from rtaudit.cli.app import Group, app, command, plain, write_stdout
from rtaudit.errors import UsageError, allowed_hint, counted

if TYPE_CHECKING:
    from rtaudit.settings import command_options

snapshots = typer.Typer(cls=Group, help="Show, verify, redact and merge snapshots.", no_args_is_help=True)
app.add_typer(snapshots, name="snapshot")


@snapshots.callback()
def _snapshot() -> None:
    pass


@command(snapshots)
def show(chosen: command_options.Shown) -> None:
    """Print what a snapshot holds: its accounts, deployments, what each region could host, endpoints, gaps."""
    from rtaudit.cli.outputs import parse_outputs, screen
    from rtaudit.documents import write_atomically
    from rtaudit.inventory import INVENTORIES
    from rtaudit.render import whole
    from rtaudit.render.inventory import show as render_inventory
    from rtaudit.settings.values import TABLES
    from rtaudit.snapshot import load

    if chosen.what not in INVENTORIES:
        raise UsageError(f"unknown inventory '{chosen.what}'", allowed_hint(chosen.what, INVENTORIES))
    (wanted,) = parse_outputs([chosen.output], formats=TABLES)
    width = screen()["width"] if wanted.path is None and sys.stdout.isatty() else None
    snapshot = load(chosen.file)
    if snapshot.edited:
        print(f"warning: {plain(chosen.file)} was modified after collection: digest mismatch", file=sys.stderr)
    text = render_inventory(snapshot, chosen.what, wanted.format, width, wide=chosen.wide)
    if wanted.path is None:
        write_stdout(text)
    else:
        write_atomically(wanted.path, whole(text))


@command(snapshots)
def verify(chosen: command_options.Verified) -> None:
    """Check that a snapshot, or a folder of evidence, is what it was when it was written.

    A snapshot is read, and its digest is recomputed. Of a folder every file's SHA-256 is checked, and the verdict is
    computed again from the files. Exits 3 if anything was modified.
    """
    from rtaudit.api.files import verify as run
    from rtaudit.snapshot import Snapshot

    found = run(chosen.path)
    if isinstance(found, Snapshot):
        counts = f"{counted(len(found.resources), 'resource')}, {counted(len(found.gaps), 'gap')}"
        write_stdout(f"{plain(chosen.path)}: {counts}, {found.digest}\n")
        return
    from rtaudit.evidence.bundle import judgement

    write_stdout(
        f"{plain(chosen.path)}: unchanged; checked again with the same verdict: {found.verdict}, {judgement(found)}\n"
    )
