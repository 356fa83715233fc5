"""Files: read text whole, and write files so that a reader never sees half of one."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from rtaudit.errors import InputError, RtauditError

OTHERS_FOLDERS = frozenset(
    [
        ".git",
        ".hg",
        ".svn",
        "node_modules",
        "bower_components",
        "site-packages",
        "Pods",
        ".dart_tool",
        ".terraform",
        ".venv",
        "venv",
        ".tox",
        ".nox",
        "__pycache__",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
    ]
)
"""Names of folders in a source tree that hold nothing of its own: history, other people's packages, caches."""

_DEVICE_BYTES = 1 << 26
"""Of a device such as a terminal."""
_MOST_BYTES = 1 << 32
"""Of any file: a snapshot of a hundred thousand accounts has a tenth of it."""


def read_bytes(path: str | Path, *, limit: int | None = None) -> bytes:
    """The bytes of `path` (`-` is standard input). Raises InputError when it cannot be read, or is larger than `limit`."""
    name = "standard input" if str(path) == "-" else str(path)
    try:
        if str(path) == "-":
            return _read(sys.stdin.buffer, name, limit)
        with open(path, "rb") as file:
            return _read(file, name, limit)
    except FileNotFoundError:
        raise InputError(f"no such file: {name}", "check the path; it is read from the current directory") from None
    except OSError as error:
        hints = {
            errno.EISDIR: "give a file in it",
            errno.ENAMETOOLONG: "check the path",
            errno.EBADF: "is it closed? give a file",
        }
        hint = hints.get(error.errno or 0, "check who may read it")
        raise InputError(f"cannot read {name}: {error.strerror or error}", hint) from None
    except ValueError:
        # A null byte, or half of a surrogate pair: from a YAML file, say.
        raise InputError(f"{name!r} is not a name that a file can have", "check the path") from None


def _read(file: BinaryIO, name: str, limit: int | None) -> bytes:
    with contextlib.suppress(io.UnsupportedOperation):
        status = os.fstat(file.fileno())
        if stat.S_ISCHR(status.st_mode):
            # /dev/zero and /dev/full have no end.
            limit = min(limit or _DEVICE_BYTES, _DEVICE_BYTES)
        elif limit is None and status.st_size > _MOST_BYTES:
            # Not begun: room for all of it would be asked for at once.
            raise _too_large(name, _MOST_BYTES)
    data = file.read() if limit is None else file.read(limit + 1)
    if limit is not None and len(data) > limit:
        raise _too_large(name, limit)
    return data


def _too_large(name: str, limit: int) -> InputError:
    return InputError(
        f"{name} is larger than {limit:,} bytes, more than a file of its kind can sensibly be",
        "is this the right file?",
    )


def read_text(path: str | Path, *, limit: int | None = None) -> str:
    """The text of `path` (`-` is standard input), UTF-8 with or without a byte order mark.

    Raises InputError when it is not there, not readable, not UTF-8, or larger than `limit` bytes.
    """
    name = "standard input" if str(path) == "-" else str(path)
    data = read_bytes(path, limit=limit)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        hint = "save it as UTF-8"
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            hint = "it is UTF-16, as Windows PowerShell's `>` writes it: use -o, or save it as UTF-8"
        raise InputError(f"{name} is not UTF-8 text (byte {error.start:,})", hint) from None


def real_path(path: str | Path) -> Path:
    """`path` without links and dots. Links in a circle lead nowhere: `Path.resolve` raises RuntimeError for them."""
    return Path(os.path.realpath(path))


def is_file(path: str | Path) -> bool:
    """True for a file; a name that no file can have (too long, a NUL in it) is none, and no error."""
    return os.path.isfile(path)


def write_atomically(path: str | Path, data: str | bytes | Iterable[str]) -> None:
    """Write `data` to `path` so that the file is either the old one or the whole new one, at every moment.

    Raises RtauditError when it cannot be written; what was there is then untouched.
    """
    target = Path(path)
    # Lone surrogates (Azure text is hostile text) become the JSON escape for them instead of an error.
    parts = (data,) if isinstance(data, str | bytes) else data
    payload = (part if isinstance(part, bytes) else part.encode("utf-8", "backslashreplace") for part in parts)
    if os.path.exists(target) and not os.path.isfile(target):
        _write_special(target, payload)
        return
    temporary: str | None = None
    try:
        real = Path(os.path.realpath(target))
        mode = real.stat().st_mode & 0o777 if real.exists() else 0o666 & ~_umask()
        # Named before it is made, so that a signal between the two leaves nothing.
        temporary = str(real.parent / f".{real.name[:40]}.{secrets.token_hex(8)}.tmp")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(handle, "wb") as file:
            file.writelines(payload)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, real)
        temporary = None
    except OSError as error:
        raise _unwritable(target, error) from None
    except ValueError:
        raise RtauditError(f"{str(target)!r} is not a name that a file can have", "choose another path") from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _write_special(target: Path, payload: Iterable[bytes]) -> None:
    # /dev/stdout, a named pipe: nothing to replace there.
    try:
        with target.open("wb") as file:
            file.writelines(payload)
    except OSError as error:
        raise _unwritable(target, error) from None


def _unwritable(target: Path, error: OSError) -> RtauditError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return RtauditError(
        f"cannot write {target}: {error.strerror or error}",
        "make room, or choose a path on another disk" if full else "choose a path that you may write to",
    )


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
