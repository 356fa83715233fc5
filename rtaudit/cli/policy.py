"""`rtaudit policy`: list, explain, lint and test rules."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rtaudit.cli.app import Group, app, command, counted, plain, write_stdout
from rtaudit.cli.outputs import screen
from rtaudit.errors import InputError, UsageError, allowed_hint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtaudit.policy import Pack
    from rtaudit.policy.rules import Rule
    from rtaudit.settings import command_options

policies = typer.Typer(cls=Group, help="List, explain, lint and test rules and packs.", no_args_is_help=True)
app.add_typer(policies, name="policy")


@command(policies, "list")
def list_rules(extra: command_options.ExtraPacks, chosen: command_options.Listed) -> None:
    """List the rules, with severity and the packs that select them."""
    from rtaudit.api.policies import list_rules as run
    from rtaudit.documents import dumps
    from rtaudit.render.rule_table import render

    _one_of(chosen.output, ("table", "json"), "-o")
    rows = run(extra.policy, pack=chosen.pack, severity=chosen.severity, group=chosen.group)
    width = screen()["width"] if sys.stdout.isatty() else None
    write_stdout(dumps(rows) if chosen.output == "json" else render(rows, width))


@command(policies, "explain")
def explain_rules(extra: command_options.ExtraPacks, chosen: command_options.Explained) -> None:
    """Explain rules: what they check and why, when they apply, parameters, fix, and an example that passes and one that fails."""
    from rtaudit.policy import library
    from rtaudit.policy.explain import as_markdown, as_text, explain

    output, pages = chosen.output, Path(chosen.pages) if chosen.pages else None
    _one_of(output, ("text", "markdown"), "-o")
    packs = _packs(extra.policy)
    rules: dict[str, Rule] = dict(library())
    for one in packs:
        rules |= one.rules
    from rtaudit.scan.checks import library as source_checks

    checks = source_checks()
    wanted = [word.upper() for word in chosen.rule] or sorted(checks if chosen.source else rules)
    for rule_id in wanted:
        if rule_id not in rules and rule_id not in checks:
            raise UsageError(f"unknown rule '{rule_id}'", allowed_hint(rule_id, [*rules, *checks]))
    _explain_checks([one for one in wanted if one in checks], output, heading=chosen.source and not chosen.rule)
    wanted = [one for one in wanted if one in rules]
    if not wanted:
        return
    told = [explain(rules[rule_id], packs) for rule_id in wanted]
    if pages is not None:
        from rtaudit.documents import write_atomically
        from rtaudit.policy.explain import as_index, as_pages

        _one_of(output, ("markdown",), "-o")
        pages.mkdir(parents=True, exist_ok=True)
        for page, text in as_pages(told).items():
            write_atomically(str(pages / f"{page}.md"), text)
        write_stdout(as_index(told, pages.name))
    elif output == "markdown":
        heading = (
            ""
            if chosen.rule
            else f"# Rules\n\n{len(told)} rules, generated from the rules by `rtaudit policy explain -o markdown`.\n\n"
        )
        write_stdout(heading + "\n".join(as_markdown(one) for one in told))
    else:
        write_stdout("\n".join(as_text(one) for one in told))


def _explain_checks(wanted: Sequence[str], output: str, *, heading: bool) -> None:
    from rtaudit.scan.cases import as_markdown, as_text
    from rtaudit.scan.checks import library

    checks = [library()[one] for one in wanted]
    if output == "markdown":
        title = (
            f"# Source checks\n\n{len(checks)} checks of `rtaudit client scan`, generated from the checks by "
            "`rtaudit policy explain --source -o markdown`.\n\n"
        )
        write_stdout((title if heading else "") + "\n".join(map(as_markdown, checks)))
    elif checks:
        write_stdout("\n".join(map(as_text, checks)))


@command(policies, "lint")
def lint_policies(chosen: command_options.Linted) -> None:
    """Find what is wrong with a policy: schema, duplicate ids, unknown parameters and fields, missing cases. Exit 1 if anything is."""
    from rtaudit.api.files import lint
    from rtaudit.snapshot import load

    found = lint(Path(chosen.path) if chosen.path else None, [load(one) for one in chosen.snapshot])
    for complaint in found:
        write_stdout(f"{plain(complaint.place)}: {plain(complaint.message)} [{complaint.check}]\n")
    write_stdout(f"{counted(len(found), 'problem')}\n" if found else "no problems\n")
    if found:
        raise typer.Exit(1)


@command(policies, "test")
def run_cases(chosen: command_options.Tested) -> None:
    """Run test cases: each applies a small change to a known-good environment and asserts the outcome."""
    from rtaudit import assets
    from rtaudit.policy.cases import find_case_files, load_cases, run
    from rtaudit.scan.cases import is_case_file
    from rtaudit.scan.cases import run_cases as run_source_cases

    target = Path(chosen.path) if chosen.path else assets.policies()
    started = time.monotonic()
    every = find_case_files(target)
    of_source = [one for one in every if is_case_file(one)]
    files = [one for one in every if one not in of_source]
    if not every:
        raise InputError(
            f"there are no cases at {target}", "cases are beside a rule file: network.yaml, network.cases.yaml"
        )
    passed, failed, bare = 0, [], []
    for file in map(load_cases, files):
        marks = []
        bare += [f"{rule_id} ({file.path.name})" for rule_id in file.without_cases]
        for result in run(file):
            marks.append("." if result.problem is None else "F")
            if result.problem is None:
                passed += 1
                if chosen.verbose:
                    write_stdout(f"PASSED {result.case.rule} {plain(result.case.name)}\n")
            else:
                failed.append(result)
        write_stdout(f"{file.path.name} {''.join(marks)}\n")
    wrong = [
        f"{one.case.place} {one.case.rule}: {plain(one.case.name)}\n  {plain(one.problem or '')}" for one in failed
    ]
    for case_file in of_source:
        results = list(run_source_cases(case_file))
        write_stdout(f"{case_file.name} {''.join('.' if one.problem is None else 'F' for one in results)}\n")
        for one in results:
            if one.problem is None:
                passed += 1
                if chosen.verbose:
                    write_stdout(f"PASSED {one.check} {plain(one.name)}\n")
            else:
                wrong.append(f"{one.place} {one.check}: {plain(one.name)}\n  {plain(one.problem)}")
    for text in wrong:
        write_stdout(f"\nFAILED {text}\n")
    for rule in bare:
        write_stdout(f"no case: {rule}\n")
    write_stdout(f"\n{passed} passed, {len(wrong)} failed in {time.monotonic() - started:.1f}s\n")
    if wrong:
        raise typer.Exit(1)


@command(policies, "schema")
def policy_schema() -> None:
    """Print the JSON Schema of policies, for editors: `# yaml-language-server: $schema=FILE` as a file's first line uses it."""
    from rtaudit.documents import dumps
    from rtaudit.policy.schema import POLICY_SCHEMA

    write_stdout(dumps(POLICY_SCHEMA))


def _packs(extra: Sequence[str]) -> list[Pack]:
    from rtaudit.policy import builtin_names, load_policies

    return load_policies(list(dict.fromkeys([*builtin_names(), *extra])))


def _one_of(word: str, allowed: Sequence[str], option: str) -> None:
    if word not in allowed:
        raise UsageError(f"{option} cannot be '{word}'", allowed_hint(word, allowed))
