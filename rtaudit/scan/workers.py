"""Workers: read the files of a tree in several processes, in their order; a file that ends its process is named."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import IO, Any

from rtaudit.machine import cores
from rtaudit.scan.reading import FileRead, read_file

FEW = 400
"""So many files are read sooner here than a second process begins."""
MOST = 4
"""Processes at a time: what they find is put together in one."""
ENDED = "reading it ended the process that parses (a crash, or no memory left)"
_CHUNK = 16
_APART = 0x200
"""A process group of its own, as Windows says it."""
_FILE = tuple[str, str]
"""Where it is, and its path from the root."""
# The parent's own path and nothing of the current directory: that may be the tree which is scanned.
_SERVE = "import sys; sys.path[:] = sys.argv[1:]; from rtaudit.scan.workers import serve; serve()"


def read_all(files: Sequence[_FILE], workers: int | None = None) -> Iterator[FileRead]:
    """Read files, in their order, in `workers` processes; None takes as many as there are cores, and one for few files."""
    if workers is None:
        workers = 1 if len(files) < FEW or not sys.executable else min(MOST, cores())
    if workers < 2:
        for file, path in files:
            yield read_file(file, path)
        return
    pool = _Pool([files[at : at + _CHUNK] for at in range(0, len(files), _CHUNK)], workers)
    try:
        yield from pool.reads()
    finally:
        pool.stop()


class _Pool:
    """Threads that each keep one process busy, and what the processes have answered."""

    def __init__(self, chunks: Sequence[Sequence[_FILE]], workers: int) -> None:
        self._chunks = chunks
        self._next = 0
        self._answers: dict[int, list[FileRead] | BaseException] = {}
        self._changed = threading.Condition()
        self._stopped = False
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(min(workers, len(chunks)))]
        for thread in self._threads:
            thread.start()

    def reads(self) -> Iterator[FileRead]:
        """The answers in the order of the chunks. Raises what reading raised."""
        for number in range(len(self._chunks)):
            with self._changed:
                while number not in self._answers:
                    self._changed.wait()
                answer = self._answers.pop(number)
            if isinstance(answer, BaseException):
                raise answer
            yield from answer

    def stop(self) -> None:
        """End the processes, whatever they do."""
        with self._changed:
            self._stopped = True
            processes = list(self._processes)
        for process in processes:
            process.kill()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        process: subprocess.Popen[bytes] | None = None
        try:
            while (number := self._take()) is not None:
                try:
                    answer: list[FileRead] | BaseException
                    answer, process = self._read(self._chunks[number], process)
                except Exception as error:  # noqa: BLE001 - raised again where the answers are read
                    answer, process = error, None
                with self._changed:
                    self._answers[number] = answer
                    self._changed.notify_all()
        finally:
            self._end(process)

    def _take(self) -> int | None:
        with self._changed:
            if self._stopped or self._next >= len(self._chunks):
                return None
            self._next += 1
            return self._next - 1

    def _read(
        self, chunk: Sequence[_FILE], process: subprocess.Popen[bytes] | None
    ) -> tuple[list[FileRead], subprocess.Popen[bytes] | None]:
        done: list[FileRead] = []
        while len(done) < len(chunk) and not self._stopped:
            process = process or self._start()
            if self._stopped:
                break
            if process is None:
                # No process can be had: then it is done here.
                done += [read_file(*one) for one in chunk[len(done) :]]
                break
            try:
                _send(process.stdin, list(chunk[len(done) :]))
                while len(done) < len(chunk):
                    done.append(_received(process))
            except (OSError, EOFError, pickle.UnpicklingError):
                self._end(process)
                process = None
                done.append(FileRead(chunk[len(done)][1], unread=ENDED))
            except BaseException:
                self._end(process)
                raise
        return done, process

    def _start(self) -> subprocess.Popen[bytes] | None:
        apart: dict[str, Any] = {"creationflags": _APART} if os.name == "nt" else {"process_group": 0}
        with self._changed:
            if self._stopped:
                return None
            try:
                # In a group of its own: an interrupt is for the parent, which ends the rest.
                process = subprocess.Popen(  # noqa: S603 - this Python, and fixed words
                    [sys.executable, "-P", "-c", _SERVE, *(one for one in sys.path if one)],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **apart,
                )  # fmt: skip
            except OSError:
                return None
            self._processes.add(process)
        try:
            _received(process)
        except (OSError, EOFError, pickle.UnpicklingError):
            self._end(process)
            return None
        return process

    def _end(self, process: subprocess.Popen[bytes] | None) -> None:
        if process is None:
            return
        with self._changed:
            self._processes.discard(process)
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue


class _ReadingFailedError(Exception):
    """An error of ours in another process."""


def _received(process: subprocess.Popen[bytes]) -> Any:
    assert process.stdout is not None
    answer = pickle.load(process.stdout)  # noqa: S301 - from a process of our own
    if isinstance(answer, Exception):
        raise _ReadingFailedError from answer
    return answer


def _send(stream: IO[bytes] | None, value: object) -> None:
    assert stream is not None
    pickle.dump(value, stream)
    stream.flush()


def serve() -> None:
    """Be a worker: read the files that are named on stdin, until it is closed."""
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    _send(stdout, "ready")
    while True:
        try:
            chunk: list[_FILE] = pickle.load(stdin)  # noqa: S301 - from the process that started this one
        except EOFError:
            return
        for file, path in chunk:
            try:
                answer: FileRead | Exception = read_file(file, path)
            except MemoryError:
                raise
            except Exception as error:  # noqa: BLE001 - raised again by the process that asked
                answer = RuntimeError(f"{path}: {type(error).__name__}: {error}")
            _send(stdout, answer)
