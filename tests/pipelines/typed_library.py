"""The library as others write it. mypy reads this file (pyproject.toml): what stops being typed as it was is an error."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import rtaudit
from rtaudit import Checker, Drift, Expected, PlannedDeployment, Report, Simulator, Snapshot, SourceScan


def check_and_compare(test: Snapshot, prod: Snapshot) -> tuple[Report, Drift]:
    report: Report = Checker(["production"], as_of=date(2026, 11, 22)).check([prod])
    drift: Drift = rtaudit.diff(test, prod, rules=["regulated"])
    page: str = rtaudit.render_as(rtaudit.make_runbook([prod]), "sh", shell="bash") + rtaudit.render_as(drift, "html")
    assert page
    return report, drift


def policies() -> list[str]:
    headings: list[str] = [heading for rule in rtaudit.explain_rules(["RTA-ID-001"]) for heading, _ in rule.sections]
    wrong: list[str | None] = [result.problem for file in rtaudit.run_case_files() for result in file.results]
    schema: dict[str, object] = rtaudit.find_schema("report")
    return [*headings, *filter(None, wrong), *schema]


def snapshots(prod: Snapshot) -> Snapshot:
    planned, _ = rtaudit.plan_snapshot([Path("plan.json")], base=prod, sources=["infra"])
    return rtaudit.merge([rtaudit.redact(planned, Path("key"))])


def live(prod: Snapshot) -> bool:
    wanted: list[Expected] = rtaudit.expectations(["client.yaml"], "prod", PlannedDeployment("gpt-realtime"))
    with Simulator([prod]) as azure:
        request = rtaudit.collection(all_subscriptions=True, environment="prod")
        whole: Snapshot = rtaudit.collect_snapshot(request, arm_endpoint=azure.url).snapshot
        return rtaudit.preflight(request, wanted, arm_endpoint=azure.url).ready and whole.digest == prod.digest


def source() -> str:
    scan = SourceScan(["."])
    report: Report = scan.report
    return scan.draft(report.verdict)
