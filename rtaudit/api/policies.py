"""Policies: list and explain rules, find what is wrong with them, and run their cases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtaudit.errors import InputError, UsageError, allowed_hint
from rtaudit.snapshot import Snapshot

if TYPE_CHECKING:
    from rtaudit.policy import Pack
    from rtaudit.policy.cases import CaseResult
    from rtaudit.policy.explain import Explanation
    from rtaudit.policy.lint import Complaint


def list_rules(
    policies: Sequence[str] = (), *, pack: str | None = None, severity: str | None = None, group: str | None = None
) -> list[dict[str, Any]]:
    """The rules as rows: `id`, `name`, `severity`, `each`, `packs`, `title`; source checks have `each` "source".

    `policies` are packs besides the built-in ones, by name or path. Only rules that `pack` selects, with the severity that it
    gives them; only those of a severity; only those of a group (`NET`). Raises UsageError for an unknown severity or group.
    """
    from rtaudit.policy import library, load_policies
    from rtaudit.report import SEVERITIES
    from rtaudit.scan.checks import library as source_checks

    packs = _packs([*policies, *([pack] if pack else [])])
    rules = dict(library())
    for one in packs:
        rules |= one.rules
    if pack is not None:
        selected = [found for one in load_policies([pack]) for found in one.selected()]
        rules = {rule.id: replace(rule, severity=in_force) for rule, in_force in selected}
    if severity is not None:
        _one_of(severity, SEVERITIES, "--severity")
    named = group.upper() if group is not None else None
    if named is not None:
        _one_of(named, sorted({rule.group for rule in (*library().values(), *rules.values())} | {"SRC"}), "--group")
    rows = [
        _row(rule, rule.each, [one.name for one in packs if rule.id in one.rules])
        for _, rule in sorted(rules.items())
        if severity in (None, rule.severity) and named in (None, rule.group)
    ]
    if pack is None and named in (None, "SRC"):
        checks = [one for _, one in sorted(source_checks().items()) if severity in (None, one.severity)]
        rows += [_row(one, "source", ["client scan"]) for one in checks]
    return rows


def explain_rules(
    rules: Sequence[str] = (), policies: Sequence[str] = (), *, source: bool = False
) -> list[Explanation]:
    """What `rtaudit policy explain` says of rules and source checks: `title`, and `sections` of headings with their texts.

    `rules` are ids in any case; without them every rule, or with `source` every source check of `rtaudit client scan`.
    `policies` are packs besides the built-in ones, by name or path. Raises UsageError for an unknown id.
    """
    from rtaudit.policy import library
    from rtaudit.policy.explain import explain
    from rtaudit.scan.cases import explain as explain_check
    from rtaudit.scan.checks import library as source_checks

    packs = _packs(policies)
    known, checks = dict(library()), source_checks()
    for one in packs:
        known |= one.rules
    wanted = [word.upper() for word in rules] or sorted(checks if source else known)
    for rule_id in wanted:
        if rule_id not in known and rule_id not in checks:
            raise UsageError(f"unknown rule '{rule_id}'", allowed_hint(rule_id, [*known, *checks]))
    of_source = [explain_check(checks[one]) for one in wanted if one in checks]
    return of_source + [explain(known[one], packs) for one in wanted if one in known]


def lint(path: str | Path | None = None, snapshots: Sequence[Snapshot] = ()) -> list[Complaint]:
    """What is wrong with a policy folder, a pack or a file of rules (the library unless given). Raises InputError."""
    from rtaudit import assets
    from rtaudit.policy.lint import Complaint
    from rtaudit.policy.lint import lint as run
    from rtaudit.scan.cases import check_files, lint_checks

    target = Path(path) if path is not None else assets.policies()
    found = [Complaint(place, name, words) for place, name, words in lint_checks(target)]
    checks = check_files(target)
    # A folder of nothing but source checks, or a file of some, holds no policy.
    others = (
        []
        if target.is_file()
        else [one for one in (*target.glob("*.yaml"), *target.glob("rules/*.yaml")) if one not in checks]
    )
    if not checks or any(not one.name.endswith(".cases.yaml") and one.name != "frameworks.yaml" for one in others):
        found = [*run(target, snapshots), *found]
    return found


@dataclass(frozen=True)
class CaseFileResults:
    """What became of the cases in a file."""

    file: str
    """Its name, without the folder."""
    results: Sequence[CaseResult]
    without_cases: Sequence[str]
    """Rules beside the file that have no case in it."""


def run_case_files(path: str | Path | None = None) -> Iterator[CaseFileResults]:
    """The cases of rules, and then those of source checks, file by file, as `rtaudit policy test` runs them.

    `path` is a policy folder, a rule file or a file of cases; the library unless given. Raises InputError where there are no cases.
    """
    from rtaudit import assets
    from rtaudit.policy.cases import find_case_files, load_cases, run
    from rtaudit.scan.cases import is_case_file
    from rtaudit.scan.cases import run_cases as run_source_cases

    target = Path(path) if path is not None else assets.policies()
    files = find_case_files(target)
    if not files:
        raise InputError(
            f"there are no cases at {target}", "cases are beside a rule file: network.yaml, network.cases.yaml"
        )
    of_source = [one for one in files if is_case_file(one)]
    for one in files:
        if one not in of_source:
            held = load_cases(one)
            yield CaseFileResults(one.name, list(run(held)), held.without_cases)
    for one in of_source:
        yield CaseFileResults(one.name, list(run_source_cases(one)), ())


def run_cases(path: str | Path | None = None) -> list[CaseResult]:
    """The results of all cases of `run_case_files`: those that failed have a `problem`. Raises InputError where there are none."""
    return [result for file in run_case_files(path) for result in file.results]


def _packs(extra: Sequence[str]) -> list[Pack]:
    from rtaudit.policy import builtin_names, load_policies

    return load_policies(list(dict.fromkeys([*builtin_names(), *extra])))


def _row(rule: Any, each: str, packs: list[str]) -> dict[str, Any]:
    return {
        "id": rule.id, "name": rule.name, "severity": rule.severity, "each": each, "packs": packs, "title": rule.title,
    }  # fmt: skip


def _one_of(word: str, allowed: Iterable[str], option: str) -> None:
    if word not in allowed:
        raise UsageError(f"{option} cannot be '{word}'", allowed_hint(word, allowed))
