"""The documents themselves: what every other format is made from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rtaudit.render import Options
from rtaudit.render.text import escape_ci_commands
from rtaudit.report import Report
from rtaudit.report.files import chunks

if TYPE_CHECKING:
    from rtaudit.drift import Drift


def render(report: Report, _options: Options) -> Iterable[str]:
    """The report as `rtaudit.report/1`."""
    return map(escape_ci_commands, chunks(report))


def render_drift(drift: Drift, _options: Options) -> str:
    """The drift as `rtaudit.drift/1`."""
    from rtaudit.drift import dump

    return escape_ci_commands(dump(drift))
