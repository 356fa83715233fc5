"""What ends a command half way leaves no temporary file, and a full disk costs no collection."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rtaudit.assets import snapshots
from rtaudit.snapshot import load
from tests.collect.support import SUB, Cloud, running

TOKENS = {"access_token": "opaque", "expires_on": "9999999999", "token_type": "Bearer", "resource": "x"}


def large(folder: Path) -> Path:
    """A snapshot that takes a moment to write."""
    document = json.loads((snapshots() / "prod.json").read_text())
    text = json.dumps(document["resources"])
    document["resources"] = [one for number in range(5) for one in json.loads(text.replace("lh-", f"lh{number:02}-"))]
    by_id = {one["id"].lower(): one for one in document["resources"]}
    document["resources"] = list(by_id.values())
    document.pop("digest")
    (folder / "large.json").write_text(json.dumps(document))
    return folder / "large.json"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_leaves_no_temporary_file(tmp_path: Path, number: signal.Signals) -> None:
    file = large(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    words = [
        "check",
        str(file),
        "-o",
        f"{out}/report.json",
        "-o",
        f"{out}/report.html",
        "--evidence",
        str(out / "evidence"),
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "rtaudit", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 90
    while not any(name.endswith(".tmp") for name in os.listdir(out)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.001)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=90)
    assert process.returncode == 130, stderr
    assert [name for name in os.listdir(out) if name.endswith(".tmp")] == []


def _collect(
    cloud: Cloud, folder: Path, *more: str, size: int | None = None, stdout: object = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    cloud.singles["/token"] = TOKENS
    environ = {
        **os.environ,
        "IDENTITY_ENDPOINT": f"{cloud.url}/token",
        "IDENTITY_HEADER": "x",
        "TMPDIR": str(folder / "tmp"),
    }
    (folder / "tmp").mkdir(exist_ok=True)

    def limit() -> None:
        if size is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    words = [sys.executable, "-B", "-m", "rtaudit", "collect", "--arm-endpoint", cloud.url, "-s", SUB, *more]
    return subprocess.run(
        words,
        env=environ,
        cwd=folder,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=90,
        check=False,
        preexec_fn=limit,
    )  # type: ignore[call-overload,no-any-return]


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK) or not os.access("/dev", os.W_OK), reason="needs /dev/full")
@pytest.mark.parametrize("where", ["a file", "standard output"])
def test_a_full_disk_keeps_what_was_read_elsewhere(tmp_path: Path, where: str) -> None:
    with running() as cloud, open("/dev/full", "wb") as full:
        more = ("-o", "/dev/full") if where == "a file" else ()
        done = _collect(cloud, tmp_path, *more, stdout=full if not more else subprocess.PIPE)
    assert done.returncode == 3
    assert done.stderr.splitlines()[-2].startswith("error: cannot write")
    (kept,) = (tmp_path / "tmp").glob("*.partial.json")
    assert str(kept) in done.stderr
    assert len(load(kept).resources) > 10


def test_where_no_file_can_be_written_the_snapshot_goes_to_standard_output(tmp_path: Path) -> None:
    with running() as cloud:
        done = _collect(cloud, tmp_path, "-o", "prod.json", size=2000)
    assert done.returncode == 3
    assert "went to standard output" in done.stderr
    assert len(json.loads(done.stdout)["resources"]) > 10
    assert os.listdir(tmp_path / "tmp") == []
    assert os.listdir(tmp_path) == ["tmp"]


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="needs /dev/full")
def test_what_is_lost_is_said(tmp_path: Path) -> None:
    with running() as cloud, open("/dev/full", "wb") as full:
        done = _collect(cloud, tmp_path, "-o", "prod.json", size=2000, stdout=full)
    assert done.returncode == 3
    assert "resources that were read are lost" in done.stderr
