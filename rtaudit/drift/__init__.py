"""Drift: pairs two or more snapshots by role or by id, normalises, compares, and applies a drift policy."""

from rtaudit.drift.matrix import Cell, MatrixRow, columns, matrix
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
from rtaudit.drift.rolemap import PairingMap, load_map
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
    "MatrixRow",
    "Pair",
    "PairingMap",
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
