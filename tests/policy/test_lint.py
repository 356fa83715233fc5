"""`policy lint`: every check with a policy that it finds wrong, and with the nearest one that it does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rtaudit import assets
from rtaudit.errors import InputError
from rtaudit.policy.lint import lint
from rtaudit.snapshot import load
from tests.conftest import Run

RULE = """\
- id: {id}
  name: a-rule
  title: A rule
  severity: high
  each: {each}
  {extra}
  require: {require}
  why: because
  fix: [mend it]
"""
CASES = """\
schema: rtaudit.cases/1
cases:
  X-A-1:
    - {name: good, expect: pass}
    - {name: bad, expect: fail, change: [{at: account, set: {kind: other}}]}
"""
FINE = "{field: kind, in: [OpenAI, AIServices]}"


def write(
    folder: Path, require: str = FINE, *, extra: str = "# nothing", each: str = "account", rule_id: str = "X-A-1"
) -> Path:
    file = folder / "own.yaml"
    file.write_text(RULE.format(require=require, extra=extra, each=each, id=rule_id))
    (folder / "own.cases.yaml").write_text(CASES)
    return file


def found(file: Path) -> list[tuple[str, str]]:
    """Check and `line:column` of each complaint about `file`."""
    told = lint(file)
    assert all(one.place.startswith(str(file.parent)) for one in told)
    return [(one.check, one.place.partition(".yaml:")[2]) for one in told]


@pytest.mark.parametrize(
    ("require", "extra", "expected"),
    [
        (FINE, "# nothing", []),
        ("{field: kind, equls: x}", "# nothing", [("schema", "7:26")]),
        ("{field: facts.exposur, equals: public}", "# nothing", [("condition", "7:20")]),
        ("{field: kind, equals: {param: q}}", "# nothing", [("condition", "7:34")]),
        # A field that nothing of this kind has.
        ("{field: kimd, equals: OpenAI}", "# nothing", [("unknown-field", "7:20")]),
        ("{field: deploymentz, exists: true}", "# nothing", [("unknown-field", "7:20")]),
        ("{field: properties.publicNetworkAcces, equals: Disabled}", "# nothing", [("unknown-field", "7:20")]),
        ("{field: properties.publicNetworkAccess, equals: Disabled}", "# nothing", []),
        ("{field: tags.whatever, exists: true}", "# nothing", []),
        (
            "{some: {of: deployments, satisfy: {field: $.kimd, equals: x}}}",
            "# nothing",
            [("unknown-field", "7:54")],
        ),
        # What can never hold.
        ("{field: facts.exposure, equals: hidden}", "# nothing", [("unreachable", "7:12")]),
        ("{field: facts.exposure, in: [public, hidden]}", "# nothing", [("unreachable", "7:12")]),
        ("{field: facts.exposure, equals: public}", "# nothing", []),
        ("{field: kind, in: []}", "# nothing", [("unreachable", "7:12")]),
        ("{allOf: [{field: kind, equals: a}, {field: kind, equals: b}]}", "# nothing", [("unreachable", "7:12")]),
        ("{anyOf: [{field: kind, equals: a}, {field: kind, equals: b}]}", "# nothing", []),
        ("{not: {field: facts.exposure, equals: hidden}}", "# nothing", [("unreachable", "7:12")]),
        ("{count: {of: deployments, less: 0}}", "# nothing", [("unreachable", "7:12")]),
        ("{count: {of: deployments, less: 1}}", "# nothing", []),
        (FINE, "when: {field: facts.exposure, equals: hidden}", [("unreachable", "6:9")]),
        # Parameters.
        (FINE, "params: {top: {type: integer, default: 1, about: a}}", [("unused-parameter", "6:17")]),
        (
            "{field: name, equals: {param: top}}",
            "params: {top: {type: string, default: a, about: a}}",
            [],
        ),
        (FINE, "params: {top: {type: integer, default: x, about: a}}", [("schema", "6:42")]),
        (FINE, "requires: [top]", [("schema", "6:14")]),
    ],
)  # fmt: skip
def test_a_rule_is_held_against_what_there_is(
    tmp_path: Path, require: str, extra: str, expected: list[tuple[str, str]]
):
    assert found(write(tmp_path, require, extra=extra)) == expected


def test_all_that_is_wrong_with_the_form_is_told_at_once(tmp_path: Path):
    file = write(tmp_path, "{field: kind, equls: x, exits: true}", each="acount")
    assert found(file) == [("schema", "5:9"), ("schema", "7:26"), ("schema", "7:36")]
    assert "did you mean 'account'?" in lint(file)[0].message


def test_a_good_file_beside_a_broken_one_is_linted_too(tmp_path: Path):
    write(tmp_path, "{field: kimd, equals: OpenAI}")
    (tmp_path / "broken.yaml").write_text("- id: [\n")
    assert [(one.check, Path(one.place.split(":")[0]).name) for one in lint(tmp_path)] == [
        ("schema", "broken.yaml"),
        ("unknown-field", "own.yaml"),
    ]


def test_an_id_stands_once(tmp_path: Path):
    write(tmp_path, rule_id="RTA-NET-001")
    (told,) = [one for one in lint(tmp_path) if one.check == "duplicate-id"]
    assert told.message.startswith("RTA-NET-001 is already defined in ")
    other = tmp_path / "other"
    other.mkdir()
    file = write(other)
    file.write_text(file.read_text() * 2)
    assert [(one.check, one.message) for one in lint(file)] == [
        ("schema", "the rule X-A-1 appears twice in this file"),
    ]


def test_a_rule_without_both_kinds_of_case_is_told(tmp_path: Path):
    file = write(tmp_path)
    (tmp_path / "own.cases.yaml").write_text(CASES.rsplit("\n", 2)[0] + "\n")
    (told,) = lint(file)
    assert (told.check, told.message) == ("missing-case", "X-A-1 has no case that must fail (own.cases.yaml)")
    (tmp_path / "own.cases.yaml").unlink()
    assert "must pass and none that must fail" in lint(file)[0].message
    (tmp_path / "own.cases.yaml").write_text(CASES.replace("X-A-1", "X-A-2"))
    assert [one.check for one in lint(file)] == ["cases"]


@pytest.mark.parametrize(
    ("body", "check", "says"),
    [
        ("extends: [prodction]\n", "pack", "did you mean 'production'?"),
        ("extends: [baseline]\nselect: [RTA-NET-999]\n", "pack", "RTA-NET-999"),
        ("extends: [baseline]\nparams: {minIpPrefixx: 4}\n", "pack", "did you mean 'minIpPrefix'?"),
        ("extends: [baseline]\nparams: {minIpPrefix: wide}\n", "pack", "minIpPrefix"),
        ("extends: [./p.yaml]\n", "pack", "in a circle: p → p"),
    ],
)
def test_a_pack_is_merged_to_see_whether_it_can_be(tmp_path: Path, body: str, check: str, says: str):
    file = tmp_path / "p.yaml"
    file.write_text(f"schema: rtaudit.policy/1\nname: p\ntitle: P\n{body}")
    (told,) = lint(file)
    assert told.check == check
    assert says in told.message


def test_of_a_snapshot_a_field_is_told_that_resolves_nowhere(tmp_path: Path):
    file = write(tmp_path, "{allOf: [{field: tags.ownr, exists: true}, {field: kind, exists: true}]}")
    prod = load(assets.snapshots() / "prod.json")
    assert lint(file) == []
    (told,) = lint(file, [prod])
    assert (told.check, told.message) == (
        "unresolved-field",
        "X-A-1: `tags.ownr` resolves nowhere in the snapshots given",
    )
    # Where a gap may hide it, nothing is said.
    document = json.loads((assets.snapshots() / "prod.json").read_text())
    document["resources"] = [one for one in document["resources"] if not one["id"].lower().endswith("accounts")]
    assert lint(write(tmp_path, "{field: kind, exists: true}"), [prod]) == []


def test_the_library_has_nothing_to_complain_of():
    assert lint(assets.policies()) == []


def test_where_there_is_nothing_to_lint(tmp_path: Path):
    with pytest.raises(InputError, match="there is no policy at"):
        lint(tmp_path / "nowhere")


def test_the_command_says_where_and_counts(rtaudit: Run, tmp_path: Path):
    write(tmp_path, "{field: kimd, equals: OpenAI}")
    told = rtaudit("policy", "lint", "own.yaml")
    assert told.returncode == 1
    assert (
        told.stdout == "own.yaml:7:20: X-A-1: no account has `kimd`; did you mean `kind`? [unknown-field]\n1 problem\n"
    )
    write(tmp_path)
    told = rtaudit("policy", "lint", "own.yaml", "--snapshot", assets.snapshots() / "prod.json")
    assert (told.returncode, told.stdout) == (0, "no problems\n")
    assert rtaudit("policy", "lint", "nowhere").returncode == 3
