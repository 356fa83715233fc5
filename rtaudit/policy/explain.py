"""Explanations: render a rule as text, and as the page of the documentation. The rule is the only source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    """What `policy explain` says of a rule."""

    rule: Rule
    subject: str
    when: str | None
    """When it applies, in words; None: always."""
    require: str
    """What must hold, in words."""
    facts: Mapping[str, str]
    """Facts and joins that it reads -> what they are."""
    aspects: Sequence[str]
    """Aspects that it reads."""
    packs: Mapping[str, str]
    """Pack that selects it -> severity there."""
    example_pass: Case | None
    example_fail: Case | None
    notes: Sequence[str]


def explain(rule: Rule, packs: Sequence[Pack] = ()) -> Explanation:
    """The explanation of a rule; `packs` are asked whether they select it."""
    bound = bind(rule, {}, datetime.now(UTC).date())
    paths = [path for one in (bound.when, bound.require) if one for path, at_subject in one.paths() if at_subject]
    parts = ATTRIBUTES[rule.each]
    facts = {root: parts[root].about for path in paths for root in path.roots if root in parts}
    selecting = {}
    for pack in packs:
        if rule.id in pack.rules:
            override = pack.overrides.get(rule.id)
            off = override is not None and not override.enabled
            selecting[pack.name] = "off" if off else (override and override.severity) or rule.severity
    cases = _cases_of(rule)
    return Explanation(
        rule=rule,
        subject=KINDS[rule.each],
        when=bound.when.words() if bound.when else None,
        require=bound.require.words(),
        facts=dict(sorted(facts.items())),
        aspects=sorted({aspect for path in paths for aspect in aspects_of(rule.each, path)}),
        packs=selecting,
        example_pass=next((case for case in cases if case.expect == "pass"), None),
        example_fail=next((case for case in cases if case.expect == "fail"), None),
        notes=[_IDENTITY_NOTE] if rule.group == "ID" and "roleAssignments" in bound.reads else [],
    )


def _cases_of(rule: Rule) -> list[Case]:
    return [case for case in _cases_beside(rule.document.name) if case.rule == rule.id]


@lru_cache(maxsize=64)
def _cases_beside(name: str) -> list[Case]:
    if not Path(name).is_file():
        return []
    return [case for file in find_case_files(Path(name)) for case in load_cases(file).cases]


def as_text(told: Explanation, width: int = 80) -> str:
    """The explanation for a terminal, plain."""
    import textwrap

    rule = told.rule

    def wrap(text: str, indent: str = "  ") -> str:
        return textwrap.fill(text, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False)

    lines = [f"{rule.id} {rule.name} ({rule.severity})", wrap(rule.title, ""), ""]
    for heading, texts in _sections(told):
        lines += [heading, *(wrap(text) if not text.startswith("az ") else f"  {text}" for text in texts), ""]
    return "\n".join(lines).rstrip() + "\n"


def as_markdown(told: Explanation) -> str:
    """The explanation as a page of the documentation."""
    rule = told.rule
    lines = [f"## {rule.id} {rule.name}", "", f"**{_escape(rule.title)}** · {rule.severity}", ""]
    for heading, texts in _sections(told):
        lines += [f"### {heading}", ""]
        for text in texts:
            lines.append(f"- `{text}`" if text.startswith("az ") else f"- {_escape(text)}")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def as_pages(told: Sequence[Explanation]) -> dict[str, str]:
    """A page for each file of rules: `network` -> Markdown."""
    groups: dict[str, list[Explanation]] = {}
    for one in told:
        groups.setdefault(Path(one.rule.document.name).stem, []).append(one)
    return {
        name: f"# Rules: {name}\n\nGenerated from `{name}.yaml` by `rtaudit policy explain -o markdown --pages`.\n\n"
        + "\n".join(as_markdown(one) for one in group)
        for name, group in groups.items()
    }


def as_index(told: Sequence[Explanation], folder: str) -> str:
    """The index of `as_pages`, whose pages are in `folder`: a table for each page."""
    lines = ["# Rules", "", f"{len(told)} rules. This index and its pages are generated from the rules."]
    last = ""
    for one in sorted(told, key=lambda one: (Path(one.rule.document.name).stem, one.rule.id)):
        name = Path(one.rule.document.name).stem
        if name != last:
            lines += [
                "",
                f"## [{name.capitalize()}]({folder}/{name}.md)",
                "",
                "| rule | severity | what it requires | packs |",
            ]
            lines.append("| --- | --- | --- | --- |")
            last = name
        anchor = f"{one.rule.id}-{one.rule.name}".lower()
        packs = ", ".join(pack for pack, severity in one.packs.items() if severity != "off")
        link = f"[{one.rule.id}]({folder}/{name}.md#{anchor})"
        lines.append(f"| {link} | {one.rule.severity} | {_escape(one.rule.title)} | {packs} |")
    return "\n".join(lines) + "\n"


def _escape(text: str) -> str:
    return text.replace("<", "&lt;").replace("|", "\\|")


def _sections(told: Explanation) -> list[tuple[str, list[str]]]:
    rule = told.rule
    sections: list[tuple[str, list[str]]] = [("Why", [rule.why]), ("Checks", [f"{rule.each}: {told.subject}"])]
    if told.when:
        sections.append(("Applies when", [told.when]))
    sections.append(("Requires", [told.require]))
    sentences = [" ".join(text.split()) for _, text in stated(rule.require)]
    if sentences:
        sections.append(("Says where it fails", sentences))
    if told.facts:
        sections.append(("Reads", [f"{name}: {about}" for name, about in told.facts.items()]))
    if rule.params:
        sections.append(("Parameters", [_param(told, name) for name in rule.params]))
    sections.append(("Fix", rule.fix))
    examples = [("Passes", told.example_pass), ("Fails", told.example_fail)]
    shown = [f"{word}: {case.name}{_changes(case)}" for word, case in examples if case is not None]
    if shown:
        sections.append(("Examples", shown))
    if rule.controls:
        sections.append(("Controls", [f"{name}: {', '.join(ids)}" for name, ids in rule.controls.items()]))
    if told.packs:
        sections.append(("Packs", [", ".join(f"{name} ({severity})" for name, severity in told.packs.items())]))
    if told.aspects:
        sections.append(("Needs the aspects", [", ".join(told.aspects)]))
    if told.notes:
        sections.append(("Limitations", list(told.notes)))
    if rule.see:
        sections.append(("See", list(rule.see)))
    return sections


def _param(told: Explanation, name: str) -> str:
    param = told.rule.params[name]
    default = "no default" if param.default is None else f"default {say(param.default)}"
    needed = "; does not apply without it" if name in told.rule.requires else ""
    return f"{name} ({param.type}, {default}{needed}): {param.about}"


def _changes(case: Case) -> str:
    sets: dict[str, Any] = {}
    for change in case.change:
        sets |= change.get("set", {})
    if not sets:
        return ""
    return " (" + ", ".join(f"{path} = {say(value)}" for path, value in list(sets.items())[:3]) + ")"
