"""Transcripts: the `console` blocks of a page, run by a shell as a reader would, and held against what the page shows.

In a ```` ```console ```` block a line that begins with `$ ` is a command (`> ` continues it), the lines until the next one are
what it says on stdout and stderr, and `(exit N)` ends one that does not end with 0. A line `…` stands for any lines, a `…`
in a line for any text. A line that begins with `# ` after an empty one, or first, is for the reader. A block of any language
with `title=NAME` is that file (a `diff` changes it). `rtaudit demo` shows commands itself: after it, the rest of the block is what it says. Variables and folders last from block to block, as they do in one terminal.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .warm import Warm, client

_FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,})(?P<language>[\w+-]*)(?P<rest>[^`\n]*)$")
_TITLE = re.compile(r"""\btitle=(?:"([^"]+)"|(\S+))""")
_EXIT = re.compile(r"^\(exit (\d+)(?::.*)?\)$")
_LOOPBACK = re.compile(r"http://127\.0\.0\.1:\d+")
_EXPORT = re.compile(r"^export IDENTITY_ENDPOINT=\S+ IDENTITY_HEADER=\S+$")
_DEMO = "rtaudit demo"
_END = "\x1e"


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    line: int
    """Where its text begins, 1-based."""
    language: str
    title: str | None
    text: str


@dataclass(frozen=True)
class Command:
    """A command of a `console` block, and how it must end."""

    line: int
    words: str
    expected: tuple[str, ...]
    exit_code: int


def blocks(page: str) -> list[Block]:
    """Every fenced block of a page, in order."""
    found: list[Block] = []
    opened: re.Match[str] | None = None
    start, lines = 0, []
    for number, line in enumerate(page.splitlines(), 1):
        match = _FENCE.match(line)
        if opened is None:
            if match:
                opened, start, lines = match, number + 1, []
        elif (
            match
            and not match["language"]
            and not match["rest"].strip()
            and len(match["ticks"]) >= len(opened["ticks"])
        ):
            title = _TITLE.search(opened["rest"])
            name = (title[1] or title[2]) if title else None
            found.append(Block(start, opened["language"], name, "".join(f"{one}\n" for one in lines)))
            opened = None
        else:
            lines.append(line.removeprefix(opened["indent"]))
    assert opened is None, f"the block that begins before line {start} never expires"
    return found


def commands(block: Block) -> list[Command]:
    """The commands of a `console` block."""
    found: list[Command] = []
    words: list[str] = []
    expected: list[str] = []
    begin, before = 0, ""

    def close(*, whole: bool = False) -> None:
        while expected and not expected[-1].strip():
            expected.pop()
        code = _EXIT.match(expected[-1]) if expected and not whole else None
        if code:
            expected.pop()
        if words:
            found.append(Command(begin, "\n".join(words), tuple(expected), int(code[1]) if code else 0))
        assert words or not expected, f"line {block.line}: output without a command: {expected[0]}"
        words.clear()
        expected.clear()

    for number, line in enumerate(block.text.splitlines(), block.line):
        if words == [_DEMO]:
            expected.append(line)
        elif line.startswith("$ "):
            close()
            words, begin = [line[2:]], number
        elif line.startswith("# ") and not before.strip():
            close()
        elif words and not expected and line.startswith("> "):
            words.append(line[2:])
        elif words or line.strip():
            expected.append(line)
        before = line
    close(whole=words == [_DEMO])
    return found


def matches(expected: tuple[str, ...], said: str) -> bool:
    """True when `said` is what the page shows."""
    lines = [line.rstrip() for line in said.strip("\n").splitlines()]
    pattern = ""
    for line in expected:
        if line.strip() == "…":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += ".*?".join(re.escape(part) for part in line.rstrip().split("…")) + r"\n"
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in lines)) is not None


class Terminal:
    """A shell in a folder of its own, whose `rtaudit` is ours and whose Azure is a simulator."""

    def __init__(self, folder: Path, azure: str, environment: dict[str, str], warm: Warm) -> None:
        self.folder, self.azure = folder, azure
        tools = shims(folder.parent / f"{folder.name}-bin", azure, warm)
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "AZURE_"))},
                **environment,
                **IDENTITY,
                "PATH": f"{tools}:{os.environ['PATH']}",
                "HOME": str(folder.parent),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )

    def run(self, words: str) -> tuple[str, int]:
        """What a command says and how it ends; the machine's folder reads `/home/you`."""
        asked = "true" if _EXPORT.match(words) else _LOOPBACK.sub(self.azure, words)
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{{\n{asked}\n}} </dev/null\nprintf '{_END}%s\\n' $?\n")
        self._process.stdin.flush()
        said = ""
        while _END not in said:
            line = self._process.stdout.readline()
            assert line, f"the shell ended in the middle of: {words}\n{said}"
            said += line
        text, _, code = said.partition(_END)
        return text.replace(str(self.folder), "/home/you"), int(code)

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)
        assert self._process.stdout
        self._process.stdout.close()


def play(page: Path, terminal: Terminal) -> int:
    """Run every command of `page`; the number of them. Fails with the page's line, what was expected and what was said."""
    count = 0
    for block in blocks(page.read_text("utf-8")):
        if block.title is not None:
            target = terminal.folder / block.title
            assert target.resolve().is_relative_to(terminal.folder.resolve()), block.title
            target.parent.mkdir(parents=True, exist_ok=True)
            if block.language == "diff":
                change(target, block.text)
            else:
                target.write_text(block.text, "utf-8")
        if block.language != "console":
            continue
        for command in commands(block):
            said, code = terminal.run(command.words)
            shown = "\n".join(command.expected)
            where = f"{page.name}:{command.line}: $ {command.words}"
            assert code == command.exit_code, f"{where}\nended with {code}, not {command.exit_code}:\n{said}"
            assert matches(command.expected, said), f"{where}\n--- the page\n{shown}\n--- the command\n{said}"
            count += 1
    return count


def change(file: Path, difference: str) -> None:
    """Make a change that a page shows as lines with ` `, `+` or `-` before them; its place must be found once."""
    lines = difference.splitlines()
    before = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "+")
    after = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "-")
    text = file.read_text("utf-8")
    assert text.count(before) == 1, f"{file.name} holds this {text.count(before)} times:\n{before}"
    file.write_text(text.replace(before, after), "utf-8")


def shims(folder: Path, azure: str, warm: Warm) -> Path:
    """A folder of commands for PATH: the `rtaudit` and `python` of this test; what collects asks the simulator at `azure`."""
    folder.mkdir()
    client(folder / "rtaudit", warm.path, azure)
    python = folder / "python"
    python.write_text(f'#!/usr/bin/env bash\nexec "{sys.executable}" -W error "$@"\n', "utf-8")
    python.chmod(0o755)
    return folder


IDENTITY = {
    "GIT_AUTHOR_NAME": "Night Desk",
    "GIT_AUTHOR_EMAIL": "night.desk@example.com",
    "GIT_COMMITTER_NAME": "Night Desk",
    "GIT_COMMITTER_EMAIL": "night.desk@example.com",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "NO_COLOR": "1",
    "TERM": "dumb",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
}
