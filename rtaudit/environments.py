"""`rtaudit.yaml`: the environments of a repository, so that `--environment prod` says what ten options would.

Pure: a file in, values out. No address and no secret can stand in it: a changed file never sends a token elsewhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from rtaudit.azure.clouds import CLOUDS
from rtaudit.documents import Document, load_yaml
from rtaudit.errors import UsageError, allowed_hint

CONFIG = "rtaudit.config/1"
"""The schema this version reads."""

DEFAULT_FILE = "rtaudit.yaml"
"""Read from the current directory where no other file is named."""

_TEXT = {"type": "string", "minLength": 1}
_LIST = {"type": "array", "items": _TEXT, "minItems": 1, "uniqueItems": True}
_PATH = "A path is read from this file's folder."

_SETTINGS: dict[str, Any] = {
    "tenant": {**_TEXT, "description": "Tenant to log in to."},
    "cloud": {"enum": sorted(CLOUDS), "description": "The Azure cloud; AzureCloud unless said."},
    "auth": {
        "enum": ["default", "cli", "managed-identity", "workload-identity", "environment"],
        "description": "How to log in, as --auth.",
    },
    "subscriptions": {**_LIST, "description": "Subscriptions, by id or name, as -s."},
    "allSubscriptions": {"type": "boolean", "description": "Every subscription that the credential can see."},
    "resourceGroups": {**_LIST, "description": "Only accounts in these resource groups, as -g."},
    "accounts": {**_LIST, "description": "Only these accounts (name or id), as -a."},
    "skip": {**_LIST, "description": "Aspects that are not read, as --skip."},
    "snapshot": {**_TEXT, "description": f"Where collect and audit write the snapshot, and check reads it. {_PATH}"},
    "policies": {**_LIST, "description": f"Packs, by name or path, as --policy. {_PATH}"},
    "params": {"type": "object", "description": "Parameters of the packs, by name, as --set.", "minProperties": 1},
    "contracts": {**_LIST, "description": f"Client contracts, as --client. {_PATH}"},
    "waivers": {**_TEXT, "description": f"Accepted findings, as --waivers. {_PATH}"},
    "baseline": {**_TEXT, "description": f"A report whose findings are known, as --baseline. {_PATH}"},
    "failOn": {
        "enum": ["critical", "high", "medium", "low", "info", "none"],
        "description": "The severity from which a failure gates, as --fail-on; high unless said.",
    },
    "allowUnknown": {
        "description": "true, or the rules whose unknown does not gate, as --allow-unknown.",
        "anyOf": [{"type": "boolean"}, _LIST],
    },
}

CONFIG_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "rtaudit environments",
    "description": "What each environment consists of and what is asked of it. Options of the command line win over it.",
    "type": "object",
    "required": ["schema", "environments"],
    "additionalProperties": False,
    "properties": {
        "schema": {"const": CONFIG},
        "defaults": {
            "type": "object",
            "description": "What holds for every environment that does not say otherwise; params are merged by name.",
            "additionalProperties": False,
            "properties": _SETTINGS,
        },
        "environments": {
            "type": "object",
            "minProperties": 1,
            "description": "Label of an environment: what it consists of, and what is asked of it.",
            "additionalProperties": {"type": "object", "additionalProperties": False, "properties": _SETTINGS},
        },
    },
}
"""The whole document."""

_PATHS = ("snapshot", "waivers", "baseline")


@dataclass(frozen=True)
class Environment:
    """One environment of the file, its paths joined to the file's folder. None or empty: the file does not say."""

    label: str
    file: str
    tenant: str | None = None
    cloud: str | None = None
    auth: str | None = None
    subscriptions: tuple[str, ...] = ()
    all_subscriptions: bool = False
    resource_groups: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    snapshot: str | None = None
    policies: tuple[str, ...] = ()
    """Names of packs that ship, and paths."""
    params: Mapping[str, Any] = field(default_factory=dict)
    contracts: tuple[str, ...] = ()
    waivers: str | None = None
    baseline: str | None = None
    fail_on: str | None = None
    allow_unknown: bool | tuple[str, ...] = False


def load_environments(path: str | Path) -> dict[str, Environment]:
    """The environments of a file, by label. Raises InputError, at file, line and column."""
    document = load_yaml(path, CONFIG_SCHEMA)
    defaults = document.value.get("defaults", {})
    return {
        label: _environment(document, label, defaults, settings)
        for label, settings in document.value["environments"].items()
    }


def find_environment(path: str | Path, label: str) -> Environment:
    """The environment `label` of a file. Raises InputError, and UsageError where it names none of that label."""
    environments = load_environments(path)
    if label not in environments:
        raise UsageError(
            f"{path} names no environment '{label}'",
            f"{allowed_hint(label, environments)}; or leave the file aside with --config none",
        )
    return environments[label]


def _environment(
    document: Document, label: str, defaults: Mapping[str, Any], settings: Mapping[str, Any]
) -> Environment:
    merged = {**defaults, **settings}
    # A narrower scope replaces a wider one that stands in the defaults.
    if "subscriptions" in settings and "allSubscriptions" not in settings:
        merged.pop("allSubscriptions", None)
    if settings.get("allSubscriptions") and "subscriptions" not in settings:
        merged.pop("subscriptions", None)
    if merged.get("subscriptions") and merged.get("allSubscriptions"):
        where = ("environments", label)
        raise document.error(where, f"'{label}' has subscriptions and allSubscriptions", "take one of them out")
    if "params" in merged:
        merged["params"] = {**defaults.get("params", {}), **settings.get("params", {})}
    folder = os.path.dirname(document.name)
    values: dict[str, Any] = {_snake(key): _frozen(value) for key, value in merged.items()}
    for key in _PATHS:
        if key in values:
            values[key] = os.path.join(folder, values[key])
    if "contracts" in values:
        values["contracts"] = tuple(os.path.join(folder, path) for path in values["contracts"])
    if "policies" in values:
        values["policies"] = tuple(
            os.path.join(folder, name) if _is_path(name) else name for name in values["policies"]
        )
    assert values.keys() <= {one.name for one in fields(Environment)}
    return Environment(label=label, file=document.name, **values)


def _is_path(policy: str) -> bool:
    return re.search(r"[/\\]|\.ya?ml$", policy) is not None


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda found: "_" + found[0].lower(), name)
