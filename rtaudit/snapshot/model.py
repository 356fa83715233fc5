"""Snapshot: holds resources, gaps, and what was asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import CATALOGUES
from rtaudit.documents import canonical, iter_canonical
from rtaudit.snapshot.gaps import Gap
from rtaudit.snapshot.index import SnapshotIndex
from rtaudit.snapshot.order import catalogue_order, sorted_sets

SCHEMA = "rtaudit.snapshot/1"
"""The schema this version reads and writes."""


@dataclass(frozen=True)
class Snapshot:
    """What one environment looked like, as Azure Resource Manager returned it."""

    environment: str
    """The environment's label: `prod`."""
    scope: Mapping[str, Any]
    """What was asked for: `cloud`, `tenant`, `subscriptions`, `resourceGroups`, `accounts`, `aspects`, `leftOut`."""
    resources: Sequence[dict[str, Any]]
    """Raw resources, sorted by lower-cased id."""
    gaps: Sequence[Gap] = ()
    """Reads that failed, sorted."""
    clients: Sequence[dict[str, Any]] = ()
    """Client contracts that were given."""
    collection: Mapping[str, Any] = field(default_factory=dict)
    """The only volatile block: `runs` (times), tool version, principal, api-versions by type, calls."""
    file: str | None = None
    """The file it was loaded from; no part of the document."""
    recorded_digest: str | None = None
    """The digest that the file claims; `digest` is what its content has."""

    @classmethod
    def of(
        cls,
        environment: str,
        scope: Mapping[str, Any],
        resources: Iterable[dict[str, Any]],
        gaps: Iterable[Gap] = (),
        clients: Iterable[dict[str, Any]] = (),
        collection: Mapping[str, Any] | None = None,
    ) -> Snapshot:
        """A snapshot in canonical order: resources by id, lists that are sets sorted, gaps sorted and single.

        A resource that comes twice (the same id in any case) is kept once, the later one.
        """
        resources = list(resources)
        seen: dict[tuple[int, str], list[Any]] = {}
        by_id = {arm_id.key(resource["id"]): _ordered(resource, seen) for resource in resources}
        return cls(
            environment=environment,
            scope=dict(scope),
            resources=[by_id[key] for key in sorted(by_id)],
            # Each once, in the order they came: nearly sorted, which a set is not.
            gaps=sorted(dict.fromkeys(gaps), key=lambda gap: gap.order),
            clients=sorted(clients, key=canonical),
            collection=dict(collection or {}),
        )

    def document(self) -> dict[str, Any]:
        """The snapshot as the JSON document of the contract, digest included."""
        digested = self._digested()
        return {**digested, "collection": dict(self.collection), "digest": self._digest_of(digested)}

    @cached_property
    def digest(self) -> str:
        """`sha256:` over the canonical JSON of all but `collection` and `digest`. Detects change; no signature."""
        return self._digest_of(self._digested())

    def _digest_of(self, digested: Mapping[str, Any]) -> str:
        found = hashlib.sha256()
        # The canonical form of the whole, fed in piece by piece: it is too large to hold as one text.
        for index, (name, value) in enumerate(sorted(digested.items())):
            found.update(f"{',' if index else '{'}{canonical(name)}:".encode("ascii"))
            if isinstance(value, list):
                # What was read from a file is held once; what was just collected holds lists that many share.
                for piece in iter_canonical(value, shared=self.file is None and name == "resources"):
                    found.update(piece.encode("ascii"))
            else:
                found.update(canonical(value).encode("ascii"))
        found.update(b"}")
        return f"sha256:{found.hexdigest()}"

    @cached_property
    def index(self) -> SnapshotIndex:
        """Its resources and gaps, indexed once for everything that asks."""
        return SnapshotIndex(self.resources, self.gaps)

    @property
    def planned(self) -> list[dict[str, str]]:
        """Of a planned snapshot: the `format` and `file` of each plan; empty for a collected one."""
        found = self.scope.get("planned")
        plans = found.get("plans") if isinstance(found, dict) else None
        return [one for one in plans if isinstance(one, dict)] if isinstance(plans, list) else []

    @cached_property
    def addresses(self) -> dict[str, str]:
        """Of a planned snapshot: key of a resource's id -> what the code calls it."""
        return {key: str(name) for key, name in self._of_plan("addresses").items()}

    @cached_property
    def defaults(self) -> dict[str, dict[str, str]]:
        """Of a planned snapshot: key of a resource's id -> JSON Pointer -> attribute that the code does not set."""
        return {key: found for key, found in self._of_plan("defaults").items() if isinstance(found, dict)}

    @cached_property
    def sources(self) -> dict[str, tuple[str, int]]:
        """Of a planned snapshot: key of a resource's id -> file and line (1-based) of the code."""
        rows = self._of_plan("sources").items()
        return {key: (str(row["file"]), int(row["line"])) for key, row in rows if isinstance(row, dict)}

    def _of_plan(self, name: str) -> dict[str, Any]:
        planned = self.scope.get("planned")
        found = planned.get(name) if isinstance(planned, dict) else None
        return {arm_id.key(one): value for one, value in found.items()} if isinstance(found, dict) else {}

    @property
    def edited(self) -> bool:
        """True when it states a digest that its content does not have."""
        return self.recorded_digest not in (None, self.digest)

    @cached_property
    def aspects(self) -> frozenset[str]:
        """The aspects that were read."""
        return frozenset(self.scope.get("aspects") or ())

    @property
    def collected_at(self) -> str | None:
        """When the last run that filled it ended (ISO 8601, UTC), where recorded."""
        runs = self.collection.get("runs") or [{}]
        last = runs[-1] if isinstance(runs, list) and isinstance(runs[-1], dict) else {}
        when = last.get("finishedAt") or last.get("startedAt")
        return when if isinstance(when, str) else None

    def api_version(self, resource_type: str) -> str | None:
        """The api-version that resources of this type (any case) were read with, where recorded."""
        used = self.collection.get("apiVersions") or {}
        return next((version for name, version in used.items() if name.lower() == resource_type.lower()), None)

    def with_clients(self, clients: Iterable[dict[str, Any]]) -> Snapshot:
        """The same snapshot with these client contracts in place of its own: no edit, so what was whole stays whole."""
        made = replace(self, clients=sorted(clients, key=canonical))
        return replace(made, recorded_digest=made.digest) if self.recorded_digest == self.digest else made

    def _digested(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "environment": self.environment,
            "scope": dict(self.scope),
            "resources": list(self.resources),
            "gaps": [gap.document() for gap in self.gaps],
            "clients": list(self.clients),
        }


def _ordered(resource: dict[str, Any], seen: dict[tuple[int, str], list[Any]]) -> dict[str, Any]:
    ordered: dict[str, Any] = sorted_sets(resource, seen)
    if arm_id.type_of(resource["id"]) in CATALOGUES and isinstance(ordered.get("value"), list):
        ordered = {**ordered, "value": sorted(ordered["value"], key=catalogue_order)}
    return ordered
