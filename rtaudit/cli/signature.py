"""Signatures: a command that takes groups of options (`rtaudit.settings.options`) becomes one that Typer can read."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import Field, fields, is_dataclass
from typing import TYPE_CHECKING, Annotated, Any, get_origin, get_type_hints

import typer

from rtaudit.cli.completion import completer, words_of

if TYPE_CHECKING:
    from rtaudit.settings.row import Option

ROWS = "option_rows"
"""Attribute of a command's function: the rows of its options, by parameter."""

EAGER = ("environment", "config")
"""Options that are read before the others: their file gives the others their values."""


def expanded(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` with each parameter whose type is a group of options replaced by these options."""
    signature = inspect.signature(function)
    given = {name: one.annotation for name, one in signature.parameters.items()}
    if not any("options." in str(one) for one in given.values()):
        return function
    if _is_listed_only():
        return _bare(function)
    from rtaudit.settings import command_options, options

    scope = {**vars(sys.modules[function.__module__]), "options": options, "command_options": command_options}
    hints = get_type_hints(function, scope, include_extras=True)
    groups: dict[str, Any] = {name: hints[name] for name in given if is_dataclass(hints[name])}
    parameters: list[inspect.Parameter] = []
    for name, parameter in signature.parameters.items():
        if name in groups:
            parameters += _parameters(groups[name])
        else:
            parameters.append(parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY))

    @functools.wraps(function)
    def run(**values: Any) -> Any:
        for name, group in groups.items():
            own = {one.name: values.pop(one.name) for one in fields(group)}
            values[name] = group(
                **{key: tuple(one) if isinstance(one, list) else one for key, one in own.items() if one is not None}
            )
        return function(**values)

    vars(run)["__signature__"] = inspect.Signature(parameters)
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    vars(run)[ROWS] = {one.name: one.metadata["option"] for group in groups.values() for one in fields(group)}
    return run


def _is_listed_only() -> bool:
    """True where this process prints the list of commands, or the version: no command needs its options then."""
    name = os.path.basename(sys.argv[0])
    ours = name == "rtaudit" or sys.argv[0].endswith(os.path.join("rtaudit", "__main__.py"))
    return ours and sys.argv[1:] in ([], ["-h"], ["--help"], ["--version"]) and "_RTAUDIT_COMPLETE" not in os.environ


def _bare(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def run() -> None:
        raise AssertionError("a command that is listed only was run")

    vars(run)["__signature__"] = inspect.Signature()
    run.__annotations__ = {}
    return run


def _parameters(group: Any) -> list[inspect.Parameter]:
    types = get_type_hints(group)
    return [_parameter(one, types[one.name]) for one in fields(group)]


def _parameter(one: Field[Any], kind: Any) -> inspect.Parameter:
    row: Option = one.metadata["option"]
    repeatable = get_origin(kind) is Sequence
    if repeatable:
        kind = list[str] if row.required else list[str] | None
    default = inspect.Parameter.empty if row.required else None if repeatable else one.default
    return inspect.Parameter(
        one.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, _info(one.name, row)]
    )


def _info(name: str, row: Option) -> Any:
    from rtaudit.cli.environments import CALLBACKS

    offered = completer(row.values) if row.values else None
    text = row.help.format(values=", ".join(words_of(row.values))) if row.values and "{" in row.help else row.help
    text = text.replace("[", "\\[")  # brackets are no markup
    if not row.flags:
        return typer.Argument(metavar=row.metavar, help=text, autocompletion=offered)
    return typer.Option(
        *row.flags, metavar=row.metavar, help=text, rich_help_panel=row.panel, min=row.minimum, max=row.maximum,
        callback=CALLBACKS.get(name), is_eager=name in EAGER, autocompletion=offered,
    )  # fmt: skip
