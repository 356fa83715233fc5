"""Session: opens one realtime session, waits until it is open, and closes it. No audio is sent, no response asked for.

A speech session needs nothing but the upgrade. A transcription session names its deployment in `session.update`, and GPT-Live
starts with one: that event is sent, and nothing else.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rtaudit.azure.realtime_api import OPENED, UPDATED
from rtaudit.probe.sockets import LIMIT, Deadline, HttpAnswer, StageError, receive, send, target_of
from rtaudit.snapshot.secrets import scrub


@dataclass(frozen=True)
class Session:
    """What became of an upgrade."""

    status: int
    code: str | None
    message: str | None
    upgrade_seconds: float | None = None
    session_seconds: float | None = None
    created: bool = False
    location: str | None = None
    """Host and path that a redirect leads to; without its query, which may hold a secret."""
    confirmed: bool | None = None
    """Whether the service took the deployment that `session.update` named; None where it did not say, or was not asked."""


def open_session(
    connection: ssl.SSLSocket,
    url: str,
    token: str | None,
    seconds: float,
    update: Mapping[str, Any] | None = None,
    *,
    starts: bool = False,
) -> Session:
    """Upgrade, wait for the event that says that the session is open, and close: `created` where it came. Raises StageError.

    `update` is an event to send: before that (`starts`), or after it, and then its answer is awaited too.

    The WebSocket is spoken by the protocol of `websockets` over this socket: no redirect is followed, no thread waits.
    """
    from websockets.client import ClientProtocol
    from websockets.exceptions import InvalidStatus, WebSocketException
    from websockets.uri import parse_uri

    started = time.perf_counter()
    clock = Deadline.of(seconds)
    protocol = ClientProtocol(parse_uri(url), max_size=LIMIT)
    request = protocol.connect()
    request.headers["User-Agent"] = "rtaudit"
    if token is not None:
        request.headers["Authorization"] = f"Bearer {token}"
    protocol.send_request(request)
    upgraded: float | None = None
    try:
        _pump(connection, protocol, clock, until=lambda: protocol.state.name != "CONNECTING" or protocol.handshake_exc)
        if isinstance(protocol.handshake_exc, InvalidStatus):
            response = protocol.handshake_exc.response
            answer = HttpAnswer(response.status_code, bytes(response.body or b""))
            code, message = answer.error
            return Session(answer.status, code, message, location=target_of(response.headers.get("Location")))
        _check_handshake(protocol)
        upgraded = time.perf_counter() - started
        clock = Deadline.of(seconds)
        if update is not None and starts:
            protocol.send_text(json.dumps(update).encode())
        event = _event(_first_text(connection, protocol, clock))
        took = time.perf_counter() - started
        confirmed = None
        if event.get("type") in OPENED and update is not None and not starts:
            confirmed, event = _update(connection, protocol, clock, update, event)
        _close(connection, protocol)
        if event.get("type") in OPENED:
            return Session(101, None, None, upgraded, took, created=True, confirmed=confirmed)
        code, message = _refusal(event)
        return Session(101, code, message, upgraded)
    except WebSocketException as error:
        raise _at(StageError("WebSocket", str(error)), upgraded) from None
    except StageError as error:
        raise _at(error, upgraded) from None


def _update(
    connection: ssl.SSLSocket, protocol: Any, clock: Deadline, update: Mapping[str, Any], opened: dict[str, Any]
) -> tuple[bool | None, dict[str, Any]]:
    """Send the event that names the deployment: whether it was taken, and the event that decides the session."""
    protocol.send_text(json.dumps(update).encode())
    try:
        while True:
            event = _event(_first_text(connection, protocol, clock))
            if event.get("type") == "error":
                return False, event
            if event.get("type") in UPDATED:
                return True, opened
    except StageError:
        # The session is open all the same: what is not known is whether the deployment was taken.
        return None, opened


def _refusal(event: Mapping[str, Any]) -> tuple[str, str]:
    inner = event.get("error")
    inner = inner if isinstance(inner, dict) else {}
    code = inner.get("code") or inner.get("type") or event.get("type")
    return str(code)[:100], scrub(str(inner.get("message") or "the first event opens no session"))[:500]


def _check_handshake(protocol: Any) -> None:
    if protocol.handshake_exc is not None:
        raise StageError("Handshake", f"the upgrade failed: {protocol.handshake_exc}")


def _at(error: StageError, upgraded: float | None) -> StageError:
    error.stage = "upgrade" if upgraded is None else "session"
    return error


def _first_text(connection: ssl.SSLSocket, protocol: Any, clock: Deadline) -> bytes:
    from websockets.frames import Frame, Opcode

    whole = b""
    while True:
        for frame in protocol.events_received():
            if not isinstance(frame, Frame):
                continue  # the answer to the upgrade is an event too
            if frame.opcode in (Opcode.TEXT, Opcode.CONT):
                whole += bytes(frame.data)
                if len(whole) > LIMIT:
                    raise StageError("TooLarge", "the first event is larger than an event can be")
                if frame.fin:
                    return whole
            elif frame.opcode is Opcode.CLOSE:
                reason = bytes(frame.data)[2:].decode("utf-8", "replace")
                status = int.from_bytes(bytes(frame.data)[:2] or b"\0", "big") or 1005
                raise StageError(
                    "Closed", f"closed with {status} before session.created: {reason or 'no reason given'}"
                )
        if protocol.close_expected() or protocol.parser_exc is not None or protocol.state.name == "CLOSED":
            raise StageError("Cut", "the connection was cut after the upgrade, before session.created")
        _step(connection, protocol, clock)


def _pump(connection: ssl.SSLSocket, protocol: Any, clock: Deadline, until: Callable[[], Any]) -> None:
    while not until():
        _step(connection, protocol, clock)
    _flush(connection, protocol, clock)


def _step(connection: ssl.SSLSocket, protocol: Any, clock: Deadline) -> None:
    _flush(connection, protocol, clock)
    data = receive(connection, 65_536, clock)
    if data:
        protocol.receive_data(data)
    else:
        protocol.receive_eof()
        if protocol.handshake_exc is None and protocol.state.name == "CONNECTING":
            raise StageError("Cut", "the connection was cut during the upgrade")


def _flush(connection: ssl.SSLSocket, protocol: Any, clock: Deadline) -> None:
    for data in protocol.data_to_send():
        if data:
            send(connection, data, clock)


def _close(connection: ssl.SSLSocket, protocol: Any) -> None:
    try:
        protocol.send_close(1000)
        _flush(connection, protocol, Deadline.of(1))
    except StageError:
        return


def _event(text: bytes) -> dict[str, Any]:
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}
