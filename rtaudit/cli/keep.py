"""Keeping: leave what was read somewhere, when it cannot be written where it was asked for."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rtaudit.cli.app import write_stdout
from rtaudit.errors import RtauditError

if TYPE_CHECKING:
    from rtaudit.snapshot import Snapshot


def write(snapshot: Snapshot, path: str) -> None:
    """Write a snapshot to `path`. Raises RtauditError, which says where what was read is now, or that it is lost."""
    from rtaudit.snapshot import write as write_file

    with _kept(snapshot, path, stdout=not sys.stdout.isatty()):
        write_file(snapshot, path)


def print_out(snapshot: Snapshot) -> None:
    """Write a snapshot to standard output. Raises RtauditError as `write` does."""
    from rtaudit.documents import iter_json

    with _kept(snapshot, f"{snapshot.environment}.json", stdout=False):
        write_stdout(iter_json(snapshot.document()))


@contextlib.contextmanager
def _kept(snapshot: Snapshot, path: str, *, stdout: bool) -> Iterator[None]:
    try:
        yield
    except RtauditError as error:
        kept = _elsewhere(snapshot, path)
        if kept is not None:
            raise RtauditError(error.message, f"what was read is in {kept}: make room, and move it") from None
        if stdout:
            from rtaudit.documents import iter_json

            try:
                write_stdout(iter_json(snapshot.document()))
            except RtauditError:
                pass
            else:
                hint = "what was read went to standard output in its place"
                raise RtauditError(error.message, hint) from None
        lost = f"{len(snapshot.resources):,} resources that were read are lost"
        raise RtauditError(f"{error.message}; {lost}", "make room, and collect again") from None


def _elsewhere(snapshot: Snapshot, path: str) -> str | None:
    """Where a snapshot could be written, in the folder of temporary files or the current one; None: nowhere."""
    from rtaudit.snapshot import write as write_file

    name = "".join(part if part.isalnum() or part in "-_" else "-" for part in Path(path).name.removesuffix(".json"))[
        :60
    ]
    for folder in dict.fromkeys((tempfile.gettempdir(), str(Path.cwd()))):
        for number in range(100):
            target = Path(folder) / f"{name}{f'-{number}' if number else ''}.partial.json"
            if target.exists() or target.is_symlink():
                continue
            try:
                write_file(snapshot, target)
            except RtauditError:
                break
            return str(target)
    return None
