"""Contracts: what is read, what is refused and where, and that no secret of one is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtaudit.contract import load_contract, parse_contract
from rtaudit.contract.sections import covers, in_environment
from rtaudit.documents import dumps
from rtaudit.errors import InputError
from rtaudit.snapshot import load
from rtaudit.subjects import ATTRIBUTES, EstateIndex

ROOT = Path(__file__).parents[2]
GOOD = ROOT / "policies" / "rules" / "good.json"

BASE = load(GOOD)

HEAD = "schema: rtaudit.client/1\nname: guest-line\ntransport: websocket\nrunsIn: server\nauth: entra\n"
WHOLE = """\
schema: rtaudit.client/1
name: guest-line
transport: websocket
runsIn: server
network: private
auth: entra
account: east
endpoint: wss://east.openai.azure.com
protocol: {path: /openai/v1/realtime, headers: [Authorization]}
session: {maxMinutes: 20, idleTimeoutSeconds: 60, reconnect: true}
peakSessionsPerMinute: 40
on429: {retryAfter: true, maxAttempts: 5, then: fallback}
transcripts: {stored: false}
audio: {stored: false}
fallback: {kind: human}
environments:
  good: {deployment: voice}
  test: {deployment: voice-test, transport: webrtc}
"""


def test_a_whole_contract_is_read_as_it_is_written():
    contract = parse_contract(WHOLE, "guest.yaml")
    assert contract["environments"]["good"] == {"deployment": "voice"}
    assert contract["peakSessionsPerMinute"] == 40


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", "guest.yaml:1:1", "states no schema"),
        ("- a\n", "guest.yaml:1:1", "states no schema"),
        ("schema: rtaudit.client/2\n", "guest.yaml:1:9", "rtaudit.client/2"),
        (HEAD.replace("entra", "password"), "guest.yaml:5:7", "'auth' cannot be 'password'"),
        (HEAD + "fallback: {kind: humn}\n", "guest.yaml:6:18", "'fallback.kind' cannot be 'humn'"),
        (HEAD + "transprt: sip\n", "guest.yaml:6:1", "unknown key 'transprt'"),
        (HEAD + "environments:\n  prod: {deploymnt: x}\n", "guest.yaml:7:10", "unknown key 'deploymnt'"),
        (HEAD + "session: {maxMinutes: -1}\n", "guest.yaml:6:23", "session.maxMinutes"),
        (HEAD + "endpoint: east.openai.azure.com\n", "guest.yaml:6:11", "no scheme"),
        (HEAD + "endpoint: wss://\n", "guest.yaml:6:11", "names no host"),
        (HEAD + "endpoint: wss://a:b@east.openai.azure.com\n", "guest.yaml:6:11", "a user or a password"),
        (HEAD + "endpoint: wss://[east\n", "guest.yaml:6:11", "is not a URL"),
        (HEAD + "endpoint: wss://east:99999\n", "guest.yaml:6:11", "is not a URL"),
        (HEAD + "environments:\n  prod: {endpoint: 'https://a:b@c'}\n", "guest.yaml:7:20", "a user or a password"),
        (HEAD + "protocol: {headers: ['OpenAI-Beta: realtime=v1']}\n", "guest.yaml:6:22", "a header's name without"),
        (HEAD + "caller: bridge\n", "guest.yaml:6:9", "a principal id (a GUID), or the ARM id"),
        (HEAD + "caller: {id: 1, tenant: x}\n", "guest.yaml:6:14", "caller.id"),
        (HEAD + "on429: {retryAfter: 5}\n", "guest.yaml:6:21", "on429.retryAfter"),
        (HEAD + "use: chat\n", "guest.yaml:6:6", "'use' cannot be 'chat'"),
        (HEAD + "name: again\n", "guest.yaml:6:1", "a second time"),
        (HEAD.replace("guest-line", "'a b'"), "guest.yaml:2:7", "a name such as"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, place: str, words: str):
    with pytest.raises(InputError) as error:
        parse_contract(text, "guest.yaml")
    assert error.value.message.startswith(place)
    assert words in error.value.message


def test_a_hint_says_what_was_meant():
    with pytest.raises(InputError) as error:
        parse_contract(HEAD + "transcript: {}\n", "guest.yaml")
    assert error.value.hint is not None
    assert "did you mean 'transcripts'" in error.value.hint


def test_no_secret_of_a_contract_is_kept(tmp_path: Path):
    key = "0123456789abcdefghij"
    path = tmp_path / "guest.yaml"
    path.write_text(
        HEAD
        + f"endpoint: wss://east.openai.azure.com/openai/v1/realtime?model=voice&api-key={key}\n"
        + f"protocol: {{query: {{api-key: {key}, model: voice, subscription-key: {key}}}}}\n"
        + f"environments:\n  prod: {{protocol: {{query: {{Api-Key: {key}, key: {key}}}}}}}\n"
        + f"  test: {{endpoint: 'wss://gw.azure-api.net/v?model=a&Subscription-Key={key}&code={key}'}}\n"
    )
    contract = load_contract(path)
    assert key not in json.dumps(contract)
    held = contract["environments"]["test"]["endpoint"]
    assert held == "wss://gw.azure-api.net/v?model=a&Subscription-Key=[cut]&code=[cut]"
    assert contract["protocol"]["query"] == {"api-key": "[cut]", "model": "voice", "subscription-key": "[cut]"}


def test_the_section_of_an_environment_replaces_what_stands_at_the_top():
    contract = parse_contract(WHOLE, "guest.yaml")
    assert in_environment(contract, "TEST")["transport"] == "webrtc"
    assert in_environment(contract, "good")["transport"] == "websocket"
    assert in_environment(contract, "test")["id"] == "client/guest-line"
    assert covers(contract, "Good")
    assert not covers(contract, "prod")
    assert covers({"name": "any"}, "prod")


def test_the_subject_is_the_contract_as_it_holds_in_the_snapshot():
    estate = EstateIndex(load(GOOD).with_clients([parse_contract(WHOLE, "guest.yaml")]))
    (client,) = estate.each("client")
    assert client.raw["deployment"] == "voice"
    assert "environments" not in client.raw
    peaks = {one.name: one.fact("declaredPeakSessions") for one in estate.each("realtimeDeployment")}
    assert peaks == {"voice": 40, "voice-north": None}


def test_every_fact_bears_a_contract_that_says_nothing():
    estate = EstateIndex(load(GOOD).with_clients([parse_contract(HEAD, "guest.yaml")]))
    (client,) = estate.each("client")
    for name in ATTRIBUTES["client"]:
        client.join(name)
    assert client.fact("account") is None
    assert client.join("facts.transportFit").gaps[0].code == "NoAccount"


_WORDS = st.sampled_from(
    [
        "transcription",
        "live",
        "wss://a/voice-live/realtime",
        "/subscriptions/x/resourceGroups/y/providers/Microsoft.Web/sites/z",
        "east",
        "voice",
        "wss://[",
        "sip:@",
        "sip:a@b",
        "https://x:y/",
        "/subscriptions/",
        "",
        "wss://a/b?model=",
        "webrtc",
        "sip",
    ]
)
_KEYS = st.sampled_from(
    ["name", "endpoint", "account", "deployment", "transcriptionDeployment", "use", "protocol", "transport", "network",
     "peakSessionsPerMinute", "peakConcurrentSessions", "on429", "caller", "principalId", "id", "tenant", "gateway", "fallback", "environments", "kind", "tier", "path", "query", "headers", "good", "host"]
)  # fmt: skip
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | _WORDS | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(_KEYS, _VALUES, max_size=10))
def test_every_fact_bears_whatever_a_snapshot_holds_as_a_contract(contract: dict[str, object]):
    estate = EstateIndex(BASE.with_clients([contract]))
    for client in estate.each("client"):
        for name in ATTRIBUTES["client"]:
            client.join(name)


def test_check_judges_the_contract_by_the_client_pack(rtaudit, tmp_path: Path):
    (tmp_path / "guest.yaml").write_text(WHOLE)
    done = rtaudit("check", GOOD, "--client", "guest.yaml", "--as-of", "2026-11-22", "-o", "json")
    report = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert {one["outcome"] for one in report["findings"] if one["each"] == "client"} == {"pass", "notApplicable"}
    assert [one["name"] for one in report["policies"]] == ["production", "client"]
    # Not that the snapshot was edited.
    assert report["warnings"] == []


def test_check_fails_a_contract_that_cannot_work(rtaudit, tmp_path: Path):
    (tmp_path / "guest.yaml").write_text(WHOLE.replace("deployment: voice}", "deployment: voice-test}"))
    done = rtaudit("check", GOOD, "--client", "guest.yaml", "--as-of", "2026-11-22")
    assert done.returncode == 1
    assert "RTA-CON-001" in done.stdout
    assert "voice-test" in done.stdout


def test_a_peak_that_is_written_with_a_point_counts():
    for peak in ("400", "400.0"):
        contract = parse_contract(
            HEAD + f"account: lh-concierge-prod-eus2\ndeployment: concierge-voice\npeakSessionsPerMinute: {peak}\n",
            "g.yaml",
        )
        snapshot = load(Path(__file__).parents[2] / "snapshots" / "prod.json").with_clients([contract])
        estate = EstateIndex(snapshot)
        assert [one.fact("declaredPeakSessions") for one in estate.deployments].count(400) == 1


def test_check_refuses_a_contract_of_another_environment(rtaudit, tmp_path: Path):
    (tmp_path / "guest.yaml").write_text(WHOLE.replace("good:", "prod:"))
    done = rtaudit("check", GOOD, "--client", "guest.yaml")
    assert done.returncode == 3
    assert "has no section for 'good'" in done.stderr
    assert "its environments: prod, test" in done.stderr


def test_check_refuses_two_contracts_of_one_name(rtaudit, tmp_path: Path):
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(WHOLE)
    done = rtaudit("check", GOOD, "--client", "a.yaml", "--client", "b.yaml")
    assert done.returncode == 3
    assert "two contracts are named guest-line" in done.stderr


def test_a_contract_in_the_snapshot_is_judged_without_an_option(rtaudit, tmp_path: Path):
    held = load(GOOD).with_clients([parse_contract(WHOLE.replace("transport: websocket", "transport: webrtc"), "x")])
    (tmp_path / "held.json").write_text(dumps(held.document()))
    done = rtaudit("check", "held.json", "--as-of", "2026-11-22", "-o", "json")
    outcomes = {one["rule"]: one for one in json.loads(done.stdout)["findings"] if one["each"] == "client"}
    # Private account, WebRTC: Microsoft states nothing about the media, and so nothing passes.
    assert outcomes["RTA-CON-005"]["outcome"] == "unknown"
    assert outcomes["RTA-CON-005"]["gaps"][0]["code"] == "NotDocumented"


def test_init_writes_a_contract_that_is_one(rtaudit, tmp_path: Path):
    done = rtaudit("client", "init", GOOD, "--account", "east", "--name", "Guest line", "-o", "guest.yaml")
    assert done.returncode == 0, done.stderr
    contract = load_contract(tmp_path / "guest.yaml")
    assert contract["name"] == "Guest-line"
    assert contract["environments"]["good"] == {
        "endpoint": "wss://east.openai.azure.com",
        "account": "east",
        "deployment": "voice",
        "transcriptionDeployment": "transcripts",
        "tokenBroker": {"region": "eastus2", "issues": None},
    }
    assert contract["session"] == {"maxMinutes": None, "idleTimeoutSeconds": None, "reconnect": None}


def test_init_asks_where_there_are_several(rtaudit):
    done = rtaudit("client", "init", GOOD)
    assert done.returncode == 3
    assert "east/voice, north/voice-north" in done.stderr
    missing = rtaudit("client", "init", GOOD, "--account", "eest")
    assert "did you mean 'east'" in missing.stderr


def test_the_schema_is_printed(rtaudit):
    for name in ("client", "probe"):
        done = rtaudit("schema", name)
        assert json.loads(done.stdout)["$schema"].endswith("2020-12/schema")


SENTENCES = {
    "account: east\ndeployment: gpt-realtime": "gpt-realtime is a model here, not a deployment; it is deployed as voice",
    "account: east\ndeployment: voise": "east has no deployment named voise; perhaps voice is meant",
    "account: east\ndeployment: voice-north": "east has no deployment named voice-north; north has one; voice can speak there",
    "account: east\ndeployment: text": "text (gpt-5-mini@2025-08-07) does not speak; voice can speak there",
    "account: east\ndeployment: voice\nuse: live": "voice (gpt-realtime@2025-08-28) does not serve GPT-Live; no deployment there can serve GPT-Live",
    "account: east": "the contract names no deployment; voice can speak there",
}


@pytest.mark.parametrize(("stated", "sentence"), SENTENCES.items(), ids=[one.replace("\n", ", ") for one in SENTENCES])
def test_what_a_deployment_lacks_is_said_with_names(stated: str, sentence: str):
    (client,) = EstateIndex(BASE.with_clients([parse_contract(HEAD + stated + "\n", "g.yaml")])).each("client")
    assert client.fact("deploymentFit") == sentence


def test_a_client_of_another_api_is_not_checked_and_that_is_said_once(rtaudit, tmp_path: Path):
    (tmp_path / "v.yaml").write_text(HEAD + "account: east\nuse: voiceLive\n")
    done = rtaudit("check", GOOD, "--client", "v.yaml", "--as-of", "2026-11-22", "-o", "json")
    assert (
        done.stderr.count("warning: v.yaml is about the Voice Live API, another API than the Realtime API: not checked")
        == 1
    )
    mine = [one for one in json.loads(done.stdout)["findings"] if one["each"] == "client"]
    assert {one["outcome"] for one in mine} == {"notApplicable"}
    assert {one["note"] for one in mine} == {"this client uses the Voice Live API, which is another API: not checked"}
