"""What belongs to a client contract, and the facts about it: what it names, and whether that is there and can be reached.

A contract stands in a subject as it holds in the snapshot's environment: `deployment`, `transport`, `protocol.apiVersion`.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from rtaudit.azure import arm_id
from rtaudit.azure.clouds import CLOUDS
from rtaudit.contract.sections import covers
from rtaudit.snapshot import Gap
from rtaudit.subjects.parts import Joined, fact
from rtaudit.subjects.world import Subject, World, listing, mapping, text

_SIP = re.compile(r"sips?:((?:[^@]*@)?[^;?:>]+)", re.IGNORECASE)
_GA = "/openai/v1/realtime"
_GA_PATHS = {
    "websocket": [_GA],
    "webrtc": [f"{_GA}/client_secrets", f"{_GA}/calls", _GA],
    "sip": [f"{_GA}/calls", _GA],
}
"""Transport -> paths of the generally available protocol. Source: Microsoft's how-to pages of each transport."""


@fact("client")
def names_environment(client: Subject) -> bool:
    """True when the contract speaks of the snapshot's environment: it has a section of that name, or none at all."""
    world = client.world
    named = text(client.raw.get("name"))
    return any(
        covers(one, world.snapshot.environment) for one in world.snapshot.clients if text(one.get("name")) == named
    )


@fact("client", reads=("accounts",))
def account(client: Subject) -> Joined:
    """The account that the contract names, as Azure returned it, or null."""
    found = _account(client)
    return Joined(found.value.raw if found.value else None, found.gaps)


@fact("client", reads=("accounts",))
def account_names(client: Subject) -> Joined:
    """Names and ids by which the contract can name an account of this snapshot."""
    accounts = client.world.accounts
    named = text(client.raw.get("account"))
    by_id = named.startswith("/")
    return Joined([arm_id.key(one.resource) if by_id else one.name for one in accounts], _account(client).gaps)


@fact("client", reads=("accounts", "deployments"))
def deployment_names(client: Subject) -> Joined:
    """Names of the deployments of the contract's account; null where there is no such account."""
    found = _account(client)
    if found.value is None:
        return Joined(None, found.gaps or (_no_account(client),))
    rows = [one.name for one in client.world.deployments_of(found.value)]
    wanted = {text(client.raw.get("deployment")), text(client.raw.get("transcriptionDeployment"))} - {""}
    have = {name.lower() for name in rows}
    # A list with a hole still holds what was seen in it.
    return Joined(rows, () if wanted <= have else client.world.gaps("deployments", found.value.resource))


@fact("client", reads=("accounts", "deployments", "models"))
def deployment(client: Subject) -> Joined:
    """The deployment that the contract names: `id`, `model` (name@version), `role`, `provisioningState`; or null."""
    return _deployment(client, client.raw.get("deployment"))


@fact("client", reads=("accounts", "deployments", "models"))
def transcription(client: Subject) -> Joined:
    """The transcription deployment that the contract names: `id`, `model`, `role`, `provisioningState`; or null."""
    return _deployment(client, client.raw.get("transcriptionDeployment"))


@fact("client")
def use(client: Subject) -> str:
    """What the deployment is used for: speech unless the contract says transcription, translation or live."""
    return str(client.raw.get("use") or "speech")


@fact("client", reads=("accounts",))
def exposure(client: Subject) -> Joined:
    """Who can reach the contract's account: public, restricted or private."""
    found = _account(client)
    if found.value is None:
        return Joined(None, found.gaps or (_no_account(client),))
    return Joined(found.value.fact("exposure"))


@fact("client", reads=("accounts",))
def local_auth_disabled(client: Subject) -> Joined:
    """True when the contract's account takes no keys."""
    found = _account(client)
    if found.value is None:
        return Joined(None, found.gaps or (_no_account(client),))
    return Joined(found.value.properties.get("disableLocalAuth") is True)


@fact("client")
def scheme(client: Subject) -> str | None:
    """The scheme of the endpoint: wss, https, sip; null where none is declared."""
    endpoint = client.raw.get("endpoint")
    return endpoint.partition(":")[0].lower() if isinstance(endpoint, str) and ":" in endpoint else None


