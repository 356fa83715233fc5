"""The rule library: complete, documented, sourced, tested; and what it says of the sample company."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest

from rtaudit import assets
from rtaudit.policy.cases import CaseFile, find_case_files, load_cases, run
from rtaudit.policy.check import check
from rtaudit.policy.packs import library, load_policies
from rtaudit.policy.rules import bind
from rtaudit.report import Report
from rtaudit.snapshot import load

AS_OF = date(2026, 11, 22)
BASELINE = (
    "ID-001 ID-003 NET-002 NET-003 NET-007 NET-008 NET-009 OBS-001 OBS-002 MOD-001 MOD-002 MOD-005 MOD-006 MOD-008 CAP-003 "
    "RES-005 RAI-002 RAI-004 GOV-004"
)
PRODUCTION = (
    "ID-002 ID-004 ID-005 ID-006 ID-007 ID-008 NET-001 NET-005 NET-006 DNS-001 DNS-002 DNS-003 DNS-004 DNS-005 OBS-003 OBS-004 OBS-005 "
    "OBS-006 OBS-008 OBS-009 OBS-010 OBS-012 MOD-003 MOD-004 MOD-007 MOD-010 CAP-001 CAP-002 CAP-004 CAP-005 CAP-006 CAP-007 RES-001 RES-002 RES-003 RAI-001 "
    "RAI-003 RAI-005 GOV-001 GOV-002 GOV-003 GOV-005"
)
REGULATED = "NET-004 NET-010 NET-011 OBS-007 OBS-011 OBS-013 MOD-009 RES-004 RAI-006 DP-001 DP-002"


def _ids(*groups: str) -> set[str]:
    return {f"RTA-{one}" for group in groups for one in group.split()}


def _can_not_apply(rule_id: str) -> bool:
    rule = library()[rule_id]
    return rule.when is not None or bool(rule.requires) or bool(bind(rule, {}, AS_OF).opt_in)


def _case_files() -> list[Path]:
    return find_case_files(assets.policies() / "rules")


def _check(label: str, *packs: str) -> Report:
    return check([load(assets.snapshots() / f"{label}.json")], load_policies(packs), as_of=AS_OF)


@pytest.fixture(scope="module")
def cases() -> list[CaseFile]:
    return [load_cases(path) for path in _case_files()]


def test_packs_select_what_the_catalogue_says() -> None:
    def rules(name: str) -> set[str]:
        (pack,) = load_policies([name])
        return set(pack.rules)

    assert rules("baseline") == rules("development") == _ids(BASELINE)
    assert rules("production") == _ids(BASELINE, PRODUCTION)
    assert rules("regulated") == _ids(BASELINE, PRODUCTION, REGULATED)
    beside = {"client": "RTA-CON-", "probe": "RTA-PRB-"}
    for name, prefix in beside.items():
        assert rules(name) == {one for one in library() if one.startswith(prefix)}
    assert {one for one in library() if not one.startswith(tuple(beside.values()))} == rules("regulated")


def test_packs_set_the_declared_parameters() -> None:
    horizon = {
        name: load_policies([name])[0].effective_params()["retirementHorizonDays"]
        for name in ("baseline", "production", "development")
    }
    assert horizon == {"baseline": 30, "production": 90, "development": 14}
    assert load_policies(["regulated"])[0].effective_params()["allowedExposure"] == ["private", "perimeter"]
    softer = load_policies(["development"])[0].overrides
    assert {rule: one.severity for rule, one in softer.items()} == dict.fromkeys(
        _ids("ID-001 NET-002 OBS-001 OBS-002"), "low"
    )


@pytest.mark.parametrize("rule_id", sorted(library()))
def test_rule_says_why_and_how(rule_id: str) -> None:
    rule = library()[rule_id]
    assert len(rule.why) > 60
    # What is mended in a client or a network has no command of Azure's.
    assert any(line.startswith("az ") for line in rule.fix) or rule.each in ("client", "probe")
    assert rule.fix
    assert all(line.startswith("https://learn.microsoft.com/") for line in rule.see)
    assert rule.see
    assert all(param.about for param in rule.params.values())


@pytest.mark.parametrize("path", _case_files(), ids=lambda path: path.stem)
def test_cases_hold(path: Path) -> None:
    results = list(run(load_cases(path)))
    assert results
    assert [f"{one.case.place} {one.case.name}: {one.problem}" for one in results if one.problem] == []


def test_each_rule_has_each_kind_of_case(cases: list[CaseFile]) -> None:
    kinds: dict[str, set[str]] = defaultdict(set)
    for file in cases:
        for case in file.cases:
            kinds[case.rule].add(case.expect)
    for rule_id in _ids(BASELINE, PRODUCTION, REGULATED):
        wanted = {"pass", "fail", "unknown"} | ({"notApplicable"} if _can_not_apply(rule_id) else set())
        assert kinds[rule_id] >= wanted, rule_id


def test_cases_name_the_field_that_failed(cases: list[CaseFile]) -> None:
    observed = {case.rule for file in cases for case in file.cases if case.expect == "fail" and case.observed}
    assert observed >= _ids(BASELINE, PRODUCTION, REGULATED)


def test_good_environment_passes_everything_that_needs_no_declaration() -> None:
    good = load(assets.policies() / "rules" / "good.json")
    report = check([good], load_policies(["production"]), as_of=AS_OF)
    assert report.verdict == "ready"
    assert {one.outcome for one in report.findings} == {"pass", "notApplicable"}


def test_what_production_says_of_the_sample_company() -> None:
    report = _check("prod", "production")
    failed = sorted(
        (one.severity, one.rule, one.resource.rsplit("/", 1)[-1]) for one in report.findings if one.outcome == "fail"
    )
    assert failed == [
        ("critical", "RTA-NET-009", "lh-nightdesk-prod-sdc"),
        ("high", "RTA-DNS-002", "lh-frontdesk-prod-eus2-pe"),
        ("high", "RTA-ID-001", "lh-frontdesk-prod-eus2"),
        ("high", "RTA-MOD-006", "frontdesk-voice"),
        ("high", "RTA-NET-006", "lh-nightdesk-prod-sdc"),
        ("high", "RTA-RES-001", "prod"),
        ("low", "RTA-OBS-009", "lh-frontdesk-prod-eus2"),
        ("medium", "RTA-ID-006", "lh-frontdesk-prod-eus2"),
        ("medium", "RTA-NET-007", "lh-nightdesk-prod-sdc"),
        ("medium", "RTA-OBS-008", "lh-concierge-prod-sdc"),
        ("medium", "RTA-OBS-008", "lh-nightdesk-prod-sdc"),
        ("medium", "RTA-RES-002", "prod"),
    ]  # fmt: skip
    assert not [one for one in report.findings if one.outcome == "unknown"]


def test_fixes_name_the_resource_that_is_wrong() -> None:
    fixes = {
        (one.rule, one.resource.rsplit("/", 1)[-1]): one.fix for one in _check("prod", "production").findings if one.fix
    }
    (delete,) = (line for line in fixes["RTA-OBS-009", "lh-frontdesk-prod-eus2"] if "delete" in line)
    assert delete.endswith("/providers/microsoft.insights/metricAlerts/frontdesk-latency")
    assert any(
        "/privateEndpointConnections/guest-pe." in line for line in fixes["RTA-NET-009", "lh-nightdesk-prod-sdc"]
    )
    unfilled = [line for lines in fixes.values() for line in lines if re.search(r"<[a-z]+[.\[]", line)]
    assert unfilled == []


def test_a_denied_read_of_the_sample_company_names_the_permission() -> None:
    report = _check("dev", "production")
    unknown = [one for one in report.findings if one.outcome == "unknown"]
    assert Counter(gap.needs for one in unknown for gap in one.gaps if gap.needs) == {
        "Microsoft.Authorization/roleAssignments/read": 10,
        "Microsoft.Insights/diagnosticSettings/read": 4,
    }
