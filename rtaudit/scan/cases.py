"""Cases: run the cases beside source checks, say what is wrong with checks, and explain them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from rtaudit import assets
from rtaudit.documents import load_yaml
from rtaudit.documents.files import real_path
from rtaudit.errors import InputError, allowed_hint
from rtaudit.policy.cases import Case, CaseResult
from rtaudit.policy.explain import Explanation
from rtaudit.report.wording import MAX_MESSAGE
from rtaudit.scan.checks import SourceCheck, frameworks, is_check_file, library, load_checks, steps
from rtaudit.scan.schema import CASES, CASES_SCHEMA, CASES_SUFFIX


def is_case_file(path: Path) -> bool:
    """True for a file of cases of source checks."""
    if not path.name.endswith(CASES_SUFFIX):
        return False
    with open(path, encoding="utf-8", errors="replace") as file:
        return f"schema: {CASES}" in file.read(4000)


def check_files(target: Path) -> list[Path]:
    """The files of source checks at `target`: the file itself, or those in the folder or its `source`."""
    if target.is_file():
        return [target] if is_check_file(target) else []
    return sorted(one for folder in (target, target / "source") for one in folder.glob("*.y*ml") if is_check_file(one))


def without_cases(path: Path) -> list[str]:
    """The checks of a file that no case beside it tries."""
    beside = path.with_name(path.stem + CASES_SUFFIX)
    tried = set(load_yaml(beside, CASES_SCHEMA).value["cases"]) if beside.is_file() else set()
    return sorted(load_checks(path).keys() - tried)


def run_cases(path: Path) -> Iterator[CaseResult]:
    """Scan the files of each case with the one check, and compare the places that it finds."""
    from rtaudit.scan.run import scan_texts

    document = load_yaml(path, CASES_SCHEMA)
    checks = {**library(), **{key: one for file in check_files(path.parent) for key, one in load_checks(file).items()}}
    for check_id, cases in document.value["cases"].items():
        if check_id not in checks:
            raise document.error(
                ("cases", check_id), f"unknown check '{check_id}'", allowed_hint(check_id, checks), at_key=True
            )
        check = checks[check_id]
        needed = {one.match["unlessFound"] for one in check.finds if "unlessFound" in one.match} & checks.keys()
        asked = {**{one: checks[one] for one in sorted(needed)}, check_id: check}
        for index, case in enumerate(cases):
            line, _ = document.position(("cases", check_id, index))
            for name in case["files"]:
                if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/"):
                    raise document.error(
                        ("cases", check_id, index, "files", name),
                        f"{name} leaves the case's folder",
                        "name files below it",
                    )
            result = scan_texts(case["files"], asked)
            found = sorted(
                {
                    f"{one.file}:{place.line}"
                    for one in result.findings
                    if one.check.id == check_id
                    for place in one.places
                }
            )
            wanted = sorted(set(case.get("finds", ())))
            expected = ", ".join(wanted) or "nothing"
            problem = None if found == wanted else f"expected {expected}, found {', '.join(found) or 'nothing'}"
            yield CaseResult(Case(check_id, f"{document.name}:{line}", case["name"], expected), problem)


def lint_checks(target: Path) -> list[tuple[str, str, str]]:
    """Place, name of the lint, and words of everything that is wrong with the source checks at `target`."""
    found: list[tuple[str, str, str]] = []
    own: dict[str, str] = {}
    shipped = assets.policies() in (target, *real_path(target).parents)
    for file in check_files(target):
        try:
            checks = load_checks(file)
        except InputError as error:
            found.append((_place(error.message), "schema", _words(error.message)))
            continue
        bare = set(without_cases(file))
        for check in checks.values():
            assert check.document is not None
            index = list(checks).index(check.id)
            line, column = check.document.position(("checks", index, "id"))
            place = f"{file}:{line}:{column}"
            if check.id in own or (not shipped and check.id in library()):
                found.append(
                    (place, "duplicate", f"the id {check.id} is taken by {own.get(check.id, 'a check that ships')}")
                )
            own[check.id] = str(file)
            if check.id in bare:
                found.append((place, "cases", f"{check.id} has no case beside it"))
            found += [
                (
                    place,
                    "says",
                    f"the sentence of pattern {one.number + 1} of {check.id} has {len(one.says)} characters: too many",
                )
                for one in check.finds
                if len(one.says) > MAX_MESSAGE - 20
            ]
    return found


def _place(message: str) -> str:
    return ":".join(message.split(":", 3)[:3])


def _words(message: str) -> str:
    return message.split(": ", 1)[-1]


def explain(check: SourceCheck) -> Explanation:
    """The explanation of a source check."""
    assert check.document is not None
    group = Path(check.document.name).stem
    sections = [(heading, texts) for heading, texts in _sections(check) if texts]
    return Explanation(check.id, check.name, check.severity, check.title, group, sections, source=True)


def _sections(check: SourceCheck) -> Iterator[tuple[str, Sequence[str]]]:
    yield "Why", [check.why]
    yield "Finds", [*dict.fromkeys(_general(one.says) for one in check.finds if "package" not in one.match)]
    if any("package" in one.match for one in check.finds):
        yield (
            "Supports the generally available protocol",
            [
                f"{one.label} ({one.package}): {'no version does' if one.floor is None else f'from {one.floor} on'}; "
                f"{one.replacement}. Source: {one.source}"
                for one in frameworks()
            ],
        )
    sides = sorted({side for one in check.finds for side in one.sides})
    lowered = "it is info at most" if check.action != "rotate" else "a key is as severe: whoever reads it can use it"
    yield "Reads", [", ".join(sides) + (f"; in tests and prose {lowered}" if "tests" in sides else "")]
    yield "Fix", steps(check.fix)
    yield "See", list(check.see)


_GENERAL = {"name": "a file", "side": "browser or mobile app", "found": "it", "key": "a name", "value": "a value", "host": "a host",
            "path": "/openai/realtime", "version": "…", "model": "a model", "scheme": "ws or http"}  # fmt: skip


def _general(says: str) -> str:
    """A pattern's sentence without the names of a place."""
    return re.sub(r"\{(\w+)\}", lambda one: _GENERAL.get(one[1], "…"), " ".join(says.split()))
