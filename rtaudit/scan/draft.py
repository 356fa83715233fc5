"""Drafts: a contract to be completed, from a snapshot or from what a scan found. YAML text with the reasons beside the gaps."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.clouds import CLOUDS
from rtaudit.contract.schema import CONTRACT
from rtaudit.errors import InputError, allowed_hint
from rtaudit.report import wording
from rtaudit.snapshot import Snapshot
from rtaudit.subjects import EstateIndex, Subject
from rtaudit.subjects.client import find_account


@dataclass(frozen=True)
class DraftTarget:
    """What one environment's section says."""

    label: str
    endpoint: str | None = None
    account: str | None = None
    deployment: str | None = None
    transcription: str | None = None
    region: str | None = None


@dataclass(frozen=True)
class Draft:
    """What is known of a client; the rest is written as null, to be completed."""

    name: str
    targets: Sequence[DraftTarget] = ()
    runs_in: str | None = "server"
    transport: str | None = "websocket"
    auth: str | None = "entra"
    path: str | None = "/openai/v1/realtime"
    api_version: str | None = None
    headers: Sequence[str] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    use: str | None = None
    fallback: str | None = None
    sdk: Mapping[str, str | None] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    """Name of a field -> the file and line that it was seen in."""


def from_snapshots(snapshots: Sequence[Snapshot], name: str, account: str | None, deployment: str | None) -> Draft:
    """A draft with a section for each snapshot's environment.

    The account and deployment are the ones named, else the only ones that fit. Raises InputError where there are several, or none.
    """
    labels = [snapshot.environment for snapshot in snapshots]
    for label in labels:
        if labels.count(label) > 1:
            raise InputError(f"two snapshots are of the environment '{label}'", "give one of each environment")
    found = [_target(EstateIndex(snapshot), account, deployment) for snapshot in snapshots]
    return Draft(name, [target for target, _ in found], fallback=next((chat for _, chat in found if chat), None))


def _target(estate: EstateIndex, account: str | None, deployment: str | None) -> tuple[DraftTarget, str | None]:
    label = estate.snapshot.environment
    speech = [one for one in estate.deployments if one.fact("realtimeRole") == "speech"]
    if account is not None:
        owner: Subject | None = find_account(estate, account).value
        if owner is None:
            names = [one.name for one in estate.accounts]
            raise InputError(f"{label} has no account '{account}'", allowed_hint(account, names))
        speech = [one for one in speech if arm_id.parent_of(one.resource) == arm_id.key(owner.resource)]
    if deployment is not None:
        names = [one.name for one in speech]
        speech = [one for one in speech if one.name.lower() == deployment.lower()]
        if not speech:
            raise InputError(f"{label} has no speech deployment '{deployment}'", allowed_hint(deployment, names))
    if not speech:
        raise InputError(f"{label} has no speech deployment", "deploy one first, or write the contract by hand")
    if len(speech) > 1:
        listed = ", ".join(f"{one.account.name if one.account else ''}/{one.name}" for one in speech)
        raise InputError(f"{label} has {len(speech)} speech deployments: {listed}", "say --account and --deployment")
    one = speech[0]
    owner = one.account
    assert owner is not None
    siblings = estate.deployments_of(owner)
    transcription = next((other.name for other in siblings if other.fact("realtimeRole") == "transcription"), None)
    chats = {row["id"] for row in estate.each("environment")[0].fact("chatDeployments")}
    chat = next((other.name for other in siblings if other.resource in chats), None)
    target = DraftTarget(label, _endpoint(owner), owner.name, one.name, transcription, owner.fact("region") or None)
    return target, chat


def _endpoint(account: Subject) -> str | None:
    cloud = CLOUDS.get(str(account.estate.snapshot.scope.get("cloud") or "AzureCloud"))
    subdomain = account.properties.get("customSubDomainName")
    return f"wss://{subdomain}.{cloud.openai_suffix}" if cloud and isinstance(subdomain, str) and subdomain else None


