"""One realtime session: upgraded, awaited until `session.created`, closed. Nothing is sent but the upgrade and the close."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rtaudit.probe.wire import LIMIT, Answer, Clock, StageError, receive, send
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


def open_session(connection: ssl.SSLSocket, url: str, token: str | None, seconds: float) -> Session:
    """Upgrade, wait for the first event, and close: `created` where it was `session.created`. Raises StageError.

    The WebSocket is spoken by the protocol of `websockets` over this socket: no redirect is followed, no thread waits.
    """
    from websockets.client import ClientProtocol
    from websockets.exceptions import InvalidStatus, WebSocketException
    from websockets.uri import parse_uri

    started = time.perf_counter()
    clock = Clock.of(seconds)
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
            answer = Answer(response.status_code, bytes(response.body or b""))
            code, message = answer.error
            return Session(answer.status, code, message)
        _check_handshake(protocol)
        upgraded = time.perf_counter() - started
        clock = Clock.of(seconds)
        text = _first_text(connection, protocol, clock)
        took = time.perf_counter() - started
        event = _event(text)
        if event.get("type") == "session.created":
            _close(connection, protocol)
            return Session(101, None, None, upgraded, took, created=True)
        inner = event.get("error") if isinstance(event.get("error"), dict) else {}
        assert isinstance(inner, dict)
        code = inner.get("code") or inner.get("type") or event.get("type")
        _close(connection, protocol)
        return Session(101, str(code)[:100], scrub(str(inner.get("message") or "no session.created"))[:500], upgraded)
    except WebSocketException as error:
        raise _at(StageError("WebSocket", str(error)), upgraded) from None
    except StageError as error:
        raise _at(error, upgraded) from None


def _check_handshake(protocol: Any) -> None:
    if protocol.handshake_exc is not None:
        raise StageError("Handshake", f"the upgrade failed: {protocol.handshake_exc}")


def _at(error: StageError, upgraded: float | None) -> StageError:
    error.stage = "upgrade" if upgraded is None else "session"
    return error


def _first_text(connection: ssl.SSLSocket, protocol: Any, clock: Clock) -> bytes:
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


def _pump(connection: ssl.SSLSocket, protocol: Any, clock: Clock, until: Callable[[], Any]) -> None:
    while not until():
        _step(connection, protocol, clock)
    _flush(connection, protocol, clock)


def _step(connection: ssl.SSLSocket, protocol: Any, clock: Clock) -> None:
    _flush(connection, protocol, clock)
    data = receive(connection, 65_536, clock)
    if data:
        protocol.receive_data(data)
    else:
        protocol.receive_eof()
        if protocol.handshake_exc is None and protocol.state.name == "CONNECTING":
            raise StageError("Cut", "the connection was cut during the upgrade")


def _flush(connection: ssl.SSLSocket, protocol: Any, clock: Clock) -> None:
    for data in protocol.data_to_send():
        if data:
            send(connection, data, clock)


def _close(connection: ssl.SSLSocket, protocol: Any) -> None:
    try:
        protocol.send_close(1000)
        _flush(connection, protocol, Clock.of(1))
    except StageError:
        return


def _event(text: bytes) -> dict[str, Any]:
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}
