"""The committed lists: whatever the day, the same versions, and by hash; and nothing installs a name that is not ours."""

from __future__ import annotations

import re
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LISTS = {
    "build": ["build"],
    "run": ["project"],
    "dev": ["project", "dev"],
    "lowest": ["project", "build", "test"],
}
"""List -> what of pyproject.toml it is complete for."""


def group(name: str) -> list[Requirement]:
    """The requirements of a dependency group, with those that it includes."""
    found: list[Any] = PROJECT["project"]["dependencies"] if name == "project" else PROJECT["dependency-groups"][name]
    return [
        one for row in found for one in (group(row["include-group"]) if isinstance(row, dict) else [Requirement(row)])
    ]


def pinned(name: str) -> dict[str, list[Requirement]]:
    """The lines of a list by package: one that differs by platform or Python has several."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8").replace("\\\n", " ")
    found: dict[str, list[Requirement]] = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            one = Requirement(line.split(" --hash=")[0].strip())
            found.setdefault(canonicalize_name(one.name), []).append(one)
    return found


def holds(wanted: Requirement, lines: list[Requirement]) -> bool:
    """Whether one of the lines pins a version that `wanted` admits."""
    pins = [spec.version for line in lines for spec in line.specifier if spec.operator == "=="]
    return len(pins) == len(lines) and any(wanted.specifier.contains(pin, prereleases=True) for pin in pins)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_pins_what_pyproject_names(name: str) -> None:
    lines = pinned(name)
    lacking = [
        str(one)
        for part in LISTS[name]
        for one in group(part)
        if not holds(one, lines.get(canonicalize_name(one.name), []))
    ]
    assert lacking == []


@pytest.mark.parametrize("name", ["build", "run", "dev"])
def test_a_list_is_complete(name: str) -> None:
    """Whatever a package of the list needs on this machine is in the list, in a version that it admits."""
    lines, queue, seen = pinned(name), [one for part in LISTS[name] for one in group(part)], set()
    while queue:
        one = queue.pop()
        key = canonicalize_name(one.name)
        assert holds(one, lines.get(key, [])), f"{one} is not in {name}.txt"
        if (key, *sorted(one.extras)) in seen:
            continue
        seen.add((key, *sorted(one.extras)))
        for text in metadata.requires(key) or ():
            needed = Requirement(text)
            extras = ["", *one.extras]
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                queue.append(needed)


@pytest.mark.parametrize("name", LISTS)
def test_every_line_has_a_hash_and_names_no_address(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-(-?index|-?extra|i |f |-find)", text, re.MULTILINE)
    rows = [line for line in text.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")]
    assert rows
    assert [row for row in rows if not re.search(r"--hash=sha256:[0-9a-f]{64}", row)] == []


def test_what_is_run_is_what_is_developed_with() -> None:
    run, build, dev = pinned("run"), pinned("build"), pinned("dev")
    for name, lines in {**run, **build}.items():
        assert {str(one.specifier) for one in lines} <= {str(one.specifier) for one in dev[name]}, name


def test_nothing_tells_anybody_to_install_a_package_named_rtaudit() -> None:
    """The name is on no package index: somebody else may take it."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    files = listed.stdout.split("\n") if listed.returncode == 0 else []
    pages = [ROOT / name for name in files if name] or [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.*")]
    by_name = re.compile(
        r"\b(?:pipx|pip|uv|uvx)\b(?: tool| pip)? (?:install|run|inject)(?: --?\S+)* ['\"]?rtaudit\b(?![/.])|\buvx rtaudit\b"
    )
    found = [
        path.relative_to(ROOT).as_posix()
        for path in pages
        if path.suffix in (".md", ".yml", ".yaml", ".sh", ".toml", ".py", "") and path.is_file() and path != Path(__file__)
        and by_name.search(path.read_text("utf-8", errors="replace"))
    ]  # fmt: skip
    assert found == []
    assert by_name.search("pipx install rtaudit"), "the pattern sees what it is for"
