"""Explanations: render a rule as text, and as the page of the documentation. The rule is the only source."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from rtaudit.policy.cases import Case, find_case_files, load_cases
from rtaudit.policy.conditions import say
from rtaudit.policy.packs import Pack
from rtaudit.policy.rules import Rule, aspects_of, bind
from rtaudit.policy.says import stated
from rtaudit.subjects import ATTRIBUTES, KINDS

_IDENTITY_NOTE = (
    "Object ids are compared as they are: groups are not expanded, and eligible (not active) assignments are not read."
)


@dataclass(frozen=True)
class Explanation:
    """What `policy explain` says of a rule, or of a source check."""

    id: str
    name: str
    severity: str
    title: str
    group: str
    """The name of the file that it is in: `network`."""
    sections: Sequence[tuple[str, Sequence[str]]]
    """Headings, such as Why, Requires and Fix, each with its texts."""
    packs: Mapping[str, str] = field(default_factory=dict)
    """Pack that selects it -> severity there, or `off`."""
    source: bool = False
    """It is a source check, of `client scan`."""


def explain(rule: Rule, packs: Sequence[Pack] = ()) -> Explanation:
    """The explanation of a rule; `packs` are asked whether they select it."""
    selecting = {}
    for pack in packs:
        if rule.id in pack.rules:
            override = pack.overrides.get(rule.id)
            off = override is not None and not override.enabled
            selecting[pack.name] = "off" if off else (override and override.severity) or rule.severity
    group = Path(rule.document.name).stem
    sections = [(heading, texts) for heading, texts in _sections(rule, selecting) if texts]
    return Explanation(rule.id, rule.name, rule.severity, rule.title, group, sections, selecting)


def _sections(rule: Rule, packs: Mapping[str, str]) -> Iterator[tuple[str, Sequence[str]]]:
    bound = bind(rule, {}, datetime.now(UTC).date())
    paths = [path for one in (bound.when, bound.require) if one for path, at_subject in one.paths() if at_subject]
    attributes = ATTRIBUTES[rule.each]
    read = sorted({root for path in paths for root in path.roots if root in attributes})
    cases = _cases_of(rule)
    examples = [
        (word, next((case for case in cases if case.expect == outcome), None))
        for word, outcome in (("Passes", "pass"), ("Fails", "fail"))
    ]
    aspects = sorted({aspect for path in paths for aspect in aspects_of(rule.each, path)})
    yield "Why", [rule.why]
    yield "Checks", [f"{rule.each}: {KINDS[rule.each]}"]
    yield "Applies when", [bound.when.words()] if bound.when else []
    yield "Requires", [bound.require.words()]
    yield "Says where it fails", [" ".join(text.split()) for _, text in stated(rule.require)]
    yield "Reads", [f"{name}: {attributes[name].about}" for name in read]
    yield "Parameters", [_param(rule, name) for name in rule.params]
    yield "Fix", rule.fix
    yield "Examples", [f"{word}: {case.name}{_changes(case)}" for word, case in examples if case is not None]
    yield "Controls", [f"{name}: {', '.join(ids)}" for name, ids in rule.controls.items()]
    yield "Packs", [", ".join(f"{name} ({severity})" for name, severity in packs.items())] if packs else []
    yield "Needs the aspects", [", ".join(aspects)] if aspects else []
    yield "Limitations", [_IDENTITY_NOTE] if rule.group == "ID" and "roleAssignments" in bound.reads else []
    yield "See", list(rule.see)


def _cases_of(rule: Rule) -> list[Case]:
    return [case for case in _cases_beside(rule.document.name) if case.rule == rule.id]


@lru_cache(maxsize=64)
def _cases_beside(name: str) -> list[Case]:
    if not Path(name).is_file():
        return []
    return [case for file in find_case_files(Path(name)) for case in load_cases(file).cases]


def as_text(explained: Explanation, width: int = 80) -> str:
    """The explanation for a terminal, plain."""
    kind = ", source check" if explained.source else ""

    def wrap(text: str, indent: str = "  ") -> str:
        return textwrap.fill(
            text, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False,
            break_on_hyphens=not explained.source,
        )  # fmt: skip

    lines = [f"{explained.id} {explained.name} ({explained.severity}{kind})", wrap(explained.title, ""), ""]
    for heading, texts in explained.sections:
        lines += [heading, *(wrap(text) if not text.startswith("az ") else f"  {text}" for text in texts), ""]
    return "\n".join(lines).rstrip() + "\n"


def as_markdown(explained: Explanation) -> str:
    """The explanation as a page of the documentation."""

    def escaped(text: str) -> str:
        return _escape(text).replace("{", "&#123;") if explained.source else _escape(text)

    lines = [f"## {explained.id} {explained.name}", "", f"**{escaped(explained.title)}** · {explained.severity}", ""]
    for heading, texts in explained.sections:
        lines += [f"### {heading}", ""]
        for text in texts:
            lines.append(f"- `{text}`" if text.startswith("az ") else f"- {escaped(text)}")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def as_page(explained: Sequence[Explanation]) -> str:
    """Every rule, or every source check, as one page of the documentation."""
    option = ""
    title, what, of = "Rules", "rules", "the rules"
    if explained and explained[0].source:
        title, what, of, option = "Source checks", "checks of `rtaudit client scan`", "the checks", " --source"
    head = f"# {title}\n\n{len(explained)} {what}, generated from {of} by `rtaudit policy explain{option} -o markdown`.\n\n"
    return head + "\n".join(map(as_markdown, explained))


def as_pages(explained: Sequence[Explanation]) -> dict[str, str]:
    """A page for each file of rules: `network` -> Markdown."""
    groups: dict[str, list[Explanation]] = {}
    for one in explained:
        groups.setdefault(one.group, []).append(one)
    return {
        name: f"# Rules: {name}\n\nGenerated from `{name}.yaml` by `rtaudit policy explain -o markdown --pages`.\n\n"
        + "\n".join(map(as_markdown, group))
        for name, group in groups.items()
    }


def as_index(explained: Sequence[Explanation], folder: str) -> str:
    """The index of `as_pages`, whose pages are in `folder`: a table for each page."""
    lines = ["# Rules", "", f"{len(explained)} rules. This index and its pages are generated from the rules."]
    last = ""
    for one in sorted(explained, key=lambda one: (one.group, one.id)):
        if one.group != last:
            last = one.group
            lines += ["", f"## [{last.capitalize()}]({folder}/{last}.md)", ""]
            lines += ["| rule | severity | what it requires | packs |", "| --- | --- | --- | --- |"]
        anchor = f"{one.id}-{one.name}".lower()
        packs = ", ".join(pack for pack, severity in one.packs.items() if severity != "off")
        link = f"[{one.id}]({folder}/{last}.md#{anchor})"
        lines.append(f"| {link} | {one.severity} | {_escape(one.title)} | {packs} |")
    return "\n".join(lines) + "\n"


def _escape(text: str) -> str:
    return text.replace("<", "&lt;").replace("|", "\\|")


def _param(rule: Rule, name: str) -> str:
    param = rule.params[name]
    default = "no default" if param.default is None else f"default {say(param.default)}"
    needed = "; does not apply without it" if name in rule.requires else ""
    return f"{name} ({param.type}, {default}{needed}): {param.about}"


def _changes(case: Case) -> str:
    sets: dict[str, Any] = {}
    for change in case.change:
        sets |= change.get("set", {})
    if not sets:
        return ""
    return " (" + ", ".join(f"{path} = {say(value)}" for path, value in list(sets.items())[:3]) + ")"
