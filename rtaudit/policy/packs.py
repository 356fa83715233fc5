"""Packs: which rules, with which parameters and severities. Found by name or path, merged through `extends`."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from rtaudit import assets
from rtaudit.documents import Document, canonical, check_schema, load_yaml
from rtaudit.documents.extends import with_bases
from rtaudit.documents.files import is_file, real_path
from rtaudit.errors import InputError, UsageError, allowed_hint
from rtaudit.policy.rules import BoundRule, Param, Rule, bind, read_rules
from rtaudit.policy.schema import PACK, PACK_SCHEMA, RULES_SCHEMA
from rtaudit.snapshot.secrets import scrub

CASES_SUFFIX = ".cases.yaml"


@dataclass(frozen=True)
class Override:
    """What a pack says of a rule that it selects."""

    because: str
    severity: str | None = None
    enabled: bool = True


@dataclass(frozen=True)
class Pack:
    """A pack with everything that it extends merged in."""

    name: str
    title: str
    rules: Mapping[str, Rule]
    """The selected rules by id, disabled ones too."""
    params: Mapping[str, Any]
    """Values that were set, by this pack, those it extends and the command line."""
    overrides: Mapping[str, Override]
    file: str | None = None
    """The file it was read from."""

    @property
    def warnings(self) -> list[str]:
        """What whoever checks by it should know: that it selects nothing, or own rules that no pack selects."""
        found = [] if self.selected() else [f"the pack {self.name} selects no rule"]
        return [*found, *(unselected(Path(self.file)) if self.file else ())]

    def bind(self, today: date) -> list[BoundRule]:
        """The enabled rules, compiled with this pack's parameters, in the order of their ids."""
        return [bind(rule, self.params, today, severity=severity) for rule, severity in self.selected()]

    def selected(self) -> list[tuple[Rule, str]]:
        """The enabled rules in the order of their ids, each with the severity in force."""
        found = []
        for rule_id, rule in sorted(self.rules.items()):
            override = self.overrides.get(rule_id)
            if override is None or override.enabled:
                found.append((rule, (override and override.severity) or rule.severity))
        return found

    @property
    def digest(self) -> str:
        """`sha256:` over what the pack evaluates by: rules, parameters, overrides."""
        content = {
            "rules": {rule_id: rule.source() for rule_id, rule in self.rules.items()},
            "params": dict(self.params),
            "override": {rule_id: [one.severity, one.enabled, one.because] for rule_id, one in self.overrides.items()},
        }
        return "sha256:" + hashlib.sha256(canonical(content).encode("ascii")).hexdigest()

    def effective_params(self) -> dict[str, Any]:
        """Every parameter of the selected rules with the value in force."""
        declared = declared_params(self.rules.values())
        return {name: self.params.get(name, param.default) for name, param in sorted(declared.items())}


def builtin_names() -> list[str]:
    """Names of the packs that ship."""
    return sorted(path.stem for path in assets.policies().glob("*.yaml"))


@lru_cache(maxsize=1)
def library() -> Mapping[str, Rule]:
    """The rules that ship, by id."""
    return load_rules(assets.policies() / "rules")


def load_rules(folder: Path) -> dict[str, Rule]:
    """The rules of every rule file in `folder`, by id. Raises InputError for a broken one or an id that comes twice."""
    found: dict[str, Rule] = {}
    for path in rule_files(folder):
        for rule in rules_of(_load(path)):
            if rule.id in found:
                other = found[rule.id].document.name
                raise rule.document.error(
                    (*rule.path, "id"), f"the rule {rule.id} is already defined in {other}", "ids are never reused"
                )
            found[rule.id] = rule
    return found


def unselected(path: Path) -> list[str]:
    """One sentence on the rules beside a pack (or in its folder `rules`) that no pack there selects; none where all are."""
    folder = path if path.is_dir() else path.parent
    if real_path(folder) == real_path(assets.policies()) or not folder.is_dir():
        return []
    documents = [load_yaml(one) for one in rule_files(folder)]
    packs = [one.value for one in documents if isinstance(one.value, dict) and "schema" in one.value]
    if not packs:
        return []
    lists = [one for one in documents if isinstance(one.value, list)]
    lists += [load_yaml(one) for one in rule_files(folder / "rules") if _own_rules(folder / "pack")]
    stated = [
        str(rule.get("id"))
        for one in lists
        for rule in (one.value if isinstance(one.value, list) else ())
        if isinstance(rule, dict)
    ]
    chosen = {str(one) for pack in packs for one in (pack.get("select") or ())}
    missing = [one for one in stated if one not in chosen]
    if not missing:
        return []
    names = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
    return [f"no pack in {folder} selects {names}: keep such rules in {folder / 'rules'} and name them under `select`"]


