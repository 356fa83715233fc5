"""preflight: before anything is collected, whether it could be: identity, subscriptions, providers, permissions, targets."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.collect.arm import Arm
from rtaudit.collect.aspects import READERS
from rtaudit.collect.aspects.calls import below
from rtaudit.collect.credentials import Identity
from rtaudit.collect.endpoint import Endpoint
from rtaudit.collect.gather import Gathering
from rtaudit.collect.limits import Limits
from rtaudit.collect.reader import Reader, Row
from rtaudit.collect.request import Request
from rtaudit.collect.run import Watch, find_subscriptions, refused
from rtaudit.collect.world import World, listed, properties
from rtaudit.contract.sections import covers, in_environment

SCHEMA = "rtaudit.preflight/1"

ROLES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Cognitive Services Usages Reader", ("Microsoft.CognitiveServices/locations/usages/read",)),
    ("Reader", ("*/read",)),
)
"""Built-in roles that grant what a collection reads and nothing that changes or uses anything, the narrowest first."""

_PROVIDERS = {
    "Microsoft.CognitiveServices": "accounts",
    "Microsoft.Insights": "diagnostics",
    "Microsoft.Network": "privateEndpoints",
}
"""Provider -> the aspect that needs it registered."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Something that has to be there."""

    account: str
    """Name or id."""
    deployment: str | None = None
    region: str | None = None
    source: str = "--expect"
    """Who expects it, for the answer."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    check: str
    """`identity`, `subscription`, `provider`, `permission`, `resourceGroup`, `account`, `deployment` or `region`."""
    scope: str
    outcome: str
    """`pass`, `fail`, or `unknown` where it could not be looked at."""
    detail: str
    needs: tuple[str, ...] = ()
    """RBAC actions that are missing."""
    role: str | None = None
    """The narrowest built-in role that grants them."""
    fix: str | None = None
    """What to do, as a command where there is one."""


@dataclass(slots=True)
class Preflight:
    """The answer."""

    identity: dict[str, Any]
    checks: list[Check] = field(default_factory=list)

    @property
    def ready(self) -> bool:
        """True when nothing failed and nothing is unknown."""
        return all(check.outcome == "pass" for check in self.checks)

    def document(self) -> dict[str, Any]:
        """The answer as JSON."""
        return {
            "schema": SCHEMA,
            "verdict": "ready" if self.ready else "notReady",
            "identity": self.identity,
            "checks": [
                {
                    "check": one.check, "scope": one.scope, "outcome": one.outcome, "detail": one.detail,
                    "needs": list(one.needs), "role": one.role, "fix": one.fix,
                }
                for one in self.checks
            ],
        }  # fmt: skip


def expected_of(contract: dict[str, Any], environment: str | None, source: str) -> Iterator[Expected]:
    """What a client contract (or its section for `environment`) expects to be there."""
    if environment is not None and not covers(contract, environment):
        return
    section = in_environment(contract, environment or "")
    account = section.get("account")
    if not isinstance(account, str):
        return
    yield Expected(account, source=source)
    for name in ("deployment", "transcriptionDeployment"):
        if isinstance(section.get(name), str):
            yield Expected(account, deployment=section[name], source=source)
    fallbacks = section.get("fallback")
    for fallback in fallbacks if isinstance(fallbacks, list) else [fallbacks]:
        if isinstance(fallback, dict) and isinstance(fallback.get("deployment"), str):
            yield Expected(fallback.get("account") or account, deployment=fallback["deployment"], source=source)


def preflight(
    request: Request,
    endpoint: Endpoint,
    identity: Identity,
    expected: Sequence[Expected] = (),
    limits: Limits | None = None,
    watch: Watch | None = None,
) -> Preflight:
    """Look whether a collection of `request` would see everything. Raises CredentialError as `collect` does."""
    limits, watch = limits or Limits(), watch or Watch()
    arm = Arm(endpoint, identity, limits, watch.log)
    try:
        identity.get_token(endpoint.scope)
        subscriptions = find_subscriptions(arm, request)
        readers = {name: READERS[name] for name in ("subscriptions", "providers", "accounts", "groups")}
        readers["permissions"] = _PERMISSIONS
        if any(one.deployment for one in expected):
            readers["deployments"] = READERS["deployments"]
        groups = frozenset(name.lower() for name in request.groups)
        world = World(endpoint.cloud, subscriptions, groups, frozenset(), readers)
        gathering = Gathering(
            arm, world, readers, limits, observe=watch.observe, stop=watch.stop,
            must_exist=frozenset(f"/subscriptions/{name}" for name in subscriptions),
        )  # fmt: skip
        watch.gathering = True
        gathering.run()
        if gathering.refusal is not None:
            raise refused(arm, gathering.refusal.read.subject, gathering.refusal.fault, request)
    finally:
        arm.close()
    if gathering.interrupted == "interrupted":
        raise KeyboardInterrupt
    tenants = sorted({str(row["tenantId"]) for row in world.kept("subscriptions") if row.get("tenantId")})
    answer = Preflight(
        {
            "cloud": endpoint.cloud.name,
            "tenant": identity.tenant or (tenants[0] if len(tenants) == 1 else None),
            "principal": identity.principal,
            "application": identity.claims.get("appid"),
            "subscriptions": subscriptions,
        }
    )
    answer.checks += _identity(request, identity, tenants)
    answer.checks += _subscriptions(gathering)
    answer.checks += _providers(gathering, request)
    answer.checks += _permissions(gathering, request, identity)
    answer.checks += _groups(gathering, request)
    answer.checks += _expected(
        gathering, [*(Expected(name, source="--account") for name in request.accounts), *expected]
    )
    return answer


def grants(permissions: Iterable[Any], action: str) -> bool:
    """True when a permissions list (`actions` less `notActions`, of any entry) grants an action."""
    return any(
        _any(permission.get("actions"), action) and not _any(permission.get("notActions"), action)
        for permission in permissions
        if isinstance(permission, dict)
    )


def narrowest_role(actions: Iterable[str]) -> str | None:
    """The narrowest of ROLES that grants all of these, or None."""
    wanted = list(actions)
    for name, patterns in ROLES:
        if all(_any(list(patterns), action) for action in wanted):
            return name
    return None


def _any(patterns: Any, action: str) -> bool:
    return any(
        re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), action, re.IGNORECASE)
        for pattern in listed(patterns)
        if isinstance(pattern, str)
    )


def _scopes(world: World) -> Iterator[str]:
    for subscription in world.subscriptions:
        yield f"/subscriptions/{subscription}/providers/Microsoft.Authorization/permissions"
        for group in sorted(world.groups):
            yield f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Authorization/permissions"


_PERMISSIONS = Reader(
    name="permissions",
    aspect="permissions",
    type="Microsoft.Authorization/permissions",
    action="Microsoft.Authorization/permissions/read",
    targets=_scopes,
    ask=below(),
    shape="catalogue",
)


def _identity(request: Request, identity: Identity, tenants: list[str]) -> Iterator[Check]:
    who = identity.principal or "an identity whose token does not say who it is"
    where = identity.tenant or (tenants[0] if tenants else "a tenant that is not known")
    if request.tenant and request.tenant.lower() not in {where.lower(), *(one.lower() for one in tenants)}:
        fix = shlex.join(["az", "login", "--tenant", request.tenant])
        yield Check("identity", "/", "fail", f"{who} is of tenant {where}, not {request.tenant}", fix=fix)
    else:
        yield Check("identity", "/", "pass", f"{who} of tenant {where}")


def _subscriptions(gathering: Gathering) -> Iterator[Check]:
    gaps = {
        arm_id.key(gap.scope): gap
        for gap in gathering.gaps
        if arm_id.type_of(gap.scope) == "microsoft.resources/subscriptions"
    }
    for row in gathering.world.kept("subscriptions"):
        state = row.get("state") or "Enabled"
        outcome = "pass" if state in {"Enabled", "PastDue", "Warned"} else "fail"
        yield Check("subscription", row["id"], outcome, f"{row.get('displayName')}: {state}")
    for subscription in gathering.world.subscriptions:
        scope = f"/subscriptions/{subscription}"
        if scope in gaps and not any(arm_id.key(row["id"]) == scope for row in gathering.world.kept("subscriptions")):
            yield Check("subscription", scope, "unknown", str(gaps[scope].message))


def _providers(gathering: Gathering, request: Request) -> Iterator[Check]:
    states = {arm_id.key(row["id"]): row.get("registrationState") for row in gathering.world.kept("providers")}
    gaps = {arm_id.key(gap.scope): gap for gap in gathering.gaps if gap.aspect == "providers"}
    for subscription in gathering.world.subscriptions:
        for name, aspect in _PROVIDERS.items():
            if aspect not in request.aspects:
                continue
            scope = f"/subscriptions/{subscription}/providers/{name}"
            state = states.get(arm_id.key(scope))
            if state == "Registered":
                yield Check("provider", scope, "pass", f"{name} is registered")
            elif state is not None:
                fix = f"az provider register --namespace {name} --subscription {subscription}"
                yield Check("provider", scope, "fail", f"{name} is {state}", fix=fix)
            else:
                gap = gaps.get(arm_id.key(scope))
                yield Check("provider", scope, "unknown", str(gap.message if gap else "no answer"), _needs(gap))


def _permissions(gathering: Gathering, request: Request, identity: Identity) -> Iterator[Check]:
    held: dict[str, list[Any]] = {
        arm_id.key(row["id"]).partition("/providers/microsoft.authorization/")[0]: listed(row.get("value"))
        for row in gathering.world.kept("permissions")
    }
    gaps = {arm_id.key(gap.scope): gap for gap in gathering.gaps if gap.aspect == "permissions"}
    needed = sorted({(reader.aspect, reader.action, _reach(reader)) for reader in request.readers().values()})
    for subscription in gathering.world.subscriptions:
        scope = f"/subscriptions/{subscription}"
        if scope not in held:
            gap = gaps.get(f"{scope}/providers/microsoft.authorization/permissions")
            yield Check("permission", scope, "unknown", str(gap.message if gap else "no answer"), _needs(gap))
            continue
        groups = [held.get(f"{scope}/resourcegroups/{group}", []) for group in sorted(gathering.world.groups)]
        missing = [
            (aspect, action)
            for aspect, action, reach in needed
            if not grants(held[scope], action)
            # What stands on accounts may be granted on their resource groups.
            and not (reach == "account" and groups and all(grants(group, action) for group in groups))
        ]
        if not missing:
            yield Check(
                "permission", scope, "pass", f"all {len({action for _, action, _ in needed})} actions are granted"
            )
        for aspect in sorted({aspect for aspect, _ in missing}):
            actions = tuple(sorted({action for of, action in missing if of == aspect}))
            role = narrowest_role(actions)
            who = identity.principal or "PRINCIPAL"
            grant = ["az", "role", "assignment", "create", "--assignee", who, "--role", role or "", "--scope", scope]
            fix = shlex.join(grant) if role else None
            yield Check(
                "permission", scope, "fail", f"{aspect} could not be read: {', '.join(actions)}", actions, role, fix
            )


def _groups(gathering: Gathering, request: Request) -> Iterator[Check]:
    world = gathering.world
    for name in request.groups:
        asked = world.group_asked(name)
        if name.lower() in world.groups_seen():
            yield Check("resourceGroup", name, "pass", "it is there")
        elif any(asked.values()):
            yield Check("resourceGroup", name, "pass", "it is there, and holds no account")
        elif asked.keys() <= gathering.whole["groups"]:
            yield Check("resourceGroup", name, "fail", "there is no such resource group in what was asked for")
        else:
            gaps = [gap for gap in gathering.gaps if gap.scope in asked]
            yield Check("resourceGroup", name, "unknown", str(gaps[0].message), _needs(gaps[0]))


def _reach(reader: Reader) -> str:
    if reader.name == "groups":
        return "account"
    return "account" if reader.of_each is not None and reader.shape == "list" else "subscription"


def _expected(gathering: Gathering, expected: Iterable[Expected]) -> Iterator[Check]:
    world = gathering.world
    blind = any(gap.aspect == "accounts" for gap in gathering.gaps)
    deployments: dict[str, dict[str, Row]] = {}
    for row in world.kept("deployments"):
        deployments.setdefault(arm_id.parent_of(row["id"]), {})[arm_id.name_of(row["id"]).lower()] = row
    hidden = {arm_id.key(gap.scope) for gap in gathering.gaps if gap.aspect == "deployments"}
    for one in dict.fromkeys(expected):
        found = [
            row
            for key, row in world.in_scope().items()
            if key == arm_id.key(one.account) or arm_id.name_of(key) == one.account.lower()
        ]
        kind = "deployment" if one.deployment else "region" if one.region else "account"
        if not found:
            outcome = "unknown" if blind else "fail"
            yield Check(
                kind, one.account, outcome, f"{one.source} expects the account {one.account}; it is not to be seen"
            )
            continue
        account = found[0]
        if one.region:
            there = arm_id.region(account.get("location"))
            outcome = "pass" if there == arm_id.region(one.region) else "fail"
            yield Check(
                "region", account["id"], outcome, f"it is in {there}; {one.source} expects {arm_id.region(one.region)}"
            )
        elif one.deployment:
            yield _deployment(account, one, deployments.get(arm_id.key(account["id"]), {}), hidden)
        else:
            yield Check("account", account["id"], "pass", f"it is there, in {arm_id.region(account.get('location'))}")


def _deployment(account: Row, one: Expected, there: dict[str, Row], hidden: set[str]) -> Check:
    name = str(one.deployment)
    found = there.get(name.lower())
    if found is not None:
        model = properties(found).get("model")
        what = f"{model.get('name')} {model.get('version')}" if isinstance(model, dict) else "an unknown model"
        return Check("deployment", found["id"], "pass", f"{name} is there: {what}")
    outcome = "unknown" if arm_id.key(account["id"]) in hidden else "fail"
    listing = ", ".join(sorted(arm_id.name_of(row["id"]) for row in there.values())) or "none"
    return Check(
        "deployment", account["id"], outcome, f"{one.source} expects the deployment {name}; the account has {listing}"
    )


def _needs(gap: Any) -> tuple[str, ...]:
    return (gap.needs,) if gap is not None and gap.needs else ()
