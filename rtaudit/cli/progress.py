"""Progress: shows a collection on stderr: a bar on a terminal, a line every ten seconds when asked, silence in a pipe."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Self

from rtaudit.errors import counted

if TYPE_CHECKING:
    from rtaudit.collect.gather import Status

EVERY = 10.0
"""Seconds between two lines of `--progress plain`."""


class Progress:
    """Shows each Status that it is given, in the way that was chosen."""

    def __init__(self, how: str, *, verbose: bool = False) -> None:
        self._how = "none" if how == "auto" and (verbose or not sys.stderr.isatty()) else how
        self._live: Any = None
        self._tasks: dict[str, Any] = {}
        self._started = self._said = time.monotonic()

    def __enter__(self) -> Self:
        if self._how == "auto":
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
            from rich.progress import Progress as Bars

            self._live = Bars(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TextColumn("{task.fields[note]}", markup=False),
                console=Console(stderr=True),
                transient=True,
                refresh_per_second=8,
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def update(self, status: Status) -> None:
        """Show how far it is."""
        now = time.monotonic()
        if self._live is not None:
            # Not before: it starts a thread, and a process with one thread alone can be copied (rtaudit.collect.processes).
            if not self._live.live.is_started:
                self._live.start()
            for aspect, planned in status.planned.items():
                if aspect not in self._tasks:
                    self._tasks[aspect] = self._live.add_task(aspect, total=planned, note="")
                self._live.update(self._tasks[aspect], total=planned, completed=status.done.get(aspect, 0))
            if "all" not in self._tasks:
                self._tasks["all"] = self._live.add_task("together", total=None, note="")
            self._live.update(
                self._tasks["all"], total=sum(status.planned.values()), completed=sum(status.done.values()),
                note=self._note(status, now),
            )  # fmt: skip
        elif self._how == "plain" and now - self._said >= EVERY:
            self._said = now
            done, planned = sum(status.done.values()), sum(status.planned.values())
            print(f"collect: {done} of {planned} reads, {self._note(status, now)}", file=sys.stderr)

    def _note(self, status: Status, now: float) -> str:
        pace = status.calls / max(now - self._started, 0.001)
        words = [f"{pace:.0f} calls/s"]
        if status.throttled:
            words.append(f"{status.throttled} throttled")
        if status.gaps:
            words.append(counted(status.gaps, "gap"))
        return ", ".join(words)