@fact("client")
def host(client: Subject) -> str | None:
    """The host of the endpoint, of SIP with the project before it (`proj_…@`), lower case; null where none is declared."""
    endpoint = client.raw.get("endpoint")
    if not isinstance(endpoint, str):
        return None
    sip = _SIP.match(endpoint)
    return sip.group(1).lower() if sip else _url(client)[0]


@fact("client", reads=("accounts",))
def hosts(client: Subject) -> Joined:
    """The hosts that lead to the contract's account: of its endpoints, custom subdomain and region's SIP, and the gateway's."""
    found = _account(client)
    gateway = mapping(client.raw.get("gateway")).get("host")
    through = [gateway.lower()] if isinstance(gateway, str) else []
    if found.value is None:
        return Joined(through or None, found.gaps or (_no_account(client),))
    return Joined([*through, *account_hosts(found.value)])


def account_hosts(account: Subject) -> list[str]:
    """The hosts of an account's endpoints and custom subdomain, and its address of SIP in its region; lower case, sorted."""
    properties = account.properties
    urls = [properties.get("endpoint"), *mapping(properties.get("endpoints")).values()]
    found = {_host(url) for url in urls if isinstance(url, str)}
    subdomain, cloud = properties.get("customSubDomainName"), _cloud(account.world)
    if isinstance(subdomain, str) and subdomain and cloud is not None:
        found.add(f"{subdomain}.{cloud.openai_suffix}".lower())
    region = account.fact("region")
    if region in SIP_REGIONS:
        # The host is the region's: which account is called, the project says.
        project = f"proj_{properties.get('internalId')}@".lower()
        found |= {f"{way}{region}.sip.ai.azure.com" for way in ("", project)}
    return sorted(found - {""})


@fact("client")
def paths(client: Subject) -> list[str]:
    """The paths that the contract states: of its protocol, and of its endpoint unless a gateway stands between."""
    stated = [mapping(client.raw.get("protocol")).get("path")]
    if not (client.raw.get("gateway") and stated[0]):
        stated.append(_url(client)[1])
    return list(dict.fromkeys("/" + one.strip("/") for one in stated if isinstance(one, str) and one.strip("/")))


@fact("client")
def ga_paths(client: Subject) -> Joined:
    """The paths of the generally available protocol for the contract's transport and use.

    Microsoft's pages state none for translation over other transports than its own: unknown.
    """
    used = client.fact("use")
    if used == "live":
        return Joined(["/openai/v1/live"])
    if used == "translation":
        message = "Microsoft states no path of the generally available protocol for translation"
        return Joined([], (_not_documented(client.resource, message),))
    return Joined(_GA_PATHS.get(str(client.raw.get("transport")), [_GA]))


@fact("client")
def api_versions(client: Subject) -> list[str]:
    """The api-versions that the client sends: of its protocol, its query, its endpoint."""
    stated = [mapping(client.raw.get("protocol")).get("apiVersion")]
    stated += [value for name, value in _query(client) if name.lower() == "api-version"]
    return list(dict.fromkeys(str(one) for one in stated if one not in (None, "")))


@fact("client")
def query_names(client: Subject) -> list[str]:
    """Names of the query parameters that the client sends."""
    return list(dict.fromkeys(name for name, _ in _query(client)))


@fact("client")
def model(client: Subject) -> str | None:
    """What the client asks for with `model=`: as its query states it, else the deployment that the contract names.

    WebRTC and SIP name it in the session that they ask for, and their queries hold other things (`webrtcfilter`).
    """
    query = {name.lower(): value for name, value in _query(client)}
    in_session = client.raw.get("transport") in ("webrtc", "sip") and "deployment" not in query
    if "model" in query:
        return str(query["model"])
    named = client.raw.get("deployment") if in_session or not query else None
    return named if isinstance(named, str) else None


@fact("client", reads=("accounts", "deployments"))
def fallbacks(client: Subject) -> list[dict[str, Any]]:
    """The fallbacks of the contract: `kind`, `deployment`, `region`, and `exists` (true of a human; false where no deployment is named, or the contract's own)."""
    stated = client.raw.get("fallback")
    rows = stated if isinstance(stated, list) else [stated]
    return [_fallback(client, one) for one in rows if isinstance(one, dict)]


SIP_REGIONS = ("eastus2", "swedencentral")
"""Regions that take SIP calls. Source: Microsoft's "Use the Realtime API via SIP"."""

FITS = "fits"
"""What a fit fact says when nothing stands against it."""

