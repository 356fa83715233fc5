"""An odd Content-Length is refused as a server would, and is no crash."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from rtaudit.simulate import Simulator

from .support import snapshot


@pytest.mark.parametrize(
    ("length", "status"),
    [
        ("\xb2", 400),
        ("+5", 400),
        ("-1", 400),
        ("5,5", 400),
        ("five", 400),
        ("", 400),
        ("0x5", 400),
        ("9" * 5000, 413),
        ("99999999", 413),
    ],
)
def test_an_odd_content_length_is_refused(length: str, status: int) -> None:
    with Simulator([snapshot()]) as simulator:
        parts = urlsplit(simulator.url)
        head = f"GET /subscriptions HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {length}\r\n\r\n"
        with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
            connection.sendall(head.encode("latin-1"))
            assert connection.recv(65536).startswith(f"HTTP/1.1 {status} ".encode())
