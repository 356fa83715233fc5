"""Edits: change a snapshot as the cases of rules state: set, append, remove, delete, copy, add, and gaps."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import RESOURCE_TYPES
from rtaudit.documents.json_values import copied
from rtaudit.errors import RtauditError, allowed_hint
from rtaudit.report.steps import ASK
from rtaudit.snapshot import Gap, Snapshot

SHORTS: dict[str, str] = {row.short: row.key for row in RESOURCE_TYPES.values() if row.short}
"""Short name in `at` -> resource type."""

_STEP = re.compile(
    r'(?:^|\.)(?:"(?P<quoted>[^"]*)"|(?P<name>[^.\[\]"]+))|\[(?P<index>\d+)\]|\[(?P<key>[^\]=]+)=(?P<value>[^\]]*)\]'
)


class EditError(RtauditError):
    """Raised when a change names what the base does not have."""


def edited(base: Snapshot, changes: Sequence[Mapping[str, Any]]) -> Snapshot:
    """`base` with the changes applied, one after another. Raises EditError."""
    resources = {arm_id.key(resource["id"]): resource for resource in base.resources}
    gaps = list(base.gaps)
    scope = copied(dict(base.scope))
    collection = copied(dict(base.collection))
    clients = [copied(one) for one in base.clients]
    for change in changes:
        if "skip" in change:
            scope["aspects"] = [one for one in scope["aspects"] if one != change["skip"]]
        elif "ask" in change:
            scope["aspects"] = sorted({*scope["aspects"], change["ask"]})
        elif "apiVersion" in change:
            collection["apiVersions"] = {**collection.get("apiVersions", {}), **change["apiVersion"]}
        elif "add" in change:
            resources[arm_id.key(change["add"]["id"])] = copied(change["add"])
        elif "gap" in change:
            gaps.append(_gap(resources, change))
        elif str(change.get("at", "")).partition(":")[0] == "client":
            _change_client(clients, change)
        else:
            _change_resource(resources, change)
    # What was not changed is in order already: it is the base's own.
    own = {id(one) for one in base.resources}
    found = Snapshot.of(
        base.environment, scope, (one for one in resources.values() if id(one) not in own), gaps, clients, collection
    )
    kept = [one for one in resources.values() if id(one) in own]
    return replace(found, resources=sorted([*kept, *found.resources], key=lambda one: arm_id.key(one["id"])))


def answered(value: Any, answers: Mapping[str, Any]) -> Any:
    """`value` with what the reader is asked for put in; a text that is one question alone becomes the answer itself."""
    if isinstance(value, dict):
        return {answered(key, answers): answered(item, answers) for key, item in value.items()}
    if isinstance(value, list):
        return [answered(item, answers) for item in value]
    if not isinstance(value, str) or "<" not in value:
        return value
    alone = ASK.fullmatch(value)
    if alone and alone[1] in answers:
        return answers[alone[1]]
    return ASK.sub(lambda found: str(answers.get(found[1], found[0])), value)


def asks_in(value: Any) -> list[str]:
    """The names of what a value asks the reader for, each once."""
    if isinstance(value, dict):
        return list(dict.fromkeys(name for pair in value.items() for one in pair for name in asks_in(one)))
    if isinstance(value, list | tuple):
        return list(dict.fromkeys(name for one in value for name in asks_in(one)))
    return ASK.findall(value) if isinstance(value, str) else []


def find(resources: Mapping[str, dict[str, Any]], at: str) -> str:
    """The key of the resource that `at` names (`account`, `deployment:voice`, an ARM id). Raises EditError."""
    if at.startswith("/"):
        if arm_id.key(at) not in resources:
            raise EditError(f"the base has no resource {at}")
        return arm_id.key(at)
    short, _, name = at.partition(":")
    if short not in SHORTS:
        raise EditError(f"'{at}' names no kind of resource", allowed_hint(short, SHORTS))
    found = [
        key
        for key, resource in resources.items()
        if arm_id.type_of(resource["id"]) == SHORTS[short] and (not name or _named(resource["id"], name))
    ]
    if len(found) != 1:
        names = sorted(
            arm_id.name_of(one["id"]) for one in resources.values() if arm_id.type_of(one["id"]) == SHORTS[short]
        )
        what = f"the base has no {at}" if not found else f"'{at}' could be any of {len(found)} resources"
        raise EditError(
            what, f"name one: {', '.join(f'{short}:{one}' for one in names) or 'there is none of its kind'}"
        )
    return found[0]


def _named(resource_id: str, name: str) -> bool:
    # `parent/name` picks between children of the same name; of a region's collection the region is the name.
    tail = arm_id.key(resource_id).split("/")
    wanted = name.lower().split("/")
    if len(wanted) == 2:
        return tail[-1] == wanted[1] and wanted[0] in tail[:-1]
    return tail[-1] == wanted[0] or (tail[-1] in ("models", "usages") and tail[-2] == wanted[0])


def _gap(resources: Mapping[str, dict[str, Any]], change: Mapping[str, Any]) -> Gap:
    at = change.get("at")
    if at is None:
        raise EditError("a gap needs 'at': the resource that could not be read")
    scope = at if arm_id.is_list(at) else resources[find(resources, at)]["id"]
    reason = change.get("reason", "denied")
    status = {"denied": 403, "throttled": 429, "missing": 404}.get(reason)
    return Gap(scope, change["gap"], reason, status, None, change.get("needs"), "stated by a case")


def _change_resource(resources: dict[str, dict[str, Any]], change: Mapping[str, Any]) -> None:
    if "at" not in change:
        raise EditError("a change needs 'at': the resource that it changes")
    key = find(resources, change["at"])
    if change.get("delete"):
        del resources[key]
        return
    # What is changed is copied; the rest is the base's own.
    resource = copied(resources[key])
    if "copy" not in change:
        resources[key] = resource
    else:
        resource["id"] = f"{resource['id'].rsplit('/', 1)[0]}/{change['copy']}"
        if "name" in resource:
            resource["name"] = change["copy"]
        resources[arm_id.key(resource["id"])] = resource
    _apply(resource, change)


def _change_client(clients: list[dict[str, Any]], change: Mapping[str, Any]) -> None:
    name = change["at"].partition(":")[2]
    found = [one for one in clients if not name or one.get("name") == name]
    if len(found) != 1:
        names = ", ".join(f"client:{one.get('name')}" for one in clients)
        raise EditError(f"'{change['at']}' names {len(found)} client contracts, not one", f"name one: {names}")
    client = found[0]
    if change.get("delete"):
        clients.remove(client)
        return
    if "copy" in change:
        client = {**copied(client), "name": change["copy"]}
        clients.append(client)
    _apply(client, change)


def edited_probes(probes: Sequence[Mapping[str, Any]], changes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The probes with the changes applied to each of them. Raises EditError."""
    copies = [copied(dict(one)) for one in probes]
    for one in copies:
        for change in changes:
            _apply(one, change)
    return copies


