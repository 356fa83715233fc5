"""Readers: read every aspect, one module for each provider. The table of resource types makes the readers of plain lists."""

from __future__ import annotations

from rtaudit.azure.resource_types import RESOURCE_TYPES
from rtaudit.collect.aspects import authorization, cognitive, dns, insights, network, optional
from rtaudit.collect.aspects.calls import list_of
from rtaudit.collect.reader import Reader
from rtaudit.snapshot.aspects import RECORDS

_OWN = [reader for module in (cognitive, network, dns, authorization, insights, optional) for reader in module.READERS]
_TYPES = {reader.type for reader in _OWN}

READERS: dict[str, Reader] = {
    reader.name: reader
    for reader in (
        *_OWN,
        # A type with a list of its own and no Reader above: nothing of it is left out.
        *(list_of(row.name) for row in RESOURCE_TYPES.values() if row.asked_of and row.name not in _TYPES),
    )
}
"""Every reader by name."""

SECRETS = "secrets: migrationToken, apiProperties, connection strings, keys and signatures"
CATALOGUE = "catalogue rows of models that are neither realtime-capable nor deployed"
SHARED = "private endpoints, DNS zones, role assignments and alerts that concern no account in scope"
ACTION_GROUPS = "action groups: only whether they are enabled and how many receivers they have"

LEFT_OUT: dict[str, frozenset[str]] = {
    SECRETS: frozenset(),
    CATALOGUE: frozenset({"models"}),
    SHARED: frozenset({"privateEndpoints", "privateDns", "roleAssignments", "alerts"}),
    ACTION_GROUPS: frozenset({"alerts"}),
    RECORDS: frozenset({"privateDns"}),
}
"""Rule by which something is left out -> the aspects that it belongs to (none: it always holds)."""
