"""`rtaudit` without the second that starting it takes: a process that has loaded it already forks for each command.

What runs is the command, with its own folder, environment, standard streams and exit code; only the loading is shared.
`python warm.py SOCKET` serves; the script that `client` writes asks it. A folder with a `rtaudit` package of its own (an
example that changes the code) is served by a process of its own.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

_LOADED = (
    "azure.identity", "azure.core.pipeline", "deepdiff", "jinja2", "jsonschema", "regex", "rich.console", "yaml",
    "rtaudit.cli", "rtaudit.collect.run", "rtaudit.drift", "rtaudit.policy", "rtaudit.render.table", "rtaudit.render.html",
    "rtaudit.simulate",
)  # fmt: skip

_CLIENT = """#!{python} -SE
import json, os, socket, sys
words = sys.argv[1:]
if words[:1] and words[0] in ("collect", "audit", "preflight") and "--help" not in words:
    words += ["--arm-endpoint", {azure!r}, "--auth", "managed-identity"]
if os.path.isdir("rtaudit"):
    os.execv({python!r}, [{python!r}, "-W", "error", "-m", "rtaudit", *words])
line = socket.socket(socket.AF_UNIX)
line.connect({path!r})
asked = json.dumps([words, os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(line, [len(asked).to_bytes(4, "big")], [0, 1, 2])
line.sendall(asked)
sys.exit(int(line.recv(4)))
"""


def client(script: Path, path: Path, azure: str) -> None:
    """Write a command that asks the server at the socket `path`; what collects, collects from `azure`."""
    script.write_text(_CLIENT.format(python=sys.executable, path=str(path), azure=azure), "utf-8")
    script.chmod(0o755)


class Warm:
    """The serving process, from `with` to its end."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "s"
        self._process = subprocess.Popen([sys.executable, "-W", "error", __file__, str(self.path)], cwd=folder)

    def __enter__(self) -> Self:
        until = time.monotonic() + 90
        while not self.path.exists():
            assert self._process.poll() is None, "the server ended"
            assert time.monotonic() < until, "the server does not start"
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)


def _serve(path: str) -> None:
    from importlib import import_module

    for name in _LOADED:
        import_module(name)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path + ".new")
    listening.listen(64)
    os.rename(path + ".new", path)
    listening.settimeout(5)
    started_by = os.getppid()
    while True:
        try:
            line, _ = listening.accept()
        except TimeoutError:
            if os.getppid() != started_by:
                return
            continue
        line.setblocking(True)
        if os.fork() == 0:
            # A child of its own for each command, whose parent waits for it and says how it ended.
            listening.close()
            _answer(line)
        line.close()
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    break
            except ChildProcessError:
                break


def _answer(line: socket.socket) -> None:
    head, streams, _, _ = socket.recv_fds(line, 4, 3)
    asked = b""
    while len(asked) < int.from_bytes(head, "big"):
        asked += line.recv(65536)
    words, folder, environment = json.loads(asked)
    child = os.fork()
    if child == 0:
        line.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = ["rtaudit", *words]
        code = 0
        try:
            from rtaudit.cli import main

            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1 if ended.code else 0
        except BaseException:  # noqa: BLE001 (as the interpreter would end)
            sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
            code = 1
        finally:
            try:
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(code)
    _, status = os.waitpid(child, 0)
    line.sendall(str(os.waitstatus_to_exitcode(status) % 256).encode())
    os._exit(0)


if __name__ == "__main__":
    _serve(sys.argv[1])
