"""Diff: compares the base with each of the others, and makes a Drift of snapshots. A pure function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from rtaudit.azure import arm_id, resource_types, shapes
from rtaudit.drift import fields, gaps, sides
from rtaudit.drift.access import CONDITIONAL, EffectiveAccess
from rtaudit.drift.callers import name_callers
from rtaudit.drift.categories import category_of
from rtaudit.drift.compare import Difference, differences, unequal
from rtaudit.drift.meaning import meaning_of
from rtaudit.drift.model import Change, Comparison, Drift, Pair, Side, Unpaired
from rtaudit.drift.normalise import Normaliser, sorted_sets, unify_tag_case
from rtaudit.drift.pairing import PairedResources, Pairing, pair_by_id, pair_by_role, same_environment
from rtaudit.drift.policy import ChangeView, DriftPolicy
from rtaudit.drift.rolemap import NO_MAP, PairingMap
from rtaudit.drift.shared import Shared
from rtaudit.drift.sides import Resource, SideIndex
from rtaudit.errors import UsageError
from rtaudit.report.gate import at_or_above, verdict_of
from rtaudit.snapshot import Gap, Snapshot
from rtaudit.snapshot.gaps import ASSIGNED
from rtaudit.version import __version__


def diff(
    snapshots: Sequence[Snapshot],
    policy: DriftPolicy,
    *,
    as_of: date,
    role_map: PairingMap = NO_MAP,
    tag: str | None = None,
    fail_on: str = "low",
) -> Drift:
    """Compare the first of `snapshots` with each of the others.

    `tag` names the tag whose value is an account's role. Raises InputError for a map that does not fit the snapshots,
    UsageError for a tag that no account carries.
    """
    indexed = [SideIndex(snapshot, role_map.tokens.get(snapshot.environment)) for snapshot in snapshots]
    if tag is not None:
        _check_tag(tag, indexed)
    comparisons: list[Comparison] = []
    warnings = [*policy.warnings, *role_map.warnings]
    base = indexed[0]
    for other in indexed[1:]:
        comparison, said = _Comparing(base, other, policy, role_map, tag).run()
        comparisons.append(comparison)
        warnings += said
    return Drift(
        tool={"name": "rtaudit", "version": __version__},
        as_of=as_of.isoformat(),
        fail_on=fail_on,
        verdict=verdict(comparisons, fail_on),
        comparisons=comparisons,
        policies=policy.sources,
        warnings=list(dict.fromkeys(warnings)),
        sides=[side_of(snapshot) for snapshot in snapshots],
    )


def verdict(comparisons: Sequence[Comparison], fail_on: str) -> str:
    """`drift` where a change at or above `fail_on` is drift; else `incomplete` where one is unknown or a pairing in doubt."""
    gating = {
        change.decision
        for comparison in comparisons
        for change in comparison.changes
        if at_or_above(change.severity, fail_on)
    } & {"drift", "unknown"}
    if fail_on != "none" and any(comparison.unpaired for comparison in comparisons):
        gating.add("unknown")
    return verdict_of((one == "drift" for one in gating), "same", "drift")


def side_of(snapshot: Snapshot) -> Side:
    """A snapshot as the drift names it."""
    return Side(snapshot.environment, snapshot.digest, snapshot.file, snapshot.collected_at)


def _check_tag(tag: str, indexed: Sequence[SideIndex]) -> None:
    for side in indexed:
        accounts = side.by_type.get(resource_types.ACCOUNT, [])
        tags = {str(key).lower() for item in accounts for key in (item.get("tags") or {})}
        if accounts and tag.lower() not in tags:
            raise UsageError(
                f"no account of {side.label} carries the tag '{tag}'",
                "tags there: " + (", ".join(sorted(tags)) or "none"),
            )


class _Comparing:
    """One comparison of two sides."""

    def __init__(
        self, left: SideIndex, right: SideIndex, policy: DriftPolicy, role_map: PairingMap, tag: str | None
    ) -> None:
        self.left, self.right, self.policy = left, right, policy
        self.over_time = same_environment(left, right)
        self.said = tag is not None or any(left.label in sides for sides in role_map.roles.values())
        """True where a map or a tag says how to pair."""
        self.pairing: Pairing = pair_by_id(left, right) if self.over_time else pair_by_role(left, right, role_map, tag)
        self.waived: set[str] = set()
        """Aspects and types of which a gap is ignored."""
        self.left_coverage = gaps.Coverage(left, right, over_time=self.over_time)
        self.right_coverage = gaps.Coverage(right, left, over_time=self.over_time)

    def run(self) -> tuple[Comparison, list[str]]:
        """The comparison, and what the reader should know beside it."""
        unseen, warnings = gaps.unseen(self.left_coverage, self.right_coverage, self.pairing)
        if self.left.label == self.right.label and not self.over_time:
            warnings.append(
                f"both snapshots are labelled '{self.left.label}' but share no account: paired by name, not over time"
            )
        if self.over_time and self.said:
            warnings.append(
                f"{self.left.label} is compared over time, where each is paired with itself: the map and --pair-by do not count"
            )
        changes = [self._unseen(one) for one in unseen]
        changes += self._paired()
        changes += self._lone()
        if not self.over_time:
            changes += self._held()
        comparison = Comparison(
            left=side_of(self.left.snapshot),
            right=side_of(self.right.snapshot),
            pairs=[
                Pair(pair.role, pair.type, str(pair.left["id"]), str(pair.right["id"]), pair.by)
                for pair in self.pairing.pairs
                if pair.left is not None and pair.right is not None
            ],
            unpaired=sorted(self.pairing.doubts, key=_doubt_order),
            changes=sorted(changes, key=lambda change: change.order),
            over_time=self.over_time,
        )
        return comparison, warnings

    def _paired(self) -> Iterator[Change]:
        here = Normaliser(self.left, self.pairing.left_roles, self.right, over_time=self.over_time)
        there = Normaliser(self.right, self.pairing.right_roles, self.left, over_time=self.over_time)
        shared = Shared(self.left, self.right, self.pairing)
        for pair in self.pairing.pairs:
            assert pair.left is not None
            assert pair.right is not None
            if self.over_time and pair.left == pair.right:
                continue
            one, other = here(pair.left, pair.type), there(pair.right, pair.type)
            if pair.type == resource_types.DEPLOYMENT and not self.over_time:
                _keep_names(pair, one, other, self.left, self.right)
            if pair.type == sides.CLIENT:
                name_callers(self.left, self.right, pair, one, other)
            unify_tag_case(one, other)
            self._hide_rows(pair.type, one, other)
            reported: set[str] = set()
            here_only, there_only = (sorted_sets(body) for body in unequal(one, other))
            for difference in differences(here_only, there_only, pair.type):
                if shared.is_shared_value(pair, difference):
                    continue
                change = self._seen(pair, difference)
                sides_of_pair = (self.left, pair.left), (self.right, pair.right)
                gap = fields.hidden(*sides_of_pair, change.path, [change.before, change.after])
                if gap is None:
                    yield change
                elif gap.reason != ASSIGNED:
                    reported.add(str(gap.field))
                    yield _not_in_plan(change, gap)
            yield from self._not_known(pair, reported)

    def _not_known(self, pair: PairedResources, reported: set[str]) -> Iterator[Change]:
        """What a plan could have given of a resource and does not: equal or not, nobody knows."""
        for side, resource in ((self.left, pair.left), (self.right, pair.right)):
            for gap in fields.not_in_plan(side, resource):
                if gap.field not in reported:
                    reported.add(str(gap.field))
                    yield _not_in_plan(self._seen(pair, Difference(str(gap.field), "changed", None, None)), gap)

    def _hide_rows(self, resource_type: str, one: Resource, other: Resource) -> None:
        """Leave out a catalogue's rows that the other side may only not have kept: the gap itself is reported as unknown."""
        here, there = one.get("value"), other.get("value")
        if resource_type not in gaps.ROWS_FILTERED_BY or not isinstance(here, dict) or not isinstance(there, dict):
            return
        if self.right_coverage.why_rows(resource_type) is not None:
            one["value"] = {name: row for name, row in here.items() if name in there}
        if self.left_coverage.why_rows(resource_type) is not None:
            other["value"] = {name: row for name, row in there.items() if name in here}

    def _lone(self) -> Iterator[Change]:
        here = Normaliser(self.left, self.pairing.left_roles, self.right, over_time=self.over_time)
        there = Normaliser(self.right, self.pairing.right_roles, self.left, over_time=self.over_time)
        for lone in self.pairing.unmatched:
            own, lacking = (
                (self.left, self.right_coverage) if lone.left is not None else (self.right, self.left_coverage)
            )
            item = lone.left or lone.right
            assert item is not None
            if fields.in_no_plan(lacking.side, item):
                continue
            why = self._explained(lone, own, item, lacking)
            sources = (*self.left_coverage.sources(lone.type), *self.right_coverage.sources(lone.type))
            if why is not None and self.waived.isdisjoint(sources):
                continue
            body = sorted_sets((here if own is self.left else there)(item, lone.type))
            kind = "removed" if lone.left is not None else "added"
            before, after = (body, None) if lone.left is not None else (None, body)
            change = self._seen(lone, Difference("", kind, before, after))
            # The gap that hides it is ignored and tells nothing, but this is of another type.
            yield (
                change
                if why is None or change.decision != "drift"
                else replace(change, decision="unknown", decided_by=why)
            )

    def _explained(self, lone: PairedResources, own: SideIndex, item: Resource, lacking: gaps.Coverage) -> str | None:
        """Why the other side may only not have seen its counterpart: the gap itself is reported as unknown."""
        parents = (
            shapes.targets(item) if lone.type == resource_types.PRIVATE_ENDPOINT else [arm_id.parent_of(item["id"])]
        )
        own_roles = self.pairing.left_roles if own is self.left else self.pairing.right_roles
        other_roles = self.pairing.right_roles if own is self.left else self.pairing.left_roles
        role = next((own_roles[parent] for parent in parents if parent in own_roles), None)
        beside = None
        if role is not None:
            parent_type = arm_id.type_of(next(parent for parent in parents if parent in own_roles))
            index = self._by_role("right" if own is self.left else "left", other_roles)
            beside = index.get((parent_type, role))
        why = lacking.why(lone.type, beside, arm_id.key(item["id"]))
        if (
            why is None
            and lone.type == resource_types.PRIVATE_ENDPOINT
            and not any(parent in own.by_key for parent in parents)
        ):
            # Every part lists the endpoints of all accounts: this one may not have been paired for want of its account.
            why = (self.left_coverage if own is self.left else self.right_coverage).hidden_elsewhere_because(None)
        return why

    def _by_role(self, side: str, roles: dict[str, str]) -> dict[tuple[str, str], str]:
        cache: dict[str, dict[tuple[str, str], str]] = self.__dict__.setdefault("_role_index", {})
        if side not in cache:
            cache[side] = {(arm_id.type_of(key), role): key for key, role in roles.items()}
        return cache[side]

    def _held(self) -> Iterator[Change]:
        here, there = EffectiveAccess(self.left, self.right), EffectiveAccess(self.right, self.left)
        unnamed = self.left_coverage.unnamed_roles | self.right_coverage.unnamed_roles
        for pair in self.pairing.pairs:
            if pair.type != resource_types.ACCOUNT:
                continue
            assert pair.left is not None
            assert pair.right is not None
            one, other = arm_id.key(pair.left["id"]), arm_id.key(pair.right["id"])
            for resource_type, before, after in (
                (resource_types.ASSIGNMENT, here.roles(one), there.roles(other)),
                (resource_types.LOCK, here.locks(one), there.locks(other)),
            ):
                if before == after or self._unread(resource_type, one, other):
                    continue
                if unnamed and not unnamed.isdisjoint(_words([before, after])):
                    continue
                held = PairedResources(pair.role, resource_type, pair.left, pair.right)
                for difference in differences(before, after, resource_type):
                    yield self._seen(held, difference)

    def _unread(self, resource_type: str, one: str, other: str) -> bool:
        return (
            self.left_coverage.why(resource_type, one) is not None
            or self.right_coverage.why(resource_type, other) is not None
        )

    def _seen(self, pair: PairedResources, difference: Difference) -> Change:
        category = category_of(pair.type, difference.path)
        subject = ChangeView(
            pair.role,
            pair.type,
            category,
            difference.kind,
            difference.path,
            difference.before,
            difference.after,
            self.left.label,
            self.right.label,
        )
        decision, decided_by, severity = self.policy.decide(subject)
        if difference.path and difference.kind != "changed" and decision == "drift":
            why = gaps.hidden_by_version(
                self.left, self.right, pair.type, difference.path, added=difference.kind == "added"
            )
            if why is not None:
                decision, decided_by = "unknown", why
        return Change(
            role=pair.role,
            type=pair.type,
            left=None if pair.left is None else str(pair.left["id"]),
            right=None if pair.right is None else str(pair.right["id"]),
            category=category,
            kind=difference.kind,
            path=difference.path,
            before=difference.before,
            after=difference.after,
            severity=severity,
            decision=decision,
            decided_by=decided_by,
            meaning=meaning_of(pair.type, difference.path, difference.kind, difference.before, difference.after),
            modified=_modified(pair.right if pair.right is not None else pair.left) if self.over_time else None,
        )

    def _unseen(self, one: gaps.Uncomparable) -> Change:
        category = category_of(one.type, "")
        subject = ChangeView(one.role, one.type, category, "changed", "", None, None, self.left.label, self.right.label)
        severity = "info" if one.minor else self.policy.gap_severity(subject)
        ignored = self.policy.ignores_gap(subject)
        if ignored is not None:
            self.waived |= {gaps.ASPECT_OF[one.type], one.type}
        return Change(
            role=one.role,
            type=one.type,
            left=one.left,
            right=one.right,
            category=category,
            kind="changed",
            path="",
            before=None,
            after=None,
            severity=severity,
            decision="unknown" if ignored is None else "ignored",
            decided_by=one.reason if ignored is None else ignored,
        )


