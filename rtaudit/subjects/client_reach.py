"""Client reach: tells whether a contract's transport and gateway can carry a session to the account."""

from __future__ import annotations

import re
from typing import Any

from rtaudit.documents.json_values import is_number
from rtaudit.snapshot import Gap
from rtaudit.subjects.client import FITS, account_gaps, account_of, not_documented
from rtaudit.subjects.client_wire import SIP_REGIONS
from rtaudit.subjects.estate import Subject, mapping, text
from rtaudit.subjects.parts import WithGaps, fact

_CARRYING_TIERS = ("developer", "basic", "basicv2", "standard", "standardv2", "premium", "premiumv2")
"""Tiers of API Management that have WebSocket APIs. Source: Microsoft's "Import a WebSocket API"."""

_DOOR_TIERS = ("standard", "premium")
_DOOR_IDLE_SECONDS, _DOOR_MINUTES, _DOOR_CONNECTIONS = 300, 240, 3000
"""Limits of a WebSocket through Front Door. Source: Microsoft's "WebSocket in Azure Front Door"."""


@fact(
    "client",
    aspects=("accounts",),
    fields=(
        "account: location properties.internalId properties.networkAcls properties.publicNetworkAccess; "
        "client: account gateway network runsIn signalling transport"
    ),
)
def transport_fit(client: Subject) -> WithGaps:
    """`fits`, or why the transport cannot reach the account from the client's network.

    Unknown where Microsoft states nothing: WebRTC and SIP media with private endpoints or network rules; and where an
    enforced perimeter decides, whose access rules are not read.
    """
    found = account_of(client)
    if found.value is None:
        return WithGaps(None, account_gaps(client, found))
    target = found.value
    transport, reach = str(client.raw.get("transport")), target.fact("exposure")
    if transport == "sip" and target.fact("region") not in SIP_REGIONS:
        return WithGaps(f"{target.fact('region') or 'its region'} takes no SIP calls; {' and '.join(SIP_REGIONS)} do")
    if transport == "sip" and not target.properties.get("internalId"):
        return WithGaps("the account has no internalId, which its SIP address is made of")
    if reach == "public":
        return WithGaps(FITS)
    outside = client.raw.get("network") == "internet" or (
        client.raw.get("network") != "private" and client.raw.get("runsIn") in ("browser", "mobile")
    )
    proxied = transport == "webrtc" and client.raw.get("signalling") == "proxied"
    if outside and not proxied and not client.raw.get("gateway") and transport != "sip":
        what = "post its SDP to" if transport == "webrtc" else "connect to"
        if reach == "perimeter":
            message = (
                f"whether a client on the internet may {what} the account is decided by its network security perimeter"
            )
            return WithGaps(None, (not_documented(target.resource, message),))
        return WithGaps(f"a client on the internet cannot {what} the account: {_SHUT.get(reach, _SHUT['restricted'])}")
    if transport == "websocket":
        return WithGaps(FITS)
    how = "private endpoints" if reach == "private" else "network rules"
    name = {"webrtc": "WebRTC", "sip": "SIP"}.get(transport, transport)
    shut = _SHUT.get(reach, _SHUT["restricted"])
    message = f"Microsoft states nothing about {name} media and {how}: {shut}; ask for confirmation, or try it"
    return WithGaps(None, (not_documented(target.resource, message),))


_SHUT = {
    "private": "public access is disabled",
    "restricted": "only selected networks are let in",
    "perimeter": "an enforced network security perimeter is in front",
}


@fact("client", fields="client: gateway peakConcurrentSessions session transport")
def gateway_fit(client: Subject) -> WithGaps:
    """`fits`, or why the declared gateway cannot carry the transport. Unknown where Microsoft states nothing."""
    gateway = mapping(client.raw.get("gateway"))
    transport, kind = client.raw.get("transport"), gateway.get("kind")
    if transport == "webrtc":
        return WithGaps(FITS)  # what passes a gateway is signalling: plain HTTPS
    if transport == "sip":
        message = "SIP is not HTTP: Microsoft states no API gateway that carries it"
        return WithGaps(None, (not_documented(client.resource, message),))
    if kind == "applicationGateway":
        return WithGaps(FITS)  # every size carries WebSocket, and nothing has to be switched on
    if kind not in ("apiManagement", "frontDoor"):
        message = f"no source states whether a gateway of kind {kind} carries a realtime WebSocket"
        return WithGaps(None, (not_documented(client.resource, message),))
    tier = re.sub(r"[\s_-]+|azurefrontdoor", "", text(gateway.get("tier")))
    if not tier:
        message = "the contract does not state the gateway's tier, and not every tier carries WebSocket"
        return WithGaps(None, (Gap(client.resource, "accounts", "missing", code="NotDeclared", message=message),))
    return _front_door(client, tier) if kind == "frontDoor" else _api_management(client, tier)


def _api_management(client: Subject, tier: str) -> WithGaps:
    if tier in _CARRYING_TIERS:
        return WithGaps(FITS)
    if tier == "consumption":
        return WithGaps("API Management has no WebSocket APIs in the Consumption tier")
    return _unlisted(client, "API Management with WebSocket APIs")


def _front_door(client: Subject, tier: str) -> WithGaps:
    if tier.startswith("classic"):
        return WithGaps("Front Door (classic) carries no WebSocket; Standard and Premium do")
    if tier not in _DOOR_TIERS:
        return _unlisted(client, "Front Door with WebSocket")
    session = mapping(client.raw.get("session"))
    over = [
        (_above(session.get("idleTimeoutSeconds"), _DOOR_IDLE_SECONDS), "closes a WebSocket that is idle for 5 minutes; the contract lets it be idle for {} s"),
        (_above(session.get("maxMinutes"), _DOOR_MINUTES), "closes a WebSocket after 4 hours; the contract allows {} minutes"),
        (_above(client.raw.get("peakConcurrentSessions"), _DOOR_CONNECTIONS), "carries 3,000 WebSockets a profile; the contract has {} sessions at the peak"),
    ]  # fmt: skip
    wrong = [words.format(value) for value, words in over if value is not None]
    return WithGaps(f"Front Door {'; it '.join(wrong)}" if wrong else FITS)


def _above(value: Any, limit: int) -> float | None:
    return value if is_number(value) and value > limit else None


def _unlisted(client: Subject, what: str) -> WithGaps:
    tier = mapping(client.raw.get("gateway")).get("tier")
    message = f"Microsoft's list of tiers of {what} does not name '{tier}'"
    return WithGaps(None, (not_documented(client.resource, message),))
