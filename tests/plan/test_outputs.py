"""A report of a plan says so in every output: the verdict, what only Azure can tell, and what the code calls a resource."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rtaudit.plan import plan
from rtaudit.plan.model import Plan
from rtaudit.policy import check, load_policies
from rtaudit.render import render, whole
from rtaudit.report import Report
from rtaudit.report.files import dump, parse
from rtaudit.snapshot import load
from rtaudit.snapshot.redact import redact

from .kit import account, change, configured, predicted, snapshot, terraform_plan, tf_account

ROOT = Path(__file__).parents[2]
FORMATS = ("table", "markdown", "markdown-short", "junit", "github", "azdo", "sarif")
DAY = date(2026, 11, 22)


def judged(*plans: Plan, fail_on: str = "high", policy: str = "baseline") -> Report:
    return check([snapshot(*plans)], load_policies([policy]), as_of=DAY, fail_on=fail_on)


def shown(report: Report, name: str, **options: Any) -> str:
    """An output on one line, for sentences that a terminal wraps."""
    return " ".join(whole(render(report, name, **options)).split())


@pytest.fixture(scope="module")
def failing() -> Report:
    return judged(
        terraform_plan(
            change("azurerm_cognitive_account", "voice", tf_account(), {"id": True}),
            root={"resources": [configured("azurerm_cognitive_account", "voice", name={"constant_value": "voice"})]},
        )
    )


@pytest.mark.parametrize("name", FORMATS)
def test_a_verdict_is_as_planned(failing: Report, name: str) -> None:
    text = shown(failing, name).lower()
    assert "not ready as planned" in text
    assert "azurerm_cognitive_account.voice" in text or name == "markdown-short"


@pytest.mark.parametrize("name", FORMATS)
def test_ready_is_ready_as_planned(name: str) -> None:
    assert "ready as planned" in shown(judged(predicted(account()), fail_on="none"), name).lower()


def test_a_collected_snapshot_is_not_as_planned() -> None:
    report = check([load(ROOT / "snapshots" / "prod.json")], load_policies(["baseline"]), as_of=DAY)
    assert not [name for name in FORMATS if "as planned" in shown(report, name).lower()]


def test_the_providers_default_is_said_beside_the_address(failing: Report) -> None:
    said = (
        "in the code: azurerm_cognitive_account.voice; the code does not set local_auth_enabled: this is the provider's"
        " default"
    )
    for name in ("table", "junit", "github", "azdo", "sarif"):
        assert said in shown(failing, name).replace("&apos;", "'"), name


def test_what_only_azure_can_tell_is_counted_and_can_be_listed() -> None:
    report = judged(
        predicted(account(customSubDomainName="voice", publicNetworkAccess="Disabled")), policy="production"
    )
    waiting = sum(one.waits_for_azure for one in report.findings)
    assert waiting > 1
    for name in ("table", "markdown"):
        assert f"({waiting} of them only Azure can tell)" in shown(report, name).replace("`", "")
        assert f"{waiting} checks rest on what Azure assigns at the deployment" in shown(report, name)
    assert "assigned by Azure" not in shown(report, "table")
    assert "provisioning state is assigned by Azure" in shown(report, "table", show=["unknown"])


def test_the_report_file_keeps_address_and_place(failing: Report) -> None:
    assert dump(parse(json.loads(dump(failing)), "r.json")) == dump(failing)
    assert '"address": "azurerm_cognitive_account.voice"' in dump(failing)


def test_hostile_addresses_are_text() -> None:
    evil = 'azurerm_cognitive_account.v["\x1b[31m\n::error::x ##vso[task.x] <b>|"]'
    report = judged(
        terraform_plan({**change("azurerm_cognitive_account", "v", tf_account(), {"id": True}), "address": evil})
    )
    for name in FORMATS:
        text = whole(render(report, name))
        assert "\x1b[31m" not in text
        assert not [line for line in text.splitlines() if line.startswith(("::error::x", "##vso[task.x"))], name
        assert "<b>" not in text or name != "junit"


def test_a_redacted_plan_names_nothing() -> None:
    planned, _ = plan([str(ROOT / "snapshots" / "plans" / "prod.azurerm.json")], environment="prod")
    copy = redact(planned)
    for word in ("frontdesk", "lanternhouse", "concierge"):
        assert word not in json.dumps(copy.scope) + json.dumps(copy.resources)
    assert copy.planned[0]["format"] == "Terraform plan"


def test_an_unknown_names_first_what_somebody_can_close() -> None:
    planned, _ = plan([str(ROOT / "snapshots" / "plans" / "prod.azurerm.json")], environment="prod")
    report = check([planned], load_policies(["production"]), as_of=DAY)
    mixed = [
        one
        for one in report.findings
        if one.outcome == "unknown" and {gap.reason for gap in one.gaps} == {"assignedByAzure", "notYetKnown"}
    ]
    assert mixed[0].gaps
    assert [one.message for one in mixed if "assigned by Azure" in one.message] == []
    assert any("a plan does not hold the region's model catalogue" in one.message for one in mixed)