def rule_files(folder: Path) -> list[Path]:
    """The YAML files in a folder that may hold rules or packs: all but cases."""
    found = (path for path in folder.glob("*.y*ml") if path.suffix in (".yaml", ".yml"))
    return sorted(path for path in found if not path.name.endswith((CASES_SUFFIX, ".cases.yml")))


def load_policies(names: Sequence[str], settings: Mapping[str, Any] | None = None) -> list[Pack]:
    """The packs that `--policy` names (a name that ships, a file or a folder), with `--set` applied.

    Raises InputError or UsageError: unknown pack, broken file, unknown rule or parameter, circular `extends`.
    """
    return _apply(_named(names), settings or {})


def join_policies(
    names: Sequence[str], settings: Mapping[str, Any] | None = None, *, contracts: bool, probes: bool
) -> list[Pack]:
    """`load_policies`; and the packs of contracts and of probes, where there are any and no named pack evaluates them."""
    packs = _named(names)
    evaluated = {rule.each for pack in packs for rule in pack.rules.values()}
    # Each of these packs is named as the kind of subject that it evaluates.
    there = [kind for kind, given in (("client", contracts), ("probe", probes)) if given and kind not in evaluated]
    return _apply([*packs, *_named(there)], settings or {})


def _named(names: Sequence[str]) -> list[Pack]:
    """The packs of these names, each once. Raises UsageError for two that share a name."""
    by_name: dict[str, Pack] = {}
    for pack in (pack for name in names for pack in _find(name)):
        other = by_name.setdefault(pack.name, pack)
        if (other.file, other.digest) != (pack.file, pack.digest):
            raise UsageError(
                f"two policies are named '{pack.name}': {other.file} and {pack.file}", "give each a name of its own"
            )
    return list(by_name.values())


def declared_params(rules: Any) -> dict[str, Param]:
    """The parameters that rules declare, by name."""
    found: dict[str, Param] = {}
    for rule in rules:
        for name, param in rule.params.items():
            other = found.setdefault(name, param)
            if (other.type, other.default) != (param.type, param.default):
                raise rule.document.error(
                    (*rule.path, "params", name),
                    f"the parameter '{name}' is declared with another type or default elsewhere",
                    "rules that share a parameter declare it alike",
                )
    return found


def opt_in_aspects(packs: Sequence[Pack]) -> list[str]:
    """The opt-in aspects that the enabled rules of these packs read: what a collection for them should ask for."""
    today = datetime.now(UTC).date()
    return sorted(
        {aspect for pack in packs for bound in pack.bind(today) for aspect in (*bound.opt_in, *bound.helped_by)}
    )


def _apply(packs: list[Pack], settings: Mapping[str, Any]) -> list[Pack]:
    declared = [declared_params(pack.rules.values()) for pack in packs]
    everything = {name: param for one in declared for name, param in one.items()}
    for name, value in settings.items():
        if name not in everything:
            raise UsageError(f"--set {name}: no selected rule has such a parameter", allowed_hint(name, everything))
        if value is not None and not everything[name].accepts(value):
            raise UsageError(f"--set {name}: {value!r} is not of type {everything[name].type}", everything[name].about)
    return [
        Pack(
            pack.name,
            pack.title,
            pack.rules,
            {**pack.params, **{name: value for name, value in settings.items() if name in one}},
            pack.overrides,
            pack.file,
        )
        for pack, one in zip(packs, declared, strict=True)
    ]


def _find(name: str) -> list[Pack]:
    if name in builtin_names() and not os.path.exists(name):
        return [_Resolver().resolve(assets.policies() / f"{name}.yaml")]
    path = Path(name)
    if os.path.isdir(name):
        return _from_folder(path)
    if not is_file(path):
        raise InputError(
            f"unknown policy '{name}'", f"{allowed_hint(name, builtin_names())}; or give a path to a file or folder"
        )
    document = _load(path)
    if isinstance(document.value, list):
        return [_implicit(path.stem, str(path), {rule.id: rule for rule in rules_of(document)})]
    return [_Resolver().resolve(path)]


def _from_folder(folder: Path) -> list[Pack]:
    """The packs of a folder that no other pack there extends; a folder of rules alone is one pack of all of them."""
    documents = [_load(path) for path in rule_files(folder)]
    packs = [one for one in documents if isinstance(one.value, dict)]
    if not packs:
        rules = (
            {**load_rules(folder / "rules"), **load_rules(folder)}
            if (folder / "rules").is_dir()
            else load_rules(folder)
        )
        if not rules:
            raise InputError(f"the folder {folder} holds no policy", "it has no *.yaml with a pack or with rules")
        return [_implicit(real_path(folder).name, str(folder), rules)]
    extended = {base for one in packs for base in one.value.get("extends", ())}
    # All are resolved: a circle, or what is wrong in one that is extended, is said.
    resolved = [(one, _Resolver().resolve(Path(one.name))) for one in packs]
    return [pack for one, pack in resolved if not {one.value["name"], Path(one.name).name} & extended]


