"""The site: it builds with warnings as errors, holds every page, and needs nothing from elsewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from .transcripts import blocks

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))


def test_every_page_is_in_the_menu() -> None:
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
    listed = set(re.findall(r"[\w/-]+\.md", str(config["nav"])))
    assert listed == {str(page.relative_to(ROOT / "docs")) for page in PAGES}


def test_it_builds_with_warnings_as_errors(tmp_path: Path) -> None:
    pytest.importorskip("zensical", reason="the dependency group docs is not installed")
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    build = [sys.executable, "-m", "zensical", "build", "--strict"]
    ended = subprocess.run(build, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    html = (tmp_path / "build" / "site" / "index.html").read_text("utf-8")
    assert "First launch check" in html
    assert not re.findall(r'<(?:script|link)[^>]+(?:src|href)="?https?://', html), "something is fetched from elsewhere"
    with (tmp_path / "docs" / "index.md").open("a") as page:
        page.write("\n[nowhere](nowhere.md)\n")
    assert subprocess.run(build, cwd=tmp_path, capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize(
    "page",
    [*PAGES, *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))],
    ids=lambda page: page.name,
)
def test_links_to_files_lead_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    for block in blocks(text):
        text = text.replace(block.text, "")
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if not target.startswith(("https://", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_files_that_a_page_names_are_there(page: Path) -> None:
    """`tests/…`, `rtaudit/….py` and such, in the text outside of blocks; a folder of tests holds some."""
    for name in re.findall(r"`((?:tests|rtaudit|policies|docs|azure-pipelines)/[\w./-]+)`", page.read_text("utf-8")):
        path = ROOT / name
        assert path.is_file() or (path.is_dir() and any(path.glob("*"))), f"{page.name}: {name}"
        if name.startswith("tests/") and path.is_dir():
            assert any(path.glob("test_*.py")), f"{page.name}: {name} holds no tests"


def test_what_the_repository_page_shows_is_there() -> None:
    """Issue forms and workflows are YAML that GitHub reads: every form has a body, every workflow says what it may."""
    for form in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        value = yaml.safe_load(form.read_text("utf-8"))
        if form.name == "config.yml":
            continue
        assert value.keys() >= {"name", "description", "body"}
        ids = [field["id"] for field in value["body"]]
        assert len(ids) == len(set(ids))
        assert all(
            field["type"] in ("textarea", "input", "dropdown", "checkboxes") and field["attributes"]["label"]
            for field in value["body"]
        )
    for workflow in (ROOT / ".github" / "workflows").glob("*.yml"):
        value = yaml.load(workflow.read_text("utf-8"), Loader=yaml.BaseLoader)
        assert value.keys() >= {"name", "on", "permissions", "jobs"}
        for job in value["jobs"].values():
            for step in job["steps"]:
                run = step.get("run", "")
                assert "${{" not in run, "an expression inside a script is code"
                if run.startswith("."):
                    assert (ROOT / run).is_file()
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert all(re.search(rf"^{name}:", makefile, re.MULTILINE) for name in ("check", "test", "demo", "lint"))
