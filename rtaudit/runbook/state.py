"""State: holds an edited snapshot with its findings, and checks again what a change can have changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import RESOURCE_TYPES
from rtaudit.policy import Pack, Waiver
from rtaudit.policy.edit import edited, find
from rtaudit.policy.evaluate import evaluate, join_packs
from rtaudit.policy.rules import BoundRule
from rtaudit.policy.waivers import apply_baseline, apply_waivers
from rtaudit.report import Finding, Gate, Report, at_or_above
from rtaudit.snapshot import Snapshot
from rtaudit.subjects import EstateIndex

FindingKey = tuple[str, str]
"""Rule and resource (lower case)."""

_LISTED: Mapping[str, frozenset[str]] = {
    "account": frozenset({"accounts"}),
    "deployment": frozenset({"accounts", "deployments"}),
    "realtimeDeployment": frozenset({"accounts", "deployments", "models"}),
    "privateEndpoint": frozenset({"accounts", "privateEndpoints"}),
    "subscription": frozenset({"accounts"}),
    "client": frozenset({"accounts"}),
}
"""Kind of subject -> the aspects that decide which subjects there are, and what stands in them."""


@dataclass(frozen=True)
class Terms:
    """How snapshots are judged: the options of `check`."""

    packs: Sequence[Pack]
    today: date
    fail_on: str
    allow_unknown: bool | Sequence[str]
    waivers: Sequence[Waiver]
    baseline: Report | None
    all_failures: bool

    @cached_property
    def bound(self) -> list[tuple[Pack, list[BoundRule]]]:
        """The packs with their rules compiled."""
        return [(pack, pack.bind(self.today)) for pack in self.packs]

    @cached_property
    def rules(self) -> dict[str, BoundRule]:
        """The compiled rules by id."""
        return {one.rule.id: one for _, rules in self.bound for one in rules}

    def gates(self, finding: Finding) -> bool:
        """Whether a finding keeps the report from being ready."""
        return Gate(self.fail_on, self.allow_unknown).blocks(finding)

    def wanted(self, finding: Finding) -> bool:
        """Whether a failure is one that the runbook is to mend."""
        if finding.outcome != "fail" or finding.known:
            return False
        return self.all_failures or at_or_above(finding.severity, self.fail_on)

    def judge(
        self, snapshot: Snapshot, probes: Sequence[dict[str, Any]], aspects: frozenset[str] | None
    ) -> list[Finding]:
        """The findings of a snapshot; with `aspects`, of the rules that can read one of them only."""
        world = EstateIndex(snapshot, probes)
        per_pack = [
            evaluate(world, [one for one in rules if aspects is None or _reads(one, aspects)], pack.name)
            for pack, rules in self.bound
        ]
        found = join_packs(per_pack, self.gates)
        apply_waivers(found, self.waivers, self.today)
        if self.baseline is not None:
            apply_baseline(found, self.baseline)
        return found


def _reads(bound: BoundRule, aspects: frozenset[str]) -> bool:
    return not aspects.isdisjoint(bound.reads | _LISTED.get(bound.rule.each, frozenset()))


@dataclass
class State:
    """A snapshot as the steps so far leave it."""

    snapshot: Snapshot
    terms: Terms
    probes: Sequence[dict[str, Any]] = ()
    findings: dict[FindingKey, Finding] = field(default_factory=dict)
    """By rule and resource."""

    @classmethod
    def of(cls, snapshot: Snapshot, terms: Terms, probes: Sequence[dict[str, Any]], known: Sequence[Finding]) -> State:
        """The state of a snapshot whose findings are known, or else are judged now."""
        findings = known or terms.judge(snapshot, probes, None)
        return cls(snapshot, terms, probes, {key_of(one): one for one in findings})

    def apply(self, changes: Sequence[Mapping[str, Any]]) -> list[tuple[Finding | None, Finding | None]]:
        """Edit the snapshot, judge again what can have changed, and return the findings that did, before and after.

        Raises EditError, and then nothing is changed.
        """
        after = edited(self.snapshot, changes)
        aspects = self._aspects(touched(self.snapshot, changes))
        self.snapshot = after
        now = {key_of(one): one for one in self.terms.judge(after, self.probes, aspects)}
        judged = {one for one, bound in self.terms.rules.items() if aspects is None or _reads(bound, aspects)}
        before = {key: one for key, one in self.findings.items() if key[0] in judged}
        for key in before:
            del self.findings[key]
        self.findings.update(now)
        keys = dict.fromkeys([*before, *now])
        return [(before.get(key), now.get(key)) for key in keys if _outcome(before.get(key)) != _outcome(now.get(key))]

    def _aspects(self, ids: Iterable[str]) -> frozenset[str] | None:
        found: set[str] = set()
        for one in ids:
            row = RESOURCE_TYPES.get(arm_id.type_of(one))
            if row is None or row.aspect is None:
                return None
            found.add(row.aspect)
        return frozenset(found)


def touched(snapshot: Snapshot, changes: Iterable[Mapping[str, Any]]) -> list[str]:
    """The ids of the resources that changes name."""
    found = []
    for change in changes:
        if "add" in change:
            found.append(str(change["add"]["id"]))
        elif str(change.get("at", "")).startswith("/"):
            found.append(str(change["at"]))
        else:
            by_key = {arm_id.key(one["id"]): one for one in snapshot.resources}
            found.append(find(by_key, str(change.get("at", ""))))
    return found


def key_of(finding: Finding) -> FindingKey:
    """What tells a finding from every other of its environment."""
    return finding.rule, arm_id.key(finding.resource)


def _outcome(finding: Finding | None) -> str:
    return "" if finding is None else finding.outcome


__all__ = ["FindingKey", "State", "Terms", "key_of", "touched"]
