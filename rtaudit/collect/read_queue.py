"""Read queue: holds the reads of each subscription, and says which one is next; waiting reads hold nobody up.

A read that has to wait (for the bucket, after a 429, before another attempt) lies here and not on a thread, so that one
throttled subscription does not hold up the others, and an interrupt never waits for a sleep.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from rtaudit.collect.failures import ReadFailure
from rtaudit.collect.limits import Limits
from rtaudit.collect.pacer import Pacer
from rtaudit.collect.reader import ReadTask


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


class ReadQueue:
    """The reads that are not under way, by subscription. Times are the caller's monotonic clock. Not locked."""

    def __init__(self, limits: Limits, tally: ReadCounters) -> None:
        self._limits = limits
        self._tally = tally
        self._queues: dict[tuple[str, bool], deque[ReadTask]] = {}
        self._turns: deque[tuple[str, bool]] = deque()
        self._later: list[tuple[float, int, ReadTask]] = []
        self._count = itertools.count()
        self._pacer = Pacer(limits.refill)
        self._jitter = random.Random()  # noqa: S311 (spreads retries; nothing secret)
        self.ready = 0
        """Reads that wait for nothing but their turn and their bucket."""

    def add(self, read: ReadTask, *, first: bool = False) -> None:
        """Queue a read."""
        place = (read.subscription, read.reader.apart)
        queue = self._queues.get(place)
        if queue is None:
            queue = self._queues[place] = deque()
        if not queue:
            (self._turns.appendleft if read.reader.apart else self._turns.append)(place)
        (queue.appendleft if first else queue.append)(read)
        self.ready += 1

    def take(self, now: float, *, apart: bool | None = None) -> ReadTask | None:
        """The read that leaves now, where one may; with `apart` only one of those whose reader is so, or is not."""
        while self._later and self._later[0][0] <= now:
            self.add(heapq.heappop(self._later)[2], first=True)
        for _ in range(len(self._turns)):
            subscription, is_apart = self._turns[0]
            if apart in (None, is_apart) and self._pacer.wait(subscription, now) <= 0:
                return self._begin(self._turns.popleft(), now)
            self._turns.rotate(-1)
        return None

    def wait(self, now: float) -> float | None:
        """Seconds until a read may leave; None where none waits for a moment."""
        waits = [self._pacer.wait(subscription, now) for subscription, _ in self._turns]
        waits += [self._later[0][0] - now] if self._later else []
        return max(0.0, min(waits)) if waits else None

    @property
    def waits(self) -> bool:
        """True while a read is in the queue, or waits for its next attempt."""
        return bool(self._turns or self._later)

    def _begin(self, place: tuple[str, bool], now: float) -> ReadTask:
        queue = self._queues[place]
        read = queue.popleft()
        self.ready -= 1
        if queue:
            (self._turns.appendleft if read.reader.apart else self._turns.append)(place)
        self._pacer.sent(read.subscription, now)
        if not read.attempts:
            read.since = now
        self._tally.calls += 1
        return read

    def answered(self, read: ReadTask, now: float, remaining: str | None) -> None:
        """A read came back, with what Azure said is left of the bucket."""
        self._pacer.answered(read.subscription, now, remaining)

    def again(self, read: ReadTask, now: float, fault: ReadFailure | None) -> bool:
        """Queue a read that came back for its next page, or for another attempt; False where it came to its end."""
        again = read.next_link is not None if fault is None else self._tried_again(read, fault, now)
        if again and (fault is None or fault.reason == "throttled"):
            self.add(read, first=True)
        return again

    def drop(self) -> Iterator[ReadTask]:
        """Empty the queue; what was in it."""
        left = [read for queue in self._queues.values() for read in queue]
        left += [read for _, _, read in self._later]
        self._queues.clear()
        self._later.clear()
        self._turns.clear()
        self.ready = 0
        return iter(left)

    def _tried_again(self, read: ReadTask, fault: ReadFailure, now: float) -> bool:
        limits = self._limits
        if fault.reason == "throttled":
            self._tally.throttled += 1
            read.throttle_count += 1
            if (
                read.throttle_count >= limits.throttle_count
                or (fault.retry_after or 0.0) > limits.retry_after_cap * limits.throttle_count
            ):
                # Who asks for a day is not waited for by the minute.
                return False
            asked = fault.retry_after if fault.retry_after is not None else self._backoff(read.throttle_count)
            self._pacer.refused(read.subscription, now, min(asked, limits.retry_after_cap))
            self._tally.retried += 1
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
        self._tally.retried += 1
        return True

    def _backoff(self, failures: int) -> float:
        pause: float = min(self._limits.backoff * 2 ** (failures - 1), self._limits.backoff_cap)
        return pause * self._jitter.uniform(0.75, 1.25)
