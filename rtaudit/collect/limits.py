"""Every bound of a collection in one place: how long it waits, how often it tries again, how much it takes in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one collection. Times are seconds."""

    concurrency: int = 48
    """Reads in flight at once; the HTTP pool is as large."""
    connect_timeout: float = 10.0
    """For one TCP and TLS handshake."""
    read_timeout: float = 60.0
    """Silence on an open connection."""
    answer_timeout: float = 120.0
    """For one whole answer, however steadily it drips."""
    answer_bytes: int = 64 * 1024 * 1024
    """Of one answer, after decompression."""
    answer_depth: int = 120
    """Nested objects and lists in one answer."""
    pages: int = 1000
    """Pages of one list."""
    attempts: int = 4
    """Times that one page is asked for when the answer is an error of the moment (5xx, a reset, a timeout)."""
    patience: float = 120.0
    """From the first attempt at one page; none begins later: an endpoint that is dead costs about that."""
    throttle_count: int = 12
    """Times that one page is asked for when the answer is 429."""
    backoff: float = 0.5
    """Before the second attempt; doubled for each further one, with jitter."""
    backoff_cap: float = 8.0
    """The longest wait between attempts when Azure names none."""
    retry_after_cap: float = 60.0
    """The longest wait that is granted, whatever `Retry-After` asks for."""
    refill: float = 25.0
    """Reads a second that flow back into a subscription's bucket, once Azure has shown that there is one."""
    budget: float | None = None
    """For the whole collection (`--timeout`); None is no limit."""
    processes: int | None = None
    """That read; None takes as many as pay."""
