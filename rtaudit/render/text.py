"""Texts: values, resources, gaps and verdicts as plain, printable text that several formats share."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.errors import counted
from rtaudit.report import OUTCOMES, SEVERITIES, Finding, Observation, Report
from rtaudit.report.wording import name, owning_resource_name, shorten, to_printable
from rtaudit.snapshot import Gap

VERDICTS = {
    "ready": "ready",
    "notReady": "not ready",
    "incomplete": "incomplete",
    "same": "no drift",
    "drift": "drift",
}
"""Verdict of a Report or a Drift -> the words for it."""

OUTCOME_WORDS = {
    "fail": "failed",
    "unknown": "unknown",
    "waived": "waived",
    "pass": "passed",
    "notApplicable": "not applicable",
}
"""Outcome -> the word for it in a sentence."""

GOOD_VERDICTS = frozenset({"ready", "same"})
"""The verdicts that end with exit code 0."""

_ENCODE = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def escape_ci_commands(document: str) -> str:
    """A JSON text that steers neither a terminal nor a build agent; to JSON it is the same document.

    What does not show (control characters, C1 too, direction marks) is written as its escape, and so is the beginning of
    what the agent of Azure Pipelines obeys anywhere in what a job prints. `::` of GitHub Actions counts at the beginning of
    a line, where JSON has a quote or a bracket.
    """
    if not document.replace("\n", "").isprintable():
        document = _HIDDEN.sub(_escaped, document)
    if "##" in document:
        document = _AGENT.sub("\\\\u0023#", document)
    return document


def _escaped(found: re.Match[str]) -> str:
    character = found.group()
    if character == "\n" or character.isprintable():
        return character
    return json.dumps(character)[1:-1]


_HIDDEN = re.compile(r"[^\x0a\x20-\x7e]")
_AGENT = re.compile(r"##(?=(?:vso)?\[)", re.IGNORECASE)


def safe_json(thing: Any) -> str:
    """A value as compact JSON on one line, as `tame` makes it."""
    return escape_ci_commands(_ENCODE(thing))


def value(thing: Any, limit: int = 300) -> str:
    """A value of Azure, or of a rule, as one line of plain text. None is what is not set."""
    if thing is None:
        return "(not set)"
    text = thing if isinstance(thing, str) else json.dumps(thing, ensure_ascii=False, sort_keys=True, default=str)
    return shorten(to_printable(text), limit) if text else '""'


def resource_location(resource: str) -> str:
    """Where a resource is: its resource group, or its subscription, or nothing."""
    group = arm_id.group_of(resource)
    return shorten(to_printable(group), 90) if group else ""


def moment(when: str) -> datetime:
    """The time that a document states, in UTC where it says no zone; 1970 for what is no time: nobody validates it."""
    try:
        found = datetime.fromisoformat(when)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def gap(missing: Gap, limit: int = 300) -> str:
    """Why something could not be read, with the service's words where no action is missing."""
    words = f": {missing.message}" if missing.message and not missing.needs else ""
    return shorten(to_printable(missing.sentence + words), limit)


def observed(seen: Observation, finding: Finding) -> str:
    """The evidence of an observation in one line, with the resource where it is another one than the finding's."""
    elsewhere = seen.resource and arm_id.key(seen.resource) != arm_id.key(finding.resource)
    at = f" ({value(seen.resource)})" if elsewhere else ""
    return f"{value(seen.field)}: expected {value(seen.expected)}, actual {value(seen.actual)}{at}"


def reasons(finding: Finding) -> list[str]:
    """Why a finding is unknown: its gaps, or its note; never empty for an unknown."""
    said = [gap(missing) for missing in finding.gaps]
    if finding.note:
        said.append(shorten(to_printable(finding.note), 300))
    if not said:
        said = [
            f"{value(seen.field)}: expected {value(seen.expected)}, could not be read" for seen in finding.observations
        ]
    return said or ["no reason was recorded"]


def outcome_label(finding: Finding) -> str:
    """The outcome, or `known` for a failure or unknown that is in the baseline."""
    return "known" if finding.known and finding.outcome in ("fail", "unknown") else finding.outcome


