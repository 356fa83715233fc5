"""`rtaudit simulate`: snapshots as Azure Resource Manager on loopback."""

from __future__ import annotations

import shlex
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from rtaudit.cli.app import command, emit, plain

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
) -> None:
    """Serve snapshots as Azure Resource Manager on loopback, until Ctrl-C. Prints the lines to copy."""
    from rtaudit.simulate import Simulator
    from rtaudit.snapshot import load

    snapshots = [load(file) for file in files]
    simulator = Simulator(
        snapshots,
        port=port,
        latency=latency_ms / 1000,
        throttle=throttle,
        deny=deny or (),
        fail_rate=fail_rate,
        record=False,
    )
    try:
        with simulator:
            emit("".join(f"{line}\n" for line in _lines(simulator, snapshots)))
            # Ctrl-C is how it is meant to end.
            threading.Event().wait()
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def _lines(simulator: Simulator, snapshots: list[Snapshot]) -> list[str]:
    """The lines that lead azure-identity and `rtaudit collect` here."""
    exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in simulator.environ.items())
    return [f"export {exports}", *(collect_line(simulator.url, snapshot) for snapshot in snapshots)]


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
    words += ["--environment", snapshot.environment]
    return " ".join(shlex.quote(plain(word)) for word in words)
