"""Exchange: end a request and its answer at one deadline, headers included, and take in no more than was agreed.

A read timeout alone bounds silence, and is begun anew by every byte: a peer that sends `100 Continue` without end, or a
header of one byte a second, would be listened to for ever.
"""

from __future__ import annotations

import http.client
import io
import time
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

IDENTITY_SECONDS = 30.0
"""For one whole answer of an identity endpoint."""
IDENTITY_BYTES = 1 << 20
"""Of one answer of an identity endpoint, unpacked: a token has a few thousand."""
_CHUNK = 4096


def pools(seconds: float) -> dict[str, type[urllib3.HTTPConnectionPool]]:
    """Scheme -> a pool whose connections hear an answer for `seconds` from when the request was sent, and not longer."""

    class Response(http.client.HTTPResponse):
        def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
            super().__init__(sock, *args, **options)
            reader: Any = self.fp
            self.fp = io.BufferedReader(_Timed(reader.detach(), sock, time.monotonic() + seconds))

        def _read_status(self) -> tuple[str, int, str]:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            while (
                http.HTTPStatus.CONTINUE < status < http.HTTPStatus.OK and status != http.HTTPStatus.SWITCHING_PROTOCOLS
            ):
                # An answer comes after 103 Early Hints and 102 Processing, as after 100 Continue, which the base passes over.
                http.client.parse_headers(self.fp)
                version, status, reason = super()._read_status()  # type: ignore[misc]
            return version, status, reason

    class Connection(HTTPConnection):
        response_class = Response

    class SecureConnection(HTTPSConnection):
        response_class = Response

    class Pool(urllib3.HTTPConnectionPool):
        ConnectionCls = Connection

    class SecurePool(urllib3.HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    return {"http": Pool, "https": SecurePool}


class _Timed(io.RawIOBase):
    """What a socket says until a deadline. Raises TimeoutError from then on."""

    def __init__(self, raw: Any, sock: Any, deadline: float) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline
        self._patience = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer did not come to an end in time")
        if self._patience is None or left < self._patience:
            # Otherwise silence is noticed sooner; each call of it is one of the system, and a chance for another thread.
            self._sock.settimeout(left)
        read: int | None = self._raw.readinto(buffer)
        return read

    def close(self) -> None:
        self._raw.close()
        super().close()


class IdentityAdapter(HTTPAdapter):
    """What carries requests for tokens: answers bounded in time (`seconds` for a whole one) and size."""

    def __init__(self, seconds: float = IDENTITY_SECONDS) -> None:
        self._seconds = seconds
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = pools(self._seconds)

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = pools(self._seconds)
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        answer = super().send(request, *args, **{**options, "stream": True})
        content = bytearray()
        for piece in answer.iter_content(_CHUNK):
            content += piece
            if len(content) > IDENTITY_BYTES:
                answer.close()
                raise requests.ConnectionError(
                    f"the identity endpoint's answer is larger than {IDENTITY_BYTES:,} bytes"
                )
        answer._content = bytes(content)  # noqa: SLF001 (what `Response.content` reads once)
        return answer
