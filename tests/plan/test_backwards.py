"""A runbook of a plan speaks in terms of the code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rtaudit.plan.backwards import _assignment
from rtaudit.plan.model import Plan
from rtaudit.snapshot import write

from .kit import ACCOUNT, account, change, predicted, snapshot, terraform_plan, tf_account


@pytest.mark.parametrize(
    ("address", "path", "value", "expected"),
    [
        ("azurerm_cognitive_account.a", "properties.disableLocalAuth", True, "local_auth_enabled = false"),
        ("azurerm_cognitive_account.a", "properties.publicNetworkAccess", "Disabled", "public_network_access_enabled = false"),
        ('module.m["x.y"].azurerm_cognitive_account.a[0]', "properties.networkAcls.defaultAction", "Deny", 'network_acls.default_action = "Deny"'),
        ("azurerm_cognitive_account.a", "properties.allowedFqdnList", ["x"], 'properties.allowedFqdnList = ["x"]'),
        ("azurerm_cognitive_account.a", "properties.customSubDomainName", "${evil}", 'properties.customSubDomainName = "$${evil}"'),
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
