"""Backwards: translates a step into the code that the plan was made of, by the mapping read from right to left."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import COMMONLY_ASSIGNED, RESOURCE_TYPES
from rtaudit.plan.addresses import resource_of
from rtaudit.plan.azurerm_convert import CRITERION
from rtaudit.plan.azurerm_table import MAPPING, MappingRow
from rtaudit.report.runbook import Runbook
from rtaudit.snapshot import Snapshot


def with_code(runbook: Runbook, snapshots: Sequence[Snapshot]) -> Runbook:
    """The runbook with, in each step on planned resources, what to write in the code."""
    planned = {one.environment: _Code(one) for one in snapshots if one.planned}
    steps = [
        dataclasses.replace(step, code=list(planned[step.environment].lines(step.step.sets)))
        if step.environment in planned
        else step
        for step in runbook.steps
    ]
    return dataclasses.replace(runbook, steps=steps)


class _Code:
    """The code of one environment, with what the steps so far add to it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._terraform = all(one.get("format") == "Terraform plan" for one in snapshot.planned)
        self._addresses: dict[str, str] = dict(snapshot.addresses)

    def lines(self, changes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        for change in changes:
            if "add" in change:
                yield self._add(change["add"])
                continue
            resource = str(change.get("at", ""))
            address = self._addresses.get(arm_id.key(resource))
            if address is None and (self._terraform or not resource.startswith("/")):
                continue  # no part of the code
            called = _called(resource, address)
            if change.get("delete"):
                yield f"{called}: take it out"
            for path, value in change.get("set", {}).items():
                inner = _fields(value, f"{path}.") if _is_block(address, path, value) else [(path, value)]
                for one, leaf in inner:
                    if not _assigned(arm_id.type_of(resource), one):
                        yield f"{called}: {_assignment(address, one, leaf)}"
            for path in change.get("remove", ()):
                yield f"{called}: take out {_attribute(address, path)}"

    def _add(self, body: Mapping[str, Any]) -> str:
        """What to write for a resource that is new: in terms of azurerm where the mapping has its type, else of ARM."""
        resource = str(body["id"])
        kind = arm_id.type_of(resource)
        head = arm_id.key(resource).rpartition("/providers/")[0]
        above = head if kind.count("/") == 1 else arm_id.parent_of(resource)
        of_parent = self._addresses.get(arm_id.key(above))
        mapped = next((one for one in MAPPING.values() if one.type.lower() == kind and one.place != "patch"), None)
        name = str(body.get("name") or arm_id.name_of(resource))
        called, address = str(body.get("type") or kind), None
        if self._terraform and mapped is not None and not resource_of(of_parent or "")[1].startswith("azapi_"):
            called, address = mapped.kind, f"{mapped.kind}.{name}"
            self._addresses[arm_id.key(resource)] = address
        target = f" for {_called(above, of_parent)}" if "/providers/" in above else ""
        mine = {} if address is None or mapped is None else mapped.also
        words = [
            _assignment(address, path, value)
            for path, value in _fields(body)
            if not _assigned(kind, path) and mine.get(path) != value and not (address and path.endswith(".odata.type"))
        ]
        return f"add {called} {_literal(name)}{target}: {', '.join(words)}"


def _called(resource: str, address: str | None) -> str:
    return address or f"{arm_id.name_of(resource)} ({arm_id.type_of(resource)})"


def _fields(body: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, Any]]:
    """The dotted paths of what a resource states, and their values; lists whole."""
    for name, value in body.items():
        path = f"{at}{name}"
        if isinstance(value, dict):
            yield from _fields(value, f"{path}.")
        elif path not in ("id", "name", "type", "properties.receivers"):
            yield path, value


def _assigned(kind: str, path: str) -> bool:
    """Whether Azure alone writes a field: no code can."""
    row = RESOURCE_TYPES.get(kind)
    steps = re.split(r"[.\[\]]+", path.rstrip("]"))
    for pointer in (*COMMONLY_ASSIGNED, *(row.assigned if row else ())):
        wanted = pointer.split("/")[1:]
        if len(wanted) <= len(steps) and all(one in ("*", step) for one, step in zip(wanted, steps, strict=False)):
            return True
    return False


def _is_block(address: str | None, path: str, value: Any) -> bool:
    """Whether an object is a block of azurerm, whose arguments are written one by one."""
    mapped = MAPPING.get(resource_of(address or "")[1])
    return (
        isinstance(value, dict)
        and mapped is not None
        and any(row.to.startswith(f"{path}.") for row in mapped.rows.values())
    )


def _assignment(address: str | None, path: str, value: Any) -> str:
    _, kind, _ = resource_of(address or "")
    if kind == "azurerm_monitor_metric_alert" and path == "properties.criteria.allOf" and isinstance(value, list):
        return ", ".join(map(_criterion, value))
    row = _row(kind, path)
    written = _written(row, value) if row is not None else None
    return written or f"{_attribute(address, path, mapped=False)} = {_literal(value)}"


def _criterion(value: Mapping[str, Any]) -> str:
    words = [f"{name} = {_literal(value[to])}" for name, to in CRITERION.items() if to in value]
    for one in value.get("dimensions") or ():
        inner = " ".join(f"{name} = {_literal(one[name])}" for name in ("name", "operator", "values") if name in one)
        words.append(f"dimension {{ {inner} }}")
    return f"criteria {{ {' '.join(words)} }}"


def _written(row: MappingRow, value: Any) -> str | None:
    """An argument of azurerm, or its blocks; None where the mapping says nothing of the way back."""
    match row.convert:
        case "not" if isinstance(value, bool):
            value = not value
        case "enabled" if value in ("Enabled", "Disabled"):
            value = value == "Enabled"
        case "objects" if isinstance(value, list):
            value = [one.get(row.key) if isinstance(one, dict) else one for one in value]
        case "" if row.rows and isinstance(value, list):
            inner = {one.to: one.attribute for one in row.rows.values() if one.to}
            blocks = (
                " ".join(f"{inner[name]} = {_literal(one)}" for name, one in block.items() if name in inner)
                for block in value
            )
            return ", ".join(f"{row.attribute} {{ {block} }}" for block in blocks)
        case "" if not row.rows and not isinstance(value, dict):
            pass
        case "text" | "chosen_by_azure":
            pass
        case _:
            return None
    return f"{row.attribute} = {_literal(value)}"


def _attribute(address: str | None, path: str, *, mapped: bool = True) -> str:
    _, kind, _ = resource_of(address or "")
    row = _row(kind, path) if mapped else None
    if row is not None:
        return row.attribute
    if path.startswith('tags."'):
        return f"tags[{path[5:]}]"
    inside = kind.startswith("azapi_") and not path.startswith(("tags", "identity", "location"))
    return f"body.{path}" if inside else path


def _row(kind: str, path: str) -> MappingRow | None:
    """The one attribute of an azurerm resource that sets a path; None where none does, or several of several versions.

    Of two that say the same the newer one is taken: the one that sets what its blocks leave out.
    """
    mapped = MAPPING.get(kind)
    rows = [row for row in mapped.rows.values() if row.to == path] if mapped else []
    newer = [row for row in rows if row.also]
    return rows[0] if len(rows) == 1 else newer[0] if len(newer) == 1 else None


def _literal(value: Any) -> str:
    # A text that a plan or Azure gave is no template of HCL.
    return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
