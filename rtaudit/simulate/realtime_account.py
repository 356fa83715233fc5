"""Realtime account: serves the realtime endpoint of an account of a snapshot on loopback, with its deployments."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rtaudit.azure.clouds import CLOUDS
from rtaudit.azure.realtime_api import ROLES, audiences
from rtaudit.errors import UsageError, allowed_hint
from rtaudit.simulate.realtime import BEHAVIOURS, Deployed, RealtimeServer
from rtaudit.snapshot import Snapshot
from rtaudit.subjects import EstateIndex


@dataclass(frozen=True)
class ServedAccount:
    """An account whose realtime endpoint is served."""

    account: str
    """Its name."""
    snapshot: int
    """Which of the snapshots holds it."""
    server: RealtimeServer
    deployments: Sequence[str]
    """Names of those that open sessions, in the order of ROLES."""


@contextlib.contextmanager
def serve_account(
    snapshots: Sequence[Snapshot], account: str, behaviour: str = "right", latency: float = 0
) -> Iterator[ServedAccount]:
    """The account (a name or id) of one of the snapshots, served within; `latency` are seconds before each answer.

    Raises UsageError for an unknown account or behaviour.
    """
    if behaviour not in BEHAVIOURS:
        raise UsageError(f"unknown --behaviour '{behaviour}'", allowed_hint(behaviour, BEHAVIOURS))
    every = [(number, one) for number, made in enumerate(snapshots) for one in EstateIndex(made).accounts]
    found = [pair for pair in every if account.lower() in (pair[1].name.lower(), pair[1].resource.lower())]
    if not found:
        raise UsageError(
            f"unknown account '{account}' in these snapshots", allowed_hint(account, [one.name for _, one in every])
        )
    number, owner = found[0]
    deployed = [
        Deployed(one.name, str(one.fact("modelAndVersion")).split("@")[0], one.fact("realtimeRole"))
        for one in owner.estate.deployments
        if one.account is not None and one.account.resource == owner.resource
    ]
    host = urlsplit(str(owner.properties.get("endpoint") or "")).hostname or owner.name
    cloud = CLOUDS.get(str(owner.estate.snapshot.scope.get("cloud")), CLOUDS["AzureCloud"])
    own = f"{owner.properties.get('customSubDomainName') or owner.name}.{cloud.openai_suffix}"
    with (
        tempfile.TemporaryDirectory(prefix="rtaudit-realtime-") as folder,
        RealtimeServer(
            deployed, Path(folder), names=sorted({host, own, "localhost"}), behaviour=behaviour, latency=latency,
            audiences=audiences(cloud),
        ) as server,
    ):  # fmt: skip
        yield ServedAccount(
            owner.name, number, server, [one.name for role in ROLES for one in deployed if one.role == role]
        )
