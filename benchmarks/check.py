"""How long `rtaudit check` takes on a large snapshot, whole process, and how that grows.

Run as `python benchmarks/check.py [ACCOUNTS]` (10,000 unless said: 30,000 deployments, all of them speech, so that every rule
has something to judge). Prints where the time goes, too.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import date
from itertools import pairwise
from pathlib import Path

from generate import generate

from rtaudit.policy import check, load_policies
from rtaudit.report.files import chunks
from rtaudit.snapshot import load, write

SPEECH = tuple(("gpt-realtime", "2025-08-28", "GlobalStandard", name) for name in ("voice", "voice-b", "voice-c"))
AS_OF = "2026-11-22"


def measure(path: Path, out: Path) -> tuple[float, float]:
    """Seconds and peak MiB of `rtaudit check PATH -o json=OUT`."""
    words = ["check", str(path), "--policy", "production", "--as-of", AS_OF, "-o", f"json={out}"]
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "rtaudit", *words], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in (0, 1, 4), process.returncode
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def stages(path: Path) -> dict[str, float]:
    """Seconds of CPU in each stage, in this process."""
    marks = [("", time.process_time())]
    snapshot = load(path)
    marks.append(("load", time.process_time()))
    packs = load_policies(["production"])
    marks.append(("policies", time.process_time()))
    report = check([snapshot], packs, as_of=date.fromisoformat(AS_OF))
    marks.append(("judge", time.process_time()))
    for _ in chunks(report):
        pass
    marks.append(("write", time.process_time()))
    return {name: after - before for (_, before), (name, after) in pairwise(marks)}


def main(largest: int) -> None:
    """Print the lines of benchmarks/README.md."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, {platform.system()} {platform.machine()}")
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "snapshot.json", Path(folder) / "report.json"
        seconds = {}
        for accounts in (largest // 10, largest):
            write(generate(accounts, seed=1, models=SPEECH), path)
            seconds[accounts], peak = min(measure(path, out) for _ in range(3))
            with out.open(encoding="utf-8") as file:
                findings = len(json.load(file)["findings"])
            print(f"{accounts:>6} accounts, {findings:>9,} findings: {seconds[accounts]:.1f} s, {peak:.0f} MiB")
        print(f"growth: {seconds[largest] / seconds[largest // 10]:.1f} times")
        print("CPU: " + ", ".join(f"{name} {spent:.1f} s" for name, spent in stages(path).items()))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
