"""JSON that a command prints steers neither a terminal nor a build agent, and means what the file means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from rtaudit.assets import snapshots
from rtaudit.cli import app
from rtaudit.render.text import escape_ci_commands

HOSTILE = (
    "##vso[task.setvariable variable=x]y\n::set-output name=x::y\n##[error]z\r::warning::w ##VsO[q] "
    "\x00 \x07 \x1b[2J \x7f \x85 \u009b2J \u061c \u200b \u200e \u202e \u2066 \u2028 \ufeff \U000e0001 \ud800"
)
LINE_STARTS = ("::", "##[", "##vso[")


def steers(output: str) -> list[str]:
    """What in an output a terminal or an agent would act on."""
    found = [repr(character) for character in output if character != "\n" and not character.isprintable()]
    found += [line for line in output.split("\n") if line.lstrip().lower().startswith(LINE_STARTS)]
    return found + [line for line in output.lower().split("\n") if "##vso[" in line or "##[" in line]


def hostile(value: Any, field: str = "") -> Any:
    if isinstance(value, dict):
        return {key: hostile(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [hostile(item, field) for item in value]
    kept = field in ("id", "type", "kind", "schema", "digest", "reason", "aspect", "aspects", "location")
    return value if kept or not isinstance(value, str) else f"{HOSTILE}{value}"


@pytest.fixture
def file(tmp_path: Path) -> str:
    document = json.loads((snapshots() / "prod.json").read_text())
    document["resources"] = [{**hostile(one), "tags": {HOSTILE: HOSTILE}} for one in document["resources"]]
    document.pop("digest")
    (tmp_path / "hostile.json").write_text(json.dumps(document))
    return str(tmp_path / "hostile.json")


@pytest.mark.parametrize(
    "words",
    [
        ["check", "FILE", "-o", "json", "--show", "all"],
        ["check", "FILE", "-o", "sarif"],
        ["check", "FILE", "-o", "ocsf"],
        ["diff", "OTHER", "FILE", "-o", "json"],
        ["snapshot", "show", "FILE", "-o", "json"],
        ["snapshot", "show", "FILE", "-o", "json", "--what", "deployments"],
        ["snapshot", "redact", "FILE"],
        ["snapshot", "merge", "FILE"],
        ["client", "scan", "SOURCE", "-o", "json"],
        ["client", "scan", "SOURCE", "-o", "sarif"],
        ["policy", "list", "-o", "json"],
        ["schema", "snapshot"],
    ],
    ids=" ".join,
)
def test_no_json_on_stdout_steers_anything(file: str, tmp_path: Path, words: list[str]) -> None:
    source = tmp_path / "source"
    source.mkdir()
    line = f'client.beta.realtime.connect(model="{HOSTILE}") # {HOSTILE}'
    # A file of such bytes is no text, and is not read.
    line = line.translate(dict.fromkeys(map(ord, "\n\r\x00\ud800"), " "))
    (source / "app.py").write_text(f'import openai  # realtime\n{line}\napi_key = "x" # {line}\n', "utf-8", "replace")
    places = {"FILE": file, "OTHER": str(snapshots() / "test.json"), "SOURCE": str(source)}
    done = CliRunner().invoke(app, [places.get(word, word) for word in words])
    assert done.exit_code in (0, 1), done.output
    assert json.loads(done.stdout)
    assert steers(done.stdout) == []


def test_what_is_printed_is_what_the_file_says(file: str, tmp_path: Path) -> None:
    printed = CliRunner().invoke(app, ["snapshot", "merge", file]).stdout
    done = CliRunner().invoke(app, ["snapshot", "merge", file, "-o", str(tmp_path / "merged.json")])
    assert done.exit_code == 0
    written = (tmp_path / "merged.json").read_text()
    assert json.loads(printed) == json.loads(written)
    assert "\u202e" in written
    assert CliRunner().invoke(app, ["snapshot", "verify", str(tmp_path / "merged.json")]).exit_code == 0
    (tmp_path / "printed.json").write_text(printed)
    assert CliRunner().invoke(app, ["snapshot", "verify", str(tmp_path / "printed.json")]).exit_code == 0


_TEXT = st.text(max_size=20) | st.lists(
    st.sampled_from(["##vso[", "##[", "#", "::", "\n", "\u009b", "\u202e", "\\", '"']), max_size=8
).map("".join)


@given(
    st.recursive(
        _TEXT, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3), max_leaves=8
    ),
    st.sampled_from([None, 1]),
)
def test_a_tamed_document_is_the_same_document(value: Any, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    assert json.loads(escape_ci_commands(text)) == value
    assert steers(escape_ci_commands(text)) == []
    assert escape_ci_commands(escape_ci_commands(text)) == escape_ci_commands(text)
