"""What the HTML report draws, as numbers and words: heat map, network boundary, retirement timeline, quota bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.render.capacity import capacity
from rtaudit.render.inventory import UNKNOWN, deployments, endpoints
from rtaudit.render.text import name, owner, shorten, state, value
from rtaudit.report import SEVERITIES, Finding, Report
from rtaudit.snapshot import Snapshot
from rtaudit.subjects import Subject, World
from rtaudit.subjects.dates import parse_date
from rtaudit.subjects.world import listing, mapping, text

RULES, ACCOUNTS, BOUNDARIES, BARS = 60, 60, 200, 60
"""The most that is drawn of each; what is left out is said."""

_SIGNS = {"fail": "F", "unknown": "?", "waived": "W", "known": "B", "pass": "", "notApplicable": ""}
_ORDER = tuple(_SIGNS)
_CELL = 18
_MARGIN, _TOP = 260, 130


def heat(report: Report, owners: dict[str, int]) -> dict[str, Any]:
    """Rules that something is to be told of, worst first, against resources, worst first; the worst finding in each cell."""
    cells: dict[tuple[str, str], Finding] = {}
    for finding in report.findings:
        at = (finding.rule, arm_id.key(owner(finding.resource)))
        if at not in cells or _ORDER.index(state(finding)) < _ORDER.index(state(cells[at])):
            cells[at] = finding
    telling = [finding for finding in cells.values() if _SIGNS[state(finding)]]
    rules = _ranked([(finding.rule, finding) for finding in telling])
    columns = _ranked([(arm_id.key(owner(finding.resource)), finding) for finding in cells.values()])
    left = [f"{len(rules) - RULES} more rules"] if len(rules) > RULES else []
    everything = len(columns)
    rules, columns = rules[:RULES], columns[:ACCOUNTS]
    # A rule that is drawn has at least one cell that says why.
    where: dict[str, list[str]] = {}
    for (rule, key), finding in cells.items():
        if _SIGNS[state(finding)]:
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
            shown = state(found)
            drawn.append(
                {
                    "x": _MARGIN + column * _CELL,
                    "y": _TOP + row * _CELL,
                    "state": "na" if shown == "notApplicable" else shown,
                    "sign": _SIGNS[shown],
                    "rule": value(rule, 60),
                    "owner": owners[key],
                    "title": f"{value(rule, 60)}, {name(owner(found.resource))}: {shown}",
                }
            )
    names = {arm_id.key(owner(finding.resource)): name(owner(finding.resource)) for finding in cells.values()}
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
        if state(finding) in ("fail", "unknown"):
            score[at if state(finding) == "fail" else len(SEVERITIES) + at] -= 1
    return sorted(scores, key=lambda key: (scores[key], key))


def _rule_label(report: Report, rule: str) -> tuple[str, str]:
    rule_text = report.rules.get(rule)
    full = f"{value(rule, 60)} {value(rule_text.name, 100) if rule_text else ''}"
    return shorten(full, 38), full


@dataclass(frozen=True, slots=True)
class _End:
    """A private endpoint in the drawing of an account's boundary."""

    name: str
    short: str
    status: str
    network: str
    mood: str
    zones: list[tuple[str, str]]
    y: int
    height: int


def boundaries(worlds: Sequence[World]) -> list[dict[str, Any]]:
    """One drawing per account: who can reach it, through which endpoints, which zones answer."""
    drawn = []
    for world in worlds:
        rows: dict[str, list[dict[str, Any]]] = {}
        for row in endpoints(world):
            rows.setdefault(arm_id.key(row["id"]), []).append(row)
        drawn += [_boundary(account, rows.get(arm_id.key(account.resource), [])) for account in world.accounts]
    return drawn


def _boundary(account: Subject, rows: list[dict[str, Any]]) -> dict[str, Any]:
    y = 10
    ends = []
    for row in rows:
        if row["endpointId"] is None and row["status"] is None:
            continue
        end = _end(row, y)
        ends.append(end)
        y += end.height + 8
    exposure = account.fact("exposure")
    acls = mapping(account.properties.get("networkAcls"))
    addresses, subnets = len(listing(acls.get("ipRules"))), len(listing(acls.get("virtualNetworkRules")))
    public, detail, mood = {
        "public": ("Internet", "anyone, any address", "bad"),
        "restricted": ("Selected networks", f"{addresses} addresses, {subnets} subnets", "doubt"),
    }.get(exposure, ("No public access", "", "good"))
    bypass = text(acls.get("bypass"))
    trusted = "and trusted services" if exposure == "restricted" and "azureservices" in bypass else ""
    label = name(account.resource, 60)
    said = [f"{label}: {public.lower()}" + (f" ({detail})" if detail else "")]
    said += [
        f"endpoint {end.name} {end.status}" + (f" in {end.network}" if end.network else "") + _zone_words(end)
        for end in ends
    ]
    return {
        "account": label,
        "short": shorten(label, 30),
        "kind": value(account.raw.get("kind"), 20),
        "region": value(arm_id.region(account.raw.get("location")) or "no region", 20),
        "public": public,
        "public_detail": detail,
        "public_mood": mood,
        "bypass": trusted,
        "endpoints": ends,
        "height": max(80, y + 4),
        "about": f"Network boundary of {label}",
        "words": "; ".join(said),
    }


