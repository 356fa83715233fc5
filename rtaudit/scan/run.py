"""Scan: read a source tree, and hold every source check against it. Pure reading."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rtaudit.scan.checks import SourceCheck, library, steps
from rtaudit.scan.ignores import Ignores
from rtaudit.scan.masks import excerpt, mask
from rtaudit.scan.match import CheckMatch, matches
from rtaudit.scan.packages import Package, is_manifest, packages_in
from rtaudit.scan.projects import CODE, Project, Tree, folders_of, project_of
from rtaudit.scan.says import sentence
from rtaudit.scan.source import read_source
from rtaudit.scan.walk import HeldFiles, Walk

HINTS = (
    "/realtime", ".realtime", "realtime.", "realtime/", "realtime_", "_realtime", "realtime-", "-realtime", "realtimeclient", "realtimemodel",
    "realtimeagent", "realtimesession", "realtimertc", "realtimerunner", "realtimeconversation", "realtimeweb", "realtimebeta", "realtimellm",
    "openairealtime", "azurerealtime", "realtimedeployment", "intent=transcription", "client_secret", "session.update", "input_audio",
    "response.audio", "response.text.", "jqqj9", "openai.azure", "azure_openai", "azureopenai", "azure-openai", "azure.ai.openai", "aoai", "rtclient", "rt-client",
    "api-key", "api-version", "api_version", "apiversion", "subscription-key", "keycredential", "allowbrowser", "openai(", "/.default",
    "services.ai.azure", "cognitiveservices.azure", "cognitive.microsoft", "openai_base_url", "openai/v1", "azure_key", "foundry",
)  # fmt: skip
"""In lower case: no check finds anything in a file that holds none of these, and no key."""
_KEYS = re.compile(r"(?<![0-9a-f-])[0-9a-f]{32}(?![0-9a-f-])")


MAX_PLACES = 50
"""Places of one file that a check shows; the others are counted. What an ignore accepts is counted apart."""


@dataclass
class Place:
    """One place that a check finds fault with."""

    line: int
    """1-based."""
    column: int
    """1-based, in characters."""
    excerpt: str
    """The line, shortened, with everything of a secret's shape cut out."""
    via: tuple[str, ...] = ()
    """Where the values come from: `file:line`."""


@dataclass
class SourceFinding:
    """What one pattern of a check finds in one file."""

    check: SourceCheck
    file: str
    """Path from the root, with slashes."""
    pattern: str
    """What tells it from what the check else finds in the file."""
    severity: str
    side: str
    message: str
    """One plain sentence."""
    fix: Sequence[str]
    found: str
    """What stands there, without a secret."""
    places: list[Place] = field(default_factory=list)
    ignored: str | None = None
    """The reason that a `rtaudit:ignore` gives; None where it counts."""


