"""Runbook -> text: for the terminal, a checklist in Markdown, a script to review for each shell, JSON, and HTML."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping

from rtaudit.render.markdown import code, prose
from rtaudit.render.text import escape_ci_commands, name, shorten, to_printable, verdict
from rtaudit.report.runbook import ByHand, Effect, Runbook, RunbookStep, Unseen
from rtaudit.report.steps import Ask, Command, quote_pwsh

ON_PAPER = "Each step was proved on an edited copy of the snapshot; nothing was executed."


def render(runbook: Runbook, form: str, *, shell: str = "bash", width: int = 100) -> str:
    """The runbook in one of `settings.values.RUNBOOKS`. `shell` quotes the commands of table, markdown and html: bash or pwsh."""
    writers: dict[str, Callable[[], str]] = {
        "table": lambda: _lines(_table(runbook, shell, width)),
        "markdown": lambda: _lines(_markdown(runbook, shell)),
        "sh": lambda: _lines(_script(runbook, "bash")),
        "ps1": lambda: _lines(_script(runbook, "pwsh")),
        "json": lambda: (
            escape_ci_commands(json.dumps(runbook.document(), indent=2, ensure_ascii=False, allow_nan=False)) + "\n"
        ),
        "html": lambda: _page(runbook, shell),
    }
    return writers[form]()


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines).rstrip("\n") + "\n"


def text(words: str, limit: int = 400) -> str:
    """Words that a rule, Azure or a plan wrote, on one line."""
    return shorten(to_printable(words), limit)


def ending(runbook: Runbook) -> str:
    """The one line that ends a runbook."""
    steps = f"{len(runbook.steps)} step{'' if len(runbook.steps) == 1 else 's'}"
    if runbook.before.verdict == "ready" and not runbook.steps:
        return f"{verdict(runbook.before)}: nothing blocks"
    now, then = verdict(runbook.before), verdict(runbook.after)
    left = [f"{len(runbook.by_hand)} left by hand"] if runbook.by_hand else []
    left += [f"{len(runbook.unseen)} to collect first"] if runbook.unseen else []
    return f"{now}; after {steps}: {then}" + (f" ({', '.join(left)})" if left else "")


def heading(planned: RunbookStep) -> str:
    """The rules that ask for a step, and what it says."""
    return f"{', '.join(planned.rules)}: {text(planned.step.say)}" if planned.step.say else ", ".join(planned.rules)


def notes(planned: RunbookStep) -> list[str]:
    """What is worth knowing before a step is taken."""
    # What is copied into the code is not cut.
    found = [f"In the code: {to_printable(line)}" for line in planned.code]
    if planned.step.risk:
        found.append(f"Who notices: {text(planned.step.risk)}")
    if planned.follows:
        found.append(f"Only after {_numbers(planned.follows)}.")
    cleared = [one for one in planned.clears if one.rule not in planned.rules]
    if cleared:
        found.append(f"Also clears {_effects(cleared)}.")
    if not planned.clears:
        found.append("Clears nothing by itself: the next step needs it.")
    caused: dict[tuple[str, str], list[Effect]] = {}
    for one in planned.causes:
        caused.setdefault((one.outcome, one.message), []).append(one)
    for (outcome, message), effects in caused.items():
        which = ", ".join(f"{one.rule} ({one.severity})" for one in effects[:6])
        more = f" and {len(effects) - 6} more" if len(effects) > 6 else ""
        found.append(f"Causes {outcome}: {which}{more}: {text(message, 300)}")
    examples = [f"{text(asked)} = {text(str(value))}" for asked, value in planned.assumed.items()]
    return found + [f"Proved with an example: {one}" for one in examples]


def _numbers(numbers: Iterable[int]) -> str:
    listed = [str(one) for one in numbers]
    head = ", ".join(listed[:-1])
    return f"step {listed[0]}" if len(listed) == 1 else f"steps {head} and {listed[-1]}"


def _effects(effects: Iterable[Effect]) -> str:
    listed = [f"{one.rule} of {name(one.resource)}" for one in effects]
    return ", ".join(listed[:5]) + (f" and {len(listed) - 5} more" if len(listed) > 5 else "")


def command_of(planned: RunbookStep, shell: str) -> str:
    """The command of a step as one line for a shell; empty where it has none."""
    lines = planned.step.lines(shell)
    return to_printable(lines[-1]) if planned.step.command else ""


def _table(runbook: Runbook, shell: str, width: int) -> Iterator[str]:
    environments = list(dict.fromkeys(one["environment"] for one in runbook.before.snapshots))
    for environment in environments:
        steps = [one for one in runbook.steps if one.environment == environment]
        hand = [one for one in runbook.by_hand if one.environment == environment]
        unseen = [one for one in runbook.unseen if one.environment == environment]
        if not (steps or hand or unseen):
            continue
        yield f"{text(environment)}: {len(steps)} step{'' if len(steps) == 1 else 's'} to ready"
        yield ""
        for one in steps:
            yield from _wrap(f"{one.number:>2}. {one.severity.upper()}  {heading(one)}", width, "    ")
            if one.step.command and not one.code:
                yield f"    {command_of(one, shell)}"
            for note in notes(one):
                yield from _wrap(f"    {note}", width, "      ")
            yield ""
        if hand:
            yield "By hand:"
            for left in hand:
                yield from _wrap(f"  - {_left(left)}", width, "    ")
                for step in left.steps:
                    for line in step.lines(shell):
                        yield from (
                            [f"    {to_printable(line)}"]
                            if line.startswith("az ")
                            else _wrap(f"    {text(line)}", width, "    ")
                        )
            yield ""
        if unseen:
            yield "Collect first (what is unknown has no step):"
            for gap in unseen:
                yield from _wrap(f"  - {gap_text(gap)}", width, "    ")
            yield ""
    for warning in runbook.warnings:
        yield from _wrap(f"warning: {text(warning)}", width, "  ")
    if runbook.steps:
        yield ON_PAPER
    yield ending(runbook)


def _wrap(line: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(
        line, max(40, width), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    ) or [line]


def _left(left: ByHand) -> str:
    return f"{left.severity.upper()} {left.rule} {name(left.resource)}: {text(left.message)} {text(left.reason)}"


def gap_text(gap: Unseen) -> str:
    """What has to be collected first, and which rules wait for it."""
    needs = f", with the action {gap.needs}" if gap.needs else ""
    role = f" (role {gap.role})" if gap.role else ""
    message = text(gap.message)
    named = name(gap.scope)
    where = f" of {named}" if named and not message.startswith(named) else ""
    return f"{gap.aspect}{where}{text(needs)}{role}: {message} ({', '.join(gap.rules)})"


def _markdown(runbook: Runbook, shell: str) -> Iterator[str]:
    yield "# Steps to ready"
    yield ""
    yield f"{prose(ending(runbook))}. {ON_PAPER}"
    for warning in runbook.warnings:
        yield f"\n**Warning:** {prose(text(warning))}"
    for environment in dict.fromkeys(one["environment"] for one in runbook.before.snapshots):
        steps = [one for one in runbook.steps if one.environment == environment]
        if steps:
            yield f"\n## {code(text(environment))}\n"
        for one in steps:
            yield f"- [ ] **{one.number}.** {one.severity}: {prose(text(one.step.say))} {code(', '.join(one.rules))}"
            if one.step.command and not one.code:
                yield f"\n  ```{'sh' if shell == 'bash' else 'powershell'}\n  {command_of(one, shell)}\n  ```\n"
            for line in one.code:
                yield f"  - In the code: {code(to_printable(line))}"
            for note in notes(one)[len(one.code) :]:
                yield f"  - {prose(note)}"
    if runbook.by_hand:
        yield "\n## By hand\n"
        for left in runbook.by_hand:
            yield f"- [ ] {left.severity}: {prose(text(left.message))} {code(left.rule)} {code(name(left.resource))}"
            yield f"  - {prose(text(left.reason))}"
            for step in left.steps:
                for line in step.lines(shell):
                    yield f"  - {code(to_printable(line)) if line.startswith('az ') else prose(to_printable(line))}"
    if runbook.unseen:
        yield "\n## Collect first\n"
        for gap in runbook.unseen:
            yield f"- [ ] {prose(gap_text(gap).replace('`', ''))}"


def _script(runbook: Runbook, shell: str) -> Iterator[str]:
    bash = shell == "bash"
    if bash:
        yield "#!/usr/bin/env bash"
    yield f"# Steps to ready, written by rtaudit {runbook.before.tool.get('version', '')}. Review it; then run it."
    yield f"# {ending(runbook)}. {ON_PAPER}"
    for warning in runbook.warnings:
        yield f"# Warning: {_comment(warning)}"
    if bash:
        yield "set -euo pipefail"
    else:
        yield "$ErrorActionPreference = 'Stop'"
        yield "# As for every batch file: az on Windows is one."
        yield "$PSNativeCommandArgumentPassing = 'Legacy'"
    variables = _variables(runbook)
    for asked, variable in dict.fromkeys((value[0], value[1]) for value in variables.values()):
        yield ""
        yield f"# {_comment(asked)}"
        if bash:
            yield f': "${{{variable}:?set it to: {_comment(asked, quotes=False)}}}"'
        else:
            yield f"${variable} = $env:{variable}"
            yield f"if (-not ${variable}) {{ throw {quote_pwsh(f'set the environment variable {variable}: {_comment(asked)}')} }}"
    for one in runbook.steps:
        yield ""
        yield f"# {one.number}. {_comment(f'{one.environment}: {one.severity}: {heading(one)}')}"
        for note in notes(one):
            yield f"#    {_comment(note, 4000)}"
        if one.step.command is None or one.code:
            # What a plan makes is not there yet, and is the code's to change.
            yield f"#    {_comment('(no command)')}"
            continue
        renamed = _renamed(one, variables)
        yield renamed.script(shell)
        if not bash:
            yield "if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }"
    for left in runbook.by_hand:
        yield ""
        yield f"# By hand: {_comment(_left(left))}"
        for step in left.steps:
            for line in step.lines(shell):
                yield f"#    {_comment(line, 2000)}"
    for gap in runbook.unseen:
        yield ""
        yield f"# Collect first: {_comment(gap_text(gap))}"


def _variables(runbook: Runbook) -> dict[tuple[int, str], tuple[str, str]]:
    """For each step and what it asks: the words, and a variable; the same words in two steps may mean two things."""
    asked = [
        (one.number, ask) for one in runbook.steps if one.step.command and not one.code for ask in one.step.command.asks
    ]
    counts: dict[str, int] = {}
    for _, ask in asked:
        counts[ask.variable] = counts.get(ask.variable, 0) + 1
    found = {}
    for number, ask in asked:
        several = counts[ask.variable] > 1
        variable = f"{ask.variable}_{number}" if several else ask.variable
        found[number, ask.name] = (f"{ask.name} (step {number})" if several else ask.name, f"RT_{variable}")
    return found


def _renamed(one: RunbookStep, variables: Mapping[tuple[int, str], tuple[str, str]]) -> Command:
    assert one.step.command is not None
    return Command(
        tuple(
            tuple(Ask(variables[one.number, piece.name][1]) if isinstance(piece, Ask) else piece for piece in word)
            for word in one.step.command.words
        )
    )


def _comment(words: str, limit: int = 500, *, quotes: bool = True) -> str:
    """Words within a comment, or within `${NAME:?…}`, where nothing may end them or be read by the shell."""
    line = text(words, limit)
    return (
        line
        if quotes
        else "".join(one for one in line if one.isalnum() or one in " .,:-/()<>").replace("<", "").replace(">", "")
    )


def _page(runbook: Runbook, shell: str) -> str:
    # The template engine is loaded for this format only.
    from rtaudit.render.html.steps import render as page

    return "".join(page(runbook, shell))


__all__ = ["command_of", "ending", "gap_text", "heading", "notes", "render"]
