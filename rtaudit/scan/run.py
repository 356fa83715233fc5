"""Scan: read a source tree, and hold every source check against it. Pure reading."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rtaudit.scan.checks import SourceCheck, library, steps
from rtaudit.scan.ignores import Ignores
from rtaudit.scan.marks import Source
from rtaudit.scan.masks import excerpt, mask
from rtaudit.scan.match import CheckMatch, in_ga_file, matches
from rtaudit.scan.packages import is_manifest
from rtaudit.scan.projects import Project, Tree, folders_of, project_of
from rtaudit.scan.reading import FileRead
from rtaudit.scan.says import sentence
from rtaudit.scan.sides import CODE, is_plain_kotlin, is_script, is_server_of_jvm, side_of
from rtaudit.scan.walk import HeldFiles, Walk
from rtaudit.scan.workers import SECONDS, read_all

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
    """What is there, without a secret."""
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


def scan(
    root: str | Path,
    *,
    exclude: Sequence[str] = (),
    checks: Mapping[str, SourceCheck] | None = None,
    workers: int | None = None,
    seconds: float = SECONDS,
) -> Scan:
    """Scan a file or a folder; its files are read in `workers` other processes (None: for large ones as many as there are cores).

    A file whose grammar has not ended after `seconds` is read as text. Raises InputError where there is nothing to scan.
    """
    return _scan(Walk(Path(root), exclude), str(root), checks, workers, seconds)


def scan_texts(files: Mapping[str, str], checks: Mapping[str, SourceCheck]) -> Scan:
    """Scan files that are in memory, path (with slashes) -> text: nothing is read or written."""
    return _scan(HeldFiles(files), ".", checks)


def _scan(
    walk: Walk | HeldFiles,
    root: str,
    checks: Mapping[str, SourceCheck] | None,
    workers: int | None = None,
    seconds: float = SECONDS,
) -> Scan:
    result = Scan(root)
    reads = _reads(walk, result, workers, seconds)
    paths = [one.path for one in reads]
    folders = folders_of(paths)
    projects = {folder: Project(folder) for folder in folders}
    sources = []
    for one in reads:
        project = projects[project_of(one.path, folders)]
        project.packages += [(one.path, package) for package in one.packages or ()]
        project.speaks |= one.speaks
        project.code_files += _is_code(one.path)
        if one.source is not None:
            one.source.project = project.folder
            sources.append(one.source)
    on_server = is_server_of_jvm(paths)
    for source in sources:
        if on_server and source.side == "mobile" and is_plain_kotlin(source.path, "\n".join(source.lines)):
            source.side = "server"
        names = [one.name for _, one in projects[source.project].packages]
        if names and is_script(source.path):
            source.side = side_of(source.path, "\n".join(source.lines), names)
    result.tree = Tree(sources, projects)
    _check(result, result.tree, checks if checks is not None else library())
    result.notes += _notes(result.tree)
    return result


_CODE_FILE = re.compile(
    r"\.(?:py|[cm]?[jt]sx?|cs|java|go|kts?|swift|dart|rs|php|rb|vue|svelte|astro|html?|scala|cpp|m|mm|ps1|sh)\Z",
    re.IGNORECASE,
)


def _is_code(path: str) -> bool:
    name = path.rsplit("/", 1)[-1].lower()
    return _CODE_FILE.search(name) is not None and not is_manifest(path)


def _reads(walk: Walk | HeldFiles, result: Scan, workers: int | None, seconds: float) -> list[FileRead]:
    """The files that were read, in the order of the tree; the others are counted and named."""
    reads = []
    left_out: Counter[str] = Counter()
    for one in read_all(list(walk.files()), workers, seconds) if isinstance(walk, Walk) else walk.reads():
        if one.left_out:
            left_out[one.left_out] += 1
        elif one.unread:
            walk.unread.append((one.path, one.unread))
        else:
            left_out["documents of rtaudit"] += one.is_own
            if one.late:
                result.notes.append(
                    f"{one.path}: its grammar took more than {seconds:g} seconds, so it was read as text."
                )
            reads.append(one)
    result.files, result.unread = len(reads), sorted(walk.unread)
    result.left_out = dict(sorted((+(walk.left_out + left_out)).items()))
    return reads


def _check(result: Scan, tree: Tree, checks: Mapping[str, SourceCheck]) -> None:
    by_path = {source.path: source for source in tree.sources}
    grouped: dict[tuple[str, str, str], SourceFinding] = {}
    faulty: dict[str, set[str]] = {}
    ignores = Ignores(checks)
    shown: Counter[tuple[str, str, bool]] = Counter()
    of_ga: set[tuple[str, str, int]] = set()
    for check in checks.values():
        taken: set[tuple[str, int]] = set()
        for match in matches(check, tree):
            if "unlessFound" in match.find.match and in_ga_file(match.source, match.mark, tree):
                of_ga.add((check.id, match.source.path, match.mark.line))
            _add(grouped, match, taken, ignores, shown)
        faulty[check.id] = {
            by_path[one.file].project for one in grouped.values() if one.check is check and one.side != "tests"
        }
        if any("package" in find.match for find in check.finds):
            _add_packages(grouped, check, tree, by_path, ignores)
    for one in grouped.values():
        unless = one.check.finds[0].match.get("unlessFound")
        if unless and _is_found(faulty.get(unless, set()), by_path[one.file].project, tree):
            one.places = [place for place in one.places if (one.check.id, one.file, place.line) in of_ga]
            if not one.places:
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
    """Whether a check found something in a project; in any of the tree where the project has no URL of its own."""
    return project in faulty or (bool(faulty) and not tree.connects(project))


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
    by_path: Mapping[str, Source],
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
            lines = by_path[path].lines if path in by_path else ()
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
