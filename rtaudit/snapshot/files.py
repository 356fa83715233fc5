"""Snapshots as files: loaded with one clear error, dumped to the same bytes every time, written whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.documents import check_schema, dumps, error_for_file, iter_json, parse_json, read_text, write_atomically
from rtaudit.errors import InputError
from rtaudit.snapshot.gaps import Gap
from rtaudit.snapshot.model import SCHEMA, Snapshot
from rtaudit.snapshot.schema import ENVELOPE
from rtaudit.snapshot.secrets import cut_secrets

_ANEW = "collect it anew; a snapshot is not written by hand"
_GAP_FIELDS = Gap.__dataclass_fields__.keys()


def load(path: str | Path) -> Snapshot:
    """The snapshot in the file `path` (`-` is standard input).

    Raises InputError when it is no file, no JSON, no snapshot, or one of a schema that this version does not know.
    """
    name = "standard input" if str(path) == "-" else str(path)
    return parse(read_text(path), name)


def parse(text: str, name: str) -> Snapshot:
    """The snapshot that `text` holds; `name` is what errors and reports call it. Raises InputError."""
    document = parse_json(text, name)
    _check_version(document, name)

    error_at = error_for_file(f"{name} is not a snapshot", "`rtaudit schema snapshot` prints the format")
    # Resources are too many for a general validator: what must hold of each is looked at below.
    few = {**document, "resources": []} if isinstance(document.get("resources"), list) else document
    check_schema(few, ENVELOPE, error_at)
    _check_resources(document["resources"], name)
    # Who made the file may have known fewer shapes of secrets, or none.
    clean = cut_secrets(document)
    if clean is not document:
        recorded, whole = document.get("digest"), _snapshot(document, name)
        _check_resources(clean["resources"], name)
        kept = _snapshot(clean, name)
        # What was whole before the cut still is; what was edited stays so.
        return replace(kept, recorded_digest=kept.digest) if recorded == whole.digest else kept
    return _snapshot(document, name)


def _snapshot(document: dict[str, Any], name: str) -> Snapshot:
    return Snapshot(
        environment=document.get("environment", "default"),
        scope=document["scope"],
        resources=document["resources"],
        gaps=[Gap(**{key: value for key, value in gap.items() if key in _GAP_FIELDS}) for gap in document["gaps"]],
        clients=document.get("clients", []),
        collection=document.get("collection", {}),
        file=name,
        recorded_digest=document.get("digest"),
    )


def refuse_edited(snapshot: Snapshot, instead: str = "") -> None:
    """Raise InputError when it was modified after collection: what is made from it would have a digest that fits.

    `instead` is what the hint says besides.
    """
    if snapshot.edited:
        raise InputError(
            f"{snapshot.file or snapshot.environment}: digest mismatch: the file was modified after collection",
            f"take the original, or collect again{instead}",
        )


def load_unedited(path: str | Path) -> Snapshot:
    """The snapshot in the file `path`, to make another of. Raises InputError as `load` and `refuse_edited` do."""
    snapshot = load(path)
    refuse_edited(snapshot)
    return snapshot


def dump(snapshot: Snapshot) -> str:
    """The snapshot as text: the same snapshot, the same bytes."""
    return dumps(snapshot.document())


def write(snapshot: Snapshot, path: str | Path) -> None:
    """Write the snapshot to `path`, atomically. Raises RtauditError when that is not possible."""
    write_atomically(path, iter_json(snapshot.document()))


def _check_version(document: Any, name: str) -> None:
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema == SCHEMA:
        return
    if isinstance(schema, str) and schema.startswith("rtaudit.snapshot/"):
        raise InputError(
            f"{name} is a snapshot of schema {schema}, and this version reads {SCHEMA}",
            "use the rtaudit that wrote it, or collect again with this one",
        )
    if isinstance(schema, str) and schema.startswith("rtaudit."):
        raise InputError(f"{name} is a {schema} document, not a snapshot", "give the file that `rtaudit collect` wrote")
    raise InputError(
        f"{name} is not a snapshot: it has no 'schema': \"{SCHEMA}\"", "give the file that `rtaudit collect` wrote"
    )


def _check_resources(resources: list[Any], name: str) -> None:
    seen: set[str] = set()
    for index, resource in enumerate(resources):
        identity = resource.get("id") if isinstance(resource, dict) else None
        if not isinstance(identity, str) or not identity.strip("/"):
            raise InputError(f"{name} is not a snapshot: resources[{index}] is not a resource with an 'id'", _ANEW)
        if not isinstance(resource.get("properties"), dict | None):
            raise InputError(
                f"{name} is not a snapshot: resources[{index}].properties is not a mapping ({identity})", _ANEW
            )
        if arm_id.key(identity) in seen:
            raise InputError(f"{name} is not a snapshot: resources[{index}] is there twice: {identity}", _ANEW)
        seen.add(arm_id.key(identity))
