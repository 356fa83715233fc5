"""Client caller: finds the identity that a contract names, and what it may do at the contract's account."""

from __future__ import annotations

from rtaudit.azure import arm_id
from rtaudit.azure.identities import principals_of
from rtaudit.azure.resource_types import CALLER_TYPES
from rtaudit.contract.sections import caller_of
from rtaudit.snapshot import Gap
from rtaudit.subjects.client import FITS, account_gaps, account_of
from rtaudit.subjects.estate import Subject, mapping, text
from rtaudit.subjects.parts import WithGaps, fact
from rtaudit.subjects.roles import REALTIME_ACTION, Held, held_by

_READS = ("accounts", "roleAssignments")
_READ = frozenset(map(str.lower, CALLER_TYPES))


@fact("client", aspects=("roleAssignments",))
def caller_principals(client: Subject) -> WithGaps:
    """Object ids of the identity that the contract names as its caller: more than one where an app has several identities."""
    named = caller_of(client.raw)
    if not named.startswith("/"):
        return WithGaps([named] if named else [])
    resource = client.estate.resource(named)
    if resource is None:
        gaps = client.estate.gaps("roleAssignments", named)
        kind = arm_id.type_of(named)
        how = "`rtaudit collect --client` reads it" if kind in _READ else f"rtaudit reads none of type {kind}"
        message = f"the identity {arm_id.name_of(named)} was not read: {how}; its principal id will do"
        return WithGaps(
            [], gaps or (Gap(named, "roleAssignments", "missing", code="IdentityNotRead", message=message),)
        )
    return WithGaps([principal for principal, _ in principals_of(resource)])


@fact("client", aspects=_READS)
def caller_fit(client: Subject) -> WithGaps:
    """`fits` where the contract's caller holds the realtime data action at the account; otherwise what it holds instead.

    Groups are not expanded, and conditions are not evaluated: where either decides, the answer is unknown.
    """
    found, named = account_of(client), caller_of(client.raw)
    if found.value is None:
        return WithGaps(None, account_gaps(client, found))
    foreign = _foreign(client)
    if foreign is not None:
        return WithGaps(foreign)
    principals = client.join("facts.callerPrincipals")
    if principals.gaps:
        return WithGaps(None, principals.gaps)
    if not principals.value:
        return WithGaps(f"{arm_id.name_of(named)} has no managed identity")
    owner: Subject = found.value
    answers = [_at(owner, principal) for principal in principals.value]
    if all(one.value == FITS for one in answers):
        return WithGaps(FITS)
    if len(answers) > 1 and any(one.value == FITS for one in answers):
        message = f"{arm_id.name_of(named)} has {len(answers)} identities, and not all hold the role: name the principal id that connects"
        return WithGaps(None, (Gap(named, "roleAssignments", "missing", code="Ambiguous", message=message),))
    return next((one for one in answers if one.gaps), next(one for one in answers if one.value != FITS))


@fact("client", aspects=_READS)
def caller_roles(client: Subject) -> WithGaps:
    """Names of the roles that the contract's caller holds at the account, inherited ones too; null where it names none."""
    found, principals = account_of(client), client.join("facts.callerPrincipals")
    if found.value is None or not caller_of(client.raw):
        return WithGaps(None, account_gaps(client, found) if caller_of(client.raw) else ())
    held = [one for who in principals.value for one in held_by(found.value, who, REALTIME_ACTION) if one.reaches]
    names = {f"{one.role or 'not read'}{' (conditional)' if one.conditional else ''}" for one in held}
    return WithGaps(sorted(names), (*principals.gaps, *found.value.join("roleAssignments").gaps))


def _at(account: Subject, principal: str) -> WithGaps:
    """`fits`, or what one principal holds instead of the realtime data action at an account."""
    held = held_by(account, principal, REALTIME_ACTION)
    here = [one for one in held if one.grants and one.reaches]
    if any(not one.conditional for one in here):
        return WithGaps(FITS)
    if here:
        one = here[0]
        message = f"{principal} holds {one.role} under a condition, which is not evaluated here"
        return WithGaps(None, (Gap(one.id, "roleAssignments", "missing", code="Conditional", message=message),))
    unread = [one for one in held if one.role is None and one.reaches]
    if unread:
        message = f"the role that {principal} is assigned could not be read"
        return WithGaps(None, (Gap(unread[0].id, "roleAssignments", "missing", message=message),))
    callers = account.join("facts.realtimeCallers")
    group = next((one for one in callers.value if text(one.get("principalType")) == "group"), None)
    if group is not None:
        message = f"{principal} holds no role itself, and the group {group['principalId']} does: Resource Manager does not tell who its members are"
        return WithGaps(
            None, (Gap(group["id"], "roleAssignments", "missing", code="GroupNotExpanded", message=message),)
        )
    if callers.gaps:
        return WithGaps(None, callers.gaps)
    instead = [f"{one.role or 'a role that was not read'} {_where(one, account)}" for one in held]
    who = principal if len(principal) <= 12 else f"{principal[:8]}…"
    if not instead:
        return WithGaps(f"the caller {who} holds no role with the realtime data action at the account")
    return WithGaps(f"the caller {who} holds {'; '.join(instead[:5])}: that opens no realtime session")


def _where(held: Held, account: Subject) -> str:
    """A scope in words, seen from an account."""
    scope, own = arm_id.key(held.scope), arm_id.key(account.resource)
    if scope == own:
        return "at the account"
    if scope.startswith(own + "/"):
        kind, name = held.scope.strip("/").split("/")[-2:]
        return f"on the {kind.removesuffix('s')} {name} alone"
    name = arm_id.name_of(held.scope)
    if scope in ("", "/"):
        return "at the tenant's root"
    if "/managementgroups/" in scope:
        return f"at the management group {name}"
    kinds = {2: "the subscription", 4: "the resource group"}
    where = f"at {kinds.get(scope.count('/'), 'the resource')} {name}"
    return where if held.reaches else f"{where} (not the account's)"


def _foreign(client: Subject) -> str | None:
    """The sentence for a caller of another tenant, or None where nothing says that it is."""
    home = text(client.estate.snapshot.scope.get("tenant"))
    stated = text(mapping(client.raw.get("caller")).get("tenant"))
    resource = client.estate.resource(caller_of(client.raw))
    tenants = {tenant for _, tenant in principals_of(resource) if tenant} if resource is not None else set()
    other = next((one for one in (stated, *sorted(tenants)) if one and home and one != home), None)
    return f"the caller is of tenant {other}, the account of {home}: its tokens are refused" if other else None
