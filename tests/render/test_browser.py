"""The HTML report in a real browser."""

from __future__ import annotations

import base64
from datetime import date
from pathlib import Path

import pytest

from rtaudit.drift import DriftPolicy, diff
from rtaudit.render import render, whole
from rtaudit.snapshot import load

from .browser import BINARY, Browser
from .samples import HOSTILE, hostile, many, sample

pytestmark = pytest.mark.skipif(BINARY is None, reason="no Chromium here: install Debian's package `chromium`")

SNAPSHOTS = Path(__file__).parents[2] / "snapshots"
SHOWN = "Array.from(document.querySelectorAll('#items > *')).filter(item => item.offsetHeight > 0).length"
STATUS = "document.getElementById('status').textContent"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    one = Browser(tmp_path_factory.mktemp("profile"))
    yield one
    one.close()


@pytest.fixture
def opened(browser, tmp_path):
    pages = []

    def open_page(answer, **options):
        path = tmp_path / f"page-{len(pages)}.html"
        path.write_bytes(whole(render(answer, "html", **options)).encode("utf-8", "backslashreplace"))
        pages.append(browser.open(path))
        return pages[-1]

    yield open_page
    for page in pages:
        page.close()


def test_it_loads_without_a_word_and_says_the_verdict_first(opened):
    page = opened(sample(), snapshots=[load(SNAPSHOTS / "prod.json")])
    assert page.complaints() == []
    assert (
        page.run("document.querySelector('main').firstElementChild.querySelector('strong').textContent") == "not ready"
    )
    assert page.run("document.querySelectorAll('svg').length") == 7
    assert page.run(SHOWN) == 5
    assert page.run(STATUS) == "5 of 7 shown"
    # The styles are allowed by the page's own policy.
    assert page.run("getComputedStyle(document.querySelector('.skip')).position") == "absolute"


def test_search_and_filters_work_by_keyboard(opened):
    page = opened(sample())
    page.key("/", text="/")
    assert page.run("document.activeElement.id") == "search"
    page.type("NET-009 pending")
    assert page.run(STATUS) == "1 of 7 shown"
    assert page.run(SHOWN) == 1
    page.run("document.getElementById('search').value = ''")
    page.run("document.querySelector('input[value=fail]').focus()")
    page.key(" ", text=" ")
    assert page.run(STATUS) == "3 of 7 shown"
    page.run(
        "const s = document.querySelector('select[name=severity]'); s.value = 'medium'; s.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    page.settle()
    assert page.run(STATUS) == "1 of 7 shown"
    page.run("document.querySelector('#items > :not([hidden]) summary').focus()")
    page.key("Enter")
    assert page.run("document.querySelector('#items > :not([hidden]) details').open") is True
    assert page.complaints() == []


def test_tab_reaches_everything_from_the_top(opened):
    page = opened(sample())
    reached = []
    for _ in range(40):
        page.key("Tab")
        reached.append(
            page.run(
                "document.activeElement.tagName + ' ' + (document.activeElement.id || document.activeElement.className)"
            )
        )
    assert reached[0] == "A skip"
    for wanted in ("INPUT search", "SELECT ", "SUMMARY "):
        assert wanted in reached
    assert any(one.startswith("DIV scroll") for one in reached)


def test_a_cell_of_the_heat_map_leads_to_its_findings(opened):
    page = opened(sample())
    page.run("document.querySelector('rect.cell.unknown').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    page.settle()
    assert page.run(STATUS) == "1 of 7 shown"
    assert "RTA-OBS-001" in page.run("document.querySelector('#items > :not([hidden])').textContent")


def test_a_fix_is_copied(opened, browser):
    page = opened(sample())
    browser.call("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    page.run("document.querySelector('details').open = true")
    page.run("document.querySelectorAll('button.copy')[1].click()")
    page.run("new Promise(done => setTimeout(done, 200))")
    assert page.run("document.querySelectorAll('button.copy')[1].textContent") in ("copied", "selected")
    assert page.complaints() == []


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_show_as_text(opened, text):
    page = opened(hostile(text))
    assert page.complaints() == []
    assert page.run("document.querySelectorAll('script').length") == 1
    assert page.run("document.querySelectorAll('img, iframe, [onerror], [onload]').length") == 0
    assert page.run(STATUS) == "4 of 6 shown"
    if text.startswith("<script>"):
        assert "<script>alert(1)</script><img src=x onerror=alert(1)>" in page.run("document.body.innerText")


def test_five_thousand_findings_stay_responsive(opened):
    page = opened(many(5000))
    assert page.complaints() == []
    assert page.run(STATUS) == "1500 of 5000 shown"
    # From the keystroke to the second frame after it, the first search (which reads all the text) and the second.
    script = """(async () => {
      const search = document.getElementById('search');
      const times = [];
      for (const word of ['account-0005', 'account-0010']) {
        const start = performance.now();
        search.value = word;
        search.dispatchEvent(new Event('input', {bubbles: true}));
        await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
        times.push(performance.now() - start);
      }
      return times;
    })()"""
    times = page.run(script)
    assert page.run(STATUS) == "25 of 5000 shown"
    assert page.run(SHOWN) == 25
    # 0.1 s on an idle machine; 3 s when list items were numbered.
    assert max(times) < 1000, times


def test_dark_light_and_print(opened):
    page = opened(sample())
    colours = []
    for scheme in ("light", "dark"):
        page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        colours.append(page.run("getComputedStyle(document.body).backgroundColor"))
    assert colours == ["rgb(255, 255, 255)", "rgb(13, 17, 23)"]
    page.call("Emulation.setEmulatedMedia", media="print", features=[])
    assert page.run("getComputedStyle(document.getElementById('controls')).display") == "none"
    pdf = base64.b64decode(page.call("Page.printToPDF")["data"])
    assert pdf.startswith(b"%PDF")
    assert page.run("Array.from(document.querySelectorAll('details')).every(one => one.open)") is True


def test_a_drift_matrix_loads_and_filters(opened):
    snapshots = [load(SNAPSHOTS / f"{name}.json") for name in ("prod", "test", "dev")]
    drift = diff(snapshots, DriftPolicy(), as_of=date(2026, 11, 22))
    page = opened(drift, snapshots=snapshots)
    assert page.complaints() == []
    assert page.run("document.querySelector('.verdict strong').textContent") == "drift"
    everything = page.run("document.querySelectorAll('#items > tr').length")
    assert page.run(SHOWN) == everything > 10
    page.run(
        "const s = document.querySelector('select[name=category]'); s.value = 'models'; s.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    page.settle()
    assert 0 < page.run(SHOWN) < everything
    page.key("/", text="/")
    page.type("no such thing")
    assert page.run(STATUS) == f"0 of {everything} shown"
