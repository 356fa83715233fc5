"""Source checks: load them from YAML, and hold them against their schema."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from rtaudit import assets
from rtaudit.documents import Document, load_yaml
from rtaudit.report.model import RuleText
from rtaudit.scan.schema import CASES_SUFFIX, CHECKS, CHECKS_SCHEMA, FRAMEWORKS_SCHEMA, MATCHERS
from rtaudit.scan.sides import SIDES


@dataclass(frozen=True)
class Find:
    """One pattern of a check."""

    number: int
    """Its place in the check."""
    match: Mapping[str, Any]
    """What it looks for, as the file states it."""
    says: str
    """The sentence of what it finds."""
    severity: str
    sides: frozenset[str]
    fix: Sequence[Any] = ()
    """Steps for what this pattern finds; the check's where it has none."""


@dataclass(frozen=True)
class SourceCheck:
    """One thing that source should not hold."""

    id: str
    name: str
    title: str
    severity: str
    why: str
    fix: Sequence[Any]
    """Steps as the file states them: a sentence, or one `for` some grammars."""
    see: Sequence[str]
    finds: Sequence[Find]
    action: str
    """What is to be done, in a word or two, for the summary: migrate, rotate, …"""
    stated: Mapping[str, Any] = field(repr=False, default_factory=dict)
    document: Document | None = field(repr=False, default=None)

    def text(self) -> RuleText:
        """What a report says once about it."""
        return RuleText(self.name, self.title, self.severity, self.why, steps(self.fix), self.see, {}, self.action)


@dataclass(frozen=True)
class Framework:
    """A library that opens realtime sessions, and the first version that speaks the generally available protocol."""

    package: str
    ecosystem: str
    floor: str | None
    """None: no version does."""
    used: re.Pattern[str]
    """What shows in code that sessions are opened through it."""
    source: str
    replacement: str
    label: str


def load_checks(path: Path) -> dict[str, SourceCheck]:
    """The checks in a file, or in all files of a folder, by id. Raises InputError."""
    files = sorted(one for one in path.glob("*.yaml") if is_check_file(one)) if path.is_dir() else [path]
    found: dict[str, SourceCheck] = {}
    for file in files:
        document = load_yaml(file, CHECKS_SCHEMA)
        for index, stated in enumerate(document.value["checks"]):
            check = _check(document, index, stated)
            if check.id in found:
                raise document.error(
                    ("checks", index, "id"), f"there are two checks {check.id}", "give each its own id"
                )
            found[check.id] = check
    return found


def is_check_file(path: Path) -> bool:
    """True for a file of checks: its schema says so. Cases and frameworks are beside them."""
    if path.name.endswith(CASES_SUFFIX) or path.suffix not in (".yaml", ".yml"):
        return False
    with open(path, encoding="utf-8", errors="replace") as file:
        return re.search(rf"^schema:\s*{re.escape(CHECKS)}\s*$", file.read(4000), re.MULTILINE) is not None


@cache
def library() -> dict[str, SourceCheck]:
    """The checks that ship, by id."""
    return load_checks(assets.policies() / "source")


@cache
def frameworks() -> Sequence[Framework]:
    """The libraries and floors that are known."""
    document = load_yaml(assets.policies() / "source" / "frameworks.yaml", FRAMEWORKS_SCHEMA)
    return [
        Framework(row["package"].lower(), row["ecosystem"], row.get("floor"), re.compile(row["used"]), row["source"], row["replacement"], row.get("label", row["package"]))
        for row in document.value["frameworks"]
    ]  # fmt: skip


def steps(stated: Iterable[Any], grammar: str | None = None) -> list[str]:
    """The steps of a fix: for a file of this grammar those that are for it or for any; all of them where none is given."""
    found = []
    for one in stated:
        languages = one["for"] if isinstance(one, Mapping) else ()
        if grammar is None or not languages or grammar in languages:
            found.append(one["step"] if isinstance(one, Mapping) else one)
    return found


def _check(document: Document, index: int, stated: Mapping[str, Any]) -> SourceCheck:
    sides = stated.get("sides", [one for one in SIDES if one != "prose"])
    finds = []
    for number, one in enumerate(stated.get("find", ())):
        where = ("checks", index, "find", number)
        for path, pattern in _patterns(one):
            try:
                re.compile(pattern)
            except re.error as error:
                raise document.error(
                    (*where, *path), f"not a regular expression: {error}", "write it in Python's syntax"
                ) from None
        if not MATCHERS & one.keys():
            raise document.error(where, "says nothing to look for", f"give one of {', '.join(sorted(MATCHERS))}")
        finds.append(
            Find(number, one, one.get("says", stated["title"] + "."), one.get("severity", stated["severity"]),
                 frozenset(one.get("sides", sides)), one.get("fix", ()))
        )  # fmt: skip
    return SourceCheck(stated["id"], stated["name"], stated["title"], stated["severity"], " ".join(stated["why"].split()), stated["fix"],
                 stated.get("see", ()), finds, stated.get("action", "mend"), stated, document)  # fmt: skip


def _patterns(find: Any, path: tuple[str | int, ...] = ()) -> Iterable[tuple[tuple[str | int, ...], str]]:
    """The regular expressions of a pattern, with where they are."""
    if isinstance(find, Mapping):
        for key, value in find.items():
            if key in ("says", "syntax", "within", "severity", "fix"):
                continue
            yield from _patterns(value, (*path, key))
    elif isinstance(find, list):
        for index, value in enumerate(find):
            yield from _patterns(value, (*path, index))
    elif isinstance(find, str):
        yield path, find
