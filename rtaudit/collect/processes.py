"""Processes: read from Azure in copies of this process (forks), each with connections and threads of its own.

The threads of one process share one core. Here this process plans, paces, counts and keeps what comes, in one thread; its
copies send the requests and read the answers. They sign in nowhere (this process gives them tokens), write to no stream and
no file, and end when their pipe ends, so that none outlives this process however that ends.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import queue
import select
import signal
import socket
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NoReturn

from rtaudit.collect.failures import ReadFailure
from rtaudit.collect.limits import Limits
from rtaudit.collect.pages import PageReader, PageRequest, PageResult, Paging
from rtaudit.collect.read_queue import Finished, ReadCounters, ReadQueue
from rtaudit.collect.reader import ReadTask
from rtaudit.errors import RtauditError
from rtaudit.machine import cores

MOST = 4
"""Copies at a time: one process plans for all of them."""
_THREADS = 8
"""Reads in flight that a copy is worth making for."""
_SWITCH = 0.02
"""Seconds that a thread of a copy runs before another may: nobody waits for one of them in particular."""
_ENDING = (signal.SIGINT, signal.SIGTERM, *((signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()))
_HEAD = struct.Struct("!I")
_CHUNK = 1 << 20
_TOKEN, _LOG, _CRASH = 0, -1, -2
"""What a message is about that is about no page: the numbers of pages count from 1."""

Key = tuple[str, bytes]


def processes(limits: Limits) -> int:
    """The number of processes to read in; 1 is this one, with threads."""
    # A fork copies the thread that forks, and the locks that the others hold.
    if sys.platform != "linux" or threading.active_count() > 1:
        return 1
    return limits.processes or max(1, min(MOST, cores(), limits.concurrency // _THREADS))


@dataclass
class ForkedSchedule:
    """Runs reads in copies of this process, and hands each one back once it is finished. Raises OSError without fork.

    There are `count` of them, and a last one for the readers that are `apart`: while it loads their SDK, the others go on.
    """

    paging: Paging
    build: Callable[[Any, Any], PageReader]
    """Called in a copy, with a credential and a log (None where nobody listens): what sends its requests."""
    get_token: Callable[..., Any]
    """Called when a copy needs a token that it does not have."""
    log: Callable[..., None] | None
    limits: Limits
    count: int
    tally: ReadCounters = field(default_factory=ReadCounters)

    def __post_init__(self) -> None:
        self._queue = ReadQueue(self.limits, self.tally)
        self._running: dict[int, tuple[ReadTask, PageRequest, _Copy]] = {}
        self._finished: list[Finished] = []
        self._number = 0
        self._parts: dict[Key, Any] = {}
        self._copies: list[_Copy] = []
        self._heard = select.poll()
        try:
            for _ in range(self.count + 1):
                self._copies.append(self._fork())
        except OSError:
            self.stop()
            raise
        for copy in self._copies:
            self._heard.register(copy.pipe, select.POLLIN)

    def submit(self, read: ReadTask) -> None:
        """Queue a read."""
        self._queue.add(read)

    def finished(self, timeout: float) -> list[Finished]:
        """The reads that came to an end since the last call; without one, waits for it up to `timeout` seconds.

        Raises RtauditError when a copy was ended from outside.
        """
        wait = self._dispatch()
        ready = {number for number, _ in self._heard.poll(1000 * (timeout if wait is None else min(wait, timeout)))}
        for copy in self._copies:
            if copy.pipe.fileno() in ready:
                for message in copy.receive():
                    self._hear(copy, message)
        self._dispatch()
        found, self._finished = self._finished, []
        return found

    def stop(self) -> None:
        """End the copies, whatever they do."""
        for copy in self._copies:
            copy.end()
        self._copies.clear()

    def _fork(self) -> _Copy:
        ours, theirs = socket.socketpair()
        # In the copy they stay blocked: they are for this process, which ends it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        try:
            pid = os.fork()
            if pid == 0:
                _serve(theirs, [ours, *(copy.pipe for copy in self._copies)], self)
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return _Copy(pid, ours)

    def _dispatch(self) -> float | None:
        """Send what may leave now; the seconds until more may leave, where that is known."""
        now = time.monotonic()
        while len(self._running) < self.limits.concurrency:
            copy, read = self._next(now)
            if read is None:
                return self._queue.wait(now)
            copy.busy += 1
            self._ask(copy, read)
        return None

    def _next(self, now: float) -> tuple[_Copy, ReadTask | None]:
        """The read that leaves now, where one may, and the copy that sends it."""
        *others, last = self._copies
        # The first of those with about as little to do: a few reads need the SDKs in one copy only.
        copy = min(others, key=lambda one: one.busy // _THREADS)
        # Reads of both kinds at once, so that no copy is idle; of one kind where the other has none.
        apart = last.busy * len(self._copies) < self.limits.concurrency
        read = self._queue.take(now, apart=apart)
        if read is None:
            apart = not apart
            read = self._queue.take(now, apart=apart)
        return last if apart else copy, read

    def _ask(self, copy: _Copy, read: ReadTask) -> None:
        request = self.paging.next_page(read)
        self._number += 1
        self._running[self._number] = (read, request, copy)
        # Where it has ended, that is heard next.
        with contextlib.suppress(OSError):
            copy.send(self._number, request)

    def _hear(self, copy: _Copy, message: bytes) -> None:
        number, parts, content = pickle.loads(message)  # noqa: S301 (of a copy of this process)
        for key, part in parts:
            self._parts.setdefault(key, part)
        value = _Unpickler(io.BytesIO(content), self._parts).load()
        if number == _TOKEN:
            # Some credentials start a process, or wait for a network: meanwhile everything else goes on.
            threading.Thread(target=self._give_token, args=(copy, *value), daemon=True).start()
        elif number == _LOG:
            assert self.log is not None
            self.log(*value)
        elif number == _CRASH:
            raise value
        else:
            self._end(number, value)

    def _give_token(self, copy: _Copy, scopes: tuple[str, ...], options: dict[str, Any]) -> None:
        try:
            given = self.get_token(*scopes, **options)
        except Exception as error:  # noqa: BLE001 (raised where the token is needed)
            given = _portable(error)
        with contextlib.suppress(OSError):
            copy.send(_TOKEN, given)

    def _end(self, number: int, result: PageResult | BaseException) -> None:
        read, request, copy = self._running.pop(number)
        fault: ReadFailure | None = None
        error = result if isinstance(result, BaseException) else None
        remaining: str | None = None
        if not isinstance(result, BaseException):
            try:
                if not self.paging.add(read, request, result):
                    self._ask(copy, read)
                    return
                remaining = result.remaining
            except ReadFailure as found:
                fault = found
        now = time.monotonic()
        copy.busy -= 1
        self._queue.answered(read, now, remaining)
        if error is not None or not self._queue.again(read, now, fault):
            self._finished.append(Finished(read, fault, error))


class _Copy:
    """A copy of this process, as this one sees it."""

    def __init__(self, pid: int, pipe: socket.socket) -> None:
        self.pipe = pipe
        self.busy = 0
        """Its reads under way."""
        self._pid: int | None = pid
        self._lock = threading.Lock()
        self._buffer = bytearray()

    def send(self, number: int, value: Any) -> None:
        """Send a message. Raises OSError when nobody is there."""
        content = pickle.dumps((number, value), pickle.HIGHEST_PROTOCOL)
        with self._lock:
            self.pipe.sendall(_HEAD.pack(len(content)) + content)

    def receive(self) -> Iterator[bytes]:
        """The messages that came. Raises RtauditError when there will be no more."""
        try:
            piece = self.pipe.recv(_CHUNK)
        except ConnectionError:
            piece = b""
        if not piece:
            raise self._ended()
        buffer = self._buffer
        buffer += piece
        while len(buffer) >= _HEAD.size:
            end = _HEAD.size + _HEAD.unpack_from(buffer)[0]
            if len(buffer) < end:
                break
            message = bytes(memoryview(buffer)[_HEAD.size : end])
            del buffer[:end]
            yield message

    def end(self) -> None:
        """End it."""
        self.pipe.close()
        if self._pid is not None:
            with contextlib.suppress(OSError):
                os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
            self._pid = None

    def _ended(self) -> RtauditError:
        how = ""
        if self._pid is not None:
            with contextlib.suppress(OSError):
                status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
                how = f" by signal {-status}" if status < 0 else f" with exit code {status}"
            self._pid = None
        return RtauditError(
            f"a process of this collection was ended{how}",
            "where memory is short, use a machine with more, or fewer accounts in one run: -g, -a or --shard",
        )


class _Pickler(pickle.Pickler):
    """Writes a part that rows share as its key; `new` are those that were not sent before."""

    def __init__(self, stream: io.BytesIO, keys: dict[int, Key], sent: set[Key]) -> None:
        super().__init__(stream, pickle.HIGHEST_PROTOCOL)
        self._keys = keys
        self._sent = sent
        self.new: dict[Key, Any] = {}

    def persistent_id(self, part: Any) -> Key | None:
        key = self._keys.get(id(part))
        if key is not None and key not in self._sent:
            self.new[key] = part
        return key


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, parts: dict[Key, Any]) -> None:
        super().__init__(stream)
        self._parts = parts

    def persistent_load(self, key: Key) -> Any:
        return self._parts[key]


def _portable(error: BaseException) -> BaseException:
    """An error with the lines that led to it, as another process can raise it."""
    error.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 (what was written here)
    except Exception:  # noqa: BLE001 (whatever keeps it from being copied)
        known = RuntimeError(f"{type(error).__name__}: {error}")
        known.add_note(error.__notes__[-1])
        return known
    return error


def _serve(pipe: socket.socket, others: Sequence[socket.socket], schedule: ForkedSchedule) -> NoReturn:
    """Be the copy, and leave nothing of the parent's to be done a second time."""
    try:
        for other in others:
            # What this one held open would not end with the parent.
            other.close()
        _Server(pipe, schedule).run()
    finally:
        os._exit(1)


