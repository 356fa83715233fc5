"""Causes: groups findings whose evidence is the same field of the same resource, worst first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rtaudit.report.gate import SEVERITIES
from rtaudit.report.model import Finding, Gate


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is wrong, and every finding that it makes."""

    findings: list[Finding]
    """The worst first: its message is the cause's."""
    blocks: bool
    """True when one of them keeps the report from being ready."""

    @property
    def lead(self) -> Finding:
        """The worst of its findings."""
        return self.findings[0]

    @property
    def rules(self) -> list[str]:
        """The ids of its rules, the lead's first."""
        return list(dict.fromkeys(finding.rule for finding in self.findings))


def causes(findings: Iterable[Finding], gate: Gate) -> list[Cause]:
    """The causes of failures and unknowns (every other finding is one of its own): what blocks first, then by severity."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.outcome, finding.known, finding.cause or id(finding)), []).append(finding)

    def worst_first(finding: Finding) -> tuple[bool, int, str]:
        return not gate.blocks(finding), SEVERITIES.index(finding.severity), finding.rule

    found = [Cause(sorted(group, key=worst_first), any(map(gate.blocks, group))) for group in groups.values()]
    return sorted(found, key=lambda one: (not one.blocks, *one.lead.order))
