from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from rtaudit import check
from rtaudit.assets import snapshots
from rtaudit.errors import UsageError
from rtaudit.render import FORMATS, render, whole
from rtaudit.report import Finding, Gate, Observation
from rtaudit.snapshot import load

from .samples import EAST, HOSTILE, hostile, incomplete, many, ready, report_of, sample

SAMPLE_80 = """\
prod: NOT READY
prod (prod.json) checked against production, as of 2026-11-22; collected
2026-11-22 09:00 UTC
2 accounts, 1 realtime deployment; 6 checks: 3 failed, 1 unknown, 1 passed, 1
waived, 1 known from the baseline

CRITICAL  oai-voice-eastus2: private link service connection state status is
          Pending; expected Approved.                                RTA-NET-009
UNKNOWN   oai-voice-sweden: diagnostics could not be read (denied, 403); it
          needs Microsoft.Insights/diagnosticSettings/read.          RTA-OBS-001
LOW       1 more (--show low)

warning: the waiver for RTA-GOV-002 expired on 2026-01-01
Next:  add --details                        evidence and az commands
       rtaudit runbook prod.json            the steps, in order
       rtaudit policy explain RTA-NET-009   what it checks, why, and the fix

not ready: 1 finding with 1 cause blocks the launch (1 critical)
"""


def table(report, **options):
    return whole(render(report, "table", **options))


def test_the_whole_table():
    assert table(sample(), width=80) == SAMPLE_80


@pytest.mark.parametrize("group_by", ["account", "rule", "severity"])
def test_each_grouping_tells_of_every_finding_that_is_shown(group_by):
    text = table(sample(), group_by=group_by, show=["all"])
    for finding in sample().findings:
        assert finding.rule in text
        assert finding.resource.rsplit("/", 1)[-1] in text


def test_show_lists_what_was_asked_and_nothing_else():
    assert "RTA-ID-001" not in table(sample())
    text = table(sample(), show=["known"])
    assert "RTA-ID-001" in text
    assert "CRITICAL" not in text
    assert "No finding matches --show fail." in table(ready(), show=["fail"])


def test_the_first_and_the_last_line_are_the_verdict():
    for report, first, last in (
        (incomplete(), "prod: INCOMPLETE", "incomplete: 1 finding with 1 cause could not be evaluated (1 high)"),
        (ready(), "prod: READY", "ready: nothing of severity high or worse failed or is unknown"),
        (sample(), "prod: NOT READY", "not ready: 1 finding with 1 cause blocks the launch (1 critical)"),
    ):
        lines = table(report).splitlines()
        assert (lines[0], lines[-1]) == (first, last)


def test_what_the_baseline_knows_does_not_block():
    known = sample()
    for finding in known.findings:
        finding.known = finding.outcome in ("fail", "unknown")
    lines = table(replace(known, verdict="ready", gate=Gate(baseline="old.json", fixed=2))).splitlines()
    assert lines[0] == "prod: READY"
    assert lines[-1] == "ready: no new findings (4 known from the baseline, 2 fixed)"


def test_findings_of_one_cause_are_one_line_the_worst_first():
    seen = [Observation("a.b", "x", "y", EAST, "Something is wrong with oai-voice-eastus2.")]
    found = [
        Finding("RTA-NET-006", "fail", "account", EAST, "prod", "high", observations=seen),
        Finding("RTA-NET-009", "fail", "account", EAST, "prod", "critical", observations=seen),
        Finding("OWN-1", "fail", "account", EAST, "prod", "low", observations=seen),
    ]
    lines = table(report_of(found, {}, "notReady"), width=80).splitlines()
    told = [line for line in lines if "Something is wrong" in line]
    assert len(told) == 1
    assert told[0].startswith("CRITICAL  Something is wrong")
    assert any(line.endswith("RTA-NET-009 (+ NET-006, OWN-1)") for line in lines)
    assert lines[-1] == "not ready: 2 findings with 1 cause block the launch (1 critical, 1 high)"


def test_details_keep_what_is_copied_in_one_piece():
    lines = table(sample(), width=80, details=True).splitlines()
    assert any(line.strip() == f"at: {EAST}" for line in lines)
    command = "az network private-endpoint-connection approve --id " + "x" * 200
    (first,) = [one for one in sample().findings if one.rule == "RTA-NET-009" and one.outcome == "fail"]
    first.fix = [command, "Approve the pending connection."]
    said = table(report_of([first], {}, "notReady"), width=80, details=True).splitlines()
    assert any(line.strip() == command for line in said)


SHIPPED = [load(snapshots() / f"{name}.json") for name in ("prod", "test", "dev")]


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
@pytest.mark.parametrize("snapshot", SHIPPED, ids=lambda one: one.environment)
def test_nothing_is_wider_than_the_terminal_and_the_sample_fits_a_screen(snapshot, width):
    lines = table(check([snapshot], as_of=date(2026, 11, 22)), width=width).splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) <= (45 if width >= 80 else 60)


@pytest.mark.parametrize("group_by", [None, "account", "rule", "severity"])
def test_two_hundred_accounts_fit_one_screen(group_by):
    lines = table(many(10_000), width=80, group_by=group_by).splitlines()
    assert len(lines) <= 48
    assert all(len(line) <= 80 for line in lines)
    assert lines[-1].startswith("not ready: 800 findings with 40 causes block")
    said = "\n".join(lines)
    assert ("and 39 more rules" in said) == (group_by is None)
    assert ("and 28 more rules" in said) == (group_by == "rule")
    assert ("and 49 more" in said) == (group_by is None)
    assert ("most often" in said) == (group_by == "severity")


def test_what_was_summarised_can_be_listed():
    said = table(many(1000), show=["fail", "unknown"])
    for finding in many(1000).findings:
        if finding.outcome == "fail":
            assert finding.resource.rsplit("/", 1)[-1] in said


def test_colour_only_where_it_may_be():
    assert "\x1b" not in table(sample())
    painted = table(sample(), width=80, colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == SAMPLE_80


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("group_by", [None, "account", "rule", "severity"])
def test_hostile_text_is_shown_as_text(text, group_by):
    lines = table(hostile(text), group_by=group_by, show=["all"], width=80).split("\n")
    assert all(line.isprintable() for line in lines)
    assert not any(line.strip().startswith(("::error", "::warning")) for line in lines)
    assert not any("##vso[" in line for line in lines)
    assert len(lines) < 400


def test_an_unknown_format_lists_the_known_ones():
    with pytest.raises(UsageError) as caught:
        render(sample(), "sarrif")
    for name in FORMATS:
        assert name in caught.value.hint
