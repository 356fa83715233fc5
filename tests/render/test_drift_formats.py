"""A drift in every format: the formats that know findings only read it as a report."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from rtaudit.drift import Change, Comparison, Drift, DriftPolicy, Pair, Side, Unpaired, diff, matrix
from rtaudit.render import FORMATS, render, whole
from rtaudit.render.drift_report import as_report
from rtaudit.render.source_lines import Lines
from rtaudit.snapshot import Snapshot, load, write

from .samples import ACCOUNTS, EAST, HOSTILE, SWEDEN

SNAPSHOTS = Path(__file__).parents[2] / "snapshots"
TYPE = "microsoft.cognitiveservices/accounts"


def change(decision="drift", path="/properties/publicNetworkAccess", resource=EAST, severity="high", **changes):
    return Change(
        **{
            "role": "voice",
            "type": TYPE,
            "left": f"{ACCOUNTS}/left",
            "right": resource,
            "category": "network",
            "kind": "changed",
            "path": path,
            "before": "Disabled",
            "after": "Enabled",
            "severity": severity,
            "decision": decision,
            **changes,
        }
    )


def drift_of(changes, verdict, unpaired=()):
    left, right = Side("test", "sha256:" + "0" * 64, "test.json"), Side("prod", "sha256:" + "1" * 64, "prod.json")
    pairs = [Pair("voice", TYPE, f"{ACCOUNTS}/left", EAST, "name"), Pair("same", TYPE, f"{ACCOUNTS}/b", SWEDEN, "name")]
    comparison = Comparison(left, right, pairs, list(unpaired), list(changes))
    return Drift({"name": "rtaudit", "version": "0"}, "2026-11-22", "low", verdict, [comparison], sides=[left, right])


def test_each_decision_becomes_its_outcome():
    changes = [
        change(),
        change(path="/properties/networkAcls", before=None, after={"x": 1}),
        change("expected", "/sku", decided_by="cheaper-test"),
        change("ignored", "/tags", category="tags", severity="low", decided_by="tags"),
        change("unknown", "", category="logging", kind="removed", decided_by="diagnostics denied"),
    ]
    doubt = Unpaired("left", TYPE, f"{ACCOUNTS}/odd", "two could be meant: give --map")
    report = as_report(drift_of(changes, "drift", [doubt]))
    found = {(one.rule, one.outcome): one for one in report.findings}
    assert set(found) == {
        ("drift-network", "fail"),
        ("drift-network", "waived"),
        ("drift-tags", "waived"),
        ("drift-logging", "unknown"),
        ("drift-pairing", "unknown"),
        ("drift-none", "pass"),
    }
    failed = [one for one in report.findings if (one.rule, one.outcome) == ("drift-network", "fail")]
    assert [seen.field for one in failed for seen in one.observations] == [
        "/properties/networkAcls",
        "/properties/publicNetworkAccess",
    ]
    assert failed[1].message == "Public network access of account voice is disabled in test and enabled in prod."
    assert found["drift-network", "waived"].waiver == {"reason": "expected by cheaper-test"}
    assert found["drift-logging", "unknown"].note == "diagnostics denied"
    assert found["drift-pairing", "unknown"].environment == "test"
    assert report.summary["fail"] == 2
    assert (report.verdict, report.gate.exit_code) == ("drift", 1)


# A calendar holds dates alone.
OF_FINDINGS = [name for name in FORMATS if name != "ics"]


@pytest.mark.parametrize("name", OF_FINDINGS)
def test_every_format_says_the_verdict_and_the_unknown(name):
    said = whole(render(drift_of([change("unknown", decided_by="diagnostics denied")], "incomplete"), name))
    assert "incomplete" in said
    assert "diagnostics denied" in said
    assert "no drift" not in said
    said = whole(render(drift_of([], "same"), name))
    assert re.search(r"\bno drift\b|\bsame\b", said)
    assert "incomplete" not in said


@pytest.mark.parametrize("name", OF_FINDINGS)
def test_the_samples_drift_in_every_format(name):
    snapshots = [load(SNAPSHOTS / f"{label}.json") for label in ("prod", "test", "dev")]
    drift = diff(snapshots, DriftPolicy(), as_of=date(2026, 11, 22))
    said = whole(render(drift, name, snapshots=snapshots))
    assert "drift" in said
    assert "deploymentState" in said or "eployment state" in said or name == "markdown-short"
    if name in ("json", "sarif", "ocsf"):
        json.loads(said)
    elif name == "junit":
        root = ET.fromstring(said)
        assert int(root.get("failures")) > 3
        assert root.get("name") == "rtaudit: drift"


def test_every_format_counts_the_same():
    snapshots = [load(SNAPSHOTS / f"{label}.json") for label in ("prod", "test", "dev")]
    drift = diff(snapshots, DriftPolicy(), as_of=date(2026, 11, 22))
    number = sum(row.decision == "drift" for row in matrix(drift))
    report = as_report(drift)
    assert report.summary["fail"] == number
    root = ET.fromstring(whole(render(drift, "junit")))
    assert int(root.get("failures")) == number
    results = json.loads(whole(render(drift, "sarif")))["runs"][0]["results"]
    assert sum(one["properties"]["outcome"] == "fail" for one in results) == number
    for name in ("table", "markdown", "markdown-short", "html"):
        assert f"{number} differences" in whole(render(drift, name))
    for name in ("github", "azdo", "junit", "sarif"):
        assert f"{number} failed" in whole(render(drift, name))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("name", FORMATS)
def test_hostile_text_in_a_drift_stays_text(name, text):
    changes = [
        change(path=f"/{text}", before=text, after={text: [text]}, role=text, decided_by=text, meaning=text),
        change("unknown", resource=f"{ACCOUNTS}/{text}", role=text, decided_by=text),
    ]
    said = whole(render(drift_of(changes, "drift", [Unpaired("right", TYPE, text, text)]), name))
    written = said.encode("utf-8", "backslashreplace").decode()
    lines = written.replace("\r\n", "\n").split("\n")
    if name != "json":
        assert all(line.removeprefix("\ufeff").isprintable() for line in lines)
    if name not in ("github", "azdo"):
        assert not any(line.strip().startswith(("::error", "::warning")) for line in lines)
        assert "##vso[" not in written
    if name in ("html", "junit"):
        assert "<script>alert" not in written
    if name in ("json", "sarif", "ocsf"):
        json.loads(written)
    elif name == "junit":
        ET.fromstring(written)


@pytest.mark.parametrize(
    ("left", "right", "environment"),
    [("a", "b", "prod"), (None, "b", "prod"), ("a", None, "test"), (None, None, "prod")],
)
def test_a_finding_is_of_the_environment_that_holds_its_resource(left, right, environment):
    sides = {"left": left and f"{ACCOUNTS}/{left}", "right": right and f"{ACCOUNTS}/{right}"}
    drift = drift_of([change(path="", kind="removed" if right is None else "added", **sides)], "drift")
    (found,) = [one for one in as_report(drift).findings if one.outcome == "fail"]
    assert found.environment == environment
    text = whole(render(drift, "github"))
    assert f"file={environment}.json,line=1," in text
    sarif = json.loads(whole(render(drift, "sarif")))
    (result,) = [one for one in sarif["runs"][0]["results"] if one["kind"] == "fail"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == f"{environment}.json"


def test_of_two_snapshots_with_one_label_the_one_that_holds_the_resource_is_named(tmp_path):
    def saved(name, accounts):
        resources = [{"id": f"{ACCOUNTS}/{one}", "name": one} for one in accounts]
        write(Snapshot.of("dev", {"cloud": "AzureCloud", "aspects": ["accounts"]}, resources), tmp_path / name)
        return load(tmp_path / name)

    snapshots = [saved("da.json", ["x", "a", "old"]), saved("db.json", ["x", "b"])]
    lines = Lines(snapshots, [("dev", str(one.file)) for one in snapshots])
    for resource, name in (
        ("a", "da"), ("old", "da"), ("a/deployments/voice", "da"), ("b", "db"), ("x", "db"), ("none", "db")
    ):  # fmt: skip
        file = lines.file("dev", f"{ACCOUNTS}/{resource}")
        assert file == str(tmp_path / f"{name}.json")
        line = lines.line("dev", f"{ACCOUNTS}/{resource}")
        held = resource.split("/")[0]
        assert (f'accounts/{held}"' in Path(file).read_text().splitlines()[line - 1]) is (held != "none")
