"""Pairing: by ARM id when it is one environment at two times, otherwise by role, accounts first and their children after."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from rtaudit.azure import arm_id, resource_types, shapes
from rtaudit.documents.json_values import text
from rtaudit.drift import match_keys as keys
from rtaudit.drift import sides
from rtaudit.drift.matching import Criterion, KeyOf, Match, match
from rtaudit.drift.model import Unpaired
from rtaudit.drift.names import readable
from rtaudit.drift.rolemap import NO_MAP, PairingMap
from rtaudit.drift.sides import Resource, SideIndex

_RoleOf = Callable[[Resource, SideIndex], str]
_SKIPPED = frozenset(row.key for row in resource_types.RESOURCE_TYPES.values() if row.compared == "never")
_FOLLOWS = frozenset({resource_types.MODELS, resource_types.USAGES, resource_types.DEFINITION})
"""Without a counterpart they are no change of their own: they follow from where the accounts are and who holds a role."""


@dataclass(slots=True)
class PairedResources:
    """Two resources of one role; or one, where the other side lacks it."""

    role: str
    type: str
    left: Resource | None
    right: Resource | None
    by: str = ""


@dataclass
class Pairing:
    """Everything that was paired, was not, or is in doubt."""

    over_time: bool
    pairs: list[PairedResources] = field(default_factory=list)
    unmatched: list[PairedResources] = field(default_factory=list)
    doubts: list[Unpaired] = field(default_factory=list)
    left_roles: dict[str, str] = field(default_factory=dict)
    """Key of a paired resource of the base -> role."""
    right_roles: dict[str, str] = field(default_factory=dict)


def same_environment(left: SideIndex, right: SideIndex) -> bool:
    """True when both are one environment at two times: the same label, and an account in common (or no accounts to tell)."""
    if left.label != right.label:
        return False
    here = {arm_id.key(item["id"]) for item in left.by_type.get(resource_types.ACCOUNT, ())}
    there = {arm_id.key(item["id"]) for item in right.by_type.get(resource_types.ACCOUNT, ())}
    return not here or not there or bool(here & there)


def pair_by_id(left: SideIndex, right: SideIndex) -> Pairing:
    """Every resource with itself."""
    pairing = Pairing(over_time=True)
    for resource_type in sorted(left.by_type.keys() | right.by_type.keys()):
        if resource_type in _SKIPPED:
            continue
        here = {arm_id.key(item["id"]): item for item in left.by_type.get(resource_type, ())}
        there = {arm_id.key(item["id"]): item for item in right.by_type.get(resource_type, ())}
        for key in sorted(here.keys() | there.keys()):
            one, other = here.get(key), there.get(key)
            role = readable(str((one or other or {})["id"]))
            if one is not None and other is not None:
                pairing.pairs.append(PairedResources(role, resource_type, one, other, "id"))
                pairing.left_roles[key] = pairing.right_roles[key] = role
                continue
            parent = arm_id.parent_of(key)
            # Of a resource that came or went, its children are not reported again.
            if (parent in left.by_key) == (parent in right.by_key):
                pairing.unmatched.append(PairedResources(role, resource_type, one, other))
    return pairing


def pair_by_role(left: SideIndex, right: SideIndex, role_map: PairingMap = NO_MAP, tag: str | None = None) -> Pairing:
    """Accounts by map, id, tag or name, then what belongs to them. Raises InputError for a map that does not fit."""
    return _RolePairing(left, right, role_map, tag).run()


class _RolePairing:
    def __init__(self, left: SideIndex, right: SideIndex, role_map: PairingMap, tag: str | None) -> None:
        self.left, self.right, self.map, self.tag = left, right, role_map, tag
        self.regions = left.regions | right.regions
        self.pairing = Pairing(over_time=False)
        here, there = role_map.resolve(left), role_map.resolve(right)
        self.mapped_left = {key: role for role, keys in here.items() for key in keys}
        self.mapped_right = {key: role for role, keys in there.items() for key in keys}
        kinds = Counter(
            (number, role, sides.type_of(key))
            for number, given in enumerate((self.mapped_left, self.mapped_right))
            for key, role in given.items()
        )
        self.mapped_types = {kind for _, _, kind in kinds}
        self.crowded = {(role, kind) for (_, role, kind), count in kinds.items() if count > 1}
        """Role and type of which the map names several on one side."""
        self.taken: set[tuple[str, str]] = set()

    def run(self) -> Pairing:
        types = self.left.by_type.keys() | self.right.by_type.keys()
        self._global(resource_types.ACCOUNT, *self._said(resource_types.ACCOUNT))
        self._subscriptions()
        for resource_type in sorted(types - _SKIPPED - sides.HELD, key=lambda name: (name.count("/"), name)):
            if resource_type not in (resource_types.ACCOUNT, resource_types.SUBSCRIPTION):
                self._type(resource_type)
        return self.pairing

    def _subscriptions(self) -> None:
        votes: Counter[tuple[str, str]] = Counter()
        for pair in self.pairing.pairs:
            assert pair.left is not None
            assert pair.right is not None
            here, there = arm_id.subscription_of(pair.left["id"]), arm_id.subscription_of(pair.right["id"])
            if here and there:
                votes[f"/subscriptions/{here}", f"/subscriptions/{there}"] += 1
        by_left = self._said_subscriptions()
        for (here, there), _ in sorted(votes.items(), key=lambda item: (-item[1], item[0])):
            if here not in by_left and there not in by_left.values():
                by_left[here] = there
        lefts, rights = self._said(resource_types.SUBSCRIPTION)
        voted = {there: here for here, there in by_left.items()}
        grounds = [
            Criterion("its accounts", keys.key, lambda item: voted.get(arm_id.key(item["id"])), doubtful=False),
            Criterion("name", keys.displayed(self.left), keys.displayed(self.right)),
            Criterion("the only one", *keys.only(lefts, rights), doubtful=False),
        ]
        found = match(lefts, rights, self._unsaid(resource_types.SUBSCRIPTION, grounds))
        single = len(lefts) <= 1 and len(rights) <= 1 and len(by_left) <= 1
        for number, (here, there) in enumerate(sorted(by_left.items())):
            # Registrations and pricing hang on a subscription even where the subscription itself was not read.
            resource = self.left.by_key.get(here)
            name = keys.displayed(self.left)(resource) if resource else None
            role = self.mapped_left.get(here) or ("subscription" if single else f"subscription {name or number + 1}")
            self.pairing.left_roles[here] = self.pairing.right_roles[there] = role
        self._record(
            resource_types.SUBSCRIPTION, found, lambda item, side: self._subscription_role(item, side, single=single)
        )

    def _subscription_role(self, item: Resource, side: SideIndex, *, single: bool) -> str:
        roles = self.pairing.left_roles if side is self.left else self.pairing.right_roles
        name = keys.displayed(side)(item)
        return roles.get(arm_id.key(item["id"])) or (
            "subscription" if single else f"subscription {name or keys.key(item)}"
        )

    def _type(self, resource_type: str) -> None:
        """Pair one type: within paired parents where it has one, else all of them together."""
        lefts, rights = self._said(resource_type)
        common: frozenset[str] = frozenset()
        if resource_type == resource_types.PRIVATE_ENDPOINT:
            lefts, rights = self._same_endpoints(lefts, rights)
            common = _served(lefts, self.pairing.left_roles) & _served(rights, self.pairing.right_roles)
        here = self._by_parent(self.left, self.pairing.left_roles, resource_type, lefts, common)
        there = self._by_parent(self.right, self.pairing.right_roles, resource_type, rights, common)
        if None in here or None in there:
            self._global(resource_type, here.pop(None, []), there.pop(None, []))
        for parent in sorted(here.keys() | there.keys(), key=str):
            assert parent is not None
            self._children(resource_type, parent, here.get(parent, []), there.get(parent, []))

    def _said(self, resource_type: str) -> tuple[Sequence[Resource], Sequence[Resource]]:
        """Pair what the map names on both sides, whatever it hangs on. The others of the type remain."""
        lefts, rights = self.left.by_type.get(resource_type, []), self.right.by_type.get(resource_type, [])
        if resource_type not in self.mapped_types:
            return lefts, rights
        ground = Criterion("map", keys.mapped(self.mapped_left), keys.mapped(self.mapped_right))
        one = [item for item in lefts if ground.left(item) is not None]
        other = [item for item in rights if ground.right(item) is not None]
        found = match(one, other, [ground], self._breakers())
        self._record(resource_type, replace(found, left=[], right=[]), self._role)
        return (
            [item for item in lefts if ground.left(item) is None] + found.left,
            [item for item in rights if ground.right(item) is None] + found.right,
        )

    def _said_subscriptions(self) -> dict[str, str]:
        """The subscriptions that the map pairs, by the base's."""
        here = {
            role: key for key, role in self.mapped_left.items() if arm_id.type_of(key) == resource_types.SUBSCRIPTION
        }
        there = {
            role: key for key, role in self.mapped_right.items() if arm_id.type_of(key) == resource_types.SUBSCRIPTION
        }
        return {
            here[role]: key
            for role, key in there.items()
            if role in here and (role, resource_types.SUBSCRIPTION) not in self.crowded
        }

    def _unsaid(self, resource_type: str, grounds: list[Criterion]) -> list[Criterion]:
        """The grounds of a type without what the map names: what it names on one side only has no counterpart."""
        if resource_type not in self.mapped_types:
            return grounds
        left, right = keys.mapped(self.mapped_left), keys.mapped(self.mapped_right)
        return [
            replace(ground, left=keys.unless(left, ground.left), right=keys.unless(right, ground.right))
            for ground in grounds
        ]

    def _same_endpoints(
        self, lefts: Sequence[Resource], rights: Sequence[Resource]
    ) -> tuple[list[Resource], list[Resource]]:
        """Pair the private endpoints that both snapshots hold, whatever they connect to in each; the others remain."""
        common = {keys.key(item) for item in lefts} & {keys.key(item) for item in rights}
        common -= self.mapped_left.keys() | self.mapped_right.keys()

        def role(item: Resource, side: SideIndex) -> str:
            owner = min(_served([item], self.pairing.left_roles), default=None)
            return f"{owner}/{self._role(item, side)}" if owner else self._role(item, side)

        one, other = ([item for item in items if keys.key(item) in common] for items in (lefts, rights))
        self._record(resource_types.PRIVATE_ENDPOINT, match(one, other, [Criterion("id", keys.key, keys.key)]), role)
        return [item for item in lefts if keys.key(item) not in common], [
            item for item in rights if keys.key(item) not in common
        ]

    def _by_parent(
        self,
        side: SideIndex,
        roles: dict[str, str],
        resource_type: str,
        items: Iterable[Resource],
        common: frozenset[str],
    ) -> dict[str | None, list[Resource]]:
        """The items by the role of their parent; of several roles one that is among the `common`."""
        found: dict[str | None, list[Resource]] = defaultdict(list)
        for item in items:
            if resource_type == resource_types.PRIVATE_ENDPOINT:
                parents = shapes.targets(item)
            elif resource_type in (resource_types.MODELS, resource_types.USAGES):
                parents = [f"/subscriptions/{arm_id.subscription_of(item['id'])}"]
            else:
                parents = [arm_id.parent_of(item["id"])]
            known = [roles[parent] for parent in parents if parent in roles]
            role = known[0] if len(known) == 1 else min(known, key=lambda one: (one not in common, one), default=None)
            # The children of a resource that is alone or in doubt are reported with it.
            if role is not None or not any(parent in side.by_key for parent in parents):
                found[role].append(item)
        return found

    def _breakers(self) -> list[Criterion]:
        """What settles several of one key."""

        def region(item: Resource) -> str | None:
            return arm_id.region(text(item.get("location"))) or None

        def kind(item: Resource) -> str | None:
            return text(item.get("kind")).lower() or None

        def both(item: Resource) -> str | None:
            return f"{region(item)} {kind(item)}"

        def declared(item: Resource) -> str | None:
            return self.map.counterpart(self.left.label, region(item) or "", self.right.label)

        here, there = self._subscription_of(self.left), self._subscription_of(self.right)
        named, other = keys.group(self.left), keys.group(self.right)
        return [
            Criterion("region and kind", both, both),
            Criterion("region", region, region),
            Criterion("declared region", declared, region),
            Criterion("kind", kind, kind),
            Criterion("subscription", here, there),
            Criterion("group", named, other),
            Criterion("subscription and group", keys.both(here, named), keys.both(there, other)),
        ]

    def _subscription_of(self, side: SideIndex) -> KeyOf:
        """The role of its subscription, else that one's display name without the environment's tokens."""
        roles = self.pairing.left_roles if side is self.left else self.pairing.right_roles
        displayed = keys.displayed(side)

        def named(item: Resource) -> str | None:
            subscription = f"/subscriptions/{arm_id.subscription_of(item['id'])}"
            held = side.by_key.get(subscription)
            return (displayed(held) if held else None) or roles.get(subscription)

        return named

    def _global(self, resource_type: str, lefts: Sequence[Resource], rights: Sequence[Resource]) -> None:
        tagged = self._tagged
        grounds = [Criterion("id", keys.key, keys.key, doubtful=False), Criterion(f"tag {self.tag}", tagged, tagged)]
        if resource_type in (resource_types.ZONE, resource_types.DEFINITION, sides.CLIENT):
            grounds.append(Criterion("name", keys.name, keys.name, doubtful=False))
        if resource_type == resource_types.DEFINITION:
            grounds.append(Criterion("role name", keys.role_name, keys.role_name))
        for regions, among_all in ((frozenset[str](), False), (self.regions, True)):
            left, right = (keys.unless(tagged, keys.base_name(side, regions)) for side in (self.left, self.right))
            grounds.append(Criterion("name", left, right, among_all=among_all))
        found = match(lefts, rights, self._unsaid(resource_type, grounds), self._breakers())
        self._record(resource_type, found, self._role)

    def _children(self, resource_type: str, parent: str, lefts: Sequence[Resource], rights: Sequence[Resource]) -> None:
        if resource_type in (resource_types.MODELS, resource_types.USAGES):
            grounds = [Criterion("region", keys.region_segment, keys.region_segment)]
        else:
            grounds = [
                Criterion("name", keys.name, keys.name, doubtful=False),
                Criterion("name", keys.base_name(self.left), keys.base_name(self.right)),
                Criterion("name", keys.base_name(self.left, self.regions), keys.base_name(self.right, self.regions)),
            ]
        if resource_type == resource_types.DEPLOYMENT:
            grounds.append(Criterion("model", keys.model, keys.model, doubtful=False))
        elif resource_type != resource_types.RAI_POLICY:
            grounds.append(Criterion("the only one", *keys.only(lefts, rights), doubtful=False))

        def role(item: Resource, side: SideIndex) -> str:
            if resource_type in (resource_types.MODELS, resource_types.USAGES):
                return f"{parent}/{keys.region_segment(item)}"
            return f"{parent}/{side.base_name(sides.name(item)) or sides.name(item).lower()}"

        self._record(resource_type, match(lefts, rights, self._unsaid(resource_type, grounds)), role)

    def _record(self, resource_type: str, found: Match, role_of: _RoleOf) -> None:
        for one, other, by in sorted(found.pairs, key=lambda item: arm_id.key(item[0]["id"])):
            role = self._unique(resource_type, role_of(one, self.left), one)
            self.pairing.pairs.append(PairedResources(role, resource_type, one, other, by))
            self.pairing.left_roles[arm_id.key(one["id"])] = role
            self.pairing.right_roles[arm_id.key(other["id"])] = role
        if resource_type not in _FOLLOWS:
            for item in found.left:
                if resource_type != resource_types.PRIVATE_ENDPOINT or not sides.serves(item, self.left, self.right):
                    role = self._unique(resource_type, role_of(item, self.left), item)
                    self.pairing.unmatched.append(PairedResources(role, resource_type, item, None))
            for item in found.right:
                if resource_type != resource_types.PRIVATE_ENDPOINT or not sides.serves(item, self.right, self.left):
                    role = self._unique(resource_type, role_of(item, self.right), item)
                    self.pairing.unmatched.append(PairedResources(role, resource_type, None, item))
        for ground, ones, others in found.doubts:
            self._doubt("left", resource_type, ground, ones, self.left, others, self.right)
            self._doubt("right", resource_type, ground, others, self.right, ones, self.left)

    def _doubt(
        self,
        side: str,
        resource_type: str,
        ground: str,
        items: Iterable[Resource],
        own: SideIndex,
        rivals: Sequence[Resource],
        other: SideIndex,
    ) -> None:
        names = [sides.name(item) for item in rivals]
        if len({name.lower() for name in names}) < len(names):
            # Names that are alike tell nothing: where they are does.
            names = [f"{sides.name(item)} in {self._place(item, other)}" for item in rivals]
        named = ", ".join(sorted(names)[:4]) + (", …" if len(rivals) > 4 else "")
        advice = "name the pair in --map" + ("" if resource_type == resource_types.ACCOUNT else " by their ids")
        if ground == "map":
            advice = "give each pair a role of its own in --map"
        for item in items:
            reason = f"by {ground} it could be any of {named} of {other.label}; {advice}"
            self.pairing.doubts.append(Unpaired(side, resource_type, str(item["id"]), reason))
            roles = self.pairing.left_roles if own is self.left else self.pairing.right_roles
            roles.pop(arm_id.key(item["id"]), None)

    def _place(self, item: Resource, side: SideIndex) -> str:
        subscription = str(arm_id.subscription_of(item["id"]))
        held = side.by_key.get(f"/subscriptions/{subscription}")
        shown = text(held.get("displayName")) if held else ""
        return f"group {arm_id.group_of(item['id'])} of subscription {shown or subscription}"

    def _role(self, item: Resource, side: SideIndex) -> str:
        mapped = (self.mapped_left if side is self.left else self.mapped_right).get(arm_id.key(item["id"]))
        if mapped:
            region = arm_id.region(text(item.get("location")))
            return f"{mapped}-{region}" if region and (mapped, sides.type_of(item["id"])) in self.crowded else mapped
        if arm_id.type_of(item["id"]) == resource_types.ZONE:
            return sides.name(item).lower()
        return side.base_name(sides.name(item)) or sides.name(item).lower()

    def _unique(self, resource_type: str, role: str, item: Resource) -> str:
        for candidate in (role, f"{role} ({sides.name(item).lower()})", f"{role} ({arm_id.key(item['id'])})"):
            if (resource_type, candidate) not in self.taken:
                self.taken.add((resource_type, candidate))
                return candidate
        return role

    def _tagged(self, item: Resource) -> str | None:
        tags = item.get("tags")
        if self.tag is None or not isinstance(tags, dict):
            return None
        wanted = self.tag.lower()
        return next((str(given).lower() for key, given in tags.items() if key.lower() == wanted and given), None)


def _served(endpoints: Iterable[Resource], roles: dict[str, str]) -> frozenset[str]:
    """The roles of what private endpoints connect to."""
    return frozenset(roles[target] for item in endpoints for target in shapes.targets(item) if target in roles)
