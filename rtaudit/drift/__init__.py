"""Drift: two snapshots or more, paired by role or by id, made comparable, compared, and judged by a drift policy."""

from rtaudit.drift.matrix import Cell, Row, columns, matrix
from rtaudit.drift.model import (
    CATEGORIES,
    DECISIONS,
    SCHEMA,
    Change,
    Comparison,
    Drift,
    Pair,
    Side,
    Unpaired,
    document,
    dump,
    load,
)
from rtaudit.drift.policy import DriftPolicy, load_policy
from rtaudit.drift.rolemap import RoleMap, load_map
from rtaudit.drift.run import diff

__all__ = [
    "CATEGORIES",
    "DECISIONS",
    "SCHEMA",
    "Cell",
    "Change",
    "Comparison",
    "Drift",
    "DriftPolicy",
    "Pair",
    "RoleMap",
    "Row",
    "Side",
    "Unpaired",
    "columns",
    "diff",
    "document",
    "dump",
    "load",
    "load_map",
    "load_policy",
    "matrix",
]
