"""Client wire: compares what a contract's client asks for with Azure's documented protocol."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from rtaudit.azure import realtime_api
from rtaudit.azure.clouds import CLOUDS
from rtaudit.contract.sections import other_api_of
from rtaudit.subjects.client import FITS, account_gaps, account_of, not_documented
from rtaudit.subjects.estate import EstateIndex, Subject, mapping, text
from rtaudit.subjects.parts import WithGaps, fact

_SIP = re.compile(r"sips?:((?:[^@]*@)?[^;?:>]+)", re.IGNORECASE)

SIP_REGIONS = ("eastus2", "swedencentral")
"""Regions that take SIP calls. Source: Microsoft's "Use the Realtime API via SIP"."""


@fact("client", fields="client: endpoint protocol use")
def other_api(client: Subject) -> str | None:
    """The name of the API that the client uses where it is another one (Voice Live, the Responses API), or null."""
    return other_api_of(client.raw)


@fact("client", fields="client: endpoint")
def scheme(client: Subject) -> str | None:
    """The scheme of the endpoint: wss, https, sip; null where none is declared."""
    endpoint = client.raw.get("endpoint")
    return endpoint.partition(":")[0].lower() if isinstance(endpoint, str) and ":" in endpoint else None


@fact("client", fields="client: endpoint")
def host(client: Subject) -> str | None:
    """The host of the endpoint, of SIP with the project before it (`proj_…@`), lower case; null where none is declared."""
    endpoint = client.raw.get("endpoint")
    if not isinstance(endpoint, str):
        return None
    sip = _SIP.match(endpoint)
    return sip.group(1).lower() if sip else _url(client)[0]


@fact(
    "client",
    aspects=("accounts",),
    fields=(
        "account: location properties.customSubDomainName properties.endpoint properties.endpoints "
        "properties.internalId; client: account gateway"
    ),
)
def hosts(client: Subject) -> WithGaps:
    """The hosts that lead to the contract's account: of its endpoints, custom subdomain and region's SIP, and the gateway's."""
    found = account_of(client)
    gateway = mapping(client.raw.get("gateway")).get("host")
    through = [gateway.lower()] if isinstance(gateway, str) else []
    if found.value is None:
        return WithGaps(through or None, account_gaps(client, found))
    return WithGaps([*through, *account_hosts(found.value)])


def account_hosts(account: Subject) -> list[str]:
    """The hosts of an account's endpoints and custom subdomain, and its address of SIP in its region; lower case, sorted."""
    properties = account.properties
    urls = [properties.get("endpoint"), *mapping(properties.get("endpoints")).values()]
    found = {_host(url) for url in urls if isinstance(url, str)}
    subdomain, cloud = properties.get("customSubDomainName"), _cloud(account.estate)
    if isinstance(subdomain, str) and subdomain and cloud is not None:
        found.add(f"{subdomain}.{cloud.openai_suffix}".lower())
    region = account.fact("region")
    if region in SIP_REGIONS:
        # The host is the region's: which account is called, the project says.
        project = f"proj_{properties.get('internalId')}@".lower()
        found |= {f"{way}{region}.sip.ai.azure.com" for way in ("", project)}
    return sorted(found - {""})


@fact("client", fields="client: endpoint gateway protocol")
def paths(client: Subject) -> list[str]:
    """The paths that the contract states: of its protocol, and of its endpoint unless a gateway is between. `{id}` matches an id in them."""
    stated = [mapping(client.raw.get("protocol")).get("path")]
    if not (client.raw.get("gateway") and stated[0]):
        stated.append(_url(client)[1])
    known = (realtime_api.plain_path(one) for one in stated if isinstance(one, str) and one.strip("/"))
    return list(dict.fromkeys(known))


