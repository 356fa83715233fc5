"""`rtaudit client`: a contract from a snapshot, and what a client's source says."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from rtaudit.cli.app import Group, app, command, plain, write_stdout
from rtaudit.cli.completion import completer
from rtaudit.cli.outputs import OUTPUT_HELP
from rtaudit.errors import InputError

clients = typer.Typer(
    cls=Group, help="Client contracts: drafts, and a scan of the client's source.", no_args_is_help=True
)
app.add_typer(clients, name="client")


@command(clients, "init")
def init(
    snapshot: Annotated[list[str], typer.Argument(metavar="SNAPSHOT…", help="Snapshots, one of each environment.")],
    *,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Name of the client.")] = "client",
    account: Annotated[
        str | None, typer.Option("--account", "-a", metavar="NAME|ID", help="The account, where there are several.")
    ] = None,
    deployment: Annotated[
        str | None,
        typer.Option("--deployment", "-d", metavar="NAME", help="The speech deployment, where there are several."),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="File to write. [stdout]")
    ] = None,
) -> None:
    """Write a contract (rtaudit.client/1) from snapshots, to be completed."""
    from rtaudit.api.files import draft_contract
    from rtaudit.snapshot import load

    _refuse_to_replace(output)
    _deliver(draft_contract([load(path) for path in snapshot], name, account, deployment), output)


@command(clients, "scan")
def scan(
    path: Annotated[
        list[str], typer.Argument(metavar="PATH…", help="Source trees, folders of configuration, or files.")
    ],
    *,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", metavar="GLOB", help="Leave these out, written as in .gitignore; repeatable."),
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option("--policy", "-p", metavar="PATH", help="Also the source checks in a file or folder; repeatable."),
    ] = None,
    waivers: Annotated[
        str | None, typer.Option("--waivers", metavar="FILE", help="Accepted findings (rtaudit.waivers/1).")
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option("--baseline", metavar="REPORT.json", help="A report whose findings are known and do not block."),
    ] = None,
    fail_on: Annotated[
        str,
        typer.Option(
            "--fail-on",
            metavar="SEVERITY",
            help="Exit 1 on findings of this severity or worse; `none` never.",
            autocompletion=completer("thresholds"),
        ),
    ] = "high",
    draft: Annotated[
        str | None, typer.Option("--draft", metavar="FILE", help="Also write a draft contract of what was seen.")
    ] = None,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Name of the client in the draft.")] = "client",
    show: Annotated[
        list[str] | None,
        typer.Option(
            "--show",
            metavar="OUTCOME",
            help="Outcomes to list (also `known`, `all`); repeatable.",
            autocompletion=completer("outcomes"),
        ),
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option("--output", "-o", metavar="FORMAT[=PATH]", help=OUTPUT_HELP, autocompletion=completer("formats")),
    ] = None,
) -> None:
    """Read source and configuration for keys, the preview protocol, old SDKs; what git ignores is left out.

    A finding is accepted in its line, or the one above, by a comment `rtaudit:ignore[CHECK] reason`; where no comment can
    stand, by a waiver. Exit 0 nothing at or above --fail-on, 1 findings, 4 nothing was read or something could not be read.
    """
    from rtaudit.api.source import SourceScan
    from rtaudit.cli.outputs import deliver, parse_outputs
    from rtaudit.report.gate import check_threshold

    check_threshold(fail_on)
    wanted = parse_outputs(output or ())
    _refuse_to_replace(draft)
    made = SourceScan(
        path, exclude=exclude or (), checks=policy or (), fail_on=fail_on, waivers=waivers, baseline=baseline
    )
    deliver(wanted, made.report, show=show or ())
    if draft is not None:
        _deliver(made.draft(name), draft)
    if not any(one.format == "table" and one.path is None for one in wanted):
        for warning in made.report.warnings:
            print(f"note: {plain(warning)}", file=sys.stderr)
    raise typer.Exit(made.report.gate.exit_code)


def _refuse_to_replace(draft: str | None) -> None:
    """A draft is made to be completed by hand: what stands in its place may be such work."""
    if draft is not None and os.path.isfile(draft):
        raise InputError(f"{draft} is there already, and may have been completed", "name another file, or remove it")


def _deliver(text: str, path: str | None) -> None:
    from rtaudit.documents import write_atomically

    if path is None:
        write_stdout(text)
        return
    write_atomically(path, text)
    print(f"wrote {plain(path)}", file=sys.stderr)
