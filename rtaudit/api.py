"""API: everything that a command does, as functions of values; `from rtaudit import …` offers the same.

Every function raises RtauditError (or one of its kinds) for what a person can put right, and writes nothing anywhere but
where a folder or file to write is a parameter. `collect`, `preflight` and `probe` reach a network; nothing else does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtaudit.contract.attach import probes_of, with_contracts
from rtaudit.errors import InputError, RtauditError, UsageError, allowed_hint
from rtaudit.policy import Pack, Waiver, join_policies, load_policies, load_waivers, opt_in_aspects
from rtaudit.report import Finding, Report
from rtaudit.report import load as load_report
from rtaudit.report.gate import check_threshold
from rtaudit.snapshot import Snapshot
from rtaudit.snapshot import load as load_snapshot
from rtaudit.snapshot import write as write_snapshot
from rtaudit.snapshot.merge import merge
from rtaudit.snapshot.redact import redact

if TYPE_CHECKING:
    from rtaudit.collect import Collected, Request, Watch
    from rtaudit.collect.preflight import Expected, Preflight
    from rtaudit.drift import Drift
    from rtaudit.policy.cases import CaseResult
    from rtaudit.policy.lint import Complaint
    from rtaudit.scan.run import Scan

DEFAULT_POLICY = ("production",)
"""The packs that check where none is named."""

EVERYTHING = "all"
"""What `--allow-unknown` without a value means."""


def load_drift(path: str | Path) -> Drift:
    """The drift in a file that `rtaudit diff -o json` wrote. Raises InputError."""
    from rtaudit.drift import load

    return load(str(path))


class Checker:
    """How snapshots are checked: packs, waivers, baseline and gate, loaded and validated once."""

    def __init__(
        self,
        policies: Sequence[str | Pack] = DEFAULT_POLICY,
        *,
        params: Mapping[str, Any] | None = None,
        as_of: date | None = None,
        fail_on: str = "high",
        allow_unknown: bool | Sequence[str] = False,
        waivers: str | Path | Sequence[Waiver] | None = None,
        baseline: str | Path | Report | None = None,
    ) -> None:
        """A policy is a pack, or the name or path of one; the other parameters are those of `check`.

        Raises UsageError or InputError for what cannot hold, before anything is read from Azure.
        """
        check_threshold(fail_on)
        self._names = [one for one in policies if not isinstance(one, Pack)]
        self._given = [one for one in policies if isinstance(one, Pack)]
        self._params = dict(params or {})
        self._as_of = as_of
        self._fail_on = fail_on
        self._allow_unknown = allow_unknown
        self._waiver_file = waivers if isinstance(waivers, str | Path) else None
        self._waivers = load_waivers(waivers) if isinstance(waivers, str | Path) else waivers or ()
        self._baseline_name = None if baseline is None or isinstance(baseline, Report) else Path(baseline).name
        self._baseline = baseline if baseline is None or isinstance(baseline, Report) else load_report(baseline)

    def packs(self, *, contracts: bool = False, probes: bool = False) -> list[Pack]:
        """The packs that check; those for contracts and probes too, where there are any and no other pack checks them."""
        judged = {rule.each for pack in self._given for rule in pack.rules.values()}
        return self._given + join_policies(
            self._names,
            self._params,
            contracts=contracts and "client" not in judged,
            probes=probes and "probe" not in judged,
        )

    def aspects(self, *, contracts: bool = False, probes: bool = False) -> list[str]:
        """The opt-in aspects that the rules read: what a collection for them must ask for."""
        return opt_in_aspects(self.packs(contracts=contracts, probes=probes))

    def check(
        self,
        snapshots: Sequence[Snapshot],
        *,
        contracts: Sequence[str | Path] = (),
        probes: Sequence[str | Path] = (),
        evidence: str | Path | None = None,
        command: Sequence[str] = (),
    ) -> Report:
        """The report of these snapshots; the parameters are those of `rtaudit.check`. Raises RtauditError."""
        from rtaudit.policy import check as run

        if not snapshots:
            raise UsageError("no snapshot was given", "give at least one")
        snapshots, warnings = with_contracts(snapshots, [str(path) for path in contracts])
        probed = probes_of(snapshots, [str(path) for path in probes]) if probes else ()
        packs = self.packs(contracts=any(one.clients for one in snapshots), probes=bool(probed))
        report = run(
            snapshots,
            packs,
            as_of=self._as_of,
            fail_on=self._fail_on,
            allow_unknown=self._allowed({rule for pack in packs for rule in pack.rules}),
            waivers=self._waivers,
            baseline=self._baseline,
            baseline_name=self._baseline_name,
            probes=probed,
        )
        if warnings:
            report = replace(report, warnings=[*warnings, *report.warnings])
        if evidence is not None:
            from rtaudit.evidence.bundle import write

            write(
                evidence, report, snapshots=snapshots, packs=packs, waivers=self._waiver_file,
                baseline=self._baseline, probes=probed, command=command,
            )  # fmt: skip
        return report

    def _allowed(self, known: set[str]) -> bool | Sequence[str]:
        if isinstance(self._allow_unknown, bool):
            return self._allow_unknown
        for rule in self._allow_unknown:
            if rule not in known and rule != EVERYTHING:
                raise UsageError(f"--allow-unknown={rule}: no such rule is selected", allowed_hint(rule, known)[:300])
        return True if EVERYTHING in self._allow_unknown else list(self._allow_unknown)


def check(
    snapshots: Sequence[Snapshot],
    policies: Sequence[str | Pack] = DEFAULT_POLICY,
    *,
    params: Mapping[str, Any] | None = None,
    as_of: date | None = None,
    fail_on: str = "high",
    allow_unknown: bool | Sequence[str] = False,
    waivers: str | Path | Sequence[Waiver] | None = None,
    baseline: str | Path | Report | None = None,
    contracts: Sequence[str | Path] = (),
    probes: Sequence[str | Path] = (),
    evidence: str | Path | None = None,
) -> Report:
    """Check snapshots by policies, as `rtaudit check` does: `report.verdict` is `ready`, `notReady` or `incomplete`.

    A policy is a pack, or the name or path of one; `params` sets parameters of those that are named. `as_of` is the day to
    check by (today, UTC). `fail_on` is the severity from which a failure gates, or `none`; `allow_unknown` is True, or the
    rules whose unknown does not gate. `waivers` is a file, or what it holds; `baseline` a report, or its file. `contracts`
    are files of client contracts (in place of the snapshots' own), `probes` files that `rtaudit probe` wrote. Where there
    are contracts or probes and no policy checks them, the packs `client` and `probe` join. `evidence` is a folder to write
    with everything that the report follows from. Raises RtauditError.
    """
    how = Checker(
        policies, params=params, as_of=as_of, fail_on=fail_on, allow_unknown=allow_unknown, waivers=waivers,
        baseline=baseline,
    )  # fmt: skip
    return how.check(snapshots, contracts=contracts, probes=probes, evidence=evidence)


def diff(
    base: Snapshot,
    *others: Snapshot,
    drift_policy: str | Path | None = None,
    role_map: str | Path | None = None,
    pair_by_tag: str | None = None,
    as_of: date | None = None,
    fail_on: str = "low",
    rules: Sequence[str | Pack] = DEFAULT_POLICY,
) -> Drift:
    """Compare a snapshot with others, as `rtaudit diff` does: `drift.verdict` is `same`, `drift` or `incomplete`.

    `drift_policy` and `role_map` are files; `pair_by_tag` the tag whose value is an account's role. Entries of the policy
    expire by `as_of` (today, UTC). `rules` are the packs whose rules are named beside the changes that turn their outcome;
    none: `()`. Raises RtauditError.
    """
    from rtaudit.drift import diff as compare
    from rtaudit.drift import load_map, load_policy
    from rtaudit.drift.rolemap import NO_MAP

    check_threshold(fail_on)
    today = as_of or datetime.now(UTC).date()
    snapshots = [base, *others]
    drift = compare(
        snapshots,
        load_policy(drift_policy, today),
        as_of=today,
        role_map=NO_MAP if role_map is None else load_map(str(role_map), snapshots),
        tag=pair_by_tag,
        fail_on=fail_on,
    )
    if not rules or not any(one.summary["drift"] for one in drift.comparisons):
        return drift
    from rtaudit.impact.join import join_rules

    packs = [one for one in rules if isinstance(one, Pack)]
    packs += load_policies([one for one in rules if not isinstance(one, Pack)])
    return join_rules(drift, snapshots, packs, today)


def load_revision(revision: str, path: str | Path) -> Snapshot:
    """The snapshot in a file as it was at a git revision. Raises InputError."""
    from rtaudit.drift.revisions import load_revision as load

    return load(revision, str(path))


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
) -> Request:
    """What `collect` and `preflight` take: what is to be read. The parameters are the options of `rtaudit collect`.

    `packs` and `also` add the opt-in aspects that these packs read, and these aspects. Raises UsageError and InputError.
    """
    from rtaudit.collect import Request, Shard, choose_aspects, refill
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
        return refill(load_snapshot(fill), Request(tenant=tenant, clients=clients))
    if subscriptions and all_subscriptions:
        raise UsageError("-s and --all-subscriptions contradict each other", "leave one of them out")
    label = environment if environment is not None else "default"
    if not label.strip():
        raise UsageError("--environment is empty", "a label such as prod")
    named = [one for one in packs if isinstance(one, Pack)]
    named += load_policies([one for one in packs if not isinstance(one, Pack)])
    return Request(
        subscriptions=tuple(subscriptions),
        all_subscriptions=all_subscriptions,
        groups=tuple(resource_groups),
        accounts=tuple(accounts),
        aspects=choose_aspects(aspects, skip, [*also, *opt_in_aspects(named)]),
        environment=label,
        tenant=tenant,
        shard=Shard.parse(shard) if shard else None,
        clients=clients,
    )


def collect(
    request: Request,
    *,
    cloud: str = "AzureCloud",
    arm_endpoint: str | None = None,
    audience: str | None = None,
    auth: str = "default",
    credential: Any = None,
    concurrency: int = 48,
    timeout: float | None = None,
    watch: Watch | None = None,
) -> Collected:
    """Read Azure as `rtaudit collect` does, by GET requests only: `collected.snapshot`, and whether it is whole.

    `request` is what `collection` gives. `credential` is any credential of azure-identity in place of what `auth` finds;
    `timeout` the seconds after which the collection ends with what there is; `watch` looks on and stops.
    Raises CredentialError and RtauditError.
    """
    from rtaudit.collect import Identity, Limits, find_endpoint, find_identity
    from rtaudit.collect import collect as run

    endpoint = find_endpoint(cloud, arm_endpoint, audience)
    identity = find_identity(endpoint, auth, request.tenant) if credential is None else Identity(credential)
    return run(request, endpoint, identity, Limits(concurrency=concurrency, budget=timeout), watch)


def preflight(
    request: Request,
    expected: Sequence[Expected] = (),
    *,
    cloud: str = "AzureCloud",
    arm_endpoint: str | None = None,
    audience: str | None = None,
    auth: str = "default",
    credential: Any = None,
    timeout: float | None = None,
    watch: Watch | None = None,
) -> Preflight:
    """Say whether a collection of `request` would see everything, as `rtaudit preflight` does.

    `expected` is what must be there; the other parameters are those of `collect`. Raises CredentialError and RtauditError.
    """
    from rtaudit.collect import Identity, Limits, find_endpoint, find_identity
    from rtaudit.collect.preflight import preflight as run

    endpoint = find_endpoint(cloud, arm_endpoint, audience)
    identity = find_identity(endpoint, auth, request.tenant) if credential is None else Identity(credential)
    return run(request, endpoint, identity, expected, Limits(budget=timeout), watch)


def probe(
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

    `plan` are the fields of `rtaudit.probe.Plan`: `count`, `concurrency`, `timeout`, `budget` (seconds), `ca_file`,
    `connect_to`, `sessions`. Raises CredentialError and RtauditError.
    """
    from rtaudit.collect import Identity, find_endpoint, find_identity
    from rtaudit.probe import Plan, check_host, choose_target
    from rtaudit.probe import probe as run

    target = choose_target(
        snapshot=None if snapshot is None else load_snapshot(snapshot), account=account, deployment=deployment,
        client=None if client is None else str(client), environment=environment, endpoint=endpoint, cloud=cloud,
    )  # fmt: skip
    token: Callable[[], str] | None = None
    how = Plan(**plan)
    if how.sessions:
        check_host(target, allow_hosts)
        found = find_identity(find_endpoint(target.cloud), auth, tenant) if credential is None else Identity(credential)
        token = lambda: found.get_token(f"{target.audience}/.default").token  # noqa: E731
    return run(target, how, token)


def verify(path: str | Path) -> Snapshot | Report:
    """The snapshot in a file, or the report in a folder of evidence, where it is what it was when it was written.

    Of a folder every file's SHA-256 is compared, and the check is made again. Raises InputError for what was changed.
    """
    if Path(path).is_dir():
        from rtaudit.evidence.bundle import verify as verify_evidence

        return verify_evidence(path)
    snapshot = load_snapshot(path)
    if snapshot.recorded_digest is None:
        raise InputError(
            f"{path} records no digest: nothing to compare with", "collect again, or keep its SHA-256 elsewhere"
        )
    if snapshot.recorded_digest != snapshot.digest:
        raise InputError(
            f"{path} was changed after it was written: it says {snapshot.recorded_digest}, its content has {snapshot.digest}",
            "take the original; a snapshot is never edited by hand",
        )
    return snapshot


def render_as(answer: Report | Drift, format: str = "table", **options: Any) -> str:  # noqa: A002 (the option's name)
    """A report or a drift as text, in one of the formats of `rtaudit render`.

    `options` are the fields of `rtaudit.render.Options`: `width`, `colour`, `group_by`, `show`, `snapshots`.
    Raises RtauditError for an unknown format.
    """
    from rtaudit.render import render, whole

    return whole(render(answer, format, **options))


def scan(path: str | Path) -> Scan:
    """What a client's source says, as `rtaudit client scan` does: findings, what was not read. Raises InputError."""
    from rtaudit.scan.run import scan as run

    return run(path)


def draft_contract(
    snapshots: Sequence[Snapshot], name: str = "client", account: str | None = None, deployment: str | None = None
) -> str:
    """A client contract (YAML) made from snapshots, to be completed, as `rtaudit client init` does. Raises UsageError."""
    from rtaudit.scan.draft import from_snapshots, write

    return write(from_snapshots(snapshots, name, account, deployment))


def lint(path: str | Path | None = None, snapshots: Sequence[Snapshot] = ()) -> list[Complaint]:
    """What is wrong with a policy folder, a pack or a file of rules (the library unless given). Raises InputError."""
    from rtaudit import assets
    from rtaudit.policy.lint import lint as run

    return run(Path(path) if path is not None else assets.policies(), snapshots)


def test_policies(path: str | Path | None = None) -> list[CaseResult]:
    """The results of the cases beside rules (the library's unless given): those that failed have a `problem`.

    Raises InputError where there are no cases.
    """
    from rtaudit import assets
    from rtaudit.policy.cases import find_case_files, load_cases, run

    target = Path(path) if path is not None else assets.policies() / "rules"
    files = find_case_files(target)
    if not files:
        raise InputError(
            f"there are no cases at {target}", "cases are beside a rule file: network.yaml, network.cases.yaml"
        )
    return [result for file in map(load_cases, files) for result in run(file)]


test_policies.__test__ = False  # type: ignore[attr-defined]  # no test of pytest

__all__ = [
    "Checker", "Finding", "Pack", "Report", "RtauditError", "Snapshot", "Waiver", "check", "collect", "collection",
    "diff", "draft_contract", "lint", "load_drift", "load_policies", "load_report", "load_revision", "load_snapshot",
    "load_waivers", "merge", "preflight", "probe", "redact", "render_as", "scan", "test_policies", "verify",
    "write_snapshot",
]  # fmt: skip
