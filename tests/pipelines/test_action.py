"""The GitHub action: its steps, run by a script with the inputs of a workflow."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from rtaudit.simulate import Simulator
from rtaudit.snapshot import load as load_snapshot

from . import steps
from .steps import ROOT

ACTION = steps.load(ROOT / "action.yml")
SETUP = steps.load(ROOT / "setup" / "action.yml")
PROD = "9d0d0000-0000-4000-8000-000000000003"


class Job:
    """A job of a workflow that uses the action."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "repository"
        self.files = folder / "runner"
        for one in (self.folder, self.files):
            one.mkdir()
        self.outputs: dict[str, str] = {}
        self.summary = ""
        self.azure: dict[str, str] = {}

    def use(self, **inputs: str) -> CompletedProcess[str]:
        """The step `audit` of the action, with these inputs (`fail_on` is `fail-on`)."""
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        assert given.keys() <= ACTION["inputs"].keys()
        values = {f"inputs.{name}": given.get(name, one["default"]) for name, one in ACTION["inputs"].items()}
        values["github.action_path"] = str(ROOT)
        step = next(step for step in ACTION["runs"]["steps"] if step["id"] == "audit")
        ended = self.run(step["run"], {name: steps.fill(text, values) for name, text in step["env"].items()})
        self.outputs = dict(line.split("=", 1) for line in (self.files / "output").read_text().splitlines())
        if (self.files / "summary").exists():
            self.summary = (self.files / "summary").read_text("utf-8")
        return ended

    def run(self, script: str, environment: dict[str, str]) -> CompletedProcess[str]:
        assert "${{" not in script, "an input inside a script is code"
        files = {
            "GITHUB_OUTPUT": str(self.files / "output"),
            "GITHUB_STEP_SUMMARY": str(self.files / "summary"),
            "GITHUB_PATH": str(self.files / "path"),
            "RUNNER_TEMP": str(self.files),
        }
        # `shell: bash` of GitHub Actions.
        return steps.bash(script, self.folder, {**files, **self.azure, **environment}, "-e", "-o", "pipefail")


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


@pytest.fixture
def prod(job: Job) -> str:
    shutil.copy(ROOT / "snapshots" / "prod.json", job.folder)
    return "prod.json"


@pytest.fixture
def azure(job: Job) -> Iterator[Simulator]:
    with Simulator([load_snapshot(ROOT / "snapshots" / "prod.json")], record=False) as simulator:
        job.azure = simulator.environ
        yield simulator


def test_a_snapshot_is_judged(job: Job, prod: str) -> None:
    ended = job.use(snapshot=prod, as_of="2026-11-22", formats="sarif, markdown html")
    assert ended.returncode == 1
    assert "::error title=rtaudit%3A not ready::not ready: 6 findings" in ended.stdout
    assert "::error file=prod.json,line=" in ended.stdout
    assert ended.stdout.splitlines()[-1].startswith("rtaudit: not ready; the job summary says")
    assert job.summary.startswith("# rtaudit: not ready")
    assert (job.outputs["verdict"], job.outputs["exit-code"]) == ("notReady", "1")
    report = json.loads((job.folder / job.outputs["report"]).read_text("utf-8"))
    assert report["verdict"] == "notReady"
    assert json.loads((job.folder / job.outputs["sarif"]).read_text("utf-8"))["version"] == "2.1.0"
    written = {path.name for path in (job.folder / "rtaudit-report").iterdir()}
    assert written == {"report.json", "report.sarif", "report.md", "report.html"}


def test_every_output_is_declared_and_given(job: Job, prod: str) -> None:
    job.use(snapshot=prod)
    declared = {name: re.findall(r"outputs\.([\w-]+)", one["value"]) for name, one in ACTION["outputs"].items()}
    assert all(names == [name] for name, names in declared.items())
    assert job.outputs.keys() <= declared.keys()
    assert declared.keys() - job.outputs.keys() == {"snapshot"}


def test_every_input_reaches_the_script() -> None:
    used = {
        name
        for step in ACTION["runs"]["steps"]
        for text in step["env"].values()
        for name in re.findall(r"inputs\.([\w-]+)", text)
    }
    assert used == ACTION["inputs"].keys()
    assert all(one.get("description") for one in (*ACTION["inputs"].values(), *ACTION["outputs"].values()))


