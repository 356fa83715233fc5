"""Packages: read what manifests and lock files name, and which versions they admit."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from packaging.version import Version

from rtaudit.scan.ceilings import ceiling


@dataclass(frozen=True, slots=True)
class Package:
    """A library that a manifest names."""

    name: str
    """In lower case."""
    ecosystem: str
    """pypi, npm, nuget, maven, go, pub, swift."""
    stated: str
    """The version as it is written; empty for none."""
    line: int
    """1-based."""
    locked: bool = False
    """True where the version is the one that is installed."""

    @property
    def newest(self) -> Version | None:
        """The newest version that is admitted; None for no bound, or one that is not read."""
        return ceiling(self.stated, self.ecosystem, locked=self.locked) if self.stated else None


MANIFESTS = re.compile(
    r"(?:.*requirements.*|constraints.*)\.(?:txt|in)|pyproject\.toml|pipfile(?:\.lock)?|setup\.(?:py|cfg)|environment\.ya?ml|conda.*\.ya?ml"
    r"|uv\.lock|poetry\.lock|pdm\.lock|package\.json|package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lock|deno\.jsonc?"
    r"|.*\.(?:cs|fs|vb)proj|.*\.props|packages\.config|packages\.lock\.json|pom\.xml|build\.gradle(?:\.kts)?|libs\.versions\.toml|go\.mod"
    r"|pubspec\.ya?ml|package\.swift|package\.resolved|.*dockerfile.*|.*\.(?:ipynb|csx|fsx|dib)|cargo\.toml|gemfile|composer\.json"
)
"""Names (lower case) of files that say which packages are used."""
FOLDERS = re.compile(
    r"(?:requirements(?:[-_.].*)?\.txt|pyproject\.toml|pipfile|setup\.py|environment\.ya?ml|package\.json|.*\.(?:cs|fs|vb)proj|pom\.xml"
    r"|build\.gradle(?:\.kts)?|go\.mod|pubspec\.ya?ml|package\.swift|cargo\.toml|composer\.json|gemfile|deno\.jsonc?|azure\.ya?ml)"
)
"""Those that make their folder a project: a manifest, or the Azure Developer CLI's azure.yaml beside the infrastructure."""

_PYTHON = re.compile(
    r"^[ \t\"'-]*([A-Za-z][\w.-]*)[ \t]*(?:\[[\w, \t-]*\])?[ \t]*((?:[\^~<>=!]=?=?|===)[ \t]*\d[^#;\"'\\\r\n]*?)?(?=[ \t]*(?:[#;\"'\\]|--|$|,[\"']))",
    re.MULTILINE,
)
_WHEEL = re.compile(r"/([A-Za-z][\w.]*?)-(\d[\w.]*?)(?:-py\d|-cp\d|\.tar\.gz|\.whl)")
_QUOTED = re.compile(
    r"[\"']([A-Za-z][\w.-]*)[ \t]*(?:\[[\w, \t-]*\])?[ \t]*((?:[~<>=!]=?=?)[ \t]*\d[^;\"'#\r\n]*)?[;\"']"
)
_CONDA = re.compile(
    r"^\s*-\s*([A-Za-z][\w.-]*)(?:\[[\w, -]*\])?\s*((?:[<>=~!]=?=?)\s*\d[^#\s]*)?\s*(?:#.*)?$", re.MULTILINE
)
_LOCKED = re.compile(r"^name = \"([^\"]+)\"\s*\nversion = \"([^\"]+)\"", re.MULTILINE)
_YARN = re.compile(r"^\"?((?:@[\w.-]+/)?[\w.-]+)@[^\n]*:\n\s+version:? \"?([^\"\n]+)\"?", re.MULTILINE)
_PNPM = re.compile(r"^\s+[\"']?/?((?:@[\w.-]+/)?[\w.-]+)@(\d[\w.-]*)[\"'(:]", re.MULTILINE)
_BUN = re.compile(r"\"((?:@[\w.-]+/)?[\w.-]+)\": \[\"(?:@[\w.-]+/)?[\w.-]+@(\d[^\"]*)\"")
_DENO = re.compile(r"npm:((?:@[\w.-]+/)?[\w.-]+)@([\^~]?\d[\w.-]*)")
_NUGET = re.compile(
    r"(?<!VisibleTo )(?:Include|Update|id)=\"([\w.]+)\"(?:[^>]*?(?:\bVersion(?:Override)?=\"|>\s*<version>\s*)([^\"<]+))?",
    re.IGNORECASE,
)
_MAVEN = re.compile(r"<artifactId>\s*([\w.-]+)\s*</artifactId>\s*(?:<version>\s*([^<\s]+)\s*</version>)?")
_GRADLE = re.compile(
    r"[\"'][\w.-]+:([\w.-]+):([\w.$\{\}+-]+)[\"']|module\s*=\s*\"[\w.-]+:([\w.-]+)\"\s*,\s*version(?:\.ref)?\s*=\s*\"([^\"]+)\""
)
_GO = re.compile(r"^\s*(?:require\s+)?([\w.-]+\.[a-z]+/[\w./-]+)\s+v(\d[\w.+-]*)", re.MULTILINE)
_PUB = re.compile(r"^\s{2}([a-z_]\w*):\s*[\"']?([\^>=<\d][^\"'#\n]*)?", re.MULTILINE)
_INSTALLS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("pypi", re.compile(r"(?:pip3?|uv pip|uv) (?:install|add)\s+([^\n\"&|;#]*(?:\"[^\"\n\\]*\"[^\n\"&|;#]*)*)")),
    ("npm", re.compile(r"(?:npm (?:install|i|add)|yarn add|pnpm add|bun add)\s+([^\n\"&|;#]*)")),
    (
        "nuget",
        re.compile(
            r"dotnet add [^\n]*?package\s+([^\n\"&|;#]*)|#r \\?\"nuget:\s*([^\"\\]+)|^#:package\s+([\w.]+(?:@\S+)?)",
            re.MULTILINE,
        ),
    ),
)
_INSTALL_PYTHON = re.compile(
    r"(?:^|[\s\"'])([A-Za-z][\w.-]*)(?:\[[\w,-]*\])?((?:[~<>=!]=?=?)[\d][^\s\"'\\]*)?(?=[\s\"'\\]|$)"
)
_INSTALL_NPM = re.compile(r"(?:^|\s)((?:@[\w.-]+/)?[a-z][\w.-]*)(?:@([\^~]?\d[\w.-]*))?(?=\s|$)")
_INSTALL_NUGET = re.compile(r"^([\w.]+)(?:\s+(?:--version|-v)\s+|\s*,\s*|@)?(\d[\w.-]*)?")


