"""Roles: find who may do what at an account: assignments in force, read through the role definitions they name.

Groups are not expanded, and eligible (not active) assignments are not seen: Azure Resource Manager does not tell.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from rtaudit.azure import arm_id, rbac
from rtaudit.azure.resource_types import ASSIGNMENT, DEFINITION
from rtaudit.snapshot import Gap
from rtaudit.snapshot.index import at_or_above
from rtaudit.subjects.estate import EstateIndex, Subject, listing, mapping, text
from rtaudit.subjects.parts import WithGaps, fact, relation

REALTIME_ACTION = "Microsoft.CognitiveServices/accounts/OpenAI/deployments/realtime/action"
"""Data action that opens a realtime session."""
LIST_KEYS_ACTION = "Microsoft.CognitiveServices/accounts/listKeys/action"
"""Action that hands out the account's keys."""
WRITE_DEPLOYMENT_ACTION = "Microsoft.CognitiveServices/accounts/deployments/write"
"""Action that creates or changes a deployment."""
DELETE_ACTION = "Microsoft.CognitiveServices/accounts/delete"
"""Action that deletes an account."""


_HELD = (
    "roleAssignment: properties.condition properties.principalId properties.principalType "
    "properties.roleDefinitionId properties.scope; "
    "roleDefinition: properties.permissions properties.roleName"
)
"""What `_holders` reads."""


@relation("account", aspects=("roleAssignments",), fields="roleAssignment")
def role_assignments(account: Subject) -> WithGaps:
    """Role assignments in force at the account, inherited ones too."""
    estate = account.estate
    return WithGaps(
        estate.index.covering(ASSIGNMENT, account.resource), estate.gaps("roleAssignments", account.resource)
    )


@fact(
    "account",
    aspects=("roleAssignments",),
    fields=_HELD,
)
def realtime_callers(account: Subject) -> WithGaps:
    """Principals that may open realtime sessions (data action `…/deployments/realtime/action`), one row each."""
    return _holders(account, REALTIME_ACTION, "dataActions", "notDataActions")


@fact(
    "account",
    aspects=("roleAssignments",),
    fields=_HELD,
)
def key_readers(account: Subject) -> WithGaps:
    """Principals that may read the account's keys (`…/accounts/listKeys/action`), one row each."""
    return _holders(account, LIST_KEYS_ACTION, "actions", "notActions")


@fact(
    "account",
    aspects=("roleAssignments",),
    fields=_HELD,
)
def deployment_writers(account: Subject) -> WithGaps:
    """Principals that may create or change deployments (`…/accounts/deployments/write`), one row each."""
    return _holders(account, WRITE_DEPLOYMENT_ACTION, "actions", "notActions")


@fact(
    "account",
    aspects=("roleAssignments",),
    fields=_HELD,
)
def account_deleters(account: Subject) -> WithGaps:
    """Principals that may delete the account (`…/accounts/delete`), one row each."""
    return _holders(account, DELETE_ACTION, "actions", "notActions")


def _holders(account: Subject, action: str, granted: str, withheld: str) -> WithGaps:
    estate = account.estate
    if estate.partial:
        # What a plan does not say of an assignment is unknown at the accounts that it covers, and at no others.
        assignments = account.join("roleAssignments")
    else:
        covering = at_or_above(estate.once(_granting, action, granted, withheld), account.resource)
        assignments = WithGaps(covering, estate.gaps("roleAssignments", account.resource))
    gaps = list(assignments.gaps)
    rows: dict[str, dict[str, Any]] = {}
    for assignment in assignments.value:
        properties = mapping(assignment.get("properties"))
        definition = _role(estate, assignment)
        if definition is None:
            message = "the role definition that this assignment names is not among those that were read"
            gaps.append(Gap(assignment["id"], "roleAssignments", "missing", message=message))
            continue
        if not estate.once(_defined_as_granting, definition["id"], action, granted, withheld):
            continue
        role = _role_name(definition)
        conditional = bool(properties.get("condition"))
        principal, kind = str(properties.get("principalId") or ""), properties.get("principalType")
        unstated = "the assignment does not state what kind of principal it is for"
        row = rows.setdefault(
            principal.lower(),
            {
                "principalId": principal,
                "principalType": kind
                or WithGaps(None, (Gap(assignment["id"], "roleAssignments", "missing", message=unstated),)),
                "roles": [],
                "scopes": [],
                "conditional": True,
                "id": assignment["id"],
            },
        )
        row["roles"] = sorted({*row["roles"], role + (" (conditional)" if conditional else "")})
        row["scopes"] = sorted({*row["scopes"], str(properties.get("scope") or "")})
        row["conditional"] = row["conditional"] and conditional
    return WithGaps([rows[principal] for principal in sorted(rows)], tuple(gaps))


