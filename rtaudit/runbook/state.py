"""State: holds an edited snapshot with its findings, and checks again what a change can have changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import RESOURCE_TYPES
from rtaudit.documents.trees import no_cycles
from rtaudit.impact.join import Reads, role_reads, rule_reads
from rtaudit.policy import Pack, Waiver
from rtaudit.policy.conditions import EvalContext
from rtaudit.policy.edit import edited, find
from rtaudit.policy.evaluate import Among, evaluate, join_packs
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
"""Kind of subject -> the aspects that decide which subjects there are, and what is in them."""

_BY_FIELDS = frozenset({"account", "deployment", "realtimeDeployment", "subscription"})
"""Kinds of which a change of a single field, `kind` aside, makes no subject more or less."""

FieldChange = tuple[str, str]
"""Type of a resource that is changed (lower case), and the field as a JSON Pointer; empty for the whole resource."""


@dataclass(frozen=True)
class Terms:
    """How snapshots are evaluated: the options of `check`."""

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

    @cached_property
    def _reads(self) -> Mapping[str, Reads]:
        return rule_reads(self.packs, self.today)

    @cached_property
    def _role(self) -> Reads:
        return role_reads()

    def turned_by(self, changes: Iterable[FieldChange]) -> set[str]:
        """The rules (ids) whose outcome the changes can turn, by the fields that rules and facts declare."""
        return {rule for rule, bound in self.rules.items() if any(self._turns(bound, *one) for one in changes)}

    def _turns(self, bound: BoundRule, resource_type: str, pointer: str) -> bool:
        row, each = RESOURCE_TYPES.get(resource_type), bound.rule.each
        if row is None or row.aspect is None:
            return True
        if pointer in ("", "/kind") or each not in _BY_FIELDS:
            return row.aspect in bound.reads or row.aspect in _LISTED.get(each, ())
        if each == "realtimeDeployment" and self._role.holds(resource_type, pointer):
            return True
        return self._reads[bound.rule.id].holds(resource_type, pointer)

    def evaluate(
        self, snapshot: Snapshot, probes: Sequence[dict[str, Any]], among: Among | None = None
    ) -> list[Finding]:
        """The findings of a snapshot; with `among`, of the subjects that it picks for a rule only."""
        estate = EstateIndex(snapshot, probes)
        with no_cycles():
            per_pack = [evaluate(estate, rules, pack.name, detail="apply", among=among) for pack, rules in self.bound]
        found = join_packs(per_pack, self.gates)
        apply_waivers(found, self.waivers, self.today)
        if self.baseline is not None:
            apply_baseline(found, self.baseline)
        return found


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
        """The state of a snapshot whose findings are known, or else are evaluated now."""
        findings = known or terms.evaluate(snapshot, probes)
        return cls(snapshot, terms, probes, {key_of(one): one for one in findings})

    def apply(self, changes: Sequence[Mapping[str, Any]]) -> list[tuple[Finding | None, Finding | None]]:
        """Edit the snapshot, evaluate again what can have changed, and return the findings that did, before and after.

        Raises EditError, and then nothing is changed.
        """
        after = edited(self.snapshot, changes)
        turned = self.terms.turned_by(fields_changed(self.snapshot, changes))
        self.snapshot = after
        now = {key_of(one): one for one in self.terms.evaluate(after, self.probes, self._among(turned))}
        before = {key: one for key, one in self.findings.items() if key[0] in turned or key in now}
        for key in before:
            del self.findings[key]
        self.findings.update(now)
        keys = dict.fromkeys([*before, *now])
        return [(before.get(key), now.get(key)) for key in keys if _outcome(before.get(key)) != _outcome(now.get(key))]

    def _among(self, turned: set[str]) -> Among:
        """All subjects of the rules that are turned; of the others those that fail: what mends them may be another step now."""
        failing: dict[str, set[str]] = {}
        for one in self.findings.values():
            if one.outcome == "fail":
                failing.setdefault(one.rule, set()).add(one.resource)

        def among(rule: str, scopes: Sequence[EvalContext]) -> Sequence[EvalContext]:
            if rule in turned:
                return scopes
            of_rule = failing.get(rule)
            return [one for one in scopes if one.subject.resource in of_rule] if of_rule else ()

        return among


def fields_changed(snapshot: Snapshot, changes: Sequence[Mapping[str, Any]]) -> set[FieldChange]:
    """What changes change."""
    found: set[FieldChange] = set()
    for change, resource in zip(changes, touched(snapshot, changes), strict=True):
        resource_type = arm_id.type_of(resource)
        paths = [*change.get("set", {}), *change.get("append", {}), *change.get("remove", ())]
        if not paths or "add" in change or "copy" in change:
            found.add((resource_type, ""))
        # Which element of a list it is does not matter.
        found |= {(resource_type, "/" + re.split(r"[\[\"]", path)[0].strip(".").replace(".", "/")) for path in paths}
    return found


def touched(snapshot: Snapshot, changes: Iterable[Mapping[str, Any]]) -> list[str]:
    """The ids of the resources that changes name."""
    found = []
    by_key: dict[str, dict[str, Any]] = {}
    for change in changes:
        if "add" in change:
            found.append(str(change["add"]["id"]))
        elif str(change.get("at", "")).startswith("/"):
            found.append(str(change["at"]))
        else:
            by_key = by_key or {arm_id.key(one["id"]): one for one in snapshot.resources}
            found.append(find(by_key, str(change.get("at", ""))))
    return found


def key_of(finding: Finding) -> FindingKey:
    """What tells a finding from every other of its environment."""
    return finding.rule, arm_id.key(finding.resource)


def _outcome(finding: Finding | None) -> str:
    return "" if finding is None else finding.outcome


__all__ = ["FieldChange", "FindingKey", "State", "Terms", "key_of", "touched"]
