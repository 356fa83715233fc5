"""Walk: read the files of a source tree; what git ignores is left out, links are not followed, what could not be read is named."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from rtaudit.documents.files import OTHERS_FOLDERS, real_path
from rtaudit.errors import InputError
from rtaudit.scan.gitignore import Pattern, ignored, parse, read_patterns
from rtaudit.scan.reading import FileRead, read_text

MAX_FILES = 500_000
"""A tree of more files than this is not read to its end, and reported."""
_LIST_TRACKED = ("-c", "core.fsmonitor=false", "ls-files", "-z", "--cached", "--ignored", "--exclude-standard")
_SECONDS = 20
"""How long git may take to name the files that it tracks."""
_REPOSITORY_OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
"""What git tells its hooks about their repository, which need not be the one that is scanned."""


@dataclass
class Walk:
    """A walk over a tree, and what it left out."""

    root: Path
    exclude: Sequence[str] = ()
    """Patterns of what to leave out, as in .gitignore, from the root."""
    listed: int = 0
    """Files that were found."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Why -> how many files and folders: ignored by git, links, binary."""
    unread: list[tuple[str, str]] = field(default_factory=list)
    """Path and reason of what should have been read and could not be."""

    def files(self) -> Iterator[tuple[str, str]]:
        """Where each file is, and its path from the root, with slashes. Raises InputError where there is nothing to scan."""
        if not self.root.exists():
            raise InputError(f"no such file or folder: {self.root}", "give the folder of the client's source")
        if self.root.is_file():
            yield str(self.root), self.root.name
            return
        if not self.root.is_dir():
            raise InputError(f"{self.root} is neither a file nor a folder", "give the folder of the client's source")
        top, patterns = _repository(real_path(self.root))
        yield from self._folder(str(real_path(self.root)), "", top, patterns)

    def _folder(self, folder: str, shown: str, top: str, patterns: list[Pattern]) -> Iterator[tuple[str, str]]:
        tracked = _tracked(top)
        excluded = [one for one in (parse(pattern, "") for pattern in self.exclude) if one is not None]
        holding = {str(parent) for path in tracked or () for parent in PurePosixPath(path).parents}
        ignored_here = "ignored by git" if tracked is not None else "ignored by .gitignore, tracked or not"
        # A stack and no recursion: a tree may be deeper than Python's.
        stack = [(folder, shown, patterns, False)]
        while stack:
            here, prefix, known, all_ignored = stack.pop()
            try:
                entries = sorted(os.scandir(here), key=lambda entry: entry.name)
            except OSError as error:
                self.unread.append((prefix or ".", error.strerror or str(error)))
                continue
            from_top = here[len(top) :].strip("/") + "/" if len(here) > len(top) else ""
            known = [*known, *read_patterns(os.path.join(here, ".gitignore"), from_top)]
            below = []
            for entry in entries:
                path = prefix + entry.name
                try:
                    is_link, is_folder = entry.is_symlink(), entry.is_dir(follow_symlinks=False)
                except OSError as error:
                    self.unread.append((path, error.strerror or str(error)))
                    continue
                if is_link:
                    self.left_out["symbolic links"] += 1
                elif excluded and ignored(path, excluded, is_folder=is_folder):
                    self.left_out["excluded"] += 1
                elif is_folder and entry.name in OTHERS_FOLDERS:
                    self.left_out["folders of packages and caches"] += 1
                elif (is_ignored := all_ignored or ignored(from_top + entry.name, known, is_folder=is_folder)) and (
                    from_top + entry.name not in (holding if is_folder else tracked or ())
                ):
                    self.left_out[ignored_here] += 1
                elif is_folder:
                    below.append((entry.path, path + "/", known, is_ignored))
                elif self.listed >= MAX_FILES:
                    self.unread.append((".", f"more than {MAX_FILES:,} files: the rest was not read"))
                    return
                else:
                    self.listed += 1
                    yield entry.path, path
            stack += reversed(below)


@dataclass
class HeldFiles:
    """Files that are in memory, walked as a tree is."""

    held: Mapping[str, str]
    left_out: Counter[str] = field(default_factory=Counter)
    unread: list[tuple[str, str]] = field(default_factory=list)

    def reads(self) -> Iterator[FileRead]:
        """What each file says, by path."""
        for path in sorted(self.held):
            yield read_text(path, self.held[path])


def _repository(folder: Path) -> tuple[str, list[Pattern]]:
    """The top of the repository that holds `folder` (or the folder itself), and what it ignores from there down to it."""
    for top in (folder, *folder.parents):
        if (top / ".git").exists():
            patterns = read_patterns(str(top / ".git" / "info" / "exclude"), "")
            above = [one for one in reversed(folder.parents) if one == top or top in one.parents]
            for one in above:
                prefix = one.relative_to(top).as_posix()
                patterns += read_patterns(str(one / ".gitignore"), "" if prefix == "." else prefix + "/")
            return str(top), patterns
    return str(folder), []


def _tracked(top: str) -> frozenset[str] | None:
    """The files from `top` that git tracks although a pattern ignores them: they are in every clone. None: git cannot be asked."""
    if not os.path.exists(os.path.join(top, ".git")):
        return frozenset()
    try:
        done = subprocess.run(  # noqa: S603 - fixed words; no shell, and no program that the repository names
            ["git", "-C", top, *_LIST_TRACKED],  # noqa: S607 - the git that the user has
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
            env={name: value for name, value in os.environ.items() if name not in _REPOSITORY_OF_A_HOOK},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return frozenset(done.stdout.decode("utf-8", "surrogateescape").split("\0")) - {""}
