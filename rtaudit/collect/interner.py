"""Row interner: masks secrets and shares equal sub-objects, to bound memory.

An account carries 32 kB of `callRateLimit` that a thousand others carry too, a region's catalogue is in every
subscription. What is equal becomes one object: cut once, sorted once, written from one text, held once.
"""

from __future__ import annotations

import hashlib
import marshal
from typing import Any

from rtaudit.collect.reader import Row
from rtaudit.snapshot.secrets import cut_secrets

WORTH = 512
"""Bytes from which on a part is worth looking up."""


class RowInterner:
    """Equal parts of rows, each kept once. Used by every thread."""

    def __init__(self) -> None:
        self._parts: dict[tuple[str, bytes], Any] = {}
        self.keys: dict[int, tuple[str, bytes]] = {}
        """What a part is known by in another process, by the part's `id`."""

    def keep(self, row: Row) -> Row:
        """A resource without its secrets."""
        return {
            name: {part: self._share(part, value) for part, value in inner.items()}
            if name == "properties" and isinstance(inner, dict)
            else cut_secrets(inner, name)
            for name, inner in row.items()
        }

    def shelve(self, row: Any) -> Any:
        """A row of a catalogue, most of which are not kept: shared, and its secrets still in it."""
        if isinstance(row, dict) and isinstance(row.get("model"), dict):
            return {**row, "model": self._share("model", row["model"], cut=False)}
        return row

    def _share(self, name: str, value: Any, *, cut: bool = True) -> Any:
        if not isinstance(value, dict | list):
            return cut_secrets(value, name)
        # Version 2 writes equal values alike, whatever objects they are made of.
        form = marshal.dumps(value, 2)
        if len(form) < WORTH:
            return cut_secrets(value, name) if cut else value
        key = (name if cut else "", hashlib.blake2b(form, digest_size=16).digest())
        found = self._parts.get(key)
        if found is None:
            # One object for each key: of two threads that bring a part at once, the first.
            found = self._parts.setdefault(key, cut_secrets(value, name) if cut else value)
            self.keys[id(found)] = key
        return found
