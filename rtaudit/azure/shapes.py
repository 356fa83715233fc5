"""Shapes: take out of a resource what several packages read of it: an endpoint's connections, an action group's receivers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.documents.json_values import listing, lower_text, mapping, mappings, properties

CONNECTION_LISTS = ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
"""Properties of a private endpoint that list what it connects to: approved automatically, and by hand."""


def connections(endpoint: Any) -> list[dict[str, Any]]:
    """A private endpoint's connections, automatic and manual."""
    stated = properties(endpoint)
    return [one for name in CONNECTION_LISTS for one in mappings(stated.get(name))]


def targets(endpoint: Any) -> list[str]:
    """The keys of what a private endpoint connects to."""
    found = [properties(connection).get("privateLinkServiceId") for connection in connections(endpoint)]
    return [arm_id.key(target) for target in found if isinstance(target, str) and target]


def receivers(action_group: Mapping[str, Any]) -> list[Any]:
    """The receivers of an action group (its properties), of every kind."""
    return [one for name, value in action_group.items() if name.lower().endswith("receivers") for one in listing(value)]


def reaches_nobody(receiver: Any) -> bool:
    """True for a receiver whose status says so; many kinds have no status."""
    return lower_text(mapping(receiver).get("status")) in {"disabled", "notspecified"}
