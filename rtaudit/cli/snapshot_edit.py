"""`rtaudit snapshot merge` and `redact`: snapshots made of snapshots."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rtaudit.cli.app import command, plain, write_stdout
from rtaudit.cli.snapshot import snapshots
from rtaudit.errors import counted

if TYPE_CHECKING:
    from rtaudit.settings import command_options
    from rtaudit.snapshot import Snapshot


@command(snapshots, "merge")
def merge_snapshots(chosen: command_options.Merged) -> None:
    """Join the shards of a collection, or snapshots of different subscriptions, to one snapshot."""
    from rtaudit.api.files import merge
    from rtaudit.snapshot import load

    write_snapshot(merge([load(file) for file in chosen.files]), chosen.output)


@command(snapshots, "redact")
def redact_snapshot(chosen: command_options.Redacted) -> None:
    """Make a copy to show to others: all that is not known to be harmless is hidden, and it can still be checked.

    Names, ids and addresses become pseudonyms, the same throughout the copy. Without the key, which the copy does not hold,
    no one can find the originals. With --key, copies of two snapshots can be compared.
    """
    from rtaudit.api.files import redact
    from rtaudit.snapshot import load

    write_snapshot(redact(load(chosen.file), chosen.key), chosen.output)


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
