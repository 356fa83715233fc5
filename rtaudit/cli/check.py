"""`rtaudit check`: judge snapshots by policies."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rtaudit.cli.app import command, plain
from rtaudit.cli.contracts import give_contracts, give_probes
from rtaudit.cli.environments import ConfigOption, EnvironmentOption, snapshots_given, with_params
from rtaudit.cli.outputs import OUTPUT_HELP
from rtaudit.errors import InputError, UsageError, allowed_hint

if TYPE_CHECKING:
    from datetime import date

    from rtaudit.policy import Waiver
    from rtaudit.report import Report
    from rtaudit.snapshot import Snapshot

DEFAULT_POLICY = ("production",)
"""The packs that judge when none is named."""

FAIL_ON = ("critical", "high", "medium", "low", "info", "none")

PolicyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--policy", "-p", metavar="NAME|PATH", help="A pack that ships, or a file or folder; repeatable. [production]"
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PARAM=VALUE",
        help="A parameter, its value in YAML; repeatable.",
        callback=with_params,
    ),
]
AsOfOption = Annotated[
    str | None, typer.Option("--as-of", metavar="DATE", help="Judge as of this day (YYYY-MM-DD), not today.")
]
ClientOption = Annotated[
    list[str] | None,
    typer.Option("--client", metavar="FILE", help="A client contract, in place of the snapshot's own; repeatable."),
]
ProbeOption = Annotated[
    list[str] | None,
    typer.Option("--probe", metavar="FILE", help="What `rtaudit probe -o json` wrote: judged too; repeatable."),
]
WaiversOption = Annotated[
    str | None, typer.Option("--waivers", metavar="FILE", help="Accepted findings (rtaudit.waivers/1).")
]
BaselineOption = Annotated[
    str | None,
    typer.Option("--baseline", metavar="REPORT.json", help="A report whose findings are known and do not gate."),
]
FailOnOption = Annotated[
    str,
    typer.Option(
        "--fail-on", metavar="SEVERITY", help="Gate on failures of this severity or worse; `none` never gates."
    ),
]
AllowUnknownOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-unknown",
        metavar="[=RULE,…]",
        help="Let what could not be looked at pass the gate: all of it, or `--allow-unknown=RULE,…`.",
    ),
]
GroupByOption = Annotated[
    str | None, typer.Option("--group-by", metavar="account|rule|severity", help="How the table groups.")
]
ShowOption = Annotated[
    list[str] | None,
    typer.Option("--show", metavar="OUTCOME", help="Outcomes to list (also `known`, `all`); repeatable."),
]
EvidenceOption = Annotated[
    str | None,
    typer.Option("--evidence", metavar="DIR", help="Write snapshot, policy, report and manifest into a folder."),
]
OutputOption = Annotated[list[str] | None, typer.Option("--output", "-o", metavar="FORMAT[=PATH]", help=OUTPUT_HELP)]


@dataclass(frozen=True)
class Judging:
    """How to judge: the options that check and audit share."""

    policy: Sequence[str]
    settings: Sequence[str]
    as_of: str | None
    waivers: str | None
    baseline: str | None
    fail_on: str
    allow_unknown: Sequence[str]

    def check(self) -> None:
        """Raise UsageError now for an option that cannot hold, before anything is read."""
        if self.fail_on not in FAIL_ON:
            raise UsageError(f"--fail-on cannot be '{self.fail_on}'", allowed_hint(self.fail_on, FAIL_ON))
        parse_day(self.as_of, "--as-of")
        parse_settings(self.settings)
        _ = self.loaded_waivers, self.loaded_baseline

    @cached_property
    def loaded_waivers(self) -> Sequence[Waiver]:
        """The waivers of the file that is named. Raises InputError."""
        from rtaudit.policy import load_waivers

        return load_waivers(self.waivers) if self.waivers else ()

    @cached_property
    def loaded_baseline(self) -> Report | None:
        """The report that is named as the baseline. Raises InputError."""
        from rtaudit.report import load

        return load(self.baseline) if self.baseline else None


@command()
def check(
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
    group_by: GroupByOption = None,
    show: ShowOption = None,
    evidence: EvidenceOption = None,
    output: OutputOption = None,
) -> None:
    """Judge snapshots by policies. Exit 0 ready, 1 not ready, 4 incomplete (something that gates could not be seen)."""
    from rtaudit.snapshot import load

    # Trees of resources and rows of findings, no cycle among them: looking for some, at the end too, takes seconds.
    gc.disable()
    snapshot = snapshots_given(context, snapshot)
    judging = Judging(policy or (), settings or (), as_of, waivers, baseline, fail_on, allow_unknown or ())
    if len(snapshot) != len(set(snapshot)):
        raise UsageError("the same snapshot is given twice", "name each file once")
    snapshots = give_contracts([load(path) for path in snapshot], client or ())
    probes = give_probes(snapshots, probe) if probe else ()
    answer(snapshots, judging, output or (), evidence, probes, group_by=group_by, show=show or ())


def answer(
    snapshots: Sequence[Snapshot],
    judging: Judging,
    outputs: Sequence[str],
    evidence: str | None = None,
    probes: Sequence[Sequence[dict[str, Any]]] = (),
    **view: Any,
) -> None:
    """Judge, write every output and the evidence, and end with the report's exit code."""
    from rtaudit.cli.outputs import deliver, parse_outputs
    from rtaudit.policy import check as run
    from rtaudit.policy import join_policies

    wanted = parse_outputs(outputs)
    judging.check()
    settings = parse_settings(judging.settings)
    contracts = any(snapshot.clients for snapshot in snapshots)
    packs = join_policies(judging.policy or DEFAULT_POLICY, settings, contracts=contracts, probes=bool(probes))
    baseline = judging.loaded_baseline
    report = run(
        snapshots,
        packs,
        as_of=parse_day(judging.as_of, "--as-of"),
        fail_on=judging.fail_on,
        allow_unknown=allowed_unknown(judging.allow_unknown, {rule for pack in packs for rule in pack.rules}),
        waivers=judging.loaded_waivers,
        baseline=baseline,
        baseline_name=Path(judging.baseline).name if judging.baseline else None,
        probes=probes,
    )
    for warning in report.warnings:
        print(f"warning: {plain(warning)}", file=sys.stderr)
    if evidence is not None:
        from rtaudit.evidence.bundle import write

        words = ["rtaudit", *sys.argv[1:]]
        write(
            evidence,
            report,
            snapshots=snapshots,
            packs=packs,
            waivers=judging.waivers,
            baseline=baseline,
            probes=probes,
            command=words,
        )
        print(f"wrote {plain(evidence)} (evidence; `rtaudit snapshot verify` checks it)", file=sys.stderr)
    deliver(wanted, report, snapshots=snapshots, **view)
    raise typer.Exit(report.gate.exit_code)


