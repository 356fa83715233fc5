"""Endpoint: decides which Azure Resource Manager is asked, the audience of its token, and the hosts that a link may lead to."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from rtaudit.azure.clouds import CLOUDS, Cloud
from rtaudit.azure.hosts import is_loopback
from rtaudit.errors import UsageError, allowed_hint

_MICROSOFT = (
    "azure.com", "windows.net", "microsoft.com", "microsoftonline.com", "microsoftonline.us", "azure.us",
    "usgovcloudapi.net", "azure.cn", "chinacloudapi.cn", "windowsazure.us", "windowsazure.cn", "office.com",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One Azure Resource Manager."""

    url: str
    """Scheme, host and port; no trailing slash."""
    audience: str
    """What its token is asked for."""
    cloud: Cloud
    """Names, zones and the token issuer."""
    custom: bool
    """True when it is no known cloud's own."""

    @property
    def scope(self) -> str:
        """The OAuth scope of its token."""
        return self.audience.rstrip("/") + "/.default"

    @property
    def loopback(self) -> bool:
        """True when it is on this machine."""
        return is_loopback(urlsplit(self.url).hostname)

    @property
    def plain_http(self) -> bool:
        """True for http (on loopback only)."""
        return self.url.startswith("http://")

    def owns(self, url: str) -> bool:
        """True when `url` is this Resource Manager's, so that a token may go there."""
        if url.startswith(self.url + "/"):
            return True
        try:
            ours, theirs = urlsplit(self.url), urlsplit(url)
            port = theirs.port
        except ValueError:
            return False
        if theirs.username is not None or theirs.password is not None or "\\" in url:
            return False
        return (theirs.scheme, theirs.hostname, port or _port(theirs.scheme)) == (
            ours.scheme, ours.hostname, ours.port or _port(ours.scheme),
        )  # fmt: skip


def find_endpoint(
    cloud: str = "AzureCloud",
    arm_endpoint: str | None = None,
    audience: str | None = None,
    allowed: Collection[tuple[str, str]] = (),
) -> Endpoint:
    """The endpoint that the options name. Raises UsageError for one that must not be given a token.

    The audience of a custom endpoint is on that endpoint's own host, or `allowed` (pairs of endpoint and audience) holds it.
    """
    if cloud not in CLOUDS:
        raise UsageError(f"unknown cloud '{cloud}'", allowed_hint(cloud, CLOUDS))
    known = CLOUDS[cloud]
    if arm_endpoint is None:
        if audience is not None:
            raise UsageError("--audience belongs to --arm-endpoint", "a known cloud has its own audience")
        return Endpoint(known.arm, known.audience, known, custom=False)
    url = _origin(arm_endpoint)
    for other in CLOUDS.values():
        if urlsplit(other.arm).hostname == urlsplit(url).hostname:
            if other.arm != url:
                raise UsageError(f"{arm_endpoint} is not how {other.name} is reached", f"use --cloud {other.name}")
            if audience is not None:
                raise UsageError("--audience is for endpoints of no known cloud", "leave it out")
            return Endpoint(other.arm, other.audience, other if cloud == "AzureCloud" else known, custom=False)
    if audience is not None:
        _check_audience(audience, url, allowed)
    elif url.startswith("http://"):
        audience = url
    else:
        raise UsageError(
            f"--arm-endpoint {url} needs --audience: what a token for it is asked for",
            "its /metadata/endpoints names it under authentication.audiences",
        )
    return Endpoint(url, audience, known, custom=True)


def _origin(text: str) -> str:
    hint = "an https URL, or plain http on a loopback address only"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"--arm-endpoint is not a URL: {error}", hint) from None
    if re.search(r"[\s\\\x00-\x1f]", text) or parts.scheme not in {"https", "http"} or not parts.hostname:
        raise UsageError(f"--arm-endpoint {text} is not a URL of a Resource Manager", hint)
    if parts.username is not None or parts.password is not None:
        raise UsageError("--arm-endpoint must not hold a user name or password", hint)
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise UsageError(f"--arm-endpoint {text} has a path or query", "give scheme, host and port only")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise UsageError(f"--arm-endpoint {text} would send a token in the clear", hint)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname.rstrip(".")
    shown = "" if port is None or port == _port(parts.scheme) else f":{port}"
    return f"{parts.scheme}://{host}{shown}"


def _check_audience(audience: str, endpoint: str, allowed: Collection[tuple[str, str]]) -> None:
    hint = "a custom endpoint never gets a token that a known cloud would take"
    try:
        host = urlsplit(audience).hostname
    except ValueError:
        host = None
    if not host or re.search(r"[\s\\]", audience) or "@" in audience.partition("?")[0]:
        # An application id in place of a URL would name Resource Manager itself.
        raise UsageError(f"--audience {audience} is not a URL", hint)
    host = host.lower().rstrip(".")
    if any(host == domain or host.endswith("." + domain) for domain in _MICROSOFT):
        raise UsageError(f"--audience {audience} is a known cloud's", hint)
    if host == urlsplit(endpoint).hostname:
        return
    # A list of what is forbidden never ends: a token for any other service would be good there, in the endpoint's hands.
    if (endpoint, audience.rstrip("/")) not in {(url.rstrip("/"), named.rstrip("/")) for url, named in allowed}:
        raise UsageError(
            f"--audience {audience} is not of the host of --arm-endpoint {endpoint}: what is there could use the token elsewhere",
            "if both are one private Azure, say so in rtaudit.yaml: audiences: [{endpoint: …, audience: …, reason: …}]",
        )


def _port(scheme: str) -> int:
    return 443 if scheme == "https" else 80
