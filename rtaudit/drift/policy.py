"""Drift policy: decides what is ignored, what is expected to differ, and how severe the rest is. YAML, validated by its schema."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from rtaudit import assets
from rtaudit.azure.resource_types import ACCOUNT
from rtaudit.documents import Document, canonical, load_yaml
from rtaudit.documents.extends import with_bases
from rtaudit.documents.files import is_file, real_path
from rtaudit.documents.json_values import is_number
from rtaudit.documents.wildcards import segment, wildcards
from rtaudit.drift.categories import categories_of
from rtaudit.drift.schema import POLICY
from rtaudit.report import SEVERITIES
from rtaudit.snapshot.secrets import scrub

DEFAULT_SEVERITY = "medium"
"""Of a change that no entry gives a severity."""

ANY: Any = object()
"""In place of a value that an expectation does not name."""


@dataclass(frozen=True, slots=True)
class ChangeView:
    """What an entry is compared with."""

    role: str
    type: str
    """Lower case."""
    category: str
    kind: str
    path: str
    before: Any
    after: Any
    left: str
    """Label of the base."""
    right: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a drift policy."""

    id: str
    types: tuple[str, ...] = ()
    paths: tuple[str, ...] | None = None
    categories: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    kind: str | None = None
    environments: tuple[str, ...] = ()
    """Either side is among these; `from` is the value there."""
    from_environments: tuple[str, ...] = ()
    to_environments: tuple[str, ...] = ()
    ignore: bool = False
    expect: tuple[Any, Any, str | None] | None = None
    """from, to, is; `ANY` where not said."""
    severity: str | None = None
    reason: str | None = None
    owner: str | None = None
    expires: str | None = None
    policy: str = ""
    """Name of the policy that holds it."""

    def fits(self, subject: ChangeView) -> bool:
        """True when the entry speaks of this change, in whichever role."""
        return (
            (not self.types or any(_like(one, subject.type) for one in self.types))
            and (not self.categories or subject.category in self.categories)
            and (self.kind is None or self.kind == subject.kind)
            and (self.paths is None or any(path_fits(one, subject.path) for one in self.paths))
            and self.orientation(subject) is not None
        )

    @property
    def unlimited(self) -> bool:
        """True when the entry speaks of every change of the types that it names."""
        return not self.categories and self.kind is None and (self.paths is None or "**" in self.paths)

    def of_role(self, role: str) -> bool:
        """True when the entry speaks of this role."""
        return not self.roles or any(_like(one, role) for one in self.roles)

    def concerns(self, subject: ChangeView) -> bool:
        """True when the entry may speak of some change of the subject's type.

        A path without a type is taken for one of accounts: it says not which other types have such a field.
        """
        of_type = any(_like(one, subject.type) for one in self.types)
        if not self.types:
            of_type = self.unlimited or self.paths is None or "" in self.paths or subject.type == ACCOUNT
        return (
            of_type
            and (not self.categories or not categories_of(subject.type).isdisjoint(self.categories))
            and self.of_role(subject.role)
            and self.orientation(subject) is not None
        )

    def expects(self, subject: ChangeView) -> bool:
        """True when the two values are those that it expects, whichever of the two snapshots is the base."""
        if self.expect is None:
            return False
        there, back = subject.before, subject.after
        if self.orientation(subject) == "right":
            there, back = back, there
        wanted_from, wanted_to, relation = self.expect
        if relation is not None:
            if not (is_number(there) and is_number(back)):
                return False
            if (there < back) != (relation == "lower"):
                return False
        return _equal(wanted_from, there) and _equal(wanted_to, back)

    def orientation(self, subject: ChangeView) -> str | None:
        """The side whose value `from` means: `left` or `right`; None: the entry does not speak of these environments."""
        if self.from_environments:
            if subject.left in self.from_environments and subject.right in self.to_environments:
                return "left"
            if subject.right in self.from_environments and subject.left in self.to_environments:
                return "right"
            return None
        if not self.environments:
            return "left"
        at = self.environments
        left = at.index(subject.left) if subject.left in at else None
        right = at.index(subject.right) if subject.right in at else None
        if left is None and right is None:
            return None
        return "right" if left is None or (right is not None and right < left) else "left"


