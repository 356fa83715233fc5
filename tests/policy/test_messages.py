"""Messages: plain sentences for every failure and unknown of every shipped rule, and what `says` may hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtaudit.assets import policies
from rtaudit.errors import InputError
from rtaudit.policy.cases import Case, CaseFile, base_of, find_case_files, findings_of, load_cases
from rtaudit.policy.lint import lint
from rtaudit.report import Finding, Observation
from rtaudit.report.wording import MAX_MESSAGE, fallback, name, plain_field
from rtaudit.snapshot import Gap
from tests.policy.judging import judged, write_rules
from tests.subjects.estates import account, estate

FORBIDDEN = re.compile(r"[{}\[\]`]|facts\.")
FILES = [load_cases(path) for path in find_case_files(policies() / "rules")]
BASES = {file.path: base_of(file) for file in FILES}
CASES = [(file, case) for file in FILES for case in file.cases if case.expect in ("fail", "unknown")]
ON_THEIR_WAY = ("RTA-CON-",)
"""Rules whose sentences are not written yet: what they say is made from the operator."""


def _names(value: Any) -> Iterator[str]:
    """Every text of a document that a sentence may name."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key in ("id", "name", "model", "account", "deployment", "host", "principalId"):
                yield from (str(one).rsplit("/", 1)[-1],) if isinstance(one, str) else ()
            yield from _names(one)
    elif isinstance(value, list):
        for one in value:
            yield from _names(one)


NAMES = {
    path: {one for one in _names([*base.resources, *base.clients]) if one} | {base.environment}
    for path, base in BASES.items()
}


@pytest.mark.parametrize(("file", "case"), CASES, ids=[f"{case.rule}-{case.name}" for _, case in CASES])
def test_every_failure_and_unknown_is_one_plain_sentence(file: CaseFile, case: Case):
    found = [one for one in findings_of(file, case, BASES[file.path]) if one.outcome == case.expect]
    assert found
    for finding in found:
        said = [finding.message, *(one.message for one in finding.observations)]
        for message in said:
            assert 0 < len(message) <= MAX_MESSAGE
            assert not FORBIDDEN.search(message), message
            assert message.endswith("."), message
        named = NAMES[file.path] | {name(finding.resource), *(name(one.resource) for one in finding.observations)}
        assert any(one in finding.message for one in named), finding.message
        for one in finding.observations:
            own = one.message != fallback(one.field, one.expected, one.actual, one.resource)
            assert own or finding.rule.startswith(ON_THEIR_WAY), f"{finding.rule} lacks says: {one.message}"


def test_a_sentence_is_filled_in_where_the_evidence_was_found():
    rules = {"of": "properties.networkAcls.ipRules", "satisfy": {"field": "value", "notEquals": "0.0.0.0/0"}}
    acls = {"ipRules": [{"value": "10.0.0.1"}, {"value": "0.0.0.0/0"}]}
    open_to_all = estate(account(networkAcls=acls))
    for says, expected in (
        ("{subject} lets {value} in", "voice lets 0.0.0.0/0 in."),
        ("{element} is too wide", "0.0.0.0/0 is too wide."),
        ("There are {count of $.properties.networkAcls.ipRules: rule}", "voice: There are 2 rules."),
        ("{words of $.kind} {subject}: {missing or nothing}", "ai services voice: nothing."),
    ):
        assert judged({"every": rules, "says": says}, open_to_all).message == expected


def test_the_nearest_sentence_wins_and_none_is_made_from_the_operator():
    both = {
        "allOf": [
            {"field": "name", "equals": "other", "says": "{subject} is not other"},
            {"field": "kind", "equals": "none"},
        ],
        "says": "{subject} is wrong",
    }
    found = judged(both, estate(account()))
    assert [one.message for one in found.observations] == ["voice is not other.", "voice is wrong."]
    bare = judged({"field": "properties.networkAcls.defaultAction", "equals": "Deny"}, estate(account()))
    assert bare.message == "voice: network ACLs default action is not set; expected Deny."


@pytest.mark.parametrize(
    ("says", "problem"),
    [
        ("{subject", "not closed"),
        ("{params.none} is not there", "not a parameter"),
        ("{subject} {facts.nothing}", "unknown fact"),
        ("{subject} {[}", "not a JMESPath"),
        ("", "takes a sentence"),
    ],
)
def test_a_sentence_that_cannot_be_filled_in_is_refused(says: str, problem: str):
    with pytest.raises(InputError, match=problem):
        judged({"field": "name", "equals": "other", "says": says}, estate(account()))


@pytest.mark.parametrize(
    ("says", "problem"),
    [
        ("{subject} has no `thing`", "contains `"),
        ("{subject}: facts.exposure is wrong", "a field's path"),
        ("{subject} " + "is very wrong " * 12, "more than 120"),
    ],
)
def test_lint_asks_the_same_of_every_rule(tmp_path: Path, says: str, problem: str):
    from tests.policy.judging import rule

    file = write_rules(tmp_path, rule({"field": "name", "equals": "other", "says": says}))
    assert any(one.check == "sentence" and problem in one.message for one in lint(file))


HOSTILE = st.text(st.characters(codec="utf-8"), max_size=400)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_whatever_azure_says_a_message_is_one_printable_line(resource: str, field: str, actual: str):
    seen = Observation(field, actual, {actual: [actual]}, resource)
    gap = Gap(resource, "accounts", "failed", message=actual)
    for finding in (
        Finding("R", "fail", "account", resource, "prod", observations=[seen]),
        Finding("R", "unknown", "account", resource, "prod", gaps=[gap]),
        Finding("R", "unknown", "account", resource, "prod", note=actual),
    ):
        assert len(finding.message) <= MAX_MESSAGE
        assert finding.message.isprintable()
        assert not re.search(r"[{}\[\]`]", finding.message)


def test_findings_about_one_field_of_one_resource_have_one_cause():
    def finding(rule: str, field: str, resource: str = "/subscriptions/S/x", **more: Any) -> Finding:
        return Finding(
            rule, "fail", "account", resource, "prod", observations=[Observation(field, 1, 2, resource)], **more
        )

    first = finding("A", "a[0].b")
    assert first.cause == finding("B", "a[3].b", "/SUBSCRIPTIONS/s/X").cause
    assert first.cause != finding("A", "a[0].c").cause
    assert first.cause != finding("A", "a[0].b", "/subscriptions/S/y").cause
    assert Finding("A", "pass", "account", "/x", "prod").cause is None


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("properties.networkAcls.defaultAction", "network ACLs default action"),
        ("facts.speechModels[1].regions", "speech models regions"),
        ("sku.name", "SKU name"),
        ("properties.privateEndpointConnections[?a=='b'] | [0].id", "private endpoint connections id"),
    ],
)
def test_a_field_is_named_in_words(path: str, words: str):
    assert plain_field(path) == words
