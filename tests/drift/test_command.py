from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner, Result

from rtaudit.api.schemas import find_schema
from rtaudit.cli import app
from rtaudit.drift import dump, load
from rtaudit.errors import InputError
from rtaudit.render.text import escape_ci_commands
from rtaudit.snapshot import Gap, Snapshot, write

from .estate import (
    Resource,
    account,
    account_id,
    changes,
    edited,
    estate,
    run,
    snapshot,
    without,
)

HOSTILE = "\x1b[31mred\x1b[0m [bold]x[/bold] <b>&\n\u202e"


def rtaudit(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["diff", *map(str, words)])


@pytest.fixture
def files(tmp_path: Path) -> Path:
    def loosen(item: Resource) -> None:
        item["properties"]["publicNetworkAccess"] = "Enabled"
        item["properties"]["disableLocalAuth"] = False
        item["tags"]["note"] = HOSTILE

    def small(item: Resource) -> None:
        item["tags"]["cost"] = "1"

    gap = Gap(account_id("prod", "voice-prod"), "diagnostics", "denied", 403)
    dark = without(estate("prod"), "diagnosticSettings")
    for name, made in {
        "test": estate("test"),
        "prod": estate("prod"),
        "loose": edited(estate("prod"), "accounts", loosen),
        "tagged": edited(estate("prod"), "accounts", small),
        "dark": Snapshot.of("prod", dark.scope, dark.resources, [gap]),
    }.items():
        write(made, tmp_path / f"{name}.json")
    return tmp_path


@pytest.mark.parametrize(
    ("other", "more", "code"),
    [
        ("prod", (), 0),
        ("loose", (), 1),
        ("loose", ("--fail-on", "critical"), 0),
        ("loose", ("--fail-on", "none"), 0),
        ("tagged", (), 1),
        ("tagged", ("--fail-on", "medium"), 0),
        ("dark", (), 4),
        ("dark", ("--fail-on", "none"), 0),
    ],
)
def test_exit_codes(files: Path, other: str, more: Sequence[str], code: int) -> None:
    result = rtaudit(files / "test.json", files / f"{other}.json", *more)
    assert result.exit_code == code, result.output


def test_drift_beats_what_could_not_be_seen(files: Path) -> None:
    assert rtaudit(files / "test.json", files / "dark.json", files / "loose.json").exit_code == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("test.json",), 2, "diff needs two snapshots or more"),
        (("test.json", "none.json"), 3, "no such file"),
        (("test.json", "prod.json", "--fail-on", "hihg"), 2, "did you mean 'high'?"),
        (("test.json", "prod.json", "--pair-by", "role"), 2, "--pair-by tag:NAME"),
        (("test.json", "prod.json", "--pair-by", "tag:role"), 2, "no account of test carries the tag 'role'"),
        (("test.json", "prod.json", "--drift-policy", "none.yaml"), 3, "no such file"),
        (("test.json", "prod.json", "--map", "none.yaml"), 3, "no such file"),
        (("test.json", "prod.json", "--git", "HEAD"), 2, "--git compares one file with itself"),
        (("test.json", "prod.json", "--as-of", "soon"), 2, "write YYYY-MM-DD"),
        (("test.json", "prod.json", "-o", "tabel"), 2, "did you mean 'table'?"),
        (("test.json", "old.json"), 3, "rtaudit.snapshot/2"),
    ],
)
def test_bad_input_ends_well(
    files: Path, monkeypatch: pytest.MonkeyPatch, words: Sequence[str], code: int, said: str
) -> None:
    monkeypatch.chdir(files)
    (files / "old.json").write_text('{"schema": "rtaudit.snapshot/2"}')
    result = rtaudit(*words)
    assert result.exit_code == code, result.output
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_the_same_file_twice_is_said(files: Path) -> None:
    result = rtaudit(files / "test.json", files / "test.json")
    assert result.exit_code == 0
    assert "the same file twice: nothing can differ" in result.stderr


def test_accounts_without_counterpart_give_a_hint(files: Path) -> None:
    write(snapshot("prod", [account("prod", "omega")]), files / "omega.json")
    result = rtaudit(files / "test.json", files / "omega.json")
    assert (
        "hint: 2 accounts could not be paired by name (1 in prod, 1 in test); pair them with --map FILE"
        in result.stderr
    )


