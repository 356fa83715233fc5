"""The wire: one pool of connections for every client, and the last guard before anything leaves.

It is built on urllib3 and not on azure-core's requests transport, because that one lets `~/.netrc` replace the bearer
token, follows what the environment says for loopback too, and reads an answer of any size.
"""

from __future__ import annotations

import json
import os
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, Self
from urllib.parse import urlsplit

import urllib3
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.transport import HttpTransport
from azure.core.rest import HttpRequest, HttpResponse
from azure.core.utils import CaseInsensitiveDict
from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.util.ssl_ import create_urllib3_context

from rtaudit.collect.endpoint import Endpoint
from rtaudit.collect.exchange import pools
from rtaudit.collect.failures import ReadFailure
from rtaudit.collect.limits import Limits
from rtaudit.errors import RtauditError
from rtaudit.proxies import proxy_of

_CHUNK = 1 << 18
_CHALLENGE = "WWW-Authenticate"


class TransportResponse(HttpResponse):
    """An answer read whole."""

    def __init__(self, request: HttpRequest, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self._request = request
        self._status = status
        self._headers = headers
        self._body = body

    @property
    def request(self) -> HttpRequest:
        return self._request

    @property
    def status_code(self) -> int:
        return self._status

    @property
    def headers(self) -> MutableMapping[str, str]:
        return self._headers  # type: ignore[return-value]

    @property
    def reason(self) -> str:
        return ""

    @property
    def content_type(self) -> str | None:
        return self._headers.get("content-type")

    @property
    def is_closed(self) -> bool:
        return True

    @property
    def is_stream_consumed(self) -> bool:
        return True

    @property
    def encoding(self) -> str | None:
        return "utf-8"

    @encoding.setter
    def encoding(self, value: str | None) -> None:
        pass

    @property
    def url(self) -> str:
        return self._request.url

    @property
    def content(self) -> bytes:
        return self._body

    def text(self, encoding: str | None = None) -> str:
        return self._body.decode(encoding or "utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self._body)

    def raise_for_status(self) -> None:
        if self._status >= 400:
            raise HttpResponseError(response=self)

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        pass

    def read(self) -> bytes:
        return self._body

    def iter_raw(self, **_: Any) -> Iterator[bytes]:
        yield self._body

    def iter_bytes(self, **_: Any) -> Iterator[bytes]:
        yield self._body


class ReadOnlyTransport(HttpTransport[HttpRequest, HttpResponse]):
    """Sends GET requests to one Resource Manager and to nobody else."""

    def __init__(
        self, endpoint: Endpoint, limits: Limits, log: Callable[[str, str, int, float, str], None] | None = None
    ) -> None:
        self._endpoint = endpoint
        self._limits = limits
        self._log = log
        self._timeout = urllib3.Timeout(connect=limits.connect_timeout, read=limits.read_timeout)
        # One host: its pool is asked directly, which saves finding it for each request.
        manager = _manager(endpoint, limits.concurrency)
        manager.pool_classes_by_scheme = pools(limits.answer_timeout)
        self._pool = manager.connection_from_url(endpoint.url)

    def send(self, request: HttpRequest, **_: Any) -> TransportResponse:
        """The answer, read whole. Raises Fault when there is none, or when the request must not leave."""
        target = self._guard(request)
        started = time.monotonic()
        status, request_id = 0, ""
        try:
            raw = self._pool.urlopen(
                "GET",
                target,
                headers=request.headers,
                redirect=False,
                retries=False,
                assert_same_host=False,
                timeout=self._timeout,
                preload_content=False,
                decode_content=True,
            )
            status = raw.status
            headers = CaseInsensitiveDict(raw.headers.items())
            if _CHALLENGE in headers:
                # Challenges may come in headers of their own; of the others of one name the last one counts.
                headers[_CHALLENGE] = raw.headers[_CHALLENGE]
            request_id = headers.get("x-ms-request-id", "")
            return TransportResponse(request, status, headers, self._body(raw, started))
        except HTTPError as error:
            self._check(0, time.monotonic() - started)
            raise _no_answer(error) from error
        except OSError as error:
            raise ReadFailure(
                "failed", f"no answer: {error.strerror or error}", code=type(error).__name__, transient=True
            ) from error
        finally:
            if self._log is not None:
                self._log("GET", target.partition("?")[0], status, time.monotonic() - started, request_id)

    def _guard(self, request: HttpRequest) -> str:
        """The path and query to ask for. Raises Fault when the request must not leave."""
        if request.method != "GET":
            raise ReadFailure(
                "failed", f"a {request.method} was about to be sent; only GET may leave", code="NotReadOnly"
            )
        if not self._endpoint.owns(request.url):
            host = urlsplit(request.url).netloc.rpartition("@")[2]
            raise ReadFailure("failed", f"an answer pointed to another host: {host[:100]}", code="HostNotAllowed")
        parts = urlsplit(request.url)
        return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"

    def _body(self, raw: urllib3.BaseHTTPResponse, started: float) -> bytes:
        pieces: list[bytes] = []
        size = 0
        try:
            while piece := raw.read1(_CHUNK):
                pieces.append(piece)
                size += len(piece)
                self._check(size, time.monotonic() - started)
        except BaseException:
            raw.close()
            raise
        raw.release_conn()
        return b"".join(pieces)

    def _check(self, size: int, seconds: float) -> None:
        if size > self._limits.answer_bytes:
            raise ReadFailure(
                "failed", f"the answer is larger than {self._limits.answer_bytes:,} bytes", code="TooLarge"
            )
        if seconds >= self._limits.answer_timeout:
            # Not of the moment: who takes two minutes for one answer would take them for the next.
            raise ReadFailure("failed", "the answer took too long", code="TimedOut")

    def open(self) -> None:
        """Nothing to open: connections are made when they are needed."""

    def close(self) -> None:
        """Close the connections: the idle ones now, and one in use when it comes back."""
        # Not `clear()` of the manager: that forgets the pool, and leaves its connections to the garbage collector.
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        # A client that is done with its pipeline must not close everybody's connections.
        pass


def _manager(endpoint: Endpoint, size: int) -> urllib3.PoolManager:
    from requests.utils import DEFAULT_CA_BUNDLE_PATH

    tls: dict[str, Any] = {}
    if not endpoint.plain_http:
        bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or DEFAULT_CA_BUNDLE_PATH
        if not os.path.exists(bundle):
            raise RtauditError(f"no such file: {bundle}", "REQUESTS_CA_BUNDLE names the certificates to trust")
        # One for every connection: to read a bundle takes 25 ms, and urllib3 would read it for each of them.
        context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
        try:
            context.load_verify_locations(**{"capath" if os.path.isdir(bundle) else "cafile": bundle})
        except OSError as error:
            raise RtauditError(
                f"cannot use the certificates in {bundle}: {error.strerror or error}",
                "REQUESTS_CA_BUNDLE names the certificates to trust",
            ) from None
        tls = {"cert_reqs": "CERT_REQUIRED", "ssl_context": context}
    # The environment's proxy is for what is outside; loopback is reached directly.
    try:
        proxy = None if endpoint.loopback else proxy_of(endpoint.url)
    except ValueError as error:
        raise RtauditError(str(error), "use an http or https proxy") from None
    if proxy is None:
        return urllib3.PoolManager(num_pools=4, maxsize=size, block=False, **tls)
    user = {"proxy-authorization": proxy.authorization} if proxy.authorization else None
    return urllib3.ProxyManager(
        f"{proxy.scheme}://{proxy.shown}", proxy_headers=user, maxsize=size, block=False,
        proxy_ssl_context=tls.get("ssl_context"), **tls,
    )  # fmt: skip


def _no_answer(error: HTTPError) -> ReadFailure:
    cause: BaseException = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    # urllib3 starts its messages with the repr of its own objects.
    words = str(cause).rpartition(">: ")[2] or type(cause).__name__
    return ReadFailure("failed", f"no answer: {words}"[:200], code=type(cause).__name__, transient=True)
