"""Plots: the matrix of rules by account, and what was and was not read, as numbers and words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.errors import counted
from rtaudit.render.text import name, outcome_label, owning_resource_name, shorten, value
from rtaudit.report import SEVERITIES, Finding, Report
from rtaudit.snapshot import Snapshot

RULES, ACCOUNTS = 60, 60
"""The most that is drawn of each; what is left out is said."""

_SIGNS = {"fail": "F", "unknown": "?", "waived": "W", "known": "B", "pass": "", "notApplicable": ""}
_ORDER = tuple(_SIGNS)
_CELL = 18
_MARGIN, _TOP = 260, 130


def heat(report: Report, owners: dict[str, int]) -> dict[str, Any]:
    """Rules with something to report, worst first, against resources, worst first; the worst finding in each cell."""
    cells: dict[tuple[str, str], Finding] = {}
    for finding in report.findings:
        at = (finding.rule, arm_id.key(owning_resource_name(finding.resource)))
        if at not in cells or _ORDER.index(outcome_label(finding)) < _ORDER.index(outcome_label(cells[at])):
            cells[at] = finding
    telling = [finding for finding in cells.values() if _SIGNS[outcome_label(finding)]]
    rules = _ranked([(finding.rule, finding) for finding in telling])
    columns = _ranked([(arm_id.key(owning_resource_name(finding.resource)), finding) for finding in cells.values()])
    left = [f"{len(rules) - RULES} more rules"] if len(rules) > RULES else []
    everything = len(columns)
    rules, columns = rules[:RULES], columns[:ACCOUNTS]
    # A rule that is drawn has at least one cell that says why.
    where: dict[str, list[str]] = {}
    for (rule, key), finding in cells.items():
        if _SIGNS[outcome_label(finding)]:
            where.setdefault(rule, []).append(key)
    for rule in rules:
        if not any(key in columns for key in where[rule]):
            columns.append(where[rule][0])
    left += [f"{everything - len(columns)} more resources"] if everything > len(columns) else []
    drawn = []
    for row, rule in enumerate(rules):
        for column, key in enumerate(columns):
            found = cells.get((rule, key))
            if found is None:
                continue
            shown = outcome_label(found)
            drawn.append(
                {
                    "x": _MARGIN + column * _CELL,
                    "y": _TOP + row * _CELL,
                    "state": "na" if shown == "notApplicable" else shown,
                    "sign": _SIGNS[shown],
                    "rule": value(rule, 60),
                    "owner": owners[key],
                    "title": f"{value(rule, 60)}, {name(owning_resource_name(found.resource))}: {shown}",
                }
            )
    names = {
        arm_id.key(owning_resource_name(finding.resource)): name(owning_resource_name(finding.resource))
        for finding in cells.values()
    }
    return {
        "columns": [
            (_MARGIN + at * _CELL + 12, _TOP - 6, shorten(names[key], 22), names[key]) for at, key in enumerate(columns)
        ],
        "rows": [(0, _TOP + at * _CELL + 13, *_rule_label(report, rule)) for at, rule in enumerate(rules)],
        "cells": drawn,
        "width": _MARGIN + len(columns) * _CELL + 110,
        "height": _TOP + len(rules) * _CELL + 6,
        "left": f"Not drawn: {', '.join(left)}." if left else "",
        "about": f"{len(rules)} rules by {len(columns)} resources",
    }


def _ranked(pairs: Sequence[tuple[str, Finding]]) -> list[str]:
    """The keys, worst first: by failures of each severity, then unknowns."""
    scores: dict[str, list[int]] = {}
    for key, finding in pairs:
        score = scores.setdefault(key, [0] * (2 * len(SEVERITIES)))
        at = SEVERITIES.index(finding.severity)
        if outcome_label(finding) in ("fail", "unknown"):
            score[at if outcome_label(finding) == "fail" else len(SEVERITIES) + at] -= 1
    return sorted(scores, key=lambda key: (scores[key], key))


def _rule_label(report: Report, rule: str) -> tuple[str, str]:
    rule_text = report.rules.get(rule)
    full = f"{value(rule, 60)} {value(rule_text.name, 100) if rule_text else ''}"
    return shorten(full, 38), full


def coverage(report: Report | None, snapshots: Sequence[Snapshot]) -> dict[str, Any]:
    """What was not seen: gaps of the snapshots, or of the findings where no snapshot is at hand; aspects not read."""
    from rtaudit.render.text import gap
    from rtaudit.snapshot import ASPECTS

    seen: dict[tuple[str, str, str, str], None] = {}
    lines = []
    for snapshot in snapshots:
        skipped = sorted(set(ASPECTS) - snapshot.aspects)
        label = value(snapshot.environment, 80)
        lines.append(
            f"{label}: {counted(len(snapshot.resources), 'resource')}, {counted(len(snapshot.gaps), 'failed read')}"
            + (f"; not asked for: {', '.join(skipped)}" if skipped else "")
        )
        for missing in snapshot.gaps:
            seen[label, missing.aspect, value(missing.scope, 400), gap(missing)] = None
    for finding in report.findings if report else ():
        for missing in finding.gaps:
            row = (value(finding.environment, 80), value(missing.aspect, 80), value(missing.scope, 400), gap(missing))
            seen[row] = None
    rows = list(seen)
    if not rows:
        lines.append("No finding was affected by a failed read.")
    return {"lines": lines, "gaps": rows[:500], "left": max(0, len(rows) - 500)}
