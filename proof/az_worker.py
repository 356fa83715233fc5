"""Worker: run commands with the real Azure CLI in one process, one JSON line in, one out; no host but loopback is reached.

Run by the interpreter of the environment that holds azure-cli. Each command is a new `az` (its own invocation, parser and
credentials) within this process: starting one for each would take ten times as long. Waits are cut short.
"""

from __future__ import annotations

import contextlib
import io
import ipaddress
import json
import socket
import sys
import time
from typing import Any

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_connect, _resolve, _sleep = socket.socket.connect, socket.getaddrinfo, time.sleep


def _guarded_connect(self: socket.socket, address: Any) -> None:
    host = address[0] if isinstance(address, tuple) else address
    if self.family != socket.AF_UNIX and not ipaddress.ip_address(host).is_loopback:
        raise PermissionError(f"refused: {host} is not loopback")
    _connect(self, address)


def _guarded_resolve(host: Any, *rest: Any, **more: Any) -> Any:
    if host not in _LOOPBACK:
        raise socket.gaierror(f"refused: {host} is not loopback")
    return _resolve(host, *rest, **more)


socket.socket.connect = _guarded_connect  # type: ignore[method-assign]
socket.getaddrinfo = _guarded_resolve
time.sleep = lambda seconds: _sleep(min(seconds, 0.02))


def run(words: list[str]) -> dict[str, Any]:
    """The exit code and stdout of `az` with these arguments; what it says on stderr goes to that of this process."""
    from azure.cli.core import get_default_cli

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            code = get_default_cli().invoke(words, out_file=out)
        except SystemExit as ended:
            code = ended.code
    return {"code": int(code or 0), "out": out.getvalue()[-4000:]}


def main() -> None:
    """Answer each line of stdin."""
    wire = sys.stdout
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    for line in sys.stdin:
        answer = run(json.loads(line))
        wire.write(json.dumps(answer) + "\n")
        wire.flush()


if __name__ == "__main__":
    main()
