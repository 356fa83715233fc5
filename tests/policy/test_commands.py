"""`policy list`, `explain` and `schema`, as a person asks for them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from rtaudit import assets
from rtaudit.scan.checks import library as source_checks
from tests.conftest import Run

OWN = """\
schema: rtaudit.policy/1
name: own
title: Own
extends: [production]
override:
  RTA-NET-001: {severity: low, because: so}
  RTA-ID-001: {enabled: false, because: so}
rules:
  - id: X-A-1
    name: tagged
    title: "[red]An account[/red] says who owns it"
    severity: info
    each: account
    when: {field: kind, equals: OpenAI}
    require: {field: tags.owner, exists: true}
    why: because
    fix: [az tag it]
"""


def listed(rtaudit: Run, *words: str) -> list[dict[str, object]]:
    told = rtaudit("policy", "list", "-o", "json", *words)
    assert told.returncode == 0, told.stderr
    rows: list[dict[str, object]] = json.loads(told.stdout)
    return rows


def test_every_rule_is_listed_with_the_packs_that_select_it(rtaudit: Run):
    rows = {row["id"]: row for row in listed(rtaudit)}
    stated = {
        rule["id"]
        for file in (assets.policies() / "rules").glob("*.yaml")
        if not file.name.endswith(".cases.yaml")
        for rule in yaml.safe_load(file.read_text())
    }
    checks = {key for key in rows if rows[key]["each"] == "source"}
    assert checks == set(source_checks())
    assert rows.keys() == stated | checks
    assert "production" in str(rows["RTA-NET-009"]["packs"])
    assert {key: rows["RTA-NET-009"][key] for key in ("name", "severity", "each")} == {
        "name": "not-stranded", "severity": "critical", "each": "account",
    }  # fmt: skip
    table = rtaudit("policy", "list").stdout.splitlines()
    assert [line.split()[0] for line in table[:-1]] == [*sorted(stated), *sorted(checks)]
    assert table[-1] == f"{len(stated)} rules, {len(checks)} source checks"


def test_a_list_is_narrowed(rtaudit: Run, tmp_path: Path):
    everything = listed(rtaudit)
    assert {row["severity"] for row in listed(rtaudit, "--severity", "critical")} == {"critical"}
    network = listed(rtaudit, "--group", "net")
    assert network == [row for row in everything if str(row["id"]).startswith("RTA-NET-")]
    baseline = {row["id"] for row in listed(rtaudit, "--pack", "baseline")}
    assert baseline == {row["id"] for row in everything if "baseline" in str(row["packs"])}
    both = listed(rtaudit, "--pack", "baseline", "--severity", "high", "--group", "NET")
    assert {row["id"] for row in both} <= baseline
    (tmp_path / "own.yaml").write_text(OWN)
    own = {row["id"]: row for row in listed(rtaudit, "--pack", "own.yaml")}
    production = {row["id"] for row in everything if "production" in str(row["packs"])}
    assert own.keys() == production - {"RTA-ID-001"} | {"X-A-1"}
    assert own["RTA-NET-001"]["severity"] == "low"
    assert "RTA-NET-001" in {row["id"] for row in listed(rtaudit, "--pack", "own.yaml", "--severity", "low")}
    assert "X-A-1" not in {row["id"] for row in everything}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--severity", "hihg"], "--severity cannot be 'hihg'"),
        (["--group", "NETT"], "did you mean 'NET'?"),
        (["--pack", "prodction"], "did you mean 'production'?"),
        (["-o", "yaml"], "allowed: json, table"),
    ],
)
def test_a_filter_that_names_nothing_says_what_was_allowed(rtaudit: Run, words: list[str], says: str):
    told = rtaudit("policy", "list", *words)
    assert told.returncode in (2, 3)
    assert told.stdout == ""
    assert says in told.stderr


def test_a_rule_is_explained_whole(rtaudit: Run):
    told = rtaudit("policy", "explain", "rta-net-009")
    assert told.returncode == 0
    headings = [line for line in told.stdout.splitlines() if line and not line.startswith(" ")]
    assert headings[0].startswith("RTA-NET-009 not-stranded (critical)")
    assert {"Why", "Checks", "Applies when", "Requires", "Fix", "Examples", "Controls", "Packs", "See"} <= {*headings}
    both = rtaudit("policy", "explain", "RTA-NET-001", "RTA-NET-009").stdout
    assert both.endswith(told.stdout)


def test_an_own_rule_is_explained_as_it_stands(rtaudit: Run, tmp_path: Path):
    (tmp_path / "own.yaml").write_text(OWN)
    told = rtaudit("policy", "explain", "X-A-1", "--policy", "own.yaml").stdout
    assert "[red]An account[/red] says who owns it" in told
    assert "Applies when\n  `kind` is OpenAI\n" in told
    assert "Packs\n  own (info)\n" in told
    assert "own (low)" in rtaudit("policy", "explain", "RTA-NET-001", "-p", "own.yaml").stdout
    assert "own (off)" in rtaudit("policy", "explain", "RTA-ID-001", "-p", "own.yaml").stdout.replace("\n  ", " ")
    page = rtaudit("policy", "explain", "X-A-1", "--policy", "own.yaml", "-o", "markdown").stdout
    assert page.startswith("## X-A-1 tagged\n")
    assert "- `az tag it`\n" in page


def test_a_rule_that_there_is_not(rtaudit: Run):
    told = rtaudit("policy", "explain", "RTA-NET-999")
    assert (told.returncode, told.stdout) == (2, "")
    assert "unknown rule 'RTA-NET-999'" in told.stderr


def test_the_schema_is_the_one_that_schema_prints(rtaudit: Run):
    told = rtaudit("policy", "schema")
    assert told.returncode == 0
    assert told.stdout == rtaudit("schema", "policy").stdout
    assert json.loads(told.stdout)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
