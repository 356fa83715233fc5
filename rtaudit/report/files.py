"""Report files: written as JSON with one finding a line, so that a million of them is written and read quickly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rtaudit.documents import check_schema, error_for_file, load_json
from rtaudit.documents.validate import ErrorAt
from rtaudit.errors import InputError
from rtaudit.report.gate import SEVERITIES
from rtaudit.report.model import OUTCOMES, SCHEMA, Finding, Gate, Observation, Report, RuleText
from rtaudit.report.schema import ENVELOPE
from rtaudit.snapshot import Gap
from rtaudit.snapshot.secrets import cut_secrets, scrub

_GAP_FIELDS = Gap.__dataclass_fields__.keys()


def dump(report: Report) -> str:
    """The report as the JSON document of the contract, with a trailing newline."""
    return "".join(chunks(report))


def chunks(report: Report) -> Iterator[str]:
    """The text of `dump` in pieces, for writing without holding it whole."""
    head = json.dumps(_head(report), indent=2, ensure_ascii=False, allow_nan=False)
    yield head[:-2] + ',\n  "findings": ['
    for start in range(0, len(report.findings), _BATCH):
        lines = ",\n    ".join(map(_line, report.findings[start : start + _BATCH]))
        yield ("\n    " if start == 0 else ",\n    ") + lines
    yield ("\n  ]" if report.findings else "]") + "\n}\n"


_BATCH = 1000
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(", ", ": ")).encode
_text = json.encoder.encode_basestring


def _line(finding: Finding) -> str:
    """A finding on one line. Passes, which are most, are put together by hand: it takes half the time."""
    if finding.outcome not in ("pass", "notApplicable") or finding.note is not None:
        return _encode(finding_document(finding))
    return (
        f'{{"rule": {_text(finding.rule)}, "outcome": "{finding.outcome}", "each": "{finding.each}", '
        f'"resource": {_text(finding.resource)}, "environment": {_text(finding.environment)}, '
        f'"fingerprint": "{finding.fingerprint}"}}'
    )


def load(path: str | Path) -> Report:
    """The report in the file `path` (`-` is standard input). Raises InputError."""
    return parse(load_json(path), "standard input" if str(path) == "-" else str(path))


def parse(document: Any, name: str) -> Report:
    """The report that a JSON document holds; `name` is what errors call it. Raises InputError."""
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        what = f"a {schema} document" if isinstance(schema, str) else "something else"
        raise InputError(
            f"{name} is not a report of schema {SCHEMA} but {what}", "give what `rtaudit check -o json` wrote"
        )

    error_at = error_for_file(f"{name} is not a report", "`rtaudit schema report` prints the format")
    findings = document.get("findings")
    check_schema({**document, "findings": [] if isinstance(findings, list) else findings}, ENVELOPE, error_at)
    return _report(document, error_at)


def _head(report: Report) -> dict[str, Any]:
    gate = report.gate
    allow = gate.allow_unknown if isinstance(gate.allow_unknown, bool) else list(gate.allow_unknown)
    return {
        "schema": SCHEMA,
        "tool": report.tool,
        "generatedAt": report.generated_at,
        "asOf": report.as_of,
        "snapshots": list(report.snapshots),
        "policies": list(report.policies),
        "gate": {
            "failOn": gate.fail_on,
            "allowUnknown": allow,
            "baseline": gate.baseline,
            "exitCode": gate.exit_code,
            "fixed": gate.fixed,
        },
        "verdict": report.verdict,
        "summary": report.summary,
        "warnings": list(report.warnings),
        "rules": {rule: _text_document(text) for rule, text in sorted(report.rules.items())},
    }


def _text_document(text: RuleText) -> dict[str, Any]:
    document = asdict(text)
    return document if text.action else {key: value for key, value in document.items() if key != "action"}


def finding_document(finding: Finding) -> dict[str, Any]:
    """A finding as it is in the document: what a pass needs not say is left out."""
    document: dict[str, Any] = {
        "rule": finding.rule,
        "outcome": finding.outcome,
        "each": finding.each,
        "resource": finding.resource,
        "environment": finding.environment,
        "fingerprint": finding.fingerprint,
    }
    if finding.note is not None:
        document["note"] = finding.note
    if finding.outcome in ("pass", "notApplicable"):
        return document
    document["message"] = finding.message
    document["cause"] = finding.cause
    document["severity"] = finding.severity
    document["setBy"] = finding.set_by
    document["observations"] = [
        {
            "message": one.message,
            "field": one.field,
            "expected": one.expected,
            "actual": one.actual,
            "resource": one.resource,
        }
        | ({"fix": list(one.fix)} if one.fix else {})
        | ({"places": [list(place) for place in one.places]} if one.places else {})
        for one in finding.observations
    ]
    document["gaps"] = [gap.document() for gap in finding.gaps]
    document["fix"] = list(finding.fix)
    document["waiver"] = finding.waiver
    if finding.known:
        document["known"] = True
    if finding.address is not None:
        document["address"] = finding.address
    if finding.source is not None:
        document["source"] = {"file": finding.source[0], "line": finding.source[1]}
    return document


def _report(document: dict[str, Any], error_at: ErrorAt) -> Report:
    gate = document["gate"]
    return Report(
        tool=document["tool"],
        generated_at=document["generatedAt"],
        as_of=document["asOf"],
        snapshots=document["snapshots"],
        policies=document["policies"],
        gate=Gate(gate["failOn"], gate["allowUnknown"], gate.get("baseline"), gate["exitCode"], gate.get("fixed", 0)),
        verdict=document["verdict"],
        summary=document["summary"],
        rules={rule: RuleText(**text) for rule, text in document["rules"].items()},
        findings=_load_findings(document, error_at),
        warnings=[scrub(warning) for warning in document.get("warnings", [])],
    )


def _load_findings(document: dict[str, Any], error_at: ErrorAt) -> list[Finding]:
    """The findings, held to their schema by hand: a schema library would take a minute for a large report."""
    found = []
    for index, one in enumerate(document["findings"]):
        try:
            finding = _load_finding(one, document["rules"])
            texts = (finding.rule, finding.each, finding.resource, finding.environment)
            holds = finding.outcome in OUTCOMES and finding.severity in SEVERITIES
            holds = holds and all(isinstance(text, str) for text in texts)
        except (KeyError, TypeError, ValueError, AttributeError):
            holds = False
        if not holds:
            check_schema(document, ENVELOPE, error_at)  # says what is wrong with it
            raise error_at((), f"findings[{index}] is not a finding")
        found.append(finding)
    return found


def _source(found: Any) -> tuple[str, int] | None:
    if found is None:
        return None
    if not isinstance(found["file"], str) or not isinstance(found["line"], int):
        raise TypeError(found)
    return found["file"], found["line"]


def _load_observation(item: dict[str, Any]) -> Observation:
    return Observation(**{**item, "places": [(line, column) for line, column in item.get("places", ())]})


_SAID = ("observations", "gaps", "waiver", "note")
"""Fields of a finding with texts of Azure's and of people's."""


def _load_finding(document: dict[str, Any], rules: dict[str, Any]) -> Finding:
    # An older version, or a hand, may have written what this one cuts.
    document = {**document, **cut_secrets({name: document[name] for name in _SAID if name in document})}
    return Finding(
        rule=document["rule"],
        outcome=document["outcome"],
        each=document["each"],
        resource=document["resource"],
        environment=document["environment"],
        severity=document.get("severity") or rules.get(document["rule"], {}).get("severity", "info"),
        set_by=document.get("setBy", ""),
        observations=[_load_observation(item) for item in document.get("observations", ())],
        gaps=[
            Gap(**{key: value for key, value in gap.items() if key in _GAP_FIELDS}) for gap in document.get("gaps", ())
        ],
        fix=document.get("fix", ()),
        address=document.get("address"),
        source=_source(document.get("source")),
        waiver=document.get("waiver"),
        known=document.get("known", False),
        note=document.get("note"),
    )
