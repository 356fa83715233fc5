"""Plans: what infrastructure code will deploy, as a snapshot that the same policies check."""

from __future__ import annotations

from collections.abc import Sequence

from rtaudit.errors import UsageError, counted
from rtaudit.plan.assemble import assemble
from rtaudit.plan.files import load
from rtaudit.plan.model import Plan
from rtaudit.snapshot import Snapshot
from rtaudit.snapshot.secrets import scrub

__all__ = ["Plan", "plan", "read_plan"]


def read_plan(path: str, source: str | None = None, nth: int = 0) -> Plan:
    """The plan in a file (`-` is standard input), whatever its format. Raises InputError.

    `nth` is its place among several: what has no name yet is another thing in each of them.
    `source` is the folder of the code that it was made of: with it resources have the file and line where they are written.
    """
    kind, document = load(path)
    name = "standard input" if path == "-" else path
    if kind == "bicep":
        from rtaudit.plan.bicep import read
    elif kind == "terraform":
        from rtaudit.plan.terraform import read
    else:
        from rtaudit.plan.whatif import read
    found = read(document, name, f"{nth + 1}-" if nth else "")
    if source is not None:
        from rtaudit.plan.source import locate

        locate(found, document, source)
    # Keys of for_each are values, and may be secret ones.
    for one in found.resources:
        one.address = scrub(one.address) if one.address != one.id else one.id
    found.missing, found.warnings = [*map(scrub, found.missing)], [*map(scrub, found.warnings)]
    return found


def plan(
    paths: Sequence[str],
    *,
    environment: str | None = None,
    base: Snapshot | None = None,
    sources: Sequence[str] = (),
) -> tuple[Snapshot, list[str]]:
    """What the environment will be when these plans are deployed, and sentences that the reader should know.

    `base` is a collected snapshot of what is there now; its label is the environment's unless `environment` names one.
    `sources` are the folders of the code, one for each plan, or none.
    Raises InputError for a file that is no plan.
    """
    if not paths:
        raise UsageError("no plan was given", "name a plan file, or - for standard input")
    if sources and len(sources) != len(paths):
        raise UsageError(
            f"{counted(len(paths), 'plan')} and {counted(len(sources), 'source folder')} were given",
            "give --source once for each plan, in their order",
        )
    plans = [read_plan(path, sources[number] if sources else None, number) for number, path in enumerate(paths)]
    label = environment or (base.environment if base else "default")
    snapshot = assemble(plans, label, base)
    warnings = [f"{one.file}: {sentence}" for one in plans for sentence in one.warnings]
    if not any("/accounts/" in one.id.lower() for read in plans for one in read.resources):
        warnings.append("no plan holds a Cognitive Services account, or anything on one")
    return snapshot, warnings
