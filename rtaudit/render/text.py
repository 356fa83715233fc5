"""What several formats say in the same words: values, resources, gaps, verdicts. All of it plain, printable text."""

from __future__ import annotations

import json
import re
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.report import SEVERITIES, Finding, Report
from rtaudit.report.wording import name, owner, plain, shorten
from rtaudit.snapshot import Gap

VERDICTS = {
    "ready": "ready",
    "notReady": "not ready",
    "incomplete": "incomplete",
    "same": "no drift",
    "drift": "drift",
}
"""Verdict of a Report or a Drift -> the words for it."""

GOOD_VERDICTS = frozenset({"ready", "same"})
"""The verdicts that end with exit code 0."""

_ENCODE = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def tame(document: str) -> str:
    """A JSON text that steers neither a terminal nor a build agent; to JSON it is the same document.

    What does not show (control characters, C1 too, direction marks) is written as its escape, and so is the beginning of
    what the agent of Azure Pipelines obeys anywhere in what a job prints. `::` of GitHub Actions counts at the beginning of
    a line, where JSON has a quote or a bracket.
    """
    if not document.isascii() or _CONTROL.search(document):
        document = _HIDDEN.sub(_escaped, document)
    if "##" in document:
        document = _AGENT.sub("\\\\u0023#", document)
    return document


def _escaped(found: re.Match[str]) -> str:
    character = found.group()
    if character == "\n" or character.isprintable():
        return character
    return json.dumps(character)[1:-1]


_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_HIDDEN = re.compile(r"[^\x0a\x20-\x7e]")
_AGENT = re.compile(r"##(?=(?:vso)?\[)", re.IGNORECASE)


def safe_json(thing: Any) -> str:
    """A value as compact JSON on one line, as `tame` makes it."""
    return tame(_ENCODE(thing))


def value(thing: Any, limit: int = 300) -> str:
    """A value of Azure, or of a rule, as one line of plain text. None is what is not there."""
    if thing is None:
        return "(not there)"
    text = thing if isinstance(thing, str) else json.dumps(thing, ensure_ascii=False, sort_keys=True, default=str)
    return shorten(plain(text), limit) if text else '""'


def place(resource: str) -> str:
    """Where a resource is: its resource group, or its subscription, or nothing."""
    group = arm_id.group_of(resource)
    return shorten(plain(group), 90) if group else ""


def gap(missing: Gap, limit: int = 300) -> str:
    """Why something could not be seen: `diagnostics not read: denied (403 AuthorizationFailed), needs …/read`."""
    answer = " ".join(str(part) for part in (missing.status, missing.code) if part is not None)
    text = f"{missing.what} not read: {missing.reason}" + (f" ({answer})" if answer else "")
    if missing.needs:
        text += f", needs {missing.needs}"
    elif missing.message:
        text += f": {missing.message}"
    return shorten(plain(text), limit)


def reasons(finding: Finding) -> list[str]:
    """Why a finding is unknown: its gaps, or its note; never empty for an unknown."""
    said = [gap(missing) for missing in finding.gaps]
    if finding.note:
        said.append(shorten(plain(finding.note), 300))
    if not said:
        said = [
            f"{value(seen.field)}: expected {value(seen.expected)}, could not be seen" for seen in finding.observations
        ]
    return said or ["no reason was recorded"]


def state(finding: Finding) -> str:
    """The outcome, or `known` for a failure or unknown that stands in the baseline."""
    return "known" if finding.known and finding.outcome in ("fail", "unknown") else finding.outcome


def waiver(finding: Finding) -> str:
    """The waiver of a finding in one line; empty where it has none."""
    given = finding.waiver
    if not given:
        return ""
    parts = [str(given.get("reason") or "no reason given")]
    parts += [f"{key} {given[key]}" for key in ("owner", "ticket", "expires") if given.get(key)]
    return shorten(plain(("expired waiver: " if given.get("expired") else "waived: ") + ", ".join(parts)), 300)


def counts(report: Report) -> str:
    """Every outcome counted: `3 fail (1 critical, 2 high), 2 unknown, 1 waived, 40 pass, 12 notApplicable`."""
    summary = report.summary
    by_severity = summary.get("failedBySeverity") or {}
    worst = ", ".join(f"{by_severity[severity]} {severity}" for severity in SEVERITIES if by_severity.get(severity))
    known = sum(1 for finding in report.findings if finding.known)
    parts = [
        f"{summary.get('fail', 0)} fail" + (f" ({worst})" if worst else ""),
        *(f"{summary.get(outcome, 0)} {outcome}" for outcome in ("unknown", "waived", "pass", "notApplicable")),
    ]
    if known:
        parts.append(f"{known} of them known from the baseline")
    return ", ".join(parts)


def conclusion(report: Report) -> str:
    """The one line that ends a report: the verdict and every outcome counted."""
    return f"{VERDICTS.get(report.verdict, report.verdict)}: {counts(report)}"


def judged(report: Report) -> str:
    """What was judged by what: `prod.json by production, as of 2026-11-22`."""
    files = ", ".join(
        f"{value(snapshot['environment'], 80)}" + (f" ({value(snapshot['file'], 120)})" if snapshot.get("file") else "")
        for snapshot in report.snapshots
    )
    packs = ", ".join(value(policy["name"], 80) for policy in report.policies)
    return f"{files or 'nothing'} by {packs or 'no policy'}, as of {value(report.as_of)}"


__all__ = [
    "GOOD_VERDICTS",
    "VERDICTS",
    "conclusion",
    "counts",
    "gap",
    "judged",
    "name",
    "owner",
    "place",
    "plain",
    "reasons",
    "safe_json",
    "shorten",
    "state",
    "tame",
    "value",
    "waiver",
]
