"""Evaluating one condition in a small estate, as a policy file would have it evaluated."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from rtaudit.documents import parse_yaml
from rtaudit.policy import check
from rtaudit.policy.packs import Pack
from rtaudit.policy.rules import read_rules
from rtaudit.report import Finding, Report
from rtaudit.subjects import EstateIndex

TODAY = date(2026, 11, 22)


def rule(require: Any, rule_id: str = "X-A-1", each: str = "account", **more: Any) -> dict[str, Any]:
    """A rule as its YAML states it."""
    return {
        "id": rule_id,
        "name": "a-rule",
        "title": "A rule",
        "severity": "high",
        "each": each,
        "require": require,
        "why": "because",
        "fix": ["mend {name}"],
        **more,
    }


def write_rules(folder: Path, *rules: dict[str, Any], name: str = "rules.yaml") -> Path:
    file = folder / name
    file.write_text(json.dumps(list(rules), indent=1))
    return file


def pack(*rules: dict[str, Any], name: str = "pack", **params: Any) -> Pack:
    document = parse_yaml(json.dumps(list(rules), indent=1), "rules.yaml")
    return Pack(name, name, {one.id: one for one in read_rules(document, document.value, ())}, params, {})


def judged(require: Any, estate: EstateIndex, **more: Any) -> Finding:
    """The one finding of a condition in an estate that has one subject for it."""
    (found,) = report(require, estate, **more).findings
    return found


def report(require: Any, estate: EstateIndex, values: dict[str, Any] | None = None, **more: Any) -> Report:
    return check([estate.snapshot], [pack(rule(require, **more), **(values or {}))], as_of=TODAY)


def outcome(require: Any, estate: EstateIndex, **more: Any) -> str:
    return judged(require, estate, **more).outcome
