"""Coverage: decides which comparisons a gap, a skipped aspect or an older api-version makes unknown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from rtaudit.azure import arm_id, resource_types
from rtaudit.azure.resource_types import CATALOGUES, RESOURCE_TYPES, shown_since
from rtaudit.drift import sides
from rtaudit.drift.pairing import Pairing
from rtaudit.drift.sides import SideIndex
from rtaudit.snapshot import ASPECTS, Gap
from rtaudit.snapshot.index import ancestors

ASPECT_OF: dict[str, str] = {row.key: row.aspect for row in RESOURCE_TYPES.values() if row.aspect}
"""Type -> the aspect that reads it."""

LISTS_FILTERED_BY: dict[str, tuple[str, ...]] = {
    row.key: tuple(one for one in row.filtered_by if "/" in one) for row in RESOURCE_TYPES.values()
}
"""Type -> the types of the same aspect that say what of its list is kept."""

ROWS_FILTERED_BY: dict[str, str] = {
    row.key: row.rows_filtered_by for row in RESOURCE_TYPES.values() if row.rows_filtered_by
}
"""Type of a catalogue -> the aspect that says which of its rows are kept."""


@dataclass(frozen=True, slots=True)
class Uncomparable:
    """Something that could not be compared."""

    role: str
    type: str
    left: str | None
    right: str | None
    reason: str
    """`test: diagnostics not read (denied 403)`."""
    minor: bool = False
    """True for an opt-in aspect that only one side asked for."""


class Coverage:
    """What one side could not see."""

    def __init__(self, side: SideIndex, other: SideIndex, *, over_time: bool) -> None:
        self.side, self._other = side, other
        shard = side.snapshot.scope.get("shard")
        self.shard = str(shard) if shard else None
        """Which part of a collection it is; None: the whole."""
        # Which part an account belongs to follows from its id: over time it stays there.
        self._parted = bool(shard) and not (over_time and shard == other.snapshot.scope.get("shard"))
        self.by_aspect: dict[str, list[Gap]] = defaultdict(list)
        for gap in side.index.gaps:
            self.by_aspect[gap.aspect].append(gap)
        self._scopes = {
            aspect: {arm_id.key(gap.scope): gap for gap in reversed(gaps)} for aspect, gaps in self.by_aspect.items()
        }
        self._gaps = {aspect: list(gaps.values()) for aspect, gaps in self._scopes.items()}

        self._eligible: dict[tuple[str, str], tuple[dict[str, int], int | None]] = {}
        self.unnamed_roles = frozenset(
            arm_id.name_of(scope)
            for scope in self._scopes.get("roleAssignments", ())
            if arm_id.type_of(scope) == resource_types.DEFINITION
        )
        """Roles whose definition could not be read, so that only their id is known."""

    def skipped(self, aspect: str) -> bool:
        """True when the aspect was not asked for."""
        return aspect not in self.side.snapshot.aspects

    def why(self, resource_type: str, beside: str | None, own: str | None = None) -> str | None:
        """Why this side may lack a resource of this type; None when it would have seen it.

        `beside` is the key of what the resource would hang on, `own` its own; a gap at another account says nothing
        about this one.
        """
        aspect = ASPECT_OF.get(resource_type)
        if aspect is None:
            return None if resource_type == sides.CLIENT else self.hidden_elsewhere_because(beside)
        if self.skipped(aspect):
            return f"{self.side.label}: {aspect} not read"
        filtered = self._filtered(ASPECTS[aspect].filtered_by, beside)
        return self._hiding_gap(aspect, resource_type, beside, own) or filtered or self.hidden_elsewhere_because(beside)

    def why_rows(self, resource_type: str) -> str | None:
        """Why this side may lack rows of a catalogue that it has; None when it would have kept them."""
        aspect = ROWS_FILTERED_BY.get(resource_type)
        return None if aspect is None else self._filtered((aspect,), None) or self.hidden_elsewhere_because(None)

    def hidden_elsewhere_because(self, beside: str | None) -> str | None:
        """Why another part of the collection may hold what hangs on `beside`; None: of this account all was read here."""
        return None if not self._parted or self._account(beside) else self.part()

    def part(self) -> str:
        """That this side is a shard, in a few words."""
        return f"{self.side.label}: this is shard {self.shard} of a collection: `rtaudit snapshot merge` joins them"

    def sources(self, resource_type: str) -> tuple[str, ...]:
        """The aspects and types of which a gap may hide resources of a type that are read by another."""
        aspect = ASPECTS.get(ASPECT_OF.get(resource_type, ""))
        named = (*(aspect.filtered_by if aspect else ()), *LISTS_FILTERED_BY.get(resource_type, ()))
        return (*named, "accounts") if self._parted else named

    def _account(self, key: str | None) -> bool:
        """True for an account that this side read."""
        return key is not None and key in self.side.by_key and arm_id.type_of(key) == resource_types.ACCOUNT

    def _hiding_gap(self, aspect: str, resource_type: str, beside: str | None, own: str | None) -> str | None:
        scopes = self._scopes.get(aspect)
        if not scopes:
            return None
        if beside is not None and beside in scopes:
            return self.gap_sentence(scopes[beside])
        eligible, whole = self._hiding(aspect, resource_type)
        # In the order of the gaps: the first that may hide it is named.
        places = [whole] if beside is not None else [next(iter(eligible.values()), None)]
        for key in (beside, own):
            places += [eligible[above] for above in ancestors(key) if above in eligible] if key is not None else []
        first = min((place for place in places if place is not None), default=None)
        return None if first is None else self.gap_sentence(self._gaps[aspect][first])

    def _hiding(self, aspect: str, resource_type: str) -> tuple[dict[str, int], int | None]:
        """The scopes of an aspect's gaps that may hide resources of a type, each with its place; and the first place of one that hides any."""
        known = self._eligible.get((aspect, resource_type))
        if known is None:
            eligible = {
                scope: place
                for place, scope in enumerate(self._scopes[aspect])
                if not arm_id.is_list(scope) or _keeps(arm_id.type_of(scope), resource_type)
            }
            whole = next((place for scope, place in eligible.items() if not _single(scope)), None)
            known = self._eligible[aspect, resource_type] = (eligible, whole)
        return known

    def _filtered(self, aspects: Iterable[str], beside: str | None) -> str | None:
        at_account = self._account(beside)
        for aspect in aspects:
            # What hangs on an account that was read is kept, whichever other account was not.
            if aspect == "accounts" and at_account:
                continue
            if self.by_aspect.get(aspect):
                return self.gap_sentence(self.by_aspect[aspect][0])
            # Where neither side read it, both lists were filtered alike.
            if self.skipped(aspect) and aspect in self._other.snapshot.aspects:
                return f"{self.side.label}: {aspect} not read"
        return None

    def gap_sentence(self, gap: Gap) -> str:
        """A gap of this side in a few words."""
        return f"{self.side.label}: {gap.sentence}"


