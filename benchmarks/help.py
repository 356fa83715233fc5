"""How long `rtaudit --help` takes beside a bare Typer application of two commands: whole processes, in turn.

Run as `python benchmarks/help.py [RUNS]`.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_BARE = """
import typer

app = typer.Typer()


@app.command()
def one(name: str = "x") -> None:
    \"\"\"One.\"\"\"


@app.command()
def two(name: str = "x") -> None:
    \"\"\"Two.\"\"\"


app()
"""


def seconds(words: list[str]) -> float:
    """How long one run takes."""
    started = time.perf_counter()
    subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def main(runs: int) -> None:
    """Print the line of benchmarks/README.md."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, {platform.system()} {platform.machine()}")
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(_BARE)
        ours = [sys.executable, "-m", "rtaudit", "--help"]
        theirs = [sys.executable, str(bare), "--help"]
        pairs = [(seconds(ours), seconds(theirs)) for _ in range(runs + 1)][1:]
    mine, other = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(
        f"rtaudit --help {mine * 1000:.0f} ms, bare Typer {other * 1000:.0f} ms, ratio {ratio:.2f} (medians of {runs})"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
