"""The workflows on the pages: every `run:` step of the drift story, night after night, and the inputs that others give us."""

from __future__ import annotations

import copy
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from rtaudit.simulate import Simulator
from rtaudit.snapshot import Snapshot, load

from .transcripts import IDENTITY, blocks, shims
from .warm import Warm

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def files(page: str) -> dict[str, str]:
    return {block.title: block.text for block in blocks((DOCS / page).read_text("utf-8")) if block.title}


def read(text: str) -> Any:
    return yaml.load(text, Loader=yaml.BaseLoader)


def steps(workflow: str) -> list[dict[str, Any]]:
    (job,) = read(workflow)["jobs"].values()
    found: list[dict[str, Any]] = job["steps"]
    return found


class Repository:
    """A clone whose `origin` is a folder, whose `gh` writes down what it is asked, and whose Azure is a simulator."""

    def __init__(self, folder: Path, warm: Warm) -> None:
        self.warm = warm
        self.folder = folder / "clone"
        self.runner = folder / "runner"
        self.runner.mkdir()
        self.git("init", "--quiet", "--bare", "--initial-branch", "main", str(folder / "origin"), cwd=folder)
        self.git("clone", "--quiet", str(folder / "origin"), str(self.folder), cwd=folder)
        for name, text in files("scheduled-drift.md").items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text, "utf-8")
        (self.folder / "snapshots").mkdir()
        for name in ("test", "prod"):
            (self.folder / "snapshots" / f"{name}.json").write_bytes((ROOT / "snapshots" / f"{name}.json").read_bytes())
        self.git("switch", "--quiet", "--create", "main")
        self.git("add", ".")
        self.git("commit", "--quiet", "-m", "What is")
        self.git("push", "--quiet", "origin", "main")

    def git(self, *words: str, cwd: Path | None = None) -> str:
        environment = {**os.environ, **IDENTITY}
        return subprocess.run(
            ["git", *words], cwd=cwd or self.folder, env=environment, capture_output=True, encoding="utf-8", check=True
        ).stdout

    def run(self, workflow: str, azure: Simulator, variables: dict[str, str]) -> tuple[int, dict[str, str], str]:
        """Every `run:` step as GitHub runs it, until one fails: its exit code, the outputs, the whole log."""
        tools = shims(self.runner / f"bin-{len(list(self.runner.iterdir()))}", azure.url, self.warm)
        (tools / "gh").write_text(f'#!/usr/bin/env bash\nprintf "%s\\n" "$*" >> "{self.runner}/gh.log"\n')
        for one in tools.iterdir():
            one.chmod(0o755)
        outputs: dict[str, str] = {}
        log = ""
        for step in steps(files("scheduled-drift.md")[f".github/workflows/{workflow}.yml"]):
            condition = step.get("if")
            if "run" not in step or (condition and not _holds(condition, outputs)):
                continue
            output = self.runner / "output"
            output.write_text("")
            environment = {
                **os.environ,
                **IDENTITY,
                **azure.environ,
                **variables,
                "PATH": f"{tools}:{os.environ['PATH']}",
                "RUNNER_TEMP": str(self.runner),
                "GITHUB_OUTPUT": str(output),
            }
            ended = subprocess.run(
                ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
                cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, encoding="utf-8", check=False,
            )  # fmt: skip
            log += ended.stdout
            outputs |= {
                f"steps.{step.get('id')}.outputs.{name}": value
                for name, value in (line.split("=", 1) for line in output.read_text().splitlines())
            }
            if ended.returncode:
                return ended.returncode, outputs, log
        return 0, outputs, log

    @property
    def asked(self) -> list[str]:
        log = self.runner / "gh.log"
        return log.read_text().splitlines() if log.exists() else []


def _holds(condition: str, outputs: dict[str, str]) -> bool:
    name, _, value = condition.partition(" == ")
    return outputs.get(name) == value.strip("'")


@contextmanager
def estate(change: Callable[[list[dict[str, Any]]], None] | None = None) -> Iterator[Simulator]:
    snapshots = [load(ROOT / "snapshots" / f"{name}.json") for name in ("test", "prod")]
    if change is not None:
        prod = snapshots[1]
        resources = copy.deepcopy(list(prod.resources))
        change(resources)
        snapshots[1] = Snapshot.of(prod.environment, prod.scope, resources, prod.gaps)
    with Simulator(snapshots, record=False) as simulator:
        yield simulator


