"""Client scan: measure 5,000 files of source, and 5 MB of minified code, made here.

python benchmarks/scan.py [--files N]
One file in fifty is a client of Azure OpenAI's Realtime API, one in five says the word in passing; the rest is ordinary code of
seven languages, JSON and prose. CPU seconds are of the whole process, children included; `--cores 1` holds it to one core.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORDS = [
    "order",
    "guest",
    "room",
    "total",
    "price",
    "stay",
    "table",
    "bill",
    "floor",
    "night",
    "cart",
    "item",
    "user",
    "page",
    "queue",
    "store",
    "event",
    "batch",
    "index",
    "token",
]


def ordinary(kind: str, rng: random.Random) -> str:
    """About 150 lines of code that has nothing to do with realtime."""
    name = lambda: rng.choice(WORDS) + "_" + rng.choice(WORDS)  # noqa: E731
    if kind == "py":
        return "".join(f"def {name()}({name()}, limit={rng.randint(1, 99)}):\n    value = {{'{name()}': f\"{{limit}}-{name()}\"}}\n    return [value for one in range(limit) if one % 2]\n\n" for _ in range(35))  # fmt: skip
    if kind in ("ts", "tsx", "js"):
        return "import { useState } from 'react';\n" + "".join(f"export function {name()}(a, b) {{\n  const value = {{ {name()}: `${{a}}-{name()}`, list: [1, 2, 3] }};\n  return value.list.map((one) => one + b);\n}}\n\n" for _ in range(35))  # fmt: skip
    if kind in ("cs", "java"):
        return "class Orders {\n" + "".join(f'  int {name()}(int a) {{ var x = "{name()}"; if (a > {rng.randint(1, 9)}) {{ return x.Length; }} return a; }}\n' for _ in range(140)) + "}\n"  # fmt: skip
    if kind == "go":
        return "package orders\n" + "".join(f'func {name()}(a int) string {{ x := "{name()}"; if a > 3 {{ return x }}; return "" }}\n' for _ in range(140))  # fmt: skip
    if kind == "json":
        return json.dumps([{name(): name(), "price": rng.randint(1, 999)} for _ in range(60)], indent=1)
    return "".join(f"The {name()} of each {name()} is kept until the {name()} is closed.\n" for _ in range(140))


CLIENT = """
import os, websockets
ENDPOINT = os.environ["AZURE_OPENAI_ENDPOINT"]
async def talk(token):
    url = f"wss://{ENDPOINT}/openai/v1/realtime?model={os.environ['AZURE_OPENAI_REALTIME_DEPLOYMENT']}"
    async with websockets.connect(url, additional_headers={"Authorization": f"Bearer {token}"}) as ws:
        await ws.send('{"type": "session.update", "session": {"type": "realtime"}}')
"""


def make(root: Path, files: int) -> None:
    rng = random.Random(7)
    kinds = ("py", "ts", "tsx", "js", "cs", "java", "go", "json", "md")
    for number in range(files):
        kind = kinds[number % len(kinds)]
        text = ordinary(kind, rng)
        if number % 10 == 0 and kind in ("py", "md"):
            text = CLIENT + text
        elif number % 10 in (0, 1):
            text += ("# " if kind in ("py", "md") else "// " if kind != "json" else " ") + "realtime orders\n"
        path = root / f"part{number % 40:02}" / f"file{number}.{kind}"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def measure(folder: Path) -> tuple[float, float, float, str]:
    """CPU seconds, seconds, MB at the peak, and the last line of a scan in a process of its own."""
    began = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-m", "rtaudit", "client", "scan", str(folder)], capture_output=True, encoding="utf-8", check=False)  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (
        cpu,
        time.perf_counter() - began,
        after.ru_maxrss / 1024,
        done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr[-300:],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--cores", type=int, help="hold the scan to so many cores")
    options = parser.parse_args()
    files = options.files
    if options.cores:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.cores])
    with tempfile.TemporaryDirectory() as folder:
        tree, minified = Path(folder, "tree"), Path(folder, "minified")
        tree.mkdir()
        minified.mkdir()
        make(tree, files)
        size = sum(file.stat().st_size for file in tree.rglob("*") if file.is_file()) / 1e6
        unit = "function a(b){var c={d:1,e:[1,2,3]};return fetch('https://x/'+b,{headers:c}).then(r=>r.json())}"
        (minified / "app.min.js").write_text(unit * 26_000 + "new WebSocket(`wss://h.openai.azure.com/openai/v1/realtime?model=v`);" + unit * 25_000)  # fmt: skip
        for label, place in ((f"{files:,} files, {size:.0f} MB", tree), ("4.9 MB minified", minified)):
            cpu, wall, peak, last = measure(place)
            cores = len(os.sched_getaffinity(0))
            print(f"{label}: {cpu:.1f} s CPU, {wall:.1f} s, {peak:.0f} MB at the peak ({cores} cores). {last}")


if __name__ == "__main__":
    main()
