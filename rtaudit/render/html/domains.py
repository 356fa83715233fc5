"""Domains: count findings by what they are about, for each environment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rtaudit.report import SEVERITIES, Finding

DOMAINS: dict[str, tuple[str, ...]] = {
    "Identity": ("RTA-ID-",),
    "Network": ("RTA-NET-",),
    "DNS": ("RTA-DNS-",),
    "Observability": ("RTA-OBS-",),
    "Models": ("RTA-MOD-",),
    "Capacity": ("RTA-CAP-",),
    "Resilience": ("RTA-RES-",),
    "Content safety": ("RTA-RAI-",),
    "Data protection": ("RTA-DP-",),
    "Governance": ("RTA-GOV-",),
    "Client": ("RTA-CON-", "RTA-SRC-", "RTA-PRB-"),
}
"""Domain -> the beginnings of its rules' ids, in the order in which a launch review goes through them."""

OTHER = "Own rules"
"""The domain of rules that are not ours."""

_BY_PREFIX = {prefix: domain for domain, prefixes in DOMAINS.items() for prefix in prefixes}


def domain_of(rule: str) -> str:
    """The domain of a rule by its id."""
    return _BY_PREFIX.get(rule[: rule.rfind("-") + 1].upper(), OTHER)


@dataclass
class Score:
    """One domain in one environment."""

    domain: str
    environment: str
    passed: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    """Severity -> failures that are neither waived nor known."""
    unknown: int = 0
    accepted: int = 0
    """Waived, or known from the baseline."""

    @property
    def evaluated(self) -> int:
        """Everything that applied."""
        return self.passed + sum(self.failed.values()) + self.unknown + self.accepted

    @property
    def worst(self) -> str:
        """The worst severity that failed; empty where nothing did."""
        return next((severity for severity in SEVERITIES if self.failed.get(severity)), "")

    @property
    def sentence(self) -> str:
        """What there is to say in a few words."""
        parts = [f"{self.failed[one]} {one}" for one in SEVERITIES if self.failed.get(one)]
        parts += [f"{self.unknown} not known"] if self.unknown else []
        parts += [f"{self.accepted} accepted"] if self.accepted else []
        return ", ".join(parts) or ("all passed" if self.passed else "not checked")

    def bars(self, width: int) -> list[tuple[str, int, int]]:
        """Class, start and length of each part of a bar `width` long; every part that is there can be seen."""
        parts = [("bad", sum(self.failed.values())), ("unk", self.unknown), ("off", self.accepted), ("ok", self.passed)]
        there = [(kind, count) for kind, count in parts if count]
        found, start = [], 0
        for index, (kind, count) in enumerate(there):
            rest = len(there) - index - 1
            length = max(4, round(width * count / self.evaluated)) if rest else width - start
            length = min(length, width - start - 4 * rest)
            found.append((kind, start, length))
            start += length
        return found


def scores(findings: Iterable[Finding], environments: Sequence[str]) -> list[Score]:
    """A score for each domain and environment; a domain that nothing was checked in is left out where it is not ours."""
    found = {(domain, label): Score(domain, label) for domain in (*DOMAINS, OTHER) for label in environments}
    for finding in findings:
        score = found.get((domain_of(finding.rule), finding.environment))
        if score is None or finding.outcome == "notApplicable":
            continue
        if finding.outcome == "pass":
            score.passed += 1
        elif finding.outcome == "waived" or finding.known:
            score.accepted += 1
        elif finding.outcome == "unknown":
            score.unknown += 1
        else:
            score.failed[finding.severity] = score.failed.get(finding.severity, 0) + 1
    return [score for score in found.values() if score.domain != OTHER or score.evaluated]
