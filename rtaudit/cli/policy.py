"""`rtaudit policy`: list, explain, lint and test rules."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rtaudit.cli.app import Group, app, command, plain, write_stdout
from rtaudit.cli.outputs import screen
from rtaudit.errors import UsageError, allowed_hint, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    from rtaudit.api.policies import explain_rules as run
    from rtaudit.policy.explain import as_index, as_markdown, as_page, as_pages, as_text

    _one_of(chosen.output, ("text", "markdown"), "-o")
    explained = run(chosen.rule, extra.policy, source=chosen.source)
    if chosen.pages is not None:
        from rtaudit.documents import write_atomically

        _one_of(chosen.output, ("markdown",), "-o")
        pages = Path(chosen.pages)
        pages.mkdir(parents=True, exist_ok=True)
        for page, text in as_pages(explained).items():
            write_atomically(str(pages / f"{page}.md"), text)
        write_stdout(as_index(explained, pages.name))
    elif chosen.output == "markdown":
        write_stdout("\n".join(map(as_markdown, explained)) if chosen.rule else as_page(explained))
    else:
        write_stdout("\n".join(map(as_text, explained)))


@command(policies, "lint")
def lint_policies(chosen: command_options.Linted) -> None:
    """Find what is wrong with a policy: schema, duplicate ids, unknown parameters and fields, missing cases. Exit 1 if anything is."""
    from rtaudit.api.policies import lint
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
    from rtaudit.api.policies import run_case_files

    started = time.monotonic()
    passed, failed, bare = 0, [], []
    for file in run_case_files(chosen.path):
        good = [one for one in file.results if one.problem is None]
        passed += len(good)
        failed += [one for one in file.results if one.problem is not None]
        bare += [f"{rule_id} ({file.file})" for rule_id in file.without_cases]
        for one in good if chosen.verbose else ():
            write_stdout(f"PASSED {one.case.rule} {plain(one.case.name)}\n")
        write_stdout(f"{file.file} {''.join('.' if one.problem is None else 'F' for one in file.results)}\n")
    for one in failed:
        case = one.case
        write_stdout(f"\nFAILED {case.place} {case.rule}: {plain(case.name)}\n  {plain(one.problem or '')}\n")
    for rule in bare:
        write_stdout(f"no case: {rule}\n")
    write_stdout(f"\n{passed} passed, {len(failed)} failed in {time.monotonic() - started:.1f}s\n")
    if failed:
        raise typer.Exit(1)


@command(policies, "schema")
def policy_schema() -> None:
    """Print the JSON Schema of policies, for editors: `# yaml-language-server: $schema=FILE` as a file's first line uses it."""
    from rtaudit.api.schemas import find_schema
    from rtaudit.documents import dumps

    write_stdout(dumps(find_schema("policy")))


def _one_of(word: str, allowed: Sequence[str], option: str) -> None:
    if word not in allowed:
        raise UsageError(f"{option} cannot be '{word}'", allowed_hint(word, allowed))
