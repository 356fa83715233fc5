"""Authorization readers: read role assignments, the roles that they name, and locks.

No SDK: docs/decisions/0001-plain-get.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import CALLER_TYPES
from rtaudit.collect.aspects.calls import below, list_of
from rtaudit.collect.reader import Reader, Row
from rtaudit.documents.json_values import properties

if TYPE_CHECKING:
    from rtaudit.collect.collected import CollectedRows

_MANAGEMENT_GROUP = "/providers/microsoft.management/managementgroups/"


def _extended(resource_id: str) -> str:
    """The key of what an extension resource is on; `/` for the tenant."""
    return arm_id.key(resource_id).rpartition("/providers/")[0] or "/"


def _reaches(collected: CollectedRows, scope: str) -> bool:
    """True when a management scope is, or is above, an account in scope."""
    if scope == "/" or scope.startswith(_MANAGEMENT_GROUP):
        # Azure lists those of a management group for the subscriptions below it only.
        return bool(collected.in_scope())
    return scope in collected.memo(scopes_above)


def scopes_above(collected: CollectedRows) -> set[str]:
    """The accounts in scope, their groups and subscriptions."""
    found: set[str] = set()
    for key in collected.in_scope():
        parts = key.split("/")
        found |= {key, "/".join(parts[:5]), "/".join(parts[:3])}
    return found


def _keep_assignment(collected: CollectedRows, row: Row) -> Row | None:
    scope = properties(row).get("scope")
    key = arm_id.key(scope) if isinstance(scope, str) else _extended(row["id"])
    # What a project below an account grants does not reach the account: kept, so that a finding can say so.
    return row if _reaches(collected, key) or "/".join(key.split("/")[:9]) in collected.in_scope() else None


def _keep_lock(collected: CollectedRows, row: Row) -> Row | None:
    return row if _reaches(collected, _extended(row["id"])) else None


def _definitions(collected: CollectedRows) -> Iterable[str]:
    named: dict[str, str] = {}
    for row in collected.kept("roleAssignments"):
        role = properties(row).get("roleDefinitionId")
        if isinstance(role, str) and arm_id.type_of(role) == "microsoft.authorization/roledefinitions":
            named[arm_id.key(role)] = role
    return named.values()


def _callers(of: str) -> Callable[[CollectedRows], Iterable[str]]:
    def targets(collected: CollectedRows) -> Iterable[str]:
        return (one for one in collected.callers if arm_id.type_of(one) == of.lower())

    return targets


def _keep_caller(_collected: CollectedRows, row: Row) -> Row:
    """Of an app or an identity only who it is: its settings are nobody's business here."""
    own = {name: properties(row)[name] for name in ("principalId", "clientId", "tenantId") if name in properties(row)}
    kept: Row = {name: row[name] for name in ("id", "name", "type", "location", "identity") if name in row}
    return {**kept, "properties": own} if own else kept


CALLERS = tuple(
    Reader(
        name=f"caller {name}",
        aspect="roleAssignments",
        type=name,
        action=f"{name}/read",
        targets=_callers(name),
        send=below(),
        shape="one",
        row_filter=_keep_caller,
    )
    for name in CALLER_TYPES
)
"""Readers of the identities that client contracts name as callers; each reads only those that are named."""

READERS = (
    *CALLERS,
    list_of("Microsoft.Authorization/roleAssignments", row_filter=_keep_assignment, keep_depends_on=("accounts",)),
    Reader(
        name="roleDefinitions",
        aspect="roleAssignments",
        type="Microsoft.Authorization/roleDefinitions",
        action="Microsoft.Authorization/roleDefinitions/read",
        targets=_definitions,
        send=below(),
        depends_on=("accounts", "roleAssignments"),
        shape="one",
    ),
    list_of("Microsoft.Authorization/locks", row_filter=_keep_lock, keep_depends_on=("accounts",)),
)
"""Readers of the aspects roleAssignments and locks."""
