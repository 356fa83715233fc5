"""Packs: extends, overrides, selection, parameters, and several packs at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rtaudit.assets import snapshots
from rtaudit.cli.check import parse_settings
from rtaudit.errors import InputError, RtauditError, UsageError
from rtaudit.policy import builtin_names, check, library, load_policies
from rtaudit.policy.packs import Pack
from rtaudit.report.gate import parse_day
from rtaudit.snapshot import load
from tests.policy.judging import TODAY, pack, rule, write_rules
from tests.subjects.estates import account, estate, gap

PARAMETER = {"params": {"limit": {"type": "integer", "default": 1, "about": "The most."}}}


def _pack(folder: Path, name: str, text: str = "") -> str:
    (folder / f"{name}.yaml").write_text(f"schema: rtaudit.policy/1\nname: {name}\n{text}")
    return str(folder / f"{name}.yaml")


def _own(rule_id: str, require: str = "{field: kind, exists: true}") -> str:
    return (
        f"  - {{id: {rule_id}, name: own, title: t, severity: high, each: account, require: {require}, why: w, fix: [f],\n"
        "     params: {limit: {type: integer, default: 1, about: x}}}\n"
    )


def test_the_packs_that_ship_extend_each_other() -> None:
    assert {"baseline", "production", "regulated", "development"} <= set(builtin_names())
    by_name = {name: load_policies([name])[0] for name in builtin_names()}
    assert set(by_name["baseline"].rules) < set(by_name["production"].rules) < set(by_name["regulated"].rules)
    assert set(by_name["development"].rules) == set(by_name["baseline"].rules)
    assert set(by_name["regulated"].rules) <= set(library())
    for one in by_name.values():
        assert one.bind(TODAY)


def test_a_diamond_merges_left_to_right_and_the_common_ancestor_once(tmp_path: Path) -> None:
    rules = "rules:\n" + _own("X-A-1", "{value: {param: limit}, equals: 9}")
    _pack(tmp_path, "base", "params: {limit: 1}\noverride: {X-A-1: {severity: low, because: base}}\n" + rules)
    _pack(
        tmp_path,
        "left",
        "extends: [base]\nparams: {limit: 2}\noverride: {X-A-1: {severity: critical, because: left}}\n",
    )
    _pack(tmp_path, "right", "extends: [base]\n")
    (made,) = load_policies([_pack(tmp_path, "top", "extends: [left, right]\n")])
    # `right` brings `base` a second time, and that undoes nothing of `left`.
    assert (made.params, made.overrides["X-A-1"].because, list(made.rules)) == ({"limit": 2}, "left", ["X-A-1"])
    (other,) = load_policies([_pack(tmp_path, "last", "extends: [right, left]\nparams: {limit: 5}\n")])
    assert other.params == {"limit": 5}
    _pack(tmp_path, "left2", "extends: [base]\nparams: {limit: 3}\n")
    (both,) = load_policies([_pack(tmp_path, "both", "extends: [left, left2]\n")])
    assert both.params == {"limit": 3}


def test_an_override_sets_severity_or_disables(tmp_path: Path) -> None:
    rules = "rules:\n" + _own("X-A-1") + _own("X-A-2")
    text = "override:\n  X-A-1: {severity: info, because: x}\n  X-A-2: {enabled: false, because: y}\n" + rules
    (made,) = load_policies([_pack(tmp_path, "p", text)])
    assert [(one.rule.id, one.severity) for one in made.bind(TODAY)] == [("X-A-1", "info")]
    (again,) = load_policies([_pack(tmp_path, "q", "extends: [p]\noverride: {X-A-2: {enabled: true, because: z}}\n")])
    assert [one.rule.id for one in again.bind(TODAY)] == ["X-A-1", "X-A-2"]


def test_select_takes_from_the_library_and_from_the_folder_beside(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    write_rules(tmp_path / "rules", rule({"field": "kind", "exists": True}, "X-A-7"))
    (made,) = load_policies([_pack(tmp_path, "p", "select: [X-A-7, RTA-ID-001]\n")])
    assert sorted(made.rules) == ["RTA-ID-001", "X-A-7"]


def test_a_rule_of_ones_own_folder_cannot_stand_in_for_one_that_ships(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "mine.yaml").write_text(
        _own("RTA-ID-001").replace("  - ", "- ", 1).replace("\n     ", "\n   ")
    )
    with pytest.raises(RtauditError, match=r"mine\.yaml:1:\d+: the rule RTA-ID-001 ships with rtaudit"):
        load_policies([_pack(tmp_path, "p", "select: [RTA-ID-001]\n")])


def test_a_file_of_rules_and_a_folder_are_packs_too(tmp_path: Path) -> None:
    file = write_rules(
        tmp_path, rule({"field": "kind", "exists": True}), rule({"field": "kind", "exists": True}, "X-A-2")
    )
    (made,) = load_policies([str(file)])
    assert (made.name, sorted(made.rules)) == ("rules", ["X-A-1", "X-A-2"])
    (folder,) = load_policies([str(tmp_path)])
    assert sorted(folder.rules) == ["X-A-1", "X-A-2"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(RtauditError, match="holds no policy"):
        load_policies([str(tmp_path / "empty")])


def test_a_folder_of_packs_gives_those_that_no_other_extends(tmp_path: Path) -> None:
    _pack(tmp_path, "base", "select: [RTA-ID-001]\n")
    _pack(tmp_path, "top", "extends: [base]\n")
    assert [one.name for one in load_policies([str(tmp_path)])] == ["top"]


def test_a_folder_of_packs_hides_no_circle_and_no_yml(tmp_path: Path) -> None:
    _pack(tmp_path, "base", "select: [RTA-ID-001]\n")
    (tmp_path / "base.yaml").rename(tmp_path / "base.yml")
    assert [one.name for one in load_policies([str(tmp_path)])] == ["base"]
    for name, other in (("b", "c"), ("c", "b")):
        _pack(tmp_path, name, f"extends: [{other}]\n")
    with pytest.raises(InputError, match="circle"):
        load_policies([str(tmp_path)])


def test_two_policies_of_one_name_are_refused_and_the_same_one_counts_once(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        _pack(tmp_path / folder, "mine", f"select: [RTA-ID-00{'12'['ab'.index(folder)]}]\n")
    with pytest.raises(UsageError, match="two policies are named 'mine'"):
        load_policies([str(tmp_path / "a"), str(tmp_path / "b")])
    assert len(load_policies([str(tmp_path / "a" / "mine.yaml"), str(tmp_path / "a" / "mine.yaml"), "baseline"])) == 2


def test_the_digest_is_of_what_is_judged_by() -> None:
    one = pack(rule({"field": "kind", "exists": True}, **PARAMETER))
    assert one.digest == pack(rule({"field": "kind", "exists": True}, **PARAMETER)).digest
    assert one.digest != pack(rule({"field": "kind", "exists": False}, **PARAMETER)).digest
    assert one.digest != pack(rule({"field": "kind", "exists": True}, **PARAMETER), limit=2).digest


NEVER, ALWAYS = {"field": "kind", "equals": "x"}, {"field": "kind", "exists": True}
HIDDEN: Any = {"some": {"of": "locks"}}


@pytest.mark.parametrize(
    ("first", "second", "outcome", "set_by"),
    [
        (ALWAYS, NEVER, "fail", "second"),
        (NEVER, ALWAYS, "fail", "first"),
        (ALWAYS, HIDDEN, "unknown", "second"),
        (HIDDEN, NEVER, "fail", "second"),
        (ALWAYS, ALWAYS, "pass", "first"),
    ],
)
def test_of_several_packs_the_worst_outcome_stands(first: Any, second: Any, outcome: str, set_by: str) -> None:
    packs = [pack(rule(first), name="first"), pack(rule(second), name="second")]
    made = check([estate(account(), gaps=[gap("locks")]).snapshot], packs, as_of=TODAY)
    (found,) = made.findings
    assert (found.outcome, found.set_by) == (outcome, set_by)
    assert [one["name"] for one in made.policies] == ["first", "second"]


def test_of_several_packs_the_worst_severity_stands_among_failures() -> None:
    packs: list[Pack] = [
        pack(rule(NEVER, severity="low"), name="soft"),
        pack(rule(NEVER, severity="critical"), name="hard"),
    ]
    made = check([estate(account()).snapshot], packs, as_of=TODAY)
    assert [(one.severity, one.set_by) for one in made.findings] == [("critical", "hard")]
    assert made.rules["X-A-1"].severity == "critical"


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("fail_on", "allowed", "outcome", "verdict"),
    [
        ("high", False, "unknown", "incomplete"),
        ("high", True, "fail", "ready"),
        ("high", ["X-A-1"], "fail", "ready"),
        ("low", False, "fail", "notReady"),
        ("none", False, "fail", "ready"),
    ],
)
def test_a_failure_that_does_not_gate_hides_no_unknown_that_does(
    fail_on: str, allowed: Any, outcome: str, verdict: str, turned: bool
) -> None:
    packs = [
        pack(rule(NEVER, severity="low"), name="soft"),
        pack(rule(HIDDEN, severity="critical"), name="hard"),
    ]
    snapshots = [estate(account(), gaps=[gap("locks")]).snapshot]
    made = check(snapshots, packs[::-1] if turned else packs, as_of=TODAY, fail_on=fail_on, allow_unknown=allowed)
    assert ([one.outcome for one in made.findings], made.verdict) == ([outcome], verdict)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("limit=5", 5),
        ("limit=[a, b]", ["a", "b"]),
        ("limit=2026-01-01", "2026-01-01"),
        ("limit=no", "no"),
        ("limit=a=b", "a=b"),
        ("limit=", None),
        ("limit={min: 1}", {"min": 1}),
        ("limit='5'", "5"),
    ],
)
def test_settings_are_yaml(setting: str, value: Any) -> None:
    assert parse_settings([setting]) == {"limit": value}


@pytest.mark.parametrize("setting", ["limit", "=5", ""])
def test_a_setting_without_a_value_is_refused(setting: str) -> None:
    with pytest.raises(UsageError, match="has no value"):
        parse_settings([setting])


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("integer", [5, 0, -1], [5.5, "5", True, [5]]),
        ("number", [5, 5.5], ["5", False]),
        ("string", ["", "x"], [5, None, ["x"]]),
        ("boolean", [True, False], ["true", 1]),
        ("array", [[], ["x"]], ["x", {}]),
        ("object", [{}, {"a": 1}], [[], "x"]),
    ],
)
def test_a_setting_has_the_type_that_the_rule_declares(
    tmp_path: Path, kind: str, good: list[Any], bad: list[Any]
) -> None:
    declared = {"params": {"limit": {"type": kind, "about": "What it means."}}}
    file = str(write_rules(tmp_path, rule({"field": "kind", "equals": {"param": "limit"}}, **declared)))
    for value in good:
        assert load_policies([file], {"limit": value})[0].effective_params() == {"limit": value}
    for value in bad:
        if value is None:
            continue
        with pytest.raises(UsageError, match=f"is not of type {kind}") as caught:
            load_policies([file], {"limit": value})
        assert caught.value.hint == "What it means."


def test_a_setting_that_no_rule_knows_is_refused() -> None:
    with pytest.raises(UsageError, match="no selected rule has such a parameter") as caught:
        load_policies(["production"], {"allowedRegion": ["eastus2"]})
    assert "did you mean 'allowedRegions'?" in (caught.value.hint or "")


@pytest.mark.parametrize("day", ["2026-13-01", "20260101", "2026-W01-1", "tomorrow", "", "2026-1-1"])
def test_a_day_has_one_form(day: str) -> None:
    assert parse_day("2026-01-31", "--as-of") == date(2026, 1, 31)
    with pytest.raises(UsageError, match="is not a valid date"):
        parse_day(day, "--as-of")


def test_every_rule_of_the_library_has_what_a_reader_needs() -> None:
    prod = load(snapshots() / "prod.json")
    (regulated,) = load_policies(["regulated"])
    judged = {one.rule for one in check([prod], [regulated], as_of=TODAY).findings}
    for rule_id, one in library().items():
        assert one.why, rule_id
        assert one.fix, rule_id
        assert all(param.about for param in one.params.values()), rule_id
    assert judged <= set(regulated.rules)
    assert len(judged) > 50
