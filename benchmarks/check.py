"""What `rtaudit check` takes on whole estates, whole process, and how that grows.

Run as `python benchmarks/check.py [--policy PACK] [--bare] [ACCOUNTS…]` (regulated; 400, 1,600 and 10,000 unless said; four
accounts to a copy of the sample, an endpoint each, see whole.py). With `--bare` the estates are of generate.py instead: 100
accounts to a subscription, three deployments and a private endpoint each, without zones, roles, locks and alerts. Prints where the time goes, too. Seconds of CPU are the best of three
runs, one of 10,000; those of the clock depend on what else runs.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

from rtaudit.policy import check, load_policies
from rtaudit.report.files import chunks
from rtaudit.snapshot import load

HERE = Path(__file__).parent
AS_OF = "2026-11-22"
POLICY = "regulated"
ROUNDS = 3
LARGE = 5_000
"""Accounts from which on one round has to do."""
ACCOUNTS = (400, 1_600, 10_000)
ACCOUNTS_OF_A_COPY = 4


def measure(path: Path, out: Path, policy: str) -> tuple[float, float, float]:
    """Seconds of CPU and of the clock, and peak MiB, of `rtaudit check PATH -o json=OUT`."""
    words = ["check", str(path), "--policy", policy, "--as-of", AS_OF, "-o", f"json={out}"]
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "rtaudit", *words], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in (0, 1, 4), process.returncode
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - started, usage.ru_maxrss / 1024


def stages(path: Path, policy: str) -> dict[str, float]:
    """Seconds of CPU in each stage, in this process."""
    marks = [("", time.process_time())]
    snapshot = load(path)
    marks.append(("load", time.process_time()))
    packs = load_policies([policy])
    marks.append(("policies", time.process_time()))
    report = check([snapshot], packs, as_of=date.fromisoformat(AS_OF), steps=False)
    marks.append(("judge", time.process_time()))
    for _ in chunks(report):
        pass
    marks.append(("write", time.process_time()))
    return {name: after - before for (_, before), (name, after) in pairwise(marks)}


def make(accounts: int, path: Path, *, bare: bool) -> None:
    """Write the estate, in a process of its own: a child's peak on Linux counts from the memory of the parent that forked it."""
    words = [
        str(Path(__file__).with_name("whole.py")),
        str(accounts // ACCOUNTS_OF_A_COPY),
        str(max(10, accounts // 100)),
    ]
    if bare:
        made = f"generate({accounts}, endpoints=True, per_subscription=100)"
        words = ["-c", f"import sys; sys.path.insert(0, {str(HERE)!r}); from generate import *; print(dump({made}))"]
    with path.open("wb") as file:
        subprocess.run([sys.executable, *words], stdout=file, check=True)


def main(sizes: Sequence[int], policy: str, *, bare: bool = False) -> None:
    """Print the lines of benchmarks/README.md."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, {platform.system()} {platform.machine()}")
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "snapshot.json", Path(folder) / "report.json"
        before: tuple[int, float] | None = None
        for accounts in sizes:
            make(accounts, path, bare=bare)
            rounds = 1 if accounts >= LARGE else ROUNDS
            seconds, clock, peak = map(min, zip(*(measure(path, out, policy) for _ in range(rounds)), strict=True))
            growth = f", {seconds / before[1]:.1f} times for {accounts / before[0]:.1f} times as much" if before else ""
            print(f"{accounts:>6} accounts: {seconds:.1f} s of CPU, {clock:.1f} s, {peak:.0f} MiB{growth}", flush=True)
            before = (accounts, seconds)
        print("CPU of the last: " + ", ".join(f"{name} {spent:.1f} s" for name, spent in stages(path, policy).items()))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="What `rtaudit check` takes on whole estates.")
    arguments.add_argument("--policy", default=POLICY)
    arguments.add_argument("--bare", action="store_true", help="accounts with an endpoint, and nothing beside them")
    arguments.add_argument("accounts", type=int, nargs="*", default=ACCOUNTS)
    given = arguments.parse_args()
    main(given.accounts, given.policy, bare=given.bare)
