"""`policy test`: what a case may change, what it must have, and what is said when it is written wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtaudit.errors import InputError
from rtaudit.policy.cases import find_case_files, load_cases, run
from tests.conftest import Run

RULE = """\
- id: X-A-1
  name: tagged
  title: An account says who owns it
  severity: high
  each: account
  params: {tag: {type: string, default: owner, about: the name of the tag}}
  when: {field: kind, equals: AIServices}
  require: {field: tags.owner, matchesRegex: "[a-z]+"}
  why: because
  fix: [tag it]
- id: X-A-2
  name: locked
  title: An account is locked
  severity: low
  each: account
  require: {some: {of: locks, satisfy: {field: properties.level, equals: ReadOnly}}}
  why: because
  fix: [lock it]
"""
TAGGED = "{at: account:east, set: {tags.owner: voice}}, {at: account:north, set: {tags.owner: voice}}"


def problem(folder: Path, case: str, rule: str = "X-A-1") -> str | None:
    """What becomes of one case; None when it is as expected."""
    (folder / "own.yaml").write_text(RULE)
    cases = folder / "own.cases.yaml"
    cases.write_text(f"schema: rtaudit.cases/1\ncases:\n  {rule}:\n    - {{name: one, {case}}}\n")
    (result,) = run(load_cases(cases))
    assert result.case.place == f"{cases}:4"
    return result.problem


@pytest.mark.parametrize(
    "case",
    [
        "expect: fail",
        f"expect: pass, change: [{TAGGED}]",
        f"expect: fail, change: [{TAGGED}, {{at: account:east, remove: [tags.owner]}}]",
        f"expect: fail, change: [{TAGGED}, {{at: account:east, copy: west, set: {{tags.owner: '4'}}}}]",
        "expect: notApplicable, change: [{at: account:east, set: {kind: OpenAI}}, {at: account:north, set: {kind: OpenAI}}]",
        "expect: unknown, change: [{gap: accounts, at: subscription}, {at: account:east, delete: true}, {at: account:north, delete: true}]",
        "expect: fail, observed: [tags.owner]",
        f"expect: pass, params: {{tag: team}}, change: [{TAGGED}]",
    ],
)
def test_a_case_that_is_as_expected(tmp_path: Path, case: str):
    assert problem(tmp_path, case) is None


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("expect: pass", "expected pass, but it is fail: tags.owner to match [a-z]+ as a whole, and it is '"),
        (f"expect: fail, change: [{TAGGED}]", "expected fail, but it is pass"),
        ("expect: fail, observed: [tags.team]", "no observation names tags.team; they name tags.owner"),
        ("expect: pass, params: {tga: x}", "the rule has no parameter 'tga' (did you mean 'tag'?"),
        ("expect: pass, params: {tag: 5}", "the parameter 'tag' is not of type string"),
        ("expect: pass, change: [{at: acount, set: {a: 1}}]", "'acount' names no kind of resource (did you mean 'account'?"),
        ("expect: pass, change: [{at: account, set: {a: 1}}]", "'account' could be any of 2 resources (name one: account:"),
        ("expect: pass, change: [{at: account:west, set: {a: 1}}]", "the base has no account:west (name one: account:"),
        ("expect: pass, change: [{at: /subscriptions/none, set: {a: 1}}]", "the base has no resource /subscriptions/none"),
        ("expect: pass, change: [{at: account:east, remove: [tags.none]}]", "there is nothing at tags.none to remove"),
        ("expect: pass, change: [{at: account:east, remove: [tags.none.deep]}]", "there is nothing at tags.none.deep"),
        ("expect: pass, change: [{at: account:east, set: {'tags..a': 1}}]", "'tags..a' is not a path"),
        ("expect: pass, change: [{at: account:east, set: {'tags[0]': 1}}]", "tags[0] does not fit: a list wants [index]"),
        (
            "expect: pass, change: [{at: account:east, set: {'properties.capabilities[name=none].value': 1}}]",
            "[name=none] in properties.capabilities[name=none].value picks 0 elements, not one",
        ),
        ("expect: pass, change: [{gap: accounts}]", "a gap needs 'at': the resource that could not be read"),
        ("expect: pass, change: [{set: {a: 1}}]", "a change needs 'at': the resource that it changes"),
        ("expect: pass, change: [{at: client, set: {a: 1}}]", "'client' names 0 client contracts, not one"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_case_is_said(tmp_path: Path, case: str, says: str):
    assert (problem(tmp_path, case) or "").startswith(says)


def test_an_unknown_names_the_gap(tmp_path: Path):
    said = problem(tmp_path, "expect: pass, change: [{gap: locks, at: subscription}]", "X-A-2")
    assert said is not None
    assert said.startswith("expected pass, but it is unknown: locks at /subscriptions/")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("schema: rtaudit.cases/1\ncases:\n  X-A-9:\n    - {name: one, expect: pass}\n", "3:3: unknown rule 'X-A-9'"),
        ("schema: rtaudit.cases/1\ncases:\n  X-A-1:\n    - {name: one, expect: good}\n", "cannot be 'good'"),
        ("schema: rtaudit.cases/1\ncases:\n  X-A-1:\n    - {nam: one, expect: pass}\n", "did you mean 'name'?"),
        ("schema: rtaudit.cases/1\nbase: none.json\ncases: {X-A-1: [{name: a, expect: pass}]}\n", "none.json"),
    ],
)  # fmt: skip
def test_a_file_of_cases_that_is_broken(tmp_path: Path, text: str, says: str):
    (tmp_path / "own.yaml").write_text(RULE)
    (tmp_path / "own.cases.yaml").write_text(text)
    with pytest.raises(InputError) as caught:
        list(run(load_cases(tmp_path / "own.cases.yaml")))
    assert says in f"{caught.value.message} {caught.value.hint}"


def test_the_files_of_cases_at_a_path(tmp_path: Path):
    rules, cases = tmp_path / "own.yaml", tmp_path / "deep" / "own.cases.yaml"
    cases.parent.mkdir()
    rules.write_text(RULE)
    cases.write_text("")
    assert find_case_files(tmp_path) == [cases]
    assert find_case_files(rules) == []
    assert find_case_files(cases) == [cases]
    assert find_case_files(cases.with_name("own.yaml").parent) == [cases]
    with pytest.raises(InputError, match="no such file or folder"):
        find_case_files(tmp_path / "none")


def test_the_command_prints_like_a_test_runner(rtaudit: Run, tmp_path: Path):
    assert problem(tmp_path, "expect: fail") is None
    told = rtaudit("policy", "test", "own.yaml", "--verbose")
    assert told.returncode == 0
    assert told.stdout.startswith(
        "PASSED X-A-1 one\nown.cases.yaml .\nno case: X-A-2 (own.cases.yaml)\n\n1 passed, 0 failed in "
    )
    assert problem(tmp_path, "expect: pass") is not None
    told = rtaudit("policy", "test", ".")
    assert told.returncode == 1
    assert told.stdout.startswith(
        "own.cases.yaml F\n\nFAILED own.cases.yaml:4 X-A-1: one\n  expected pass, but it is fail: tags.owner"
    )
    assert "0 passed, 1 failed in" in told.stdout
    (tmp_path / "own.cases.yaml").unlink()
    told = rtaudit("policy", "test", "own.yaml")
    assert (told.returncode, told.stdout) == (3, "")
    assert "cases are beside a rule file" in told.stderr


def test_the_library_passes_its_own_cases(rtaudit: Run):
    told = rtaudit("policy", "test")
    assert told.returncode == 0, told.stdout
    assert ", 0 failed in" in told.stdout
    assert "no case:" not in told.stdout
