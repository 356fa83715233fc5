"""Values: follow names to the values that they are given: constants, settings, environment names across the tree."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from rtaudit.scan.marks import HOLE, Mark, Source

_DEPTH = 3
_MOST = 3
"""A name with more values than this is not followed."""
_USEFUL = re.compile(
    r"://|realtime|/openai|\d{4}-\d\d-\d\d|^v1$|preview|gpt-|transcribe|whisper|default$|azure\.com|^[\w.-]+\.(?:com|us|cn|net)$|^[\w-]{3,64}$|api-key"
)


class Names:
    """What the names of a tree are given, per file, project and tree."""

    def __init__(self, sources: Iterable[Source]) -> None:
        """From the entries of all files that were read."""
        self._by_file: dict[str, dict[str, list[tuple[str, str]]]] = {}
        self._by_project: dict[str, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
        self._settings: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
        self.uses: dict[str, list[tuple[Source, Mark]]] = defaultdict(list)
        """Folded name -> the marks of code that read it."""
        for source in sources:
            own: dict[str, list[tuple[str, str]]] = defaultdict(list)
            self._by_file[source.path] = own
            if source.side in ("tests", "prose"):
                continue
            for mark in source.marks:
                for ref in mark.refs:
                    self.uses[fold(ref)].append((source, mark))
                if (
                    mark.kind != "entry"
                    or mark.form == "json"
                    or not mark.value
                    or len(mark.value) > 500
                    or not _USEFUL.search(mark.value)
                ):
                    continue
                name, place = fold(mark.key), f"{source.path}:{mark.line}"
                own[name].append((mark.value, place))
                if name in _COMMON:
                    continue
                if source.side == "config":
                    self._settings[name].append((mark.value, place, source.project))
                else:
                    self._by_project[source.project][name].append((mark.value, place))

    def resolve(self, source: Source) -> None:
        """Fill the holes of a file's marks with what is known."""
        for mark in source.marks:
            if "{" in mark.value and mark.refs:
                text, via = self._filled(mark.value, source, _DEPTH, frozenset())
                if text != mark.value:
                    mark.resolved, mark.via = text, tuple(dict.fromkeys(via))

    def _filled(self, text: str, source: Source, depth: int, known: frozenset[str]) -> tuple[str, list[str]]:
        via: list[str] = []

        def fill(hole: re.Match[str]) -> str:
            name = fold(hole[1])
            if not name or name in known or depth == 0:
                return hole[0]
            found = self.given(name, source)
            if found is None:
                return hole[0]
            value, place = found
            inner, more = self._filled(value, source, depth - 1, known | {name})
            via.append(place)
            via.extend(more)
            return inner

        return HOLE.sub(fill, text)[:4000], via

    def given(self, name: str, source: Source) -> tuple[str, str] | None:
        """The one value of a name, nearest first: the file's, the project's, the settings'; None for none or many."""
        tables: Sequence[dict[str, list[tuple[str, str]]]] = (
            self._by_file.get(source.path, {}),
            self._by_project.get(source.project, {}),
            {name: [(value, place) for value, place, _ in self._set(name, source)]},
        )
        for table in tables:
            found = table.get(name)
            if not found:
                continue
            values = {value for value, _ in found if not HOLE.fullmatch(value) or fold(value) != name}
            if len(values) == 1:
                value = next(iter(values))
                return value, next(place for one, place in found if one == value)
            if values:
                return None
        return None

    def owns(self, project: str, name: str) -> bool:
        """Whether the code of a project, or of one below it, reads a setting by its (folded) name: then what it sets is its own. The root's are everybody's."""
        return bool(project) and any(
            f"{source.project}/".startswith(f"{project}/") for source, _ in self.uses.get(name, ())[:400]
        )

    def _set(self, name: str, source: Source) -> list[tuple[str, str, str]]:
        """What settings give a name: none of those of another project that reads them itself."""
        own = f"{source.project}/"
        return [
            one for one in self._settings.get(name, ()) if own.startswith(f"{one[2]}/") or not self.owns(one[2], name)
        ]


_COMMON = frozenset({"name", "value", "type", "key", "id", "text", "data", "message", "description", "title", "default", "version", "kind",
                     "url", "path", "role", "content", "status", "label", "scope", "model", "params", "query", "headers", "env", "config"})  # fmt: skip


def fold(name: str) -> str:
    """A name without its case and joints: `AZURE_OPENAI_KEY`, `azureOpenAiKey` and `AzureOpenAI__Key` are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
