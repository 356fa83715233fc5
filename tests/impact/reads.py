"""Snapshots whose resources note what is read of them: by which a part's declared fields are held to what it does."""

from __future__ import annotations

from typing import Any

from rtaudit.drift.sides import type_of
from rtaudit.snapshot import Snapshot
from rtaudit.subjects import Attribute, EstateIndex, Subject, WithGaps

Read = tuple[str, str]
"""Type and dotted path; elements of a list have the path of the list."""


class Log:
    """What was read while it was open."""

    def __init__(self) -> None:
        self.open = False
        self.reads: set[Read] = set()

    def note(self, read: Read) -> None:
        if self.open:
            self.reads.add(read)


class Noting(dict[str, Any]):
    """A mapping that notes which of its fields are looked at; one that is passed on is looked at where it is opened."""

    log: Log
    at: Read

    def _seen(self, key: str) -> None:
        found = dict.get(self, key)
        if not isinstance(found, Noting) and not (
            isinstance(found, list) and any(isinstance(one, Noting) for one in found)
        ):
            self.log.note((self.at[0], f"{self.at[1]}.{key}".lstrip(".")))

    def __getitem__(self, key: str) -> Any:
        self._seen(key)
        return dict.__getitem__(self, key)

    def get(self, key: str, default: Any = None) -> Any:  # type: ignore[override]
        self._seen(key)
        return dict.get(self, key, default)

    def __contains__(self, key: object) -> bool:
        self._seen(str(key))
        return dict.__contains__(self, key)

    def items(self) -> Any:
        self.log.note(self.at)
        return dict.items(self)

    def values(self) -> Any:
        self.log.note(self.at)
        return dict.values(self)

    def keys(self) -> Any:
        self.log.note(self.at)
        return dict.keys(self)

    def __iter__(self) -> Any:
        self.log.note(self.at)
        return dict.__iter__(self)


def noting(value: Any, log: Log, at: Read) -> Any:
    """`value` with every mapping in it a Noting."""
    if isinstance(value, dict):
        found = Noting({key: noting(held, log, (at[0], f"{at[1]}.{key}".lstrip("."))) for key, held in value.items()})
        found.log, found.at = log, at
        return found
    return [noting(held, log, at) for held in value] if isinstance(value, list) else value


def noted(snapshot: Snapshot) -> tuple[Snapshot, Log]:
    """The snapshot with resources and contracts that note what is read of them."""
    log = Log()
    resources = [noting(one, log, (type_of(one["id"]), "")) for one in snapshot.resources]
    clients = [noting(one, log, ("client", "")) for one in snapshot.clients]
    made = Snapshot(snapshot.environment, snapshot.scope, resources, snapshot.gaps, clients, snapshot.collection)
    assert made.index.children
    return made, log


def reads_of(part: Attribute, kind: str, number: int, snapshot: Snapshot, log: Log) -> set[Read] | None:
    """What a part reads of the `number`th subject of a kind, worked out anew; None where there is no such subject."""
    estate = EstateIndex(snapshot)
    subjects = {
        "account": lambda: estate.accounts,
        "deployment": lambda: estate.deployments,
        "realtimeDeployment": lambda: [one.seen_as("realtimeDeployment") for one in estate.deployments],
        "privateEndpoint": lambda: estate.private_endpoints,
        "subscription": lambda: estate.subscriptions,
        "client": lambda: estate.clients,
        "environment": lambda: estate.each("environment"),
    }[kind]()
    # What is a subject at all is not the part's to say.
    assert estate.deployments is not None
    for client in estate.clients:
        client.raw = noting(client.raw, log, ("client", ""))
    if number >= len(subjects):
        return None
    subject: Subject = subjects[number]
    log.reads, log.open = set(), True
    try:
        value = part.build(subject)
    finally:
        log.open = False
    return log.reads | set(_handed_on(value))


def _handed_on(value: Any) -> Any:
    if isinstance(value, Noting):
        yield value.at
    elif isinstance(value, dict):
        for held in value.values():
            yield from _handed_on(held)
    elif isinstance(value, list | tuple):
        for held in value:
            yield from _handed_on(held)
    elif isinstance(value, WithGaps):
        yield from _handed_on(value.value)
