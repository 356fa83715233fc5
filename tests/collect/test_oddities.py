"""What real Resource Manager answers look like where they surprise, each written by hand and served verbatim."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rtaudit.azure import arm_id
from tests.collect.support import (
    MODELS,
    ROLE,
    SUB,
    USAGES,
    VOICE,
    WORKSPACE,
    Cloud,
    Reply,
    account,
    deployment,
    gather,
    get,
    have,
    model,
)  # fmt: skip

ACCOUNTS = f"/subscriptions/{SUB}/providers/Microsoft.CognitiveServices/accounts"
SETTINGS = f"{VOICE}/providers/Microsoft.Insights/diagnosticSettings"
CORPUS = Path(__file__).parents[3] / "shared" / "arm-corpus"


def test_an_empty_page_with_a_next_link_goes_on(cloud: Cloud) -> None:
    rows = cloud.lists[f"{VOICE}/deployments".lower()]
    cloud.on(f"{VOICE}/deployments", Reply(body={"value": [], "nextLink": f"{cloud.url}/page/two"}))
    cloud.on("/page/two", Reply(body={"value": rows, "nextLink": ""}))
    collected = gather(cloud)
    assert collected.snapshot.gaps == []
    assert arm_id.key(rows[0]["id"]) in have(collected)


@pytest.mark.parametrize(
    "query",
    [
        "$skiptoken=a%2Bb%3D&api-version=2020-01-01",
        "api-version=2018-09-01&$skipToken=Zm9v%2F+bar",
        "%24skiptoken=1!x&api-version=2026-09-01",
        "$skiptoken=YWJj==&api-version=2026-09-01",
        "q=%7B%22a%22%3A%5B1%5D%7D",
    ],
)
def test_a_next_link_is_followed_letter_by_letter(cloud: Cloud, query: str) -> None:
    target = f"{ACCOUNTS}/paged?{query}"
    cloud.on(ACCOUNTS, Reply(body={"value": [account()], "nextLink": f"{cloud.url}{target}"}))
    cloud.on(f"{ACCOUNTS}/paged", Reply(body={"value": [account("second")]}))
    assert arm_id.key(account("second")["id"]) in have(gather(cloud))
    assert target in [asked for _, asked, _ in cloud.asked]


def test_ids_in_any_case_are_one(cloud: Cloud) -> None:
    shouted = {**account(), "id": VOICE.upper(), "type": "microsoft.cognitiveservices/ACCOUNTS"}
    cloud.lists[ACCOUNTS.lower()] = [account(), shouted]
    collected = gather(cloud)
    assert len([one for one in have(collected) if one == arm_id.key(VOICE)]) == 1
    assert len([path for path in cloud.paths() if path.lower() == f"{VOICE}/deployments".lower()]) == 1


def test_a_setting_without_leading_slash_type_or_sinks_is_kept_raw(cloud: Cloud) -> None:
    row = {
        "id": SETTINGS.lower().lstrip("/") + "/x", "type": None, "name": "x", "location": None, "kind": None, "tags": None,
        "properties": {"workspaceId": "", "storageAccountId": None, "logs": [{"categoryGroup": "AllLogs", "enabled": True}]},
        "identity": None,
    }  # fmt: skip
    cloud.lists[SETTINGS.lower()] = [row]
    collected = gather(cloud)
    assert get(collected, row["id"]) == row
    assert WORKSPACE not in cloud.paths()


@pytest.mark.parametrize("location", ["East US 2", "EASTUS2", "eastus2", "EastUS2"])
def test_a_region_is_one_in_any_spelling(cloud: Cloud, location: str) -> None:
    cloud.lists[ACCOUNTS.lower()] = [account(), {**account("text"), "location": location}]
    gather(cloud)
    assert [path for path in cloud.paths() if "/locations/" in path and "models" in path] == [MODELS]


def test_a_realtime_model_is_kept_by_capability_name_or_version(cloud: Cloud) -> None:
    rows = [
        model("gpt-4o-transcribe", realtime=True),
        model("gpt-4o", "realtime-preview"),
        model("gpt-live-1"),
        model("gpt-realtime-mini"),
        {"kind": "OpenAI", "model": {"name": "odd", "version": None, "capabilities": {"realtime": True}}},
        {"kind": "OpenAI", "model": None},
        {"kind": "OpenAI"},
        model("gpt-audio"),
        model("surrealtimes"),
        {**model("gpt-realtime", realtime=True), "kind": "AIServices", "id": "the same id"},
        {**model("gpt-realtime", realtime=True), "kind": "OpenAI", "id": "the same id"},
    ]
    cloud.lists[MODELS.lower()] = rows
    kept = get(gather(cloud), MODELS)["value"]
    names = sorted((row["kind"], row["model"]["name"]) for row in kept)
    assert names == [
        ("AIServices", "gpt-realtime"), ("OpenAI", "gpt-4o"), ("OpenAI", "gpt-4o-transcribe"), ("OpenAI", "gpt-live-1"),
        ("OpenAI", "gpt-realtime"), ("OpenAI", "gpt-realtime-mini"), ("OpenAI", "odd"),
    ]  # fmt: skip


def test_a_catalogue_is_one_resource_under_its_collections_id(cloud: Cloud) -> None:
    found = get(gather(cloud), USAGES)
    assert {name: found[name] for name in ("id", "type", "name", "location")} == {
        "id": USAGES, "type": "Microsoft.CognitiveServices/locations/usages", "name": "usages", "location": "eastus2",
    }  # fmt: skip
    assert found["value"] == cloud.lists[USAGES.lower()]


def test_unknown_fields_and_odd_values_are_kept(cloud: Cloud) -> None:
    odd: dict[str, Any] = {
        "deploymentState": "Paused", "serviceTier": "Priority", "somethingNew": {"a": [1, 2.5, None, True, "é\u202e\x1b[31m"]},
        "capabilities": {"_H_azureml-throttling-key": "oai-0372", "area": "US"}, "callRateLimit": {"rules": [{"isDefault": True}]},
    }  # fmt: skip
    row = deployment(VOICE, "speech")
    row["properties"] |= odd
    cloud.lists[f"{VOICE}/deployments".lower()] = [row]
    assert get(gather(cloud), row["id"]) == row


def test_an_account_of_a_kind_with_a_dot_is_counted(cloud: Cloud) -> None:
    cloud.lists[ACCOUNTS.lower()] = [
        account(kind="Bing.Search"),
        account("b", kind="QnAMaker.v2"),
        account("c", kind="openai"),
    ]
    collected = gather(cloud)
    assert collected.snapshot.scope["leftOut"]["accountsOfOtherKinds"] == {"Bing.Search": 1, "QnAMaker.v2": 1}
    assert arm_id.key(account("c")["id"]) in have(collected)


def test_an_account_deleted_meanwhile_is_missing(cloud: Cloud) -> None:
    gone = Reply(
        404,
        {
            "error": {
                "code": "ResourceNotFound",
                "message": "The Resource 'voice' under resource group 'rg' was not found.",
            }
        },
    )
    cloud.choose = lambda path: gone if path.startswith(VOICE.lower() + "/") else None
    gaps = gather(cloud).snapshot.gaps
    assert {(gap.scope, gap.reason, gap.code) for gap in gaps} == {(VOICE, "missing", "ResourceNotFound")}


@pytest.mark.parametrize(
    ("answered", "fits"),
    [
        (arm_id.name_of(ROLE), True),
        (arm_id.name_of(ROLE).upper(), True),
        ("00000000-0000-4000-8000-000000000000", False),
    ],
)
def test_a_role_of_a_management_group_is_known_by_its_guid(cloud: Cloud, answered: str, fits: bool) -> None:
    of_tenant = f"/providers/Microsoft.Authorization/roleDefinitions/{answered}"
    cloud.on(ROLE, Reply(body={"id": of_tenant, "properties": {"roleName": "Voice"}}))
    collected = gather(cloud, aspects=frozenset({"accounts", "roleAssignments"}))
    assert (arm_id.key(of_tenant) in have(collected)) is fits
    assert [gap.code for gap in collected.snapshot.gaps] == ([] if fits else ["MalformedAnswer"])


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of recorded answers is not there")
def test_recorded_lists_come_through_unchanged(cloud: Cloud) -> None:
    seen = 0
    for file in sorted(CORPUS.glob("microsoft.cognitiveservices/accounts-deployments-list/*.json")):
        rows = json.loads(file.read_text())["response"]["body"].get("value")
        if not isinstance(rows, list) or not all(
            isinstance(row, dict) and "/deployments/" in str(row.get("id")) for row in rows
        ):
            continue
        seen += len(rows)
        for row in rows:  # recorded in another subscription: the same rows, under the account that is served
            row["id"] = f"{VOICE}/deployments/{arm_id.name_of(row['id'])}"
        cloud.lists[f"{VOICE}/deployments".lower()] = rows
        collected = gather(cloud, aspects=frozenset({"accounts", "deployments"}))
        assert collected.snapshot.gaps == []
        for row in rows:
            assert json.dumps(get(collected, row["id"]), sort_keys=True).count('"') == json.dumps(
                row, sort_keys=True
            ).count('"')
    assert seen
