"""Managed identities: knows which resources have one, and where Resource Manager writes its principal."""

from __future__ import annotations

from typing import Any


def principals_of(resource: Any) -> list[tuple[str, str | None]]:
    """Principal (object id) and tenant, lower case, of each identity that a resource is or has."""
    if not isinstance(resource, dict):
        return []
    identity, properties = resource.get("identity"), resource.get("properties")
    identity = identity if isinstance(identity, dict) else {}
    assigned = identity.get("userAssignedIdentities")
    assigned = assigned.values() if isinstance(assigned, dict) else ()
    tenant = _text(identity.get("tenantId"))
    own = properties if isinstance(properties, dict) else {}
    found = [
        (_text(identity.get("principalId")), tenant),
        (_text(own.get("principalId")), _text(own.get("tenantId")) or tenant),
        *((_text(one.get("principalId")), tenant) for one in assigned if isinstance(one, dict)),
    ]
    return [(principal, of) for principal, of in dict(found).items() if principal]


def _text(value: Any) -> str | None:
    return value.lower() if isinstance(value, str) and value else None
