"""Managed identities: knows which resources have one, and where Resource Manager writes its principal."""

from __future__ import annotations

from typing import Any

USER_ASSIGNED = "microsoft.managedidentity/userassignedidentities"

HOLDERS: dict[str, str] = {
    "Microsoft.ManagedIdentity/userAssignedIdentities": "2023-01-31",
    "Microsoft.Web/sites": "2023-12-01",
    "Microsoft.App/containerApps": "2024-03-01",
    "Microsoft.App/jobs": "2024-03-01",
    "Microsoft.Compute/virtualMachines": "2024-07-01",
    "Microsoft.Compute/virtualMachineScaleSets": "2024-07-01",
    "Microsoft.ContainerInstance/containerGroups": "2023-05-01",
    "Microsoft.ApiManagement/service": "2022-08-01",
    "Microsoft.Logic/workflows": "2019-05-01",
}
"""Types whose identity a client can connect as -> the api-version that they are read with."""


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
