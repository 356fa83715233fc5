"""`rtaudit simulate`: snapshots as Azure Resource Manager on loopback."""

from __future__ import annotations

import contextlib
import re
import shlex
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from rtaudit.azure.clouds import CLOUDS
from rtaudit.azure.realtime_api import ROLES, audiences
from rtaudit.cli.app import command, plain, terminable, write_stdout
from rtaudit.errors import UsageError, allowed_hint

if TYPE_CHECKING:
    from rtaudit.simulate import Simulator
    from rtaudit.snapshot import Snapshot


@command()
def simulate(
    files: Annotated[list[str], typer.Argument(metavar="SNAPSHOT", help="Snapshots to serve.", show_default=False)],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes one that is free.")] = 0,
    latency_ms: Annotated[int, typer.Option(min=0, max=60_000, help="Wait before each answer, in milliseconds.")] = 0,
    throttle: Annotated[
        bool, typer.Option("--throttle", help="Allow 250 reads per subscription, refilled at 25 a second; then 429.")
    ] = False,
    deny: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Refuse paths like this with 403: '*/diagnosticSettings'."),
    ] = None,
    fail_rate: Annotated[
        float, typer.Option(min=0, max=1, help="Share of requests that fail: 500, 503 or a reset.")
    ] = 0,
    tls: Annotated[
        bool, typer.Option("--tls", help="Serve https, with the certificate of a throw-away authority.")
    ] = False,
    writable: Annotated[
        bool,
        typer.Option(
            "--writable", help="Let PUT, PATCH and DELETE change the served world, in memory; to try fixes on."
        ),
    ] = False,
    save: Annotated[
        str | None, typer.Option(metavar="FILE", help="At the end, write the world as a snapshot; with --writable.")
    ] = None,
    realtime: Annotated[
        str | None,
        typer.Option(metavar="ACCOUNT", help="Also serve this account's realtime endpoint, for `rtaudit probe`."),
    ] = None,
    behaviour: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="How the realtime endpoint behaves: right, or one of its faults; an unknown name lists them.",
        ),
    ] = "right",
) -> None:
    """Serve snapshots as Azure Resource Manager on loopback, until Ctrl-C. Prints the lines to copy."""
    from rtaudit.simulate import Simulator
    from rtaudit.snapshot import load

    if behaviour != "right" and realtime is None:
        raise UsageError("--behaviour is of the realtime endpoint, and none is served", "add --realtime ACCOUNT")
    if save is not None and (not writable or len(files) != 1):
        raise UsageError(
            "--save writes the world of one snapshot that can be changed", "add --writable, and give one file"
        )
    snapshots = [load(file) for file in files]
    folder = tempfile.TemporaryDirectory(prefix="rtaudit-simulate-") if tls else contextlib.nullcontext("")
    simulator = Simulator(
        snapshots,
        writable=writable,
        tls=Path(folder.name) if isinstance(folder, tempfile.TemporaryDirectory) else None,
        port=port,
        latency=latency_ms / 1000,
        throttle=throttle,
        deny=deny or (),
        fail_rate=fail_rate,
        record=False,
    )
    try:
        with (
            folder,
            terminable(),
            simulator,
            _realtime(realtime, behaviour, latency_ms / 1000, files, snapshots) as probe_lines,
        ):
            write_stdout("".join(f"{line}\n" for line in [*_lines(simulator, snapshots), *probe_lines]))
            # Ctrl-C, or SIGTERM, is how it is meant to end. In turns: one that comes just before a wait does not end it.
            while True:
                time.sleep(0.2)
    except KeyboardInterrupt:
        if save is not None:
            from rtaudit.snapshot import write

            write(simulator.world.snapshot(snapshots[0]), save)
        raise typer.Exit(0) from None


@contextlib.contextmanager
def _realtime(
    account: str | None, behaviour: str, latency: float, files: list[str], snapshots: list[Snapshot]
) -> Iterator[list[str]]:
    """The realtime endpoint of an account, while it is served; the `rtaudit probe` lines that lead there."""
    if account is None:
        yield []
        return
    from rtaudit.simulate.realtime import BEHAVIOURS, Deployed, RealtimeServer
    from rtaudit.subjects import EstateIndex

    if behaviour not in BEHAVIOURS:
        raise UsageError(f"unknown --behaviour '{behaviour}'", allowed_hint(behaviour, BEHAVIOURS))
    worlds = list(zip(files, map(EstateIndex, snapshots), strict=True))
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
            deployed, Path(folder), names=names, behaviour=behaviour, latency=latency, audiences=audiences(cloud)
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
