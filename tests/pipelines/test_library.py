"""rtaudit as a library: the names that hold, what they do, and that `import rtaudit` stays light."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import rtaudit
from rtaudit.contract import load_contract

ROOT = Path(__file__).parents[2]
SNAPSHOTS = ROOT / "snapshots"
DAY = date(2026, 11, 22)


def test_the_names_are_these() -> None:
    """Whoever changes this list changes what others have written down: a name that goes is a new major version."""
    assert sorted(rtaudit.__all__) == [
        "Drift", "Finding", "Pack", "Report", "RtauditError", "Snapshot", "__version__", "check", "diff",
        "load_drift", "load_policies", "load_report", "load_snapshot", "render_as",
    ]  # fmt: skip


def test_the_types_say_the_same_names() -> None:
    stub = ast.parse((ROOT / "rtaudit" / "__init__.pyi").read_text("utf-8"))
    listed = next(
        ast.literal_eval(node.value)
        for node in stub.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    )
    imported = {name.name for node in stub.body if isinstance(node, ast.ImportFrom) for name in node.names}
    assert listed == rtaudit.__all__
    assert imported == set(rtaudit.__all__) - {"__version__"}


def test_judge_compare_render() -> None:
    test, prod = (rtaudit.load_snapshot(SNAPSHOTS / f"{name}.json") for name in ("test", "prod"))
    report = rtaudit.check([prod], ["baseline"], as_of=DAY)
    assert isinstance(report, rtaudit.Report)
    assert report.verdict == "notReady"
    assert all(isinstance(finding, rtaudit.Finding) for finding in report.findings)
    drift = rtaudit.diff(test, prod, as_of=DAY)
    assert isinstance(drift, rtaudit.Drift)
    assert drift.verdict == "drift"
    assert rtaudit.render_as(report, "markdown").startswith("# rtaudit: not ready")
    assert json.loads(rtaudit.render_as(drift, "json"))["schema"] == "rtaudit.drift/1"


def test_parameters_and_packs_of_ones_own(tmp_path: Path) -> None:
    prod = rtaudit.load_snapshot(SNAPSHOTS / "prod.json")
    (pack,) = rtaudit.load_policies(["production"], {"retirementHorizonDays": 1})
    later = rtaudit.check([prod], [pack], as_of=DAY)
    sooner = rtaudit.check([prod], params={"retirementHorizonDays": 9999}, as_of=DAY)

    def failed(report: rtaudit.Report) -> int:
        return sum(finding.rule == "RTA-MOD-006" and finding.outcome == "fail" for finding in report.findings)

    assert failed(later) == 0 < failed(sooner)


def test_contracts_in_a_snapshot_are_judged_and_parameters_are_of_any_pack() -> None:
    contract = load_contract(SNAPSHOTS / "clients" / "phone-bridge.yaml")
    prod = rtaudit.load_snapshot(SNAPSHOTS / "prod.json").with_clients([contract])
    report = rtaudit.check([prod], ["baseline", "production"], params={"maxKeyReaders": 1}, as_of=DAY)
    assert [one["name"] for one in report.policies] == ["baseline", "production", "client"]
    assert any(finding.rule.startswith("RTA-CON-") for finding in report.findings)
    packs = rtaudit.load_policies(["client"])
    assert [one["name"] for one in rtaudit.check([prod], packs, as_of=DAY).policies] == ["client"]
    with pytest.raises(rtaudit.RtauditError, match="no snapshot"):
        rtaudit.check([])


def test_what_was_written_can_be_loaded(tmp_path: Path) -> None:
    test, prod = (rtaudit.load_snapshot(SNAPSHOTS / f"{name}.json") for name in ("test", "prod"))
    report, drift = rtaudit.check([prod], as_of=DAY), rtaudit.diff(test, prod, as_of=DAY)
    (tmp_path / "report.json").write_text(rtaudit.render_as(report, "json"), "utf-8")
    (tmp_path / "drift.json").write_text(rtaudit.render_as(drift, "json"), "utf-8")
    assert rtaudit.load_report(tmp_path / "report.json").verdict == report.verdict
    assert rtaudit.load_drift(tmp_path / "drift.json").verdict == drift.verdict


def test_errors_are_one_family() -> None:
    with pytest.raises(rtaudit.RtauditError, match="no such file"):
        rtaudit.load_snapshot("nowhere.json")
    prod = rtaudit.load_snapshot(SNAPSHOTS / "prod.json")
    for wrong in (
        lambda: rtaudit.check([prod], ["nopack"]),
        lambda: rtaudit.check([prod], fail_on="hihg"),
        lambda: rtaudit.render_as(rtaudit.check([prod]), "pdf"),
    ):
        with pytest.raises(rtaudit.RtauditError) as caught:
            wrong()
        assert caught.value.hint


def test_a_name_that_is_none() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        rtaudit.nothing  # noqa: B018


def test_import_is_light() -> None:
    code = "import sys, rtaudit; print([name for name in sys.modules if name.split('.')[0] in sys.argv[1:]])"
    heavy = ("azure", "requests", "deepdiff", "jinja2", "jsonschema", "rich", "typer", "yaml")
    ended = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, encoding="utf-8", check=True)
    assert ended.stdout.strip() == "[]"
    names = "import sys, rtaudit; rtaudit.load_snapshot; rtaudit.check; print('deepdiff' in sys.modules, 'azure' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", names], capture_output=True, encoding="utf-8", check=True)
    assert ended.stdout.strip() == "False False"


def test_help_knows_the_names() -> None:
    assert set(rtaudit.__all__) <= set(dir(rtaudit))
