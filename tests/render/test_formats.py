"""What each format's reader needs, and what no hostile text may do to it."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import markdown_it
import pytest

from rtaudit.render import FORMATS, by_extension, render, whole
from rtaudit.render.markdown import SHORT_LIMIT
from rtaudit.render.text import OUTCOME_WORDS
from rtaudit.report import dump
from rtaudit.report.files import parse
from rtaudit.report.model import OUTCOMES
from rtaudit.report.schema import ENVELOPE as REPORT_SCHEMA
from rtaudit.snapshot import Snapshot, load, write

from .samples import EAST, HOSTILE, hostile, incomplete, many, ready, report_of, sample

FIXTURES = Path(__file__).parent
SNAPSHOTS = FIXTURES.parents[1] / "snapshots"
TEXT_FORMATS = [name for name in FORMATS if name not in ("json", "html")]
hostiles = pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))


def text_of(report, name, **options):
    return whole(render(report, name, **options))


def utf8(text):
    """As it is written: lone surrogates as JSON's escape for them."""
    return text.encode("utf-8", "backslashreplace").decode()


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_report_gives_the_same_bytes(name):
    assert text_of(sample(), name) == text_of(sample(), name)


OF_FINDINGS = [name for name in FORMATS if name != "ics"]
"""Formats that hold the findings; a calendar holds dates."""


@pytest.mark.parametrize("name", OF_FINDINGS)
def test_no_format_says_ready_of_what_is_not(name):
    for report in (incomplete(), sample()):
        said = re.sub(r"not[ ]?ready|steps to ready", "", text_of(report, name), flags=re.IGNORECASE)
        assert not re.search(r"\bready\b", said, re.IGNORECASE)
    assert re.search(r"\bincomplete\b", text_of(incomplete(), name))
    assert re.search(r"\bready\b", text_of(ready(), name))


@pytest.mark.parametrize("name", OF_FINDINGS)
def test_every_format_says_what_is_unknown_and_why(name):
    said = text_of(incomplete(), name)
    assert "unknown" in said
    for part in ("RTA-OBS-001", "oai-voice-sweden", "denied", "403", "Microsoft.Insights/diagnosticSettings/read"):
        assert part in said


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_without_findings_is_a_whole_document(name):
    said = text_of(report_of([], {}, "ready"), name)
    if name in ("json", "sarif", "ocsf"):
        json.loads(said)
    elif name == "junit":
        ET.fromstring(said)
    assert said.endswith("\n")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.sarif", "sarif"),
        ("a.sarif.json", "sarif"),
        ("a.ocsf.json", "ocsf"),
        ("A.XML", "junit"),
        ("a.htm", "html"),
        ("json", None),
        ("a.pdf", None),
    ],
)
def test_the_longest_extension_says_the_format(path, name):
    assert by_extension(path) == name


GOLDEN = {
    "json": "sample.json",
    "sarif": "sample.sarif",
    "junit": "sample.xml",
    "markdown": "sample.md",
    "html": "sample.html",
    "csv": "sample.csv",
    "github": "sample.github.txt",
    "azdo": "sample.azdo.txt",
    "ocsf": "sample.ocsf.json",
    "table": "sample.txt",
    "markdown-short": "sample-short.md",
}


@pytest.mark.parametrize("name", OF_FINDINGS)
def test_the_whole_of_each_format(name):
    """Set RTAUDIT_GOLDEN=write to write the files anew, then read the difference."""
    said = text_of(sample(), name)
    if name == "html":
        # Style and script have tests of their own, in a browser.
        said = re.sub(r"<style>.*?</style>|<script>.*?</script>|sha256-[^']*", "", said, flags=re.DOTALL)
    path = FIXTURES / "golden" / GOLDEN[name]
    if os.environ.get("RTAUDIT_GOLDEN") == "write":
        path.write_bytes(said.encode())
    assert path.read_bytes().decode() == said


# ---- json


@hostiles
def test_json_is_the_document_and_holds_no_command(text):
    said = utf8(text_of(hostile(text), "json"))
    assert json.loads(said) == json.loads(utf8(dump(hostile(text))))
    assert "##vso[" not in said