def _implicit(name: str, file: str, rules: dict[str, Rule]) -> Pack:
    declared_params(rules.values())
    return Pack(name, f"Every rule of {file}", rules, {}, {}, file)


class _Resolver:
    """Merges a pack with what it extends: left to right, the pack itself last, the same ancestor once."""

    def __init__(self) -> None:
        self._rules: dict[str, Rule] = {}
        self._params: dict[str, Any] = {}
        self._param_places: dict[str, tuple[Document, Any]] = {}
        self._overrides: dict[str, Override] = {}

    def resolve(self, path: Path) -> Pack:
        documents = with_bases(path, _load_pack, _base, what="packs", bases_first=True)
        for document, file in documents:
            self._merge(document, file)
        document = documents[-1][0]
        declared = declared_params(self._rules.values())
        for name, value in self._params.items():
            where, at = self._param_places[name]
            if name not in declared:
                raise where.error(
                    at, f"no selected rule has a parameter '{name}'", allowed_hint(name, declared), at_key=True
                )
            if value is not None and not declared[name].accepts(value):
                raise where.error(
                    at, f"the parameter '{name}' is not of type {declared[name].type}", declared[name].about
                )
        value = document.value
        title = scrub(value.get("title", value["name"]))
        return Pack(value["name"], title, self._rules, self._params, self._overrides, str(path))

    def _merge(self, document: Document, path: Path) -> None:
        value = document.value
        for index, rule in enumerate(read_rules(document, value.get("rules", ()), ("rules",))):
            known = self._rules.get(rule.id) or library().get(rule.id)
            if known is not None:
                raise document.error(
                    ("rules", index, "id"),
                    f"the rule {rule.id} is already defined in {known.document.name}",
                    "give your rule an id of your own; to change one that ships, use `override`",
                )
            self._rules[rule.id] = rule
        own = load_rules(path.parent / "rules") if _own_rules(path) else {}
        for rule_id in own.keys() & library().keys():
            raise own[rule_id].document.error(
                (*own[rule_id].path, "id"),
                f"the rule {rule_id} ships with rtaudit",
                "give your rule an id of your own; to change one that ships, use `override`",
            )
        available = {**library(), **own}
        for index, rule_id in enumerate(value.get("select", ())):
            if rule_id not in available:
                raise document.error(("select", index), f"unknown rule '{rule_id}'", _near(rule_id, available))
            self._rules[rule_id] = available[rule_id]
        for name, setting in value.get("params", {}).items():
            self._params[name] = setting
            self._param_places[name] = (document, ("params", name))
        for rule_id, override in value.get("override", {}).items():
            if rule_id not in self._rules:
                raise document.error(
                    ("override", rule_id),
                    f"the rule '{rule_id}' is not selected",
                    _near(rule_id, self._rules),
                    at_key=True,
                )
            self._overrides[rule_id] = Override(
                scrub(override["because"]), override.get("severity"), override.get("enabled", True)
            )


def _base(document: Document, path: Path, index: int) -> Path:
    """The file of a pack that `extends` names: a path or a pack beside the file, else one that ships."""
    base = document.value["extends"][index]
    near = [one for one in (path.parent / base, path.parent / f"{base}.yaml") if is_file(one)]
    for candidate in near:
        if real_path(candidate) != real_path(path):
            return candidate
    if base in builtin_names():
        return assets.policies() / f"{base}.yaml"
    if near:
        return near[0]  # itself: the circle is reported where it closes
    raise document.error(("extends", index), f"unknown pack '{base}'", allowed_hint(base, builtin_names()))


def _own_rules(path: Path) -> bool:
    folder = path.parent / "rules"
    return folder.is_dir() and real_path(folder) != real_path(assets.policies() / "rules")


def _near(rule_id: str, rules: Mapping[str, Rule]) -> str:
    hint = allowed_hint(rule_id, rules)
    return hint if len(hint) < 400 else hint.split("allowed:", maxsplit=1)[0] + "`rtaudit policy list` shows all"


def _load(path: Path) -> Document:
    document = load_yaml(path)
    if isinstance(document.value, list):
        check_schema(document.value, RULES_SCHEMA, document.error)
    elif isinstance(document.value, dict):
        check_schema(document.value, PACK_SCHEMA, document.error)
    else:
        raise document.error((), "this is neither a pack nor a list of rules", f"a pack begins with `schema: {PACK}`")
    return document


def _load_pack(path: Path) -> Document:
    document = _load(path)
    if not isinstance(document.value, dict):
        raise document.error((), "this is a file of rules, not a pack", f"a pack begins with `schema: {PACK}`")
    return document


def rules_of(document: Document) -> list[Rule]:
    """The rules that a file states: a list of them, or a pack's own."""
    if isinstance(document.value, list):
        return read_rules(document, document.value, ())
    return read_rules(document, document.value.get("rules", ()), ("rules",))
