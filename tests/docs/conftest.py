"""One warm process for every page of a worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .warm import Warm


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    with Warm(tmp_path_factory.mktemp("w")) as serving:
        yield serving