def _zone_words(end: _End) -> str:
    return f" ({', '.join(zone for zone, _ in end.zones)})" if end.zones else ""


def _end(row: dict[str, Any], y: int) -> _End:
    status = value(row["status"], 20) if row["status"] else "status unknown"
    network = row["network"]
    zones: list[tuple[str, str]] = []
    if row["zones"] == UNKNOWN:
        zones.append(("zones not seen", "soft"))
    elif row["zones"]:
        zones += [(shorten(value(zone), 48), "soft") for zone in row["zones"]]
    if row["missingZones"] == UNKNOWN:
        zones.append(("other zones not seen", "soft"))
    elif row["missingZones"]:
        zones += [(shorten("lacks " + value(zone), 46), "warn") for zone in row["missingZones"]]
    approved = text(row["status"]) == "approved"
    mood = "bad" if not approved else "doubt" if any(kind == "warn" for _, kind in zones) else "good"
    full = value(row["endpoint"], 120) if row["endpoint"] else "an endpoint"
    where = "" if network in (None, UNKNOWN) else shorten(name(network), 30)
    return _End(full, shorten(full, 48), status, where, mood, zones, y, max(50, 42 + 15 * len(zones)))


def timeline(worlds: Sequence[World], as_of: str) -> dict[str, Any] | None:
    """Realtime deployments by the day their model retires, soonest first; those without a date last."""
    origin = parse_date(as_of)
    rows = [row for world in worlds for row in deployments(world) if row["role"] != "none"]
    if origin is None or not rows:
        return None
    dated = sorted(rows, key=lambda row: (parse_date(row["retires"]) or date.max, str(row["id"])))
    last = max((day for row in rows if (day := parse_date(row["retires"]))), default=origin)
    days = max(365, (last - origin).days)
    start, room = 390, 420
    drawn = []
    for at, row in enumerate(dated[:BARS]):
        day = parse_date(row["retires"])
        left = (day - origin).days if day else 0
        full = f"{name(row['id'])}: {value(row['model'], 60)} {value(row['version'], 40)}"
        drawn.append(
            {
                "y": 20 + at * 20,
                "short": shorten(full, 58),
                "full": full,
                "start": start,
                "to": start + max(3, round(room * left / days)) if day else None,
                "date": f"{row['retires']}, {'past' if left < 0 else f'{left} days'}" if day else "",
                "mood": "fail" if left <= 0 else "unknown" if left < 90 else "waived",
            }
        )
    ticks = [(start + round(room * after / days), f"{after} d") for after in (0, 90, 180, 365) if after <= days]
    return {
        "rows": drawn,
        "ticks": ticks,
        "width": start + room + 160,
        "height": 24 + 20 * len(drawn),
        "left": max(0, len(rows) - BARS),
        "origin": value(as_of),
        "about": f"Retirement dates of {len(rows)} realtime deployments",
    }


def bars(worlds: Sequence[World]) -> dict[str, Any] | None:
    """Used quota of each realtime quota, per subscription and region; the fullest first."""
    found: dict[tuple[str, str, str], tuple[str, float, float]] = {}
    for world in worlds:
        for row in capacity(world):
            if row["limit"] and row["used"] is not None:
                label = f"{value(row['region'], 30)} · {value(row['model'], 60)} · {value(row['sku'], 30)}"
                found[row["subscription"], row["region"], text(row["quota"])] = (label, row["used"], row["limit"])
    rows = sorted(found.items(), key=lambda item: (-item[1][1] / item[1][2], item[0]))
    if not rows:
        return None
    return {
        "rows": [
            {
                "y": at * 20,
                "short": shorten(label, 56),
                "full": f"{label} ({value(key[0])})",
                "filled": min(240, max(0, round(240 * used / limit))),
                "said": f"{used:g} of {limit:g}",
                "mood": "fail" if used >= limit else "waived",
            }
            for at, (key, (label, used, limit)) in enumerate(rows[:BARS])
        ],
        "height": 20 * min(len(rows), BARS) + 4,
        "left": max(0, len(rows) - BARS),
        "about": f"{len(rows)} quotas",
    }


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
            f"{label}: {len(snapshot.resources)} resources, {len(snapshot.gaps)} failed reads"
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
        lines.append("No failed read touches a finding.")
    return {"lines": lines, "gaps": rows[:500], "left": max(0, len(rows) - 500)}
