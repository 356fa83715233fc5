"""The probe over real sockets: what it sees of each right and wrong behaviour, and that it never waits for ever."""

from __future__ import annotations

import json
import selectors
import socket
import socketserver
import threading
import time
from pathlib import Path
from typing import Self

import jsonschema
import pytest
from websockets.sync.server import ServerConnection

from rtaudit.contract import parse_contract
from rtaudit.contract.probes import PROBE_SCHEMA
from rtaudit.errors import InputError, UsageError
from rtaudit.probe import ProbeOptions, ProbeTarget, check_host, from_contract, from_endpoint, from_snapshot, probe
from rtaudit.probe.run import GIVE_UP, percentile, summarise
from rtaudit.probe.sockets import StageError, proxy_for
from rtaudit.simulate.realtime import BEHAVIOURS, RealtimeServer
from rtaudit.snapshot import load

from .conftest import DEPLOYED, HOST, TOKEN, Ask, Serve

GOOD = Path(__file__).parents[2] / "policies" / "rules" / "good.json"


def test_a_session_is_opened_and_closed_and_nothing_else_is_sent(serve: Serve, ask: Ask):
    server = serve()
    document = ask(server, count=3)
    jsonschema.validate(document, PROBE_SCHEMA)
    assert [one["outcome"] for one in document["attempts"]] == ["session"] * 3
    assert document["http"]["says"] == "reachable: a token is asked for"
    assert document["tls"]["issuer"] == "rtaudit throw-away authority"
    assert document["tls"]["names"] == [HOST]
    assert set(document["summary"]["times"]) == {"tcp", "tls", "upgrade", "session", "total"}
    deadline = time.monotonic() + 5
    while server.seen["admitted"] < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.seen["frames"] == 0
    assert server.seen["key"] == 0
    assert TOKEN not in json.dumps(document)


@pytest.mark.parametrize(
    ("behaviour", "stage", "status", "code", "says"),
    [
        ("unauthorized", "upgrade", 401, "401", "is refused"),
        ("noRole", "upgrade", 401, "PermissionDenied", "lacks a role"),
        ("publicAccessDisabled", "upgrade", 403, "AccessDenied", "public access is disabled"),
        ("firewall", "upgrade", 403, "AccessDenied", "not among the addresses"),
        ("throttled", "upgrade", 429, "429", "rate limit"),
        ("redirect", "upgrade", 307, None, "a token is not sent there"),
        ("error", "session", 101, "inference_server_error", None),
    ],
)
def test_a_refusal_is_told_with_what_it_means(serve: Serve, ask: Ask, behaviour, stage, status, code, says):
    document = ask(serve(behaviour))
    (attempt,) = document["attempts"]
    assert (attempt["outcome"], attempt["stage"], attempt["status"], attempt["code"]) == (
        "refused",
        stage,
        status,
        code,
    )
    assert says is None or says in attempt["says"]
    assert document["http"]["blocked"] is (status == 403)
    jsonschema.validate(document, PROBE_SCHEMA)


@pytest.mark.parametrize(
    ("behaviour", "stage", "code"),
    [("cut", "session", "Cut"), ("silent", "session", "Timeout"), ("stalled", "upgrade", "Timeout")],
)
def test_a_failure_is_bounded(serve: Serve, ask: Ask, behaviour, stage, code):
    started = time.monotonic()
    (attempt,) = ask(serve(behaviour), timeout=2)["attempts"]
    assert (attempt["outcome"], attempt["stage"], attempt["code"]) == ("failed", stage, code)
    assert time.monotonic() - started < 60


def test_every_behaviour_is_tested_here():
    text = Path(__file__).read_text()
    assert [one for one in BEHAVIOURS if f'"{one}"' not in text and one != "right"] == []


@pytest.mark.parametrize(
    ("deployment", "path", "status", "code"),
    [
        ("nowhere", "/openai/v1/realtime", 404, "DeploymentNotFound"),
        ("transcripts", "/openai/v1/realtime", 400, "OpperationNotSupported"),
        ("voice", "/openai/realtime", 404, "404"),
    ],
)
def test_a_wrong_deployment_or_path(serve: Serve, ask: Ask, deployment, path, status, code):
    (attempt,) = ask(serve(), target=ProbeTarget(HOST, deployment, path=path))["attempts"]
    assert (attempt["status"], attempt["code"]) == (status, code)


