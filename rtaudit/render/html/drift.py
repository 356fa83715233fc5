"""HTML drift: what is weaker first, then what is different, values beside each other, rules under what turns them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rtaudit.errors import counted
from rtaudit.render import Options
from rtaudit.render.drift_report import as_report
from rtaudit.render.html.page import made, page
from rtaudit.render.plots import coverage
from rtaudit.render.text import value
from rtaudit.report import SEVERITIES

if TYPE_CHECKING:
    from rtaudit.drift import Drift, MatrixRow

_CLASSES = {"same": "ok", "drift": "bad", "incomplete": "unk"}
_KINDS = {"weaker": "weaker", "stronger": "stronger", "drift": "different", "unknown": "not known", "expected": "expected", "ignored": "ignored"}  # fmt: skip
"""Kind of a row -> what it is called."""


def render(drift: Drift, options: Options) -> Iterator[str]:
    """The drift: every setting that differs, in every environment; what could not be paired or read."""
    from rtaudit.drift import columns, matrix
    from rtaudit.render import drift_labels as words

    heads = [value(head, 80) for head in columns(drift)]
    rows = [_row(row, heads) for row in matrix(drift)]
    count = {kind: sum(row["kind"] == kind for row in rows) for kind in _KINDS}
    report = as_report(drift)
    verdict, _, tally = words.conclusion(drift).partition(": ")
    return page(
        "drift.html",
        title=f"{' and '.join(heads[:3])}: {_headline(drift.verdict, heads, count)}",
        heads=heads,
        headline=_headline(drift.verdict, heads, count),
        verdict=verdict,
        tally=tally,
        verdict_class=_CLASSES.get(drift.verdict, "unk"),
        compared=words.compared(drift),
        as_of=drift.as_of,
        counts=[
            (count[kind], _said(kind, heads), kind)
            for kind in _KINDS
            if count[kind] or kind in ("weaker", "drift", "unknown")
        ],
        sections=[
            (title, anchor, _by_category([row for row in rows if row["kind"] in kinds]), opened)
            for title, anchor, kinds, opened in (
                (f"Weaker in {heads[1]}" if len(heads) == 2 else "Weaker", "weaker", ("weaker",), True),
                ("Stronger or different", "different", ("stronger", "drift"), True),
                ("Not known", "unknown", ("unknown",), True),
                ("Expected or ignored", "expected", ("expected", "ignored"), False),
            )
        ],
        kinds=[(kind, _KINDS[kind], kind not in ("expected", "ignored")) for kind in _KINDS if count[kind]],
        categories=list(dict.fromkeys((row["category"], row["title"]) for row in rows)),
        severities=SEVERITIES,
        total=len(rows),
        warnings=[value(one, 1000) for one in report.warnings],
        doubts=[
            (
                value((comparison.left if doubt.side == "left" else comparison.right).environment, 80),
                value(doubt.resource, 400),
                value(doubt.reason, 500),
            )
            for comparison in drift.comparisons
            for doubt in comparison.unpaired
        ],
        coverage=coverage(None, options.snapshots),
        made=made(report),
    )


def _headline(verdict: str, heads: list[str], count: dict[str, int]) -> str:
    other = heads[1] if len(heads) == 2 else "another environment"
    if count["weaker"]:
        return f"{other} is weaker than {heads[0]} in {counted(count['weaker'], 'setting')}"
    if verdict == "same":
        return "no drift"
    if count["drift"] or count["stronger"]:
        return f"{counted(count['drift'] + count['stronger'], 'setting')} differ{'s' if count['drift'] + count['stronger'] == 1 else ''}"
    return f"{counted(count['unknown'], 'comparison')} could not be made"


def _said(kind: str, heads: list[str]) -> str:
    other = heads[1] if len(heads) == 2 else "another environment"
    return {
        "weaker": f"weaker in {other}: a rule passes in {heads[0]} and fails there",
        "stronger": f"stronger in {other}",
        "drift": "different, no rule affected",
        "unknown": "not known",
        "expected": "expected by the drift policy",
        "ignored": "ignored by the drift policy",
    }[kind]


def _row(row: MatrixRow, heads: list[str]) -> dict[str, Any]:
    from rtaudit.drift.sentences import row_sentence
    from rtaudit.render import drift_labels as words
    from rtaudit.render.drift_labels import turn

    rules = list(
        dict.fromkeys(
            f"{one['rule']} {turn(one)}" for change in row.changes if change is not None for one in change.rules
        )
    )
    return {
        "kind": _kind(row),
        "word": _KINDS[_kind(row)],
        "severity": row.severity,
        "category": row.category,
        "title": words.CATEGORY_TITLES.get(row.category, row.category),
        "role": value(row.role, 200),
        "setting": value(words.setting(row), 300),
        "sentence": row_sentence(row, heads),
        "cells": [
            (head, words.cell_text(row, cell, 400), "odd" if cell.odd else "" if cell.known else "unk")
            for head, cell in zip(heads, row.cells, strict=True)
        ],
        "rules": [(value(rule, 120), rule.endswith("pass → fail")) for rule in rules],
        "reasons": words.reasons(row, heads),
    }


def _kind(row: MatrixRow) -> str:
    if row.decision != "drift":
        return row.decision
    if row.weaker:
        return "weaker"
    turned = [one for change in row.changes if change is not None for one in change.rules]
    return "stronger" if any((one["left"], one["right"]) == ("fail", "pass") for one in turned) else "drift"


def _by_category(rows: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["title"], []).append(row)
    return list(found.items())
