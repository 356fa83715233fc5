"""What a probe opens: a session for what the deployment is used for, and what the endpoint refuses as Azure does."""

from __future__ import annotations

import base64
import json
import ssl
from pathlib import Path

import pytest
from websockets.sync.client import connect

from rtaudit.contract import parse_contract
from rtaudit.errors import UsageError
from rtaudit.probe import ProbeOptions, ProbeTarget, from_contract, from_endpoint, from_snapshot, probe
from rtaudit.probe.sockets import target_of
from rtaudit.snapshot import load

from .conftest import HOST, Ask, Serve

GOOD = Path(__file__).parents[2] / "policies" / "rules" / "good.json"
HEAD = "schema: rtaudit.client/1\nname: guest\ntransport: websocket\nrunsIn: server\nauth: entra\n"
URL = f"wss://{HOST}"


def of(more: str) -> ProbeTarget:
    return from_contract(parse_contract(HEAD + f"endpoint: {URL}\n" + more, "g.yaml"), None, None)


@pytest.mark.parametrize(
    ("more", "asks"),
    [
        ("deployment: voice", "/openai/v1/realtime?model=voice"),
        ("deployment: t\nuse: transcription", "/openai/v1/realtime?intent=transcription"),
        ("deployment: i\nuse: translation", "/openai/v1/realtime?model=i"),
        (
            "deployment: i\nuse: translation\nprotocol: {path: /openai/v1/realtime/translations}",
            "/openai/v1/realtime/translations?model=i",
        ),
        ("deployment: d\nuse: live", "/openai/v1/live?model=d"),
        # As the client asks for it, wrong as it may be; and no key of its query.
        (
            "deployment: t\nuse: transcription\nprotocol: {query: {intent: transcription, model: t, api-key: k}}",
            "/openai/v1/realtime?intent=transcription&model=t",
        ),
        ("deployment: v\nprotocol: {query: {deployment: v}}", "/openai/v1/realtime?deployment=v"),
    ],
)
def test_the_url_follows_the_use(more: str, asks: str):
    assert of(more).session_url == URL + asks


@pytest.mark.parametrize(
    ("address", "use"),
    [
        ("/openai/v1/realtime?intent=transcription", "transcription"),
        ("/openai/v1/realtime/translations", "translation"),
        ("/openai/v1/live", "live"),
        ("", "speech"),
    ],
)
def test_an_address_says_what_it_is_used_for(address: str, use: str):
    assert from_endpoint(URL + address, "x").use == use


def test_the_role_of_a_deployment_says_what_is_opened():
    assert from_snapshot(load(GOOD), "east", "transcripts").use == "transcription"
    assert from_snapshot(load(GOOD), "east", "voice").use == "speech"


def test_another_api_is_not_probed():
    with pytest.raises(UsageError, match="is about the Voice Live API"):
        of("use: voiceLive")


@pytest.mark.parametrize(
    ("deployment", "use", "path"),
    [
        ("transcripts", "transcription", "/openai/v1/realtime"),
        ("interpreter", "translation", "/openai/v1/realtime"),
        ("interpreter", "translation", "/openai/v1/realtime/translations"),
        ("duplex", "live", "/openai/v1/live"),
    ],
)
def test_a_session_of_each_use_opens(serve: Serve, ask: Ask, deployment: str, use: str, path: str):
    document = ask(serve(), target=ProbeTarget(HOST, deployment, path=path, use=use))
    (attempt,) = document["attempts"]
    assert attempt["outcome"] == "session", attempt
    assert document["target"]["use"] == use
    assert attempt.get("confirmed") is (True if use == "transcription" else None)


