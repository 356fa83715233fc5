"""`rtaudit plan`: what infrastructure code will deploy, as a snapshot."""

from __future__ import annotations

import gc
import sys
from typing import Annotated

import typer

from rtaudit.cli.app import command, plain
from rtaudit.cli.snapshot_edit import write_snapshot


@command()
def plan(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Plans; - is standard input.")],
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", metavar="LABEL", help="The label of the environment.")
    ] = None,
    base: Annotated[
        str | None, typer.Option("--with", metavar="SNAPSHOT", help="A collected snapshot of what is deployed now.")
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source", metavar="DIR", help="The folder of the plan's code: for files and lines. Once for each plan."
        ),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write; stdout without it.")
    ] = None,
) -> None:
    """Read what infrastructure code will deploy and save it as a snapshot.

    FILE is a Bicep snapshot (bicep snapshot), a Terraform plan (terraform show -json) or a what-if result
    (az deployment ... what-if --no-pretty-print). Nothing is read from Azure. `rtaudit check` evaluates the snapshot.
    """
    from rtaudit.plan import plan as read
    from rtaudit.snapshot import load

    # Trees of values and no cycle among them: looking for some takes a fifth of the time.
    gc.disable()
    snapshot, warnings = read(files, environment=environment, base=load(base) if base else None, sources=source or ())
    for warning in warnings:
        print(f"warning: {plain(warning)}", file=sys.stderr)
    write_snapshot(snapshot, output)
