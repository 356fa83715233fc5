"""Config file: `rtaudit.yaml`, the environments of a repository, so that `--environment prod` says what ten options would.

Pure: a file in, values out. No secret can be in it, and no address but of the audiences that it allows, which are sent
nowhere: a changed file never sends a token elsewhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rtaudit.documents import Document, load_yaml
from rtaudit.documents.schema_of import DIALECT, TEXT, closed
from rtaudit.errors import UsageError, allowed_hint
from rtaudit.settings.options import keys
from rtaudit.settings.row import OptionKey
from rtaudit.settings.values import LISTS

CONFIG = "rtaudit.config/1"
"""The schema this version reads."""

DEFAULT_FILE = "rtaudit.yaml"
"""Read from the current directory where no other file is named."""

_LIST = {"type": "array", "items": TEXT, "minItems": 1, "uniqueItems": True}
_SHAPES: dict[str, dict[str, Any]] = {
    "text": TEXT,
    "list": _LIST,
    "boolean": {"type": "boolean"},
    "mapping": {"type": "object", "minProperties": 1},
    "rules": {"anyOf": [{"type": "boolean"}, _LIST]},
}


def _schema(key: OptionKey, values: str | None) -> dict[str, Any]:
    shape = {"enum": list(LISTS[values]())} if key.schema == "words" and values else _SHAPES[key.schema]
    return {**shape, "description": key.about}


_KEYS = keys()
_SETTINGS = {name: _schema(key, values) for name, (key, values) in _KEYS.items()}

CONFIG_SCHEMA: dict[str, Any] = closed(
    {
        "schema": {"const": CONFIG},
        "audiences": {
            "type": "array",
            "minItems": 1,
            "description": "Audiences of --audience that are not of the host of --arm-endpoint: a private Azure's own. It sends nothing "
            "anywhere by itself.",
            "items": closed(
                {
                    "endpoint": {**TEXT, "description": "What --arm-endpoint says."},
                    "audience": {**TEXT, "description": "What --audience says."},
                    "reason": {**TEXT, "description": "Why the endpoint may have tokens for it."},
                },
                "endpoint",
                "audience",
                "reason",
            ),
        },
        "defaults": closed(
            _SETTINGS,
            description="What holds for every environment that does not say otherwise; params are merged by name.",
        ),
        "environments": {
            "type": "object",
            "minProperties": 1,
            "description": "Label of an environment: what it consists of, and what is asked of it.",
            "additionalProperties": closed(_SETTINGS),
        },
    },
    "schema",
    "environments",
    title="rtaudit environments",
    description="What each environment consists of and what is asked of it. Options of the command line win over it.",
    **{"$schema": DIALECT},
)
"""The whole document."""


@dataclass(frozen=True)
class Environment:
    """One environment of the file."""

    label: str
    file: str
    values: Mapping[str, Any]
    """By key of the file, what it says of the environment or by default; its paths are joined to the file's folder."""


def load_environments(path: str | Path) -> dict[str, Environment]:
    """The environments of a file, by label. Raises InputError, at file, line and column."""
    document = load_yaml(path, CONFIG_SCHEMA)
    defaults = document.value.get("defaults", {})
    return {
        label: _environment(document, label, defaults, settings)
        for label, settings in document.value["environments"].items()
    }


def load_audiences(path: str | Path) -> list[tuple[str, str]]:
    """The pairs of endpoint and audience that a file allows. Raises InputError, at file, line and column."""
    document = load_yaml(path, CONFIG_SCHEMA)
    return [(one["endpoint"], one["audience"]) for one in document.value.get("audiences", ())]


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
    # A narrower scope replaces a wider one of the defaults.
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
    values = {name: _joined(folder, name, value) if _KEYS[name][0].path else value for name, value in merged.items()}
    return Environment(label, document.name, values)


def _joined(folder: str, key: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_joined(folder, key, one) for one in value]
    # A policy is a pack that ships, by its name, or a file.
    return value if key == "policies" and not _is_path(value) else os.path.join(folder, value)


def _is_path(policy: str) -> bool:
    return re.search(r"[/\\]|\.ya?ml$", policy) is not None
