"""Preflight access: checks identity, subscriptions, providers, permissions and resource groups."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.rbac import grants
from rtaudit.collect.aspects.calls import below
from rtaudit.collect.collected import CollectedRows
from rtaudit.collect.credentials import Identity
from rtaudit.collect.gather import Collector
from rtaudit.collect.preflight.model import PreflightFinding, narrowest_role, needs_of
from rtaudit.collect.reader import Reader
from rtaudit.collect.request import CollectionRequest
from rtaudit.documents.json_values import listing

_PROVIDERS = {
    "Microsoft.CognitiveServices": "accounts",
    "Microsoft.Insights": "diagnostics",
    "Microsoft.Network": "privateEndpoints",
}
"""Provider -> the aspect that needs it registered."""


def _scopes(collected: CollectedRows) -> Iterator[str]:
    for subscription in collected.subscriptions:
        yield f"/subscriptions/{subscription}/providers/Microsoft.Authorization/permissions"
        for group in sorted(collected.groups):
            yield f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Authorization/permissions"


PERMISSIONS = Reader(
    name="permissions",
    aspect="permissions",
    type="Microsoft.Authorization/permissions",
    action="Microsoft.Authorization/permissions/read",
    targets=_scopes,
    send=below(),
    shape="catalogue",
)


def check_identity(request: CollectionRequest, identity: Identity, tenants: list[str]) -> Iterator[PreflightFinding]:
    who = identity.principal or "an identity whose token does not say who it is"
    where = identity.tenant or (tenants[0] if tenants else "a tenant that is not known")
    if request.tenant and request.tenant.lower() not in {where.lower(), *(one.lower() for one in tenants)}:
        fix = shlex.join(["az", "login", "--tenant", request.tenant])
        yield PreflightFinding("identity", "/", "fail", f"{who} is of tenant {where}, not {request.tenant}", fix=fix)
    else:
        yield PreflightFinding("identity", "/", "pass", f"{who} of tenant {where}")


def check_subscriptions(gathering: Collector) -> Iterator[PreflightFinding]:
    gaps = {
        arm_id.key(gap.scope): gap
        for gap in gathering.gaps
        if arm_id.type_of(gap.scope) == "microsoft.resources/subscriptions"
    }
    for row in gathering.collected.kept("subscriptions"):
        state = row.get("state") or "Enabled"
        outcome = "pass" if state in {"Enabled", "PastDue", "Warned"} else "fail"
        yield PreflightFinding("subscription", row["id"], outcome, f"{row.get('displayName')}: {state}")
    for subscription in gathering.collected.subscriptions:
        scope = f"/subscriptions/{subscription}"
        if scope in gaps and not any(
            arm_id.key(row["id"]) == scope for row in gathering.collected.kept("subscriptions")
        ):
            yield PreflightFinding("subscription", scope, "unknown", str(gaps[scope].message))


def check_providers(gathering: Collector, request: CollectionRequest) -> Iterator[PreflightFinding]:
    states = {arm_id.key(row["id"]): row.get("registrationState") for row in gathering.collected.kept("providers")}
    gaps = {arm_id.key(gap.scope): gap for gap in gathering.gaps if gap.aspect == "providers"}
    for subscription in gathering.collected.subscriptions:
        for name, aspect in _PROVIDERS.items():
            if aspect not in request.aspects:
                continue
            scope = f"/subscriptions/{subscription}/providers/{name}"
            state = states.get(arm_id.key(scope))
            if state == "Registered":
                yield PreflightFinding("provider", scope, "pass", f"{name} is registered")
            elif state is not None:
                fix = f"az provider register --namespace {name} --subscription {subscription}"
                yield PreflightFinding("provider", scope, "fail", f"{name} is {state}", fix=fix)
            else:
                gap = gaps.get(arm_id.key(scope))
                yield PreflightFinding(
                    "provider", scope, "unknown", str(gap.message if gap else "no answer"), needs_of(gap)
                )


def check_permissions(
    gathering: Collector, request: CollectionRequest, identity: Identity
) -> Iterator[PreflightFinding]:
    held: dict[str, list[Any]] = {
        arm_id.key(row["id"]).partition("/providers/microsoft.authorization/")[0]: listing(row.get("value"))
        for row in gathering.collected.kept("permissions")
    }
    gaps = {arm_id.key(gap.scope): gap for gap in gathering.gaps if gap.aspect == "permissions"}
    needed = sorted({(reader.aspect, reader.action, _reach(reader)) for reader in request.readers().values()})
    for subscription in gathering.collected.subscriptions:
        scope = f"/subscriptions/{subscription}"
        if scope not in held:
            gap = gaps.get(f"{scope}/providers/microsoft.authorization/permissions")
            yield PreflightFinding(
                "permission", scope, "unknown", str(gap.message if gap else "no answer"), needs_of(gap)
            )
            continue
        groups = [held.get(f"{scope}/resourcegroups/{group}", []) for group in sorted(gathering.collected.groups)]
        missing = [
            (aspect, action)
            for aspect, action, reach in needed
            if not grants(held[scope], action)
            # What is on accounts may be granted on their resource groups.
            and not (reach == "account" and groups and all(grants(group, action) for group in groups))
        ]
        if not missing:
            yield PreflightFinding(
                "permission", scope, "pass", f"all {len({action for _, action, _ in needed})} actions are granted"
            )
        for aspect in sorted({aspect for aspect, _ in missing}):
            actions = tuple(sorted({action for of, action in missing if of == aspect}))
            role = narrowest_role(actions)
            who = identity.principal or "PRINCIPAL"
            grant = ["az", "role", "assignment", "create", "--assignee", who, "--role", role or "", "--scope", scope]
            fix = shlex.join(grant) if role else None
            yield PreflightFinding(
                "permission", scope, "fail", f"{aspect} could not be read: {', '.join(actions)}", actions, role, fix
            )


def check_groups(gathering: Collector, request: CollectionRequest) -> Iterator[PreflightFinding]:
    collected = gathering.collected
    for name in request.groups:
        asked = collected.group_asked(name)
        if name.lower() in collected.groups_seen():
            yield PreflightFinding("resourceGroup", name, "pass", "it is there")
        elif any(asked.values()):
            yield PreflightFinding("resourceGroup", name, "pass", "it is there, and holds no account")
        elif asked.keys() <= gathering.whole["groups"]:
            yield PreflightFinding(
                "resourceGroup", name, "fail", "there is no such resource group in what was asked for"
            )
        else:
            gaps = [gap for gap in gathering.gaps if gap.scope in asked]
            yield PreflightFinding("resourceGroup", name, "unknown", str(gaps[0].message), needs_of(gaps[0]))


def _reach(reader: Reader) -> str:
    if reader.name == "groups":
        return "account"
    return "account" if reader.of_each is not None and reader.shape == "list" else "subscription"
