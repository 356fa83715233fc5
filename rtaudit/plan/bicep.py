"""Bicep snapshots: what `bicep snapshot` predicts, read as planned resources.

Source: Azure/bicep, `src/Bicep.Core/Utils/Snapshots/Snapshot.cs`, versions 0.36 to 0.43.
"""

from __future__ import annotations

from typing import Any

from rtaudit.azure import arm_id
from rtaudit.plan.expressions import HOLE, evaluated, is_expression, plain
from rtaudit.plan.model import Plan, PlannedResource, without_nulls

_NOT_RESOURCE = {"apiversion", "condition", "dependson", "copy", "comments", "symbolicname", "import", "scope", "id", "name", "type"}  # fmt: skip


def read(document: dict[str, Any], file: str, nth: str = "") -> Plan:
    """The plan in a Bicep snapshot."""
    lower = {key.lower(): value for key, value in document.items()}
    plan = Plan("Bicep snapshot", file, nth=nth)
    predicted = lower.get("predictedresources")
    if not isinstance(predicted, list):
        plan.missing.append("the snapshot's predictedResources is not a list")
        predicted = []
    for number, element in enumerate(predicted):
        kind = _type_of(element)
        if kind and "@" not in kind:  # with an @: of another extension (Microsoft Graph), not of Resource Manager
            planned(plan, {**element, "type": kind}, f"predictedResources[{number}]")
    diagnostics = lower.get("diagnostics")
    for line in diagnostics if isinstance(diagnostics, list) else ():
        plan.missing.append(f"Bicep could not predict all of it: {str(line)[:300]}")
    return plan


def _type_of(element: Any) -> str:
    """The type that an element states, else that of its id; empty where it has neither."""
    if not isinstance(element, dict):
        return ""
    stated, resource_id = element.get("type"), element.get("id")
    if isinstance(stated, str) and stated:
        return stated
    return arm_id.type_of(resource_id) if isinstance(resource_id, str) and resource_id.startswith("/") else ""


def planned(plan: Plan, element: dict[str, Any], place: str) -> None:
    """Add the resource of one element to the plan, or say why it cannot be placed."""
    kind = element["type"].strip("/")
    resource_id, address = identify(plan, element.get("id"), kind, element.get("name"), place)
    if resource_id is None:
        plan.missing.append(f"{address}: a resource of type {kind} is planned, and the template does not settle where")
        return
    condition = element.get("condition")
    if condition is False:
        return
    body = {key: plain(without_nulls(value)) for key, value in element.items() if key.lower() not in _NOT_RESOURCE and value is not None}  # fmt: skip
    # Children are named parent/child here; a GET gives the last segment.
    body = {"id": resource_id, "name": arm_id.name_of(resource_id), "type": kind, **body}
    plan.resources.append(
        PlannedResource(resource_id, body, address, "put", conditional=condition is not None and condition is not True)
    )


def identify(plan: Plan, raw: Any, kind: str, name: Any, place: str) -> tuple[str | None, str]:
    """The id of a resource and what to call it. The id is None where not even its scope is known.

    A name that is open becomes `planned-N`: the resource exists on what its scope names, whatever it is called.
    """
    text = raw if isinstance(raw, str) else ""
    if is_expression(text):
        text = evaluated(text)
    if not text.startswith("/") and (HOLE not in text or text == raw):
        text = HOLE
    if HOLE not in text:
        return text, text
    namespace, *kinds = kind.split("/")
    listed, _, index = place.rstrip("]").rpartition("[")
    number = f"{plan.nth}{'possible-' if listed == 'potentialChanges' else ''}{index}"
    scope, marker, tail = text.rpartition(f"/providers/{namespace}/")
    if not marker:
        # The type's own case in the expression may differ.
        at = text.lower().rfind(f"/providers/{namespace.lower()}/")
        scope, tail = (text[:at], text[at + len(namespace) + 12 :]) if at >= 0 else ("", "")
    names = tail.split("/")[1::2]
    if len(names) != len(kinds):
        names = [HOLE] * len(kinds)
    stated = name if isinstance(name, str) and not is_expression(name) else ""
    if stated and len(stated.split("/")) == len(kinds):
        names = stated.split("/")
    if HOLE in scope or not scope.startswith("/"):
        if stated and HOLE not in "".join(names) and not scope:
            scope = f"/planned/{number}"
        else:
            return None, place
    if any(HOLE in one for one in names[:-1]):
        return None, place
    names = [f"planned-{number}" if HOLE in one or not one else one for one in names]
    below = "/".join(f"{one}/{called}" for one, called in zip(kinds, names, strict=True))
    return f"{scope}/providers/{namespace}/{below}", f"{place} ({kind})"
