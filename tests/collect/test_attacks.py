"""A Resource Manager that is not a friend: no token for another host, no endless list, no answer without end."""

from __future__ import annotations

import gc
import socket
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from azure.core.rest import HttpRequest

from rtaudit.collect import Identity, Limits, find_endpoint, find_identity
from rtaudit.collect.arm import ArmReader, ResponsePage
from rtaudit.collect.exchange import IdentityAdapter
from rtaudit.collect.failures import ReadFailure
from rtaudit.collect.transport import ReadOnlyTransport
from rtaudit.errors import CredentialError
from tests.collect.support import QUICK, SUB, TOKEN, VOICE, Cloud, Reply, Static, gather, running

PATH = f"{VOICE}/deployments"


@pytest.mark.parametrize(
    "link",
    [
        "http://{other}/next",
        "//{other}/next",
        "http://{own}@{other}/next",
        "http://user:secret@{own}/next",
        "https://{own}/next",
        "http://{own}.evil.example/next",
        "http://{other}\\@{own}/next",
        "file:///etc/passwd",
        "http://127.0.0.1:99999/next",
        "http://[::1/next",
    ],
)
def test_the_token_goes_to_no_other_host(cloud: Cloud, link: str) -> None:
    with running() as other:
        own, theirs = cloud.url.removeprefix("http://"), other.url.removeprefix("http://")
        cloud.on(PATH, Reply(body={"value": [], "nextLink": link.format(own=own, other=theirs)}))
        gaps = gather(cloud).snapshot.gaps
        assert [(gap.aspect, gap.reason) for gap in gaps] == [("deployments", "failed")]
        assert other.asked == []
        assert "secret" not in str(gaps)


def test_the_connections_are_closed_at_the_end_and_not_by_the_garbage_collector(cloud: Cloud) -> None:
    gc.disable()
    try:
        collected = gather(cloud)
        left = [
            one
            for one in gc.get_objects()
            if isinstance(one, socket.socket) and one.fileno() >= 0 and _peer(one) == cloud.server.server_port
        ]
    finally:
        gc.enable()
    assert collected.snapshot.resources
    assert left == []


def _peer(one: socket.socket) -> int | None:
    try:
        return int(one.getpeername()[1])
    except OSError:
        return None


def test_a_redirect_is_not_followed(cloud: Cloud) -> None:
    with running() as other:
        for status in (301, 302, 303, 307, 308):
            cloud.on(PATH, Reply(status, b"", {"Location": f"{other.url}/x"}))
            assert [gap.code for gap in gather(cloud).snapshot.gaps] == ["Redirect"]
        assert other.asked == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "get"])
def test_nothing_but_get_reaches_the_wire(cloud: Cloud, method: str) -> None:
    wire = ReadOnlyTransport(find_endpoint(arm_endpoint=cloud.url), Limits())
    request = HttpRequest("GET", f"{cloud.url}{VOICE}/listKeys")
    request.method = method
    with pytest.raises(ReadFailure, match="only GET may leave"):
        wire.send(request)
    assert cloud.asked == []


def test_an_sdk_operation_that_changes_something_is_refused(cloud: Cloud) -> None:
    from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient

    arm = ArmReader(find_endpoint(arm_endpoint=cloud.url), Identity(Static()), Limits())
    client = arm.client(CognitiveServicesManagementClient, SUB)
    with pytest.raises(ReadFailure, match="only GET may leave"):
        client.accounts.list_keys("rg", "voice", page=ResponsePage())
    assert cloud.asked == []


def test_an_unregistered_provider_is_not_registered(cloud: Cloud) -> None:
    message = "The subscription is not registered to use namespace 'Microsoft.CognitiveServices'."
    cloud.choose = lambda path: (
        Reply(409, {"error": {"code": "MissingSubscriptionRegistration", "message": message}})
        if path.endswith("/accounts")
        else None
    )
    assert [gap.code for gap in gather(cloud).snapshot.gaps] == ["MissingSubscriptionRegistration"]
    assert {method for method, _, _ in cloud.asked} == {"GET"}


def test_pages_in_a_circle_and_pages_without_end_are_left(cloud: Cloud) -> None:
    cloud.on(PATH, Reply(body={"value": [], "nextLink": f"{PATH}?p=1"}))
    assert [gap.code for gap in gather(cloud).snapshot.gaps] == ["PageLoop"]
    count = iter(range(10_000))

    def endless(path: str) -> Reply | None:
        return Reply(body={"value": [], "nextLink": f"{PATH}?p={next(count)}"}) if path == PATH.lower() else None

    cloud.scripts.clear()
    cloud.choose = endless
    assert [gap.code for gap in gather(cloud, replace(QUICK, pages=20)).snapshot.gaps] == ["TooManyPages"]
    assert next(count) == 20


def test_an_answer_that_swells_when_unpacked_is_left(cloud: Cloud) -> None:
    import gzip

    bomb = gzip.compress(b'{"value": [' + b" " * 30_000_000 + b"]}")
    assert len(bomb) < 100_000
    cloud.on(PATH, Reply(body=bomb, headers={"Content-Encoding": "gzip"}))
    assert [gap.code for gap in gather(cloud, replace(QUICK, answer_bytes=1_000_000)).snapshot.gaps] == ["TooLarge"]


def test_a_packed_answer_is_read(cloud: Cloud) -> None:
    import gzip

    cloud.on(PATH, Reply(body=gzip.compress(b'{"value": []}'), headers={"Content-Encoding": "gzip"}))
    assert gather(cloud).snapshot.gaps == []


