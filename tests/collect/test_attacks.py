"""A Resource Manager that is not a friend: no token for another host, no endless list, no answer without end."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from azure.core.rest import HttpRequest

from rtaudit.collect import Identity, Limits, find_endpoint
from rtaudit.collect.arm import Arm, Page
from rtaudit.collect.faults import Fault
from rtaudit.collect.transport import Wire
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


def test_a_redirect_is_not_followed(cloud: Cloud) -> None:
    with running() as other:
        for status in (301, 302, 303, 307, 308):
            cloud.on(PATH, Reply(status, b"", {"Location": f"{other.url}/x"}))
            assert [gap.code for gap in gather(cloud).snapshot.gaps] == ["Redirect"]
        assert other.asked == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "get"])
def test_nothing_but_get_reaches_the_wire(cloud: Cloud, method: str) -> None:
    wire = Wire(find_endpoint(arm_endpoint=cloud.url), Limits())
    request = HttpRequest("GET", f"{cloud.url}{VOICE}/listKeys")
    request.method = method
    with pytest.raises(Fault, match="only GET may leave"):
        wire.send(request)
    assert cloud.asked == []


def test_an_sdk_operation_that_changes_something_is_refused(cloud: Cloud) -> None:
    from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient

    arm = Arm(find_endpoint(arm_endpoint=cloud.url), Identity(Static()), Limits())
    client = arm.client(CognitiveServicesManagementClient, SUB)
    with pytest.raises(Fault, match="only GET may leave"):
        client.accounts.list_keys("rg", "voice", page=Page())
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


def test_an_answer_that_drips_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                for _ in range(100):
                    try:
                        connection.sendall(b" ")
                    except OSError:
                        return
                    time.sleep(0.05)

        threading.Thread(target=drip, daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        wire = Wire(find_endpoint(arm_endpoint=url), replace(QUICK, answer_timeout=0.3))
        started = time.monotonic()
        with pytest.raises(Fault) as caught:
            wire.send(HttpRequest("GET", f"{url}/x"))
        assert caught.value.code == "TimedOut"
        assert time.monotonic() - started < 2


def test_a_chunked_answer_that_breaks_off_is_a_fault() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def half() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n{"value": []\r\n')

        threading.Thread(target=half, daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(Fault) as caught:
            Wire(find_endpoint(arm_endpoint=url), QUICK).send(HttpRequest("GET", f"{url}/x"))
        assert caught.value.passing


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


def test_a_proxy_is_asked_for_the_world_and_sees_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    with running() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("http://", "http://me:word@"))
        proxy.choose = lambda _path: Reply(403, b"no tunnels")
        wire = Wire(find_endpoint(), QUICK)
        with pytest.raises(Fault, match="no answer"):
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
