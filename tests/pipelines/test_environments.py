"""`rtaudit.yaml`: what it may say, what it says wrongly, and that options win over it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from rtaudit.errors import InputError, UsageError
from rtaudit.settings.config_file import CONFIG_SCHEMA, find_environment, load_environments
from rtaudit.simulate import Simulator
from rtaudit.snapshot import load

ROOT = Path(__file__).parents[2]
PROD = "9d0d0000-0000-4000-8000-000000000003"
TEST = "7e570000-0000-4000-8000-000000000002"
HEAD = "schema: rtaudit.config/1\n"
CONTRACT = """schema: rtaudit.client/1
name: guest-app
transport: websocket
runsIn: server
auth: entra
endpoint: wss://lh-concierge-prod-sdc.openai.azure.com
account: lh-concierge-prod-sdc
deployment: concierge-voice
protocol: {path: /openai/v1/realtime}
"""
FILE = f"""{HEAD}defaults:
  tenant: 11111111-0000-4000-8000-000000000000
  policies: [production]
  params: {{retirementHorizonDays: 1, minIpPrefix: 24}}
  failOn: medium
environments:
  prod:
    subscriptions: [{PROD}]
    snapshot: snapshots/prod.json
    policies: [production, rules/own.yaml]
    params: {{retirementHorizonDays: 90}}
    contracts: [client.yaml]
  test:
    allSubscriptions: true
    allowUnknown: [RTA-OBS-001]
