"""Live: what reaches a network: a collection, its preflight, a probe."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtaudit.errors import InputError, UsageError
from rtaudit.snapshot import load as load_snapshot
from rtaudit.snapshot import load_unedited

if TYPE_CHECKING:
    from rtaudit.collect import Collected, CollectionObserver, CollectionRequest, Endpoint, Identity
    from rtaudit.collect.preflight import Expected, PlannedDeployment, Preflight
    from rtaudit.policy import Pack


def collection(
    subscriptions: Sequence[str] = (),
    *,
    all_subscriptions: bool = False,
    resource_groups: Sequence[str] = (),
    accounts: Sequence[str] = (),
    environment: str | None = None,
    aspects: Sequence[str] = (),
    skip: Sequence[str] = (),
    packs: Sequence[str | Pack] = (),
    also: Sequence[str] = (),
    contracts: Sequence[str | Path] = (),
    fill: str | Path | None = None,
    shard: str | None = None,
    tenant: str | None = None,
) -> CollectionRequest:
    """What `collect_snapshot` and `preflight` take: what is to be read. The parameters are the options of `rtaudit collect`.

    `packs` and `also` add the opt-in aspects that these packs read, and these aspects. Raises UsageError and InputError.
    """
    from rtaudit.collect import CollectionRequest, Shard, choose_aspects, refill
    from rtaudit.contract import load_contract
    from rtaudit.contract.sections import covers

    clients = tuple(load_contract(str(file)) for file in contracts)
    for file, contract in zip(contracts, clients, strict=True):
        if environment is not None and not covers(contract, environment):
            raise InputError(
                f"{file}: the contract {contract['name']} has no section for '{environment}'",
                f"its environments: {', '.join(contract.get('environments', ()))}",
            )
    if fill is not None:
        given = [
            name
            for name, value in (
                ("-s", subscriptions), ("--all-subscriptions", all_subscriptions), ("-g", resource_groups),
                ("-a", accounts), ("-e", environment), ("--aspect", aspects), ("--skip", skip), ("--shard", shard),
            )
            if value
        ]  # fmt: skip
        if given:
            do = "does" if len(given) == 1 else "do"
            raise UsageError(
                f"--fill takes the scope from the snapshot; {', '.join(given)} {do} not go with it",
                "leave it out, or collect anew without --fill",
            )
        return refill(load_unedited(fill), CollectionRequest(tenant=tenant, clients=clients))
    if subscriptions and all_subscriptions:
        raise UsageError("-s and --all-subscriptions contradict each other", "leave one of them out")
    label = environment if environment is not None else "default"
    if not label.strip():
        raise UsageError("--environment is empty", "a label such as prod")
    if packs:
        from rtaudit.policy import load_policies, opt_in_aspects

        named = [one for one in packs if not isinstance(one, str)]
        also = [*also, *opt_in_aspects([*named, *load_policies([one for one in packs if isinstance(one, str)])])]
    return CollectionRequest(
        subscriptions=tuple(subscriptions),
        all_subscriptions=all_subscriptions,
        groups=tuple(resource_groups),
        accounts=tuple(accounts),
        aspects=choose_aspects(aspects, skip, also),
        environment=label,
        tenant=tenant,
        shard=Shard.parse(shard) if shard else None,
        clients=clients,
    )


def collect_snapshot(
    request: CollectionRequest,
    *,
    cloud: str = "AzureCloud",
    arm_endpoint: str | None = None,
    audience: str | None = None,
    allowed_audiences: Collection[tuple[str, str]] = (),
    auth: str = "default",
    credential: Any = None,
    concurrency: int = 48,
    timeout: float | None = None,
    watch: CollectionObserver | None = None,
) -> Collected:
    """Read Azure as `rtaudit collect` does, by GET requests only: `collected.snapshot`, and whether it is whole.

    `request` is what `collection` gives. `credential` is any credential of azure-identity in place of what `auth` finds;
    `allowed_audiences` are pairs of a custom endpoint and an audience that is not of its host;
    `timeout` the seconds after which the collection ends with what there is; `watch` looks on and stops.
    Raises CredentialError and RtauditError.
    """
    from rtaudit.collect import Limits
    from rtaudit.collect import collect as run

    endpoint, identity = _login(cloud, (arm_endpoint, audience, allowed_audiences), auth, request.tenant, credential)
    with closing(identity):
        return run(request, endpoint, identity, Limits(concurrency=concurrency, budget=timeout), watch)


def expectations(
    contracts: Sequence[str | Path], environment: str | None = None, planned: PlannedDeployment | None = None
) -> list[Expected]:
    """What client contracts expect to be there, for `preflight`: accounts, deployments, the caller's role.

    `environment` chooses the contracts' section; `planned` is what their deployment is to be.
    Raises UsageError for a contract that names no account there.
    """
    from rtaudit.collect.preflight import expected_of
    from rtaudit.contract import load_contract

    found: list[Expected] = []
    for path in map(str, contracts):
        contract = load_contract(path)
        some = list(expected_of(contract, environment, path, planned))
        if not some:
            of = f" for the environment '{environment}'" if environment else ""
            sections = ", ".join(contract.get("environments") or {})
            raise UsageError(
                f"{path} names no account{of}, so nothing of it can be expected",
                f"give --environment; the contract covers: {sections}" if sections else "name one as `account` in it",
            )
        found += some
    return found


def preflight(
    request: CollectionRequest,
    expected: Sequence[Expected] = (),
    *,
    cloud: str = "AzureCloud",
    arm_endpoint: str | None = None,
    audience: str | None = None,
    allowed_audiences: Collection[tuple[str, str]] = (),
    auth: str = "default",
    credential: Any = None,
    timeout: float | None = None,
    watch: CollectionObserver | None = None,
) -> Preflight:
    """Say whether a collection of `request` would see everything, as `rtaudit preflight` does.

    `expected` is what must be there, such as what `expectations` gives; the other parameters are those of `collect_snapshot`. Raises CredentialError and RtauditError.
    """
    from rtaudit.collect import Limits
    from rtaudit.collect.preflight import preflight as run

    endpoint, identity = _login(cloud, (arm_endpoint, audience, allowed_audiences), auth, request.tenant, credential)
    with closing(identity):
        return run(request, endpoint, identity, expected, Limits(budget=timeout), watch)


def probe_endpoint(
    *,
    snapshot: str | Path | None = None,
    account: str | None = None,
    deployment: str | None = None,
    client: str | Path | None = None,
    environment: str | None = None,
    endpoint: str | None = None,
    cloud: str | None = None,
    allow_hosts: Sequence[str] = (),
    auth: str = "default",
    tenant: str | None = None,
    credential: Any = None,
    **plan: Any,
) -> dict[str, Any]:
    """Open realtime sessions and close them, as `rtaudit probe` does: the document `rtaudit.probe/1`.

    `plan` are the fields of `rtaudit.probe.ProbeOptions`: `count`, `concurrency`, `timeout`, `budget` (seconds), `ca_file`,
    `connect_to`, `sessions`. Raises CredentialError and RtauditError.
    """
    from rtaudit.probe import ProbeOptions, check_host, choose_target
    from rtaudit.probe import probe as run

    target = choose_target(
        snapshot=None if snapshot is None else load_snapshot(snapshot), account=account, deployment=deployment,
        client=None if client is None else str(client), environment=environment, endpoint=endpoint, cloud=cloud,
    )  # fmt: skip
    how = ProbeOptions(**plan)
    if how.sessions:
        check_host(target, allow_hosts)
        _, identity = _login(target.cloud, (None, None, ()), auth, tenant, credential)
        with closing(identity):
            return run(target, how, partial(_token, identity, f"{target.audience}/.default"))
    return run(target, how, None)


def _login(
    cloud: str,
    custom: tuple[str | None, str | None, Collection[tuple[str, str]]],
    auth: str,
    tenant: str | None,
    credential: Any,
) -> tuple[Endpoint, Identity]:
    from rtaudit.collect import Identity, find_endpoint, find_identity

    endpoint = find_endpoint(cloud, *custom)
    return endpoint, find_identity(endpoint, auth, tenant) if credential is None else Identity(credential)


def _token(identity: Identity, scope: str) -> str:
    return identity.get_token(scope).token