@dataclass(frozen=True, slots=True)
class Held:
    """One role assignment of a principal, seen from an account."""

    id: str
    role: str | None
    """The role's name; None where its definition was not read."""
    scope: str
    grants: bool
    """Whether the role grants the data action that was asked about."""
    reaches: bool
    """Whether the assignment is in force at the account."""
    conditional: bool


def held_by(account: Subject, principal: str, data_action: str) -> list[Held]:
    """What a principal (object id) is assigned anywhere in the snapshot, and whether it grants a data action at the account."""
    estate = account.estate
    found = []
    for one in estate.once(_by_principal).get(principal.lower(), ()):
        properties = mapping(one.get("properties"))
        definition = _role(estate, one)
        scope = str(properties.get("scope") or arm_id.parent_of(one["id"]))
        role = None if definition is None else _role_name(definition)
        gives = definition is not None and grants(definition, data_action, "dataActions", "notDataActions")
        reaches = _reaches(scope, account.resource)
        found.append(Held(one["id"], role, scope, gives, reaches, bool(properties.get("condition"))))
    return found


def _by_principal(estate: EstateIndex) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in estate.of_type(ASSIGNMENT):
        found[text(mapping(one.get("properties")).get("principalId"))].append(one)
    return found


def _role_name(definition: dict[str, Any]) -> str:
    return str(mapping(definition.get("properties")).get("roleName") or arm_id.name_of(definition["id"]))


def grants(definition: dict[str, Any], action: str, granted: str, withheld: str) -> bool:
    """True when a role definition grants `action`; `granted` and `withheld` name the lists (`actions`/`notActions`)."""
    return rbac.grants(listing(mapping(definition.get("properties")).get("permissions")), action, granted, withheld)


def _defined_as_granting(estate: EstateIndex, definition_id: str, *asked: str) -> bool:
    definition = _definition(estate, definition_id)
    return definition is not None and grants(definition, *asked)


def _granting(estate: EstateIndex, *asked: str) -> dict[str, list[tuple[int, dict[str, Any]]]]:
    """The assignments by scope, without those of a role that is known and does not grant what is asked."""
    return {
        scope: [
            (place, one)
            for place, one in placed
            if (role := _role(estate, one)) is None or estate.once(_defined_as_granting, role["id"], *asked)
        ]
        for scope, placed in estate.index.by_scope(ASSIGNMENT).items()
    }


def _role(estate: EstateIndex, assignment: dict[str, Any]) -> dict[str, Any] | None:
    return _definition(estate, str(mapping(assignment.get("properties")).get("roleDefinitionId") or ""))


def _definition(estate: EstateIndex, definition_id: str) -> dict[str, Any] | None:
    return estate.once(_definitions).get(text(arm_id.name_of(definition_id)))


def _definitions(estate: EstateIndex) -> dict[str, dict[str, Any]]:
    # The same built-in role is named below a subscription here and below the tenant there: its GUID is its name.
    return {text(arm_id.name_of(one["id"])): one for one in estate.of_type(DEFINITION)}


def _reaches(scope: str, resource_id: str) -> bool:
    # An assignment at a management group is only ever returned to a subscription below that group.
    return arm_id.covers(scope, resource_id) or arm_id.key(scope).startswith("/providers/microsoft.management/")
