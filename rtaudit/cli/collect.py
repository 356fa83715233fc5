"""`rtaudit collect`: Azure, as it is now, as a snapshot."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from rtaudit.cli.app import INTERRUPTED, command, counted, plain
from rtaudit.cli.collect_options import (
    Accounts,
    AllSubscriptions,
    ArmEndpoint,
    Audience,
    Auth,
    CloudOption,
    CollectOptions,
    Concurrency,
    Environment,
    Fill,
    Groups,
    LogFile,
    OnlyAspects,
    ProgressOption,
    ShardOption,
    SkippedAspects,
    Subscriptions,
    Tenant,
    Timeout,
    Verbose,
    check_writable,
    partial_name,
    run_collect,
)
from rtaudit.cli.environments import ConfigOption
from rtaudit.errors import InputError

INCOMPLETE = 4
"""Exit code of a collection that was written with gaps."""


@command()
def collect(
    subscription: Subscriptions = None,
    all_subscriptions: AllSubscriptions = False,
    resource_group: Groups = None,
    account: Accounts = None,
    environment: Environment = None,
    config: ConfigOption = None,  # noqa: ARG001 (its callback has read the file)
    for_packs: Annotated[
        list[str] | None,
        typer.Option(
            "--for", metavar="PACK", help="Also read the opt-in aspects that this pack's rules read; repeatable."
        ),
    ] = None,
    aspect: OnlyAspects = None,
    skip: SkippedAspects = None,
    client: Annotated[
        list[str] | None, typer.Option("--client", metavar="FILE", help="A client contract to keep in it; repeatable.")
    ] = None,
    fill: Fill = None,
    shard: ShardOption = None,
    tenant: Tenant = None,
    cloud: CloudOption = "AzureCloud",
    arm_endpoint: ArmEndpoint = None,
    audience: Audience = None,
    auth: Auth = "default",
    concurrency: Concurrency = 48,
    timeout: Timeout = None,
    progress: ProgressOption = "auto",
    verbose: Verbose = False,
    log_file: LogFile = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to write the snapshot; stdout without it."),
    ] = None,
) -> None:
    """Read Azure, and write what it said as a snapshot. Only GET requests are made; Reader is enough.

    Exit code: 0 whole, 4 written with gaps, 3 nothing was written, 130 interrupted (NAME.partial.json is written).
    """
    check_writable(output)
    options = CollectOptions(
        subscriptions=tuple(subscription or ()),
        all_subscriptions=all_subscriptions,
        groups=tuple(resource_group or ()),
        accounts=tuple(account or ()),
        environment=environment,
        aspects=tuple(aspect or ()),
        skip=tuple(skip or ()),
        also=aspects_for(for_packs or ()),
        clients=load_clients(tuple(client or ()), environment),
        fill=fill,
        shard=shard,
        tenant=tenant,
        cloud=cloud,
        arm_endpoint=arm_endpoint,
        audience=audience,
        auth=auth,
        concurrency=concurrency,
        timeout=timeout,
        progress=progress,
        verbose=verbose,
        log_file=log_file,
    )
    collected = run_collect(options)

    from rtaudit.cli.keep import print_out, write

    snapshot = collected.snapshot
    if collected.interrupted:
        # An interrupted run never stands where a whole one could.
        target = partial_name(output, snapshot.environment)
        write(snapshot, target)
        print(f"{collected.interrupted}: what was read until then is in {plain(target)}", file=sys.stderr)
        print(f"hint: `rtaudit collect --fill {plain(target)}` reads the rest", file=sys.stderr)
        raise typer.Exit(INTERRUPTED if collected.interrupted == "interrupted" else INCOMPLETE)
    if output is None or output == "-":
        print_out(snapshot)
    else:
        write(snapshot, output)
        gaps = f", {counted(len(snapshot.gaps), 'gap')}" if snapshot.gaps else ""
        print(f"wrote {plain(output)}: {len(snapshot.resources)} resources{gaps}", file=sys.stderr)
    if not collected.whole:
        raise typer.Exit(INCOMPLETE)


def aspects_for(packs: Sequence[str]) -> tuple[str, ...]:
    """The opt-in aspects that the rules of the packs that `--for` names read. Raises InputError."""
    if not packs:
        return ()
    from rtaudit.policy import load_policies, opt_in_aspects

    return tuple(opt_in_aspects(load_policies(packs)))


def load_clients(files: tuple[str, ...], environment: str | None) -> tuple[dict[str, Any], ...]:
    """The client contracts in these files. Raises InputError for one that does not speak of the environment."""
    if not files:
        return ()
    from rtaudit.contract import load_contract
    from rtaudit.contract.sections import covers

    contracts = tuple(load_contract(file) for file in files)
    for file, contract in zip(files, contracts, strict=True):
        if environment is not None and not covers(contract, environment):
            raise InputError(
                f"{file}: the contract {contract['name']} has no section for '{environment}'",
                f"its environments: {', '.join(contract.get('environments', ()))}",
            )
    return contracts
