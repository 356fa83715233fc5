"""Collected rows: hold what was read so far, and the request; a reader's `targets` and `row_filter` read from them."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rtaudit.azure import arm_id
from rtaudit.azure.clouds import Cloud
from rtaudit.azure.resource_types import ACCOUNT_KINDS
from rtaudit.collect.reader import Reader, Row
from rtaudit.errors import UsageError

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several machines that collect one scope together."""

    number: int
    """1 to `count`."""
    count: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The shard that `K/N` names. Raises UsageError."""
        number, _, count = text.partition("/")
        if not (number.isascii() and number.isdigit() and count.isascii() and count.isdigit() and len(text) < 20):
            raise UsageError(f"'{text}' is not a shard", "write K/N, such as 2/5: the second of five")
        shard = cls(int(number), int(count))
        if not 1 <= shard.number <= shard.count:
            raise UsageError(f"unknown shard {text}", "K counts from 1 to N")
        return shard

    def owns(self, resource_id: str) -> bool:
        """True when this shard reads what belongs to the id; the same on every machine."""
        found = int.from_bytes(hashlib.sha256(arm_id.key(resource_id).encode()).digest()[:8], "big")
        return found % self.count == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


@dataclass
class CollectedRows:
    """The rows read so far, by reader and by the id that they were asked about."""

    cloud: Cloud
    subscriptions: Sequence[str]
    """Ids of the subscriptions in scope, lower case."""
    groups: frozenset[str]
    """Resource groups (lower case) that narrow the accounts; empty for all."""
    names: frozenset[str]
    """Names (lower case) or id keys that narrow the accounts; empty for all."""
    readers: dict[str, Reader]
    shard: Shard | None = None
    callers: Sequence[str] = ()
    """ARM ids of the apps and identities that client contracts name as callers."""
    sdks: set[str] = field(default_factory=set)
    """Modules that take long to load, and that what was read calls for."""
    rows: dict[str, dict[str, list[Row]]] = field(default_factory=lambda: defaultdict(dict))
    """Reader -> id asked about -> rows."""
    _kept: dict[str, list[Row]] = field(default_factory=dict)
    _memo: dict[Callable[[CollectedRows], Any], tuple[dict[str, int], Any]] = field(default_factory=dict)
    _arrivals: Counter[str] = field(default_factory=Counter)
    _taken: dict[str, dict[str, int]] = field(default_factory=dict)
    _read: list[dict[str, int]] = field(default_factory=list)
    """What is being worked out, the innermost last: the readers that each looked at, and how much had come of them."""

    def arrived(self, reader: Reader, subject: str, rows: list[Row]) -> None:
        """Note what a read brought."""
        self.rows[reader.name][subject] = rows
        self._arrivals[reader.name] += 1
        found = self._kept.get(reader.name)
        if found is not None and not reader.keep_depends_on:
            # Nothing else decides what is kept of these: the others stay as they are.
            found += self._filtered(reader, rows)
            self._taken[reader.name][reader.name] = self._arrivals[reader.name]

    def kept(self, name: str) -> list[Row]:
        """The rows of a reader that are in the snapshot, as far as is known by now."""
        if not self._current(self._taken.get(name)):
            with self._noting() as read:
                self._note(name)
                reader = self.readers.get(name)
                self._kept[name] = [
                    row for rows in self.rows.get(name, {}).values() for row in self._filtered(reader, rows)
                ]
            self._taken[name] = read
        self._looked_at(self._taken[name])
        return self._kept[name]

    def _filtered(self, reader: Reader | None, rows: list[Row]) -> list[Row]:
        if reader is None or reader.row_filter is None:
            return rows
        return [kept for row in rows if (kept := reader.row_filter(self, row)) is not None]

    def _current(self, read: dict[str, int] | None) -> bool:
        """True when nothing further came of what something was worked out from."""
        return read is not None and all(self._arrivals[name] == count for name, count in read.items())

    @contextmanager
    def _noting(self) -> Iterator[dict[str, int]]:
        read: dict[str, int] = {}
        self._read.append(read)
        try:
            yield read
        finally:
            self._read.pop()

    def _note(self, name: str) -> None:
        self._looked_at({name: self._arrivals[name]})

    def _looked_at(self, read: dict[str, int]) -> None:
        for one in self._read[-1:]:
            one.update(read)

    def memo(self, work_out: Callable[[CollectedRows], _Found]) -> _Found:
        """What `work_out` finds, kept until something further arrives of what it looked at."""
        known = self._memo.get(work_out)
        if known is None or not self._current(known[0]):
            with self._noting() as read:
                known = self._memo[work_out] = (read, work_out(self))
        self._looked_at(known[0])
        found: _Found = known[1]
        return found

    def in_scope(self) -> dict[str, Row]:
        """Accounts in scope by key, those of other shards too: what shared lists are filtered by."""
        return self.memo(_in_scope)

    def came(self, name: str) -> dict[str, list[Row]]:
        """The rows of a reader by the id that they were asked about, as they came."""
        self._note(name)
        return self.rows.get(name, {})

    def groups_seen(self) -> set[str]:
        """Resource groups (lower case) of which an account of any kind came."""
        rows = (row for found in self.came("accounts").values() for row in found)
        return {(arm_id.group_of(row["id"]) or "").lower() for row in rows}

    def group_asked(self, name: str) -> dict[str, list[Row]]:
        """The ids by which a resource group was asked for, and what came: no row where it is not."""
        return {
            subject: rows for subject, rows in self.rows["groups"].items() if arm_id.name_of(subject) == name.lower()
        }

    def covers_account(self, row: Row) -> bool:
        """True when an account is one that was asked for."""
        return str(row.get("kind")).lower() in ACCOUNT_KINDS and self._in_group(row) and self._named(row)

    def mine(self, resource_id: str) -> bool:
        """True when this shard (or the only one) reads what belongs to the id."""
        return self.shard is None or self.shard.owns(resource_id)

    def other_kinds(self, whole: set[str]) -> dict[str, int]:
        """Accounts of other kinds that were seen in the subscriptions (ids) whose list is whole, by kind."""
        seen = {
            arm_id.key(row["id"]): str(row.get("kind"))
            for subject, rows in self.rows.get("accounts", {}).items()
            if subject in whole
            for row in rows
            if str(row.get("kind")).lower() not in ACCOUNT_KINDS and self._in_group(row) and self.mine(row["id"])
        }
        return dict(sorted(Counter(seen.values()).items()))

    def _in_group(self, row: Row) -> bool:
        return not self.groups or (arm_id.group_of(row["id"]) or "").lower() in self.groups

    def _named(self, row: Row) -> bool:
        return not self.names or arm_id.name_of(row["id"]).lower() in self.names or arm_id.key(row["id"]) in self.names


def _in_scope(collected: CollectedRows) -> dict[str, Row]:
    rows = (row for found in collected.came("accounts").values() for row in found)
    return {arm_id.key(row["id"]): row for row in rows if collected.covers_account(row)}
