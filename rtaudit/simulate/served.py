"""Served estate: indexes resources and gaps of snapshots by how Resource Manager is asked."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import CATALOGUES, DELETED_ACCOUNT
from rtaudit.simulate.routes import Route
from rtaudit.snapshot import ASPECTS, Gap, Snapshot
from rtaudit.snapshot.index import ancestors

DEFAULT_TENANT = "00000000-0000-4000-8000-00000000aaaa"
"""The tenant of snapshots that name none."""

GROUP_OF_OTHERS = "rg-other-kinds"
"""Resource group of the accounts that are made in place of those of other kinds, where the snapshot names no group."""


class ServedEstate:
    """What some snapshots hold. Where two hold the same id, the later one counts."""

    def __init__(self, snapshots: Sequence[Snapshot]) -> None:
        self.resources: dict[str, dict[str, Any]] = {}
        """Every resource by the key of its id."""
        self.subscriptions: dict[str, dict[str, Any]] = {}
        """What `GET /subscriptions/S` answers, by S in lower case."""
        self.tenants: list[str] = []
        """Tenants of the snapshots, in order; never empty."""
        self._aspects: dict[str, set[str]] = defaultdict(set)
        self._gaps: dict[tuple[str, str], list[Gap]] = defaultdict(list)
        self._by_scope: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._extending: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._shared: dict[str, list[str]] = defaultdict(list)
        self._below: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        # What is above subscriptions (in management groups, the tenant) reads differently from each of them.
        self._seen_from: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        self._groups: dict[tuple[str, str], dict[str, Any]] = {}
        self._encoded: dict[str, bytes] = {}

        for snapshot in snapshots:
            for resource in [*snapshot.resources, *_stand_ins(snapshot)]:
                key = arm_id.key(resource["id"])
                self.resources[key] = resource
                if arm_id.subscription_of(key) is None:
                    self._seen_from[key].update(dict.fromkeys(_subscriptions(snapshot), resource))
            for gap in snapshot.gaps:
                self._gaps[arm_id.key(gap.scope), gap.aspect].append(gap)
        for snapshot in snapshots:
            self._know(snapshot)
        if not self.tenants:
            self.tenants.append(DEFAULT_TENANT)
        for key in sorted(self.resources):
            self._index(key)

    def _know(self, snapshot: Snapshot) -> None:
        listed = {str(name).lower(): str(name) for name in snapshot.scope.get("subscriptions") or ()}
        for group in snapshot.scope.get("resourceGroups") or ():
            # It was there, even where it holds nothing that a snapshot keeps.
            for name in sorted(listed)[:1]:
                self._groups.setdefault((name, str(group).lower()), _group(name, str(group)))
        for name in sorted(_subscriptions(snapshot)):
            # A snapshot that names no aspect was written by hand: it answers for all of them.
            self._aspects[name] |= snapshot.aspects or set(ASPECTS)
            stored = self.resources.get(f"/subscriptions/{name}")
            if stored is not None:
                self.subscriptions[name] = stored
            elif name in listed and not self._hidden(name):
                self.subscriptions.setdefault(name, _subscription(listed[name], snapshot))
            tenant = (stored or {}).get("tenantId")
            self._know_tenant(tenant)
        self._know_tenant(snapshot.scope.get("tenant"))

    def _hidden(self, subscription: str) -> bool:
        """True when a gap may be about the subscription itself, which no snapshot holds."""
        gaps = self.gaps_of(f"/subscriptions/{subscription}", "accounts")
        return any(gap.needs in {None, "Microsoft.Resources/subscriptions/read"} for gap in gaps)

    def _know_tenant(self, tenant: Any) -> None:
        if isinstance(tenant, str) and tenant and tenant.lower() not in self.tenants:
            self.tenants.append(tenant.lower())

    def _index(self, key: str) -> None:
        resource = self.resources[key]
        kind = arm_id.type_of(key)
        self._extending[kind][target_of(key) or "/"].append(key)
        if key in self._seen_from:
            self._shared[kind].append(key)
        for above in ancestors(key):
            self._below[kind][above].append(key)
        self._by_scope[_collection(key), kind].append(key)
        subscription, group = arm_id.subscription_of(key), arm_id.group_of(resource["id"])
        if kind == DELETED_ACCOUNT:
            self._by_scope[f"/subscriptions/{subscription}", kind].append(key)
        elif subscription and group:
            if kind.count("/") == 1 and key.count("/providers/") == 1:
                self._by_scope[f"/subscriptions/{subscription}", kind].append(key)
            found = self._groups.setdefault((subscription, group.lower()), _group(subscription, group))
            if "location" not in found and resource.get("location"):
                found["location"] = resource["location"]

    def put(self, resource: dict[str, Any]) -> None:
        """Take a resource in, in place of the one with its id."""
        key = arm_id.key(resource["id"])
        known = key in self.resources
        self.resources[key] = resource
        self._encoded.pop(key, None)
        for seen in self._seen_from.get(key, {}):
            self._seen_from[key][seen] = resource
        if not known:
            self._index(key)

    def remove(self, key: str) -> None:
        """Take a resource (a key) out."""
        self.resources.pop(key, None)
        self._encoded.pop(key, None)
        self._seen_from.pop(key, None)
        kind = arm_id.type_of(key)
        lists = [*self._extending[kind].values(), self._shared[kind], *self._below[kind].values()]
        for listed in (*lists, *(one for (_, of), one in self._by_scope.items() if of == kind)):
            if key in listed:
                listed.remove(key)

    def snapshot(self, like: Snapshot) -> Snapshot:
        """The estate as a snapshot with the scope of the one that it was made of."""
        return Snapshot.of(
            like.environment, like.scope, self.resources.values(), like.gaps, like.clients, like.collection
        )

    def knows_subscription(self, subscription: str) -> bool:
        """True when a snapshot holds anything of the subscription (lower case)."""
        return subscription in self._aspects

    def knows_aspect(self, subscription: str | None, aspect: str | None) -> bool:
        """False when no snapshot of the subscription read the aspect: an empty answer would be a guess."""
        if aspect is None or subscription is None:
            return True
        return aspect in self._aspects[subscription] if subscription in self._aspects else True

    def gaps_of(self, scope: str, aspect: str) -> list[Gap]:
        """The gaps of an aspect at a scope (a key)."""
        return self._gaps.get((scope, aspect), [])

    def gap_of(self, route: Route) -> Gap | None:
        """The gap that a read of `route` runs into, or None."""
        read = route.read
        if read is None or read.aspect is None or not self._gaps:
            return None
        scopes = [route.key, route.scope]
        if not route.collection or route.scope.count("/") == 4:
            # A subscription's list that failed is missing from its groups' lists and its single resources too.
            whole = f"/subscriptions/{route.subscription}"
            scopes += [whole, f"{whole}/providers/{route.type}"]
        for scope in dict.fromkeys(scopes):
            for gap in self.gaps_of(scope, read.aspect):
                if gap.needs is None or gap.needs.lower() == route.action.lower():
                    return gap
        return None

    def denied_actions(self, scope: str) -> list[str]:
        """The actions that gaps say are missing at `scope` (a key) or above it."""
        return sorted(
            {
                gap.needs
                for gaps in self._gaps.values()
                for gap in gaps
                if gap.reason == "denied" and gap.needs and arm_id.covers(_missing_at(gap), scope or "/")
            }
        )

    def exists(self, scope: str) -> bool:
        """True when something is at `scope` (a key) that can have children or extensions."""
        if not scope or scope in self.resources or "/managementgroups/" in scope:
            return True
        parts = scope.split("/")[1:]
        if parts[0] == "subscriptions" and len(parts) == 2:
            return self.knows_subscription(parts[1])
        return len(parts) == 4 and (parts[1], parts[3]) in self._groups

    def groups(self, subscription: str) -> list[dict[str, Any]]:
        """The resource groups of a subscription."""
        return [group for (owner, _), group in sorted(self._groups.items()) if owner == subscription]

    def group(self, subscription: str, name: str) -> dict[str, Any] | None:
        """One resource group, or None."""
        return self._groups.get((subscription, name))

    def members(self, route: Route) -> list[str]:
        """Keys of the resources that the list `route` shows, in order of id."""
        if route.type == "microsoft.authorization/roledefinitions":
            return self._above(route)
        if route.read and route.read.inherited:
            return sorted({*self._above(route), *self.below(route.scope, route.type)})
        return self._by_scope.get((route.scope, route.type), [])

    def _above(self, route: Route) -> list[str]:
        """Keys of the extension resources of the type that are at the scope of `route` or above it."""
        at = self._extending[route.type]
        found = [key for above in ancestors(route.scope or "/") for key in at.get(above, ())]
        if not route.subscription:
            return sorted(found)
        # Which management groups are above a subscription is not in a snapshot: those that it kept reach it.
        seen = [key for key in self._shared[route.type] if route.subscription in self._seen_from[key]]
        return sorted({*(key for key in found if key not in self._seen_from), *seen})

    def below(self, scope: str, kind: str) -> list[str]:
        """Keys of the resources of a type at `scope` (a key) or below it; of extensions, those of what is there."""
        return self._below[kind].get(scope or "/", [])

    def seen(self, key: str, subscription: str | None) -> dict[str, Any]:
        """A resource as the lists of a subscription (lower case) show it."""
        if subscription and key in self._seen_from:
            return self._seen_from[key].get(subscription) or self.resources[key]
        return self.resources[key]

    def encoded(self, key: str, subscription: str | None = None) -> bytes:
        """A resource as JSON; as a subscription's lists show it, where one is given."""
        if subscription and key in self._seen_from:
            return encode(self.seen(key, subscription))
        found = self._encoded.get(key)
        if found is None:
            found = self._encoded[key] = encode(self.resources[key])
        return found


