"""Files: what is read from them, made of them, and verified."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtaudit.errors import InputError, UsageError, allowed_hint
from rtaudit.snapshot import Snapshot, refuse_edited
from rtaudit.snapshot import load as load_snapshot

if TYPE_CHECKING:
    from rtaudit.drift import Drift
    from rtaudit.report import Report
    from rtaudit.report.runbook import Runbook


def load_drift(path: str | Path) -> Drift:
    """The drift in a file that `rtaudit diff -o json` wrote. Raises InputError."""
    from rtaudit.drift import load

    return load(str(path))


def load_revision(revision: str, path: str | Path) -> Snapshot:
    """The snapshot in a file as it was at a git revision. Raises InputError."""
    from rtaudit.drift.revisions import load_revision as load

    return load(revision, str(path))


def verify(path: str | Path) -> Snapshot | Report:
    """The snapshot in a file, or the report in a folder of evidence, where it is what it was when it was written.

    Of a folder every file's SHA-256 is compared, and the check is made again. Raises InputError for what was changed.
    """
    if Path(path).is_dir():
        from rtaudit.evidence.bundle import verify as verify_evidence

        return verify_evidence(path)
    snapshot = load_snapshot(path)
    if snapshot.recorded_digest is None:
        raise InputError(
            f"{path} records no digest: nothing to compare with", "collect again, or keep its SHA-256 elsewhere"
        )
    if snapshot.recorded_digest != snapshot.digest:
        raise InputError(
            f"{path} was changed after it was written: it says {snapshot.recorded_digest}, its content has {snapshot.digest}",
            "take the original; a snapshot is never edited by hand",
        )
    return snapshot


def merge(snapshots: Sequence[Snapshot]) -> Snapshot:
    """One snapshot of the shards of a collection, or of collections of different subscriptions, as `rtaudit snapshot merge` does.

    Where two hold the same resource, what was collected later counts. Raises InputError where they do not belong together,
    a shard is missing, or one was modified after collection.
    """
    from rtaudit.snapshot.merge import merge as join

    for one in snapshots:
        refuse_edited(one)
    return join(snapshots)


def redact(snapshot: Snapshot, key: bytes | str | Path | None = None) -> Snapshot:
    """A copy to show to others, as `rtaudit snapshot redact` makes it: pseudonyms in place of all that is not known to be harmless.

    Copies made with the same `key` have the same pseudonyms: its bytes, or its file, which is made where it is not there;
    without one it is random. Raises InputError for a snapshot that was modified after collection, and for a file without a key.
    """
    from rtaudit.snapshot.redact import load_key
    from rtaudit.snapshot.redact import redact as hide

    refuse_edited(snapshot)
    return hide(snapshot, key if key is None or isinstance(key, bytes) else load_key(key))


def plan_snapshot(
    paths: Sequence[str | Path],
    *,
    environment: str | None = None,
    base: Snapshot | None = None,
    sources: Sequence[str | Path] = (),
) -> tuple[Snapshot, list[str]]:
    """What infrastructure code will deploy, as `rtaudit plan` reads it, and sentences on what was not read.

    `base` is a collected snapshot of what is deployed now; its label is the environment's unless `environment` names one.
    `sources` are the folders of the code, one for each plan, or none. Raises InputError for a file that is not a plan, and for
    a base that was modified after collection.
    """
    from rtaudit.plan import plan

    if base is not None:
        refuse_edited(base)
    return plan([str(one) for one in paths], environment=environment, base=base, sources=[str(one) for one in sources])


def load_answer(path: str | Path, snapshots: Sequence[str | Path] = ()) -> tuple[Report | Drift, list[Snapshot]]:
    """The report or the drift in a file, and the snapshots that it was made of. Raises InputError for others."""
    from rtaudit.documents import load_json
    from rtaudit.drift.model import SCHEMA as DRIFT
    from rtaudit.drift.model import parse as parse_drift
    from rtaudit.report.files import parse as parse_report
    from rtaudit.report.model import SCHEMA as REPORT

    name = "standard input" if str(path) == "-" else str(path)
    document = load_json(str(path))
    schema = document.get("schema") if isinstance(document, dict) else None
    answer: Report | Drift
    if schema == DRIFT:
        answer = parse_drift(document, name)
        known = {side.digest for side in answer.sides}
    elif schema == REPORT:
        answer = parse_report(document, name)
        known = {one["digest"] for one in answer.snapshots}
    else:
        what = f"a {schema} document" if isinstance(schema, str) else "something else"
        raise InputError(
            f"{name} is neither a report nor a drift but {what}", "give what check, audit or diff wrote with -o json"
        )
    loaded = [load_snapshot(one) for one in snapshots]
    for file, snapshot in zip(snapshots, loaded, strict=True):
        if snapshot.digest not in known:
            raise InputError(
                f"{file} is not a snapshot that {name} names: its digest is {snapshot.digest}",
                "give the file that was checked",
            )
    return answer, loaded


def render_as(answer: Report | Drift | Runbook, format: str = "table", **options: Any) -> str:  # noqa: A002 (the option's name)
    """A report or a drift as text, in one of the formats of `rtaudit render`; a runbook in one of `rtaudit runbook`.

    `options` are the fields of `rtaudit.render.Options`: `width`, `colour`, `group_by`, `show`, `snapshots`; of a runbook
    `width` and `shell` (`bash` or `pwsh`). Raises UsageError for an unknown format.
    """
    from rtaudit.render import render, whole
    from rtaudit.report.runbook import Runbook

    if isinstance(answer, Runbook):
        from rtaudit.render.runbook import render as render_runbook
        from rtaudit.settings.values import RUNBOOKS

        if format not in RUNBOOKS:
            raise UsageError(f"unknown format '{format}' of a runbook", allowed_hint(format, RUNBOOKS))
        return render_runbook(answer, format, **options)
    return whole(render(answer, format, **options))


def draft_contract(
    snapshots: Sequence[Snapshot], name: str = "client", account: str | None = None, deployment: str | None = None
) -> str:
    """A client contract (YAML) made from snapshots, to be completed, as `rtaudit client init` does. Raises UsageError."""
    from rtaudit.scan.draft import from_snapshots, write

    return write(from_snapshots(snapshots, name, account, deployment))
