"""`rtaudit diff`: what differs between environments, or in one environment over time."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from rtaudit.cli.app import command, plain
from rtaudit.cli.outputs import deliver, parse_outputs
from rtaudit.errors import UsageError, counted

if TYPE_CHECKING:
    from rtaudit.drift import Drift
    from rtaudit.settings import command_options
    from rtaudit.snapshot import Snapshot


@command(trees=True)
def diff(chosen: command_options.Compared) -> None:
    """Compare environments, or one environment over time. Expected-by-design differences (ids, host names, etags) are ignored.

    Exit code 0: no drift; 1: drift; 4: nothing drifted but something could not be compared.
    """
    outputs = parse_outputs(chosen.output)
    from rtaudit.report.gate import check_threshold, parse_day

    check_threshold(chosen.fail_on)
    day = parse_day(chosen.as_of)
    tag = _tag(chosen.pair_by)

    from rtaudit.api.checks import diff as compare

    loaded = _load(chosen.snapshots, chosen.git)
    drift = compare(
        *loaded, drift_policy=chosen.drift_policy, role_map=chosen.role_map, pair_by_tag=tag, as_of=day,
        fail_on=chosen.fail_on, rules=() if chosen.policy == "none" else (chosen.policy,),
    )  # fmt: skip
    deliver(outputs, drift, snapshots=loaded, details=chosen.details)
    _advise(drift, loaded)
    raise typer.Exit(drift.exit_code)


def _load(files: Sequence[str], git: str | None) -> list[Snapshot]:
    from rtaudit.snapshot import load

    if git is not None:
        from rtaudit.drift.revisions import load_revision

        if len(files) != 1:
            raise UsageError("--git compares one file with itself", "give one snapshot")
        return [load_revision(git, files[0]), load(files[0])]
    if len(files) < 2:
        raise UsageError(
            "diff needs two snapshots or more", "rtaudit diff BASE.json OTHER.json, or --git REV FILE.json"
        )
    if list(files).count("-") > 1:
        raise UsageError("standard input can be read once only", "name the other snapshot as a file")
    return [load(file) for file in files]


def _advise(drift: Drift, loaded: Sequence[Snapshot]) -> None:
    """What a person may want to know beside the answer, on stderr."""
    from rtaudit.drift.run import lone_accounts

    for comparison in drift.comparisons:
        if comparison.left.digest == comparison.right.digest:
            same = comparison.left.file == comparison.right.file
            what = (
                "the same file twice" if same else f"{comparison.left.file} and {comparison.right.file} have one digest"
            )
            read = "nothing that was read" if loaded[0].gaps or loaded[0].scope.get("shard") else "nothing"
            print(f"note: {plain(what)}: {read} can differ", file=sys.stderr)
    lone = lone_accounts(drift)
    if len(lone) > 1 and not all(comparison.over_time for comparison in drift.comparisons):
        where = ", ".join(f"{count} in {label}" for label, count in sorted(lone.items()))
        number = counted(sum(lone.values()), "account")
        print(
            f"hint: {number} could not be paired by name ({plain(where)}); pair them with --map FILE",
            file=sys.stderr,
        )
    for snapshot in loaded:
        if snapshot.edited:
            print(
                f"warning: {plain(snapshot.file or '')} was modified after collection: digest mismatch",
                file=sys.stderr,
            )


def _tag(pair_by: str | None) -> str | None:
    if pair_by is None:
        return None
    kind, _, name = pair_by.partition(":")
    if kind != "tag" or not name:
        raise UsageError(f"--pair-by cannot be '{pair_by}'", "--pair-by tag:NAME, such as tag:role")
    return name


__all__ = ["diff"]
