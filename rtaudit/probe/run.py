"""Probe: runs the stages once, then sessions, one after another or several at a time, and gives one JSON document."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rtaudit.azure.realtime_api import first_update
from rtaudit.contract.probes import PROBE
from rtaudit.errors import InputError
from rtaudit.probe import sockets
from rtaudit.probe.meaning import says_of
from rtaudit.probe.session import open_session
from rtaudit.probe.sockets import Deadline, StageError
from rtaudit.probe.target import ProbeTarget
from rtaudit.proxies import Proxy
from rtaudit.version import __version__

STAGES = ("dns", "tcp", "tls", "upgrade", "session", "total")
"""The stages that are timed, in their order. `session` runs from the upgrade to `session.created`."""

GIVE_UP = 5
"""Sessions that failed one after another (no answer, no connection) before the rest is not tried. A refusal is an answer."""

LISTS = ("/openai/deployments?api-version=2023-03-15-preview", "/openai/v1/models")
"""What lists deployments on the data plane: the first by name, where it still answers; the second by model."""


@dataclass(frozen=True)
class ProbeOptions:
    """How to probe."""

    count: int = 1
    """Sessions in all."""
    concurrency: int = 1
    """Sessions at a time."""
    timeout: float = 10.0
    """Seconds for each stage."""
    budget: float | None = None
    """Seconds from name to `session.created` that 95 of 100 sessions may take."""
    ca_file: str | None = None
    """Certificates to trust besides the system's."""
    connect_to: tuple[str, int | None] | None = None
    """Address and port to connect to in place of what the name says."""
    sessions: bool = True
    """False: stop before the token."""


Token = Callable[[], str]


def probe(target: ProbeTarget, plan: ProbeOptions, token: Token | None) -> dict[str, Any]:
    """Probe a target: the document `rtaudit.probe/1`.

    `token` gives the Entra token; without one no session is opened.

    Raises InputError for a file of certificates that is none, and whatever `token` raises.
    """
    try:
        trust = sockets.trust(plan.ca_file)
    except StageError as error:
        raise InputError(error.message, "give a file of PEM certificates") from None
    document: dict[str, Any] = {
        "schema": PROBE,
        "tool": {"name": "rtaudit", "version": __version__},
        "startedAt": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "target": {
            "url": target.url, "host": target.host, "port": target.port, "path": target.path,
            "deployment": target.deployment, "use": target.use, "audience": target.audience, "account": target.account, "environment": target.environment,
            "client": target.client,
        },
        "plan": {
            "count": plan.count, "concurrency": plan.concurrency, "timeoutSeconds": plan.timeout,
            "sessions": plan.sessions and token is not None,
        },
    }  # fmt: skip
    way = _Prober(target, plan, trust)
    document["dns"] = way.look_up()
    document["proxy"] = way.proxy.shown if way.proxy else None
    document["tcp"], document["tls"] = way.look_at_peer()
    document["http"] = way.ask() if document["tls"].get("ok") else None
    document["listing"] = None
    attempts: list[dict[str, Any]] = []
    if plan.sessions and token is not None:
        # Asked for once, before the clock runs: a token is no part of a session's latency.
        held = token()
        if document["tls"].get("ok"):
            document["listing"] = way.list_deployments(held)
        attempts = _attempts(way, plan, held)
    document["attempts"] = attempts
    document["summary"] = summarise(attempts, plan.budget)
    if plan.sessions and token is not None:
        document["summary"]["notMade"] = plan.count - len(attempts)
    return document


def _attempts(way: _Prober, plan: ProbeOptions, token: str) -> list[dict[str, Any]]:
    """Sessions, as many at a time as the plan says. After GIVE_UP failures in a row the rest is not tried."""
    in_a_row = 0

    def one(number: int) -> dict[str, Any] | None:
        nonlocal in_a_row
        if in_a_row >= GIVE_UP:
            return None
        result = way.attempt(number, token)
        in_a_row = in_a_row + 1 if result["outcome"] == "failed" else 0
        return result

    pool = ThreadPoolExecutor(max_workers=plan.concurrency)
    try:
        return [result for result in pool.map(one, range(1, plan.count + 1)) if result is not None]
    finally:
        # Ctrl-C ends here too: what has not begun never does.
        pool.shutdown(wait=False, cancel_futures=True)


