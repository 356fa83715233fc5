"""Revisions: read a snapshot of an earlier git revision. git is only asked to read."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from rtaudit.errors import InputError, RtauditError
from rtaudit.snapshot import Snapshot
from rtaudit.snapshot.files import parse

_SECONDS = 60


def load_revision(revision: str, path: str | Path) -> Snapshot:
    """The snapshot `path` as it was at `revision` of the git repository that holds it.

    Raises InputError for an unknown revision or a file that was not there then, RtauditError where git cannot be asked.
    """
    file = Path(path)
    folder = file.parent
    if not folder.is_dir():
        raise InputError(f"no such file: {path}", "check the path; it is read from the current directory")
    commit = _git(
        folder,
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        f"{revision}^{{commit}}",
        failed=InputError(
            f"git knows no revision '{revision}' where {path} is", "a commit, branch or tag: HEAD~1, main, v1.2"
        ),
    ).strip()
    content = _git(
        folder,
        "show",
        f"{commit}:./{file.name}",
        failed=InputError(f"{path} was not in git at {revision}", f"git log -- {path} lists its revisions"),
    )
    return parse(content.removeprefix("\ufeff"), f"{revision}:{path}")


def _git(folder: Path, *arguments: str, failed: RtauditError) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, a resolved commit and a path after a colon; no shell
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the git that the user has
            capture_output=True,
            check=False,
            timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C"},
        )
    except FileNotFoundError:
        raise RtauditError("git is not installed, and --git asks it", "install git, or give two files") from None
    except subprocess.TimeoutExpired:
        raise RtauditError(
            f"git did not answer within {_SECONDS} s", "write the older file with `git show REV:FILE`, and give both"
        ) from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        if said and "not a git repository" in said[0]:
            raise InputError(f"{folder} is not in a git repository", "give two files instead of --git")
        raise failed
    try:
        return done.stdout.decode("utf-8")
    except UnicodeDecodeError:
        raise failed from None
