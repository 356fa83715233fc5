"""A program of one thread, as only such a one can be copied: collects, and prints what came of it as JSON.

    python -m tests.collect.forked URL PROCESSES WHAT

WHAT is a credential (`static`, `short`, `revoked`, `lost`), or how every read of accounts ends (a name in `ENDS`).
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from rtaudit.collect import CollectionObserver, CollectionRequest, Identity, collect, find_endpoint
from rtaudit.collect.arm import ArmReader
from rtaudit.collect.aspects import READERS
from rtaudit.collect.collected import CollectedRows
from rtaudit.collect.gather import Collector
from rtaudit.errors import RtauditError
from rtaudit.snapshot import write
from tests.collect.support import ALL, QUICK, SUB


class Odd(Exception):  # noqa: N818 (it is odd)
    """An error that cannot be copied to another process."""

    def __init__(self) -> None:
        super().__init__("an odd one")
        self.lock = threading.Lock()


def raised(error: BaseException) -> Callable[[], None]:
    def end() -> None:
        raise error

    return end


ENDS: dict[str, Callable[[], None]] = {
    "bug": raised(ZeroDivisionError("a bug of ours")),
    "memory": raised(MemoryError()),
    "odd": raised(Odd()),
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "exit": lambda: os._exit(9),
}


class Credential:
    """Tokens `token-1`, `token-2` …"""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.asked: list[Any] = []

    def get_token(self, *_scopes: str, **options: Any) -> AccessToken:
        self.asked.append((os.getpid(), options.get("claims")))
        if self.kind == "lost" and len(self.asked) > 1:
            raise ClientAuthenticationError("logged out")
        good = 60 if self.kind in {"short", "lost"} else 3600
        return AccessToken(f"token-{len(self.asked)}", int(time.time()) + good)


def collected(url: str, processes: int, kind: str) -> dict[str, Any]:
    credential, calls, watch = Credential(kind), [], CollectionObserver()

    def log(*call: Any) -> None:
        calls.append((os.getpid(), *call))

    watch.log = log
    signal.signal(signal.SIGINT, lambda *_: watch.stop.set())
    request = CollectionRequest(subscriptions=[SUB], aspects=ALL)
    limits = replace(QUICK, processes=processes)
    found = collect(request, find_endpoint(arm_endpoint=url), Identity(credential), limits, watch)
    with TemporaryDirectory() as folder:
        write(found.snapshot, Path(folder) / "x.json")
        text = (Path(folder) / "x.json").read_text()
    return {
        "text": text,
        "interrupted": found.interrupted,
        "asked": [claims for _, claims in credential.asked],
        "logged": len(calls),
        "elsewhere": len({pid for pid, *_ in [*credential.asked, *calls]} - {os.getpid()}),
    }


def ended(url: str, processes: int, end: Callable[[], None]) -> dict[str, Any]:
    endpoint = find_endpoint(arm_endpoint=url)
    readers = {"accounts": replace(READERS["accounts"], send=lambda *_: end())}
    rows = CollectedRows(endpoint.cloud, [SUB], frozenset(), frozenset(), readers)
    arm = ArmReader(endpoint, Identity(Credential("static")), QUICK)
    try:
        Collector(arm, rows, readers, QUICK, processes=processes).run()
    except BaseException as error:  # noqa: BLE001 (what is looked at)
        hint = error.hint if isinstance(error, RtauditError) else None
        return {
            "error": type(error).__name__, "said": str(error), "hint": hint,
            "notes": "".join(getattr(error, "__notes__", [])),
        }  # fmt: skip
    return {"error": None}


def main() -> None:
    url, processes, what = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    copies: list[bool] = []
    os.register_at_fork(after_in_parent=lambda: copies.append(True))
    found = ended(url, processes, ENDS[what]) if what in ENDS else collected(url, processes, what)
    found["copies"] = len(copies)
    try:
        os.waitpid(-1, os.WNOHANG)
        found["left"] = True
    except ChildProcessError:
        found["left"] = False
    print(json.dumps(found))


if __name__ == "__main__":
    main()
