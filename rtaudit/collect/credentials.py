"""Credentials: choose one, read what its token claims, and give a hint where there is none."""

from __future__ import annotations

import base64
import binascii
import json
import logging
import os
import re
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError
from azure.core.pipeline.transport import RequestsTransport

from rtaudit.azure.hosts import is_loopback
from rtaudit.collect.endpoint import Endpoint
from rtaudit.collect.exchange import IdentityAdapter
from rtaudit.errors import CredentialError, UsageError, allowed_hint
from rtaudit.snapshot.secrets import scrub

METHODS: dict[str, str] = {
    "default": "the first that works of: environment, workload identity, managed identity, Azure CLI and the like",
    "cli": "who is logged in to the Azure CLI",
    "managed-identity": "the identity of this machine or container (AZURE_CLIENT_ID names a user-assigned one)",
    "workload-identity": "a federated token, as on Kubernetes and GitHub Actions",
    "environment": "the service principal that AZURE_CLIENT_ID and its kin name",
}
"""What `--auth` takes -> what it means."""

_HINTS = {
    "default": "log in with `az login`, or set --auth (cli, managed-identity, workload-identity, environment)",
    "cli": "log in with `az login` (and --tenant where the account has several)",
    "managed-identity": "give this machine an identity, and set AZURE_CLIENT_ID where it is a user-assigned one",
    "workload-identity": "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE must be set",
    "environment": "AZURE_TENANT_ID, AZURE_CLIENT_ID and a secret or certificate must be set",
}


_CLASS = re.compile(r"\b([A-Z][A-Za-z]+)Credential\b")
_FRESH = 300.0
"""Seconds that a token must be good for yet."""
_PATIENCE = 30.0
"""Seconds after a failure in which no other token is asked for: a hundred reads need not wait for it one by one."""


class Identity:
    """A credential with one token per scope for all threads, and what the token says about its owner."""

    def __init__(self, credential: Any, method: str = "default", session: requests.Session | None = None) -> None:
        """`session`: what the credential asks through, where it is of this identity alone (see `close`)."""
        self._credential = credential
        self._method = method
        self._session = session
        self._lock = threading.Lock()
        self._tokens: dict[tuple[str, ...], AccessToken] = {}
        self._challenges: dict[tuple[str, ...], float] = {}
        self._refusal: CredentialError | None = None
        self._refused_at = 0.0
        self.claims: dict[str, Any] = {}
        """Claims of the last token, unverified: `oid`, `tid`, `appid`. Empty when the token is opaque."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token for the scopes, the last one as long as it is good. Raises CredentialError."""
        with self._lock:
            now = time.time()
            known = self._tokens.get(scopes)
            # A claims challenge asks for a newer token; of the threads that it meets at once the first fetches it.
            challenge = (*scopes, str(options["claims"])) if options.get("claims") else None
            asked = challenge is None or now - self._challenges.get(challenge, -_PATIENCE) < _PATIENCE
            # Some credentials (the Azure CLI) start a process for each token, and every client asks for its own.
            if asked and known is not None and known.expires_on - now > _FRESH:
                return known
            if self._refusal is not None and now - self._refused_at < _PATIENCE:
                raise self._refusal
            try:
                token = self._tokens[scopes] = self._ask(*scopes, **options)
                if challenge is not None:
                    self._challenges[challenge] = now
            except CredentialError as error:
                self._refusal, self._refused_at = error, now
                raise
            self.claims = claims_of(token.token)
            return token

    def asking(self, credential: Any) -> Identity:
        """The same identity in a copy of this process: with the tokens of now, and what `credential` gives later."""
        found = Identity(credential, self._method)
        found._tokens.update(self._tokens)
        return found

    def close(self) -> None:
        """Close the connections that tokens came over; the next token opens one anew. A credential that was given is its owner's."""
        if self._session is not None:
            self._session.close()

    def _ask(self, *scopes: str, **options: Any) -> AccessToken:
        try:
            token: AccessToken = self._credential.get_token(*scopes, **options)
        except (AzureError, ValueError, OSError) as error:
            words = scrub(str(getattr(error, "message", None) or error)).strip()
            first = next((line.strip() for line in words.splitlines() if line.strip()), type(error).__name__)
            # The name of a class, which a reader does not know (and which would be cut as if it were a token).
            first = _CLASS.sub(lambda found: f"{found[1]} credential", first).rstrip(".")
            if self._method == "default" and "included credentials" in first:
                first = "no credential on this machine gave one"
            absent = self._method == "cli" and "not found" in first
            hint = "install the Azure CLI, or choose another --auth" if absent else _HINTS[self._method]
            raise CredentialError(f"could not get a token: {first[:300]}", hint) from error
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError) as error:
            # azure-identity takes the answer of an identity endpoint as it comes: null, a list or an endless number breaks it.
            raise self._no_token() from error
        if not isinstance(token.token, str) or not token.token or not isinstance(token.expires_on, int | float):
            raise self._no_token()
        return token

    def _no_token(self) -> CredentialError:
        where = os.environ.get("IDENTITY_ENDPOINT") or os.environ.get("MSI_ENDPOINT")
        what = f"the identity endpoint ({scrub(where)})" if where else "what was asked for it"
        return CredentialError(f"could not get a token: {what} did not answer with one", _HINTS[self._method])

    @property
    def principal(self) -> str | None:
        """Object id of the identity, where the token says it."""
        return _text(self.claims.get("oid"))

    @property
    def tenant(self) -> str | None:
        """Tenant of the token, where it says it."""
        return _text(self.claims.get("tid"))