def _keeps(listed: str, resource_type: str) -> bool:
    """True when a list of the one type holds resources of the other, or says which of them are kept."""
    return listed == resource_type or listed in LISTS_FILTERED_BY.get(resource_type, ())


def _single(scope: str) -> bool:
    """True for the scope of one resource; False for a subscription and its lists, which may hold anything."""
    return not arm_id.is_list(scope) and not arm_id.type_of(scope).startswith("microsoft.resources/")


def unseen(left: Coverage, right: Coverage, pairing: Pairing) -> tuple[list[Uncomparable], list[str]]:
    """Each comparison that a gap made unknown, once; and sentences on what neither side asked for."""
    found: dict[tuple[str, str, str], Uncomparable] = {}
    warnings: list[str] = []
    left_of = {(arm_id.type_of(key), role): key for key, role in pairing.left_roles.items()}
    right_of = {(arm_id.type_of(key), role): key for key, role in pairing.right_roles.items()}
    for aspect, definition in ASPECTS.items():
        if definition.compared == "never" or (definition.compared == "overTime" and not pairing.over_time):
            continue
        blind = [side for side in (left, right) if side.skipped(aspect)]
        if len(blind) == 2:
            if not definition.opt_in:
                warnings.append(f"not compared: {aspect}, which neither side read")
            continue
        resource_type = definition.types[0]
        for side in blind:
            entry = Uncomparable(
                "environment", resource_type, None, None, f"{side.side.label}: {aspect} not read", definition.opt_in
            )
            found[aspect, "environment", resource_type] = entry
        if blind:
            continue
        for side, roles in ((left, pairing.left_roles), (right, pairing.right_roles)):
            for gap in side.by_aspect.get(aspect, ()):
                scope = arm_id.key(gap.scope)
                of_type = arm_id.type_of(scope) if arm_id.is_list(scope) else resource_type
                scope = arm_id.parent_of(scope) if arm_id.is_list(scope) else scope
                role = roles.get(scope)
                scope_type = arm_id.type_of(scope)
                if role is None and scope in side.side.by_key and scope_type != resource_types.SUBSCRIPTION:
                    # What is alone or in doubt is reported as such.
                    continue
                region = _region(scope)
                role = role or (f"environment/{region}" if region else "environment")
                found.setdefault(
                    (aspect, role, of_type),
                    Uncomparable(
                        role,
                        of_type,
                        _written(left, left_of.get((scope_type, role))),
                        _written(right, right_of.get((scope_type, role))),
                        side.gap_sentence(gap),
                    ),
                )
    for side in (left, right):
        if side.shard is None:
            continue
        entry = Uncomparable("environment", resource_types.ACCOUNT, None, None, side.part())
        found.setdefault(("accounts", "environment", resource_types.ACCOUNT), entry)
        warnings.append(
            f"{side.side.label} is shard {side.shard} of a collection: what the others hold is not compared; "
            "`rtaudit snapshot merge` joins them"
        )
    return [found[key] for key in sorted(found)], warnings


def _region(scope: str) -> str | None:
    parts = scope.split("/")
    return parts[-2] if arm_id.type_of(scope) in CATALOGUES else None


def _written(side: Coverage, key: str | None) -> str | None:
    if key is None:
        return None
    item = side.side.by_key.get(key)
    return str(item["id"]) if item is not None else None


def hidden_by_version(left: SideIndex, right: SideIndex, resource_type: str, path: str, *, added: bool) -> str | None:
    """Why the side that lacks a field may only not have been shown it; None when its api-version shows it.

    `added`: the base lacks it.
    """
    lacking, having = (left, right) if added else (right, left)
    older, newer = lacking.snapshot.api_version(resource_type), having.snapshot.api_version(resource_type)
    if older is None or path.startswith("/tags"):
        return None
    since = shown_since(resource_type, path, older)
    if since is not None and older != newer:
        return f"{lacking.label}: api-version {older} does not show it (since {since})"
    if newer is not None and older[:10] < newer[:10] and path.startswith("/properties/"):
        return f"{lacking.label}: read with api-version {older}, which may not show it ({having.label}: {newer})"
    return None
