"""A runbook of a plan speaks in terms of the code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rtaudit.plan.backwards import _assignment
from rtaudit.plan.model import Plan
from rtaudit.snapshot import write

from .kit import ACCOUNT, WORKSPACE, account, change, predicted, snapshot, terraform_plan, tf_account


@pytest.mark.parametrize(
    ("address", "path", "value", "expected"),
    [
        ("azurerm_cognitive_account.a", "properties.disableLocalAuth", True, "local_auth_enabled = false"),
        ("azurerm_cognitive_account.a", "properties.publicNetworkAccess", "Disabled", "public_network_access_enabled = false"),
        ('module.m["x.y"].azurerm_cognitive_account.a[0]', "properties.networkAcls.defaultAction", "Deny", 'network_acls.default_action = "Deny"'),
        ("azurerm_cognitive_account.a", "properties.allowedFqdnList", ["x"], 'fqdns = ["x"]'),
        ("azurerm_cognitive_account.a", "properties.networkAcls.ipRules", [{"value": "10.0.0.1"}], 'network_acls.ip_rules = ["10.0.0.1"]'),
        ("azurerm_cognitive_account.a", 'tags."cost centre"', "x", 'tags["cost centre"] = "x"'),
        ("azurerm_cognitive_deployment.a", "properties.model.version", "1", 'model.version = "1"'),
        ("azurerm_monitor_diagnostic_setting.a", "properties.logs", [{"category": "Audit", "enabled": True}], 'enabled_log { category = "Audit" }'),
        ("azurerm_cognitive_account.a", "properties.customSubDomainName", "${evil}", 'custom_subdomain_name = "$${evil}"'),
        ("azapi_resource.a", "properties.disableLocalAuth", True, "body.properties.disableLocalAuth = true"),
        ("azapi_resource.a", "tags.owner", "me", 'tags.owner = "me"'),
        (None, "properties.disableLocalAuth", True, "properties.disableLocalAuth = true"),
    ],
)  # fmt: skip
def test_the_mapping_is_read_backwards(address: str | None, path: str, value: Any, expected: str) -> None:
    assert _assignment(address, path, value) == expected


@pytest.mark.parametrize(
    ("plan", "line"),
    [
        pytest.param(
            terraform_plan(change("azurerm_cognitive_account", "voice", tf_account(), {"id": True})),
            "azurerm_cognitive_account.voice: local_auth_enabled = false",
            id="azurerm",
        ),
        pytest.param(
            predicted(account(disableLocalAuth=False)),
            "voice (microsoft.cognitiveservices/accounts): properties.disableLocalAuth = true",
            id="bicep",
        ),
    ],
)
def test_a_runbook_says_what_to_write(rtaudit: Any, tmp_path: Path, plan: Plan, line: str) -> None:
    write(snapshot(plan), tmp_path / "planned.json")
    policy = tmp_path / "p.yaml"
    policy.write_text("schema: rtaudit.policy/1\nname: mine\ntitle: Mine\nselect: [RTA-ID-001]\n")
    words = ["runbook", "planned.json", "--policy", policy]
    ended = rtaudit(*words, "-o", "json")
    assert json.loads(ended.stdout)["unseen"] == []
    (step,) = json.loads(ended.stdout)["steps"]
    assert step["code"] == [line]
    shown = rtaudit(*words).stdout
    assert f"In the code: {line}" in " ".join(shown.split())
    assert "az resource update" not in shown
    assert "not ready as planned; after 1 step: ready as planned" in shown
    assert ACCOUNT in step["command"]["bash"]


def code(rtaudit: Any, folder: Path, plan: Plan, *rules: str) -> list[list[str]]:
    """What the runbook of a plan says to write, for each step."""
    write(snapshot(plan), folder / "planned.json")
    (folder / "p.yaml").write_text(f"schema: rtaudit.policy/1\nname: mine\ntitle: Mine\nselect: [{', '.join(rules)}]\n")
    ended = rtaudit("runbook", "planned.json", "--policy", "p.yaml", "--all", "-o", "json")
    return [step["code"] for step in json.loads(ended.stdout)["steps"]]


WORKSPACE_CHANGE = change(
    "azurerm_log_analytics_workspace",
    "logs",
    {"name": "logs", "resource_group_name": "rg", "location": "eastus2", "retention_in_days": 90},
    {"id": True},
)


def test_what_is_missing_is_a_block_to_add(rtaudit: Any, tmp_path: Path) -> None:
    plan = terraform_plan(change("azurerm_cognitive_account", "voice", tf_account(), {"id": True}), WORKSPACE_CHANGE)
    ((line,),) = code(rtaudit, tmp_path, plan, "RTA-OBS-001", "RTA-OBS-002", "RTA-OBS-003")
    assert line == (
        'add azurerm_monitor_diagnostic_setting "to-logs" for azurerm_cognitive_account.voice: log_analytics_workspace_id ='
        f' "{WORKSPACE}", enabled_log {{ category = "Audit" }}, enabled_log {{ category = "AzureOpenAIRequestUsage" }},'
        ' enabled_metric { category = "AllMetrics" }'
    )


def test_alerts_are_blocks_too(rtaudit: Any, tmp_path: Path) -> None:
    deployment = {
        "name": "talk",
        "cognitive_account_id": ACCOUNT,
        "model": [{"format": "OpenAI", "name": "gpt-realtime", "version": "2025-08-28"}],
        "sku": [{"name": "GlobalStandard", "capacity": 4}],
    }
    plan = terraform_plan(
        change("azurerm_cognitive_account", "voice", tf_account(), {"id": True}),
        change("azurerm_cognitive_deployment", "d", deployment, {"id": True}),
    )
    steps = code(rtaudit, tmp_path, plan, "RTA-OBS-008")
    assert steps[0] == ['add azurerm_monitor_action_group "voice-on-call": enabled = true']
    assert 'add azurerm_monitor_metric_alert "voice-throttled": ' in steps[1][0]
    assert (
        'criteria { metric_name = "AzureOpenAIRequests" aggregation = "Total" operator = "GreaterThan"' in steps[1][0]
    )
    assert "properties." not in steps[1][0]


def test_a_block_is_written_argument_by_argument(rtaudit: Any, tmp_path: Path) -> None:
    plan = terraform_plan(change("azurerm_cognitive_account", "voice", tf_account(), {"id": True}))
    (lines,) = code(rtaudit, tmp_path, plan, "RTA-NET-002")
    assert lines == [
        'azurerm_cognitive_account.voice: network_acls.default_action = "Deny"',
        'azurerm_cognitive_account.voice: network_acls.ip_rules = ["203.0.113.0/28"]',
    ]


def test_in_bicep_what_is_missing_is_the_resource(rtaudit: Any, tmp_path: Path) -> None:
    ((line,),) = code(rtaudit, tmp_path, predicted(account()), "RTA-OBS-001")
    assert line.startswith(
        'add Microsoft.Insights/diagnosticSettings "to-logs" for voice (microsoft.cognitiveservices/accounts): '
        'properties.workspaceId = "<workspace id>", properties.logs = [{"category": "Audit"'
    )


@pytest.mark.parametrize("form", ["sh", "ps1", "markdown"])
def test_a_script_of_a_plan_runs_nothing_on_what_is_not_there(rtaudit: Any, tmp_path: Path, form: str) -> None:
    plan = terraform_plan(change("azurerm_cognitive_account", "voice", tf_account(), {"id": True}))
    write(snapshot(plan), tmp_path / "planned.json")
    ended = rtaudit("runbook", "planned.json", "--policy", "production", "--all", "-o", form)
    lines = ended.stdout.splitlines()
    assert "In the code: azurerm_cognitive_account.voice: local_auth_enabled = false" in ended.stdout.replace("`", "")
    assert not [line for line in lines if line.startswith(("az ", "  az ", ": ", "$RT_"))]
