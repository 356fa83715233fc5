"""Preflight: renders a preflight document for a terminal, one paragraph a check."""

from __future__ import annotations

from typing import Any

from rtaudit.render.text import to_printable


def render(document: dict[str, Any]) -> str:
    """The checks as lines of printable text, and the verdict with its counts."""
    lines = []
    outcomes = [one["outcome"] for one in document["checks"]]
    for check in document["checks"]:
        lines.append(f"{check['outcome']:<8} {check['check']:<13} {to_printable(check['scope'])}")
        lines.append(f"         {to_printable(check['detail'])}")
        if check["role"]:
            lines.append(f"         narrowest built-in role: {check['role']}")
        if check["fix"]:
            lines.append(f"         fix: {to_printable(check['fix'])}")
    verdict = "ready" if document["verdict"] == "ready" else "not ready"
    counts = ", ".join(f"{outcomes.count(one)} {one}" for one in ("pass", "fail", "unknown"))
    return "".join(f"{line}\n" for line in [*lines, f"{verdict}: {counts}"])
