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

import typer

from rtaudit.cli.app import command, plain, terminable, write_stdout
from rtaudit.errors import UsageError

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
            "--save writes the estate of one snapshot that can be changed", "add --writable, and give one file"
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

            write(simulator.served.snapshot(snapshots[0]), chosen.save)
        raise typer.Exit(0) from None


@contextlib.contextmanager
def _realtime(chosen: command_options.Served, snapshots: list[Snapshot]) -> Iterator[list[str]]:
    """The realtime endpoint of an account, while it is served; the `rtaudit probe` lines that lead there."""
    if chosen.realtime is None:
        yield []
        return
    from rtaudit.simulate.realtime_account import serve_account

    with serve_account(snapshots, chosen.realtime, chosen.behaviour, chosen.latency_ms / 1000) as served:
        words = ["rtaudit", "probe", "--snapshot", chosen.files[served.snapshot], "-a", served.account]
        words += ["--auth", "managed-identity", "--connect-to", f"127.0.0.1:{served.server.port}"]
        words += ["--ca-file", str(served.server.ca_file), "-d"]
        yield [shlex.join([*words, name]) for name in served.deployments]


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
