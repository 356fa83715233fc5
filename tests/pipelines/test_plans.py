"""The pull-request jobs of docs/examples: plan, check, SARIF, summary, exit code, with the sample plans."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from . import steps
from .steps import ROOT
from .test_action import Job
from .test_azure_pipelines import Pipeline

EXAMPLES = ROOT / "docs" / "examples"
PLANS = ROOT / "snapshots" / "plans"


def github() -> dict[str, str]:
    """The inputs that the example gives the action."""
    (job,) = steps.load(EXAMPLES / "plan-check.yml")["jobs"].values()
    (step,) = [one for one in job["steps"] if re.fullmatch(r"rtaudit/rtaudit@v[\d.]+", one.get("uses", ""))]
    return {name.replace("-", "_"): value for name, value in step["with"].items()}


def azure() -> dict[str, Any]:
    """The parameters that the example gives the template."""
    pipeline = steps.load(EXAMPLES / "plan-check-azure-pipelines.yml")
    (step,) = [one for one in pipeline["steps"] if "template" in one]
    return dict(step["parameters"])


def repository(folder: Path, plan: str, name: str) -> None:
    """What the example's repository holds: the plan that an earlier step made, its code, and a snapshot of production."""
    for one in ("snapshots", "infra"):
        (folder / one).mkdir(exist_ok=True)
    shutil.copy(PLANS / plan, folder / name)
    shutil.copy(ROOT / "snapshots" / "prod.json", folder / "snapshots")


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def test_the_github_job(job: Job) -> None:
    repository(job.folder, "prod.azurerm.json", "plan.json")
    (job.folder / "infra" / "main.tf").write_text(
        '\n\nresource "azurerm_private_endpoint" "lh_frontdesk_prod_eus2_pe" {\n}\n'
    )
    ended = job.use(**github(), as_of="2026-11-22")
    assert ended.returncode == 1, ended.stdout
    assert (
        ended.stdout.splitlines()[-1]
        == "rtaudit: not ready as planned; the job summary says for each finding what to do"
    )
    assert "::error title=rtaudit%3A not ready as planned::" in ended.stdout
    assert job.summary.startswith("# rtaudit: not ready as planned")
    assert (job.outputs["verdict"], job.outputs["exit-code"]) == ("notReady", "1")
    report = json.loads((job.folder / job.outputs["report"]).read_text("utf-8"))
    assert report["snapshots"][0]["planned"] == [{"format": "Terraform plan", "file": "plan.json"}]
    assert report["snapshots"][0]["environment"] == "prod"
    planned = json.loads((job.folder / job.outputs["snapshot"]).read_text("utf-8"))
    assert planned["scope"]["planned"]["with"].startswith("sha256:")
    results = json.loads((job.folder / job.outputs["sarif"]).read_text("utf-8"))["runs"][0]["results"]
    places = [one["locations"][0]["physicalLocation"] for one in results]
    assert ("infra/main.tf", 3) in {(one["artifactLocation"]["uri"], one["region"]["startLine"]) for one in places}


def test_the_azure_pipelines_job(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    repository(pipeline.folder, "prod.bicep.json", "infra/main.snapshot.json")
    ended = pipeline.use(**azure(), arguments=["--as-of", "2026-11-22"])
    assert ended.returncode == 1, ended.stdout
    assert (
        ended.stdout.splitlines()[-1] == "rtaudit: not ready as planned; the summary says for each finding what to do"
    )
    assert "##vso[task.logissue type=error;]rtaudit: not ready as planned" in ended.stdout
    written = {path.name for path in (pipeline.folder / "rtaudit-report").iterdir()}
    assert written == {"planned.json", "report.json", "report.xml", "report.md", "report.sarif"}


@pytest.mark.parametrize(
    ("inputs", "code", "last"),
    [
        ({"plan": "nowhere.json"}, 3, "hint: check the path"),
        ({"plan": "snapshots/prod.json"}, 3, "hint: `rtaudit check` reads snapshots"),
        ({"plan": "plan.json", "with": "nowhere.json"}, 3, "hint: check the path"),
        ({"plan": "plan.json", "source": "nowhere"}, 3, "hint: --source takes the folder"),
        ({"plan": "plan.json", "snapshot": "snapshots/prod.json"}, 2, "hint: lay plans over a snapshot with the "),
        ({"plan": "$(touch owned)"}, 3, "hint: check the path"),
    ],
)
def test_the_last_line_says_what_to_do(job: Job, tmp_path: Path, inputs: dict[str, str], code: int, last: str) -> None:
    repository(job.folder, "prod.bicep.json", "plan.json")
    stale = job.folder / "rtaudit-report"
    stale.mkdir()
    (stale / "planned.json").write_text("{}")
    ended = job.use(**inputs)
    assert ended.returncode == code, ended.stdout
    assert ended.stdout.splitlines()[-1].startswith(last), ended.stdout
    assert "::error title=rtaudit::" in ended.stdout
    assert (job.outputs["verdict"], job.outputs["exit-code"]) == ("error", str(code))
    assert not {"report", "sarif"} & job.outputs.keys()
    pipeline = Pipeline(tmp_path)
    repository(pipeline.folder, "prod.bicep.json", "plan.json")
    names = {"plan": "plans", "snapshot": "snapshots", "source": "planSources"}
    given = {names.get(name, name): [value] if name in names else value for name, value in inputs.items()}
    ended = pipeline.use(**given)
    assert ended.returncode == code, ended.stdout
    assert ended.stdout.splitlines()[-1].startswith(last), ended.stdout
    assert "##vso[task.logissue type=error]rtaudit: " in ended.stdout
    assert not list(tmp_path.rglob("owned"))


def test_a_plan_alone_is_incomplete_and_says_what_helps(job: Job) -> None:
    repository(job.folder, "prod.bicep.json", "plan.json")
    policy = job.folder / "p.yaml"
    policy.write_text("schema: rtaudit.policy/1\nname: mine\ntitle: Mine\nselect: [RTA-MOD-001]\n")
    ended = job.use(plan="plan.json", policy="p.yaml")
    assert ended.returncode == 4, ended.stdout
    assert ended.stdout.splitlines()[-1].startswith("rtaudit: incomplete as planned; give the input 'with'")
