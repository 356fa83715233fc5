"""What reads Azure leaves no connection open behind it: counted among the descriptors of this process."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from rtaudit import assets, collect_snapshot, collection, load_snapshot
from rtaudit.api.live import preflight
from rtaudit.simulate import Simulator

PROD = load_snapshot(assets.snapshots() / "prod.json")


def sockets() -> int:
    found = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
        except OSError:
            continue
    return found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="descriptors are counted in /proc")
@pytest.mark.parametrize("read", [collect_snapshot, preflight], ids=["collect", "preflight"])
def test_no_connection_stays_open(read: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    gc.collect()
    gc.disable()  # it would close some of what was forgotten
    try:
        with Simulator([PROD], record=False) as azure:
            for name, value in azure.environ.items():
                monkeypatch.setenv(name, value)
            before = sockets()
            for _ in range(3):
                request = collection(PROD.scope["subscriptions"], environment="prod")
                read(request, arm_endpoint=azure.url, auth="managed-identity")
            # The simulator's own ends are closed by its threads, a moment later.
            until = time.monotonic() + 20
            while sockets() > before and time.monotonic() < until:
                time.sleep(0.05)
            assert sockets() <= before
    finally:
        gc.enable()
