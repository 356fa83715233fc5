"""`rtaudit preflight`: whether a collection would see everything, before it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from rtaudit.cli.app import command, write_stdout
from rtaudit.cli.collect_options import observed, requested
from rtaudit.cli.environments import allowed_audiences
from rtaudit.errors import UsageError, allowed_hint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtaudit.collect.preflight import Expected, PlannedDeployment
    from rtaudit.settings import command_options, options

NOT_READY = 1


@command()
def preflight(
    scope: options.Scope,
    label: options.Label,
    reach: options.Login,
    packs: options.ForPacks,
    expecting: options.Expecting,
    planning: options.Planning,
    printed: command_options.Printed,
) -> None:
    """Confirm identity, subscriptions, providers, permissions and targets, before anything is collected.

    --expect also asks whether the contract's deployment can be used and its caller holds the role; --model whether a planned
    deployment can be built: name, region, SKU, quota, capacity, retirement. What could not be read is unknown, never pass.

    Exit code: 0 all is there, 1 something is missing or could not be read, 3 there is no credential that works.
    """
    from rtaudit.api.live import preflight as run

    output, formats = printed.output, ("table", "json")
    if output not in formats:
        raise UsageError(f"unknown format '{output}' here", allowed_hint(output, formats))
    planned = _planned(planning)
    expected = _expected(expecting, label.environment, planned)
    if planned is not None and not expecting.expect:
        expected += _plans(planned, scope.account)
    with observed(reach, "none") as watch:
        request = requested(scope, label, reach, packs=packs.for_packs)
        answer = run(
            request, expected, cloud=reach.cloud, arm_endpoint=reach.arm_endpoint, audience=reach.audience,
            allowed_audiences=allowed_audiences(label.config, reach.audience),
            auth=reach.auth, timeout=reach.timeout, watch=watch,
        )  # fmt: skip
    if output == "json":
        from rtaudit.documents import dumps

        write_stdout(dumps(answer.document()))
    else:
        from rtaudit.render.preflight import render

        write_stdout(render(answer.document()))
    if not answer.ready:
        raise typer.Exit(NOT_READY)


def _planned(planning: options.Planning) -> PlannedDeployment | None:
    from rtaudit.collect.preflight import PlannedDeployment

    more: dict[str, Any] = {name: getattr(planning, name) for name in ("version", "sku", "capacity", "region")}
    stated = {name: value for name, value in more.items() if value is not None}
    if planning.model is None:
        if stated:
            option = next(iter(stated))
            raise UsageError(f"--{option} describes a planned deployment, and --model is missing", "add --model NAME")
        return None
    return PlannedDeployment(planning.model, **stated)


def _plans(planned: PlannedDeployment, accounts: Sequence[str]) -> list[Expected]:
    """The plan at each account that is named, or in the region that is."""
    from rtaudit.collect.preflight import Expected

    if not accounts and planned.region is None:
        raise UsageError(
            "--model says what is planned, and not where", "add -a ACCOUNT, --region REGION or --expect FILE"
        )
    return [Expected(name, source="--model", planned=planned) for name in accounts or [""]]


def _expected(
    expecting: options.Expecting, environment: str | None, planned: PlannedDeployment | None
) -> list[Expected]:
    from rtaudit.api.live import expectations
    from rtaudit.collect.preflight import Expected

    found = expectations(expecting.expect, environment, planned)
    for text in expecting.expect_deployment:
        account, slash, name = text.rpartition("/")
        if not slash or not account or not name:
            raise UsageError(f"'{text}' is not a deployment", "write --expect-deployment ACCOUNT/NAME")
        found.append(Expected(account, deployment=name, source="--expect-deployment"))
    for text in expecting.expect_region:
        account, equals, region = text.partition("=")
        if not equals or not account or not region:
            raise UsageError(f"'{text}' is not a region of an account", "write --expect-region ACCOUNT=REGION")
        found.append(Expected(account, region=region, source="--expect-region"))
    return found
