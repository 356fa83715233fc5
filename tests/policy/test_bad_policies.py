"""A policy that is wrong is one error that names the file, the line and the column; on the command line exit code 3."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtaudit.assets import snapshots
from rtaudit.errors import InputError, RtauditError
from rtaudit.policy import check, load_policies
from rtaudit.policy.paths import PathError, compile_path
from rtaudit.snapshot import load
from tests.policy.judging import TODAY, pack, rule
from tests.subjects.estates import ACCOUNT, account, estate

HEAD = "- id: X-A-1\n  name: a-rule\n  title: t\n  severity: high\n  each: account\n"
TAIL = "  why: w\n  fix: [f]\n"


def complaint(folder: Path, text: str, name: str = "p.yaml") -> RtauditError:
    (folder / name).write_text(text)
    with pytest.raises(RtauditError) as caught:
        check([estate(account()).snapshot], load_policies([str(folder / name)]), as_of=TODAY)
    caught.value.message = caught.value.message.replace(f"{folder}/", "")
    return caught.value


@pytest.mark.parametrize(
    ("require", "says", "hint"),
    [
        ("{field: kind, equls: x}", "p.yaml:6:26: unknown key 'equls'", "did you mean 'equals'?"),
        ("{feild: kind, equals: x}", "p.yaml:6:13: unknown key 'feild'", "did you mean 'field'?"),
        ("{allof: []}", "p.yaml:6:13: unknown key 'allof'", "did you mean 'allOf'?"),
        (
            "{field: facts.exposur, equals: x}",
            "p.yaml:6:20: X-A-1: unknown fact 'facts.exposur'",
            "did you mean 'facts.exposure'?",
        ),
        ("{some: {of: facts.deployed}}", "p.yaml:6:24: X-A-1: unknown fact 'facts.deployed'", ""),
        (
            "{some: {of: locks, satisfy: {field: $.facts.nothing, exists: true}}}",
            "p.yaml:6:48: X-A-1: unknown fact",
            "",
        ),
        ("{field: facts, exists: true}", "p.yaml:6:20: X-A-1: 'facts' names no fact", "write one of"),
        ("{field: 'facts | exposure', exists: true}", "p.yaml:6:20: X-A-1: 'facts | exposure' names no fact", ""),
        ("{field: kind, equals: {param: q}}", "p.yaml:6:34: X-A-1: 'q' is not a parameter of this rule", "declare it"),
        ("{field: kind}", "p.yaml:6:12: X-A-1: the condition has no operator", "one field and one of"),
        ("{field: kind, equals: a, in: [a]}", "p.yaml:6:12: X-A-1: the condition has more than one operator", ""),
        ("{equals: a}", "p.yaml:6:12: X-A-1: the condition lacks 'field'", ""),
        (
            "{not: {field: a, equals: 1}, field: b}",
            "p.yaml:6:48: X-A-1: 'field' cannot be combined with 'not'",
            "allOf",
        ),
        ("{every: {of: locks}}", "p.yaml:6:20: '[0].require.every' lacks 'satisfy'", ""),
        ("{some: {off: locks}}", "p.yaml:6:20: unknown key 'off'", "did you mean 'of'?"),
        (
            "{some: {of: locks, were: {field: a, equals: 1}}}",
            "p.yaml:6:31: unknown key 'were'",
            "did you mean 'where'?",
        ),
        ("{count: {of: locks}}", "p.yaml:6:20: X-A-1: 'count' takes exactly one comparison", "allowed: equals"),
        ("{count: {of: locks, greater: many}}", "p.yaml:6:41: X-A-1: 'count' compares with a number", ""),
        ("{allOf: []}", "p.yaml:6:20: '[0].require.allOf'", ""),
        ("{not: [a]}", "p.yaml:6:18: '[0].require.not' is a list, not a mapping", ""),
        ("{}", "p.yaml:6:12: '[0].require'", ""),
        ("[a]", "p.yaml:6:12: '[0].require' is a list, not a mapping", ""),
        ("{field: kind, in: OpenAI}", "p.yaml:6:30: X-A-1: 'in' takes a list, not 'OpenAI'", ""),
        ("{field: kind, exists: 'true'}", "p.yaml:6:34: X-A-1: 'exists' takes true or false", ""),
        (
            "{field: kind, daysUntil: {greatr: 1}}",
            "p.yaml:6:37: X-A-1: 'daysUntil' takes a mapping",
            "allowed in it: equals",
        ),
        ("{field: kind, prefixAtLeast: 1.5}", "p.yaml:6:41: X-A-1: 'prefixAtLeast' takes a whole number", ""),
        ("{field: kind, matchesRegex: '('}", "p.yaml:6:40: X-A-1: '(' is not a regular expression", ""),
        (
            "{field: kind, matchesRegex: '" + "a" * 1001 + "'}",
            "p.yaml:6:40: X-A-1: the regular expression is longer than 1000",
            "",
        ),
        (
            "{field: my-tag, exists: true}",
            "p.yaml:6:20: X-A-1: 'my-tag' is not a JMESPath expression",
            'needs quotes: "my-tag"',
        ),
        (
            "{field: tags.my-tag.x, exists: true}",
            "p.yaml:6:20: X-A-1: 'tags.my-tag.x' is not a JMESPath",
            'needs quotes: "my-tag"',
        ),
        (
            "{field: 'lenght(kind)', equals: 1}",
            "p.yaml:6:20: X-A-1: JMESPath has no function lenght()",
            "did you mean length()?",
        ),
        ("{field: 'a[?', equals: 1}", "p.yaml:6:20: X-A-1: 'a[?' is not a JMESPath expression", ""),
        ("{field: 5, exists: true}", "p.yaml:6:20: '[0].require.field' is 5, not a string", ""),
        ("{field: '', exists: true}", "p.yaml:6:20: X-A-1: a field is a JMESPath expression", ""),
        (
            "{field: " + "a." * 300 + "a, exists: true}",
            "p.yaml:6:20: X-A-1: the path is 601 characters long",
            "shorten",
        ),
        (
            "{field: '" + "!" * 200 + "a', exists: true}",
            "p.yaml:6:20: X-A-1: the path is nested more than 30",
            "flatten",
        ),
        (
            "{not: " * 45 + "{field: kind, exists: true}" + "}" * 45,
            "p.yaml:6:252: X-A-1: conditions are nested more than 20",
            "split",
        ),
        (
            "{not: " * 70 + "{field: kind, exists: true}" + "}" * 70,
            "p.yaml:6:384: nesting deeper than 64 levels",
            "flatten",
        ),
        ("{field: kind, equals: &a x}", "p.yaml:6:34: the anchor &a is not allowed", "write the value out"),
        ("{field: kind, equals: .nan}", "p.yaml:6:34: the number .nan is not allowed", ""),
    ],
)
def test_a_condition_that_is_wrong(tmp_path: Path, require: str, says: str, hint: str) -> None:
    error = complaint(tmp_path, f"{HEAD}  require: {require}\n{TAIL}")
    assert error.message.startswith(says)
    assert hint in (error.hint or "")
    assert error.exit_code == 3
    assert "\n" not in error.message
    assert len(error.message) < 1200


GOOD_RULE = HEAD + "  require: {field: kind, exists: true}\n" + TAIL
PACK = "schema: rtaudit.policy/1\nname: mine\n"


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        (GOOD_RULE + GOOD_RULE, "p.yaml:9:7: the rule X-A-1 appears twice in this file", ""),
        (GOOD_RULE.replace("X-A-1", "x 1"), "p.yaml:1:7: '[0].id' is 'x 1', not an id such as CONTOSO-NET-001", ""),
        (GOOD_RULE.replace("a-rule", "A Rule"), "p.yaml:2:9: '[0].name' is 'A Rule', not a kebab-case name", ""),
        (
            GOOD_RULE.replace("high", "severe"),
            "p.yaml:4:13: '[0].severity' cannot be 'severe'",
            "allowed: critical, high",
        ),
        (
            GOOD_RULE.replace("each: account", "each: acount"),
            "p.yaml:5:9: '[0].each' cannot be 'acount'",
            "did you mean 'account'?",
        ),
        (GOOD_RULE.replace("  why: w\n", ""), "p.yaml:1:3: '[0]' lacks 'why'", ""),
        (GOOD_RULE + "  see: [http://x]\n", "p.yaml:9:9: '[0].see[0]' is 'http://x', not an https:// address", ""),
        (
            GOOD_RULE + "  params: {n: {type: int, about: x}}\n",
            "p.yaml:9:22: '[0].params.n.type' cannot be 'int'",
            "did you mean 'integer'?",
        ),
        (
            GOOD_RULE + "  params: {n: {type: integer, default: '5', about: x}}\n",
            "p.yaml:9:40: the default of 'n' is not of type integer",
            "",
        ),
        (GOOD_RULE + "  requires: [n]\n", "p.yaml:9:14: 'n' is not a parameter of this rule", ""),
        ("just text\n", "p.yaml:1:1: this is neither a pack nor a list of rules", "rtaudit.policy/1"),
        ("", "p.yaml:1:1: this is neither a pack nor a list of rules", ""),
        ("[]", "", ""),
        ("name: mine\n", "p.yaml:1:1: the document lacks 'schema'", ""),
        (PACK.replace("/1", "/2"), "p.yaml:1:9: 'schema' is 'rtaudit.policy/2'", ""),
        (PACK + "selct: []\n", "p.yaml:3:1: unknown key 'selct'", "did you mean 'select'?"),
        (PACK + "select: [RTA-NET-0099]\n", "p.yaml:3:10: unknown rule 'RTA-NET-0099'", "did you mean"),
        (
            PACK + "select: [RTA-NET-001]\nparams: {allowedExposur: [private]}\n",
            "p.yaml:4:10: no selected rule has a parameter",
            "did you mean 'allowedExposure'?",
        ),
        (
            PACK + "select: [RTA-NET-001]\nparams: {allowedExposure: private}\n",
            "p.yaml:4:27: the parameter 'allowedExposure' is not of type array",
            "",
        ),
        (
            PACK + "override: {RTA-NET-001: {severity: low, because: x}}\n",
            "p.yaml:3:12: the rule 'RTA-NET-001' is not selected",
            "",
        ),
        (
            PACK + "select: [RTA-NET-001]\noverride: {RTA-NET-001: {severity: low}}\n",
            "p.yaml:4:25: 'override.RTA-NET-001' lacks 'because'",
            "",
        ),
        (PACK + "extends: [productoin]\n", "p.yaml:3:11: unknown pack 'productoin'", "did you mean 'production'?"),
        (PACK + f"extends: [{'x' * 300}]\n", "p.yaml:3:11: unknown pack 'xxxx", "allowed: baseline"),
        (PACK + "extends: [p]\n", "p.yaml:3:11: packs extend each other in a circle: p → p", "take one of them out"),
        (
            PACK + "rules:\n" + GOOD_RULE.replace("X-A-1", "RTA-NET-001"),
            "p.yaml:4:7: the rule RTA-NET-001 is already defined in",
            "an id of your own",
        ),
        (PACK + "name: again\n", "p.yaml:3:1: the key 'name' a second time", ""),
        ("a: b: c\n", "p.yaml:1:5: not YAML", ""),
    ],
)
def test_a_file_that_is_wrong(tmp_path: Path, text: str, says: str, hint: str) -> None:
    if text == "[]":
        (tmp_path / "p.yaml").write_text(text)
        assert load_policies([str(tmp_path / "p.yaml")])[0].rules == {}
        return
    error = complaint(tmp_path, text)
    assert error.message.startswith(says)
    assert hint in (error.hint or "")
    assert error.exit_code == 3


def test_a_circle_of_three_is_told_as_it_goes(tmp_path: Path) -> None:
    for name, base in (("a", "b"), ("b", "c"), ("c", "a")):
        (tmp_path / f"{name}.yaml").write_text(f"schema: rtaudit.policy/1\nname: {name}\nextends: [{base}]\n")
    with pytest.raises(InputError, match=r"c\.yaml:3:11: packs extend each other in a circle: a → b → c → a"):
        load_policies([str(tmp_path / "a.yaml")])


def test_a_rule_of_one_id_in_two_files_of_a_folder(tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text(GOOD_RULE)
    with pytest.raises(InputError, match=r"two\.yaml:1:7: the rule X-A-1 is already defined in .*one\.yaml"):
        load_policies([str(tmp_path)])


def test_two_rules_that_declare_one_parameter_differently(tmp_path: Path) -> None:
    second = GOOD_RULE.replace("X-A-1", "X-A-2")
    (tmp_path / "p.yaml").write_text(
        f"{GOOD_RULE}  params: {{n: {{type: integer, default: 1, about: x}}}}\n{second}  params: {{n: {{type: integer, default: 2, about: x}}}}\n"
    )
    with pytest.raises(InputError, match=r"p\.yaml:18:\d+: the parameter 'n' is declared with another type or default"):
        load_policies([str(tmp_path / "p.yaml")])


def test_a_regular_expression_that_explodes_ends_in_time() -> None:
    slow = rule({"field": "properties.x", "matchesRegex": "(a|a|aa)+$"})
    started = time.monotonic()
    with pytest.raises(RtauditError, match="takes too long") as caught:
        check([estate(account(x="a" * 60 + "b")).snapshot], [pack(slow)], as_of=date(2026, 1, 1))
    assert time.monotonic() - started < 90
    assert "nested repetition" in (caught.value.hint or "")


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # JMESPath's, of literals that are no JSON
@given(st.text(alphabet="abc.@[]?*:|&!()'\"`{},-$0 \\", max_size=25))
def test_any_text_is_a_path_or_one_error(text: str) -> None:
    try:
        path = compile_path(text)
    except PathError:
        return
    (subject,) = estate(account(a=[1, {"b": "c"}])).accounts
    for element in (None, 5, "x", [1, [2]], {"a": {"b": None}}, subject.raw):
        path.of_element(element, subject)
    path.of_subject(subject)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("kind", "AIServices"),
        ("@.kind", "AIServices"),
        ("$.kind", "AIServices"),
        ("properties.deep[1].b", "c"),
        ("properties.deep[?b == 'c'] | [0].b", "c"),
        ("properties.missing.more", None),
        ("kind.more", None),
        ("length(properties.deep)", 2),
        ("length(location)", 9),
        ("length(sku)", None),
        ("keys(properties.missing)", None),
        ("properties.deep[::0]", None),
        ("sum(properties.deep)", None),
        ('tags."a-b"', "x"),
        ('ceil(to_number(`"1e999"`))', None),
        ("(((kind)))", "AIServices"),
        ("facts.exposure", "public"),
        ("[kind, facts.exposure]", ["AIServices", "public"]),
        ("{a: kind}.a", "AIServices"),
        ("contains(keys(@), 'kind')", True),
        ("@.id", ACCOUNT),
    ],
)
def test_paths_at_a_subject(path: str, value: Any) -> None:
    stated = {**account(deep=[1, {"b": "c"}]), "tags": {"a-b": "x"}}
    (subject,) = estate(stated).accounts
    assert compile_path(path).of_subject(subject) == (value, ())


PROD = snapshots() / "prod.json"


def test_the_command_tells_a_broken_policy_in_two_lines(rtaudit: Any, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(f"{HEAD}  require: {{field: facts.exposur, equals: x}}\n{TAIL}")
    ended = rtaudit("check", PROD, "--policy", "p.yaml")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr.splitlines()[0] == "error: p.yaml:6:20: X-A-1: unknown fact 'facts.exposur' here"
    assert ended.stderr.splitlines()[1].startswith("hint: did you mean 'facts.exposure'?")
    assert len(ended.stderr.splitlines()) == 2


def test_the_command_names_what_it_does_not_know(rtaudit: Any, tmp_path: Path) -> None:
    ended = rtaudit("check", PROD, "--policy", "producton")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr.startswith("error: unknown policy 'producton'\nhint: did you mean 'production'?")
    (tmp_path / "slow.yaml").write_text(f"{HEAD}  require: {{field: id, matchesRegex: '(.|[^!]|..)+[!?]'}}\n{TAIL}")
    ended = rtaudit("check", PROD, "--policy", "slow.yaml")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "takes too long" in ended.stderr
    assert load(PROD).environment == "prod"
