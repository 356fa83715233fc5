"""The law of secrets: one of each shape, planted wherever a text is, reaches no output."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from rtaudit.assets import snapshots
from rtaudit.cli import app
from rtaudit.errors import InputError
from rtaudit.render import FORMATS
from rtaudit.snapshot import Snapshot, dump
from rtaudit.snapshot.files import parse
from tests.canaries import ANYWHERE, NAMES, WORD
from tests.collect.places import strings
from tests.collect.support import SUB, VOICE, Cloud, Reply, gather

SAMPLE = json.loads((snapshots() / "prod.json").read_text())
ALL = " | ".join(text for text, _ in ANYWHERE.values())
SECRETS = sorted({secret for _, secret in ANYWHERE.values()})
STRUCTURE = frozenset(
    {"id", "type", "kind", "location", "schema", "digest", "aspect", "aspects", "reason", "scope", "subscriptions"}
)


def found_in(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


PLACES = [path for path in strings(SAMPLE) if path[0] not in ("schema", "digest")]


def planted_everywhere(value: Any, text: str, field: str = "") -> Any:
    """`value` with `text` behind every string that is not what the tool finds its way by, and as a tag."""
    if isinstance(value, dict):
        made = {key: item if key in STRUCTURE else planted_everywhere(item, text, key) for key, item in value.items()}
        return {**made, f"tag {text}": "x", **dict.fromkeys(NAMES, WORD)} if field == "tags" else made
    if isinstance(value, list):
        return [planted_everywhere(item, text, field) for item in value]
    return f"{value} {text}" if isinstance(value, str) else value


@given(
    st.sampled_from(list(ANYWHERE.values())), st.sampled_from(PLACES), st.sampled_from(["{}", "{} {}", "{}\n{}", "{}"])
)
def test_a_snapshot_that_is_read_holds_none_wherever_it_stood(
    canary: tuple[str, str], place: tuple[Any, ...], how: str
) -> None:
    text, secret = canary
    document = copy.deepcopy(SAMPLE)
    at = document
    for step in place[:-1]:
        at = at[step]
    before = at[place[-1]]
    at[place[-1]] = how.format(text) if how == "{}" else how.format(before, text)
    held = parse_or_none(json.dumps(document))
    assert held is None or secret not in dump(held)


def parse_or_none(text: str) -> Snapshot | None:
    try:
        return parse(text, "planted.json")
    except InputError:
        # A field of the envelope has its words; what an error says is cut where it is printed.
        return None


@pytest.mark.parametrize("digest", ["its own", "none"])
def test_no_output_of_a_snapshot_that_holds_them_shows_one(tmp_path: Path, digest: str) -> None:
    document = {**SAMPLE, "resources": planted_everywhere(SAMPLE["resources"], ALL)}
    document.pop("digest")
    if digest == "its own":
        content = {name: value for name, value in document.items() if name != "collection"}
        document["digest"] = Snapshot.digest.func(  # type: ignore[attr-defined]
            Snapshot(content["environment"], content["scope"], content["resources"], (), content["clients"])
        )
    (tmp_path / "planted.json").write_text(json.dumps(document))
    assert len(found_in(json.dumps(document))) == len(SECRETS)
    file = str(tmp_path / "planted.json")
    outputs = [f"{name}={tmp_path / 'out'}.{name}" for name in FORMATS]
    words = ["check", file, "--evidence", str(tmp_path / "evidence"), "--fail-on", "info", "--show", "all"]
    ran = [
        CliRunner().invoke(app, [*words, *(word for one in outputs for word in ("-o", one))]),
        CliRunner().invoke(app, ["check", file, "--show", "all", "--fail-on", "info"]),
        CliRunner().invoke(app, ["diff", str(snapshots() / "test.json"), file, "-o", "json"]),
        CliRunner().invoke(app, ["diff", str(snapshots() / "test.json"), file]),
        CliRunner().invoke(app, ["snapshot", "show", file, "--what", "deployments", "-o", "json"]),
        CliRunner().invoke(app, ["snapshot", "redact", file]),
        CliRunner().invoke(app, ["snapshot", "merge", file, "-o", str(tmp_path / "merged.json")]),
    ]
    assert [done.exit_code for done in ran] == [1, 1, 1, 1, 0, 0, 0], [done.output[-500:] for done in ran]
    for done in ran:
        assert found_in(done.stdout + done.stderr) == []
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "planted.json"]
    assert len(written) > len(FORMATS)
    for path in written:
        assert found_in(path.read_text()) == [], path.name
    if digest == "its own":
        assert CliRunner().invoke(app, ["snapshot", "verify", str(tmp_path / "evidence")]).exit_code == 0


@pytest.mark.parametrize("comment", ["", f"# {ALL!r}\n"], ids=["in the fields", "in a comment too"])
def test_no_output_repeats_one_of_a_waiver(tmp_path: Path, comment: str) -> None:
    said = dict.fromkeys(("reason", "owner", "ticket"), f"on {ALL}")
    waiver = {"rule": "RTA-ID-001", "resource": "*", "expires": "2027-01-01", **said}
    pack = {
        "schema": "rtaudit.policy/1", "name": "ours", "title": ALL, "extends": ["production"],
        "override": {"RTA-ID-001": {"severity": "low", "because": ALL}},
    }  # fmt: skip
    (tmp_path / "waivers.yaml").write_text(comment + json.dumps({"schema": "rtaudit.waivers/1", "waivers": [waiver]}))
    (tmp_path / "pack.yaml").write_text(json.dumps(pack))
    folder = tmp_path / "made"
    folder.mkdir()
    words = ["check", str(snapshots() / "prod.json"), "--policy", str(tmp_path / "pack.yaml")]
    words += ["--waivers", str(tmp_path / "waivers.yaml"), "--show", "all", "--as-of", "2026-11-22"]
    outputs = [word for name in FORMATS for word in ("-o", f"{name}={folder / 'out'}.{name}")]
    for extra in ([], [*outputs, "--evidence", str(folder / "evidence")]):
        done = CliRunner().invoke(app, [*words, *extra])
        assert done.exit_code == 1, done.output[-500:]
        assert found_in(done.stdout + done.stderr) == []
    assert "[cut]" in (folder / "out.json").read_text()
    for path in folder.rglob("*"):
        assert not path.is_file() or found_in(path.read_text()) == [], path.name
    assert CliRunner().invoke(app, ["snapshot", "verify", str(folder / "evidence")]).exit_code == 0


def test_no_rendering_repeats_one_of_a_report(tmp_path: Path) -> None:
    made = CliRunner().invoke(app, ["check", str(snapshots() / "prod.json"), "-o", "json", "--fail-on", "info"])
    report = json.loads(made.stdout)
    report["warnings"] = [ALL]
    for finding in report["findings"]:
        if finding["outcome"] == "fail":
            finding["waiver"] = {"rule": finding["rule"], "resource": "*", "reason": ALL, "owner": ALL}
            finding["gaps"] = [{"scope": "/s", "aspect": "accounts", "reason": "denied", "message": ALL, "code": ALL}]
            finding["observations"][0] |= {"message": ALL, "actual": {"tags": {ALL: "x", "apiKey": WORD}}}
    (tmp_path / "old.json").write_text(json.dumps(report))
    for name in FORMATS:
        done = CliRunner().invoke(app, ["render", str(tmp_path / "old.json"), "-o", name])
        assert done.exit_code in (0, 1), done.output[-500:]
        assert found_in(done.stdout + done.stderr) == [], name


def test_no_drift_repeats_one_of_its_policy(tmp_path: Path) -> None:
    entry = {"id": "x", "where": {"category": "tags"}, "ignore": True, "reason": ALL, "owner": ALL}
    late = {**entry, "id": "late", "expires": "2026-01-01"}
    (tmp_path / "drift.yaml").write_text(
        json.dumps({"schema": "rtaudit.driftpolicy/1", "name": "ours", "entries": [entry, late]})
    )
    words = ["diff", str(snapshots() / "prod.json"), str(snapshots() / "test.json"), "--drift-policy"]
    for name in ("json", "table", "html"):
        done = CliRunner().invoke(app, [*words, str(tmp_path / "drift.yaml"), "-o", name, "--as-of", "2026-11-22"])
        assert done.exit_code == 1, done.output[-500:]
        assert found_in(done.stdout + done.stderr) == []


def test_no_collection_keeps_one(cloud: Cloud) -> None:
    cloud.lists = {path: planted_everywhere(rows, ALL) for path, rows in cloud.lists.items()}
    cloud.singles = {path: planted_everywhere(one, ALL) for path, one in cloud.singles.items()}
    account = cloud.lists[f"/subscriptions/{SUB}/providers/Microsoft.CognitiveServices/accounts".lower()][0]
    account["tags"] = {f"tag {ALL}": "x", **dict.fromkeys(NAMES, WORD)}
    account["properties"].update(dict.fromkeys(NAMES, WORD))
    cloud.on(f"{VOICE}/raiPolicies", Reply(403, {"error": {"code": ALL, "message": ALL}}))
    cloud.on(f"{VOICE}/deployments", Reply(400, f"<html>{ALL}</html>".encode()))
    lines: list[str] = []
    snapshot = gather(cloud).snapshot
    held = dump(snapshot) + "".join(lines)
    assert len(snapshot.gaps) >= 2
    assert found_in(held) == []
    assert held.count("[cut]") > 100


@pytest.mark.parametrize(
    "words", [["check", ALL], ["check", "x.json", "--set", ALL], ["snapshot", "show", "x", "--what", ALL]]
)
def test_no_error_repeats_one(tmp_path: Path, words: list[str]) -> None:
    done = CliRunner().invoke(app, words)
    assert done.exit_code in (2, 3)
    assert "error:" in done.stderr
    assert found_in(done.stderr) == []
