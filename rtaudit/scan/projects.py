"""Projects: divide a tree by its manifests, and hold what each project speaks of and is built with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from packaging.version import Version

from rtaudit.scan.belongs import PREVIEW_SDK, Belongings
from rtaudit.scan.checks import Framework, frameworks
from rtaudit.scan.marks import Mark, Source
from rtaudit.scan.packages import FOLDERS, Package, is_manifest
from rtaudit.scan.reach import Reach
from rtaudit.scan.sides import CODE
from rtaudit.scan.urls import GA, PREVIEW, read_url
from rtaudit.scan.values import Names, fold

_OWN_CLIENT = re.compile(r"(?:^|\.)(?:Async)?OpenAI$|OpenAIRealtime|Realtime(?:Session|Client|Agent)$")
"""Classes that connect to OpenAI's own service unless they are given another."""
_SESSION = re.compile(
    r"\.realtime\.|RTClient$|Realtime(?:Model|Session|Conversation|Client|WS|WebSocket)|GetRealtime", re.IGNORECASE
)


@dataclass
class Project:
    """A folder with a manifest, and what is below it up to the next one."""

    folder: str
    """From the root; empty for the root itself."""
    sources: list[Source] = field(default_factory=list)
    packages: list[tuple[str, Package]] = field(default_factory=list)
    """Manifest's path, and a package that it names."""
    code_files: int = 0
    """Files of code, read or not worth reading."""
    speaks: bool = False
    """True where any file speaks of realtime, prose too."""

    def signs(self) -> set[str]:
        """What its code and settings speak of."""
        return {sign for source in self.sources if source.side not in ("tests", "prose") for sign in source.signs}

    def is_of_azure(self) -> bool:
        """Whether a file that names Azure may be for realtime: it speaks of it, or of neither chat nor OpenAI's own service."""
        return any(
            "azure" in one.signs and ("speaks" in one.signs or not one.signs.keys() & {"chat", "openai"})
            for one in self.sources
            if one.side not in ("tests", "prose")
        )

    def runs(self) -> set[str]:
        """What its code speaks of."""
        return {sign for source in self.sources if source.side in CODE for sign in source.signs}


def folders_of(paths: Iterable[str]) -> set[str]:
    """The folders that hold a manifest, and the root."""
    found = {""}
    for path in paths:
        folder, _, name = path.rpartition("/")
        if FOLDERS.fullmatch(name.lower()):
            found.add(folder)
    return found


def project_of(path: str, folders: set[str]) -> str:
    """The nearest folder above a file that is a project."""
    folder = path.rpartition("/")[0]
    while folder and folder not in folders:
        folder = folder.rpartition("/")[0]
    return folder


