"""Scheduler: runs a bounded thread pool over one queue per subscription; waiting reads hold no thread.

A read that has to wait (for the bucket, after a 429, before another attempt) lies in its queue and not on a thread, so
that one throttled subscription does not hold up the others, and an interrupt never waits for a sleep.
"""

from __future__ import annotations

import heapq
import itertools
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from rtaudit.collect.failures import ReadFailure
from rtaudit.collect.limits import Limits
from rtaudit.collect.pacer import Pacer
from rtaudit.collect.reader import ReadTask

Fetch = Callable[[ReadTask], str | None]
"""Fetch one page of a read; returns what Azure said is left of the bucket. Raises Fault."""


@dataclass(slots=True)
class ReadCounters:
    """What happened on the wire so far."""

    calls: int = 0
    throttled: int = 0
    retried: int = 0


@dataclass(slots=True)
class Finished:
    """A read that came to an end, with the fault that ended it early, if any."""

    read: ReadTask
    fault: ReadFailure | None = None
    error: BaseException | None = None
    """A bug of ours, to be raised where it is seen."""


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
        self._queues: dict[str, deque[ReadTask]] = {}
        self._turns: deque[str] = deque()
        self._later: list[tuple[float, int, ReadTask]] = []
        self._count = itertools.count()
        self._pacer = Pacer(self.limits.refill)
        self._running: dict[int, ReadTask] = {}
        self._threads = 0
        self._idle = 0
        self._queued = 0
        self._watched = False
        self._stopped = False
        self._jitter = random.Random()  # noqa: S311 (spreads retries; nothing secret)

    def submit(self, read: ReadTask) -> None:
        """Queue a read."""
        with self._lock:
            self._enqueue(read)
            if self._queued > self._idle and self._threads < self.limits.concurrency:
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
            left = [read for queue in self._queues.values() for read in queue]
            left += [read for _, _, read in self._later]
            left += self._running.values()
            self._queues.clear()
            self._queued = 0
            self._later.clear()
            self._turns.clear()
            self._lock.notify_all()
            return left

    def _enqueue(self, read: ReadTask, *, first: bool = False) -> None:
        queue = self._queues.get(read.subscription)
        if queue is None:
            queue = self._queues[read.subscription] = deque()
        if not queue:
            self._turns.append(read.subscription)
        (queue.appendleft if first else queue.append)(read)
        self._queued += 1

    def _take(self) -> ReadTask | None:
        with self._lock:
            while not self._stopped:
                now = time.monotonic()
                while self._later and self._later[0][0] <= now:
                    self._enqueue(heapq.heappop(self._later)[2], first=True)
                wait = self._later[0][0] - now if self._later else None
                for _ in range(len(self._turns)):
                    subscription = self._turns[0]
                    short = self._pacer.wait(subscription, now)
                    if short <= 0:
                        return self._begin(self._turns.popleft(), now)
                    wait = short if wait is None else min(wait, short)
                    self._turns.rotate(-1)
                self._rest(wait)
            return None

    def _begin(self, subscription: str, now: float) -> ReadTask:
        queue = self._queues[subscription]
        read = queue.popleft()
        self._queued -= 1
        if queue:
            self._turns.append(subscription)
        if self._turns or self._later:
            # Somebody has to watch the clock, or take the next one.
            self._lock.notify()
        self._pacer.sent(subscription, now)
        self._running[id(read)] = read
        if not read.attempts:
            read.since = now
        self.tally.calls += 1
        return read

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
            self._pacer.answered(read.subscription, now, remaining)
            self._running.pop(id(read), None)
            if self._stopped:
                return
            again = error is None and (read.next_link is not None if fault is None else self._again(read, fault, now))
            if again:
                if fault is None or fault.reason == "throttled":
                    self._enqueue(read, first=True)
                self._lock.notify()
                return
            # A thread that is about to look for work needs no call; one that watches the clock goes on watching.
            self._lock.notify()
        self._finished.append(Finished(read, fault, error))
        if not self._any_finished.is_set():
            self._any_finished.set()

    def _again(self, read: ReadTask, fault: ReadFailure, now: float) -> bool:
        limits = self.limits
        if fault.reason == "throttled":
            self.tally.throttled += 1
            read.throttle_count += 1
            if (
                read.throttle_count >= limits.throttle_count
                or (fault.retry_after or 0.0) > limits.retry_after_cap * limits.throttle_count
            ):
                # Who asks for a day is not waited for by the minute.
                return False
            asked = fault.retry_after if fault.retry_after is not None else self._backoff(read.throttle_count)
            self._pacer.refused(read.subscription, now, min(asked, limits.retry_after_cap))
            self.tally.retried += 1
            return True
        if not fault.transient:
            return False
        read.attempts += 1
        if read.attempts >= limits.attempts:
            return False
        pause = max(self._backoff(read.attempts), min(fault.retry_after or 0.0, limits.retry_after_cap))
        if now + pause - read.since >= limits.patience:
            return False
        heapq.heappush(self._later, (now + pause, next(self._count), read))
        self.tally.retried += 1
        return True

    def _backoff(self, failures: int) -> float:
        pause: float = min(self.limits.backoff * 2 ** (failures - 1), self.limits.backoff_cap)
        return pause * self._jitter.uniform(0.75, 1.25)
