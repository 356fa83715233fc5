"""Network stages: each bounded by a deadline: DNS, TCP (through a proxy where one is set), TLS, HTTP, WebSocket."""

from __future__ import annotations

import io
import ipaddress
import json
import os
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID

from rtaudit.azure.hosts import is_loopback
from rtaudit.proxies import Proxy, proxy_of
from rtaudit.snapshot.secrets import scrub

LIMIT = 1_000_000
"""Bytes of an answer that are read."""
_HEAD_LIMIT = 65_536


class StageError(Exception):
    """Raised when a stage does not succeed; says why, without secrets."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        """Short name: `Timeout`, `Refused`, `NameMismatch`."""
        self.message = scrub(message)[:500]
        self.stage: str | None = None
        """The stage, where one call covers several."""


@dataclass(frozen=True)
class Deadline:
    """When a stage must have ended."""

    end: float

    @classmethod
    def of(cls, seconds: float) -> Deadline:
        """One that ends so many seconds from now."""
        return cls(time.monotonic() + seconds)

    def left(self) -> float:
        """Seconds left. Raises StageError when there are none."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise StageError("Timeout", "no answer in time")
        return left


def resolve(host: str, port: int, seconds: float) -> list[str]:
    """The addresses that a name resolves to here, in the resolver's order. Raises StageError."""
    answer: list[Any] = []

    def ask() -> None:
        try:
            answer.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answer.append(error)

    # The resolver takes no timeout; a thread that nobody waits for does.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    if not answer:
        raise StageError("Timeout", f"the name did not resolve within {seconds:g} s")
    if isinstance(answer[0], Exception):
        raise StageError(
            "NotResolved", f"the name does not resolve: {getattr(answer[0], 'strerror', None) or answer[0]}"
        )
    return list(dict.fromkeys(str(one[4][0]) for one in answer[0]))


def kind_of(address: str) -> str:
    """loopback, private or public."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return "loopback" if parsed.is_loopback else "private" if parsed.is_private or parsed.is_link_local else "public"


def proxy_for(host: str) -> Proxy | None:
    """The proxy on the way to a host, or None. Never for loopback. Raises StageError."""
    try:
        proxy = None if is_loopback(host) else proxy_of(f"https://{host}/")
    except ValueError as error:
        raise StageError("Proxy", str(error)) from None
    if proxy is not None and proxy.scheme != "http":
        raise StageError("Proxy", f"a proxy that is spoken to over {proxy.scheme} is not supported, only http")
    return proxy


def connect(address: str, port: int, seconds: float) -> socket.socket:
    """A TCP connection. Raises StageError."""
    try:
        connection = socket.create_connection((address, port), timeout=seconds)
    except TimeoutError:
        raise StageError("Timeout", f"{address} port {port} did not answer within {seconds:g} s") from None
    except OSError as error:
        code = "Refused" if isinstance(error, ConnectionRefusedError) else "Unreachable"
        raise StageError(code, f"{address} port {port}: {error.strerror or error}") from None
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def tunnel(connection: socket.socket, proxy: Proxy, host: str, port: int, clock: Deadline) -> None:
    """Ask a proxy for a way to a host. Raises StageError."""
    lines = [f"CONNECT {host}:{port} HTTP/1.1", f"Host: {host}:{port}"]
    if proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    send(connection, ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"), clock)
    head = b""
    # One byte at a time: what follows the head is the server's own.
    while not head.endswith(b"\r\n\r\n"):
        piece = receive(connection, 1, clock)
        head += piece
        if not piece or len(head) > _HEAD_LIMIT:
            raise StageError("Proxy", f"the proxy {proxy.shown} gave no answer to CONNECT")
    status = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
    if len(status) < 2 or status[1] != "200":
        raise StageError("Proxy", f"the proxy {proxy.shown} refuses the way: {' '.join(status[1:])}")


def trust(ca_file: str | None) -> ssl.SSLContext:
    """What certificates are verified by: the system's authorities, and those of a file. Raises StageError."""
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise StageError("CaFile", f"{ca_file} holds no certificates: {error}") from None
    return context


