"""Whatever value of a plan is hidden, no outcome turns from pass to fail or back, and no failure is lost."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtaudit.plan import bicep, terraform
from rtaudit.policy import check, load_policies
from rtaudit.snapshot import Snapshot

from .kit import snapshot

PLANS = Path(__file__).parents[2] / "snapshots" / "plans"
Steps = tuple[str | int, ...]
NAMES = {"id", "name", "type", "kind", "apiVersion", "parent_id", "resource_group_name"}
"""What makes the id of a resource, or says whether it is one: hidden, the same resource has another id."""


def places(value: Any, steps: Steps = ()) -> Iterator[Steps]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        here = (*steps, step)
        if len(here) > 1 or step not in NAMES:
            yield here
            yield from places(item, here)


@cache
def document(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PLANS / f"prod.{name}.json").read_text("utf-8"))
    return found


def rows(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document(name)["predictedResources" if name == "bicep" else "resource_changes"]
    return found


@cache
def leaves(name: str) -> list[tuple[int, Steps]]:
    shown = [one if name == "bicep" else one["change"]["after"] for one in rows(name)]
    # A body that is hidden as a whole leaves no kind, so that nobody knows what it is.
    return [(index, steps) for index, one in enumerate(shown) for steps in places(one or {}) if steps != ("body",)]


def planned(name: str, hide: list[tuple[int, Steps]]) -> Snapshot:
    changed = list(rows(name))
    for index, steps in hide:
        changed[index] = copy.deepcopy(changed[index])
        if name == "bicep":
            within(changed[index], steps[:-1])[steps[-1]] = "[parameters('x')]"
        else:
            hide_after(changed[index]["change"], steps)
    key = "predictedResources" if name == "bicep" else "resource_changes"
    read = bicep.read if name == "bicep" else terraform.read
    return snapshot(read({**document(name), key: changed}, name))


def within(value: Any, steps: Steps) -> Any:
    for step in steps:
        value = value[step]
    return value


def hide_after(change: dict[str, Any], steps: Steps) -> None:
    """Leave a value out of `after` and mark it in `after_unknown`, as Terraform does."""
    marks = change.get("after_unknown") or {}
    change["after_unknown"] = shape(marks, change["after"], steps)
    holder = within(change["after"], steps[:-1])
    if isinstance(holder, list):
        holder[int(steps[-1])] = None
    else:
        del holder[steps[-1]]


def shape(marks: Any, value: Any, steps: Steps) -> Any:
    if not steps or marks is True:
        return True
    step, rest = steps[0], steps[1:]
    if isinstance(value, list):
        found = list(marks) if isinstance(marks, list) else []
        found += [False] * (len(value) - len(found))
        found[int(step)] = shape(found[int(step)], value[int(step)], rest)
        return found
    held = marks if isinstance(marks, dict) else {}
    return {**held, step: shape(held.get(str(step), {}), value[step], rest)}


def outcomes(of: Snapshot) -> dict[tuple[str, str], str]:
    report = check([of], load_policies(["production"]), as_of=date(2026, 11, 22))
    return {(one.rule, one.resource.lower()): one.outcome for one in report.findings}


@cache
def shown(name: str) -> dict[tuple[str, str], str]:
    return outcomes(planned(name, []))


@pytest.mark.parametrize("name", ["azurerm", "azapi", "bicep"])
@settings(max_examples=5)
@given(data=st.data())
def test_what_is_hidden_turns_nothing(name: str, data: st.DataObject) -> None:
    hide = data.draw(st.lists(st.sampled_from(leaves(name)), min_size=1, max_size=4, unique_by=lambda one: one[0]))
    now = outcomes(planned(name, hide))
    for key, outcome in now.items():
        assert outcome in (shown(name).get(key), "unknown"), (hide, key, shown(name).get(key), outcome)
    for key, outcome in shown(name).items():
        if outcome == "fail":
            assert now.get(key) in ("fail", "unknown"), (hide, key)