def test_all_options(job: Job, prod: str) -> None:
    (job.folder / "two words.yaml").write_text("schema: rtaudit.policy/1\nname: own\nextends: [baseline]\n")
    (job.folder / "waivers.yaml").write_text(
        "schema: rtaudit.waivers/1\nwaivers:\n  - {rule: RTA-ID-001, resource: '*', reason: until spring}\n"
    )
    job.use(snapshot=prod, policy="two words.yaml\n  baseline  \n", params="minIpPrefix=20\nretirementHorizonDays=1",
            fail_on="critical", allow_unknown="all", waivers="waivers.yaml", as_of="2026-11-22")  # fmt: skip
    report = json.loads((job.folder / job.outputs["report"]).read_text("utf-8"))
    assert [policy["name"] for policy in report["policies"]] == ["own", "baseline"]
    assert {policy["params"]["minIpPrefix"] for policy in report["policies"]} == {20}
    assert (report["gate"]["failOn"], report["gate"]["allowUnknown"]) == ("critical", True)
    assert report["summary"]["waived"] == 1


def test_it_collects_with_the_login_of_the_job(job: Job, azure: Simulator) -> None:
    words = f"--arm-endpoint\n{azure.url}\n--auth\nmanaged-identity"
    ended = job.use(subscriptions=PROD, environment="prod", as_of="2026-11-22", arguments=words)
    assert ended.returncode == 1, ended.stdout
    assert load_snapshot(job.folder / job.outputs["snapshot"]).environment == "prod"


def test_an_environment_is_enough(job: Job, azure: Simulator) -> None:
    (job.folder / "rtaudit.yaml").write_text(
        f"schema: rtaudit.config/1\nenvironments: {{prod: {{subscriptions: [{PROD}], auth: managed-identity, policies: [baseline]}}}}\n"
    )
    ended = job.use(environment="prod", as_of="2026-11-22", arguments=f"--arm-endpoint\n{azure.url}")
    assert ended.returncode == 1, ended.stdout
    report = json.loads((job.folder / job.outputs["report"]).read_text("utf-8"))
    assert report["policies"][0]["name"] == "baseline"


@pytest.mark.parametrize(
    ("inputs", "code", "last"),
    [
        ({}, 2, "hint: give one of the inputs"),
        ({"snapshot": "prod.json", "policy": "policies/nowhere.yaml"}, 3, "hint: allowed: baseline"),
        ({"snapshot": "nowhere.json"}, 3, "hint: check the path"),
        ({"snapshot": "README.md"}, 3, "hint: "),
        ({"snapshot": "other.json"}, 3, "hint: give the file that `rtaudit collect` wrote"),
        ({"snapshot": "prod.json", "fail_on": "hihg"}, 2, "hint: did you mean 'high'?"),
        ({"subscriptions": PROD, "arguments": "--auth\ncli"}, 3, "hint: log in before this step with azure/login"),
        (
            {"subscriptions": PROD, "environment": "prod", "arguments": "--nonsense"},
            2,
            "hint: did you mean --baseline?",
        ),
    ],
)
def test_the_last_line_says_what_to_do(job: Job, prod: str, inputs: dict[str, str], code: int, last: str) -> None:
    (job.folder / "README.md").write_text("# no snapshot\n")
    (job.folder / "other.json").write_text("{}\n")
    job.azure = {"PATH": f"{job.files / 'bin'}:/usr/bin:/bin"}
    (job.files / "bin").mkdir()
    steps.stand_in_python(job.files / "bin")
    steps.bash(
        f'"{job.files}/bin/python3" -m venv "{job.files}/venv" && cp "{job.files}/venv/bin/rtaudit" "{job.files}/bin/"',
        job.folder,
        {},
    )
    ended = job.use(**inputs)
    assert ended.returncode == code, ended.stdout
    assert ended.stdout.splitlines()[-1].startswith(last), ended.stdout
    assert "::error title=rtaudit::" in ended.stdout
    assert "Traceback" not in ended.stdout
    assert job.outputs["verdict"] == "error"
    assert "report" not in job.outputs


def test_inputs_are_no_code(job: Job, prod: str) -> None:
    evil = "$(touch owned); `touch owned`; ${IFS}"
    for inputs in ({"policy": evil}, {"environment": evil}, {"snapshot": f"prod.json\n{evil}"}, {"formats": "$(touch owned)"},
                   {"params": f"a={evil}"}, {"allow_unknown": evil}, {"arguments": evil}):  # fmt: skip
        assert job.use(**{"snapshot": prod, **inputs}).returncode in (2, 3)
    assert not list(job.folder.rglob("owned"))


