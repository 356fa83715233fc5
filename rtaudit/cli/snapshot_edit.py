"""`rtaudit snapshot merge` and `redact`: snapshots made of snapshots."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from rtaudit.cli.app import command, counted, plain, write_stdout
from rtaudit.cli.snapshot import snapshots

if TYPE_CHECKING:
    from rtaudit.snapshot import Snapshot

_Output = Annotated[
    str | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write; stdout without it.")
]


@command(snapshots)
def merge(
    files: Annotated[list[str], typer.Argument(metavar="SNAPSHOT...", help="Shards, or parts of one environment.")],
    output: _Output = None,
) -> None:
    """Join the shards of a collection, or snapshots of different subscriptions, to one snapshot."""
    from rtaudit.snapshot import load
    from rtaudit.snapshot.merge import merge as join

    write_snapshot(join([load(file) for file in files]), output)


@command(snapshots)
def redact(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The snapshot; - is standard input.")],
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            metavar="FILE",
            help="The key of the pseudonyms, for copies that are compared; made where it is not there. Keep it to yourself. [a key that is thrown away]",
        ),
    ] = None,
    output: _Output = None,
) -> None:
    """Make a copy to show to others: all that is not known to be harmless is hidden, and it can still be checked.

    Names, ids and addresses become pseudonyms, the same throughout the copy. Without the key, which the copy does not hold,
    no one can find the originals. With --key, copies of two snapshots can be compared.
    """
    from rtaudit.snapshot import load
    from rtaudit.snapshot.redact import load_key
    from rtaudit.snapshot.redact import redact as hide

    write_snapshot(hide(load(file), load_key(key) if key is not None else None), output)


def write_snapshot(snapshot: Snapshot, output: str | None) -> None:
    from rtaudit.documents import iter_json
    from rtaudit.snapshot import write

    if output is None or output == "-":
        write_stdout(iter_json(snapshot.document()))
        return
    write(snapshot, output)
    print(
        f"wrote {plain(output)}: {counted(len(snapshot.resources), 'resource')}, {counted(len(snapshot.gaps), 'gap')}",
        file=sys.stderr,
    )