class _Prober:
    """The way to a target."""

    def __init__(self, target: ProbeTarget, plan: ProbeOptions, trust: ssl.SSLContext) -> None:
        self.target = target
        self.plan = plan
        # Made once: reading the system's authorities takes longer than a handshake.
        self.trust = trust
        self.proxy: Proxy | None = None
        self.proxy_error: StageError | None = None
        try:
            self.proxy = sockets.proxy_for(target.host)
        except StageError as error:
            self.proxy_error = error

    def look_up(self) -> dict[str, Any]:
        """What the name resolves to here, and whether that is what the private endpoint says."""
        # Where an address was given, no name was looked up, and nothing is said about names.
        expected = self.target.expected_addresses if self.plan.connect_to is None else None
        found: dict[str, Any] = {"ok": False, "addresses": [], "expected": expected, "matches": None}
        started = time.perf_counter()
        try:
            addresses = self._addresses()
        except StageError as error:
            return {**found, **_error(error)}
        kinds = [{"address": one, "kind": sockets.kind_of(one)} for one in addresses]
        matches = (
            None if expected is None else bool(addresses) and set(map(_plain, addresses)) <= set(map(_plain, expected))
        )
        return {**found, "ok": True, "addresses": kinds, "matches": matches, "seconds": _seconds(started)}

    def look_at_peer(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """TCP and TLS once: address, version, certificate."""
        times: dict[str, float] = {}
        try:
            where = self._where(times)
            connection = self._tcp(times, where)
        except StageError as error:
            return {"ok": False, **_error(error)}, {"ok": False, "code": "NotReached", "message": "no connection"}
        tcp = {"ok": True, "peer": connection.getpeername()[0], "seconds": times["tcp"]}
        try:
            with sockets.secure(connection, self.target.host, self.trust, Deadline.of(self.plan.timeout)) as peer:
                return tcp, {"ok": True, "version": peer.version(), **sockets.certificate_of(peer)}
        except StageError as error:
            connection.close()
            shown = sockets.peek_certificate(
                *where, self.target.host, self.target.port, self.plan.timeout, self._tunnel
            )
            return tcp, {"ok": False, **_error(error), **shown}

    def ask(self) -> dict[str, Any]:
        """What an HTTP request without a token gets: 401 says that the network lets this place in."""
        try:
            answer = self._get(LISTS[1], None)
        except StageError as error:
            return {"ok": False, "status": None, "blocked": None, **_error(error)}
        code, message = answer.error
        blocked = answer.status == 403
        says = "reachable: a token is asked for"
        if answer.status != 401:
            says = says_of(answer.status, code, message, location=answer.location) or ""
        return {
            "ok": not blocked, "status": answer.status, "code": code, "message": message, "blocked": blocked, "says": says,
        }  # fmt: skip

    def list_deployments(self, token: str) -> dict[str, Any]:
        """The deployments as the data plane lists them, and what the control plane has besides."""
        last: dict[str, Any] = {"source": None, "status": None}
        for path in LISTS:
            source = path.partition("?")[0]
            try:
                answer = self._get(path, token)
            except StageError as error:
                return {
                    "source": source,
                    "status": None,
                    "names": None,
                    "missing": None,
                    "extra": None,
                    **_error(error),
                }
            rows = answer.json.get("data") if isinstance(answer.json, dict) else None
            if answer.status == 200 and isinstance(rows, list):
                listed = [one for one in rows if isinstance(one, dict) and isinstance(one.get("id"), str)]
                return {"source": source, "status": 200, **_compared(listed, self.target.expected_deployments, source)}
            code, message = answer.error
            last = {"source": source, "status": answer.status, "code": code, "message": message}
        return {**last, "names": None, "missing": None, "extra": None}

    def attempt(self, number: int, token: str) -> dict[str, Any]:
        """One session from the name to `session.created`."""
        times: dict[str, float] = {}
        started = time.perf_counter()
        stage = "dns"
        result: dict[str, Any] = {"number": number, "outcome": "failed"}
        connection: socket.socket | None = None
        try:
            where = self._where(times)
            stage = "tcp"
            connection = self._tcp(times, where)
            stage = "tls"
            mark = time.perf_counter()
            peer = sockets.secure(connection, self.target.host, self.trust, Deadline.of(self.plan.timeout))
            connection = peer
            times["tls"] = _seconds(mark)
            stage = "session"
            update, starts = first_update(self.target.use, self.target.deployment), self.target.use == "live"
            session = open_session(peer, self.target.session_url, token, self.plan.timeout, update, starts=starts)
        except StageError as error:
            stage = error.stage or stage
            return {**result, "stage": stage, "says": f"{stage}: {error.message}", "times": times, **_error(error)}
        finally:
            if connection is not None:
                with suppress(OSError):
                    connection.close()
        if session.upgrade_seconds is not None:
            times["upgrade"] = round(session.upgrade_seconds, 6)
        if session.created and session.session_seconds is not None and session.upgrade_seconds is not None:
            times["session"] = round(session.session_seconds - session.upgrade_seconds, 6)
            times["total"] = _seconds(started)
            opened = {**result, "outcome": "session", "stage": "session", "status": 101, "times": times}
            if update is None or starts:
                return opened
            says = (
                None if session.confirmed else "the session opened; whether the deployment was taken was not answered"
            )
            return {**opened, "confirmed": session.confirmed, "says": says}
        says = says_of(session.status, session.code, session.message, self.target.audience, session.location)
        stage = "session" if session.status == 101 else "upgrade"
        return {
            **result, "outcome": "refused", "stage": stage, "status": session.status, "code": session.code,
            "message": session.message, "says": says, "location": session.location, "times": times,
        }  # fmt: skip

    def _addresses(self) -> list[str]:
        if self.plan.connect_to is not None:
            return [self.plan.connect_to[0]]
        return sockets.resolve(self.target.host, self.target.port, self.plan.timeout)

    @property
    def _tunnel(self) -> Proxy | None:
        """The proxy to go through, unless an address to connect to was given."""
        return self.proxy if self.plan.connect_to is None else None

    def _where(self, times: dict[str, float]) -> tuple[str, int]:
        """Address and port to connect to. Behind a proxy nothing is resolved here: the proxy does."""
        if self.plan.connect_to is not None:
            return self.plan.connect_to[0], self.plan.connect_to[1] or self.target.port
        if self.proxy_error is not None:
            raise self.proxy_error
        if self.proxy is not None:
            return self.proxy.host, self.proxy.port
        mark = time.perf_counter()
        # The first address is the one that the resolver prefers, and so the client.
        first = self._addresses()[0]
        times["dns"] = _seconds(mark)
        return first, self.target.port

    def _tcp(self, times: dict[str, float], where: tuple[str, int]) -> socket.socket:
        mark = time.perf_counter()
        connection = sockets.connect(*where, self.plan.timeout)
        if self._tunnel is not None:
            try:
                sockets.tunnel(
                    connection, self._tunnel, self.target.host, self.target.port, Deadline.of(self.plan.timeout)
                )
            except StageError:
                connection.close()
                raise
        times["tcp"] = _seconds(mark)
        return connection

    def _get(self, path: str, token: str | None) -> sockets.HttpAnswer:
        connection = self._tcp({}, self._where({}))
        try:
            peer = sockets.secure(connection, self.target.host, self.trust, Deadline.of(self.plan.timeout))
        except StageError:
            connection.close()
            raise
        with peer:
            return sockets.get(peer, self.target.host, path, token, Deadline.of(self.plan.timeout))


def summarise(attempts: Sequence[Mapping[str, Any]], budget: float | None) -> dict[str, Any]:
    """Sessions, refusals, and for each stage median, p95 and jitter (p95 less the median), in seconds."""
    times = {}
    for stage in STAGES:
        values = sorted(one["times"][stage] for one in attempts if stage in one["times"])
        if values:
            median, p95 = percentile(values, 50), percentile(values, 95)
            times[stage] = {"median": median, "p95": p95, "jitter": round(p95 - median, 6), "count": len(values)}
    sessions = sum(one["outcome"] == "session" for one in attempts)
    reasons = Counter(_why(one) for one in attempts if one["outcome"] != "session")
    held = times["total"]["p95"] <= budget if budget is not None and "total" in times else None
    return {
        "attempts": len(attempts),
        "sessions": sessions,
        "refused": sum(one["outcome"] == "refused" for one in attempts),
        "failed": sum(one["outcome"] == "failed" for one in attempts),
        "reasons": dict(sorted(reasons.items())),
        "times": times,
        "budgetSeconds": budget,
        "withinBudget": held,
    }


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value that `share` of 100 do not exceed (nearest rank)."""
    rank = max(1, -(-len(ordered) * share // 100))
    return ordered[int(rank) - 1]


def _why(attempt: Mapping[str, Any]) -> str:
    words = [str(attempt.get("status") or attempt["stage"]), str(attempt.get("code") or "")]
    return " ".join(filter(None, words))


def _compared(
    listed: Sequence[Mapping[str, Any]], expected: Sequence[Mapping[str, str]] | None, source: str
) -> dict[str, Any]:
    names = sorted({str(one["id"]) for one in listed})
    if expected is None:
        return {"names": names[:500], "missing": None, "extra": None}
    have = {name.lower() for name in names}
    by_name = source == "/openai/deployments"
    missing = [
        one["name"]
        for one in expected
        if one["name"].lower() not in have
        and (by_name or not {one["model"].lower(), f"{one['model']}-{one['version']}".lower()} & have)
    ]
    known = {one["name"].lower() for one in expected}
    extra = [name for name in names if name.lower() not in known] if by_name else None
    return {"names": names[:500], "missing": sorted(missing), "extra": extra}


def _plain(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return address


def _error(error: StageError) -> dict[str, Any]:
    return {"code": error.code, "message": error.message}


def _seconds(started: float) -> float:
    return round(time.perf_counter() - started, 6)
