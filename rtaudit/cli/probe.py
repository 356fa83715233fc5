"""`rtaudit probe`: opens realtime sessions from this machine. Opt-in: no other command does it."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator
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
        text = dumps(document) if one.format == "json" else "".join(f"{plain(line)}\n" for line in _lines(document))
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


def _lines(document: dict[str, Any]) -> Iterator[str]:
    target, dns, tls, http = document["target"], document["dns"], document["tls"], document["http"]
    yield f"{target['url']}  deployment {target['deployment']}"
    shown = ", ".join(f"{one['address']} ({one['kind']})" for one in dns["addresses"])
    yield _stage(
        "name", {**dns, "ok": dns["ok"] and dns["matches"] is not False, "status": dns["ok"]}, shown + _expected(dns)
    )
    if document["proxy"]:
        yield f"  proxy    {document['proxy']}"
    yield _stage("TCP", document["tcp"], str(document["tcp"].get("peer")))
    certificate = f"issued by {tls.get('issuer')}, for {', '.join(tls.get('names') or [])}, until {tls.get('notAfter')}"
    yield _stage("TLS", tls, f"{tls.get('version')}, {certificate}" if tls["ok"] else "")
    if not tls["ok"] and tls.get("issuer"):
        yield f"           {certificate}"
    if http is not None:
        yield _stage("HTTP", http, f"{http.get('status')}: {http.get('says') or ''}")
        if http.get("message") and not http["ok"]:
            yield f"           {http['message']}"
    yield from _listing(document["listing"])
    yield from _sessions(document)


def _stage(name: str, stage: dict[str, Any], good: str) -> str:
    said = good if stage["ok"] or stage.get("status") else f"{stage.get('code')}: {stage.get('message')}"
    return f"  {name.ljust(8)} {'ok  ' if stage['ok'] else 'FAIL'} {said}"


def _expected(dns: dict[str, Any]) -> str:
    if dns.get("matches") is None:
        return ""
    return "" if dns["matches"] else f"; the private endpoint is at {', '.join(dns['expected'])}"


def _listing(listing: dict[str, Any] | None) -> Iterator[str]:
    if listing is None:
        return
    if listing.get("names") is None:
        words = listing.get("message") or listing.get("code") or listing.get("status")
        yield f"  list     ?    the data plane gives none: {words}"
        return
    yield f"  list     ok   {len(listing['names'])} by {listing['source']}"
    if listing.get("missing"):
        yield f"           in the control plane only: {', '.join(listing['missing'])}"
    if listing.get("extra"):
        yield f"           in the data plane only: {', '.join(listing['extra'])}"


def _sessions(document: dict[str, Any]) -> Iterator[str]:
    summary, plan = document["summary"], document["plan"]
    if not plan["sessions"]:
        yield "  session  -    none was asked for"
        return
    opened = summary["sessions"] == summary["attempts"]
    at_a_time = f", {plan['concurrency']} at a time" if plan["concurrency"] > 1 else ""
    yield f"  session  {'ok  ' if opened else 'FAIL'} {summary['sessions']} of {summary['attempts']} opened{at_a_time}"
    if summary.get("notMade"):
        yield f"           {summary['notMade']} more were not tried: nothing answered"
    told: set[str] = set()
    for one in document["attempts"]:
        words = f"{one['stage']}: {one.get('status') or ''} {one.get('code') or ''} {one.get('message') or ''}".strip()
        if one["outcome"] != "session" and words not in told:
            told.add(words)
            yield f"           {words}"
            if one.get("says") and one["outcome"] == "refused":
                yield f"           that is: {one['says']}"
        elif one["outcome"] == "session" and one.get("says") and one["says"] not in told:
            told.add(one["says"])
            yield f"           {one['says']}"
    if summary["times"]:
        yield "  seconds     median      p95   jitter"
        for stage, row in summary["times"].items():
            yield f"  {stage.ljust(8)} {row['median']:8.3f} {row['p95']:8.3f} {row['jitter']:8.3f}"
    if summary["withinBudget"] is not None:
        held = "within" if summary["withinBudget"] else "over"
        yield f"  {held} the budget of {summary['budgetSeconds']:g} s for 95 of 100 sessions"
