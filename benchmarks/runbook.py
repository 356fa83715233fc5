"""Benchmark: the runbook of the sample's prod, and of a generated estate.

    python benchmarks/runbook.py [ACCOUNTS]     (1,000 unless given)

Prints seconds of CPU and of the clock, and peak memory of `rtaudit runbook` as a process of its own, its start included.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from generate import generate

from rtaudit import assets
from rtaudit.snapshot import write


def measured(file: Path) -> str:
    """The seconds that the runbook of a snapshot takes, and its last line."""
    started, before = time.perf_counter(), os.times()
    words = [sys.executable, "-m", "rtaudit", "runbook", str(file), "--as-of", "2026-11-22"]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    took, after = time.perf_counter() - started, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    last = ended.stdout.splitlines()[-1] if ended.stdout else ended.stderr
    return f"{cpu:.1f} s of CPU, {took:.1f} s, {peak:.0f} MB: {last}"


def main() -> None:
    """Measure both."""
    accounts = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print("sample prod:", measured(assets.snapshots() / "prod.json"))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "estate.json"
        write(generate(accounts), file)
        print(f"{accounts:,} accounts:", measured(file))


if __name__ == "__main__":
    main()
