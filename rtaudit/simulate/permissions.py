"""Permissions: tell what the simulated identity may do at a scope: a Reader, less what was denied."""

from __future__ import annotations

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import RESOURCE_TYPES
from rtaudit.simulate.azure_errors import CannedResponse
from rtaudit.simulate.faults import Denials
from rtaudit.simulate.routes import Route, action_of
from rtaudit.simulate.served import ServedEstate, encode


def answer_permissions(served: ServedEstate, denials: Denials, route: Route) -> CannedResponse:
    """The answer to `GET {scope}/providers/Microsoft.Authorization/permissions`."""
    taken = {
        action
        for kind in RESOURCE_TYPES
        if denials and _taken(served, denials, route.scope, kind)
        for action in [action_of(kind)]
    }
    permission = {
        "actions": ["*/read"],
        "notActions": sorted(taken | set(served.denied_actions(route.scope))),
        "dataActions": [],
        "notDataActions": [],
    }
    return CannedResponse(200, encode({"value": [permission]}))


def _taken(served: ServedEstate, denials: Denials, scope: str, kind: str) -> bool:
    """True when every read of the type at the scope is denied."""
    paths = list(_samples(served, scope, kind))
    return bool(paths) and all(denials.match(path) for path in paths)


def _samples(served: ServedEstate, scope: str, kind: str) -> list[str]:
    """Paths by which a type is read at a scope: below each parent that is there, or else below one that could be."""
    namespace, *types = kind.split("/")
    if kind == "microsoft.resources/subscriptions":
        return [scope] if scope.count("/") == 2 else []
    if kind in {"microsoft.resources/providers", "microsoft.resources/resourcegroups"}:
        name = "microsoft.cognitiveservices" if kind.endswith("providers") else ""
        last = f"providers/{name}" if name else "resourcegroups"
        return [f"{scope}/{last}"] if scope.count("/") == 2 else []
    if types[0] == "locations":
        if scope.count("/") != 2:
            return []
        return list(served.below(scope, kind)) or [f"{scope}/providers/{namespace}/locations/region/{types[1]}"]
    if len(types) == 2:
        parents = list(served.below(scope, f"{namespace}/{types[0]}"))
        return [f"{parent}/{types[1]}" for parent in parents] or [
            f"{scope}/providers/{namespace}/{types[0]}/name/{types[1]}"
        ]
    if types[0] in {"diagnosticsettings", "metrics"}:
        accounts = list(served.below(scope, "microsoft.cognitiveservices/accounts"))
        return [f"{target}/providers/{namespace}/{types[0]}" for target in accounts or [scope]]
    if scope in served.resources and scope.count("/") > 2:
        # At a resource: the resource itself, when it is of the type.
        return [scope] if arm_id.type_of(scope) == kind else []
    return [f"{scope}/providers/{namespace}/{types[0]}"]
