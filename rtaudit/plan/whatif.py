"""What-if results: what a deployment would change, read as planned resources.

Source: azure-mgmt-resource-deployments 2.0.0, `models/_models.py` (WhatIfOperationResult); the Azure CLI writes `properties`
flattened. PowerShell's own form is not read.
"""

from __future__ import annotations

from typing import Any

from rtaudit.azure import arm_id
from rtaudit.errors import InputError
from rtaudit.plan.bicep import identify, planned
from rtaudit.plan.model import Fate, Plan, PlannedResource, Unknown, without_nulls

_FATES: dict[str, Fate] = {
    "create": "create",
    "modify": "change",
    "nochange": "keep",
    "delete": "delete",
    "deploy": "exists",
    "ignore": "exists",
    "unsupported": "create",
}
"""Change type, lower case -> what becomes of the resource."""


_MAPS = ("/tags", "/identity/userAssignedIdentities")
"""Objects whose keys are names: what is taken out of them is gone."""
_NOT_SET = ("/id", "/name", "/type", "/apiversion")
"""Of a result alone, no values of the resource."""


def read(document: dict[str, Any], file: str, nth: str = "") -> Plan:
    """The plan in a what-if result. Raises InputError where what-if itself failed."""
    inner = document.get("properties")
    body = {**document, **inner} if isinstance(inner, dict) else document
    _refuse_failed(body, file)
    plan = Plan("what-if result", file, nth=nth)
    for list_name in ("changes", "potentialChanges"):
        rows = body.get(list_name)
        for number, change in enumerate(rows if isinstance(rows, list) else ()):
            if isinstance(change, dict):
                _add(plan, change, f"{list_name}[{number}]", possible=list_name == "potentialChanges")
    diagnostics = body.get("diagnostics")
    for one in diagnostics if isinstance(diagnostics, list) else ():
        row = one if isinstance(one, dict) else {}
        plan.missing.append(f"what-if could not analyse all of it: {row.get('code')}: {str(row.get('message'))[:300]}")
    return plan


def _refuse_failed(body: dict[str, Any], file: str) -> None:
    error = body.get("error")
    status = body.get("status")
    if isinstance(status, str) and status.lower() not in ("succeeded", "failed") and not error:
        raise InputError(
            f"{file}: what-if ended as '{status}'",
            "only an answer that succeeded says what a deployment changes: run what-if again",
        )
    if (isinstance(error, dict) and error) or str(status).lower() == "failed":
        row = error if isinstance(error, dict) else {}
        raise InputError(
            f"{file}: what-if failed: {row.get('code')}: {str(row.get('message'))[:300]}",
            "an answer that failed says nothing of the deployment: mend it and run what-if again",
        )


def _add(plan: Plan, change: dict[str, Any], place: str, *, possible: bool) -> None:
    kind = str(change.get("changeType", "")).lower()
    fate = _FATES.get(kind)
    raw = change.get("resourceId")
    if fate is None:
        plan.missing.append(f"{place}: what-if says '{change.get('changeType')}', which is not known here")
        return
    if raw is None:
        return  # a resource of another extension
    after, before = _without_groups(change.get("after")), _without_groups(change.get("before"))
    shown = after if isinstance(after, dict) else before if isinstance(before, dict) else {}
    # With --result-format ResourceIdOnly there is no content.
    hidden = kind == "deploy" or (not shown and kind in ("create", "modify"))
    if hidden or (not shown and kind == "nochange"):
        fate = "exists"
    resource_type = str(shown.get("type") or change.get("resourceType") or arm_id.type_of(str(raw)))
    if fate == "create":
        element = {**shown, "id": raw, "type": resource_type}
        if kind == "unsupported" and not shown:
            plan.missing.append(
                f"{place}: what-if could not analyse {resource_type or 'a resource'} ({_reason(change)})"
            )
        elif possible or kind == "unsupported":
            planned(plan, {**element, "condition": "[may]"}, place)
        else:
            planned(plan, element, place)
            plan.resources[-1].fate = "create"
        return
    resource_id, address = identify(plan, raw, resource_type, shown.get("name"), place)
    if resource_id is None:
        plan.missing.append(f"{place}: the result does not say which {resource_type or 'resource'} it is")
        return
    body = {"id": resource_id, "name": arm_id.name_of(resource_id), "type": resource_type}
    if fate in ("change", "keep"):
        shown = _effective(change.get("delta"), shown, before)
        plan.resources.append(_with_body(body, _with_removed(before, shown), address, fate))
    else:
        plan.resources.append(PlannedResource(resource_id, body, address, fate, conditional=possible, partial=hidden))


def _without_groups(value: Any) -> Any:
    """`value` without the `resourceGroup` that the Azure CLI writes beside each id."""
    if isinstance(value, list):
        return [_without_groups(one) for one in value]
    if not isinstance(value, dict):
        return value
    group = arm_id.group_of(value["id"]) if isinstance(value.get("id"), str) else None
    return {
        name: _without_groups(one)
        for name, one in value.items()
        if not (name == "resourceGroup" and group and str(one).lower() == group.lower())
    }


def _effective(delta: Any, after: Any, before: Any) -> Any:
    """`after` with what is there in place of each value that the template states and Azure will not set (`NoEffect`)."""
    if not isinstance(after, dict):
        return after
    found = dict(after)
    for row in delta if isinstance(delta, list) else ():
        path, inner = (str(row.get("path")), row.get("children")) if isinstance(row, dict) else ("", None)
        name, _, rest = path.partition(".")
        here = before.get(name) if isinstance(before, dict) else None
        if rest:
            found[name] = _effective([{**row, "path": rest}], found.get(name), here)
        elif name in found and isinstance(inner, list) and inner:
            found[name] = _effective(inner, found[name], here)
        elif name in found and str(row.get("propertyChangeType")).lower() == "noeffect":
            found[name] = here
    return found


def _with_removed(before: Any, after: Any, at: str = "") -> Any:
    """`after` with an Unknown for each value that it lacks: Azure may set it again, or a PUT without it may unset it."""
    if not isinstance(before, dict) or not isinstance(after, dict) or at in _MAPS:
        return after
    found = {name: _with_removed(before.get(name), value, f"{at}/{name}") for name, value in after.items()}
    for name, value in before.items():
        if value is not None and after.get(name) is None and f"{at}/{name}".lower() not in _NOT_SET:
            found[name] = Unknown("what-if says that it is taken away, which may not be so")
    return found


def _with_body(body: dict[str, Any], shown: dict[str, Any], address: str, fate: Fate) -> PlannedResource:
    one = Plan("", "")
    planned(one, {**without_nulls(shown), "id": body["id"], "type": body["type"]}, address)
    resource = one.resources[0]
    resource.fate, resource.address = fate, address
    resource.whole = [path.strip("/").replace("/", ".") for path in _MAPS]
    return resource


def _reason(change: dict[str, Any]) -> str:
    return str(change.get("unsupportedReason") or "no reason given")[:300]
