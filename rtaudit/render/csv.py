"""CSV: renders for spreadsheets: RFC 4180, UTF-8 with a byte order mark, no cell that a spreadsheet would run as a formula."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rtaudit.documents.json_values import is_number
from rtaudit.render import Options
from rtaudit.render.text import gap, outcome_label, shorten, to_printable, waiver
from rtaudit.report import Finding, Report

COLUMNS = (
    "verdict",
    "outcome",
    "severity",
    "rule",
    "name",
    "title",
    "each",
    "resource",
    "environment",
    "field",
    "expected",
    "actual",
    "observed",
    "why",
    "fix",
    "waiver",
    "setBy",
    "fingerprint",
    "message",
    "cause",
)
"""One line per observation; a finding without any has one line."""

_LIMIT = 32_000
"""A cell of Excel holds 32,767 characters."""


def render(report: Report, _options: Options) -> Iterator[str]:
    """Every finding, passes too; the verdict of the report is on each line."""
    return lines(COLUMNS, _rows(report))


def lines(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A CSV file in pieces: byte order mark, header, rows with CR LF."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(columns)
    yield "\ufeff"
    for row in rows:
        writer.writerow([cell(item) for item in row])
        if buffer.tell() > 65_536:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def cell(item: Any) -> Any:
    """A value as a cell: numbers stay numbers; text that would start a formula gets an apostrophe before it."""
    if item is None:
        return ""
    if is_number(item):
        return item
    text = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False, sort_keys=True, default=str)
    text = shorten(to_printable(text), _LIMIT)
    return "'" + text if text.lstrip()[:1] in ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20") else text


def _rows(report: Report) -> Iterator[list[Any]]:
    for finding in report.findings:
        text = report.rules.get(finding.rule)
        head = [
            report.verdict,
            outcome_label(finding),
            finding.severity,
            finding.rule,
            text.name if text else None,
            text.title if text else None,
            finding.each,
            finding.resource,
            finding.environment,
        ]
        tail = [
            _why(finding),
            "\n".join(finding.fix).replace("\n", " ; ") or None,
            waiver(finding) or None,
            # Of a pass the JSON does not keep it: rendered later, the file is to be the same.
            None if finding.outcome in ("pass", "notApplicable") else finding.set_by,
            finding.fingerprint,
        ]
        quiet = finding.outcome in ("pass", "notApplicable")
        if not finding.observations:
            yield [*head, None, None, None, None, *tail, None if quiet else finding.message, finding.cause]
        for seen in finding.observations:
            yield [*head, seen.field, seen.expected, seen.actual, seen.resource, *tail, seen.message, finding.cause]


def _why(finding: Finding) -> str | None:
    said = [gap(missing) for missing in finding.gaps] + ([finding.note] if finding.note else [])
    return "; ".join(said) or None
