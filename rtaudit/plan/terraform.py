"""Terraform plans: `terraform show -json PLAN`, read as planned resources. OpenTofu writes the same.

Source: hashicorp/terraform, `internal/command/jsonplan/plan.go`, format versions 0.1 to 1.2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from rtaudit.errors import InputError
from rtaudit.plan.azapi import azapi_resource, azapi_update
from rtaudit.plan.azurerm import azurerm_resource
from rtaudit.plan.azurerm_table import MAPPING
from rtaudit.plan.changes import Changes, PlannedChange, fate_of
from rtaudit.plan.identify import of_state
from rtaudit.plan.model import Plan, PlannedResource
from rtaudit.plan.sensitive import hide_names

_HELPERS = ("azuread", "external", "http", "local", "modtm", "null", "random", "template", "terraform", "time", "tls")
"""Providers that make nothing in Azure Resource Manager; passed over in silence."""

_NOTHING = {
    "azapi_data_plane_resource": "is not in Azure Resource Manager",
    "azapi_resource_action": "an action, not a resource",
    "azurerm_resource_provider_registration": "a registration",
}


def read(document: dict[str, Any], file: str, nth: str = "") -> Plan:
    """The plan in a Terraform plan's JSON. Raises InputError for a format of another major version."""
    version = str(document.get("format_version"))
    if version.split(".", maxsplit=1)[0] not in ("0", "1"):
        raise InputError(
            f"{file} has format_version {version}; 0.x and 1.x are known", "show the plan with Terraform 1.x"
        )
    plan = Plan("Terraform plan", file, nth=nth)
    if document.get("errored") is True:
        plan.missing.append("planning ended with an error, so the plan is not whole")
    elif document.get("complete") is False:
        plan.missing.append("Terraform says that the plan is not complete (-target, or deferred changes)")
    if document.get("deferred_changes"):
        plan.missing.append("the plan defers changes, which are not shown")
    if "resource_changes" not in document and "resource_drift" in document:
        plan.missing.append("the plan only refreshes the state: it shows no resources")
    if not isinstance(document.get("resource_changes", []), list):
        plan.missing.append("the plan's resource_changes is not a list")
    changes = Changes(document, nth)
    passed: Counter[str] = Counter()
    patches: list[PlannedChange] = []
    plan.resources += [
        PlannedResource(gone, {}, change.address, "delete") for change in changes.removing if (gone := _removed(change))
    ]
    for change in changes:
        provider = change.provider
        if change.mode != "managed" or provider in _HELPERS or change.kind in _NOTHING:
            continue
        if change.kind == "azapi_update_resource":
            patches.append(change)
        elif (reader := _reader(change)) is None:
            passed[change.kind] += 1
        elif fate_of(change) is not None:
            reader(plan, changes, change)
        else:
            actions = ", ".join(change.actions) or "nothing"
            plan.missing.append(f"{change.address}: the plan says '{actions}' of it, which is not known here")
    for change in patches:
        azapi_update(plan, changes, change)
    if passed:
        names = ", ".join(f"{kind} ({count})" for kind, count in sorted(passed.items()))
        plan.warnings.append(f"resource types that rtaudit does not read from a Terraform plan: {names}")
    plan.warnings += changes.guesses
    secret = {name: f"planned-{changes.slug(change)}" for change in changes for name in change.secret_names}
    hide_names(plan, secret)
    return plan


def _removed(change: PlannedChange) -> str | None:
    """The id of the object that a change removes; None where what goes is a part of one."""
    mapped = MAPPING.get(change.kind)
    if change.kind != "azapi_resource" and (mapped is None or mapped.place == "patch"):
        return None
    found = change.before.get("id") if isinstance(change.before, dict) else None
    return of_state(found, mapped.type if mapped else "") if isinstance(found, str) else None


def _reader(change: PlannedChange) -> Callable[[Plan, Changes, PlannedChange], None] | None:
    if change.kind == "azapi_resource":
        return azapi_resource
    return azurerm_resource if change.kind in MAPPING else None
