"""Check: snapshots and packs in, one Report out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from rtaudit.documents.trees import no_cycles
from rtaudit.policy.cores import evaluate_packs
from rtaudit.policy.evaluate import join_packs
from rtaudit.policy.packs import Pack
from rtaudit.policy.rules import BoundRule
from rtaudit.policy.waivers import Waiver, apply_baseline, apply_waivers
from rtaudit.report import OUTCOMES, SEVERITIES, Finding, Gate, Report, RuleText
from rtaudit.report.gate import EXIT_CODES, verdict_of
from rtaudit.report.model import in_order
from rtaudit.snapshot import Snapshot
from rtaudit.subjects import EstateIndex
from rtaudit.version import __version__


def check(
    snapshots: Sequence[Snapshot],
    packs: Sequence[Pack],
    *,
    as_of: date | None = None,
    fail_on: str = "high",
    allow_unknown: bool | Sequence[str] = False,
    waivers: Sequence[Waiver] = (),
    baseline: Report | None = None,
    baseline_name: str | None = None,
    probes: Sequence[Sequence[dict[str, Any]]] = (),
    steps: bool = True,
) -> Report:
    """Evaluate snapshots against packs.

    `as_of` is the date of the evaluation (today, UTC, unless given); `fail_on` a severity or `none`; `allow_unknown` True or rules
    whose unknown does not gate; `probes` those of each snapshot's endpoints, in the order of the snapshots. With `steps`
    the observations hold their fix as steps that can be applied, too. Raises InputError for a rule that cannot be compiled.
    """
    today = as_of or datetime.now(UTC).date()
    bound = [(pack, pack.bind(today)) for pack in packs]
    gates = Gate(fail_on, allow_unknown).blocks
    findings: list[Finding] = []
    empty: list[str] = []
    with no_cycles():
        for index, snapshot in enumerate(snapshots):
            estate = EstateIndex(snapshot, probes[index] if probes else ())
            findings += join_packs(evaluate_packs(estate, bound, detail="steps" if steps else "fix"), gates)
            empty += _empty(estate)
    warnings = [one for snapshot in snapshots for one in _edited(snapshot)] + empty
    warnings += apply_waivers(findings, waivers, today, {rule.id for pack in packs for rule in pack.rules.values()})
    fixed = apply_baseline(findings, baseline) if baseline is not None else 0
    if waivers or len(snapshots) > 1:
        findings = in_order(findings)
    verdict = verdict_of((one.outcome == "fail" for one in findings if gates(one)), "ready", "notReady")
    if all(one.outcome == "notApplicable" for one in findings):
        verdict = "incomplete"
        warnings.append(_nothing(bound))
    warnings += [one for pack in packs for one in pack.warnings]
    return Report(
        tool={"name": "rtaudit", "version": __version__},
        generated_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        as_of=today.isoformat(),
        snapshots=[
            {
                "environment": snapshot.environment,
                "digest": snapshot.digest,
                "collectedAt": snapshot.collected_at,
                "file": snapshot.file,
                **({"planned": snapshot.planned} if snapshot.planned else {}),
            }
            for snapshot in snapshots
        ],
        policies=[{"name": pack.name, "digest": pack.digest, "params": pack.effective_params()} for pack in packs],
        gate=Gate(fail_on, allow_unknown, baseline_name, EXIT_CODES[verdict], fixed),
        verdict=verdict,
        summary=_summary(findings),
        rules=rule_texts(bound),
        findings=findings,
        warnings=warnings,
    )


def _summary(findings: Sequence[Finding]) -> dict[str, Any]:
    counts = Counter(finding.outcome for finding in findings)
    waiting = sum(finding.waits_for_azure for finding in findings)
    failed = Counter(finding.severity for finding in findings if finding.outcome == "fail")
    return {
        **{outcome: counts[outcome] for outcome in OUTCOMES},
        "known": sum(finding.known for finding in findings),
        **({"assignedByAzure": waiting} if waiting else {}),
        "failedBySeverity": {severity: failed[severity] for severity in SEVERITIES},
    }


def rule_texts(bound: Sequence[tuple[Pack, Sequence[BoundRule]]]) -> dict[str, RuleText]:
    """Each rule once, at the worst severity that a pack gives it."""
    texts: dict[str, RuleText] = {}
    for _, rules in bound:
        for one in rules:
            text = one.rule.text()
            known = texts.get(one.rule.id)
            severity = one.severity
            if known is not None:
                severity = min(known.severity, severity, key=SEVERITIES.index)
            texts[one.rule.id] = RuleText(text.name, text.title, severity, text.why, text.fix, text.see, text.controls)
    return texts


def _empty(estate: EstateIndex) -> list[str]:
    """A snapshot of nothing: where no rule asks of the environment as a whole, nothing else says so."""
    if estate.accounts or estate.listing_gaps("account"):
        return []
    name = estate.snapshot.file or f"the snapshot of {estate.snapshot.environment}"
    return [f"{name} holds no account of kind OpenAI or AIServices: there was no account to check"]


def _nothing(bound: Sequence[tuple[Pack, Sequence[Any]]]) -> str:
    """Why a check that evaluated nothing did so, as far as it is known."""
    kinds = {one.rule.each for _, rules in bound for one in rules}
    if kinds == {"client"}:
        return "nothing was checked: the rules ask about client contracts, and there is none (--client FILE)"
    if kinds == {"probe"}:
        return "nothing was checked: the rules ask about probes, and there is none (--probe FILE)"
    return "nothing was checked: no rule applied to anything" if kinds else "nothing was checked: no rule is selected"


def _edited(snapshot: Snapshot) -> list[str]:
    if snapshot.file and snapshot.recorded_digest is None:
        return [f"{snapshot.file} has no digest: it was made by hand, and nothing shows that Azure said this"]
    if not snapshot.edited:
        return []
    return [f"{snapshot.file}: digest mismatch: the file was modified after collection"]