_CARRYING_TIERS = ("developer", "basic", "basicv2", "standard", "standardv2", "premium", "premiumv2")
"""Tiers of API Management that have WebSocket APIs. Source: Microsoft's "Import a WebSocket API"."""


@fact("client", reads=("accounts",))
def transport_fit(client: Subject) -> Joined:
    """`fits`, or why the transport cannot reach the account from where the client stands.

    Unknown where Microsoft states nothing: WebRTC and SIP media with private endpoints or network rules.
    """
    found = _account(client)
    if found.value is None:
        return Joined(None, found.gaps or (_no_account(client),))
    target = found.value
    transport, reach = str(client.raw.get("transport")), target.fact("exposure")
    if transport == "sip" and target.fact("region") not in SIP_REGIONS:
        return Joined(f"{target.fact('region') or 'its region'} takes no SIP calls; {' and '.join(SIP_REGIONS)} do")
    if transport == "sip" and not target.properties.get("internalId"):
        return Joined("the account has no internalId, which its SIP address is made of")
    if reach == "public":
        return Joined(FITS)
    outside = client.raw.get("network") == "internet" or (
        client.raw.get("network") != "private" and client.raw.get("runsIn") in ("browser", "mobile")
    )
    proxied = transport == "webrtc" and client.raw.get("signalling") == "proxied"
    shut = "public access is disabled" if reach == "private" else "only selected networks are let in"
    if outside and not proxied and not client.raw.get("gateway") and transport != "sip":
        what = "post its SDP to" if transport == "webrtc" else "connect to"
        return Joined(f"a client on the internet cannot {what} the account: {shut}")
    if transport == "websocket":
        return Joined(FITS)
    how = "private endpoints" if reach == "private" else "network rules"
    name = {"webrtc": "WebRTC", "sip": "SIP"}.get(transport, transport)
    message = f"Microsoft states nothing about {name} media and {how}: {shut}; ask for confirmation, or try it"
    return Joined(None, (_not_documented(target.resource, message),))


@fact("client")
def gateway_fit(client: Subject) -> Joined:
    """`fits`, or why the declared gateway cannot carry the transport. Unknown where Microsoft states nothing."""
    gateway = mapping(client.raw.get("gateway"))
    transport, kind = client.raw.get("transport"), gateway.get("kind")
    if transport == "webrtc":
        return Joined(FITS)  # what passes a gateway is signalling: plain HTTPS
    if transport == "sip":
        message = "SIP is no HTTP: Microsoft states no API gateway that carries it"
        return Joined(None, (_not_documented(client.resource, message),))
    if kind != "apiManagement":
        message = f"nothing that rtaudit rests on states whether a gateway of kind {kind} carries a realtime WebSocket"
        return Joined(None, (_not_documented(client.resource, message),))
    tier = re.sub(r"[\s_-]+", "", text(gateway.get("tier")))
    if not tier:
        message = "the contract does not state the gateway's tier, and not every tier has WebSocket APIs"
        return Joined(None, (Gap(client.resource, "accounts", "missing", code="NotDeclared", message=message),))
    if tier in _CARRYING_TIERS:
        return Joined(FITS)
    if tier == "consumption":
        return Joined("API Management has no WebSocket APIs in the Consumption tier")
    message = f"Microsoft's list of tiers with WebSocket APIs does not name '{gateway.get('tier')}'"
    return Joined(None, (_not_documented(client.resource, message),))


@fact("realtimeDeployment", "deployment", reads=("accounts",))
def declared_peak_sessions(deployment: Subject) -> int | None:
    """New sessions in the busiest minute: the highest peak of the client contracts that name this deployment, or null."""
    world = deployment.world
    return world.once(_peaks).get(arm_id.key(deployment.resource))


def _peaks(world: World) -> dict[str, int]:
    """Deployments by key -> the highest peak that a contract declares for it."""
    peaks: dict[str, int] = {}
    for client in world.clients:
        peak, row = client.raw.get("peakSessionsPerMinute"), client.fact("deployment")
        # JSON Schema counts 400.0 among the whole numbers.
        if isinstance(peak, int | float) and row is not None:
            key = arm_id.key(row["id"])
            peaks[key] = max(int(peak), peaks.get(key, 0))
    return peaks


