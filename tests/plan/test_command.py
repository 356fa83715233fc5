"""`rtaudit plan` as a user runs it, and a plan in `rtaudit check`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .kit import ACCOUNT, SUBSCRIPTION, account, change, tf_account

SAMPLES = Path(__file__).parents[2] / "snapshots"


def write(folder: Path, name: str, document: Any) -> Path:
    (folder / name).write_text(json.dumps(document))
    return folder / name


def test_a_plan_goes_to_a_file_or_to_stdout(rtaudit: Any, tmp_path: Path) -> None:
    plan = SAMPLES / "plans" / "prod.bicep.json"
    ended = rtaudit("plan", plan, "-e", "prod", "-o", "planned.json")
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.startswith("wrote planned.json: 52 resources, ")
    shown = rtaudit("plan", "-", "-e", "prod", stdin=plan.read_text("utf-8"))
    assert json.loads(shown.stdout)["resources"] == json.loads((tmp_path / "planned.json").read_text())["resources"]


def test_what_azure_alone_can_tell_does_not_block(rtaudit: Any, tmp_path: Path) -> None:
    """RTA-RES-005 reads the provisioning state, which no plan holds; RTA-ID-003 an expression."""
    policy = tmp_path / "p.yaml"
    policy.write_text("schema: rtaudit.policy/1\nname: mine\ntitle: Mine\nselect: [RTA-RES-005]\n")
    plan = write(tmp_path, "plan.json", {"predictedResources": [account(customSubDomainName="[parameters('x')]")]})
    assert rtaudit("plan", plan, "-o", "planned.json").returncode == 0
    ended = rtaudit("check", "planned.json", "--policy", policy, "-o", "json=r.json")
    report = json.loads((tmp_path / "r.json").read_text())
    assert (ended.returncode, report["verdict"], report["summary"]["unknown"]) == (0, "ready", 1)
    assert report["summary"]["assignedByAzure"] == 1
    assert report["snapshots"][0]["planned"] == [{"format": "Bicep snapshot", "file": "plan.json"}]
    policy.write_text("schema: rtaudit.policy/1\nname: mine\ntitle: Mine\nselect: [RTA-RES-005, RTA-ID-003]\n")
    assert rtaudit("check", "planned.json", "--policy", policy).returncode == 4


def test_a_finding_has_the_address_and_names_the_providers_default(rtaudit: Any, tmp_path: Path) -> None:
    document = {
        "format_version": "1.2",
        "resource_changes": [change("azurerm_cognitive_account", "a", tf_account(), {"id": True})],
        "configuration": {
            "provider_config": {
                "azurerm": {"name": "azurerm", "expressions": {"subscription_id": {"constant_value": SUBSCRIPTION}}}
            },
            "root_module": {
                "resources": [
                    {"address": "azurerm_cognitive_account.a", "expressions": {"name": {"constant_value": "voice"}}}
                ]
            },
        },
    }
    assert rtaudit("plan", write(tmp_path, "tf.json", document), "-o", "planned.json").returncode == 0
    assert rtaudit("check", "planned.json", "--policy", "baseline", "-o", "json=r.json").returncode == 1
    found = {one["rule"]: one for one in json.loads((tmp_path / "r.json").read_text())["findings"]}
    assert found["RTA-ID-001"]["resource"] == ACCOUNT
    assert found["RTA-ID-001"]["address"] == "azurerm_cognitive_account.a"
    assert found["RTA-ID-001"]["note"] == "the code does not set local_auth_enabled: this is the provider's default"


SECRETS = {
    "hook": "https://hooks.example/services/T000/B000/ZZZsecretZZZ",
    "key": "0123456789abcdef0123456789abcdef",
    "token": "ghp_ZZZZsecretsecretsecretsecretsecret12",
}


def test_no_secret_of_a_plan_reaches_the_snapshot(rtaudit: Any, tmp_path: Path) -> None:
    group = {
        "name": "oncall",
        "resource_group_name": "rg",
        "short_name": "o",
        "webhook_receiver": [{"name": "w", "service_uri": SECRETS["hook"]}],
    }
    alert = {
        "name": "al",
        "resource_group_name": "rg",
        "scopes": [ACCOUNT],
        "action": [{"action_group_id": "/g", "webhook_properties": {"token": SECRETS["token"]}}],
    }
    values = tf_account(
        primary_access_key=SECRETS["key"],
        secondary_access_key=SECRETS["key"],
        custom_question_answering_search_service_key=SECRETS["key"],
    )
    document = {
        "format_version": "1.2",
        "variables": {"secret": {"value": SECRETS["token"]}},
        "resource_changes": [
            change("azurerm_cognitive_account", "a", values, {"id": True}),
            change("azurerm_monitor_action_group", "g", group, {"id": True}),
            change("azurerm_monitor_metric_alert", "m", alert, {"id": True}),
        ],
        "prior_state": {
            "values": {
                "root_module": {
                    "resources": [
                        {
                            "address": "data.azurerm_cognitive_account.x",
                            "values": {"id": ACCOUNT, "primary_access_key": SECRETS["key"]},
                        }
                    ]
                }
            }
        },
        "output_changes": {"o": {"after": SECRETS["token"]}},
        "configuration": {"root_module": {"variables": {"secret": {"default": SECRETS["token"]}}, "resources": []}},
    }
    shown = rtaudit("plan", write(tmp_path, "tf.json", document))
    assert shown.returncode == 0
    assert '"receivers": 1' in shown.stdout
    for secret in SECRETS.values():
        assert secret not in shown.stdout + shown.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["plan"], "missing argument"),
        (["plan", "nowhere.json"], "no such file: nowhere.json"),
        (["plan", SAMPLES / "prod.json"], "is a document of rtaudit, not a plan"),
        (["plan", SAMPLES / "plans" / "prod.bicep.json", "--with", "nowhere.json"], "no such file: nowhere.json"),
    ],
)
def test_bad_words(rtaudit: Any, words: list[Any], says: str) -> None:
    ended = rtaudit(*words)
    assert ended.returncode in (2, 3)
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr


def test_hostile_text_of_a_plan_is_shown_as_text(rtaudit: Any, tmp_path: Path) -> None:
    document = {
        "format_version": "1.2",
        "resource_changes": [change("azurerm_\x1b[31mred\n##vso[task.x]", "a", {}, {})],
    }
    ended = rtaudit("plan", write(tmp_path, "tf.json", document), "-o", "p.json")
    assert ended.returncode == 0
    assert "\x1b" not in ended.stderr
    assert not [line for line in ended.stderr.splitlines() if line.startswith("##")]


def test_no_secret_of_a_key_or_of_a_message_reaches_an_output(rtaudit: Any, tmp_path: Path) -> None:
    """A key of for_each may be a secret, and is part of the address; so may what the plan says of a resource."""
    hidden = SECRETS["token"]
    named = change("azurerm_cognitive_account", "a", tf_account(), {"id": True}, index=hidden)
    nameless = change("azurerm_cognitive_account", "b", {"kind": "OpenAI"}, {"name": True, "resource_group_name": True}, index=hidden)  # fmt: skip
    lost = change("azurerm_cognitive_account", "c", tf_account("c"), {}, index=hidden, actions=("recreate",))
    unread = change("azurerm_batch_account", "d", {"name": "d"}, {}, index=hidden)
    file = tmp_path / "p.json"
    file.write_text(json.dumps({"format_version": "1.2", "resource_changes": [named, nameless, lost, unread]}))
    ended = rtaudit("plan", file, "-o", "planned.json")
    assert ended.returncode == 0, ended.stderr
    ways = (["check"], ["runbook", "--all"])
    said = [rtaudit(*words, "planned.json", "--as-of", "2026-11-22", "-o", "json").stdout for words in ways]
    assert not [one for one in (*said, ended.stderr, (tmp_path / "planned.json").read_text()) if hidden[4:20] in one]