"""


def write(folder: Path, text: str, name: str = "rtaudit.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_defaults_environments_and_paths(tmp_path: Path) -> None:
    path = write(tmp_path, FILE, "deep/rtaudit.yaml")
    found = load_environments(path)
    prod, test = found["prod"].values, found["test"].values
    assert (prod["subscriptions"], test["allSubscriptions"]) == ([PROD], True)
    assert "allSubscriptions" not in prod
    assert prod["params"] == {"retirementHorizonDays": 90, "minIpPrefix": 24}
    assert test["params"] == {"retirementHorizonDays": 1, "minIpPrefix": 24}
    assert prod["snapshot"] == str(tmp_path / "deep" / "snapshots" / "prod.json")
    assert prod["policies"] == ["production", str(tmp_path / "deep" / "rules" / "own.yaml")]
    assert prod["contracts"] == [str(tmp_path / "deep" / "client.yaml")]
    assert (test["failOn"], test["allowUnknown"]) == ("medium", ["RTA-OBS-001"])
    assert prod["tenant"] == test["tenant"] == "11111111-0000-4000-8000-000000000000"


def test_a_scope_of_its_own_replaces_that_of_the_defaults(tmp_path: Path) -> None:
    text = "defaults: {allSubscriptions: true}\nenvironments: {a: {}, b: {subscriptions: [x]}}\n"
    found = load_environments(write(tmp_path, HEAD + text))
    assert [found[name].values for name in "ab"] == [{"allSubscriptions": True}, {"subscriptions": ["x"]}]
    text = "defaults: {subscriptions: [x]}\nenvironments: {a: {}, b: {allSubscriptions: true}}\n"
    found = load_environments(write(tmp_path, HEAD + text))
    assert [found[name].values for name in "ab"] == [{"subscriptions": ["x"]}, {"allSubscriptions": True}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("environments: {a: {}}\n", r":1:1: the document lacks 'schema'"),
        (HEAD + "environments: {}\n", r":2:15: 'environments'"),
        (HEAD + "environments: {prod: {subscription: [x]}}\n", r":2:23: unknown key 'subscription'"),
        (HEAD + "environments: {prod: {failOn: hihg}}\n", r"'environments\.prod\.failOn' cannot be 'hihg'"),
        (HEAD + "environments: {prod: {armEndpoint: 'https://elsewhere.example'}}\n", r"unknown key 'armEndpoint'"),
        (HEAD + "environments: {prod: {subscriptions: [x], allSubscriptions: true}}\n", r"has subscriptions and all"),
        (HEAD + "environments: {prod: {subscriptions: x}}\n", r"is 'x', not a list"),
        ("schema: rtaudit.config/2\nenvironments: {a: {}}\n", r"not 'rtaudit\.config/1'"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InputError, match=said) as caught:
        load_environments(path)
    assert caught.value.message.startswith(f"{path}:")


def test_a_label_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names no environment 'pord'") as caught:
        find_environment(write(tmp_path, FILE), "pord")
    assert "did you mean 'prod'?" in str(caught.value.hint)


def test_every_key_says_what_it_is() -> None:
    for part in ("defaults", "environments"):
        settings = CONFIG_SCHEMA["properties"][part]
        properties = settings.get("properties") or settings["additionalProperties"]["properties"]
        assert all(value["description"] for value in properties.values())


class TestOnTheCommandLine:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        shutil.copytree(
            ROOT / "snapshots", tmp_path / "snapshots", ignore=shutil.ignore_patterns("*.py", "__pycache__")
        )
        return tmp_path

    def report(self, ended: CompletedProcess[str]) -> dict[str, Any]:
        assert ended.returncode in (0, 1, 4), ended.stderr
        document: dict[str, Any] = json.loads(ended.stdout)
        return document

    def test_check_takes_snapshot_policy_parameters_and_gate(self, folder: Path, rtaudit) -> None:
        write(
            folder,
            HEAD + "defaults: {policies: [baseline], failOn: none, params: {minIpPrefix: 20}}\n"
            "environments: {prod: {snapshot: snapshots/prod.json, params: {retirementHorizonDays: 5}}}\n",
        )
        report = self.report(rtaudit("check", "-e", "prod", "-o", "json"))
        assert report["snapshots"][0]["file"] == "snapshots/prod.json"
        (policy,) = report["policies"]
        assert policy["name"] == "baseline"
        assert (policy["params"]["minIpPrefix"], policy["params"]["retirementHorizonDays"]) == (20, 5)
        assert report["gate"]["failOn"] == "none"

    def test_options_win(self, folder: Path, rtaudit) -> None:
        write(
            folder,
            HEAD + "environments: {prod: {snapshot: snapshots/prod.json, policies: [production], failOn: none,"
            " params: {minIpPrefix: 20, retirementHorizonDays: 5}}}\n",
        )
        options = ["-p", "baseline", "--fail-on", "high", "--set", "minIpPrefix=22"]
        report = self.report(rtaudit("check", "snapshots/test.json", "-e", "prod", *options, "-o", "json"))
        assert report["snapshots"][0]["file"] == "snapshots/test.json"
        (policy,) = report["policies"]
        assert policy["name"] == "baseline"
        assert (policy["params"]["minIpPrefix"], policy["params"]["retirementHorizonDays"]) == (22, 5)
        assert report["gate"]["failOn"] == "high"

    def test_a_file_elsewhere_whichever_option_comes_first(self, folder: Path, rtaudit) -> None:
        write(folder, HEAD + "environments: {prod: {snapshot: ../snapshots/prod.json}}\n", "ops/envs.yaml")
        first = rtaudit("check", "-e", "prod", "--config", "ops/envs.yaml", "-o", "csv")
        second = rtaudit("check", "--config", "ops/envs.yaml", "-e", "prod", "-o", "csv")
        assert first.returncode == second.returncode == 1
        assert first.stdout == second.stdout

    def test_wrong_words_end_with_what_to_do(self, folder: Path, rtaudit) -> None:
        assert rtaudit("check", "-e", "prod").stderr.splitlines()[-1] == "hint: name the file with --config"
        write(folder, HEAD + "environments: {prod: {snapshot: snapshots/prod.json}}\n")
        for words, code, hint in (
            (("check", "-e", "pord"), 2, "did you mean 'prod'?"),
            (("collect", "-e", "pord"), 2, "did you mean 'prod'?"),
            (("check", "--config", "rtaudit.yaml"), 2, "-e prod"),
            (("check", "-e", "prod", "--config", "nowhere.yaml"), 3, "check the path"),
            (("audit", "-e", "prod", "--config", "snapshots/prod.json"), 3, "schema"),
        ):
            ended = rtaudit(*words)
            assert ended.returncode == code, ended.stderr
            assert hint in ended.stderr.splitlines()[-1] + ended.stderr.splitlines()[-2]
            assert "Traceback" not in ended.stderr

    def test_an_environment_without_a_snapshot_is_told_with_its_file(self, folder: Path, rtaudit) -> None:
        write(folder, HEAD + "environments: {prod: {policies: [baseline]}}\n", "ops/envs.yaml")
        ended = rtaudit("check", "-e", "prod", "--config", "ops/envs.yaml")
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr.splitlines() == [
            "error: ops/envs.yaml names no `snapshot` for the environment 'prod'",
            "hint: add it there, such as `snapshot: snapshots/prod.json`, or name the file: rtaudit check SNAPSHOT… -e prod",
        ]
        named = rtaudit("check", "snapshots/prod.json", "-e", "prod", "--config", "ops/envs.yaml", "-o", "csv")
        assert named.returncode == 1
        for words in (("check",), ("check", "-e", "prod", "--config", "none")):
            ended = rtaudit(*words)
            assert (ended.returncode, ended.stdout) == (2, "")
            assert ended.stderr.splitlines()[0] == "error: no snapshot is named"

    def test_none_leaves_the_file_aside(self, folder: Path, rtaudit) -> None:
        write(folder, HEAD + "environments: {prod: {policies: [baseline]}}\n")
        ended = rtaudit("check", "snapshots/prod.json", "-e", "elsewhere", "--config", "none", "-o", "json")
        assert self.report(ended)["policies"][0]["name"] == "production"

    @pytest.fixture
    def azure(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
        snapshots = [load(ROOT / "snapshots" / f"{name}.json") for name in ("test", "prod")]
        with Simulator(snapshots, record=False) as simulator:
            for name, value in simulator.environ.items():
                monkeypatch.setenv(name, value)
            yield simulator

    def test_collect_then_check_need_no_more_than_a_label(self, folder: Path, rtaudit, azure: Simulator) -> None:
        write(
            folder,
            HEAD + "defaults: {auth: managed-identity}\n"
            f"environments: {{prod: {{subscriptions: [{PROD}], accounts: [lh-nightdesk-prod-sdc], snapshot: new.json}}}}\n",
        )
        ended = rtaudit("collect", "-e", "prod", "--arm-endpoint", azure.url)
        assert "wrote new.json" in ended.stderr, ended.stderr
        snapshot = load(folder / "new.json")
        assert snapshot.environment == "prod"
        assert list(snapshot.scope["subscriptions"]) == [PROD]
        assert len(snapshot.scope["accounts"]) == 1
        assert rtaudit("check", "-e", "prod").returncode == 1
        other = rtaudit("collect", "-e", "prod", "-s", TEST, "--arm-endpoint", azure.url, "-o", "other.json")
        assert other.returncode != 0  # the account that the file names is not in that subscription
        audit = rtaudit("audit", "-e", "prod", "--arm-endpoint", azure.url, "--snapshot", "kept.json", "-o", "csv")
        assert audit.returncode == 1
        assert load(folder / "kept.json").digest != ""

    def test_contracts_reach_collect_and_audit_and_preflight(self, folder: Path, rtaudit, azure: Simulator) -> None:
        write(folder, CONTRACT, "ops/client.yaml")
        write(
            folder,
            HEAD + "defaults: {auth: managed-identity, contracts: [client.yaml]}\n"
            f"environments: {{prod: {{subscriptions: [{PROD}], accounts: [lh-concierge-prod-sdc]}}}}\n",
            "ops/rtaudit.yaml",
        )
        words = ["-e", "prod", "--config", "ops/rtaudit.yaml", "--arm-endpoint", azure.url]
        assert rtaudit("collect", *words, "-o", "kept.json").returncode == 0
        assert [client["name"] for client in load(folder / "kept.json").clients] == ["guest-app"]
        report = self.report(rtaudit("audit", *words, "-o", "json"))
        assert {finding["rule"] for finding in report["findings"]} >= {"RTA-CON-001", "RTA-CON-002"}
        told = rtaudit("preflight", *words)
        assert "concierge-voice" in told.stdout, told.stderr

    def test_what_contradicts_the_file_on_the_command_line_wins(self, folder: Path, rtaudit, azure: Simulator) -> None:
        write(
            folder,
            HEAD + "defaults: {auth: managed-identity, skip: [alerts, metrics]}\n"
            f"environments: {{prod: {{subscriptions: [{PROD}]}}, every: {{allSubscriptions: true}}}}\n",
        )
        both = sorted((PROD, TEST))
        for words, subscriptions, read, unread in (
            (("-e", "prod", "--all-subscriptions"), both, {"locks"}, {"alerts"}),
            (("-e", "every", "-s", TEST), [TEST], {"locks"}, {"alerts"}),
            (("-e", "prod", "--aspect", "alerts"), [PROD], {"alerts"}, {"locks"}),
            (("-e", "prod", "--aspect", "metrics"), [PROD], {"metrics", "locks"}, {"alerts"}),
        ):
            ended = rtaudit("collect", *words, "--arm-endpoint", azure.url, "-o", "new.json")
            assert "wrote new.json" in ended.stderr, ended.stderr
            snapshot = load(folder / "new.json")
            assert sorted(snapshot.scope["subscriptions"]) == subscriptions
            assert read <= snapshot.aspects, words
            assert not unread & snapshot.aspects, words
        for words in (("-s", PROD, "--all-subscriptions"), ("-s", PROD, "--aspect", "locks", "--skip", "alerts")):
            ended = rtaudit("collect", "-e", "prod", *words, "--arm-endpoint", azure.url)
            assert ended.returncode == 2
            assert "contradict each other" in ended.stderr
