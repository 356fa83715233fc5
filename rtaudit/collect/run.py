"""Collection run: makes a Snapshot from a request and a credential."""

from __future__ import annotations

import difflib
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from rtaudit.azure import arm_id
from rtaudit.collect.answers import sound
from rtaudit.collect.arm import ArmReader, ResponsePage
from rtaudit.collect.collected import CollectedRows
from rtaudit.collect.credentials import Identity
from rtaudit.collect.endpoint import Endpoint
from rtaudit.collect.failures import ReadFailure
from rtaudit.collect.gather import Collector, Status
from rtaudit.collect.limits import Limits
from rtaudit.collect.processes import processes
from rtaudit.collect.request import CollectionRequest, EarlierAnswers
from rtaudit.documents.json_values import listing
from rtaudit.errors import CredentialError, InputError, RtauditError
from rtaudit.snapshot import Snapshot
from rtaudit.snapshot.secrets import cut_secrets
from rtaudit.version import __version__


@dataclass(frozen=True, slots=True)
class Collected:
    """A snapshot, and whether it is the whole of what was asked for."""

    snapshot: Snapshot
    interrupted: str | None = None
    """`interrupted` or `time budget` when the run was stopped before its end."""

    @property
    def whole(self) -> bool:
        """True when there is no gap."""
        return not self.snapshot.gaps


@dataclass(slots=True)
class CollectionObserver:
    """How a caller looks on, and stops."""

    observe: Callable[[Status], None] = lambda _status: None
    """Called about ten times a second, on the calling thread."""
    stop: threading.Event = field(default_factory=threading.Event)
    """Set it to end the collection with what it has."""
    gathering: bool = False
    """True from the first read on: from then on there is something to keep."""
    log: Callable[[str, str, int, float, str], None] | None = None
    """Called for each call: method, path, status (0 for no answer), seconds, Azure's request id. On any thread."""


def collect(
    request: CollectionRequest,
    endpoint: Endpoint,
    identity: Identity,
    limits: Limits | None = None,
    watch: CollectionObserver | None = None,
) -> Collected:
    """Read everything that `request` asks for.

    A read that fails becomes a gap. Raises CredentialError when no token can be had, Azure refuses it, or a
    subscription is not among those that it can see; InputError when an account or resource group that was named does
    not exist.
    """
    limits, watch = limits or Limits(), watch or CollectionObserver()
    started = _now()
    arm = ArmReader(endpoint, identity, limits, watch.log)
    try:
        identity.get_token(endpoint.scope)
        subscriptions = find_subscriptions(arm, request)
        gathering = _gather(arm, request, subscriptions, limits, watch)
        if gathering.refusal is not None:
            raise refused(arm, gathering.refusal.read.subject, gathering.refusal.fault, request)
        snapshot = _snapshot(request, endpoint, identity, arm, gathering, started)
    finally:
        arm.close()
    return Collected(snapshot, gathering.interrupted)


def find_subscriptions(arm: ArmReader, request: CollectionRequest) -> list[str]:
    """The ids (lower case, sorted) of the subscriptions that `request` names. Raises CredentialError."""
    wanted = [name.strip() for name in request.subscriptions]
    if wanted and all(_is_id(name) for name in wanted):
        return sorted({arm_id.name_of(name).lower() for name in wanted})
    visible = list_subscriptions(arm)
    if not wanted:
        if request.all_subscriptions and visible:
            return sorted(str(row.get("subscriptionId") or arm_id.name_of(row["id"])).lower() for row in visible)
        if not visible:
            raise CredentialError(
                "the credential can see no subscription",
                "give it Reader on one, or log in to the right tenant with --tenant",
            )
        raise CredentialError("no subscription was chosen", _choices(visible, "-s SUBSCRIPTION or --all-subscriptions"))
    found = set()
    by_name: dict[str, set[str]] = defaultdict(set)
    for row in visible:
        subscription = arm_id.name_of(row["id"]).lower()
        for name in (subscription, str(row.get("displayName")).lower()):
            by_name[name].add(subscription)
    for name in wanted:
        matching = by_name.get(name.lower(), set())
        if _is_id(name):
            matching = {arm_id.name_of(name).lower()}
        if len(matching) != 1:
            what = "is not among those that the credential can see" if not matching else "is the name of several"
            raise CredentialError(f"the subscription '{name}' {what}", _choices(visible, "choose by id"))
        found |= matching
    return sorted(found)


