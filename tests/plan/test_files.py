"""What is no plan is refused with its name and the command that makes one; what is one is recognised by its content."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rtaudit.errors import InputError
from rtaudit.plan import plan, read_plan

from .kit import change

TERRAFORM: dict[str, Any] = {"format_version": "1.2", "resource_changes": []}
PLAN = json.dumps(TERRAFORM).encode()
BICEP: dict[str, Any] = {"predictedResources": [], "diagnostics": []}


@pytest.mark.parametrize(
    ("content", "name", "problem", "hint"),
    [
        pytest.param(b"PK\x03\x04....", "tfplan", "is a binary Terraform plan", "terraform show -json", id="binary"),
        pytest.param(b"", "plan.json", "is empty", "terraform show -json", id="empty"),
        pytest.param(b'resource "azurerm_x" "y" {}', "main.tf", "is Terraform source", "terraform plan -out", id="hcl"),
        pytest.param(b"param x string\nresource a 'A/b@2' = {}", "main.bicep", "is Bicep source", "bicep snapshot main.bicepparam", id="bicep source"),
        pytest.param(b"Error: no such thing", "log.txt", "is not JSON", "terraform show -json", id="text"),
        pytest.param(b"\xff\xfe\xff\x00\xd8", "plan.json", "is not text", "terraform show", id="not text"),
        pytest.param(b'{"@level":"info"}\n{"@level":"info"}\n', "plan.json", "is the log of `terraform plan -json`", "terraform show -json", id="log"),
        pytest.param(json.dumps({"format_version": "1.0", "terraform_version": "1.9", "values": {}}).encode(), "s.json", "is a Terraform state", "rtaudit collect", id="shown state"),
        pytest.param(json.dumps({"version": 4, "serial": 1, "lineage": "x"}).encode(), "terraform.tfstate", "is a Terraform state file", "rtaudit collect", id="state file"),
        pytest.param(json.dumps({"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "resources": []}).encode(), "t.json", "is an ARM template", "bicep snapshot", id="template"),
        pytest.param(json.dumps({"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#"}).encode(), "p.json", "is a file of deployment parameters", "bicep snapshot", id="parameters"),
        pytest.param(json.dumps({"schema": "rtaudit.snapshot/1"}).encode(), "prod.json", "is a document of rtaudit", "rtaudit check", id="snapshot"),
        pytest.param(json.dumps({"Status": "Succeeded", "Changes": [{"FullyQualifiedResourceId": "/x"}], "resourceChanges": None}).encode(), "w.json", "", "", id="powershell what-if"),
        pytest.param(b"[1]", "l.json", "is not a plan: it holds a JSON list", "terraform show", id="a list"),
        pytest.param(b'{"a": 1}', "x.json", "is not a plan in a format that rtaudit knows", "terraform show", id="another document"),
        pytest.param(b"[command]/opt/terraform-bin show -json PLAN\n" + PLAN, "p.json", "has other text before the JSON", "terraform_wrapper: false", id="the wrapper of setup-terraform"),
        pytest.param(b"Note: things changed\n\n" + PLAN, "p.json", "has other text before the JSON", "without `2>&1`", id="log lines before"),
        pytest.param(PLAN + b"\nReleasing state lock\n", "p.json", "has other text after the JSON, which ends in line 1", "without `2>&1`", id="log lines after"),
        pytest.param(b"Terraform will perform the following actions:\n\n  # x\n{\n", "p.txt", "is what `terraform plan` prints for people", "terraform show -json", id="the text of a plan"),
        pytest.param(PLAN[:20], "p.json", "ends in the middle", "make it again", id="cut off"),
        pytest.param(b'{"format_version": "1.0"}', "s.json", "is a document of Terraform, but not a plan", "terraform show -json", id="an empty state"),
        pytest.param(b'{"format_version": "1.0", "provider_schemas": {}}', "s.json", "is a document of Terraform, but not a plan", "terraform show -json", id="provider schemas"),
        pytest.param(b'{"steps": [], "changeSummary": {}, "config": {}}', "p.json", "is a preview of Pulumi", "rtaudit collect", id="pulumi"),
        pytest.param(b'{"contentVersion": "1.0.0.0", "resources": []}', "t.json", "is an ARM template", "bicep snapshot", id="a template without $schema"),
        pytest.param(b'{"resource": {"azapi_resource": {}}}', "main.tf.json", "is Terraform source in JSON", "terraform plan -out", id="hcl as JSON"),
        pytest.param(b'{"id": "/x", "properties": {"provisioningState": "Succeeded"}}', "d.json", "is what was deployed", "what-if --no-pretty-print", id="a deployment"),
        pytest.param(b'{"properties": {"changes": {"resourceChanges": []}}}', "w.json", "is the what-if result of a deployment stack", "what-if --no-pretty-print", id="what-if of a stack"),
        pytest.param(b'{"format_version": "2.0", "planned_values": {}}', "x.json", "has format_version 2.0", "Terraform 1.x", id="another major"),
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused(tmp_path: Path, content: bytes, name: str, problem: str, hint: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_plan(str(file))
    assert str(file) in caught.value.message
    assert problem in caught.value.message
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        pytest.param(BICEP, "Bicep snapshot", id="bicep"),
        pytest.param({"PredictedResources": [], "Diagnostics": []}, "Bicep snapshot", id="bicep in Pascal case"),
        pytest.param(TERRAFORM, "Terraform plan", id="terraform"),
        pytest.param({"format_version": "1.2", "resource_drift": []}, "Terraform plan", id="refresh only"),
        pytest.param({"format_version": "0.1", "planned_values": {}}, "Terraform plan", id="terraform 0.12"),
        pytest.param({"status": "Succeeded", "changes": []}, "what-if result", id="what-if of the CLI"),
        pytest.param({"status": "Succeeded", "properties": {"changes": []}}, "what-if result", id="what-if of the service"),
    ],
)  # fmt: skip
def test_a_plan_is_told_by_its_content(tmp_path: Path, document: dict[str, Any], kind: str) -> None:
    file = tmp_path / "any.name"
    file.write_text(json.dumps(document))
    assert read_plan(str(file)).format == kind


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32"])
def test_what_windows_powershell_wrote_is_read(rtaudit: Any, tmp_path: Path, encoding: str) -> None:
    """`terraform show -json PLAN > plan.json` of Windows PowerShell is UTF-16 with a mark, and with CRLF."""
    file = tmp_path / "plan.json"
    file.write_bytes((json.dumps(TERRAFORM, indent=1).replace("\n", "\r\n") + "\r\n").encode(encoding))
    ended = rtaudit("plan", file, "-o", "p.json")
    assert ended.returncode == 0, ended.stderr
    assert read_plan(str(file)).format == "Terraform plan"


@pytest.mark.parametrize("where", ["top", "properties"])
def test_what_if_that_failed_is_no_empty_plan(tmp_path: Path, where: str) -> None:
    file = tmp_path / "w.json"
    inner = {"changes": [], "error": {"code": "InvalidTemplate", "message": "no"}}
    document = {"status": "Failed", **inner} if where == "top" else {"status": "Failed", "properties": inner}
    file.write_text(json.dumps(document))
    with pytest.raises(InputError, match="what-if failed: InvalidTemplate: no"):
        read_plan(str(file))


@pytest.mark.parametrize("status", ["Canceled", "Running"])
def test_what_if_that_did_not_end_is_no_empty_plan(tmp_path: Path, status: str) -> None:
    file = tmp_path / "w.json"
    file.write_text(json.dumps({"status": status, "changes": []}))
    with pytest.raises(InputError, match=f"what-if ended as '{status}'"):
        read_plan(str(file))


def test_a_number_that_is_none_is_not_called_other_text(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text('{"format_version": "1.2", "resource_changes": [], "x": 1e999}')
    with pytest.raises(InputError, match="1e999 is larger than a number can be"):
        read_plan(str(file))


SAME_NAME = {"type": "Microsoft.Authorization/roleAssignments", "name": "[guid(reference('x').y)]"}


def test_what_has_no_name_yet_is_another_thing_in_each_plan(tmp_path: Path) -> None:
    """Two snapshots each with an assignment whose name is open, and two Terraform plans with one address."""
    scope = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/voice"
    files = []
    for number, principal in enumerate(("a", "b")):
        one = {**SAME_NAME, "id": f"[extensionResourceId('{scope}', 'Microsoft.Authorization/roleAssignments', guid(reference('x').y))]", "properties": {"principalId": principal}}  # fmt: skip
        (tmp_path / f"{number}.json").write_text(json.dumps({"predictedResources": [one], "diagnostics": []}))
        account = change("azurerm_cognitive_account", "a", {"kind": "OpenAI", "sku_name": "S0"}, {"name": True, "resource_group_name": True})  # fmt: skip
        (tmp_path / f"{number}.tf.json").write_text(json.dumps({**TERRAFORM, "resource_changes": [account]}))
        files += [str(tmp_path / f"{number}.json"), str(tmp_path / f"{number}.tf.json")]
    found, _ = plan(files)
    assert len({one["id"] for one in found.resources}) == 4
    assert {one["properties"]["principalId"] for one in found.resources if "roleAssignments" in one["id"]} == {"a", "b"}
