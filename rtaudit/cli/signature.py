"""Signatures: a command that takes groups of options (`rtaudit.settings.options`) becomes one that Typer can read."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Annotated, Any, get_origin, get_type_hints

import typer

from rtaudit.cli.completion import completer
from rtaudit.settings.options import ROW, Option

ROWS = "__option_rows__"
"""Attribute of a command's function: the rows of its options, by parameter."""

Callbacks = Mapping[str, Callable[..., Any]]


def expanded(function: Callable[..., Any], callbacks: Callbacks, help_words: Mapping[str, str]) -> Callable[..., Any]:
    """`function` with each parameter whose type is a group of options replaced by these options.

    `callbacks` are called by Typer with an option's value (those of `--environment` and `--config` before the others);
    `help_words` replace `{name}` in helps.
    """
    module = vars(sys.modules[function.__module__])
    hints = get_type_hints(function, {**module, "Context": typer.Context}, include_extras=True)
    parameters: list[inspect.Parameter] = []
    groups: dict[str, type] = {}
    row_of: dict[str, Option] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if not is_dataclass(hints[name]):
            parameters.append(parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        group: Any = hints[name]
        groups[name] = group
        types = get_type_hints(group)
        for one in fields(group):
            row: Option = one.metadata[ROW]
            row_of[one.name] = row
            kind: Any = list[str] if get_origin(types[one.name]) is Sequence else types[one.name]
            default = None if kind == list[str] or one.default is MISSING else one.default
            annotation = Annotated[kind | None if default is None else kind, _info(one.name, row, callbacks, help_words)]
            parameters.append(
                inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
            )

    @functools.wraps(function)
    def run(**given: Any) -> Any:
        for name, group in groups.items():
            values = {one.name: given.pop(one.name) for one in fields(group)}
            given[name] = group(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items() if value is not None})
        return function(**given)

    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    setattr(run, ROWS, row_of)
    return run


def _info(name: str, row: Option, callbacks: Callbacks, help_words: Mapping[str, str]) -> Any:
    text = row.help
    for word, value in help_words.items():
        text = text.replace(f"{{{word}}}", value)
    offered = completer(row.values) if row.values else None
    if not row.flags:
        return typer.Argument(metavar=row.metavar, help=text, autocompletion=offered)
    return typer.Option(
        *row.flags, metavar=row.metavar, help=text, rich_help_panel=row.panel, min=row.minimum, max=row.maximum,
        callback=callbacks.get(name), is_eager=name in ("environment", "config"), autocompletion=offered,
    )  # fmt: skip
