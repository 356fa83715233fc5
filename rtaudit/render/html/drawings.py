"""Drawings: the calendar and the quota bars of the HTML report, as numbers and words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from rtaudit.inventory.capacity import capacity
from rtaudit.render.dates import Day, days, horizon_days, undated
from rtaudit.render.text import name, shorten, value
from rtaudit.report import Report
from rtaudit.subjects import EstateIndex
from rtaudit.subjects.dates import parse_date
from rtaudit.subjects.estate import text

ROWS = 40
"""The most that is drawn of each; what is left out is said."""
_LEFT, _RIGHT, _ROW = 8, 1064, 34


def calendar(report: Report, estates: Sequence[EstateIndex]) -> dict[str, Any] | None:
    """What happens on which day, on one axis with today and the horizon; None where nothing has a date."""
    today = parse_date(report.as_of)
    found = days(report, estates)
    if today is None or not found:
        return None
    required = horizon_days(report)
    horizon = today + timedelta(days=required) if required else None
    first = min(today, found[0].day)
    last = max(found[-1].day, today + timedelta(days=180), horizon or today)
    span = max(1, (last - first).days)

    def place(day: date) -> int:
        return _LEFT + round((_RIGHT - _LEFT) * (day - first).days / span)

    drawn = found[:ROWS]
    return {
        "rows": [_row(one, index, today, horizon, place(one.day), place(today)) for index, one in enumerate(drawn)],
        "months": [(place(day), day.strftime("%b %Y")) for day in _months(first, last)],
        "today": place(today),
        "horizon": place(horizon) if horizon else None,
        "required": required,
        "height": 44 + _ROW * len(drawn),
        "left": len(found) - len(drawn),
        "undated": undated(estates),
    }


def _row(one: Day, index: int, today: date, horizon: date | None, x: int, now: int) -> dict[str, Any]:
    left = (one.day - today).days
    near = horizon is not None and one.day <= horizon and one.kind == "retirement"
    status = "bad" if left < 0 or near else "ok"
    away = "today" if left == 0 else f"{-left} days ago" if left < 0 else f"in {left} days"
    return {
        "y": 30 + _ROW * index,
        "x": x,
        "start": min(x, now),
        "length": max(4, abs(x - now)),
        "status": status,
        "label": one.label,
        "day": f"{one.day.day} {one.day.strftime('%b %Y')}",
        "away": away,
        "kind": one.kind,
        "where": shorten(", ".join(one.where), 300),
        "title": one.title,
    }


def _months(first: date, last: date) -> list[date]:
    step = max(1, round((last - first).days / 180))
    found, at = [], date(first.year, first.month, 1)
    while at <= last:
        if at >= first and (at.year * 12 + at.month) % step == 0:
            found.append(at)
        at = date(at.year + at.month // 12, at.month % 12 + 1, 1)
    return found


def quota(estates: Sequence[EstateIndex]) -> dict[str, Any] | None:
    """Used quota of each realtime pool, per subscription and region, the fullest first; None where none was read."""
    found: dict[tuple[str, str, str], tuple[str, float, float]] = {}
    for estate in estates:
        for row in capacity(estate):
            if row["limit"] and row["used"] is not None:
                label = f"{value(row['region'], 30)} · {value(row['model'], 60)} · {value(row['sku'], 30)}"
                found[row["subscription"], row["region"], text(row["quota"])] = (label, row["used"], row["limit"])
    rows = sorted(found.items(), key=lambda item: (-item[1][1] / item[1][2], item[0]))
    if not rows:
        return None
    return {
        "rows": [
            {
                "label": label,
                "said": f"{used:g} of {limit:g}",
                "length": min(100, max(0, round(100 * used / limit))),
                "status": "bad" if used >= limit else "unk" if used > 0.9 * limit else "ok",
            }
            for label, used, limit in (one for _, one in rows[:ROWS])
        ],
        "left": max(0, len(rows) - ROWS),
    }


def rates(estates: Sequence[EstateIndex]) -> dict[str, Any] | None:
    """Each realtime deployment's requests per minute beside the peak that a client contract declares for it; None without any."""
    found = []
    for estate in estates:
        for one in estate.each("realtimeDeployment"):
            rate, peak = one.join("facts.requestsPerMinute").value, one.join("facts.declaredPeakSessions").value
            if not isinstance(rate, int | float):
                continue
            declared = isinstance(peak, int | float)
            found.append(
                {
                    "label": name(one.resource, 80),
                    "said": f"{rate:g} requests a minute"
                    + (f", {peak:g} sessions declared" if declared else ", no peak declared"),
                    "status": "bad" if declared and rate < peak else "ok" if declared else "off",
                }
            )
    order = {"bad": 0, "ok": 1, "off": 2}
    found.sort(key=lambda row: order[row["status"]])
    return {"rows": found[:ROWS], "left": max(0, len(found) - ROWS)} if found else None
