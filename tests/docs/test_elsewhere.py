"""The page for users of other tools names rules that are there."""

from __future__ import annotations

import re
from pathlib import Path

from rtaudit.policy import library
from rtaudit.scan.checks import library as source_checks

ROOT = Path(__file__).parents[2]


def test_every_rule_that_a_page_names_exists() -> None:
    known = {*library(), *source_checks()}
    named: set[str] = set()
    for page in [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        named |= set(re.findall(r"\bRTA-[A-Z]+-\d+\b", page.read_text("utf-8")))
    assert named
    assert not {name for name in named - known if not name.startswith("RTA-EX-")}
