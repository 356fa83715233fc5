"""An answer is what was asked for: what is something else is a gap, and the rest is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rtaudit.snapshot import dump
from rtaudit.snapshot.files import parse
from tests.collect.support import (
    ENDPOINT,
    MODELS,
    SUB,
    SUB2,
    TEXT,
    VOICE,
    Cloud,
    Reply,
    account,
    account_id,
    deployment,
    gather,
    get,
    have,
    model,
)  # fmt: skip

LIST = f"/subscriptions/{SUB}/providers/Microsoft.CognitiveServices/accounts"
DEPLOYMENTS = f"{VOICE}/deployments"
GOOD = [account(), account("text", kind="AIServices")]


def gaps_of(collected: Any) -> list[tuple[str, str, str | None]]:
    return [(gap.aspect, gap.reason, gap.code) for gap in collected.snapshot.gaps]


BAD_ROWS: dict[str, Any] = {
    "of another subscription": account("stranger", SUB2),
    "without a kind": {name: value for name, value in account("stranger").items() if name != "kind"},
    "with a kind that is not a text": {**account("stranger"), "kind": ["OpenAI"]},
    "whose properties are a list": {**account("stranger"), "properties": []},
    "whose properties are a text": {**account("stranger"), "properties": "x"},
    "whose tags are a list": {**account("stranger"), "tags": ["x"]},
    "whose identity is a text": {**account("stranger"), "identity": "SystemAssigned"},
    "without an id": {"name": "stranger", "kind": "OpenAI"},
    "of another type": {**account("stranger"), "id": account_id("stranger").replace("accounts", "deletedAccounts")},
    "that is not an object": "stranger",
    "that is null": None,
}


@pytest.mark.parametrize("row", BAD_ROWS.values(), ids=BAD_ROWS.keys())
@pytest.mark.parametrize("first", [True, False])
def test_a_row_that_is_something_else_is_a_gap_and_the_others_are_kept(cloud: Cloud, row: Any, first: bool) -> None:
    rows = [row, *GOOD] if first else [*GOOD, row]
    cloud.on(
        LIST, Reply(body={"value": rows[:1], "nextLink": f"{cloud.url}{LIST}?p=2"}), Reply(body={"value": rows[1:]})
    )
    collected = gather(cloud)
    assert gaps_of(collected) == [("accounts", "failed", "MalformedAnswer")]
    assert {VOICE.lower(), TEXT.lower()} <= have(collected)
    assert not any("stranger" in one for one in have(collected))
    # Whatever came, the snapshot is one that every command can load.
    assert parse(dump(collected.snapshot), "x").digest == collected.snapshot.digest


@pytest.mark.parametrize("raw", ["1e999", "-1e999", "NaN", "Infinity", '{"a": 1, "a": 2}'])
@pytest.mark.parametrize("where", ["properties", "tags", "deep"])
def test_a_value_that_makes_no_sense_costs_its_row_and_nothing_else(cloud: Cloud, raw: str, where: str) -> None:
    row = account("stranger")
    row["properties"] = {"deep": [{"x": ["HERE"]}]} if where == "deep" else {}
    row.update({where: {"x": "HERE"}} if where != "deep" else {})
    body = json.dumps({"value": [row, *GOOD]}).replace('"HERE"', raw)
    cloud.on(LIST, Reply(body=body.encode()))
    collected = gather(cloud)
    assert gaps_of(collected) == [("accounts", "failed", "MalformedAnswer")]
    assert {VOICE.lower(), TEXT.lower()} <= have(collected)
    assert not any("stranger" in one for one in have(collected))


@pytest.mark.parametrize(
    "path",
    [
        DEPLOYMENTS,
        MODELS,
        f"/subscriptions/{SUB}/providers/Microsoft.Insights",
        f"{VOICE}/providers/Microsoft.Insights/metrics",
    ],
)
@pytest.mark.parametrize("raw", [b'{"value": [], "value": [{}]}', b'{"id": 1e999, "value": [{"name": 1e999}]}'])
def test_an_answer_that_contradicts_itself_is_a_gap_and_the_collection_goes_on(
    cloud: Cloud, path: str, raw: bytes
) -> None:
    cloud.on(path, Reply(body=raw))
    collected = gather(cloud)
    assert [reason for _, reason, _ in gaps_of(collected)] == ["failed"]
    assert VOICE.lower() in have(collected)


def test_an_id_that_comes_twice_is_a_gap_and_no_fact(cloud: Cloud) -> None:
    full = account("voice", disableLocalAuth=True)
    cloud.on(LIST, Reply(body={"value": [full, {**full, "id": full["id"].upper(), "properties": {}}, GOOD[1]]}))
    collected = gather(cloud)
    assert gaps_of(collected) == [("accounts", "failed", "MalformedAnswer")]
    assert "VOICE twice" in str(collected.snapshot.gaps[0].message)
    assert VOICE.lower() not in have(collected)
    assert TEXT.lower() in have(collected)
    cloud.on(LIST, Reply(body={"value": [full, full, GOOD[1]]}))
    collected = gather(cloud)
    assert gaps_of(collected) == [("accounts", "failed", "MalformedAnswer")]
    assert get(collected, VOICE)["properties"]["disableLocalAuth"] is True


def test_a_list_with_an_error_beside_it_is_kept_and_a_gap(cloud: Cloud) -> None:
    error = {"code": "PartialResult", "message": "one region did not answer"}
    cloud.on(DEPLOYMENTS, Reply(body={"value": [deployment(VOICE, "speech")], "error": error}))
    collected = gather(cloud)
    assert gaps_of(collected) == [("deployments", "failed", "MalformedAnswer")]
    assert "PartialResult: one region did not answer" in str(collected.snapshot.gaps[0].message)
    assert f"{DEPLOYMENTS}/speech".lower() in have(collected)


@pytest.mark.parametrize(
    ("path", "row"),
    [
        (DEPLOYMENTS, deployment(TEXT, "speech")),
        (DEPLOYMENTS, deployment(account_id("voice", SUB2), "speech")),
        (DEPLOYMENTS, deployment(f"{VOICE}-two", "speech")),
        (f"{ENDPOINT}/privateDnsZoneGroups", {"id": f"{ENDPOINT}-other/privateDnsZoneGroups/default"}),
        (MODELS, {**model("gpt-realtime", realtime=True), "location": "westus"}),
        (MODELS, {**model("gpt-realtime", realtime=True), "id": MODELS.replace(SUB, SUB2) + "/x"}),
        (f"/subscriptions/{SUB}/providers/Microsoft.Insights/actionGroups", {"id": f"/subscriptions/{SUB2}/resourceGroups/r/providers/Microsoft.Insights/actionGroups/x"}),
    ],
)  # fmt: skip
def test_what_belongs_to_another_is_a_gap(cloud: Cloud, path: str, row: Any) -> None:
    cloud.lists[path.lower()] = [*cloud.lists[path.lower()], row]
    before = len(have(gather(cloud)))
    collected = gather(cloud)
    assert [code for _, _, code in gaps_of(collected)] == ["MalformedAnswer"]
    assert len(have(collected)) == before
    if path != MODELS:
        assert str(row["id"]).lower() not in have(collected)


def test_what_a_management_group_hands_down_is_no_stranger(cloud: Cloud) -> None:
    path = f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleAssignments"
    scope = "/providers/Microsoft.Management/managementGroups/all"
    row = {"id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/9", "properties": {"scope": scope}}
    cloud.lists[path.lower()] = [*cloud.lists[path.lower()], row]
    collected = gather(cloud)
    assert collected.snapshot.gaps == []
    assert row["id"].lower() in have(collected)


@pytest.mark.parametrize("single", [{"error": {"code": "x"}}, {"properties": []}, {"tags": "x"}])
def test_a_resource_that_is_none_is_a_gap(cloud: Cloud, single: dict[str, Any]) -> None:
    provider = f"/subscriptions/{SUB}/providers/Microsoft.Insights"
    cloud.singles[provider.lower()] = {"id": provider, "registrationState": "Registered", **single}
    collected = gather(cloud)
    assert gaps_of(collected) == [("providers", "failed", "MalformedAnswer")]
    assert provider.lower() not in have(collected)