def list_subscriptions(arm: ArmReader) -> list[dict[str, Any]]:
    """The subscriptions that the credential can see. Raises CredentialError."""
    rows: list[dict[str, Any]] = []
    page = ResponsePage()
    try:
        arm.get("/subscriptions", page=page, api_version=arm.versions.ask("Microsoft.Resources/subscriptions"))
        for _ in range(arm.limits.pages):
            found = listing(sound(page.document).get("value"))
            rows += [row for row in found if isinstance(row, dict) and isinstance(row.get("id"), str)]
            link = page.document.get("nextLink")
            if not isinstance(link, str) or not link:
                break
            page = ResponsePage()
            arm.follow(link, page=page)
    except ReadFailure as fault:
        raise refused(arm, "/subscriptions", fault, None) from None
    return rows


def _gather(
    arm: ArmReader, request: CollectionRequest, subscriptions: list[str], limits: Limits, watch: CollectionObserver
) -> Collector:
    readers = request.readers()
    collected = CollectedRows(
        cloud=arm.endpoint.cloud,
        subscriptions=subscriptions,
        groups=frozenset(name.lower() for name in request.groups),
        names=frozenset(arm_id.key(name) if "/" in name else name.lower() for name in request.accounts),
        readers=readers,
        shard=request.shard,
        callers=request.callers(),
    )
    earlier = EarlierAnswers(request.earlier) if request.earlier is not None else lambda _reader, _subject: None
    named = frozenset() if request.earlier or request.all_subscriptions else frozenset(subscriptions)
    gathering = Collector(
        arm, collected, readers, limits, earlier=earlier, observe=watch.observe, stop=watch.stop,
        must_exist=frozenset(f"/subscriptions/{name}" for name in named), processes=processes(limits),
    )  # fmt: skip
    watch.gathering = True
    gathering.run()
    return gathering


def _snapshot(
    request: CollectionRequest,
    endpoint: Endpoint,
    identity: Identity,
    arm: ArmReader,
    gathering: Collector,
    started: str,
) -> Snapshot:
    collected = gathering.collected
    resources = [
        # Other rows came without their secrets; of a catalogue only what is kept is worth the looking.
        cut_secrets(row) if reader.shape == "catalogue" else row
        for name, reader in request.readers().items()
        for row in collected.kept(name)
    ]
    _check_groups(request, gathering)
    _check_accounts(request, gathering)
    tenants = sorted({str(row["tenantId"]) for row in collected.kept("subscriptions") if row.get("tenantId")})
    other_kinds = collected.other_kinds(gathering.whole["accounts"])
    earlier = request.earlier
    if earlier is not None:
        # Accounts of other kinds are not in the snapshot; those of lists that were not read again are remembered.
        asked = {
            arm_id.subscription_of(gap.scope)
            for gap in earlier.gaps
            if gap.aspect == "accounts" and arm_id.type_of(gap.scope) == "microsoft.resources/subscriptions"
        }
        remembered = (earlier.scope.get("leftOut") or {}).get("accountsOfOtherKinds") or {}
        if not asked >= set(collected.subscriptions):
            other_kinds = _sum(remembered, other_kinds) if asked else dict(remembered)
    scope: dict[str, Any] = {
        "cloud": endpoint.cloud.name,
        "tenant": request.tenant or (tenants[0] if tenants else identity.tenant),
        "subscriptions": list(collected.subscriptions),
        "resourceGroups": sorted(request.groups, key=str.lower),
        "accounts": sorted(request.accounts, key=str.lower),
        "aspects": sorted(request.aspects),
        "leftOut": {"accountsOfOtherKinds": other_kinds, "rules": request.left_out()},
    }
    if request.shard is not None:
        scope["shard"] = str(request.shard)
    status = gathering.status
    run: dict[str, Any] = {"startedAt": started, "finishedAt": _now()}
    if gathering.interrupted:
        run["stopped"] = gathering.interrupted
    before = earlier.collection if earlier is not None else {}
    collection = {
        "runs": [*(before.get("runs") or ()), run],
        "tool": {"name": "rtaudit", "version": __version__},
        "principal": identity.principal,
        "apiVersions": {**(before.get("apiVersions") or {}), **arm.versions.used},
        "calls": {"made": status.calls, "throttled": status.throttled, "retried": status.retried},
    }
    return Snapshot.of(request.environment, scope, resources, gathering.gaps, request.clients, collection)


