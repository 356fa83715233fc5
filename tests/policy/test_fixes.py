"""Steps of a fix: which observation gets which, what is filled in, how each shell reads it, and what the tools say of them."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtaudit.policy.cases import load_cases, run
from rtaudit.policy.lint import lint
from rtaudit.report.steps import Ask, Command, quote_bash, quote_pwsh
from tests.policy.judging import judged, write_rules
from tests.policy.judging import rule as stated
from tests.subjects.estates import account, estate

EVERY_APPROVED = {
    "every": {"of": "properties.privateEndpointConnections", "satisfy": {"field": "status", "equals": "Approved"}}
}
APPROVE = {
    "for": {"field": "status", "equals": "Pending"},
    "say": "Approve {observed.id}.",
    "az": "az approve --id {observed.id} --to {properties.owner || <owner>} --body '{{\"a\": true}}'",
    "sets": [{"at": "{id}", "set": {"properties.privateEndpointConnections[id={observed.id}].status": "Approved"}}],
}
REJECTED = {"for": {"field": "status", "equals": "Rejected"}, "say": "Make it anew.", "manual": "it was refused"}


def of(fix: list[Any], *connections: dict[str, Any], require: Any = EVERY_APPROVED, **properties: Any) -> Any:
    resource = account(privateEndpointConnections=list(connections), **properties)
    return judged(require, estate(resource), fix=fix)


def test_each_observation_gets_the_steps_that_mend_it():
    one, two = {"id": "a b", "status": "Pending"}, {"id": "c", "status": "Rejected"}
    found = of([APPROVE, REJECTED], one, two)
    approve = ["Approve a b.", "az approve --id 'a b' --to <owner> --body '{\"a\": true}'"]
    assert [list(each.fix) for each in found.observations] == [approve, ["Make it anew."]]
    assert list(found.fix) == [*approve, "Make it anew."]
    step = found.observations[0].steps[0]
    assert step.sets[0]["set"] == {"properties.privateEndpointConnections[id=a b].status": "Approved"}
    assert step.command.asks == [Ask("owner")]


def test_a_value_that_is_one_name_alone_keeps_its_type():
    fix = {"say": "x", "sets": [{"at": "{id}", "set": {"n": "{sku.capacity}", "t": "{sku.capacity} units"}}]}
    require = {"field": "kind", "equals": "other"}
    found = judged(require, estate({**account(), "sku": {"capacity": 7}}), fix=[fix])
    assert found.observations[0].steps[0].sets[0]["set"] == {"n": 7, "t": "7 units"}


@pytest.mark.parametrize("hostile", ["$(reboot)", "a'b", 'a"b', "`x`", "a;b", "-x", "a b", "ü", "%PATH%"])
def test_what_azure_said_is_one_word_of_the_command(hostile):
    found = of([APPROVE], {"id": "x", "status": "Pending"}, owner=hostile)
    words = shlex.split(found.observations[0].fix[1])
    assert words[5] == hostile


@pytest.mark.parametrize("hostile", ["a\nreboot", "a\x1b[2J", "a\u2028b"])
def test_what_no_line_can_hold_is_asked_for(hostile):
    found = of([APPROVE], {"id": "x", "status": "Pending"}, owner=hostile)
    assert "--to <owner>" in found.observations[0].fix[1]


def test_the_old_form_stays():
    found = of(["Mend {name}.", "az mend --name {name} --to <owner>"], {"id": "x", "status": "Pending"})
    assert list(found.fix) == ["Mend voice.", "az mend --name voice --to <owner>"]
    step = found.observations[0].steps[1]
    assert step.command.arguments() == ["az", "mend", "--name", "voice", "--to", "<owner>"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain-1", "plain-1"),
        ("--ids", "--ids"),
        ("/subscriptions/1", "/subscriptions/1"),
        ("a b", "'\"a b\"'"),
        ("it's", "'it''s'"),
        ("it\u2019s", "'it\u2019\u2019s'"),
        ("$(x)", "'\"$(x)\"'"),
        ('{"a":true}', "'{\\\"a\\\":true}'"),
        ('{"a": "b c"}', '\'"{""a"": ""b c""}"\''),
        ('a"&calc', '\'"a""&calc"\''),
        ('{"a":"x&y","b":1}', '\'"{""a"":""x&y"",""b"":1}"\''),
        ("100%", "'\"100%%cd:~,%\"'"),
        ("a b\\", "'\"a b\\\\\"'"),
        ("a,b", "'\"a,b\"'"),
        ("@x", "'@x'"),
        ("", "'\"\"'"),
        ("x?a=1&b=2", "'\"x?a=1&b=2\"'"),
    ],
)
def test_powershell_quotes_by_its_own_rules(text, expected):
    assert quote_pwsh(text) == expected


def pwsh_word(quoted: str) -> str:
    """What az gets of a word: by PowerShell's rules, those of cmd.exe, and then those of the C run-time of Windows."""
    raw = quoted
    if quoted[0] == "'":
        raw = quoted[1:-1]
        for mark in "'\u2018\u2019\u201a\u201b":
            raw = raw.replace(mark * 2, mark)
    return c_runtime(cmd_line(raw))


