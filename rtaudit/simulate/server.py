"""HTTP server: serves HTTP/1.1 with keep-alive, one thread for each connection, answers sent in one piece."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import struct
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from rtaudit.simulate.arm import ArmRequest
from rtaudit.simulate.azure_errors import CannedResponse, error
from rtaudit.simulate.faults import FaultCounters

_LINE = 65_536
_BODY = 1_048_576
_DIGITS = 19
_REASONS = {int(status): status.phrase for status in HTTPStatus}
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Server(socketserver.ThreadingTCPServer):
    """Listens on loopback and asks `respond` for every answer."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(
        self,
        port: int,
        respond: Callable[[ArmRequest, str], CannedResponse],
        tally: FaultCounters,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.respond = respond
        self.context = context
        self.tally = tally
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Connection)

    @property
    def scheme(self) -> str:
        """Http or https."""
        return "https" if self.context else "http"

    def get_request(self) -> tuple[Any, Any]:
        """A connection; where it is TLS, its handshake comes in the connection's own thread."""
        connection, address = super().get_request()
        if self.context is not None:
            connection.settimeout(60)
            connection = self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.server_address[1])

    def track(self, connection: socket.socket, *, opened: bool) -> None:
        """Remember an open connection, so that closing the server closes it too."""
        with self._lock:
            (self._open.add if opened else self._open.discard)(connection)

    def close_connections(self) -> None:
        """Close the connections that clients keep alive."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Let a client that hung up go quietly; a bug keeps its traceback."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Connection(socketserver.StreamRequestHandler):
    """Reads requests until the client hangs up."""

    server: Server
    disable_nagle_algorithm = True
    rbufsize = 16_384

    def handle(self) -> None:
        self.server.tally.add("accepted")
        self.server.tally.add("connections")
        self.server.track(self.connection, opened=True)
        try:
            if isinstance(self.connection, ssl.SSLSocket):
                self.connection.do_handshake()
            while self._one():
                pass
        except (ConnectionError, ssl.SSLError, TimeoutError):
            pass
        finally:
            self.server.track(self.connection, opened=False)
            self.server.tally.add("connections", -1)

    def _one(self) -> bool:
        """Serve one request; True to wait for another."""
        line = self.rfile.readline(_LINE + 1)
        if line in {b"\r\n", b"\n"}:
            line = self.rfile.readline(_LINE + 1)
        if not line:
            return False
        parts = line.decode("latin-1").split()
        if len(parts) != 3 or not parts[2].startswith("HTTP/1.") or len(line) > _LINE:
            return self._send(error(400, "BadRequest", "The request line is invalid."), keep=False)
        headers = self._headers()
        if headers is None:
            return self._send(error(400, "BadRequest", "The headers are invalid."), keep=False)
        keep = headers.get("connection", "").lower() != "close" and parts[2] != "HTTP/1.0"
        content = b""
        if "transfer-encoding" in headers:
            keep = False  # its length is unknown, so the next request cannot be found
        else:
            length = headers.get("content-length", "0")
            if not (length.isascii() and length.isdigit()):
                return self._send(error(400, "BadRequest", "The Content-Length is not a number."), keep=False)
            if len(length) > _DIGITS or int(length) > _BODY:
                return self._send(error(413, "RequestEntityTooLarge", "The request is too large."), keep=False)
            content = self.rfile.read(int(length))
        host = headers.get("host", "")
        own = f"{self.server.scheme}://{host}" if host in {f"{name}:{self.server.port}" for name in _LOOPBACK} else ""
        if not own:
            # A page in a browser that points its own name at loopback gets nothing.
            return self._send(error(421, "MisdirectedRequest", "This is a simulator on loopback."), keep=False)
        path, _, query = parts[1].partition("?")
        request = ArmRequest(
            parts[0],
            path.removeprefix(own),
            {name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)},
            headers,
            content,
        )
        self.server.tally.add("in flight")
        try:
            answer = self.server.respond(request, own)
        finally:
            self.server.tally.add("in flight", -1)
        return self._send(answer, keep=keep, body=parts[0] != "HEAD")

    def _headers(self) -> dict[str, str] | None:
        headers: dict[str, str] = {}
        for _ in range(200):
            line = self.rfile.readline(_LINE + 1)
            if line in {b"\r\n", b"\n"}:
                return headers
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon or len(line) > _LINE:
                return None
            headers[name.strip().lower()] = value.strip()
        return None

    def _send(self, answer: CannedResponse, *, keep: bool, body: bool = True) -> bool:
        if answer.drop:
            # No linger: the client sees a reset, not an orderly end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return False
        reason = _REASONS.get(answer.status, "Unknown")
        lines = [f"HTTP/1.1 {answer.status} {reason}"]
        names = {name.lower() for name, _ in answer.headers}
        if "content-type" not in names:
            lines.append("Content-Type: application/json; charset=utf-8")
        if "content-length" not in names:
            lines.append(f"Content-Length: {len(answer.body)}")
        lines += [f"{name}: {value}" for name, value in answer.headers]
        if not keep:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
        self.connection.sendall(head + answer.body if body else head)
        return keep
