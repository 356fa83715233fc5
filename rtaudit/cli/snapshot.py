"""`rtaudit snapshot`: look into a snapshot, verify it."""

from __future__ import annotations

import typer

from rtaudit.cli.app import app

snapshots = typer.Typer(help="Show, verify, redact and merge snapshots.", no_args_is_help=True)
app.add_typer(snapshots, name="snapshot")


@snapshots.callback()
def _snapshot() -> None:
    pass
