"""`rtaudit demo`: runs the main job on a simulated Azure, as the commands that a reader could type."""

from __future__ import annotations

import difflib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from rtaudit.cli.app import command, plain, terminable, write_stdout
from rtaudit.errors import RtauditError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rtaudit.settings import command_options
    from rtaudit.simulate import Simulator

AS_OF = "2026-11-22"
"""The date as of which the sample company is checked: its retirement dates were true then."""

_ENDINGS = {0: "", 1: "(exit 1)", 4: "(exit 4: something could not be read)"}


@command()
def demo(chosen: command_options.Demonstrated) -> None:
    """Collect, check and compare three environments of a fictional company, on a built-in Azure simulator. Needs no subscription."""
    from rtaudit import assets
    from rtaudit.simulate import Simulator
    from rtaudit.snapshot import load

    keep = Path(chosen.keep) if chosen.keep is not None else None
    names = ("dev", "test", "prod")
    snapshots = [load(assets.snapshots() / f"{name}.json") for name in names]
    # Of the guest application only its network matters: the other end of a private endpoint.
    guest = load(assets.snapshots() / "guest" / "guest.json")
    with (
        terminable(),
        tempfile.TemporaryDirectory(prefix="rtaudit-demo-") as scratch,
        Simulator([*snapshots, guest], record=False) as simulator,
    ):
        folder = keep or Path(scratch)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RtauditError(f"cannot make the folder {folder}: {error.strerror}", "choose another --keep") from None
        _say("# Three environments of a fictional hotel company, served by a simulated Azure on this machine.")
        exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in simulator.environ.items())
        _say(f"$ export {exports}")
        for name, snapshot in zip(names, snapshots, strict=True):
            words = ["collect", "--arm-endpoint", simulator.url, "--auth", "managed-identity"]
            words += [word for one in snapshot.scope["subscriptions"] for word in ("-s", one)]
            _run([*words, "--environment", name, "-o", f"{name}.json"], folder, simulator, 4 if snapshot.gaps else 0)
        _say("\n# Is production ready to go live, on that day?")
        kept = ["-o", "table", "-o", "html=readiness.html", "-o", "json=readiness.json"] if keep else []
        _run(["check", "prod.json", "--policy", "production", "--as-of", AS_OF, *kept], folder, simulator, 1)
        contracts = [
            assets.snapshots() / "clients" / name for name in ("phone-bridge-before.yaml", "phone-bridge.yaml")
        ]
        for contract in contracts:
            shutil.copy(contract, folder)
        _say("\n# Can the client of the voice channel work there, as it was first written?")
        by_client = ["check", "prod.json", "--policy", "client", "--as-of", AS_OF, "--client"]
        _run([*by_client, contracts[0].name], folder, simulator, 1)
        _say("\n# What its authors changed, and the answer then:")
        _say("".join(line for line in _changed(*contracts)).rstrip())
        _run([*by_client, contracts[1].name], folder, simulator, 0)
        _say("\n# What differs between test and production that should not?")
        kept = ["-o", "table", "-o", "html=drift.html", "-o", "json=drift.json"] if keep else []
        _run(["diff", "test.json", "prod.json", *kept], folder, simulator, 1)
        _say("\n# What are the steps to ready?")
        _run(["runbook", "prod.json", "--policy", "production", "--as-of", AS_OF], folder, simulator, 4)
        _say(
            "\n# What these steps change, put into the simulated production (in its memory: no command is run)."
            "\n# Then it is collected again, with the guest application's network."
        )
        _mend(simulator, folder / "prod.json")
        words = ["collect", "--arm-endpoint", simulator.url, "--auth", "managed-identity"]
        words += [word for one in (snapshots[-1], guest) for word in ("-s", *one.scope["subscriptions"])]
        _run([*words, "--environment", "prod", "-o", "mended.json"], folder, simulator, 0)
        _run(["check", "mended.json", "--policy", "production", "--as-of", AS_OF], folder, simulator, 0)
    _say("\n# Try next:")
    if keep is None:
        _say("rtaudit demo --keep demo                             keep the snapshots and reports in the folder demo")
    else:
        _say(f"open {keep / 'readiness.html'} and {keep / 'drift.html'} in a browser")
        _say(f"rtaudit check {shlex.quote(str(keep / 'prod.json'))} --as-of {AS_OF} --details")
    _say("rtaudit policy explain RTA-NET-009                   what a rule checks, why, and how to fix it")
    _say("rtaudit audit -s SUBSCRIPTION -o html=report.html    your own subscription, after `az login`")


def _run(words: Sequence[str], folder: Path, simulator: Simulator, expected: int) -> None:
    """Show a command, run it, and show its exit code. Raises RtauditError when it ended as it should not."""
    _say(f"$ rtaudit {shlex.join(words)}")
    environment = {**os.environ, **simulator.environ, "PYTHONIOENCODING": "utf-8"}
    ended = subprocess.run([sys.executable, "-m", "rtaudit", *words], cwd=folder, env=environment, check=False)  # noqa: S603 (our own command)
    if ended.returncode != expected:
        raise RtauditError(
            f"`rtaudit {words[0]}` ended with exit code {ended.returncode}",
            "that is a defect of rtaudit: please report it",
        )
    if _ENDINGS.get(ended.returncode):
        _say(_ENDINGS[ended.returncode])


def _mend(simulator: Simulator, file: Path) -> None:
    """Put what the runbook's steps change into the simulated Azure."""
    from datetime import date

    from rtaudit.api.checks import make_runbook
    from rtaudit.runbook.plan import edited_snapshots
    from rtaudit.snapshot import load

    prod = load(file)
    steps = make_runbook([prod], as_of=date.fromisoformat(AS_OF)).steps
    known = {one["id"]: one for one in prod.resources}
    for one in edited_snapshots([prod], steps)[0].resources:
        if known.get(one["id"]) != one:
            simulator.served.put(one)
    for step in steps:
        _say(f"{step.number}. {plain(step.step.say)}")


def _changed(before: Path, after: Path) -> Iterator[str]:
    """The lines that differ, as `diff` writes them."""
    old, new = (path.read_text(encoding="utf-8").splitlines(keepends=True) for path in (before, after))
    for line in difflib.unified_diff(old, new, n=0):
        if line[0] in "+-" and not line.startswith(("---", "+++", "-#", "+#")):
            yield line


def _say(line: str) -> None:
    write_stdout(f"{line}\n")
