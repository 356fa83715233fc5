"""`rtaudit client`: a contract from a snapshot, and what a client's source says."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import typer

from rtaudit.cli.app import Group, app, command, plain, write_stdout
from rtaudit.errors import InputError

if TYPE_CHECKING:
    from rtaudit.settings import command_options

clients = typer.Typer(
    cls=Group, help="Client contracts: drafts, and a scan of the client's source.", no_args_is_help=True
)
app.add_typer(clients, name="client")


@command(clients, "init")
def init(chosen: command_options.Drafted) -> None:
    """Write a contract (rtaudit.client/1) from snapshots, to be completed."""
    from rtaudit.api.files import draft_contract
    from rtaudit.snapshot import load

    _refuse_to_replace(chosen.output)
    snapshots = [load(path) for path in chosen.snapshot]
    _deliver(draft_contract(snapshots, chosen.name, chosen.account, chosen.deployment), chosen.output)


@command(clients, "scan")
def scan(chosen: command_options.Scanned) -> None:
    """Read source and configuration for keys, the preview protocol, old SDKs; what git ignores is left out.

    A finding is accepted in its line, or the one above, by a comment `rtaudit:ignore[CHECK] reason`; where no comment can
    be, by a waiver. Exit 0 nothing at or above --fail-on, 1 findings, 4 nothing was read or something could not be read.
    """
    from rtaudit.api.source import SourceScan
    from rtaudit.cli.outputs import deliver, parse_outputs
    from rtaudit.report.gate import check_threshold

    check_threshold(chosen.fail_on)
    wanted = parse_outputs(chosen.output)
    _refuse_to_replace(chosen.draft)
    made = SourceScan(
        chosen.path,
        exclude=chosen.exclude,
        checks=chosen.policy,
        fail_on=chosen.fail_on,
        waivers=chosen.waivers,
        baseline=chosen.baseline,
    )
    deliver(wanted, made.report, show=chosen.show)
    if chosen.draft is not None:
        _deliver(made.draft(chosen.name), chosen.draft)
    if not any(one.format == "table" and one.path is None for one in wanted):
        for warning in made.report.warnings:
            print(f"note: {plain(warning)}", file=sys.stderr)
    raise typer.Exit(made.report.gate.exit_code)


def _refuse_to_replace(draft: str | None) -> None:
    """A draft is made to be completed by hand: what is in its place may be such work."""
    if draft is not None and os.path.isfile(draft):
        raise InputError(f"{draft} is there already, and may have been completed", "name another file, or remove it")


def _deliver(text: str, path: str | None) -> None:
    from rtaudit.documents import write_atomically

    if path is None:
        write_stdout(text)
        return
    write_atomically(path, text)
    print(f"wrote {plain(path)}", file=sys.stderr)
