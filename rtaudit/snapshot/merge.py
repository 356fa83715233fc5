"""Merge: makes one snapshot of those of several machines or subscriptions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import CATALOGUES
from rtaudit.documents import canonical
from rtaudit.errors import InputError
from rtaudit.snapshot.model import Snapshot
from rtaudit.snapshot.order import catalogue_order


def merge(snapshots: Sequence[Snapshot]) -> Snapshot:
    """One snapshot of all: of the shards of one collection, or of collections of different subscriptions.

    Shards that are all there give the digest of a single run. Where two hold the same resource, what was collected
    later counts. Raises InputError when they do not belong together or a shard is missing.
    """
    if not snapshots:
        raise InputError("there is nothing to merge", "give two snapshots or more")
    for other in snapshots[1:]:
        _check_alike(snapshots[0], other)
    _check_shards(snapshots)
    in_time = sorted(snapshots, key=lambda snapshot: (snapshot.collected_at or "", snapshot.digest))
    resources: dict[str, dict[str, Any]] = {}
    for snapshot in in_time:
        for resource in snapshot.resources:
            key = arm_id.key(resource["id"])
            earlier = resources.get(key)
            resources[key] = _joined(earlier, resource) if earlier is not None else resource
    return Snapshot.of(
        snapshots[0].environment,
        _scope(snapshots),
        resources.values(),
        [gap for snapshot in snapshots for gap in snapshot.gaps],
        {canonical(client): client for snapshot in snapshots for client in snapshot.clients}.values(),
        _collection(in_time),
    )


def _check_alike(one: Snapshot, other: Snapshot) -> None:
    if one.environment != other.environment:
        raise InputError(
            f"{_name(one)} is of environment '{one.environment}', {_name(other)} of '{other.environment}'",
            "`rtaudit diff` compares environments; merge joins parts of one",
        )
    for field, what in (
        ("cloud", "cloud"), ("tenant", "tenant"), ("resourceGroups", "choice of resource groups"),
        ("accounts", "choice of accounts"), ("aspects", "choice of aspects"),
    ):  # fmt: skip
        if one.scope.get(field) != other.scope.get(field):
            raise InputError(
                f"{_name(one)} and {_name(other)} differ in their {what}",
                "merge joins parts that were collected alike: the shards of one command, or different subscriptions",
            )


def _check_shards(snapshots: Sequence[Snapshot]) -> None:
    shards = [str(snapshot.scope.get("shard") or "") for snapshot in snapshots]
    if not any(shards):
        seen: Counter[str] = Counter(name for one in snapshots for name in set(one.scope.get("subscriptions") or ()))
        twice = sorted(name for name, count in seen.items() if count > 1)
        if twice:
            raise InputError(
                f"the subscription {twice[0]} is in more than one of them",
                "to close the gaps of a snapshot use `rtaudit collect --fill`",
            )
        return
    counts = {shard.partition("/")[2] for shard in shards}
    if "" in counts or len(counts) > 1:
        raise InputError("these are not the shards of one collection", "give all of them, and nothing else")
    if len({canonical(snapshot.scope.get("subscriptions") or []) for snapshot in snapshots}) > 1:
        raise InputError("the shards are of different subscriptions", "give the shards of one command")
    count = next(iter(counts))
    wanted = [f"{number}/{count}" for number in range(1, int(count) + 1)] if count.isdigit() else []
    missing = [shard for shard in wanted if shard not in shards]
    if missing:
        raise InputError(f"shard {missing[0]} is missing", "merge needs every shard: a missing one was not read")
    if len(shards) > len(wanted):
        raise InputError("a shard is given twice", "give each shard once")


def _joined(earlier: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    if arm_id.type_of(later["id"]) not in CATALOGUES:
        return later
    rows = list(later.get("value") or ())
    have = {catalogue_order(row)[:4] for row in rows}
    return {
        **later,
        "value": [*rows, *(row for row in earlier.get("value") or () if catalogue_order(row)[:4] not in have)],
    }


def _scope(snapshots: Sequence[Snapshot]) -> dict[str, Any]:
    scopes = [snapshot.scope for snapshot in snapshots]
    left_out: list[Mapping[str, Any]] = [scope.get("leftOut") or {} for scope in scopes]
    kinds: Counter[str] = Counter()
    for one in left_out:
        kinds.update(one.get("accountsOfOtherKinds") or {})
    return {
        **{name: value for name, value in scopes[0].items() if name != "shard"},
        "subscriptions": sorted({name for scope in scopes for name in scope.get("subscriptions") or ()}),
        "leftOut": {
            "accountsOfOtherKinds": dict(sorted(kinds.items())),
            "rules": sorted({rule for one in left_out for rule in one.get("rules") or ()}),
        },
    }


def _collection(snapshots: Sequence[Snapshot]) -> dict[str, Any]:
    blocks = [snapshot.collection for snapshot in snapshots]
    versions: dict[str, str] = {}
    for block in blocks:
        for name, version in (block.get("apiVersions") or {}).items():
            # The older one: what it could not show was not seen everywhere.
            versions[name] = min(version, versions.get(name, version))
    calls: Counter[str] = Counter()
    for block in blocks:
        calls.update({name: count for name, count in (block.get("calls") or {}).items() if isinstance(count, int)})
    runs = [run for block in blocks for run in block.get("runs") or ()]
    return {
        **blocks[-1],
        "runs": sorted(runs, key=lambda run: str(run.get("finishedAt") or run.get("startedAt"))),
        "apiVersions": dict(sorted(versions.items())),
        "calls": dict(calls),
    }


def _name(snapshot: Snapshot) -> str:
    return snapshot.file or "one of them"
