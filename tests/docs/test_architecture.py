"""The picture of the packages is what the code imports."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def picture() -> ModuleType:
    spec = importlib.util.spec_from_file_location("picture", ROOT / "docs" / "draw_architecture.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_is_true(picture: ModuleType) -> None:
    drawn = (ROOT / "docs" / "architecture.svg").read_text("utf-8")
    assert drawn == picture.draw(picture.packages()), (
        "imports between packages changed: python docs/draw_architecture.py draws it anew"
    )


def test_every_package_is_named_on_the_page(picture: ModuleType) -> None:
    table = (ROOT / "docs" / "architecture.md").read_text("utf-8").split("| package |")[1].split("\n\n")[0]
    told = set(re.findall(r"`(\w+)`", "\n".join(line.split("|")[1] for line in table.splitlines()[2:])))
    assert told == set(picture.packages()) - {"api", "cli", "library", "version"}


def test_a_new_import_changes_the_picture(picture: ModuleType, tmp_path: Path) -> None:
    for name, text in {"low": "", "high": "from rtaudit import low\n", "top": "import rtaudit.high\n"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(text)
    found = picture.packages(tmp_path)
    assert picture.floors(found) == [["low"], ["high"], ["top"]]
    before = picture.draw(found)
    (tmp_path / "top" / "__init__.py").write_text("from rtaudit.low import x\n")
    assert picture.draw(picture.packages(tmp_path)) != before
    (tmp_path / "low" / "__init__.py").write_text("from rtaudit.top import y\n")
    with pytest.raises(ValueError, match="low, top"):
        picture.floors(picture.packages(tmp_path))
