"""Proxies: find the proxy on the way to a URL, as the environment names it."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Proxy:
    """An HTTP proxy."""

    scheme: str
    """`http` or `https`: how it is spoken to itself."""
    host: str
    port: int
    authorization: str | None = field(default=None, repr=False)
    """The header Proxy-Authorization, where the environment names a user."""

    @property
    def shown(self) -> str:
        """Host and port: what may be shown of it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def proxy_of(url: str) -> Proxy | None:
    """The proxy for `url` (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY with names, suffixes and networks), or None.

    As requests understands them, and so azure-identity. Raises ValueError, with words for a user, for one that is no HTTP proxy.
    """
    from requests.utils import get_environ_proxies, select_proxy

    named = select_proxy(url, get_environ_proxies(url))
    if not named:
        return None
    try:
        parts = urlsplit(named if "://" in named else f"http://{named}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("the proxy that the environment names is not a URL") from None
    if parts.scheme not in _PORTS or not host:
        raise ValueError(f"a proxy of scheme '{parts.scheme}' is not supported")
    authorization = None
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(pair.encode()).decode()
    return Proxy(parts.scheme, host, port or _PORTS[parts.scheme], authorization)
