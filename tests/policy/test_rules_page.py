"""docs/rules.md and the pages in docs/rules/ are what the rules say of themselves, now."""

from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
AGAIN = "stale: rtaudit policy explain -o markdown --pages docs/rules > docs/rules.md"


def test_the_pages_are_what_the_rules_say(rtaudit, tmp_path):
    index = rtaudit("policy", "explain", "-o", "markdown", "--pages", str(tmp_path / "rules"))
    assert index.returncode == 0
    assert index.stdout == (DOCS / "rules.md").read_text(encoding="utf-8"), AGAIN
    made = {page.name: page.read_text(encoding="utf-8") for page in (tmp_path / "rules").iterdir()}
    kept = {page.name: page.read_text(encoding="utf-8") for page in (DOCS / "rules").iterdir()}
    assert made == kept, AGAIN