class _Server:
    """The copy: reads pages until the pipe ends. As a credential, it has the tokens that the parent gives."""

    def __init__(self, pipe: socket.socket, schedule: ForkedSchedule) -> None:
        self._pipe = pipe
        self._schedule = schedule
        self._lock = threading.Lock()
        self._sent: set[Key] = set()
        self._tokens: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._keys: dict[int, Key] = {}

    def run(self) -> None:
        """Read pages until the parent ends."""
        sys.setswitchinterval(_SWITCH)
        threads = ThreadPoolExecutor(self._schedule.limits.concurrency)
        try:
            pages = self._schedule.build(self, None if self._schedule.log is None else self._log)
            self._keys = pages.parts.keys
            with self._pipe.makefile("rb") as stream:
                while head := stream.read(_HEAD.size):
                    number, value = pickle.loads(stream.read(*_HEAD.unpack(head)))  # noqa: S301 (of the parent)
                    if number == _TOKEN:
                        self._tokens.put(value)
                        continue
                    threads.submit(self._work, pages, number, value)
        except BaseException as error:  # noqa: BLE001 (raised in the parent)
            self._send(_CRASH, _portable(error))

    def get_token(self, *scopes: str, **options: Any) -> Any:
        """What the parent's credential gives. One thread at a time: `Identity` holds a lock."""
        self._send(_TOKEN, (scopes, options))
        given = self._tokens.get()
        if isinstance(given, BaseException):
            raise given
        return given

    def _log(self, *call: Any) -> None:
        self._send(_LOG, call)

    def _work(self, pages: PageReader, number: int, request: PageRequest) -> None:
        try:
            try:
                self._send(number, pages.read(request))
            except Exception as error:  # noqa: BLE001 (raised in the parent)
                self._send(number, _portable(error))
        except BaseException:  # noqa: BLE001 (said below)
            # Without memory for the answer, or without a parent: better no process than one that says nothing.
            os._exit(1)

    def _send(self, number: int, value: Any) -> None:
        # One at a time: what a message refers to is in it, or in one before it.
        with self._lock:
            stream = io.BytesIO()
            pickler = _Pickler(stream, self._keys, self._sent)
            pickler.dump(value)
            new = list(pickler.new.items())
            content = pickle.dumps((number, new, stream.getvalue()), pickle.HIGHEST_PROTOCOL)
            self._pipe.sendall(_HEAD.pack(len(content)) + content)
            self._sent.update(pickler.new)
