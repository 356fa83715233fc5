"""Several processes find what one finds, whatever becomes of them."""

from __future__ import annotations

import subprocess
import sys

import pytest

_SCRIPT = """
import os, resource, subprocess, sys
from dataclasses import replace
from datetime import date

from rtaudit import assets
from rtaudit.policy import load_policies
from rtaudit.policy.cores import evaluate_packs
from rtaudit.snapshot import Gap, load
from rtaudit.subjects import EstateIndex

snapshot = load(assets.snapshots() / "prod.json")
subscription = f"/subscriptions/{snapshot.scope['subscriptions'][0]}"
account = next(one["id"] for one in snapshot.resources if one["id"].rpartition("/")[0].endswith("/accounts"))
denied = [
    Gap(subscription, "accounts", "denied", 403, "AuthorizationFailed"),
    Gap(subscription, "privateEndpoints", "denied", 403, "AuthorizationFailed"),
    Gap(account, "deployments", "denied", 403, "AuthorizationFailed"),
]
snapshot = replace(snapshot, gaps=[*snapshot.gaps, *denied])
bound = [(pack, pack.bind(date(2026, 11, 22))) for pack in load_policies(["baseline", "regulated"])]


def found(processes):
    per_pack = evaluate_packs(EstateIndex(snapshot), bound, detail="steps", processes=processes)
    return [sorted(map(repr, findings)) for findings in per_pack]


alone = found(1)
assert sum(map(len, alone)) > 100, alone
"""
_KILL = """
import os, signal, sys
parent, me = int(sys.argv[1]), os.getpid()
print("ready", flush=True)
while True:
    for child in open(f"/proc/{parent}/task/{parent}/children").read().split():
        if int(child) != me:
            os.kill(int(child), signal.SIGKILL)
            sys.exit(0)
"""
ENDINGS = {
    "two, three and more": "assert found(2) == alone\nassert found(3) == alone\nassert found(20) == alone",
    "no pipe to be had": """
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
several = found(3)
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
assert several == alone
""",
    "a process that is killed": f"""
killer = subprocess.Popen([sys.executable, "-c", {_KILL!r}, str(os.getpid())], stdout=subprocess.PIPE)
killer.stdout.readline()
several = found(2)
assert killer.wait(60) == 0
killer.stdout.close()
assert several == alone
""",
}


@pytest.mark.skipif(sys.platform != "linux", reason="where there is no fork, one process does it all")
@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_several_processes_find_what_one_finds(ending: str) -> None:
    # A process of its own: a fork copies one thread only, and the tests' workers have others.
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", _SCRIPT + ending + "\nprint('held')"],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert (ended.stdout, ended.stderr, ended.returncode) == ("held\n", "", 0)