HEAD = b"HTTP/1.1 200 OK\r\n"
DRIPS: dict[str, tuple[bytes, bytes]] = {
    "body": (HEAD + b"Content-Length: 100000\r\n\r\n", b" "),
    "header": (HEAD + b"X-Long: ", b"x"),
    "headers": (HEAD, b"X-Next: y\r\n"),
    "status line": (b"", b"H"),
    "100 Continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "103 Early Hints": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
}


@contextmanager
def speaking(first: bytes, then: bytes, pause: float = 0.03) -> Iterator[str]:
    """A peer that says something, and then something small again and again. Yields its URL."""
    stop = threading.Event()

    def talk(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65536)
                connection.sendall(first)
                while then and not stop.wait(pause):
                    connection.sendall(then)
            except OSError:
                return

    def serve() -> None:
        while not stop.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            stop.set()


@pytest.mark.parametrize(("first", "then"), DRIPS.values(), ids=DRIPS.keys())
def test_an_answer_that_drips_is_left_at_one_deadline(first: bytes, then: bytes) -> None:
    with speaking(first, then) as url:
        wire = ReadOnlyTransport(find_endpoint(arm_endpoint=url), replace(QUICK, answer_timeout=0.4))
        with pytest.raises(ReadFailure) as caught:
            wire.send(HttpRequest("GET", f"{url}/x"))
    assert caught.value.code == "TimedOut"
    assert not caught.value.transient


@pytest.mark.parametrize("interim", [b"100 Continue", b"102 Processing", b"103 Early Hints"])
def test_what_comes_before_the_answer_is_passed_over(interim: bytes) -> None:
    before = b"HTTP/1.1 " + interim + b"\r\nLink: </style.css>; rel=preload\r\n\r\n"
    with speaking(before * 2 + HEAD + b"Content-Length: 13\r\n\r\n" + b'{"value": []}', b"") as url:
        answer = ReadOnlyTransport(find_endpoint(arm_endpoint=url), QUICK).send(HttpRequest("GET", f"{url}/x"))
    assert (answer.status_code, answer.content) == (200, b'{"value": []}')


def _gzipped(size: int) -> bytes:
    import gzip

    body = gzip.compress(b'{"access_token": "' + b"x" * size + b'"}', mtime=0)
    return (
        HEAD
        + b"Content-Encoding: gzip\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        + body
    )


@pytest.mark.parametrize(
    ("first", "then"),
    [(_gzipped(50_000_000), b""), (HEAD + b"\r\n" + b'{"access_token": "', b"x" * 65536)],
    ids=["packed", "without an end"],
)
def test_an_identity_answer_is_bounded(monkeypatch: pytest.MonkeyPatch, first: bytes, then: bytes) -> None:
    with speaking(first, then, 0.0) as url:
        session = requests.Session()
        session.mount("http://", IdentityAdapter())
        tracemalloc.start()
        with pytest.raises(requests.ConnectionError, match="larger than"):
            session.get(url)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
        tracemalloc.stop()
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{url}/token")
        endpoint = find_endpoint(arm_endpoint="http://127.0.0.1:1")
        with pytest.raises(CredentialError, match="could not get a token"):
            find_identity(endpoint).get_token(endpoint.scope)


@pytest.mark.parametrize(("first", "then"), DRIPS.values(), ids=DRIPS.keys())
def test_an_identity_answer_has_one_deadline(first: bytes, then: bytes) -> None:
    with speaking(first, then) as url:
        session = requests.Session()
        session.mount("http://", IdentityAdapter(0.3))
        with pytest.raises(requests.RequestException):
            session.get(url)


def test_a_chunked_answer_that_breaks_off_is_a_fault() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def half() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n{"value": []\r\n')

        threading.Thread(target=half, daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(ReadFailure) as caught:
            ReadOnlyTransport(find_endpoint(arm_endpoint=url), QUICK).send(HttpRequest("GET", f"{url}/x"))
        assert caught.value.transient


def test_a_netrc_entry_for_the_host_changes_nothing(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login someone password something\ndefault login x password y\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    gather(cloud)
    assert {headers["authorization"] for _, _, headers in cloud.asked} == {f"Bearer {TOKEN}"}


def test_a_proxy_is_never_asked_for_loopback(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    with running() as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert gather(cloud).snapshot.gaps == []
        assert proxy.asked == []


def test_a_proxy_is_asked_for_other_hosts_and_sees_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    with running() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("http://", "http://me:word@"))
        proxy.choose = lambda _path: Reply(403, b"no tunnels")
        wire = ReadOnlyTransport(find_endpoint(), QUICK)
        with pytest.raises(ReadFailure, match="no answer"):
            wire.send(
                HttpRequest("GET", "https://management.azure.com/x", headers={"Authorization": f"Bearer {TOKEN}"})
            )
        method, target, headers = proxy.asked[0]
        assert (method, target) == ("CONNECT", "management.azure.com:443")
        assert headers["proxy-authorization"] == "Basic bWU6d29yZA=="
        assert TOKEN not in str(proxy.asked)


def test_brackets_in_strings_do_not_count_as_depth(cloud: Cloud) -> None:
    cloud.on(PATH, Reply(body={"value": [{"id": f"{PATH}/d", "properties": {"x": "[" * 5000}}]}))
    assert gather(cloud).snapshot.gaps == []
