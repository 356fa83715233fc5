"""Files: what is read from them, made of them, and verified; what is wrong with policies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtaudit.errors import InputError
from rtaudit.snapshot import Snapshot
from rtaudit.snapshot import load as load_snapshot

if TYPE_CHECKING:
    from rtaudit.drift import Drift
    from rtaudit.policy.cases import CaseResult
    from rtaudit.policy.lint import Complaint
    from rtaudit.report import Report


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


def render_as(answer: Report | Drift, format: str = "table", **options: Any) -> str:  # noqa: A002 (the option's name)
    """A report or a drift as text, in one of the formats of `rtaudit render`.

    `options` are the fields of `rtaudit.render.Options`: `width`, `colour`, `group_by`, `show`, `snapshots`.
    Raises RtauditError for an unknown format.
    """
    from rtaudit.render import render, whole

    return whole(render(answer, format, **options))


def draft_contract(
    snapshots: Sequence[Snapshot], name: str = "client", account: str | None = None, deployment: str | None = None
) -> str:
    """A client contract (YAML) made from snapshots, to be completed, as `rtaudit client init` does. Raises UsageError."""
    from rtaudit.scan.draft import from_snapshots, write

    return write(from_snapshots(snapshots, name, account, deployment))


def lint(path: str | Path | None = None, snapshots: Sequence[Snapshot] = ()) -> list[Complaint]:
    """What is wrong with a policy folder, a pack or a file of rules (the library unless given). Raises InputError."""
    from rtaudit import assets
    from rtaudit.policy.lint import Complaint
    from rtaudit.policy.lint import lint as run
    from rtaudit.scan.cases import check_files, lint_checks

    target = Path(path) if path is not None else assets.policies()
    found = [Complaint(place, name, words) for place, name, words in lint_checks(target)]
    checks = check_files(target)
    # A folder of nothing but source checks, or a file of some, holds no policy.
    others = (
        []
        if target.is_file()
        else [one for one in (*target.glob("*.yaml"), *target.glob("rules/*.yaml")) if one not in checks]
    )
    if not checks or any(not one.name.endswith(".cases.yaml") and one.name != "frameworks.yaml" for one in others):
        found = [*run(target, snapshots), *found]
    return found


def run_cases(path: str | Path | None = None) -> list[CaseResult]:
    """The results of the cases beside rules (the library's unless given): those that failed have a `problem`.

    Raises InputError where there are no cases.
    """
    from rtaudit import assets
    from rtaudit.policy.cases import find_case_files, load_cases, run
    from rtaudit.scan.cases import is_case_file

    target = Path(path) if path is not None else assets.policies() / "rules"
    files = [one for one in find_case_files(target) if not is_case_file(one)]
    if not files:
        raise InputError(
            f"there are no cases at {target}", "cases are beside a rule file: network.yaml, network.cases.yaml"
        )
    return [result for file in map(load_cases, files) for result in run(file)]
