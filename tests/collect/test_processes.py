"""The command as a process: signals, time budgets, exit codes, files that are never half."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rtaudit.cli import app
from rtaudit.snapshot import load
from tests.canaries import GITHUB
from tests.collect.support import QUICK, SUB, SUB2, VOICE, Cloud, Reply, denied, gather

TOKENS = {"access_token": "opaque", "expires_on": "9999999999", "token_type": "Bearer", "resource": "x"}
SLOW = f"{VOICE}/deployments"


@pytest.fixture
def environ(cloud: Cloud) -> dict[str, str]:
    cloud.singles["/token"] = TOKENS
    return {**os.environ, "IDENTITY_ENDPOINT": f"{cloud.url}/token", "IDENTITY_HEADER": "x"}


def words(cloud: Cloud, *more: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "rtaudit", "collect", "--arm-endpoint", cloud.url, "-s", SUB, *more]


def run(cloud: Cloud, environ: dict[str, str], folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words(cloud, *more), env=environ, cwd=folder, capture_output=True, text=True, timeout=90, check=False
    )


@contextmanager
def stuck(cloud: Cloud, environ: dict[str, str], folder: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """A collection that has read everything but one list, for which it waits."""
    process = subprocess.Popen(
        words(cloud, *more), env=environ, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        end = time.monotonic() + 80
        while SLOW not in cloud.paths():
            assert time.monotonic() < end, "it never asked"
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            time.sleep(0.02)
        time.sleep(0.4)
        yield process
    finally:
        process.kill()
        process.communicate()


def test_whole_on_stdout_and_silence_in_a_pipe(cloud: Cloud, environ: dict[str, str], tmp_path: Path) -> None:
    done = run(cloud, environ, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["gaps"] == []


def test_with_gaps_it_is_written_summed_up_and_exits_with_4(
    cloud: Cloud, environ: dict[str, str], tmp_path: Path
) -> None:
    cloud.on(SLOW, denied("Microsoft.CognitiveServices/accounts/deployments/read"))
    done = run(cloud, environ, tmp_path, "-o", "prod.json")
    assert done.returncode == 4
    assert done.stderr.splitlines() == [
        "1 gap:",
        "  deployments of account voice: Microsoft.CognitiveServices/accounts/deployments/read denied",
        f"wrote prod.json: {len(load(tmp_path / 'prod.json').resources)} resources, 1 gap",
    ]


@pytest.mark.parametrize(
    ("number", "reply"),
    [
        (signal.SIGINT, Reply(delay=50)),
        (signal.SIGINT, Reply(429, b"", {"Retry-After": "60"})),
        (signal.SIGTERM, Reply(503, b"", {"Retry-After": "60"})),
        (signal.SIGHUP, Reply(delay=50)),
    ],
    ids=["answer", "bucket", "retry", "the terminal closes"],
)
def test_a_signal_ends_it_within_a_second_and_leaves_what_was_read(
    cloud: Cloud, environ: dict[str, str], tmp_path: Path, number: signal.Signals, reply: Reply
) -> None:
    (tmp_path / "prod.json").write_text("what stood here before")
    cloud.on(SLOW, reply)
    with stuck(cloud, environ, tmp_path, "-o", "prod.json") as process:
        started = time.monotonic()
        process.send_signal(number)
        _, errors = process.communicate(timeout=90)
        # Within a second on an idle machine; on a busy one still less than the 50 and 60 that it would have to wait.
        assert time.monotonic() - started < 45
    assert process.returncode == 130
    assert "prod.partial.json" in errors
    assert (tmp_path / "prod.json").read_text() == "what stood here before"
    partial = load(tmp_path / "prod.partial.json")
    assert {(gap.reason, gap.code) for gap in partial.gaps} == {("interrupted", "Stopped")}
    assert ("deployments", VOICE) in {(gap.aspect, gap.scope) for gap in partial.gaps}
    assert VOICE in {one["id"] for one in partial.resources}
    assert sorted(os.listdir(tmp_path)) == ["prod.json", "prod.partial.json"]


def test_a_partial_snapshot_is_filled_to_the_whole(cloud: Cloud, environ: dict[str, str], tmp_path: Path) -> None:
    cloud.on(SLOW, Reply(429, b"", {"Retry-After": "60"}))
    with stuck(cloud, environ, tmp_path) as process:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=90)
    cloud.scripts.clear()
    whole = load_text(run(cloud, environ, tmp_path).stdout)
    fill = [sys.executable, "-m", "rtaudit", "collect", "--arm-endpoint", cloud.url, "--fill", "default.partial.json"]
    done = subprocess.run(fill, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    filled = load_text(done.stdout)
    assert filled["digest"] == whole["digest"]
    assert len(filled["collection"]["runs"]) == 2


def load_text(text: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(text)
    return found


def test_a_time_budget_leaves_a_partial_snapshot_and_exits_with_4(
    cloud: Cloud, environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "prod.json").write_text("what stood here before")
    cloud.on(SLOW, Reply(delay=50))
    started = time.monotonic()
    done = run(cloud, environ, tmp_path, "-o", "prod.json", "--timeout", "1.5")
    assert time.monotonic() - started < 45
    assert done.returncode == 4
    assert (tmp_path / "prod.json").read_text() == "what stood here before"
    assert load(tmp_path / "prod.partial.json").collection["runs"][0]["stopped"] == "time budget"


def test_signals_do_not_keep_it_from_seeing_the_time(cloud: Cloud) -> None:
    # Each of them interrupts the wait for the next answer, some just before its end.
    cloud.on(SLOW, Reply(delay=50))
    here, over = threading.get_ident(), threading.Event()

    def ring() -> None:
        while not over.wait(0.003):
            signal.pthread_kill(here, signal.SIGUSR1)

    ringing = threading.Thread(target=ring)
    before = signal.signal(signal.SIGUSR1, lambda *_: time.sleep(0.002))
    ringing.start()
    started = time.monotonic()
    try:
        done = gather(cloud, limits=replace(QUICK, budget=1.5, read_timeout=60))
    finally:
        over.set()
        ringing.join()
        signal.signal(signal.SIGUSR1, before)
    assert done.interrupted == "time budget"
    assert time.monotonic() - started < 45


def test_killed_at_any_moment_the_old_file_is_whole(cloud: Cloud, environ: dict[str, str], tmp_path: Path) -> None:
    target = tmp_path / "prod.json"
    assert run(cloud, environ, tmp_path, "-o", "prod.json").returncode == 0
    before = load(target).digest
    cloud.lists[SLOW.lower()] = []
    for delay in (0.5, 0.7, 0.8):
        process = subprocess.Popen(
            words(cloud, "-o", "prod.json"), env=environ, cwd=tmp_path, stderr=subprocess.DEVNULL
        )
        time.sleep(delay)
        process.kill()
        process.wait()
        assert load(target).recorded_digest == load(target).digest
    cloud.on(SLOW, Reply(delay=20))
    old = target.read_bytes()
    with stuck(cloud, environ, tmp_path, "-o", "prod.json") as process:
        process.kill()
        process.wait()
    assert target.read_bytes() == old
    assert before != load_text(run_after(cloud, environ, tmp_path))["digest"]


def run_after(cloud: Cloud, environ: dict[str, str], folder: Path) -> str:
    cloud.scripts.clear()
    return run(cloud, environ, folder).stdout


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (["--aspect", "deploymnts"], 2, "did you mean 'deployments'?"),
        (["--skip", "accounts"], 2, "accounts cannot be skipped"),
        (["--aspect", "models", "--skip", "usages"], 2, "contradict"),
        (["--all-subscriptions"], 2, "contradict"),
        (["--auth", "cli"], 2, "plain http"),
        (["--auth", "clii"], 2, "did you mean 'cli'?"),
        (["--cloud", "AzureGov"], 2, "unknown cloud"),
        (["--shard", "4/3"], 2, "unknown shard"),
        (["--progress", "loud"], 2, "allowed: auto, none, plain"),
        (["--environment", ""], 2, "--environment is empty"),
        (["-o", "/nonexistent/x.json"], 3, "cannot write"),
        (["-o", "."], 3, "cannot write"),
        (["--log-file", "/nonexistent/x.log"], 3, "cannot write"),
        (["--for", "no-such-pack"], 3, "no-such-pack"),
        (["--fill", "x.json"], 2, "-s does not go with it"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_read(
    cloud: Cloud, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, more: list[str], code: int, message: str
) -> None:
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        monkeypatch.setenv(name, environ[name])
    done = CliRunner().invoke(app, words(cloud, *more)[5:])
    assert done.exit_code == code, done.stderr
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    assert message in done.stderr
    assert done.stdout == ""
    assert not [path for path in cloud.paths() if path.endswith("/deployments")]


def test_a_subscription_that_was_named_and_is_not_there_ends_the_run(
    cloud: Cloud, environ: dict[str, str], tmp_path: Path
) -> None:
    # The others are being read by then; nothing of them is written.
    done = run(cloud, environ, tmp_path, "-s", SUB2, "-o", "prod.json")
    assert done.returncode == 3
    assert done.stderr.splitlines()[0] == (
        f"error: the subscription '{SUB2}' is not among those that the credential can see"
    )
    assert done.stderr.splitlines()[1].startswith("hint: ")
    assert done.stdout == ""
    assert not (tmp_path / "prod.json").exists()


def test_a_resource_group_that_is_not_there_ends_the_run_and_one_without_accounts_is_warned_of(
    cloud: Cloud, environ: dict[str, str], tmp_path: Path
) -> None:
    done = run(cloud, environ, tmp_path, "-g", "empty", "-g", "rg", "-o", "prod.json")
    assert done.returncode == 0
    assert done.stderr.splitlines()[0] == (
        "warning: the resource group 'empty' holds no account of kind OpenAI or AIServices"
    )
    assert len(done.stderr.splitlines()) == 2
    cloud.on(
        f"/subscriptions/{SUB}/resourceGroups/empty",
        Reply(
            404, {"error": {"code": "ResourceGroupNotFound", "message": "Resource group 'empty' could not be found."}}
        ),
    )
    done = run(cloud, environ, tmp_path, "-g", "empty", "-g", "rg", "-o", "other.json")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.splitlines() == [
        f"error: unknown resource group 'empty' in the subscription {SUB}",
        "hint: check the name and the subscription",
    ]
    assert not (tmp_path / "other.json").exists()
    cloud.lists.clear()
    done = run(cloud, environ, tmp_path)
    assert done.returncode == 0
    assert done.stderr == f"warning: the subscription {SUB} holds no account of kind OpenAI or AIServices\n"


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(reset=True), "ProtocolError"),
        (Reply(body=b"<html>sign in</html>"), "MalformedAnswer: the answer is not JSON"),
        (Reply(body=b'{"value": [{"id":'), "MalformedAnswer: the answer is not JSON"),
    ],
)
def test_what_is_no_resource_manager_replaces_no_snapshot(
    cloud: Cloud, environ: dict[str, str], tmp_path: Path, reply: Reply, why: str
) -> None:
    (tmp_path / "prod.json").write_text("what stood here before")
    cloud.choose = lambda path: None if path == "/token" else reply
    done = run(cloud, environ, tmp_path, "-o", "prod.json")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith(f"error: {cloud.url} does not answer as a Resource Manager: {why}")
    assert done.stderr.splitlines()[1] == "hint: check the network, --cloud and --arm-endpoint"
    assert (tmp_path / "prod.json").read_text() == "what stood here before"
    # One that says no is one: each of its refusals is a gap.
    cloud.choose = lambda path: None if path == "/token" else denied()
    assert run(cloud, environ, tmp_path, "-o", "prod.json").returncode == 4


def test_without_an_identity_it_says_so(cloud: Cloud, environ: dict[str, str], tmp_path: Path) -> None:
    del environ["IDENTITY_ENDPOINT"]
    done = run(cloud, environ, tmp_path)
    assert done.returncode == 3
    assert "needs an identity endpoint on loopback" in done.stderr
    environ["IDENTITY_ENDPOINT"] = "https://example.com/token"
    assert "not on loopback" in run(cloud, environ, tmp_path).stderr
    environ["IDENTITY_ENDPOINT"] = f"{cloud.url}/broken"
    cloud.on("/broken", Reply(400, b"no"))
    done = run(cloud, environ, tmp_path)
    assert done.returncode == 3
    assert done.stderr.startswith("error: could not get a token")
    assert cloud.paths().count("/subscriptions") == 0


def test_calls_are_logged_without_headers_and_secrets(cloud: Cloud, environ: dict[str, str], tmp_path: Path) -> None:
    cloud.on(SLOW, Reply(body={"value": []}, headers={"x-ms-request-id": "the-\x1b[31mid " + GITHUB}))
    known = "77777777-7b93-4f28-af87-19fc36ad61bd"
    cloud.on(f"{VOICE}/raiPolicies", Reply(body={"value": []}, headers={"x-ms-request-id": known}))
    done = run(cloud, environ, tmp_path, "--log-file", "calls.log", "--verbose", "-o", "x.json")
    assert done.returncode == 0, done.stderr
    log = (tmp_path / "calls.log").read_text()
    assert len(log.splitlines()) == len([path for path in cloud.paths() if path != "/token"])
    line = next(line for line in log.splitlines() if SLOW in line)
    assert " GET " in line
    assert " 200 " in line
    assert "ms " in line
    assert "\x1b" not in log + done.stderr
    assert GITHUB[:12] not in log + done.stderr
    assert log.count(known) == 1
    assert "opaque" not in log + done.stderr
    assert "Bearer" not in log
    assert all(line in done.stderr for line in log.splitlines())


@pytest.mark.parametrize("more", [["--log-file", "/dev/full"], ["--verbose"], ["--progress", "plain"], []])
def test_a_full_disk_under_what_is_said_beside_costs_no_snapshot(
    cloud: Cloud, environ: dict[str, str], tmp_path: Path, more: list[str]
) -> None:
    cloud.on(SLOW, denied())
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            words(cloud, "-o", "x.json", *more), env=environ, cwd=tmp_path, stderr=full, timeout=90, check=False
        )
    assert done.returncode == 4
    assert [gap.aspect for gap in load(tmp_path / "x.json").gaps] == ["deployments"]


def test_a_log_that_cannot_be_kept_is_warned_of(cloud: Cloud, environ: dict[str, str], tmp_path: Path) -> None:
    done = run(cloud, environ, tmp_path, "-o", "x.json", "--log-file", "/dev/full")
    assert done.returncode == 0
    assert done.stderr.splitlines()[0] == "warning: /dev/full does not hold every call: No space left on device"


def test_nobody_who_reads_what_is_said_beside_changes_no_exit_code(
    cloud: Cloud, environ: dict[str, str], tmp_path: Path
) -> None:
    cloud.on(SLOW, denied())
    with subprocess.Popen(words(cloud, "-o", "x.json"), env=environ, cwd=tmp_path, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        process.stderr.close()
        assert process.wait(timeout=90) == 4
    assert load(tmp_path / "x.json").gaps


@pytest.mark.parametrize("asked", [["--help"], ["check", "--help"], ["--version"], ["policy", "list"]])
def test_no_room_for_what_was_asked_is_an_error_of_two_lines(asked: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "rtaudit", *asked], stdout=full, stderr=subprocess.PIPE, text=True,
            timeout=90, check=False,
        )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr.startswith("error: cannot write to standard output: No space left on device\nhint: ")
    assert len(done.stderr.splitlines()) == 2


def test_progress_plain_says_a_line_every_ten_seconds(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from rtaudit.cli import progress
    from rtaudit.collect.gather import Status

    monkeypatch.setattr(progress, "EVERY", 0.0)
    with progress.Progress("plain") as shown:
        shown.update(Status(planned={"models": 3}, done={"models": 2}, gaps=1, calls=7, throttled=2))
    said = capsys.readouterr().err
    assert said.startswith("collect: 2 of 3 reads, ")
    assert said.endswith("calls/s, 2 throttled, 1 gap\n")


def test_a_bar_on_a_terminal(cloud: Cloud, environ: dict[str, str], tmp_path: Path) -> None:
    import pty

    cloud.on(SLOW, Reply(body={"value": []}, delay=2))
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        words(cloud, "-o", "x.json"), env={**environ, "TERM": "xterm"}, cwd=tmp_path, stderr=terminal
    )
    os.close(terminal)
    seen = b""
    while True:
        try:
            piece = os.read(controller, 65536)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    os.close(controller)
    assert process.wait() == 0
    assert b"deployments" in seen
    assert b"together" in seen
    assert b"calls/s" in seen


@pytest.mark.parametrize("show", [["--show", "all"], ["-o", "json"]])
def test_a_reader_that_has_seen_enough_does_not_change_the_exit_code(show: list[str]) -> None:
    prod = Path(__file__).parents[2] / "snapshots" / "prod.json"
    words = [sys.executable, "-W", "error", "-m", "rtaudit", "check", str(prod), "--as-of", "2026-11-22", *show]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.wait(timeout=90) == 1
        assert process.stderr.read() == b""
    with open("/dev/full", "wb") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, timeout=90, check=False)
    assert done.returncode == 3
    assert done.stderr.splitlines()[0].startswith("error: cannot write to standard output: No space")


def test_no_build_agent_takes_an_error_for_a_command() -> None:
    done = CliRunner().invoke(app, ["check", "##vso[task.complete result=Succeeded;]no.json"])
    assert done.exit_code == 3
    assert "no.json" in done.stderr
    assert "##vso[" not in done.stderr
    done = CliRunner().invoke(app, ["check", "::error::no.json"])
    assert "::error::" not in done.stderr


@pytest.mark.parametrize("command", ["collect", "preflight", "audit"])
@pytest.mark.parametrize(
    ("allowed", "said"),
    [
        (None, "is not of the host of --arm-endpoint"),
        ("https://other.example", "is not of the host of --arm-endpoint"),
        ("https://arm.local.example", "could not get a token"),
    ],
)
def test_a_custom_audience_needs_a_reason_in_the_file(
    environ: dict[str, str], tmp_path: Path, command: str, allowed: str | None, said: str
) -> None:
    url, audience = "https://arm.local.example", "https://management.contoso.example/4de154de"
    if allowed is not None:
        entry = f"[{{endpoint: '{allowed}', audience: '{audience}', reason: our own Azure}}]"
        text = f"schema: rtaudit.config/1\naudiences: {entry}\nenvironments: {{prod: {{failOn: high}}}}\n"
        (tmp_path / "rtaudit.yaml").write_text(text)
    words = [command, "--arm-endpoint", url, "--audience", audience, "-s", SUB, "--auth", "environment"]
    done = subprocess.run(
        [sys.executable, "-m", "rtaudit", *words],
        env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode in (2, 3)
    assert said in done.stderr
