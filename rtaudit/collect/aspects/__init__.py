"""The readers of every aspect, one module for each provider. A further aspect is one module and one line here."""

from __future__ import annotations

from rtaudit.collect.aspects import authorization, cognitive, dns, insights, network, optional
from rtaudit.collect.reader import Reader
from rtaudit.snapshot.aspects import RECORDS

READERS: dict[str, Reader] = {
    reader.name: reader
    for module in (cognitive, network, dns, authorization, insights, optional)
    for reader in module.READERS
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