def waiver(finding: Finding) -> str:
    """The waiver of a finding in one line; empty where it has none."""
    given = finding.waiver
    if not given:
        return ""
    parts = [str(given.get("reason") or "no reason given")]
    parts += [f"{key} {given[key]}" for key in ("owner", "ticket", "expires") if given.get(key)]
    return shorten(to_printable(("expired waiver: " if given.get("expired") else "waived: ") + ", ".join(parts)), 300)


def verdict(report: Report) -> str:
    """The words for a report's verdict; of a planned snapshot `ready as planned`."""
    planned = any(one.get("planned") for one in report.snapshots)
    return VERDICTS.get(report.verdict, report.verdict) + (" as planned" if planned else "")


def in_code(finding: Finding) -> str:
    """Of a planned resource: what the code calls it, where it is, and which attribute it leaves unset; else empty."""
    if finding.address is None:
        return ""
    file, line = finding.source or ("", 0)
    unset = f"; {shorten(to_printable(finding.note), 200)}" if finding.note and finding.outcome == "fail" else ""
    return f"in the code: {value(finding.address)}" + (f" ({value(file)}:{line})" if file else "") + unset


def only_azure(report: Report) -> str:
    """How many unknowns of a plan rest on what Azure assigns at the deployment, as a sentence; else empty."""
    number = report.summary.get("assignedByAzure") or 0
    return (
        f"{counted(number, 'check')} {'rests' if number == 1 else 'rest'} on what Azure assigns at the deployment:"
        f" {'it blocks' if number == 1 else 'they block'} nothing before it (--show unknown)"
        if number
        else ""
    )


def _unknown(report: Report, number: int) -> str:
    waiting = report.summary.get("assignedByAzure") or 0
    return f"{number} unknown" + (f" ({waiting} of them only Azure can tell)" if waiting else "")


def counts(report: Report) -> str:
    """Every outcome counted: `3 failed (1 critical, 2 high), 2 unknown, 1 waived, 40 passed, 12 not applicable`."""
    summary = report.summary
    by_severity = summary.get("failedBySeverity") or {}
    worst = ", ".join(f"{by_severity[severity]} {severity}" for severity in SEVERITIES if by_severity.get(severity))
    known = sum(1 for finding in report.findings if finding.known)
    parts = [
        f"{summary.get('fail', 0)} failed" + (f" ({worst})" if worst else ""),
        _unknown(report, summary.get("unknown", 0)),
        *(
            f"{summary.get(outcome, 0)} {word}"
            for outcome, word in OUTCOME_WORDS.items()
            if outcome not in ("fail", "unknown")
        ),
    ]
    if known:
        parts.append(f"{known} of them known from the baseline")
    return ", ".join(parts)


def heading(report: Report) -> str:
    """The first line of a report: what was checked and the verdict, `prod: NOT READY`."""
    labels = list(dict.fromkeys(value(one["environment"], 40) for one in report.snapshots))
    shown = ", ".join(labels[:6]) + (f" and {len(labels) - 6} more" if len(labels) > 6 else "")
    return f"{shown or 'nothing'}: {verdict(report).upper()}"


def what_was_checked(report: Report) -> str:
    """What was checked against what: `prod (prod.json) checked against production, as of 2026-11-22; collected …`."""
    files = ", ".join(
        f"{value(snapshot['environment'], 80)}" + (f" ({value(snapshot['file'], 120)})" if snapshot.get("file") else "")
        for snapshot in report.snapshots
    )
    packs = ", ".join(value(policy["name"], 80) for policy in report.policies)
    text = f"{files or 'nothing'} checked against {packs or 'no policy'}, as of {value(report.as_of)}"
    collected = str(report.snapshots[0].get("collectedAt") or "") if len(report.snapshots) == 1 else ""
    when = (
        f"{collected[:10]} {collected[11:16]} UTC" if collected[10:11] == "T" and collected.endswith("Z") else collected
    )
    return text + (f"; collected {value(when, 40)}" if when else "")


