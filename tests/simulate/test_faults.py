"""Faults on demand: buckets, denials, failing requests, api-versions, latency; and a server that bad input does not stop."""

from __future__ import annotations

import concurrent.futures
import http.client
import socket
import time

import pytest

from rtaudit.errors import RtauditError
from rtaudit.simulate import Simulator

from .support import ACCOUNT, GROUP, ROOT, SUB, TOKEN, get, send, snapshot


def test_the_bucket_empties_and_fills_again():
    other = "/subscriptions/0b000000-0000-4000-8000-000000000002"
    with Simulator([snapshot([{"id": other}])], throttle=True, bucket=3, refill=4) as sim:
        left = [get(sim, ACCOUNT).headers["x-ms-ratelimit-remaining-subscription-reads"] for _ in range(3)]
        assert left == ["2", "1", "0"]
        refused = get(sim, ACCOUNT)
        assert (refused.status, refused.code) == (429, "SubscriptionRequestsThrottled")
        assert refused.headers["retry-after"] == "1"
        assert refused.headers["x-ms-ratelimit-remaining-subscription-reads"] == "0"
        assert sim.tally["throttled"] == 1
        assert get(sim, other).status == 200, "each subscription has its own bucket"
        time.sleep(0.3)
        assert get(sim, ACCOUNT).status == 200


def test_the_real_bucket_lets_250_reads_through_at_once():
    with Simulator([snapshot()], throttle=True) as sim:
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            began = time.monotonic()
            statuses = list(pool.map(lambda _: get(sim, ACCOUNT).status, range(400)))
            took = time.monotonic() - began
        assert 250 <= statuses.count(200) <= 251 + took * 25
        assert statuses.count(429) == 400 - statuses.count(200)


def test_without_a_bucket_nothing_is_throttled():
    with Simulator([snapshot()]) as sim:
        assert get(sim, ACCOUNT).headers["x-ms-ratelimit-remaining-subscription-reads"] == "249"
        assert get(sim, "/subscriptions").headers["x-ms-ratelimit-remaining-tenant-reads"] == "249"


@pytest.mark.parametrize(
    "pattern",
    [
        "*/accounts/voice-1/deployments",
        "*/ACCOUNTS/*/Deployments",
        "accounts/voice-?/deployments*",
        f"{ACCOUNT}/deployments",
    ],
)
def test_denied_paths(pattern):
    with Simulator([snapshot()], deny=[pattern]) as sim:
        got = get(sim, f"{ACCOUNT}/deployments")
        assert (got.status, got.code) == (403, "AuthorizationFailed")
        assert f"'Microsoft.CognitiveServices/accounts/deployments/read' over scope '{ACCOUNT}'" in got.message
        assert get(sim, f"{ACCOUNT}/raiPolicies").status == 200


def test_a_denied_subscription_is_not_listed():
    with Simulator([snapshot()], deny=[SUB]) as sim:
        assert get(sim, "/subscriptions").json["value"] == []
        assert get(sim, SUB).code == "AuthorizationFailed"


@pytest.mark.parametrize(
    ("pattern", "at_subscription", "at_account"),
    [
        (
            "*/diagnosticSettings",
            ["Microsoft.Insights/diagnosticSettings/read"],
            ["Microsoft.Insights/diagnosticSettings/read"],
        ),
        ("*/accounts/voice-1/deployments", [], ["Microsoft.CognitiveServices/accounts/deployments/read"]),
        ("*/locations/*/usages", ["Microsoft.CognitiveServices/locations/usages/read"], []),
        ("*/privateDnsZones", ["Microsoft.Network/privateDnsZones/read"], []),
        ("*/roleAssignments", ["Microsoft.Authorization/roleAssignments/read"], None),
    ],
)
def test_a_denied_path_is_missing_from_the_permissions(pattern, at_subscription, at_account):
    with Simulator([snapshot()], deny=[pattern]) as sim:
        taken = [get(sim, f"{scope}{ROOT}/permissions").json["value"][0]["notActions"] for scope in (SUB, ACCOUNT)]
    assert taken[0] == at_subscription
    assert at_account is None or taken[1] == at_account


def _outcomes(seed: int) -> list[int]:
    with Simulator([snapshot()], fail_rate=0.5, seed=seed) as sim:
        found = []
        for number in range(60):
            try:
                found.append(get(sim, f"{ACCOUNT}/deployments/d{number % 5}").status)
            except (ConnectionError, http.client.HTTPException):
                found.append(0)
        return found


def test_a_share_of_requests_fails_and_the_same_seed_fails_the_same():
    first = _outcomes(1)
    assert set(first) == {0, 200, 500, 503}
    assert 15 <= first.count(200) <= 45
    assert first == _outcomes(1)
    assert first != _outcomes(2)


