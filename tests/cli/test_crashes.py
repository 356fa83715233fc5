"""Crashes: an error of ours ends with 70 and asks for a report; what a machine or a file does wrong is an error with a hint."""

from __future__ import annotations

import http.server
import json
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from rtaudit.cli import app
from rtaudit.render import FORMATS
from rtaudit.snapshot import Snapshot, load, write

ROOT = Path(__file__).parents[2]
LONG = "n" * 300
VERDICTS = {0, 1, 2, 3, 4}
"""Exit codes that are answers or errors of the person who asked."""


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A command line that begins with `rtaudit`, as a shell runs it."""
    line = command.replace("rtaudit", f"{shlex.quote(sys.executable)} -W error -m rtaudit", 1)
    return subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, encoding="utf-8", check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("prod", "test"):
        (tmp_path / f"{name}.json").write_bytes((ROOT / "snapshots" / f"{name}.json").read_bytes())
    return tmp_path


@pytest.mark.parametrize(
    ("command", "code", "error"),
    [
        ("rtaudit check - <&-", 3, "cannot read standard input"),
        ("rtaudit check prod.json >&-", 3, "cannot write to standard output"),
        ("rtaudit diff prod.json test.json >&-", 3, "cannot write to standard output"),
        ("rtaudit schema report >&-", 3, "cannot write to standard output"),
        ("rtaudit --version >&-", 3, "cannot write to standard output"),
        ("rtaudit --help >&-", 3, "cannot write to standard output"),
        ("rtaudit check prod.json --as-of 2026-11-22 2>&-", 1, ""),
        ("rtaudit check prod.json --as-of 2026-11-22 -o json=r.json <&- >&- 2>&-", 1, ""),
        ("rtaudit check nowhere.json 2>&-", 3, ""),
        ("set -o pipefail; rtaudit --help | true", 0, ""),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("rtaudit") else "",
)
def test_closed_streams(folder: Path, command: str, code: int, error: str) -> None:
    ended = shell(command, folder)
    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stderr
    if error:
        first, second = ended.stderr.splitlines()[-2:]
        assert first.startswith(f"error: {error}"), ended.stderr
        assert second.startswith("hint: "), ended.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["check", f"{LONG}.json"],
        ["check", "prod.json", "-o", f"{LONG}.sarif"],
        ["check", "prod.json", "--policy", f"{LONG}.yaml"],
        ["check", "prod.json", "--evidence", LONG],
        ["check", "prod.json", "--waivers", LONG],
        ["check", "-e", "prod", "--config", LONG],
        ["client", "scan", LONG],
        ["client", "scan", ".", "--draft", LONG],
        ["collect", "-s", "x", "-o", f"{LONG}.json"],
        ["diff", "prod.json", "test.json", "--map", LONG],
        ["policy", "lint", f"{LONG}.yaml"],
        ["policy", "test", f"{LONG}.yaml"],
        ["render", LONG],
        ["snapshot", "merge", "prod.json", "test.json", "-o", f"{LONG}.json"],
        ["snapshot", "redact", "prod.json", "-o", f"{LONG}.json"],
        ["snapshot", "verify", LONG],
    ],
    ids=lambda words: " ".join(word for word in words if LONG not in word),
)
def test_a_name_of_300_bytes_is_an_error_with_a_hint(
    folder: Path, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(app, words)
    assert done.exit_code in (2, 3), done.output
    error, hint = done.stderr.splitlines()[-2:]
    assert error.startswith("error: ")
    assert hint.startswith("hint: ")


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("policy test {}", "schema: rtaudit.cases/1\nasOf: 2026-13-45\ncases: {}\n"),
        ("check prod.json --waivers {}", "schema: rtaudit.waivers/1\nwaivers: [{rule: A, resource: b, reason: c, expires: 2026-02-30}]\n"),
        ("diff test.json prod.json --drift-policy {}", "schema: rtaudit.driftpolicy/1\nentries: [{id: a, severity: low, expires: 2026-02-30}]\n"),
    ],
    ids=["cases", "waivers", "drift-policy"],
)  # fmt: skip
def test_a_date_that_is_on_no_calendar_is_an_error_at_its_line(
    folder: Path, command: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "x.cases.yaml").write_text(text, "utf-8")
    done = CliRunner().invoke(app, command.format("x.cases.yaml").split())
    assert done.exit_code == 3, done.output
    assert done.stderr.startswith("error: x.cases.yaml:2:")
    assert "which is not a valid date" in done.stderr


def test_a_report_whose_time_is_no_time_is_still_rendered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert CliRunner().invoke(app, ["check", "prod.json", "--as-of", "2026-11-22", "-o", "r.json"]).exit_code == 1
    report = json.loads((folder / "r.json").read_text("utf-8"))
    (folder / "r.json").write_text(json.dumps({**report, "generatedAt": "long ago"}), "utf-8")
    for form in FORMATS:
        done = CliRunner().invoke(app, ["render", "r.json", "--snapshot", "prod.json", "-o", f"{form}=out"])
        assert done.exit_code == 0, (form, done.output)
    (folder / "r.json").write_text(json.dumps({**report, "asOf": "2026-13-45"}), "utf-8")
    done = CliRunner().invoke(app, ["render", "r.json"])
    assert done.exit_code == 3
    assert "'asOf' is '2026-13-45', which is not a valid date" in done.stderr


CRASH = """
import sys
from rtaudit.cli import app, main
from rtaudit.cli.app import command

