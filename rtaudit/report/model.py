"""Report: holds findings as values. Passes are cheap: a report over 10,000 accounts holds most of a million findings."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from rtaudit.azure import arm_id
from rtaudit.documents.schema_of import COUNT, DATE, STRING, STRINGS, list_of, object_of, one_of
from rtaudit.report import wording
from rtaudit.report.gate import SEVERITIES, THRESHOLDS, at_or_above
from rtaudit.report.steps import Step
from rtaudit.snapshot import Gap
from rtaudit.snapshot.gaps import ASSIGNED

SCHEMA = "rtaudit.report/1"
"""The schema this version reads and writes."""

SOURCE = "source"
"""The policy that the answer of `client scan` names, its environment, and what its findings are each about."""

OUTCOMES = ("fail", "unknown", "waived", "pass", "notApplicable")
"""In the order in which findings are sorted."""

_PLACE = {**list_of({"type": "integer", "minimum": 1}), "minItems": 2, "maxItems": 2}
_PLACES = list_of(_PLACE, "Of a source file: line and column of each place.")
_SOURCE = {
    **object_of({"file": STRING, "line": {"type": "integer", "minimum": 1}}, closed=False),
    "description": "Of a planned resource: where the code has it, where that is certain.",
}
_INDEX = re.compile(r"\[[0-9]+\]")


@dataclass(slots=True)
class Observation:
    """One thing that was seen and should not have been so, or could not be seen."""

    field: str
    """Where it is in the resource: a path such as `properties.networkAcls.ipRules[0].value`."""
    expected: Any
    """What the rule asks for, as words or a value."""
    actual: Any
    """What Azure said; None when nothing is there."""
    resource: str
    """ARM id of the resource that was looked at, as Azure wrote it."""
    message: Annotated[str, {"description": "One plain sentence, at most 160 characters."}] = ""
    """One plain sentence with names and values in it, at most MAX_MESSAGE characters; the rule's own, else made from the rest."""
    fix: Annotated[Sequence[str], {"description": "What mends this one."}] = ()
    """The lines of the rule's fix that mend this one."""
    places: Annotated[Sequence[tuple[int, int]], _PLACES] = ()
    """Of a source file: lines and columns (1-based, in characters) where it is, the first one first."""
    element: Any = dataclasses.field(default=None, compare=False, repr=False)
    """The element of a list that it is about; no part of the document."""
    steps: Sequence[Step] = dataclasses.field(default=(), compare=False, repr=False)
    """`fix` as steps; no part of the document."""

    def __post_init__(self) -> None:
        if not self.message:
            self.message = wording.fallback(self.field, self.expected, self.actual, self.resource)


@dataclass(slots=True)
class Finding:
    """What one rule says of one resource."""

    rule: str
    """Rule id."""
    outcome: Annotated[str, one_of(OUTCOMES)]
    each: str
    """Kind of subject: account, realtimeDeployment, …"""
    resource: Annotated[str, {"description": "ARM id as Azure wrote it."}]
    """ARM id as Azure wrote it, or `environment/<label>`, or the client's name."""
    environment: str
    """Label of the snapshot."""
    severity: Annotated[str, one_of(SEVERITIES)] = "info"
    """As set by the pack."""
    set_by: Annotated[str, {"description": "The pack that set the outcome."}] = ""
    """Name of the pack whose outcome counts."""
    observations: Sequence[Observation] = ()
    """Why it failed, or what is unknown."""
    gaps: Sequence[Gap] = ()
    """What could not be seen, when unknown."""
    fix: Sequence[str] = ()
    """The rule's fix with this resource's names filled in."""
    waiver: dict[str, Any] | None = None
    """The waiver that applies, or the expired one that no longer does (`expired`: true)."""
    known: Annotated[bool, {"description": "True when the baseline holds it: it does not block."}] = False
    """True when it is in the baseline and so does not gate."""
    note: Annotated[
        str | None, {**STRING, "description": "Why it does not apply or is unknown, where no gap says it."}
    ] = None
    """Why it does not apply or is unknown, where no gap says it; of a plan, which attribute the code does not set."""
    address: Annotated[str | None, {**STRING, "description": "Of a planned resource: what the code calls it."}] = None
    """Of a planned resource: what the code calls it, such as `module.voice.azurerm_cognitive_account.this`."""
    source: Annotated[tuple[str, int] | None, _SOURCE] = None
    """Of a planned resource: the file and line (1-based) of the code, where they are certain."""

    @property
    def waits_for_azure(self) -> bool:
        """True for an unknown that rests on nothing but values that Azure alone assigns: no plan could have given."""
        return self.outcome == "unknown" and bool(self.gaps) and all(map(_is_assigned, self.gaps))

    @property
    def _gaps_to_close_first(self) -> Sequence[Gap]:
        """The gaps, those of values that only Azure assigns last: nobody can close them before the deployment."""
        return sorted(self.gaps, key=_is_assigned) if any(map(_is_assigned, self.gaps)) else self.gaps

    @property
    def _is_gap(self) -> bool:
        """True where a gap, and no observation, is what there is to say."""
        return bool(self.gaps) and (self.outcome == "unknown" or not self.observations)

    @property
    def message(self) -> str:
        """The headline of a failure or an unknown: one plain sentence, at most MAX_MESSAGE characters; empty for a pass."""
        if self._is_gap:
            return wording.headline([wording.gap_sentence(gap, self.resource) for gap in self._gaps_to_close_first])
        if self.observations:
            return wording.headline([one.message for one in self.observations])
        return wording.finish(f"{wording.name(self.resource, 60)}: {wording.sentence(self.note)}") if self.note else ""

    @property
    def cause(self) -> str | None:
        """Equal for findings whose evidence is the same field of the same resource (or the same failed read); else None.

        Stable over runs and machines, as the fingerprint is.
        """
        if self._is_gap:
            first_gap = self._gaps_to_close_first[0]
            evidence = f"{arm_id.key(first_gap.scope)}\n{first_gap.what}"
        elif self.observations:
            first = self.observations[0]
            evidence = f"{arm_id.key(first.resource)}\n{_INDEX.sub('', first.field)}"
        elif self.outcome in ("fail", "unknown", "waived"):
            evidence = f"{arm_id.key(self.resource)}\n{self.rule}"
        else:
            return None
        return digest(f"{self.environment}\n{evidence}")[:16]

    @property
    def fingerprint(self) -> str:
        """Stable over runs and machines: of the rule and the resource, nothing else."""
        return _fingerprint(self.rule, arm_id.key(self.resource))

    @property
    def order(self) -> tuple[int, int, str, str]:
        """Sort key: outcome, severity, rule, resource."""
        return (OUTCOMES.index(self.outcome), SEVERITIES.index(self.severity), self.rule, arm_id.key(self.resource))


