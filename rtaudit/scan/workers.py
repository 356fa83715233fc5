"""Workers: read the files of a tree in other processes, in their order; a file that ends its process, or is not done in time, is named."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import IO, Any

from rtaudit.machine import cores
from rtaudit.scan.reading import FileRead, read_file

FEW = 400
"""Fewer files than this are read sooner by one process than a second one begins."""
SECONDS = 60.0
"""How long one file may take: a grammar that has not ended by then is not waited for, and the file is read as text."""
MOST = 4
"""Processes at a time: what they find is put together in one."""
ENDED = "reading it ended the process that parses (a crash, or no memory left)"
LATE = "reading it took more than {seconds:g} seconds"
_CHUNK = 16
_APART = 0x200
"""A process group of its own, as Windows says it."""
_FILE = tuple[str, str]
"""Where it is, and its path from the root."""
# The parent's own path and nothing of the current directory: that may be the tree which is scanned.
_SERVE = "import sys; sys.path[:] = sys.argv[1:]; from rtaudit.scan.workers import serve; serve()"


def read_all(files: Sequence[_FILE], workers: int | None = None, seconds: float = SECONDS) -> Iterator[FileRead]:
    """Read files, in their order, in `workers` processes; None takes as many as there are cores, and one for few files.

    Here, and without a limit of time, where no process can be had.
    """
    if workers is None:
        workers = 1 if len(files) < FEW else min(MOST, cores())
    if not sys.executable:
        for file, path in files:
            yield read_file(file, path)
        return
    pool = _Pool([files[at : at + _CHUNK] for at in range(0, len(files), _CHUNK)], max(1, workers), seconds)
    try:
        yield from pool.reads()
    finally:
        pool.stop()


class _Pool:
    """Threads that each keep one process busy, and what the processes have answered."""

    def __init__(self, chunks: Sequence[Sequence[_FILE]], workers: int, seconds: float) -> None:
        self._chunks, self._seconds = chunks, seconds
        self._next = 0
        self._answers: dict[int, list[FileRead] | BaseException] = {}
        self._changed = threading.Condition()
        self._stopped = False
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._begun: dict[subprocess.Popen[bytes], float] = {}
        """When the file was begun that a process is at."""
        self._late: set[subprocess.Popen[bytes]] = set()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(min(workers, len(chunks)))]
        if chunks:
            self._threads.append(threading.Thread(target=self._watch, daemon=True))
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
            self._changed.notify_all()
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

    def _watch(self) -> None:
        """End the processes that have been at one file for too long."""
        with self._changed:
            while not self._stopped:
                self._changed.wait(self._seconds / 4)
                now = time.monotonic()
                for process, begun in list(self._begun.items()):
                    if now - begun > self._seconds:
                        self._late.add(process)
                        del self._begun[process]
                        process.kill()

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
        parse = True
        while len(done) < len(chunk) and not self._stopped:
            process = process or self._start()
            if self._stopped:
                break
            if process is None:
                # No process can be had: then it is done here.
                done += [read_file(*one) for one in chunk[len(done) :]]
                break
            left = chunk[len(done) :] if parse else chunk[len(done) : len(done) + 1]
            try:
                _send(process.stdin, (list(left), parse))
                for _ in left:
                    self._begin(process)
                    done.append(_received(process))
                    done[-1].late = not parse
                parse = True
            except _EndedBetweenError:
                self._end(process)
                process = None
            except (OSError, EOFError, pickle.UnpicklingError):
                late = self._end(process)
                process = None
                if late and parse:
                    parse = False
                else:
                    done.append(
                        FileRead(chunk[len(done)][1], unread=LATE.format(seconds=self._seconds) if late else ENDED)
                    )
                    parse = True
            except BaseException:
                self._end(process)
                raise
        if process is not None:
            with self._changed:
                self._begun.pop(process, None)
        return done, process

    def _begin(self, process: subprocess.Popen[bytes]) -> None:
        """The clock of the next file. Raises _EndedBetweenError where the process was ended just before it."""
        with self._changed:
            if process in self._late:
                raise _EndedBetweenError
            self._begun[process] = time.monotonic()

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

    def _end(self, process: subprocess.Popen[bytes] | None) -> bool:
        """End a process; True where it was at one file for too long."""
        if process is None:
            return False
        with self._changed:
            self._processes.discard(process)
            self._begun.pop(process, None)
            late = process in self._late
            self._late.discard(process)
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue
        return late


class _EndedBetweenError(Exception):
    """A process was ended after its last answer, and before it began the next file."""


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
            chunk: list[_FILE]
            chunk, parse = pickle.load(stdin)  # noqa: S301 - from the process that started this one
        except EOFError:
            return
        for file, path in chunk:
            try:
                answer: FileRead | Exception = read_file(file, path, parse=parse)
            except MemoryError:
                raise
            except Exception as error:  # noqa: BLE001 - raised again by the process that asked
                answer = RuntimeError(f"{path}: {type(error).__name__}: {error}")
            _send(stdout, answer)