def encode(value: Any) -> bytes:
    """`value` as the JSON that goes over the wire."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _missing_at(gap: Gap) -> str:
    """Where the action of a gap is missing: of a subscription's list at the subscription."""
    return arm_id.parent_of(gap.scope) if arm_id.is_list(gap.scope) else gap.scope


def target_of(key: str) -> str:
    """What an extension resource extends; empty for the tenant."""
    return key.rpartition("/providers/")[0]


def _collection(key: str) -> str:
    """The scope below which a list shows this resource directly."""
    kind = arm_id.type_of(key)
    if kind in CATALOGUES:
        return key
    parent = arm_id.parent_of(key)
    return "" if parent == "/" else parent


def _subscriptions(snapshot: Snapshot) -> set[str]:
    """Every subscription (lower case) that a snapshot names."""
    named = {str(name).lower() for name in snapshot.scope.get("subscriptions") or ()}
    scopes = [*(resource["id"] for resource in snapshot.resources), *(gap.scope for gap in snapshot.gaps)]
    return named | {name for scope in scopes if (name := arm_id.subscription_of(scope))}


def _subscription(name: str, snapshot: Snapshot) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{name}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": name,
        "tenantId": snapshot.scope.get("tenant") or DEFAULT_TENANT,
        "displayName": name,
        "state": "Enabled",
    }


