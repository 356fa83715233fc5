"""Azure Resource Manager: gives readers SDK clients and plain GETs, all through one pipeline.

The SDKs' operations say what to call; what comes back is taken from the wire (`Page`), as Azure sent it. There the
operation ends (`_Taken`): the SDK builds no models of what nobody reads, and follows no link by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar
from urllib.parse import quote, urljoin

from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.core.pipeline import Pipeline, PipelineRequest
from azure.core.pipeline.policies import HeadersPolicy, HTTPPolicy, UserAgentPolicy
from azure.core.rest import HttpRequest, HttpResponse
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

from rtaudit.azure.api_versions import Versions
from rtaudit.collect.answers import parse_answer
from rtaudit.collect.endpoint import Endpoint
from rtaudit.collect.failures import ReadFailure, fault_of
from rtaudit.collect.limits import Limits
from rtaudit.collect.transport import ReadOnlyTransport, TransportResponse
from rtaudit.errors import CredentialError
from rtaudit.version import __version__

_Client = TypeVar("_Client")


@dataclass(slots=True)
class ResponsePage:
    """Where the pipeline puts what came over the wire."""

    document: dict[str, Any] = field(default_factory=dict)
    """The answer's JSON object."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """The answer's headers; their names have no case."""


class _PageTaken(Exception):  # noqa: N818 (no error: how an SDK's operation is left)
    """The answer is in the caller's Page; what the operation would make of it is not needed."""


class _TakePage(HTTPPolicy[HttpRequest, HttpResponse]):
    """Outermost: puts the answer into the caller's Page, and leaves the operation that asked."""

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self._limits = limits

    def send(self, request: PipelineRequest[HttpRequest]) -> NoReturn:
        page: ResponsePage = request.context.options.pop("page")
        answer = self.next.send(request).http_response
        assert isinstance(answer, TransportResponse)
        page.headers = answer.headers
        if answer.status_code != 200:
            raise fault_of(answer.status_code, answer.headers, answer.content)
        page.document = parse_answer(answer.content, self._limits.answer_depth)
        raise _PageTaken


class _Authorized(ARMChallengeAuthenticationPolicy):
    """The token, and a newer one where Azure asks for it half way (a claims challenge of continuous access evaluation).

    The base keeps a token of its own, which another thread may take away between two of its lines; `Identity` keeps it here.
    """

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        # The guard of the wire holds https, or loopback with a token of its own identity.
        self.authorize_request(request, *self._scopes)

    def authorize_request(self, request: PipelineRequest[HttpRequest], *scopes: str, **options: Any) -> None:
        self._update_headers(request.http_request.headers, self._get_token(*scopes, **options).token)


class ArmReader:
    """One Resource Manager, one credential, one pool of connections; used by every thread."""

    def __init__(
        self,
        endpoint: Endpoint,
        credential: Any,
        limits: Limits,
        log: Callable[[str, str, int, float, str], None] | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.limits = limits
        self.versions = Versions()
        self.sdks: set[str] = set()
        """Modules that take long to load, and that are called for."""
        self.identity = credential
        self.log = log
        self._wire = ReadOnlyTransport(endpoint, limits, log)
        self._plain = Pipeline[HttpRequest, HttpResponse](self._wire, self._policies())
        self._clients: dict[tuple[Any, str], Any] = {}
        self._lock = threading.Lock()

    def _policies(self) -> list[Any]:
        # No retries (the schedule does that), no redirects, no provider registration, no logging of headers.
        return [
            _TakePage(self.limits),
            HeadersPolicy(base_headers={"Accept": "application/json", "Accept-Encoding": "gzip"}),
            UserAgentPolicy(base_user_agent=f"rtaudit/{__version__}", user_agent_use_env=False),
            _Authorized(self.identity, self.endpoint.scope),
        ]

    def get(self, path: str, *, page: ResponsePage, api_version: str, **query: str) -> None:
        """Read an id's path, which may hold anything that Azure wrote, into `page`. Raises Fault."""
        asked = "&".join(f"{quote(name, safe='$')}={quote(value, safe='')}" for name, value in query.items())
        url = f"{self.endpoint.url}/{quote(path.strip('/'), safe='/()!$&*+,;=:@~')}?api-version={api_version}"
        self.follow(f"{url}&{asked}" if asked else url, page=page)

    def follow(self, url: str, *, page: ResponsePage) -> None:
        """Read `url` (a nextLink, kept letter by letter) into `page`. Raises Fault."""
        self._run(lambda: self._plain.run(HttpRequest("GET", urljoin(self.endpoint.url + "/", url)), page=page))

    def first(self, operation: Callable[..., Any], *args: Any, page: ResponsePage, **options: Any) -> None:
        """Let an SDK's list operation ask for its first page, into `page`. Raises Fault."""
        self._run(lambda: next(operation(*args, page=page, **options).by_page()))

    def client(self, kind: Callable[..., _Client], subscription: str) -> _Client:
        """The SDK client of this kind for a subscription, made once."""
        key = (kind, subscription)
        found = self._clients.get(key)
        if found is None:
            with self._lock:
                found = self._clients.get(key)
                if found is None:
                    found = self._clients[key] = kind(
                        self.identity,
                        subscription,
                        base_url=self.endpoint.url,
                        credential_scopes=[self.endpoint.scope],
                        transport=self._wire,
                        policies=self._policies(),
                    )
        return found

    def twin(self, credential: Any, log: Callable[[str, str, int, float, str], None] | None) -> ArmReader:
        """The same Resource Manager for a copy of this process, which must not use these connections."""
        return ArmReader(self.endpoint, self.identity.asking(credential), self.limits, log)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    @staticmethod
    def _run(ask: Callable[[], Any]) -> None:
        try:
            ask()
        except _PageTaken:
            return
        except ReadFailure:
            raise
        except CredentialError as error:
            # On the way: what was read until now is kept.
            raise ReadFailure("denied", error.message, code="NoToken") from error
        except ClientAuthenticationError as error:
            raise ReadFailure(
                "denied", "could not get a token any more", status=401, code=type(error).__name__
            ) from error
        except (AzureError, ValueError, TypeError, KeyError, AttributeError) as error:
            # The SDK itself stumbled: over a name that it will not put into a URL, for instance.
            raise ReadFailure(
                "failed", f"the request could not be made: {error}"[:300], code=type(error).__name__
            ) from error
