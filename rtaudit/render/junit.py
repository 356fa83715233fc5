"""JUnit XML: a suite per rule, a case per resource. Unknown is an error; waived, known and not applicable are skipped.

Held to what the schemas of Jenkins (xunit plugin) and of Ant have in common.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from rtaudit.render import Options
from rtaudit.render.text import (
    in_code,
    in_full,
    name,
    observed,
    outcome_label,
    reasons,
    shorten,
    to_printable,
    value,
    verdict,
    waiver,
)
from rtaudit.report import Finding, Report

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report, _options: Options) -> Iterator[str]:
    """Every finding, passes too."""
    states = [outcome_label(finding) for finding in report.findings]
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield (
        f'<testsuites name={_attribute("rtaudit: " + verdict(report))} {_numbers(states, skipped=False)} time="0">\n'
    )
    suites: dict[str, list[Finding]] = {}
    for finding in report.findings:
        suites.setdefault(finding.rule, []).append(finding)
    said = in_full(report)
    for index, (rule, findings) in enumerate(suites.items() or [("rtaudit", [])]):
        yield from _suite(report, index, rule, findings, said)
    yield "</testsuites>\n"


def _suite(report: Report, index: int, rule: str, findings: list[Finding], said: str) -> Iterator[str]:
    text = report.rules.get(rule)
    title = f"{rule} {text.name}" if text else rule
    when = report.generated_at[:19] if re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", report.generated_at) else ""
    stamp = f" timestamp={_attribute(when)}" if when else ""
    yield (
        f"  <testsuite name={_attribute(title)} {_numbers([outcome_label(one) for one in findings], skipped=True)}"
        f' time="0" id="{index}" hostname="localhost" package="rtaudit"{stamp}>\n'
    )
    facts = {"verdict": report.verdict, "conclusion": said, "asOf": report.as_of}
    if index == 0:
        facts |= {f"warning.{number}": warning for number, warning in enumerate(report.warnings)}
    yield "    <properties>\n"
    for key, item in facts.items():
        yield f"      <property name={_attribute(key)} value={_attribute(value(item, 1000))}/>\n"
    yield "    </properties>\n"
    for finding in findings:
        yield from _case(report, finding, title)
    yield "  </testsuite>\n"


def _case(report: Report, finding: Finding, title: str) -> Iterator[str]:
    case = f'    <testcase classname={_attribute(title)} name={_attribute(_name(finding))} time="0"'
    match outcome_label(finding):
        case "fail":
            said = finding.message or "failed"
            yield f"{case}>\n      <failure type={_attribute(finding.severity)} message={_attribute(said)}>"
            yield f"{_text(_details(finding, report))}</failure>\n    </testcase>\n"
        case "unknown":
            said = "; ".join(reasons(finding))
            yield f"{case}>\n      <error type={_attribute(finding.severity)} message={_attribute('unknown: ' + said)}>"
            where = "\n".join(filter(None, (to_printable(finding.resource), in_code(finding))))
            yield f"{_text(where)}</error>\n    </testcase>\n"
        case "pass":
            yield f"{case}/>\n"
        case "waived":
            yield f"{case}>\n      <skipped message={_attribute(waiver(finding) or 'waived')}/>\n    </testcase>\n"
        case "known":
            said = f"known from the baseline: {finding.outcome}"
            yield f"{case}>\n      <skipped message={_attribute(said)}/>\n    </testcase>\n"
        case _:
            said = "not applicable" + (f": {value(finding.note)}" if finding.note else "")
            yield f"{case}>\n      <skipped message={_attribute(said)}/>\n    </testcase>\n"


def _numbers(states: list[str], *, skipped: bool) -> str:
    counted = f'tests="{len(states)}" failures="{states.count("fail")}" errors="{states.count("unknown")}"'
    # `skipped` is no attribute of testsuites.
    rest = len([one for one in states if one not in ("fail", "unknown", "pass")])
    return f'{counted} skipped="{rest}"' if skipped else counted


def _name(finding: Finding) -> str:
    # A drift has a finding for each setting of a resource: the setting tells them apart.
    setting = f" {finding.observations[0].field}" if finding.rule.startswith("drift-") and finding.observations else ""
    return f"{name(finding.resource)}{setting} ({value(finding.environment, 100)})"


def _observations(finding: Finding) -> list[str]:
    return [observed(seen, finding) for seen in finding.observations[:10]]


def _details(finding: Finding, report: Report) -> str:
    text = report.rules.get(finding.rule)
    said = [value(text.title, 300)] if text else []
    said += [
        f"resource: {to_printable(finding.resource)}",
        *filter(None, (in_code(finding),)),
        f"cause: {finding.cause}",
        *_observations(finding),
        *(f"fix: {value(step, 1000)}" for step in finding.fix),
    ]
    if finding.waiver:
        said.append(waiver(finding))
    return "\n".join(said)


def _attribute(text: str) -> str:
    return quoteattr(_NOT_XML.sub("\ufffd", shorten(to_printable(text), 2000)))


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))