@hostiles
def test_json_is_held_against_its_schema_and_comes_back_the_same(text):
    for report in (sample(), hostile(text)):
        document = json.loads(text_of(report, "json"))
        jsonschema.Draft202012Validator(REPORT_SCHEMA).validate(document)
        again = parse(document, "report")
        assert dump(again) == dump(report)
        for name in FORMATS:
            if name != "json":
                assert text_of(again, name) == text_of(report, name)


# ---- sarif


def sarif_of(report, **options):
    document = json.loads(utf8(text_of(report, "sarif", **options)))
    schema = json.loads((FIXTURES / "sarif-2.1.0-subset.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(document)
    return document["runs"][0]


def test_sarif_has_what_code_scanning_needs():
    run = sarif_of(sample())
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert rules["RTA-NET-009"]["properties"]["security-severity"] == "9.5"
    assert "security" in rules["RTA-NET-009"]["properties"]["tags"]
    assert "az network private-endpoint-connection" in rules["RTA-NET-009"]["help"]["text"]
    results = {(one["ruleId"], one["properties"]["outcome"]): one for one in run["results"]}
    assert set(results) == {
        ("RTA-NET-009", "fail"),
        ("RTA-ID-001", "known"),
        ("RTA-GOV-002", "fail"),
        ("RTA-OBS-001", "unknown"),
        ("RTA-MOD-003", "waived"),
    }
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"].startswith("/subscriptions/")
    assert results["RTA-OBS-001", "unknown"]["kind"] == "open"
    assert "suppressions" not in results["RTA-NET-009", "fail"]
    assert results["RTA-ID-001", "known"]["suppressions"][0]["justification"] == "known from the baseline"
    assert "pilot | only" in results["RTA-MOD-003", "waived"]["suppressions"][0]["justification"]
    assert run["invocations"][0]["exitCode"] == 1
    assert any("denied" in one["message"]["text"] for one in run["invocations"][0]["toolExecutionNotifications"])


def test_fingerprints_do_not_move_when_lines_and_times_do():
    first = sarif_of(sample())["results"]
    second = sarif_of(report_of(list(sample().findings), dict(sample().rules), "notReady", generated_at="2027-01-01"))
    assert [one["partialFingerprints"] for one in first] == [one["partialFingerprints"] for one in second["results"]]
    assert len({one["partialFingerprints"]["primaryLocationLineHash"] for one in first}) == len(first)


def test_the_same_resource_in_two_environments_is_two_alerts():
    findings = [replace(one, environment=label) for one in sample().findings for label in ("test", "prod")]
    results = sarif_of(report_of(findings, dict(sample().rules), "notReady"))["results"]
    assert len({one["partialFingerprints"]["primaryLocationLineHash"] for one in results}) == len(results) == 10


@pytest.mark.parametrize("name", ["sarif", "github", "azdo"])
def test_annotations_point_at_the_line_of_the_resource(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    resources = [
        {"id": f"{EAST}{end}", "properties": {"x": [{"id": "y"}]}} for end in ("", "/deployments/gpt-realtime", "0")
    ]
    write(Snapshot.of("prod", {"aspects": []}, resources), "prod.json")
    said = text_of(sample(), name, snapshots=[load("prod.json")])
    lines = Path("prod.json").read_text().splitlines()
    number = next(at for at, line in enumerate(lines, 1) if f'"id": "{EAST}",' in line)
    assert number > 1
    if name == "sarif":
        found = json.loads(said)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
        assert found == {"artifactLocation": {"uri": "prod.json"}, "region": {"startLine": number}}
    else:
        assert f"prod.json,line={number}," in said or f"sourcepath=prod.json;linenumber={number};" in said


@hostiles
def test_sarif_survives(text):
    run = sarif_of(hostile(text))
    for result in run["results"]:
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"[A-Za-z0-9._~/%-]+|file:///[A-Za-z0-9._~/%-]+", uri)
        # What could be a link in a message is escaped.
        assert not re.search(r"(?<!\\)\[[^\]]*\]\(", result["message"]["text"])


# ---- junit

_ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "time", "disabled"},
    "testsuite": {
        *("name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package"),
    },
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"name", "classname", "time"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"message"},
}
"""Elements and attributes that the schemas of Jenkins (jenkinsci/xunit-plugin junit-10.xsd) and Ant have in common."""


