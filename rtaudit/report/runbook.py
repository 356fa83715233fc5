"""Runbook: hold the steps to ready, what each clears and causes, what is left by hand, and the verdict after the last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from rtaudit.documents.schema_of import DIALECT, STRING, STRINGS, list_of, object_of, one_of, schema_of
from rtaudit.report.gate import SEVERITIES
from rtaudit.report.model import Report
from rtaudit.report.schema import ENVELOPE as REPORT
from rtaudit.report.steps import Command, Step

SCHEMA = "rtaudit.runbook/1"
"""The schema this version writes."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A finding that a step changes."""

    rule: str
    resource: str
    severity: Annotated[str, one_of(SEVERITIES)]
    outcome: str
    """What it is after the step."""
    message: str = ""
    """What is wrong, in one sentence; empty where nothing is."""

    def document(self) -> dict[str, Any]:
        """As the JSON document holds it."""
        found = {"rule": self.rule, "resource": self.resource, "severity": self.severity, "outcome": self.outcome}
        return found | ({"message": self.message} if self.message else {})


@dataclass(frozen=True)
class RunbookStep:
    """One step, in its place."""

    number: Annotated[int, {"minimum": 1}]
    environment: str
    step: Step
    severity: Annotated[str, one_of(SEVERITIES)]
    """The worst severity of what it mends."""
    mends: Sequence[Effect]
    """The findings that asked for it, as they were."""
    clears: Sequence[Effect]
    """The findings that failed or were unknown before it and no longer are."""
    causes: Sequence[Effect]
    """The findings that fail or are unknown since it."""
    follows: Sequence[int] = ()
    """Numbers of the steps that have to come first."""
    assumed: Annotated[Mapping[str, Any], {"description": "Example values with which the step was proved."}] = field(
        default_factory=dict
    )
    """The example values with which it was proved, by what is asked."""
    code: Annotated[Sequence[str], {"description": "Of a planned snapshot: what to write in the code."}] = ()
    """Of a planned snapshot: what to write in the code in place of the command."""

    @property
    def rules(self) -> list[str]:
        """The rules that ask for it."""
        return list(dict.fromkeys(one.rule for one in self.mends))

    def document(self) -> dict[str, Any]:
        """As the JSON document holds it."""
        command = self.step.command
        return {
            "number": self.number,
            "environment": self.environment,
            "severity": self.severity,
            "rules": self.rules,
            "say": self.step.say,
            "command": _command(command, self.step),
            "asks": [{"name": one.name, "variable": one.variable} for one in command.asks] if command else [],
            "risk": self.step.risk,
            "follows": list(self.follows),
            "mends": [one.document() for one in self.mends],
            "clears": [one.document() for one in self.clears],
            "causes": [one.document() for one in self.causes],
            "sets": [dict(one) for one in self.step.sets],
            "assumed": dict(self.assumed),
            "code": list(self.code),
        }


@dataclass(frozen=True)
class ByHand:
    """What no edit of the snapshot proves: a decision, or a change elsewhere."""

    environment: str
    rule: str
    resource: str
    severity: Annotated[str, one_of(SEVERITIES)]
    message: str
    """What is wrong, in one sentence."""
    reason: str
    """Why no command mends it."""
    steps: Sequence[Step] = ()

    def document(self) -> dict[str, Any]:
        """As the JSON document holds it."""
        return {
            "environment": self.environment,
            "rule": self.rule,
            "resource": self.resource,
            "severity": self.severity,
            "message": self.message,
            "reason": self.reason,
            "steps": [{"say": one.say, "command": _command(one.command, one)} for one in self.steps],
        }


@dataclass(frozen=True)
class Unseen:
    """What could not be looked at: it is collected before anything is mended."""

    environment: str
    scope: str
    aspect: str
    reason: str
    needs: str | None
    """The RBAC action that was missing."""
    role: str | None
    """A built-in role that has it."""
    message: str
    rules: Sequence[str]
    """The rules that are unknown for it."""

    def document(self) -> dict[str, Any]:
        """As the JSON document holds it."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__} | {"rules": list(self.rules)}


@dataclass(frozen=True)
class Runbook:
    """The answer of `rtaudit runbook`."""

    before: Report
    """The report of the snapshots as they are."""
    after: Report
    """The report of the snapshots as every step leaves them."""
    steps: Sequence[RunbookStep]
    by_hand: Sequence[ByHand]
    unseen: Sequence[Unseen]
    warnings: Sequence[str] = ()

    @property
    def verdict(self) -> str:
        """The verdict after the last step: ready, notReady or incomplete."""
        return self.after.verdict

    def document(self) -> dict[str, Any]:
        """The runbook as the JSON document of the contract."""
        before, after = self.before, self.after
        return {
            "schema": SCHEMA,
            "tool": before.tool,
            "generatedAt": before.generated_at,
            "asOf": before.as_of,
            "snapshots": list(before.snapshots),
            "policies": list(before.policies),
            "failOn": before.gate.fail_on,
            "before": {"verdict": before.verdict, "summary": before.summary},
            "after": {"verdict": after.verdict, "summary": after.summary},
            "steps": [one.document() for one in self.steps],
            "byHand": [one.document() for one in self.by_hand],
            "unseen": [one.document() for one in self.unseen],
            "warnings": list(self.warnings),
        }


def _command(command: Command | None, step: Step) -> dict[str, Any] | None:
    if command is None:
        return None
    return {
        "arguments": command.arguments(),
        "bash": step.line or command.line("bash"),
        "pwsh": command.line("pwsh"),
    }


_ANSWER = object_of({name: REPORT["properties"][name] for name in ("verdict", "summary")})
_COMMAND: dict[str, Any] = {
    **object_of(
        {
            "arguments": {**STRINGS, "description": "As they reach az; what is asked is shown as <name>."},
            "bash": {**STRING, "description": "One line for bash and other POSIX shells."},
            "pwsh": {**STRING, "description": "One line for PowerShell on Windows."},
        }
    ),
    "type": ["object", "null"],
}
_STEP = schema_of(
    RunbookStep,
    without=["step"],
    required=["rules", "say", "command", "asks", "risk", "follows", "sets", "assumed", "code"],
    rules=STRINGS,
    say=STRING,
    command=_COMMAND,
    asks=list_of(object_of({"name": STRING, "variable": STRING})),
    risk=STRING,
    sets=list_of({"type": "object"}),
)
_BY_HAND = schema_of(ByHand, required=["steps"], steps=list_of(object_of({"say": STRING, "command": _COMMAND})))

ENVELOPE: dict[str, Any] = {
    "$schema": DIALECT,
    "title": "rtaudit runbook",
    "description": "The answer of `rtaudit runbook`: the steps to ready, each proved on paper.",
    **object_of(
        {
            "schema": {"const": SCHEMA},
            **{name: REPORT["properties"][name] for name in ("tool", "generatedAt", "asOf", "snapshots", "policies")},
            "failOn": REPORT["properties"]["gate"]["properties"]["failOn"],
            "before": {**_ANSWER, "description": "The answer of `rtaudit check` now."},
            "after": {**_ANSWER, "description": "The answer of `rtaudit check` after the last step."},
            "steps": list_of(_STEP),
            "byHand": list_of(_BY_HAND),
            "unseen": list_of(schema_of(Unseen)),
            "warnings": STRINGS,
        }
    ),
}
"""The whole document."""