def parse_settings(settings: Sequence[str]) -> dict[str, Any]:
    """The values of `--set name=value`, each read as YAML. Raises UsageError."""
    from rtaudit.documents import parse_yaml

    found: dict[str, Any] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name:
            raise UsageError(
                f"--set {setting} has no value", "write --set name=value, such as --set allowedRegions=[eastus2]"
            )
        try:
            found[name] = parse_yaml(value, f"--set {name}").value
        except InputError as error:
            raise UsageError(error.message, error.hint) from None
    return found


def parse_day(text: str | None, option: str) -> date | None:
    """The day that an option names, or None. Raises UsageError."""
    from datetime import date

    if text is None:
        return None
    try:
        # fromisoformat also takes 20260131 and week dates; one form is enough.
        return date.fromisoformat(text if text[4:5] == text[7:8] == "-" and len(text) == len("2026-01-31") else "")
    except ValueError:
        raise UsageError(f"{option} {text} is no day", "write YYYY-MM-DD") from None


def allowed_unknown(values: Sequence[str], known: set[str]) -> bool | list[str]:
    """What `--allow-unknown` allows: everything, or the rules that it lists."""
    if not values:
        return False
    rules = [rule.strip() for value in values for rule in value.split(",") if rule.strip()]
    for rule in rules:
        if rule not in known and rule != EVERYTHING:
            raise UsageError(f"--allow-unknown={rule}: no such rule is selected", allowed_hint(rule, known)[:300])
    return True if EVERYTHING in rules or not rules else rules


EVERYTHING = "all"
"""What `--allow-unknown` without a value means."""
