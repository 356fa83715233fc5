"""Rule table: renders the rows of `rtaudit policy list` for a terminal, one line a rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rtaudit.errors import counted
from rtaudit.render.text import to_printable


def render(rows: Sequence[dict[str, Any]], width: int | None = None) -> str:
    """The rows, and how many they are; packs that do not fit `width` (None: a pipe) go to further lines."""
    lines = []
    for row in rows:
        head = f"{row['id']:<12} {row['severity']:<8} {row['name']:<34} "
        packs = [""]
        for one in map(to_printable, row["packs"]):
            if width and packs[-1] and len(head) + len(packs[-1]) + 1 + len(one) >= width:
                packs.append(one)
            else:
                packs[-1] += f",{one}" if packs[-1] else one
        lines += [to_printable(head) + packs[0], *(" " * len(head) + more for more in packs[1:])]
    checks = sum(row["each"] == "source" for row in rows)
    counts = [f"{len(rows) - checks} rules", *([counted(checks, "source check")] if checks else [])]
    return "\n".join([*lines, ", ".join(counts)]) + "\n"
