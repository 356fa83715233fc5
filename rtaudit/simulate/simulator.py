"""Simulator: serves snapshots as Azure Resource Manager on loopback, with faults on demand."""

from __future__ import annotations

import errno
import itertools
import ssl
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rtaudit.azure import arm_id
from rtaudit.errors import RtauditError
from rtaudit.simulate import azure_errors
from rtaudit.simulate.arm import ArmHandler, ArmRequest
from rtaudit.simulate.azcli import METADATA_PATH, answer_metadata
from rtaudit.simulate.azure_errors import CannedResponse
from rtaudit.simulate.faults import Buckets, Denials, FailureInjector, FaultCounters
from rtaudit.simulate.routes import parse
from rtaudit.simulate.served import ServedEstate, encode
from rtaudit.simulate.server import Server
from rtaudit.simulate.tokens import TOKEN_PATH, answer_token, refuse_token
from rtaudit.snapshot import Snapshot

IDENTITY_HEADER = "rtaudit-simulate"
"""What IDENTITY_HEADER must hold to be given a token. No secret: the tokens open nothing."""


class Simulator:
    """Serves snapshots on a loopback port, from `start` (or `with`) until `stop`.

    `latency` is in seconds and comes before every answer of Resource Manager. `throttle` turns on one bucket of
    `bucket` reads for each subscription, refilled at `refill` a second. `deny` are fnmatch patterns (any case) of paths
    that are refused with 403. `fail_rate` is the share of requests that fail; the same `seed` fails the same ones.
    `page_size` is in rows. `api_versions` maps a namespace or type to the api-versions it knows; what is not named
    there knows every well-formed one. `token_tenant` is the tenant of the tokens, when not the snapshots' own.
    `retry_after`, in seconds, is what a gap that was throttled says once more. `record` keeps a log of requests.
    `writable` lets PUT, PATCH and DELETE change the estate in memory, and serves what az asks besides resources. `tls` is a
    folder for the certificate of a throw-away authority: then it serves https.
    Raises RtauditError when the port cannot be had.
    """

    def __init__(
        self,
        snapshots: Sequence[Snapshot],
        *,
        port: int = 0,
        latency: float = 0.0,
        throttle: bool = False,
        bucket: int = 250,
        refill: float = 25.0,
        deny: Sequence[str] = (),
        fail_rate: float = 0.0,
        seed: int = 0,
        page_size: int = 100,
        api_versions: Mapping[str, Sequence[str]] | None = None,
        token_tenant: str | None = None,
        retry_after: int = 1,
        record: bool = True,
        writable: bool = False,
        tls: Path | None = None,
    ) -> None:
        self.served = ServedEstate(snapshots)
        """What is served."""
        self.requests: deque[ArmRequest] = deque(maxlen=None if record else 0)
        """Every request to Resource Manager, in order of arrival. Token requests are in `token_requests`."""
        self.token_requests: deque[ArmRequest] = deque(maxlen=None if record else 0)
        """Every request to the token endpoint."""
        self.tally = FaultCounters()
        """Counts: `in flight`, `peak in flight`, `connections`, `peak connections`, `accepted`, `throttled`."""
        self._arm = ArmHandler(
            self.served,
            Denials(deny),
            page_size=max(1, page_size),
            api_versions=api_versions or {},
            retry_after=retry_after,
            writable=writable,
        )
        self._writable = writable
        self.ca_file = tls / "throw-away-authority.pem" if tls else None
        """The certificate of the authority that clients have to trust, where it serves https."""
        self._latency = latency
        self._buckets = Buckets(bucket, refill) if throttle else None
        self._dice = FailureInjector(fail_rate, seed)
        self._tenant = token_tenant or self.served.tenants[0]
        self._verbatim: defaultdict[str, deque[_Verbatim]] = defaultdict(deque)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        try:
            context = _context(self.ca_file) if self.ca_file else None
            self._server = Server(port, self._respond, self.tally, context)
        except OSError as problem:
            why = "is in use" if problem.errno == errno.EADDRINUSE else f"cannot be had: {problem.strerror}"
            raise RtauditError(
                f"port {port} of 127.0.0.1 {why}", "give another --port, or none for any that is free"
            ) from None

    @property
    def url(self) -> str:
        """Address of the simulated Resource Manager, without a trailing slash."""
        host = "localhost" if self.ca_file else "127.0.0.1"
        return f"{self._server.scheme}://{host}:{self._server.port}"

    @property
    def identity_endpoint(self) -> str:
        """What IDENTITY_ENDPOINT must hold."""
        return self.url + TOKEN_PATH

    @property
    def environ(self) -> dict[str, str]:
        """The environment variables that lead azure-identity here."""
        found = {"IDENTITY_ENDPOINT": self.identity_endpoint, "IDENTITY_HEADER": IDENTITY_HEADER}
        if self.ca_file is not None:
            found |= {"REQUESTS_CA_BUNDLE": str(self.ca_file), "NO_PROXY": "localhost,127.0.0.1"}
        return found

    def reset(self, snapshots: Sequence[Snapshot]) -> None:
        """Serve these snapshots from now on, in place of the estate as it is."""
        self.served = ServedEstate(snapshots)
        self._arm.reset(self.served)

    def serve(
        self,
        path: str,
        body: Any = b"",
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        times: int | None = None,
        drop: bool = False,
        when: Callable[[ArmRequest], bool] | None = None,
    ) -> None:
        """Answer `path` (any case, without query) verbatim, `times` times or always; before the estate is asked.

        `body` is bytes or text, sent as it is, or anything else, sent as JSON. `drop` resets the connection instead.
        `when` narrows it to some requests. What was given first is used first.
        """
        raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else encode(body)
        answer = CannedResponse(status, raw, tuple((headers or {}).items()), drop=drop)
        with self._lock:
            self._verbatim[arm_id.key(path)].append(_Verbatim(answer, times, when))

    def start(self) -> Simulator:
        """Serve in a thread of its own."""
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True, name="simulate")
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving, close every connection and free the port."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.close_connections()
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _respond(self, request: ArmRequest, url: str) -> CannedResponse:
        if request.path == TOKEN_PATH and request.method == "GET":
            self.token_requests.append(request)
            return answer_token(request.query, request.headers, IDENTITY_HEADER, self._tenant)
        if self._writable and request.method == "GET" and request.path == METADATA_PATH:
            return answer_metadata(url)
        self.requests.append(request)
        if self._latency:
            time.sleep(self._latency)
        answer, remaining = self._decide(request, url)
        if answer.drop:
            return answer
        number = f"00000000-0000-4000-8000-{next(self._numbers):012d}"
        subscription = parse(request.path).subscription
        limit = "x-ms-ratelimit-remaining-" + ("subscription-reads" if subscription else "tenant-reads")
        headers = (
            *answer.headers,
            ("x-ms-request-id", number),
            ("x-ms-correlation-request-id", number),
            (limit, str(remaining)),
        )
        return CannedResponse(answer.status, answer.body, headers)

    def _decide(self, request: ArmRequest, url: str) -> tuple[CannedResponse, int]:
        remaining = 249
        subscription = parse(request.path).subscription
        if self._buckets and request.method == "GET":
            granted, count = self._buckets.take(subscription or "")
            if not granted:
                self.tally.add("throttled")
                return azure_errors.throttled(subscription, count), 0
            remaining = count
        answer = (
            self._given(request)
            or self._dice.throw(request.path + "?" + request.query.get("$skiptoken", ""))
            or refuse_token(request.headers.get("authorization"), self.served.tenants)
            or self._arm.answer(request, url)
        )
        return answer, remaining

    def _given(self, request: ArmRequest) -> CannedResponse | None:
        if not self._verbatim:
            return None
        with self._lock:
            queue = self._verbatim.get(arm_id.key(request.path), ())
            for given in queue:
                if given.times != 0 and (given.when is None or given.when(request)):
                    if given.times is not None:
                        given.times -= 1
                    return given.answer
        return None


def _context(ca_file: Path) -> ssl.SSLContext:
    """A server's TLS with a certificate of its own for loopback; its authority's goes to the file."""
    from rtaudit.simulate.certificates import certificates

    chain, authority = certificates(["localhost", "127.0.0.1"])
    ca_file.write_bytes(authority)
    pem = ca_file.with_name("server.pem")
    pem.touch(mode=0o600)
    pem.write_bytes(chain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    pem.unlink()
    return context


class _Verbatim:
    """An answer given by hand."""

    def __init__(self, answer: CannedResponse, times: int | None, when: Callable[[ArmRequest], bool] | None) -> None:
        self.answer = answer
        self.times = times
        self.when = when
