"""One self-contained HTML file: no network, a strict Content-Security-Policy, plots as SVG, usable by keyboard."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from rtaudit.azure import arm_id
from rtaudit.render import Options, plots
from rtaudit.render.text import (
    GOOD_VERDICTS,
    VERDICTS,
    in_full,
    judged,
    name,
    owner,
    reasons,
    state,
    value,
    waiver,
)
from rtaudit.report import OUTCOMES, SEVERITIES, Finding, Observation, Report
from rtaudit.subjects import World

if TYPE_CHECKING:
    from rtaudit.drift import Drift

_TEMPLATES = Path(__file__).parent / "templates"
_LINK = re.compile(r"https?://[\w.~:/?#@!$&'()*+,;=%-]+\Z", re.ASCII)
_OBSERVATIONS = 10
_STATES = (
    ("fail", True),
    ("unknown", True),
    ("known", True),
    ("waived", True),
    ("pass", False),
    ("notApplicable", False),
)
_DECISIONS = (("drift", True), ("unknown", True), ("expected", False), ("ignored", False))
"""Decision about a change -> shown at first."""


def render(report: Report, options: Options) -> Iterator[str]:
    """The report; with `options.snapshots` also boundary, retirement, quota and coverage."""
    worlds = [World(snapshot) for snapshot in options.snapshots]
    owners: dict[str, tuple[int, str]] = {}
    for finding in report.findings:
        resource = owner(finding.resource)
        owners.setdefault(arm_id.key(resource), (len(owners), name(resource)))
    numbers = {key: at for key, (at, _) in owners.items()}
    drawn = plots.boundaries(worlds)
    sections = [("map", "Rules and accounts"), ("findings", "Findings")]
    timeline, bars = plots.timeline(worlds, report.as_of), plots.bars(worlds)
    sections += [("boundary", "Network boundary")] if drawn else []
    sections += [("retirement", "Retirement")] if timeline else []
    sections += [("quota", "Quota")] if bars else []
    sections += [("coverage", "Coverage"), ("rules", "Rules"), ("made", "How this was made")]
    failed = report.summary.get("failedBySeverity") or {}
    rule_numbers = {rule: at for at, rule in enumerate(sorted(report.rules))}
    return _page(
        "report.html",
        report,
        heading="Readiness of the Azure OpenAI Realtime API",
        sections=sections,
        tiles=[
            *((outcome, report.summary.get(outcome, 0)) for outcome in OUTCOMES),
            *((f"{severity} failed", failed[severity]) for severity in SEVERITIES if failed.get(severity)),
        ],
        heat=plots.heat(report, numbers),
        findings=(_finding(report, one, numbers, rule_numbers) for one in report.findings),
        states=_STATES,
        severities=SEVERITIES,
        owners=sorted(owners.values(), key=lambda pair: pair[1]),
        boundaries=drawn[: plots.BOUNDARIES],
        boundaries_left=max(0, len(drawn) - plots.BOUNDARIES),
        timeline=timeline,
        bars=bars,
        coverage=plots.coverage(report, options.snapshots),
        rules=[
            {
                "id": value(rule, 100),
                "name": value(text.name, 200),
                "title": value(text.title, 500),
                "severity": text.severity,
                "why": value(text.why, 3000),
                "fix": [value(step, 1000) for step in text.fix],
                "see": [(value(link, 500), bool(_LINK.match(link))) for link in text.see],
                "controls": "; ".join(
                    f"{value(key, 60)} {value(', '.join(row), 300)}" for key, row in text.controls.items()
                ),
            }
            for rule, text in sorted(report.rules.items())
        ],
    )


def render_drift(drift: Drift, options: Options) -> Iterator[str]:
    """The drift: every setting that differs, in every environment; what could not be paired or seen."""
    from rtaudit.drift import columns, matrix
    from rtaudit.render import drift_words as words
    from rtaudit.render.drift_report import as_report

    rows, heads = matrix(drift), columns(drift)
    return _page(
        "drift.html",
        as_report(drift),
        heading="Drift between environments",
        conclusion=words.conclusion(drift),
        judged=words.compared(drift),
        sections=[("matrix", "Drift matrix"), ("coverage", "Coverage"), ("made", "How this was made")],
        columns=[value(label, 200) for label in heads],
        rows=[
            {
                "decision": row.decision,
                "severity": row.severity,
                "category": row.category,
                "title": words.CATEGORY_TITLES.get(row.category, row.category),
                "role": value(row.role, 200),
                "setting": value(words.setting(row), 300),
                "cells": [
                    (words.cell_text(row, cell, 300), "odd" if cell.odd else "" if cell.known else "unseen")
                    for cell in row.cells
                ],
                "reasons": words.reasons(row, heads),
            }
            for row in rows
        ],
        states=_DECISIONS,
        severities=SEVERITIES,
        categories=[(one, words.CATEGORY_TITLES.get(one, one)) for one in dict.fromkeys(row.category for row in rows)],
        doubts=[
            (
                value((comparison.left if doubt.side == "left" else comparison.right).environment, 80),
                value(doubt.resource, 400),
                value(doubt.reason, 500),
            )
            for comparison in drift.comparisons
            for doubt in comparison.unpaired
        ],
        coverage=plots.coverage(None, options.snapshots),
    )


def _page(template: str, report: Report, **values: Any) -> Iterator[str]:
    verdict = VERDICTS.get(report.verdict, report.verdict)
    mood = "good" if report.verdict in GOOD_VERDICTS else "doubt" if report.verdict == "incomplete" else "bad"
    style, script = _asset("style.css"), _asset("script.js")
    made = [
        ("Tool", f"{value(report.tool.get('name'), 80)} {value(report.tool.get('version'), 80)}"),
        ("Made at", value(report.generated_at, 60)),
        ("As of", value(report.as_of, 60)),
        ("Fails on", f"{report.gate.fail_on}; exit code {report.gate.exit_code}"),
    ]
    made += [
        (
            f"Snapshot {value(one['environment'], 80)}",
            f"{value(one.get('file'), 200)} {value(one.get('digest'), 100)}, collected {value(one.get('collectedAt'), 60)}",
        )
        for one in report.snapshots
    ]
    made += [
        (
            f"Policy {value(one['name'], 80)}",
            f"{value(one.get('digest') or '', 100)} {value(one.get('params') or {}, 2000)}",
        )
        for one in report.policies
    ]
    return (
        _environment()
        .get_template(template)
        .generate(
            title=f"rtaudit: {verdict}",
            verdict=verdict,
            mood=mood,
            warnings=[value(warning, 1000) for warning in report.warnings],
            made=made,
            style=style,
            script=script,
            style_hash=_hash(style),
            script_hash=_hash(script),
            **{"judged": judged(report), "conclusion": in_full(report), **values},
        )
    )


def _finding(report: Report, finding: Finding, owners: dict[str, int], rules: dict[str, int]) -> dict[str, Any]:
    text = report.rules.get(finding.rule)
    quiet = finding.outcome in ("pass", "notApplicable")
    row: dict[str, Any] = {
        "state": state(finding),
        "severity": finding.severity,
        "rule": value(finding.rule, 60),
        "name": value(text.name, 100) if text else "",
        "resource": name(finding.resource),
        "owner": owners[arm_id.key(owner(finding.resource))],
        "quiet": quiet,
        "note": value(finding.note, 500) if finding.note else "",
    }
    if quiet:
        return row
    unknown = finding.outcome == "unknown"
    seen = () if unknown else finding.observations[:_OBSERVATIONS]
    return {
        **row,
        "note": "" if unknown else row["note"],
        "rule_at": rules.get(finding.rule, 0),
        "environment": value(finding.environment, 60) if len(report.snapshots) > 1 else "",
        "reasons": reasons(finding)[:_OBSERVATIONS] if unknown else (),
        "seen": [_evidence(one, finding) for one in seen],
        "more": 0 if unknown else max(0, len(finding.observations) - _OBSERVATIONS),
        "waiver": waiver(finding),
        "message": value(finding.message, 400),
        "cause": finding.cause,
        "fix": [value(step, 2000) for step in finding.fix[:10]],
        "id": value(finding.resource, 600),
    }


def _evidence(seen: Observation, finding: Finding) -> tuple[str, str, str, str, str]:
    """Field, expected, actual, the sentence, and the resource where it is another one than the finding's."""
    elsewhere = seen.resource and arm_id.key(seen.resource) != arm_id.key(finding.resource)
    where = name(seen.resource) if elsewhere else ""
    return value(seen.field), value(seen.expected), value(seen.actual), value(seen.message), where


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _asset(file: str) -> Markup:
    # Ours, from the package: the only text that is not escaped.
    return Markup((_TEMPLATES / file).read_text(encoding="utf-8"))  # noqa: S704


def _hash(text: str) -> Markup:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return Markup("sha256-" + base64.b64encode(digest).decode("ascii"))  # noqa: S704