def test_a_name_mismatch_shows_whose_certificate_it_is_and_sends_nothing(serve: Serve, ask: Ask):
    server = serve(names=["north.openai.azure.com"])
    document = ask(server)
    assert document["tls"]["code"] == "NameMismatch"
    assert document["tls"]["names"] == ["north.openai.azure.com"]
    assert document["http"] is None
    assert document["listing"] is None
    assert document["attempts"][0]["stage"] == "tls"
    assert not server.seen


def test_an_expired_certificate_and_an_unknown_authority(serve: Serve, ask: Ask):
    expired = ask(serve(expired=True))
    assert expired["tls"]["code"] == "NotTrusted"
    assert "expired" in expired["tls"]["message"]
    server = serve()
    unknown = ask(server, ca_file=None)
    assert unknown["tls"]["code"] == "NotTrusted"
    assert unknown["tls"]["issuer"] == "rtaudit throw-away authority"
    assert not server.seen


def test_an_unreachable_host(serve: Serve, ask: Ask):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    document = ask(serve(), connect_to=("127.0.0.1", port), count=20)
    assert document["tcp"]["code"] == "Refused"
    assert document["summary"]["failed"] == GIVE_UP
    assert document["summary"]["notMade"] == 20 - GIVE_UP


class EveryOther(RealtimeServer):
    """Cuts every other session."""

    sessions = 0

    def _talk(self, connection: ServerConnection) -> None:
        self.sessions += 1
        self.behaviour = "cut" if self.sessions % 2 else "right"
        super()._talk(connection)


def test_failures_that_are_not_in_a_row_give_nothing_up(tmp_path: Path, ask: Ask):
    with EveryOther(DEPLOYED, tmp_path, names=[HOST]) as server:
        summary = ask(server, count=2 * GIVE_UP + 2, concurrency=1)["summary"]
    assert (summary["failed"], summary["notMade"]) == (GIVE_UP + 1, 0)


def test_a_server_that_never_answers_is_given_up(mute: int, serve: Serve, ask: Ask):
    started = time.monotonic()
    document = ask(serve(), connect_to=("127.0.0.1", mute), timeout=0.2, count=1000, concurrency=10)
    assert document["tls"]["code"] == "Timeout"
    assert document["summary"]["notMade"] > 900
    assert time.monotonic() - started < 90


def test_a_name_that_does_not_resolve():
    document = probe(ProbeTarget("nowhere.invalid", "voice"), ProbeOptions(timeout=5), lambda: TOKEN)
    assert document["dns"]["ok"] is False
    assert document["attempts"][0]["stage"] == "dns"


