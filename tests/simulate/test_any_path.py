"""Whatever is asked, an answer in Azure's envelope comes; and what a list shows can be read one by one."""

from __future__ import annotations

import json
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as some

from rtaudit.azure.resource_types import RESOURCE_TYPES as READS
from rtaudit.simulate.arm import ArmHandler, ArmRequest
from rtaudit.simulate.faults import Denials
from rtaudit.simulate.served import ServedEstate
from rtaudit.snapshot import Gap

from .support import ACCOUNT, MODELS, SUB, ZONE, resources, snapshot

GAPS = [Gap(SUB, "locks", "denied"), Gap(ZONE, "privateDns", "failed", 500), Gap(MODELS, "models", "throttled")]
ARM = ArmHandler(ServedEstate([snapshot(gaps=GAPS)]), Denials(["*/d3"]), page_size=2, api_versions={}, retry_after=1)

WORDS = sorted(
    {word for one in resources() for word in one["id"].split("/")}
    | {word for kind in READS for word in kind.split("/")}
)
PIECES = some.one_of(
    some.sampled_from(WORDS), some.text(max_size=5).map(lambda text: quote(text, safe="")), some.just("%zz")
)
TAILS = some.lists(PIECES, max_size=5).map("/".join)
STARTS = some.sampled_from(["", "/", SUB, ACCOUNT, MODELS, ZONE])
QUERIES = some.fixed_dictionaries(
    {},
    optional={
        "api-version": some.sampled_from(["2025-09-01", "x", ""]),
        "$filter": some.sampled_from(["atScope()", "principalId eq 'aaaa'", "a eq '*'", "'"]),
        "$skiptoken": some.sampled_from(["c2tpcDoy", "c2tpcDotNQ==", "%%%", "ä"]),
        "metricnames": some.sampled_from(["RealtimeUsageTime", ",", "x"]),
        "timespan": some.sampled_from(
            ["P7D", "P9999D", "/", "2026-01-01T00:00:00Z/2026-01-02T00:00:00Z", "2026-01-01/x"]
        ),
    },
)


@settings(max_examples=600, deadline=None)
@given(STARTS, TAILS, QUERIES, some.sampled_from(["GET", "GET", "GET", "POST", "TRACE"]))
def test_every_path_has_an_answer(start, tail, query, method):
    answer = ARM.answer(ArmRequest(method, f"{start}/{tail}", query, {}), "http://127.0.0.1:1")
    assert answer.drop is False
    assert answer.status in {200, 400, 403, 404, 405, 409, 429, 500}
    body = json.loads(answer.body)
    if answer.status == 200:
        assert isinstance(body, dict)
        return
    error = body.get("error", body)
    assert error["code"]
    assert error["message"]


@settings(max_examples=200, deadline=None)
@given(some.sampled_from(sorted(READS)), some.sampled_from([SUB, ACCOUNT, ZONE, ""]), some.booleans())
def test_what_a_list_shows_can_be_read_one_by_one(kind, scope, child):
    namespace, *types = READS[kind].name.split("/")
    path = f"{scope}/{types[-1]}" if child and len(types) > 1 else f"{scope}/providers/{namespace}/{types[-1]}"
    answer = ARM.answer(ArmRequest("GET", path, {"api-version": "2025-09-01"}, {}), "http://127.0.0.1:1")
    if answer.status != 200 or kind.endswith(("models", "usages", "metrics", "permissions")):
        return
    for row in json.loads(answer.body).get("value", []):
        if row["id"].endswith("/d3"):
            continue  # denied
        one = ARM.answer(ArmRequest("GET", "/" + row["id"].lstrip("/"), {"api-version": "2025-09-01"}, {}), "")
        assert json.loads(one.body) == row
