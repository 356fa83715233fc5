"""`rtaudit simulate --realtime ACCOUNT` and the `rtaudit probe` lines that it prints."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from rtaudit import assets

PROD = str(assets.snapshots() / "prod.json")
ACCOUNT = "lh-concierge-prod-eus2"


@contextmanager
def served(*words: str) -> Iterator[tuple[dict[str, str], list[str]]]:
    """The environment and the probe lines that a running `rtaudit simulate` says."""
    process = subprocess.Popen(
        [sys.executable, "-m", "rtaudit", "simulate", PROD, "--realtime", ACCOUNT, *words],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = iter(process.stdout.readline, "")
        exports = shlex.split(next(line for line in said if not line.startswith("#")))[1:]
        process.stdout.readline()
        lines = [process.stdout.readline().strip() for _ in range(3)]
        yield {**os.environ, **dict(word.split("=", 1) for word in exports)}, lines
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        process.stdout.close()


def probe(environ: dict[str, str], line: str) -> subprocess.CompletedProcess[str]:
    words = shlex.split(line)
    assert words[:2] == ["rtaudit", "probe"]
    return subprocess.run(
        [sys.executable, "-m", *words], env=environ, capture_output=True, text=True, timeout=250, check=False
    )


def test_the_lines_lead_to_sessions():
    with served() as (environ, lines):
        assert [line.rsplit(" ", 1)[1] for line in lines] == [
            "concierge-voice",
            "concierge-voice-next",
            "concierge-transcripts",
        ]
        for line in lines:
            done = probe(environ, line)
            assert done.returncode == 0, done.stderr
            assert "1 of 1 opened" in done.stdout


def test_a_wrong_behaviour_is_seen():
    with served("--behaviour", "publicAccessDisabled") as (environ, lines):
        done = probe(environ, lines[0])
        assert done.returncode == 1
        assert "403" in done.stdout


def test_the_latency_is_that_of_the_realtime_endpoint_too():
    with served("--latency-ms", "300") as (environ, lines):
        done = probe(environ, f"{lines[0]} --budget-ms 300")
        assert done.returncode == 1, done.stdout
        assert "1 of 1 opened" in done.stdout
        assert "over the budget" in done.stdout


def test_a_behaviour_of_no_endpoint_is_refused(rtaudit):
    done = rtaudit("simulate", PROD, "--behaviour", "firewall")
    assert done.returncode == 2
    assert "add --realtime ACCOUNT" in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [(("--realtime", "nope"), ACCOUNT), (("--realtime", ACCOUNT, "--behaviour", "nope"), "publicAccessDisabled")],
)
def test_what_is_not_there_is_an_error_that_lists_what_is(rtaudit, words, says):
    done = rtaudit("simulate", PROD, *words)
    assert done.returncode == 2
    assert says in done.stderr
