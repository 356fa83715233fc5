"""Client contract: finds what it names in the snapshot, its account, its deployments and its fallbacks.

A contract is, in a subject, as it holds in the snapshot's environment: `deployment`, `transport`, `protocol.apiVersion`.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.contract.sections import covers
from rtaudit.snapshot import Gap
from rtaudit.subjects.estate import EstateIndex, Subject, listing, text
from rtaudit.subjects.parts import WithGaps, fact

FITS = "fits"
"""What a fact named `…Fit` is when nothing is wrong; otherwise it is the sentence that says what is."""

_DOES = {"speech": "speak", "transcription": "transcribe", "translation": "translate", "live": "serve GPT-Live"}


@fact("client", fields="client: environments name")
def names_environment(client: Subject) -> bool:
    """True when the contract has a section for the snapshot's environment, or no sections at all."""
    return text(client.raw.get("name")) in client.estate.once(_names_here)


@fact("client", aspects=("accounts",), fields="account; client: account")
def account(client: Subject) -> WithGaps:
    """The account that the contract names, as Azure returned it, or null."""
    found = account_of(client)
    return WithGaps(found.value.raw if found.value else None, found.gaps)


@fact("client", aspects=("accounts",), fields="client: account")
def account_names(client: Subject) -> WithGaps:
    """Names and ids by which the contract can name an account of this snapshot."""
    by_id = text(client.raw.get("account")).startswith("/")
    return WithGaps(client.estate.once(_account_names, by_id), account_of(client).gaps)


@fact("client", aspects=("accounts", "deployments"), fields="client: account deployment transcriptionDeployment")
def deployment_names(client: Subject) -> WithGaps:
    """Names of the deployments of the contract's account; null where there is no such account."""
    found = account_of(client)
    if found.value is None:
        return WithGaps(None, account_gaps(client, found))
    rows = _deployments(found.value)
    wanted = {text(client.raw.get("deployment")), text(client.raw.get("transcriptionDeployment"))} - {""}
    # A list with a hole still holds what was seen in it.
    gaps = () if wanted <= rows.keys() else client.estate.gaps("deployments", found.value.resource)
    return WithGaps([one.name for one in rows.values()], gaps)


@fact(
    "client",
    aspects=("accounts", "deployments", "models"),
    fields=(
        "account: kind location; client: account deployment; "
        "deployment: properties.capabilities properties.model properties.provisioningState; models: value"
    ),
)
def deployment(client: Subject) -> WithGaps:
    """The deployment that the contract names: `id`, `model` (name@version), `role`, `provisioningState`; or null."""
    return _deployment(client, client.raw.get("deployment"))


@fact(
    "client",
    aspects=("accounts", "deployments", "models"),
    fields=(
        "account: kind location; client: account transcriptionDeployment; "
        "deployment: properties.capabilities properties.model properties.provisioningState; models: value"
    ),
)
def transcription(client: Subject) -> WithGaps:
    """The transcription deployment that the contract names: `id`, `model`, `role`, `provisioningState`; or null."""
    return _deployment(client, client.raw.get("transcriptionDeployment"))


@fact("client", fields="client: use")
def use(client: Subject) -> str:
    """What the deployment is used for: speech unless the contract says transcription, translation or live."""
    return str(client.raw.get("use") or "speech")


@fact(
    "client",
    aspects=("accounts", "deployments", "models"),
    fields=(
        "account: kind location; client: account deployment use; "
        "deployment: properties.capabilities properties.model; models: value"
    ),
)
def deployment_fit(client: Subject) -> WithGaps:
    """`fits` where the contract's deployment exists and has the role that it is used for; otherwise what is wrong."""
    return _fit(client, client.raw.get("deployment"), client.fact("use"))


@fact(
    "client",
    aspects=("accounts", "deployments", "models"),
    fields=(
        "account: kind location; client: account transcriptionDeployment; "
        "deployment: properties.capabilities properties.model; models: value"
    ),
)
def transcription_fit(client: Subject) -> WithGaps:
    """`fits` where the contract's transcription deployment exists and transcribes; otherwise what is wrong."""
    return _fit(client, client.raw.get("transcriptionDeployment"), "transcription")


def _fit(client: Subject, named: Any, role: str) -> WithGaps:
    found = account_of(client)
    if found.value is None:
        return WithGaps(None, account_gaps(client, found))
    owner: Subject = found.value
    rows = _deployments(owner)
    if not text(named):
        return WithGaps("the contract names no deployment" + _offer(rows, role))
    one = rows.get(text(named))
    if one is None:
        return WithGaps(_missing(client, owner, str(named), role), client.estate.gaps("deployments", owner.resource))
    has = one.join("facts.realtimeRole")
    if has.value == role:
        return WithGaps(FITS)
    if has.value == "unknown" or has.gaps:
        message = f"the role of {one.name} is unknown: it rests on {one.fact('realtimeEvidence')}"
        return WithGaps(None, has.gaps or (Gap(one.resource, "models", "missing", message=message),))
    model = one.fact("modelAndVersion")
    wrong = f"{one.name} ({model}) does not {_DOES.get(role, role)}"
    return WithGaps(wrong + _offer(rows, role))


