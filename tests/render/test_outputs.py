from __future__ import annotations

import pytest

from rtaudit.cli.outputs import Output, deliver, parse_outputs
from rtaudit.errors import RtauditError, UsageError
from rtaudit.report import dump

from .samples import HOSTILE, sample


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], [Output("table")]),
        (["json"], [Output("json")]),
        (["json=-"], [Output("json")]),
        (["json=x"], [Output("json", "x")]),
        (["json=a=b.txt"], [Output("json", "a=b.txt")]),
        (["report.JSON"], [Output("json", "report.JSON")]),
        (["./a=b.json"], [Output("json", "./a=b.json")]),
        (["table", "a.json", "b.txt"], [Output("table"), Output("json", "a.json"), Output("table", "b.txt")]),
    ],
)
def test_what_is_understood(words, expected):
    assert parse_outputs(words) == expected


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["tabel"], "unknown format 'tabel'", "did you mean 'table'"),
        (["tabel=x.json"], "unknown format 'tabel'", "did you mean 'table'"),
        (["x.docx"], "'x.docx' says no format", ".json"),
        (["json="], "names no path", "stdout"),
        (["json", "table"], "json and table cannot all go to stdout", "FORMAT=PATH"),
        (["a.json", "table=./a.json"], "two outputs go to", "own path"),
    ],
)
def test_what_is_refused(words, message, hint):
    with pytest.raises(UsageError) as caught:
        parse_outputs(words)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_folder_that_is_not_there_is_said_before_the_work(tmp_path):
    with pytest.raises(RtauditError, match="there is no folder") as caught:
        parse_outputs(["json=nowhere/a.json"])
    assert caught.value.exit_code == 3
    with pytest.raises(RtauditError, match="it is a folder"):
        parse_outputs([f"json={tmp_path}"])


def test_several_outputs_of_one_run(tmp_path, capfdbinary):
    deliver(parse_outputs(["json=a.json", "table"]), sample())
    out, err = capfdbinary.readouterr()
    assert out.decode().splitlines()[-1].startswith("not ready: 1 finding with 1 cause blocks")
    assert b"\x1b" not in out
    assert err == b"wrote a.json (json)\n"
    assert (tmp_path / "a.json").read_text() == dump(sample())


@pytest.mark.parametrize("columns", ["40", "200"])
def test_a_pipe_is_always_as_wide(columns, monkeypatch, capfdbinary):
    deliver([Output("table")], sample())
    expected = capfdbinary.readouterr().out
    monkeypatch.setenv("COLUMNS", columns)
    deliver([Output("table")], sample())
    assert capfdbinary.readouterr().out == expected


@pytest.mark.parametrize("text", HOSTILE[:2])
def test_a_hostile_path_is_plain_on_stderr(text, capfdbinary):
    name = text.replace("/", "_") + ".json"
    deliver([Output("json", name)], sample())
    assert b"\x1b" not in capfdbinary.readouterr().err
