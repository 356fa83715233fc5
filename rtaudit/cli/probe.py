"""`rtaudit probe`: opens realtime sessions from this machine. Opt-in: no other command does it."""

from __future__ import annotations

import ipaddress
import sys
from typing import TYPE_CHECKING, Any

import typer

from rtaudit.cli.app import command, plain, write_stdout
from rtaudit.errors import UsageError

if TYPE_CHECKING:
    from rtaudit.settings import command_options


@command()
def probe(chosen: command_options.Probed) -> None:
    """Open realtime sessions from here, and close them: no audio, no response asked for, no key.

    What is opened follows the contract's use or the deployment's role: speech, transcription, translation or GPT-Live. Sends an Entra token to the account's host, opens up to --count sessions, and waits for session.created in each. That counts
    against the deployment's rate limit. Exit 0 all sessions opened (within the budget), 1 not so, 3 no token.
    """
    from rtaudit.api.live import probe_endpoint
    from rtaudit.cli.outputs import parse_outputs
    from rtaudit.documents import dumps, write_atomically
    from rtaudit.render.probe import render

    wanted = parse_outputs(chosen.output, formats=("table", "json"))
    if chosen.no_session and chosen.budget_ms is not None:
        raise UsageError("--budget-ms is for sessions, and --no-session opens none", "leave out one of the two")
    document = probe_endpoint(
        snapshot=chosen.snapshot, account=chosen.account, deployment=chosen.deployment, client=chosen.client,
        environment=chosen.section, endpoint=chosen.endpoint, cloud=chosen.cloud, allow_hosts=chosen.allow_host,
        auth=chosen.auth, tenant=chosen.tenant, count=chosen.count,
        concurrency=min(chosen.concurrency, chosen.count), timeout=chosen.timeout, ca_file=chosen.ca_file,
        connect_to=_address(chosen.connect_to), sessions=not chosen.no_session,
        budget=chosen.budget_ms / 1000 if chosen.budget_ms is not None else None,
    )  # fmt: skip
    for one in wanted:
        text = dumps(document) if one.format == "json" else render(document)
        if one.path is None:
            write_stdout(text)
        else:
            write_atomically(one.path, text)
            print(f"wrote {plain(one.path)}", file=sys.stderr)
    raise typer.Exit(0 if _good(document) else 1)


def _address(text: str | None) -> tuple[str, int | None] | None:
    if text is None:
        return None
    hint = "write 10.0.0.4, 10.0.0.4:443 or [2001:db8::4]:443"
    address, colon, port = text.rpartition(":")
    if not colon or (":" in address and not text.startswith("[")):
        address, port = text, ""
    address = address.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise UsageError(f"--connect-to {text} is not a valid address", hint) from None
    if port and not (port.isdigit() and 0 < int(port) < 65536):
        raise UsageError(f"--connect-to {text} has no good port", hint)
    return address, int(port) if port else None


def _good(document: dict[str, Any]) -> bool:
    summary = document["summary"]
    stages = document["tcp"]["ok"] and document["tls"]["ok"] and (document["http"] or {}).get("ok") is True
    if not document["plan"]["sessions"]:
        return bool(stages) and document["dns"].get("matches") is not False
    opened = summary["sessions"] == summary["attempts"] == document["plan"]["count"]
    return opened and summary["withinBudget"] is not False
