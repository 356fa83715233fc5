"""Pacer: keeps a bucket per subscription, as Azure Resource Manager does: 250 reads, refilled with 25 a second.

Azure says in `x-ms-ratelimit-remaining-subscription-reads` what is left. Until it says so (or refuses a read) nothing
is assumed and nothing is held back, for a cloud without limits should not be slow.
"""

from __future__ import annotations

from dataclasses import dataclass

CAPACITY = 250.0
"""Reads that a full bucket holds."""
_RESERVE = 6.0
"""Reads that are left in the bucket: on a busy machine answers come late, and what they say is left has been asked since."""
REMAINING = "x-ms-ratelimit-remaining-subscription-reads"
"""The header that says what is left."""


@dataclass(slots=True)
class _Bucket:
    tokens: float | None = None
    capacity: float = CAPACITY
    at: float = 0.0
    blocked_until: float = 0.0
    in_flight: int = 0


class Pacer:
    """When each subscription may be asked again. Times are the caller's monotonic clock. Not locked: the schedule is."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._buckets: dict[str, _Bucket] = {}

    def _bucket(self, subscription: str, now: float) -> _Bucket:
        bucket = self._buckets.setdefault(subscription, _Bucket())
        if bucket.tokens is not None:
            bucket.tokens = min(bucket.capacity, bucket.tokens + (now - bucket.at) * self._rate)
        bucket.at = now
        return bucket

    def wait(self, subscription: str, now: float) -> float:
        """Seconds until the subscription may be asked; 0 when it may be now."""
        bucket = self._bucket(subscription, now)
        short = 0.0 if bucket.tokens is None else max(0.0, 1 + _RESERVE - bucket.tokens) / self._rate
        return max(short, bucket.blocked_until - now, 0.0)

    def sent(self, subscription: str, now: float) -> None:
        """A read leaves."""
        bucket = self._bucket(subscription, now)
        bucket.in_flight += 1
        if bucket.tokens is not None:
            bucket.tokens -= 1

    def answered(self, subscription: str, now: float, remaining: str | None) -> None:
        """A read came back (or failed without an answer), with what Azure said is left."""
        bucket = self._bucket(subscription, now)
        bucket.in_flight -= 1
        if remaining is None or not remaining.isascii() or not remaining.isdigit() or len(remaining) > 9:
            return
        bucket.capacity = max(bucket.capacity, float(remaining))
        # What is under way may or may not be counted already; counting it again is the safe side.
        left = float(remaining) - bucket.in_flight
        if bucket.tokens is None or left < bucket.tokens:
            bucket.tokens = left
        else:
            bucket.tokens += (left - bucket.tokens) / 4

    def refused(self, subscription: str, now: float, seconds: float) -> None:
        """A read was refused with 429: nobody asks this subscription for `seconds`."""
        bucket = self._bucket(subscription, now)
        bucket.blocked_until = max(bucket.blocked_until, now + seconds)
        # What flows back while waiting is there when the wait is over.
        bucket.tokens = min(bucket.tokens if bucket.tokens is not None else 0.0, 0.0)
