"""What a diff of two whole estates takes and what memory it needs, whole process, beside deepdiff on the whole documents.

python benchmarks/diff.py [ACCOUNTS…]        (400, 1,600 and 10,000 unless said; four accounts to a copy of the samples, see whole.py)

Over time: `prod` and the same with 1 % of its accounts and deployments changed. Between environments: the copies of `test` and
of `prod`. Seconds are of CPU: those of the clock depend on what else runs.
"""

from __future__ import annotations

import itertools
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

LIMIT_SECONDS = 60

_DEEPDIFF = """
import json, sys
from deepdiff import DeepDiff
left, right = (json.load(open(path)) for path in sys.argv[1:3])
print(len(DeepDiff(left["resources"], right["resources"], **({"ignore_order": True} if sys.argv[3] == "sets" else {})).tree))
"""

_MAKE = """
import sys
from pathlib import Path
from generate import mutate
from whole import whole
from rtaudit.snapshot import write
folder, accounts = Path(sys.argv[1]), int(sys.argv[2])
size = (accounts // 4, max(10, accounts // 100))
snapshot = whole(*size, "prod")
write(snapshot, folder / "base.json")
write(mutate(snapshot, 0.01), folder / "later.json")
write(whole(*size, "test"), folder / "twin.json")
"""


def run(command: list[str], limit: float | None = None) -> tuple[float, float, int] | None:
    """Seconds of CPU, MiB at the peak, and exit code of a process; None when it did not end within `limit` seconds of the clock."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        # Waited for here and not by subprocess: only so is the peak that of this one process.
        done, status, usage = os.wait4(process.pid, os.WNOHANG if limit is not None else 0)
        seconds = time.perf_counter() - started
        if done:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, process.returncode
        if limit is not None and seconds > limit:
            process.kill()
            process.wait()
            return None
        time.sleep(0.02)


def diff(left: Path, right: Path) -> tuple[float, float, int]:
    """Run `rtaudit diff -o json` on two files."""
    measured = run([sys.executable, "-m", "rtaudit", "diff", str(left), str(right), "-o", "json"])
    assert measured is not None
    return measured


def make(folder: str, accounts: int) -> tuple[Path, Path, Path]:
    """An estate, the same with 1 % changed, and its changed twin of another environment, as files."""
    # In a process of its own: a child's peak on Linux counts from the memory of the parent that forked it.
    subprocess.run([sys.executable, "-c", _MAKE, folder, str(accounts)], check=True, cwd=Path(__file__).parent)
    base, later, twin = (Path(folder) / f"{name}.json" for name in ("base", "later", "twin"))
    return base, later, twin


def main(sizes: Sequence[int]) -> None:
    """Print the table of benchmarks/README.md."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, {platform.system()} {platform.machine()}")
    with tempfile.TemporaryDirectory() as folder:
        times = {}
        for accounts in sizes:
            base, later, twin = make(folder, accounts)
            size = base.stat().st_size / 2**20
            for name, other in (("over time", later), ("between environments", twin)):
                seconds, peak, code = diff(base, other)
                assert code == 1, f"exit code {code}"
                times[name, accounts] = seconds
                print(
                    f"{accounts:>6} accounts ({size:.0f} MiB a file), {name}: {seconds:.1f} s of CPU, {peak:.0f} MiB",
                    flush=True,
                )
        for name in ("over time", "between environments"):
            for less, more in itertools.pairwise(sizes):
                growth = times[name, more] / times[name, less]
                print(f"growth from {less} to {more} accounts, {name}: {growth:.1f} times")
        for mode in ("lists", "sets"):
            finished = None
            for accounts in (100, 250, 500, 1000, 2500, 5000, 10000):
                base, later, _ = make(folder, accounts)
                measured = run([sys.executable, "-c", _DEEPDIFF, str(base), str(later), mode], LIMIT_SECONDS)
                if measured is None:
                    break
                finished = (accounts, *measured[:2], *diff(base, later)[:2])
            assert finished is not None
            accounts, seconds, peak, own, own_peak = finished
            print(
                f"deepdiff on whole documents ({mode}), largest that ends in {LIMIT_SECONDS} s: {accounts} accounts, "
                f"{seconds:.1f} s, {peak:.0f} MiB; rtaudit diff of the same: {own:.1f} s, {own_peak:.0f} MiB"
            )


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1:]] or (400, 1_600, 10_000))
