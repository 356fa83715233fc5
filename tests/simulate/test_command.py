"""`rtaudit simulate` as a process."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from rtaudit.snapshot import write
from rtaudit.snapshot.aspects import DEFAULT_ASPECTS

from .support import ACCOUNT, SUB, snapshot

RUN = [sys.executable, "-m", "rtaudit", "simulate"]


def _start(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen([*RUN, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _refused(*words: str) -> tuple[int, str]:
    done = subprocess.run(
        [*RUN, *words], check=False, capture_output=True, text=True, timeout=90, env={**os.environ, "COLUMNS": "200"}
    )
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def test_it_prints_what_to_copy_serves_and_ends_quietly(tmp_path: Path):
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    write(snapshot(aspects=DEFAULT_ASPECTS, resourceGroups=["rg-Voice"]), one)
    write(snapshot(aspects=["accounts", "locks"], accounts=["a;b"]), two)
    process = _start(str(one), str(two), "--latency-ms", "1", "--deny", "*/deployments", "--throttle")
    try:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(4)]
        assert lines.pop(0).startswith("# Serving on http://127.0.0.1:")
        words = shlex.split(lines[0])
        assert words[0] == "export"
        environ = dict(word.split("=", 1) for word in words[1:])
        assert set(environ) == {"IDENTITY_ENDPOINT", "IDENTITY_HEADER"}
        url = environ["IDENTITY_ENDPOINT"].removesuffix("/msi/token")
        base = ["rtaudit", "collect", "--arm-endpoint", url, "--auth", "managed-identity", "-s", SUB.rsplit("/", 1)[-1]]
        assert shlex.split(lines[1]) == [*base, "-g", "rg-Voice", "--environment", "prod", "-o", "prod.json"]
        assert shlex.split(lines[2]) == [
            *base, "-a", "a;b", "--aspect", "accounts", "--aspect", "locks", "--environment", "prod", "-o", "prod.json",
        ]  # fmt: skip
        with socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[-1])), timeout=60) as connection:
            head = f"Host: {url.removeprefix('http://')}\r\nAuthorization: Bearer x\r\nConnection: close\r\n\r\n"
            connection.sendall(f"GET {ACCOUNT}/deployments?api-version=2025-09-01 HTTP/1.1\r\n{head}".encode())
            assert connection.makefile("rb").readline() == b"HTTP/1.1 403 Forbidden\r\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 0
        assert process.stderr
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("words", [[], ["--realtime", "voice-1"]])
def test_however_it_is_ended_it_leaves_no_folder(tmp_path: Path, how: signal.Signals, words: list[str]):
    write(snapshot(), tmp_path / "one.json")
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    process = subprocess.Popen(
        [*RUN, str(tmp_path / "one.json"), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(scratch)},
    )
    try:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(3)]
        assert all(lines)
        assert len(list(scratch.iterdir())) == (1 if words else 0)
        # A client that is connected does not keep it.
        address = ("127.0.0.1", int(shlex.split(lines[2])[3].rsplit(":", 1)[-1]))
        with socket.create_connection(address, timeout=60):
            process.send_signal(how)
            assert process.wait(10) == 0
        assert process.stderr
        assert process.stderr.read() == ""
        assert list(scratch.iterdir()) == []
    finally:
        process.kill()
        process.communicate()


def test_a_port_in_use(tmp_path: Path):
    write(snapshot(), tmp_path / "one.json")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, text = _refused(str(tmp_path / "one.json"), "--port", str(port))
    assert code == 3
    assert text.splitlines() == [
        f"error: port {port} of 127.0.0.1 is in use",
        "hint: give another --port, or none for any that is free",
    ]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["none.json"], 3, "error: "),
        (["bad.json"], 3, "is not a snapshot"),
        ([], 2, "missing argument"),
        (["one.json", "--port", "70000"], 2, "--port"),
        (["one.json", "--fail-rate", "2"], 2, "--fail-rate"),
    ],
)
def test_what_cannot_be_served(tmp_path: Path, monkeypatch, words, code, said):
    monkeypatch.chdir(tmp_path)
    write(snapshot(), tmp_path / "one.json")
    (tmp_path / "bad.json").write_text('{"schema": "other"}')
    got, text = _refused(*words)
    assert got == code
    assert said in text


def test_the_room_is_standard_library_only():
    code = "import sys, rtaudit.simulate; print([n for n in sys.modules if n.split('.')[0] in {'azure', 'requests', 'jsonschema'}])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=90)
    assert done.stdout.strip() == "[]"
