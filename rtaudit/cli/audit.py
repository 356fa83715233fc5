"""`rtaudit audit`: collect and check in one."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from rtaudit.cli.app import INTERRUPTED, command, plain
from rtaudit.cli.check import (
    DEFAULT_POLICY,
    AllowUnknownOption,
    AsOfOption,
    BaselineOption,
    DetailsOption,
    EvidenceOption,
    FailOnOption,
    GroupByOption,
    Judging,
    OutputOption,
    PolicyOption,
    ProbeOption,
    SetOption,
    ShowOption,
    WaiversOption,
    answer,
    parse_settings,
)
from rtaudit.cli.collect import load_clients
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
    SkippedAspects,
    Subscriptions,
    Tenant,
    Timeout,
    Verbose,
    check_writable,
    partial_name,
    run_collect,
)
from rtaudit.cli.contracts import give_probes
from rtaudit.cli.environments import ConfigOption


@command()
def audit(
    *,
    subscription: Subscriptions = None,
    all_subscriptions: AllSubscriptions = False,
    resource_group: Groups = None,
    account: Accounts = None,
    environment: Environment = None,
    config: ConfigOption = None,  # noqa: ARG001 (its callback has read the file)
    aspect: OnlyAspects = None,
    skip: SkippedAspects = None,
    client: Annotated[
        list[str] | None, typer.Option("--client", metavar="FILE", help="A client contract to judge too; repeatable.")
    ] = None,
    fill: Fill = None,
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
    snapshot: Annotated[
        str | None, typer.Option("--snapshot", metavar="FILE", help="Also keep what was collected in this file.")
    ] = None,
    policy: PolicyOption = None,
    settings: SetOption = None,
    as_of: AsOfOption = None,
    probe: ProbeOption = None,
    waivers: WaiversOption = None,
    baseline: BaselineOption = None,
    fail_on: FailOnOption = "high",
    allow_unknown: AllowUnknownOption = None,
    group_by: GroupByOption = None,
    show: ShowOption = None,
    details: DetailsOption = False,
    evidence: EvidenceOption = None,
    output: OutputOption = None,
) -> None:
    """Collect, then check: the opt-in aspects that the policies read are collected too. Exit codes are those of check."""
    from rtaudit.cli.outputs import parse_outputs
    from rtaudit.policy import join_policies, opt_in_aspects

    parse_outputs(output or ())  # a wrong -o is told before minutes of reading
    check_writable(snapshot)
    judging = Judging(
        policy=policy or (),
        settings=settings or (),
        as_of=as_of,
        waivers=waivers,
        baseline=baseline,
        fail_on=fail_on,
        allow_unknown=allow_unknown or (),
    )
    judging.check()
    # A snapshot that is filled may hold contracts already.
    contracts = bool(client) or fill is not None
    values = parse_settings(judging.settings)
    packs = join_policies(judging.policy or DEFAULT_POLICY, values, contracts=contracts, probes=bool(probe))
    collected = run_collect(
        CollectOptions(
            subscriptions=tuple(subscription or ()),
            all_subscriptions=all_subscriptions,
            groups=tuple(resource_group or ()),
            accounts=tuple(account or ()),
            environment=environment,
            aspects=tuple(aspect or ()),
            skip=tuple(skip or ()),
            also=tuple(opt_in_aspects(packs)),
            clients=load_clients(tuple(client or ()), environment),
            fill=fill,
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
    )
    from rtaudit.snapshot import write

    if collected.interrupted == "interrupted":
        target = partial_name(snapshot, collected.snapshot.environment)
        write(collected.snapshot, target)
        print(f"interrupted: what was read until then is in {plain(target)}; nothing was judged", file=sys.stderr)
        print(f"hint: `rtaudit audit --fill {plain(target)}` reads the rest", file=sys.stderr)
        raise typer.Exit(INTERRUPTED)
    if snapshot is not None:
        target = snapshot if not collected.interrupted else partial_name(snapshot, collected.snapshot.environment)
        write(collected.snapshot, target)
        print(f"wrote {plain(target)}", file=sys.stderr)
    probes = give_probes([collected.snapshot], probe) if probe else ()
    answer(
        [collected.snapshot],
        judging,
        output or (),
        evidence,
        probes,
        group_by=group_by,
        show=show or (),
        details=details,
    )
