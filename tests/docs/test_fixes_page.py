"""docs/fixes.md names each command that a rule prints; and the worker that runs az reaches nothing beyond loopback."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from rtaudit.policy import library

ROOT = Path(__file__).parents[2]


def test_the_page_names_each_printed_command():
    page = (ROOT / "docs" / "fixes.md").read_text("utf-8")
    rows = {
        (rule, int(place)): words
        for rule, place, words in re.findall(r"^\| (RTA-\S+) \| (\d+) \| .* \| (.*) \|$", page, re.MULTILINE)
    }
    printed = {
        (rule.id, place)
        for rule in library().values()
        for place, step in enumerate(rule.steps, 1)
        if step.az or step.plain.startswith("az ")
    }
    assert set(rows) == printed, "make fixes writes the page anew"
    proved = sum(words.startswith("proved") for words in rows.values())
    ran = sum(words.startswith("only reads") for words in rows.values())
    untried = [words for words in rows.values() if words.startswith("not tried: ")]
    counts = f"Of {len(rows)} printed commands {proved} are proved, {ran} only read and ran, and {len(untried)} were not tried"
    assert counts in page


@pytest.mark.parametrize(
    "line",
    [
        "socket.create_connection(('192.0.2.1', 443), timeout=1)",
        "socket.create_connection(('management.azure.com', 443), timeout=1)",
        "socket.socket().connect(('198.51.100.1', 80))",
    ],
)
def test_the_worker_refuses_other_hosts(line):
    ended = subprocess.run(
        [sys.executable, "-c", f"import az_worker, socket\n{line}"],
        cwd=ROOT / "proof",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "is not loopback" in ended.stderr
