"""The table of docs/plan.md: which rules the sample plans answer. `RTAUDIT_GOLDEN=write` writes it anew."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from datetime import date
from pathlib import Path

from rtaudit.plan import plan
from rtaudit.policy import check, load_policies
from rtaudit.snapshot import Snapshot, load

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "plan.md"
_HEAD = (
    "| rules | a plan alone | `--with`: what is new | `--with`: what is there already |\n| --- | --- | --- | --- |\n"
)
_TABLE = re.compile(re.escape(_HEAD) + r"(?:\|.*\n)*")
_ORDER = ("yes", "in part", "no", "only Azure")


def answers(base: Snapshot | None, *formats: str) -> dict[str, str]:
    """Rule -> whether the sample plans of these formats answer it."""
    seen: dict[str, set[str]] = defaultdict(set)
    for one in formats:
        planned, _ = plan([str(ROOT / "snapshots" / "plans" / f"prod.{one}.json")], environment="prod", base=base)
        report = check([planned], load_policies(["regulated"]), as_of=date(2026, 11, 22))
        for finding in report.findings:
            open_ = "only Azure" if finding.waits_for_azure else "no"
            seen[finding.rule].add(open_ if finding.outcome == "unknown" else "yes")
    return {rule: "in part" if len(found) > 1 else found.pop() for rule, found in seen.items()}


def table() -> str:
    prod = load(ROOT / "snapshots" / "prod.json")
    # The Terraform plans make everything anew; a Bicep snapshot is laid over what is there.
    columns = [answers(None, "bicep", "azurerm", "azapi"), answers(prod, "azurerm", "azapi"), answers(prod, "bicep")]
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for rule in sorted(columns[0]):
        groups[tuple(column[rule] for column in columns)].append(rule.removeprefix("RTA-"))
    lines = [
        f"| {', '.join(_short(rules))} | {' | '.join(words)} |"
        for words, rules in sorted(groups.items(), key=lambda item: [_ORDER.index(word) for word in item[0]])
    ]
    return _HEAD + "\n".join(lines) + "\n"


def _short(rules: list[str]) -> list[str]:
    """`NET-001 to 005` for rules in a row."""
    runs: list[list[str]] = []
    for rule in rules:
        group, number = rule.rsplit("-", 1)
        if runs and runs[-1][0] == group and int(runs[-1][2]) + 1 == int(number):
            runs[-1][2] = number
        else:
            runs.append([group, number, number])
    return [f"{group}-{first}" + (f" to {last}" if last != first else "") for group, first, last in runs]


def test_the_page_says_which_rules_a_plan_answers() -> None:
    text, made = PAGE.read_text("utf-8"), table()
    if os.environ.get("RTAUDIT_GOLDEN") == "write":
        PAGE.write_text(_TABLE.sub(lambda _: made, text), "utf-8")
    found = _TABLE.search(PAGE.read_text("utf-8"))
    assert found is not None
    assert found[0] == made
    assert {"yes", "no", "only Azure"} <= set(re.findall(r"yes|no|only Azure", made))