def _apply(resource: dict[str, Any], change: Mapping[str, Any]) -> None:
    for path, value in change.get("set", {}).items():
        _set(resource, path, copied(value))
    for path, value in change.get("append", {}).items():
        _append(resource, path, copied(value))
    for path in change.get("remove", ()):
        _remove(resource, path)


def _set(resource: Any, path: str, value: Any) -> None:
    holder, last = _walk(resource, path, create=True)
    if isinstance(holder, list) and last == len(holder):
        holder.append(value)
    else:
        holder[last] = value


def _append(resource: Any, path: str, value: Any) -> None:
    holder, last = _walk(resource, path, create=True)
    found = holder.get(last) if isinstance(holder, dict) else holder[last]
    holder[last] = [*found, value] if isinstance(found, list) else [value]


def _remove(resource: Any, path: str) -> None:
    holder, last = _walk(resource, path, create=False)
    try:
        del holder[last]
    except (KeyError, IndexError):
        raise EditError(f"there is nothing at {path} to remove") from None


def _walk(resource: Any, path: str, *, create: bool) -> tuple[Any, Any]:
    """The container that holds the last step of `path`, and that step as key or index."""
    steps = [_step(found) for found in _STEP.finditer(path)]
    if not steps or "".join(found.group() for found in _STEP.finditer(path)) != path:
        raise EditError(
            f"'{path}' is not a path", "write properties.networkAcls.ipRules[0].value, or [key=value] for an element"
        )
    holder = resource
    for number, step in enumerate(steps):
        at = _locate(holder, step, path)
        if number == len(steps) - 1:
            return holder, at
        try:
            inner = holder[at]
        except (KeyError, IndexError):
            inner = None
        if not isinstance(inner, dict | list):
            if not create or isinstance(holder, list):
                raise EditError(f"there is nothing at {path}")
            inner = holder[at] = [] if isinstance(steps[number + 1], int) else {}
        holder = inner
    raise AssertionError  # the loop returns at the last step


def _step(found: re.Match[str]) -> str | int | tuple[str, str]:
    if found["index"] is not None:
        return int(found["index"])
    if found["key"] is not None:
        return (found["key"], found["value"])
    return str(found["quoted"] if found["quoted"] is not None else found["name"])


def _locate(holder: Any, step: Any, path: str) -> Any:
    if isinstance(step, tuple):
        matching = (
            [index for index, one in enumerate(holder) if _matches(one, step)] if isinstance(holder, list) else []
        )
        if len(matching) != 1:
            raise EditError(f"[{step[0]}={step[1]}] in {path} picks {len(matching)} elements, not one")
        return matching[0]
    if isinstance(step, int) != isinstance(holder, list):
        raise EditError(f"{path} does not fit: a list wants [index], a mapping a name")
    return step


def _matches(element: Any, step: tuple[str, str]) -> bool:
    value = element
    for part in step[0].split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return str(value).lower() == step[1].lower()
