"""`rtaudit runbook`: the steps to ready, in order, each proved by checking an edited copy again."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rtaudit.cli.app import command, plain, write_stdout
from rtaudit.cli.check import checker
from rtaudit.cli.environments import snapshots_given
from rtaudit.cli.outputs import Output, check_places, screen
from rtaudit.errors import UsageError, allowed_hint
from rtaudit.settings.values import RUNBOOKS, shells

if TYPE_CHECKING:
    from rtaudit.settings import options

_OF_EXTENSION = {".txt": "table", ".md": "markdown", ".sh": "sh", ".ps1": "ps1", ".json": "json", ".html": "html"}


@command(trees=True)
def runbook(
    context: typer.Context,
    chosen: options.Snapshots,
    label: options.Label,
    checking: options.Checking,
    contracts: options.Contracts,
    mending: options.Mending,
) -> None:
    """Print the steps to ready: in order, proved on paper. Exit 0 ready after the last step, 1 not ready, 4 incomplete."""
    from rtaudit.documents import write_atomically
    from rtaudit.render.runbook import render
    from rtaudit.report.gate import EXIT_CODES
    from rtaudit.snapshot import load

    del label  # its callback has read the file
    outputs = _outputs(mending.output)
    shell = _shell(mending.shell)
    answers = _answers(mending.answer)
    files = snapshots_given(context, chosen.snapshot)
    if len(files) != len(set(files)):
        raise UsageError("the same snapshot is given twice", "name each file once")
    how = checker(checking)
    found = how.runbook(
        [load(path) for path in files],
        contracts=contracts.client,
        probes=checking.probe,
        all_failures=mending.every,
        answers=answers,
    )
    for one in outputs:
        if one.path is not None:
            write_atomically(one.path, render(found, one.format, shell=shell))
            print(f"wrote {plain(one.path)} ({one.format})", file=sys.stderr)
    for one in outputs:
        if one.path is None:
            write_stdout(render(found, one.format, shell=shell, width=screen()["width"]))
    raise typer.Exit(EXIT_CODES[found.verdict])


def _shell(named: str | None) -> str:
    if named is None:
        return "pwsh" if os.name == "nt" else "bash"
    if named not in shells():
        raise UsageError(f"--shell cannot be '{named}'", allowed_hint(named, shells()))
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
        if name in RUNBOOKS:
            if equals and not path:
                raise UsageError(f"-o {word} names no path", f"-o {name} alone writes to stdout")
            found.append(Output(name, path if equals and path != "-" else None))
            continue
        extension = Path(word).suffix.lower()
        if equals or extension not in _OF_EXTENSION:
            raise UsageError(f"unknown format '{name}' of a runbook", allowed_hint(name, RUNBOOKS))
        found.append(Output(_OF_EXTENSION[extension], word))
    check_places(found)
    return found
