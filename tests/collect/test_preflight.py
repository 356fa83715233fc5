"""preflight: what is missing is named with the narrowest role, before anything is collected."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rtaudit.cli import app
from rtaudit.collect import CollectionRequest, Identity, find_endpoint
from rtaudit.collect.preflight import Expected, Preflight, expected_of, grants, narrowest_role, preflight
from rtaudit.errors import CredentialError
from tests.collect.support import QUICK, SUB, SUB2, VOICE, Cloud, Reply, Static, denied

PERMISSIONS = f"/subscriptions/{SUB}/providers/Microsoft.Authorization/permissions"
READER: list[dict[str, Any]] = [{"actions": ["*/read"], "notActions": []}]


@pytest.fixture
def ready(cloud: Cloud) -> Cloud:
    cloud.lists[PERMISSIONS.lower()] = READER
    return cloud


def look(cloud: Cloud, *expected: Expected, **request: Any) -> Preflight:
    wanted = CollectionRequest(**{"subscriptions": [SUB], **request})
    return preflight(wanted, find_endpoint(arm_endpoint=cloud.url), Identity(Static()), expected, QUICK)


def outcomes(answer: Preflight, kind: str) -> list[str]:
    return [check.outcome for check in answer.checks if check.check == kind]


def test_all_is_there(ready: Cloud) -> None:
    answer = look(ready, Expected("voice", deployment="SPEECH"), Expected(VOICE, region="East US 2"), Expected("text"))
    assert answer.ready, answer.checks
    assert answer.identity["tenant"] == "33333333-0000-4000-8000-000000000003"
    assert {check.check for check in answer.checks} == {
        "identity", "subscription", "provider", "permission", "deployment", "region", "account",
    }  # fmt: skip
    assert {method for method, _, _ in ready.asked} == {"GET"}


def test_resource_groups_are_looked_for(ready: Cloud) -> None:
    ready.on(f"/subscriptions/{SUB}/resourceGroups/gone", Reply(404, {"error": {"code": "ResourceGroupNotFound"}}))
    ready.on(f"/subscriptions/{SUB}/resourceGroups/hidden", denied())
    checks = look(ready, groups=["RG", "empty", "gone", "hidden"]).checks
    found = [(one.scope, one.outcome, one.needs) for one in checks if one.check == "resourceGroup"]
    assert found == [
        ("RG", "pass", ()),
        ("empty", "pass", ()),
        ("gone", "fail", ()),
        ("hidden", "unknown", ("the/needed/action",)),
    ]


def test_missing_permissions_are_named_by_aspect_with_the_narrowest_role(ready: Cloud) -> None:
    ready.lists[PERMISSIONS.lower()] = [
        {
            "actions": ["*/read"],
            "notActions": ["Microsoft.CognitiveServices/locations/USAGES/read", "Microsoft.Insights/*"],
        },
        {"actions": ["Microsoft.Insights/metricAlerts/read"], "notActions": []},
    ]
    failed = {check.detail.split()[0]: check for check in look(ready).checks if check.outcome == "fail"}
    assert set(failed) == {"usages", "diagnostics", "alerts"}
    assert failed["usages"].role == "Cognitive Services Usages Reader"
    assert failed["diagnostics"].needs == ("Microsoft.Insights/diagnosticSettings/read",)
    assert failed["alerts"].role == "Reader"
    assert "Microsoft.Insights/metricAlerts/read" not in failed["alerts"].needs
    assert f"--scope /subscriptions/{SUB}" in str(failed["alerts"].fix)


def test_a_role_on_the_resource_group_counts_for_what_stands_on_its_accounts(ready: Cloud) -> None:
    ready.lists[PERMISSIONS.lower()] = []
    ready.lists[f"/subscriptions/{SUB}/resourcegroups/rg/providers/microsoft.authorization/permissions"] = READER
    failed = {check.detail.split()[0] for check in look(ready, groups=["rg"]).checks if check.outcome == "fail"}
    assert "deployments" not in failed
    assert "diagnostics" not in failed
    assert {"usages", "accounts", "privateEndpoints"} <= failed


@pytest.mark.parametrize(
    ("permissions", "action", "granted"),
    [
        ([{"actions": ["*"]}], "A/b/read", True),
        ([{"actions": ["*/read"]}], "a/B/READ", True),
        ([{"actions": ["A/*/read"]}], "A/b/c/read", True),
        ([{"actions": ["A/*/read"]}], "AB/b/read", False),
        ([{"actions": ["A.x/*"]}], "Aax/y", False),
        ([{"actions": ["*"], "notActions": ["A/*"]}], "A/read", False),
        ([{"actions": ["*"], "notActions": ["A/*"]}, {"actions": ["A/read"]}], "A/read", True),
        ([{"actions": None}, None, {"actions": [7]}, {}], "A/read", False),
        ([], "A/read", False),
    ],
)
def test_actions_match_as_azure_matches_them(permissions: list[Any], action: str, granted: bool) -> None:
    assert grants(permissions, action) is granted


def test_no_role_is_named_that_would_not_do() -> None:
    assert narrowest_role(["A/write"]) is None


def test_what_could_not_be_looked_at_is_unknown(ready: Cloud) -> None:
    ready.on(PERMISSIONS, denied("Microsoft.Authorization/permissions/read"))
    ready.on(f"/subscriptions/{SUB}/providers/Microsoft.CognitiveServices/accounts", denied())
    ready.on(f"/subscriptions/{SUB}/providers/Microsoft.Insights", denied())
    answer = look(ready, Expected("voice"))
    assert outcomes(answer, "permission") == ["unknown"]
    assert outcomes(answer, "account") == ["unknown"]
    assert sorted(outcomes(answer, "provider")) == ["pass", "pass", "unknown"]
    assert not answer.ready


def test_what_is_not_there_fails(ready: Cloud) -> None:
    ready.singles[f"/subscriptions/{SUB}/providers/microsoft.insights"]["registrationState"] = "NotRegistered"
    ready.singles[f"/subscriptions/{SUB}"]["state"] = "Disabled"
    answer = look(
        ready,
        Expected("none"),
        Expected("voice", deployment="none"),
        Expected("voice", region="westus"),
        tenant="44444444-0000-4000-8000-000000000004",
    )
    for kind in ("account", "deployment", "region", "subscription", "identity"):
        assert outcomes(answer, kind) == ["fail"], kind
    assert sorted(outcomes(answer, "provider")) == ["fail", "pass", "pass"]
    assert "az provider register --namespace Microsoft.Insights" in str([check.fix for check in answer.checks])


def test_a_contract_expects_its_account_deployments_and_fallback() -> None:
    contract = {
        "account": "base", "deployment": "speech", "transcriptionDeployment": "text",
        "fallback": [{"kind": "textDeployment", "deployment": "chat"}, {"kind": "human"}],
        "environments": {"prod": {"account": "voice"}},
    }  # fmt: skip
    found = list(expected_of(contract, "prod", "c.yaml"))
    assert [(one.account, one.deployment) for one in found] == [
        ("voice", None),
        ("voice", "speech"),
        ("voice", "text"),
        ("voice", "chat"),
    ]
    assert next(expected_of(contract, None, "c")).account == "base"
    assert list(expected_of({}, "prod", "c")) == []


def test_the_sections_of_a_contract_are_looked_up_as_check_does() -> None:
    """In any case; and of an environment that a contract with sections does not name, nothing is expected."""
    contract = {"account": "base", "environments": {"Prod": {"account": "voice"}, "test": {}}}
    assert [one.account for one in expected_of(contract, "prod", "c")] == ["voice"]
    assert [one.account for one in expected_of(contract, "PROD", "c")] == ["voice"]
    assert [one.account for one in expected_of(contract, "test", "c")] == ["base"]
    assert list(expected_of(contract, "dev", "c")) == []


def test_a_subscription_that_cannot_be_seen_ends_it(ready: Cloud) -> None:
    with pytest.raises(CredentialError, match="not among those"):
        look(ready, subscriptions=[SUB2])


def test_the_command(ready: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ready.singles["/token"] = {"access_token": "t", "expires_on": "9999999999", "token_type": "Bearer", "resource": "x"}
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{ready.url}/token")
    words = ["preflight", "--arm-endpoint", ready.url, "-s", SUB]
    done = CliRunner().invoke(app, [*words, "--expect-deployment", "voice/speech", "--expect-region", "voice=eastus2"])
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "ready: 8 pass, 0 fail, 0 unknown")
    done = CliRunner().invoke(app, [*words, "-o", "json", "-a", "none"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["verdict"] == "notReady"
    granted, ready.lists[PERMISSIONS.lower()] = ready.lists[PERMISSIONS.lower()], []
    done = CliRunner().invoke(app, words)
    assert "narrowest built-in role: Reader" in done.stdout
    for more in (["-o", "yaml"], ["--expect-deployment", "x"], ["--expect-region", "x"]):
        assert CliRunner().invoke(app, [*words, *more]).exit_code == 2
    (tmp_path / "c.yaml").write_text(
        "schema: rtaudit.client/1\nname: c\ntransport: websocket\nrunsIn: server\nauth: entra\n"
        "environments: {prod: {account: voice, deployment: speech}}\n"
    )
    contract = ["--expect", str(tmp_path / "c.yaml")]
    ready.lists[PERMISSIONS.lower()] = granted
    done = CliRunner().invoke(app, [*words, *contract, "-e", "prod"])
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "ready: 11 pass, 0 fail, 0 unknown")
    for more in ([], ["-e", "test"]):
        done = CliRunner().invoke(app, [*words, *contract, *more])
        assert (done.exit_code, done.stdout) == (2, "")
        assert "names no account" in done.stderr
        assert "the contract covers: prod" in done.stderr
    ready.choose = lambda path: (
        None if path == "/token" else Reply(401, {"error": {"code": "InvalidAuthenticationToken", "message": "m"}})
    )
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 3
    assert "Azure refused the token" in done.stderr
