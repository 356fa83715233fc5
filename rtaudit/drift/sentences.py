"""Sentences: each change of a drift in plain English, with the names of the environments in it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from rtaudit.azure.resource_types import RESOURCE_TYPES
from rtaudit.documents import canonical
from rtaudit.drift.matrix import MatrixRow
from rtaudit.drift.meaning import members
from rtaudit.drift.model import Change
from rtaudit.report.wording import finish, in_words, plain_field, shorten

_KINDS = {
    "accounts": "account",
    "deployments": "deployment",
    "raipolicies": "content policy",
    "diagnosticsettings": "diagnostic setting",
    "metricalerts": "metric alert",
    "activitylogalerts": "activity log alert",
    "actiongroups": "action group",
    "privateendpoints": "private endpoint",
    "privatednszonegroups": "private DNS zone group",
    "privatednszones": "private DNS zone",
    "virtualnetworklinks": "network link",
    "roleassignments": "account",
    "locks": "locks of",
    "workspaces": "workspace",
    "subscriptions": "subscription",
    "usages": "quota",
    "pricings": "Defender plan",
    "client": "client",
}
"""Last segment of a type -> the noun for it, where that of the table of types does not do."""


HEADING = 60
"""Longest name of an environment in a sentence."""


def change_sentence(change: Change, left: str, right: str) -> str:
    """What differs between two environments: `Public network access of account voice is enabled in test and disabled in prod.`"""
    if change.decision == "unknown":
        return _unknown(change.role, change.type, change.path, change.decided_by)
    values = [(left, change.before, change.kind != "added"), (right, change.after, change.kind != "removed")]
    return _sentence(change.role, change.type, change.path, values)


def row_sentence(row: MatrixRow, heads: Sequence[str]) -> str:
    """What differs between all environments at a row of the matrix."""
    if row.decision == "unknown":
        by = next((change.decided_by for change in row.changes if change is not None and change.decided_by), None)
        return _unknown(row.role, row.type, row.path, by)
    values = [
        (shorten(head, HEADING), cell.value, cell.value is not None)
        for head, cell in zip(heads, row.cells, strict=True)
        if cell.known
    ]
    return _sentence(row.role, row.type, row.path, values)


def _sentence(role: str, resource_type: str, path: str, values: Sequence[tuple[str, Any, bool]]) -> str:
    what = _what(role, resource_type)
    if path == "":
        there = [head for head, _, present in values if present]
        lacking = [head for head, _, present in values if not present]
        return finish(f"{_capital(what)} exists in {_joined(there)} but not in {_joined(lacking)}")
    field = _capital(_field(path))
    of = _capital(what) if path.rsplit("/", 1)[-1] in _OF_ITSELF else f"{field} of {what}"
    if len(values) == 2 and any(isinstance(value, list) for _, value, _ in values):
        return finish(_lists(of, *values))
    groups: dict[str, tuple[str, list[str]]] = {}
    for head, value, _ in values:
        groups.setdefault(canonical(value), (_value(path, value), []))[1].append(head)
    said = [f"{value} in {_joined(heads)}" for value, heads in groups.values()]
    verb = "are" if field in _PLURAL else "is"
    return finish(f"{of} {verb} {_joined(said)}")


def _lists(of: str, left: tuple[str, Any, bool], right: tuple[str, Any, bool]) -> str:
    more, less, other = members(left[1], right[1])
    parts = [f"{right[0]} adds {in_words([_names(one) for one in more], 100)}"] if more else []
    parts += [f"{right[0]} lacks {in_words([_names(one) for one in less], 100)}"] if less else []
    if other:
        rest = f" and {len(other) - 1} more" if len(other) > 1 else ""
        parts.append(shorten(other[0], 60) + rest)
    return f"{of} differ between {left[0]} and {right[0]}: {'; '.join(parts) or 'their order or entries'}"


def _unknown(role: str, resource_type: str, path: str, by: str | None) -> str:
    what = _what(role, resource_type)
    of = f"{_capital(_field(path))} of {what}" if path else _capital(what)
    return finish(f"{of} could not be compared" + (f": {by}" if by else ""))


@lru_cache(maxsize=4096)
def _what(role: str, resource_type: str) -> str:
    last = resource_type.rsplit("/", 1)[-1]
    known = RESOURCE_TYPES.get(resource_type.lower())
    noun = _KINDS.get(last) or (known.noun if known else plain_field(last))
    return f"{noun} {shorten(role, 60)}"


@lru_cache(maxsize=4096)
def _field(path: str) -> str:
    steps = [step.replace("~1", "/").replace("~0", "~") for step in path.strip("/").split("/")]
    if steps[0] == "tags" and len(steps) > 1:
        return f"tag {steps[1]}"
    if steps[0] == "rolesHeld":
        return f"roles of each {plain_field(steps[-1])}"
    named = _FIELDS.get(steps[-1])
    return named[0] if named else plain_field(".".join(steps)) or "value"


def _value(path: str, value: Any) -> str:
    named = _FIELDS.get(path.rsplit("/", 1)[-1])
    if named and named[1] and (value is None or isinstance(value, bool)):
        return named[1][bool(value)]
    text = in_words(_names(value) if isinstance(value, str) else value, 40)
    return text.lower() if text in ("Enabled", "Disabled", "True", "False") else text


def _names(value: str) -> str:
    """The names of an id as both environments have it.

    `lh-siem/send` of `{namespaces/lh-siem/authorizationrules/send}`, `oncall` of `{actiongroups oncall}`.
    """
    if not (value.startswith("{") and value.endswith("}")):
        return value
    kind, _, role = value[1:-1].partition(" ")
    if "/" in kind:
        return "/".join(value[1:-1].split("/")[1::2])
    return role or value


_FIELDS: dict[str, tuple[str, tuple[str, str] | None]] = {
    "disableLocalAuth": ("API keys", ("enabled", "disabled")),
    "storedCompletionsDisabled": ("storing of completions", ("allowed", "disabled")),
    "restrictOutboundNetworkAccess": ("outbound access", ("not restricted", "restricted")),
    "raiPolicyName": ("content policy", None),
    "enabled": ("state", ("disabled", "enabled")),
    "versionUpgradeOption": ("version upgrade option", None),
    "actionGroups": ("action groups", None),
    "actions": ("action groups", None),
}
"""Last step of a path -> the words for the field, and for false (or not set) and true."""

_PLURAL = frozenset({"API keys", "Receivers"})

_OF_ITSELF = frozenset({"locks", "enabled"})
"""Last steps of paths that speak of the resource as a whole."""


def _joined(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else "no other environment"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