@command()
def fall() -> None:
    raise {error}

sys.argv = ["rtaudit", "fall"]
main()
"""


@pytest.mark.parametrize(
    ("error", "code", "last"),
    [
        ("KeyError('x')", 70, "hint: please report it"),
        ("AssertionError", 70, "hint: please report it"),
        ("ValueError('::error::no command\\x1b[31m')", 70, "hint: please report it"),
        ("OSError('no number')", 70, "hint: please report it"),
        ("MemoryError", 3, "hint: use a machine with more"),
        ("RecursionError", 3, "hint: check the files"),
        ("OSError(28, 'No space left on device', 'x')", 3, "hint: make room"),
        ("PermissionError(13, 'Permission denied', 'x')", 3, "hint: check the path"),
        ("KeyboardInterrupt", 130, "interrupted"),
    ],
)
def test_how_an_error_ends(tmp_path: Path, error: str, code: int, last: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", CRASH.format(error=error)],
        cwd=tmp_path, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert ended.returncode == code
    assert ended.stderr.splitlines()[-1].startswith(last), ended.stderr
    assert ("Traceback" in ended.stderr) == (code == 70)
    if code == 70:
        assert ended.stderr.splitlines()[-2].startswith("error: rtaudit ")
    assert "::error::" not in ended.stderr
    assert "\x1b" not in ended.stderr


def test_no_secret_is_in_a_traceback(tmp_path: Path) -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJvaWQiOiIwMTIzNDU2Nzg5In0.c2lnbmF0dXJlLW9mLWEtdG9rZW4"
    code = CRASH.format(error=f"KeyError('Bearer {token}')")
    ended = subprocess.run(
        [sys.executable, "-c", f"token = 0{code}"], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
    )
    assert ended.returncode == 70
    assert token not in ended.stderr


@contextmanager
def identity_endpoint(body: bytes) -> Iterator[str]:
    """An identity endpoint on loopback that answers every request with `body`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/token"
        finally:
            server.shutdown()
            thread.join()


_ANSWERS = [
    "[]", "null", "5", '"token"', "true", "{}", '{"access_token": 5, "expires_on": 9999999999}',
    '{"access_token": null, "expires_on": "9999999999"}', '{"access_token": "", "expires_in": 3600}',
    '{"access_token": "t", "expires_on": []}', '{"access_token": "t", "expires_on": 1e999}', "[" * 100_000, "", "<html>",
]  # fmt: skip


