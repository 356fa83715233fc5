"""Dates: read the days that Azure writes in several forms."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any


def parse_date(value: Any) -> date | None:
    """The day of a date as Azure writes them, else None.

    ISO 8601 with 0 to 7 fraction digits, an interval of two of these (its start counts), or `MM/DD/YYYY HH:MM:SS`.
    """
    if not isinstance(value, str):
        return None
    iso = re.match(r"\d{4}-\d{2}-\d{2}(?=$|[T /])", value)
    try:
        if iso:
            return date.fromisoformat(iso.group())
        return datetime.strptime(value.split(" ")[0], "%m/%d/%Y").date()  # noqa: DTZ007  (a day has no zone)
    except ValueError:
        return None
