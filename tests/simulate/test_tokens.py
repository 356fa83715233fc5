"""The token endpoint, and what Resource Manager says of tokens that do not hold."""

from __future__ import annotations

import base64
import json
import time

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ManagedIdentityCredential

from rtaudit.simulate import IDENTITY_HEADER, Simulator
from rtaudit.simulate.tokens import issue

from .support import ACCOUNT, TENANT, send, snapshot

ASK = "/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fmanagement.azure.com"


def _bearer(sim: Simulator, token: str):
    return send(sim, f"{ACCOUNT}?api-version=2025-09-01", headers={"Authorization": token})


def test_the_real_managed_identity_credential_gets_a_token(monkeypatch):
    with Simulator([snapshot()]) as sim:
        for name, value in sim.environ.items():
            monkeypatch.setenv(name, value)
        with ManagedIdentityCredential() as credential:
            token = credential.get_token("https://management.azure.com/.default")
        assert token.expires_on > time.time() + 3600
        claims = json.loads(base64.urlsafe_b64decode(token.token.split(".")[1] + "=="))
        assert claims["tid"] == TENANT
        assert claims["aud"] == "https://management.azure.com"
        assert claims["oid"]
        assert _bearer(sim, f"Bearer {token.token}").status == 200
        assert [request.path for request in sim.token_requests] == ["/msi/token"]
        assert [request.path for request in sim.requests] == [ACCOUNT]


def test_the_wrong_identity_header_gets_nothing(monkeypatch):
    with Simulator([snapshot()]) as sim:
        monkeypatch.setenv("IDENTITY_ENDPOINT", sim.identity_endpoint)
        monkeypatch.setenv("IDENTITY_HEADER", "guessed")
        with ManagedIdentityCredential() as credential, pytest.raises(ClientAuthenticationError):
            credential.get_token("https://management.azure.com/.default")


def test_the_answer_is_what_the_protocol_says():
    with Simulator([snapshot()]) as sim:
        got = send(sim, ASK, headers={"X-IDENTITY-HEADER": IDENTITY_HEADER})
        assert got.json["token_type"] == "Bearer"
        assert got.json["resource"] == "https://management.azure.com"
        assert int(got.json["expires_on"]) > time.time()
        assert got.headers["cache-control"] == "no-store"
        old = send(sim, ASK.replace("2019-08-01", "2017-09-01"), headers={"X-IDENTITY-HEADER": IDENTITY_HEADER})
        assert old.status == 400


WRONG_TENANT = "99999999-0000-4000-8000-000000000009"


@pytest.mark.parametrize(
    ("authorization", "code", "words"),
    [
        pytest.param("", "AuthenticationFailed", "The 'Authorization' header is missing.", id="no header"),
        pytest.param("Basic dTpw", "AuthenticationFailed", "Authentication failed.", id="another scheme"),
        pytest.param("Bearer", "AuthenticationFailed", "Authentication failed.", id="no token"),
        pytest.param(f"Bearer {issue(TENANT, 'x', now=0)}", "ExpiredAuthenticationToken", "expiry", id="expired"),
        pytest.param(
            f"Bearer {issue(WRONG_TENANT, 'x', now=4e9)}",
            "InvalidAuthenticationTokenTenant",
            f"It must match the tenant 'https://sts.windows.net/{TENANT}/' associated with this subscription.",
            id="another tenant",
        ),
    ],
)
def test_tokens_that_do_not_hold(authorization, code, words):
    with Simulator([snapshot()]) as sim:
        got = _bearer(sim, authorization)
        assert (got.status, got.code) == (401, code)
        assert words in got.message
        assert got.headers["www-authenticate"].startswith(
            f'Bearer authorization_uri="https://login.windows.net/{TENANT}"'
        )


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a.e30.c", "x.bnVsbA.y"])
def test_a_token_that_cannot_be_read_is_taken_for_good(token):
    with Simulator([snapshot()]) as sim:
        assert _bearer(sim, f"Bearer {token}").status == 200


def test_a_token_of_another_tenant_is_given_on_demand():
    with Simulator([snapshot()], token_tenant=WRONG_TENANT) as sim:
        token = send(sim, ASK, headers={"X-IDENTITY-HEADER": IDENTITY_HEADER}).json["access_token"]
        assert _bearer(sim, f"Bearer {token}").code == "InvalidAuthenticationTokenTenant"


def test_a_token_cannot_write_headers_of_its_own():
    with Simulator([snapshot()]) as sim:
        got = _bearer(sim, f"Bearer {issue('x' + chr(13) + chr(10) + 'X-Evil: 1', 'x')}")
        assert got.status == 401
        assert "x-evil" not in got.headers
