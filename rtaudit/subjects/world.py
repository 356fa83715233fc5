"""The world: a snapshot indexed by type, id and gap; and the subjects that rules judge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.contract.sections import in_environment
from rtaudit.snapshot import ASPECTS, Gap, Snapshot
from rtaudit.subjects.parts import PARTS, Joined

ACCOUNT_KINDS = ("openai", "aiservices")
"""Kinds of account that can host realtime deployments, lower case."""

ACCOUNT = "microsoft.cognitiveservices/accounts"
DEPLOYMENT = "microsoft.cognitiveservices/accounts/deployments"
PRIVATE_ENDPOINT = "microsoft.network/privateendpoints"

_LATE_FIELDS: dict[tuple[str, str], str] = {
    # Microsoft's type definitions hold it in stable versions since then, and in none before.
    (DEPLOYMENT, "properties.deploymentState"): "2025-12-01",
}
"""(type, field) -> the first stable api-version that shows it. Read with an older one, its absence says nothing."""


class World:
    """A snapshot, indexed once, with its subjects."""

    def __init__(self, snapshot: Snapshot, probes: Sequence[dict[str, Any]] = ()) -> None:
        self.snapshot = snapshot
        self.probes = probes
        """Probes of its endpoints, as documents."""
        self._by_id = {arm_id.key(resource["id"]): resource for resource in snapshot.resources}
        self._by_type: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._children: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for resource in snapshot.resources:
            kind = arm_id.type_of(resource["id"])
            self._by_type[kind].append(resource)
            self._children[kind, arm_id.parent_of(resource["id"])].append(resource)
        self._gaps: dict[str, dict[str, list[Gap]]] = defaultdict(lambda: defaultdict(list))
        for gap in snapshot.gaps:
            self._gaps[gap.aspect][arm_id.key(gap.scope)].append(gap)
        for gap in _other_shards(snapshot):
            self._gaps[gap.aspect][arm_id.key(gap.scope)].append(gap)
        self.memo: dict[Any, Any] = {}
        """Room for what a part works out once for the whole world."""

    def resource(self, resource_id: str | None) -> dict[str, Any] | None:
        """The resource with this id, in any case, or None."""
        return self._by_id.get(arm_id.key(resource_id)) if resource_id else None

    def of_type(self, resource_type: str) -> Sequence[dict[str, Any]]:
        """All resources of a type (lower case)."""
        return self._by_type.get(resource_type, ())

    def children(self, resource_type: str, parent_id: str) -> Sequence[dict[str, Any]]:
        """The children or extension resources of a type (lower case) that belong to `parent_id`."""
        return self._children.get((resource_type, arm_id.key(parent_id)), ())

    def gaps(self, aspect: str, *scopes: str) -> tuple[Gap, ...]:
        """The gaps of an aspect at any of the given ids or above them; a skipped aspect is one gap."""
        skipped = self.skipped(aspect, scopes[0] if scopes else "/")
        if skipped is not None:
            return (skipped,)
        of_aspect = self._gaps.get(aspect)
        if not of_aspect:
            return ()
        found: dict[Gap, None] = {}
        for scope in scopes:
            for above in _with_ancestors(arm_id.key(scope)):
                for gap in of_aspect.get(above, ()):
                    found[gap] = None
        return tuple(found)

    def gaps_anywhere(self, aspect: str) -> tuple[Gap, ...]:
        """Every gap of an aspect in the environment; a skipped aspect is one gap."""
        skipped = self.skipped(aspect, "/")
        if skipped is not None:
            return (skipped,)
        return tuple(gap for gaps in self._gaps.get(aspect, {}).values() for gap in gaps)

    def skipped(self, aspect: str, scope: str) -> Gap | None:
        """The gap that stands for an aspect that was not read at all, or None when it was."""
        if aspect in self.snapshot.aspects:
            return None
        return Gap(scope, aspect, "missing", code="NotCollected", message=f"the aspect {aspect} was not collected")

    @cached_property
    def accounts(self) -> list[Subject]:
        """Accounts of the kinds that can host realtime deployments."""
        return [
            Subject("account", raw, self)
            for raw in self.of_type(ACCOUNT)
            if str(raw.get("kind", "")).lower() in ACCOUNT_KINDS
        ]

    @cached_property
    def deployments(self) -> list[Subject]:
        """Deployments of those accounts."""
        return [
            Subject("deployment", raw, self, account)
            for account in self.accounts
            for raw in self.children(DEPLOYMENT, account.resource)
        ]

    @cached_property
    def subscriptions(self) -> list[Subject]:
        """Subscriptions that hold an account in scope."""
        found: dict[str, dict[str, Any]] = {}
        for account in self.accounts:
            subscription = arm_id.subscription_of(account.resource)
            if subscription is not None:
                subscription_id = f"/subscriptions/{subscription}"
                found.setdefault(subscription, self.resource(subscription_id) or {"id": subscription_id})
        return [Subject("subscription", raw, self) for _, raw in sorted(found.items())]

    @cached_property
    def private_endpoints(self) -> list[Subject]:
        """Private endpoints that connect to an account in scope."""
        wanted = {arm_id.key(account.resource) for account in self.accounts}
        return [
            Subject("privateEndpoint", raw, self)
            for raw in self.of_type(PRIVATE_ENDPOINT)
            if any(arm_id.key(target) in wanted for target in connection_targets(raw))
        ]

    @cached_property
    def clients(self) -> list[Subject]:
        """Client contracts that stand in the snapshot, as they hold in its environment."""
        return [
            Subject("client", in_environment(raw, self.snapshot.environment), self) for raw in self.snapshot.clients
        ]

    def each(self, kind: str) -> list[Subject]:
        """The subjects of a kind, in the order of their ids."""
        match kind:
            case "account":
                return self.accounts
            case "deployment":
                return self.deployments
            case "realtimeDeployment":
                return [
                    one.seen_as("realtimeDeployment")
                    for one in self.deployments
                    if one.join("facts.realtimeRole").value in ("speech", "unknown")
                ]
            case "privateEndpoint":
                return self.private_endpoints
            case "subscription":
                return self.subscriptions
            case "environment":
                return [Subject("environment", {"id": f"environment/{self.snapshot.environment}"}, self)]
            case "client":
                return self.clients
            case "probe":
                return [Subject("probe", {**raw, "id": _probe_id(raw)}, self) for raw in self.probes]
        raise ValueError(kind)

    def listing_gaps(self, kind: str) -> tuple[Gap, ...]:
        """Gaps that may hide subjects of a kind: each stands for an unknown finding of its own."""
        match kind:
            case "account" | "subscription":
                return self.gaps_anywhere("accounts")
            case "deployment" | "realtimeDeployment":
                return (*self.gaps_anywhere("accounts"), *self.gaps_anywhere("deployments"))
            case "privateEndpoint":
                # Zone groups are read per endpoint: their gaps hide no endpoint.
                lists = (
                    gap
                    for gap in self.gaps_anywhere("privateEndpoints")
                    if arm_id.type_of(gap.scope) != PRIVATE_ENDPOINT
                )
                return (*self.gaps_anywhere("accounts"), *lists, *self.unread_endpoints)
        return ()

    @cached_property
    def unread_endpoints(self) -> tuple[Gap, ...]:
        """A gap for each approved private endpoint that an account names and nobody read, where no other gap says so."""
        found: dict[str, Gap] = {}
        for account in self.accounts:
            for connection in listing(account.properties.get("privateEndpointConnections")):
                stated = mapping(mapping(connection).get("properties"))
                endpoint = mapping(stated.get("privateEndpoint")).get("id")
                status = mapping(stated.get("privateLinkServiceConnectionState")).get("status")
                if not isinstance(endpoint, str) or text(status) != "approved" or self.resource(endpoint) is not None:
                    continue
                if not self.gaps("privateEndpoints", endpoint):
                    message = (
                        f"{arm_id.name_of(endpoint)}, an approved private endpoint of {account.name}, was not read: it stands"
                        " in another subscription (collect that one too) or tenant"
                    )
                    found[arm_id.key(endpoint)] = Gap(endpoint, "privateEndpoints", "missing", message=message)
        return tuple(found[key] for key in sorted(found))


def _other_shards(snapshot: Snapshot) -> Iterator[Gap]:
    """What the other machines of a sharded collection hold: a gap of every subscription."""
    shard = snapshot.scope.get("shard")
    for subscription in listing(snapshot.scope.get("subscriptions")) if shard else ():
        message = f"this is shard {shard} of a collection: `rtaudit snapshot merge` joins them"
        yield Gap(f"/subscriptions/{subscription}", "accounts", "missing", code="Shard", message=message)


class Subject:
    """A raw resource with what belongs to it; what a rule judges."""

    __slots__ = ("_joined", "account", "kind", "raw", "resource", "world")

    def __init__(self, kind: str, raw: dict[str, Any], world: World, account: Subject | None = None) -> None:
        self.kind = kind
        self.raw = raw
        self.world = world
        self.account = account
        """Of a deployment: the account that it stands in."""
        self.resource: str = raw["id"]
        """Its ARM id as Azure wrote it."""
        self._joined: dict[str, Joined] = {}

    def seen_as(self, kind: str) -> Subject:
        """The same resource as a subject of another kind; what was worked out for the one serves the other."""
        twin = Subject(kind, self.raw, self.world, self.account)
        twin._joined = self._joined
        return twin

    def join(self, name: str) -> Joined:
        """The value of a root key (`deployments`, `properties`) or fact (`facts.exposure`), with its gaps."""
        joined = self._joined.get(name)
        if joined is None:
            part = PARTS[self.kind].get(name)
            value = part.build(self) if part else self.raw.get(name)
            joined = self._joined[name] = value if isinstance(value, Joined) else Joined(value)
        return joined

    def fact(self, name: str) -> Any:
        """The value of a fact, as far as it is known."""
        return self.join(f"facts.{name}").value

    @property
    def properties(self) -> dict[str, Any]:
        """The resource's `properties`, empty where it has none."""
        return mapping(self.raw.get("properties"))

    @property
    def name(self) -> str:
        """The resource's short name."""
        return arm_id.name_of(self.resource)


