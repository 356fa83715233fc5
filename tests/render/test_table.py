from __future__ import annotations

import re

import pytest

from rtaudit.errors import UsageError
from rtaudit.render import FORMATS, render, whole

from .samples import HOSTILE, hostile, incomplete, many, ready, sample

SAMPLE_80 = """\
prod (prod.json) by production, as of 2026-11-22

oai-voice-eastus2 (rg-voice): 2 fail
  fail    critical RTA-NET-009 not-stranded
    properties.privateEndpointConnections[0].properties.
      privateLinkServiceConnectionState.status: expected Approved, actual
      Pending
    fix: Approve the pending connection.
  fail    low      RTA-GOV-002 has-owner-tag · oai-voice-eastus2/gpt-realtime
    tags.owner: expected {"exists": true}, actual (not there)
      (oai-voice-eastus2)
    expired waiver: until moved, expires 2026-01-01

oai-voice-sweden (rg-voice): 1 unknown
  unknown high     RTA-OBS-001 has-diagnostics
    diagnostics not read: denied (403 AuthorizationFailed), needs
      Microsoft.Insights/diagnosticSettings/read

warning: the waiver for RTA-GOV-002 expired on 2026-01-01
not ready: 3 fail (1 critical, 1 high, 1 low), 1 unknown, 1 waived, 1 pass, 1 notApplicable, 1 of them known from the baseline
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
    assert "RTA-NET-009" not in text
    assert "Nothing to list." in table(ready(), show=["fail"])


def test_the_last_line_is_the_verdict():
    assert table(incomplete()).splitlines()[-1].startswith("incomplete: 0 fail, 1 unknown")
    assert table(ready()).splitlines()[-1] == "ready: 0 fail, 0 unknown, 0 waived, 1 pass, 0 notApplicable"


@pytest.mark.parametrize("group_by", [None, "account", "rule", "severity"])
def test_two_hundred_accounts_fit_one_screen(group_by):
    lines = table(many(10_000), width=80, group_by=group_by).splitlines()
    assert len(lines) <= 48
    assert all(len(line) <= 80 for line in lines[:-1])
    assert lines[-1].startswith("not ready: 2000 fail")
    said = "\n".join(lines)
    assert ("and 36 more rules" in said) == (group_by is None)
    assert ("and 22 more rules" in said) == (group_by == "rule")
    assert ("and 46 more" in said) == (group_by is None)
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
