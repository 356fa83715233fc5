"""`rtaudit simulate`: snapshots as Azure Resource Manager on loopback."""

from __future__ import annotations

import contextlib
import re
import shlex
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import typer

from rtaudit.azure.clouds import CLOUDS
from rtaudit.azure.realtime_api import ROLES, audiences
from rtaudit.cli.app import command, plain, terminable, write_stdout
from rtaudit.errors import UsageError, allowed_hint

if TYPE_CHECKING:
    from rtaudit.settings import command_options
    from rtaudit.simulate import Simulator
    from rtaudit.snapshot import Snapshot


@command()
def simulate(chosen: command_options.Served) -> None:
    """Serve snapshots as Azure Resource Manager on loopback, until Ctrl-C. Prints the lines to copy."""
    from rtaudit.simulate import Simulator
    from rtaudit.snapshot import load

    if chosen.behaviour != "right" and chosen.realtime is None:
        raise UsageError("--behaviour is of the realtime endpoint, and none is served", "add --realtime ACCOUNT")
    if chosen.save is not None and (not chosen.writable or len(chosen.files) != 1):
        raise UsageError(
            "--save writes the world of one snapshot that can be changed", "add --writable, and give one file"
        )
    snapshots = [load(file) for file in chosen.files]
    folder = tempfile.TemporaryDirectory(prefix="rtaudit-simulate-") if chosen.tls else contextlib.nullcontext("")
    simulator = Simulator(
        snapshots,
        writable=chosen.writable,
        tls=Path(folder.name) if isinstance(folder, tempfile.TemporaryDirectory) else None,
        port=chosen.port,
        latency=chosen.latency_ms / 1000,
        throttle=chosen.throttle,
        deny=chosen.deny,
        fail_rate=chosen.fail_rate,
        record=False,
    )
    try:
        with (
            folder,
            terminable(),
            simulator,
            _realtime(chosen, snapshots) as probe_lines,
        ):
            write_stdout("".join(f"{line}\n" for line in [*_lines(simulator, snapshots), *probe_lines]))
            # Ctrl-C, or SIGTERM, is how it is meant to end. In turns: one that comes just before a wait does not end it.
            while True:
                time.sleep(0.2)
    except KeyboardInterrupt:
        if chosen.save is not None:
            from rtaudit.snapshot import write

            write(simulator.world.snapshot(snapshots[0]), chosen.save)
        raise typer.Exit(0) from None


@contextlib.contextmanager
def _realtime(chosen: command_options.Served, snapshots: list[Snapshot]) -> Iterator[list[str]]:
    """The realtime endpoint of an account, while it is served; the `rtaudit probe` lines that lead there."""
    account, behaviour = chosen.realtime, chosen.behaviour
    if account is None:
        yield []
        return
    from rtaudit.simulate.realtime import BEHAVIOURS, Deployed, RealtimeServer
    from rtaudit.subjects import EstateIndex

    if behaviour not in BEHAVIOURS:
        raise UsageError(f"unknown --behaviour '{behaviour}'", allowed_hint(behaviour, BEHAVIOURS))
    worlds = list(zip(chosen.files, map(EstateIndex, snapshots), strict=True))
    found = [
        (file, one)
        for file, world in worlds
        for one in world.accounts
        if account.lower() in (one.name.lower(), one.resource.lower())
    ]
    if not found:
        names = [one.name for _, world in worlds for one in world.accounts]
        raise UsageError(f"unknown account '{account}' in these snapshots", allowed_hint(account, names))
    file, owner = found[0]
    deployed = [
        Deployed(one.name, str(one.fact("modelAndVersion")).split("@")[0], one.fact("realtimeRole"))
        for one in owner.world.deployments
        if one.account is not None and one.account.resource == owner.resource
    ]
    host = urlsplit(str(owner.properties.get("endpoint") or "")).hostname or owner.name
    cloud = CLOUDS.get(str(owner.world.snapshot.scope.get("cloud")), CLOUDS["AzureCloud"])
    own = f"{owner.properties.get('customSubDomainName') or owner.name}.{cloud.openai_suffix}"
    names = sorted({host, own, "localhost"})
    with (
        tempfile.TemporaryDirectory(prefix="rtaudit-realtime-") as folder,
        RealtimeServer(
            deployed,
            Path(folder),
            names=names,
            behaviour=behaviour,
            latency=chosen.latency_ms / 1000,
            audiences=audiences(cloud),
        ) as server,
    ):
        words = ["rtaudit", "probe", "--snapshot", file, "-a", owner.name, "--auth", "managed-identity"]
        words += ["--connect-to", f"127.0.0.1:{server.port}", "--ca-file", str(server.ca_file), "-d"]
        yield [shlex.join([*words, one.name]) for role in ROLES for one in deployed if one.role == role]


def _lines(simulator: Simulator, snapshots: list[Snapshot]) -> list[str]:
    """The lines that a reader copies to collect from here: the identity endpoint, and a command for each snapshot."""
    exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in simulator.environ.items())
    first = f"# Serving on {simulator.url} (Ctrl-C to stop). In another terminal:"
    return [first, f"export {exports}", *(collect_line(simulator.url, snapshot) for snapshot in snapshots)]


def collect_line(url: str, snapshot: Snapshot) -> str:
    """The `rtaudit collect` command that reads from `url` what `snapshot` holds."""
    from rtaudit.snapshot.aspects import DEFAULT_ASPECTS

    words = ["rtaudit", "collect", "--arm-endpoint", url, "--auth", "managed-identity"]
    for option, field in (("-s", "subscriptions"), ("-g", "resourceGroups"), ("-a", "accounts")):
        for value in snapshot.scope.get(field) or ():
            words += [option, str(value)]
    if snapshot.aspects and snapshot.aspects != frozenset(DEFAULT_ASPECTS):
        for aspect in sorted(snapshot.aspects):
            words += ["--aspect", aspect]
    # A file that is there already may be the one that is served.
    name = re.sub(r"[^\w.-]+", "-", snapshot.environment).strip(".-") or "snapshot"
    file = f"{name}.json" if not Path(f"{name}.json").exists() else f"{name}-collected.json"
    words += ["--environment", snapshot.environment, "-o", file]
    return " ".join(shlex.quote(plain(word)) for word in words)
