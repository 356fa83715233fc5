"""How long the fuzzers run: briefly with the other tests, longer by `make fuzz` (RTAUDIT_FUZZ is the number of examples)."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "fuzz",
    max_examples=int(os.environ.get("RTAUDIT_FUZZ", "12")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # The same examples in every run of the tests; others each time that somebody fuzzes.
    derandomize="RTAUDIT_FUZZ" not in os.environ,
)
