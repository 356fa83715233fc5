"""The join of a drift with the rule catalogue: which rules a change would turn red, or green. Both sides are checked."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from rtaudit.drift.model import Change, Comparison, Drift, with_rules
from rtaudit.snapshot import Snapshot, ids

if TYPE_CHECKING:
    from rtaudit.policy import Pack
    from rtaudit.report import Finding, Report

WHOLE = 500
"""Up to so many accounts a snapshot is checked as a whole; of larger ones the accounts that differ (and no environment rules)."""

_CATEGORIES: dict[str, frozenset[str]] = {
    "NET": frozenset({"network", "privateEndpoints"}),
    "DNS": frozenset({"dns", "privateEndpoints"}),
    "ID": frozenset({"identity"}),
    "OBS": frozenset({"logging"}),
    "MOD": frozenset({"deployments", "models"}),
    "CAP": frozenset({"quota"}),
    "RES": frozenset({"deployments", "models", "quota", "contentSafety", "other"}),
    "RAI": frozenset({"contentSafety"}),
    "DP": frozenset({"other"}),
    "GOV": frozenset({"tags", "other"}),
    "CON": frozenset({"client"}),
}
"""Group of a rule (the middle of its id) -> the categories of change that it can follow from."""

_ACCOUNT = re.compile(r"/providers/microsoft\.cognitiveservices/accounts/[^/]+")


def join_rules(drift: Drift, snapshots: Sequence[Snapshot], packs: Sequence[Pack], as_of: date) -> Drift:
    """`drift` with, at each change that counts, the rules of `packs` whose outcome differs between the two sides."""
    if not any(change.decision == "drift" for comparison in drift.comparisons for change in comparison.changes):
        return drift
    from rtaudit.policy import check

    base, *others = snapshots
    comparisons = []
    for comparison, other in zip(drift.comparisons, others, strict=True):
        left, right = (
            check([_narrowed(snapshot, comparison, side)], packs, as_of=as_of)
            for snapshot, side in ((base, "left"), (other, "right"))
        )
        comparisons.append(_joined(comparison, left, right))
    return replace(drift, comparisons=comparisons)


def _joined(comparison: Comparison, left: Report, right: Report) -> Comparison:
    pairs = {ids.key(pair.left): ids.key(pair.right) for pair in comparison.pairs}
    environment = {f"/environment/{comparison.left.environment}": f"/environment/{comparison.right.environment}"}
    there = _by_rule(right.findings)
    turned: dict[str, list[tuple[Finding, Finding]]] = defaultdict(list)
    for finding in left.findings:
        key = ids.key(finding.resource)
        counterpart = pairs.get(key) or environment.get(key) or ""
        other = there.get((finding.rule, counterpart))
        if other is not None and other.outcome != finding.outcome and "fail" in (finding.outcome, other.outcome):
            turned[_family(key)].append((finding, other))
    texts = {**left.rules, **right.rules}
    changes = []
    for change in comparison.changes:
        if change.decision == "drift" and change.left is not None and change.right is not None:
            found = [
                {
                    "rule": one.rule,
                    "title": texts[one.rule].title,
                    "severity": texts[one.rule].severity,
                    "left": one.outcome,
                    "right": other.outcome,
                }
                for one, other in turned.get(_family(ids.key(change.left)), ())
                if _follows(change, one, other)
            ]
            changes.append(with_rules(change, sorted(found, key=lambda rule: str(rule["rule"]))) if found else change)
        else:
            changes.append(change)
    return replace(comparison, changes=changes)


def _follows(change: Change, one: Finding, other: Finding) -> bool:
    """True when the rule's outcome may come from this change: the same field was observed, or it is the rule's own subject."""
    own = ids.key(change.left or "")
    if ids.key(one.resource) not in (own, _family(own)) and not one.resource.lower().startswith("environment/"):
        return False
    path = ".".join(change.path.split("/")[1:])
    for finding in (one, other):
        for seen in finding.observations:
            if path and (seen.field == path or seen.field.startswith((path + ".", path + "["))):
                return True
    group = one.rule.split("-")[1] if one.rule.count("-") >= 2 else ""
    named = {seen.field for finding in (one, other) for seen in finding.observations}
    # A rule that observed plain properties has said which; one that observed a fact or a join has not.
    plain = named and all(field.startswith(("properties.", "tags.", "sku.", "identity.")) for field in named)
    return not plain and change.category in _CATEGORIES.get(group, frozenset())


def _by_rule(findings: Iterable[Finding]) -> dict[tuple[str, str], Finding]:
    return {(finding.rule, ids.key(finding.resource)): finding for finding in findings}


def _family(key: str) -> str:
    """The account that a resource belongs to; else the resource itself."""
    found = _ACCOUNT.search(key)
    return key[: found.end()] if found else key


def _narrowed(snapshot: Snapshot, comparison: Comparison, side: str) -> Snapshot:
    accounts = [
        key for item in snapshot.resources if _family(key := ids.key(item["id"])) == key and _ACCOUNT.search(key)
    ]
    if len(accounts) <= WHOLE:
        return snapshot
    wanted: set[str] = set()
    for change in comparison.changes:
        resource: Any = getattr(change, side)
        if change.decision == "drift" and resource is not None:
            wanted.add(_family(ids.key(resource)))
    kept = [
        item
        for item in snapshot.resources
        if not _ACCOUNT.search(family := _family(ids.key(item["id"]))) or family in wanted
    ]
    return replace(snapshot, resources=kept)
