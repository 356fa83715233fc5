"""The pre-commit hooks: their entries are commands that are there, and find what they are for."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from . import steps
from .steps import ROOT

HOOKS = {hook["id"]: hook for hook in steps.load(ROOT / ".pre-commit-hooks.yaml")}
KNOWN = {"id", "name", "description", "entry", "language", "files", "types", "pass_filenames", "always_run", "args"}

GOOD = """schema: rtaudit.policy/1
name: own
extends: [baseline]
select: [OWN-ID-001]
"""
RULE = """- id: OWN-ID-001
  name: keys-off
  title: Keys are off
  severity: high
  each: account
  require: {field: properties.disableLocalAuth, equals: true}
  why: Keys do not say who calls.
  fix: [Switch them off.]
"""
CASES = """schema: rtaudit.cases/1
cases:
  OWN-ID-001:
    - {name: off, expect: pass}
    - {name: on, expect: fail, change: [{at: account:east, set: {properties.disableLocalAuth: VALUE}}]}
"""


def test_they_are_what_pre_commit_reads() -> None:
    assert HOOKS.keys() == {"rtaudit-policy-lint", "rtaudit-policy-test", "rtaudit-client-scan"}
    for hook in HOOKS.values():
        assert hook.keys() <= KNOWN
        assert hook["language"] == "python"
        assert hook["pass_filenames"] == "false"  # the commands take a folder, which args name
        if "files" in hook:
            assert re.search(hook["files"], "policies/own.yaml")
            assert not re.search(hook["files"], "README.md")


def test_pre_commit_agrees(rtaudit) -> None:
    clientlib = pytest.importorskip("pre_commit.clientlib", reason="pre-commit is not installed")
    clientlib.load_manifest(str(ROOT / ".pre-commit-hooks.yaml"))


def run(rtaudit, hook: str, *words: str):
    program, *entry = shlex.split(HOOKS[hook]["entry"])
    assert program == "rtaudit"
    return rtaudit(*entry, *words)


def test_policies(rtaudit, tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "own.yaml").write_text(GOOD)
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(RULE)
    (folder / "rules" / "rules.cases.yaml").write_text(CASES.replace("VALUE", "false"))
    assert run(rtaudit, "rtaudit-policy-lint", "policies").returncode == 0
    assert run(rtaudit, "rtaudit-policy-test", "policies").returncode == 0
    (folder / "rules" / "rules.cases.yaml").write_text(CASES.replace("VALUE", "true"))
    assert run(rtaudit, "rtaudit-policy-test", "policies").returncode == 1
    (folder / "own.yaml").write_text(GOOD + "selcet: [RTA-RES-004]\n")
    ended = run(rtaudit, "rtaudit-policy-lint", "policies")
    assert ended.returncode != 0
    assert "own.yaml:5:1" in ended.stdout + ended.stderr


def test_client(rtaudit, tmp_path: Path) -> None:
    source = tmp_path / "src"
    source.mkdir()
    (source / "app.py").write_text("print('hello')\n")
    assert run(rtaudit, "rtaudit-client-scan", "src").returncode == 0
    (source / "app.py").write_text(
        'URL = "wss://x.openai.azure.com/openai/realtime?api-version=2024-10-01-preview&deployment=voice"\n'
    )
    ended = run(rtaudit, "rtaudit-client-scan", "src")
    assert ended.returncode == 1
    assert "app.py:1" in ended.stdout
