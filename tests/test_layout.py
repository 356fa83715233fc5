"""Layout: floors, what an import may load, the size of files, and that every schema holds."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from rtaudit.api.schemas import SCHEMAS, find_schema
from rtaudit.assets import policies, snapshots
from rtaudit.cli import _COMMANDS
from rtaudit.documents import load_yaml

ROOT = Path(__file__).parents[1]
HEAVY = ("azure", "requests", "deepdiff", "jinja2", "jsonschema", "yaml", "jmespath", "regex", "rich.console")
"""What `import rtaudit.cli` may not load: each is entered by the command that needs it."""


def _python(code: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


_LIST_TESTS = """
import sys, pytest

class Lister:
    def pytest_collection_finish(self, session):
        for item in session.items:
            values = vars(item).get("callspec") and item.callspec.params or {}
            print("id", ascii(item.nodeid), *[ascii(v) for v in values.values() if isinstance(v, (str, bytes, int, float))])

sys.exit(pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", "tests"], plugins=[Lister()]))
"""


def _collect(seed: str, zone: str) -> list[str]:
    """Each test's id and the values that a pytest may make an id of, as a worker of that seed and zone has them."""
    ended = subprocess.run(
        [sys.executable, "-c", _LIST_TESTS],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone},
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr
    return [line for line in ended.stdout.splitlines() if line.startswith("id ")]


@pytest.mark.timeout(600)
def test_every_worker_collects_the_same_tests() -> None:
    """Workers compare their ids: one that holds the clock, the hash seed or the zone ends the run on a bad second.

    Some versions of pytest put a long value into the id and others number it, so the values are compared too.
    """
    first = _collect("1", "UTC")
    assert first
    assert _collect("2", "Pacific/Auckland") == first


def test_imports_point_down() -> None:
    ended = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "0 broken" in ended.stdout


def test_every_error_for_people_says_what_to_do() -> None:
    errors = ("RtauditError", "InputError", "UsageError", "CredentialError")
    bare = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in (ROOT / "rtaudit").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in errors
        and len(node.args) + len(node.keywords) < 2
    ]  # fmt: skip
    assert bare == []


def test_the_command_line_starts_light() -> None:
    loaded = set(_python("import sys, rtaudit.cli; print(*sys.modules)").split())
    assert "rtaudit.cli.check" in loaded
    found = {name for name in loaded if name in HEAVY or name.startswith(tuple(f"{one}." for one in HEAVY))}
    assert found == set()


def test_judging_needs_no_azure() -> None:
    code = (
        "import sys\n"
        "from rtaudit.snapshot import load\n"
        "from rtaudit.policy import check, load_policies\n"
        f"check([load({str(snapshots() / 'prod.json')!r})], load_policies(['production']))\n"
        "import rtaudit.render, rtaudit.drift\n"
        "print(*sys.modules)"
    )
    loaded = _python(code).split()
    assert "jmespath" in loaded
    assert [name for name in loaded if name.split(".")[0] in ("azure", "requests", "msal")] == []


def _sources() -> list[Path]:
    return sorted((ROOT / "rtaudit").rglob("*.py"))


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in _sources()}
    assert len(lengths) > 50
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_every_module_says_what_it_is() -> None:
    bare = [str(file.relative_to(ROOT)) for file in _sources() if file.read_text(encoding="utf-8").strip()[:3] != '"""']
    assert [name for name in bare if not name.endswith("__main__.py")] == []


def test_a_module_begins_with_what_it_is() -> None:
    """`<Noun>: <verb phrase>`, in words that the field uses."""
    retired = re.compile(r"\b(room|rooms|house|told|stands|held against)\b", re.IGNORECASE)
    wrong = []
    for file in _sources():
        name = file.relative_to(ROOT / "rtaudit")
        first = file.read_text(encoding="utf-8").split("\n", 1)[0]
        named = len(name.parts) == 1 or re.match(r'"""[A-Za-z`][^:]{1,40}: \S', first)
        if not named or retired.search(first):
            wrong.append(f"{name}: {first}")
    assert wrong == []


def test_help_lists_every_command(rtaudit: Any) -> None:
    ended = rtaudit("--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    groups = {name.split("_")[0] for name in _COMMANDS}
    modules = {
        file.stem for file in (ROOT / "rtaudit" / "cli").glob("*.py") if "@command(" in file.read_text(encoding="utf-8")
    }
    assert modules - {"app"} <= set(_COMMANDS)
    assert [name for name in groups if f"│ {name} " not in ended.stdout] == []


@pytest.mark.parametrize("words", [["--version"], ["check", "--help"], ["-h"]])
def test_words_that_only_tell(rtaudit: Any, words: list[str]) -> None:
    ended = rtaudit(*words)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout


def test_an_unknown_command_is_a_wrong_command_line(rtaudit: Any) -> None:
    ended = rtaudit("chekc")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "chekc" in ended.stderr


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_schema_is_one(name: str) -> None:
    schema = find_schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"].startswith("rtaudit")
    assert schema["description"]
    assert not jsonschema.Draft202012Validator(schema).is_valid(5)
    assert not jsonschema.Draft202012Validator(schema).is_valid({"no such key": 1})


def test_the_command_prints_them(rtaudit: Any) -> None:
    ended = rtaudit("schema", "report")
    assert ended.returncode == 0
    assert json.loads(ended.stdout) == find_schema("report")
    ended = rtaudit("schema", "raport")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "did you mean 'report'?" in ended.stderr


def _holds(document: Any, name: str) -> None:
    jsonschema.Draft202012Validator(find_schema(name)).validate(document)


@pytest.mark.parametrize(
    "file", sorted([*snapshots().glob("*.json"), policies() / "rules" / "good.json"]), ids=lambda file: file.name
)
def test_snapshots_hold_against_their_schema(file: Path) -> None:
    _holds(json.loads(file.read_text(encoding="utf-8")), "snapshot")


@pytest.mark.parametrize("file", sorted(policies().rglob("*.yaml")), ids=lambda file: str(file.relative_to(policies())))
def test_what_ships_holds_against_its_schema(file: Path) -> None:
    document = load_yaml(file).value
    stated = document.get("schema", "") if isinstance(document, dict) else "rtaudit.policy/1"
    name = stated.removeprefix("rtaudit.").split("/")[0]
    assert name in SCHEMAS, f"{file.name} states the schema {stated!r}"
    _holds(document, name)


def test_what_the_commands_write_holds_against_its_schema(rtaudit: Any) -> None:
    report = rtaudit("check", *(snapshots() / f"{one}.json" for one in ("test", "prod")), "-o", "json")
    assert report.returncode == 1
    _holds(json.loads(report.stdout), "report")
    drift = rtaudit("diff", *(snapshots() / f"{one}.json" for one in ("test", "prod")), "-o", "json")
    assert drift.returncode == 1
    _holds(json.loads(drift.stdout), "drift")
