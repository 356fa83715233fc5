"""Probe: renders a probe document for a terminal, one line a stage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtaudit.render.text import to_printable


def render(document: dict[str, Any]) -> str:
    """The probe as lines of printable text."""
    return "".join(f"{to_printable(line)}\n" for line in _lines(document))


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
    text = good if stage["ok"] or stage.get("status") else f"{stage.get('code')}: {stage.get('message')}"
    return f"  {name.ljust(8)} {'ok  ' if stage['ok'] else 'FAIL'} {text}"


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
    seen: set[str] = set()
    for one in document["attempts"]:
        words = f"{one['stage']}: {one.get('status') or ''} {one.get('code') or ''} {one.get('message') or ''}".strip()
        if one["outcome"] != "session" and words not in seen:
            seen.add(words)
            yield f"           {words}"
            if one.get("says") and one["outcome"] == "refused":
                yield f"           that is: {one['says']}"
        elif one["outcome"] == "session" and one.get("says") and one["says"] not in seen:
            seen.add(one["says"])
            yield f"           {one['says']}"
    if summary["times"]:
        yield "  seconds     median      p95   jitter"
        for stage, row in summary["times"].items():
            yield f"  {stage.ljust(8)} {row['median']:8.3f} {row['p95']:8.3f} {row['jitter']:8.3f}"
    if summary["withinBudget"] is not None:
        where = "within" if summary["withinBudget"] else "over"
        yield f"  {where} the budget of {summary['budgetSeconds']:g} s for 95 of 100 sessions"