def test_what_is_no_tls_and_what_is_no_certificate_file(serve: Serve, ask: Ask, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            for _ in range(2):
                connection, _ = server.accept()
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                connection.close()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        document = ask(serve(), connect_to=("127.0.0.1", server.getsockname()[1]), sessions=False)
        thread.join(5)
    assert document["tls"]["code"] == "Tls"
    (tmp_path / "none.pem").write_text("no certificate")
    with pytest.raises(InputError, match="holds no certificates"):
        ask(serve(), ca_file=str(tmp_path / "none.pem"))


def test_sessions_at_a_time_and_a_budget(serve: Serve, ask: Ask):
    server = serve(latency=0.05, capacity=6)
    document = ask(server, count=8, concurrency=4, budget=0.001)
    summary = document["summary"]
    assert (summary["sessions"], summary["refused"]) == (6, 2)
    assert summary["reasons"] == {"429 429": 2}
    assert summary["withinBudget"] is False
    total = summary["times"]["total"]
    assert total["count"] == 6
    assert total["p95"] >= total["median"] >= 0.1
    assert total["jitter"] == round(total["p95"] - total["median"], 6)
    assert ask(serve(), budget=30)["summary"]["withinBudget"] is True


def test_percentiles_are_values_that_were_seen():
    ordered = [float(one) for one in range(1, 21)]
    assert (percentile(ordered, 50), percentile(ordered, 95), percentile([7.0], 95)) == (10.0, 19.0, 7.0)
    assert summarise([], 1.0)["withinBudget"] is None


def test_the_planes_are_compared(serve: Serve, ask: Ask):
    expected = [{"name": name, "model": "m", "version": "1"} for name in ("Voice", "gone")]
    document = ask(serve(), target=ProbeTarget(HOST, "voice", expected_deployments=expected))
    assert document["listing"]["missing"] == ["gone"]
    assert document["listing"]["extra"] == ["duplex", "interpreter", "text", "transcripts"]
    assert ask(serve())["listing"]["missing"] is None


def test_the_name_is_compared_with_the_private_endpoint(serve: Serve, ask: Ask):
    server = serve(names=["localhost"])
    for expected, matches in ((["127.0.0.1", "::1"], True), (["10.0.0.4"], False), (None, None)):
        target = ProbeTarget("localhost", "voice", port=server.port, expected_addresses=expected)
        document = ask(server, target=target, connect_to=None)
        assert document["dns"]["matches"] is matches
        assert document["attempts"][0]["outcome"] == "session"


class Proxy(socketserver.ThreadingTCPServer):
    """An HTTP proxy that knows CONNECT, and sends everything to one port."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, *, refuses: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Way)
        self.onward = port
        self.refuses = refuses
        self.heads: list[bytes] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    @property
    def url(self) -> str:
        return f"http://user:hunter2@127.0.0.1:{self.server_address[1]}"


class _Way(socketserver.BaseRequestHandler):
    server: Proxy

    def handle(self) -> None:
        self.server.heads.append(self.request.recv(4096))
        if self.server.refuses:
            self.request.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        # Not select(): a worker that has run thousands of tests may hold more than 1,024 descriptors.
        with (
            socket.create_connection(("127.0.0.1", self.server.onward)) as onward,
            selectors.DefaultSelector() as ways,
        ):
            ways.register(self.request, selectors.EVENT_READ, onward)
            ways.register(onward, selectors.EVENT_READ, self.request)
            while ready := ways.select(timeout=5):
                for key, _ in ready:
                    data = key.fileobj.recv(4096)
                    if not data:
                        return
                    key.data.sendall(data)


def test_a_proxy_is_gone_through_and_its_password_is_not_told(serve: Serve, ask: Ask, monkeypatch: pytest.MonkeyPatch):
    server = serve()
    with Proxy(server.port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        document = ask(server, connect_to=None)
    assert document["attempts"][0]["outcome"] == "session"
    assert "dns" not in document["attempts"][0]["times"]
    assert document["proxy"] == f"127.0.0.1:{proxy.server_address[1]}"
    assert "hunter2" not in json.dumps(document)
    assert proxy.heads[0].startswith(f"CONNECT {HOST}:443 HTTP/1.1\r\n".encode())
    assert b"Proxy-Authorization: Basic " in proxy.heads[0]


def test_a_proxy_that_refuses(serve: Serve, ask: Ask, monkeypatch: pytest.MonkeyPatch):
    server = serve()
    with Proxy(server.port, refuses=True) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        document = ask(server, connect_to=None)
    assert document["attempts"][0]["code"] == "Proxy"
    assert "407" in document["attempts"][0]["message"]
    assert not server.seen


def test_a_proxy_for_other_hosts_and_never_for_loopback(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:8080")
    assert proxy_for("127.0.0.1") is None
    assert proxy_for("localhost") is None
    found = proxy_for(HOST)
    assert found is not None
    assert found.shown == "proxy.example:8080"
    monkeypatch.setenv("NO_PROXY", "openai.azure.com")
    assert proxy_for(HOST) is None
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("HTTPS_PROXY", "socks5://proxy.example")
    with pytest.raises(StageError, match="socks5"):
        proxy_for(HOST)
    monkeypatch.setenv("HTTPS_PROXY", "https://proxy.example")
    with pytest.raises(StageError, match="over https is not supported"):
        proxy_for(HOST)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "openai.azure.com.evil.example", "evilopenai.azure.com", "10.0.0.4", "127.0.0.1.evil.example"],
)
def test_a_token_goes_to_hosts_of_azure_openai_alone(host: str):
    with pytest.raises(UsageError, match="no token of yours"):
        check_host(ProbeTarget(host, "voice"), ["other.example"])
    check_host(ProbeTarget(host, "voice"), [host.upper()])


@pytest.mark.parametrize(
    "host", [HOST, "a.cognitiveservices.azure.us", "a.services.ai.azure.com", "127.0.0.1", "localhost"]
)
def test_hosts_that_a_token_may_go_to(host: str):
    check_host(ProbeTarget(host, "voice"), [])


@pytest.mark.parametrize(
    "address",
    ["http://a.openai.azure.com", "wss://u:p@a.openai.azure.com", "wss://", "wss://[", "a:b:c", "a b.openai.azure.com"],
)
def test_addresses_that_are_none(address: str):
    with pytest.raises(UsageError):
        from_endpoint(address, "voice")


def test_the_target_of_a_snapshot():
    target = from_snapshot(load(GOOD), "EAST", None)
    assert (target.host, target.deployment, target.environment) == (HOST, "voice", "good")
    assert target.expected_addresses
    assert {one["name"] for one in target.expected_deployments or ()} == {"text", "transcripts", "voice"}
    with pytest.raises(UsageError, match="holds 2 accounts"):
        from_snapshot(load(GOOD), None, None)
    with pytest.raises(UsageError, match="holds no account 'west'"):
        from_snapshot(load(GOOD), "west", None)


def test_what_the_client_asks_for_is_what_is_asked(serve: Serve, ask: Ask):
    plain = ProbeTarget(HOST, "voice 1&x", path="/openai/v1/realtime\r\nX: y?z")
    assert plain.session_url == f"wss://{HOST}/openai/v1/realtime%0D%0AX:%20y%3Fz?model=voice%201%26x"
    preview = ProbeTarget(HOST, "voice", path="/openai/realtime", api_version="2025-04-01-preview")
    assert preview.session_url == f"wss://{HOST}/openai/realtime?api-version=2025-04-01-preview&deployment=voice"
    (attempt,) = ask(serve(), target=ProbeTarget(HOST, "voice", api_version="2025-08-28"))["attempts"]
    assert attempt["status"] == 401
    assert "an api-version on the generally available path" in attempt["says"]


def test_the_target_of_a_contract():
    contract = parse_contract(
        "schema: rtaudit.client/1\nname: guest\ntransport: websocket\nrunsIn: server\nauth: entra\n"
        "protocol: {path: /openai/realtime}\nenvironments:\n"
        f"  good: {{endpoint: 'wss://{HOST}/openai/realtime', account: east, deployment: voice}}\n"
        "  test: {endpoint: 'wss://test.openai.azure.com', deployment: voice-test}\n",
        "guest.yaml",
    )
    target = from_contract(contract, load(GOOD), None)
    assert (target.host, target.path, target.client) == (HOST, "/openai/realtime", "guest")
    assert target.account is not None
    assert target.account.endswith("/accounts/east")
    assert from_contract(contract, None, "test").deployment == "voice-test"
    with pytest.raises(UsageError, match="which environment"):
        from_contract(contract, None, None)
    for endpoint, url in (
        ("?api-version=2024-10-01-preview&deployment=voice", "?api-version=2024-10-01-preview&deployment=voice"),
        ("", "?deployment=voice"),
    ):
        whole = parse_contract(
            "schema: rtaudit.client/1\nname: guest\ntransport: websocket\nrunsIn: server\nauth: entra\n"
            f"deployment: voice\nendpoint: 'wss://{HOST}/openai/realtime{endpoint}'\n",
            "guest.yaml",
        )
        assert from_contract(whole, None, None).session_url == f"wss://{HOST}/openai/realtime{url}"
    with pytest.raises(InputError, match="no section for 'prod'"):
        from_contract(contract, None, "prod")