def write(draft: Draft) -> str:
    """The draft as YAML. Every text is quoted: names come from Azure or from source code."""

    def about(field: str, words: str) -> str:
        return wording.to_printable(f"seen in {draft.where[field]}") if field in draft.where else words

    lines = [
        "# A draft: complete what is null, correct what is not so. `rtaudit schema client` prints the format, from which",
        "# editors complete: # yaml-language-server: $schema=FILE",
        f"schema: {CONTRACT}",
        f"name: {_name(draft.name)}",
        _line("owner: null", "who answers for this client"),
        _line(f"runsIn: {draft.runs_in or 'null'}", about("runsIn", "browser, mobile, server")),
        _line("network: null", "internet, or private where it reaches the private endpoint"),
        _line(f"transport: {draft.transport or 'null'}", about("transport", "websocket, webrtc, sip")),
        _line(f"auth: {draft.auth or 'null'}", about("auth", "entra, clientSecret (made by a token broker), key")),
        *([_line(f"use: {draft.use}", about("use", "speech, transcription, translation, live"))] if draft.use else []),
        "protocol:",
        _line(f"  path: {_text(draft.path)}", about("path", "such as /openai/v1/realtime")),
        _line(
            f"  apiVersion: {_text(draft.api_version)}",
            about("apiVersion", "null: the generally available protocol takes none"),
        ),
        _line(f"  headers: [{', '.join(_text(one) for one in draft.headers)}]", about("headers", "names only")),
        *(
            [
                _line(
                    f"  query: {{{', '.join(f'{_text(key)}: {_text(value)}' for key, value in draft.query.items())}}}",
                    about("query", ""),
                )
            ]
            if draft.query
            else []
        ),
        "session: {maxMinutes: null, idleTimeoutSeconds: null, reconnect: null}",
        _line("caller: null", "who connects: a principal id, or the ARM id of the app or user-assigned identity"),
        _line(
            "on429: {retryAfter: null, maxAttempts: null, then: null}", "waits as Retry-After says, gives up, and then?"
        ),
        _line("peakSessionsPerMinute: null", "new sessions in the busiest minute"),
        _line("peakConcurrentSessions: null", "sessions that are open at a time at the peak"),
        _line("gateway: null", "{kind: apiManagement, tier: Standard v2, host: …} where one is in between"),
        "transcripts: {stored: null, retentionDays: null, incidentOwner: null}",
        "audio: {stored: null, retentionDays: null, incidentOwner: null}",
    ]
    if draft.fallback:
        lines.append(f"fallback: [{{kind: textDeployment, deployment: {_text(draft.fallback)}}}]")
    else:
        lines.append(_line("fallback: null", "{kind: textDeployment, deployment: …}, secondRegion, human"))
    sdk = {key: draft.sdk.get(key) for key in ("name", "language", "version")}
    lines.append(
        _line("sdk: {" + ", ".join(f"{key}: {_text(value)}" for key, value in sdk.items()) + "}", about("sdk", ""))
    )
    if draft.targets:
        lines.append("environments:")
    for target in draft.targets:
        lines += [
            f"  {_text(target.label)}:",
            _line(f"    endpoint: {_text(target.endpoint)}", about("endpoint", "")),
            f"    account: {_text(target.account)}",
            _line(f"    deployment: {_text(target.deployment)}", about("deployment", "")),
            _line(f"    transcriptionDeployment: {_text(target.transcription)}", about("transcriptionDeployment", "")),
            f"    tokenBroker: {{region: {_text(target.region)}, issues: null}}",
        ]
    return "\n".join(lines) + "\n"


def _line(text: str, comment: str) -> str:
    return f"{text.ljust(28)} # {comment}" if comment else text


def _name(name: str) -> str:
    cleaned = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[:100]
    return _text(cleaned or "client")


def _text(value: Any) -> str:
    # A JSON string is a YAML string; whatever is in it stays one.
    return "null" if value is None else json.dumps(value)