def packages_in(path: str, text: str) -> list[Package]:
    """The packages that a manifest or lock file names; empty for any other file."""
    name = path.rsplit("/", 1)[-1].lower()
    if not (MANIFESTS.fullmatch(name) or _in_requirements(path) or _is_app(name, text)):
        return []
    return list(_read(name, text))


def is_manifest(path: str) -> bool:
    """True for a file that names packages."""
    return MANIFESTS.fullmatch(path.rsplit("/", 1)[-1].lower()) is not None or _in_requirements(path)


def _is_app(name: str, text: str) -> bool:
    """True for an app of .NET that is one file, and names its packages itself."""
    return name.endswith(".cs") and "#:package" in text[:4000]


def _in_requirements(path: str) -> bool:
    return re.search(r"(?:^|/)requirements/[^/]+\.(?:txt|in)\Z", path, re.IGNORECASE) is not None


def _read(name: str, text: str) -> Iterator[Package]:
    if name.endswith((".txt", ".in")):
        yield from _found(text, _PYTHON, "pypi")
        yield from _found(text, _WHEEL, "pypi", locked=True)
    elif name in ("pyproject.toml", "pipfile", "cargo.toml"):
        yield from _toml(text) if name != "cargo.toml" else ()
    elif name == "setup.py":
        yield from _found(text, _QUOTED, "pypi")
    elif name == "setup.cfg":
        yield from _found(text, _PYTHON, "pypi")
    elif name.startswith(("environment", "conda")):
        yield from _found(text, _CONDA, "pypi")
    elif name in ("uv.lock", "poetry.lock", "pdm.lock"):
        yield from _found(text, _LOCKED, "pypi", locked=True)
    elif name in (
        "package.json",
        "package-lock.json",
        "npm-shrinkwrap.json",
        "packages.lock.json",
        "pipfile.lock",
        "composer.json",
    ):
        yield from _json(name, text)
    elif name == "yarn.lock":
        yield from _found(text, _YARN, "npm", locked=True)
    elif name == "pnpm-lock.yaml":
        yield from _found(text, _PNPM, "npm", locked=True)
    elif name == "bun.lock":
        yield from _found(text, _BUN, "npm", locked=True)
    elif name.startswith("deno.json"):
        yield from _found(text, _DENO, "npm")
    elif name.endswith(("proj", ".props", "packages.config")):
        yield from _found(text, _NUGET, "nuget")
    elif name == "pom.xml":
        yield from _maven(text)
    elif "gradle" in name or name == "libs.versions.toml":
        yield from _gradle(text)
    elif name == "go.mod":
        yield from _found(text, _GO, "go", locked=True)
    elif name.startswith("pubspec"):
        yield from _found(text, _PUB, "pub")
    elif "dockerfile" in name or name.endswith((".ipynb", ".csx", ".fsx", ".dib", ".cs")):
        yield from installs_in(text)


def installs_in(text: str) -> Iterator[Package]:
    """The packages that commands in a text install: `pip install`, `npm install`, `dotnet add package`, `#r nuget`."""
    for ecosystem, pattern in _INSTALLS:
        for found in pattern.finditer(text):
            words = next(filter(None, found.groups()), "").replace("\\n", " ").replace('\\"', '"')
            words = words.partition('",')[0]
            line = text.count("\n", 0, found.start()) + 1
            inner = {"pypi": _INSTALL_PYTHON, "npm": _INSTALL_NPM, "nuget": _INSTALL_NUGET}[ecosystem]
            for one in inner.finditer(words):
                yield Package(one[1].lower(), ecosystem, (one[2] or "").strip(), line)


