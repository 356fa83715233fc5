"""What every test needs: an environment that reaches nothing, and the real command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

FUZZ = os.environ.get("RTAUDIT_FUZZ")
"""Examples of each law, when somebody fuzzes (`make fuzz`)."""

# No deadline: a test that is slow on a busy machine is not wrong. The same examples in every run of the tests, so that what
# was green stays green; others each time that somebody fuzzes.
settings.register_profile("rtaudit", max_examples=int(FUZZ or 30), deadline=None, derandomize=FUZZ is None)
settings.load_profile("rtaudit")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Many examples take as long as they take."""
    for item in items:
        if FUZZ and item.get_closest_marker("hypothesis"):
            item.add_marker(pytest.mark.timeout(0), append=False)


ROOT = Path(__file__).parents[1]

_CLOSED = "http://127.0.0.1:9/token"
"""A loopback port on which nothing listens: no credential is found by accident."""


@pytest.fixture(autouse=True)
def _safe_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy, no credential of the machine, no colour; a test that needs an identity endpoint sets its own."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("AZURE_", "GITHUB_", "MSI_", "ARM_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("IDENTITY_ENDPOINT", _CLOSED)
    monkeypatch.setenv("IDENTITY_HEADER", "none")
    monkeypatch.setenv("NO_COLOR", "1")


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def rtaudit(tmp_path: Path) -> Run:
    """`rtaudit(*words, stdin=…)`: the real command, run in `tmp_path`, with its exit code, stdout and stderr."""

    def run(*words: str | Path, stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "rtaudit", *map(str, words)],
            input=stdin,
            cwd=cwd or tmp_path,
            capture_output=True,
            encoding="utf-8",
            timeout=250,
            check=False,
        )

    return run
