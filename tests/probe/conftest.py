"""An endpoint on loopback, and a way to probe it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from rtaudit.probe import ProbeOptions, ProbeTarget, probe
from rtaudit.simulate.realtime import Deployed, RealtimeServer

HOST = "east.openai.azure.com"
TOKEN = "a-token-of-nobody"
DEPLOYED = (
    Deployed("voice"),
    Deployed("text", "gpt-5-mini", "none"),
    Deployed("transcripts", "gpt-4o-mini-transcribe", "transcription"),
    Deployed("interpreter", "gpt-realtime-translate", "translation"),
    Deployed("duplex", "gpt-live-1", "live"),
)

Serve = Callable[..., RealtimeServer]
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """`serve(behaviour, …)`: a running endpoint for the host."""
    with ExitStack() as stack:

        def start(behaviour: str = "right", **more: Any) -> RealtimeServer:
            more.setdefault("names", [HOST])
            return stack.enter_context(RealtimeServer(DEPLOYED, tmp_path, behaviour=behaviour, **more))

        yield start


@pytest.fixture
def ask() -> Ask:
    """`ask(server, …)`: the document of a probe of it."""

    def run(
        server: RealtimeServer, deployment: str = "voice", target: ProbeTarget | None = None, **plan: Any
    ) -> dict[str, Any]:
        plan.setdefault("timeout", 5.0)
        plan.setdefault("ca_file", str(server.ca_file))
        plan.setdefault("connect_to", ("127.0.0.1", server.port))
        return probe(target or ProbeTarget(HOST, deployment), ProbeOptions(**plan), lambda: TOKEN)

    return run


@pytest.fixture
def mute() -> Iterator[int]:
    """The port of a server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield int(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        for one in held:
            one.close()
