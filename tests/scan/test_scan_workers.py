"""Reading in several processes: the same answer, in the same order, whatever becomes of a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rtaudit.scan.run import Scan, scan
from rtaudit.scan.workers import ENDED, FEW, LATE
from tests.scan.test_scan import put

LINES = {
    "py": 'url = "wss://h.openai.azure.com/openai/realtime?api-version=2024-10-01-preview"\n',
    "ts": 'new WebSocket("wss://h.openai.azure.com/openai/v1/realtime?model=voice&api-key=" + key);\n',
    "env": "AZURE_OPENAI_API_KEY=" + "0123456789abcdef" * 2 + "\n",
    "json": '{"dependencies": {"openai": "^4.77.0"}}\n',
    "md": "Nothing about it.\n",
}


def _tree(root: Path, files: int) -> Path:
    kinds = list(LINES)
    return put(
        root, {f"part{number % 7}/f{number}.{kinds[number % 5]}": LINES[kinds[number % 5]] for number in range(files)}
    )


def _said(result: Scan) -> list[object]:
    return [result.findings, result.files, result.left_out, result.unread, result.notes, result.warnings]


def test_several_processes_say_what_one_says(tmp_path: Path) -> None:
    tree = _tree(tmp_path, 60)
    (tree / "b.bin").write_bytes(b"\0\1")
    (tree / "huge.log").touch()
    os.truncate(tree / "huge.log", 6_000_000)
    one, several = scan(tree, workers=1), scan(tree, workers=3)
    assert len(one.findings) > 30
    assert _said(one) == _said(several)


def test_a_large_tree_is_read_by_several_processes_as_by_one(tmp_path: Path, rtaudit) -> None:
    tree = _tree(tmp_path / "tree", FEW + 3)
    done = rtaudit("client", "scan", "tree", "-o", "json")
    assert done.returncode == 1
    assert done.stderr == ""
    assert f'"files": {FEW + 3}' in done.stdout
    one = json.loads(done.stdout)["findings"]
    assert {finding["resource"] for finding in one} == {
        f"tree/{found.file}" for found in scan(tree, workers=1).findings
    }


def test_a_file_that_ends_its_process_is_named_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A parser that crashes on one file, as a fault in native code would.
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "ast_grep_py.py").write_text(
        "import os\n\nclass SgRoot:\n    def __init__(self, text, grammar):\n        if 'CRASH' in text:\n            os._exit(139)\n        raise RecursionError\n"
    )
    tree = _tree(tmp_path / "tree", 40)
    put(tree, {"part3/bad.py": LINES["py"] + "# CRASH\n", "z.py": LINES["py"] + "# CRASH\n"})
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    result = scan(tree, workers=2)
    assert result.unread == [("part3/bad.py", ENDED), ("z.py", ENDED)]
    assert result.files == 40
    assert sum(one.check.id == "RTA-SRC-004" for one in result.findings) == 8


@pytest.mark.parametrize("workers", [None, 2])
def test_a_file_whose_grammar_does_not_end_is_read_as_text_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int | None
) -> None:
    # A parser that never ends on one file, and finds nothing in the others.
    put(tmp_path, {"site/ast_grep_py.py": "import time\n\nclass SgRoot:\n    def __init__(self, text, grammar):\n        while 'HANG' in text:\n            time.sleep(600)\n        raise RecursionError\n"})  # fmt: skip
    tree = put(
        tmp_path / "tree", {"a.py": LINES["py"], "m.py": LINES["py"] + "x = 'HANG'\n", "n.py": "x = 'realtime.'\n", "z.py": LINES["py"]}
    )  # fmt: skip
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    result = scan(tree, workers=workers, seconds=2)
    assert (result.files, result.unread) == (4, [])
    assert [one.file for one in result.findings if one.check.id == "RTA-SRC-004"] == ["a.py", "m.py", "z.py"]
    assert "m.py: its grammar took more than 2 seconds, so it was read as text." in result.notes


def test_a_file_that_cannot_be_read_as_text_in_time_either_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What reads a manifest does not end, and no grammar has a part in that.
    put(tmp_path, {"site/tomllib.py": "import time\n\nclass TOMLDecodeError(ValueError): pass\n\ndef loads(text):\n    while 'HANG' in text:\n        time.sleep(600)\n    return {}\n"})  # fmt: skip
    tree = put(tmp_path / "tree", {"a/pyproject.toml": "name = 'HANG'\n", "b.py": LINES["py"]})
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    result = scan(tree, seconds=2)
    assert (result.files, result.unread) == (1, [("a/pyproject.toml", LATE.format(seconds=2))])
    assert "b.py" in {one.file for one in result.findings}


def test_an_error_of_ours_is_not_hidden_by_the_other_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ast_grep_py.py").write_text(
        "class SgRoot:\n    def __init__(self, text, grammar):\n        raise KeyError('ours')\n"
    )
    tree = _tree(tmp_path / "tree", 5)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(Exception) as raised:  # noqa: PT011 - which one is the matter of the reader
        scan(tree, workers=2)
    assert "ours" in str(raised.value.__cause__)


@pytest.mark.skipif(os.name == "nt", reason="no such way to ask there")
def test_no_process_is_left_when_nobody_wants_more(tmp_path: Path) -> None:
    _tree(tmp_path, 64)
    code = (
        "import os, pathlib, sys\n"
        "from rtaudit.scan.workers import read_all\n"
        "files = sorted(pathlib.Path(sys.argv[1]).rglob('*.*'))\n"
        "reads = read_all([(str(file), file.name) for file in files], 2)\n"
        "next(reads)\n"
        "reads.close()\n"
        "try:\n    os.waitpid(-1, os.WNOHANG)\n    print('left')\n"
        "except ChildProcessError:\n    print('none')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout == "none\n"


@pytest.mark.skipif(os.name == "nt", reason="no such signal there")
def test_an_interrupt_ends_it_quietly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A parser that is at work until it is ended, and says that it has begun.
    begun = tmp_path / "begun"
    put(tmp_path, {"site/ast_grep_py.py": f"import pathlib, time\n\nclass SgRoot:\n    def __init__(self, text, grammar):\n        pathlib.Path({str(begun)!r}).touch()\n        time.sleep(600)\n"})  # fmt: skip
    tree = _tree(tmp_path / "tree", FEW)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    running = subprocess.Popen(
        [sys.executable, "-m", "rtaudit", "client", "scan", str(tree)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", process_group=0
    )  # fmt: skip
    while not begun.exists():
        assert running.poll() is None
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGINT)
    _, stderr = running.communicate(timeout=120)
    assert running.returncode == 130
    assert "Traceback" not in stderr
