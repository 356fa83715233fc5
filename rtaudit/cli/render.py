"""`rtaudit render`: a report or a drift in another format, later and elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtaudit.cli.app import command

if TYPE_CHECKING:
    from rtaudit.settings import command_options, options


@command()
def render(chosen: command_options.Rendered, output: options.OutputFormats, view: options.View) -> None:
    """Write a report or a drift in other formats. Always exits 0: rendering does not evaluate again."""
    from rtaudit.api.files import load_answer
    from rtaudit.cli.outputs import check_view, deliver, parse_outputs

    outputs = parse_outputs(output.output)
    check_view(view.group_by, view.show)
    answer, snapshots = load_answer(chosen.file, chosen.snapshot)
    deliver(outputs, answer, snapshots=snapshots, group_by=view.group_by, show=view.show, details=view.details)