def test_the_table_tells_it(files: Path) -> None:
    plain = rtaudit(files / "test.json", files / "loose.json").stdout
    lines = plain.splitlines()
    assert lines[0] == "test → prod: DRIFT"
    assert "3 settings differ: 1 weaker, 2 different" in lines
    weaker = lines.index("Weaker: a rule passes in test and fails in prod")
    assert weaker < lines.index("Different: Network boundary")
    said = re.sub(r"\s+", " ", plain)
    assert "HIGH API keys of account voice are disabled in test and enabled in prod. RTA-ID-001" in said
    assert "HIGH Public network access of account voice is disabled in test and enabled in prod." in said
    result = rtaudit(files / "test.json", files / "loose.json", "--details")
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert "Different: Network boundary" in lines
    assert re.search(r"high +publicNetworkAccess +Disabled +Enabled", result.stdout)
    assert "the account is reachable from the internet" in result.stdout
    assert lines[-1].startswith("drift: 3 differences (2 high, 1 low), 0 unknown, 0 expected, 0 ignored")
    assert "\x1b" not in result.stdout
    assert "\u202e" not in result.stdout
    assert "[bold]x[/bold]" in re.sub(r"\n +", "", result.stdout)


def test_markdown_holds_no_markup_of_azures(files: Path) -> None:
    result = rtaudit(files / "test.json", files / "loose.json", "-o", "markdown")
    assert "## Network boundary (1)" in result.stdout
    assert "| high | `voice` | `publicNetworkAccess` | `Disabled` | `Enabled` |" in result.stdout
    row = next(line for line in result.stdout.splitlines() if "tags.note" in line)
    assert "<b>" not in re.sub(r"`[^`]*`", "", row)
    assert "\u202e" not in result.stdout


def test_the_json_keeps_its_schema_and_comes_back(files: Path) -> None:
    result = rtaudit(files / "test.json", files / "loose.json", files / "dark.json", "-o", "json")
    document = json.loads(result.stdout)
    jsonschema.Draft202012Validator(find_schema("drift")).validate(document)
    again = files / "drift.json"
    again.write_text(result.stdout)
    # What is printed shows direction marks as escapes; the document is the same.
    assert escape_ci_commands(dump(load(again))) == result.stdout
    assert [one["right"]["environment"] for one in document["comparisons"]] == ["prod", "prod"]
    assert document["gate"] == {"failOn": "low", "exitCode": 1}


def test_ignored_and_expected_stand_in_the_json(files: Path) -> None:
    policy = files / "drift.yaml"
    policy.write_text(
        "schema: rtaudit.driftpolicy/1\nextends: [default]\nentries:\n"
        "  - {id: notes, where: {path: [/tags/*, /properties/disableLocalAuth]}, ignore: true, reason: for people}\n"
        "  - {id: open, where: {path: /properties/publicNetworkAccess, environments: [prod]}, expect: {from: enabled}, reason: pilot}\n"
    )
    result = rtaudit(files / "test.json", files / "loose.json", "--drift-policy", policy, "-o", "json")
    decided = [(one["decision"], one["decidedBy"]) for one in json.loads(result.stdout)["comparisons"][0]["changes"]]
    assert (result.exit_code, decided) == (0, [("expected", "open"), ("ignored", "notes"), ("ignored", "notes")])
    table = rtaudit(files / "test.json", files / "loose.json", "--drift-policy", policy).stdout
    assert "(expected by open)" in re.sub(r"\s+", " ", table)
    assert "note" not in table.replace("nothing", "")


@pytest.mark.parametrize("text", ["{}", '{"schema": "rtaudit.report/1"}', '{"schema": "rtaudit.drift/1"}', "[]"])
def test_what_is_no_drift_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "drift.json"
    file.write_text(text)
    with pytest.raises(InputError, match="is not a drift"):
        load(file)