@dataclass(frozen=True)
class DriftPolicy:
    """Entries in the order in which they are asked: a policy's own, then those of what it extends."""

    entries: Sequence[Entry] = ()
    sources: Sequence[dict[str, str]] = ()
    """Each `name` and `file`."""
    warnings: Sequence[str] = field(default_factory=list)
    """Entries that no longer count."""

    def decide(self, subject: ChangeView) -> tuple[str, str | None, str]:
        """`(decision, decided by, severity)` of a change that was seen."""
        severity, by_severity = self.severity(subject)
        for entry in self._speaking(subject):
            if (entry.ignore or entry.expect is not None) and entry.of_role(subject.role):
                if entry.ignore:
                    return "ignored", entry.id, severity
                if entry.expects(subject):
                    return "expected", entry.id, severity
        return "drift", by_severity, severity

    def ignores_gap(self, subject: ChangeView) -> str | None:
        """The entry that ignores all of the subject's type, so that not to have seen it is no matter; or None."""
        return next((one.id for one in self.entries if one.ignore and one.unlimited and one.concerns(subject)), None)

    def gap_severity(self, subject: ChangeView) -> str:
        """The worst severity that a change of the subject's type could have: what was not seen may be any of them."""
        possible: list[str] = []
        for entry in self.entries:
            if entry.severity is not None and entry.concerns(subject):
                possible.append(entry.severity)
                if entry.unlimited:
                    break
        else:
            possible.append(DEFAULT_SEVERITY)
        return min(possible, key=SEVERITIES.index)

    def severity(self, subject: ChangeView) -> tuple[str, str | None]:
        """The severity of a change, and the entry that says so."""
        for entry in self._speaking(subject):
            if entry.severity is not None and entry.of_role(subject.role):
                return entry.severity, entry.id
        return DEFAULT_SEVERITY, None

    def _speaking(self, subject: ChangeView) -> Sequence[Entry]:
        """The entries that speak of such a change, in whichever role: found once for each path and type."""
        of = (subject.type, subject.category, subject.kind, subject.path, subject.left, subject.right)
        if of not in self._fitting:
            self._fitting[of] = [entry for entry in self.entries if entry.fits(subject)]
        return self._fitting[of]

    @cached_property
    def _fitting(self) -> dict[tuple[str, ...], Sequence[Entry]]:
        return {}


def default_path() -> Path:
    """The drift policy that ships."""
    return assets.policies() / "drift" / "default.yaml"


def load_policy(path: str | Path | None, as_of: date) -> DriftPolicy:
    """The drift policy in `path`, or the one that ships. Entries that expired before `as_of` no longer count.

    Raises InputError for anything that is not a drift policy.
    """

    def load(file: Path) -> Document:
        return load_yaml(file, POLICY)

    start = Path(path) if path is not None else default_path()
    documents = with_bases(start, load, _base, what="drift policies", bases_first=False)
    entries: list[Entry] = []
    warnings: list[str] = []
    sources = []
    for document, _ in documents:
        name = document.value.get("name") or Path(document.name).stem
        sources.append({"name": name, "file": _shown(document.name)})
        seen: set[str] = set()
        for index, raw in enumerate(document.value["entries"]):
            entry = _entry(document, index, raw, name)
            if entry.id in seen:
                raise document.error(
                    ("entries", index, "id"), f"the id '{entry.id}' appears twice", "give each its own"
                )
            seen.add(entry.id)
            if entry.expires is not None and date.fromisoformat(entry.expires) < as_of:
                owner = f", owner {entry.owner}" if entry.owner else ""
                warnings.append(f"entry {entry.id} of {name} expired on {entry.expires} and no longer counts{owner}")
            else:
                entries.append(entry)
    return DriftPolicy(entries, sources, warnings)


