"""Realtime endpoint: serves WebSocket over TLS on loopback with a throw-away certificate, right and wrong behaviours.

A server of its own: it serves the data plane of one account, as far as a probe asks it.
"""

from __future__ import annotations

import http
import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from rtaudit.azure.clouds import CLOUDS
from rtaudit.azure.realtime_api import LIVE, REALTIME, TRANSLATIONS, audiences
from rtaudit.simulate.certificates import certificates
from rtaudit.simulate.tokens import claims_of

BEHAVIOURS: dict[str, str] = {
    "right": "a session for a deployment that is there, as Azure words the rest",
    "unauthorized": "401, whatever the token",
    "noRole": "401: the principal lacks the data action",
    "publicAccessDisabled": "403 to everything, with or without a token",
    "firewall": "403 to everything: the address is not let in",
    "throttled": "429 to every upgrade",
    "error": "an error event in place of session.created",
    "cut": "the connection is cut after the upgrade",
    "silent": "the upgrade succeeds, and no event follows",
    "stalled": "the upgrade is never answered",
    "redirect": "the upgrade is redirected to another host",
}
"""What `behaviour` may be."""

_SERVES: dict[str, tuple[str, ...]] = {
    REALTIME: ("speech", "translation"), TRANSLATIONS: ("translation",), LIVE: ("live",),
}  # fmt: skip
"""Path -> the roles of the deployments that open a session there by `model=`."""

_NO_DEPLOYMENT = "The API deployment for this resource does not exist."
_PREVIEW_FIELDS = (
    "modalities", "input_audio_format", "output_audio_format", "input_audio_transcription", "turn_detection",
)  # fmt: skip
"""Fields of a session that the preview had, and the generally available protocol has not."""


@dataclass(frozen=True)
class Deployed:
    """A deployment that the endpoint serves."""

    name: str
    model: str = "gpt-realtime"
    role: str = "speech"
    """What it does on the Realtime API: speech, transcription, translation, live or none."""


