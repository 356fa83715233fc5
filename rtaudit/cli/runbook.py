"""`rtaudit runbook`: the steps to ready, in order, each proved by checking an edited copy again."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from rtaudit.cli.app import command, emit, plain
from rtaudit.cli.check import (
    DEFAULT_POLICY,
    AllowUnknownOption,
    AsOfOption,
    BaselineOption,
    ClientOption,
    FailOnOption,
    Judging,
    PolicyOption,
    ProbeOption,
    SetOption,
    WaiversOption,
    allowed_unknown,
    parse_day,
    parse_settings,
)
from rtaudit.cli.contracts import give_contracts, give_probes
from rtaudit.cli.environments import ConfigOption, EnvironmentOption, snapshots_given
from rtaudit.cli.outputs import Output, check_places, screen
from rtaudit.errors import UsageError, allowed_hint

SHELLS = ("bash", "pwsh")
_FORMATS = ("table", "markdown", "sh", "ps1", "json", "html")
_OF_EXTENSION = {".txt": "table", ".md": "markdown", ".sh": "sh", ".ps1": "ps1", ".json": "json", ".html": "html"}


@command()
def runbook(
    context: typer.Context,
    snapshot: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SNAPSHOT…", help="Snapshot files, or - for standard input; with -e those of rtaudit.yaml."
        ),
    ] = None,
    *,
    environment: EnvironmentOption = None,  # noqa: ARG001 (its callback has read the file)
    config: ConfigOption = None,  # noqa: ARG001 (the same)
    policy: PolicyOption = None,
    settings: SetOption = None,
    as_of: AsOfOption = None,
    client: ClientOption = None,
    probe: ProbeOption = None,
    waivers: WaiversOption = None,
    baseline: BaselineOption = None,
    fail_on: FailOnOption = "high",
    allow_unknown: AllowUnknownOption = None,
    every: Annotated[bool, typer.Option("--all", help="Take every failure, not only what blocks.")] = False,
    answer: Annotated[
        list[str] | None,
        typer.Option("--answer", metavar="NAME=VALUE", help="A value for what commands ask for; repeatable."),
    ] = None,
    shell: Annotated[
        str | None,
        typer.Option("--shell", metavar="bash|pwsh", help="Quote commands for this shell. [the platform's]"),
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FORMAT[=PATH]",
            help=f"Format, FORMAT=PATH, or a path whose extension says the format: {', '.join(_FORMATS)}.",
        ),
    ] = None,
) -> None:
    """Print the steps to ready: in order, proved on paper. Exit 0 ready after the last step, 1 not ready, 4 incomplete."""
    from rtaudit.documents import write_atomically
    from rtaudit.policy import join_policies
    from rtaudit.render.runbook import render
    from rtaudit.report.model import EXIT_CODES
    from rtaudit.runbook import runbook as plan
    from rtaudit.snapshot import load

    gc.disable()
    outputs = _outputs(output or ())
    shell = _shell(shell)
    answers = _answers(answer or ())
    paths = snapshots_given(context, snapshot)
    if len(paths) != len(set(paths)):
        raise UsageError("the same snapshot is given twice", "name each file once")
    judging = Judging(policy or (), settings or (), as_of, waivers, baseline, fail_on, allow_unknown or ())
    judging.check()
    snapshots = give_contracts([load(path) for path in paths], client or ())
    probes = give_probes(snapshots, probe) if probe else ()
    packs = join_policies(
        judging.policy or DEFAULT_POLICY,
        parse_settings(judging.settings),
        contracts=any(one.clients for one in snapshots),
        probes=bool(probes),
    )
    found = plan(
        snapshots,
        packs,
        as_of=parse_day(as_of, "--as-of"),
        fail_on=fail_on,
        allow_unknown=allowed_unknown(judging.allow_unknown, {rule for pack in packs for rule in pack.rules}),
        waivers=judging.loaded_waivers,
        baseline=judging.loaded_baseline,
        baseline_name=Path(baseline).name if baseline else None,
        probes=probes,
        all_failures=every,
        answers=answers,
    )
    for one in outputs:
        if one.path is not None:
            write_atomically(one.path, render(found, one.format, shell=shell))
            print(f"wrote {plain(one.path)} ({one.format})", file=sys.stderr)
    for one in outputs:
        if one.path is None:
            emit(render(found, one.format, shell=shell, width=screen()["width"]))
    raise typer.Exit(EXIT_CODES[found.verdict])


def _shell(named: str | None) -> str:
    if named is None:
        return "pwsh" if os.name == "nt" else "bash"
    if named not in SHELLS:
        raise UsageError(f"--shell cannot be '{named}'", allowed_hint(named, SHELLS))
    return named


def _answers(given: Sequence[str]) -> dict[str, str]:
    found = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name.strip() or not value:
            raise UsageError(f"--answer {one} gives no value", 'write --answer "subnet id=/subscriptions/…"')
        found[name.strip().strip("<>")] = value
    return found


def _outputs(words: Sequence[str]) -> list[Output]:
    found = []
    for word in words or ["table"]:
        name, equals, path = word.partition("=")
        if name in _FORMATS:
            if equals and not path:
                raise UsageError(f"-o {word} names no path", f"-o {name} alone writes to stdout")
            found.append(Output(name, path if equals and path != "-" else None))
            continue
        extension = Path(word).suffix.lower()
        if equals or extension not in _OF_EXTENSION:
            raise UsageError(f"there is no format '{name}' of a runbook", allowed_hint(name, _FORMATS))
        found.append(Output(_OF_EXTENSION[extension], word))
    check_places(found)
    return found
