"""OCSF: renders OCSF 1.3 Compliance Findings (class 2003), a JSON array with an event per line. Source: github.com/ocsf/ocsf-schema.

A check that lacked information is `Warning` there: that is what unknown becomes, never `Pass`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.render import Options
from rtaudit.render.text import (
    in_full,
    moment,
    name,
    observed,
    outcome_label,
    reasons,
    resource_location,
    safe_json,
    to_printable,
    value,
    waiver,
)
from rtaudit.report import Finding, Report

VERSION = "1.3.0"
"""The version of the schema."""

_SEVERITIES = {
    "critical": (5, "Critical"),
    "high": (4, "High"),
    "medium": (3, "Medium"),
    "low": (2, "Low"),
    "info": (1, "Informational"),
}
_COMPLIANCE = {
    "pass": (1, "Pass"),
    "unknown": (2, "Warning"),
    "fail": (3, "Fail"),
    "waived": (3, "Fail"),
    "notApplicable": (99, "Not Applicable"),
}
_NEW, _SUPPRESSED, _RESOLVED = (1, "New"), (3, "Suppressed"), (4, "Resolved")


def render(report: Report, _options: Options) -> Iterator[str]:
    """Every finding, passes too."""
    common = _common(report)
    separator = "[\n"
    seen: Counter[str] = Counter()
    for finding in report.findings:
        event = _event(report, finding, common)
        seen[finding.fingerprint] += 1
        if seen[finding.fingerprint] > 1:
            event["finding_info"]["uid"] += f":{seen[finding.fingerprint]}"
        yield separator + safe_json(event)
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def _common(report: Report) -> dict[str, Any]:
    return {
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2003,
        "class_name": "Compliance Finding",
        "type_uid": 200301,
        "type_name": "Compliance Finding: Create",
        "time": _milliseconds(report.generated_at),
        "metadata": {
            "version": VERSION,
            "profiles": ["cloud"],
            "product": {
                "name": value(report.tool.get("name") or "rtaudit", 200),
                "version": value(report.tool.get("version") or "0", 200),
                "vendor_name": "rtaudit",
            },
        },
        "unmapped": {"verdict": report.verdict, "conclusion": in_full(report), "asOf": report.as_of},
    }


def _event(report: Report, finding: Finding, common: dict[str, Any]) -> dict[str, Any]:
    text = report.rules.get(finding.rule)
    shown_as = outcome_label(finding)
    severity_id, severity = _SEVERITIES[finding.severity]
    compliance_id, compliance = _COMPLIANCE[finding.outcome]
    status_id, status = _NEW
    if shown_as in ("waived", "known"):
        status_id, status = _SUPPRESSED
    elif shown_as in ("pass", "notApplicable"):
        status_id, status = _RESOLVED
    detail = _detail(finding)
    controls = [
        f"{framework}: {one}" for framework, listed in (text.controls if text else {}).items() for one in listed
    ]
    event = {
        **common,
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "message": value(finding.message or (text.title if text else finding.rule), 500),
        "compliance": {
            "control": value(finding.rule, 200),
            "standards": ["rtaudit", *(value(framework, 200) for framework in (text.controls if text else {}))],
            "requirements": [value(one, 200) for one in controls],
            "status_id": compliance_id,
            "status": compliance,
            "status_code": shown_as,
            "status_detail": detail,
        },
        "finding_info": {
            "uid": finding.fingerprint,
            "title": value(text.title if text else finding.rule, 500),
            "desc": value(text.why if text else finding.rule, 2000),
            "created_time": common["time"],
            "types": [value(finding.each, 200)],
        },
        "resources": [
            {
                "uid": to_printable(finding.resource),
                "name": name(finding.resource),
                "type": to_printable(arm_id.type_of(finding.resource)) or value(finding.each, 200),
                "cloud_partition": "Azure",
                **(
                    {"group": {"name": resource_location(finding.resource)}}
                    if resource_location(finding.resource)
                    else {}
                ),
                "labels": [f"environment={value(finding.environment, 200)}"],
            }
        ],
        "cloud": {
            "provider": "Azure",
            "account": {
                "uid": to_printable(arm_id.subscription_of(finding.resource) or ""),
                "type": "Azure Subscription",
            },
        },
    }
    if finding.cause:
        event["unmapped"] = {**common["unmapped"], "cause": finding.cause}
    if finding.fix:
        event["remediation"] = {
            "desc": "\n".join(value(step, 2000) for step in finding.fix),
            "references": [value(one, 500) for one in (text.see if text else ())],
        }
    return event


def _detail(finding: Finding) -> str:
    said = [observed(seen, finding) for seen in finding.observations[:20]]
    if finding.outcome == "unknown":
        said = reasons(finding)
    elif finding.note:
        said.append(value(finding.note))
    if finding.waiver:
        said.append(waiver(finding))
    if finding.known:
        said.append("known from the baseline")
    return "; ".join(said)


def _milliseconds(when: str) -> int:
    return int(moment(when).timestamp() * 1000)