class RealtimeServer:
    """Serves `wss://<names>:<port>/openai/v1/realtime` (and `…/translations`, `/openai/v1/live`) on 127.0.0.1 while the `with` block runs."""

    def __init__(
        self,
        deployments: Sequence[Deployed],
        folder: Path,
        *,
        names: Sequence[str] = ("localhost",),
        behaviour: str = "right",
        latency: float = 0.0,
        expired: bool = False,
        capacity: int | None = None,
        audiences: Sequence[str] = audiences(CLOUDS["AzureCloud"]),
    ) -> None:
        """`folder` receives the throw-away authority's certificate; `latency` is in seconds, before each answer.

        `capacity` is how many sessions are admitted in all; the rest gets 429. `audiences` is what a token may be for;
        one that is not readable passes.
        """
        assert behaviour in BEHAVIOURS, behaviour
        self.deployments = {one.name.lower(): one for one in deployments}
        self.behaviour = behaviour
        self.latency = latency
        self.capacity = capacity
        self.audiences = {one.rstrip("/") for one in audiences}
        self.seen: Counter[str] = Counter()
        """What was asked: paths, `token` for requests with one, `key` for those with an api-key, `frames` that came in."""
        self.ca_file = folder / "throw-away-authority.pem"
        self._stop = threading.Event()
        self._lock = threading.Lock()
        certificate, authority = certificates(names, expired=expired)
        self.ca_file.write_bytes(authority)
        chain = folder / "throw-away-server.pem"
        chain.touch(mode=0o600)
        chain.write_bytes(certificate)
        context = SSLContext(PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        # A client that hangs up early is what is tested here: nothing to log.
        quiet = logging.getLogger("rtaudit.simulate.realtime")
        quiet.setLevel(logging.CRITICAL + 1)
        self._server = serve(
            self._talk, "127.0.0.1", 0, ssl=context, process_request=self._answer, logger=quiet, compression=None,
            close_timeout=1, ping_interval=None,
        )  # fmt: skip
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.socket.getsockname()[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._server.shutdown()
        self._thread.join(5)

    def _answer(self, _connection: ServerConnection, request: Request) -> Response | None:
        """An HTTP answer, or None to go on with the upgrade."""
        url = urlsplit(request.path)
        with self._lock:
            self.seen[url.path] += 1
            self.seen["token"] += "Authorization" in request.headers
            self.seen["key"] += "api-key" in request.headers or "api-key" in url.query
        self._stop.wait(self.latency)
        query = {name.lower(): values[0] for name, values in parse_qs(url.query).items()}
        upgrade = request.headers.get("Upgrade", "").lower() == "websocket"
        refusal = self._refuse(request, url.path, query, upgrade=upgrade)
        if refusal is not None or upgrade:
            return refusal
        return self._list(url.path)

    def _refuse(self, request: Request, path: str, query: Mapping[str, str], *, upgrade: bool) -> Response | None:
        match self.behaviour:
            case "publicAccessDisabled":
                return _error(403, "AccessDenied", "Public access is disabled. Please configure private endpoint.")
            case "firewall":
                return _error(403, "AccessDenied", "Access denied due to Virtual Network/Firewall rules.")
        if not request.headers.get("Authorization", "").startswith("Bearer ") or self.behaviour == "unauthorized":
            message = "Access denied due to invalid subscription key or wrong API endpoint."
            return _error(401, "401", message)
        audience = claims_of(request.headers["Authorization"].removeprefix("Bearer ")).get("aud")
        if audience is not None and str(audience).rstrip("/") not in self.audiences:
            right = min(self.audiences)
            message = (
                f"Unauthorized. Access token is missing, invalid, audience is incorrect ({right}), or have expired."
            )
            return _response(401, {"statusCode": 401, "message": message})
        if not upgrade:
            return None
        match self.behaviour:
            case "noRole":
                action = "Microsoft.CognitiveServices/accounts/OpenAI/deployments/realtime/action"
                message = f"The principal `0` lacks the required data action `{action}` to perform `GET` operation."
                return _error(401, "PermissionDenied", message)
            case "throttled":
                return _error(429, "429", "Requests have exceeded the rate limit of your current tier.")
            case "stalled":
                self._stop.wait()
            case "redirect":
                return _response(
                    307, {}, ("Location", "wss://elsewhere.example/openai/v1/realtime?code=of-the-gateway")
                )
        return self._refuse_upgrade(request, path, query)

    def _refuse_upgrade(self, request: Request, path: str, query: Mapping[str, str]) -> Response | None:
        if path not in _SERVES:
            return _error(404, "404", "Resource not found")
        if "api-version" in query:
            return _error(401, "401", "Access denied due to invalid subscription key or wrong API endpoint.")
        if "OpenAI-Beta" in request.headers:
            return _error(400, "beta_api_shape_disabled", "The beta shape of the Realtime API is no longer supported.")
        refusal = self._refuse_query(path, query)
        if refusal is not None:
            return refusal
        with self._lock:
            self.seen["admitted"] += 1
            full = self.capacity is not None and self.seen["admitted"] > self.capacity
        return _error(429, "429", "Requests have exceeded the rate limit of your current tier.") if full else None

    def _refuse_query(self, path: str, query: Mapping[str, str]) -> Response | None:
        """The answer to a wrong query. The words are Azure's where a public record has them."""
        if query.get("intent", "").lower() == "transcription" and path == REALTIME:
            wrong = next((name for name in ("model", "deployment") if name in query), None)
            message = f"The query parameter '{wrong}' is not allowed with intent=transcription."
            return _error(400, "invalid_request_error", message) if wrong else None
        if "deployment" in query:
            message = "The query parameter 'deployment' is not supported by this API: use 'model'."
            return _error(400, "invalid_request_error", message)
        if "model" not in query:
            message = "This operation requires either deployment=<deployment-id> or intent=transcription present on the querystring"
            return _error(400, "BadRequest", message)
        deployment = self.deployments.get(query["model"].lower())
        if deployment is None:
            return _error(404, "DeploymentNotFound", _NO_DEPLOYMENT)
        if deployment.role not in _SERVES[path]:
            message = f"The realtime operation does not work with the specified model, {deployment.model}."
            return _error(400, "OpperationNotSupported", message)
        return None

    def _list(self, path: str) -> Response:
        if path == "/openai/deployments":
            rows = [
                {"id": one.name, "model": one.model, "status": "succeeded", "object": "deployment"}
                for one in self.deployments.values()
            ]
            return _response(200, {"data": rows, "object": "list"})
        if path == "/openai/v1/models":
            rows = [{"id": one.model, "object": "model"} for one in self.deployments.values()]
            return _response(200, {"data": rows, "object": "list"})
        return _error(404, "404", "Resource not found")

    def _talk(self, connection: ServerConnection) -> None:
        self._stop.wait(self.latency)
        match self.behaviour:
            case "cut":
                connection.socket.shutdown(2)
                return
            case "silent":
                self._stop.wait()
                return
            case "error":
                said = {"type": "server_error", "code": "inference_server_error", "message": "The server had an error."}
                connection.send(json.dumps({"type": "error", "event_id": "event_1", "error": said}))
            case _:
                url = urlsplit(connection.request.path if connection.request else "")
                transcribes = "transcription" in parse_qs(url.query).get("intent", ())
                kind = "transcription" if transcribes else "live" if url.path == LIVE else "realtime"
                session = {"type": kind, "object": "realtime.session", "id": f"sess_{time.monotonic_ns()}"}
                if kind != "live":
                    connection.send(json.dumps({"type": "session.created", "event_id": "event_1", "session": session}))
                self._listen(connection, kind, session)
                return
        self._listen(connection, None, {})

    def _listen(self, connection: ServerConnection, kind: str | None, session: dict[str, Any]) -> None:
        """Count what comes, and answer `session.update` as the session's kind wants it; None: answer nothing."""
        started = kind != "live"
        for number, frame in enumerate(connection, 2):
            with self._lock:
                self.seen["frames"] += 1
            event = _read(frame)
            if kind is None or event.get("type") != "session.update":
                continue
            wrong = self._wrong_update(kind, event.get("session"))
            said = "session.updated" if started else "session.started"
            started = started or wrong is None
            answer = {"type": "error", "error": wrong} if wrong else {"type": said, "session": session}
            connection.send(json.dumps({**answer, "event_id": f"event_{number}"}))

    def _wrong_update(self, kind: str, session: Any) -> dict[str, str] | None:
        """The error for a `session.update` that Azure refuses: another type of session, a field of the preview, no such deployment."""
        stated = session if isinstance(session, dict) else {}
        invalid = {"type": "invalid_request_error", "code": "invalid_value"}
        if kind != "live" and stated.get("type") != kind:
            return {**invalid, "code": "missing_required_parameter", "message": f"session.type must be '{kind}'."}
        old = next((name for name in _PREVIEW_FIELDS if name in stated), None)
        if old is not None:
            return {**invalid, "code": "unknown_parameter", "message": f"Unknown parameter: 'session.{old}'."}
        if kind != "transcription":
            return None
        named: Any = stated
        for name in ("audio", "input", "transcription", "model"):
            named = named.get(name) if isinstance(named, dict) else None
        deployment = self.deployments.get(str(named).lower())
        if deployment is None:
            return {**invalid, "code": "DeploymentNotFound", "message": _NO_DEPLOYMENT}
        if deployment.role != "transcription":
            return {**invalid, "message": f"The model {deployment.model} does not transcribe."}
        return None


def _read(frame: str | bytes) -> dict[str, Any]:
    try:
        event = json.loads(frame)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _error(status: int, code: str, message: str) -> Response:
    return _response(status, {"error": {"code": code, "message": message}})


def _response(status: int, body: Mapping[str, Any], *headers: tuple[str, str]) -> Response:
    data = json.dumps(body).encode()
    listed = Headers([("Content-Type", "application/json"), ("Content-Length", str(len(data))), *headers])
    listed["Connection"] = "close"
    return Response(status, http.HTTPStatus(status).phrase, listed, data)
