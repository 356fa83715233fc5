"""One file costs and says so much and no more; what was cut is counted, and nothing that counts hides behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtaudit.scan.run import MAX_PLACES, scan

KEY = "0123456789abcdef" * 2


def test_the_places_of_a_file_are_cut_and_counted(tmp_path: Path) -> None:
    lines = [f'client = AzureOpenAI(api_key="{KEY[:-4]}{number:04}")  # realtime' for number in range(MAX_PLACES * 3)]
    (tmp_path / "app.py").write_text("from openai import AzureOpenAI\n" + "\n".join(lines) + "\n")
    result = scan(tmp_path)
    places: dict[str, int] = {}
    for one in result.findings:
        places[one.check.id] = places.get(one.check.id, 0) + len(one.places)
    assert max(places.values()) == MAX_PLACES
    assert any(f"of {MAX_PLACES * 3} places of" in note and f"{MAX_PLACES} are shown" in note for note in result.notes)


def test_nothing_that_counts_hides_behind_what_is_ignored(tmp_path: Path) -> None:
    line = f'client = AzureOpenAI(api_key="{KEY}")'
    (tmp_path / "plain.py").write_text(f"from openai import AzureOpenAI  # realtime\n{line}\n")
    (check,) = {one.check.id for one in scan(tmp_path / "plain.py").findings if one.severity == "critical"} or {""}
    assert check
    ignored = f"{line}  # rtaudit:ignore[{check}] a key of the documentation\n" * (MAX_PLACES * 2)
    (tmp_path / "app.py").write_text(f"from openai import AzureOpenAI  # realtime\n{ignored}{line}\n")
    found = [one for one in scan(tmp_path / "app.py").findings if one.check.id == check]
    assert {one.ignored is None for one in found} == {True, False}


@pytest.mark.parametrize("folder", [".venv", "node_modules", "site-packages", "bower_components", "Pods", ".terraform"])
def test_the_packages_of_others_are_not_read(tmp_path: Path, folder: str) -> None:
    source = f'from openai import AzureOpenAI  # realtime\nclient = AzureOpenAI(api_key="{KEY}")\n'
    for place in (tmp_path / "lib", tmp_path / "lib" / folder / "sdk"):
        place.mkdir(parents=True)
        (place / "client.py").write_text(source)
    result = scan(tmp_path)
    assert result.findings
    assert {one.file for one in result.findings} == {"lib/client.py"}
