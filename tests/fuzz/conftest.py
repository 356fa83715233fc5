"""How long the fuzzers run: briefly with the other tests, longer by `make fuzz` (RTAUDIT_FUZZ is the number of examples)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.conftest import FUZZ

settings.register_profile(
    "fuzz",
    max_examples=int(FUZZ or 12),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=FUZZ is None,
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A fuzzer has ten minutes on a busy machine."""
    for item in items:
        if FUZZ is None and item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(600))