def cmd_line(raw: str) -> str:
    """What cmd.exe passes on: no sign of its own may stand outside of double quotes, and no name between percent signs."""
    raw = raw.replace("%%cd:~,%", "\0")
    assert "%" not in raw, raw
    for number, outside in enumerate(raw.split('"')):
        assert number % 2 or not set("&|<>^ ") & set(outside), raw
    return raw.replace("\0", "%")


def c_runtime(raw: str) -> str:
    found, at, slashes, inside = "", 0, 0, False
    while at < len(raw):
        one = raw[at]
        if one == "\\":
            slashes += 1
        elif one == '"':
            found += "\\" * (slashes // 2)
            if slashes % 2:
                found += '"'
            elif inside and raw[at + 1 : at + 2] == '"':
                found += '"'
                at += 1
            else:
                inside = not inside
            slashes = 0
        else:
            found += "\\" * slashes + one
            slashes = 0
        at += 1
    return found + "\\" * slashes


WORDS = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), max_size=12) | st.text(
    "ab \"'\\&|<>^%!,;=`$(){}@\u2019", max_size=12
)


@given(WORDS)
def test_each_shell_reads_back_what_was_quoted(text):
    assert shlex.split(quote_bash(text)) == [text]
    assert pwsh_word(quote_pwsh(text)) == text


def test_a_script_asks_by_variables():
    command = Command.parse("az x --a <subnet id> --b p='q r'/<account's name>")
    assert command is not None
    assert command.script("bash") == 'az x --a "${SUBNET_ID}" --b \'p=q r/\'"${ACCOUNT_S_NAME}"'
    assert command.script("pwsh") == "az x --a ${SUBNET_ID} --b ('\"p=q r/\"' + ${ACCOUNT_S_NAME})"


CASES = """\
schema: rtaudit.cases/1
cases:
  X-A-1:
    - {name: good, expect: pass, change: [{at: account:east, set: {tags.o: z}}, {at: account:north, set: {tags.o: z}}]}
    - {name: bad, expect: fail}
"""
TAGGED = {"field": "tags.o", "exists": True}
TAGS = {"say": "tag it", "sets": [{"at": "{id}", "set": {"tags.o": "<owner>"}}]}


@pytest.mark.parametrize(
    ("fix", "problem"),
    [
        ([TAGS], None),
        (["tag it"], None),
        ([{"say": "tag it", "manual": "only you know whose it is"}], None),
        ([{"say": "tag it", "sets": [{"at": "{id}", "set": {"tags.p": "x"}}]}], "after its steps tags.o is still None"),
        ([TAGS | {"for": {"field": "kind", "equals": "x"}}], "no step mends tags.o"),
        ([TAGS | {"sets": [{"at": "/x", "set": {"tags.o": "x"}}]}], "cannot be applied"),
    ],
    ids=["mends", "old form", "manual", "does not mend", "no step", "cannot be applied"],
)
def test_policy_test_applies_the_steps_to_the_case(tmp_path, fix, problem):
    write_rules(tmp_path, stated(TAGGED, fix=fix), name="own.yaml")
    (tmp_path / "own.cases.yaml").write_text(CASES)
    found = [one.problem for one in run(load_cases(tmp_path / "own.cases.yaml"))]
    assert found[0] is None
    assert (found[1] is None) if problem is None else (problem in str(found[1]))


@pytest.mark.parametrize(
    ("step", "check"),
    [
        ({"say": "x", "az": "az x --ids {id}", "sets": TAGS["sets"]}, None),
        ({"az": "az x --ids {id}"}, "unproved-step"),
        ({"manual": "x"}, "empty-step"),
        ({"say": "x", "after": ["RTA-NET-06"]}, "unknown-rule"),
        ({"say": "x", "after": ["RTA-NET-006"]}, None),
        ({"say": "x", "az": "sudo x", "manual": "y"}, "condition"),
        ({"say": "x", "az": "az x 'open", "manual": "y"}, "condition"),
        ({"say": "x", "az": "az x {a..b}", "manual": "y"}, "condition"),
        ({"say": "x", "for": {"field": "x", "equls": 1}}, "schema"),
        ({"say": "x", "sets": [{"at": "account", "gap": "accounts"}]}, "schema"),
        ({"says": "x"}, "schema"),
    ],
)
def test_lint_knows_steps(tmp_path, step, check):
    write_rules(tmp_path, stated(TAGGED, fix=[step]), name="own.yaml")
    (tmp_path / "own.cases.yaml").write_text(CASES)
    assert [one.check for one in lint(tmp_path / "own.yaml")] == ([check] if check else [])


def test_lint_finds_steps_that_wait_for_each_other(tmp_path):
    one = stated(TAGGED, "X-A-1", fix=[{"say": "x", "after": ["X-A-2"]}])
    two = stated(TAGGED, "X-A-2", fix=[{"say": "x", "after": ["X-A-1"]}])
    write_rules(tmp_path, one, two, name="own.yaml")
    assert "circle" in [found.check for found in lint(tmp_path / "own.yaml")]
