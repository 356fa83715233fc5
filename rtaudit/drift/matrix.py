"""Matrix: puts N environments side by side: rows are role and setting, columns are environments, outliers are marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from rtaudit.azure import resource_types
from rtaudit.documents import canonical
from rtaudit.drift.model import CATEGORIES, DECISIONS, Change, Comparison, Drift
from rtaudit.report import SEVERITIES


@dataclass(frozen=True, slots=True)
class Cell:
    """What one environment has at a row."""

    value: Any
    """The normalised value; None: nothing there. Of a whole resource True where it is there."""
    known: bool = True
    """False where it could not be seen."""
    odd: bool = False
    """True where it differs from what most of the others have; never of two."""
    there: bool = True
    """False where the environment lacks the resource whose setting this is."""


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One setting of one role, in every environment."""

    category: str
    role: str
    type: str
    path: str
    """JSON Pointer; "" for the resource as a whole."""
    cells: Sequence[Cell]
    """In the order of `columns`."""
    severity: str
    """The worst of its changes."""
    decision: str
    """drift before unknown before expected before ignored."""
    changes: Sequence[Change | None]
    """The change of each comparison, in their order; None where that one has none here."""

    @property
    def weaker(self) -> list[str]:
        """The rules that pass in the base and fail in another environment because of this setting."""
        turned = (rule for change in self.changes if change is not None and change.weaker for rule in change.rules)
        return list(
            dict.fromkeys(str(one["rule"]) for one in turned if (one["left"], one["right"]) == ("pass", "fail"))
        )

    @property
    def meaning(self) -> str | None:
        """What it means, from the first change that says so."""
        return next((change.meaning for change in self.changes if change is not None and change.meaning), None)


def columns(drift: Drift) -> list[str]:
    """The heading of each environment, the base first; where two share a label, with the date or file that tells them apart."""
    labels = [side.environment for side in drift.sides]
    if len(set(labels)) == len(labels):
        return labels
    files = [side.file for side in drift.sides]
    apart = (
        [side.collected_at for side in drift.sides],
        [PurePath(file).name if file else None for file in files],
        files,
        _differing(files),
    )
    for words in apart:
        headed = [f"{label} ({word})" if word else label for label, word in zip(labels, words, strict=True)]
        # A heading that has to be cut would no longer name its environment.
        if len(set(headed)) == len(headed) and all(len(word or "") <= _LONGEST for word in words):
            return headed
    return [f"{label} #{number}" for number, label in enumerate(labels, 1)]


_LONGEST = 40
"""Characters of a date, a file name or a path in a heading."""


def _differing(files: Sequence[str | None]) -> list[str | None]:
    """The first folder of each path that is not the same in all of them."""
    parts = [PurePath(file).parts if file else () for file in files]
    at = next((index for index, same in enumerate(zip(*parts, strict=False)) if len(set(same)) > 1), None)
    return [one[at] if at is not None else None for one in parts]


def matrix(drift: Drift) -> list[MatrixRow]:
    """Every setting that differs somewhere: by category, within it by role, those with the worst change first."""
    found: dict[_Key, list[Change | None]] = {}
    views = []
    for index, comparison in enumerate(drift.comparisons):
        views.append(_View(comparison))
        for change in comparison.changes:
            # A tag's name has no case: each comparison may spell it in a way of its own.
            path = change.path.lower() if change.path.startswith("/tags/") else change.path
            found.setdefault((change.role, change.type, path), [None] * len(drift.comparisons))[index] = change
    rows = [_row(key, changes, views) for key, changes in found.items()]
    worst: dict[tuple[str, str, str], tuple[int, int]] = {}
    for row in rows:
        group = (row.category, row.role, row.type)
        worst[group] = min(worst.get(group, (99, 99)), _badness(row))
    return sorted(
        rows,
        key=lambda row: (
            CATEGORIES.index(row.category),
            worst[row.category, row.role, row.type],
            row.role,
            row.type,
            _badness(row),
            row.path,
        ),
    )


_Key = tuple[str, str, str]


class _View:
    """What one comparison says of resources that it has no change for."""

    def __init__(self, comparison: Comparison) -> None:
        self.paired = {(pair.role, pair.type) for pair in comparison.pairs}
        self.accounts = {pair.role for pair in comparison.pairs if pair.type == resource_types.ACCOUNT}
        self.unknown = {
            (change.role, change.type)
            for change in comparison.changes
            if change.decision == "unknown" and change.path == ""
        }

    def without_change(self, role: str, resource_type: str, base: Any, *, known: bool) -> Cell:
        """The other side's cell at a setting that this comparison says nothing of."""
        above = role.rpartition("/")[0]
        if self.unknown & {(role, resource_type), (above, resource_type), ("environment", resource_type)}:
            return Cell(None, known=False)
        held_there = resource_type in (resource_types.ASSIGNMENT, resource_types.LOCK) and role in self.accounts
        if (role, resource_type) in self.paired or held_there or role.startswith("environment"):
            return Cell(base, known=known)
        return Cell(None, there=False)


def _badness(row: MatrixRow) -> tuple[int, int]:
    return DECISIONS.index(row.decision), SEVERITIES.index(row.severity)


def _row(key: _Key, changes: list[Change | None], views: list[_View]) -> MatrixRow:
    role, resource_type, _ = key
    seen = [change for change in changes if change is not None]
    path = seen[0].path
    blind = [change.decision == "unknown" and change.path == "" for change in seen]
    base = next((_value(change, left=True) for change, dark in zip(seen, blind, strict=True) if not dark), None)
    cells = [Cell(base, known=not all(blind), there=path == "" or any(change.left for change in seen))]
    for change, view in zip(changes, views, strict=True):
        if change is None:
            cells.append(view.without_change(role, resource_type, base, known=not all(blind)))
        elif change.decision == "unknown" and change.path == "":
            cells.append(Cell(None, known=False))
        else:
            cells.append(Cell(_value(change, left=False)))
    worst = min(seen, key=lambda change: (DECISIONS.index(change.decision), SEVERITIES.index(change.severity)))
    return MatrixRow(
        category=worst.category,
        role=role,
        type=resource_type,
        path=path,
        cells=_marked(cells, whole=path == ""),
        severity=worst.severity,
        decision=worst.decision,
        changes=changes,
    )


def _value(change: Change, *, left: bool) -> Any:
    if change.path == "":
        there = change.kind == "changed" or (change.kind == "removed") == left
        return True if there else None
    return change.before if left else change.after


def _marked(cells: list[Cell], *, whole: bool) -> list[Cell]:
    """The cells with the odd ones marked; of two neither is."""
    counting = [cell.known and (cell.there or whole) for cell in cells]
    if len(cells) < 3 or sum(counting) < 2:
        return cells
    keys = [canonical(cell.value) for cell in cells]
    counted = Counter(key for key, counts in zip(keys, counting, strict=True) if counts)
    most = max(counted.values())
    base_is_usual = counting[0] and counted[keys[0]] == most
    usual = keys[0] if base_is_usual else max(counted, key=lambda key: (counted[key], key))
    return [replace(cell, odd=counts and key != usual) for cell, key, counts in zip(cells, keys, counting, strict=True)]
