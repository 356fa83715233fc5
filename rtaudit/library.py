"""rtaudit as a library: the names that `from rtaudit import …` gives. Files and values in, values out; no network, no exit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtaudit.errors import RtauditError, UsageError
from rtaudit.policy import Pack
from rtaudit.policy import load_policies as _load_policies
from rtaudit.report import Finding, Report
from rtaudit.report import load as _load_report
from rtaudit.snapshot import Snapshot
from rtaudit.snapshot import load as _load_snapshot

if TYPE_CHECKING:
    from rtaudit.drift import Drift


def load_snapshot(path: str | Path) -> Snapshot:
    """The snapshot in a file that `rtaudit collect` wrote (`-` is standard input). Raises RtauditError."""
    return _load_snapshot(path)


def load_report(path: str | Path) -> Report:
    """The report in a file that `rtaudit check -o json` wrote. Raises RtauditError."""
    return _load_report(str(path))


def load_drift(path: str | Path) -> Drift:
    """The drift in a file that `rtaudit diff -o json` wrote. Raises RtauditError."""
    from rtaudit.drift import load

    return load(str(path))


def load_policies(names: Sequence[str], params: Mapping[str, Any] | None = None) -> list[Pack]:
    """The packs of these names (or files, or folders), with `params` set on each. Raises RtauditError."""
    return _load_policies(names, params)


def check(
    snapshots: Sequence[Snapshot],
    policies: Sequence[str | Pack] = ("production",),
    *,
    params: Mapping[str, Any] | None = None,
    as_of: date | None = None,
    fail_on: str = "high",
    allow_unknown: bool | Sequence[str] = False,
    waivers: str | Path | None = None,
    baseline: Report | None = None,
) -> Report:
    """Judge snapshots by policies, as `rtaudit check` does: `report.verdict` is `ready`, `notReady` or `incomplete`.

    A policy is a pack, or the name or path of one; `params` sets parameters of those that are named. `as_of` is the day to
    judge by (today, UTC). `fail_on` is the severity from which a failure gates, or `none`; `allow_unknown` is True, or the
    rules whose unknown does not gate. `waivers` is a file. Where a snapshot holds client contracts and no policy judges them,
    the pack `client` joins. Raises RtauditError.
    """
    from rtaudit.policy import check as judge
    from rtaudit.policy import join_policies, load_waivers

    _known_severity(fail_on)
    if not snapshots:
        raise UsageError("no snapshot was given", "give at least one")
    packs = [policy for policy in policies if isinstance(policy, Pack)]
    judged = {rule.each for pack in packs for rule in pack.rules.values()}
    contracts = "client" not in judged and any(snapshot.clients for snapshot in snapshots)
    names = [policy for policy in policies if not isinstance(policy, Pack)]
    packs += join_policies(names, params, contracts=contracts, probes=False)
    return judge(
        snapshots,
        packs,
        as_of=as_of,
        fail_on=fail_on,
        allow_unknown=allow_unknown,
        waivers=load_waivers(waivers) if waivers is not None else (),
        baseline=baseline,
    )


def diff(
    base: Snapshot,
    *others: Snapshot,
    drift_policy: str | Path | None = None,
    role_map: str | Path | None = None,
    pair_by_tag: str | None = None,
    as_of: date | None = None,
    fail_on: str = "low",
    policies: Sequence[str | Pack] = ("production",),
) -> Drift:
    """Compare a snapshot with others, as `rtaudit diff` does: `drift.verdict` is `same`, `drift` or `incomplete`.

    `drift_policy` and `role_map` are files; `pair_by_tag` the tag whose value is an account's role. Entries of the policy
    expire by `as_of` (today, UTC). Each change carries the rules of `policies` that it turns. Raises RtauditError.
    """
    from rtaudit.drift import diff as compare
    from rtaudit.drift import load_map, load_policy
    from rtaudit.drift.rolemap import NO_MAP
    from rtaudit.impact.join import join_rules

    _known_severity(fail_on)
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
    if not policies:
        return drift
    packs = [one for policy in policies for one in ([policy] if isinstance(policy, Pack) else _load_policies([policy]))]
    return join_rules(drift, snapshots, packs, today)


def render_as(answer: Report | Drift, format: str = "table", **options: Any) -> str:  # noqa: A002 (the option's name)
    """A report or a drift as text, in one of the formats of `rtaudit render`.

    `options` are the fields of `rtaudit.render.Options`: `width`, `colour`, `group_by`, `show`, `snapshots`.
    Raises RtauditError for an unknown format.
    """
    from rtaudit.render import render as write
    from rtaudit.render import whole

    return whole(write(answer, format, **options))


def _known_severity(fail_on: str) -> None:
    from rtaudit.errors import allowed_hint
    from rtaudit.report import SEVERITIES

    allowed = (*SEVERITIES, "none")
    if fail_on not in allowed:
        raise UsageError(f"fail_on cannot be '{fail_on}'", allowed_hint(fail_on, allowed))


def __getattr__(name: str) -> object:
    # deepdiff takes its time; who never compares does not pay for it.
    if name == "Drift":
        from rtaudit.drift import Drift

        return Drift
    raise AttributeError(f"module 'rtaudit.library' has no attribute '{name}'")


__all__ = [
    "Drift",
    "Finding",
    "Pack",
    "Report",
    "RtauditError",
    "Snapshot",
    "check",
    "diff",
    "load_drift",
    "load_policies",
    "load_report",
    "load_snapshot",
    "render_as",
]
