"""The category of a change: what an architect would file it under. Worked out from the table of resource types."""

from __future__ import annotations

from functools import lru_cache

from rtaudit.azure.resource_types import RESOURCE_TYPES, ResourceType
from rtaudit.drift.sides import CLIENT

_OTHERS = (
    ("microsoft.cognitiveservices/accounts/rai", "contentSafety"),
    ("microsoft.network/", "network"),
    ("microsoft.insights/", "logging"),
    ("microsoft.operationalinsights/", "logging"),
)
"""Beginnings of types that are no row of the table of resource types, and their category."""


@lru_cache(maxsize=4096)
def category_of(resource_type: str, path: str) -> str:
    """The category (see `model.CATEGORIES`) of a change at `path` of a resource of this type (lower case)."""
    for prefix, category in {"/tags": "tags", **_row(resource_type).categories}.items():
        if path == prefix or path.startswith(prefix + "/"):
            return category
    return _row(resource_type).category


@lru_cache(maxsize=256)
def categories_of(resource_type: str) -> frozenset[str]:
    """Every category that a change of a resource of this type (lower case) may have."""
    row = _row(resource_type)
    return frozenset({"tags", row.category, *row.categories.values()})


def _row(resource_type: str) -> ResourceType:
    if resource_type == CLIENT:
        return ResourceType(CLIENT, category="client")
    row = RESOURCE_TYPES.get(resource_type)
    category = next((category for start, category in _OTHERS if resource_type.startswith(start)), "other")
    return row or ResourceType(resource_type, category=category)
