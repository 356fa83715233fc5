"""Drift labels: texts that the renderers of a drift share: settings, cells, the last line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rtaudit.drift import DECISIONS, Cell, Change, Drift, MatrixRow, columns, matrix
from rtaudit.errors import counted
from rtaudit.render.text import VERDICTS, shorten, to_printable
from rtaudit.report import SEVERITIES

CATEGORY_TITLES = {
    "deployments": "Deployments",
    "models": "Models and versions",
    "client": "Client contract",
    "network": "Network boundary",
    "privateEndpoints": "Private endpoints",
    "dns": "Private DNS",
    "logging": "Logging and alerts",
    "identity": "Identity",
    "contentSafety": "Content safety",
    "quota": "Quota and capacity",
    "tags": "Tags",
    "other": "Other",
}
"""Category -> heading."""


def setting(row: MatrixRow) -> str:
    """The path of a row as people say it: `networkAcls.defaultAction`; the type where it is the resource as a whole."""
    short = row.type.rsplit("/", 1)[-1]
    if not row.path:
        return to_printable(f"({short})")
    parts = [part.replace("~1", "/").replace("~0", "~") for part in row.path.split("/")[1:]]
    if parts[0] == "properties" and len(parts) > 1:
        parts = parts[1:]
    return to_printable(".".join(parts))


def cell_text(row: MatrixRow, cell: Cell, limit: int = 200) -> str:
    """What an environment has at a row, as one line of plain text."""
    if not cell.known:
        return "?"
    if row.path == "":
        return "present" if cell.value else "absent"
    if not cell.there:
        return "(absent)"
    return shorten(to_printable(_words(cell.value)), limit)


def _words(value: Any) -> str:
    if value is None:
        return "(not set)"
    if isinstance(value, str):
        # What represents an id that differs by design, such as {account}, is kept in the document only.
        return (value[1:-1] if value[:1] + value[-1:] == "{}" else value) or '""'
    if isinstance(value, list):
        return ", ".join(_element(item) for item in value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _element(item: Any) -> str:
    """An element of a set in a word or two: its name and what is set."""
    if not isinstance(item, dict):
        return _words(item)
    if set(item) == {"value"}:
        return str(item["value"])
    for field in ("category", "categoryGroup"):
        if isinstance(item.get(field), str):
            return str(item[field])
    if isinstance(item.get("name"), str):
        rest = " ".join(
            key if held is True else f"not {key}" if held is False else str(held)
            for key, held in item.items()
            if key not in ("name", "enabled") and not isinstance(held, dict | list)
        )
        return f"{item['name']} ({rest})" if rest else item["name"]
    return " ".join(f"{key} {_words(held)}" for key, held in item.items())


def headings(drift: Drift) -> list[str]:
    """The heading of each column, as plain text."""
    return [shorten(to_printable(head), 60) for head in columns(drift)]


def reasons(row: MatrixRow, heads: Sequence[str]) -> list[str]:
    """Why a row is what it is, beside its values: what it means, who decided, who changed it, which rules differ.

    `heads` are the columns' headings: a reason that does not hold for all of them names its own.
    """
    said: dict[str, list[str]] = {}
    for head, change in zip(heads[1:], row.changes, strict=True):
        for text in _reasons(change) if change is not None else ():
            said.setdefault(text, []).append(head)
    every = len(heads) - 1
    texts = [text if len(whose) == every else f"{', '.join(whose)}: {text}" for text, whose in said.items()]
    return [shorten(to_printable(text), 400) for text in texts]


def _reasons(change: Change) -> list[str]:
    said = [change.meaning] if change.meaning else []
    if change.decision == "unknown" and change.decided_by:
        said.append(f"unknown: {change.decided_by}")
    elif change.decision in ("expected", "ignored"):
        said.append(f"{change.decision} by {change.decided_by}")
    if change.modified:
        by, at = change.modified.get("by"), change.modified.get("at")
        said.append("last modified" + (f" by {by}" if by else "") + (f" at {at}" if at else ""))
    said += [f"{rule['rule']} {rule.get('title') or ''}: {turn(rule)}" for rule in change.rules]
    return said


def turn(rule: Mapping[str, Any]) -> str:
    """How a rule's outcome changes: `pass → fail`."""
    left, right = (str(rule[side]).replace("notApplicable", "not applicable") for side in ("left", "right"))
    return f"{left} → {right}"


def counts(drift: Drift) -> str:
    """Every setting that differs, counted once however many environments there are: by decision, and the drift by severity."""
    rows = matrix(drift)
    total = Counter(row.decision for row in rows)
    tally = Counter(row.severity for row in rows if row.decision == "drift")
    doubts = sum(len(comparison.unpaired) for comparison in drift.comparisons)
    worst = ", ".join(f"{tally[severity]} {severity}" for severity in SEVERITIES if tally[severity])
    parts = [counted(total["drift"], "difference") + (f" ({worst})" if worst else "")]
    parts += [f"{total[decision]} {decision}" for decision in DECISIONS[1:]]
    return ", ".join(parts) + (f", {doubts} not paired" if doubts else "")


def conclusion(drift: Drift) -> str:
    """The one line that ends a drift: the verdict and every decision counted."""
    return f"{VERDICTS.get(drift.verdict, drift.verdict)}: {counts(drift)}"


def compared(drift: Drift) -> str:
    """What was compared with what: `test (test.json) compared with prod (prod.json): 52 resources matched by role`."""
    # Numbered where nothing short tells two sides apart: then this line says which is which.
    heads = [
        head if head.startswith(f"{side.environment} #") else side.environment
        for head, side in zip(columns(drift), drift.sides, strict=True)
    ]
    names = [
        to_printable(head) + (f" ({to_printable(side.file)})" if side.file else "")
        for head, side in zip(heads, drift.sides, strict=True)
    ]
    pairs = " and ".join(str(len(comparison.pairs)) for comparison in drift.comparisons)
    how = (
        "by id (one environment over time)"
        if drift.comparisons and all(one.over_time for one in drift.comparisons)
        else "by role"
    )
    if len(names) < 2:
        return ", ".join(names)
    return f"{names[0]} compared with {', '.join(names[1:])}: {pairs} resources matched {how}"
