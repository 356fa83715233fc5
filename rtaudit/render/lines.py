"""Where in a snapshot's file a resource stands, so that an annotation points at its line."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from urllib.parse import quote

from rtaudit.snapshot import Snapshot, ids

# A resource is an element of `resources`; its own id stands six spaces in, in the one layout that snapshots have.
_ID = re.compile(r'^ {6}"id": ("(?:[^"\\]|\\.)*")', re.MULTILINE)


class Lines:
    """The file and line of each resource of some snapshots."""

    def __init__(self, snapshots: Iterable[Snapshot], environments: Iterable[tuple[str, str | None]]) -> None:
        """Reads the snapshots' files once more; `environments` are the names and files that the answer itself gives."""
        self._files = dict(environments)
        self._lines: dict[str, dict[str, int]] = {}
        for snapshot in snapshots:
            if snapshot.file is None or not os.path.isfile(snapshot.file):
                continue
            with open(snapshot.file, encoding="utf-8-sig", errors="replace") as file:
                self._lines[snapshot.environment] = _positions(file.read())
            self._files[snapshot.environment] = snapshot.file

    def file(self, environment: str) -> str | None:
        """The snapshot's file, where one is known."""
        return self._files.get(environment)

    def line(self, environment: str, resource: str) -> int:
        """The line (1-based) where the resource, or what it belongs to, stands; 1 where that is not known."""
        positions = self._lines.get(environment)
        if not positions:
            return 1
        key = ids.key(resource)
        while key.count("/") > 2:
            if key in positions:
                return positions[key]
            key = ids.parent_of(key)
        return positions.get(key, 1)


def path(file: str | None, environment: str) -> str:
    """A file's name as build systems want it: a path, as it was given."""
    return f"{environment}.json" if file is None or file in ("-", "standard input") else file.removeprefix("./")


def uri(file: str | None, environment: str) -> str:
    """A file's name as a URI reference: relative stays relative, absolute becomes `file:///…`."""
    # Where no file is known, it is named after the environment: code scanning refuses a result without one.
    quoted = quote(path(file, environment).replace(os.sep, "/"), safe="/", errors="backslashreplace")
    return f"file://{quoted}" if quoted.startswith("/") else quoted


def _positions(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    line, at = 1, 0
    for match in _ID.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        found.setdefault(ids.key(json.loads(match.group(1), strict=False)), line)
    return found
