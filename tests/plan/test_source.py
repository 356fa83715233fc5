"""File and line of planned resources: given where they are certain, and nowhere else."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from rtaudit.plan.model import Plan
from rtaudit.plan.source import locate

from .kit import account, change, predicted, terraform_plan, tf_account

MAIN = """\
# resource "azurerm_cognitive_account" "voice" { commented out }
/* resource "azurerm_cognitive_account" "voice" {
*/
locals {
  text = <<-EOT
resource "azurerm_cognitive_account" "voice" {
  EOT
}
resource "azurerm_cognitive_account" "voice" {
  name = "voice"
}
resource azurerm_cognitive_account bare {
}
module "inner" {
  source = "./modules/inner"
}
"""
INNER = '\nresource "azurerm_cognitive_account" "this" {\n}\n'
CALLS = {
    "module_calls": {
        "inner": {"source": "./modules/inner", "module": {}},
        "far": {"source": "Azure/avm/azurerm", "module": {}},
        "out": {"source": "../../../../../../../../etc", "module": {}},
    }
}


def code(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / "infra" / name.replace("__", "/").replace("_tf", ".tf").replace("_bicep", ".bicep")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "infra"


def place(plan: Plan, folder: Path) -> tuple[str, int] | None:
    """The place of the plan's one resource, its file below `folder`."""
    locate(plan, {"configuration": {"root_module": CALLS}}, str(folder))
    found = plan.resources[0].source
    return (Path(found[0]).resolve().relative_to(folder.resolve()).as_posix(), found[1]) if found else None


def planned(name: str, module: str = "", **more: Any) -> Plan:
    module_address = {"module_address": module} if module else {}
    return terraform_plan(
        change("azurerm_cognitive_account", name, tf_account(), {"id": True}, **module_address, **more)
    )


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        pytest.param(planned("voice"), ("main.tf", 9), id="after comments and heredocs"),
        pytest.param(planned("bare"), ("main.tf", 12), id="labels without quotes"),
        pytest.param(planned("voice", index="eu.west"), ("main.tf", 9), id="for_each"),
        pytest.param(planned("this", "module.inner"), ("modules/inner/main.tf", 2), id="module"),
        pytest.param(planned("this", 'module.inner["a.module.b"]'), ("modules/inner/main.tf", 2), id="module with key"),
        pytest.param(planned("this", "module.far"), None, id="module of a registry"),
        pytest.param(planned("this", "module.out"), None, id="outside of the tree"),
        pytest.param(planned("elsewhere"), None, id="not there"),
    ],
)
def test_terraform(tmp_path: Path, plan: Plan, expected: Any) -> None:
    assert place(plan, code(tmp_path, main_tf=MAIN, modules__inner__main_tf=INNER)) == expected


def test_two_blocks_of_one_name_are_no_place(tmp_path: Path) -> None:
    assert (
        place(
            planned("voice"), code(tmp_path, main_tf=MAIN, other_tf='resource "azurerm_cognitive_account" "voice" {}')
        )
        is None
    )


def test_an_override_is_not_the_resource(tmp_path: Path) -> None:
    folder = code(tmp_path, main_tf=MAIN, a_override_tf='resource "azurerm_cognitive_account" "voice" {}')
    assert place(planned("voice"), folder) == ("main.tf", 9)