@pytest.mark.parametrize("answer", _ANSWERS, ids=lambda one: one[:60])
def test_an_identity_endpoint_that_answers_nonsense(tmp_path: Path, answer: str) -> None:
    with identity_endpoint(answer.encode()) as url:
        environment = {**os.environ, "IDENTITY_ENDPOINT": url, "IDENTITY_HEADER": "h"}
        ended = subprocess.run(
            [sys.executable, "-W", "error", "-m", "rtaudit", "collect", "-s", "x", "--arm-endpoint", url.removesuffix("/token")],
            cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip
    assert ended.returncode == 3, ended.stderr
    error, hint = ended.stderr.splitlines()[-2:]
    assert error.startswith("error: could not get a token"), ended.stderr
    assert hint.startswith("hint: ")


_HOSTILE = {
    "empty": b"",
    "list": b"[]",
    "null": b"null",
    "number": b"5",
    "text": b'"text"',
    "mapping": b"{}",
    "deep": b"[" * 5000,
    "half": b'{"schema": "rtaudit.snapshot/1", "resources": [{',
    "bytes": bytes(range(256)),
    "utf16": "{}".encode("utf-16"),
    "schemas": json.dumps({"schema": "rtaudit.snapshot/1", "resources": None, "gaps": 5, "scope": []}).encode(),
    "report": json.dumps({"schema": "rtaudit.report/1", "findings": [5], "gate": None}).encode(),
    "drift": json.dumps({"schema": "rtaudit.drift/1", "comparisons": [None]}).encode(),
    "null byte": b'schema: rtaudit.policy/1\nname: "a\\0b"\nextends: ["\\0"]\n',
}
"""Name -> what a file may hold that is given for another."""

_LONG_RUNNING = {"simulate", "demo"}
_NETWORK = {"collect", "audit", "preflight", "probe"}


def _commands(group: Any, *names: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from _commands(one, *names, name)
        elif name not in _LONG_RUNNING:
            yield (*names, name), one


COMMANDS = dict(_commands(typer.main.get_command(app)))


def _words(path: tuple[str, ...], options: list[tuple[Any, str]]) -> list[str]:
    """A command line. What would reach a network is stopped by a cloud that there is none of."""
    words = list(path)
    arguments: list[str] = []
    for parameter, value in options:
        if not parameter.opts[0].startswith("-"):
            arguments.append(value)
        elif parameter.is_flag:
            words.append(parameter.opts[0])
        else:
            words += [parameter.opts[0], value]
    return [*words, *(["--cloud", "none"] if path[0] in _NETWORK else []), *arguments]


@pytest.mark.parametrize("name", _HOSTILE)
def test_a_file_that_is_something_else(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of the files that commands take."""
    monkeypatch.chdir(folder)
    (folder / "hostile.yaml").write_bytes(_HOSTILE[name])
    # What is right beside it is small: that it is right is all that counts.
    write(Snapshot.of("prod", load(folder / "prod.json").scope, [], []), folder / "small.json")
    places = [
        (path, one.params, parameter)
        for path, one in COMMANDS.items()
        for parameter in one.params
        if not parameter.opts[0].startswith("-")
        or any(word in (parameter.metavar or "") for word in ("FILE", "PATH", "json"))
    ]
    # A third of the places for each content, another third for the next: a file is read by few functions.
    for path, parameters, parameter in places[list(_HOSTILE).index(name) % 3 :: 3]:
        arguments = [one for one in parameters if not one.opts[0].startswith("-") and one is not parameter]
        words = _words(path, [*((one, "small.json") for one in arguments), (parameter, "hostile.yaml")])
        done = CliRunner().invoke(app, words, input="{}")
        assert done.exit_code in VERDICTS, (words, done.output[-1500:])


_VALUES = st.sampled_from(
    ["prod.json", "nowhere.json", "-", "", " ", LONG, "high", "none", "all", "5", "-1", "1e999", "a=b", "=",
     "a=[", "2026-11-22", "20261122", "json", "sarif=x.sarif", "json=", "..", "/dev/null", "é\u202e::error::", "%s{}",
     "account", "production", "RTA-ID-001", "1/2", "0/0", "tag:role", "prod", "*", "[", "\udcff"]
)  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
@pytest.mark.parametrize(
    "command",
    [
        "check loop", "check prod.json --policy loop", "check prod.json --waivers loop", "policy lint loop", "policy test loop", "plan loop",
        "diff prod.json test.json --drift-policy loop", "diff prod.json test.json --map loop", "client scan loop", "snapshot verify loop",
        "snapshot redact prod.json --key loop", "check prod.json --evidence loop",
    ],
)  # fmt: skip
def test_links_in_a_circle_are_an_error(folder: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "loop").symlink_to("loop")
    done = CliRunner().invoke(app, command.split())
    assert done.exit_code in (2, 3), done.output
    assert "error: " in done.stderr


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_command_line_ends_with_an_answer_or_an_error(
    data: st.DataObject, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    path = data.draw(st.sampled_from(sorted(COMMANDS)))
    parameters = [one for one in COMMANDS[path].params if one.name != "evidence"]
    chosen = data.draw(st.lists(st.sampled_from(parameters), max_size=5) if parameters else st.just([]))
    words = _words(path, [(one, data.draw(_VALUES)) for one in chosen])
    done = CliRunner().invoke(app, words, input="{}")
    assert done.exit_code in VERDICTS, (words, done.output[-2000:])
