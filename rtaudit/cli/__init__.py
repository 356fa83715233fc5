"""The command line: wiring, options and exit codes. Each command is one module; heavy rooms are entered when it runs."""

from __future__ import annotations

import sys
from importlib import import_module

from rtaudit.cli.app import app

_COMMANDS = (
    "preflight",
    "collect",
    "check",
    "audit",
    "diff",
    "render",
    "policy",
    "client",
    "probe",
    "snapshot",
    "snapshot_edit",
    "schema",
    "simulate",
    "demo",
)
"""The modules of this package that register a command, in the order of `rtaudit --help`."""

for _name in _COMMANDS:
    import_module(f"rtaudit.cli.{_name}")


def main() -> None:
    """Entry point of the `rtaudit` command."""
    # An option whose value is optional is more than Typer can say: alone, it means everything.
    app(args=["--allow-unknown=all" if word == "--allow-unknown" else word for word in sys.argv[1:]])


__all__ = ["app", "main"]
