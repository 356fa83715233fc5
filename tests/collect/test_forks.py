"""A collection in several processes is the one of a single process, and none of them outlives it or is missed silently."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

import pytest

from rtaudit.collect.failures import ReadFailure
from rtaudit.collect.interner import RowInterner
from tests.canaries import GITHUB
from tests.collect.support import MODELS, SUB, TEXT, VOICE, Cloud, Reply, denied, model

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process is not copied")

INSIGHTS = f"/subscriptions/{SUB}/providers/Microsoft.Insights"
PLAN = f"/subscriptions/{SUB}/providers/Microsoft.Security/pricings/AI"
SLOW = f"{VOICE}/deployments"


def words(cloud: Cloud, processes: int, what: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "tests.collect.forked", cloud.url, str(processes), what]


def run(cloud: Cloud, processes: int, what: str = "static") -> dict[str, Any]:
    done = subprocess.run(words(cloud, processes, what), capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["copies"] == (processes + 1 if processes > 1 else 0)
    assert not found["left"]
    return found


def steady(text: str) -> str:
    """A snapshot without its clocks."""
    return re.sub(r'"(startedAt|finishedAt)": *"[^"]*"', r'"\1": ""', text)


def troubled(cloud: Cloud) -> None:
    """Everything that a read can meet, and parts that many rows share."""
    rules = {"rules": [{"key": f"rule.{number}", "count": number, "note": GITHUB} for number in range(40)]}
    for row in cloud.lists[f"/subscriptions/{SUB}/providers/Microsoft.CognitiveServices/accounts".lower()]:
        row["properties"]["callRateLimit"] = rules
    long = model("gpt-realtime", realtime=True)
    long["model"]["notes"] = ["of many words"] * 60
    cloud.on(MODELS, Reply(body={"value": [long, {**long, "kind": "AIServices"}]}))
    cloud.on(SLOW, Reply(503, b"busy"), Reply(body={"value": cloud.lists[SLOW.lower()]}))
    cloud.on(
        f"/subscriptions/{SUB}/providers/Microsoft.Authorization/locks",
        Reply(429),
        Reply(429),
        Reply(body={"value": []}),
    )
    cloud.on(f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleAssignments", denied())
    path = f"{INSIGHTS}/metricAlerts"
    more = f"{cloud.url}{path}?api-version=2018-03-01&page=2"
    alerts = cloud.lists[path.lower()]
    cloud.on(path, Reply(body={"value": alerts[:1], "nextLink": more}), Reply(body={"value": alerts[1:]}))
    circle = f"{cloud.url}{INSIGHTS}/activityLogAlerts?page=2"
    cloud.on(f"{INSIGHTS}/activityLogAlerts", Reply(body={"value": [], "nextLink": circle}))
    cloud.on(f"{INSIGHTS}/scheduledQueryRules", Reply(body={"value": [], "nextLink": "http://127.0.0.2:1/elsewhere"}))
    cloud.on(f"{TEXT}/raiPolicies", Reply(body=b'{"value": [{"id": "x", "id": "y"}]}'))
    cloud.on(f"{VOICE}/raiPolicies", Reply(body={"value": [], "nextLink": 7}))
    cloud.on(f"{TEXT}/deployments", Reply(body=b"<html>"))
    # Of a provider with one read: others of the same provider would be asked before or after the refusal.
    refused = {"code": "NoRegisteredProviderFound", "message": "The supported api-versions are '2019-01-01'."}
    cloud.on(PLAN, Reply(400, {"error": refused}), Reply(body=cloud.singles[PLAN.lower()]))


def test_the_snapshot_is_the_same_in_any_number_of_processes(cloud: Cloud) -> None:
    found = []
    for processes in (1, 2, 3):
        troubled(cloud)
        found.append(run(cloud, processes))
    assert {steady(one["text"]) for one in found} == {steady(found[0]["text"])}
    document = json.loads(found[0]["text"])
    assert document["collection"]["calls"]["throttled"] == 2
    assert document["collection"]["calls"]["retried"] == 3
    codes = {gap["code"] for gap in document["gaps"]}
    assert codes >= {"AuthorizationFailed", "PageLoop", "HostNotAllowed", "MalformedAnswer"}
    assert document["collection"]["apiVersions"]["Microsoft.Security/pricings"] == "2019-01-01"
    # Signed in once, and each call is logged once, by the process that plans.
    assert [(one["asked"], one["elsewhere"]) for one in found] == [([None], 0)] * 3
    assert len({one["logged"] for one in found}) == 1
    assert GITHUB[:12] not in found[1]["text"]


def test_every_process_only_reads(cloud: Cloud) -> None:
    troubled(cloud)
    run(cloud, 2)
    assert {(method, headers["authorization"]) for method, _, headers in cloud.asked} == {("GET", "Bearer token-1")}


def test_tokens_that_end_soon_come_from_the_process_that_plans(cloud: Cloud) -> None:
    found = run(cloud, 2, "short")
    assert json.loads(found["text"])["gaps"] == []
    assert len(found["asked"]) > 1
    assert found["elsewhere"] == 0


def test_a_revoked_token_is_asked_for_anew_once_for_all_processes(cloud: Cloud) -> None:
    claims = '{"access_token":{"nbf":{"essential":true,"value":"1790000000"}}}'
    encoded = base64.b64encode(claims.encode()).decode()
    challenge = f'Bearer error="insufficient_claims", claims="{encoded}"'
    revoked = Reply(401, {"error": {"code": "TokenRevoked", "message": "m"}}, {"WWW-Authenticate": challenge})

    def choose(path: str) -> Reply | None:
        _, _, headers = next(one for one in reversed(cloud.asked) if unquote(one[1]).lower().startswith(path))
        return revoked if headers["authorization"] == "Bearer token-1" and path.count("/") > 2 else None

    cloud.choose = choose
    found = run(cloud, 2, "revoked")
    assert json.loads(found["text"])["gaps"] == []
    assert found["asked"] == [None, claims]


def test_a_login_that_is_lost_leaves_the_same_gaps(cloud: Cloud) -> None:
    one, two = run(cloud, 1, "lost"), run(cloud, 2, "lost")
    assert steady(one["text"]) == steady(two["text"])
    assert {gap["code"] for gap in json.loads(two["text"])["gaps"]} == {"NoToken"}


@pytest.mark.parametrize(
    ("what", "error", "said"),
    [
        ("bug", "ZeroDivisionError", "a bug of ours"),
        ("memory", "MemoryError", ""),
        ("odd", "RuntimeError", "Odd: an odd one"),
        ("killed", "RtauditError", "a process of this collection was ended by signal 9"),
        ("exit", "RtauditError", "a process of this collection was ended with exit code 9"),
    ],
)
def test_what_ends_a_process_ends_the_collection_with_an_error(cloud: Cloud, what: str, error: str, said: str) -> None:
    found = run(cloud, 2, what)
    assert (found["error"], found["said"]) == (error, said)
    if error == "RtauditError":
        assert "--shard" in found["hint"]
    else:
        # Where it happened, which the error alone does not say any more.
        assert "forked.py" in found["notes"]


@contextmanager
def stuck(cloud: Cloud) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A collection that waits for an answer, and the processes that it reads in."""
    cloud.on(SLOW, Reply(delay=120))
    process = subprocess.Popen(
        words(cloud, 2, "static"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        end = time.monotonic() + 200
        while SLOW not in cloud.paths():
            assert time.monotonic() < end, "it never asked"
            assert process.poll() is None
            time.sleep(0.02)
        with open(f"/proc/{process.pid}/task/{process.pid}/children") as file:
            children = [int(number) for number in file.read().split()]
        assert len(children) == 3
        yield process, children
    finally:
        process.kill()
        process.communicate()


def gone(number: int) -> bool:
    try:
        with open(f"/proc/{number}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] in {"Z", "X"}
    except FileNotFoundError:
        return True


def test_no_process_outlives_one_that_was_killed(cloud: Cloud) -> None:
    with stuck(cloud) as (process, children):
        process.kill()
        process.wait()
        end = time.monotonic() + 100
        while not all(map(gone, children)):
            assert time.monotonic() < end, "a process outlived its parent"
            time.sleep(0.02)


def test_an_interrupt_of_all_processes_is_for_the_one_that_plans(cloud: Cloud) -> None:
    with stuck(cloud) as (process, children):
        os.killpg(process.pid, signal.SIGINT)
        out, errors = process.communicate(timeout=100)
        found = json.loads(out)
        assert (process.returncode, errors, found["interrupted"]) == (0, "", "interrupted")
        assert all(map(gone, children))
    gaps = json.loads(found["text"])["gaps"]
    assert {(gap["reason"], gap["code"]) for gap in gaps} == {("interrupted", "Stopped")}
    assert ("deployments", VOICE) in {(gap["aspect"], gap["scope"]) for gap in gaps}


def test_a_process_that_is_killed_while_it_reads_is_no_gap(cloud: Cloud) -> None:
    with stuck(cloud) as (process, children):
        os.kill(children[1], signal.SIGKILL)
        _, errors = process.communicate(timeout=100)
        assert process.returncode == 1
        assert "RtauditError: a process of this collection was ended by signal 9" in errors
        assert all(map(gone, children))


def test_a_failure_is_the_same_in_another_process() -> None:
    import pickle

    failure = ReadFailure("throttled", "m", status=429, code="c", needs="n", retry_after=1.5, transient=True)
    copied = pickle.loads(pickle.dumps(failure))
    assert (str(copied), vars(copied)) == (str(failure), vars(failure))


def test_a_shared_part_is_known_by_one_key() -> None:
    parts = RowInterner()
    rows = [parts.keep({"id": "x", "properties": {"long": ["of many words"] * 60, "short": [1]}}) for _ in range(2)]
    long = rows[0]["properties"]["long"]
    assert rows[1]["properties"]["long"] is long
    assert list(parts.keys) == [id(long)]
