# ruff: noqa: INP001 (a script)
"""Draws `architecture.svg` from what the code imports: `python docs/draw_architecture.py` writes it, the tests hold it to the code."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "rtaudit"
PICTURE = Path(__file__).with_name("architecture.svg")

WIDTH, ROW, BOX_HEIGHT, MARGIN = 860, 92, 46, 20
_STYLE = (
    "svg{background:#fff}text{font:14px system-ui,sans-serif;fill:#1f2328}.small{font-size:11px;fill:#59636e}"
    "rect{fill:#f6f8fa;stroke:#8c959f}.net rect{fill:#ddf4ff;stroke:#0969da}path{fill:none;stroke:#8c959f;stroke-opacity:.55}"
)

NETWORK = frozenset({"collect", "simulate", "probe"})
"""Packages that open sockets."""


def packages(root: Path = PACKAGE) -> dict[str, set[str]]:
    """Each package (or module directly inside `rtaudit`) with those that its modules import."""
    names = {path.name for path in root.iterdir() if (path / "__init__.py").is_file()}
    names |= {path.stem for path in root.glob("*.py") if not path.stem.startswith("__")}
    return {name: _imports(root, name, names) - {name} for name in sorted(names)}


def floors(found: dict[str, set[str]]) -> list[list[str]]:
    """The packages by floor, the lowest first: a package is one above the highest that it imports.

    Raises ValueError where packages import each other in a ring.
    """
    height: dict[str, int] = {}
    left = dict(found)
    while left:
        ready = [name for name, below in left.items() if below <= height.keys()]
        if not ready:
            raise ValueError(f"these packages import each other: {', '.join(sorted(left))}")
        for name in ready:
            height[name] = 1 + max((height[one] for one in left[name]), default=-1)
        for name in ready:
            del left[name]
    return [sorted(name for name in height if height[name] == floor) for floor in range(max(height.values()) + 1)]


def draw(found: dict[str, set[str]]) -> str:
    """The picture: floors from the bottom up, and a line from each package to those that it imports directly."""
    levels = floors(found)
    place: dict[str, tuple[float, float]] = {}
    for floor, names in enumerate(levels):
        step = (WIDTH - 2 * MARGIN) / len(names)
        for index, name in enumerate(names):
            place[name] = (MARGIN + step * (index + 0.5), MARGIN + ROW * (len(levels) - 1 - floor))
    height = MARGIN * 2 + ROW * (len(levels) - 1) + BOX_HEIGHT
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="The packages of rtaudit">',
        f"<title>The packages of rtaudit, and what each imports</title><style>{_STYLE}</style>",
    ]
    for name in sorted(found):
        x, y = place[name]
        for other in sorted(_direct(found, name)):
            to_x, to_y = place[other]
            top = y + BOX_HEIGHT
            middle = (top + to_y) / 2
            lines.append(
                f'<path d="M{x:.0f} {top:.0f}C{x:.0f} {middle:.0f} {to_x:.0f} {middle:.0f} {to_x:.0f} {to_y:.0f}"/>'
            )
    for name in sorted(found):
        x, y = place[name]
        wide = max(64, 9 * len(name) + 18)
        kind = ' class="net"' if name in NETWORK else ""
        lines.append(
            f'<g{kind}><rect x="{x - wide / 2:.0f}" y="{y:.0f}" width="{wide}" height="{BOX_HEIGHT}" rx="6"/>'
            f'<text x="{x:.0f}" y="{y + BOX_HEIGHT / 2 + 5:.0f}" text-anchor="middle">{name}</text></g>'
        )
    lines.append(
        f'<text class="small" x="{MARGIN}" y="{height - 4}">blue: opens sockets; a line: imports from the package below</text>'
    )
    return "\n".join([*lines, "</svg>"]) + "\n"


def _direct(found: dict[str, set[str]], name: str) -> set[str]:
    """What a package imports, less what it reaches through another package anyway: fewer lines say the same order."""
    below = found[name]
    return {one for one in below if not any(one in _reach(found, other) for other in below - {one})}


def _reach(found: dict[str, set[str]], name: str) -> set[str]:
    seen: set[str] = set()
    todo = [name]
    while todo:
        for one in found[todo.pop()] - seen:
            seen.add(one)
            todo.append(one)
    return seen


def _imports(root: Path, package: str, names: set[str]) -> set[str]:
    files = sorted((root / package).rglob("*.py")) if (root / package).is_dir() else [root / f"{package}.py"]
    seen: set[str] = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            modules: list[str] = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                modules = [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
            for module in modules:
                parts = module.split(".")
                if parts[0] == "rtaudit" and len(parts) > 1 and parts[1] in names:
                    seen.add(parts[1])
    return seen


if __name__ == "__main__":
    PICTURE.write_text(draw(packages()), "utf-8")
    print(f"wrote {PICTURE}", file=sys.stderr)
