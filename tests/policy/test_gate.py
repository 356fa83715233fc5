"""What decides the verdict and the exit code: threshold, waivers, baseline, allowed unknowns."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rtaudit.assets import policies, snapshots
from rtaudit.errors import InputError
from rtaudit.policy import check, load_policies, load_waivers
from rtaudit.report import SEVERITIES, Report
from rtaudit.snapshot import ASPECTS, Snapshot, load
from tests.policy.judging import TODAY, pack, rule
from tests.subjects.estates import ACCOUNT, GROUP, account, estate, gap

FAIL, PASS = {"field": "kind", "equals": "x"}, {"field": "kind", "exists": True}
UNKNOWN: Any = {"some": {"of": "locks"}}
HERE = estate(account(), gaps=[gap("locks")]).snapshot


def judged(*rules: dict[str, Any], snapshot: Snapshot = HERE, **options: Any) -> Report:
    return check([snapshot], [pack(*rules)], **{"as_of": TODAY, **options})


@pytest.mark.parametrize("threshold", [*SEVERITIES, "none"])
@pytest.mark.parametrize("severity", SEVERITIES)
def test_the_threshold(severity: str, threshold: str) -> None:
    gates = threshold != "none" and SEVERITIES.index(severity) <= SEVERITIES.index(threshold)
    failed = judged(rule(FAIL, severity=severity), fail_on=threshold)
    assert (failed.verdict, failed.gate.exit_code) == (("notReady", 1) if gates else ("ready", 0))
    assert failed.summary["fail"] == 1
    unseen = judged(rule(UNKNOWN, severity=severity), fail_on=threshold)
    assert (unseen.verdict, unseen.gate.exit_code) == (("incomplete", 4) if gates else ("ready", 0))
    passed = judged(rule(PASS, severity=severity), fail_on=threshold)
    assert (passed.verdict, passed.gate.exit_code) == ("ready", 0)


def test_a_failure_beats_an_unknown() -> None:
    both = judged(rule(UNKNOWN, "X-A-1", severity="critical"), rule(FAIL, "X-A-2"))
    assert (both.verdict, both.gate.exit_code) == ("notReady", 1)
    low = judged(rule(UNKNOWN, "X-A-1"), rule(FAIL, "X-A-2", severity="low"))
    assert (low.verdict, low.gate.exit_code) == ("incomplete", 4)


@pytest.mark.parametrize(
    ("allowed", "verdict"),
    [
        (False, "incomplete"),
        (True, "ready"),
        (["X-A-1"], "incomplete"),
        (["X-A-1", "X-A-2"], "ready"),
        ([], "incomplete"),
    ],
)
def test_unknowns_that_are_allowed(allowed: Any, verdict: str) -> None:
    made = judged(rule(UNKNOWN, "X-A-1"), rule(UNKNOWN, "X-A-2"), allow_unknown=allowed)
    assert made.verdict == verdict
    assert made.summary["unknown"] == 2
    assert judged(rule(FAIL), allow_unknown=allowed).verdict == "notReady"


def waivers(folder: Path, *stated: dict[str, Any]) -> Any:
    file = folder / "waivers.yaml"
    whole = [{"rule": "X-A-1", "resource": "*", "reason": "agreed", **one} for one in stated]
    file.write_text(json.dumps({"schema": "rtaudit.waivers/1", "waivers": whole}, indent=1))
    return load_waivers(file)


@pytest.mark.parametrize(
    ("stated", "outcome", "warns"),
    [
        ({"expires": "2026-11-23"}, "waived", []),
        # Valid to the end of that day.
        ({"expires": "2026-11-22"}, "waived", []),
        ({"expires": "2026-11-21"}, "fail", ["expired on 2026-11-21"]),
        ({}, "waived", ["never expires"]),
        ({"resource": ACCOUNT.upper(), "expires": "2027-01-01"}, "waived", []),
        ({"resource": f"{ACCOUNT}/", "expires": "2027-01-01"}, "waived", []),
        ({"resource": f"{GROUP}/*/voice", "expires": "2027-01-01"}, "waived", []),
        ({"resource": f"{GROUP}/*/voic", "expires": "2027-01-01"}, "fail", ["matches no finding"]),
        ({"resource": "voice", "expires": "2027-01-01"}, "waived", []),
        ({"resource": "voic", "expires": "2027-01-01"}, "fail", ["matches no finding"]),
        ({"rule": "x-a-1", "expires": "2027-01-01"}, "waived", []),
        ({"rule": "X-A-2", "expires": "2027-01-01"}, "fail", ["matches no finding"]),
        ({"accepts": "unknown", "expires": "2027-01-01"}, "fail", ["matches no finding"]),
    ],
)
def test_a_waiver(tmp_path: Path, stated: dict[str, Any], outcome: str, warns: list[str]) -> None:
    made = judged(rule(FAIL), waivers=waivers(tmp_path, stated))
    (found,) = made.findings
    assert found.outcome == outcome
    assert made.gate.exit_code == (0 if outcome == "waived" else 1)
    assert len(made.warnings) == len(warns)
    assert all(words in warning for words, warning in zip(warns, made.warnings, strict=True))
    assert all("waivers.yaml:" in warning for warning in made.warnings)
    if outcome == "waived":
        assert (found.waiver or {})["reason"] == "agreed"
        assert found.observations
    elif stated.get("expires") == "2026-11-21":
        assert (found.waiver or {})["expired"] is True


def test_an_unknown_is_waived_only_where_that_is_accepted(tmp_path: Path) -> None:
    fails, accepts = {"expires": "2027-01-01"}, {"expires": "2027-01-01", "accepts": "unknown"}
    assert judged(rule(UNKNOWN), waivers=waivers(tmp_path, fails)).verdict == "incomplete"
    made = judged(rule(UNKNOWN), waivers=waivers(tmp_path, accepts))
    assert (made.verdict, made.summary["waived"], made.warnings) == ("ready", 1, [])


def test_an_endpoint_that_was_not_read_is_unknown_by_name_for_each_rule_of_endpoints() -> None:
    prod = load(snapshots() / "prod.json")
    approved = [one for one in prod.resources if one["id"].endswith("/privateEndpoints/lh-concierge-prod-eus2-pe")]
    assert len(approved) == 1
    left = [one for one in prod.resources if one is not approved[0]]
    elsewhere = replace(prod, resources=left, recorded_digest=None)
    packs = load_policies(["production"])
    made = check([elsewhere], packs, as_of=TODAY)
    unseen = [finding for finding in made.findings if finding.resource == approved[0]["id"]]
    assert sorted(finding.rule for finding in unseen) == [
        "RTA-DNS-001", "RTA-DNS-002", "RTA-DNS-003", "RTA-DNS-004", "RTA-DNS-005", "RTA-NET-008",
    ]  # fmt: skip
    assert {finding.outcome for finding in unseen} == {"unknown"}
    for finding in unseen:
        (told,) = finding.gaps
        assert (told.scope, told.reason) == (approved[0]["id"], "missing")
        assert (told.message or "").startswith(
            "lh-concierge-prod-eus2-pe, an approved private endpoint of lh-concierge-prod-eus2, was not read"
        )
    # Every other finding is what it was: none fails for want of an endpoint.
    whole = {(one.rule, one.resource): one.outcome for one in check([prod], packs, as_of=TODAY).findings}
    assert all(whole[one.rule, one.resource] == one.outcome for one in made.findings if one not in unseen)
    good = load(policies() / "rules" / "good.json")
    hub = [one for one in good.resources if "/privateEndpoints/north-pe" in one["id"]]
    without = replace(good, resources=[one for one in good.resources if one not in hub], recorded_digest=None)
    assert check([good], packs, as_of=TODAY).verdict == "ready"
    assert check([without], packs, as_of=TODAY).verdict == "incomplete"


def test_a_shard_is_not_the_whole() -> None:
    prod = load(snapshots() / "prod.json")
    shard = replace(prod, resources=[], scope={**prod.scope, "shard": "1/3"})
    made = check([shard], load_policies(["production"]), as_of=TODAY, fail_on="low")
    assert made.verdict == "incomplete"
    assert {gap.code for finding in made.findings for gap in finding.gaps} == {"Shard"}


def test_a_snapshot_of_no_account_is_warned_of() -> None:
    empty = estate().snapshot
    empty = replace(empty, file="none.json", recorded_digest=empty.digest)
    made = judged(rule(PASS), snapshot=empty)
    assert made.warnings[0].startswith("none.json holds no account of kind OpenAI or AIServices")
    assert (made.verdict, made.warnings[1]) == ("incomplete", "nothing was checked: no rule applied to anything")
    # A gap says more: each rule is unknown.
    assert judged(rule(PASS), snapshot=estate(gaps=[gap("accounts")]).snapshot).warnings == []


def test_of_several_waivers_the_valid_one_counts_and_all_are_known_to_match(tmp_path: Path) -> None:
    old, new, other = {"expires": "2020-01-01"}, {"expires": "2027-01-01", "owner": "new"}, {"expires": "2028-01-01"}
    made = judged(rule(FAIL), waivers=waivers(tmp_path, old, new, other))
    assert (made.findings[0].outcome, (made.findings[0].waiver or {})["owner"]) == ("waived", "new")
    assert [("expired" in one) for one in made.warnings] == [True]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"expires": "2026-02-30"}, "is '2026-02-30', which is not a valid date"),
        ({"expires": "30.02.2026"}, "not a day YYYY-MM-DD"),
        ({"accepts": "anything"}, "cannot be 'anything'"),
        ({"ruel": "X"}, "unknown key 'ruel'"),
        ({"reason": ""}, "waivers[0].reason"),
    ],
)
def test_a_waiver_that_is_wrong_is_told_at_its_line(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError) as caught:
        waivers(tmp_path, change)
    assert says in caught.value.message
    assert "waivers.yaml:" in caught.value.message


def rules_of(*values: str) -> Any:
    return account(rules=[{"value": one} for one in values])


EVERY: Any = {"every": {"of": "properties.rules", "satisfy": {"field": "value", "equals": "good"}}}


@pytest.mark.parametrize(
    ("before", "now", "verdict", "fixed"),
    [
        (["bad"], ["bad"], "ready", 0),
        # One more before it moves the index, and is itself no news.
        (["bad"], ["good", "bad"], "ready", 0),
        (["bad"], ["bad", "worse"], "notReady", 0),
        (["bad", "worse"], ["worse"], "ready", 0),
        (["bad"], ["worse"], "notReady", 0),
        (["bad"], ["good"], "ready", 1),
        (["good"], ["bad"], "notReady", 0),
        (["good"], ["good"], "ready", 0),
        # What is not listed any more is distinguished too.
        ([f"bad{n}" for n in range(60)], [f"bad{n}" for n in range(60)], "ready", 0),
        ([f"bad{n}" for n in range(60)], [f"bad{n}" for n in range(61)], "notReady", 0),
        ([f"bad{n}" for n in range(60)], [*(f"bad{n}" for n in range(59)), "worse"], "notReady", 0),
    ],
)
def test_the_baseline_goes_by_observation(before: list[str], now: list[str], verdict: str, fixed: int) -> None:
    known = judged(rule(EVERY), snapshot=estate(rules_of(*before)).snapshot)
    made = judged(rule(EVERY), snapshot=estate(rules_of(*now)).snapshot, baseline=known, baseline_name="before.json")
    assert (made.verdict, made.gate.fixed, made.gate.baseline) == (verdict, fixed, "before.json")
    assert [one.known for one in made.findings if one.outcome == "fail"] == (
        [verdict == "ready"] if set(now) != {"good"} else []
    )


def test_the_baseline_knows_a_gap_by_its_scope_and_aspect() -> None:
    known = judged(rule(UNKNOWN))
    assert judged(rule(UNKNOWN), baseline=known).verdict == "ready"
    other = estate(account(), gaps=[gap("locks", GROUP)]).snapshot
    assert judged(rule(UNKNOWN), snapshot=other, baseline=known).verdict == "incomplete"
    # What was unknown and is now seen to fail is news; so is what failed and can no longer be seen.
    seen = estate(account()).snapshot
    assert judged(rule(UNKNOWN), snapshot=seen, baseline=known).verdict == "notReady"
    assert judged(rule(UNKNOWN), baseline=judged(rule(UNKNOWN), snapshot=seen)).verdict == "incomplete"


def test_the_baseline_is_of_one_environment() -> None:
    known = judged(rule(FAIL))
    other = replace(HERE, environment="test")
    assert judged(rule(FAIL), snapshot=other, baseline=known).verdict == "notReady"


def test_several_snapshots_are_one_report() -> None:
    here = [replace(HERE, environment="a"), replace(HERE, environment="b")]
    made = check(here, [pack(rule(FAIL))], as_of=TODAY)
    assert [(one.environment, one.outcome) for one in made.findings] == [("a", "fail"), ("b", "fail")]
    assert [one["environment"] for one in made.snapshots] == ["a", "b"]


def test_the_judging_date_is_what_dates_are_held_against() -> None:
    condition = {"field": "properties.day", "daysUntil": {"greaterOrEquals": 0}}
    here = estate(account(day="2026-06-30")).snapshot
    assert [judged(rule(condition), snapshot=here, as_of=date(2026, month, 30)).verdict for month in (6, 7)] == [
        "ready",
        "notReady",
    ]


RULE = """
- id: X-A-1
  name: kind-known
  title: t
  severity: {severity}
  each: account
  require: {require}
  why: w
  fix: [f]
