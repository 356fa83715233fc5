"""`rtaudit audit`: collect and check in one."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from rtaudit.cli.app import INTERRUPTED, command, plain
from rtaudit.cli.check import checker, finish, runbook_options
from rtaudit.cli.collect_options import check_writable, partial_name, run_collect

if TYPE_CHECKING:
    from rtaudit.settings import options


@command()
def audit(
    scope: options.Scope,
    label: options.Label,
    reach: options.Login,
    collecting: options.Collecting,
    contracts: options.Contracts,
    kept: options.Kept,
    checking: options.Checking,
    view: options.View,
    evidence: options.EvidenceBundle,
    output: options.OutputFormats,
    steps: options.Steps,
) -> None:
    """Collect, then check: the opt-in aspects that the policies read are collected too. Exit codes are those of check."""
    from rtaudit.cli.keep import write
    from rtaudit.cli.outputs import check_view, parse_outputs

    # What is wrong on the command line is said before minutes of reading.
    wanted = parse_outputs(output.output)
    check_view(view.group_by, view.show)
    check_writable(kept.snapshot)
    how = checker(checking)
    # A snapshot that is filled may hold contracts already.
    contracted = bool(contracts.client) or collecting.fill is not None
    also = how.aspects(contracts=contracted, probes=bool(checking.probe))
    collected = run_collect(scope, label, reach, collecting, contracts=contracts.client, also=also)
    if collected.interrupted == "interrupted":
        target = partial_name(kept.snapshot, collected.snapshot.environment)
        write(collected.snapshot, target)
        print(f"interrupted: what was read until then is in {plain(target)}; nothing was checked", file=sys.stderr)
        print(f"hint: `rtaudit audit --fill {plain(target)}` reads the rest", file=sys.stderr)
        raise typer.Exit(INTERRUPTED)
    snapshot = collected.snapshot
    if kept.snapshot is not None:
        whole = not collected.interrupted
        target = kept.snapshot if whole else partial_name(kept.snapshot, collected.snapshot.environment)
        write(collected.snapshot, target)
        print(f"wrote {plain(target)}", file=sys.stderr)
        snapshot = replace(snapshot, file=str(target), recorded_digest=snapshot.digest)
    words = ["rtaudit", *sys.argv[1:]]
    report = how.check([snapshot], probes=checking.probe, evidence=evidence.evidence, command=words)
    finish(report, wanted, view, evidence, how, steps, runbook_options(checking, ()))