@dataclass
class Scan:
    """The answer of a scan."""

    root: str
    files: int = 0
    findings: list[SourceFinding] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    unread: list[tuple[str, str]] = field(default_factory=list)
    """Path and reason."""
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is another API, and so not checked; what was read as text."""
    tree: Tree | None = None

    def place(self, file: str) -> str:
        """The path of a file of the scan from the current directory, where the root was given so; else from the root."""
        root = Path(self.root)
        folder = root.parent if root.is_file() else root
        if folder.is_absolute() or ".." in folder.parts:
            return file
        return (folder / file).as_posix()


def scan(root: str | Path, *, exclude: Sequence[str] = (), checks: Mapping[str, SourceCheck] | None = None) -> Scan:
    """Scan a file or a folder. Raises InputError where there is nothing to scan."""
    return _scan(Walk(Path(root), exclude), str(root), checks)


def scan_texts(files: Mapping[str, str], checks: Mapping[str, SourceCheck]) -> Scan:
    """Scan files that are in memory, path (with slashes) -> text: nothing is read or written."""
    return _scan(HeldFiles(files), ".", checks)


def _scan(walk: Walk | HeldFiles, root: str, checks: Mapping[str, SourceCheck] | None) -> Scan:
    result = Scan(root)
    texts, paths, packages, speaks = _read(walk)
    result.files, result.left_out, result.unread = walk.files, dict(sorted(walk.left_out.items())), sorted(walk.unread)
    folders = folders_of(paths)
    projects = {folder: Project(folder) for folder in folders}
    for path, named in packages.items():
        projects[project_of(path, folders)].packages += [(path, one) for one in named]
    for path in speaks:
        projects[project_of(path, folders)].speaks = True
    for path in paths:
        if _is_code(path):
            projects[project_of(path, folders)].code_files += 1
    sources = []
    for path, text in texts.items():
        folder = project_of(path, folders)
        source = read_source(path, text, [one.name for _, one in projects[folder].packages])
        source.project = folder
        sources.append(source)
    result.tree = Tree(sources, projects)
    _check(result, result.tree, checks if checks is not None else library(), texts)
    result.notes += _notes(result.tree)
    return result


_OWN = re.compile(r"[\"']?schema[\"']?\s*:\s*[\"']?rtaudit\.\w+/\d|\"name\": ?\"rtaudit\"")
"""Reports, contracts, checks and cases: what they quote is no source."""

_CODE_FILE = re.compile(
    r"\.(?:py|[cm]?[jt]sx?|cs|java|go|kts?|swift|dart|rs|php|rb|vue|svelte|astro|html?|scala|cpp|m|mm|ps1|sh)\Z",
    re.IGNORECASE,
)


def _is_code(path: str) -> bool:
    name = path.rsplit("/", 1)[-1].lower()
    return _CODE_FILE.search(name) is not None and not is_manifest(path)


def _read(walk: Walk | HeldFiles) -> tuple[dict[str, str], list[str], dict[str, list[Package]], set[str]]:
    """The texts that may matter, all paths, the packages of each manifest, and the paths of files that say realtime."""
    texts: dict[str, str] = {}
    paths: list[str] = []
    packages: dict[str, list[Package]] = {}
    speaks: set[str] = set()
    for path, text in walk.texts():
        paths.append(path)
        if is_manifest(path):
            packages[path] = packages_in(path, text)
        if _OWN.search(text[:400]) is not None:
            walk.left_out["documents of rtaudit"] += 1
            continue
        lower = text.lower()
        if any(hint in lower for hint in HINTS) or ("key" in lower and _KEYS.search(lower)):
            texts[path] = text
        if "realtime" in lower:
            speaks.add(path)
    return texts, paths, packages, speaks


def _check(result: Scan, tree: Tree, checks: Mapping[str, SourceCheck], texts: Mapping[str, str]) -> None:
    by_path = {source.path: source for source in tree.sources}
    grouped: dict[tuple[str, str, str], SourceFinding] = {}
    faulty: dict[str, set[str]] = {}
    ignores = Ignores(checks)
    shown: Counter[tuple[str, str, bool]] = Counter()
    for check in checks.values():
        taken: set[tuple[str, int]] = set()
        for match in matches(check, tree):
            _add(grouped, match, taken, ignores, shown)
        faulty[check.id] = {
            by_path[one.file].project for one in grouped.values() if one.check is check and one.side != "tests"
        }
        if any("package" in find.match for find in check.finds):
            _add_packages(grouped, check, tree, texts, ignores)
    for one in grouped.values():
        unless = one.check.finds[0].match.get("unlessFound")
        if unless and _is_found(faulty.get(unless, set()), by_path[one.file].project, tree):
            continue
        result.findings.append(one)
    result.findings.sort(
        key=lambda one: (one.file, one.places[0].line, one.places[0].column, one.check.id, one.pattern)
    )
    result.warnings += ignores.warnings
    for (check_id, path, _), count in sorted(shown.items()):
        if count > MAX_PLACES:
            result.notes.append(f"{path}: of {count:,} places of {check_id}, {MAX_PLACES} are shown.")


def _is_found(faulty: set[str], project: str, tree: Tree) -> bool:
    """Whether a check found something in a project; of pages before a relay: in any of the tree."""
    return project in faulty or (project in tree.heirs and bool(faulty))


def _add(
    grouped: dict[tuple[str, str, str], SourceFinding],
    match: CheckMatch,
    taken: set[tuple[str, int]],
    ignores: Ignores,
    shown: Counter[tuple[str, str, bool]],
) -> None:
    source, mark, check = match.source, match.mark, match.check
    if (source.path, mark.line) in taken and not match.find.match.get("secret"):
        return
    taken.add((source.path, mark.line))
    reason = ignores.reason(source.lines, mark.line, check, source.path)
    shown[check.id, source.path, reason is None] += 1
    if shown[check.id, source.path, reason is None] > MAX_PLACES:
        return
    message = sentence(match)
    pattern = f"{match.find.number}:{message}:{reason}"
    key = (check.id, source.path, pattern)
    if key not in grouped:
        severity = "info" if source.side in ("tests", "prose") and check.action != "rotate" else match.find.severity
        grouped[key] = SourceFinding(check, source.path, f"{match.find.number}:{message}", severity, source.side, message,
                                     steps(match.find.fix or check.fix, source.grammar), mask(match.found)[:200], [], reason)  # fmt: skip
    line = source.lines[mark.line - 1] if 0 < mark.line <= len(source.lines) else ""
    grouped[key].places.append(Place(mark.line, mark.column, excerpt(line, mark.column - 1), mark.via))


def _add_packages(
    grouped: dict[tuple[str, str, str], SourceFinding],
    check: SourceCheck,
    tree: Tree,
    texts: Mapping[str, str],
    ignores: Ignores,
) -> None:
    for project in tree.projects.values():
        for path, package, framework in tree.below_floor(project):
            stated = mask(package.stated or "")
            shown = f"{framework.label} {stated}".strip()
            if framework.floor is None:
                message = f"{shown} supports the preview protocol only; no version of it supports the current one."
            else:
                message = f"{shown} is below {framework.floor}, the first version that supports the generally available protocol."
            lines = texts.get(path, "").split("\n")
            line = lines[package.line - 1] if package.line <= len(lines) else ""
            reason = ignores.reason(lines, package.line, check, path)
            key = (check.id, path, message)
            fix = [f"Replace it: {framework.replacement}. Source: {framework.source}"]
            if key not in grouped:
                grouped[key] = SourceFinding(
                    check, path, f"{package.name}:{stated}", check.severity, "config", message, fix, shown, [], reason
                )
                grouped[key].places.append(Place(package.line, 1, excerpt(line, 0)))


def _notes(tree: Tree) -> list[str]:
    """What is another API, said once; and how many files their grammar did not fit."""
    notes = []
    code = [source for source in tree.sources if source.side in CODE]
    voice = next(((one, one.opens_voice_live) for one in code if one.opens_voice_live), None)
    if voice:
        notes.append(f"Voice Live ({voice[0].path}:{voice[1]}) is another API: not checked.")
    for source in code:
        found = next(
            (
                mark
                for url, mark in tree.belongings[source.path].urls
                if url.vendor == "openai" and url.api in ("own", "bare")
            ),
            None,
        )
        if found is not None:
            notes.append(f"api.openai.com ({source.path}:{found.line}) is OpenAI's own service: not checked.")
            break
    for source in code:
        found = next(
            (
                mark
                for url, mark in tree.belongings[source.path].urls
                if url.api == "responses" and url.scheme in ("ws", "wss")
            ),
            None,
        )
        if found is not None:
            notes.append(f"The Responses API over WebSocket ({source.path}:{found.line}) is another API: not checked.")
            break
    unfit = Counter(source.grammar for source in tree.sources if not source.parsed)
    if unfit:
        listed = ", ".join(f"{count} of {grammar}" for grammar, count in sorted(unfit.items()))
        notes.append(f"Files that their grammar does not fit were read as text: {listed}.")
    return notes
