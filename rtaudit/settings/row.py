"""Option rows: what is known about an option, as the metadata of a dataclass field.

A group of options is a dataclass: a command that takes one in its signature has these options, and gets their values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any


@dataclass(repr=False, eq=False)
class OptionKey:
    """A key of `rtaudit.yaml` that gives an option its value where the command line does not."""

    name: str
    about: str
    """What the schema says of it."""
    schema: str = "text"
    """Shape of the value: text, list, boolean, mapping, words (one of the option's values), rules (a list, or true)."""
    path: bool = False
    """True where the value names files, relative to the folder of `rtaudit.yaml`."""


@dataclass(repr=False, eq=False)
class Option:
    """A row: everything that is known about an option besides its name, type and default (those of the field)."""

    flags: tuple[str, ...]
    """`--subscription`, `-s`; none: it is an argument."""
    help: str
    metavar: str | None = None
    panel: str | None = None
    """Heading in the help."""
    key: OptionKey | None = None
    values: str | None = None
    """Name of the list of values that a shell offers (`rtaudit.settings.values`)."""
    minimum: float | None = None
    maximum: float | None = None
    required: bool = False


ROW = "option"
"""Key of the row in the metadata of a field."""


def option(*flags: str, default: Any = None, help: str, **row: Any) -> Any:  # noqa: A002 (the word that Typer uses)
    """A field of an options dataclass, with its row."""
    return field(default=default, metadata={ROW: Option(flags, help, **row)})


def same(group: type, name: str, **changes: Any) -> Any:
    """A field with the row, and the default, of another group's field `name`, but for `changes` of the row."""
    other = next(one for one in fields(group) if one.name == name)
    return field(default=other.default, metadata={ROW: replace(other.metadata[ROW], **changes)})


def rows(group: type) -> Iterator[tuple[str, Option]]:
    """The options of a group, by field name."""
    for one in fields(group):
        yield one.name, one.metadata[ROW]
