"""Source: scan a client's source, and draft a contract of what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rtaudit.errors import InputError, RtauditError

if TYPE_CHECKING:
    from rtaudit.report import Report
    from rtaudit.scan.checks import SourceCheck
    from rtaudit.scan.run import Scan


class SourceScan:
    """A scan of source trees, as `rtaudit client scan` makes it."""

    def __init__(
        self,
        paths: Sequence[str | Path],
        *,
        exclude: Sequence[str] = (),
        checks: Sequence[str | Path] = (),
        fail_on: str = "high",
        waivers: str | Path | None = None,
        baseline: str | Path | None = None,
    ) -> None:
        """Read `paths`; `checks` are files or folders of own source checks. Raises UsageError and InputError."""
        from rtaudit.policy import load_waivers
        from rtaudit.report import load
        from rtaudit.report.gate import check_threshold

        check_threshold(fail_on, "fail_on")
        accepted = load_waivers(waivers) if waivers else ()
        known = load(baseline) if baseline else None
        held = source_checks(checks)
        _need_grammars()
        from rtaudit.scan.report import report_of
        from rtaudit.scan.run import scan

        self._scans: list[Scan] = [scan(path, exclude=exclude, checks=held) for path in dict.fromkeys(map(str, paths))]
        self.report: Report = report_of(
            self._scans,
            checks=held,
            fail_on=fail_on,
            waivers=accepted,
            baseline=known,
            baseline_name=Path(baseline).name if baseline else None,
        )

    def draft(self, name: str = "client") -> str:
        """A client contract (YAML) of what was seen, to be completed; what was not seen is null."""
        from rtaudit.scan.draft import write
        from rtaudit.scan.seen import draft_of

        return write(draft_of(self._scans, name))


def scan_source(
    *paths: str | Path,
    exclude: Sequence[str] = (),
    checks: Sequence[str | Path] = (),
    fail_on: str = "high",
    waivers: str | Path | None = None,
    baseline: str | Path | None = None,
) -> Report:
    """What a client's source says, as `rtaudit client scan` does; `checks` are files or folders of own source checks.

    Raises UsageError and InputError.
    """
    return SourceScan(paths, exclude=exclude, checks=checks, fail_on=fail_on, waivers=waivers, baseline=baseline).report


def source_checks(paths: Sequence[str | Path] = ()) -> dict[str, SourceCheck]:
    """The source checks that ship, and those in files and folders, by id. Raises InputError."""
    from rtaudit.scan.checks import library, load_checks

    checks = dict(library())
    for path in map(Path, paths):
        if not path.exists():
            raise InputError(f"no such file or folder: {path}", "give a file of source checks, or a folder of some")
        own = load_checks(path)
        if not own:
            raise InputError(f"{path} contains no source checks", "they are YAML files with `schema: rtaudit.source/1`")
        for taken in sorted(own.keys() & checks.keys()):
            raise InputError(f"{path}: the id {taken} is taken", "give own checks own ids")
        checks |= own
    return checks


def _need_grammars() -> None:
    """Raise where the package that parses code is not installed: some platforms have no wheel of it."""
    from importlib.util import find_spec

    if find_spec("ast_grep_py") is None:
        raise RtauditError(
            "client scan needs the package ast-grep-py, which is not installed here",
            "pip install ast-grep-py, where there is a wheel for this platform; every other command works without it",
        )
