"""`rtaudit snapshot merge` and `redact`: snapshots made of snapshots."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rtaudit.cli.app import command, counted, plain, write_stdout
from rtaudit.cli.snapshot import snapshots

if TYPE_CHECKING:
    from rtaudit.settings import command_options
    from rtaudit.snapshot import Snapshot


@command(snapshots)
def merge(chosen: command_options.Merged) -> None:
    """Join the shards of a collection, or snapshots of different subscriptions, to one snapshot."""
    from rtaudit.snapshot import load_unedited
    from rtaudit.snapshot.merge import merge as join

    write_snapshot(join([load_unedited(file) for file in chosen.files]), chosen.output)


@command(snapshots)
def redact(chosen: command_options.Redacted) -> None:
    """Make a copy to show to others: all that is not known to be harmless is hidden, and it can still be checked.

    Names, ids and addresses become pseudonyms, the same throughout the copy. Without the key, which the copy does not hold,
    no one can find the originals. With --key, copies of two snapshots can be compared.
    """
    from rtaudit.snapshot import load_unedited
    from rtaudit.snapshot.redact import load_key
    from rtaudit.snapshot.redact import redact as hide

    write_snapshot(
        hide(load_unedited(chosen.file), load_key(chosen.key) if chosen.key is not None else None), chosen.output
    )


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
