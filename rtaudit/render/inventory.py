"""Inventory tables: lay the rows of an inventory out for a terminal, as CSV or as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from rtaudit.documents import dumps
from rtaudit.inventory import INVENTORIES, Inventory, InventoryRow, list_inventory
from rtaudit.render.csv import lines
from rtaudit.render.grid import grid, grid_width
from rtaudit.render.text import name, value
from rtaudit.snapshot import Snapshot


def show(
    snapshot: Snapshot,
    what: str,
    format: str,  # noqa: A002 - the option's name
    width: int | None = None,
    *,
    wide: bool = False,
) -> str | Iterator[str]:
    """The inventory `what` of a snapshot as `table`, `json` or `csv`.

    A table has the columns that fit `width` (None: a pipe); with `wide` it has all, whatever the width.
    """
    inventory = INVENTORIES[what]
    rows = list_inventory(snapshot, what)
    if format == "json":
        return dumps(rows)
    if format == "csv":
        return lines(inventory.columns, ([_flat(row[column]) for column in inventory.columns] for row in rows))
    return _table(snapshot, what, inventory, rows, width, wide=wide)


def _table(
    snapshot: Snapshot, what: str, inventory: Inventory, rows: list[InventoryRow], width: int | None, *, wide: bool
) -> Iterator[str]:
    if rows:
        chosen = inventory.columns if wide else inventory.terminal
        columns = [one for one in chosen if any(row[one] is not None for row in rows)]
        space = None if wide else width
        left_out = []
        for least in inventory.least if space is not None else ():
            if grid_width(columns, [[_cell(row[column]) for column in columns] for row in rows]) <= (space or 0):
                break
            if least in columns:
                columns.remove(least)
                left_out.append(least)
        yield from grid(columns, [[_cell(row[column]) for column in columns] for row in rows], space)
        if left_out:
            hidden = f"Not shown (add --wide): {', '.join(sorted(left_out, key=chosen.index))}"
            yield "\n" + "\n".join(textwrap.wrap(hidden, space or 100, subsequent_indent="  ")) + "\n"
    else:
        yield f"{inventory.empty}\n"
    if what != "gaps" and snapshot.gaps:
        yield f"\n{len(snapshot.gaps)} reads failed, so this may not be all: --what gaps lists them\n"


def _flat(item: Any) -> Any:
    """A value for CSV: ids whole, lists joined."""
    return ", ".join(map(str, item)) if isinstance(item, list) else item


def _cell(item: Any) -> Any:
    if isinstance(item, list):
        return ", ".join(_short(one) for one in item) or None
    if isinstance(item, bool):
        return "yes" if item else "no"
    if isinstance(item, str):
        return _short(item) if item.startswith("/") else item
    return int(item) if isinstance(item, float) and item.is_integer() else item


def _short(item: Any) -> str:
    return name(item) if isinstance(item, str) and item.startswith("/") else value(item)
