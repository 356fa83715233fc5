"""Words: nothing that a user reads uses the private vocabulary of the first version; plain English in its place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rtaudit.documents import load_yaml
from tests.conftest import Run

ROOT = Path(__file__).parents[1]

RETIRED = {
    r"\bjudg(?:e[sd]?|ing)\b|\b(?:the|a) judg(?:e)?ment\b": "check, evaluate",
    r"\bstands? (?:in|on|beside|for|there|here|between|twice|above|below|by)\b|\bstood\b": "is in, matches, means",
    r"\b(?:told|tells)\b": "reported, shown, listed",
    r"\bspeaks? of\b": "names, covers",
    r"\b(?:the|our|this) house\b": "codebase, organisation",
    r"\(not there\)": "(not set)",
    r"\bby nature\b": "by design",
    r"\bthere is no '": "unknown …",
    r"\bis no (?:day|address|date|list|URL|deployment|region|number)\b": "is not a valid …",
    r"\blooked at\b": "read, evaluated",
    r"\bheld against\b": "compared with, validated",
    r"\bslip of the pen\b": "typo",
    r"\bword (?:for|by) word\b": "equal, verbatim",
    r"\bthe odd one\b": "outlier",
    r"\bleft aside\b": "ignored",
    r"\bgates\b(?! of)|\b(?:not|never) gate\b": "blocks",
}
"""Regular expression -> what to write instead."""

_IN_RULES = {**RETIRED, r"\bguests?\b": "caller, user"}
"""`guest` is a word of the fictional hotel company only."""


def _found(text: str, retired: dict[str, str]) -> Iterator[str]:
    for pattern, instead in retired.items():
        for hit in re.finditer(pattern, text, re.IGNORECASE):
            around = text[max(0, hit.start() - 40) : hit.end() + 40].replace("\n", " ")
            yield f"…{around}…: write {instead}"


def _prose(page: str) -> str:
    """A page without its code blocks and code spans."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^ *(`{3,}).*?^ *\1", "", page, flags=re.DOTALL | re.MULTILINE))


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "rules").glob("*.md"))]
FOR_MAINTAINERS = {"architecture.md", "threat-model.md", "licences.md"}


@pytest.mark.parametrize("page", [one for one in PAGES if one.name not in FOR_MAINTAINERS], ids=lambda one: one.name)
def test_pages_are_plain_english(page: Path) -> None:
    assert list(_found(_prose(page.read_text("utf-8")), RETIRED)) == []


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


RULES = [
    path
    for folder in ("rules", "source", ".")
    for path in sorted((ROOT / "policies" / folder).glob("*.yaml"))
    if not path.name.endswith("cases.yaml")
]


@pytest.mark.parametrize("path", RULES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_rules_are_plain_english(path: Path) -> None:
    assert [hit for text in _texts(load_yaml(path).value) for hit in _found(text, _IN_RULES)] == []


COMMANDS = (
    "", "collect", "check", "audit", "diff", "plan", "runbook", "preflight", "probe", "render", "schema", "simulate", "demo",
    "policy list", "policy explain", "policy lint", "policy test", "client init", "client scan",
    "snapshot show", "snapshot verify", "snapshot redact", "snapshot merge",
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_plain_english(command: str, rtaudit: Run) -> None:
    shown = rtaudit(*command.split(), "--help")
    assert shown.returncode == 0
    text = re.sub(r"[\s│]+", " ", shown.stdout)
    assert list(_found(text, RETIRED)) == []
    assert not re.search(r"<(?:bool|str|int|float|list|path)", text), "the help shows a Python type"


_ERRORS = (
    "RtauditError",
    "InputError",
    "UsageError",
    "CredentialError",
    "error",
    "error_at",
    "option",
    "Option",
    "Argument",
)
"""Calls whose texts a user reads."""


def _messages(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in _ERRORS or (called == "print" and "stderr" in ast.unparse(node)):
                for part in ast.walk(node):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield part.value


def test_errors_are_plain_english() -> None:
    hits = [
        f"{path.relative_to(ROOT)}: {hit}"
        for path in sorted((ROOT / "rtaudit").rglob("*.py"))
        for text in _messages(path)
        for hit in _found(text, RETIRED)
    ]
    assert hits == []


RENDERED = [
    path
    for path in sorted((ROOT / "tests" / "render" / "golden" / "samples").glob("*.txt"))
    if not re.search(r"\.(?:json|html|sarif|ocsf)", path.name)
]


@pytest.mark.parametrize("path", RENDERED, ids=lambda path: path.stem)
def test_output_is_plain_english(path: Path) -> None:
    assert list(_found(path.read_text("utf-8"), RETIRED)) == []


_PRIVATE = re.compile(r"\b(?:house|told|stands?|stood|held against|slip of the pen)\b", re.IGNORECASE)
"""Words that names, docstrings, comments and pages have others for: codebase, reported, is, was, compared with."""


def test_code_and_pages_use_the_words_of_the_field() -> None:
    code = [*(ROOT / "rtaudit").rglob("*.py"), *(ROOT / "benchmarks").glob("*.py")]
    pages = [ROOT / "CONTRIBUTING.md", *PAGES, *(ROOT / "docs" / "decisions").glob("*.md")]
    hits = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in sorted([*code, *pages])
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if _PRIVATE.search(line)
    ]
    assert hits == []


def test_a_retired_word_is_found() -> None:
    assert list(_found("It is judged by what stands in the house.", RETIRED))
    assert not list(_found("It is checked against what is in the codebase; make room on the disk.", RETIRED))