"""
SNAPSHOT: dict[str, Any] = {
    "schema": "rtaudit.snapshot/1",
    "scope": {"aspects": sorted(ASPECTS)},
    "resources": [{"id": ACCOUNT, "kind": "OpenAI"}],
    "gaps": [{"scope": "/subscriptions/0a000000-0000-4000-8000-000000000001", "aspect": "locks", "reason": "denied"}],
}


@pytest.mark.parametrize(
    ("require", "severity", "words", "code"),
    [
        ("{field: kind, exists: true}", "high", [], 0),
        ("{field: kind, exists: false}", "high", [], 1),
        ("{field: kind, exists: false}", "medium", [], 0),
        ("{field: kind, exists: false}", "high", ["--fail-on", "none"], 0),
        ("{some: {of: locks}}", "high", [], 4),
        ("{some: {of: locks}}", "high", ["--allow-unknown"], 0),
        ("{some: {of: locks}}", "high", ["--allow-unknown=X-A-1"], 0),
        ("{some: {of: locks}}", "high", ["--allow-unknown=X-A-9"], 2),
        ("{field: kind, exists: true}", "high", ["--fail-on", "hihg"], 2),
        ("{field: kind, exists: true}", "high", ["--set", "nothing=1"], 2),
        ("{field: kind, exists: true}", "high", ["--no-such-option"], 2),
        ("{field: kind, exsts: true}", "high", [], 3),
        ("{field: kind, exists: true}", "high", ["--waivers", "nowhere.yaml"], 3),
        ("{field: kind, exists: true}", "high", ["--baseline", "s.json"], 3),
    ],
)
def test_exit_codes(rtaudit: Any, tmp_path: Path, require: str, severity: str, words: list[str], code: int) -> None:
    (tmp_path / "p.yaml").write_text(RULE.format(severity=severity, require=require))
    (tmp_path / "s.json").write_text(json.dumps(SNAPSHOT))
    ended = rtaudit("check", "s.json", "--policy", "p.yaml", *words)
    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stderr
    assert bool(ended.stdout) is (code in (0, 1, 4))


def test_the_report_tells_the_exit_code_of_the_command(rtaudit: Any, tmp_path: Path) -> None:
    ended = rtaudit("check", snapshots() / "prod.json", "-o", "json", "--as-of", "2026-11-22")
    made = json.loads(ended.stdout)
    assert ended.returncode == made["gate"]["exitCode"] == 1
    assert (made["verdict"], made["asOf"]) == ("notReady", "2026-11-22")
    (tmp_path / "known.json").write_text(ended.stdout)
    again = rtaudit("check", snapshots() / "prod.json", "--as-of", "2026-11-22", "--baseline", "known.json")
    assert again.returncode == 0