class Tree:
    """All that was read, and the joins that checks ask for."""

    def __init__(self, sources: Sequence[Source], projects: Mapping[str, Project]) -> None:
        """From the sources, whose values are followed here."""
        self.sources, self.projects = sources, projects
        self.names = Names(sources)
        for source in sources:
            self.names.resolve(source)
        self.belongings = {source.path: Belongings(source) for source in sources}
        for source in sources:
            self._add_uses(source)
            projects[source.project].sources.append(source)
        self._signs = {folder: project.signs() for folder, project in projects.items()}
        for folder, signs in self._signs.items():
            signs.discard("onlyVoiceLive")
            if self._only_voice_live(folder):
                signs.add("onlyVoiceLive")
        self._meets = {folder for folder, project in projects.items() if project.is_of_azure()}
        self._runs = {folder: project.runs() for folder, project in projects.items()}
        self.all_signs = {sign for signs in self._signs.values() for sign in signs}
        self.heirs = self._heirs()
        for folder in self.heirs:
            self._signs[folder].add("azure")
        self._around = self._gathered()
        self._folders = self._spoken()
        self.reach = Reach(self.names, self.belongings, lambda folder: projects[folder].sources, self.belongs)
        self.near: dict[tuple[int, str], list[Mark]] = {}
        """What has been looked for near others: pattern and file -> where it is."""
        self._entries: dict[tuple[str, str], list[Mark]] = {}

    def _add_uses(self, source: Source) -> None:
        """A call that is given a name whose value is a realtime URL is as near to it as one that is given the URL."""
        for mark in source.of("call"):
            for ref in mark.refs[:6]:
                found = self.names.given(fold(ref), source)
                url = read_url(found[0]) if found and "realtime" in found[0] else None
                if url is not None:
                    self.belongings[source.path].used.append((url, mark))

    def _heirs(self) -> set[str]:
        """Projects that speak realtime and name no service, in a tree whose code names Azure alone: pages before a relay."""
        named = {sign for signs in self._runs.values() for sign in signs}
        if "azure" not in named or named & {"openai", "voiceLive"}:
            return set()
        return {
            folder
            for folder, signs in self._runs.items()
            if "realtime" in signs
            and not signs & {"azure", "openai", "voiceLive"}
            and not any(
                (one.side == "server" and "realtime" in one.signs)
                or any(_OWN_CLIENT.search(call.key) for call in one.of("call"))
                for one in self.projects[folder].sources
            )
        }

    def _gathered(self) -> dict[str, set[str]]:
        """Project without code -> what it, and those below it, speak of; the whole tree where none of them has code."""
        below: dict[str, set[str]] = {}
        for folder, project in self.projects.items():
            above = folder
            while project.code_files and above:
                above = above.rpartition("/")[0]
                below.setdefault(above, set()).update(self._signs[folder])
        return {
            folder: below[folder] | self._signs[folder] if folder and folder in below else self.all_signs
            for folder, project in self.projects.items()
            if not project.code_files
        }

    def _spoken(self) -> dict[str, set[str]]:
        """Folder below a project's -> whether what is in it speaks of Azure, or with OpenAI's own service alone."""
        found: dict[str, set[str]] = {}
        for source in self.sources:
            signs = source.signs.keys() & {"azure", "onlyOpenAI"}
            folder = source.path.rpartition("/")[0]
            while signs and source.side in CODE and len(folder) > len(source.project):
                found.setdefault(folder, set()).update(signs)
                folder = folder.rpartition("/")[0]
        return found

    def _is_openai(self, source: Source) -> bool:
        """Whether a file is beside one that speaks with OpenAI's own service, or a folder below it, and nothing there names Azure."""
        own = source.path.rpartition("/")[0]
        folder = own if own in self._folders else own.rpartition("/")[0]
        return self._folders.get(folder) == {"onlyOpenAI"}

    def connects(self, folder: str) -> bool:
        """Whether the code of a project has a URL of the generally available protocol."""
        return any(
            url.api in GA or url.api == "base"
            for one in self.projects[folder].sources
            if one.side in CODE
            for url, _ in self.belongings[one.path].urls
        )

    def _only_voice_live(self, folder: str) -> bool:
        """Whether a project speaks Voice Live, and nothing in it opens a realtime session."""
        code = [one for one in self.projects[folder].sources if one.side in CODE]
        return (
            any("voiceLive" in one.signs for one in code)
            and not any(
                url.api in (*GA, *PREVIEW) and url.vendor in ("azure", "gateway", "unknown")
                for one in code
                for url, _ in self.belongings[one.path].urls
            )
            and not any(
                _SESSION.search(call.key) and not ("voiceLive" in one.signs and PREVIEW_SDK.search(call.key))
                for one in code
                for call in one.of("call")
            )
        )

    def signs(self, source: Source) -> set[str]:
        """What a file's project speaks of; of settings without code beside them: the projects below, else the whole tree."""
        signs = (
            self._signs[source.project] if self.projects[source.project].code_files else self._around[source.project]
        )
        if "azure" not in signs or "azure" in source.signs or source.project in self.heirs:
            return signs
        apart = self.projects[source.project].code_files and source.project not in self._meets
        return signs - {"azure"} if apart or self._is_openai(source) else signs

    def belongs(self, source: Source, mark: Mark) -> str:
        """The service that a mark speaks of."""
        found = self.belongings[source.path].of(mark, self.signs(source))
        if found == "openai" and source.side == "config" and "azure" in self.signs(source):
            # OPENAI_API_KEY may be the key of an account: where no code names OpenAI's own service, it is.
            return found if any("openai" in signs for signs in self._runs.values()) else "azure"
        return found

    def entries(self, source: Source, key: str) -> Sequence[Mark]:
        """The entries of a file whose name a regular expression fits; all of them where it is empty."""
        found = self._entries.get((source.path, key))
        if found is None:
            pattern = re.compile(key, re.IGNORECASE)
            names = {mark.key for mark in source.of("entry")}
            fitting = {name for name in names if pattern.search(name)}
            found = [mark for mark in source.of("entry") if mark.key in fitting] if fitting else []
            self._entries[source.path, key] = found
        return found

    def version(self, source: Source, package: str) -> Version | None:
        """The newest version of a package that the file's project, or one around it, admits: of its lock file where there is one."""
        folder = source.project
        while True:
            project = self.projects.get(folder)
            found = [one for _, one in project.packages if one.name == package] if project else []
            if found:
                locked = [one for one in found if one.locked]
                return next((one.newest for one in (locked or found) if one.newest is not None), None)
            if not folder:
                return None
            folder = folder.rpartition("/")[0]

    def below_floor(self, project: Project) -> list[tuple[str, Package, Framework]]:
        """The packages of a project that speak the preview, where its code opens sessions through them."""
        found = []
        for path, package in project.packages:
            for one in frameworks():
                if (
                    one.package == package.name
                    and one.ecosystem == package.ecosystem
                    and self._is_used(project, one, path)
                ):
                    newest = package.newest
                    if one.floor is None or (newest is not None and newest < Version(one.floor)):
                        found.append((path, package, one))
        return found

    def _is_used(self, project: Project, framework: Framework, path: str) -> bool:
        """Whether code opens sessions through a library that `path` names: what is beside it, or a notebook or script itself."""
        users = [one for one in project.sources if one.side in CODE]
        own = [one for one in users if one.path == path]
        if own and (path.endswith((".cs", ".csx", ".fsx")) or self._opens(own, framework)):
            return self._opens(own, framework)
        if not project.code_files:
            # Nothing but manifests: what is said of realtime beside them, or in the projects below, counts.
            below = [
                one
                for one in self.sources
                if one.side in CODE
                and not is_manifest(one.path)
                and one.project.startswith(f"{project.folder}/" if project.folder else "")
            ]
            if not below:
                return project.speaks or framework.floor is None
            users = below
        return self._opens(users, framework)

    def _opens(self, users: Sequence[Source], framework: Framework) -> bool:
        """Whether one of these files opens sessions of Azure OpenAI through a library."""
        if framework.floor is None:
            # Microsoft's preview SDKs also open sessions of Voice Live.
            users = [one for one in users if "voiceLive" not in one.signs]
        return any(
            framework.used.search(f"{mark.key}\n{mark.shown}")
            for source in users
            if framework.floor is None or "azure" in self.signs(source)
            for mark in source.marks
            if mark.kind != "entry" or mark.value
        )