def _missing(client: Subject, owner: Subject, named: str, role: str) -> str:
    """Why there is not a deployment of this name: it is a model's, another account's, or nobody's."""
    rows = _deployments(owner)
    as_model = [
        one.name
        for one in rows.values()
        if text(named) in (model := text(one.fact("modelAndVersion")), model.partition("@")[0])
    ]
    if as_model:
        return f"{named} is a model here, not a deployment; it is deployed as {_and(as_model)}"
    elsewhere = client.estate.once(_accounts_by_deployment).get(text(named), [])
    if elsewhere:
        return f"{owner.name} has no deployment named {named}; {_and(elsewhere[:3])} has one" + _offer(rows, role)
    near = difflib.get_close_matches(text(named), rows, n=1)
    meant = f"; perhaps {rows[near[0]].name} is meant" if near else _offer(rows, role)
    return f"{owner.name} has no deployment named {named}{meant}"


def _offer(rows: dict[str, Subject], role: str) -> str:
    able = [one.name for one in rows.values() if one.fact("realtimeRole") == role]
    does = _DOES.get(role, role)
    shown = _and(able[:5]) + (f" and {len(able) - 5} more" if len(able) > 5 else "")
    return f"; {shown} can {does} there" if able else f"; no deployment there can {does}"


def _and(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


@fact(
    "client",
    aspects=("accounts",),
    fields="account: properties.networkAcls properties.publicNetworkAccess; client: account",
)
def exposure(client: Subject) -> WithGaps:
    """Who can reach the contract's account, as the account's own fact says."""
    found = account_of(client)
    if found.value is None:
        return WithGaps(None, account_gaps(client, found))
    return WithGaps(found.value.fact("exposure"))


@fact("client", aspects=("accounts",), fields="account: properties.disableLocalAuth; client: account")
def local_auth_disabled(client: Subject) -> WithGaps:
    """True when the contract's account takes no keys."""
    found = account_of(client)
    if found.value is None:
        return WithGaps(None, account_gaps(client, found))
    return WithGaps(found.value.properties.get("disableLocalAuth") is True)


@fact("client", aspects=("accounts", "deployments"), fields="account: location; client: account deployment fallback")
def fallbacks(client: Subject) -> list[dict[str, Any]]:
    """The fallbacks of the contract: `kind`, `deployment`, `region`, and `exists` (true of a human; false where no deployment is named, or the contract's own)."""
    stated = client.raw.get("fallback")
    rows = stated if isinstance(stated, list) else [stated]
    return [_fallback(client, one) for one in rows if isinstance(one, dict)]


@fact(
    "realtimeDeployment",
    "deployment",
    aspects=("accounts",),
    fields=(
        "account: kind location; client: account deployment peakSessionsPerMinute; "
        "deployment: properties.capabilities properties.model properties.provisioningState; models: value"
    ),
)
def declared_peak_sessions(deployment: Subject) -> int | None:
    """New sessions in the busiest minute: the highest peak of the client contracts that name this deployment, or null."""
    return _declared(deployment, "peakSessionsPerMinute")


@fact(
    "realtimeDeployment",
    "deployment",
    aspects=("accounts",),
    fields=(
        "account: kind location; client: account deployment peakConcurrentSessions; "
        "deployment: properties.capabilities properties.model properties.provisioningState; models: value"
    ),
)
def declared_peak_concurrent_sessions(deployment: Subject) -> int | None:
    """Sessions open at a time at the peak: the highest number of the client contracts that name this deployment, or null."""
    return _declared(deployment, "peakConcurrentSessions")


def _declared(deployment: Subject, key: str) -> int | None:
    return deployment.estate.once(_peaks, key).get(arm_id.key(deployment.resource))


def _peaks(estate: EstateIndex, key: str) -> dict[str, int]:
    peaks: dict[str, int] = {}
    for client in estate.clients:
        peak, row = client.raw.get(key), client.fact("deployment")
        # JSON Schema counts 400.0 among the whole numbers.
        if isinstance(peak, int | float) and row is not None:
            name = arm_id.key(row["id"])
            peaks[name] = max(int(peak), peaks.get(name, 0))
    return peaks


def account_of(client: Subject) -> WithGaps:
    """The account that the contract names as a subject, or None with what may hide it."""
    return find_account(client.estate, client.raw.get("account"))


def account_gaps(client: Subject, found: WithGaps) -> tuple[Gap, ...]:
    """Why what hangs on the contract's account is unknown where `account_of` found none."""
    if found.gaps:
        return found.gaps
    named = client.raw.get("account")
    message = f"the contract's account {named} does not exist here" if named else "the contract names no account here"
    return (Gap(client.resource, "accounts", "missing", code="NoAccount", message=message),)


def find_account(estate: EstateIndex, named: Any) -> WithGaps:
    """The account (a Subject) of this name or id, or None with the gaps that may hide it."""
    wanted = text(named)
    if not wanted:
        return WithGaps(None)
    if wanted.startswith("/"):
        found = [one for one in [estate.accounts_by_key.get(arm_id.key(wanted))] if one is not None]
    else:
        found = estate.accounts_by_name.get(wanted, [])
    if len(found) == 1:
        return WithGaps(found[0])
    if found:
        message = f"{len(found)} accounts are named {named}: the contract has to give the account's id"
        return WithGaps(None, (Gap(found[0].resource, "accounts", "missing", code="Ambiguous", message=message),))
    return WithGaps(None, estate.gaps_anywhere("accounts") or _out_of_scope(estate, wanted))


def not_documented(scope: str, message: str) -> Gap:
    """The gap of what Microsoft states nowhere."""
    return Gap(scope, "accounts", "missing", code="NotDocumented", message=message)


def _out_of_scope(estate: EstateIndex, wanted: str) -> tuple[Gap, ...]:
    scope = estate.snapshot.scope
    subscription = arm_id.subscription_of(wanted) if wanted.startswith("/") else None
    covered = {str(one).lower() for one in listing(scope.get("subscriptions"))}
    narrowed = bool(scope.get("resourceGroups") or scope.get("accounts"))
    if not narrowed and (subscription is None or not covered or subscription in covered):
        return ()
    message = f"the account {wanted} may lie outside of what was collected"
    return (Gap(wanted if subscription else "/", "accounts", "missing", code="OutOfScope", message=message),)


def _deployments(account: Subject) -> dict[str, Subject]:
    """Name in lower case -> deployment of an account."""
    return account.estate.once(_by_account).get(arm_id.key(account.resource), {})


def _names_here(estate: EstateIndex) -> set[str]:
    """The names of the contracts that cover the snapshot's environment."""
    label = estate.snapshot.environment
    return {text(one.get("name")) for one in estate.snapshot.clients if covers(one, label)}


def _account_names(estate: EstateIndex, by_id: bool) -> list[str]:
    return [arm_id.key(one.resource) if by_id else one.name for one in estate.accounts]


def _accounts_by_deployment(estate: EstateIndex) -> dict[str, list[str]]:
    """Name of a deployment in lower case -> the names of the accounts that have one."""
    found: dict[str, list[str]] = {}
    for account in estate.accounts:
        for named in _deployments(account):
            found.setdefault(named, []).append(account.name)
    return found


def _by_account(estate: EstateIndex) -> dict[str, dict[str, Subject]]:
    found = estate.deployments_by_account.items()
    return {account: {one.name.lower(): one for one in deployments} for account, deployments in found}


def _deployment(client: Subject, named: Any) -> WithGaps:
    found = account_of(client)
    if found.value is None:
        return WithGaps(None, account_gaps(client, found))
    one = _deployments(found.value).get(text(named))
    if one is None:
        return WithGaps(None, client.estate.gaps("deployments", found.value.resource))
    return WithGaps(
        {
            "id": one.resource,
            "model": one.fact("modelAndVersion"),
            "role": one.join("facts.realtimeRole"),
            "provisioningState": one.properties.get("provisioningState"),
        }
    )


def _fallback(client: Subject, stated: dict[str, Any]) -> dict[str, Any]:
    kind, named = stated.get("kind"), stated.get("deployment")
    row: dict[str, Any] = {"kind": kind, "account": stated.get("account"), "deployment": named, "region": None}
    if not named:
        return {**row, "exists": kind == "human"}
    found = find_account(client.estate, stated["account"]) if stated.get("account") else account_of(client)
    if found.value is None:
        return {**row, "exists": WithGaps(False, found.gaps)}
    owner: Subject = found.value
    there = text(named) in _deployments(owner)
    gaps = () if there else client.estate.gaps("deployments", owner.resource)
    itself = account_of(client).value
    if itself is not None and itself.resource == owner.resource and text(named) == text(client.raw.get("deployment")):
        # What the client falls back to when it fails is what has failed.
        return {**row, "region": owner.fact("region"), "exists": False}
    return {**row, "region": owner.fact("region"), "exists": WithGaps(there, gaps)}
