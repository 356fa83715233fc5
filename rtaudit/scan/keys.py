"""Keys: find keys of Azure OpenAI accounts in source, by their shape or by the name that they are given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rtaudit.scan.belongs import name_of
from rtaudit.scan.marks import Mark, Source

if TYPE_CHECKING:
    from rtaudit.scan.projects import Tree

_AZURE_KEY = re.compile(r"\b[A-Za-z0-9]{52}JQQJ9[A-Za-z0-9]{19,29}\b")
_HEX = re.compile(r"(?<![0-9a-fA-F-])[0-9a-fA-F]{32}(?![0-9a-fA-F-])")
_NAMED = re.compile(r"azure|aoai|open_?-?ai|cognitive|foundry", re.IGNORECASE)
_AROUND = re.compile(r"aoai|open_?-?ai", re.IGNORECASE)
_KEY = re.compile(r"key|credential|secret|token", re.IGNORECASE)
_PLAIN = re.compile(
    r"(?:^|[._:-]|api|account|subscription|access|primary|secondary)_?-?key\w{0,2}$|keycredential", re.IGNORECASE
)
_ONLY_KEY = re.compile(
    r"(?:^|[.:])(?:(?:access|primary|secondary|subscription)[_-]?)?key[_-]?\d?$|(?:^|[._:-])(?:api|account)[_-]?key[_-]?\d?$|keycredential",
    re.IGNORECASE,
)
"""A key by its whole name, and no key of something: what code that names no service must call it."""
_NOT_KEYS = re.compile(
    r"hash|etag|checksum|digest|trace|tenant|client_?id|object_?id|connection_?id|session_?id|internal_?id|keyvault|key_?vault|public_?key|key_?id",
    re.IGNORECASE,
)
_IN_TEXT = re.compile(
    r"(?:api-key|Ocp-Apim-Subscription-Key)[\"']?\s*[:=]\s*[\"']?([0-9a-fA-F]{32})(?![0-9a-fA-F])", re.IGNORECASE
)


def keys_in(shape: str, source: Source, tree: Tree) -> Iterator[tuple[Mark, str]]:
    """The keys of one shape in a file, each with words that hold nothing of it."""
    if shape == "azureKey":
        for number, line in enumerate(source.lines, 1):
            if "JQQJ9" in line:
                for found in _AZURE_KEY.finditer(line):
                    yield (
                        Mark("key", "", "", "", (), number, found.start() + 1, (0, 0, 0)),
                        "a key of an Azure AI account",
                    )
        return
    seen: set[int] = set()
    for mark in source.marks:
        value = mark.shown
        if len(value) < 32 or mark.line in seen:
            continue
        name = ""
        if mark.kind == "entry" and _HEX.fullmatch(value.strip()) and not mark.via:
            name = (
                ".".join((*mark.under, mark.full or mark.key))
                if mark.key not in mark.full
                else ".".join((*mark.under, mark.full))
            )
        elif mark.kind == "text":
            inside = _IN_TEXT.search(value)
            if inside:
                name, value = "api-key", inside[1]
            elif _HEX.fullmatch(value) and re.search(r"KeyCredential$", mark.call):
                name = mark.call
        if name and len(set(value)) > 4 and _is_key(name, " ".join(mark.refs), source, mark, tree):
            seen.add(mark.line)
            yield mark, f"32 hex digits given to {mark.key or name.rpartition('.')[2]}"


def _is_key(name: str, names: str, source: Source, mark: Mark, tree: Tree) -> bool:
    last = name.rpartition(".")[2] or name
    if _NOT_KEYS.search(last) or not _KEY.search(last):
        return False
    vendor = name_of(name)
    if vendor in ("search", "service", "arm"):
        return False
    if (
        "realtime" in last.lower()
        and "azure" in tree.signs(source)
        and tree.belongs(source, mark) in ("azure", "chat", "")
    ):
        return True
    if _NAMED.search(last) or _AROUND.search(name) or (_NAMED.search(names) and _KEY.search(names)):
        return True
    if not (_PLAIN.search(last) or last.lower() in ("apikey", "key")):
        return False
    if "azure" not in source.signs:
        plain = source.side == "config" or _ONLY_KEY.search(last)
        if not plain or "azure" not in tree.signs(source):
            return False
    return tree.belongs(source, mark) in ("azure", "chat")
