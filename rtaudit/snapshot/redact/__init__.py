"""Redaction: make a copy of a snapshot that can be shown to others.

Hidden is everything but what is on the list in `shown`: words of Azure's under fields known to hold nothing else. What
rules evaluate by stays: types, kinds, regions, models, SKUs, states, built-in roles, prefix lengths, whether an address is
private. A pseudonym is a keyed hash of what it represents. The key is random, and is in no copy.
"""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import DEFINITION, MODELS, RESOURCE_TYPES, USAGES
from rtaudit.errors import InputError, RtauditError
from rtaudit.snapshot.gaps import Gap
from rtaudit.snapshot.model import Snapshot
from rtaudit.snapshot.redact.hiding import Hiding
from rtaudit.snapshot.redact.shown import (
    AUTH,
    ENDPOINT_NAMES,
    EVENTS,
    FIELD_NAME,
    FIELDS,
    MAPS,
    NAMED,
    TAG_NAMES,
    WORD,
    is_model,
)
from rtaudit.snapshot.secrets import cut_secrets

KEY_BYTES = 32
_KEY_FILE = 4096
"""Characters that are read of a file with a key."""

_NAMES = frozenset(
    {
        "name", "displayname", "customsubdomainname", "recordsetname", "raipolicyname", "basepolicyname",
        "parentdeploymentname", "spilloverdeploymentname", "eventhubname", "groupshortname", "keyname", "blocklistname",
        "defaultproject", "deployment", "textdeployment", "transcriptiondeployment", "account", "owner",
        "customnetworkinterfacename", "sourceaccount", "environment", "modeldeploymentname", "resourcegroups", "accounts",
    }
)  # fmt: skip
"""Fields (lower case) that hold somebody's own name for something: hidden word by word, so that names still pair."""

_DROPPED = frozenset({"systemData", "etag"})


def redact(snapshot: Snapshot, key: bytes | None = None) -> Snapshot:
    """The snapshot with pseudonyms in place of all that is not known to be harmless; who wrote what, and etags, are cut.

    Copies made with the same `key` have the same pseudonyms; without one it is random. The digest is another one: it is
    over what the copy holds.
    """
    copy = _Copy(snapshot, key or secrets.token_bytes(KEY_BYTES))
    scope = dict(snapshot.scope)
    listed = {name: scope.pop(name) for name in ("subscriptions", "resourceGroups", "accounts") if name in scope}
    hidden: dict[str, Any] = copy.value(scope, "scope")
    for name, values in listed.items():
        hidden[name] = sorted(copy.hide.name(str(one)) for one in values or ())
    return Snapshot.of(
        copy.hide.name(snapshot.environment),
        hidden,
        [copy.resource(resource) for resource in snapshot.resources],
        [copy.gap(gap) for gap in snapshot.gaps],
        [copy.value(client, "client") for client in snapshot.clients],
        _collection(copy, dict(snapshot.collection)),
    )


_API_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?", re.ASCII)


def _collection(copy: _Copy, block: dict[str, Any]) -> dict[str, Any]:
    """The collection's own block; types and their api-versions are Azure's words, not anybody's."""
    versions = block.pop("apiVersions", None)
    hidden: dict[str, Any] = copy.value(block, "collection")
    if isinstance(versions, dict):
        known = {
            name: used
            for name, used in versions.items()
            if name.lower() in RESOURCE_TYPES and isinstance(used, str) and _API_VERSION.fullmatch(used)
        }
        rest = {name: used for name, used in versions.items() if name not in known}
        hidden["apiVersions"] = {**copy.value({"apiVersions": rest}, "collection").get("apiVersions", {}), **known}
    return hidden