@pytest.mark.parametrize("name", ["drift", "driftpolicy", "map"])
def test_schemas_are_schemas(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(find_schema(name))
    result = CliRunner().invoke(app, ["schema", name])
    assert json.loads(result.stdout) == find_schema(name)


def test_many_columns_fit_a_narrow_terminal(files: Path) -> None:
    for name in ("dev", "uat", "stage"):
        write(estate(name), files / f"{name}.json")
    names = ("dev", "test", "uat", "stage", "loose")
    result = rtaudit(*(files / f"{name}.json" for name in names))
    assert max(map(len, result.stdout.splitlines())) <= 100
    assert re.search(r"publicNetworkAccess +Disabled +Disabled +Disabled +Disabled +Enabled\*", result.stdout)


def test_clients_are_compared(files: Path) -> None:
    def contract(label: str, transport: str) -> Any:
        places = {
            one: {"endpoint": f"https://voice-{one}.openai.azure.com/", "account": f"voice-{one}"}
            for one in ("test", "prod")
        }
        return {"schema": "rtaudit.client/1", "name": "desk", "transport": transport, "environments": places}

    left = estate("test").with_clients([contract("test", "websocket")])
    right = estate("prod").with_clients([contract("prod", "webrtc")])
    assert [(one.category, one.path, one.before, one.after) for one in changes(left, right)] == [
        ("client", "/transport", "websocket", "webrtc")
    ]


def test_rules_are_told_at_the_change_they_follow_from() -> None:
    from datetime import date

    from rtaudit.impact.join import join_rules
    from rtaudit.policy import load_policies

    def loosen(item: Resource) -> None:
        item["properties"]["disableLocalAuth"] = False
        item["tags"]["cost"] = "1"

    left, right = estate("test"), edited(estate("prod"), "accounts", loosen)
    for one, other, outcomes in ((left, right, ("pass", "fail")), (right, left, ("fail", "pass"))):
        drift = join_rules(run(one, other), [one, other], load_policies(["production"]), date(2026, 11, 22))
        told = {change.path: list(change.rules) for change in drift.comparisons[0].changes}
        assert told["/tags/cost"] == []
        (rule,) = [rule for rule in told["/properties/disableLocalAuth"] if rule["rule"] == "RTA-ID-001"]
        assert (rule["left"], rule["right"]) == outcomes
        jsonschema.Draft202012Validator(find_schema("drift")).validate(json.loads(dump(drift)))


def test_help_and_a_diff_of_equals_load_no_deepdiff(files: Path) -> None:
    program = (
        "import sys\nfrom rtaudit.cli import app\n"
        "assert not {'azure', 'deepdiff', 'jinja2', 'jsonschema'} & {name.split('.')[0] for name in sys.modules}\n"
        "try:\n    app(sys.argv[1:])\nfinally:\n"
        "    assert not {'azure', 'deepdiff', 'jinja2'} & {name.split('.')[0] for name in sys.modules}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "diff", str(files / "test.json"), str(files / "prod.json")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_unpaired_account_is_told_in_every_rendering(files: Path) -> None:
    write(snapshot("test", [account("test", "voice-test-eus", location="eastus")]), files / "one.json")
    both = [account("prod", "voice-prod-eus2"), account("prod", "voice-prod-sdc", location="swedencentral")]
    write(snapshot("prod", both), files / "two.json")
    result = rtaudit(files / "one.json", files / "two.json")
    assert result.exit_code == 4
    assert "Not paired (nothing was guessed)" in result.stdout
    assert "3 not paired" in result.stdout
    assert "## Not paired (3)" in rtaudit(files / "one.json", files / "two.json", "-o", "markdown").stdout


def test_git_revision(files: Path) -> None:
    words = [
        "git",
        "-C",
        str(files),
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.org",
        "-c",
        "commit.gpgsign=false",
    ]
    for more in (["init", "-q"], ["add", "prod.json"], ["commit", "-qm", "one"]):
        subprocess.run([*words, *more], check=True, capture_output=True)
    (files / "prod.json").write_bytes((files / "loose.json").read_bytes())
    result = rtaudit("--git", "HEAD", files / "prod.json")
    assert result.exit_code == 1
    assert "Public network access of account" in result.stdout
    assert f"HEAD:{files / 'prod.json'}" in re.sub(r"\n", "", result.stdout)


def test_the_same_file_twice_with_a_gap_leaves_that_unknown(tmp_path: Path) -> None:
    whole = estate("dev")
    gap = Gap(account_id("dev", "voice-dev"), "diagnostics", "denied", 403)
    file = tmp_path / "dev.json"
    write(Snapshot.of("dev", whole.scope, whole.resources, [gap]), file)
    result = rtaudit(file, file, "-p", "none")
    assert result.exit_code == 4
    assert "the same file twice: nothing that was read can differ" in result.stderr
