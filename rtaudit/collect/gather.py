"""Collector: plans reads, sends them, records rows; a failed read becomes a Gap, never an exception."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.collect.answers import single
from rtaudit.collect.arm import ArmReader
from rtaudit.collect.collected import CollectedRows
from rtaudit.collect.failures import ReadFailure
from rtaudit.collect.limits import Limits
from rtaudit.collect.pages import PageReader, Paging
from rtaudit.collect.processes import ForkedSchedule
from rtaudit.collect.read_queue import Finished
from rtaudit.collect.reader import Reader, ReadTask, Row
from rtaudit.collect.schedule import Schedule
from rtaudit.snapshot import Gap

SUBSCRIPTION = "Microsoft.Resources/subscriptions"

TICK = 0.1
"""Seconds between two looks at the clock, and two reports of progress."""


@dataclass(slots=True)
class Status:
    """How far a collection is."""

    planned: dict[str, int] = field(default_factory=dict)
    """Reads known to be needed, by aspect."""
    done: dict[str, int] = field(default_factory=dict)
    """Reads that came to an end, by aspect."""
    gaps: int = 0
    calls: int = 0
    throttled: int = 0
    retried: int = 0


@dataclass(slots=True)
class _Progress:
    planned: set[str] = field(default_factory=set)
    open: int = 0
    rows: int = 0
    """Rows of the reader in `depends_on` that were looked at, where its reads are planned row by row."""
    complete: bool = False
    """True when no further targets can come."""

    @property
    def is_done(self) -> bool:
        return self.complete and self.open == 0


Earlier = Callable[[Reader, str], list[Row] | None]
"""The rows that an earlier collection has of a read, or None when it has to be asked."""


class Collector:
    """One run over a set of readers."""

    def __init__(
        self,
        arm: ArmReader,
        collected: CollectedRows,
        readers: Mapping[str, Reader],
        limits: Limits,
        *,
        earlier: Earlier = lambda _reader, _subject: None,
        observe: Callable[[Status], None] = lambda _status: None,
        stop: threading.Event | None = None,
        must_exist: frozenset[str] = frozenset(),
        processes: int = 1,
    ) -> None:
        self.collected = collected
        collected.sdks = arm.sdks
        self.gaps: list[Gap] = []
        self.whole: dict[str, set[str]] = {name: set() for name in readers}
        """Ids about which a reader got everything, by reader."""
        self.status = Status()
        self.interrupted: str | None = None
        """Why the run was stopped before its end: `interrupted`, `time budget`; None when it was not."""
        self.refusal: Finished | None = None
        """What made the run pointless: a token that is refused, a subscription that was named and is not there, or that
        nothing answers as a Resource Manager does."""
        self._unwelcome: Finished | None = None
        self._unanswered: Finished | None = None
        self._spoken = False
        """True once anything came with a status of Resource Manager's own, were it a refusal."""
        self._answers = 0
        self._stop = stop or threading.Event()
        self._must_exist = must_exist
        self._reported = 0.0
        self._arm = arm
        self._readers = readers
        self._limits = limits
        self._earlier = earlier
        self._observe = observe
        self._paging = Paging(arm, limits)
        self._pages = PageReader(arm, readers)
        self._progress = {name: _Progress() for name in readers}
        self._followed = frozenset(name for reader in readers.values() for name in reader.depends_on)
        self._processes = processes
        self._open = 0
        self._left: dict[int, ReadTask] = {}

    def run(self) -> None:
        """Read everything, or until the time budget ends or `stop` is set. Raises only what is a bug."""
        deadline = None if self._limits.budget is None else time.monotonic() + self._limits.budget
        self._schedule = self._scheduled()
        try:
            self._plan()
            while self._open and self.refusal is None:
                if self._stop.is_set():
                    self.interrupted = "interrupted"
                    break
                if deadline is not None and time.monotonic() >= deadline:
                    self.interrupted = "time budget"
                    break
                for finished in self._schedule.finished(TICK):
                    self._end(finished)
                self._report()
        finally:
            self._schedule.stop()
        if self._answers == 0 and not self.interrupted:
            # What fills an earlier snapshot asks for little: that none of it is answered says nothing of the rest.
            silent = None if self._spoken or not self._must_exist else self._unanswered
            self.refusal = self.refusal or self._unwelcome or silent
        if self.interrupted:
            self._drain()
        self._report(last=True)

    def _scheduled(self) -> Schedule | ForkedSchedule:
        def build(credential: Any, log: Any) -> PageReader:
            return PageReader(self._arm.twin(credential, log), self._readers)

        if self._processes > 1:
            with contextlib.suppress(OSError):
                return ForkedSchedule(
                    self._paging, build, self._arm.identity.get_token, self._arm.log, self._limits, self._processes
                )
        return Schedule(self._fetch, self._limits)

    def _plan(self) -> None:
        progressed = True
        while progressed:
            progressed = False
            for name, reader in self._readers.items():
                progress = self._progress[name]
                ready = all(self._progress[other].is_done for other in reader.depends_on if other in self._progress)
                if progress.complete or not (ready or reader.of_each is not None):
                    continue
                for subject in self._targets(reader, progress):
                    if arm_id.key(subject) not in progress.planned:
                        progress.planned.add(arm_id.key(subject))
                        self._begin(reader, subject)
                if ready:
                    progress.complete = True
                    progressed = True

    def _targets(self, reader: Reader, progress: _Progress) -> list[str]:
        """What there is to ask about; of each row of another reader only once."""
        if reader.of_each is None:
            assert reader.targets is not None
            return list(reader.targets(self.collected))
        rows = self.collected.kept(reader.depends_on[0])
        new, progress.rows = rows[progress.rows :], len(rows)
        return [subject for row in new for subject in reader.of_each(row)]

    def _begin(self, reader: Reader, subject: str) -> None:
        self.status.planned[reader.aspect] = self.status.planned.get(reader.aspect, 0) + 1
        rows = self._earlier(reader, subject)
        if rows is not None:
            self.collected.arrived(reader, subject, rows)
            self.whole[reader.name].add(subject)
            self.status.done[reader.aspect] = self.status.done.get(reader.aspect, 0) + 1
            return
        self._progress[reader.name].open += 1
        self._open += 1
        read = ReadTask(reader, subject, arm_id.subscription_of(subject) or "")
        self._left[id(read)] = read
        if self.interrupted is None:
            self._schedule.submit(read)

    def _end(self, finished: Finished) -> None:
        if finished.error is not None:
            raise finished.error
        read, fault = finished.read, finished.fault
        if self._left.pop(id(read), None) is None:
            return
        reader = read.reader
        if fault is not None and fault.status == 404 and fault.code in reader.absent_codes:
            fault = None
        if reader.shape == "list":
            read.rows = single(read)
        if fault is None and read.doubt is not None:
            fault = ReadFailure("failed", read.doubt, code="MalformedAnswer")
            self._spoken = True
        self.collected.arrived(reader, read.subject, _shaped(read) if read.rows or fault is None else [])
        if fault is None:
            self.whole[reader.name].add(read.subject)
            self._answers += 1
        else:
            named = reader.type == SUBSCRIPTION and arm_id.key(read.subject) in self._must_exist
            if fault.reason == "failed" and fault.status is None:
                self._unanswered = self._unanswered or finished
            else:
                self._spoken = True
            if fault.status == 401 and (named or self._answers == 0):
                self._unwelcome = self._unwelcome or finished
            if named and fault.status in {401, 404}:
                self.refusal = finished
            self._note(read, fault)
        self._progress[reader.name].open -= 1
        self._open -= 1
        self.status.done[reader.aspect] = self.status.done.get(reader.aspect, 0) + 1
        if reader.name in self._followed and (self._progress[reader.name].open == 0 or self._eager_after(reader)):
            self._plan()

    def _eager_after(self, reader: Reader) -> bool:
        return any(other.of_each is not None and reader.name in other.depends_on for other in self._readers.values())

    def _drain(self) -> None:
        # What is planned by what was read so far is planned too, so that every missing read has its gap.
        fault = ReadFailure("interrupted", f"the collection was stopped: {self.interrupted}", code="Stopped")
        while self._left:
            for read in list(self._left.values()):
                self._end(Finished(read, fault))

    def _note(self, read: ReadTask, fault: ReadFailure) -> None:
        needs = fault.needs
        if fault.reason == "denied" and needs is None and fault.status == 403:
            needs = read.reader.action
        self.gaps.append(
            Gap(
                scope=read.reader.gap_scope(read.subject),
                aspect=read.reader.aspect,
                reason=fault.reason,
                status=fault.status,
                code=fault.code,
                needs=needs,
                message=fault.message,
            )
        )
        self.status.gaps += 1

    def _report(self, *, last: bool = False) -> None:
        tally = self._schedule.tally
        self.status.calls, self.status.throttled, self.status.retried = tally.calls, tally.throttled, tally.retried
        now = time.monotonic()
        if last or now - self._reported >= TICK:
            self._reported = now
            self._observe(self.status)

    def _fetch(self, read: ReadTask) -> str | None:
        """One page of a read, on a worker thread."""
        while True:
            request = self._paging.next_page(read)
            result = self._pages.read(request)
            if self._paging.add(read, request, result):
                return result.remaining


def _shaped(read: ReadTask) -> list[Row]:
    if read.reader.shape != "catalogue":
        return read.rows
    location = read.subject.rsplit("/", 2)[-2]
    name = arm_id.name_of(read.subject)
    return [{"id": read.subject, "type": read.reader.type, "name": name, "location": location, "value": read.rows}]