def junit_of(report):
    root = ET.fromstring(utf8(text_of(report, "junit")))
    for element in root.iter():
        assert set(element.attrib) <= _ATTRIBUTES[element.tag]
    for suite in root:
        assert suite[0].tag == "properties"
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases)
        for tag, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert int(suite.get(attribute)) == sum(case.find(tag) is not None for case in cases)
    for attribute in ("tests", "failures", "errors"):
        assert int(root.get(attribute)) == sum(int(suite.get(attribute)) for suite in root)
    return root


def test_junit_has_a_case_per_rule_and_resource():
    root = junit_of(sample())
    assert root.get("name") == "rtaudit: not ready"
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("7", "2", "1")
    failed = root.find("testsuite[@name='RTA-NET-009 not-stranded']/testcase/failure")
    assert failed.get("type") == "critical"
    assert failed.get("message").endswith("is Pending; expected Approved.")
    assert "expected Approved, actual Pending" in failed.text
    unknown = root.find("testsuite[@name='RTA-OBS-001 has-diagnostics']/testcase/error")
    assert "denied (403" in unknown.get("message")
    skipped = [one.get("message") for one in root.iter("skipped")]
    assert "not applicable: public access is on" in skipped
    assert "known from the baseline: fail" in skipped


@hostiles
def test_junit_survives(text):
    root = junit_of(hostile(text))
    assert int(root.get("tests")) == 6


# ---- markdown


def markdown_of(report):
    said = text_of(report, "markdown")
    return said, markdown_it.MarkdownIt("gfm-like", {"linkify": False}).parse(said)


@hostiles
def test_markdown_shows_hostile_text_as_code(text):
    said, tokens = markdown_of(hostile(text))
    allowed = {"<details><summary>Evidence and fixes</summary>", "</details>", "<br>"}
    for token in [inner for outer in tokens for inner in [outer, *(outer.children or ())]]:
        assert token.type not in ("link_open", "image", "em_open", "strong_open", "s_open")
        if token.type in ("html_block", "html_inline"):
            assert token.content.strip() in allowed
    rows = [line for line in said.splitlines() if line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 4 for row in rows)
    assert all(line.isprintable() for line in said.split("\n"))


def test_a_long_markdown_says_what_it_left_out():
    said = text_of(many(5000, accounts=2000), "markdown")
    assert "and 100 more, in the JSON report" in said
    assert len(said) < 1_000_000


@hostiles
def test_the_short_markdown_always_fits(text):
    for report in (hostile(text), many(5000), sample(), ready()):
        said = text_of(report, "markdown-short")
        assert len(said) <= SHORT_LIMIT
    assert "more causes, in the full report" in text_of(many(5000), "markdown-short")


def test_the_short_markdown_names_what_is_new_since_the_baseline():
    report = replace(sample(), gate=replace(sample().gate, baseline="old.json"))
    said = text_of(report, "markdown-short")
    assert "## New since the baseline" in said
    assert "- low: " in said
    assert "RTA-ID-001" not in said


@pytest.mark.parametrize("name", [one for one in OF_FINDINGS if one != "table"])
def test_every_format_carries_the_sentence(name):
    (failed,) = [one for one in sample().findings if one.rule == "RTA-NET-009" and one.outcome == "fail"]
    said = re.sub(r"[`\\]|%2C|%3A", "", text_of(sample(), name))
    assert failed.message in said
    if name in ("json", "sarif", "junit", "csv", "ocsf"):
        assert failed.cause in said


