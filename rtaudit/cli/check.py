"""`rtaudit check`: check snapshots by policies."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from rtaudit.cli.app import command, plain
from rtaudit.cli.environments import snapshots_given
from rtaudit.errors import InputError, UsageError

if TYPE_CHECKING:
    from rtaudit.api.checks import Checker
    from rtaudit.report import Report
    from rtaudit.settings import options


@command(trees=True)
def check(
    context: typer.Context,
    chosen: options.Snapshots,
    label: options.Label,
    checking: options.Checking,
    contracts: options.Contracts,
    view: options.View,
    evidence: options.EvidenceBundle,
    output: options.OutputFormats,
    steps: options.Steps,
) -> None:
    """Check snapshots against policies. Exits 0 ready, 1 not ready, 4 incomplete (a check at or above --fail-on could not be evaluated)."""
    from rtaudit.cli.outputs import parse_outputs
    from rtaudit.snapshot import load

    del label  # its callback has read the file
    files = snapshots_given(context, chosen.snapshot)
    if len(files) != len(set(files)):
        raise UsageError("the same snapshot is given twice", "name each file once")
    wanted = parse_outputs(output.output)
    how = checker(checking)
    snapshots = [load(path) for path in files]
    report = how.check(
        snapshots,
        contracts=contracts.client,
        probes=checking.probe,
        evidence=evidence.evidence,
        command=["rtaudit", *sys.argv[1:]],
        steps=False,
    )
    finish(report, wanted, view, evidence, how, steps, runbook_options(checking, contracts.client))


def runbook_options(checking: options.Checking, clients: Sequence[str]) -> list[str]:
    """The options that `rtaudit runbook` takes too, as words of its command line."""
    words = {
        "--policy": checking.policy,
        "--set": checking.settings,
        "--as-of": [checking.as_of] if checking.as_of else [],
        "--client": clients,
        "--probe": checking.probe,
        "--waivers": [checking.waivers] if checking.waivers else [],
        "--baseline": [checking.baseline] if checking.baseline else [],
        "--fail-on": [] if checking.fail_on == "high" else [checking.fail_on],
    }
    unknown = [f"--allow-unknown={one}" if one else "--allow-unknown" for one in checking.allow_unknown]
    edited = ["--allow-edited"] if checking.allow_edited else []
    return [word for name, values in words.items() for one in values for word in (name, one)] + unknown + edited


def checker(chosen: options.Checking) -> Checker:
    """How to check, as the options say. Raises UsageError and InputError for one that cannot hold."""
    from rtaudit.api.checks import DEFAULT_POLICY, EVERYTHING, Checker
    from rtaudit.report.gate import parse_day

    allowed = [rule.strip() for value in chosen.allow_unknown for rule in value.split(",") if rule.strip()]
    everything = bool(chosen.allow_unknown) and (EVERYTHING in allowed or not allowed)
    return Checker(
        chosen.policy or DEFAULT_POLICY,
        params=parse_settings(chosen.settings),
        as_of=parse_day(chosen.as_of),
        fail_on=chosen.fail_on,
        allow_unknown=everything or allowed or False,
        waivers=chosen.waivers,
        baseline=chosen.baseline,
        allow_edited=chosen.allow_edited,
    )


def finish(
    report: Report,
    wanted: Sequence[Any],
    view: options.View,
    evidence: options.EvidenceBundle,
    how: Checker,
    steps: options.Steps,
    again: Sequence[str],
) -> None:
    """Write every output, say what was written, and end with the report's exit code."""
    from rtaudit.cli.outputs import deliver

    for warning in report.warnings:
        print(f"warning: {plain(warning)}", file=sys.stderr)
    if evidence.evidence is not None:
        print(f"wrote {plain(evidence.evidence)} (evidence; `rtaudit snapshot verify` checks it)", file=sys.stderr)
    asked = steps.steps and any(one.format == "html" for one in wanted)
    shown = {
        "group_by": view.group_by,
        "show": view.show,
        "details": view.details,
        "runbook_options": again,
    }
    deliver(wanted, report, snapshots=how.attached, runbook=how.steps_of(report) if asked else None, **shown)
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
