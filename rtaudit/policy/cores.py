"""Cores: evaluate a large estate in several processes, each a part of the subjects; the findings are the same.

Evaluating is a pure function of the snapshot, so that a copy of this process (a fork, which copies nothing until it is
written) evaluates its part and hands the findings back. Where there is no fork, another thread or one core, all is done here.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import IO, Any

from rtaudit.machine import cores
from rtaudit.policy.conditions import EvalContext
from rtaudit.policy.evaluate import Detail, evaluate
from rtaudit.policy.packs import Pack
from rtaudit.policy.rules import BoundRule
from rtaudit.report import Finding
from rtaudit.subjects import EstateIndex

Bound = Sequence[tuple[Pack, Sequence[BoundRule]]]

FEW = 4_000
"""Resources below which one process is sooner done."""
MOST = 4
"""Processes at a time: what they find is put together in one."""

_FIELDS = attrgetter(*(field.name for field in fields(Finding)))
"""A finding as a tuple, which is handed over in half the time."""


@dataclass(frozen=True)
class _Part:
    """One of `of` runs of neighbouring subjects, counted from 0: neighbours share what is worked out for an account."""

    number: int
    of: int

    def __call__(self, _rule: str, scopes: Sequence[EvalContext]) -> Sequence[EvalContext]:
        count = len(scopes)
        return scopes[count * self.number // self.of : count * (self.number + 1) // self.of]


def evaluate_packs(
    estate: EstateIndex, bound: Bound, *, detail: Detail, processes: int | None = None
) -> list[list[Finding]]:
    """The findings of each pack over one snapshot, in `processes` processes; None takes as many as pay."""
    count = _processes(estate) if processes is None else processes
    parts = [_Part(number, count) for number in range(count)]
    others = [_Fork(estate, bound, detail, part) for part in parts[1:]]
    try:
        if others:
            # Every report states it: worked out here while the others begin, since they have their findings to hand over.
            _ = estate.snapshot.digest
        found = _evaluate(estate, bound, detail, parts[0])
        for other in others:
            found = [[*mine, *more] for mine, more in zip(found, other.findings(), strict=True)]
    finally:
        for other in others:
            other.end()
    return found


def _processes(estate: EstateIndex) -> int:
    # A fork copies the thread that forks, and the locks that the others hold.
    alone = sys.platform == "linux" and threading.active_count() == 1
    return min(MOST, cores()) if alone and len(estate.snapshot.resources) >= FEW else 1


def _evaluate(estate: EstateIndex, bound: Bound, detail: Detail, part: _Part) -> list[list[Finding]]:
    first = part.number == 0
    return [evaluate(estate, rules, pack.name, detail=detail, among=part, unlisted=first) for pack, rules in bound]


class _Fork:
    """A copy of this process that evaluates a part; where there is none, or it fails, the part is evaluated here."""

    def __init__(self, *part: Any) -> None:
        self._part = part
        self._pid: int | None = None
        self._stream: IO[bytes] | None = None
        try:
            read, write = os.pipe()
        except OSError:
            return
        try:
            self._pid = os.fork()
        except OSError:
            os.close(read)
            os.close(write)
            return
        if self._pid == 0:
            os.close(read)
            _answer(write, self._part)
        os.close(write)
        self._stream = open(read, "rb")  # noqa: SIM115 (closed in `end`)

    def findings(self) -> list[list[Finding]]:
        """What the copy found. Raises what evaluating raises."""
        try:
            if self._stream is not None:
                found: list[list[tuple[Any, ...]]] = pickle.load(self._stream)  # noqa: S301 (of a copy of this process)
                return [[Finding(*fields) for fields in rows] for rows in found]
        except (OSError, EOFError, pickle.UnpicklingError):
            pass
        return _evaluate(*self._part)

    def end(self) -> None:
        """End the copy, whatever it does."""
        if self._stream is not None:
            self._stream.close()
        if self._pid is not None:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            self._pid = None


def _answer(pipe: int, part: tuple[Any, ...]) -> None:
    """Be the copy: evaluate, write what was found, and leave nothing of the parent's to be done a second time."""
    try:
        # An interrupt is for the parent, which ends this one.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with open(pipe, "wb") as stream:
            found = [list(map(_FIELDS, findings)) for findings in _evaluate(*part)]
            pickle.dump(found, stream, pickle.HIGHEST_PROTOCOL)
    finally:
        os._exit(0)