def _group(subscription: str, name: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription}/resourceGroups/{name}",
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "properties": {"provisioningState": "Succeeded"},
    }


def _stand_ins(snapshot: Snapshot) -> Iterable[dict[str, Any]]:
    """Accounts for those of other kinds that the snapshot counted and left out."""
    left_out = snapshot.scope.get("leftOut")
    counts = left_out.get("accountsOfOtherKinds") if isinstance(left_out, dict) else None
    subscriptions = sorted(map(str, snapshot.scope.get("subscriptions") or ()))
    if not isinstance(counts, dict) or not subscriptions:
        return
    group = next(iter(sorted(map(str, snapshot.scope.get("resourceGroups") or ()))), GROUP_OF_OTHERS)
    for kind, count in sorted(counts.items()):
        for number in range(1, count + 1 if isinstance(count, int) else 1):
            name = re.sub(r"[^a-z0-9]+", "-", f"other-{kind}-{number}".lower())
            yield {
                "id": f"/subscriptions/{subscriptions[0]}/resourceGroups/{group}"
                f"/providers/Microsoft.CognitiveServices/accounts/{name}",
                "name": name,
                "type": "Microsoft.CognitiveServices/accounts",
                "kind": kind,
                "location": "global",
                "sku": {"name": "S0"},
                "properties": {"provisioningState": "Succeeded"},
            }
