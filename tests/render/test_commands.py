"""`rtaudit render` and `rtaudit snapshot show` as they are typed."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rtaudit.cli import app
from rtaudit.drift import DriftPolicy, diff
from rtaudit.drift import dump as dump_drift
from rtaudit.drift.policy import Entry
from rtaudit.render import FORMATS
from rtaudit.report import dump
from rtaudit.snapshot import load

from .samples import sample

SNAPSHOTS = Path(__file__).parents[2] / "snapshots"


def run(*words, stdin=None):
    return CliRunner().invoke(app, [str(word) for word in words], input=stdin)


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("report.json").write_text(dump(sample()))


def test_a_report_is_rendered_later_and_again_the_same():
    result = run("render", "report.json", "-o", "again.json", "-o", "out.sarif", "-o", "html=out.html", "-o", "table")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1].startswith("not ready: 1 finding with 1 cause blocks")
    assert Path("again.json").read_text() == Path("report.json").read_text()
    assert json.loads(Path("out.sarif").read_text())["version"] == "2.1.0"
    assert "<!doctype html>" in Path("out.html").read_text()
    assert "wrote out.sarif (sarif)" in result.stderr


def test_standard_input_and_a_drift_do_too():
    assert run("render", "-", "-o", "github", stdin=dump(sample())).stdout.startswith("::error title=rtaudit")
    snapshots = [load(SNAPSHOTS / f"{label}.json") for label in ("prod", "test")]
    Path("drift.json").write_text(dump_drift(diff(snapshots, DriftPolicy(), as_of=date(2026, 11, 22))))
    result = run("render", "drift.json", "-o", "junit")
    assert result.exit_code == 0
    assert 'name="rtaudit: drift"' in result.stdout


def test_a_job_summary_is_appended(monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    Path("summary.md").write_text("before\n")
    assert run("render", "report.json", "-o", "github").exit_code == 0
    said = Path("summary.md").read_text()
    assert said.startswith("before\n# rtaudit: not ready\n")
    assert run("render", "report.json", "-o", "table").exit_code == 0
    assert Path("summary.md").read_text() == said


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("render", "nowhere.json"), 3, "no such file: nowhere.json"),
        (("render", SNAPSHOTS / "prod.json"), 3, "neither a report nor a drift but a rtaudit.snapshot/1 document"),
        (("render", "report.json", "-o", "pdf"), 2, "unknown format 'pdf'"),
        (("render", "report.json", "--group-by", "rules"), 2, "did you mean 'rule'"),
        (("render", "report.json", "--show", "passed"), 2, "--show cannot be 'passed'"),
        (
            ("render", "report.json", "--snapshot", SNAPSHOTS / "prod.json"),
            3,
            "is not a snapshot that report.json names",
        ),
        (("snapshot", "show", "report.json"), 3, "is a rtaudit.report/1 document, not a snapshot"),
        (("snapshot", "show", SNAPSHOTS / "prod.json", "--what", "account"), 2, "did you mean 'accounts'"),
        (("snapshot", "show", SNAPSHOTS / "prod.json", "-o", "html"), 2, "allowed: csv, json, table"),
        (("snapshot", "show", SNAPSHOTS / "prod.json", "-o", "csv=no/a.csv"), 3, "there is no folder no"),
        (("snapshot", "verify", "report.json"), 3, "not a snapshot"),
    ],
)
def test_what_is_wrong_is_said_in_two_lines(words, code, said):
    result = run(*words)
    assert result.exit_code == code
    assert said in result.stderr
    assert len(result.stderr.splitlines()) <= 2
    assert result.stdout == ""


def test_the_inventory_is_shown_and_written():
    result = run("snapshot", "show", SNAPSHOTS / "prod.json", "--what", "capacity")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].split()[:4] == ["region", "model", "version", "sku"]
    assert run("snapshot", "show", SNAPSHOTS / "prod.json", "-o", "accounts.csv").exit_code == 0
    assert Path("accounts.csv").read_bytes().startswith(b"\xef\xbb\xbfaccount,group,")
    rows = json.loads(run("snapshot", "show", SNAPSHOTS / "prod.json", "--what", "gaps", "-o", "json").stdout)
    assert rows == []


def test_help_and_the_registry_load_nothing_heavy():
    code = (
        "import sys, rtaudit.cli, rtaudit.render, rtaudit.cli.outputs;"
        "print([n for n in ('azure', 'deepdiff', 'jinja2', 'jsonschema', 'yaml', 'rich.table') if n in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def a_drift() -> None:
    made = DriftPolicy([Entry("capacity", paths=("/sku/capacity",), ignore=True)])
    snapshots = [load(SNAPSHOTS / f"{label}.json") for label in ("test", "prod")]
    Path("drift.json").write_text(dump_drift(diff(snapshots, made, as_of=date(2026, 11, 22))))


def test_the_outcomes_of_a_drift_that_are_asked_for_are_those_that_are_listed():
    a_drift()
    shown = {
        word: run("render", "drift.json", "--show", word).stdout for word in ("drift", "ignored", "expected", "all")
    }
    plain = run("render", "drift.json").stdout
    assert "SKU capacity" not in plain
    assert "SKU capacity" not in shown["drift"]
    assert "API keys of account" in shown["drift"]
    assert "SKU capacity" in shown["ignored"]
    assert "API keys of account" not in shown["ignored"]
    assert "No difference matches --show expected." in shown["expected"]
    assert "SKU capacity" in shown["all"]
    assert "API keys of account" in shown["all"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("drift.json", "--show", "fail"), "--show cannot be 'fail' of a drift"),
        (("report.json", "--show", "ignored"), "--show cannot be 'ignored' of a report"),
        (("drift.json", "--group-by", "rule"), "--group-by groups a report, and this is a drift"),
    ],
)
def test_a_view_of_the_other_kind_is_refused(words, said):
    a_drift()
    result = run("render", *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_rendered_later_it_is_the_same_file_in_every_format():
    outputs = [word for name in FORMATS for word in ("-o", f"{name}=now.{name}")]
    later = [word for name in FORMATS for word in ("-o", f"{name}=later.{name}")]
    prod, test = SNAPSHOTS / "prod.json", SNAPSHOTS / "test.json"
    for answer, judged in (
        (("check", prod, "--as-of", "2026-11-22"), ("--snapshot", prod)),
        (("diff", test, prod, "--as-of", "2026-11-22"), ("--snapshot", test, "--snapshot", prod)),
    ):
        assert run(*answer, *outputs).exit_code == 1
        assert run("render", "now.json", *judged, *later).exit_code == 0
        for name in FORMATS:
            assert Path(f"later.{name}").read_bytes() == Path(f"now.{name}").read_bytes(), name
