"""What is cut before anything is written, logged or shown: one table of field names, one of value shapes.

Azure Resource Manager returns a few secret-bearing fields even to a Reader (an account's `migrationToken`, its
`apiProperties`), and people put secrets into tags. `internalId` is an identifier that SIP addresses need, and stays.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

CUT = "[cut]"
"""What stands in place of a secret."""

SECRET_NAMES = re.compile(
    r"(migration[-_]?token|pass(word|wd|phrase)|secret|connection[-_ ]?string|credentials?|sas[-_ ]?(token|uri|url)"
    r"|((api|access|account|admin|auth|instrumentation|master|primary|private|secondary|shared|shared[-_ ]?access|storage"
    r"|subscription|search[-_ ]?endpoint)[-_ ]?key)|(access|auth|bearer|client|refresh|id)[-_ ]?token)$",
    re.IGNORECASE,
)
"""Field and tag names whose value is a secret, matched at their end."""

SECRET_PARENTS = {"apiproperties": "connection strings and keys of linked services"}
"""Fields (lower case) below which every value is cut."""

SECRET_SHAPES: dict[str, re.Pattern[str]] = {
    "SAS signature": re.compile(r"(?<![A-Za-z0-9])(sig=)[^&\s\"']+", re.IGNORECASE),
    "connection string": re.compile(
        r"((?:AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd|Client[-_]?Secret|api-key)[\"']?\s*[=:]\s*[\"']?)"
        r"[^;&\s\"']+",
        re.IGNORECASE,
    ),
    "password in an address": re.compile(r"(://[^/\s:@]+:)[^/\s@]+(?=@)"),
    "storage key": re.compile(r"()(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}=="),
    "bearer token": re.compile(r"(Bearer\s+)[A-Za-z0-9._~+/=-]{16,}", re.IGNORECASE),
    "JSON web token": re.compile(r"()\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    "Azure AI key": re.compile(r"()\b[A-Za-z0-9]{52}JQQJ9[A-Za-z0-9]{19,29}\b"),
}
"""Shapes that are a secret wherever they stand. The first group is kept."""

_HEX_KEY = re.compile(r"\b[0-9a-fA-F]{32}\b")


_MAYBE = ("=", "@", "bearer", "eyj", "jqqj9", "password", "pwd", "secret", "accountkey", "sharedaccess", "api-key")
"""Lower case; a text without any of these holds none of the shapes above."""


@lru_cache(maxsize=65_536)
def scrub(text: str) -> str:
    """`text` (a message, a log line, a value) with everything of a secret's shape cut out."""
    lower = text.lower()
    if any(part in lower for part in _MAYBE):
        for shape in SECRET_SHAPES.values():
            text = shape.sub(lambda found: f"{found.group(1)}{CUT}", text)
    return text


@lru_cache(maxsize=16_384)
def _names_secret(name: str) -> bool:
    return SECRET_NAMES.search(name) is not None


def cut_secrets(value: Any, name: str = "", *, below: bool = False, tags: bool = False) -> Any:
    """`value` (a resource) without its secrets; the fields stay, their values become `[cut]`. Idempotent.

    What holds no secret is the same object as before.
    """
    if isinstance(value, dict):
        lower = name.lower()
        below = below or lower in SECRET_PARENTS or _names_secret(name)
        tags = tags or lower == "tags"
        # {"name": "apiKey", "value": …}: the name stands beside the secret.
        beside = value.get("name") if "value" in value and not tags else None
        named = isinstance(beside, str) and _names_secret(beside)
        cut: dict[str, Any] | None = None
        for key, item in value.items():
            kept = cut_secrets(item, key, below=below or (named and key == "value"), tags=tags)
            if kept is not item:
                cut = dict(value) if cut is None else cut
                cut[key] = kept
        return value if cut is None else cut
    if isinstance(value, list):
        items = [cut_secrets(item, name, below=below, tags=tags) for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    if value is None or value is True or value is False or value == "":
        return value
    if below or _names_secret(name):
        return CUT
    if isinstance(value, str):
        kept = scrub(value)
        # 32 hex digits are an old-style key in a tag, and an identifier everywhere else.
        kept = _HEX_KEY.sub(CUT, kept) if tags else kept
        return value if kept == value else kept
    return value
