"""`rtaudit client`: a contract from a snapshot, and what a client's source says."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from rtaudit.cli.app import app, command, emit, plain
from rtaudit.cli.check import FAIL_ON, BaselineOption, FailOnOption, OutputOption, ShowOption, WaiversOption
from rtaudit.errors import InputError, RtauditError, UsageError, allowed_hint

clients = typer.Typer(help="Client contracts: drafts, and a scan of the client's source.", no_args_is_help=True)
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
    from rtaudit.scan.draft import from_snapshots, write
    from rtaudit.snapshot import load

    _refuse_to_replace(output)
    _deliver(write(from_snapshots([load(path) for path in snapshot], name, account, deployment)), output)


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
    waivers: WaiversOption = None,
    baseline: BaselineOption = None,
    fail_on: FailOnOption = "high",
    draft: Annotated[
        str | None, typer.Option("--draft", metavar="FILE", help="Also write a draft contract of what was seen.")
    ] = None,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Name of the client in the draft.")] = "client",
    show: ShowOption = None,
    output: OutputOption = None,
) -> None:
    """Read source and configuration for keys, the preview protocol, old SDKs; what git ignores is left out.

    A finding is accepted in its line, or the one above, by a comment `rtaudit:ignore[CHECK] reason`; where no comment can
    stand, by a waiver. Exit 0 nothing at or above --fail-on, 1 findings, 4 nothing was read or something could not be read.
    """
    from rtaudit.cli.outputs import deliver, parse_outputs
    from rtaudit.policy import load_waivers
    from rtaudit.report import load

    if fail_on not in FAIL_ON:
        raise UsageError(f"--fail-on cannot be '{fail_on}'", allowed_hint(fail_on, FAIL_ON))
    wanted = parse_outputs(output or ())
    _refuse_to_replace(draft)
    accepted = load_waivers(waivers) if waivers else ()
    known = load(baseline) if baseline else None
    checks = _source_checks(policy or ())
    _need_grammars()
    from rtaudit.scan.report import report_of
    from rtaudit.scan.run import scan as run

    scans = [run(one, exclude=exclude or (), checks=checks) for one in dict.fromkeys(path)]
    report = report_of(
        scans,
        checks=checks,
        fail_on=fail_on,
        waivers=accepted,
        baseline=known,
        baseline_name=os.path.basename(baseline) if baseline else None,
    )
    deliver(wanted, report, show=show or ())
    if draft is not None:
        from rtaudit.scan.draft import write
        from rtaudit.scan.seen import draft_of

        _deliver(write(draft_of(scans, name)), draft)
    if not any(one.format == "table" and one.path is None for one in wanted):
        for warning in report.warnings:
            print(f"note: {plain(warning)}", file=sys.stderr)
    raise typer.Exit(report.gate.exit_code)


def _source_checks(paths: Sequence[str]) -> dict[str, Any]:
    from pathlib import Path

    from rtaudit.scan.checks import library, load_checks

    checks = dict(library())
    for path in paths:
        if not os.path.exists(path):
            raise InputError(f"no such file or folder: {path}", "give a file of source checks, or a folder of some")
        own = load_checks(Path(path))
        taken = sorted(own.keys() & checks.keys())
        if taken:
            raise InputError(f"{path}: the id {taken[0]} is taken", "give own checks own ids")
        checks |= own
    return checks


def _need_grammars() -> None:
    """Raise where the package that parses code is not installed: some platforms have no wheel of it."""
    from importlib.util import find_spec

    if find_spec("ast_grep_py") is None:
        raise RtauditError(
            "client scan needs the package ast-grep-py, which is not installed here",
            "pip install ast-grep-py, where there is a wheel for this platform; every other command works without it",
        )


def _refuse_to_replace(draft: str | None) -> None:
    """A draft is made to be completed by hand: what stands in its place may be such work."""
    if draft is not None and os.path.isfile(draft):
        raise InputError(f"{draft} is there already, and may have been completed", "name another file, or remove it")


def _deliver(text: str, path: str | None) -> None:
    from rtaudit.documents import write_atomically

    if path is None:
        emit(text)
        return
    write_atomically(path, text)
    print(f"wrote {plain(path)}", file=sys.stderr)
