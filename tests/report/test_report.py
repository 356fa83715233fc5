"""Reports: written and read they are the same, they hold against their schema, and they sort by what matters."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtaudit.assets import snapshots
from rtaudit.errors import InputError
from rtaudit.policy import check, load_policies
from rtaudit.report import OUTCOMES, SEVERITIES, Finding, Gate, Observation, Report, RuleText, at_or_above, dump, load
from rtaudit.report.gate import EXIT_CODES
from rtaudit.report.model import in_order
from rtaudit.report.schema import ENVELOPE
from rtaudit.snapshot import Gap
from rtaudit.snapshot import load as load_snapshot

_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=10)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_RULES = {
    "X-A-1": RuleText("a", "A", "high", "why", ["fix"], ["https://example.com"], {"mcsb": ["NS-1"]}),
    "X-A-2": RuleText("b", "B", "low", "why"),
}
_OBSERVATION = st.builds(Observation, field=_TEXT, expected=_JSON, actual=_JSON, resource=_TEXT)
_GAP = st.builds(
    Gap,
    scope=_TEXT,
    aspect=_TEXT,
    reason=st.sampled_from(["denied", "failed"]),
    status=st.none() | st.integers(400, 599),
)


def _bare(finding: Finding) -> Finding:
    """What passed or does not apply has nothing more to say, but why it does not apply."""
    if finding.outcome in ("pass", "notApplicable"):
        return Finding(
            finding.rule,
            finding.outcome,
            finding.each,
            finding.resource,
            finding.environment,
            _RULES[finding.rule].severity,
            note=finding.note,
        )
    return finding


_FINDING = st.builds(
    Finding,
    rule=st.sampled_from(sorted(_RULES)),
    outcome=st.sampled_from(OUTCOMES),
    each=st.just("account"),
    resource=_TEXT,
    environment=_TEXT,
    severity=st.sampled_from(SEVERITIES),
    set_by=_TEXT,
    observations=st.lists(_OBSERVATION, max_size=2),
    gaps=st.lists(_GAP, max_size=2),
    fix=st.lists(_TEXT, max_size=2),
    waiver=st.none() | st.dictionaries(_TEXT, _TEXT, max_size=2),
    known=st.booleans(),
    note=st.none() | _TEXT,
).map(_bare)


def report(findings: list[Finding], **changes: Any) -> Report:
    made = Report(
        tool={"name": "rtaudit", "version": "0"},
        generated_at="2026-11-22T10:00:00Z",
        as_of="2026-11-22",
        snapshots=[{"environment": "prod", "digest": "sha256:0", "collectedAt": None, "file": "prod.json"}],
        policies=[{"name": "production", "digest": "sha256:1", "params": {"minIpPrefix": 24}}],
        gate=Gate(),
        verdict="ready",
        summary={**dict.fromkeys(OUTCOMES, 0), "failedBySeverity": {}},
        rules=_RULES,
        findings=findings,
        warnings=["a waiver never expires"],
    )
    return replace(made, **changes)


@given(st.lists(_FINDING, max_size=4), st.booleans() | st.lists(st.sampled_from(sorted(_RULES)), max_size=2))
def test_written_and_read_it_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, findings: list[Finding], allow: Any
) -> None:
    made = report(findings, gate=Gate("medium", allow, "before.json", 4, 2), verdict="incomplete")
    text = dump(made)
    jsonschema.Draft202012Validator(ENVELOPE).validate(json.loads(text))
    file = tmp_path_factory.getbasetemp() / "report.json"
    file.write_text(text, encoding="utf-8", newline="")
    again = load(file)
    assert dump(again) == text
    assert json.dumps(asdict(again)) == json.dumps(asdict(made))


@pytest.mark.parametrize("label", ["dev", "test", "prod"])
def test_a_real_report_holds_against_its_schema(label: str, tmp_path: Path) -> None:
    made = check([load_snapshot(snapshots() / f"{label}.json")], load_policies(["regulated"]))
    text = dump(made)
    jsonschema.Draft202012Validator(ENVELOPE).validate(json.loads(text))
    (tmp_path / "r.json").write_text(text)
    again = load(tmp_path / "r.json")
    assert dump(again) == text
    assert [one.order for one in again.findings] == sorted(one.order for one in made.findings)
    assert len({(one.rule, one.fingerprint) for one in made.findings}) == len(made.findings)
    counts = {outcome: sum(one.outcome == outcome for one in made.findings) for outcome in OUTCOMES}
    assert {outcome: made.summary[outcome] for outcome in OUTCOMES} == counts


def test_one_finding_is_one_line() -> None:
    text = dump(report([Finding("X-A-1", "fail", "account", f"/r{number}\n", "prod", "high") for number in range(3)]))
    assert sum('"fingerprint"' in line for line in text.splitlines()) == 3
    assert text.endswith("}\n")
    assert json.loads(dump(report([])))["findings"] == []


def test_the_fingerprint_is_of_the_rule_and_the_resource_and_of_nothing_else() -> None:
    one = Finding("X-A-1", "fail", "account", "/Subscriptions/S/", "prod", "high")
    other = Finding("X-A-1", "pass", "account", "/subscriptions/s", "test", "low", "pack", note="n")
    assert one.fingerprint == other.fingerprint
    assert len(one.fingerprint) == 32
    assert Finding("X-A-2", "fail", "account", "/subscriptions/s", "prod").fingerprint != one.fingerprint
    assert Finding("X-A-1", "fail", "account", "/subscriptions/t", "prod").fingerprint != one.fingerprint


def test_findings_sort_by_outcome_severity_rule_and_resource() -> None:
    def made(rule: str, outcome: str, severity: str, resource: str) -> Finding:
        return Finding(rule, outcome, "account", resource, "prod", severity)

    wanted = [
        made("X-A-2", "fail", "critical", "/b"),
        made("X-A-1", "fail", "high", "/A"),
        made("X-A-1", "fail", "high", "/b"),
        made("X-A-2", "fail", "high", "/a"),
        made("X-A-1", "unknown", "critical", "/a"),
        made("X-A-1", "waived", "critical", "/a"),
        made("X-A-1", "pass", "critical", "/a"),
        made("X-A-1", "notApplicable", "critical", "/a"),
    ]
    backwards = wanted[::-1]
    assert sorted(backwards, key=lambda one: one.order) == wanted


@pytest.mark.parametrize("threshold", [*SEVERITIES, "none"])
@pytest.mark.parametrize("severity", SEVERITIES)
def test_at_or_above(severity: str, threshold: str) -> None:
    rank = {name: number for number, name in enumerate([*reversed(SEVERITIES), "none"])}
    assert at_or_above(severity, threshold) is (rank[severity] >= rank[threshold])


def test_the_exit_codes_of_the_verdicts() -> None:
    assert EXIT_CODES == {"ready": 0, "notReady": 1, "incomplete": 4, "same": 0, "drift": 1}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"schema": "rtaudit.snapshot/1"},
            "is not a report of schema rtaudit.report/1 but a rtaudit.snapshot/1 document",
        ),
        ({"schema": "rtaudit.report/2"}, "is not a report of schema rtaudit.report/1 but a rtaudit.report/2 document"),
        ({"schema": None}, "but something else"),
        ({"verdict": "maybe"}, "'verdict' cannot be 'maybe'"),
        ({"findings": [{"rule": "X"}]}, "'findings[0]' lacks 'outcome'"),
        ({"findings": 5}, "'findings' is 5, not a list"),
        ({"extra": 5}, "unknown key 'extra'"),
        ({"gate": None}, "'gate' is null, not a mapping"),
    ],
)
def test_what_is_no_report_is_one_error(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    document = {**json.loads(dump(report([]))), **change}
    (tmp_path / "f.json").write_text(json.dumps(document))
    with pytest.raises(InputError) as caught:
        load(tmp_path / "f.json")
    assert says in caught.value.message


def test_a_gap_with_a_key_of_a_later_version_is_read(tmp_path: Path) -> None:
    found = Finding("X-A-1", "unknown", "account", "/a", "prod", "high", gaps=[Gap("/s", "locks", "denied")])
    document = json.loads(dump(report([found])))
    document["findings"][0]["gaps"][0]["of"] = "a later version"
    (tmp_path / "f.json").write_text(json.dumps(document))
    assert load(tmp_path / "f.json").findings[0].gaps == [Gap("/s", "locks", "denied")]


def test_in_order_is_the_order_however_they_came() -> None:
    findings = [
        Finding(rule, outcome, "account", f"/subscriptions/{name}", "prod", severity)
        for rule in ("B-1", "A-1")
        for outcome in OUTCOMES
        for severity in SEVERITIES
        for name in ("b", "A", "c")
    ]
    random.Random(1).shuffle(findings)
    assert in_order(findings) == sorted(findings, key=lambda finding: finding.order)
    assert in_order([]) == []
