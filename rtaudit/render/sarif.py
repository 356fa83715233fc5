"""SARIF: renders SARIF 2.1.0 for code scanning. Unknown results are `open`; waived and baseline ones are suppressed.

Passes are left out: code scanning would show each as an alert. Source of what it needs: GitHub's "SARIF support for code scanning".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from rtaudit.render import Options
from rtaudit.render.source_lines import Lines, uri
from rtaudit.render.text import (
    GOOD_VERDICTS,
    gap,
    in_code,
    in_full,
    name,
    observed,
    outcome_label,
    reasons,
    safe_json,
    shorten,
    to_printable,
    value,
    waiver,
)
from rtaudit.report import Finding, Report, RuleText
from rtaudit.report.model import SOURCE

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0", "info": "0.0"}
"""Code scanning: over 9.0 critical, 7.0 to 8.9 high, 4.0 to 6.9 medium, below low."""
_URL = re.compile(r"https?://[\w.~:/?#@!$&'()*+,;=%-]+\Z", re.ASCII)


def render(report: Report, options: Options) -> Iterator[str]:
    """The report as one SARIF run, a result per line."""
    lines = Lines(options.snapshots, [(one["environment"], one.get("file")) for one in report.snapshots])
    indexes = {rule: index for index, rule in enumerate(sorted(report.rules))}
    yield '{\n"$schema": ' + safe_json(SCHEMA) + ',\n"version": "2.1.0",\n"runs": [{\n"tool": '
    yield safe_json({"driver": _driver(report)})
    yield ',\n"automationDetails": {"id": "rtaudit/"},\n"columnKind": "unicodeCodePoints",\n"invocations": '
    yield safe_json([_invocation(report)])
    yield ',\n"properties": ' + safe_json({"verdict": report.verdict, "summary": report.summary, "asOf": report.as_of})
    yield ',\n"results": ['
    separator = "\n"
    seen: Counter[str] = Counter()
    for finding in report.findings:
        if finding.outcome not in ("pass", "notApplicable"):
            # Two results of one fingerprint (two environments, two kinds of change) must not become one alert.
            seen[finding.fingerprint] += 1
            yield separator + safe_json(_result(report, finding, indexes, lines, seen[finding.fingerprint]))
            separator = ",\n"
    yield "\n]\n}]\n}\n"


def _driver(report: Report) -> dict[str, Any]:
    return {
        "name": value(report.tool.get("name") or "rtaudit", 200),
        "version": value(report.tool.get("version") or "0", 200),
        "rules": [_rule(rule, text) for rule, text in sorted(report.rules.items())],
    }


def _rule(rule: str, text: RuleText) -> dict[str, Any]:
    steps = "\n".join(f"- {value(step, 1000)}" for step in text.fix)
    links = [one for one in text.see if _URL.match(one)]
    descriptor: dict[str, Any] = {
        "id": value(rule, 200),
        "name": value(text.name, 200),
        "shortDescription": {"text": value(text.title, 1000)},
        "fullDescription": {"text": value(text.why or text.title, 1000)},
        "help": {"text": "\n\n".join(filter(None, (value(text.why or text.title, 2000), steps, "\n".join(links))))},
        "defaultConfiguration": {"level": _LEVELS[text.severity]},
        "properties": {
            "security-severity": _SCORES[text.severity],
            "precision": "very-high",
            "tags": ["security", f"severity/{text.severity}", *_tags(text)],
        },
    }
    if links:
        descriptor["helpUri"] = links[0]
    return descriptor


def _tags(text: RuleText) -> list[str]:
    # Code scanning takes ten tags.
    return [value(f"{framework}/{one}", 100) for framework, controls in text.controls.items() for one in controls][:8]


def _invocation(report: Report) -> dict[str, Any]:
    seen = {missing: None for finding in report.findings for missing in finding.gaps}
    notices = [
        {"level": "warning", "message": {"text": f"{gap(missing)}: {value(missing.scope, 500)}"}}
        for missing in list(seen)[:1000]
    ]
    notices += [{"level": "warning", "message": {"text": value(warning, 1000)}} for warning in report.warnings]
    good = report.verdict in GOOD_VERDICTS
    return {
        # The judgement was made; whether it saw everything is reported by the notifications and the verdict.
        "executionSuccessful": True,
        "exitCode": report.gate.exit_code,
        "exitCodeDescription": in_full(report),
        "toolExecutionNotifications": [
            {"level": "note" if good else "error", "message": {"text": in_full(report)}},
            *notices,
        ],
    }


def _result(report: Report, finding: Finding, indexes: dict[str, int], lines: Lines, nth: int) -> dict[str, Any]:
    text = report.rules.get(finding.rule)
    unknown = finding.outcome == "unknown"
    source, line = lines.of(finding)
    file = uri(source, finding.environment)
    result: dict[str, Any] = {
        "ruleId": value(finding.rule, 200),
        "kind": "open" if unknown else "fail",
        "level": "none" if unknown else _LEVELS[finding.severity],
        "message": {"text": _message(finding, text)},
        "locations": _physical(finding, file)
        if finding.each == SOURCE
        else [
            {
                "physicalLocation": {"artifactLocation": {"uri": file}, "region": {"startLine": line}},
                "logicalLocations": [
                    {
                        "name": name(finding.resource),
                        "fullyQualifiedName": to_printable(finding.resource),
                        "kind": "resource",
                    }
                ],
            }
        ],
        # The second is the one that code scanning reads.
        "partialFingerprints": {
            "rtaudit/v1": finding.fingerprint,
            "primaryLocationLineHash": f"{finding.fingerprint}:{nth}",
        },
        "properties": {
            "outcome": outcome_label(finding),
            "severity": finding.severity,
            "security-severity": _SCORES[finding.severity],
            "environment": value(finding.environment),
            "setBy": value(finding.set_by) if finding.set_by else "",
            "cause": finding.cause,
            "observedResources": list(dict.fromkeys(value(seen.resource) for seen in finding.observations[:10])),
        },
    }
    if finding.address is not None:
        result["properties"]["address"] = value(finding.address)
    if finding.rule in indexes:
        result["ruleIndex"] = indexes[finding.rule]
    if finding.outcome == "waived":
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": waiver(finding)}]
    elif finding.known:
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": "known from the baseline"}
        ]
    if report.gate.baseline is not None:
        result["baselineState"] = "unchanged" if finding.known else "new"
    return result


def _physical(finding: Finding, file: str) -> list[dict[str, Any]]:
    """Where it is in a source file: code scanning shows the first place."""
    places = [place for seen in finding.observations for place in seen.places][:100]
    return [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": file, "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": line, "startColumn": column},
            }
        }
        for line, column in places
    ]


def _message(finding: Finding, text: RuleText | None) -> str:
    said = [value(finding.message, 400)] if finding.message else []
    said.append(value(text.title if text else finding.rule, 300))
    said += [in_code(finding)] if finding.address else []
    if finding.outcome == "unknown":
        said += [f"unknown: {reason}" for reason in reasons(finding)]
    elif finding.each == SOURCE:
        said = [value(seen.message, 300) for seen in finding.observations[:10]]
        said += [f"fix: {value(step, 1000)}" for step in finding.fix[:5]]
    else:
        said += [observed(seen, finding) for seen in finding.observations[:10]]
        said += [f"fix: {value(step, 1000)}" for step in finding.fix[:5]]
    # Brackets would be links in a SARIF message.
    return shorten(re.sub(r"([\\\[\]])", r"\\\1", "\n".join(said)), 8000)
