"""Match keys: give a resource's key for each criterion, or None where it has none."""

from __future__ import annotations

from collections.abc import Sequence

from rtaudit.azure import arm_id
from rtaudit.documents.json_values import properties, text
from rtaudit.drift import sides
from rtaudit.drift.matching import KeyOf
from rtaudit.drift.sides import Resource, SideIndex


def key(item: Resource) -> str | None:
    """Its id, as ids are compared."""
    return arm_id.key(item["id"])


def name(item: Resource) -> str | None:
    """Its own name."""
    return sides.name(item).lower()


def region_segment(item: Resource) -> str | None:
    """The region that the id of a collection names."""
    return arm_id.region(arm_id.key(item["id"]).split("/")[-2])


def role_name(item: Resource) -> str | None:
    """What a role definition calls its role."""
    return text(properties(item).get("roleName")).lower() or None


def model(item: Resource) -> str | None:
    """A deployment's model without its version."""
    found = properties(item).get("model")
    if not isinstance(found, dict) or not text(found.get("name")):
        return None
    return f"{text(found.get('format'))} {text(found.get('name'))}".lower()


def base_name(side: SideIndex, regions: frozenset[str] = frozenset()) -> KeyOf:
    """Its name without the environment's tokens and the words of `regions`."""
    return lambda item: side.base_name(sides.name(item), regions) or None


def group(side: SideIndex) -> KeyOf:
    """Its resource group's name without the environment's tokens."""
    return lambda item: side.base_name(arm_id.group_of(item["id"]) or "") or None


def displayed(side: SideIndex) -> KeyOf:
    """A subscription's display name without the environment's tokens."""
    return lambda item: side.base_name(text(item.get("displayName"))) or None


def mapped(roles: dict[str, str]) -> KeyOf:
    """The role that the map gives it (by key)."""
    return lambda item: roles.get(arm_id.key(item["id"])) if roles else None


def unless(barred: KeyOf, key_of: KeyOf) -> KeyOf:
    """`key_of`, but for what `barred` has a key for."""
    return lambda item: None if barred(item) is not None else key_of(item)


def both(first: KeyOf, second: KeyOf) -> KeyOf:
    """The keys that `first` and `second` give, as one; None where one gives none."""

    def asked(item: Resource) -> str | None:
        one, other = first(item), second(item)
        return None if one is None or other is None else f"{one}\n{other}"

    return asked


def only(lefts: Sequence[Resource], rights: Sequence[Resource]) -> tuple[KeyOf, KeyOf]:
    """One key where each side has one alone."""
    one = len(lefts) == 1 and len(rights) == 1
    return (lambda _item: "" if one else None), (lambda _item: "" if one else None)
