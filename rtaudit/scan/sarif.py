"""A scan as SARIF 2.1.0, with physical locations, for code scanning."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any
from urllib.parse import quote

from rtaudit.scan.checks import CHECKS, Check
from rtaudit.scan.run import Scan, SourceFinding
from rtaudit.version import __version__

_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0", "info": "0.0"}


def to_sarif(scan: Scan) -> str:
    """The scan as one SARIF run. ASCII throughout: no text of a source file can leave its string."""
    indexes = {check: index for index, check in enumerate(CHECKS)}
    unread = [
        {"level": "warning", "message": {"text": f"not read: {file}: {reason}"}} for file, reason in scan.unread
    ] + [{"level": "warning", "message": {"text": text}} for text in scan.warnings]
    seen: dict[str, int] = {}
    results = [_result(scan, one, indexes[one.check], seen) for one in scan.findings]
    run = {
        "tool": {"driver": {"name": "rtaudit client scan", "version": __version__, "rules": list(map(_rule, CHECKS.values()))}},
        "automationDetails": {"id": "rtaudit-client-scan/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not scan.unread, "toolExecutionNotifications": unread}],
        "results": results,
    }  # fmt: skip
    document = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def _rule(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "name": check.name,
        "shortDescription": {"text": check.title},
        "fullDescription": {"text": check.why},
        "help": {"text": f"{check.why}\n\n{check.fix}\n\n{check.see}"},
        "helpUri": check.see,
        "defaultConfiguration": {"level": _LEVELS[check.severity]},
        "properties": {
            "security-severity": _SCORES[check.severity],
            "precision": "high",
            "tags": ["security", "realtime"],
        },
    }


def _result(scan: Scan, finding: SourceFinding, index: int, seen: dict[str, int]) -> dict[str, Any]:
    check = CHECKS[finding.check]
    stable = f"{check.id}\n{finding.file}\n{finding.excerpt}\n{finding.found}"
    digest = hashlib.sha256(stable.encode("utf-8", "backslashreplace")).hexdigest()[:32]
    seen[digest] = seen.get(digest, 0) + 1
    result: dict[str, Any] = {
        "ruleId": check.id,
        "ruleIndex": index,
        "kind": "fail",
        "level": _LEVELS[check.severity],
        # Brackets would be links in a SARIF message.
        "message": {"text": f"{check.title}: {finding.found}. {check.fix}".replace("[", "\\[").replace("]", "\\]")},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(os.fsencode(scan.place(finding.file))), "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": finding.line, "startColumn": finding.column},
                }
            }
        ],
        "partialFingerprints": {"primaryLocationLineHash": f"{digest}:{seen[digest]}"},
        "properties": {"side": finding.side},
    }
    if finding.ignored is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": finding.ignored}]
    return result
