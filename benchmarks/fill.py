"""What planning costs a collection beside the wire, in seconds of CPU: to fill an earlier snapshot, and as answers arrive.

Run as `python benchmarks/fill.py [ACCOUNTS]` (1,000 unless said). Filled is a whole estate (see whole.py) without gaps, so that
nothing is read: all of it is looked up in the earlier snapshot. Planned is a collection of 400 subscriptions with ten accounts
each, whose lists come one by one.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from typing import Any

from azure.core.credentials import AccessToken
from collect import Server
from whole import whole

from rtaudit.collect.arm import ArmReader
from rtaudit.collect.collected import CollectedRows
from rtaudit.collect.credentials import Identity
from rtaudit.collect.endpoint import find_endpoint
from rtaudit.collect.gather import Collector
from rtaudit.collect.limits import Limits
from rtaudit.collect.request import CollectionRequest, EarlierAnswers, choose_aspects, refill
from rtaudit.snapshot import ASPECTS

SUBSCRIPTIONS, ACCOUNTS_OF_EACH = 400, 10


class Token:
    """A credential that needs nobody."""

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken("opaque", int(time.time()) + 3600)


class Timed(Collector):
    """A collector that adds up what planning takes."""

    planning = 0.0

    def _plan(self) -> None:
        started = time.thread_time()
        super()._plan()
        self.planning += time.thread_time() - started


def collector(url: str, request: CollectionRequest, **more: Any) -> tuple[Timed, ArmReader]:
    arm = ArmReader(find_endpoint(arm_endpoint=url), Identity(Token()), Limits())
    readers = request.readers()
    rows = CollectedRows(
        cloud=arm.endpoint.cloud, subscriptions=sorted(request.subscriptions), groups=frozenset(), names=frozenset(), readers=readers
    )  # fmt: skip
    return Timed(arm, rows, readers, Limits(), **more), arm


def fill(accounts: int) -> tuple[float, int]:
    """Seconds of CPU of the collecting thread to take an estate from an earlier snapshot, and the reads that were answered."""
    estate = replace(whole(accounts // 4), gaps=())
    earlier = replace(estate, scope={**estate.scope, "aspects": sorted(ASPECTS)})
    request = refill(earlier, CollectionRequest())
    gathering, arm = collector("http://127.0.0.1:9", request, earlier=EarlierAnswers(earlier))
    started = time.thread_time()
    gathering.run()
    arm.close()
    return time.thread_time() - started, sum(gathering.status.done.values())


def plan() -> tuple[float, int]:
    """Seconds of CPU of planning while the lists of many subscriptions arrive, and the reads that were planned."""
    case = {"accounts": SUBSCRIPTIONS * ACCOUNTS_OF_EACH, "subscriptions": SUBSCRIPTIONS, "latency": 1}
    with tempfile.TemporaryDirectory() as folder:
        server = Server(case, folder)
        try:
            names = [f"{number:08d}-0000-4000-8000-000000000000" for number in range(1, SUBSCRIPTIONS + 1)]
            aspects = choose_aspects(["deployments", "privateEndpoints", "models"])
            gathering, arm = collector(server.url, CollectionRequest(subscriptions=names, aspects=aspects))
            gathering.run()
            arm.close()
        finally:
            server.process.terminate()
            server.process.wait()
    return gathering.planning, sum(gathering.status.done.values())


if __name__ == "__main__":
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    spent, reads = min(fill(size) for _ in range(3))
    print(f"fill of {size} accounts: {reads} reads answered from the earlier snapshot, {spent:.2f} s of CPU")
    spent, reads = plan()
    print(
        f"planning of {SUBSCRIPTIONS} subscriptions x {ACCOUNTS_OF_EACH} accounts: {reads} reads, {spent:.2f} s of CPU"
    )
