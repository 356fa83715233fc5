"""The join of a drift with the rule catalogue: which rules a change would turn red, or green. Both sides are checked."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from rtaudit.azure import arm_id, resource_types
from rtaudit.drift import sides
from rtaudit.drift.model import Change, Comparison, Drift, with_rules
from rtaudit.snapshot import ASPECTS, Snapshot

if TYPE_CHECKING:
    from rtaudit.policy import Pack
    from rtaudit.report import Finding, Report

WHOLE = 500
"""Up to so many accounts a snapshot is checked as a whole; of larger ones the accounts that differ (and no environment rules)."""

_MODEL = ("properties.model", "sku.name")
_POLICY = ("properties.raiPolicyName",)
_OWN: dict[str, tuple[str, ...]] = {
    "facts.exposure": ("properties.publicNetworkAccess", "properties.networkAcls.defaultAction"),
    "facts.region": ("location",),
    "facts.filledTags": ("tags",),
    "facts.requiredDnsZones": ("kind",),
    "facts.groupIds": ("properties.privateLinkServiceConnections", "properties.manualPrivateLinkServiceConnections"),
    "facts.virtualNetwork": ("properties.subnet",),
    "facts.requestsPerMinute": ("properties.rateLimits", "sku.capacity"),
    "facts.quotaUse": ("sku", "properties.model"),
    "facts.modelAndVersion": ("properties.model",),
    "facts.effectiveUpgradeOption": ("properties.versionUpgradeOption",),
    "facts.realtimeRole": _MODEL,
    "facts.retirementDate": _MODEL,
    "facts.retirementDates": _MODEL,
    "facts.effectiveFilters": _POLICY,
    "facts.filterMode": _POLICY,
    "facts.namesKnownPolicy": _POLICY,
    "model": _MODEL,
    "quota": _MODEL,
    "raiPolicy": _POLICY,
}
"""Fact or join -> the fields of the subject itself that it is worked out from."""

_GROUPS = "microsoft.insights/actiongroups"
_METRIC = ("microsoft.insights/metricalerts", _GROUPS)
_ACTIVITY = ("microsoft.insights/activitylogalerts", _GROUPS)
_NARROWER: dict[str, tuple[str, ...]] = {
    "metricAlerts": _METRIC,
    "facts.alertedMetrics": _METRIC,
    "facts.legacyAlerts": _METRIC[:1],
    "activityLogAlerts": _ACTIVITY,
    "facts.serviceHealthAlerts": _ACTIVITY,
}
"""Fact or join -> the types that it reads, where its aspect reads more."""

_SUBJECTS = {
    "account": resource_types.ACCOUNT,
    "deployment": resource_types.DEPLOYMENT,
    "realtimeDeployment": resource_types.DEPLOYMENT,
    "privateEndpoint": resource_types.PRIVATE_ENDPOINT,
    "subscription": resource_types.SUBSCRIPTION,
    "client": sides.CLIENT,
}
"""Kind of subject -> its type."""

_FAMILY = re.compile(r"/providers/(?:microsoft\.cognitiveservices/accounts|microsoft\.network/privateendpoints)/[^/]+")


def join_rules(drift: Drift, snapshots: Sequence[Snapshot], packs: Sequence[Pack], as_of: date) -> Drift:
    """`drift` with, at each change that counts, the rules of `packs` whose outcome differs between the two sides."""
    if not any(change.decision == "drift" for comparison in drift.comparisons for change in comparison.changes):
        return drift
    from rtaudit.policy import check

    join = _Join(packs, as_of)
    base, *others = snapshots
    comparisons = []
    checked: dict[int, Report] = {}
    for comparison, other in zip(drift.comparisons, others, strict=True):
        reports = []
        for snapshot, side in ((base, "left"), (other, "right")):
            narrowed = _narrowed(snapshot, comparison, side)
            report = checked.get(id(snapshot)) or check([narrowed], packs, as_of=as_of)
            if narrowed is snapshot:
                checked[id(snapshot)] = report
            reports.append(report)
        comparisons.append(join.comparison(comparison, *reports))
    return replace(drift, comparisons=comparisons)


@dataclass(frozen=True, slots=True)
class _Turn:
    """A rule whose outcome for one subject differs between the two sides."""

    finding: Finding
    """Of the base."""
    outcome: str
    """On the other side."""


@dataclass(frozen=True, slots=True)
class _Reads:
    """What a rule looks at."""

    type: str | None
    """Type of its subjects; None: the environment."""
    own: tuple[str, ...]
    """Paths of the subject itself."""
    types: frozenset[str]
    """Types of the other resources that it reads."""


class _Join:
    """The rules of some packs, and which changes they look at."""

    def __init__(self, packs: Sequence[Pack], as_of: date) -> None:
        from rtaudit.subjects import PARTS

        self.rules: dict[str, _Reads] = {}
        for pack in packs:
            for bound in pack.bind(as_of):
                kind = bound.rule.each
                own: list[str] = []
                types: set[str] = set()
                for condition in (bound.when, bound.require):
                    for path, at_subject in condition.paths() if condition is not None else ():
                        for root in path.roots if at_subject else ():
                            part = PARTS[kind].get(root)
                            types |= _types(root, part.aspects if part is not None else ())
                            own += _OWN.get(root, ()) if part is not None else (path.text,)
                self.rules[bound.rule.id] = _Reads(_SUBJECTS.get(kind), tuple(own), frozenset(types))

    def looks_at(self, change: Change, finding: Finding) -> bool:
        """True when the rule of `finding` reads what `change` changed, of this subject."""
        reads = self.rules.get(finding.rule)
        if reads is None:
            return False
        if reads.type is None:
            # An environment's rules speak of what is deployed where.
            whole = change.path == "" and change.type in (resource_types.ACCOUNT, resource_types.DEPLOYMENT)
            return whole or (change.type == resource_types.DEPLOYMENT and change.category == "models")
        own = (
            change.left is not None
            and arm_id.key(change.left) == arm_id.key(finding.resource)
            and change.type == reads.type
        )
        if own:
            path = ".".join(change.path.split("/")[1:])
            return any(_within(path, one) or _within(one, path) for one in reads.own)
        return change.type in reads.types

    def comparison(self, comparison: Comparison, left: Report, right: Report) -> Comparison:
        """`comparison` with the rules that turn at each of its changes."""
        by_family, shared = self._turned(comparison, left, right)
        back = {arm_id.key(pair.right): arm_id.key(pair.left) for pair in comparison.pairs}
        texts = {**left.rules, **right.rules}
        changes = []
        for change in comparison.changes:
            found: dict[tuple[str, str, str], dict[str, str]] = {}
            if change.decision == "drift":
                resource = arm_id.key(change.left or change.right or "")
                family = _family(resource)
                family = family if change.left is not None else back.get(family, family)
                turns = [*by_family.get(family, ()), *by_family.get(_ENVIRONMENT, ())]
                for turn in turns if _FAMILY.search(resource) else shared:
                    finding = turn.finding
                    if self.looks_at(change, finding):
                        text = texts[finding.rule]
                        found[finding.rule, finding.outcome, turn.outcome] = {
                            "rule": finding.rule,
                            "title": text.title,
                            "severity": text.severity,
                            "left": finding.outcome,
                            "right": turn.outcome,
                        }
            changes.append(with_rules(change, [found[key] for key in sorted(found)]) if found else change)
        return replace(comparison, changes=changes)

    def _turned(
        self, comparison: Comparison, left: Report, right: Report
    ) -> tuple[dict[str, list[_Turn]], list[_Turn]]:
        pairs = {arm_id.key(pair.left): arm_id.key(pair.right) for pair in comparison.pairs}
        pairs[f"/environment/{comparison.left.environment.lower()}"] = (
            f"/environment/{comparison.right.environment.lower()}"
        )
        there = {(finding.rule, arm_id.key(finding.resource)): finding for finding in right.findings}
        by_family: dict[str, list[_Turn]] = defaultdict(list)
        shared: list[_Turn] = []
        for finding in left.findings:
            key = arm_id.key(finding.resource)
            other = there.get((finding.rule, pairs.get(key, "")))
            if other is None or other.outcome == finding.outcome or "fail" not in (finding.outcome, other.outcome):
                continue
            turn = _Turn(finding, other.outcome)
            by_family[_ENVIRONMENT if finding.each == "environment" else _family(key)].append(turn)
            shared.append(turn)
        return by_family, shared


_ENVIRONMENT = "environment"


def _types(root: str, aspects: Iterable[str]) -> set[str]:
    return set(_NARROWER.get(root) or (one for aspect in aspects for one in ASPECTS[aspect].types))


def _within(path: str, top: str) -> bool:
    return path == top or path.startswith((top + ".", top + "["))


def _family(key: str) -> str:
    """The account or private endpoint that a resource belongs to; else the resource itself."""
    found = _FAMILY.search(key)
    return key[: found.end()] if found else key


def _narrowed(snapshot: Snapshot, comparison: Comparison, side: str) -> Snapshot:
    if sum(arm_id.type_of(item["id"]) == resource_types.ACCOUNT for item in snapshot.resources) <= WHOLE:
        return snapshot
    wanted: set[str] = set()
    for change in comparison.changes:
        resource: Any = getattr(change, side)
        if change.decision == "drift" and resource is not None:
            wanted.add(_family(arm_id.key(resource)))
    kept = [
        item
        for item in snapshot.resources
        if not _FAMILY.search(family := _family(arm_id.key(item["id"]))) or family in wanted
    ]
    return replace(snapshot, resources=kept)
