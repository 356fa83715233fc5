"""`rtaudit plan`: what infrastructure code will deploy, as a snapshot."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rtaudit.cli.app import command, plain
from rtaudit.cli.snapshot_edit import write_snapshot

if TYPE_CHECKING:
    from rtaudit.settings import command_options


@command(trees=True)
def plan(chosen: command_options.Plans) -> None:
    """Read what infrastructure code will deploy and save it as a snapshot.

    FILE is a Bicep snapshot (bicep snapshot), a Terraform plan (terraform show -json) or a what-if result
    (az deployment ... what-if --no-pretty-print). Nothing is read from Azure. `rtaudit check` evaluates the snapshot.
    """
    from rtaudit.api.files import plan_snapshot
    from rtaudit.snapshot import load

    base = load(chosen.base) if chosen.base else None
    snapshot, warnings = plan_snapshot(chosen.files, environment=chosen.label, base=base, sources=chosen.source)
    for warning in warnings:
        print(f"warning: {plain(warning)}", file=sys.stderr)
    write_snapshot(snapshot, chosen.output)
