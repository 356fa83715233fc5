"""The parts that have rules of their own: endpoint, identity, bucket, schedule, api-versions, what the SDKs have."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from hypothesis import given
from hypothesis import strategies as st

from rtaudit.azure.api_versions import NEWEST, Versions, family_of
from rtaudit.azure.clouds import CLOUDS
from rtaudit.collect import CollectionRequest, Identity, collect, find_endpoint, find_identity
from rtaudit.collect.aspects import READERS
from rtaudit.collect.failures import ReadFailure
from rtaudit.collect.interner import RowInterner
from rtaudit.collect.pacer import Pacer
from rtaudit.collect.reader import ReadTask
from rtaudit.collect.schedule import Schedule
from rtaudit.errors import CredentialError, UsageError
from rtaudit.snapshot import ASPECTS
from rtaudit.snapshot.secrets import cut_secrets
from tests.collect.support import ENDPOINT, QUICK, SUB, VOICE, Cloud, Reply, Static, gather


@pytest.mark.parametrize("name", CLOUDS)
def test_every_cloud_has_its_own_endpoint_and_audience(name: str) -> None:
    endpoint = find_endpoint(name)
    assert (endpoint.url, endpoint.audience, endpoint.custom) == (CLOUDS[name].arm, CLOUDS[name].audience, False)
    assert endpoint.owns(f"{endpoint.url}/subscriptions?x=1")
    assert endpoint.owns(f"{endpoint.url}:443/subscriptions".replace("https", "HTTPS"))
    for other in CLOUDS.values():
        assert endpoint.owns(f"{other.arm}/x") is (other.name == name)
    assert find_endpoint(arm_endpoint=f"{endpoint.url}/").audience == endpoint.audience


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com", "http://management.azure.com", "http://10.0.0.1:80", "http://127.0.0.1.example.com", "http://127.0.0.1@example.com",
        "https://user@example.com", "https://user:word@example.com", "ftp://127.0.0.1", "//127.0.0.1", "127.0.0.1:80", "https://", "https://x/path",
        "https://x?q", "https://x#f", "https://x:port", "https://x y", "http://localhost.example", "https://management.azure.com:8443", "http://0.0.0.0",
        "http://[::2]", "https://x\\@y",
    ],
)  # fmt: skip
def test_an_endpoint_that_must_not_have_a_token_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        find_endpoint(arm_endpoint=url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "http://127.9.9.9:1"])
def test_plain_http_on_loopback_is_its_own_audience(url: str) -> None:
    endpoint = find_endpoint(arm_endpoint=url)
    assert endpoint.audience == endpoint.url == url
    assert endpoint.plain_http
    assert endpoint.loopback


@pytest.mark.parametrize(
    "audience",
    [
        "https://management.azure.com", "https://management.azure.com/", "https://MANAGEMENT.azure.com:443//", "https://management.core.windows.net/",
        "https://cognitiveservices.azure.com", "https://graph.microsoft.com", "https://vault.azure.net.azure.com", "https://management.usgovcloudapi.net",
        "https://management.core.chinacloudapi.cn", "797f4846-ba00-4fd7-ba43-dac1f8f63013", "https://management.azure.com./", "api://x@management.azure.com",
        "https://x\\.azure.com", "", "https://storage.azure.com/.default", "https://a@management.azure.com", "https:management.azure.com",
    ],
)  # fmt: skip
def test_a_custom_endpoint_gets_no_token_of_a_known_cloud(audience: str) -> None:
    for url in ("https://arm.local.example", "http://127.0.0.1:1"):
        with pytest.raises(UsageError):
            find_endpoint(arm_endpoint=url, audience=audience)


def test_a_custom_endpoint_over_https_needs_an_audience() -> None:
    with pytest.raises(UsageError, match="needs --audience"):
        find_endpoint(arm_endpoint="https://arm.local.example")
    endpoint = find_endpoint(arm_endpoint="https://arm.local.example", audience="https://arm.local.example/abc")
    assert endpoint.scope == "https://arm.local.example/abc/.default"
    with pytest.raises(UsageError, match="belongs to --arm-endpoint"):
        find_endpoint(audience="https://x.example")


def test_tokens_are_asked_for_the_endpoints_own_audience(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    claims = (
        base64.urlsafe_b64encode(json.dumps({"oid": "the-principal", "tid": "the-tenant"}).encode())
        .decode()
        .rstrip("=")
    )
    cloud.singles["/token"] = {
        "access_token": f"h.{claims}.s",
        "expires_on": "9999999999",
        "token_type": "Bearer",
        "resource": "x",
    }
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{cloud.url}/token")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    endpoint = find_endpoint(arm_endpoint="http://127.0.0.1:1")
    identity = find_identity(endpoint)
    identity.get_token(endpoint.scope)
    assert (identity.principal, identity.tenant) == ("the-principal", "the-tenant")
    assert unquote(cloud.asked[0][1]).endswith("resource=http://127.0.0.1:1")
    assert "management.azure.com" not in cloud.asked[0][1]
    assert "authorization" not in cloud.asked[0][2]


@pytest.mark.parametrize("method", ["environment", "workload-identity", "cli", "default"])
def test_no_credential_is_one_clear_error(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        monkeypatch.delenv(name)
    if method == "default":
        monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:9/token")
        monkeypatch.setenv("IDENTITY_HEADER", "x")
    monkeypatch.setenv("PATH", "/nonexistent")
    endpoint = find_endpoint()
    with pytest.raises(CredentialError) as caught:
        find_identity(endpoint, method).get_token(endpoint.scope)
    assert caught.value.hint
    assert "\n" not in caught.value.message


class Counting:
    """Gives tokens of a given life, and then no more."""

    def __init__(self, *lives: int) -> None:
        self.lives = list(lives)
        self.asked = 0

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        self.asked += 1
        if not self.lives:
            raise ClientAuthenticationError(message="the login has ended")
        return AccessToken("t", int(time.time()) + self.lives.pop(0))


def test_one_token_serves_all_clients_as_long_as_it_is_good(cloud: Cloud) -> None:
    credential = Counting(3600)
    arm = find_endpoint(arm_endpoint=cloud.url)
    assert collect(CollectionRequest(subscriptions=[SUB]), arm, Identity(credential), QUICK).whole
    assert credential.asked == 1


def test_a_login_that_ends_on_the_way_costs_gaps_and_not_the_collection(cloud: Cloud) -> None:
    credential = Counting(100, 100)
    arm = find_endpoint(arm_endpoint=cloud.url)
    found = collect(CollectionRequest(subscriptions=[SUB]), arm, Identity(credential), QUICK).snapshot
    assert credential.asked == 3
    assert {(gap.reason, gap.code) for gap in found.gaps} == {("denied", "NoToken")}
    assert "the login has ended" in str(found.gaps[0].message)


def test_a_bucket_is_assumed_once_azure_shows_it() -> None:
    pacer = Pacer(25.0)
    for _ in range(1000):
        assert pacer.wait("s", 0.0) == 0
        pacer.sent("s", 0.0)
    pacer = Pacer(25.0)
    pacer.sent("s", 0.0)
    # Six are left in the bucket: by the time it is processed, what an answer says is left has been asked for since.
    pacer.answered("s", 0.0, "8")
    for _ in range(2):
        assert pacer.wait("s", 0.0) == 0
        pacer.sent("s", 0.0)
    assert pacer.wait("s", 0.0) == pytest.approx(0.04)
    assert pacer.wait("another", 0.0) == 0
    assert pacer.wait("s", 0.05) == 0


def test_a_bucket_follows_what_azure_says_is_left_by_a_quarter() -> None:
    pacer = Pacer(25.0)
    for said in ("10", "50"):
        pacer.sent("s", 0.0)
        pacer.answered("s", 0.0, said)
    # 9 are left of the 10 by then, and 50 is said: (50 - 9) / 4 more, of which six stay in the bucket.
    for _ in range(13):
        assert pacer.wait("s", 0.0) == 0
        pacer.sent("s", 0.0)
    assert pacer.wait("s", 0.0) > 0


def test_a_bucket_takes_at_once_that_less_is_left() -> None:
    pacer = Pacer(25.0)
    for said in ("50", "7"):
        pacer.sent("s", 0.0)
        pacer.answered("s", 0.0, said)
    # Six of the seven stay in the bucket: one more read, not a quarter of the way from 49 to 7.
    assert pacer.wait("s", 0.0) == 0
    pacer.sent("s", 0.0)
    assert pacer.wait("s", 0.0) > 0


def test_a_refusal_holds_up_its_subscription_only() -> None:
    pacer = Pacer(25.0)
    pacer.sent("s", 0.0)
    pacer.refused("s", 0.0, 5.0)
    pacer.answered("s", 0.0, None)
    assert pacer.wait("s", 0.0) == 5
    assert pacer.wait("other", 0.0) == 0
    assert pacer.wait("s", 5.1) == 0


@pytest.mark.parametrize("said", ["-1", "many", "", "9" * 40, "1e9", "٣", "NaN"])
def test_a_header_that_makes_no_sense_is_ignored(said: str) -> None:
    pacer = Pacer(25.0)
    pacer.sent("s", 0.0)
    pacer.answered("s", 0.0, said)
    assert pacer.wait("s", 0.0) == 0


def _read(subscription: str) -> ReadTask:
    return ReadTask(READERS["deployments"], f"/subscriptions/{subscription}/x", subscription)


def _drain(schedule: Schedule, count: int) -> list[str]:
    ended: list[str] = []
    while len(ended) < count:
        found = schedule.finished(5)
        assert found, "nothing ended in five seconds"
        ended += [one.read.subscription for one in found]
    assert len(ended) == count
    return ended


def test_a_throttled_subscription_does_not_hold_up_the_others() -> None:
    def fetch(read: ReadTask) -> None:
        if read.subscription == "slow":
            raise ReadFailure("throttled", "m", status=429, retry_after=60)

    schedule = Schedule(fetch, replace(QUICK, concurrency=2, retry_after_cap=60))
    for _ in range(10):
        schedule.submit(_read("slow"))
    time.sleep(0.05)
    for _ in range(50):
        schedule.submit(_read("quick"))
    assert _drain(schedule, 50) == ["quick"] * 50
    assert schedule.tally.calls <= 52
    started = time.monotonic()
    assert len(schedule.stop()) == 10
    assert time.monotonic() - started < 30


def test_an_error_of_the_moment_that_says_when_is_asked_again_then() -> None:
    def fetch(read: ReadTask) -> None:
        if read.subscription == "slow":
            raise ReadFailure("failed", "m", status=503, retry_after=60, transient=True)

    schedule = Schedule(fetch, replace(QUICK, concurrency=2, retry_after_cap=60))
    schedule.submit(_read("slow"))
    while not schedule.tally.retried:
        assert schedule.finished(0.01) == []
    for _ in range(50):
        schedule.submit(_read("quick"))
    assert _drain(schedule, 50) == ["quick"] * 50
    assert schedule.tally.calls == 51
    assert [one.subscription for one in schedule.stop()] == ["slow"]


def test_no_more_than_the_bound_is_in_flight_and_no_less() -> None:
    lock, all_in_flight, now, most = threading.Lock(), threading.Event(), 0, 0

    def fetch(read: ReadTask) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
            if now == 7:
                all_in_flight.set()
        all_in_flight.wait(60)
        time.sleep(0.002)
        with lock:
            now -= 1

    schedule = Schedule(fetch, replace(QUICK, concurrency=7))
    for number in range(60):
        schedule.submit(_read(str(number % 3)))
    _drain(schedule, 60)
    assert most == 7
    schedule.stop()


def test_a_bug_is_not_a_gap() -> None:
    def fetch(read: ReadTask) -> None:
        raise ZeroDivisionError

    schedule = Schedule(fetch, QUICK)
    schedule.submit(_read("s"))
    assert [type(one.error) for one in schedule.finished(5)] == [ZeroDivisionError]
    schedule.stop()


def test_a_wait_is_cut_to_our_own(cloud: Cloud) -> None:
    limits = replace(QUICK, throttle_count=3, retry_after_cap=0.05)
    cloud.choose = lambda path: Reply(429, b"", {"Retry-After": "0.1"}) if path.endswith("/locks") else None
    assert [gap.reason for gap in gather(cloud, limits).snapshot.gaps] == ["throttled"]
    assert len([path for path in cloud.paths() if path.endswith("/locks")]) == 3


def test_who_asks_for_a_day_is_asked_once(cloud: Cloud) -> None:
    cloud.choose = lambda path: Reply(429, b"", {"Retry-After": "86400"}) if path.endswith("/locks") else None
    gaps = gather(cloud, replace(QUICK, retry_after_cap=60)).snapshot.gaps
    assert [(gap.aspect, gap.reason) for gap in gaps] == [("locks", "throttled")]
    assert len([path for path in cloud.paths() if path.endswith("/locks")]) == 1


@pytest.mark.parametrize(("patience", "attempts"), [(0.0, 1), (600.0, 4)])
def test_no_attempt_begins_after_the_patience_with_a_page(patience: float, attempts: int) -> None:
    begun: list[str] = []

    def fetch(read: ReadTask) -> None:
        begun.append(read.subscription)
        raise ReadFailure("failed", "no answer", transient=True)

    schedule = Schedule(fetch, replace(QUICK, patience=patience))
    schedule.submit(_read("dead"))
    assert _drain(schedule, 1) == ["dead"]
    assert len(begun) == attempts
    schedule.stop()


@pytest.mark.parametrize(
    ("message", "taken"),
    [
        ("No registered resource provider found for location 'eastus' and API version '2026-09-01' for type 'accounts'. The supported api-versions are '2016-02-01-preview, 2017-04-18, 2025-06-01, 2025-10-01-preview'. The supported locations are ', global'.", "2025-06-01"),
        ("The api-version '2026-09-01' is invalid. The supported versions are '2024-01-01,2023-07-01'.", "2024-01-01"),
        ("The supported api-versions are '2024-05-01-preview'.", "2024-05-01-preview"),
        ("The supported api-versions are '2031-01-01, 2027-01-01'.", None),
        ("Nothing is supported here.", None),
        ("", None),
    ],
)  # fmt: skip
def test_the_newest_version_that_an_error_names_is_taken(message: str, taken: str | None) -> None:
    versions = Versions()
    kind = "Microsoft.CognitiveServices/accounts"
    newest = versions.ask(kind)
    assert versions.refused(kind, newest, 400, "NoRegisteredProviderFound", message) is (taken is not None)
    assert versions.ask(kind) == (taken or newest)
    assert versions.ask("Microsoft.CognitiveServices/locations/models") == (taken or newest)
    assert versions.ask("Microsoft.Network/privateEndpoints") == NEWEST["microsoft.network"]


def test_versions_are_negotiated_once_for_all_threads_and_again_for_a_type_that_knows_fewer() -> None:
    versions, error = Versions(), "The supported api-versions are '2025-06-01, 2023-05-01'"
    newest = versions.ask("Microsoft.CognitiveServices/accounts")
    for kind in ("accounts", "accounts/deployments", "locations/models"):
        assert versions.refused(f"Microsoft.CognitiveServices/{kind}", newest, 400, "InvalidApiVersionParameter", error)
    assert versions.refused(
        "Microsoft.CognitiveServices/locations/models", "2025-06-01", 400, "InvalidApiVersionParameter", error
    )
    assert versions.ask("Microsoft.CognitiveServices/locations/models") == "2023-05-01"
    assert versions.ask("Microsoft.CognitiveServices/accounts") == "2025-06-01"
    assert not versions.refused("Microsoft.CognitiveServices/accounts", "2025-06-01", 400, "BadRequest", error)
    assert not versions.refused(
        "Microsoft.CognitiveServices/accounts", "2025-06-01", 403, "InvalidApiVersionParameter", error
    )


def test_every_reader_has_an_api_version_an_action_and_an_aspect() -> None:
    for reader in READERS.values():
        assert family_of(reader.type) in NEWEST
        assert reader.action.endswith("/read")
        assert reader.aspect in ASPECTS
        assert {*reader.depends_on, *reader.keep_depends_on} <= set(READERS)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=6) | st.sampled_from(["properties", "tags", "apiProperties", "migrationToken", "key"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)


@given(st.lists(st.dictionaries(st.sampled_from(["id", "properties", "tags", "kind"]), _JSON), max_size=5))
def test_the_larder_keeps_what_cutting_leaves(rows: list[dict[str, Any]]) -> None:
    larder = RowInterner()
    for row in [*rows, *rows]:
        assert larder.keep(row) == cut_secrets(row)


def test_equal_parts_are_one_object() -> None:
    larder = RowInterner()
    rows = [
        {"id": str(n), "properties": {"callRateLimit": {"rules": [{"key": f"{k}", "n": k} for k in range(50)]}}}
        for n in range(2)
    ]
    first, second = (larder.keep(json.loads(json.dumps(row))) for row in rows)
    assert first["properties"]["callRateLimit"] is second["properties"]["callRateLimit"]


def test_the_sdks_have_what_is_used_and_lack_what_is_worked_around() -> None:
    from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
    from azure.mgmt.monitor import MonitorManagementClient

    services = CognitiveServicesManagementClient(Static(), "s")
    for group, operation in (
        ("accounts", "list"), ("deployments", "list"), ("rai_policies", "list"), ("models", "list"), ("usages", "list"),
        ("defender_for_ai_settings", "list"), ("network_security_perimeter_configurations", "list"),
    ):  # fmt: skip
        assert callable(getattr(getattr(services, group), operation))
    monitor = MonitorManagementClient(Static(), "s")
    assert callable(monitor.metric_alerts.list_by_subscription)
    assert callable(monitor.activity_log_alerts.list_by_subscription_id)
    assert callable(monitor.action_groups.list_by_subscription_id)
    # When this fails, azure-mgmt-monitor has them again: docs/decisions/0001-plain-get.md can be revised.
    assert not hasattr(monitor, "diagnostic_settings")


def test_endpoints_are_listed_by_the_sdk_and_the_plain_get_is_its_own(cloud: Cloud) -> None:
    """Where no account has an endpoint the SDK is not loaded: the list is then the same GET without it."""
    from azure.mgmt.network import NetworkManagementClient

    from rtaudit.collect.arm import ArmReader, ResponsePage
    from rtaudit.collect.aspects.calls import below

    version = NEWEST["microsoft.network"]
    client = NetworkManagementClient(Static(), SUB, base_url=cloud.url, policies=[], api_version=version)
    group, name = ENDPOINT.split("/")[4::4]
    list(client.private_endpoints.list_by_subscription())
    list(client.private_dns_zone_groups.list(private_endpoint_name=name, resource_group_name=group))
    theirs = [(method, target) for method, target, _ in cloud.asked]
    assert len(theirs) == 2
    cloud.asked.clear()
    gather(cloud, aspects=frozenset({"accounts", "privateEndpoints"}))
    assert set(theirs) <= {(method, target) for method, target, _ in cloud.asked}
    cloud.asked.clear()
    plain = below("/providers/Microsoft.Network/privateEndpoints")
    plain(
        ArmReader(find_endpoint(arm_endpoint=cloud.url), Identity(Static()), QUICK),
        f"/subscriptions/{SUB}",
        ResponsePage(),
        version,
    )
    assert [(method, target) for method, target, _ in cloud.asked] == theirs[:1]


_LOADED = """
import json, os, sys
from rtaudit import collect_snapshot, collection, load_snapshot
from rtaudit.simulate import Simulator
from rtaudit.snapshot import Snapshot

