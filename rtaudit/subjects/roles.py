"""Who may do what at an account: role assignments in force, read through the role definitions they name.

Groups are not expanded, and eligible (not active) assignments are not seen: Azure Resource Manager does not tell.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import ASSIGNMENT, DEFINITION
from rtaudit.snapshot import Gap
from rtaudit.subjects.parts import Joined, fact, root
from rtaudit.subjects.world import Subject, World, listing, mapping, text

REALTIME_ACTION = "Microsoft.CognitiveServices/accounts/OpenAI/deployments/realtime/action"
"""Data action that opens a realtime session."""
LIST_KEYS_ACTION = "Microsoft.CognitiveServices/accounts/listKeys/action"
"""Action that hands out the account's keys."""
WRITE_DEPLOYMENT_ACTION = "Microsoft.CognitiveServices/accounts/deployments/write"
"""Action that creates or changes a deployment."""


@root("account", reads=("roleAssignments",))
def role_assignments(account: Subject) -> Joined:
    """Role assignments in force at the account, inherited ones too."""
    world = account.world
    return Joined(world.index.covering(ASSIGNMENT, account.resource), world.gaps("roleAssignments", account.resource))


@fact("account", reads=("roleAssignments",))
def realtime_callers(account: Subject) -> Joined:
    """Principals that may open realtime sessions (data action `…/deployments/realtime/action`), one row each."""
    return _holders(account, REALTIME_ACTION, "dataActions", "notDataActions")


@fact("account", reads=("roleAssignments",))
def key_readers(account: Subject) -> Joined:
    """Principals that may read the account's keys (`…/accounts/listKeys/action`), one row each."""
    return _holders(account, LIST_KEYS_ACTION, "actions", "notActions")


@fact("account", reads=("roleAssignments",))
def deployment_writers(account: Subject) -> Joined:
    """Principals that may create or change deployments (`…/accounts/deployments/write`), one row each."""
    return _holders(account, WRITE_DEPLOYMENT_ACTION, "actions", "notActions")


def _holders(account: Subject, action: str, granted: str, withheld: str) -> Joined:
    assignments = account.join("roleAssignments")
    gaps = list(assignments.gaps)
    rows: dict[str, dict[str, Any]] = {}
    for assignment in assignments.value:
        properties = mapping(assignment.get("properties"))
        definition = _definition(account.world, str(properties.get("roleDefinitionId") or ""))
        if definition is None:
            message = "the role definition that this assignment names is not among those that were read"
            gaps.append(Gap(assignment["id"], "roleAssignments", "missing", message=message))
            continue
        if not grants(definition, action, granted, withheld):
            continue
        role = str(mapping(definition.get("properties")).get("roleName") or arm_id.name_of(definition["id"]))
        conditional = bool(properties.get("condition"))
        principal = str(properties.get("principalId") or "")
        row = rows.setdefault(
            principal.lower(),
            {
                "principalId": principal,
                "principalType": properties.get("principalType"),
                "roles": [],
                "scopes": [],
                "conditional": True,
                "id": assignment["id"],
            },
        )
        row["roles"] = sorted({*row["roles"], role + (" (conditional)" if conditional else "")})
        row["scopes"] = sorted({*row["scopes"], str(properties.get("scope") or "")})
        row["conditional"] = row["conditional"] and conditional
    return Joined([rows[principal] for principal in sorted(rows)], tuple(gaps))


def grants(definition: dict[str, Any], action: str, granted: str, withheld: str) -> bool:
    """True when a role definition grants `action`: some permission lists it (wildcards honoured) and does not take it back.

    `granted` and `withheld` name the lists: `actions`/`notActions`, or `dataActions`/`notDataActions`.
    """
    return any(
        _matches(mapping(permission).get(granted), action) and not _matches(mapping(permission).get(withheld), action)
        for permission in listing(mapping(definition.get("properties")).get("permissions"))
    )


def _matches(patterns: Any, action: str) -> bool:
    return any(isinstance(one, str) and _pattern(one).fullmatch(action) is not None for one in listing(patterns))


@lru_cache(maxsize=4096)
def _pattern(wildcards: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in wildcards.split("*")), re.IGNORECASE)


def _definition(world: World, definition_id: str) -> dict[str, Any] | None:
    return world.once(_definitions).get(text(arm_id.name_of(definition_id)))


def _definitions(world: World) -> dict[str, dict[str, Any]]:
    # The same built-in role is named below a subscription here and below the tenant there: its GUID is its name.
    return {text(arm_id.name_of(one["id"])): one for one in world.of_type(DEFINITION)}
