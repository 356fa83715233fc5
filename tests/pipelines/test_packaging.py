"""What is installed: the wheel's content, one version, completion, `python -m rtaudit`."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from importlib import metadata, util
from pathlib import Path

import pytest

import rtaudit

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    if util.find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed: `make smoke` builds the wheel in an environment that has it")
    folder = tmp_path_factory.mktemp("wheel")
    code = f"from hatchling.build import build_wheel; print(build_wheel({str(folder)!r}))"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    return zipfile.ZipFile(folder / ended.stdout.splitlines()[-1])


def test_the_wheel_holds_packs_rules_samples_and_types(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    for folder, pattern in (("policies", "**/*.yaml"), ("policies", "**/*.json"), ("snapshots", "*.json")):
        for path in (ROOT / folder).glob(pattern):
            assert f"rtaudit/_data/{path.relative_to(ROOT).as_posix()}" in names
    assert {"rtaudit/py.typed", "rtaudit/render/templates/style.css"} <= names
    for path in (ROOT / "rtaudit").rglob("*.py"):
        assert path.relative_to(ROOT).as_posix() in names
    assert not [name for name in names if name.startswith(("tests/", "docs/", "benchmarks/")) or name.endswith(".pyc")]


def test_the_wheel_says_its_version_its_licence_and_its_command(wheel: zipfile.ZipFile) -> None:
    (info,) = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    text = wheel.read(f"{info}/METADATA").decode("utf-8")
    assert f"\nVersion: {rtaudit.__version__}\n" in text
    assert "\nLicense-Expression: MIT\n" in text
    assert "rtaudit = rtaudit.cli:main" in wheel.read(f"{info}/entry_points.txt").decode()


def test_the_version_comes_from_one_place(rtaudit) -> None:
    import rtaudit as package

    assert metadata.version("rtaudit") == package.__version__
    assert rtaudit("--version").stdout == f"rtaudit {package.__version__}\n"
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"## {package.__version__}" in changelog or "## Unreleased" in changelog


@pytest.mark.parametrize(("words", "offered"), [("rtaudit che", "check"), ("rtaudit check --fail", "--fail-on"), ("rtaudit policy ex", "explain")])  # fmt: skip
def test_the_shell_completes(words: str, offered: str) -> None:
    environment = {
        **os.environ,
        "_RTAUDIT_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    command = Path(sys.executable).with_name("rtaudit")
    ended = subprocess.run([command], env=environment, capture_output=True, encoding="utf-8", check=False)
    assert ended.stdout.split() == [offered], ended.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_script_to_install(shell: str) -> None:
    command = Path(sys.executable).with_name("rtaudit")
    environment = {**os.environ, "_RTAUDIT_COMPLETE": f"source_{shell}"}
    ended = subprocess.run([command], env=environment, capture_output=True, encoding="utf-8", check=False)
    assert ended.returncode == 0, ended.stderr
    assert "_RTAUDIT_COMPLETE" in ended.stdout
