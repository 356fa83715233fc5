"""Assets: give the paths of the files that ship with rtaudit: the rule library, the packs, the sample snapshots."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
# An installed wheel holds the data inside the package; a source checkout beside it.
_ROOT = _PACKAGE / "_data" if (_PACKAGE / "_data").is_dir() else _PACKAGE.parent


def policies() -> Path:
    """The folder of the packs (`*.yaml`), with the rule library in `rules/`."""
    return _ROOT / "policies"


def snapshots() -> Path:
    """The folder of the sample snapshots of the fictional company."""
    return _ROOT / "snapshots"