def not_shown(world: World, resource: dict[str, Any], path: str) -> Gap | None:
    """The gap of a field that the api-version used cannot show, or None when its absence means something."""
    kind = arm_id.type_of(resource.get("id", ""))
    since = _LATE_FIELDS.get((kind, path))
    if since is None:
        return None
    used = world.snapshot.api_version(kind)
    if used is not None and not used.endswith("-preview") and used >= since:
        return None
    message = f"{path} is shown by api-version {since} and later; read with {used or 'an unrecorded one'}"
    return Gap(resource["id"], "deployments", "missing", code="ApiVersionTooOld", message=message)


def late_fields() -> frozenset[str]:
    """The fields of the table of what older api-versions cannot show."""
    return frozenset(path for _, path in _LATE_FIELDS)


def opt_in(aspects: Iterable[str]) -> list[str]:
    """Those of the aspects that are read only when asked for."""
    return sorted({aspect for aspect in aspects if ASPECTS[aspect].opt_in})


def connection_targets(endpoint: dict[str, Any]) -> list[str]:
    """The ids that a private endpoint connects to, by automatic and manual connections."""
    return [
        str(mapping(connection.get("properties")).get("privateLinkServiceId") or "")
        for connection in connections(endpoint)
    ]


def connections(endpoint: dict[str, Any]) -> list[dict[str, Any]]:
    """A private endpoint's connections, automatic and manual."""
    properties = mapping(endpoint.get("properties"))
    found = [*listing(properties.get("privateLinkServiceConnections"))]
    found += listing(properties.get("manualPrivateLinkServiceConnections"))
    return [one for one in found if isinstance(one, dict)]


def mapping(value: Any) -> dict[str, Any]:
    """`value` when it is a mapping, else an empty one: Azure leaves out, or nulls, what it has not."""
    return value if isinstance(value, dict) else {}


def listing(value: Any) -> list[Any]:
    """`value` when it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    """`value` in lower case when it is a string, else empty."""
    return value.lower() if isinstance(value, str) else ""


def _probe_id(probe: dict[str, Any]) -> str:
    target = mapping(probe.get("target"))
    return f"probe/{target.get('host')}/{target.get('deployment')}"


def _with_ancestors(resource_key: str) -> list[str]:
    parts = resource_key.split("/")
    return ["/", *("/".join(parts[:end]) for end in range(2, len(parts) + 1))]