def test_the_json_lists_every_rule_that_was_evaluated():
    from rtaudit import check

    report = check([load(SNAPSHOTS / "prod.json")], as_of=date(2026, 11, 22))
    rules = json.loads(text_of(report, "json"))["rules"]
    assert set(rules) == {one.rule for one in report.findings}
    passing = {one.rule for one in report.findings} - {one.rule for one in report.findings if one.outcome != "pass"}
    assert passing < set(rules)


# ---- csv


def csv_of(report):
    said = text_of(report, "csv")
    assert said.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(said.removeprefix("\ufeff"), newline="")))


def test_csv_has_a_line_for_each_observation():
    rows = csv_of(sample())
    assert [row["outcome"] for row in rows] == ["fail", "known", "fail", "unknown", "waived", "pass", "notApplicable"]
    assert rows[0]["actual"] == "Pending"
    assert rows[0]["resource"] == EAST
    assert "denied (403" in rows[3]["why"]
    assert {row["verdict"] for row in rows} == {"notReady"}


@hostiles
def test_csv_runs_no_formula(text):
    said = text_of(hostile(text), "csv")
    rows = list(csv.reader(io.StringIO(said.removeprefix("\ufeff"), newline="")))
    assert len(rows) == 10
    for row in rows:
        assert len(row) == len(rows[0])
        for cell in row:
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t"))
            assert cell.isprintable()
            assert len(cell) <= 32_767


# ---- github and azdo


@hostiles
def test_a_github_line_is_one_command_and_ours(text):
    lines = utf8(text_of(hostile(text), "github")).split("\n")[:-1]
    # verdict, warning, fail, unknown; the known and the waived one are left out
    assert len(lines) == 4
    for line in lines:
        assert re.match(r"::(error|warning|notice) (file=[^,:]+,line=\d+,)?title=[^,:]*::", line)
        assert line.isprintable()
        assert len(re.findall(r"::(error|warning|notice)\b", line)) == 1


@hostiles
def test_an_azdo_line_is_one_command_and_ours(text):
    lines = utf8(text_of(hostile(text), "azdo")).split("\n")[:-1]
    assert len(lines) == 4
    for line in lines:
        assert re.match(
            r"##vso\[task\.logissue type=(error|warning);(sourcepath=[^;\]]+;linenumber=\d+;code=[^;\]]*;)?\]", line
        )
        assert line.lower().count("##vso[") == 1
        assert line.isprintable()


def test_what_does_not_gate_is_a_warning():
    said = text_of(sample(), "github").splitlines()
    assert said[0].startswith("::error title=rtaudit%3A not ready::")
    assert any(line.startswith("::warning") and "RTA-GOV-002" in line for line in said)
    assert any(line.startswith("::error") and "RTA-OBS-001" in line for line in said)
    assert text_of(ready(), "github").startswith("::notice title=rtaudit%3A ready::")
    assert text_of(ready(), "azdo").startswith("rtaudit: ready:")


# ---- ocsf


def ocsf_of(report):
    events = json.loads(utf8(text_of(report, "ocsf")))
    schema = json.loads((FIXTURES / "ocsf-compliance-finding-subset.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(events)
    return events


def test_ocsf_events():
    events = ocsf_of(sample())
    assert len(events) == 7
    by_outcome = {event["compliance"]["status_code"]: event for event in events}
    assert set(by_outcome) == {"fail", "known", "unknown", "waived", "pass", "notApplicable"}
    assert by_outcome["unknown"]["compliance"]["status_id"] == 2
    assert by_outcome["pass"]["compliance"]["status_id"] == 1
    assert by_outcome["waived"]["status_id"] == by_outcome["known"]["status_id"] == 3
    assert by_outcome["waived"]["compliance"]["status_id"] == 3
    assert {event["unmapped"]["verdict"] for event in events} == {"notReady"}


@hostiles
def test_ocsf_survives(text):
    assert len(ocsf_of(hostile(text))) == 6


# ---- all of them


def test_every_outcome_is_counted_in_the_same_words():
    for name in ("junit", "sarif", "ocsf"):
        said = text_of(sample(), name)
        for outcome in OUTCOMES:
            assert f"{sample().summary[outcome]} {OUTCOME_WORDS[outcome]}" in said, name