def count_line(report: Report) -> str:
    """What was evaluated: `4 accounts, 6 realtime deployments; 159 checks: 12 failed, 0 unknown, 147 passed`."""
    resources: dict[str, set[str]] = {}
    for finding in report.findings:
        # A list that could not be read is a finding at the scope of the list, and no account.
        if finding.each in _COUNTED and not (finding.gaps and finding.gaps[0].scope == finding.resource):
            resources.setdefault(finding.each, set()).add(finding.resource)
    things = [counted(len(resources[each]), noun) for each, noun in _COUNTED.items() if each in resources]
    number = {outcome: report.summary.get(outcome, 0) for outcome in OUTCOMES}
    checks = sum(count for outcome, count in number.items() if outcome != "notApplicable")
    known = sum(1 for finding in report.findings if finding.known)
    parts = [f"{number['fail']} failed", _unknown(report, number["unknown"]), f"{number['pass']} passed"]
    parts += [f"{number['waived']} waived"] if number["waived"] else []
    parts += [f"{known} known from the baseline"] if known else []
    return "; ".join(filter(None, (", ".join(things), f"{counted(checks, 'check')}: {', '.join(parts)}")))


_COUNTED = {"account": "account", "realtimeDeployment": "realtime deployment", "client": "client"}
"""Kind of subject -> how it is counted."""


def conclusion(report: Report) -> str:
    """The one line that ends a report: the verdict, and what blocks by findings, causes and severity."""
    said = verdict(report)
    if report.verdict not in _BLOCKING:
        return f"{said}: {counts(report)}"
    blocking = [one for one in report.findings if report.gate.blocks(one) and one.outcome == _BLOCKING[report.verdict]]
    threshold = f"{report.gate.fail_on} or worse" if report.gate.fail_on not in ("critical", "none") else "critical"
    known = sum(1 for finding in report.findings if finding.known)
    below = sum(1 for one in report.findings if one.outcome in ("fail", "unknown") and not one.known)
    if blocking:
        tally = Counter(one.severity for one in blocking)
        worst = ", ".join(f"{tally[severity]} {severity}" for severity in SEVERITIES if tally[severity])
        number = len({one.cause for one in blocking})
        what = f"{counted(len(blocking), 'finding')} with {counted(number, 'cause')}"
        if report.verdict == "notReady":
            return f"{said}: {what} {'blocks' if len(blocking) == 1 else 'block'} the launch ({worst})"
        return f"{said}: {what} could not be evaluated ({worst})"
    if report.verdict == "incomplete":
        return f"{said}: nothing was evaluated"
    if known:
        fixed = f", {report.gate.fixed} fixed" if report.gate.fixed else ""
        new = f"no new findings of severity {threshold}, {below} below that" if below else "no new findings"
        return f"{said}: {new} ({known} known from the baseline{fixed})"
    if report.gate.fail_on == "none":
        return f"{said}: --fail-on none lets every finding pass"
    rest = f"; {counted(below, 'finding')} below that or allowed" if below else ""
    return f"{said}: nothing of severity {threshold} failed or is unknown{rest}"


def in_full(report: Report) -> str:
    """The conclusion, and every outcome counted."""
    return f"{conclusion(report)}. {counts(report)}" if report.verdict in _BLOCKING else conclusion(report)


_BLOCKING = {"notReady": "fail", "incomplete": "unknown", "ready": "fail"}
"""Verdict -> the outcome that makes it."""


def rule_list(rules: Sequence[str]) -> str:
    """Rules in short: `RTA-NET-009 (+ NET-006, NET-007)`."""
    first, *others = [value(rule, 40) for rule in rules]
    if not others:
        return first
    shown = ", ".join(other.removeprefix("RTA-") if first.startswith("RTA-") else other for other in others[:3])
    return f"{first} (+ {shown}{f' and {len(others) - 3} more' if len(others) > 3 else ''})"


__all__ = [
    "GOOD_VERDICTS",
    "OUTCOME_WORDS",
    "VERDICTS",
    "conclusion",
    "count_line",
    "counts",
    "escape_ci_commands",
    "gap",
    "heading",
    "in_code",
    "in_full",
    "name",
    "observed",
    "only_azure",
    "outcome_label",
    "owning_resource_name",
    "reasons",
    "resource_location",
    "rule_list",
    "safe_json",
    "shorten",
    "to_printable",
    "value",
    "verdict",
    "waiver",
    "what_was_checked",
]
