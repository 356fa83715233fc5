"""RBAC: matches actions against the wildcards of role definitions and permission lists."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from rtaudit.documents.wildcards import wildcards


def grants(permissions: Iterable[Any], action: str, granted: str = "actions", withheld: str = "notActions") -> bool:
    """True when some entry of a permissions list lists `action` (wildcards honoured) and does not take it back.

    `granted` and `withheld` name the lists: `actions`/`notActions`, or `dataActions`/`notDataActions`.
    """
    return any(
        matches(permission.get(granted), action) and not matches(permission.get(withheld), action)
        for permission in permissions
        if isinstance(permission, dict)
    )


def matches(patterns: Any, action: str) -> bool:
    """True when one of the patterns (`*` represents anything) is the action, in any case."""
    listed = patterns if isinstance(patterns, list) else []
    return any(isinstance(one, str) and _fits(one, action) for one in listed)


@lru_cache(maxsize=16_384)
def _fits(pattern: str, action: str) -> bool:
    return wildcards(pattern).fullmatch(action) is not None
