"""Estate index: indexes a snapshot by type, id and gap, and gives the subjects that rules check."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Concatenate, ParamSpec, TypeVar

from rtaudit.azure import arm_id, shapes
from rtaudit.azure.resource_types import (
    ACCOUNT,
    ACCOUNT_KINDS,
    DEPLOYMENT,
    PRIVATE_ENDPOINT,
    RESOURCE_TYPES,
    shown_since,
)
from rtaudit.contract.sections import in_environment
from rtaudit.documents import json_values
from rtaudit.snapshot import ASPECTS, Gap, Snapshot
from rtaudit.snapshot.gaps import ASSIGNED
from rtaudit.snapshot.index import SnapshotIndex
from rtaudit.snapshot.partial import note, noting
from rtaudit.subjects.parts import ATTRIBUTES, WithGaps

_Found = TypeVar("_Found")
_Of = ParamSpec("_Of")


_UNSURE = {"facts.realtimeRole": "unknown"}
"""Facts that have a value for what is not known, which their readers ask for -> that value."""


class EstateIndex:
    """A snapshot, indexed once, with its subjects."""

    def __init__(self, snapshot: Snapshot, probes: Sequence[dict[str, Any]] = ()) -> None:
        self.snapshot = snapshot
        self.probes = probes
        """Probes of its endpoints, as documents."""
        others = tuple(_other_shards(snapshot))
        self.index = SnapshotIndex(snapshot.resources, (*snapshot.gaps, *others)) if others else snapshot.index
        self.partial = bool(self.index.field_gaps)
        """True where single values are not known (a planned snapshot): reading one of them is noted then."""
        if self.partial:
            self.index = self.index.with_partial_resources()
        self._once: dict[Any, Any] = {}

    def resource(self, resource_id: str | None) -> dict[str, Any] | None:
        """The resource with this id, in any case, or None."""
        return self.index.by_key.get(arm_id.key(resource_id)) if resource_id else None

    def of_type(self, resource_type: str) -> Sequence[dict[str, Any]]:
        """All resources of a type (lower case). Not to be walked in a function that is called for each subject."""
        return self.index.by_type.get(resource_type, ())

    def once(
        self, work_out: Callable[Concatenate[EstateIndex, _Of], _Found], *of: _Of.args, **none: _Of.kwargs
    ) -> _Found:
        """What `work_out` makes of the estate (and of `of`, which is hashable), worked out once."""
        key = (work_out, *of)
        kept: tuple[_Found, tuple[Gap, ...]] | None = self._once.get(key)
        if kept is None:
            with noting() as rests_on:
                found = work_out(self, *of, **none)
            kept = self._once[key] = (found, tuple(rests_on))
        if kept[1]:
            note(kept[1])
        return kept[0]

    def children(self, resource_type: str, parent_id: str) -> Sequence[dict[str, Any]]:
        """The children or extension resources of a type (lower case) that belong to `parent_id`."""
        return self.index.children_of(resource_type, parent_id)

    def gaps(self, aspect: str, *scopes: str) -> tuple[Gap, ...]:
        """The gaps of an aspect at any of the given ids or above them; a skipped aspect is one gap."""
        skipped = self.skipped(aspect, scopes[0] if scopes else "/")
        if skipped is not None:
            return (skipped,)
        return self.index.gaps_above(aspect, *scopes)

    def gaps_anywhere(self, aspect: str) -> tuple[Gap, ...]:
        """Every gap of an aspect in the environment; a skipped aspect is one gap."""
        skipped = self.skipped(aspect, "/")
        if skipped is not None:
            return (skipped,)
        return self.once(_gaps_of, aspect)

    def skipped(self, aspect: str, scope: str) -> Gap | None:
        """The gap of an aspect that was not read at all, or None when it was."""
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
    def accounts_by_key(self) -> dict[str, Subject]:
        """Those accounts by the key of their id."""
        return {arm_id.key(account.resource): account for account in self.accounts}

    @cached_property
    def accounts_by_name(self) -> dict[str, list[Subject]]:
        """Those accounts by their name in lower case, which may be that of several."""
        return _grouped(self.accounts, lambda one: one.name.lower())

    @cached_property
    def accounts_by_subscription(self) -> dict[str, list[Subject]]:
        """Those accounts by the key of their subscription's id."""
        return _grouped(self.accounts, lambda one: f"/subscriptions/{arm_id.subscription_of(one.resource)}")

    @cached_property
    def deployments_by_account(self) -> dict[str, list[Subject]]:
        """Deployments by the key of the account that they are in."""
        return _grouped(self.deployments, lambda one: arm_id.parent_of(one.resource))

    def deployments_of(self, account: Subject) -> list[Subject]:
        """The deployments of an account."""
        return self.deployments_by_account.get(arm_id.key(account.resource), [])

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
        return [
            Subject("privateEndpoint", raw, self)
            for raw in self.of_type(PRIVATE_ENDPOINT)
            if any(target in self.accounts_by_key for target in shapes.targets(raw))
        ]

    @cached_property
    def clients(self) -> list[Subject]:
        """Client contracts in the snapshot, as they hold in its environment."""
        return [
            Subject("client", in_environment(raw, self.snapshot.environment), self) for raw in self.snapshot.clients
        ]

    def each(self, kind: str, served: frozenset[str] = frozenset({"speech"})) -> list[Subject]:
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
                    if one.join("facts.realtimeRole").value in served | {"unknown"}
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
        """Gaps that may hide subjects of a kind: each makes an unknown finding of its own."""
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
                    if arm_id.is_list(gap.scope) or arm_id.type_of(gap.scope) != PRIVATE_ENDPOINT
                )
                return (*self.gaps_anywhere("accounts"), *lists, *self.unread_endpoints, *self._open_endpoints())
        return ()

    def _open_endpoints(self) -> Iterator[Gap]:
        """Of each planned private endpoint that may connect to an account in scope the gap of its target."""
        subjects = {arm_id.key(one.resource) for one in self.private_endpoints} if self.index.field_gaps else ()
        for key, gaps in self.index.field_gaps.items():
            if key not in subjects and arm_id.type_of(key) == PRIVATE_ENDPOINT:
                yield from [gap for gap in gaps if _hides_target(gap)][:1]

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
                        f"{arm_id.name_of(endpoint)}, an approved private endpoint of {account.name}, was not read: it is"
                        " in another subscription (collect that one too) or tenant"
                    )
                    found[arm_id.key(endpoint)] = Gap(endpoint, "privateEndpoints", "missing", message=message)
        return tuple(found[key] for key in sorted(found))