def _found(text: str, pattern: re.Pattern[str], ecosystem: str, *, locked: bool = False) -> Iterator[Package]:
    line, at = 1, 0
    for found in pattern.finditer(text):
        line += text.count("\n", at, found.start(1))
        at = found.start(1)
        name = found[1].lower().replace("_", "-") if ecosystem == "pypi" else found[1].lower()
        yield Package(name, ecosystem, (found[2] or "").strip(" ,"), line, locked)


def _line(text: str, *words: str) -> int:
    at = 0
    for word in words:
        next_at = text.find(word, at)
        at = next_at if next_at >= 0 else at
    return text.count("\n", 0, at) + 1


def _toml(text: str) -> Iterator[Package]:
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        yield from _found(text, _QUOTED, "pypi")
        return
    project = document.get("project", {})
    tool = document.get("tool", {})
    lists: list[Any] = [project.get("dependencies", []), *_values(project.get("optional-dependencies")), *_values(document.get("dependency-groups")),
                        *[tool.get("uv", {}).get(key, []) for key in ("dev-dependencies", "constraint-dependencies", "override-dependencies")]]  # fmt: skip
    for requirement in (one for group in lists if isinstance(group, list) for one in group if isinstance(one, str)):
        found = _PYTHON.match(requirement)
        if found:
            yield Package(_folded(found[1]), "pypi", (found[2] or "").strip(" ,"), _line(text, requirement))
    poetry = tool.get("poetry", {})
    tables = [poetry.get("dependencies"), poetry.get("dev-dependencies"), document.get("packages"), document.get("dev-packages"),
              *[group.get("dependencies") for group in _values(poetry.get("group")) if isinstance(group, dict)]]  # fmt: skip
    # A document of nothing but such a table: an excerpt.
    tables.append(
        {
            key: value
            for key, value in document.items()
            if isinstance(value, (str, dict)) and key not in ("project", "tool", "build-system")
        }
    )
    for table in tables:
        for name, stated in table.items() if isinstance(table, dict) else ():
            version = stated.get("version", "") if isinstance(stated, dict) else stated
            if isinstance(stated, dict) and not version and isinstance(stated.get("url"), str):
                wheel = _WHEEL.search(stated["url"])
                version = f"=={wheel[2]}" if wheel else ""
            if isinstance(version, str):
                yield Package(_folded(name), "pypi", version, _line(text, name))


def _values(table: Any) -> list[Any]:
    return list(table.values()) if isinstance(table, dict) else []


def _folded(name: str) -> str:
    return name.lower().replace("_", "-")


def _json(name: str, text: str) -> Iterator[Package]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    if not isinstance(document, dict):
        return
    if name == "packages.lock.json":
        for framework, packages in _items(document.get("dependencies")):
            for package, row in _items(packages):
                if isinstance(row, dict) and row.get("resolved"):
                    yield Package(
                        package.lower(),
                        "nuget",
                        str(row["resolved"]),
                        _line(text, f'"{framework}"', f'"{package}"'),
                        locked=True,
                    )
        return
    if name == "pipfile.lock":
        for group in ("default", "develop"):
            for package, row in _items(document.get(group)):
                if isinstance(row, dict) and row.get("version"):
                    yield Package(_folded(package), "pypi", str(row["version"]), _line(text, f'"{package}"'))
        return
    if "lock" in name or "shrinkwrap" in name:
        for place, row in _items(document.get("packages")):
            package = place.rpartition("node_modules/")[2]
            if (
                place.startswith("node_modules/")
                and "/node_modules/" not in place
                and isinstance(row, dict)
                and isinstance(row.get("version"), str)
            ):
                yield Package(package.lower(), "npm", row["version"], _line(text, f'"{place}"'), locked=True)
        return
    for group in ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies"):
        for package, stated in _items(document.get(group)):
            if isinstance(stated, str):
                yield Package(package.lower(), "npm", stated, _line(text, f'"{group}"', f'"{package}"'))


def _items(table: Any) -> list[tuple[str, Any]]:
    return list(table.items()) if isinstance(table, dict) else []


def _maven(text: str) -> Iterator[Package]:
    for one in _found(text, _MAVEN, "maven"):
        stated = one.stated
        if stated.startswith("${"):
            given = re.search(rf"<{re.escape(stated[2:-1])}>\s*([^<\s]+)", text)
            stated = given[1] if given else ""
        yield Package(one.name, "maven", stated, one.line)


def _gradle(text: str) -> Iterator[Package]:
    for found in _GRADLE.finditer(text):
        name, stated = found[1] or found[3], found[2] or found[4] or ""
        given = (
            re.search(rf"(?:{re.escape(stated.strip('${}'))})\s*=\s*[\"']([^\"']+)", text)
            if not stated[:1].isdigit()
            else None
        )
        yield Package(
            name.lower(),
            "maven",
            given[1] if given else stated if stated[:1].isdigit() else "",
            text.count("\n", 0, found.start()) + 1,
        )
