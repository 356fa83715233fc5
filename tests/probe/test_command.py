"""`rtaudit probe` and `check --probe` as processes, with the real azure-identity and an identity endpoint on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtaudit.simulate import Simulator
from rtaudit.snapshot import load

from .conftest import HOST, Serve

GOOD = Path(__file__).parents[2] / "policies" / "rules" / "good.json"


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with Simulator([load(GOOD)]) as simulator:
        for name, value in simulator.environ.items():
            monkeypatch.setenv(name, value)
        yield


@pytest.mark.usefixtures("identity")
def test_a_probe_joins_a_report(serve: Serve, rtaudit, tmp_path: Path):
    server = serve()
    way = ("--ca-file", server.ca_file, "--connect-to", f"127.0.0.1:{server.port}", "--auth", "managed-identity")
    done = rtaudit(
        "probe",
        "--snapshot",
        GOOD,
        "-a",
        "east",
        *way,
        "-n",
        "2",
        "--budget-ms",
        "30000",
        "-o",
        "table",
        "-o",
        "json=p.json",
    )
    assert done.returncode == 0, done.stderr
    assert "2 of 2 opened" in done.stdout
    assert "within the budget of 30 s" in done.stdout
    judged = rtaudit("check", GOOD, "--probe", "p.json", "--as-of", "2026-11-22", "-o", "json")
    report = json.loads(judged.stdout)
    assert judged.returncode == 0, judged.stderr
    outcomes = {one["rule"]: one["outcome"] for one in report["findings"] if one["each"] == "probe"}
    assert outcomes == {f"RTA-PRB-00{number}": "pass" for number in range(1, 7)}
    assert {one["resource"] for one in report["findings"] if one["each"] == "probe"} == {f"probe/{HOST}/voice"}


@pytest.mark.usefixtures("identity")
def test_a_refused_session_fails_the_check(serve: Serve, rtaudit):
    server = serve("publicAccessDisabled")
    way = ("--ca-file", server.ca_file, "--connect-to", f"127.0.0.1:{server.port}", "--auth", "managed-identity")
    done = rtaudit("probe", "--snapshot", GOOD, "-a", "east", *way, "-o", "p.json")
    assert done.returncode == 1
    judged = rtaudit("check", GOOD, "--probe", "p.json", "--as-of", "2026-11-22", "--evidence", "evidence")
    assert judged.returncode == 1
    assert "RTA-PRB-003" in judged.stdout
    assert "RTA-PRB-004" in judged.stdout
    again = rtaudit("snapshot", "verify", "evidence")
    assert again.returncode == 0, again.stderr
    assert "checked again with the same verdict" in again.stdout


def test_without_a_session_no_token_is_asked_for(serve: Serve, rtaudit):
    server = serve(names=["localhost"])
    done = rtaudit(
        "probe",
        "--endpoint",
        f"wss://localhost:{server.port}",
        "-d",
        "voice",
        "--ca-file",
        server.ca_file,
        "--no-session",
    )
    assert done.returncode == 0, done.stderr
    assert "none was asked for" in done.stdout
    assert server.seen["token"] == 0


NOWHERE = ("--connect-to", "127.0.0.1:9", "--no-session")
"""Nothing leaves loopback, whatever is not refused."""


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "nothing to probe"),
        (("--endpoint", "https://evil.example", "-d", "voice"), 2, "no token of yours is sent there"),
        (("--endpoint", HOST), 2, "which deployment?"),
        (("--endpoint", HOST, "-d", "v", "--snapshot", GOOD), 2, "--endpoint says it all"),
        (
            ("--endpoint", "wss://localhost:9/openai/realtime?deployment=w", "-d", "v"),
            2,
            "asks for 'w', and --deployment",
        ),
        (("--endpoint", "localhost:9", "-d", "v", "--cloud", "Azure"), 2, "unknown cloud 'Azure'"),
        (("--endpoint", "localhost:9", "-d", "v", "--no-session", "--budget-ms", "9"), 2, "--no-session opens none"),
        ((*NOWHERE, "--snapshot", GOOD, "-a", "east", "--cloud", "AzureChinaCloud"), 2, "is not the cloud of"),
        (
            (*NOWHERE, "--snapshot", GOOD, "-a", "east", "--environment", "test"),
            2,
            "--environment is one of a contract's",
        ),
        (("--endpoint", HOST, "-d", "v", "--connect-to", "here"), 2, "is not a valid address"),
        (("--endpoint", HOST, "-d", "v", "-o", "sarif"), 2, "unknown format 'sarif'"),
        (("--endpoint", "localhost", "-d", "v", "--auth", "environment"), 3, "could not get a token"),
        (("--client", "none.yaml"), 3, "no such file"),
    ],
)
def test_what_cannot_be_probed(rtaudit, words: tuple[str, ...], code: int, said: str):
    done = rtaudit("probe", *words)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_probe_of_something_else_is_refused(rtaudit, tmp_path: Path):
    done = rtaudit("probe", "--endpoint", "https://localhost:9", "-d", "v", "--no-session", "-o", "p.json")
    assert done.returncode == 1
    probe = json.loads((tmp_path / "p.json").read_text())
    probe["target"]["account"] = "/subscriptions/x/resourceGroups/y/providers/Microsoft.CognitiveServices/accounts/z"
    (tmp_path / "p.json").write_text(json.dumps(probe))
    judged = rtaudit("check", GOOD, "--probe", "p.json")
    assert judged.returncode == 3
    assert "which none of the snapshots holds" in judged.stderr
    (tmp_path / "p.json").write_text(GOOD.read_text())
    assert "is not a probe" in rtaudit("check", GOOD, "--probe", "p.json").stderr
    twice = rtaudit("probe", "--endpoint", "https://localhost:9", "-d", "v", "--no-session", "-o", "q.json")
    assert twice.returncode == 1
    judged = rtaudit("check", GOOD, "--probe", "q.json", "--probe", "q.json")
    assert "two probes are of localhost and v" in judged.stderr
