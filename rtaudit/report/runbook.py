"""Runbook: hold the steps to ready, what each clears and causes, what is left by hand, and the verdict after the last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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
    severity: str
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

    number: int
    environment: str
    step: Step
    severity: str
    """The worst severity of what it mends."""
    mends: Sequence[Effect]
    """The findings that asked for it, as they were."""
    clears: Sequence[Effect]
    """The findings that failed or were unknown before it and no longer are."""
    causes: Sequence[Effect]
    """The findings that fail or are unknown since it."""
    follows: Sequence[int] = ()
    """Numbers of the steps that have to come first."""
    assumed: Mapping[str, Any] = field(default_factory=dict)
    """The example values with which it was proved, by what is asked."""
    code: Sequence[str] = ()
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
    severity: str
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


_STRING = {"type": "string"}
_STRINGS = {"type": "array", "items": _STRING}
_ANSWER = {
    "type": "object",
    "required": ["verdict", "summary"],
    "additionalProperties": False,
    "properties": {"verdict": REPORT["properties"]["verdict"], "summary": REPORT["properties"]["summary"]},
}
_EFFECTS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["rule", "resource", "severity", "outcome"],
        "additionalProperties": False,
        "properties": {
            "rule": _STRING,
            "resource": _STRING,
            "severity": {"enum": list(SEVERITIES)},
            "outcome": _STRING,
            "message": _STRING,
        },
    },
}
_COMMAND = {
    "type": ["object", "null"],
    "required": ["arguments", "bash", "pwsh"],
    "additionalProperties": False,
    "properties": {
        "arguments": {**_STRINGS, "description": "As they reach az; what is asked is shown as <name>."},
        "bash": {**_STRING, "description": "One line for bash and other POSIX shells."},
        "pwsh": {**_STRING, "description": "One line for PowerShell on Windows."},
    },
}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "additionalProperties": False, "properties": properties}


ENVELOPE: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "rtaudit runbook",
    "description": "The answer of `rtaudit runbook`: the steps to ready, each proved on paper.",
    **_object(
        schema={"const": SCHEMA},
        tool=REPORT["properties"]["tool"],
        generatedAt=_STRING,
        asOf=REPORT["properties"]["asOf"],
        snapshots=REPORT["properties"]["snapshots"],
        policies=REPORT["properties"]["policies"],
        failOn=REPORT["properties"]["gate"]["properties"]["failOn"],
        before={**_ANSWER, "description": "The answer of `rtaudit check` now."},
        after={**_ANSWER, "description": "The answer of `rtaudit check` after the last step."},
        steps={
            "type": "array",
            "items": _object(
                number={"type": "integer", "minimum": 1},
                environment=_STRING,
                severity={"enum": list(SEVERITIES)},
                rules=_STRINGS,
                say=_STRING,
                command=_COMMAND,
                asks={"type": "array", "items": _object(name=_STRING, variable=_STRING)},
                risk=_STRING,
                follows={"type": "array", "items": {"type": "integer"}},
                mends=_EFFECTS,
                clears=_EFFECTS,
                causes=_EFFECTS,
                sets={"type": "array", "items": {"type": "object"}},
                assumed={"type": "object", "description": "Example values with which the step was proved."},
                code={**_STRINGS, "description": "Of a planned snapshot: what to write in the code."},
            ),
        },
        byHand={
            "type": "array",
            "items": _object(
                environment=_STRING,
                rule=_STRING,
                resource=_STRING,
                severity={"enum": list(SEVERITIES)},
                message=_STRING,
                reason=_STRING,
                steps={"type": "array", "items": _object(say=_STRING, command=_COMMAND)},
            ),
        },
        unseen={
            "type": "array",
            "items": _object(
                environment=_STRING,
                scope=_STRING,
                aspect=_STRING,
                reason=_STRING,
                needs={"type": ["string", "null"]},
                role={"type": ["string", "null"]},
                message=_STRING,
                rules=_STRINGS,
            ),
        },
        warnings=_STRINGS,
    ),
}
"""The whole document."""
