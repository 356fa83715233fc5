"""`rtaudit client`: a contract from a snapshot, and what a client's source says."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from rtaudit.cli.app import Group, app, command, counted, emit, plain
from rtaudit.cli.completion import among, completer
from rtaudit.errors import InputError

if TYPE_CHECKING:
    from rtaudit.scan.run import Scan

clients = typer.Typer(
    cls=Group, help="Client contracts: drafts, and a scan of the client's source.", no_args_is_help=True
)
app.add_typer(clients, name="client")

_FORMATS = ("table", "json", "sarif")


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
    """Write a draft contract (rtaudit.client/1) from snapshots; fill in the blanks."""
    from rtaudit.api.files import draft_contract
    from rtaudit.snapshot import load

    _refuse_to_replace(output)
    _deliver(draft_contract([load(path) for path in snapshot], name, account, deployment), output)


@command(clients, "scan")
def scan(
    path: Annotated[str, typer.Argument(metavar="PATH", help="A source tree, a folder of configuration, or a file.")],
    *,
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
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FORMAT[=PATH]",
            help="table, json, sarif, or a path; repeatable.",
            autocompletion=among(*_FORMATS),
        ),
    ] = None,
) -> None:
    """Look in source and configuration for keys, the preview protocol, old SDKs; what git ignores is left out.

    A finding is accepted in its line, or the one above, by a comment `rtaudit:ignore[CHECK] reason`.
    Exit 0 nothing, 1 findings, 4 nothing found but something could not be read.
    """
    from rtaudit.api.files import scan_source
    from rtaudit.cli.outputs import parse_outputs
    from rtaudit.documents import dumps
    from rtaudit.report.gate import check_threshold
    from rtaudit.scan.draft import write
    from rtaudit.scan.run import draft_of
    from rtaudit.scan.sarif import to_sarif

    check_threshold(fail_on)
    wanted = parse_outputs(output or (), formats=_FORMATS)
    _refuse_to_replace(draft)
    result = scan_source(path)
    texts = {
        "json": lambda: dumps(result.document()),
        "sarif": lambda: to_sarif(result),
        "table": lambda: _table(result),
    }
    for one in wanted:
        _deliver(texts[one.format](), one.path)
    if draft is not None:
        _deliver(write(draft_of(result, name)), draft)
    for warning in result.warnings:
        print(f"warning: {plain(warning)}", file=sys.stderr)
    if result.failing(fail_on):
        raise typer.Exit(1)
    raise typer.Exit(4 if result.unread and fail_on != "none" else 0)


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


def _table(result: Scan) -> str:
    return "".join(f"{plain(line)}\n" for line in _lines(result))


def _lines(result: Scan) -> Iterator[str]:
    from rtaudit.scan.checks import CHECKS

    told: set[str] = set()
    standing = [one for one in result.findings if one.ignored is None]
    for one in standing:
        check = CHECKS[one.check]
        yield f"{result.place(one.file)}:{one.line}:{one.column}: {check.severity} {check.id} {check.name} [{one.side}]"
        yield f"  {check.title}: {one.found}"
        yield f"  | {one.excerpt}"
        if check.id not in told:
            told.add(check.id)
            yield f"  fix: {check.fix}"
    for one in result.findings:
        if one.ignored is not None:
            yield f"{result.place(one.file)}:{one.line}: ignored {one.check}: {one.ignored}"
    for file, reason in result.unread:
        yield f"{result.place(file)}: not read: {reason}"
    if result.seen:
        yield ""
        yield "Seen:"
        yield from _seen(result)
    left = ", ".join(f"{count} {why}" for why, count in result.left_out.items())
    yield ""
    yield (
        f"{counted(result.files, 'file')} read: {counted(len(standing), 'finding')}, {len(result.findings) - len(standing)} ignored, "
        f"{len(result.unread)} not read" + (f"; left out: {left}" if left else "")
    )


def _seen(result: Scan) -> Iterator[str]:
    places: dict[tuple[str, str], list[str]] = {}
    for one in result.seen:
        value = " ".join(filter(None, one.value.split(":"))) if one.kind == "sdk" else one.value
        places.setdefault((one.kind, value), []).append(f"{result.place(one.file)}:{one.line}")
    for (kind, value), where in sorted(places.items()):
        more = f" and {len(where) - 1} more" if len(where) > 1 else ""
        yield f"  {kind} {value}: {where[0]}{more}"
