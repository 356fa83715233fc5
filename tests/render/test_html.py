"""The HTML report as text: what it holds, and that hostile text stays text. In a browser: test_browser.py."""

from __future__ import annotations

import html.parser
from pathlib import Path

import pytest

from rtaudit.azure import arm_id
from rtaudit.render import render, whole
from rtaudit.render.plots import ACCOUNTS, heat
from rtaudit.render.text import owner
from rtaudit.report import Finding
from rtaudit.snapshot import load

from .samples import DIAGNOSTICS, HOSTILE, hostile, many, report_of, sample

FIXTURES = Path(__file__).parent
hostiles = pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))


def text_of(report, name, **options):
    return whole(render(report, name, **options))


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
        "expected Approved , actual Pending",
        "denied (403",
        "pilot | only",
        "expired on 2026-01-01",
    ):
        assert part.replace(" ,", "") in words.replace(" ,", "")


def test_html_draws_the_snapshot():
    snapshot = load(FIXTURES.parents[1] / "snapshots" / "prod.json")
    _, reader = html_of(sample(), snapshots=[snapshot])
    words = " ".join(reader.words)
    for part in (
        "Network boundary",
        "lacks privatelink.openai.azure.com",
        "Retirement",
        "Quota",
        "9 of 20",
        "not asked for",
    ):
        assert part in words
    assert sum(tag == "svg" for tag, _ in reader.elements) == 1 + 4 + 2


def test_html_of_five_thousand_findings_is_small():
    assert len(text_of(many(5000), "html").encode()) < 6_000_000


def test_a_rule_in_the_heat_map_always_has_a_cell_that_says_why():
    wide = many(400)
    alone = Finding("RTA-ENV-001", "unknown", "environment", "environment/prod", "prod", "info")
    report = report_of([*wide.findings, alone], {**wide.rules, "RTA-ENV-001": DIAGNOSTICS}, "notReady")
    owners = {arm_id.key(owner(one.resource)): at for at, one in enumerate(report.findings)}
    drawn = heat(report, owners)
    assert len(drawn["columns"]) == ACCOUNTS + 1
    assert [cell["title"] for cell in drawn["cells"] if cell["rule"] == "RTA-ENV-001"] == ["RTA-ENV-001, prod: unknown"]
    assert drawn["left"] == f"Not drawn: {201 - ACCOUNTS - 1} more resources."