def _check_groups(request: CollectionRequest, gathering: Collector) -> None:
    if gathering.interrupted:
        return
    collected = gathering.collected
    seen = collected.groups_seen()
    for name in request.groups:
        if name.lower() in seen:
            continue
        asked = collected.group_asked(name)
        if asked.keys() <= gathering.whole["groups"] and not any(asked.values()):
            where = f"{len(collected.subscriptions)} subscriptions"
            if len(collected.subscriptions) == 1:
                where = f"the subscription {collected.subscriptions[0]}"
            near = difflib.get_close_matches(name.lower(), seen, n=1)
            raise InputError(
                f"unknown resource group '{name}' in {where}",
                "give its name, not its id"
                if "/" in name
                else f"did you mean '{near[0]}'?"
                if near
                else "check the name and the subscription",
            )


def _check_accounts(request: CollectionRequest, gathering: Collector) -> None:
    if not request.accounts or gathering.interrupted or request.earlier is not None:
        return
    listed = any(gap.aspect == "accounts" for gap in gathering.gaps)
    rows = gathering.collected.in_scope().values()
    have = {arm_id.name_of(row["id"]).lower() for row in rows} | {arm_id.key(row["id"]) for row in rows}
    for name in request.accounts:
        if (arm_id.key(name) if "/" in name else name.lower()) not in have and not listed:
            every = [row for found in gathering.collected.rows["accounts"].values() for row in found]
            raise InputError(
                f"unknown account '{name}' of kind OpenAI or AIServices in what was asked for",
                _nearest(name, every),
            )


def _nearest(name: str, every: list[dict[str, Any]]) -> str:
    for row in every:
        if name.lower() in (arm_id.name_of(row["id"]).lower(), arm_id.key(row["id"])):
            return (
                f"one of that name is of kind {row.get('kind')}, in the resource group '{arm_id.group_of(row['id'])}'"
            )
    near = difflib.get_close_matches(name, {arm_id.name_of(row["id"]) for row in every}, n=1)
    return f"did you mean '{near[0]}'?" if near else "check the name, the subscription and the resource group"


def refused(arm: ArmReader, subject: str, fault: ReadFailure | None, request: CollectionRequest | None) -> RtauditError:
    """The error that a refused run ends with."""
    assert fault is not None
    if fault.status == 401:
        wrong = "tenant" in fault.message.lower() or fault.code == "InvalidAuthenticationTokenTenant"
        return CredentialError(
            f"Azure refused the token: {fault.code or 401}: {fault.message}",
            "the identity is of another tenant: give --tenant, or log in to the right one"
            if wrong
            else "log in again; check --cloud and --tenant",
        )
    if fault.status == 404 and request is not None:
        try:
            visible = list_subscriptions(arm)
        except RtauditError:
            visible = []
        return CredentialError(
            f"the subscription '{arm_id.name_of(subject)}' is not among those that the credential can see",
            _choices(visible, "choose one of them") if visible else "give the identity Reader on it",
        )
    return RtauditError(
        f"{arm.endpoint.url} does not answer as a Resource Manager: {fault.code or fault.status}: {fault.message}",
        "check the network, --cloud and --arm-endpoint",
    )


def _choices(visible: list[dict[str, Any]], what: str) -> str:
    shown = [f"{row.get('subscriptionId') or arm_id.name_of(row['id'])} ({row.get('displayName')})" for row in visible]
    more = f" and {len(shown) - 20} more" if len(shown) > 20 else ""
    return f"{what}; it can see: {', '.join(sorted(shown)[:20])}{more}"


def _is_id(name: str) -> bool:
    try:
        UUID(arm_id.name_of(name))
    except ValueError:
        return False
    return "/" not in name or arm_id.key(name).startswith("/subscriptions/")


def _sum(*counts: dict[str, int]) -> dict[str, int]:
    kinds = sorted({kind for count in counts for kind in count})
    return {kind: sum(count.get(kind, 0) for count in counts) for kind in kinds}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
