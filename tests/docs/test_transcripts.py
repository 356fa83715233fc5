"""Every command line of the README and the documentation does what the page says."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtaudit.simulate import Simulator
from rtaudit.snapshot import load

from .transcripts import Block, Terminal, blocks, commands, matches, play
from .warm import Warm

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
SAMPLES = ("dev", "test", "prod")


@pytest.fixture(scope="module")
def azure() -> Iterator[Simulator]:
    with Simulator([load(ROOT / "snapshots" / f"{name}.json") for name in SAMPLES], record=False) as simulator:
        yield simulator


@pytest.fixture
def terminal(tmp_path: Path, azure: Simulator, warm: Warm) -> Iterator[Terminal]:
    folder = tmp_path / "you"
    (folder / "snapshots").mkdir(parents=True)
    for name in SAMPLES:
        shutil.copy(ROOT / "snapshots" / f"{name}.json", folder / "snapshots")
    shutil.copytree(ROOT / "snapshots" / "plans", folder / "snapshots" / "plans")
    opened = Terminal(folder, azure.url, azure.environ, warm)
    yield opened
    opened.close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page(page: Path, terminal: Terminal) -> None:
    if page.name == "CONTRIBUTING.md":
        # Its examples change the code: each in a copy of the tree.
        for part in ("rtaudit", "policies"):
            shutil.copytree(ROOT / part, terminal.folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    play(page, terminal)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_command_stands_where_nothing_runs_it(page: Path) -> None:
    """A line that a reader would copy is in a `console` block, or in a workflow that the tests run."""
    for block in blocks(page.read_text("utf-8")):
        if block.language in ("console", "yaml", "dockerfile", "python") or block.title is not None:
            continue
        typed = [line for line in block.text.splitlines() if re.match(r"(\$ )?rtaudit [a-z]", line)]
        assert not typed, f"{page.name}:{block.line}: {typed[0]}"


def test_a_page_that_lies_is_found(tmp_path: Path, terminal: Terminal) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ echo one; false\none\n(exit 1)\n```\n")
    assert play(page, terminal) == 1
    for lie in (
        "$ echo one\ntwo\n",
        "$ echo one; false\none\n",
        "$ echo one\none\n(exit 1)\n",
        "$ printf 'a\\nb\\n'\na\n",
    ):
        page.write_text(f"```console\n{lie}```\n")
        with pytest.raises(AssertionError, match=r"page\.md:2"):
            play(page, terminal)


def test_a_terminal_keeps_its_variables_folders_and_files(tmp_path: Path, terminal: Terminal) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```yaml title=deep/pack.yaml\na: 1\n```\ntext\n```console\n# a word to the reader\n$ cd deep\n$ NAME=pack\n```\n"
        "  ```console\n  $ cat $NAME.yaml \\\n  >   && pwd\n  a: 1\n  …/deep\n  ```\n"
    )
    assert play(page, terminal) == 3


def test_what_a_block_asks() -> None:
    (first, second) = commands(Block(1, "console", None, "$ one\na\n\n# told\n$ two \\\n> more\n…\nb …\n(exit 4)\n"))
    assert (first.words, first.expected, first.exit_code) == ("one", ("a",), 0)
    assert (second.words, second.expected, second.exit_code) == ("two \\\nmore", ("…", "b …"), 4)
    assert matches(second.expected, "x\ny\nb and c\n")
    assert not matches(second.expected, "x\nb and c\nd\n")
    assert not matches(("a…c",), "a\nc\n")
