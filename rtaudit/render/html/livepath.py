"""Live path: what a session passes from the client to the model and its fallback, each step good, bad or not known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rtaudit.azure import arm_id, shapes
from rtaudit.render.text import name, value
from rtaudit.report import SEVERITIES, Finding, Report
from rtaudit.subjects import EstateIndex, Subject
from rtaudit.subjects.estate import listing, mapping, text

ACCOUNTS = 20
"""With more accounts than this only those with a problem are drawn, and those that are alike once."""

STEPS: dict[str, tuple[str, ...]] = {
    "Client": ("RTA-CON-001", "RTA-CON-002", "RTA-CON-003", "RTA-CON-004", "RTA-CON-006", "RTA-CON-007", "RTA-CON-009", "RTA-CON-012", "RTA-CON-013", "RTA-PRB-", "RTA-SRC-"),
    "Gateway": ("RTA-CON-005", "RTA-CON-010"),
    "DNS": ("RTA-DNS-",),
    "Private endpoint": ("RTA-NET-006", "RTA-NET-007", "RTA-NET-008", "RTA-NET-009"),
    "Firewall": ("RTA-NET-",),
    "Account": ("RTA-ID-", "RTA-RES-005", "RTA-CAP-003", "RTA-DP-", "RTA-GOV-"),
    "Deployment": ("RTA-MOD-", "RTA-CAP-", "RTA-RAI-"),
    "Fallback": ("RTA-RES-", "RTA-CON-008"),
}  # fmt: skip
"""Step -> the rules (or beginnings of their ids) that say how it is; the first step that names a rule has it."""

_LEFT_OUT = ("RTA-OBS-", "RTA-RES-004", "RTA-NET-010", "RTA-RAI-006")
"""What no session passes: logs, locks, the way out."""
_MARKS = {"ok": "✓", "bad": "✕", "warn": "!", "unk": "?", "off": "·"}
_WORDS = {"ok": "good", "bad": "bad", "warn": "weak", "unk": "not known", "off": "not checked"}
_TROUBLE = ("bad", "unk", "warn")
"""The statuses of a step that needs attention, worst first."""
_TRUE_ANYWAY = ("Private endpoint", "Firewall", "Account", "Deployment")
"""Steps whose facts hold whatever the rules found."""


@dataclass
class PathStep:
    """One step of a path."""

    label: str
    status: str = "off"
    """ok, bad (critical or high), warn (medium or lower), unk, or off where nothing was checked."""
    seen: str = ""
    """What is there, in a few words."""
    finding: Finding | None = None
    """The worst that was found."""
    more: int = 0
    """How many further findings there are."""

    @property
    def mark(self) -> str:
        """Its status as a sign."""
        return _MARKS[self.status]

    @property
    def word(self) -> str:
        """Its status as a word, for those who do not see the sign."""
        return _WORDS[self.status]


@dataclass
class LivePath:
    """The path to one account; `others` are those that are alike."""

    account: str
    environment: str
    about: str
    steps: list[PathStep]
    others: list[str] = field(default_factory=list)

    @property
    def alike(self) -> tuple[Any, ...]:
        """Equal for paths that differ in names only."""
        return (self.environment, *((step.label, step.status) for step in self.steps))

    @property
    def troubled(self) -> bool:
        """True where a step needs attention."""
        return any(step.status in _TROUBLE for step in self.steps)

    @property
    def order(self) -> tuple[int, ...]:
        """Sorts the path with the most trouble first."""
        return tuple(-sum(step.status == status for step in self.steps) for status in _TROUBLE)


def paths(report: Report, estates: Sequence[EstateIndex]) -> tuple[list[LivePath], int]:
    """The paths to draw, worst first, and how many more have no problem."""
    found = [path for estate in estates for path in _of_estate(report, estate)]
    found.sort(key=lambda path: path.order)
    if len(found) <= ACCOUNTS:
        return found, 0
    drawn: dict[tuple[Any, ...], LivePath] = {}
    for path in found:
        if path.troubled:
            first = drawn.setdefault(path.alike, path)
            if first is not path:
                first.others.append(path.account)
    return list(drawn.values())[:ACCOUNTS], sum(not path.troubled for path in found)


def _of_estate(report: Report, estate: EstateIndex) -> list[LivePath]:
    label = estate.snapshot.environment
    of_account: dict[str, list[Finding]] = {}
    everywhere: list[Finding] = []
    endpoints = _accounts_of_endpoints(estate)
    for finding in report.findings:
        if finding.environment != label:
            continue
        key = arm_id.key(finding.resource)
        owners = [_account(key)] if _account(key) else endpoints.get(key, [])
        if finding.each == "client":
            owners = _account_of_client(estate, finding)
        if finding.each == "environment":
            everywhere.append(finding)
        for owner in owners:
            of_account.setdefault(owner, []).append(finding)
    hosts = [one for one in estate.accounts if one.join("facts.hostsRealtime").value is not False]
    return [_path(estate, one, of_account.get(arm_id.key(one.resource), []), everywhere) for one in hosts]


def _account(key: str) -> str:
    parts = key.split("/")
    at = parts.index("accounts") + 2 if "accounts" in parts[:-1] else 0
    return "/".join(parts[:at])


def _accounts_of_endpoints(estate: EstateIndex) -> dict[str, list[str]]:
    return {arm_id.key(one.resource): shapes.targets(one.raw) for one in estate.private_endpoints}  # fmt: skip


def _account_of_client(estate: EstateIndex, finding: Finding) -> list[str]:
    named = next((one.raw.get("account") for one in estate.clients if one.resource == finding.resource), None)
    if not isinstance(named, str):
        return []
    if named.startswith("/"):
        return [arm_id.key(named)]
    return [arm_id.key(one.resource) for one in estate.accounts_by_name.get(named.lower(), [])]


def _concerns(finding: Finding, account: Subject, models: Iterable[str]) -> bool:
    """True where a finding on the environment as a whole is about the account or a model that it serves."""
    if not _counts(finding):
        return True
    about = " ".join([finding.message, *(f"{one.message} {one.resource}" for one in finding.observations)]).lower()
    return not finding.observations or any(word in about for word in (account.name.lower(), *models))


def _path(estate: EstateIndex, account: Subject, own: Sequence[Finding], everywhere: Sequence[Finding]) -> LivePath:
    deployments = [one for one in estate.deployments_of(account) if one.fact("realtimeRole") not in ("none", None)]
    models = {_model(one).lower() for one in deployments} - {""}
    findings = [*own, *(one for one in everywhere if _concerns(one, account, models))]
    by_step: dict[str, list[Finding]] = {label: [] for label in STEPS}
    for finding in findings:
        step = _step_of(finding.rule)
        if step and finding.outcome != "notApplicable":
            by_step[step].append(finding)
    seen = _facts(account, deployments, estate)
    steps = [_step(label, found, seen.get(label, "")) for label, found in by_step.items()]
    steps = [
        step for step in steps if step.label not in ("Gateway", "Private endpoint", "Firewall") or step.status != "off"
    ]
    about = [value(account.raw.get("kind"), 20), value(arm_id.region(account.raw.get("location")) or "no region", 30)]
    about.append(f"{len(deployments)} realtime deployment{'' if len(deployments) == 1 else 's'}")
    return LivePath(
        name(account.resource, 60),
        value(estate.snapshot.environment, 60),
        " · ".join(about),
        steps,
    )


def _step_of(rule: str) -> str | None:
    if rule.startswith(_LEFT_OUT):
        return None
    exact = next((label for label, rules in STEPS.items() if rule in rules), None)
    return exact or next((label for label, rules in STEPS.items() if rule.startswith(rules)), None)


def _counts(finding: Finding) -> bool:
    return finding.outcome in ("fail", "unknown") and not finding.known


def _step(label: str, findings: list[Finding], seen: str) -> PathStep:
    counting = sorted((one for one in findings if _counts(one)), key=lambda one: (one.outcome != "fail", SEVERITIES.index(one.severity)))  # fmt: skip
    if counting:
        worst = counting[0]
        status = "unk" if worst.outcome != "fail" else "bad" if worst.severity in ("critical", "high") else "warn"
        return PathStep(label, status, seen if label in _TRUE_ANYWAY else "", worst, len(counting) - 1)
    if findings:
        return PathStep(label, "ok", seen)
    if label == "Client":
        return PathStep(label, "off", f"{seen}: not checked" if seen else "no contract given")
    return PathStep(label, "off", "not checked")


def _model(deployment: Subject) -> str:
    """The name and version of its model, as messages write them."""
    model = mapping(deployment.properties.get("model"))
    return "@".join(value(model[key], 60) for key in ("name", "version") if model.get(key))


def _facts(account: Subject, deployments: Sequence[Subject], estate: EstateIndex) -> dict[str, str]:
    """What is seen at each step, in a few words."""
    approved = [
        arm_id.name_of(str(mapping(mapping(one.get("properties")).get("privateEndpoint")).get("id") or "an endpoint"))
        for one in map(mapping, listing(account.properties.get("privateEndpointConnections")))
        if text(mapping(mapping(one.get("properties")).get("privateLinkServiceConnectionState")).get("status"))
        == "approved"
    ]
    exposure = value(account.fact("exposure"), 20)
    keys = "keys off" if account.properties.get("disableLocalAuth") is True else "keys on"
    speech = sorted(deployments, key=lambda one: one.fact("realtimeRole") != "speech")
    models = [f"{one.name}: {_model(one)}" for one in speech]
    clients = [one.name for one in estate.clients]
    return {
        "Client": value(", ".join(clients[:3]), 80) if clients else "",
        "DNS": "private zones answer for its hosts",
        "Private endpoint": value(f"{', '.join(approved[:2])} approved", 80) if approved else "",
        "Firewall": f"exposure {exposure}",
        "Account": f"API {keys}",
        "Deployment": value("".join(models[:1]) + (f", and {len(models) - 1} more" if len(models) > 1 else ""), 120),
        "Fallback": "another region serves the model",
    }