def _shown(name: str) -> str:
    """How a drift names a policy's file: the one that ships by its name, which is the same on every machine."""
    return default_path().name if real_path(name) == real_path(default_path()) else name


def _base(document: Document, path: Path, index: int) -> Path:
    """The file that an entry of `extends` names: the drift policy that ships, or one beside the file."""
    name = document.value["extends"][index]
    beside = default_path() if name == "default" else path.parent / name
    if not is_file(beside):
        raise document.error(
            ("extends", index), f"unknown drift policy '{name}'", "`default`, or a path beside this file"
        )
    return beside


_ACTIONS = ("ignore", "expect", "severity")


def _entry(document: Document, index: int, raw: dict[str, Any], policy: str) -> Entry:
    at = ("entries", index)
    actions = [name for name in _ACTIONS if name in raw]
    if len(actions) != 1:
        said = " and ".join(actions) or "nothing"
        raise document.error(at, f"the entry '{raw['id']}' says {said}", f"say one of {', '.join(_ACTIONS)}")
    if actions[0] != "severity" and not raw.get("reason"):
        raise document.error(at, f"the entry '{raw['id']}' gives no reason", "add `reason:`; a reviewer will ask")
    where = raw.get("where", {})
    for path_index, path in enumerate(_words(where.get("path"))):
        if path and not path.startswith(("/", "**")):
            place = (*at, "where", "path") if isinstance(where["path"], str) else (*at, "where", "path", path_index)
            raise document.error(place, f"the path '{path}' does not begin with '/'", f"did you mean '/{path}'?")
    environments = where.get("environments", ())
    two_sided = isinstance(environments, dict)
    expect = raw.get("expect")
    return Entry(
        id=raw["id"],
        types=tuple(one.lower() for one in _words(where.get("type"))),
        paths=tuple(_words(where["path"])) if "path" in where else None,
        categories=tuple(_words(where.get("category"))),
        roles=tuple(one.lower() for one in _words(where.get("role"))),
        kind=where.get("kind"),
        environments=() if two_sided else tuple(environments),
        from_environments=tuple(environments["from"]) if two_sided else (),
        to_environments=tuple(environments["to"]) if two_sided else (),
        ignore=raw.get("ignore", False),
        expect=None if expect is None else (expect.get("from", ANY), expect.get("to", ANY), expect.get("is")),
        severity=raw.get("severity"),
        reason=scrub(raw["reason"]) if "reason" in raw else None,
        owner=scrub(raw["owner"]) if "owner" in raw else None,
        expires=raw.get("expires"),
        policy=policy,
    )


def _words(value: Any) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def _equal(wanted: Any, actual: Any) -> bool:
    if wanted is ANY:
        return True
    if isinstance(wanted, str) and isinstance(actual, str):
        return wanted.lower() == actual.lower()
    if isinstance(wanted, bool) or isinstance(actual, bool) or wanted is None or actual is None:
        return wanted is actual
    return type(wanted) is type(actual) and canonical(wanted) == canonical(actual)


def _like(glob: str, text: str) -> bool:
    return wildcards(glob).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _path_pattern(glob: str) -> re.Pattern[str]:
    if glob == "**":
        return re.compile(".*", re.DOTALL)
    made = ""
    for part in ("/" + glob if glob.startswith("**") else glob).split("/")[1:]:
        if part == "**":
            made += "(?:/[^/]*)*"
        else:
            made += "/" + segment(part)
    return re.compile(made, re.IGNORECASE | re.DOTALL)


def path_fits(glob: str, path: str) -> bool:
    """True when a JSON Pointer fits a glob. `*` stays within a segment, `**` runs over any number; a glob ends where the path ends."""
    return _path_pattern(glob).fullmatch(path) is not None
