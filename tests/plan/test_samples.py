"""The sample plans: made anew they are the same, and what they can answer they answer as the collected production does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rtaudit.plan import plan, read_plan
from rtaudit.policy import check, load_policies
from rtaudit.report import Report
from rtaudit.snapshot import Snapshot, load

ROOT = Path(__file__).parents[2]
PLANS = ("prod.azapi.json", "prod.azurerm.json", "prod.bicep.json")


@pytest.fixture(scope="module")
def prod() -> Snapshot:
    return load(ROOT / "snapshots" / "prod.json")


def judged(snapshot: Snapshot) -> Report:
    from datetime import date

    return check([snapshot], load_policies(["regulated"]), as_of=date(2026, 11, 22))


def outcomes(report: Report) -> dict[tuple[str, str], str]:
    return {(one.rule, one.resource.lower()): one.outcome for one in report.findings}


@pytest.mark.parametrize("file", PLANS)
@pytest.mark.parametrize("laid_over", [False, True], ids=["alone", "with"])
def test_no_outcome_of_a_plan_contradicts_the_collected_one(prod: Snapshot, file: str, laid_over: bool) -> None:
    planned, _ = plan([str(ROOT / "snapshots" / "plans" / file)], environment="prod", base=prod if laid_over else None)
    collected, found = outcomes(judged(prod)), outcomes(judged(planned))
    assert collected.keys() <= found.keys()
    answered = {key: outcome for key, outcome in found.items() if outcome in ("pass", "fail")}
    assert {key: collected.get(key) for key in answered} == answered
    assert {"pass", "fail"} <= set(answered.values())
    # By itself a plan answers about half of what the collected snapshot does; with it, most.
    assert len(answered) >= 70


def test_the_three_formats_answer_alike(prod: Snapshot) -> None:
    found = [
        outcomes(judged(plan([str(ROOT / "snapshots" / "plans" / file)], environment="prod")[0])) for file in PLANS
    ]
    every = set.intersection(*(set(one) for one in found))
    for key in every:
        decided = {one[key] for one in found} - {"unknown"}
        assert len(decided) <= 1, key


@pytest.mark.parametrize("file", ["prod.azapi.json", "prod.azurerm.json"])
def test_a_plan_that_changes_nothing_turns_nothing(prod: Snapshot, file: str, tmp_path: Path) -> None:
    """The sample's plan as it is once all of it was made, over what was collected."""
    document = json.loads((ROOT / "snapshots" / "plans" / file).read_text("utf-8"))
    ids: dict[str, str] = {}
    for one in read_plan(str(ROOT / "snapshots" / "plans" / file)).resources:
        ids.setdefault(one.address, one.id)  # an endpoint has its zone groups' address too
    for row in document["resource_changes"]:
        there = ids[row["address"]]
        if row["type"] == "azurerm_monitor_diagnostic_setting":
            there = there.replace("/providers/Microsoft.Insights/diagnosticSettings/", "|")
        after = {**row["change"]["after"], "id": there}
        unknown = {name: mark for name, mark in row["change"]["after_unknown"].items() if name != "id"}
        row["change"] = {"actions": ["no-op"], "before": after, "after": after, "after_unknown": unknown}
    (tmp_path / "p.json").write_text(json.dumps(document))
    planned, _ = plan([str(tmp_path / "p.json")], environment="prod", base=prod)
    assert outcomes(judged(planned)) == outcomes(judged(prod))
    assert {one["id"]: one for one in planned.resources} == {one["id"]: one for one in prod.resources}
    assert planned.gaps == prod.gaps


def test_the_sample_plans_are_what_makes_them(tmp_path: Path) -> None:
    code = f"import runpy, sys; sys.path.insert(0, {str(ROOT / 'snapshots')!r}); import plans, json; print(json.dumps(plans.build()))"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True, cwd=tmp_path
    )
    import json

    for name, text in json.loads(ended.stdout).items():
        assert (ROOT / "snapshots" / "plans" / name).read_text("utf-8") == text, (
            f"{name}: python snapshots/plans.py writes it"
        )
