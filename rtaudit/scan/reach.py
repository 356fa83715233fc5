"""Reach: tell whether the value of a name gets to code that opens realtime sessions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from rtaudit.scan.belongs import Belongings
from rtaudit.scan.marks import Mark, Source, near
from rtaudit.scan.sides import CODE
from rtaudit.scan.urls import GA, PREVIEW
from rtaudit.scan.values import Names, fold

_ANYBODYS = frozenset(
    {"apiversion", "version", "defaultversion", "apiver", "apiversionkey", "defaultapiversion", "azureapiversion"}
)
"""Names that any file may have: each speaks of its own file, and of those that take it from there."""
_DEFINES = re.compile(r"\b(?:class|struct|interface|record|object|def|func|function|fun|fn|type)\s+(\w{3,80})")
_MOST = 400
"""Uses of a name that are looked at."""
_DEPTH = 4
_OTHERS = frozenset({"chat", "search", "service", "arm", "voiceLive"})
"""Services whose settings do not get to a realtime session."""


class Reach:
    """Follows the names of a tree, and keeps what it was asked."""

    def __init__(
        self,
        names: Names,
        belongings: Mapping[str, Belongings],
        sources: Callable[[str], Sequence[Source]],
        belongs: Callable[[Source, Mark], str],
    ) -> None:
        """From the names of the tree, what each file speaks of, the files of a project, and the service that a mark belongs to."""
        self._names, self._belongings, self._sources, self._belongs = names, belongings, sources, belongs
        self._known: dict[tuple[str, str], bool | None] = {}
        self._openers: dict[str, dict[str, Source]] = {}
        self._folders: dict[str, set[str]] = {}

    def reaches(self, name: str, source: Source, depth: int = _DEPTH) -> bool | None:
        """Whether the value that a file gives a name gets to code that opens realtime sessions; None where no code reads it."""
        folded = fold(name)
        if folded not in _ANYBODYS or (folded.startswith("azure") and source.side == "config"):
            # A variable of the environment is read by its name, from any file.
            if source.side in CODE and "chat" in source.signs and "realtime" not in source.signs:
                # A client of chat may have a setting of the same name: what its own file does with it is what it is for.
                own = [one for one in self._names.uses.get(folded, ())[:_MOST] if one[0] is source]
                if own:
                    return any(self._is_session(*one) for one in own)
            return self._reach(folded, self._scope(folded, source), frozenset())
        uses = [one for one in self._names.uses.get(folded, ())[:_MOST] if one[0] is source]
        uses.sort(key=lambda one: one[1].kind == "entry")
        if any(self._is_session(place, mark) or self._is_given(place, mark, depth) for place, mark in uses):
            return True
        return True if any(self._is_session(*one) for one in self._taken(name, source)) else (False if uses else None)

    def leads(self, name: str, source: Source) -> bool:
        """Whether a name that is nobody else's gets to code that opens realtime sessions."""
        folded = fold(name)
        return folded not in _ANYBODYS and bool(self._reach(folded, self._scope(folded, source), frozenset()))

    def _scope(self, folded: str, source: Source) -> str:
        """How the paths begin whose uses count: a notebook's own; of a setting those below the nearest folder whose code reads it."""
        if source.path.endswith(".ipynb"):
            return source.path
        if source.side != "config":
            return ""
        own = f"{source.project}/" if self._names.owns(source.project, folded) else ""
        folder = source.path.rpartition("/")[0]
        while len(folder) >= len(own) and folder and folder not in self._readers(folded):
            folder = folder.rpartition("/")[0]
        return f"{folder}/" if folder and len(folder) >= len(own) else own

    def _readers(self, folded: str) -> set[str]:
        """The folders in or below which code reads a name."""
        found = self._folders.get(folded)
        if found is None:
            found = self._folders[folded] = set()
            for source, _ in self._names.uses.get(folded, ())[:_MOST]:
                folder = source.path.rpartition("/")[0] if source.side in CODE else ""
                while folder and folder not in found:
                    found.add(folder)
                    folder = folder.rpartition("/")[0]
        return found

    def _reach(self, name: str, scope: str, seen: frozenset[str]) -> bool | None:
        if (name, scope) in self._known:
            return self._known[name, scope]
        answer: bool | None = None
        for source, mark in self._names.uses.get(name, ())[:_MOST]:
            if not source.path.startswith(scope):
                continue
            if source.side in CODE:
                answer = answer or self._is_session(source, mark)
            if not answer and mark.kind == "entry" and len(seen) < _DEPTH:
                onward = fold(mark.key)
                further = None
                if onward in _ANYBODYS and source.side in CODE:
                    further = self.reaches(mark.key, source)
                elif onward != name and onward not in seen and onward not in _ANYBODYS:
                    further = self._reach(onward, scope, seen | {name})
                answer = answer if further is None else (answer or further)
            if answer:
                break
        self._known[name, scope] = answer
        return answer

    def _is_session(self, source: Source, mark: Mark) -> bool:
        """True where a mark is a realtime URL, is in one's function, or is given to a client whose file opens sessions."""
        own = self._belongings[source.path]
        urls = [(url, one) for url, one in (*own.urls, *own.used) if url.api in (*GA, *PREVIEW) or url.api == "bare"]
        if any(one is mark or near(one, mark, "function") for _, one in urls):
            return not self._is_other(source, mark)
        if mark.call and "realtime" in mark.call.lower():
            return True
        if urls or any(".realtime.connect" in one.key for one in source.of("call")):
            return self._belongs(source, mark) not in {*_OTHERS, "openai"} and "chat" not in source.signs
        return False

    def _is_other(self, source: Source, mark: Mark) -> bool:
        return self._belongs(source, mark) in _OTHERS

    def _is_given(self, source: Source, mark: Mark, depth: int) -> bool:
        """Whether a mark is an argument of what another file of the project defines, and its value gets to a session there."""
        if mark.kind != "entry" or not mark.call or depth == 0:
            return False
        maker = self._opens(source.project).get(mark.call.rsplit(".", 1)[-1])
        return maker is not None and maker is not source and bool(self.reaches(mark.key, maker, depth - 1))

    def _opens(self, project: str) -> dict[str, Source]:
        """What the files of a project define that have the URL of a session, and speak of no chat."""
        found = self._openers.get(project)
        if found is None:
            found = self._openers[project] = {}
            for source in self._sources(project):
                own = self._belongings[source.path].urls
                if (
                    source.side in CODE
                    and "chat" not in source.signs
                    and any(url.api in (*GA, *PREVIEW) for url, _ in own)
                ):
                    for line in source.lines:
                        for name in _DEFINES.findall(line[:300]):
                            found.setdefault(name, source)
        return found

    def _taken(self, name: str, source: Source) -> Iterator[tuple[Source, Mark]]:
        """The uses of a constant in the files of the project that take it from this file: those that import its module."""
        module = re.compile(rf"\b{re.escape(source.path.rsplit('/', 1)[-1].partition('.')[0])}\b")
        for other, mark in self._names.uses.get(fold(name), ())[:_MOST]:
            if other is source or other.project != source.project or other.side not in CODE or name not in mark.refs:
                continue
            if any(module.search(one.key) and name in one.key for one in other.of("import")):
                yield other, mark
