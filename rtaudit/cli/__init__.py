"""Command line: registers the commands, each a module; heavy packages are imported when a command runs."""

from __future__ import annotations

import errno
import gc
import os
import sys
from importlib import import_module
from typing import TextIO, cast

# What starting up makes stays until the process ends: looking for garbage in it took a tenth of the time of `--help`.
gc.disable()

from rtaudit.cli.app import Stream, app, drop_stdout, print_error, report_error  # noqa: E402
from rtaudit.errors import RtauditError  # noqa: E402

_COMMANDS = (
    "preflight",
    "collect",
    "check",
    "audit",
    "runbook",
    "diff",
    "plan",
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


def _needed() -> tuple[str, ...]:
    """The modules of the command that this process was started for; all, where it names none (help, completion, a typo).

    A module whose name begins with a command's belongs to it: `snapshot_edit` to `snapshot`.
    """
    named = sys.argv[1] if len(sys.argv) > 1 and "_RTAUDIT_COMPLETE" not in os.environ else ""
    return tuple(name for name in _COMMANDS if name.split("_")[0] == named) or _COMMANDS


for _name in _needed():
    import_module(f"rtaudit.cli.{_name}")
gc.freeze()
gc.enable()


def main() -> None:
    """Entry point of the `rtaudit` command."""
    _open_streams()
    sys.stdout = cast("TextIO", Stream(sys.stdout, BrokenPipeError))
    sys.stderr = cast("TextIO", Stream(sys.stderr))
    try:
        # An option whose value is optional is more than Typer can say: alone, it means everything.
        app(args=["--allow-unknown=all" if word == "--allow-unknown" else word for word in sys.argv[1:]])
    except OSError as error:
        # Typer writes its own texts: help, the version.
        drop_stdout()
        hint = "make room" if error.errno == errno.ENOSPC else "it is closed, or nothing can be written to it"
        print_error(RtauditError(f"cannot write to standard output: {error.strerror}", hint))
        sys.exit(RtauditError.exit_code)
    except Exception as error:  # noqa: BLE001 (said, with its own exit code)
        sys.exit(report_error(error))


def _open_streams() -> None:
    """Open what the parent process closed of stdin, stdout and stderr, so that no file takes its number.

    What cannot be read or written then is an error at the moment when it is needed.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            # Opened the wrong way round: reading stdin and writing stdout fail; what is written to stderr is lost.
            os.open(os.devnull, os.O_RDONLY if name == "stdout" else os.O_WRONLY)
            setattr(sys, name, open(number, "r" if name == "stdin" else "w", encoding="utf-8", closefd=False))  # noqa: SIM115


__all__ = ["app", "main"]
