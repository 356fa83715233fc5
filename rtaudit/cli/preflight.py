"""`rtaudit preflight`: whether a collection would see everything, before it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rtaudit.cli.app import command, emit, plain
from rtaudit.cli.collect import aspects_for
from rtaudit.cli.collect_options import (
    Accounts,
    AllSubscriptions,
    ArmEndpoint,
    Audience,
    Auth,
    CloudOption,
    CollectOptions,
    Environment,
    Groups,
    LogFile,
    OnlyAspects,
    SkippedAspects,
    Subscriptions,
    Tenant,
    Timeout,
    Verbose,
    prepared,
)
from rtaudit.cli.environments import ConfigOption
from rtaudit.errors import UsageError, allowed_hint

if TYPE_CHECKING:
    from rtaudit.collect.preflight import Expected, Planned, Preflight

_FORMATS = ("table", "json")
NOT_READY = 1


@command()
def preflight(
    subscription: Subscriptions = None,
    all_subscriptions: AllSubscriptions = False,
    resource_group: Groups = None,
    account: Accounts = None,
    environment: Environment = None,
    config: ConfigOption = None,  # noqa: ARG001 (its callback has read the file)
    for_packs: Annotated[
        list[str] | None, typer.Option("--for", metavar="PACK", help="Also what this pack's rules read; repeatable.")
    ] = None,
    aspect: OnlyAspects = None,
    skip: SkippedAspects = None,
    expect: Annotated[
        list[str] | None,
        typer.Option("--expect", metavar="FILE", help="A client contract whose targets must be there; repeatable."),
    ] = None,
    expect_deployment: Annotated[
        list[str] | None,
        typer.Option(
            "--expect-deployment", metavar="ACCOUNT/NAME", help="A deployment that must be there; repeatable."
        ),
    ] = None,
    expect_region: Annotated[
        list[str] | None,
        typer.Option("--expect-region", metavar="ACCOUNT=REGION", help="Where an account must be; repeatable."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="NAME", help="A deployment of this model is planned: can it be built here?"),
    ] = None,
    version: Annotated[
        str | None, typer.Option("--version", metavar="VERSION", help="Its version. [the region's default]")
    ] = None,
    sku: Annotated[str | None, typer.Option("--sku", metavar="SKU", help="Its SKU. [GlobalStandard]")] = None,
    capacity: Annotated[
        int | None, typer.Option("--capacity", metavar="UNITS", min=1, help="Its capacity, in units of the SKU. [1]")
    ] = None,
    region: Annotated[
        str | None, typer.Option("--region", metavar="REGION", help="Where, for an account that does not exist yet.")
    ] = None,
    tenant: Tenant = None,
    cloud: CloudOption = "AzureCloud",
    arm_endpoint: ArmEndpoint = None,
    audience: Audience = None,
    auth: Auth = "default",
    timeout: Timeout = None,
    verbose: Verbose = False,
    log_file: LogFile = None,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FORMAT", help="table or json.")] = "table",
) -> None:
    """Confirm identity, subscriptions, providers, permissions and targets, before anything is collected.

    --expect also asks whether the contract's deployment can be used, and its caller holds the role; --model whether a planned one
    can be built: name, region, SKU, quota, capacity, retirement. GETs only; what could not be read is unknown. Exit code: 0 all is there, 1 something is missing or could not be looked at, 3 there is no credential that works.
    """
    if output not in _FORMATS:
        raise UsageError(f"there is no format '{output}' here", allowed_hint(output, _FORMATS))
    planned = _planned(model, version, sku, capacity, region)
    expected = _expected(expect or [], expect_deployment or [], expect_region or [], environment, planned)
    if planned is not None and not expect:
        expected += _plans(planned, account or [])
    options = CollectOptions(
        subscriptions=tuple(subscription or ()),
        all_subscriptions=all_subscriptions,
        groups=tuple(resource_group or ()),
        accounts=tuple(account or ()),
        environment=environment,
        aspects=tuple(aspect or ()),
        skip=tuple(skip or ()),
        also=aspects_for(for_packs or ()),
        tenant=tenant,
        cloud=cloud,
        arm_endpoint=arm_endpoint,
        audience=audience,
        auth=auth,
        timeout=timeout,
        progress="none",
        verbose=verbose,
        log_file=log_file,
    )
    from rtaudit.collect.preflight import preflight as look

    with prepared(options) as ready:
        answer = look(ready.request, ready.endpoint, ready.identity, expected, ready.limits, ready.watch)
    if output == "json":
        from rtaudit.documents import dumps

        emit(dumps(answer.document()))
    else:
        emit(_table(answer))
    if not answer.ready:
        raise typer.Exit(NOT_READY)


def _planned(
    model: str | None, version: str | None, sku: str | None, capacity: int | None, region: str | None
) -> Planned | None:
    from rtaudit.collect.preflight import Planned

    more = {"version": version, "sku": sku, "capacity": capacity, "region": region}
    stated = {name: value for name, value in more.items() if value is not None}
    if model is None:
        if stated:
            raise UsageError(
                f"--{next(iter(stated))} says how a deployment is planned, and --model is missing", "add --model NAME"
            )
        return None
    return Planned(model, **stated)  # type: ignore[arg-type]  # each has the type of its option


def _plans(planned: Planned, accounts: list[str]) -> list[Expected]:
    """The plan at each account that is named, or in the region that is."""
    from rtaudit.collect.preflight import Expected

    if not accounts and planned.region is None:
        raise UsageError(
            "--model says what is planned, and not where", "add -a ACCOUNT, --region REGION or --expect FILE"
        )
    return [Expected(name, source="--model", planned=planned) for name in accounts or [""]]


def _expected(
    contracts: list[str], deployments: list[str], regions: list[str], environment: str | None, planned: Planned | None
) -> list[Expected]:
    from rtaudit.collect.preflight import Expected, expected_of

    found: list[Expected] = []
    if contracts:
        from rtaudit.contract import load_contract

        for path in contracts:
            contract = load_contract(path)
            some = list(expected_of(contract, environment, path, planned))
            if not some:
                of = f" for the environment '{environment}'" if environment else ""
                sections = ", ".join(contract.get("environments") or {})
                raise UsageError(
                    f"{path} names no account{of}, so nothing of it can be expected",
                    f"give --environment; it speaks of: {sections}" if sections else "name one as `account` in it",
                )
            found += some
    for text in deployments:
        account, slash, name = text.rpartition("/")
        if not slash or not account or not name:
            raise UsageError(f"'{text}' is no deployment", "write --expect-deployment ACCOUNT/NAME")
        found.append(Expected(account, deployment=name, source="--expect-deployment"))
    for text in regions:
        account, equals, region = text.partition("=")
        if not equals or not account or not region:
            raise UsageError(f"'{text}' is no region of an account", "write --expect-region ACCOUNT=REGION")
        found.append(Expected(account, region=region, source="--expect-region"))
    return found


def _table(answer: Preflight) -> str:
    lines = []
    for check in answer.checks:
        lines.append(f"{check.outcome:<8} {check.check:<13} {plain(check.scope)}\n         {plain(check.detail)}\n")
        if check.role:
            lines.append(f"         narrowest built-in role: {check.role}\n")
        if check.fix:
            lines.append(f"         fix: {plain(check.fix)}\n")
    failed = sum(check.outcome == "fail" for check in answer.checks)
    unknown = sum(check.outcome == "unknown" for check in answer.checks)
    passed = len(answer.checks) - failed - unknown
    verdict = "ready" if answer.ready else "not ready"
    return "".join([*lines, f"{verdict}: {passed} pass, {failed} fail, {unknown} unknown\n"])
