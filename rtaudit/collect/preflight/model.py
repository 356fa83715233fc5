"""Preflight model: what is expected, what was looked at, and the answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rtaudit.azure import rbac
from rtaudit.contract.sections import covers, in_environment

SCHEMA = "rtaudit.preflight/1"

ROLES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Cognitive Services Usages Reader", ("Microsoft.CognitiveServices/locations/usages/read",)),
    ("Reader", ("*/read",)),
)
"""Built-in roles that grant what a collection reads and nothing that changes or uses anything, the narrowest first."""


@dataclass(frozen=True, slots=True)
class PlannedDeployment:
    """A deployment that is to be made."""

    model: str
    version: str | None = None
    """None: the version that is the region's default."""
    sku: str = "GlobalStandard"
    capacity: int = 1
    """Units of the SKU."""
    region: str | None = None
    """Where, for an account that does not exist yet."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Something that has to be there, or can be built."""

    account: str
    """Name or id; empty where only a region is asked about."""
    deployment: str | None = None
    region: str | None = None
    source: str = "--expect"
    """Who expects it, for the answer."""
    planned: PlannedDeployment | None = None
    """What the deployment is to be, where it is not there yet."""
    contract: Mapping[str, Any] | None = field(default=None, compare=False)
    """The client contract, as it holds in the environment, whose own deployment this is."""


@dataclass(frozen=True, slots=True)
class PreflightFinding:
    """One thing that was looked at."""

    check: str
    """`identity`, `subscription`, `provider`, `permission`, `resourceGroup`, `account`, `deployment`, `region`; of what is to be
    built or used: `name`, `model`, `sku`, `retirement`, `quota`, `capacity`, `use`, `transcription`, `caller`."""
    scope: str
    outcome: str
    """`pass`, `fail`, or `unknown` where it could not be looked at."""
    detail: str
    needs: tuple[str, ...] = ()
    """RBAC actions that are missing."""
    role: str | None = None
    """The narrowest built-in role that grants them."""
    fix: str | None = None
    """What to do, as a command where there is one."""


@dataclass(slots=True)
class Preflight:
    """The answer."""

    identity: dict[str, Any]
    checks: list[PreflightFinding] = field(default_factory=list)

    @property
    def ready(self) -> bool:
        """True when nothing failed and nothing is unknown."""
        return all(check.outcome == "pass" for check in self.checks)

    def document(self) -> dict[str, Any]:
        """The answer as JSON."""
        return {
            "schema": SCHEMA,
            "verdict": "ready" if self.ready else "notReady",
            "identity": self.identity,
            "checks": [
                {
                    "check": one.check, "scope": one.scope, "outcome": one.outcome, "detail": one.detail,
                    "needs": list(one.needs), "role": one.role, "fix": one.fix,
                }
                for one in self.checks
            ],
        }  # fmt: skip


def expected_of(
    contract: Mapping[str, Any], environment: str | None, source: str, planned: PlannedDeployment | None = None
) -> Iterator[Expected]:
    """What a client contract (or its section for `environment`) expects to be there; `planned` is what its deployment is to be."""
    if environment is not None and not covers(contract, environment):
        return
    held = in_environment(contract, environment or "")
    account = held.get("account")
    if not isinstance(account, str):
        return
    yield Expected(account, source=source, planned=planned)
    if isinstance(held.get("deployment"), str):
        yield Expected(account, deployment=held["deployment"], source=source, planned=planned, contract=held)
    if isinstance(held.get("transcriptionDeployment"), str):
        yield Expected(account, deployment=held["transcriptionDeployment"], source=source)
    fallbacks = held.get("fallback")
    for fallback in fallbacks if isinstance(fallbacks, list) else [fallbacks]:
        if isinstance(fallback, dict) and isinstance(fallback.get("deployment"), str):
            yield Expected(fallback.get("account") or account, deployment=fallback["deployment"], source=source)


def narrowest_role(actions: Iterable[str]) -> str | None:
    """The narrowest of ROLES that grants all of these, or None."""
    wanted = list(actions)
    for name, patterns in ROLES:
        if all(rbac.matches(list(patterns), action) for action in wanted):
            return name
    return None


def needs_of(gap: Any) -> tuple[str, ...]:
    """The RBAC action that a gap says is missing."""
    return (gap.needs,) if gap is not None and gap.needs else ()


def unread(kind: str, scope: str, gap: Any) -> PreflightFinding:
    """The check of what could not be read: unknown, with the action that is missing and the role that grants it."""
    needs = needs_of(gap)
    detail = f"not verified: {gap.message if gap is not None else 'no answer'}"
    return PreflightFinding(kind, scope, "unknown", detail, needs, narrowest_role(needs) if needs else None)