TYPE = "Microsoft.CognitiveServices/accounts"
ONE = f"param x string\nresource a '{TYPE}@2025-06-01' = {{\n  name: x\n}}\n"
NAMED = "resource {} '" + TYPE + "@2025-06-01' = {{\n  name: '{}'\n}}\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"main_bicep": ONE}, ("main.bicep", 2), id="the only one of its type"),
        pytest.param(
            {"main_bicep": NAMED.format("a", "other") + NAMED.format("b", "voice")}, ("main.bicep", 4), id="by its name"
        ),
        pytest.param({"main_bicep": NAMED.format("a", "voice"), "m__b_bicep": ONE}, None, id="one name is open"),
        pytest.param({"main_bicep": NAMED.format("a", "voice") * 2}, None, id="two of one name"),
        pytest.param({"main_bicep": ONE + "module m 'br/public:avm/x:1' = {}\n"}, None, id="a module of a registry"),
        pytest.param({"main_bicep": f"resource a '{TYPE}@2025-06-01' existing = {{\n"}, None, id="existing"),
        pytest.param({"main_bicep": f"/*\n{ONE}*/\nvar t = '''\n{ONE}'''\n"}, None, id="in a comment or text"),
        pytest.param({"main_bicep": f"resource a '{TYPE}@2025-06-01' = if (x) {{"}, ("main.bicep", 1), id="condition"),
    ],
)
def test_bicep(tmp_path: Path, files: dict[str, str], expected: Any) -> None:
    assert place(predicted(account()), code(tmp_path, **files)) == expected


def test_places_reach_sarif_and_annotations(rtaudit: Any, tmp_path: Path) -> None:
    code(tmp_path, main_tf=MAIN)
    document = {
        "format_version": "1.2",
        "resource_changes": [change("azurerm_cognitive_account", "voice", tf_account(), {"id": True})],
        "configuration": {"root_module": {}},
    }
    (tmp_path / "tf.json").write_text(json.dumps(document))
    assert rtaudit("plan", "tf.json", "--source", "infra", "-o", "planned.json").returncode == 0
    ended = rtaudit(
        "check", "planned.json", "--policy", "baseline", "-o", "sarif=r.sarif", "-o", "github", "-o", "json=r.json"
    )
    assert ended.returncode == 1
    places = {
        (one["artifactLocation"]["uri"], one["region"]["startLine"])
        for result in json.loads((tmp_path / "r.sarif").read_text())["runs"][0]["results"]
        if result["properties"].get("address")
        for one in [result["locations"][0]["physicalLocation"]]
    }
    assert places == {("infra/main.tf", 9)}
    assert "::error file=infra/main.tf,line=9,title=RTA-ID-001" in ended.stdout
    found = {one["rule"]: one for one in json.loads((tmp_path / "r.json").read_text())["findings"]}
    assert found["RTA-ID-001"]["source"] == {"file": "infra/main.tf", "line": 9}
    assert "azurerm_cognitive_account.voice (infra/main.tf:9)" in rtaudit("render", "r.json").stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--source", "nowhere"], "no such folder: nowhere"),
        (["--source", ".", "--source", "."], "1 plan and 2 source folders"),
    ],
)
def test_bad_source(rtaudit: Any, tmp_path: Path, words: list[str], says: str) -> None:
    (tmp_path / "p.json").write_text(json.dumps({"predictedResources": [account()]}))
    ended = rtaudit("plan", "p.json", *words)
    assert ended.returncode in (2, 3)
    assert says in ended.stderr


ONE = "resource a '" + account()["type"] + "@2025-06-01' = {\n  name: 'voice'\n}\n"


def test_what_cannot_be_read_may_declare_it_too(tmp_path: Path) -> None:
    folder = code(tmp_path, main_bicep=ONE)
    assert place(predicted(account()), tmp_path)
    (folder / "large.bicep").write_bytes(b" " * (4 * 1024 * 1024 + 1))
    assert place(predicted(account()), tmp_path) is None


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root reads every folder")
def test_a_folder_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    (code(tmp_path, main_bicep=ONE) / "locked").mkdir(mode=0)
    assert place(predicted(account()), tmp_path) is None


@pytest.mark.parametrize("source", ["./" + "x" * 300, "./a\0b", "./missing", "./main.tf"], ids=["too long", "no path", "missing", "a file"])  # fmt: skip
def test_a_source_that_no_system_has_is_no_place(tmp_path: Path, source: str) -> None:
    folder = code(tmp_path, main_tf=MAIN)
    plan = planned("this", "module.m")
    locate(plan, {"configuration": {"root_module": {"module_calls": {"m": {"source": source}}}}}, str(folder))
    assert plan.resources[0].source is None
