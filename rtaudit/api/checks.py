"""Checks: a report of snapshots, and a drift between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtaudit.contract.attach import probes_of, with_contracts
from rtaudit.errors import UsageError, allowed_hint
from rtaudit.policy import Pack, Waiver, join_policies, load_policies, load_waivers, opt_in_aspects
from rtaudit.report import Report
from rtaudit.report import load as load_report
from rtaudit.report.gate import check_threshold
from rtaudit.snapshot import Snapshot, refuse_edited

if TYPE_CHECKING:
    from rtaudit.drift import Drift
    from rtaudit.report.runbook import Runbook

DEFAULT_POLICY = ("production",)
"""The packs that check where none is named."""

EVERYTHING = "all"
"""What `--allow-unknown` without a value means."""


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
        allow_edited: bool = False,
    ) -> None:
        """A policy is a pack, or the name or path of one; the other parameters are those of `check`.

        Raises UsageError or InputError for what cannot hold, before anything is read from Azure.
        """
        check_threshold(fail_on)
        self.attached: Sequence[Snapshot] = ()
        """The snapshots of the last check, with the contracts that were given for them."""
        self._last: tuple[Sequence[Pack], Sequence[Any]] | None = None
        self._names = [one for one in policies if not isinstance(one, Pack)]
        self._given = [one for one in policies if isinstance(one, Pack)]
        self._params = dict(params or {})
        self._packs: dict[tuple[bool, bool], list[Pack]] = {}
        self._as_of = as_of
        self._fail_on = fail_on
        self._allow_unknown = allow_unknown
        self._allow_edited = allow_edited
        self._waiver_file = waivers if isinstance(waivers, str | Path) else None
        self._waivers = load_waivers(waivers) if isinstance(waivers, str | Path) else waivers or ()
        self._baseline_name = None if baseline is None or isinstance(baseline, Report) else Path(baseline).name
        self._baseline = baseline if baseline is None or isinstance(baseline, Report) else load_report(baseline)

    def packs(self, *, contracts: bool = False, probes: bool = False) -> list[Pack]:
        """The packs that check; those for contracts and probes too, where there are any and no other pack checks them."""
        asked = contracts, probes
        if asked not in self._packs:
            evaluated = {rule.each for pack in self._given for rule in pack.rules.values()}
            self._packs[asked] = self._given + join_policies(
                self._names,
                self._params,
                contracts=contracts and "client" not in evaluated,
                probes=probes and "probe" not in evaluated,
            )
        return self._packs[asked]

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
        steps: bool = True,
    ) -> Report:
        """The report of these snapshots; the parameters are those of `rtaudit.check`. Raises RtauditError.

        Without `steps` its observations hold the lines of their fix alone, as the document does.
        """
        from rtaudit.policy import check as run

        packs, probed, warnings = self._prepare(snapshots, contracts, probes)
        snapshots = self.attached
        self._last = (packs, probed)
        report = run(snapshots, packs, **self._terms(packs), probes=probed, steps=steps)
        if warnings:
            report = replace(report, warnings=[*warnings, *report.warnings])
        if evidence is not None:
            from rtaudit.evidence.bundle import write

            write(
                evidence, report, snapshots=snapshots, packs=packs, waivers=self._waiver_file,
                baseline=self._baseline, probes=probed, command=command,
            )  # fmt: skip
        return report

    def runbook(
        self,
        snapshots: Sequence[Snapshot],
        *,
        contracts: Sequence[str | Path] = (),
        probes: Sequence[str | Path] = (),
        all_failures: bool = False,
        answers: Mapping[str, str] | None = None,
    ) -> Runbook:
        """The steps to ready of these snapshots; the parameters are those of `rtaudit.make_runbook`. Raises RtauditError."""
        from rtaudit.runbook import runbook

        packs, probed, warnings = self._prepare(snapshots, contracts, probes)
        terms = self._terms(packs)
        found = runbook(self.attached, packs, **terms, probes=probed, all_failures=all_failures, answers=answers)
        if any(one.planned for one in self.attached):
            from rtaudit.plan.backwards import with_code

            found = with_code(found, self.attached)
        return replace(found, warnings=[*warnings, *found.warnings])

    def steps_of(self, report: Report) -> Runbook | None:
        """The steps to ready of the last check, for its page; None where it is ready, or where they would take long."""
        from rtaudit.runbook import runbook
        from rtaudit.runbook.plan import ONE_BY_ONE

        large = sum(len(one.resources) for one in self.attached) > ONE_BY_ONE
        if self._last is None or report.verdict == "ready" or large:
            return None
        packs, probed = self._last
        return runbook(self.attached, packs, **self._terms(packs), probes=probed)

    def _prepare(
        self, snapshots: Sequence[Snapshot], contracts: Sequence[str | Path], probes: Sequence[str | Path]
    ) -> tuple[list[Pack], Sequence[Any], Sequence[str]]:
        """The packs, the probes and the warnings; the snapshots with their contracts are `attached`."""
        if not snapshots:
            raise UsageError("no snapshot was given", "give at least one")
        for snapshot in snapshots if not self._allow_edited else ():
            refuse_edited(snapshot, "; --allow-edited checks it, and every output says so")
        self.attached, warnings = with_contracts(snapshots, [str(path) for path in contracts])
        probed = probes_of(self.attached, [str(path) for path in probes]) if probes else ()
        return self.packs(contracts=any(one.clients for one in self.attached), probes=bool(probed)), probed, warnings

    def _terms(self, packs: Sequence[Pack]) -> dict[str, Any]:
        return {
            "as_of": self._as_of,
            "fail_on": self._fail_on,
            "allow_unknown": self._allowed({rule for pack in packs for rule in pack.rules}),
            "waivers": self._waivers,
            "baseline": self._baseline,
            "baseline_name": self._baseline_name,
        }

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
    allow_edited: bool = False,
) -> Report:
    """Check snapshots by policies, as `rtaudit check` does: `report.verdict` is `ready`, `notReady` or `incomplete`.

    A policy is a pack, or the name or path of one; `params` sets parameters of those that are named. `as_of` is the day to
    check by (today, UTC). `fail_on` is the severity from which a failure gates, or `none`; `allow_unknown` is True, or the
    rules whose unknown does not gate. `waivers` is a file, or what it holds; `baseline` a report, or its file. `contracts`
    are files of client contracts (in place of the snapshots' own), `probes` files that `rtaudit probe` wrote. Where there
    are contracts or probes and no policy checks them, the packs `client` and `probe` join. `evidence` is a folder to write
    with everything that the report follows from. A snapshot whose digest does not fit its content is refused (InputError)
    unless `allow_edited`. Raises RtauditError.
    """
    how = Checker(
        policies, params=params, as_of=as_of, fail_on=fail_on, allow_unknown=allow_unknown, waivers=waivers,
        baseline=baseline, allow_edited=allow_edited,
    )  # fmt: skip
    return how.check(snapshots, contracts=contracts, probes=probes, evidence=evidence)


def make_runbook(
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
    all_failures: bool = False,
    answers: Mapping[str, str] | None = None,
) -> Runbook:
    """The steps that make snapshots ready, as `rtaudit runbook` prints them: in order, each proved on an edited copy.

    The parameters are those of `check`; `all_failures` takes what does not block too, `answers` are values for what
    commands ask for. `runbook.verdict` is that of `check` after the last step. Nothing is executed. Raises RtauditError.
    """
    how = Checker(
        policies, params=params, as_of=as_of, fail_on=fail_on, allow_unknown=allow_unknown, waivers=waivers,
        baseline=baseline,
    )  # fmt: skip
    return how.runbook(snapshots, contracts=contracts, probes=probes, all_failures=all_failures, answers=answers)


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
