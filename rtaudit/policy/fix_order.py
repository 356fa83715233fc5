"""Order of fixes: tells which rules' steps come before those of others, and which wait for each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rtaudit.policy.fixes import StatedStep
from rtaudit.report.steps import Step


def comes_before(rules: Mapping[str, Sequence[StatedStep | Step]]) -> dict[str, set[str]]:
    """Rule -> the rules whose steps come before its own, by the `before` and `after` of all."""
    found: dict[str, set[str]] = {rule: set() for rule in rules}
    for rule, steps in rules.items():
        for step in steps:
            found[rule].update(one for one in step.after if one in rules and one != rule)
            for later in step.before:
                if later in rules and later != rule:
                    found[later].add(rule)
    return found


def circles(rules: Mapping[str, Any]) -> list[list[str]]:
    """Rules (by id) whose steps wait for each other."""
    import graphlib

    try:
        graphlib.TopologicalSorter(comes_before({name: rule.steps for name, rule in rules.items()})).prepare()
    except graphlib.CycleError as error:
        return [list(error.args[1])]
    return []
