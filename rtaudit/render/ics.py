"""Calendar: the dates of a report as iCalendar (RFC 5545): retirements of deployed models and expiries of waivers."""

from __future__ import annotations

from datetime import timedelta

from icalendar import Calendar, Event

from rtaudit.render import Options
from rtaudit.render.dates import Day, days, worlds_of
from rtaudit.render.text import moment, value
from rtaudit.report import Report
from rtaudit.report.model import digest


def render(report: Report, options: Options) -> str:
    """One all-day event for each day that matters; retirements need `options.snapshots`."""
    calendar = Calendar()
    calendar.add("prodid", "-//rtaudit//readiness//EN")
    calendar.add("version", "2.0")
    labels = ", ".join(dict.fromkeys(value(one["environment"], 60) for one in report.snapshots))
    calendar.add("x-wr-calname", f"Azure OpenAI Realtime: {labels}")
    for day in days(report, worlds_of(options.snapshots)):
        calendar.add_component(_event(day, report))
    text: bytes = calendar.to_ical()
    return text.decode("utf-8")


def _event(day: Day, report: Report) -> Event:
    event = Event()
    event.add("uid", f"{digest(day.key)[:32]}@rtaudit")
    event.add("dtstamp", moment(report.generated_at))
    event.add("dtstart", day.day)
    event.add("dtend", day.day + timedelta(days=1))
    event.add("summary", f"{day.label} {'waiver ends' if day.kind == 'waiver' else 'retires'}")
    event.add("description", f"{day.title}.")
    event.add("categories", [day.kind])
    event.add("transp", "TRANSPARENT")
    return event
