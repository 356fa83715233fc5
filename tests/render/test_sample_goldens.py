"""The whole of each format on the sample snapshots: dev evaluated by baseline, and test compared with prod.

Set RTAUDIT_GOLDEN=write to write the files anew, then read the difference.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from rtaudit import assets
from rtaudit.drift import diff
from rtaudit.drift.policy import load_policy
from rtaudit.policy import check, load_policies
from rtaudit.render import FORMATS, render, whole
from rtaudit.snapshot import load

GOLDEN = Path(__file__).parent / "golden" / "samples"
AS_OF = date(2026, 11, 22)
NOW = "2026-11-22T12:00:00Z"


def sample(name):
    # The file's name is where it is on this machine.
    return replace(load(assets.snapshots() / f"{name}.json"), file=f"{name}.json")


@cache
def report():
    made = check([sample("dev")], load_policies(["baseline"]), as_of=AS_OF)
    return replace(made, generated_at=NOW, tool={"name": "rtaudit", "version": "0"})


@cache
def drift():
    made = diff([sample("test"), sample("prod")], load_policy(None, AS_OF), as_of=AS_OF)
    return replace(made, tool={"name": "rtaudit", "version": "0"})


@pytest.mark.parametrize("answer", [report, drift], ids=["report", "drift"])
@pytest.mark.parametrize("name", FORMATS)
def test_the_whole_of_each_format(name, answer):
    given = {"snapshots": [sample("dev")]} if answer is report else {}
    said = whole(render(answer(), name, **given))
    if name == "html":
        # Style and script have tests of their own, in a browser.
        said = re.sub(r"<style>.*?</style>|<script>.*?</script>|sha256-[^']*", "", said, flags=re.DOTALL)
    path = GOLDEN / f"{answer.__name__}.{name}.txt"
    if os.environ.get("RTAUDIT_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(said.encode())
    assert path.read_bytes().decode() == said
