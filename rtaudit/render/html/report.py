"""HTML report: what an architect shows and a reviewer signs, as the values of its template."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.errors import counted
from rtaudit.render import Options
from rtaudit.render.dates import worlds_of
from rtaudit.render.html.domains import domain_of, scores
from rtaudit.render.html.drawings import calendar, quota, rates
from rtaudit.render.html.livepath import paths
from rtaudit.render.html.page import VERDICT_CLASSES, made, page
from rtaudit.render.html.steps import values
from rtaudit.render.plots import coverage, heat
from rtaudit.render.text import (
    VERDICTS,
    conclusion,
    name,
    outcome_label,
    owning_resource_name,
    reasons,
    rule_list,
    value,
    waiver,
)
from rtaudit.report import SEVERITIES, Finding, Report
from rtaudit.report.causes import Cause, causes
from rtaudit.report.gate import verdict_of
from rtaudit.report.model import Observation

BLOCKERS = 8
"""Causes that the top lists; the others are counted."""
OTHERS = 5
"""Causes that the top lists where nothing blocks."""
ROWS = 60
"""With more causes than this the findings are grouped by rule, so that the page stays short."""
FOLDED = 2
"""Findings of one cause from which on they are shown as one row, which opens."""
RICH = 400
"""With more findings than this to open, why, links and waiver are at the rule only."""
_OBSERVATIONS = 10
_LINK = re.compile(r"https?://[\w.~:/?#@!$&'()*+,;=%-]+\Z", re.ASCII)
_STATES = (("fail", "failed", True), ("unknown", "not known", True), ("known", "known", True), ("waived", "waived", True), ("pass", "passed", False), ("notApplicable", "not applicable", False))  # fmt: skip
_QUIET = ("pass", "notApplicable")


def render(report: Report, options: Options) -> Iterator[str]:
    """The report; with `options.snapshots` also the live path, the calendar, quota and coverage."""
    estates = worlds_of(options.snapshots)
    labels = list(dict.fromkeys(value(one["environment"], 60) for one in report.snapshots))
    owners: dict[str, tuple[int, str]] = {}
    for finding in report.findings:
        resource = owning_resource_name(finding.resource)
        owners.setdefault(arm_id.key(resource), (len(owners), name(resource)))
    numbers = {key: at for key, (at, _) in owners.items()}
    rules = {rule: at for at, rule in enumerate(sorted(report.rules))}
    loud = [one for one in report.findings if one.outcome not in _QUIET]
    found = causes(loud, report.gate)
    rich = len(loud) <= RICH
    many = len(labels) > 1
    blockers = _blockers([one for one in found if one.blocks], many=many)
    others = [one for one in found if one.lead.outcome in ("fail", "unknown") and not one.lead.known]
    drawn, untroubled = paths(report, estates)
    score = scores(report.findings, [one["environment"] for one in report.snapshots])
    return page(
        "report.html",
        title=f"{', '.join(labels[:3]) or 'Source scan'}: {VERDICTS.get(report.verdict, report.verdict)}",
        report=report,
        labels=labels,
        digests=[value(one.get("digest"), 80) for one in report.snapshots],
        policies=[value(one["name"], 60) for one in report.policies],
        verdict=VERDICTS.get(report.verdict, report.verdict).capitalize(),
        verdict_class=VERDICT_CLASSES.get(report.verdict, "unk"),
        planned=any(one.get("planned") for one in report.snapshots),
        conclusion=conclusion(report).partition(": ")[2].capitalize(),
        warnings=[value(one, 1000) for one in report.warnings],
        blockers=blockers[:BLOCKERS],
        blockers_left=len(blockers[BLOCKERS:]),
        others=[] if blockers else [_blocker(one, many=many) for one in others[:OTHERS]],
        others_left=len(others[OTHERS:]),
        numbers=_numbers(report),
        environments=_environments(report, labels) if len(labels) > 1 else [],
        scores=score,
        domains=list(dict.fromkeys(one.domain for one in score)),
        paths=drawn,
        untroubled=untroubled,
        groups=_groups(report, found, numbers, rules, rich=rich),
        grouped="cause" if len(found) <= ROWS else "rule",
        quiet=_quiet(report, numbers, many=many),
        quiet_count=sum(one.outcome in _QUIET for one in report.findings),
        states=_STATES,
        severities=SEVERITIES,
        owners=sorted(owners.values(), key=lambda pair: pair[1]),
        heat=heat(report, numbers),
        calendar=calendar(report, estates),
        quota=quota(estates),
        rates=rates(estates),
        coverage=coverage(report, options.snapshots),
        rules=[_rule(report, rule) for rule in sorted(report.rules)],
        made=made(report),
        steps=values(options.runbook, "bash") if options.runbook else None,
        source=not report.snapshots,
        runbook=_runbook(report),
    )


def _runbook(report: Report) -> str:
    """The command that prints the steps of what was checked."""
    files = [shlex.quote(value(one.get("file") or one["environment"], 200)) for one in report.snapshots]
    packs = [value(one["name"], 60) for one in report.policies]
    chosen = [] if packs == ["production"] else [f"--policy {shlex.quote(one)}" for one in packs]
    return " ".join(["rtaudit runbook", *files, *chosen, f"--as-of {value(report.as_of, 20)}"])


def _numbers(report: Report) -> list[tuple[int, str, str]]:
    """Number, words and class for the side of the verdict."""
    summary = report.summary
    failed = summary.get("failedBySeverity") or {}
    worst = ", ".join(f"{failed[one]} {one}" for one in SEVERITIES if failed.get(one))
    unread = summary.get("unknown", 0)
    rows = [
        (summary.get("pass", 0), "passed", "ok"),
        (summary.get("fail", 0), "failed" + (f" ({worst})" if worst else ""), "bad"),
        (
            unread,
            "not known" + ("" if unread or not report.snapshots else ": every read that a check needed succeeded"),
            "unk",
        ),
    ]
    known = sum(1 for one in report.findings if one.known)
    rows += [(summary["waived"], "waived", "off")] if summary.get("waived") else []
    rows += [(known, "known from the baseline", "off")] if known else []
    rows += [(summary["assignedByAzure"], "only Azure can tell, after the deployment", "off")] if summary.get("assignedByAzure") else []  # fmt: skip
    return [*rows, (summary.get("notApplicable", 0), "not applicable", "off")]


def _blockers(found: Sequence[Cause], *, many: bool) -> list[dict[str, Any]]:
    """What blocks: each cause; or each rule once, where there are more causes than the top lists."""
    if len(found) <= BLOCKERS:
        return [_blocker(one, many=many) for one in found]
    by_rule: dict[tuple[str, str], list[Cause]] = {}
    for cause in found:
        by_rule.setdefault((cause.lead.rule, cause.lead.outcome), []).append(cause)
    return [_blocker(group[0], many=many, more=len(group) - 1) for group in by_rule.values()]


def _blocker(cause: Cause, *, many: bool, more: int = 0) -> dict[str, Any]:
    lead = cause.lead
    where = [name(lead.resource)] + ([value(lead.environment, 60)] if many else [])
    return {
        "severity": lead.severity,
        "outcome": lead.outcome,
        "message": lead.message,
        "where": " · ".join(where),
        "rules": rule_list(cause.rules),
        "anchor": lead.fingerprint[:12],
        "more": more,
    }


def _environments(report: Report, labels: Sequence[str]) -> list[dict[str, Any]]:
    """A verdict for each environment, as the gate gives it for that one alone."""
    found = []
    for label in labels:
        own = [one for one in report.findings if value(one.environment, 60) == label]
        gating = [one.outcome == "fail" for one in own if report.gate.blocks(one)]
        verdict = verdict_of(gating, "ready", "notReady")
        failed = sum(one.outcome == "fail" and not one.known for one in own)
        unknown = sum(one.outcome == "unknown" and not one.known for one in own)
        found.append(
            {
                "label": label,
                "verdict": VERDICTS.get(verdict, verdict),
                "class": VERDICT_CLASSES[verdict],
                "says": f"{failed} failed, {unknown} not known, {sum(one.outcome == 'pass' for one in own)} passed",
            }
        )
    return found


def _groups(
    report: Report, found: Sequence[Cause], owners: dict[str, int], rules: dict[str, int], *, rich: bool
) -> Iterator[dict[str, Any]]:
    """The findings that say something: each cause, or each rule where there are many."""
    if len(found) <= ROWS:
        for cause in found:
            rows = [_row(one, owners, report, rules, rich=rich) for one in cause.findings]
            folded = {
                "title": cause.lead.message,
                "rule": rule_list(cause.rules),
                "severity": cause.lead.severity,
                "state": "unknown" if cause.lead.outcome == "unknown" else "",
            }
            yield {
                "rows": rows,
                "title": None,
                **(folded if len(rows) >= FOLDED else {}),
                "count": counted(len(rows), "finding"),
            }
        return
    by_rule: dict[str, list[Finding]] = {}
    for cause in found:
        for one in cause.findings:
            by_rule.setdefault(one.rule, []).append(one)
    for rule, findings in by_rule.items():
        text = report.rules.get(rule)
        severity = min((one.severity for one in findings), key=SEVERITIES.index)
        yield {
            "rows": [_row(one, owners, report, rules, rich=rich) for one in findings],
            "title": value(text.title, 300) if text else value(rule, 60),
            "rule": value(rule, 60),
            "severity": severity,
            "state": "",
            "count": counted(len(findings), "finding"),
        }


def _quiet(report: Report, owners: dict[str, int], *, many: bool) -> list[dict[str, Any]]:
    """What passed or does not apply, by rule and environment: each resource, with a note where there is one."""
    found: dict[tuple[str, str, str, str], list[tuple[int, str]]] = {}
    for one in report.findings:
        if one.outcome in _QUIET:
            resource = name(one.resource) + (f" · {value(one.note, 300)}" if one.note else "")
            group = found.setdefault((one.outcome, one.rule, one.severity, one.environment), [])
            group.append((owners[arm_id.key(owning_resource_name(one.resource))], resource))
    return [
        {
            "state": outcome,
            "severity": severity,
            "domain": domain_of(rule),
            "environment": value(environment, 60),
            "title": f"{'passed' if outcome == 'pass' else 'not applicable'} {value(rule, 60)}"
            + (f" {value(report.rules[rule].title, 300)}" if rule in report.rules else "")
            + (f" · {value(environment, 60)}" if many else ""),
            "rows": rows,
        }
        for (outcome, rule, severity, environment), rows in found.items()
    ]


def _row(
    finding: Finding, owners: dict[str, int], report: Report, rules: dict[str, int], *, rich: bool = False
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "state": outcome_label(finding),
        "severity": finding.severity,
        "rule": value(finding.rule, 60),
        "domain": domain_of(finding.rule),
        "resource": name(finding.resource),
        "environment": value(finding.environment, 60),
        "owner": owners[arm_id.key(owning_resource_name(finding.resource))],
    }
    text = report.rules.get(finding.rule)
    unknown = finding.outcome == "unknown"
    seen = () if unknown else finding.observations[:_OBSERVATIONS]
    return {
        **row,
        "anchor": finding.fingerprint[:12],
        "cause": finding.cause or finding.fingerprint[:12],
        "message": finding.message or (value(text.title, 300) if text else value(finding.rule, 60)),
        "rule_at": rules.get(finding.rule),
        "why": value(text.why, 1200) if rich and text else "",
        "reasons": reasons(finding)[:_OBSERVATIONS] if unknown else (),
        "seen": [_evidence(one, finding) for one in seen],
        "more": 0 if unknown else max(0, len(finding.observations) - _OBSERVATIONS),
        "note": value(finding.note, 500) if finding.note and not unknown else "",
        "address": value(finding.address, 300) if finding.address else "",
        "waived": waiver(finding),
        "steps": [(value(one, 2000), one.startswith("az ")) for one in finding.fix[:12]],
        "links": _links(text.see) if rich and text else [],
        "controls": _controls(text.controls) if rich and text else "",
        "accept": _waiver_to_paste(finding) if rich else "",
        "id": value(finding.resource, 600),
    }


def _evidence(seen: Observation, finding: Finding) -> dict[str, str]:
    elsewhere = bool(seen.resource) and arm_id.key(seen.resource) != arm_id.key(finding.resource)
    return {
        "message": seen.message if len(finding.observations) > 1 else "",
        "field": value(seen.field),
        "expected": value(seen.expected),
        "actual": value(seen.actual),
        "resource": value(seen.resource, 400) if elsewhere else "",
    }


def _waiver_to_paste(finding: Finding) -> str:
    """An entry for a waivers file, for who accepts the finding; an unknown has to be accepted as that."""
    if finding.outcome not in ("fail", "unknown") or finding.known:
        return ""
    lines = [f"- rule: {value(finding.rule, 60)}", f"  resource: {_yaml(value(finding.resource, 600))}", "  reason: WHY", "  owner: WHO", "  expires: YYYY-MM-DD"]  # fmt: skip
    return "\n".join(lines + (["  accepts: unknown"] if finding.outcome == "unknown" else []))


def _yaml(text: str) -> str:
    return text if re.fullmatch(r"[\w./-]+", text) else "'" + text.replace("'", "''") + "'"


def _links(see: Iterable[str]) -> list[tuple[str, bool]]:
    return [(value(link, 500), bool(_LINK.match(link))) for link in see]


def _controls(controls: Any) -> str:
    return "; ".join(f"{value(key, 60)} {value(', '.join(row), 300)}" for key, row in controls.items())


def _rule(report: Report, rule: str) -> dict[str, Any]:
    text = report.rules[rule]
    return {
        "id": value(rule, 100),
        "name": value(text.name, 200),
        "title": value(text.title, 500),
        "severity": text.severity,
        "why": value(text.why, 3000),
        "fix": [value(step, 1000) for step in text.fix],
        "see": _links(text.see),
        "controls": _controls(text.controls),
    }
