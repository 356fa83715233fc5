"""The page on roles lists the RBAC actions that the collector in fact needs."""

from __future__ import annotations

import json
import re
from pathlib import Path

from rtaudit.collect.aspects import READERS
from rtaudit.collect.aspects.authorization import CALLERS
from rtaudit.snapshot import ASPECTS

from .transcripts import blocks

PAGE = (Path(__file__).parents[2] / "docs" / "roles.md").read_text("utf-8")


def actions() -> dict[str, list[str]]:
    return {
        name: sorted(
            {one.action for one in READERS.values() if one.aspect == name and one not in CALLERS}, key=str.lower
        )
        for name in ASPECTS
    }


def test_the_actions_that_a_named_caller_needs() -> None:
    table = PAGE.split("<!-- callers")[1].split("<!-- end -->")[0]
    assert re.findall(r"`([^`]+/read)`", table) == sorted((one.action for one in CALLERS), key=str.lower)


def test_every_aspect_with_its_actions() -> None:
    table = PAGE.split("<!-- aspects")[1].split("<!-- end -->")[0]
    rows = dict(re.findall(r"^\| `(\w+)`[^|]*\| (.*) \|$", table, re.MULTILINE))
    assert {name: re.findall(r"`([^`]+)`", row) for name, row in rows.items()} == actions()
    opt_in = set(re.findall(r"^\| `(\w+)` \(opt-in\)", table, re.MULTILINE))
    assert opt_in == {name for name, aspect in ASPECTS.items() if aspect.opt_in}


def test_the_role_definition_holds_them_all_and_nothing_else() -> None:
    (definition,) = [json.loads(block.text) for block in blocks(PAGE) if block.title == "rtaudit-reader.json"]
    needed = {action for named in actions().values() for action in named}
    assert definition["Actions"] == sorted(needed, key=str.lower)
    assert not definition["DataActions"]
    assert all(action.endswith("/read") for action in definition["Actions"])