def find_identity(endpoint: Endpoint, method: str = "default", tenant: str | None = None) -> Identity:
    """The identity that the options name. Raises UsageError or CredentialError."""
    if method not in METHODS:
        raise UsageError(f"unknown --auth '{method}'", allowed_hint(method, METHODS))
    import azure.identity as azure

    for name in ("azure", "msal"):
        # What they would print of their own accord is in the error already.
        logging.getLogger(name).addHandler(logging.NullHandler())
    session = _Session()
    transport = RequestsTransport(session=session)
    authority = endpoint.cloud.authority
    if endpoint.plain_http:
        return Identity(_loopback_identity(azure, method, transport), "managed-identity", session)
    client_id = os.environ.get("AZURE_CLIENT_ID")
    try:
        match method:
            case "cli":
                found: Any = azure.AzureCliCredential(tenant_id=tenant or "", process_timeout=30)
            case "managed-identity":
                found = azure.ManagedIdentityCredential(client_id=client_id, transport=transport)
            case "workload-identity":
                found = azure.WorkloadIdentityCredential(authority=authority, transport=transport, **_tenant(tenant))
            case "environment":
                found = azure.EnvironmentCredential(authority=authority, transport=transport)
            case _:
                named = {"additionally_allowed_tenants": ["*"]} if tenant is None else {}
                found = azure.DefaultAzureCredential(
                    authority=authority, transport=transport, process_timeout=30,
                    exclude_interactive_browser_credential=True, **named,
                )  # fmt: skip
    except (AzureError, ValueError) as error:
        raise CredentialError(f"--auth {method}: {str(error).splitlines()[0]}", _HINTS[method]) from error
    return Identity(found, method, session)


def claims_of(token: str) -> dict[str, Any]:
    """The claims in a token, unverified; empty when it holds none."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        decoded = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return decoded if isinstance(decoded, dict) else {}


class _Session(requests.Session):
    """What fetches tokens: without `~/.netrc`, and without a proxy on the way to this machine's own identity."""

    def __init__(self) -> None:
        super().__init__()
        # Any authentication keeps requests from looking one up in ~/.netrc.
        self.auth = lambda request: request
        for scheme in ("https://", "http://"):
            self.mount(scheme, IdentityAdapter())

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        settings = super().merge_environment_settings(url, proxies, stream, verify, cert)
        host = urlsplit(str(url)).hostname
        if is_loopback(host) or host == "169.254.169.254":
            settings["proxies"] = {}
        return settings


def _loopback_identity(azure: Any, method: str, transport: Any) -> Any:
    if method not in {"default", "managed-identity"}:
        raise UsageError(
            f"--auth {method} does not go with an endpoint of plain http",
            "only an identity endpoint on loopback gives tokens for it (IDENTITY_ENDPOINT, IDENTITY_HEADER)",
        )
    where = os.environ.get("IDENTITY_ENDPOINT", "")
    hint = "set IDENTITY_ENDPOINT and IDENTITY_HEADER, as `rtaudit simulate` prints them"
    if not where or "IDENTITY_HEADER" not in os.environ:
        raise CredentialError("a Resource Manager of plain http needs an identity endpoint on loopback", hint)
    if not is_loopback(urlsplit(where).hostname):
        raise CredentialError("IDENTITY_ENDPOINT is not on loopback; no token of it goes out in the clear", hint)
    return azure.ManagedIdentityCredential(transport=transport)


def _tenant(tenant: str | None) -> dict[str, str]:
    return {"tenant_id": tenant} if tenant else {}


def _text(value: Any) -> str | None:
    return scrub(value) if isinstance(value, str) else None
