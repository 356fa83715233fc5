"""Roles: finds the definition of a role that a plan names by its name alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import DEFINITION
from rtaudit.plan.model import Unknown, at


def definitions_by_name(resources: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Role name in lower case -> the id of its definition, of those that a snapshot holds."""
    return {
        name.lower(): one["id"]
        for one in resources
        if arm_id.type_of(one["id"]) == DEFINITION and isinstance(name := at(one, ("properties", "roleName")), str)
    }


def with_definition(body: dict[str, Any], definitions: dict[str, str]) -> dict[str, Any]:
    """A planned assignment with the id of its role, where the plan names the role and a definition of that name is known."""
    properties = body.get("properties")
    name, stated = (at(properties, (field,)) for field in ("roleDefinitionName", "roleDefinitionId"))
    found = definitions.get(name.lower()) if isinstance(name, str) else None
    if not isinstance(properties, dict) or not isinstance(stated, Unknown) or found is None:
        return body
    return {**body, "properties": {**properties, "roleDefinitionId": found}}
