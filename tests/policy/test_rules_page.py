"""docs/rules.md is what the rules say of themselves, now."""

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


def test_the_page_is_what_the_rules_say(rtaudit):
    told = rtaudit("policy", "explain", "-o", "markdown")
    assert told.returncode == 0
    assert told.stdout == PAGE.read_text(encoding="utf-8"), "stale: rtaudit policy explain -o markdown > docs/rules.md"
