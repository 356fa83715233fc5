"""How long the fuzzers run: briefly with the other tests, longer by `make fuzz` (RTAUDIT_FUZZ is the number of examples)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "fuzz",
    max_examples=int(os.environ.get("RTAUDIT_FUZZ", "12")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # The same examples in every run of the tests; others each time that somebody fuzzes.
    derandomize="RTAUDIT_FUZZ" not in os.environ,
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Many examples take as long as they take; a few have ten minutes on a busy machine."""
    seconds = 0 if "RTAUDIT_FUZZ" in os.environ else 600
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(seconds))