def _account(client: Subject) -> Joined:
    """The account that the contract names as a subject, or None with what may hide it."""
    return find_account(client.world, client.raw.get("account"))


def find_account(world: World, named: Any) -> Joined:
    """The account (a Subject) of this name or id, or None with the gaps that may hide it."""
    wanted = text(named)
    if not wanted:
        return Joined(None)
    if wanted.startswith("/"):
        found = [one for one in [world.accounts_by_key.get(arm_id.key(wanted))] if one is not None]
    else:
        found = world.accounts_by_name.get(wanted, [])
    if len(found) == 1:
        return Joined(found[0])
    if found:
        message = f"{len(found)} accounts are named {named}: the contract has to give the account's id"
        return Joined(None, (Gap(found[0].resource, "accounts", "missing", code="Ambiguous", message=message),))
    return Joined(None, world.gaps_anywhere("accounts") or _out_of_scope(world, wanted))


def _out_of_scope(world: World, wanted: str) -> tuple[Gap, ...]:
    scope = world.snapshot.scope
    subscription = arm_id.subscription_of(wanted) if wanted.startswith("/") else None
    covered = {str(one).lower() for one in listing(scope.get("subscriptions"))}
    narrowed = bool(scope.get("resourceGroups") or scope.get("accounts"))
    if not narrowed and (subscription is None or not covered or subscription in covered):
        return ()
    message = f"the account {wanted} may lie outside of what was collected"
    return (Gap(wanted if subscription else "/", "accounts", "missing", code="OutOfScope", message=message),)


def _no_account(client: Subject) -> Gap:
    named = client.raw.get("account")
    message = f"the contract's account {named} is not there" if named else "the contract names no account here"
    return Gap(client.resource, "accounts", "missing", code="NoAccount", message=message)


def _deployment(client: Subject, named: Any) -> Joined:
    found = _account(client)
    if found.value is None:
        return Joined(None, found.gaps or (_no_account(client),))
    for one in client.world.deployments_of(found.value):
        if one.name.lower() == text(named):
            return Joined(
                {
                    "id": one.resource,
                    "model": one.fact("modelAndVersion"),
                    "role": one.join("facts.realtimeRole"),
                    "provisioningState": one.properties.get("provisioningState"),
                }
            )
    return Joined(None, client.world.gaps("deployments", found.value.resource))


def _fallback(client: Subject, stated: dict[str, Any]) -> dict[str, Any]:
    kind, named = stated.get("kind"), stated.get("deployment")
    row: dict[str, Any] = {"kind": kind, "account": stated.get("account"), "deployment": named, "region": None}
    if not named:
        return {**row, "exists": kind == "human"}
    found = find_account(client.world, stated["account"]) if stated.get("account") else _account(client)
    if found.value is None:
        return {**row, "exists": Joined(False, found.gaps)}
    owner: Subject = found.value
    there = any(one.name.lower() == text(named) for one in client.world.deployments_of(owner))
    gaps = () if there else client.world.gaps("deployments", owner.resource)
    itself = _account(client).value
    if itself is not None and itself.resource == owner.resource and text(named) == text(client.raw.get("deployment")):
        # What the client falls back to when it fails is what has failed.
        return {**row, "region": owner.fact("region"), "exists": False}
    return {**row, "region": owner.fact("region"), "exists": Joined(there, gaps)}


def _url(client: Subject) -> tuple[str | None, str | None]:
    """Host and path of the endpoint, where it is a URL."""
    endpoint = client.raw.get("endpoint")
    if not isinstance(endpoint, str) or _SIP.match(endpoint):
        return None, None
    try:
        return _host(endpoint) or None, urlsplit(endpoint).path
    except ValueError:
        return None, None


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _query(client: Subject) -> list[tuple[str, Any]]:
    stated = list(mapping(mapping(client.raw.get("protocol")).get("query")).items())
    endpoint = client.raw.get("endpoint")
    if isinstance(endpoint, str) and not _SIP.match(endpoint) and "?" in endpoint:
        stated += parse_qsl(endpoint.partition("?")[2].partition("#")[0], keep_blank_values=True)
    return stated


def _cloud(world: World) -> Any:
    return CLOUDS.get(str(world.snapshot.scope.get("cloud") or "AzureCloud"))


def _not_documented(scope: str, message: str) -> Gap:
    return Gap(scope, "accounts", "missing", code="NotDocumented", message=message)