prod = load_snapshot(sys.argv[1])
rows = json.loads(json.dumps(list(prod.resources)))
if sys.argv[2] == "none":
    rows = [row for row in rows if "/privateEndpoints/" not in row["id"]]
    for row in rows:
        if row["id"].rsplit("/", 2)[-2] == "accounts":
            row["properties"]["privateEndpointConnections"] = []
served = Snapshot.of("prod", prod.scope, rows, prod.gaps)
with Simulator([served], record=False) as azure:
    os.environ.update(azure.environ)
    found = collect_snapshot(
        collection(served.scope["subscriptions"], environment="prod"), arm_endpoint=azure.url, auth="managed-identity"
    ).snapshot
endpoints = sum("/privateEndpoints/" in row["id"] for row in found.resources)
print(not found.gaps, endpoints > 0, "azure.mgmt.network" in sys.modules)
"""


@pytest.mark.parametrize("accounts", ["some", "none"])
def test_the_network_sdk_is_loaded_where_an_account_has_an_endpoint(accounts: str) -> None:
    prod = Path(__file__).parents[2] / "snapshots" / "prod.json"
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", _LOADED, str(prod), accounts],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert ended.stdout.split() == ["True", *[str(accounts == "some")] * 2]


_OVERLAP = """
import os, sys, threading
from importlib.machinery import PathFinder
from rtaudit import collect_snapshot, collection, load_snapshot
from rtaudit.collect import CollectionObserver
from rtaudit.simulate import Simulator

