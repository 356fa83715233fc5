"""The container: what goes in, that it is installed by hash, and that it runs as nobody on a read-only file system."""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCK = (ROOT / "requirements" / "run.txt").read_text("utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def instructions() -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n\s*", " ", "\n".join(line for line in DOCKERFILE.splitlines() if not line.startswith("#")))
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in joined.splitlines() if line.strip()]


def locked() -> dict[str, Requirement]:
    found = re.findall(r"^([a-z][^\\\n]*==[^\\\n]*?) *\\\n((?:    --hash=.*\n?)+)", LOCK, re.MULTILINE)
    return {canonicalize_name(Requirement(text).name): Requirement(text) for text, _ in found}


def sent() -> set[str]:
    """The files that `docker build` sends, by .dockerignore: the last pattern that fits a path or a folder above decides."""
    patterns = [
        line.strip() for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")
    ]
    if not (ROOT / ".git").exists():
        pytest.skip("the files are listed by git, and this is no clone")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()

    def kept(path: str) -> bool:
        parts = path.split("/")
        above = ["/".join(parts[: count + 1]) for count in range(len(parts))]
        decided = True
        for pattern in patterns:
            bare = pattern.removeprefix("!")
            if any(
                fnmatch.fnmatch(one, bare) or (bare.startswith("**/") and fnmatch.fnmatch(one.split("/")[-1], bare[3:]))
                for one in above
            ):
                decided = pattern.startswith("!")
        return decided

    return {path for path in listed.split("\0") if path and (ROOT / path).is_file() and kept(path)}


def test_every_dependency_is_locked_with_hashes_at_a_version_that_the_project_admits() -> None:
    found = locked()
    assert len(found) == len(re.findall(r"^[a-z][^ ]*==", LOCK, re.MULTILINE))
    for text in PROJECT["project"]["dependencies"]:
        wanted = Requirement(text)
        assert canonicalize_name(wanted.name) in found, (
            f"{wanted.name} is not locked: make the lock anew (its first lines say how)"
        )
        (pin,) = found[canonicalize_name(wanted.name)].specifier
        assert wanted.specifier.contains(pin.version), f"{text}: the lock holds {pin.version}"


def test_the_lock_is_whole() -> None:
    """What the locked packages themselves need is locked too, as far as they are installed here."""
    found, missing = locked(), []
    for name in found:
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        for text in needs:
            need = Requirement(text)
            if (need.marker is None or need.marker.evaluate({"extra": ""})) and canonicalize_name(
                need.name
            ) not in found:
                missing.append(f"{name} needs {need.name}")
    assert not missing


def test_the_lock_names_no_place() -> None:
    assert "://" not in LOCK.split("\n", 3)[3]
    assert "--index" not in LOCK


def test_what_is_copied_is_there_and_is_sent() -> None:
    files = sent()
    copied = [words for word, words in instructions() if word == "COPY" and not words.startswith("--from")]
    sources = [source for words in copied for source in words.split()[:-1]]
    assert sources
    for source in sources:
        assert any(path == source or path.startswith(f"{source}/") for path in files), source
    for path in files:
        assert any(path == source or path.startswith(f"{source}/") for source in sources), f"sent and not used: {path}"


def test_the_image_holds_the_product_and_nothing_else() -> None:
    files = sent()
    assert {
        "policies/production.yaml",
        "policies/rules/network.yaml",
        "snapshots/prod.json",
        "rtaudit/py.typed",
    } <= files
    tops = {path.split("/")[0] for path in files}
    assert tops == {
        "requirements",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "rtaudit",
        "policies",
        "snapshots",
    }
    assert not [path for path in files if path.startswith("snapshots/") and path.endswith(".py")]


def test_it_installs_by_hash_and_runs_as_nobody() -> None:
    found = instructions()
    last = max(index for index, (word, _) in enumerate(found) if word == "FROM")
    runs = " ".join(words for word, words in found[:last] if word == "RUN")
    assert "--require-hashes" in runs
    assert "SOURCE_DATE_EPOCH" in DOCKERFILE
    final = dict(found[last:])
    user, _, group = final["USER"].partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert final["ENTRYPOINT"] == '["rtaudit"]'
    assert not [word for word, _ in found if word == "ADD"]
    assert not [words for word, words in found[last:] if word == "RUN"], "the last stage runs nothing"


_WATCHED = """
import os, sys
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
def watch(event, words):
    if (event == "open" and words[2] & WRITING and words[0] != os.devnull) or event in ("os.mkdir", "os.rename", "os.remove"):
        os.write(2, f"writes: {event} {words}\\n".encode())
        os._exit(99)
sys.addaudithook(watch)
from rtaudit.cli import main
main()
"""


@pytest.mark.parametrize("command", [["check", "prod.json", "--fail-on", "none", "-o", "html"], ["diff", "test.json", "prod.json", "--fail-on", "none"], ["policy", "test"], ["snapshot", "show", "prod.json"]], ids=lambda words: words[0])  # fmt: skip
def test_it_writes_nothing_that_it_was_not_told_to(command: list[str]) -> None:
    """As the container does: no home, no temporary folder, a file system that nobody can write to."""
    words = [sys.executable, "-B", "-c", _WATCHED, *command]
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "TMPDIR": "/nonexistent"}
    ended = subprocess.run(
        words, cwd=ROOT / "snapshots", env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert ended.returncode == 0, ended.stderr


def test_a_write_would_be_seen(tmp_path: Path) -> None:
    words = [sys.executable, "-B", "-c", _WATCHED, "check", "prod.json", "-o", f"json={tmp_path}/report.json"]
    ended = subprocess.run(words, cwd=ROOT / "snapshots", capture_output=True, encoding="utf-8", check=False)
    assert ended.returncode == 99
    assert "writes: open" in ended.stderr


def test_the_licences_of_what_is_locked_are_listed() -> None:
    table = (ROOT / "docs" / "licences.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| ([a-z0-9-]+) \| ([^|]+?) \|$", table, re.MULTILINE))
    del listed["package"]  # the heading
    assert listed.keys() == locked().keys()
    assert not [name for name, licence in listed.items() if re.search(r"\bA?GPL\b|unknown", licence, re.IGNORECASE)]


def test_what_is_sent_is_enough_to_build_and_builds_the_same_bytes_twice(tmp_path: Path) -> None:
    """The wheel of the image, from a folder that holds what `docker build` would see, at two times."""
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    epoch = re.search(r"SOURCE_DATE_EPOCH=(\d+)", DOCKERFILE)
    assert epoch
    wheels = []
    for name in ("one", "two"):
        context = tmp_path / name
        for path in sent():
            (context / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, context / path)
            os.utime(context / path, (len(wheels), len(wheels)))
        code = f"from hatchling.build import build_wheel; build_wheel({str(tmp_path / (name + '-wheel'))!r})"
        (tmp_path / (name + "-wheel")).mkdir()
        environment = {**os.environ, "SOURCE_DATE_EPOCH": epoch[1]}
        subprocess.run([sys.executable, "-c", code], cwd=context, env=environment, capture_output=True, check=True)
        (wheel,) = (tmp_path / (name + "-wheel")).glob("*.whl")
        wheels.append(wheel.read_bytes())
    assert wheels[0] == wheels[1]
    names = zipfile.ZipFile(tmp_path / "one-wheel" / wheel.name).namelist()
    assert "rtaudit/_data/policies/rules/network.yaml" in names
    assert not [name for name in names if name.startswith("rtaudit/_data/snapshots/") and name.endswith(".py")]
