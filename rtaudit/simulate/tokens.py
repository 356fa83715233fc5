"""Token endpoint: issues managed-identity tokens (App Service protocol), shaped like Azure's, not signed."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from rtaudit.simulate.azure_errors import CLIENT_ID, OBJECT_ID, CannedResponse, unauthorized, wrong_tenant
from rtaudit.simulate.served import encode

TOKEN_PATH = "/msi/token"  # noqa: S105 - a path, not a token
"""Path of the token endpoint; its address is what IDENTITY_ENDPOINT holds."""

LIFETIME = 24 * 3600
"""Seconds that a token is good for, as Azure's managed identities have it."""


def issue(tenant: str, audience: str, now: float | None = None) -> str:
    """A token that names the simulated identity. It is worth nothing anywhere else: its signature is empty words."""
    issued = int(time.time() if now is None else now)
    claims = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{tenant}/",
        "iat": issued,
        "nbf": issued,
        "exp": issued + LIFETIME,
        "appid": CLIENT_ID,
        "idtyp": "app",
        "oid": OBJECT_ID,
        "sub": OBJECT_ID,
        "tid": tenant,
        "ver": "1.0",
    }
    return ".".join(_part(part) for part in ({"typ": "JWT", "alg": "none"}, claims, "simulated"))


def answer_token(query: Mapping[str, str], headers: Mapping[str, str], secret: str, tenant: str) -> CannedResponse:
    """The answer to `GET /msi/token?api-version=2019-08-01&resource=…` with the header X-IDENTITY-HEADER."""
    if headers.get("x-identity-header") != secret:
        return CannedResponse(401, encode({"statusCode": 401, "message": "X-IDENTITY-HEADER is missing or wrong."}))
    resource = query.get("resource", "")
    if query.get("api-version") != "2019-08-01" or not resource:
        return CannedResponse(
            400, encode({"statusCode": 400, "message": "api-version=2019-08-01 and resource are needed."})
        )
    now = time.time()
    body = {
        "access_token": issue(tenant, resource, now),
        "client_id": CLIENT_ID,
        "expires_on": str(int(now) + LIFETIME),
        "not_before": str(int(now)),
        "resource": resource,
        "token_type": "Bearer",
    }
    return CannedResponse(200, encode(body), (("Cache-Control", "no-store"),))


def refuse_token(authorization: str | None, tenants: list[str]) -> CannedResponse | None:
    """Why a request with this Authorization header is refused, or None. A bearer token that is no JWT passes."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        message = "Authentication failed. The 'Authorization' header is missing."
        return unauthorized("AuthenticationFailed", message, tenants[0])
    claims = claims_of(token.strip())
    if isinstance(expires := claims.get("exp"), int | float) and expires < time.time():
        message = "The access token expiry UTC time is earlier than current UTC time."
        return unauthorized("ExpiredAuthenticationToken", message, tenants[0])
    tenant = claims.get("tid")
    if isinstance(tenant, str) and tenant.lower() not in tenants:
        return wrong_tenant(tenant, tenants[0])
    return None


def _part(value: Any) -> str:
    raw = value.encode() if isinstance(value, str) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@lru_cache(maxsize=256)
def claims_of(token: str) -> dict[str, Any]:
    """What a token says of itself; empty where it is no JWT."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}
