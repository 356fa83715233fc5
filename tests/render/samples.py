"""Reports made by hand: one with every outcome, one whose every field is hostile, and a big one."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rtaudit.report import OUTCOMES, SEVERITIES, Finding, Gate, Observation, Report, RuleText
from rtaudit.snapshot import Gap

SUBSCRIPTION = "/subscriptions/11111111-1111-1111-1111-111111111111"
ACCOUNTS = f"{SUBSCRIPTION}/resourceGroups/rg-voice/providers/Microsoft.CognitiveServices/accounts"
EAST = f"{ACCOUNTS}/oai-voice-eastus2"
SWEDEN = f"{ACCOUNTS}/oai-voice-sweden"
ENDPOINT = f"{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network/privateEndpoints/pe-voice"

STRANDED = RuleText(
    name="not-stranded",
    title="An account without public access is reachable through an approved private endpoint",
    severity="critical",
    why="With public access disabled and no approved endpoint every realtime session fails at connect.",
    fix=["Approve the pending connection.", "az network private-endpoint-connection approve --id {connection.id}"],
    see=["https://learn.microsoft.com/azure/ai-services/cognitive-services-virtual-networks"],
    controls={"mcsb": ["NS-2"]},
)
DIAGNOSTICS = RuleText("has-diagnostics", "Requests are logged", "high", "Without logs no incident is explained.")
KEYS = RuleText("no-local-auth", "Keys are disabled", "high", "A key has no owner.", fix=["Disable local auth."])
PINNED = RuleText("version-pinned", "The model's version is pinned", "medium", "Upgrades surprise.")
TAGS = RuleText("has-owner-tag", "An owner tag is set", "low", "Somebody must be called.")


def report_of(findings: list[Finding], rules: dict[str, RuleText], verdict: str, **changes: Any) -> Report:
    counted = Counter(finding.outcome for finding in findings)
    failed = Counter(finding.severity for finding in findings if finding.outcome == "fail")
    return Report(
        **{
            "tool": {"name": "rtaudit", "version": "0.0.0"},
            "generated_at": "2026-11-22T10:00:00Z",
            "as_of": "2026-11-22",
            "snapshots": [
                {
                    "environment": "prod",
                    "digest": "sha256:" + "0" * 64,
                    "collectedAt": "2026-11-22T09:00:00Z",
                    "file": "prod.json",
                }
            ],
            "policies": [{"name": "production", "digest": "sha256:" + "1" * 64, "params": {"minIpPrefix": 24}}],
            "gate": Gate(exit_code={"ready": 0, "notReady": 1, "incomplete": 4}[verdict]),
            "verdict": verdict,
            "summary": {
                **{outcome: counted[outcome] for outcome in OUTCOMES},
                "failedBySeverity": {severity: failed[severity] for severity in SEVERITIES if failed[severity]},
            },
            "rules": rules,
            "findings": sorted(findings, key=lambda finding: finding.order),
            **changes,
        }
    )


def sample() -> Report:
    """Every outcome once at least; not ready."""
    return report_of(
        [
            Finding(
                "RTA-NET-009",
                "fail",
                "account",
                EAST,
                "prod",
                "critical",
                "production",
                [
                    Observation(
                        "properties.privateEndpointConnections[0].properties.privateLinkServiceConnectionState.status",
                        "Approved",
                        "Pending",
                        EAST,
                    )
                ],
                fix=[
                    "Approve the pending connection.",
                    f"az network private-endpoint-connection approve --id {EAST}/privateEndpointConnections/pec-1",
                ],
            ),
            Finding(
                "RTA-ID-001",
                "fail",
                "account",
                SWEDEN,
                "prod",
                "high",
                "production",
                [Observation("properties.disableLocalAuth", True, None, SWEDEN)],
                fix=["Disable local auth."],
                known=True,
            ),
            Finding(
                "RTA-GOV-002",
                "fail",
                "realtimeDeployment",
                f"{EAST}/deployments/gpt-realtime",
                "prod",
                "low",
                "baseline",
                [Observation("tags.owner", {"exists": True}, None, EAST)],
                waiver={"rule": "RTA-GOV-002", "reason": "until moved", "expires": "2026-01-01", "expired": True},
            ),
            Finding(
                "RTA-OBS-001",
                "unknown",
                "account",
                SWEDEN,
                "prod",
                "high",
                "production",
                gaps=[
                    Gap(
                        SWEDEN,
                        "diagnostics",
                        "denied",
                        403,
                        "AuthorizationFailed",
                        "Microsoft.Insights/diagnosticSettings/read",
                        "no permission",
                    )
                ],
            ),
            Finding(
                "RTA-MOD-003",
                "waived",
                "realtimeDeployment",
                f"{EAST}/deployments/gpt-realtime",
                "prod",
                "medium",
                "production",
                [
                    Observation(
                        "properties.versionUpgradeOption",
                        {"in": ["NoAutoUpgrade"]},
                        "OnceNewDefaultVersionAvailable",
                        f"{EAST}/deployments/gpt-realtime",
                    )
                ],
                waiver={
                    "rule": "RTA-MOD-003",
                    "reason": "pilot | only",
                    "owner": "ada@example.com",
                    "ticket": "V-7",
                    "expires": "2027-01-31",
                },
            ),
            Finding("RTA-OBS-001", "pass", "account", EAST, "prod", "high"),
            Finding(
                "RTA-NET-009",
                "notApplicable",
                "privateEndpoint",
                ENDPOINT,
                "prod",
                "critical",
                note="public access is on",
            ),
        ],
        {
            "RTA-NET-009": STRANDED,
            "RTA-OBS-001": DIAGNOSTICS,
            "RTA-ID-001": KEYS,
            "RTA-MOD-003": PINNED,
            "RTA-GOV-002": TAGS,
        },
        "notReady",
        warnings=["the waiver for RTA-GOV-002 expired on 2026-01-01"],
    )


def incomplete() -> Report:
    """Nothing failed, something could not be seen."""
    unknown = next(finding for finding in sample().findings if finding.outcome == "unknown")
    return report_of([unknown], {"RTA-OBS-001": DIAGNOSTICS}, "incomplete")


def ready() -> Report:
    """Everything passed."""
    return report_of(
        [Finding("RTA-OBS-001", "pass", "account", EAST, "prod", "high")], {"RTA-OBS-001": DIAGNOSTICS}, "ready"
    )


HOSTILE = (
    "[red]x[/red]",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>{{7*7}}{% raw %}',
    '=HYPERLINK("http://evil.example/")',
    "@SUM(1+1)|cmd",
    "::error::injected",
    "##vso[task.setvariable variable=x]y",
    "line one\nline two\r\n::warning::three",
    "a|b`c`*d*_e_~f~ [g](javascript:alert(1))",
    "\u202egnp.exe\u2066\u200f",
    "]]>&amp;<!--",
    "\ud800 lone \x00 nul \x0b",
    "x" * 10_000,
)
"""What a name or value may hold, to harm one format or the other."""


def hostile(text: str) -> Report:
    """A report with `text` in every field that Azure, a policy or a waiver fills."""
    resource = f"{ACCOUNTS}/{text}"
    seen = [
        Observation(text, {text: text}, [text], f"{resource}/deployments/{text}"),
        Observation(text, text, text, text),
    ]
    gaps = [Gap(resource, text, "denied", 403, text, text, text), Gap(resource, text, "failed", 500, text, None, text)]
    waiver = {"rule": text, "reason": text, "owner": text, "ticket": text, "expires": text}
    rules = {"RTA-X-001": RuleText(text, text, "high", text, [text], [text], {text: [text]}), text: DIAGNOSTICS}
    findings = [
        Finding("RTA-X-001", "fail", text, resource, text, "high", text, seen, gaps, [text, text], None, note=text),
        Finding("RTA-X-001", "fail", "account", text, text, "high", text, seen, fix=[text], known=True),
        Finding("RTA-X-001", "unknown", "account", f"{resource}2", text, "high", text, gaps=gaps, note=text),
        Finding("RTA-X-001", "waived", "account", f"{resource}3", text, "high", text, seen, waiver=waiver),
        Finding("RTA-X-001", "pass", text, f"{resource}4", text, "high", note=text),
        Finding(text, "notApplicable", text, f"{resource}5", text, "high", note=text),
    ]
    return report_of(
        findings,
        rules,
        "notReady",
        tool={"name": text, "version": text},
        snapshots=[{"environment": text, "digest": text, "collectedAt": text, "file": text}],
        policies=[{"name": text, "digest": text, "params": {text: text}}],
        warnings=[text],
    )


def many(number: int, accounts: int = 200) -> Report:
    """`number` findings over `accounts` accounts: a fifth fail, a tenth are unknown."""
    rules = {
        f"RTA-BIG-{index:03}": RuleText(
            f"rule-{index}", f"The title of rule {index}", SEVERITIES[index % 5], "Because. " * 20, ["Do it.", "az do"]
        )
        for index in range(max(1, number // accounts + 1))
    }
    findings = []
    for index in range(number):
        rule = f"RTA-BIG-{index // accounts:03}"
        resource = f"{ACCOUNTS}/account-{index % accounts:04}"
        severity = rules[rule].severity
        if index % 5 == 0:
            seen = [Observation("properties.networkAcls.defaultAction", "Deny", "Allow", resource)]
            findings.append(
                Finding(
                    rule, "fail", "account", resource, "prod", severity, "production", seen, fix=["Do it.", "az do"]
                )
            )
        elif index % 10 == 1:
            gaps = [Gap(resource, "diagnostics", "denied", 403, "AuthorizationFailed", "x/read")]
            findings.append(Finding(rule, "unknown", "account", resource, "prod", severity, "production", gaps=gaps))
        else:
            findings.append(Finding(rule, "pass", "account", resource, "prod", severity))
    return report_of(findings, rules, "notReady")
