"""Dates: the days that matter after a check, for the calendar of the HTML report and for `-o ics`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rtaudit.azure import arm_id
from rtaudit.inventory.rows import deployments
from rtaudit.render.text import name, value
from rtaudit.report import Report
from rtaudit.snapshot import Snapshot
from rtaudit.subjects import EstateIndex
from rtaudit.subjects.dates import parse_date

HORIZON = "RTA-MOD-006"
"""The rule whose parameter says how far away a retirement must be."""


@dataclass(frozen=True)
class Day:
    """Something that happens on a day."""

    day: date
    kind: str
    """retirement or waiver."""
    title: str
    """One sentence."""
    label: str
    """What it is about, in a few words: a model and its version, or a rule."""
    where: tuple[str, ...]
    """Deployments with their region, or the resource of a waiver."""
    key: str
    """Stable over runs: equal for the same event."""


def days(report: Report, estates: Sequence[EstateIndex]) -> list[Day]:
    """Retirements of deployed realtime models (one entry for a model, version and day) and expiries of waivers, by day."""
    return sorted([*_retirements(estates), *_waivers(report)], key=lambda one: (one.day, one.kind, one.label))


def undated(estates: Sequence[EstateIndex]) -> int:
    """How many realtime deployments have no known retirement date."""
    rows = [row for estate in estates for row in deployments(estate) if row["role"] != "none"]
    return sum(parse_date(row["retires"]) is None for row in rows)


def horizon_days(report: Report) -> int | None:
    """How many days away a retirement must be at least by the policies, the largest of them; None where none says."""
    found = [
        policy["params"].get("retirementHorizonDays")
        for policy in report.policies
        if isinstance(policy.get("params"), dict) and HORIZON in report.rules
    ]
    numbers = [one for one in found if isinstance(one, int) and not isinstance(one, bool)]
    return max(numbers) if numbers else None


def _retirements(estates: Sequence[EstateIndex]) -> list[Day]:
    found: dict[tuple[date, str], list[str]] = {}
    for estate in estates:
        label = f"{estate.snapshot.environment}: " if len(estates) > 1 else ""
        for row in deployments(estate):
            day = parse_date(row["retires"])
            if day is not None and row["role"] != "none":
                model = value(f"{row['model']} {row['version'] or ''}".strip(), 80)
                found.setdefault((day, model), []).append(
                    value(f"{label}{row['account']}/{row['deployment']} ({row['region']})", 160)
                )
    return [
        Day(day, "retirement", f"{model} retires; it is deployed as {', '.join(sorted(where))}", model, tuple(sorted(where)), f"retirement {model} {day}")
        for (day, model), where in found.items()
    ]  # fmt: skip


def _waivers(report: Report) -> list[Day]:
    found: dict[tuple[date, str, str], None] = {}
    for finding in report.findings:
        given = finding.waiver or {}
        day = parse_date(given.get("expires"))
        if day is not None:
            found[day, finding.rule, finding.resource] = None
    return [
        Day(day, "waiver", f"The waiver for {value(rule, 40)} on {name(resource)} expires", value(rule, 40), (name(resource),), f"waiver {rule} {arm_id.key(resource)} {day}")
        for day, rule, resource in found
    ]  # fmt: skip


def worlds_of(snapshots: Sequence[Snapshot]) -> list[EstateIndex]:
    """The snapshots with their subjects."""
    return [EstateIndex(snapshot) for snapshot in snapshots]
