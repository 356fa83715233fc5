"""Source lines: find where in a snapshot's file a resource is, so that an annotation points at its line."""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import quote

from rtaudit.azure import arm_id
from rtaudit.report import Finding
from rtaudit.report.model import SOURCE
from rtaudit.snapshot import Snapshot

# A resource is an element of `resources`; its own id is six spaces in, in the one layout that snapshots have.
_ID = re.compile(r'^ {6}"id": ("(?:[^"\\]|\\.)*")', re.MULTILINE)


class Lines:
    """The file and line of each resource of some snapshots."""

    def __init__(self, snapshots: Iterable[Snapshot], environments: Iterable[tuple[str, str | None]]) -> None:
        """Reads the snapshots' files once more; `environments` are the names and files that the answer itself gives."""
        self._files: dict[str, list[str]] = defaultdict(list)
        self._lines: dict[str, list[tuple[str, dict[str, int]]]] = defaultdict(list)
        for environment, name in environments:
            if name is not None:
                self._files[environment].append(name)
        for snapshot in snapshots:
            if snapshot.file is None or not os.path.isfile(snapshot.file):
                continue
            with open(snapshot.file, encoding="utf-8-sig", errors="replace") as file:
                self._lines[snapshot.environment].append((snapshot.file, _positions(file.read())))
            self._files[snapshot.environment].append(snapshot.file)

    def file(self, environment: str, resource: str) -> str | None:
        """The snapshot's file, where one is known: of several of one environment the last that holds the resource."""
        files = self._files.get(environment)
        return self._place(environment, resource)[0] or (files[-1] if files else None)

    def line(self, environment: str, resource: str) -> int:
        """The line (1-based) where the resource, or what it belongs to, is; 1 where that is not known."""
        return self._place(environment, resource)[1]

    def of(self, finding: Finding) -> tuple[str | None, int]:
        """The file and line of a finding: those of the code where it has one, else those of its resource in the snapshot."""
        if finding.each == SOURCE:
            return finding.resource, next((line for seen in finding.observations for line, _ in seen.places), 1)
        if finding.source is not None:
            return finding.source
        return self.file(finding.environment, finding.resource), self.line(finding.environment, finding.resource)

    def _place(self, environment: str, resource: str) -> tuple[str | None, int]:
        held = self._lines.get(environment, ())
        key = arm_id.key(resource)
        while held:
            for file, positions in reversed(held):
                if key in positions:
                    return file, positions[key]
            if key.count("/") <= 2:
                break
            key = arm_id.parent_of(key)
        return None, 1


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
        found.setdefault(arm_id.key(json.loads(match.group(1), strict=False)), line)
    return found
