"""Options: one row each; signatures, completion, `rtaudit.yaml` and its schema follow from the rows."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer

from rtaudit.api.schemas import SCHEMAS
from rtaudit.cli import app
from rtaudit.cli.completion import completer
from rtaudit.cli.signature import ROWS
from rtaudit.policy import builtin_names, library
from rtaudit.render import FORMATS
from rtaudit.report import SEVERITIES
from rtaudit.settings import command_options, options
from rtaudit.settings.config_file import CONFIG_SCHEMA
from rtaudit.settings.row import ROW, rows
from rtaudit.snapshot import ASPECTS

COMMANDS: Any = typer.main.get_command(app)
SEVERITY = [*SEVERITIES, "none"]
GROUPS = (*options.GROUPS, *command_options.GROUPS)


def parameters(*path: str) -> dict[str, Any]:
    """The parameters of a command by name, as Click sees them."""
    one = COMMANDS
    for name in path:
        one = one.commands[name]
    return {parameter.name: parameter for parameter in one.params}


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.__name__)
def test_a_group_can_be_made_without_a_command_line(group: Any) -> None:
    made = group()
    for name, row in rows(group):
        assert hasattr(made, name)
        assert row.help
        assert row.flags or name in ("document", "file", "files", "path", "rule", "snapshot", "snapshots")


@pytest.mark.parametrize("command", ["collect", "check", "audit", "preflight"])
def test_a_flag_means_the_same_everywhere(command: str) -> None:
    """A parameter of these commands that has the name of a row is this row."""
    known = {(name, row.flags): row for group in options.GROUPS for name, row in rows(group)}
    shared = {name for name, _ in known}
    for name, parameter in parameters(command).items():
        if name in shared and name not in ("output", "snapshot"):
            assert (name, tuple(parameter.opts)) in known


def test_the_commands_take_what_they_took() -> None:
    taken = {name: sorted(one for each in parameters(name).values() for one in each.opts) for name in COMMANDS.commands
             if name in ("check", "collect", "preflight")}  # fmt: skip
    assert taken == {
        "check": sorted(
            [
                "snapshot",
                "--environment",
                "-e",
                "--config",
                "--policy",
                "-p",
                "--set",
                "--as-of",
                "--client",
                "--probe",
                "--waivers",
                "--baseline",
                "--fail-on",
                "--details",
                "--steps",
                "--allow-edited",
                "--allow-unknown",
                "--group-by",
                "--show",
                "--evidence",
                "--output",
                "-o",
            ]
        ),
        "collect": sorted(
            [
                "--subscription",
                "-s",
                "--all-subscriptions",
                "--resource-group",
                "-g",
                "--account",
                "-a",
                "--environment",
                "-e",
                "--config",
                "--for",
                "--aspect",
                "--skip",
                "--client",
                "--fill",
                "--shard",
                "--tenant",
                "--cloud",
                "--arm-endpoint",
                "--audience",
                "--auth",
                "--concurrency",
                "--timeout",
                "--progress",
                "--verbose",
                "--log-file",
                "--output",
                "-o",
            ]
        ),
        "preflight": sorted(
            [
                "--subscription",
                "-s",
                "--all-subscriptions",
                "--resource-group",
                "-g",
                "--account",
                "-a",
                "--environment",
                "-e",
                "--config",
                "--for",
                "--aspect",
                "--skip",
                "--expect",
                "--expect-deployment",
                "--expect-region",
                "--model",
                "--version",
                "--region",
                "--sku",
                "--capacity",
                "--tenant",
                "--cloud",
                "--arm-endpoint",
                "--audience",
                "--auth",
                "--timeout",
                "--verbose",
                "--log-file",
                "--output",
                "-o",
            ]
        ),
    }
    both = {one for each in parameters("audit").values() for one in each.opts}
    assert both == ({*taken["collect"], *taken["check"]} - {"--for", "--shard", "snapshot"}) | {"--snapshot"}


def test_every_key_of_the_file_is_of_an_option_and_the_other_way_round() -> None:
    named = {
        row.key.name for group in options.GROUPS for one in fields(group) if (row := one.metadata[ROW]).key is not None
    }
    environment = CONFIG_SCHEMA["properties"]["environments"]["additionalProperties"]["properties"]
    assert environment.keys() == named == options.keys().keys()
    assert CONFIG_SCHEMA["properties"]["defaults"]["properties"] == environment
    assert environment["failOn"]["enum"] == SEVERITY


def table() -> str:
    """The keys of `rtaudit.yaml`, each with its option and the commands that take it, as docs/environments.md shows them."""
    taken = options.keys()
    found: dict[str, dict[str, list[str]]] = {name: {} for name in taken}
    for command, one in COMMANDS.commands.items():
        for row in getattr(one.callback, ROWS, {}).values():
            if row.key is not None:
                flag = f"`{row.flags[0]}`" if row.flags else "the argument"
                found[row.key.name].setdefault(flag, []).append(command)
    lines = ["| key | option | where it is used |", "|---|---|---|"]
    for name, flags in found.items():
        many = len(flags) > 1
        said = [f"{flag} of {' and '.join(sorted(commands))}" if many else flag for flag, commands in flags.items()]
        where = sorted({command for commands in flags.values() for command in commands})
        lines.append(f"| `{name}` | {', '.join(said)} | {', '.join(where)} |")
    return "\n".join(lines) + "\n"


def test_the_table_on_the_page_follows_from_the_rows() -> None:
    """`RTAUDIT_GOLDEN=write` writes it anew."""
    page = Path(__file__).parents[2] / "docs" / "environments.md"
    text = page.read_text("utf-8")
    start = text.index("| key | option |")
    end = text.index("\n\n", start) + 1
    if os.environ.get("RTAUDIT_GOLDEN") == "write":
        page.write_text(text[:start] + table() + text[end:], "utf-8")
    else:
        assert text[start:end] == table()


def complete(words: str, folder: Path) -> list[str]:
    """What bash is offered for the last word of a command line."""
    environment = {
        **os.environ, "_RTAUDIT_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" ")),
    }  # fmt: skip
    command = Path(sys.executable).with_name("rtaudit")
    ended = subprocess.run([command], cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert ended.stderr == ""
    return ended.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("rtaudit check --fail-on ", SEVERITY),
        ("rtaudit diff a.json b.json --fail-on h", ["high"]),
        ("rtaudit client scan . --fail-on ", SEVERITY),
        ("rtaudit check --policy ", builtin_names()),
        ("rtaudit diff --policy pro", [one for one in builtin_names() if one.startswith("pro")]),
        ("rtaudit collect --for b", [one for one in builtin_names() if one.startswith("b")]),
        ("rtaudit check --show wa", ["waived"]),
        ("rtaudit render r.json --show e", ["expected"]),
        ("rtaudit check -o s", ["sarif"]),
        ("rtaudit diff -o ", list(FORMATS)),
        ("rtaudit collect --aspect ", sorted(ASPECTS)),
        ("rtaudit collect --cloud AzureC", ["AzureChinaCloud", "AzureCloud"]),
        ("rtaudit probe --auth c", ["cli"]),
        ("rtaudit check --group-by ", ["account", "rule", "severity"]),
        ("rtaudit check --allow-unknown RTA-ID-00", sorted(one for one in library() if one.startswith("RTA-ID-00"))),
        ("rtaudit policy explain RTA-NET-00", sorted(one for one in library() if one.startswith("RTA-NET-00"))),
        ("rtaudit policy list --severity c", ["critical"]),
        ("rtaudit schema ", list(SCHEMAS)),
        ("rtaudit snapshot show x.json --what g", ["gaps"]),
        ("rtaudit snapshot show x.json -o ", ["table", "json", "csv"]),
        ("rtaudit policy list --group NE", ["NET"]),
        ("rtaudit policy explain -o ", ["text", "markdown"]),
        ("rtaudit probe -o ", ["table", "json"]),
        ("rtaudit probe --environment t", ["test"]),
        ("rtaudit plan p.json -e ", ["prod", "test"]),
        ("rtaudit runbook --shell ", ["bash", "pwsh"]),
        ("rtaudit runbook -o ", ["table", "markdown", "sh", "ps1", "json", "html"]),
        ("rtaudit simulate x.json --behaviour ri", ["right"]),
        ("rtaudit audit --environment ", ["prod", "test"]),
        ("rtaudit check -e p", ["prod"]),
    ],
)  # fmt: skip
def test_a_shell_is_offered_values(tmp_path: Path, words: str, offered: list[str]) -> None:
    (tmp_path / "rtaudit.yaml").write_text("schema: rtaudit.config/1\nenvironments: {test: {}, prod: {}}\n")
    assert complete(words, tmp_path) == offered


def test_a_broken_file_of_environments_offers_nothing(tmp_path: Path) -> None:
    (tmp_path / "rtaudit.yaml").write_text("environments: [")
    assert complete("rtaudit check -e ", tmp_path) == []


def test_every_list_that_a_row_names_is_there() -> None:
    for group in GROUPS:
        for _, row in rows(group):
            if row.values is not None:
                assert isinstance(completer(row.values)(""), list)
