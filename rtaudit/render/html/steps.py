"""HTML steps: the steps to ready, in a page of their own or within a report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtaudit.render.html.page import VERDICT_CLASSES, day_of, made, page
from rtaudit.render.runbook import ON_PAPER, command_of, ending, gap_text, notes, text
from rtaudit.render.text import name, rule_list, to_printable, value
from rtaudit.report.runbook import ByHand, Runbook, RunbookStep

MOST = 50
"""Steps that a report lists; `rtaudit runbook` prints all."""


def render(runbook: Runbook, shell: str) -> Iterator[str]:
    """A page of the steps alone."""
    report = runbook.before
    steps = values(runbook, shell, most=None)
    return page(
        "runbook.html",
        title=f"Steps to ready: {', '.join(steps['labels'][:3])}",
        steps=steps,
        verdict_class=VERDICT_CLASSES.get(runbook.verdict, "unk"),
        policies=[value(one["name"], 60) for one in report.policies],
        as_of=day_of(report.as_of),
        warnings=[value(one, 1000) for one in runbook.warnings],
        made=made(report),
    )


def values(runbook: Runbook, shell: str, *, most: int | None = MOST) -> dict[str, Any]:
    """What the template shows of a runbook."""
    labels = list(dict.fromkeys(value(one["environment"], 60) for one in runbook.before.snapshots))
    many = len(labels) > 1
    return {
        "labels": labels,
        "ending": text(ending(runbook)),
        "on_paper": ON_PAPER,
        "rows": [_step(one, shell, many=many) for one in runbook.steps[:most]],
        "left": len(runbook.steps[most:]) if most is not None else 0,
        "hand": [_by_hand(one, shell, many=many) for one in runbook.by_hand[:most]],
        "unseen": [gap_text(one) for one in runbook.unseen[:most]],
    }


def _step(one: RunbookStep, shell: str, *, many: bool) -> dict[str, Any]:
    where = list(dict.fromkeys(name(effect.resource) for effect in one.mends))
    about = [rule_list(one.rules), ", ".join(where[:2]) + (f" and {len(where) - 2} more" if len(where) > 2 else "")]
    return {
        "number": one.number,
        "severity": one.severity,
        "say": text(one.step.say) or rule_list(one.rules),
        "about": " · ".join([part for part in about if part] + ([value(one.environment, 60)] if many else [])),
        "command": command_of(one, shell) if one.step.command and not one.code else "",
        "notes": [value(note, 500) for note in notes(one)],
    }


def _by_hand(one: ByHand, shell: str, *, many: bool) -> dict[str, Any]:
    about = [value(one.rule, 60), name(one.resource)] + ([value(one.environment, 60)] if many else [])
    lines = [to_printable(line) for step in one.steps for line in step.lines(shell)]
    return {
        "severity": one.severity,
        "say": text(one.message),
        "about": " · ".join(about),
        "reason": text(one.reason),
        "lines": [(line, line.startswith("az ")) for line in lines],
    }
