"""Backwards: translates a step into the code that the plan was made of, by the mapping read from right to left."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.plan.addresses import resource_of
from rtaudit.plan.azurerm_table import MAPPING, MappingRow
from rtaudit.report.runbook import Runbook
from rtaudit.snapshot import Snapshot


def with_code(runbook: Runbook, snapshots: Sequence[Snapshot]) -> Runbook:
    """The runbook with, in each step on planned resources, what to write in the code."""
    planned = {one.environment: one for one in snapshots if one.planned}
    steps = [
        dataclasses.replace(step, code=list(_lines(step.step.sets, planned[step.environment])))
        if step.environment in planned
        else step
        for step in runbook.steps
    ]
    return dataclasses.replace(runbook, steps=steps)


def _lines(changes: Sequence[Mapping[str, Any]], snapshot: Snapshot) -> Iterator[str]:
    for change in changes:
        resource = str(change.get("at", ""))
        address = snapshot.addresses.get(arm_id.key(resource))
        if "at" not in change or (address is None and not resource.startswith("/")):
            continue
        called = address or f"{arm_id.name_of(resource)} ({arm_id.type_of(resource)})"
        if change.get("delete"):
            yield f"{called}: take it out"
        for path, value in change.get("set", {}).items():
            yield f"{called}: {_assignment(address, path, value)}"
        for path in change.get("remove", ()):
            yield f"{called}: take out {_attribute(address, path)}"


def _assignment(address: str | None, path: str, value: Any) -> str:
    _, kind, _ = resource_of(address or "")
    row = _row(kind, path)
    if row is not None:
        match row.convert:
            case "not" if isinstance(value, bool):
                return f"{row.attribute} = {_literal(not value)}"
            case "enabled" if value in ("Enabled", "Disabled"):
                return f"{row.attribute} = {_literal(value == 'Enabled')}"
            case "" if isinstance(value, str | bool | int | float):
                return f"{row.attribute} = {_literal(value)}"
    return f"{_attribute(address, path, mapped=False)} = {_literal(value)}"


def _attribute(address: str | None, path: str, *, mapped: bool = True) -> str:
    _, kind, _ = resource_of(address or "")
    row = _row(kind, path) if mapped else None
    if row is not None:
        return row.attribute
    inside = kind.startswith("azapi_") and not path.startswith(("tags", "identity", "location"))
    return f"body.{path}" if inside else path


def _row(kind: str, path: str) -> MappingRow | None:
    """The one attribute of an azurerm resource that sets a path; None where none does, or several (of several versions)."""
    mapped = MAPPING.get(kind)
    rows = [row for row in mapped.rows.values() if row.to == path and not row.rows] if mapped else []
    return rows[0] if len(rows) == 1 else None


def _literal(value: Any) -> str:
    # A text that a plan or Azure gave is no template of HCL.
    return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
