"""What Terraform marks as sensitive is never written: values count as not known, names are replaced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rtaudit.snapshot import dump
from rtaudit.snapshot.gaps import NOT_YET

from .kit import (
    ACCOUNT,
    GROUP,
    SUBSCRIPTION,
    change,
    configured,
    gaps,
    refers,
    resource,
    snapshot,
    terraform_plan,
    tf_account,
)

SECRET = "merger-with-fabrikam"
DEPLOYMENT = {
    "name": "voice",
    "model": [{"format": "OpenAI", "name": "gpt-realtime", "version": "2025-08-28"}],
    "sku": [{"name": "GlobalStandard", "capacity": 1}],
}


def marked(entry: dict[str, Any], after: Any, before: Any = None) -> dict[str, Any]:
    entry["change"] |= {"after_sensitive": after, "before_sensitive": before or {}}
    return entry


def test_a_sensitive_value_is_not_known() -> None:
    entry = marked(change("azurerm_cognitive_account", "a", tf_account(tags={"owner": SECRET, "app": "x"}), {"id": True}), {"tags": {"owner": True}, "local_auth_enabled": True})  # fmt: skip
    found = snapshot(terraform_plan(entry))
    assert resource(found)["tags"] == {"app": "x"}
    assert "disableLocalAuth" not in resource(found)["properties"]
    assert {("accounts", "/tags/owner"), ("accounts", "/properties/disableLocalAuth")} <= gaps(found, NOT_YET).keys()
    assert "Terraform marks it as sensitive" in str(gaps(found)["accounts", "/tags/owner"].message)
    assert SECRET not in dump(found)


def test_null_is_no_secret() -> None:
    entry = marked(
        change("azurerm_cognitive_account", "a", tf_account(), {"id": True}), {"tags": True, "identity": True}
    )
    assert ("accounts", "/tags") not in gaps(snapshot(terraform_plan(entry)))


@pytest.mark.parametrize("actions", [("create",), ("update",), ("no-op",), ("forget",)], ids="".join)
def test_a_sensitive_name_is_replaced_and_children_find_their_parent(actions: tuple[str, ...]) -> None:
    """The id that a provider gives is not marked, and holds the name."""
    there = ACCOUNT.replace("voice", SECRET)
    new = actions == ("create",)
    values = tf_account(SECRET, **({} if new else {"id": there}))
    entry = change(
        "azurerm_cognitive_account",
        "a",
        values,
        {"id": True} if new else {},
        actions=actions,
        before=None if new else values,
    )
    marks = {"name": True, "custom_subdomain_name": True}
    child = change(
        "azurerm_cognitive_deployment",
        "d",
        {**DEPLOYMENT, **({} if new else {"cognitive_account_id": there, "id": f"{there}/deployments/voice"})},
        {"id": True, "cognitive_account_id": True} if new else {},
        actions=actions,
        before=None if new else {**DEPLOYMENT, "id": f"{there}/deployments/voice"},
    )
    root = {"resources": [configured("azurerm_cognitive_deployment", "d", cognitive_account_id=refers("azurerm_cognitive_account.a.id"))]}  # fmt: skip
    found = snapshot(terraform_plan(marked(entry, marks, marks), child, root=root))
    name = "planned-azurerm_cognitive_account.a"
    account = ACCOUNT.replace("voice", name)
    assert resource(found, account)["location"] == "eastus2"
    assert resource(found, f"{account}/deployments/voice")["properties"]["model"]["name"] == "gpt-realtime"
    assert "fabrikam" not in dump(found)


def test_no_output_names_it(rtaudit: Any, tmp_path: Path) -> None:
    entry = marked(change("azurerm_cognitive_account", "a", tf_account(SECRET), {"id": True}), {"name": True, "custom_subdomain_name": True})  # fmt: skip
    document = {"format_version": "1.2", "resource_changes": [entry], "configuration": {"root_module": {}}}
    (tmp_path / "tf.json").write_text(json.dumps(document))
    ended = rtaudit("plan", "tf.json", "-o", "planned.json")
    outputs = [word for name in ("table", "sarif", "html", "markdown", "github", "json", "csv", "junit") for word in ("-o", f"{name}={name}.txt")]  # fmt: skip
    ended_too = rtaudit("check", "planned.json", "--policy", "baseline", *outputs)
    assert ended_too.returncode == 1
    for text in (
        ended.stdout,
        ended.stderr,
        ended_too.stderr,
        *(path.read_text("utf-8") for path in tmp_path.glob("*.txt")),
    ):
        assert "fabrikam" not in text


def test_a_short_name_is_hidden_as_a_word_alone() -> None:
    values = tf_account("eu", id=ACCOUNT.replace("voice", "eu"), tags={"where": "europe eu"})
    entry = marked(change("azurerm_cognitive_account", "a", values, actions=("no-op",), before=values), {"name": True})
    found = snapshot(terraform_plan(entry))
    one = resource(found, f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/planned-azurerm_cognitive_account.a")
    assert one["tags"]["where"] == "europe planned-azurerm_cognitive_account.a"
    assert one["location"] == "eastus2"


def test_a_sensitive_variable_makes_no_id() -> None:
    provider = {"azurerm": {"name": "azurerm", "expressions": {"subscription_id": refers("var.subscription")}}}
    root = {"variables": {"subscription": {"sensitive": True}}}
    more = {
        "variables": {"subscription": {"value": SUBSCRIPTION}},
        "configuration": {"provider_config": provider, "root_module": root},
    }
    entry = change("azurerm_cognitive_account", "a", tf_account(), {"id": True})
    assert SUBSCRIPTION not in dump(snapshot(terraform_plan(entry, **more)))
    root["variables"] = {"subscription": {}}
    assert resource(snapshot(terraform_plan(entry, **more)))


def test_a_receiver_counts_though_its_address_is_sensitive() -> None:
    group = {"name": "oncall", "resource_group_name": "rg", "short_name": "o", "enabled": True, "webhook_receiver": [{"name": "w", "service_uri": "https://x.example/abc"}]}  # fmt: skip
    entry = marked(change("azurerm_monitor_action_group", "g", group, {"id": True}), {"webhook_receiver": [{"service_uri": True}]})  # fmt: skip
    found = snapshot(terraform_plan(entry))
    assert resource(found, f"{GROUP}/providers/Microsoft.Insights/actionGroups/oncall")["properties"]["receivers"] == 1