@pytest.mark.parametrize(
    ("target", "status", "code", "says"),
    [
        (ProbeTarget(HOST, "nowhere", use="transcription"), 101, "DeploymentNotFound", "does not exist"),
        (ProbeTarget(HOST, "voice", use="transcription"), 101, "invalid_value", "does not transcribe"),
        (
            ProbeTarget(
                HOST, "transcripts", use="transcription", query={"intent": "transcription", "model": "transcripts"}
            ),
            400,
            "invalid_request_error",
            "takes no model=",
        ),
        (
            ProbeTarget(HOST, "transcripts", query={"foo": "1"}),
            400,
            "BadRequest",
            "neither model= nor intent=transcription",
        ),
        (ProbeTarget(HOST, "voice", query={"deployment": "voice"}), 400, "invalid_request_error", "not understood"),
        (ProbeTarget(HOST, "transcripts"), 400, "OpperationNotSupported", "?intent=transcription"),
        (ProbeTarget(HOST, "duplex"), 400, "OpperationNotSupported", "opens no session here"),
        (
            ProbeTarget(HOST, "voice", path="/openai/v1/realtime/translations"),
            400,
            "OpperationNotSupported",
            "no session here",
        ),
        (
            ProbeTarget(HOST, "voice", path="/openai/v1/live", use="live"),
            400,
            "OpperationNotSupported",
            "no session here",
        ),
        (ProbeTarget(HOST, "voice", path="/voice-live/realtime"), 404, "404", "no such path"),
    ],
    ids=lambda one: one.session_url.partition("/openai")[2] if isinstance(one, ProbeTarget) else str(one)[:12],
)
def test_what_azure_refuses_is_refused(serve: Serve, ask: Ask, target: ProbeTarget, status: int, code: str, says: str):
    (attempt,) = ask(serve(), target=target)["attempts"]
    assert (attempt["outcome"], attempt["status"], attempt["code"]) == ("refused", status, code)
    assert says in attempt["says"]


def test_a_redirect_is_told_without_its_query(serve: Serve, ask: Ask):
    document = ask(serve("redirect"))
    (attempt,) = document["attempts"]
    assert attempt["location"] == "elsewhere.example/openai/v1/realtime"
    assert attempt["says"] == ("redirected to elsewhere.example/openai/v1/realtime; a token is not sent there")
    assert "of-the-gateway" not in json.dumps(document)


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("https://u:p@a.example:8443/x?sig=1#f", "a.example:8443/x"),
        ("/relative?code=1", "/relative"),
        ("https://[", None),
        ("https://a:99999/", None),
        ("", None),
        (None, None),
    ],
)
def test_of_a_location_host_and_path_are_told(location: str | None, told: str | None):
    assert target_of(location) == told


def token(audience: str) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in ({}, {"aud": audience})]
    return ".".join([*parts, "x"])


@pytest.mark.parametrize(
    ("audience", "outcome"),
    [
        ("https://cognitiveservices.azure.com", "session"),
        ("https://ai.azure.com/", "session"),
        ("https://management.azure.com", "refused"),
        ("https://cognitiveservices.azure.us", "refused"),
    ],
)
def test_a_401_names_the_audience_that_was_asked_for(serve: Serve, audience: str, outcome: str):
    server = serve()
    plan = ProbeOptions(ca_file=str(server.ca_file), connect_to=("127.0.0.1", server.port))
    document = probe(ProbeTarget(HOST, "voice"), plan, lambda: token(audience))
    (attempt,) = document["attempts"]
    assert attempt["outcome"] == outcome
    if outcome == "refused":
        assert attempt["status"] == 401
        assert "the token, asked for https://cognitiveservices.azure.com, is refused" in attempt["says"]
    assert document["target"]["audience"] == "https://cognitiveservices.azure.com"


def test_what_failed_says_so_too(serve: Serve, ask: Ask):
    (attempt,) = ask(serve("cut"))["attempts"]
    assert attempt["says"] == "session: the connection was cut after the upgrade, before session.created"


@pytest.mark.parametrize(
    ("session", "answer"),
    [
        ({"type": "realtime", "output_modalities": ["audio"]}, "session.updated"),
        ({"modalities": ["audio"]}, "missing_required_parameter"),
        ({"type": "realtime", "input_audio_format": "pcm16"}, "unknown_parameter"),
        ({"type": "transcription"}, "missing_required_parameter"),
    ],
)
def test_the_endpoint_refuses_the_shape_of_the_preview(serve: Serve, session: dict[str, object], answer: str):
    server = serve(names=["localhost"])
    trust = ssl.create_default_context(cafile=str(server.ca_file))
    url, headers = f"wss://localhost:{server.port}/openai/v1/realtime?model=voice", {"Authorization": "Bearer t"}
    with connect(url, ssl=trust, additional_headers=headers, proxy=None) as client:
        assert json.loads(client.recv(5))["type"] == "session.created"
        client.send(json.dumps({"type": "session.update", "session": session}))
        event = json.loads(client.recv(5))
    assert answer in (event["type"], event.get("error", {}).get("code"))