def install(job: Job, action: dict[str, Any], python: str) -> CompletedProcess[str]:
    """The step `install` of the action, or of its `setup`."""
    step = next(step for step in action["runs"]["steps"] if step["id"] == "install")
    path = ROOT / "setup" if action is SETUP else ROOT
    return job.run(step["run"], {"PYTHON": python, "ACTION_PATH": str(path)})


def asked(python: Path) -> list[str]:
    """What pip was asked for so far."""
    log = python.parent / "pip.log"
    return log.read_text().splitlines() if log.exists() else []


@pytest.mark.parametrize("action", [ACTION, SETUP], ids=["action", "setup"])
def test_install(job: Job, action: dict[str, Any]) -> None:
    python = steps.stand_in_python(job.files / "python")
    ended = install(job, action, str(python))
    assert ended.returncode == 0, ended.stdout
    *lists, ours = asked(python)
    assert [line.split("--requirement ")[1] for line in lists] == [
        str(ROOT / "requirements" / name) for name in ("build.txt", "run.txt")
    ]
    for line in lists:
        assert "--require-hashes" in line
        assert Path(line.split("--requirement ")[1]).is_file()
    assert "--no-deps --no-build-isolation" in ours
    assert ours.endswith(f" {ROOT}")
    (folder,) = (job.files / "path").read_text().splitlines()
    assert (Path(folder) / "rtaudit").is_file()


def test_nothing_is_installed_after_setup(job: Job) -> None:
    """`setup` is before the login; the action after it finds its work done."""
    python = steps.stand_in_python(job.files / "python")
    assert install(job, SETUP, str(python)).returncode == 0
    before = asked(python)
    ended = install(job, ACTION, str(python))
    assert (ended.returncode, asked(python)) == (0, before)
    assert ended.stdout == f"rtaudit is installed in {job.files / 'rtaudit'} already\n"
    (job.files / "rtaudit" / "rtaudit-source").write_text("another revision\n")
    assert install(job, ACTION, str(python)).returncode == 0
    assert len(asked(python)) == 2 * len(before)


@pytest.mark.parametrize("action", [ACTION, SETUP], ids=["action", "setup"])
def test_an_old_python_is_told(job: Job, action: dict[str, Any]) -> None:
    ended = install(job, action, "false")
    assert ended.returncode == 3
    assert "error: Python 3.11 or newer is needed" in ended.stdout
    assert "::error title=rtaudit::" in ended.stdout
    assert ended.stdout.splitlines()[-1].endswith("actions/setup-python before this step gives a newer Python")


@pytest.mark.parametrize(("code", "given"), [(70, "70"), (1, "70"), (137, "137")], ids=["ours", "Python's", "killed"])
def test_a_crash_is_no_verdict(job: Job, prod: str, code: int, given: str) -> None:
    """Python itself ends with 1 where it cannot start: that is not "not ready". A report of an earlier step is no answer."""
    stale = job.folder / "rtaudit-report" / "report.json"
    stale.parent.mkdir()
    stale.write_text("{}")
    tools = job.files / "bin"
    tools.mkdir()
    (tools / "rtaudit").write_text(f"#!/usr/bin/env bash\necho 'error: it fell' >&2\nexit {code}\n")
    (tools / "rtaudit").chmod(0o755)
    job.azure = {"PATH": f"{tools}:/usr/bin:/bin"}
    ended = job.use(snapshot=prod)
    assert (job.outputs["verdict"], job.outputs["exit-code"]) == ("error", given)
    assert ended.returncode == int(given)
    assert "report" not in job.outputs
    assert "::error title=rtaudit::it fell" in ended.stdout


@pytest.mark.parametrize(
    "page", ["ci.md", "scheduled-drift.md", "examples/shards.yml"], ids=["ci", "scheduled-drift", "shards"]
)
def test_the_workflows_on_the_pages_install_before_the_login(page: str) -> None:
    lines = (ROOT / "docs" / page).read_text("utf-8").splitlines()
    logins = [index for index, line in enumerate(lines) if "uses: azure/login@" in line]
    assert logins
    for index in logins:
        assert re.search(r"uses: rtaudit/rtaudit/setup@v\d", lines[index - 1]), lines[index - 1]