def _hides_target(gap: Gap) -> bool:
    """Whether the gap of a planned endpoint's field may hide what it connects to."""
    field = gap.field or ""
    lists = (
        "/properties",
        "/properties/privateLinkServiceConnections",
        "/properties/manualPrivateLinkServiceConnections",
    )
    return gap.reason != ASSIGNED and (
        field in lists or field.endswith(("/privateLinkServiceId", "Connections/0/properties"))
    )


def _grouped(subjects: Iterable[Subject], by: Callable[[Subject], str]) -> dict[str, list[Subject]]:
    found: dict[str, list[Subject]] = {}
    for one in subjects:
        found.setdefault(by(one), []).append(one)
    return found


def _other_shards(snapshot: Snapshot) -> Iterator[Gap]:
    """What the other machines of a sharded collection hold: a gap of every subscription."""
    shard = snapshot.scope.get("shard")
    for subscription in listing(snapshot.scope.get("subscriptions")) if shard else ():
        message = f"this is shard {shard} of a collection: `rtaudit snapshot merge` joins them"
        yield Gap(f"/subscriptions/{subscription}", "accounts", "missing", code="Shard", message=message)


class Subject:
    """A raw resource with what belongs to it; what a rule evaluates."""

    __slots__ = ("_joined", "account", "estate", "kind", "raw", "resource")

    def __init__(self, kind: str, raw: dict[str, Any], estate: EstateIndex, account: Subject | None = None) -> None:
        self.kind = kind
        self.raw = raw
        self.estate = estate
        self.account = account
        """Of a deployment: the account that it is in."""
        self.resource: str = raw["id"]
        """Its ARM id as Azure wrote it."""
        self._joined: dict[str, WithGaps] = {}

    def seen_as(self, kind: str) -> Subject:
        """The same resource as a subject of another kind; what was worked out for the one serves the other."""
        twin = Subject(kind, self.raw, self.estate, self.account)
        twin._joined = self._joined
        return twin

    def join(self, name: str) -> WithGaps:
        """The value of a root key (`deployments`, `properties`) or fact (`facts.exposure`), with its gaps."""
        joined = self._joined.get(name)
        if joined is None:
            joined = self._joined[name] = self._noted(name) if self.estate.partial else self._built(name)
        if self.estate.partial:
            note(gap for gap in joined.gaps if gap.field is not None)
        return joined

    def _built(self, name: str) -> WithGaps:
        part = ATTRIBUTES[self.kind].get(name)
        value = part.build(self) if part else self.raw.get(name)
        return value if isinstance(value, WithGaps) else WithGaps(value)

    def _noted(self, name: str) -> WithGaps:
        """In a plan: with the gaps of the values that it rests on and that are not known."""
        with noting() as rests_on:
            joined = self._built(name)
        if not rests_on:
            return joined
        return WithGaps(_UNSURE.get(name, joined.value), tuple(dict.fromkeys((*joined.gaps, *rests_on))))

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


def not_shown(estate: EstateIndex, resource: dict[str, Any], path: str) -> Gap | None:
    """The gap of a field that the api-version used cannot show, or None when its absence means something."""
    resource_id = resource.get("id", "")
    kind = arm_id.type_of(resource_id)
    pointer = "/" + path.replace(".", "/")
    if any(gap.field == pointer for gap in estate.index.field_gaps.get(arm_id.key(resource_id), ())):
        return None  # a plan: the gap of the field says it
    used = estate.snapshot.api_version(kind)
    since = shown_since(kind, pointer, used)
    if since is None:
        return None
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", path.rpartition(".")[2]).lower()
    message = f"the {words} is shown by api-version {since} and later; it was read with {used or 'an unrecorded one'}"
    return Gap(resource["id"], str(RESOURCE_TYPES[kind].aspect), "missing", code="ApiVersionTooOld", message=message)


def late_fields() -> frozenset[str]:
    """The fields of the table of what older api-versions cannot show."""
    return frozenset(pointer[1:].replace("/", ".") for row in RESOURCE_TYPES.values() for pointer in row.late)


def opt_in(aspects: Iterable[str]) -> list[str]:
    """Those of the aspects that are read only when asked for."""
    return sorted({aspect for aspect in aspects if ASPECTS[aspect].opt_in})


mapping, listing = json_values.mapping, json_values.listing
text = json_values.lower_text
"""Facts compare words of Azure in lower case; see json_values for what is shown as it is."""


def _probe_id(probe: dict[str, Any]) -> str:
    target = mapping(probe.get("target"))
    return f"probe/{target.get('host')}/{target.get('deployment')}"


def _gaps_of(estate: EstateIndex, aspect: str) -> tuple[Gap, ...]:
    # What was deleted hides no account that is there.
    scopes = estate.index.gaps_by_scope.get(aspect, {})
    return tuple(gap for scope, gaps in scopes.items() if not scope.endswith("/deletedaccounts") for gap in gaps)