def secure(connection: socket.socket, host: str, context: ssl.SSLContext, clock: Deadline) -> ssl.SSLSocket:
    """TLS over a connection, verified. Raises StageError."""
    connection.settimeout(clock.left())
    try:
        return context.wrap_socket(connection, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        code = "NameMismatch" if "mismatch" in error.verify_message.lower() else "NotTrusted"
        raise StageError(code, f"the certificate is not accepted: {error.verify_message}") from None
    except TimeoutError:
        raise StageError("Timeout", "the TLS handshake was not answered in time") from None
    except (OSError, ValueError) as error:
        raise StageError("Tls", f"the TLS handshake failed: {getattr(error, 'strerror', None) or error}") from None


def certificate_of(connection: ssl.SSLSocket) -> dict[str, Any]:
    """What the peer's certificate says: `issuer`, `subject`, `names`, `notAfter`."""
    data = connection.getpeercert(binary_form=True)
    try:
        return _describe(x509.load_der_x509_certificate(data)) if data else {}
    except ValueError:
        return {}


def peek_certificate(
    address: str, port: int, host: str, host_port: int, seconds: float, proxy: Proxy | None
) -> dict[str, Any]:
    """The certificate of a peer that was not accepted: read, and nothing is sent to it. Empty where there is none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with connect(address, port, seconds) as connection:
            if proxy is not None:
                tunnel(connection, proxy, host, host_port, Deadline.of(seconds))
            connection.settimeout(seconds)
            with context.wrap_socket(connection, server_hostname=host) as peer:
                return certificate_of(peer)
    except (StageError, OSError, ValueError):
        return {}


def _describe(certificate: x509.Certificate) -> dict[str, Any]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        listed = [str(one.value) for one in names][:20]
    except (x509.ExtensionNotFound, ValueError):
        listed = []
    return {
        "issuer": _common_name(certificate.issuer),
        "subject": _common_name(certificate.subject),
        "names": listed,
        "notAfter": certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME) or name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(found[0].value)[:200] if found else name.rfc4514_string()[:200]


@dataclass(frozen=True)
class HttpAnswer:
    """An HTTP answer."""

    status: int
    body: bytes = field(repr=False)
    location: str | None = None
    """Host and path that a redirect leads to."""

    @property
    def json(self) -> Any:
        """The body as JSON, or None."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def error(self) -> tuple[str | None, str | None]:
        """Code and message of an error, as Azure words them, without secrets."""
        body = self.json
        inner = body.get("error") if isinstance(body, dict) else None
        source = inner if isinstance(inner, dict) else body if isinstance(body, dict) else {}
        code, message = source.get("code"), source.get("message")
        if message is None and body is None:
            message = self.body[:300].decode("utf-8", "replace").strip() or None
        return (
            str(code)[:100] if code is not None else None,
            scrub(str(message))[:500] if message is not None else None,
        )


def get(connection: ssl.SSLSocket, host: str, path: str, token: str | None, clock: Deadline) -> HttpAnswer:
    """The answer to a GET; the connection is spent. Redirects are answers, not followed. Raises StageError."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "User-Agent: rtaudit",
        "Accept: application/json",
        "Connection: close",
    ]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    send(connection, ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"), clock)
    data = b""
    while len(data) < LIMIT and (piece := receive(connection, 65_536, clock)):
        data += piece
    try:
        response = HTTPResponse(_Read(data))  # type: ignore[arg-type]  # it asks only for makefile()
        response.begin()
        return HttpAnswer(response.status, response.read(LIMIT), target_of(response.getheader("Location")))
    except (HTTPException, ValueError, OSError):
        raise StageError("NotHttp", "the answer is not HTTP, or ends in the middle") from None


def target_of(location: str | None) -> str | None:
    """Host and path of a Location header, without user, query and fragment; None where there is none that can be read."""
    if not location:
        return None
    try:
        parts = urlsplit(location)
        host, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    return scrub(f"{host}{port}{parts.path}")[:200] or None


class _Read:
    """Bytes that look like a socket to http.client."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: Any) -> io.BytesIO:
        return io.BytesIO(self._data)


def send(connection: socket.socket, data: bytes, clock: Deadline) -> None:
    """Send everything. Raises StageError."""
    connection.settimeout(clock.left())
    try:
        connection.sendall(data)
    except TimeoutError:
        raise StageError("Timeout", "what was sent was not taken in time") from None
    except OSError as error:
        raise StageError("Cut", f"the connection was cut: {error.strerror or os.strerror(error.errno or 0)}") from None


def receive(connection: socket.socket, size: int, clock: Deadline) -> bytes:
    """What has come, at most `size` bytes; empty at the end. Raises StageError."""
    connection.settimeout(clock.left())
    try:
        return connection.recv(size)
    except TimeoutError:
        raise StageError("Timeout", "connected, and no answer in time") from None
    except ssl.SSLError as error:
        if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return b""
        raise StageError("Tls", f"TLS: {error.reason or error}") from None
    except OSError as error:
        raise StageError("Cut", f"the connection was cut: {error.strerror or error}") from None