def test_an_api_version_is_needed():
    with Simulator([snapshot()]) as sim:
        got = send(sim, ACCOUNT, headers={"Authorization": f"Bearer {TOKEN}"})
        assert (got.status, got.code) == (400, "MissingApiVersionParameter")
        assert got.message == "The api-version query parameter (?api-version=) is required for all requests."
        assert get(sim, ACCOUNT, version="newest").code == "NoRegisteredProviderFound"
        assert get(sim, "/subscriptions", version="newest").code == "InvalidApiVersionParameter"


def test_a_cloud_that_knows_some_api_versions_only():
    known = {
        "Microsoft.CognitiveServices": ["2024-10-01", "2025-06-01"],
        "microsoft.resources/subscriptions": ["2022-12-01"],
    }
    with Simulator([snapshot()], api_versions=known) as sim:
        one = get(sim, f"{ACCOUNT}/deployments", version="2026-09-01")
        assert (one.status, one.code) == (400, "NoRegisteredProviderFound")
        assert one.message == (
            "No registered resource provider found for location 'eastus2' and API version '2026-09-01' for type "
            "'accounts/deployments'. The supported api-versions are '2024-10-01, 2025-06-01'. The supported locations are 'eastus2'."
        )
        wide = get(sim, f"{SUB}/providers/Microsoft.CognitiveServices/accounts", version="2026-09-01")
        assert (wide.status, wide.code) == (404, "InvalidResourceType")
        assert "The supported api-versions are '2024-10-01, 2025-06-01'." in wide.message
        root = get(sim, SUB, version="2026-09-01")
        assert (root.status, root.code) == (400, "InvalidApiVersionParameter")
        assert "The supported versions are '2022-12-01'." in root.message
        assert get(sim, f"{ACCOUNT}/deployments", version="2025-06-01").status == 200
        assert get(sim, f"{GROUP}/providers/Microsoft.Network/privateEndpoints", version="2031-01-01").status == 200


def test_latency_comes_before_each_answer_and_not_one_after_another():
    with Simulator([snapshot()], latency=1) as sim:
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            assert {got.status for got in pool.map(lambda _: get(sim, ACCOUNT), range(8))} == {200}
        assert 1 <= time.monotonic() - began < 8
        assert sim.tally["peak in flight"] == 8
        assert sim.tally["in flight"] == 0


def test_a_connection_is_kept_alive():
    with Simulator([snapshot()]) as sim:
        connection = http.client.HTTPConnection("127.0.0.1", int(sim.url.rsplit(":", 1)[-1]))
        for _ in range(5):
            connection.request("GET", f"{ACCOUNT}?api-version=2025-09-01", headers={"Authorization": "Bearer x"})
            response = connection.getresponse()
            assert response.status == 200
            response.read()
        connection.close()
        assert sim.tally["accepted"] == 1
        assert len(sim.requests) == 5


def test_answers_given_by_hand_come_verbatim_first_and_as_often_as_said():
    with Simulator([snapshot()]) as sim:
        sim.serve(ACCOUNT.upper(), b'{"broken', status=502, headers={"X-Own": "1"}, times=1)
        sim.serve(ACCOUNT, {"page": 2}, when=lambda request: request.query.get("$skiptoken") == "z")
        first = get(sim, ACCOUNT)
        assert (first.status, first.text, first.headers["x-own"]) == (502, '{"broken', "1")
        assert get(sim, ACCOUNT).json["id"] == ACCOUNT
        assert get(sim, ACCOUNT, "&$skipToken=z").json == {"page": 2}


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 300 + b"\r\n", 400),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: attacker.example\r\n\r\n", 421),
        (b"POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 401),
    ],
)
def test_bad_requests_are_refused_and_the_server_goes_on(raw, status):
    with Simulator([snapshot()]) as sim:
        port = int(sim.url.rsplit(":", 1)[-1])
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(raw.replace(b"HOST", f"127.0.0.1:{port}".encode()))
            assert connection.makefile("rb").readline().startswith(f"HTTP/1.1 {status} ".encode())
        assert get(sim, ACCOUNT).status == 200


def test_the_port_is_free_again_after_the_end_and_taken_before():
    with Simulator([snapshot()]) as sim:
        port = int(sim.url.rsplit(":", 1)[-1])
        idle = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        idle.request("GET", f"{ACCOUNT}?api-version=2025-09-01", headers={"Authorization": "Bearer x"})
        idle.getresponse().read()
        assert idle.sock is not None
        with pytest.raises(RtauditError, match=f"port {port} of 127.0.0.1 is in use"):
            Simulator([snapshot()], port=port)
    assert idle.sock.recv(1) == b"", "a connection that was kept alive is closed"
    idle.close()
    with Simulator([snapshot()], port=port) as again:
        assert get(again, ACCOUNT).status == 200
