"""Ids of planned Terraform resources: what Azure will call them, as far as the plan tells."""

from __future__ import annotations

from typing import Any

from rtaudit.azure import arm_id
from rtaudit.plan.azurerm_table import MAPPING
from rtaudit.plan.changes import Changes, PlannedChange, arm_type, attribute
from rtaudit.plan.expressions import SUBSCRIPTION
from rtaudit.plan.model import known


def identify(changes: Changes, change: PlannedChange) -> str | None:
    """The id of a change's resource: stated, made of its parent and name, or one below `/planned/`."""
    kind = arm_type(change)
    stated = attribute(change, "id")
    if isinstance(stated, str) and stated.startswith("/"):
        return of_state(stated, kind)
    if not kind:
        return None
    name = attribute(change, "name")
    name = name if isinstance(name, str) and name else f"planned-{changes.slug(change)}"
    if change.kind.startswith("azapi_"):
        return _of_azapi(changes, change, kind, name)
    return _of_azurerm(changes, change, kind, name)


def of_state(stated: str, kind: str) -> str:
    """The id that Azure has for one of Terraform's state: azurerm puts two parts together with a `|`.

    A diagnostic setting's is its target and its name; of other resources the first part is the whole id.
    """
    head, mark, tail = stated.partition("|")
    return f"{head}/providers/{kind}/{tail}" if mark and arm_id.type_of(head) != kind.lower() else head


def reference(changes: Changes, change: PlannedChange, name: str, wanted_type: str = "") -> str | None:
    """The id that an attribute holds or refers to; of the ARM type `wanted_type` where that is given."""
    value = attribute(change, name)
    if isinstance(value, str) and value.startswith("/"):
        return value
    if value is not None and known(value):
        return None
    return changes.leads_to(change, changes.configured(change).get(name), wanted_type, name)


def in_group(changes: Changes, group: Any, kind: str, name: str, change: PlannedChange) -> str:
    """The id of a resource of a resource group."""
    namespace, first, *_ = kind.split("/")
    if not isinstance(group, str) or not group:
        return f"/planned/{changes.slug(change)}/providers/{namespace}/{first}/{name}"
    return f"{_subscription(changes, change)}/resourceGroups/{group}/providers/{namespace}/{first}/{name}"


def _subscription(changes: Changes, change: PlannedChange) -> str:
    found = changes.subscriptions.of(change)
    return f"/subscriptions/{found}" if found else SUBSCRIPTION


def _of_azapi(changes: Changes, change: PlannedChange, kind: str, name: str) -> str:
    segments = kind.split("/")
    parent_type = "/".join(segments[:-1]) if len(segments) > 2 else ""
    resource = reference(changes, change, "resource_id", kind) if change.kind == "azapi_update_resource" else None
    if resource is not None:
        return resource
    parent = reference(changes, change, "parent_id", parent_type)
    if parent is None:
        if len(segments) == 2:
            return f"/planned/{changes.slug(change)}/providers/{kind}/{name}"
        names = [f"planned-{changes.slug(change)}"] * (len(segments) - 2)
        pairs = "/".join(f"{one}/{called}" for one, called in zip(segments[1:], [*names, name], strict=True))
        return f"/planned/{changes.slug(change)}/providers/{segments[0]}/{pairs}"
    if len(segments) > 2 and f"/{segments[0]}/{segments[1]}/".lower() in f"{parent}/".lower():
        return f"{parent}/{segments[-1]}/{name}"
    if kind.lower() == "microsoft.resources/resourcegroups":
        return f"{parent}/resourceGroups/{name}"
    return f"{parent}/providers/{kind}/{name}"


def _of_azurerm(changes: Changes, change: PlannedChange, kind: str, name: str) -> str:
    mapped = MAPPING[change.kind]
    segments = kind.split("/")
    if mapped.group_of_subscription:
        return f"{_subscription(changes, change)}/resourceGroups/{name}"
    for attribute_name in mapped.parents:
        if attribute_name not in (change.after if isinstance(change.after, dict) else {}):
            continue
        parent_type = "" if mapped.extension else "/".join(segments[:-1])
        parent = reference(changes, change, attribute_name, parent_type)
        if parent is not None:
            return f"{parent}/providers/{kind}/{name}" if mapped.extension else f"{parent}/{segments[-1]}/{name}"
    if mapped.parent_name is not None:
        # Before azurerm 5.0 a child of a zone or network names its parent and the parent's group.
        above = attribute(change, mapped.parent_name)
        if isinstance(above, str) and above:
            parent = in_group(changes, attribute(change, "resource_group_name"), "/".join(segments[:2]), above, change)
            return f"{parent}/{segments[-1]}/{name}"
    if mapped.extension:
        return f"/planned/{changes.slug(change)}/providers/{kind}/{name}"
    if len(segments) > 2:
        return f"/planned/{changes.slug(change)}/providers/{segments[0]}/{segments[1]}/planned/{segments[2]}/{name}"
    return in_group(changes, attribute(change, "resource_group_name"), kind, name, change)
