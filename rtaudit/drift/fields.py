"""Unknown fields: decide what a difference means where one side does not know the value (a planned snapshot)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import RAI_POLICY, SUBSCRIPTION
from rtaudit.drift.sides import SideIndex
from rtaudit.snapshot import Gap
from rtaudit.snapshot.gaps import ASSIGNED, NOT_YET

Resource = dict[str, Any]


def hidden(
    left: tuple[SideIndex, Resource | None], right: tuple[SideIndex, Resource | None], path: str, values: list[Any]
) -> Gap | None:
    """The gap of a value that keeps a difference at `path` from being known; None where it is a difference.

    `values` are those of the two sides, None where one has none. A gap `assignedByAzure` means that there is nothing to
    compare before the deployment.
    """
    for (side, resource), value, other in ((left, *values), (right, *reversed(values))):
        for gap in _gaps(side, resource):
            if _covers(gap, resource, path, lacking=value is None) or _inside(gap, path, value, other):
                return gap
    return None


def not_in_plan(side: SideIndex, resource: Resource | None) -> Iterator[Gap]:
    """The values of a resource that its plan could have given and does not: equal or not, nobody knows."""
    return (
        gap
        for gap in _gaps(side, resource)
        if gap.reason == NOT_YET and gap.field != "/properties" and gap.code != "NotModelled"
    )


def in_no_plan(side: SideIndex, resource: Resource) -> bool:
    """True for what a plan never holds, where `side` is one: a subscription, and the content policies that are Azure's own."""
    if not side.snapshot.planned:
        return False
    kind = arm_id.type_of(str(resource["id"]))
    own = kind == RAI_POLICY and arm_id.name_of(str(resource["id"])).lower().startswith("microsoft.")
    return own or kind == SUBSCRIPTION


def _gaps(side: SideIndex, resource: Resource | None) -> list[Gap]:
    found = side.index.field_gaps
    return found.get(arm_id.key(str(resource["id"])), []) if found and resource is not None else []


def _covers(gap: Gap, resource: Resource | None, path: str, *, lacking: bool) -> bool:
    """True where `path` is the gap's value or below it; of an object that is there, only for what it lacks."""
    field = gap.field or ""
    if path != field and not path.startswith(f"{field}/"):
        return False
    return lacking or not isinstance(_at(resource, field), dict)


def _inside(gap: Gap, path: str, value: Any, other: Any) -> bool:
    """True where the gap's value is inside of the value at `path`, and nothing else in it differs."""
    field = gap.field or ""
    if not field.startswith(f"{path}/"):
        return False
    if gap.reason != ASSIGNED:
        return True
    steps = [step for step in field.removeprefix(f"{path}/").split("/") if not step.isdigit()]
    return bool(_without(value, steps) == _without(other, steps))


def _without(value: Any, steps: list[str]) -> Any:
    if isinstance(value, list):
        return [_without(item, steps) for item in value]
    if not isinstance(value, dict) or steps[0] not in value:
        return value
    rest = {key: item for key, item in value.items() if key != steps[0]}
    return rest if len(steps) == 1 else {**rest, steps[0]: _without(value[steps[0]], steps[1:])}


def _at(value: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        value = value.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(value, dict) else None
    return value
