"""Conditions: Kleene's truth tables, quantifiers with gaps, operators."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from rtaudit.policy.operators import OPERATORS
from tests.policy.judging import TODAY, judged, outcome, report
from tests.subjects.estates import ACCOUNT, SUB, Resource, account, deployment, estate, gap, models, row

TRUE: Any = {"field": "kind", "equals": "AIServices"}
FALSE: Any = {"field": "kind", "equals": "OpenAI"}
UNKNOWN: Any = {"field": "locks[0].name", "equals": "keep"}
CONDITIONS = {True: TRUE, False: FALSE, None: UNKNOWN}
ESTATE = estate(account(), gaps=[gap("locks")])
OUTCOME = {True: "pass", False: "fail", None: "unknown"}


def test_the_three_values() -> None:
    for value, condition in CONDITIONS.items():
        assert outcome(condition, ESTATE) == OUTCOME[value]


def _and(values: Any) -> bool | None:
    return False if False in values else None if None in values else True


def _or(values: Any) -> bool | None:
    return True if True in values else None if None in values else False


@pytest.mark.parametrize("values", [*itertools.product(CONDITIONS, repeat=2), *itertools.product(CONDITIONS, repeat=3)])
def test_all_of_and_any_of_by_kleene(values: tuple[bool | None, ...]) -> None:
    parts = [CONDITIONS[value] for value in values]
    assert outcome({"allOf": parts}, ESTATE) == OUTCOME[_and(values)]
    assert outcome({"anyOf": parts}, ESTATE) == OUTCOME[_or(values)]
    # De Morgan holds for three values too.
    assert outcome({"not": {"anyOf": [{"not": part} for part in parts]}}, ESTATE) == OUTCOME[_and(values)]


@pytest.mark.parametrize("value", CONDITIONS)
def test_not_by_kleene(value: bool | None) -> None:
    negated = None if value is None else not value
    assert outcome({"not": CONDITIONS[value]}, ESTATE) == OUTCOME[negated]
    assert outcome({"not": {"not": CONDITIONS[value]}}, ESTATE) == OUTCOME[value]


@pytest.mark.parametrize(("when", "require"), list(itertools.product(CONDITIONS, repeat=2)))
def test_when_and_require(when: bool | None, require: bool | None) -> None:
    found = outcome(CONDITIONS[require], ESTATE, when=CONDITIONS[when])
    assert found == ("notApplicable" if when is False else "unknown" if when is None else OUTCOME[require])


GOOD, BAD = {"level": "CanNotDelete"}, {"level": "None"}


def _locks(*levels: Resource) -> list[Resource]:
    return [
        {"id": f"{ACCOUNT}/providers/Microsoft.Authorization/locks/l{number}", "properties": level}
        for number, level in enumerate(levels)
    ]


SATISFY = {"field": "properties.level", "equals": "CanNotDelete"}


@pytest.mark.parametrize(
    ("locks", "expected"),
    [
        # some, every, none, >=2, <=1, ==1, !=1
        ([], "fppfpfp"),
        ([GOOD], "ppffppf"),
        ([BAD], "ffpfpfp"),
        ([GOOD, BAD], "pfffppf"),
        ([GOOD, GOOD], "ppfpffp"),
    ],
)
def test_quantifiers_over_a_whole_list(locks: list[Resource], expected: str) -> None:
    of: Resource = {"of": "locks", "satisfy": SATISFY}
    counted: Resource = {"of": "locks", "where": SATISFY}
    here = estate(account(), *_locks(*locks))
    conditions: list[Any] = [
        {"some": of},
        {"every": of},
        {"none": of},
        {"count": {**counted, "greaterOrEquals": 2}},
        {"count": {**counted, "lessOrEquals": 1}},
        {"count": {**counted, "equals": 1}},
        {"count": {**counted, "notEquals": 1}},
    ]
    assert "".join(outcome(one, here)[0] for one in conditions) == expected


@pytest.mark.parametrize(
    ("locks", "expected"),
    [
        # some, every, none, >=2, <2, ==2, !=2, ==0: a witness that was seen passes, a violation that was seen fails.
        ([], "uuuuuuuu"),
        ([GOOD], "pufuuuuf"),
        ([BAD], "ufuuuuuu"),
        ([GOOD, BAD], "pffuuuuf"),
        ([GOOD, GOOD], "pufpfuuf"),
        ([GOOD, GOOD, GOOD], "pufpffpf"),
    ],
)
def test_quantifiers_over_a_list_with_a_gap(locks: list[Resource], expected: str) -> None:
    of: Resource = {"of": "locks", "satisfy": SATISFY}
    counted: Resource = {"of": "locks", "where": SATISFY}
    here = estate(account(), *_locks(*locks), gaps=[gap("locks")])
    conditions: list[Any] = [
        {"some": of},
        {"every": of},
        {"none": of},
        {"count": {**counted, "greaterOrEquals": 2}},
        {"count": {**counted, "less": 2}},
        {"count": {**counted, "equals": 2}},
        {"count": {**counted, "notEquals": 2.0}},
        {"count": {**counted, "equals": 0.0}},
    ]
    assert "".join(outcome(one, here)[0] for one in conditions) == expected
    for one in conditions:
        found = judged(one, here)
        assert bool(found.gaps) is (found.outcome == "unknown")
        assert bool(found.observations) is (found.outcome == "fail")


def test_a_where_that_is_unknown_leaves_the_element_in_doubt() -> None:
    # Whether the first of two is chosen rests on locks that could not be read.
    here = estate(account(tags=["a"]), deployment(), gaps=[gap("locks")])
    doubt = {"field": "$.locks[0].name", "equals": "x"}
    fine = {"field": "properties.provisioningState", "equals": "Succeeded"}
    wrong = {"field": "properties.provisioningState", "equals": "Failed"}
    assert outcome({"every": {"of": "deployments", "where": doubt, "satisfy": fine}}, here) == "pass"
    assert outcome({"every": {"of": "deployments", "where": doubt, "satisfy": wrong}}, here) == "unknown"
    assert outcome({"some": {"of": "deployments", "where": doubt, "satisfy": wrong}}, here) == "fail"
    assert outcome({"some": {"of": "deployments", "where": doubt, "satisfy": fine}}, here) == "unknown"
    assert outcome({"count": {"of": "deployments", "where": doubt, "lessOrEquals": 1}}, here) == "pass"
    assert outcome({"count": {"of": "deployments", "where": doubt, "equals": 1}}, here) == "unknown"
    assert outcome({"count": {"of": "deployments", "where": doubt, "greater": 1}}, here) == "fail"


@pytest.mark.parametrize(
    "of", ["locks[0:1]", "locks[-1:]", "locks | [:1]", "sort_by(locks, &id)[:1]", "reverse(locks)"]
)
def test_the_first_of_what_was_seen_proves_nothing(of: str) -> None:
    whole, cut = estate(account(), *_locks(GOOD)), estate(account(), *_locks(GOOD), gaps=[gap("locks")])
    condition = {"some": {"of": of, "satisfy": SATISFY}}
    assert outcome(condition, whole) == "pass"
    assert outcome(condition, cut) == "unknown"
    assert outcome({"none": {"of": of, "satisfy": SATISFY}}, cut) == "unknown"


@pytest.mark.parametrize("of", ["locks", "locks[]", "locks[*]", "locks[?properties.level == 'CanNotDelete']"])
def test_a_list_that_only_grows_proves_what_it_shows(of: str) -> None:
    cut = estate(account(), *_locks(GOOD), gaps=[gap("locks")])
    assert outcome({"some": {"of": of, "satisfy": SATISFY}}, cut) == "pass"
    assert outcome({"field": "locks[].properties.level", "contains": "CanNotDelete"}, cut) == "pass"
    assert outcome({"field": "locks[].properties.level", "notContains": "CanNotDelete"}, cut) == "fail"
    assert outcome({"field": "locks[].properties.level", "contains": "ReadOnly"}, cut) == "unknown"
    assert outcome({"field": "locks[].properties.level", "notContains": "ReadOnly"}, cut) == "unknown"
    assert outcome({"field": "locks[:1].properties.level", "contains": "CanNotDelete"}, cut) == "unknown"


def test_a_value_that_a_gap_hides_on_the_right_decides_nothing() -> None:
    here = estate(account(), *_locks(GOOD), gaps=[gap("contentPolicies", ACCOUNT)])
    assert (
        outcome({"field": "locks[].properties.level", "contains": {"fieldOf": "contentPolicies[0].id"}}, here)
        == "unknown"
    )
    assert outcome({"field": "kind", "notEquals": {"fieldOf": "contentPolicies[0].id"}}, here) == "unknown"


def test_a_value_that_was_seen_in_a_list_with_a_gap_is_in_it() -> None:
    here = estate(account(), *_locks(GOOD), gaps=[gap("locks")])
    levels = {"fieldOf": "locks[].properties.level"}
    assert outcome({"value": "CanNotDelete", "in": levels}, here) == "pass"
    assert outcome({"value": "CanNotDelete", "notIn": levels}, here) == "fail"
    assert outcome({"value": "ReadOnly", "in": levels}, here) == "unknown"
    assert outcome({"value": "ReadOnly", "notIn": levels}, here) == "unknown"
    assert outcome({"value": "CanNotDelete", "in": {"fieldOf": "locks[:1].properties.level"}}, here) == "unknown"


def test_a_field_that_the_api_version_cannot_show_is_unknown_however_it_is_read() -> None:
    conditions: list[Any] = [
        {"field": "properties.deploymentState", "equals": "Running"},
        {"field": "properties.deploymentState", "exists": False},
        {"field": "properties.deploymentState || 'Running'", "equals": "Running"},
        {"field": "not_null(properties.deploymentState, 'Running')", "equals": "Running"},
    ]
    old = estate(
        account(), deployment(), api_versions={"Microsoft.CognitiveServices/accounts/deployments": "2025-09-01"}
    )
    new = estate(
        account(), deployment(), api_versions={"Microsoft.CognitiveServices/accounts/deployments": "2026-05-01"}
    )
    assert [outcome(one, old, each="deployment") for one in conditions] == ["unknown"] * 4
    assert [outcome(one, new, each="deployment") for one in conditions] == ["fail", "pass", "pass", "pass"]
    paused = estate(account(), deployment(deploymentState="Paused"))
    assert outcome(conditions[0], paused, each="deployment") == "fail"
    some: Any = {"none": {"of": "deployments", "satisfy": {"field": "properties.deploymentState", "equals": "Paused"}}}
    assert outcome(some, old) == "unknown"
    filtered: Any = {"none": {"of": "deployments[?properties.deploymentState == 'Paused']"}}
    assert (outcome(filtered, old), outcome(filtered, new)) == ("unknown", "pass")


NOTHING = object()


@pytest.mark.parametrize(
    ("operator", "expected", "holds", "fails"),
    [
        ("equals", "Deny", ["Deny", "deny", "DENY"], ["Allow", "", None, NOTHING, True, ["Deny"]]),
        ("equals", True, [True], ["true", 1, "True", None, NOTHING]),
        ("equals", 1, [1, 1.0], [True, "1", None]),
        ("equals", None, [None, NOTHING], ["", 0, False, []]),
        ("equals", ["a", "B"], [["A", "b"]], [["b", "a"], ["a"], "a", None]),
        ("equals", {"a": "x"}, [{"a": "X"}], [{"a": "x", "b": 1}, {}, None]),
        ("equals", "straße", ["STRASSE"], ["strase"]),
        ("notEquals", "Deny", ["Allow", "", None, NOTHING, True], ["deny"]),
        ("in", ["private", "restricted", 5], ["Private", 5], ["public", "5", None, NOTHING, ["private"]]),
        ("in", [], [], ["", None]),
        ("notIn", ["private"], ["public", None, NOTHING, ["private"]], ["PRIVATE"]),
        (
            "contains",
            "assigned",
            ["SystemAssigned", ["x", "Assigned"]],
            ["", None, NOTHING, ["SystemAssigned"], {"assigned": 1}, 5],
        ),
        ("contains", 1, [[1, 2]], [[True], "1", 1]),
        ("notContains", "assigned", ["", None, NOTHING, ["x"]], ["SystemAssigned", ["ASSIGNED"]]),
        ("exists", True, ["", 0, False, [], {}], [None, NOTHING]),
        ("exists", False, [None, NOTHING], ["", 0, False, []]),
        ("less", 5, [4, 4.9, -1], [5, "4", None, NOTHING, True]),
        ("lessOrEquals", 5, [5, 4], [6, None, False]),
        ("greater", 5, [6, 5.1], [5, "6", None, True]),
        ("greaterOrEquals", 5, [5, 6], [4, None, NOTHING]),
        ("greater", "2026-01-01", ["2026-01-02", "2026-01-01T"], ["2025-12-31", 2027, None]),
        (
            "like",
            "gpt-realtime*",
            ["gpt-realtime", "GPT-Realtime-mini", "gpt-realtime\nx"],
            ["a gpt-realtime", None, 5],
        ),
        ("like", ["a*c", "x"], ["abc", "X", "ac"], ["ab", "xx", None]),
        ("like", "a.c", ["a.c"], ["abc"]),
        ("like", "*", ["", "anything"], [None, 5]),
        ("inRegions", ["East US 2"], ["eastus2", "EASTUS2"], ["eastus", None, 5]),
        ("matchesRegex", "[a-z]+-voice", ["eu-voice"], ["eu-voice-2", " eu-voice", "eu-voice\n", None, 5, NOTHING]),
        (
            "daysUntil",
            {"greater": 30},
            ["2027-01-01", "2026-12-23T00:00:00Z"],
            ["2026-12-22", "2020-01-01", "soon", None, 30, NOTHING],
        ),
        ("daysUntil", {"greaterOrEquals": 0, "less": 10}, ["2026-11-22", "2026-12-01"], ["2026-11-21", "2026-12-02"]),
        ("daysUntil", {"equals": 0}, ["11/22/2026 23:59:59"], ["2026-11-23"]),
        (
            "withinCidr",
            "10.0.0.0/8",
            ["10.1.2.3", "10.0.0.0/8", "10.1.0.0/16", " 10.1.0.5/16"],
            ["11.0.0.1", "0.0.0.0/0", "::1", "x", None, 5],
        ),
        ("withinCidr", ["10.0.0.0/8", "fd00::/8"], ["fd00::1", "10.1.1.1"], ["2001:db8::1"]),
        (
            "prefixAtLeast",
            24,
            ["10.0.0.0/24", "10.0.0.1", "10.0.0.0/32", "fd00::/64"],
            ["10.0.0.0/23", "0.0.0.0/0", "x", None, NOTHING, 24],
        ),
    ],
)
def test_operators(operator: str, expected: Any, holds: list[Any], fails: list[Any]) -> None:
    condition = {"field": "properties.x", operator: expected}
    for values, wanted in ((holds, "pass"), (fails, "fail")):
        for value in values:
            stated = {} if value is NOTHING else {"x": value}
            assert outcome(condition, estate(account(**stated))) == wanted, (operator, expected, value)


def test_every_operator_has_a_case() -> None:
    (mark,) = [one for one in test_operators.pytestmark if one.name == "parametrize"]  # type: ignore[attr-defined]
    assert {case[0] for case in mark.args[1]} == set(OPERATORS)


@pytest.mark.parametrize("operator", sorted(OPERATORS))
@pytest.mark.parametrize("junk", [None, True, 5, 1.5, "x", "", [], ["x"], [None], {}, {"a": 1}, {"equals": {}}])
def test_no_operator_crashes_whatever_stands_on_either_side(operator: str, junk: Any) -> None:
    for actual in (None, True, 5, "2026-01-01", "10.0.0.0/8", ["a"], {"a": []}):
        assert OPERATORS[operator].test(actual, junk, TODAY) in (True, False)


def test_values_of_parameters_and_of_other_fields() -> None:
    params = {"params": {"limit": {"type": "integer", "default": 3, "about": "x"}}}
    here = estate(account(x=3, y="Deny", z="deny", list=["a"], wanted="A"))
    assert outcome({"field": "properties.x", "lessOrEquals": {"param": "limit"}}, here, **params) == "pass"
    assert outcome({"field": "properties.y", "equals": {"fieldOf": "properties.z"}}, here) == "pass"
    assert outcome({"field": "properties.list", "contains": {"fieldOf": "properties.wanted"}}, here) == "pass"
    assert outcome({"value": {"param": "limit"}, "greater": 2}, here, **params) == "pass"
    assert (
        outcome(
            {
                "some": {
                    "of": "properties.list",
                    "satisfy": {"field": "@", "equals": {"fieldOf": "$.properties.wanted"}},
                }
            },
            here,
        )
        == "pass"
    )


def test_a_rule_whose_parameter_is_unset_does_not_apply() -> None:
    unset = {"params": {"models": {"type": "array", "about": "x"}}, "requires": ["models"]}
    found = judged({"field": "kind", "in": {"param": "models"}}, estate(account()), **unset)
    assert (found.outcome, found.note) == ("notApplicable", "the parameter models is not set")
    without = {"params": {"models": {"type": "array", "about": "x"}}}
    for operator in ("in", "inRegions", "like", "withinCidr"):
        assert outcome({"field": "kind", operator: {"param": "models"}}, estate(account()), **without) == "fail"


def test_an_opt_in_aspect_that_was_not_asked_for_does_not_apply() -> None:
    condition: Any = {"some": {"of": "defenderSettings"}}
    quiet = estate(account(), aspects=["accounts"])
    found = judged(condition, quiet)
    assert (found.outcome, found.note) == ("notApplicable", "needs `--aspect defender` at collection")
    assert outcome(condition, estate(account())) == "fail"
    assert outcome(condition, estate(account(), gaps=[gap("defender", ACCOUNT)])) == "unknown"
    # A default aspect that was skipped is unknown.
    assert outcome({"some": {"of": "locks"}}, quiet) == "unknown"


def test_subjects_that_could_not_be_listed_are_one_unknown_each_rule() -> None:
    (found,) = report(TRUE, estate(gaps=[gap("accounts"), gap("accounts", SUB, "throttled")])).findings
    assert (found.outcome, found.resource) == ("unknown", SUB)
    both = report(TRUE, estate(account(), gaps=[gap("accounts")])).findings
    assert [one.outcome for one in both] == ["unknown", "pass"]
    # The subscription is a subject itself: it is evaluated, once.
    (single,) = report(
        {"field": "id", "exists": True}, estate(account(), gaps=[gap("accounts")]), each="subscription"
    ).findings
    assert single.outcome == "pass"
    (nothing,) = report(TRUE, estate(aspects=["locks"])).findings
    assert (nothing.outcome, nothing.resource) == ("unknown", "environment/prod")
    assert report(TRUE, estate()).findings == []


def test_a_realtime_deployment_that_may_be_none_is_never_more_than_unknown() -> None:
    holds, fails = {"field": "sku.name", "exists": True}, {"field": "sku.name", "equals": "x"}
    mystery = estate(account(), deployment("gpt-4o", "1"), models(row("x")))
    for condition in (holds, fails):
        found = judged(condition, mystery, each="realtimeDeployment")
        assert found.outcome == "unknown"
        assert "whether this deployment is realtime is unknown" in (found.note or "")
    speech = estate(account(), deployment())
    assert [outcome(one, speech, each="realtimeDeployment") for one in (holds, fails)] == ["pass", "fail"]


def test_evidence_names_field_expected_actual_and_resource() -> None:
    (seen,) = judged({"field": "properties.publicNetworkAccess", "equals": "Disabled"}, estate(account())).observations
    assert (seen.field, seen.expected, seen.actual, seen.resource) == (
        "properties.publicNetworkAccess",
        "Disabled",
        None,
        ACCOUNT,
    )
    here = estate(account(rules=[{"value": "a"}, {"value": "b"}]))
    found = judged({"every": {"of": "properties.rules", "satisfy": {"field": "value", "equals": "a"}}}, here)
    assert [(one.field, one.actual) for one in found.observations] == [("properties.rules[1].value", "b")]
    many = estate(account(rules=[{"value": str(number)} for number in range(70)]))
    seen_many = judged(
        {"every": {"of": "properties.rules", "satisfy": {"field": "value", "equals": "a"}}}, many
    ).observations
    assert len(seen_many) == 51
    assert seen_many[-1].expected == "20 more observations are not listed"


def test_fixes_are_filled_in_and_quoted_for_the_shell() -> None:
    hostile = f"{ACCOUNT[:-5]}x; rm -rf ~"
    fix = ["az show --name {name} --group {resourceGroup} --id {id} {properties.x} {nothing} {not a path!}"]
    (line,) = judged(FALSE, estate(account(hostile, x="$(id)")), fix=fix).fix
    assert line.startswith("az show --name 'x; rm -rf ~' --group rg-voice --id '/subscriptions/")
    assert line.endswith("'$(id)' <nothing> <not a path!>")
