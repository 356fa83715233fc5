"""`rtaudit collect`: Azure, as it is now, as a snapshot."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from rtaudit.cli.app import INTERRUPTED, command, plain
from rtaudit.cli.collect_options import check_writable, partial_name, run_collect
from rtaudit.errors import counted

if TYPE_CHECKING:
    from rtaudit.settings import options

INCOMPLETE = 4
"""Exit code of a collection that was written with gaps."""


@command()
def collect(
    scope: options.Scope,
    label: options.Label,
    reach: options.Login,
    collecting: options.Collecting,
    shard: options.Sharding,
    packs: options.ForPacks,
    contracts: options.Contracts,
    written: options.Written,
) -> None:
    """Read Azure and save the result as a snapshot. Only GET requests are made; Reader is enough.

    Exit code: 0 complete, 4 written with gaps, 3 nothing was written, 130 interrupted (NAME.partial.json is written).
    """
    output = written.output
    check_writable(output)
    collected = run_collect(
        scope, label, reach, collecting, contracts=contracts.client, packs=packs.for_packs, shard=shard.shard
    )

    from rtaudit.cli.keep import print_out, write

    snapshot = collected.snapshot
    if collected.interrupted:
        # An interrupted run never replaces a whole one.
        target = partial_name(output, snapshot.environment)
        write(snapshot, target)
        print(f"{collected.interrupted}: what was read until then is in {plain(target)}", file=sys.stderr)
        print(f"hint: `rtaudit collect --fill {plain(target)}` reads the rest", file=sys.stderr)
        raise typer.Exit(INTERRUPTED if collected.interrupted == "interrupted" else INCOMPLETE)
    if output is None or output == "-":
        print_out(snapshot)
    else:
        write(snapshot, output)
        gaps = f", {counted(len(snapshot.gaps), 'gap')}" if snapshot.gaps else ""
        print(f"wrote {plain(output)}: {len(snapshot.resources)} resources{gaps}", file=sys.stderr)
    if not collected.whole:
        raise typer.Exit(INCOMPLETE)