begun, answered = threading.Event(), threading.Event()
waited = []

class Slow:
    def find_spec(self, name, path, target=None):
        if name != "azure.mgmt.network":
            return None
        spec = PathFinder.find_spec(name, path)
        load = spec.loader.exec_module

        def exec_module(module):
            begun.set()
            # The import ends once a read was planned, sent and answered after it began.
            waited.append(answered.wait(60))
            load(module)

        spec.loader.exec_module = exec_module
        return spec

def log(method, path, status, seconds, request_id):
    if "roleDefinitions" in path:
        answered.set()
    elif "roleAssignments" in path:
        # Which definitions to ask for is known from this answer, which comes once the import has begun.
        begun.wait(60)

prod = load_snapshot(sys.argv[1])
sys.meta_path.insert(0, Slow())
with Simulator([prod], record=False) as azure:
    os.environ.update(azure.environ)
    found = collect_snapshot(
        collection(prod.scope["subscriptions"], environment="prod"), arm_endpoint=azure.url, auth="managed-identity",
        watch=CollectionObserver(log=log),
    ).snapshot
print(waited, found.digest == prod.digest)
"""


def test_the_network_sdk_is_loaded_beside_other_answers() -> None:
    """Whoever loads it on a thread that reads are planned or sent on would wait here for ever."""
    prod = Path(__file__).parents[2] / "snapshots" / "prod.json"
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", _OVERLAP, str(prod)], capture_output=True, encoding="utf-8", check=True
    )
    assert ended.stdout.strip() == "[True] True"


def test_the_same_client_serves_every_thread(cloud: Cloud) -> None:
    from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient

    from rtaudit.collect.arm import ArmReader

    arm = ArmReader(find_endpoint(arm_endpoint=cloud.url), Identity(Static()), QUICK)
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(arm.client(CognitiveServicesManagementClient, "s")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1


@pytest.mark.parametrize(
    "audience",
    [
        "https://vault.azure.net", "https://managedhsm.azure.net", "https://eventhubs.azure.net", "https://servicebus.azure.net",
        "https://containerregistry.azure.net", "https://api.loganalytics.io", "https://app.vssps.visualstudio.com",
        "https://dev.azuresynapse.net", "https://digitaltwins.azure.net", "https://databricks.azure.net", "api://some-app",
        "https://management.local.example", "https://contoso.onmicrosoft.com/4de154de-f8a8-4017-af41-df619da68155",
        "https://arm.local.example.evil.example", "https://xarm.local.example", "https://arm.local.example@evil.example",
    ],
)  # fmt: skip
def test_an_audience_is_the_endpoints_own_or_allowed_with_it(audience: str) -> None:
    url = "https://arm.local.example"
    with pytest.raises(UsageError, match="--audience"):
        find_endpoint(arm_endpoint=url, audience=audience)
    for pair in ((url, "https://other.example"), ("https://other.example", audience)):
        with pytest.raises(UsageError, match="--audience"):
            find_endpoint(arm_endpoint=url, audience=audience, allowed=[pair])
    if "@" not in audience:
        assert find_endpoint(arm_endpoint=url, audience=audience, allowed=[(f"{url}/", audience)]).audience == audience


@pytest.mark.parametrize(
    ("header", "others"),
    [
        ("WWW-Authenticate", []),
        ("www-authenticate", []),
        ("Www-AUTHENTICATE", []),
        ("WWW-Authenticate", ['Basic realm="proxy"', "Negotiate"]),
    ],
    ids=["as it is written", "in lower case", "in any case", "among other challenges"],
)
def test_a_token_that_is_revoked_half_way_is_asked_for_anew(cloud: Cloud, header: str, others: list[str]) -> None:
    claims = '{"access_token":{"nbf":{"essential":true,"value":"1790000000"}}}'
    encoded = base64.b64encode(claims.encode()).decode()
    challenge = (
        f'Bearer realm="", authorization_uri="https://login.example/x", error="insufficient_claims", claims="{encoded}"'
    )
    asked: list[str | None] = []

    class Revocable:
        def get_token(self, *_scopes: str, **options: Any) -> AccessToken:
            asked.append(options.get("claims"))
            return AccessToken(f"token-{len(asked)}", int(time.time()) + 3600)

    revoked = Reply(
        401, {"error": {"code": "TokenRevoked", "message": "continuous access"}}, {header: [challenge, *others]}
    )

    def choose(path: str) -> Reply | None:
        _, _, headers = next(one for one in reversed(cloud.asked) if unquote(one[1]).lower().startswith(path))
        return revoked if headers["authorization"] == "Bearer token-1" and path.count("/") > 2 else None

    cloud.choose = choose
    request = CollectionRequest(subscriptions=[SUB])
    collected = collect(request, find_endpoint(arm_endpoint=cloud.url), Identity(Revocable()), QUICK)
    assert collected.snapshot.gaps == []
    assert asked == [None, claims]


def test_a_challenge_that_nobody_can_meet_is_a_gap(cloud: Cloud) -> None:
    encoded = base64.b64encode(b"{}").decode()
    challenge = f'Bearer error="insufficient_claims", claims="{encoded}"'
    cloud.on(f"{VOICE}/deployments", Reply(401, {"error": {"code": "TokenRevoked"}}, {"WWW-Authenticate": challenge}))
    assert [(gap.aspect, gap.reason, gap.status) for gap in gather(cloud).snapshot.gaps] == [
        ("deployments", "denied", 401)
    ]


@pytest.mark.parametrize(("shard", "warned"), [(None, True), ("1/3", False)], ids=["the whole", "a shard"])
def test_only_the_whole_says_that_a_group_holds_no_account(
    shard: str | None, warned: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    from rtaudit.cli.collect_options import say_empty
    from rtaudit.snapshot import Snapshot

    scope = {"subscriptions": ["s"], "resourceGroups": ["rg-voice"], **({"shard": shard} if shard else {})}
    say_empty(Snapshot.of("prod", scope, []))
    assert ("rg-voice" in capsys.readouterr().err) is warned