def _not_in_plan(change: Change, gap: Gap) -> Change:
    return replace(change, decision="unknown", decided_by=f"the plan does not tell it: {gap.message}", meaning=None)


def _keep_names(pair: PairedResources, one: Resource, other: Resource, left: SideIndex, right: SideIndex) -> None:
    """A deployment's name is what clients ask for: it counts, apart from the environment's own tokens."""
    assert pair.left is not None
    assert pair.right is not None
    here, there = sides.name(pair.left), sides.name(pair.right)
    if here.lower() != there.lower() and left.base_name(here) != right.base_name(there):
        one["name"], other["name"] = here, there


def _words(value: Any) -> Iterator[str]:
    """Every text in what is held."""
    if isinstance(value, str):
        yield value.removesuffix(CONDITIONAL)
    for held in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _words(held)


def _modified(item: Resource | None) -> dict[str, Any] | None:
    data = item.get("systemData") if item else None
    if not isinstance(data, dict):
        return None
    by, at = data.get("lastModifiedBy"), data.get("lastModifiedAt")
    return {"by": by, "at": at} if by or at else None


def _doubt_order(doubt: Unpaired) -> tuple[str, str, str]:
    return (doubt.side, doubt.type, arm_id.key(doubt.resource))


def lone_accounts(drift: Drift) -> Counter[str]:
    """How many accounts came or went in each comparison's environments: where there are both, a map may be wanted."""
    found: Counter[str] = Counter()
    for comparison in drift.comparisons:
        for change in comparison.changes:
            if change.type == resource_types.ACCOUNT and change.path == "" and change.kind != "changed":
                side = comparison.left if change.kind == "removed" else comparison.right
                found[side.environment] += 1
    return found
