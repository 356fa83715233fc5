"""The Azure Pipelines template: its steps, run by a script with the parameters of a pipeline."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from . import steps
from .steps import ROOT

TEMPLATE = steps.load(ROOT / "azure-pipelines" / "rtaudit.yml")
DEFAULTS = {one["name"]: one["default"] for one in TEMPLATE["parameters"]}
JOIN = re.compile(r"join\('(.*?)', parameters\.(\w+)\)")


def flat(found: list[Any], **chosen: bool) -> list[dict[str, Any]]:
    """The steps, with `${{ if }}` and `${{ else }}` resolved: `connection` says which."""
    kept: list[dict[str, Any]] = []
    for step in found:
        key = next(iter(step))
        if key.startswith("${{"):
            kept += step[key] if ("else" in key) != chosen["connection"] else []
        else:
            kept.append(step)
    return kept


def test_the_runner_can_read_it() -> None:
    """Azure Pipelines knows no anchors, and reads each step by its first key."""
    text = (ROOT / "azure-pipelines" / "rtaudit.yml").read_text("utf-8")
    assert not re.search(r": [&*]\w+$", text, re.MULTILINE)
    for connection in (True, False):
        for step in flat(TEMPLATE["steps"], connection=connection):
            assert next(iter(step)) in ("bash", "task", "publish")
            if "task" in step:
                assert re.fullmatch(r"\w+@\d+", step["task"])


def test_both_ways_give_the_script_the_same_words() -> None:
    (task,) = [step for step in flat(TEMPLATE["steps"], connection=True) if step.get("task") == "AzureCLI@2"]
    (shell,) = [step for step in flat(TEMPLATE["steps"], connection=False) if step.get("displayName") == "rtaudit"]
    assert task["env"] == shell["env"]
    assert task["inputs"]["scriptPath"].replace("$(Agent.TempDirectory)", "$AGENT_TEMPDIRECTORY") in shell["bash"]
    named = set(re.findall(r"parameters\.(\w+)", json.dumps(TEMPLATE["steps"])))
    assert named == DEFAULTS.keys()


class Pipeline:
    def __init__(self, folder: Path) -> None:
        self.folder, self.temporary = folder / "sources", folder / "agent"
        self.folder.mkdir()
        self.temporary.mkdir()
        shutil.copy(ROOT / "snapshots" / "prod.json", self.folder)

    def use(self, **parameters: Any) -> CompletedProcess[str]:
        given = {**DEFAULTS, **{name: [] for name, value in DEFAULTS.items() if value == "[]"}, **parameters}

        def value(expression: str) -> str:
            joined = JOIN.fullmatch(expression)
            return joined[1].join(given[joined[2]]) if joined else str(given[expression.removeprefix("parameters.")])

        environment = {"AGENT_TEMPDIRECTORY": str(self.temporary)}
        given["source"] = given["source"].replace("$(Pipeline.Workspace)/rtaudit", str(ROOT))
        python = steps.stand_in_python(self.temporary / "python")
        for step in flat(TEMPLATE["steps"], connection=False):
            if "bash" not in step:
                continue
            variables = {
                name: re.sub(r"\$\{\{\s*(.*?)\s*\}\}", lambda found: value(found[1]), text)
                for name, text in step["env"].items()
            }
            assert "${{" not in step["bash"], "a parameter inside a script is code"
            path = {"PATH": f"{python.parent}:/usr/bin:/bin"}
            ended = steps.bash(step["bash"], self.folder, {**environment, **variables, **path})
            if ended.returncode:
                return ended
        return ended


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return Pipeline(tmp_path)


def test_a_snapshot_is_judged(pipeline: Pipeline) -> None:
    ended = pipeline.use(snapshots=["prod.json"], policies=["baseline", "production"], failOn="critical", arguments=["--as-of", "2026-11-22"])  # fmt: skip
    assert ended.returncode == 1, ended.stdout
    assert "##vso[task.logissue type=error;]rtaudit: not ready" in ended.stdout
    assert f"##vso[task.uploadsummary]{pipeline.folder}/rtaudit-report/report.md" in ended.stdout
    assert ended.stdout.splitlines()[-1] == "rtaudit: not ready; the summary says for each finding what to do"
    written = {path.name for path in (pipeline.folder / "rtaudit-report").iterdir()}
    assert written == {"report.json", "report.xml", "report.md", "report.sarif"}
    report = json.loads((pipeline.folder / "rtaudit-report" / "report.json").read_text("utf-8"))
    assert [policy["name"] for policy in report["policies"]] == ["baseline", "production"]
    assert report["gate"]["failOn"] == "critical"
    *lists, ours = (pipeline.temporary / "python" / "pip.log").read_text().splitlines()
    assert all("--require-hashes" in line for line in lists)
    assert "--no-deps --no-build-isolation" in ours
    assert ours.endswith(f" {ROOT}")


def test_another_package_is_a_path(pipeline: Pipeline) -> None:
    assert pipeline.use(snapshots=["prod.json"], package="wheels/ours.whl").returncode == 1
    assert (pipeline.temporary / "python" / "pip.log").read_text().endswith(" wheels/ours.whl\n")


def test_without_a_checkout_it_says_where_one_comes_from(pipeline: Pipeline) -> None:
    ended = pipeline.use(snapshots=["prod.json"], source=str(pipeline.folder))
    assert ended.returncode == 3
    assert ended.stdout.splitlines()[-1].startswith("hint: put '- {checkout: rtaudit, path: rtaudit}' before")
    assert "##vso[task.logissue type=error]" in ended.stdout


@pytest.mark.parametrize(
    ("parameters", "code", "last"),
    [
        ({}, 2, "hint: give one of the parameters"),
        ({"snapshots": ["nowhere.json"]}, 3, "hint: check the path"),
        ({"snapshots": ["prod.json"], "policies": ["nowhere.yaml"]}, 3, "hint: allowed: baseline"),
        ({"subscriptions": ["x"], "arguments": ["--auth", "cli"]}, 3, "hint: give the parameter 'serviceConnection'"),
        ({"snapshots": ["$(touch owned)"]}, 3, "hint: check the path"),
    ],
)
def test_the_last_line_says_what_to_do(pipeline: Pipeline, parameters: dict[str, Any], code: int, last: str) -> None:
    ended = pipeline.use(**parameters)
    assert ended.returncode == code, ended.stdout
    assert ended.stdout.splitlines()[-1].startswith(last), ended.stdout
    assert "##vso[task.logissue type=error]rtaudit: " in ended.stdout
    assert not (pipeline.folder / "owned").exists()
