"""How long `rtaudit plan` takes on a large Terraform plan, whole process, and how that grows.

Run as `python benchmarks/plan.py [ACCOUNTS]` (1,000 unless said). The plan is the sample company's, repeated: as instances of a
module, and as instances of each resource in one module. Like real plans it holds the values again in planned_values and prior_state.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SAMPLE = Path(__file__).parents[1] / "snapshots" / "plans" / "prod.azurerm.json"
ACCOUNTS_OF_SAMPLE = 4


def repeated(accounts: int, *, modules: bool) -> dict[str, Any]:
    """The sample's plan with so many accounts: in instances of one module, or instances of each of its resources."""
    sample = json.loads(SAMPLE.read_text("utf-8"))
    text = json.dumps(sample["resource_changes"])
    changes: list[dict[str, Any]] = []
    for number in range(accounts // ACCOUNTS_OF_SAMPLE):
        key = f"{number:05}"
        for change in json.loads(text.replace("lh-", f"l{key}-")):
            if modules:
                above = f'module.estate["{key}"]'
                inner = change.get("module_address")
                change["module_address"] = f"{above}.{inner}" if inner else above
                change["address"] = f"{above}.{change['address']}"
            else:
                change["index"] = key
                change["address"] += f'["{key}"]'
            changes.append(change)
    root = sample["configuration"]["root_module"]
    if modules:
        root = {"module_calls": {"estate": {"source": "./estate", "expressions": {}, "module": root}}}
    values = [
        {**one, "change": None, "values": one["change"]["after"], "sensitive_values": one["change"]["after_sensitive"]}
        for one in changes
    ]
    return {
        **sample,
        "planned_values": {"root_module": {"resources": values}},
        "prior_state": {"format_version": "1.0", "values": {"root_module": {"resources": values}}},
        "resource_changes": changes,
        # What was changed by hand since the last apply: here one resource in two.
        "resource_drift": changes[::2],
        "configuration": {**sample["configuration"], "root_module": root},
    }


def measure(path: Path, out: Path) -> tuple[float, float, float]:
    """Seconds, seconds of CPU and peak MiB of `rtaudit plan PATH -o OUT`."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "rtaudit", "plan", str(path), "-o", str(out)], stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, process.returncode
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def lines(largest: int) -> Iterator[str]:
    """The lines of benchmarks/README.md."""
    yield f"Python {platform.python_version()}, {os.cpu_count()} CPUs, {platform.system()} {platform.machine()}"
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "plan.json", Path(folder) / "planned.json"
        for modules in (True, False):
            spent = {}
            for accounts in (largest // 10, largest):
                path.write_text(json.dumps(repeated(accounts, modules=modules), indent=2), "utf-8")
                seconds, spent[accounts], peak = min(measure(path, out) for _ in range(3))
                size = path.stat().st_size / 1e6
                yield (
                    f"{'modules' if modules else 'for_each':>8}, {accounts:>6} accounts, {size:.0f} MB: {seconds:.1f} s,"
                    f" {spent[accounts]:.1f} s of CPU, {peak:.0f} MiB"
                )
            yield f"growth: {spent[largest] / spent[largest // 10]:.1f} times"


if __name__ == "__main__":
    for line in lines(int(sys.argv[1]) if len(sys.argv) > 1 else 1000):
        print(line)
