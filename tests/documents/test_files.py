"""A file that is written is the old one or the whole new one, at every moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from rtaudit.documents import read_text, write_atomically
from rtaudit.errors import InputError, RtauditError

_WRITER = """
import sys
from rtaudit.documents import write_atomically
number = 0
while True:
    number += 1
    write_atomically(sys.argv[1], f"{number}\\n" + "x" * 200_000 + f"\\n{number}\\n")
    if number == 3:
        print("going", flush=True)
"""


def test_a_writer_that_is_killed_leaves_a_whole_file(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    for pause in (0.0, 0.003, 0.011, 0.017):
        with subprocess.Popen([sys.executable, "-c", _WRITER, str(target)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"going\n"
            time.sleep(pause)
            writer.send_signal(signal.SIGKILL)
            assert writer.wait() == -signal.SIGKILL
        first, body, last = target.read_text().splitlines()
        assert first == last
        assert body == "x" * 200_000


def test_a_reader_never_sees_half_of_it(tmp_path: Path) -> None:
    target = tmp_path / "f"
    write_atomically(target, "0" * 100_000)
    stop = threading.Event()
    seen: set[tuple[int, int]] = set()

    def read() -> None:
        while not stop.is_set():
            text = target.read_text()
            seen.add((len(text), len(set(text))))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(40):
        write_atomically(target, str(number % 10) * 100_000)
    stop.set()
    reader.join()
    assert seen == {(100_000, 1)}


def test_nothing_is_left_beside_it(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", "1")
    write_atomically(tmp_path / "a", b"\xff2")
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("a", b"\xff2")]


def test_the_mode_of_an_existing_file_stays_and_a_new_one_follows_the_umask(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("before")
    old.chmod(0o640)
    before = os.umask(0o027)
    try:
        write_atomically(old, "after")
        write_atomically(new, "after")
    finally:
        os.umask(before)
    assert old.stat().st_mode & 0o777 == 0o640
    assert new.stat().st_mode & 0o777 == 0o640
    assert old.read_text() == "after"


def test_a_symlink_stays_and_its_target_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "real"
    folder.mkdir()
    link, dangling = tmp_path / "link", tmp_path / "dangling"
    (folder / "file").write_text("before")
    link.symlink_to(folder / "file")
    dangling.symlink_to(folder / "later")
    write_atomically(link, "after")
    write_atomically(dangling, "new")
    assert link.is_symlink()
    assert dangling.is_symlink()
    assert (folder / "file").read_text() == "after"
    assert (folder / "later").read_text() == "new"


@pytest.mark.parametrize("name", ["missing/f", "folder", "file/f", "n" * 300])
def test_what_cannot_be_written_is_one_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("untouched")
    with pytest.raises(RtauditError, match="cannot write"):
        write_atomically(tmp_path / name, "x")
    assert (tmp_path / "file").read_text() == "untouched"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "folder"]


def test_a_name_as_long_as_names_can_be_is_written(tmp_path: Path) -> None:
    target = tmp_path / ("n" * 250)
    write_atomically(target, "x")
    assert target.read_text() == "x"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_one_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(RtauditError, match="cannot write"):
            write_atomically(tmp_path / "f", "x")
    finally:
        tmp_path.chmod(0o700)


def test_a_special_file_is_written_and_not_replaced(tmp_path: Path) -> None:
    write_atomically("/dev/null", "x")
    assert not Path("/dev/null").is_file()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_atomically(pipe, "through")
    reader.join()
    assert read == ["through"]
    assert pipe.is_fifo()


def test_a_lone_surrogate_is_written_as_its_escape(tmp_path: Path) -> None:
    write_atomically(tmp_path / "f", '{"a": "\ud800"}')
    assert (tmp_path / "f").read_bytes() == b'{"a": "\\ud800"}'


def test_a_text_above_its_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("12345")
    assert read_text(tmp_path / "f", limit=5) == "12345"
    with pytest.raises(InputError, match="larger than 4 bytes"):
        read_text(tmp_path / "f", limit=4)


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such devices")
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full"])
def test_a_device_without_an_end_is_left(device: str) -> None:
    with pytest.raises(InputError, match="larger than 67,108,864 bytes"):
        read_text(device)


def test_a_file_that_no_memory_holds_is_not_begun(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(InputError, match="larger than 4,294,967,296 bytes"):
        read_text(tmp_path / "sparse")
