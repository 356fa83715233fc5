"""Fault injection: empty buckets, refused paths, failing requests. The same seed fails the same requests."""

from __future__ import annotations

import fnmatch
import math
import random
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence

from rtaudit.simulate.azure_errors import DROPPED, CannedResponse, error


class Buckets:
    """One token bucket of reads for each subscription, as Azure Resource Manager has them."""

    def __init__(self, capacity: int, refill: float) -> None:
        self._capacity = capacity
        self._refill = refill
        self._lock = threading.Lock()
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, subscription: str) -> tuple[bool, int]:
        """Take one token: (True, tokens left), or (False, seconds until there is one)."""
        now = time.monotonic()
        with self._lock:
            level, since = self._levels.get(subscription, (float(self._capacity), now))
            level = min(float(self._capacity), level + (now - since) * self._refill)
            granted = level >= 1
            self._levels[subscription] = (level - 1 if granted else level, now)
        return granted, int(level - 1) if granted else max(1, math.ceil((1 - level) / self._refill))


class FailureInjector:
    """Fails a share of the requests, one in three with 500, with 503 or by a reset connection."""

    def __init__(self, rate: float, seed: int) -> None:
        self._rate = rate
        self._seed = seed
        self._lock = threading.Lock()
        self._asked: Counter[str] = Counter()

    def throw(self, target: str) -> CannedResponse | None:
        """The failure of this request, or None. It depends on the seed, the target and how often that was asked."""
        if not self._rate:
            return None
        with self._lock:
            self._asked[target] += 1
            number = self._asked[target]
        chance = random.Random(f"{self._seed} {number} {target}")  # noqa: S311 - faults, not secrets
        if chance.random() >= self._rate:
            return None
        return chance.choice(
            (
                error(
                    500, "InternalServerError", "Encountered internal server error. Diagnostic information: simulated."
                ),
                error(503, "ServiceUnavailable", "The service is temporarily unavailable. Please try again later."),
                DROPPED,
            )
        )


class Denials:
    """Paths that the identity may not read: fnmatch patterns, any case."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = [re.compile(fnmatch.translate(_path(pattern))) for pattern in patterns]

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def match(self, path: str) -> bool:
        """True when a pattern matches the path."""
        return any(pattern.match(path.lower()) for pattern in self._patterns)


def _path(pattern: str) -> str:
    # `accounts/x/*` without its beginning means: wherever it is.
    lower = pattern.lower()
    return lower if lower.startswith(("/", "*")) else f"*/{lower}"


class FaultCounters:
    """Counts that tests and benchmarks read: requests in flight, their peak, connections."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: defaultdict[str, int] = defaultdict(int)

    def add(self, name: str, by: int = 1) -> None:
        """Change a count; the highest value that it had is kept."""
        with self._lock:
            self._counts[name] += by
            self._counts[f"peak {name}"] = max(self._counts[f"peak {name}"], self._counts[name])

    def __getitem__(self, name: str) -> int:
        with self._lock:
            return self._counts[name]
