"""How long each format takes for 50,000 findings (at most 10 s each), and how large the HTML of 5,000 is (at most 6 MB).

Run as `python benchmarks/render.py [FINDINGS]`. Ends with exit code 1 where a measure is missed.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from rtaudit.render import FORMATS, render
from rtaudit.report import OUTCOMES, SEVERITIES, Finding, Gate, Observation, Report, RuleText
from rtaudit.snapshot import Gap

SECONDS = 10.0
HTML_FINDINGS, HTML_BYTES = 5_000, 6_000_000
GROUP = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-voice-prod"


def make(number: int, accounts: int) -> Report:
    """Findings of `accounts` accounts: half fail, a tenth are unknown, a tenth waived, the rest passes."""
    rules = {
        f"RTA-BIG-{at:03}": RuleText(
            f"rule-number-{at}",
            f"The title of rule {at}, as long as titles usually are in the library",
            SEVERITIES[at % 5],
            "Why it matters takes two or three sentences. " * 4,
            ["Do what the fix says.", "az cognitiveservices account update --name x --resource-group y"],
            ["https://learn.microsoft.com/azure/ai-services/"],
            {"mcsb": ["NS-2"]},
        )
        for at in range(-(-number // accounts))
    }
    findings = [_finding(list(rules.items())[at // accounts], at, at % accounts) for at in range(number)]
    counted = Counter(finding.outcome for finding in findings)
    failed = Counter(finding.severity for finding in findings if finding.outcome == "fail")
    return Report(
        tool={"name": "rtaudit", "version": "0"},
        generated_at="2026-11-22T10:00:00Z",
        as_of="2026-11-22",
        snapshots=[{"environment": "prod", "digest": "sha256:" + "0" * 64, "collectedAt": None, "file": "prod.json"}],
        policies=[{"name": "production", "digest": "sha256:" + "1" * 64, "params": {}}],
        gate=Gate(exit_code=1),
        verdict="notReady",
        summary={**{outcome: counted[outcome] for outcome in OUTCOMES}, "failedBySeverity": dict(failed)},
        rules=rules,
        findings=sorted(findings, key=lambda finding: finding.order),
    )


def _finding(rule: tuple[str, RuleText], at: int, account: int) -> Finding:
    rule_id, text = rule
    resource = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/oai-voice-{account:05}"
    outcome = ("fail", "pass", "fail", "unknown", "fail", "waived", "fail", "pass", "fail", "pass")[at % 10]
    finding = Finding(rule_id, outcome, "account", resource, "prod", text.severity, "production")
    if outcome in ("fail", "waived"):
        finding.observations = [
            Observation("properties.networkAcls.defaultAction", "Deny", "Allow", resource),
            Observation("properties.networkAcls.ipRules[0].value", "a prefix of at least 24", "10.0.0.0/8", resource),
        ]
        finding.fix = [*text.fix[:1], f"az cognitiveservices account update --ids {resource} --set x=y"]
    if outcome == "unknown":
        needs = "Microsoft.Insights/diagnosticSettings/read"
        finding.gaps = [Gap(resource, "diagnostics", "denied", 403, "AuthorizationFailed", needs, "no permission")]
    if outcome == "waived":
        finding.waiver = {"rule": rule_id, "reason": "accepted until the move", "owner": "ada", "expires": "2027-01-31"}
    return finding


def main() -> int:
    """Print one line per format; 1 where a measure is missed."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    report = make(number, 1_000)
    missed = False
    print(f"{number:,} findings, {len(report.rules)} rules, 1,000 accounts")
    for name in FORMATS:
        start = time.perf_counter()
        size = sum(len(piece.encode()) for piece in _pieces(render(report, name)))
        seconds = time.perf_counter() - start
        missed |= seconds > SECONDS
        print(f"  {name:<10}{seconds:7.2f} s{size / 1e6:9.1f} MB{'  MISSED' if seconds > SECONDS else ''}")
    size = sum(len(piece.encode()) for piece in _pieces(render(make(HTML_FINDINGS, 200), "html")))
    missed |= size > HTML_BYTES
    print(f"html of {HTML_FINDINGS:,} findings: {size / 1e6:.1f} MB{'  MISSED' if size > HTML_BYTES else ''}")
    return int(missed)


def _pieces(text: object) -> object:
    return [text] if isinstance(text, str) else text


if __name__ == "__main__":
    sys.exit(main())
