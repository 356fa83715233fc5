"""A file that is no snapshot is one clear error and exit code 3, through the real command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rtaudit.assets import snapshots
from rtaudit.errors import InputError
from rtaudit.snapshot import load
from rtaudit.snapshot.files import parse

ACCOUNT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a"
GOOD: dict[str, Any] = {"schema": "rtaudit.snapshot/1", "scope": {"aspects": []}, "resources": [], "gaps": []}
GAP = {"scope": "/subscriptions/s", "aspect": "locks", "reason": "denied"}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (
            {**GOOD, "schema": "rtaudit.snapshot/2"},
            "is a snapshot of schema rtaudit.snapshot/2, and this version reads",
        ),
        ({**GOOD, "schema": "rtaudit.report/1"}, "is a rtaudit.report/1 document, not a snapshot"),
        ({**GOOD, "schema": None}, "is not a snapshot: it has no 'schema'"),
        ({**GOOD, "schema": 5}, "is not a snapshot: it has no 'schema'"),
        ({"a": 1}, "is not a snapshot"),
        ([], "is not a snapshot"),
        (None, "is not a snapshot"),
        ("text", "is not a snapshot"),
        ({key: value for key, value in GOOD.items() if key != "gaps"}, "the document lacks 'gaps'"),
        ({key: value for key, value in GOOD.items() if key != "resources"}, "the document lacks 'resources'"),
        ({**GOOD, "resources": {}}, "'resources' is a mapping, not a list"),
        ({**GOOD, "resources": None}, "'resources' is null, not a list"),
        ({**GOOD, "resources": [5]}, "resources[0] is not a resource with an 'id'"),
        ({**GOOD, "resources": [{}]}, "resources[0] is not a resource with an 'id'"),
        ({**GOOD, "resources": [{"id": "/"}]}, "resources[0] is not a resource with an 'id'"),
        ({**GOOD, "resources": [{"id": ACCOUNT}, {"id": ACCOUNT.upper() + "/"}]}, "resources[1] is there twice"),
        ({**GOOD, "resources": [{"id": ACCOUNT, "properties": []}]}, "resources[0].properties is not a mapping"),
        ({**GOOD, "resources": [{"id": ACCOUNT, "properties": [1]}]}, "resources[0].properties is not a mapping"),
        ({**GOOD, "resources": [{"id": ACCOUNT, "properties": "x"}]}, "resources[0].properties is not a mapping"),
        ({**GOOD, "scope": []}, "'scope' is a list, not a mapping"),
        ({**GOOD, "scope": {}}, "'scope' lacks 'aspects'"),
        ({**GOOD, "scope": {"aspects": "locks"}}, "'scope.aspects' is 'locks', not a list"),
        ({**GOOD, "gaps": [{**GAP, "reason": "lazy"}]}, "'gaps[0].reason' cannot be 'lazy'"),
        ({**GOOD, "gaps": [{**GAP, "status": "403"}]}, "'gaps[0].status' is '403', not a whole number or null"),
        ({**GOOD, "environment": ""}, "'environment'"),
        ({**GOOD, "environment": None}, "'environment' is null, not a string"),
        ({**GOOD, "digest": "md5:1"}, "'digest' is 'md5:1'"),
        ({**GOOD, "clients": [5]}, "'clients[0]' is 5, not a mapping"),
        ({**GOOD, "collection": {"runs": [5]}}, "'collection.runs[0]' is 5, not a mapping"),
        ({**GOOD, "collection": {"apiVersions": {"a": 5}}}, "is 5, not a string"),
        ({**GOOD, "collection": {"calls": [5]}}, "'collection.calls' is"),
        (
            {**GOOD, "scope": {**GOOD["scope"], "leftOut": {"accountsOfOtherKinds": "x"}}},
            "'scope.leftOut.accountsOfOtherKinds' is",
        ),
        ({**GOOD, "scope": {**GOOD["scope"], "leftOut": {"rules": {}}}}, "'scope.leftOut.rules' is"),
        ({**GOOD, "extra": 1}, "unknown key 'extra'"),
    ],
)
def test_one_clear_error(document: Any, says: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(json.dumps(document), "f.json")
    assert caught.value.message.startswith("f.json")
    assert says in caught.value.message
    assert caught.value.exit_code == 3


def test_the_least_that_is_one() -> None:
    snapshot = parse(json.dumps({**GOOD, "gaps": [{**GAP, "of": "a later version"}]}), "f.json")
    assert (snapshot.environment, snapshot.file, snapshot.recorded_digest) == ("default", "f.json", None)
    assert snapshot.gaps[0].reason == "denied"


def _write(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).write_bytes(data)
    return folder / name


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "bad.json is empty"),
        (b"not json", "bad.json:1:1: not JSON"),
        (b'{"schema": "rtaudit.snapshot/1", "scope": {"aspects"', "bad.json ends in the middle (line 1)"),
        (b"\xff\xfe{\x00}\x00", "bad.json is not UTF-8 text"),
        (b"[" * 900 + b"]" * 900, "bad.json is not a snapshot"),
        (json.dumps({**GOOD, "schema": "rtaudit.snapshot/9"}).encode(), "rtaudit.snapshot/9"),
        (json.dumps({**GOOD, "schema": "rtaudit.report/1"}).encode(), "is a rtaudit.report/1 document, not a snapshot"),
        (
            json.dumps({**GOOD, "resources": [{"id": ACCOUNT, "kind": "OpenAI", "tags": "NEST"}]})
            .replace('"NEST"', "[" * 100_000 + "]" * 100_000)
            .encode(),
            "nested too deeply",
        ),
    ],
)
def test_the_command_says_it_in_two_lines_and_ends_with_3(rtaudit: Any, tmp_path: Path, data: bytes, says: str) -> None:
    ended = rtaudit("check", _write(tmp_path, "bad.json", data))
    assert ended.returncode == 3
    assert ended.stdout == ""
    assert ended.stderr.startswith("error: ")
    assert says in ended.stderr
    assert len(ended.stderr.splitlines()) <= 2


def test_what_is_not_there_is_named(rtaudit: Any, tmp_path: Path) -> None:
    ended = rtaudit("check", "nowhere.json")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr.splitlines()[0] == "error: no such file: nowhere.json"


def test_a_report_is_no_snapshot(rtaudit: Any, tmp_path: Path) -> None:
    made = rtaudit("check", snapshots() / "prod.json", "-o", "json=report.json")
    assert made.returncode == 1
    ended = rtaudit("check", "report.json")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "is a rtaudit.report/1 document, not a snapshot" in ended.stderr


def test_standard_input_is_a_file_too(rtaudit: Any) -> None:
    ended = rtaudit("check", "-", "-o", "json", stdin=(snapshots() / "prod.json").read_text())
    assert ended.returncode == 1
    assert json.loads(ended.stdout)["snapshots"][0]["file"] == "standard input"
    ended = rtaudit("check", "-", stdin="{")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "standard input ends in the middle" in ended.stderr


def test_an_edited_snapshot_is_checked_where_that_is_allowed_only_and_said_to_be_edited(
    rtaudit: Any, tmp_path: Path
) -> None:
    text = (snapshots() / "prod.json").read_text().replace('"GlobalStandard"', '"DataZoneStandard"')
    (tmp_path / "edited.json").write_text(text)
    assert load(tmp_path / "edited.json").digest != load(tmp_path / "edited.json").recorded_digest
    ended = rtaudit("check", "edited.json", "-o", "json")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "error: edited.json: digest mismatch: the file was modified after collection" in ended.stderr
    ended = rtaudit("check", "edited.json", "-o", "json", "--allow-edited")
    assert "modified after collection" in ended.stderr
    assert any("modified after collection" in one for one in json.loads(ended.stdout)["warnings"])


@pytest.mark.parametrize(
    "words",
    [
        ["snapshot", "redact", "edited.json", "-o", "made.json"],
        ["snapshot", "merge", "edited.json", "edited.json", "-o", "made.json"],
        ["plan", str(snapshots() / "plans" / "prod.bicep.json"), "--with", "edited.json", "-o", "made.json"],
        ["collect", "--fill", "edited.json", "-o", "made.json"],
    ],
    ids=["redact", "merge", "plan", "fill"],
)
def test_no_snapshot_is_made_from_an_edited_one(rtaudit: Any, tmp_path: Path, words: list[str]) -> None:
    """What is made has a digest that fits: it would hide the edit."""
    text = (snapshots() / "prod.json").read_text().replace('"GlobalStandard"', '"DataZoneStandard"')
    (tmp_path / "edited.json").write_text(text)
    ended = rtaudit(*words)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr.splitlines() == [
        "error: edited.json: digest mismatch: the file was modified after collection",
        "hint: take the original, or collect again",
    ]
    assert not (tmp_path / "made.json").exists()


def test_an_edited_snapshot_is_shown_with_a_warning(rtaudit: Any, tmp_path: Path) -> None:
    text = (snapshots() / "prod.json").read_text().replace('"GlobalStandard"', '"DataZoneStandard"')
    (tmp_path / "edited.json").write_text(text)
    ended = rtaudit("snapshot", "show", "edited.json")
    assert ended.returncode == 0
    assert ended.stderr == "warning: edited.json was modified after collection: digest mismatch\n"


@pytest.mark.parametrize("command", ["check", "runbook"])
def test_a_command_without_a_snapshot_says_how_it_is_written(rtaudit: Any, command: str) -> None:
    ended = rtaudit(command)
    assert ended.returncode == 2
    assert f"hint: rtaudit {command} SNAPSHOT…, or -e LABEL" in ended.stderr


def test_a_snapshot_without_a_digest_is_said_to_be_made_by_hand(rtaudit: Any, tmp_path: Path) -> None:
    document = json.loads((snapshots() / "prod.json").read_text())
    del document["digest"]
    (tmp_path / "hand.json").write_text(json.dumps(document))
    ended = rtaudit("check", "hand.json", "-o", "json")
    assert ended.returncode == 1
    assert any("made by hand" in one for one in json.loads(ended.stdout)["warnings"])
