from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.collect.support import Cloud, running


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with running() as found:
        yield found
