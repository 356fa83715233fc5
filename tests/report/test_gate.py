"""The gate: thresholds, verdicts and exit codes of a report and of a drift; one day, said in one form."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rtaudit.assets import snapshots
from rtaudit.errors import UsageError
from rtaudit.report.gate import EXIT_CODES, SEVERITIES, THRESHOLDS, at_or_above, check_threshold, parse_day, verdict_of

PROD = snapshots() / "prod.json"


@pytest.mark.parametrize(
    "text", ["20261122", "2026-W47-7", "2026-11-31", "22.11.2026", "", "2026-11-22T00:00", "today"]
)
@pytest.mark.parametrize("command", ["check", "diff", "audit"])
def test_one_form_of_a_day(rtaudit: Any, command: str, text: str) -> None:
    words = {"check": [PROD], "diff": [PROD, snapshots() / "test.json"], "audit": ["-s", "x"]}[command]
    ended = rtaudit(command, *words, "--as-of", text)
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [f"error: --as-of {text} is not a valid date", "hint: write YYYY-MM-DD"]


def test_a_day() -> None:
    assert parse_day("2026-11-22") == date(2026, 11, 22)
    assert parse_day(None) is None


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_what_gates(threshold: str) -> None:
    """All that is as bad as the threshold, or worse; `none` gates nothing."""
    gated = [one for one in SEVERITIES if at_or_above(one, threshold)]
    assert gated == ([] if threshold == "none" else list(SEVERITIES[: SEVERITIES.index(threshold) + 1]))
    check_threshold(threshold)


def test_no_threshold() -> None:
    with pytest.raises(UsageError, match="--fail-on cannot be 'hihg'") as caught:
        check_threshold("hihg")
    assert "did you mean 'high'?" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("gating", "verdict"),
    [([], "ready"), ([False], "incomplete"), ([True], "notReady"), ([False, True], "notReady"), ([True, False], "notReady")],
)  # fmt: skip
def test_a_verdict(gating: list[bool], verdict: str) -> None:
    assert verdict_of(gating, "ready", "notReady") == verdict
    assert verdict in EXIT_CODES


def test_severities_are_written_in_one_place() -> None:
    source = Path(__file__).parents[2] / "rtaudit"
    found = [
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if '"critical", "high", "medium"' in " ".join(path.read_text("utf-8").split())
    ]
    assert found == ["report/gate.py"]
