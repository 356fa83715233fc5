"""Collection request: holds what to collect, and takes answers from an earlier collection (`--fill`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import ACCOUNT, SUBSCRIPTION
from rtaudit.collect.aspects import LEFT_OUT, READERS
from rtaudit.collect.aspects.authorization import CALLERS
from rtaudit.collect.collected import Shard
from rtaudit.collect.reader import Reader, Row
from rtaudit.contract.sections import callers_of
from rtaudit.errors import InputError, UsageError, allowed_hint
from rtaudit.snapshot import ASPECTS, Gap, Snapshot
from rtaudit.snapshot.aspects import DEFAULT_ASPECTS
from rtaudit.snapshot.index import SnapshotIndex


@dataclass(frozen=True, slots=True)
class CollectionRequest:
    """What to collect."""

    subscriptions: Sequence[str] = ()
    """Ids or display names; empty with `all_subscriptions`."""
    all_subscriptions: bool = False
    groups: Sequence[str] = ()
    """Resource groups that narrow the accounts."""
    accounts: Sequence[str] = ()
    """Names or ids that narrow the accounts."""
    aspects: frozenset[str] = frozenset(DEFAULT_ASPECTS)
    environment: str = "default"
    tenant: str | None = None
    shard: Shard | None = None
    clients: Sequence[dict[str, Any]] = ()
    """Client contracts to put into the snapshot."""
    earlier: Snapshot | None = None
    """The snapshot whose gaps are to be closed."""

    def readers(self) -> dict[str, Reader]:
        """The readers of the aspects asked for. Accounts are always read: everything hangs on them."""
        callers = {arm_id.type_of(one) for one in self.callers()}
        return {
            name: reader
            for name, reader in READERS.items()
            if reader.aspect in self.aspects
            and (name != "groups" or self.groups)
            and (reader not in CALLERS or reader.type.lower() in callers)
        }

    def callers(self) -> list[str]:
        """ARM ids of the callers that the client contracts name for this environment."""
        return callers_of(self.clients, self.environment)

    def left_out(self) -> list[str]:
        """The rules by which something is left out of what was asked for."""
        return sorted(rule for rule, aspects in LEFT_OUT.items() if not aspects or aspects & self.aspects)


def choose_aspects(only: Sequence[str] = (), skip: Sequence[str] = (), also: Sequence[str] = ()) -> frozenset[str]:
    """The aspects that `--aspect` and `--skip` leave, and `also` (what a pack reads) adds. Raises UsageError.

    Opt-in aspects alone are read beside the default ones; a default aspect that is named represents itself alone.
    """
    for name in (*only, *skip, *also):
        if name not in ASPECTS:
            raise UsageError(f"unknown aspect '{name}'", allowed_hint(name, ASPECTS))
    defaults = [name for name in only if not ASPECTS[name].opt_in]
    if defaults and skip:
        raise UsageError("--aspect and --skip contradict each other", "name what to read, or what not to")
    if "accounts" in skip:
        raise UsageError("accounts cannot be skipped", "everything else is read of accounts")
    return (frozenset(defaults or (*DEFAULT_ASPECTS, *also)) | set(only) | {"accounts"}) - set(skip)


def refill(earlier: Snapshot, request: CollectionRequest) -> CollectionRequest:
    """The request that closes the gaps of `earlier`: its own scope, with what else `request` says."""
    scope = earlier.scope
    shard = scope.get("shard")
    if not scope.get("subscriptions"):
        raise InputError(
            f"{earlier.file or 'the snapshot'} does not say which subscriptions it is of", "collect anew, with -s"
        )
    return replace(
        request,
        subscriptions=[str(one) for one in scope["subscriptions"]],
        all_subscriptions=False,
        groups=[str(one) for one in scope.get("resourceGroups") or ()],
        accounts=[str(one) for one in scope.get("accounts") or ()],
        aspects=earlier.aspects & set(ASPECTS),
        environment=earlier.environment,
        tenant=request.tenant or scope.get("tenant"),
        shard=Shard.parse(shard) if isinstance(shard, str) else None,
        clients=request.clients or earlier.clients,
        earlier=earlier,
    )


@dataclass
class EarlierAnswers:
    """Answers reads from an earlier snapshot, where that one got everything that the read would bring."""

    snapshot: Snapshot
    _gaps: set[tuple[str, str]] = field(default_factory=set)
    _incomplete: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        gaps: Sequence[Gap] = self.snapshot.gaps
        self._gaps = {(gap.aspect, arm_id.key(gap.scope)) for gap in gaps}
        self._incomplete = {gap.aspect for gap in gaps}

    def __call__(self, reader: Reader, subject: str) -> list[Row] | None:
        """The rows of a read, or None when it has to be asked (again)."""
        key = arm_id.key(subject)
        if reader.aspect not in self.snapshot.aspects:
            return None
        # A snapshot of before the lists had scopes of their own names the id that was asked about.
        if any((reader.aspect, arm_id.key(scope)) in self._gaps for scope in (subject, reader.gap_scope(subject))):
            return None
        # What was kept of a list depends on what else was known: with that incomplete, the list is read again.
        if any(READERS[name].aspect in self._incomplete for name in reader.keep_depends_on):
            return None
        index, kind = self.snapshot.index, reader.type.lower()
        if reader.shape != "list":
            row = index.by_key.get(key)
            return [row] if row is not None and arm_id.type_of(key) == kind else None
        if arm_id.type_of(key) != SUBSCRIPTION and key not in index.by_key and not _group_of_accounts(index, key):
            return None
        return [*index.below(kind, key), *index.once(_above_subscriptions).get(kind, ())]


def _group_of_accounts(index: SnapshotIndex, key: str) -> bool:
    """True for a resource group of accounts that are there: a snapshot holds no groups, and their lists were read."""
    return key.count("/") == 4 and bool(list(index.below(ACCOUNT, key)))


def _above_subscriptions(index: SnapshotIndex) -> dict[str, list[Row]]:
    """Type -> the rows of it that are in no subscription: role definitions, assignments of management groups."""
    return {
        kind: [row for row in rows if arm_id.subscription_of(row["id"]) is None] for kind, rows in index.by_type.items()
    }
