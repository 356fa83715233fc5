"""`rtaudit policy`: list, explain, lint and test rules."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from rtaudit.cli.app import app, command, emit, plain

policies = typer.Typer(help="List, explain, lint and test rules and packs.", no_args_is_help=True)
app.add_typer(policies, name="policy")


@command(policies, "test")
def run_cases(
    path: Annotated[
        Path | None, typer.Argument(help="A policy folder, a rule file or a file of cases; the library unless given.")
    ] = None,
    *,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Name the cases that pass, too.")] = False,
) -> None:
    """Run the cases beside rules: each is a small change to one good environment and the outcome it must have."""
    from rtaudit import assets
    from rtaudit.errors import InputError
    from rtaudit.policy.cases import find_case_files, load_cases, run

    target = path or assets.policies() / "rules"
    started = time.monotonic()
    files = find_case_files(target)
    if not files:
        raise InputError(
            f"there are no cases at {target}", "cases stand beside a rule file: network.yaml, network.cases.yaml"
        )
    passed, failed, bare = 0, [], []
    for file in map(load_cases, files):
        marks = []
        bare += [f"{rule_id} ({file.path.name})" for rule_id in file.without_cases]
        for result in run(file):
            marks.append("." if result.problem is None else "F")
            if result.problem is None:
                passed += 1
                if verbose:
                    emit(f"PASSED {result.case.rule} {plain(result.case.name)}\n")
            else:
                failed.append(result)
        emit(f"{file.path.name} {''.join(marks)}\n")
    for result in failed:
        emit(
            f"\nFAILED {result.case.place} {result.case.rule}: {plain(result.case.name)}\n  {plain(result.problem or '')}\n"
        )
    for rule in bare:
        emit(f"no case: {rule}\n")
    emit(f"\n{passed} passed, {len(failed)} failed in {time.monotonic() - started:.1f}s\n")
    if failed:
        raise typer.Exit(1)