@fact("client", fields="client: transport use")
def ga_paths(client: Subject) -> WithGaps:
    """The paths of the generally available protocol for the contract's transport and use.

    Where Microsoft's pages do not state every one, a path that is not among them is unknown.
    """
    used, transport = client.fact("use"), str(client.raw.get("transport"))
    found = list(realtime_api.ga_paths(used, transport))
    if realtime_api.whole_list(used, transport):
        return WithGaps(found)
    message = f"Microsoft's pages do not state every path for {used} over {transport}"
    return WithGaps(found, (not_documented(client.resource, message),))


@fact("client", fields="client: endpoint protocol")
def api_versions(client: Subject) -> list[str]:
    """The api-versions that the client sends: of its protocol, its query, its endpoint."""
    stated = [mapping(client.raw.get("protocol")).get("apiVersion")]
    stated += [value for name, value in _query(client) if name.lower() == "api-version"]
    return list(dict.fromkeys(str(one) for one in stated if one not in (None, "")))


@fact("client", fields="client: endpoint protocol")
def query_names(client: Subject) -> list[str]:
    """Names of the query parameters that the client sends."""
    return list(dict.fromkeys(name for name, _ in _query(client)))


@fact("client", fields="client: deployment endpoint protocol transport")
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


@fact("client", fields="client: deployment endpoint gateway protocol transport use")
def query_fit(client: Subject) -> str:
    """`fits` where the query of the URL is as the use wants it; otherwise what is wrong with it."""
    query = {name.lower(): str(value) for name, value in _query(client)}
    used, named = client.fact("use"), client.raw.get("deployment")
    wrong: list[str] = []
    if "deployment" in query:
        wrong.append("deployment= is the preview's parameter")
    if used == "transcription":
        if "model" in query:
            wrong.append("Azure refuses model= on a transcription session: session.update names the deployment")
        if client.raw.get("transport") == "websocket" and text(query.get("intent")) != "transcription":
            wrong.append("the URL has no intent=transcription")
        return "; ".join(wrong) or FITS
    if "intent" in query:
        wrong.append(f"intent={query['intent']} opens a transcription session, and the contract's use is {used}")
    asked = client.fact("model")
    # A second connection to a call or a session joins what the first one opened.
    joins = "call_id" in query or any("{id}" in path for path in client.fact("paths"))
    if asked is None and not (joins or used == "live"):
        wrong.append("the URL has no model=" if query else "the contract names no deployment")
    elif asked is not None and text(asked) != text(named):
        wrong.append(f"the URL asks for model={asked}, and the contract's deployment is {named or 'not named'}")
    return "; ".join(wrong) or FITS


@fact(
    "client",
    aspects=("accounts",),
    fields=(
        "account: location properties.customSubDomainName properties.endpoint properties.endpoints "
        "properties.internalId; client: account deployment endpoint gateway transport use"
    ),
)
def ga_url(client: Subject) -> str:
    """The URL that the generally available protocol wants for the contract's use: of its host, or of its account's."""
    owner, used = account_of(client).value, client.fact("use")
    own = client.fact("host") if client.raw.get("transport") != "sip" else None
    hosts = [one for one in account_hosts(owner) if ".openai." in one] if owner else []
    host = (
        own if own in (client.fact("hosts") or ()) or not hosts else hosts[0] if hosts else "<account>.openai.azure.com"
    )
    host = host or "<account>.openai.azure.com"
    if client.raw.get("transport") in ("webrtc", "sip"):
        # What is asked for by HTTPS; the session that it opens names the deployment.
        return (
            f"https://{host}{f'{realtime_api.LIVE}/sessions' if used == 'live' else f'{realtime_api.REALTIME}/calls'}"
        )
    path = realtime_api.LIVE if used == "live" else realtime_api.REALTIME
    query = (
        "intent=transcription" if used == "transcription" else f"model={client.raw.get('deployment') or '<deployment>'}"
    )
    return f"wss://{host}{path}?{query}"


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


def _cloud(estate: EstateIndex) -> Any:
    return CLOUDS.get(str(estate.snapshot.scope.get("cloud") or "AzureCloud"))