def _is_assigned(gap: Gap) -> bool:
    return gap.reason == ASSIGNED


@lru_cache(maxsize=1024)
def _fingerprint(rule: str, key: str) -> str:
    return digest(f"{rule}\n{key}")[:32]


def digest(text: str) -> str:
    """The SHA-256 of a text, in hex."""
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """The findings sorted by `Finding.order`: in piles first, since a million keys cost more than what they sort."""
    piles: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        piles.setdefault((finding.outcome, finding.severity, finding.rule), []).append(finding)
    ordered: list[Finding] = []
    for _, pile in sorted(piles.items(), key=lambda item: item[1][0].order[:3]):
        pile.sort(key=lambda finding: arm_id.key(finding.resource))
        ordered += pile
    return ordered


@dataclass(frozen=True)
class RuleText:
    """What a report says once about each rule."""

    name: str
    title: str
    severity: Annotated[str, one_of(SEVERITIES)]
    why: str
    fix: Sequence[str] = ()
    see: Sequence[str] = ()
    controls: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    """Framework -> control ids, with a source."""
    action: Annotated[str, {"description": "Of a source check: what is to be done."}] = ""
    """Of a source check: what is to be done, in a word or two."""


@dataclass(frozen=True)
class Gate:
    """What decides the exit code."""

    fail_on: Annotated[str, one_of(THRESHOLDS)] = "high"
    """Failures of this severity or worse make the verdict notReady; `none` gates nothing."""
    allow_unknown: Annotated[bool | Sequence[str], {"anyOf": [{"type": "boolean"}, STRINGS]}] = False
    """True, or the rules whose unknown is allowed."""
    baseline: str | None = None
    """The report whose findings are known."""
    exit_code: int = 0
    """The exit code of the command that made the report."""
    fixed: Annotated[int, COUNT] = 0
    """Findings of the baseline that are gone."""

    def blocks(self, finding: Finding) -> bool:
        """Whether a finding keeps the report from being ready."""
        if finding.known or not at_or_above(finding.severity, self.fail_on):
            return False
        if finding.outcome == "unknown":
            # Only Azure can tell, no plan could: it is counted, and blocks nothing before the deployment.
            if finding.waits_for_azure:
                return False
            allowed = self.allow_unknown
            return not (allowed is True or (not isinstance(allowed, bool) and finding.rule in allowed))
        return finding.outcome == "fail"


@dataclass(frozen=True)
class Report:
    """The answer of one check."""

    tool: dict[str, str]
    """`name` and `version`."""
    generated_at: str
    """When it was made (ISO 8601, UTC)."""
    as_of: Annotated[str, DATE]
    """The date of the evaluation, YYYY-MM-DD."""
    snapshots: Sequence[dict[str, Any]]
    """Each `environment`, `digest`, `collectedAt`, `file`."""
    policies: Sequence[dict[str, Any]]
    """Each `name`, `digest`, `params`."""
    gate: Gate
    verdict: Annotated[str, {"enum": ["ready", "notReady", "incomplete"]}]
    summary: dict[str, Any]
    """Number of findings per outcome, and `failedBySeverity`."""
    rules: dict[str, RuleText]
    findings: Sequence[Finding]
    """Every finding, passes too, sorted by `Finding.order`."""
    warnings: Sequence[str] = ()
    """What the reader should know: expired, unmatched or undated waivers, an edited snapshot."""

    @property
    def of_source(self) -> bool:
        """True for the answer of `client scan`."""
        return any(policy["name"] == SOURCE for policy in self.policies)
