"""The shell steps of a pipeline's YAML, run as its runner runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


def load(path: Path) -> Any:
    """A pipeline's YAML. The runners read YAML 1.2; `on:` is a key, not true."""
    return yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with its `${{ … }}` replaced; an expression that `values` does not hold is an error."""
    return _EXPRESSION.sub(lambda found: values[found[1]], text)


def bash(script: str, folder: Path, environment: Mapping[str, str], *flags: str) -> subprocess.CompletedProcess[str]:
    """Run a step; stdout and stderr in one stream, as a log shows them."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "RUNNER_", "AGENT_"))}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", *flags, "-c", script],
        cwd=folder,
        env={**clean, "PATH": path, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=250,
        check=False,
    )


def stand_in_python(folder: Path) -> Path:
    """A `python3` that makes environments holding the rtaudit of this test, and writes down what pip is asked for.

    All else it does as the real one: what is tried here are the steps; the installer is not ours.
    """
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "python3"
    script.write_text(
        f"""#!/usr/bin/env bash
if [ "$1 $2" = "-m venv" ]; then
    mkdir -p "$3/bin"
    cp "$0" "$3/bin/python"
    printf '#!/usr/bin/env bash\\nexec "{sys.executable}" -W error -m rtaudit "$@"\\n' > "$3/bin/rtaudit"
    chmod +x "$3/bin/rtaudit"
elif [ "$1 $2" = "-m pip" ]; then
    echo "$@" >> "{folder}/pip.log"
else
    exec "{sys.executable}" "$@"
fi
""",
        "utf-8",
    )
    script.chmod(0o755)
    return script
