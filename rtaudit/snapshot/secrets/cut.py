"""Cutting: a document without its secrets, field by field."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from rtaudit.snapshot.secrets.names import holds_number, is_telling, names_secret
from rtaudit.snapshot.secrets.shapes import MASK, is_harmless, scrub

_HEX_KEY = re.compile(r"(?<![0-9a-zA-Z])[0-9a-fA-F]{32}(?![0-9a-zA-Z])")
_KEY = re.compile(
    r"[0-9a-fA-F]{32}|[0-9a-fA-F]{48}|[0-9a-fA-F]{64}|[A-Za-z0-9+/_-]{43}=|[A-Za-z0-9+/]{86}==|[a-z2-7]{52}"
)
"""Digits and letters that are a key beside a telling name, and may be a digest elsewhere."""
_KEY_LENGTH = 32
_LABELS = (
    "name", "Name", "key", "Key", "id", "header", "headerName", "field", "parameter", "parameterName", "property", "propertyName", "setting",
    "settingName", "label", "title", "variable",
)  # fmt: skip
_VALUES = frozenset(
    {"value", "Value", "values", "secureValue", "defaultValue", "headerValue", "settingValue", "propertyValue"}
)
_WORDS = frozenset({"permissions", "endpoints"})
"""Fields (lower case) whose own fields are words: what may be done with `keys`, the host that gives a `Token`."""
_OPENS = "[{ \t\r\n"
"""What a JSON document inside a string begins with."""
_NESTED = 4
"""Levels of JSON inside strings inside JSON."""


def cut_secrets(value: Any, name: str = "", *, below: bool = False, tags: bool = False) -> Any:
    """`value` (a resource) without its secrets; the fields stay, their values become `[cut]`. Idempotent.

    `name` is the field that holds it, `below` is True below a field whose values are all secret. A field's own name is
    cut where it has a secret's shape, as a tag's may. What holds no secret is the same object as before.
    """
    return _cut(value, name, below, tags, 0)


def _cut(value: Any, name: str, below: bool, tags: bool, nested: int) -> Any:
    if isinstance(value, str):
        if below or names_secret(name):
            return value if value in ("", MASK) else MASK
        return value if value == "" or (not tags and _is_clean(value)) else _text(value, name, tags, nested)
    if isinstance(value, dict):
        lower = name.lower()
        inner = "" if lower in _WORDS else None
        return _mapping(value, inner, below or names_secret(name), tags or lower == "tags", nested)
    if isinstance(value, list):
        items: list[Any] | None = None
        for index, item in enumerate(value):
            kept = _cut(item, name, below, tags, nested)
            if kept is not item:
                items = list(value) if items is None else items
                items[index] = kept
        return value if items is None else items
    if value is None or value is True or value is False:
        return value
    return MASK if below or (names_secret(name) and not holds_number(name)) else value


def _mapping(value: dict[str, Any], words: str | None, below: bool, tags: bool, nested: int) -> dict[str, Any]:
    named = not below and not _VALUES.isdisjoint(value) and _labelled(value)
    plain = words is None and not (below or named or tags)
    cut: dict[str, Any] | None = None
    for key, item in value.items():
        if plain and _is_harmless(key):
            # Most of a snapshot is this: what is no secret, under a name that tells of none.
            kind = type(item)
            if kind is str:
                if _is_clean(item):
                    continue
            elif kind is dict:
                if (inner := _mapping(item, None, False, False, nested)) is not item:
                    cut = dict(value) if cut is None else cut
                    cut[key] = inner
                continue
            elif kind is not list:
                continue
        shown = _tag(key) if tags else _field(key)
        kept = _cut(item, key if words is None else words, below or (named and key in _VALUES), tags, nested)
        if kept is not item or shown is not None:
            cut = dict(value) if cut is None else cut
            if shown is not None:
                del cut[key]
                while shown in cut:
                    shown += "'"
            cut[shown or key] = kept
    return value if cut is None else cut


def _labelled(value: dict[str, Any]) -> bool:
    # {"name": "apiKey", "value": …}: the name is beside the secret.
    # The name of an id is its owner's: `…/vaults/password` tells nothing of a value.
    return any(
        isinstance(label := value.get(field), str) and "/" not in label and names_secret(label) for field in _LABELS
    )


@lru_cache(maxsize=65_536)
def _is_clean(value: str) -> bool:
    """True where a text holds no secret, whatever its name tells (unless the name says that every value is one)."""
    if is_harmless(value, _KEY):
        return True
    if value[0] in _OPENS or (len(value) >= _KEY_LENGTH and _KEY.fullmatch(value.strip())):
        return False
    return scrub.__wrapped__(value) == value


def _text(value: str, name: str, tags: bool, nested: int) -> str:
    if len(value) >= _KEY_LENGTH and is_telling(name) and _KEY.fullmatch(value.strip()):
        return MASK
    kept = scrub((_document(value, nested) if value[0] in _OPENS else None) or value)
    # 32 hex digits are an old-style key in a tag, and an identifier everywhere else.
    kept = _HEX_KEY.sub(MASK, kept) if tags else kept
    return value if kept == value else kept


@lru_cache(maxsize=16_384)
def _field(key: str) -> str | None:
    """What is shown of a field's name that holds a secret; None for any other."""
    kept = scrub(key)
    return None if kept == key else kept


@lru_cache(maxsize=16_384)
def _is_harmless(key: str) -> bool:
    """True for a field's name that holds no secret, tells of none, and says nothing of the names below it."""
    return _field(key) is None and not names_secret(key) and key.lower() not in _WORDS and key.lower() != "tags"


@lru_cache(maxsize=16_384)
def _tag(key: str) -> str | None:
    kept = _HEX_KEY.sub(MASK, scrub(key))
    return None if kept == key else kept


def _document(text: str, nested: int) -> str | None:
    """A text that is a JSON document, without the secrets in it; None where it is none."""
    if nested >= _NESTED:
        return None
    try:
        document = json.loads(text)
        if not isinstance(document, dict | list):
            return None
        kept = _cut(document, "", False, False, nested + 1)
    except (ValueError, RecursionError):
        return None
    return text if kept is document else json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
