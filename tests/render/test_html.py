"""The HTML report as text: what it holds, and that hostile text stays text. In a browser: test_browser.py."""

from __future__ import annotations

import html
import html.parser
import re
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import icalendar
import pytest

from rtaudit.azure import arm_id
from rtaudit.policy import check, load_policies, load_waivers
from rtaudit.render import render
from rtaudit.render import whole as joined
from rtaudit.render.html.domains import Score, domain_of, scores
from rtaudit.render.html.livepath import ACCOUNTS as DRAWN
from rtaudit.render.html.livepath import paths
from rtaudit.render.html.report import BLOCKERS
from rtaudit.render.plots import ACCOUNTS, heat
from rtaudit.render.text import owning_resource_name
from rtaudit.report import Finding
from rtaudit.snapshot import load
from rtaudit.subjects import EstateIndex

from .samples import DIAGNOSTICS, HOSTILE, hostile, many, report_of, sample

FIXTURES = Path(__file__).parent
sys.path.insert(0, str(FIXTURES.parents[1] / "benchmarks"))
from whole import whole  # noqa: E402

hostiles = pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))


def text_of(report, name, **options):
    return joined(render(report, name, **options))


class _Reader(html.parser.HTMLParser):
    """Collects elements, attributes and the text outside scripts and styles."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.elements = []
        self.words = []
        self._inside = None

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._inside = tag if tag in ("script", "style") else None

    def handle_endtag(self, tag):
        self._inside = None

    def handle_data(self, data):
        if self._inside is None:
            self.words.append(data)


def html_of(report, **options):
    said = text_of(report, "html", **options)
    reader = _Reader()
    reader.feed(said)
    reader.close()
    return said, reader


_OURS = {tag for tag, _ in html_of(sample())[1].elements}


@hostiles
def test_html_shows_hostile_text_as_text(text):
    _, reader = html_of(hostile(text))
    assert {tag for tag, _ in reader.elements} <= _OURS | {"dl", "dt", "dd"}
    assert sum(tag == "script" for tag, _ in reader.elements) == 1
    for _, attributes in reader.elements:
        assert not any(name.startswith("on") or name in ("style", "src", "srcdoc") for name in attributes)
        link = attributes.get("href") or "#"
        assert link.startswith(("#", "https://"))
    words = "".join(reader.words)
    assert all(line.isprintable() for line in words.replace("\t", " ").split("\n"))


def test_html_is_one_file_that_asks_for_nothing():
    _, reader = html_of(sample())
    policy = next(a["content"] for t, a in reader.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not any(tag in ("link", "img", "iframe", "object", "embed") for tag, _ in reader.elements)
    words = " ".join(" ".join(reader.words).split())
    for part in (
        "not ready",
        "Expected Approved Actual Pending",
        "denied (403",
        "pilot | only",
        "expired on 2026-01-01",
    ):
        assert part.replace(" ,", "") in words.replace(" ,", "")


def test_html_draws_the_snapshot():
    snapshot = load(FIXTURES.parents[1] / "snapshots" / "prod.json")
    said, reader = html_of(sample(), snapshots=[snapshot])
    words = " ".join(" ".join(reader.words).split())
    for part in (
        "The live path",
        "Time and capacity",
        "retires",
        "9 of 20",
        "not asked for",
        "no contract given",
        "Rates against the declared peak",
        "120 requests a minute",
    ):
        assert part in words
    assert said.count('class="chain"') == 4


@pytest.mark.parametrize(
    ("rule", "domain"),
    [("RTA-ID-001", "Identity"), ("RTA-RAI-003", "Content safety"), ("RTA-DP-001", "Data protection"), ("RTA-SRC-004", "Client"), ("RTA-PRB-001", "Client"), ("ACME-1", "Own rules"), ("RTA-NEW-001", "Own rules")],
)  # fmt: skip
def test_a_rule_has_a_domain(rule, domain):
    assert domain_of(rule) == domain


def test_every_shipped_rule_has_a_domain_of_ours():
    packs = load_policies(["regulated", "client"])
    assert not [rule for pack in packs for rule in pack.rules if domain_of(rule) == "Own rules"]


def test_a_domain_counts_what_failed_what_is_unknown_and_what_was_accepted():
    found = {score.domain: score for score in scores(sample().findings, ["prod"])}
    assert (found["Network"].failed, found["Network"].worst) == ({"critical": 1}, "critical")
    assert (found["Identity"].accepted, found["Identity"].failed) == (1, {})
    assert found["Observability"].unknown == 1
    assert found["DNS"].sentence == "not checked"


@pytest.mark.parametrize(("passed", "failed", "unknown"), [(1, 0, 0), (4999, 1, 0), (1, 999, 1), (0, 0, 7), (3, 3, 3)])
def test_every_part_of_a_bar_can_be_seen(passed, failed, unknown):
    score = Score("Network", "prod", passed, {"high": failed} if failed else {}, unknown)
    bars = score.bars(200)
    assert len(bars) == sum(bool(count) for count in (passed, failed, unknown))
    assert all(length >= 4 for _, _, length in bars)
    assert sum(length for _, _, length in bars) == 200


def test_with_several_environments_each_has_its_verdict():
    one = sample()
    other = [replace(finding, environment="test") for finding in one.findings if finding.outcome == "pass"]
    report = report_of(
        [*one.findings, *other],
        one.rules,
        "notReady",
        snapshots=[*one.snapshots, {**one.snapshots[0], "environment": "test"}],
    )
    said, _ = html_of(report)
    tiles = re.findall(r'data-filter="environment" data-value="(\w+)">.*?<span class="v (\w+)">', said, re.DOTALL)
    assert tiles == [("prod", "bad"), ("test", "ok")]


def test_where_much_blocks_the_top_names_each_rule_once():
    said, _ = html_of(many(5000))
    assert 1 <= said.split('class="blocks"')[1].split("</ol>")[0].count("<li>") <= BLOCKERS
    assert "more like it" in said


def test_nothing_wrong_says_so():
    passes = [finding for finding in sample().findings if finding.outcome == "pass"]
    said, reader = html_of(report_of(passes, sample().rules, "ready"))
    assert "Nothing failed, and nothing is unknown." in said
    assert "Steps to ready" not in " ".join(reader.words)


def test_a_waiver_to_paste_is_a_waiver(tmp_path):
    said, _reader = html_of(sample())
    text = html.unescape(said.split('class="accept"')[1].split("<code>", 2)[2].split("</code>")[0])
    file = tmp_path / "waivers.yaml"
    body = text.replace("WHY", "moved").replace("WHO", "desk").replace("YYYY-MM-DD", "2027-01-01")
    file.write_text(
        "schema: rtaudit.waivers/1\nwaivers:\n" + "\n".join(f"  {line}" for line in body.splitlines()) + "\n"
    )
    (waiver,) = load_waivers(file)
    assert waiver.rule == "RTA-NET-009"


def test_the_path_of_twenty_one_accounts_shows_those_with_problems_once():
    snapshot = whole(12, 2)
    report = check([snapshot], load_policies(["production"]), as_of=date(2026, 11, 22))
    estate = EstateIndex(snapshot)
    drawn, untroubled = paths(report, [estate])
    assert 0 < len(drawn) <= DRAWN
    assert all(path.troubled for path in drawn)
    assert (
        sum(1 + len(path.others) for path in drawn) + untroubled
        == sum(one.fact("hostsRealtime") for one in estate.accounts)
        > DRAWN
    )


def test_the_calendar_has_retirements_and_waivers():
    snapshot = load(FIXTURES.parents[1] / "snapshots" / "prod.json")
    text = text_of(sample(), "ics", snapshots=[snapshot])
    events = icalendar.Calendar.from_ical(text).walk("VEVENT")
    found = {str(event["SUMMARY"]): event["DTSTART"].dt for event in events}
    assert found["gpt-realtime-mini 2025-12-15 retires"] == date(2026, 12, 15)
    assert found["RTA-GOV-002 waiver ends"] == date(2026, 1, 1)
    assert len({str(event["UID"]) for event in events}) == len(events)
    assert text == text_of(sample(), "ics", snapshots=[snapshot])


@hostiles
def test_a_calendar_keeps_hostile_text_in_its_place(text):
    said = text_of(hostile(text), "ics")
    assert all(
        line.split(":")[0].split(";")[0].strip(" ") == line.split(":")[0].split(";")[0] or line.startswith(" ")
        for line in said.splitlines()
    )
    icalendar.Calendar.from_ical(said)


def test_html_of_five_thousand_findings_is_small():
    assert len(text_of(many(5000), "html").encode()) < 6_000_000


def test_a_rule_in_the_heat_map_always_has_a_cell_that_says_why():
    wide = many(400)
    alone = Finding("RTA-ENV-001", "unknown", "environment", "environment/prod", "prod", "info")
    report = report_of([*wide.findings, alone], {**wide.rules, "RTA-ENV-001": DIAGNOSTICS}, "notReady")
    owners = {arm_id.key(owning_resource_name(one.resource)): at for at, one in enumerate(report.findings)}
    drawn = heat(report, owners)
    assert len(drawn["columns"]) == ACCOUNTS + 1
    assert [cell["title"] for cell in drawn["cells"] if cell["rule"] == "RTA-ENV-001"] == ["RTA-ENV-001, prod: unknown"]
    assert drawn["left"] == f"Not drawn: {201 - ACCOUNTS - 1} more resources."
