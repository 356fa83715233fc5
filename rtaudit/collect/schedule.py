"""Scheduler: runs reads on a bounded pool of threads, in the order of a read queue."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from rtaudit.collect.failures import ReadFailure
from rtaudit.collect.limits import Limits
from rtaudit.collect.read_queue import Finished, ReadCounters, ReadQueue
from rtaudit.collect.reader import ReadTask

Fetch = Callable[[ReadTask], str | None]
"""Fetch one page of a read; returns what Azure said is left of the bucket. Raises Fault."""


@dataclass
class Schedule:
    """Runs reads on threads, and hands each one back once it is finished."""

    fetch: Fetch
    limits: Limits
    tally: ReadCounters = field(default_factory=ReadCounters)

    def __post_init__(self) -> None:
        self._lock = threading.Condition()
        self._finished: deque[Finished] = deque()
        self._any_finished = threading.Event()
        self._queue = ReadQueue(self.limits, self.tally)
        self._running: dict[int, ReadTask] = {}
        self._threads = 0
        self._idle = 0
        self._watched = False
        self._stopped = False

    def submit(self, read: ReadTask) -> None:
        """Queue a read."""
        with self._lock:
            self._queue.add(read)
            if self._queue.ready > self._idle and self._threads < self.limits.concurrency:
                self._threads += 1
                threading.Thread(target=self._work, name=f"read-{self._threads}", daemon=True).start()
            else:
                self._lock.notify()

    def finished(self, timeout: float) -> list[Finished]:
        """The reads that came to an end since the last call; without one, waits for it up to `timeout` seconds."""
        # Not a SimpleQueue: a signal near the end of its `get(timeout)` makes CPython 3.11 wait without an end.
        self._any_finished.wait(timeout)
        self._any_finished.clear()
        return [self._finished.popleft() for _ in range(len(self._finished))]

    def stop(self) -> list[ReadTask]:
        """Start no further request; returns the reads that did not come to an end. Does not wait for threads."""
        with self._lock:
            self._stopped = True
            left = [*self._queue.drop(), *self._running.values()]
            self._lock.notify_all()
            return left

    def _take(self) -> ReadTask | None:
        with self._lock:
            while not self._stopped:
                now = time.monotonic()
                read = self._queue.take(now)
                if read is not None:
                    self._running[id(read)] = read
                    if self._queue.waits:
                        # Somebody has to watch the clock, or take the next one.
                        self._lock.notify()
                    return read
                self._rest(self._queue.wait(now))
            return None

    def _rest(self, wait: float | None) -> None:
        # One thread watches the clock, the others sleep until there is work.
        watcher = wait is not None and not self._watched
        self._idle += 1
        if watcher:
            self._watched = True
        self._lock.wait(wait if watcher else None)
        self._idle -= 1
        if watcher:
            self._watched = False

    def _work(self) -> None:
        while (read := self._take()) is not None:
            remaining: str | None = None
            fault: ReadFailure | None = None
            error: BaseException | None = None
            try:
                remaining = self.fetch(read)
            except ReadFailure as found:
                fault = found
            except BaseException as found:  # noqa: BLE001 (raised again where the collection runs)
                error = found
            self._end(read, remaining, fault, error)

    def _end(
        self, read: ReadTask, remaining: str | None, fault: ReadFailure | None, error: BaseException | None
    ) -> None:
        with self._lock:
            now = time.monotonic()
            self._queue.answered(read, now, remaining)
            self._running.pop(id(read), None)
            if self._stopped:
                return
            again = error is None and self._queue.again(read, now, fault)
            # A thread that is about to look for work needs no call; one that watches the clock goes on watching.
            self._lock.notify()
            if again:
                return
        self._finished.append(Finished(read, fault, error))
        if not self._any_finished.is_set():
            self._any_finished.set()