def load_key(path: str | Path) -> bytes:
    """The key in the file `path`, which is made, readable by its owner alone, where it is not there yet.

    Raises InputError for a file that holds no key, RtauditError when it cannot be read or written.
    """
    try:
        try:
            with open(path, encoding="ascii") as file:
                text = file.read(_KEY_FILE).strip()
        except FileNotFoundError:
            key = secrets.token_bytes(KEY_BYTES)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(f"{key.hex()}\n")
            return key
        found = bytes.fromhex(text)
    except OSError as error:
        raise RtauditError(
            f"cannot use {path}: {error.strerror or error}", "name a file that you may write to"
        ) from None
    except ValueError:
        found = b""
    if len(found) < KEY_BYTES:
        raise InputError(f"{path} holds no key of a redaction", "name the file that --key made, or a new one")
    return found


class _Copy:
    def __init__(self, snapshot: Snapshot, key: bytes) -> None:
        roles = [
            resource
            for resource in snapshot.resources
            if arm_id.type_of(resource["id"]) == DEFINITION
            and (resource.get("properties") or {}).get("type") == "BuiltInRole"
        ]
        built_in = frozenset(arm_id.name_of(role["id"]).lower() for role in roles)
        self.hide = Hiding(key, built_in)
        self._roles = frozenset(arm_id.key(role["id"]) for role in roles)

    def resource(self, resource: dict[str, Any]) -> dict[str, Any]:
        """A resource, cut and hidden."""
        kind = arm_id.type_of(resource["id"])
        hidden: dict[str, Any] = self.value(cut_secrets(resource), kind)
        if kind in (MODELS, USAGES) and isinstance(resource.get("value"), list):
            hidden["name"] = kind.rpartition("/")[2]
        properties = resource.get("properties")
        if arm_id.key(resource["id"]) in self._roles and isinstance(properties, dict):
            hidden["properties"] = {**hidden["properties"], "roleName": properties.get("roleName")}
        hidden["id"] = self.hide.identity(resource["id"])
        return hidden

    def gap(self, gap: Gap) -> Gap:
        """A gap; what the service said in its own words is left out."""
        document = self.value(asdict(gap), "gap")
        # A JSON Pointer into the resource; its steps are names of fields.
        pointer = getattr(gap, "field", None)
        if isinstance(pointer, str):
            document["field"] = "/".join(self.key(step, "") if step else "" for step in pointer.split("/"))
        return Gap(**{**document, "scope": self.hide.identity(gap.scope), "message": None})

    def value(self, value: Any, field: str, parent: str = "") -> Any:
        """A value of the field `field`, which is in the field `parent`."""
        if isinstance(value, dict):
            return {
                self.key(key, field): self.value(item, key, field) for key, item in value.items() if key not in _DROPPED
            }
        if isinstance(value, list):
            return [self.value(item, field, parent) for item in value]
        return self.string(value, field.lower(), parent.lower()) if isinstance(value, str) else value

    def key(self, key: str, field: str) -> str:
        """The name of a field: Azure's stays, one that people chose is hidden."""
        lower = field.lower()
        if lower in MAPS:
            return key if key.lower() in TAG_NAMES else self.hide.name(key)
        if "/" in key:
            return self.hide.identity(key)
        known = FIELD_NAME.fullmatch(key) or (lower == "endpoints" and ENDPOINT_NAMES.fullmatch(key))
        return key if known else self.hide.text(key)

    def string(self, value: str, lower: str, parent: str) -> str:
        """A text of the field `lower`, in the field `parent` (both in lower case)."""
        if value.lower() in EVENTS:
            return value
        if parent == "tags" or (parent == "dimensions" and lower in ("name", "values")):
            return self.hide.name(value)
        if parent == "model" and lower == "name":
            base, dot, _ = value.partition(".ft-")
            return f"{base}.ft-{self.hide.text(value)}" if dot and is_model(base) else self._model(value)
        words = lower in FIELDS or (parent in NAMED and lower in ("name", "value")) or parent == "capabilities"
        if (words or lower in AUTH) and WORD.fullmatch(value) and not lower.startswith("_"):
            return value
        if lower in _NAMES:
            return (self.hide.host(value) if "." in value else None) or self.hide.name(value)
        return self.hide.text(value)

    def _model(self, name: str) -> str:
        return name if is_model(name) else self.hide.name(name)