def keys_on(resources: list[dict[str, Any]]) -> None:
    account = next(one for one in resources if one["id"].endswith("/accounts/lh-concierge-prod-eus2"))
    account["properties"]["disableLocalAuth"] = False


def tagged(resources: list[dict[str, Any]]) -> None:
    account = next(one for one in resources if one["id"].endswith("/accounts/lh-concierge-prod-eus2"))
    account["tags"]["costCentre"] = "4712"


@pytest.fixture
def repository(tmp_path: Path, warm: Warm) -> Repository:
    return Repository(tmp_path, warm)


def test_a_quiet_night_and_one_that_is_not(repository: Repository) -> None:
    with estate(tagged) as azure:
        code, outputs, log = repository.run("nightly", azure, {"GITHUB_RUN_ID": "2"})
    assert code == 0, log
    assert outputs["steps.drift.outputs.found"] == "0", "test is as it was, and the policy ignores tags"
    assert repository.git("status", "--porcelain") == ""

    with estate(keys_on) as azure:
        code, outputs, log = repository.run("nightly", azure, {"GITHUB_RUN_ID": "3"})
        assert code == 0, log
        assert outputs["steps.drift.outputs.found"] == "1"
        assert repository.git("branch", "--remotes").split() == ["origin/drift/3", "origin/main"]
        assert repository.git("diff", "--name-only", "origin/main", "origin/drift/3").split() == ["snapshots/prod.json"]
        body = f"--body-file {repository.runner}/drift.md"
        assert repository.asked == [f"pr create --title What changed in Azure {body}"]
        assert "disableLocalAuth" in (repository.runner / "drift.md").read_text("utf-8")

        # The pull request: a comment, and a gate that production does not pass.
        code, outputs, log = repository.run("pull-request", azure, {"GITHUB_BASE_REF": "main", "NUMBER": "7"})
        assert code == 1, log
        assert repository.asked[-1] == f"pr comment 7 --body-file {repository.runner}/comment.md"
        assert "RTA-ID-001" in (repository.runner / "comment.md").read_text("utf-8")
        assert "::error title=rtaudit%3A not ready" in log


def test_a_night_without_a_login_fails(repository: Repository) -> None:
    with estate() as azure:
        azure_environment = {"IDENTITY_ENDPOINT": "http://127.0.0.1:9/token", "GITHUB_RUN_ID": "1"}
        code, _, log = repository.run("nightly", azure, azure_environment)
    assert code != 0
    assert "error: " in log
    assert repository.git("status", "--porcelain") == ""


def test_what_pages_give_the_action_and_the_template_is_what_these_take() -> None:
    action = set(read((ROOT / "action.yml").read_text("utf-8"))["inputs"])
    setup = set(read((ROOT / "setup" / "action.yml").read_text("utf-8"))["inputs"])
    template = {
        one["name"] for one in read((ROOT / "azure-pipelines" / "rtaudit.yml").read_text("utf-8"))["parameters"]
    }
    hooks = {one["id"] for one in read((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
    used = 0
    for page in sorted(DOCS.glob("*.md")):
        for name, text in files(page.name).items():
            if name.startswith(".github/workflows/"):
                workflow = read(text)
                assert workflow["permissions"], f"{page.name}: {name} says what it may"
                for step in steps(text):
                    uses = str(step.get("uses", ""))
                    if uses.startswith("rtaudit/"):
                        taken = setup if uses.startswith("rtaudit/rtaudit/setup@") else action
                        assert step.get("with", {}).keys() <= taken, f"{page.name}: {name}"
                        used += 1
            elif name == "azure-pipelines.yml":
                (step,) = [one for one in read(text)["steps"] if "template" in one]
                assert step["parameters"].keys() <= template
                assert (ROOT / step["template"].partition("@")[0]).is_file()
                used += 1
            elif name == ".pre-commit-config.yaml":
                assert {hook["id"] for one in read(text)["repos"] for hook in one["hooks"]} <= hooks
                used += 1
    assert used == 8
