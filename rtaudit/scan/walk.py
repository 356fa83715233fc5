"""Walk: read the files of a source tree; what git ignores is left out, links are not followed, what could not be read is named."""

from __future__ import annotations

import os
import stat
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from rtaudit.errors import InputError
from rtaudit.scan.gitignore import Pattern, ignored, parse, read_patterns

MAX_BYTES = 5_000_000
"""A text file larger than this is not read, and told."""
MAX_FILES = 500_000
"""A tree of more files than this is not read to its end, and told."""
ALWAYS_LEFT_OUT = frozenset(
    {".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__", ".tox", ".mypy_cache"}
)
"""Folders that are never entered: history, other people's packages, caches."""

_SNIFF = 8192
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
    files: int = 0
    """Files that were read."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Why -> how many files and folders: ignored by git, links, binary."""
    unread: list[tuple[str, str]] = field(default_factory=list)
    """Path and reason of what should have been read and could not be."""

    def texts(self) -> Iterator[tuple[str, str]]:
        """Path (from the root, with slashes) and text of each file. Raises InputError where there is nothing to scan."""
        if not self.root.exists():
            raise InputError(f"no such file or folder: {self.root}", "give the folder of the client's source")
        if self.root.is_file():
            text = self._read(str(self.root), self.root.name)
            if text is not None:
                yield self.root.name, text
            return
        if not self.root.is_dir():
            raise InputError(f"{self.root} is neither a file nor a folder", "give the folder of the client's source")
        top, patterns = _repository(self.root.resolve())
        yield from self._folder(str(self.root.resolve()), "", top, patterns)

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
                elif is_folder and entry.name in ALWAYS_LEFT_OUT:
                    self.left_out["folders of packages and caches"] += 1
                elif (is_ignored := all_ignored or ignored(from_top + entry.name, known, is_folder=is_folder)) and (
                    from_top + entry.name not in (holding if is_folder else tracked or ())
                ):
                    self.left_out[ignored_here] += 1
                elif is_folder:
                    below.append((entry.path, path + "/", known, is_ignored))
                elif self.files >= MAX_FILES:
                    self.unread.append((".", f"more than {MAX_FILES:,} files: the rest was not read"))
                    return
                else:
                    text = self._read(entry.path, path)
                    if text is not None:
                        yield path, text
            stack += reversed(below)

    def _read(self, file: str, shown: str) -> str | None:
        try:
            # Not blocking: opening a pipe would wait for a writer.
            handle = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
            with os.fdopen(handle, "rb") as stream:
                status = os.fstat(stream.fileno())
                if not stat.S_ISREG(status.st_mode):
                    self.left_out["no regular file"] += 1
                    return None
                data = stream.read(_SNIFF)
                if b"\0" in data and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
                    self.left_out["binary"] += 1
                    return None
                if status.st_size > MAX_BYTES:
                    self.unread.append((shown, f"{status.st_size:,} bytes, more than {MAX_BYTES:,}"))
                    return None
                data += stream.read(MAX_BYTES + 1 - len(data))
        except OSError as error:
            self.unread.append((shown, error.strerror or str(error)))
            return None
        self.files += 1
        wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        if wide:
            return data.decode("utf-16", "replace")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("latin-1")


@dataclass
class HeldFiles:
    """Files that are in memory, walked as a tree is."""

    held: Mapping[str, str]
    files: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    unread: list[tuple[str, str]] = field(default_factory=list)

    def texts(self) -> Iterator[tuple[str, str]]:
        """Path and text of each file, by path."""
        for path in sorted(self.held):
            self.files += 1
            yield path, self.held[path]


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
