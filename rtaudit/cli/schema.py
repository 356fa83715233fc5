"""`rtaudit schema`: the JSON Schema of each document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtaudit.cli.app import command, write_stdout

if TYPE_CHECKING:
    from rtaudit.settings import command_options


@command()
def schema(chosen: command_options.Described) -> None:
    """Print the JSON Schema of a document that rtaudit reads or writes."""
    from rtaudit.api.schemas import find_schema
    from rtaudit.documents import dumps

    write_stdout(dumps(find_schema(chosen.document)))
