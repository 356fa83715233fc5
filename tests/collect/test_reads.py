"""What is asked, what is kept of it, and what is left out."""

from __future__ import annotations

import json

import pytest

from rtaudit.azure import arm_id
from rtaudit.collect.aspects import READERS
from rtaudit.errors import CredentialError, InputError
from rtaudit.snapshot import dump
from rtaudit.snapshot.aspects import ASPECTS
from tests.collect.support import (
    CALLED,
    ENDPOINT,
    MODELS,
    ROLE,
    SUB,
    SUB2,
    TEXT,
    TOKEN,
    VOICE,
    WORKSPACE,
    ZONE,
    Cloud,
    Reply,
    account,
    account_id,
    gather,
    get,
    group,
    have,
    model,
    private_endpoint,
)  # fmt: skip


def test_every_aspect_is_read_and_nothing_but_get_with_the_bearer_token_leaves(cloud: Cloud) -> None:
    collected = gather(cloud)
    assert collected.snapshot.gaps == []
    assert {method for method, _, _ in cloud.asked} == {"GET"}
    assert {headers["authorization"] for _, _, headers in cloud.asked} == {f"Bearer {TOKEN}"}
    assert TOKEN not in dump(collected.snapshot)
    types = {arm_id.type_of(one["id"]) for one in collected.snapshot.resources}
    # Callers are read where a contract names one only: tests/contract.
    asked = [reader for reader in READERS.values() if not reader.name.startswith(("groups", "caller "))]
    assert types == {reader.type.lower() for reader in asked}
    assert {reader.aspect for reader in READERS.values()} == set(ASPECTS)


def test_what_concerns_no_account_in_scope_is_left_out(cloud: Cloud) -> None:
    collected = gather(cloud)
    found = have(collected)
    for kept in (VOICE, TEXT, ENDPOINT, ZONE, f"{ZONE}/A/voice", WORKSPACE, ROLE, CALLED):
        assert arm_id.key(kept) in found
    for left in (
        "/accounts/ears",
        "pe-other",
        "privatelink.other",
        "/a/stranger",
        "/another/",
        "metricalerts/other",
        "uncalled",
    ):
        assert not [one for one in found if left in one], left
    assert [row["model"]["name"] for row in get(collected, MODELS)["value"]] == ["gpt-4.1", "gpt-realtime"]
    assert collected.snapshot.scope["leftOut"]["accountsOfOtherKinds"] == {"SpeechServices": 1}
    assert len(collected.snapshot.scope["leftOut"]["rules"]) == 5


def test_of_an_action_group_only_whether_it_acts_is_kept(cloud: Cloud) -> None:
    collected = gather(cloud)
    assert get(collected, CALLED) == {"id": CALLED, "name": "oncall", "properties": {"enabled": True, "receivers": 1}}
    assert "a@b.example" not in dump(collected.snapshot)


def test_metrics_are_sums(cloud: Cloud) -> None:
    found = get(gather(cloud), f"{VOICE}/providers/Microsoft.Insights/metrics")
    assert found["value"][0] == {"name": "AzureOpenAIRequests", "deployment": "speech", "total": 7}
    asked = [target for _, target, _ in cloud.asked if "/metrics?" in target and VOICE in target]
    assert len(asked) == 2
    assert all("top=10000" in target and "aggregation=Total" in target for target in asked)


@pytest.mark.parametrize("name", [name for name, aspect in ASPECTS.items() if name != "accounts"])
def test_one_aspect_alone_is_read_without_gap_and_without_the_others(cloud: Cloud, name: str) -> None:
    collected = gather(cloud, aspects=frozenset({"accounts", name}))
    assert collected.snapshot.gaps == []
    assert collected.snapshot.scope["aspects"] == sorted(["accounts", name])
    own = {reader.type.lower() for reader in READERS.values() if reader.aspect in {"accounts", name}}
    assert {arm_id.type_of(one["id"]) for one in collected.snapshot.resources} <= own


def test_reads_per_account_are_three_and_one_per_private_endpoint(cloud: Cloud) -> None:
    base = f"/subscriptions/{SUB}/providers"
    cloud.lists[f"{base}/microsoft.cognitiveservices/accounts".lower()] = [account(f"a{n}") for n in range(20)]
    cloud.lists[f"{base}/microsoft.network/privateendpoints".lower()] = [
        private_endpoint(f"{ENDPOINT}{n}", account_id(f"a{n}")) for n in range(20)
    ]
    from rtaudit.snapshot.aspects import DEFAULT_ASPECTS

    gather(cloud, aspects=frozenset(DEFAULT_ASPECTS))
    of_accounts = [path for path in cloud.paths() if "/accounts/a" in path]
    assert len(of_accounts) == 60
    assert len([path for path in cloud.paths() if path.lower().endswith("privatednszonegroups")]) == 20
    assert len(cloud.asked) - 80 < 25


def test_resource_group_and_account_narrow_the_accounts(cloud: Cloud) -> None:
    assert arm_id.key(TEXT) not in have(gather(cloud, accounts=["VOICE"]))
    assert arm_id.key(VOICE) in have(gather(cloud, groups=["RG"]))
    assert arm_id.key(VOICE) not in have(gather(cloud, groups=["none"]))


GONE = {"error": {"code": "ResourceGroupNotFound", "message": "Resource group 'x' could not be found."}}


@pytest.mark.parametrize(
    ("name", "hint"),
    [("nosuch", "check the name"), ("RRG", "did you mean 'rg'?"), (group(), "give its name, not its id")],
)
def test_a_resource_group_that_is_not_there_is_said(cloud: Cloud, name: str, hint: str) -> None:
    cloud.choose = lambda path: Reply(404, GONE) if path.count("/") == 4 else None
    with pytest.raises(InputError, match=f"unknown resource group '{name}' in the subscription {SUB}") as caught:
        gather(cloud, groups=["rg", name])
    assert hint in str(caught.value.hint)
    # The one that holds accounts is not asked for.
    assert not [path for path in cloud.paths() if path.endswith("/rg")]


def test_a_resource_group_may_be_in_any_of_the_subscriptions_and_hold_nothing(cloud: Cloud) -> None:
    cloud.singles[f"/subscriptions/{SUB2}"] = {"id": f"/subscriptions/{SUB2}", "subscriptionId": SUB2}
    cloud.on(f"/subscriptions/{SUB}/resourceGroups/empty", Reply(404, GONE))
    snapshot = gather(cloud, groups=["Empty"], subscriptions=[SUB, SUB2]).snapshot
    assert snapshot.gaps == []
    assert not [one for one in snapshot.resources if "/resourcegroups/empty" in arm_id.key(one["id"])]
    cloud.on(f"/subscriptions/{SUB2}/resourceGroups/empty", Reply(404, GONE))
    with pytest.raises(InputError, match="unknown resource group 'Empty' in 2 subscriptions"):
        gather(cloud, groups=["Empty"], subscriptions=[SUB, SUB2])


def test_a_resource_group_that_may_not_be_seen_is_a_gap_until_it_is(cloud: Cloud) -> None:
    path = f"/subscriptions/{SUB}/resourceGroups/hidden"
    cloud.on(path, Reply(403, b""))
    part = gather(cloud, groups=["hidden"]).snapshot
    assert [(gap.scope, gap.aspect, gap.reason, gap.needs) for gap in part.gaps] == [
        (path, "accounts", "denied", "Microsoft.Resources/subscriptions/resourceGroups/read")
    ]
    cloud.on(path, Reply(404, GONE))
    with pytest.raises(InputError, match="unknown resource group 'hidden'"):
        gather(cloud, groups=["hidden"], earlier=part)
    cloud.scripts.clear()
    filled = gather(cloud, groups=["hidden"], earlier=part).snapshot
    assert filled.gaps == []
    assert filled.scope["leftOut"] == gather(cloud, groups=["hidden"]).snapshot.scope["leftOut"]


def test_an_account_of_another_resource_group_is_said_to_be_there(cloud: Cloud) -> None:
    with pytest.raises(InputError, match="unknown account 'voice'") as caught:
        gather(cloud, accounts=["voice"], groups=["none"])
    assert caught.value.hint == "one of that name is of kind OpenAI, in the resource group 'rg'"
    with pytest.raises(InputError) as caught:
        gather(cloud, accounts=["ears"])
    assert caught.value.hint == "one of that name is of kind SpeechServices, in the resource group 'rg'"


def test_an_account_that_is_not_there_is_said_with_the_nearest_name(cloud: Cloud) -> None:
    with pytest.raises(InputError, match="unknown account 'voise'") as caught:
        gather(cloud, accounts=["voise"])
    assert caught.value.hint == "did you mean 'voice'?"


def test_without_a_subscription_those_that_are_visible_are_named(cloud: Cloud) -> None:
    with pytest.raises(CredentialError, match="no subscription was chosen") as caught:
        gather(cloud, subscriptions=[])
    assert f"{SUB} (Voice)" in str(caught.value.hint)


def test_a_subscription_is_found_by_its_name(cloud: Cloud) -> None:
    assert gather(cloud, subscriptions=["voice"]).snapshot.scope["subscriptions"] == [SUB]
    assert gather(cloud, subscriptions=[], all_subscriptions=True).snapshot.scope["subscriptions"] == [SUB]


@pytest.mark.parametrize("name", [SUB2, "no such name"])
def test_a_subscription_that_cannot_be_seen_ends_it(cloud: Cloud, name: str) -> None:
    with pytest.raises(CredentialError, match="not among those") as caught:
        gather(cloud, subscriptions=[name])
    assert SUB in str(caught.value.hint)


def test_a_token_of_another_tenant_ends_it(cloud: Cloud) -> None:
    body = {
        "error": {"code": "InvalidAuthenticationTokenTenant", "message": "The access token is from the wrong issuer."}
    }
    cloud.choose = lambda _path: Reply(401, body)
    with pytest.raises(CredentialError, match="InvalidAuthenticationTokenTenant") as caught:
        gather(cloud)
    assert "--tenant" in str(caught.value.hint)


def test_what_a_zone_group_says_saves_no_reading_of_the_zone(cloud: Cloud) -> None:
    config = cloud.lists[f"{ENDPOINT}/privateDnsZoneGroups".lower()][0]["properties"]["privateDnsZoneConfigs"][0]
    config["properties"]["recordSets"] = [{"recordType": "A", "recordSetName": "voice", "ipAddresses": ["10.0.0.4"]}]
    collected = gather(cloud)
    assert cloud.paths().count(f"{ZONE}/A") == 1
    assert cloud.paths().count(f"{ZONE}/virtualNetworkLinks") == 1
    assert collected.snapshot.gaps == []


def test_what_is_named_in_a_subscription_of_its_own_is_read_there(cloud: Cloud) -> None:
    hub = ZONE.replace(SUB, SUB2)
    config = cloud.lists[f"{ENDPOINT}/privateDnsZoneGroups".lower()][0]["properties"]["privateDnsZoneConfigs"][0]
    config["properties"]["privateDnsZoneId"] = hub
    cloud.singles[hub.lower()] = {"id": hub}
    cloud.on(f"{hub}/A", Reply(403, {"error": {"code": "AuthorizationFailed", "message": "no"}}))
    collected = gather(cloud)
    assert arm_id.key(hub) in have(collected)
    assert [(gap.scope, gap.needs) for gap in collected.snapshot.gaps] == [
        (f"{hub}/A", "Microsoft.Network/privateDnsZones/A/read")
    ]


def test_secrets_never_reach_the_snapshot(cloud: Cloud) -> None:
    secret = "c2VjcmV0LXZhbHVlLW9mLXRoZS10ZXN0"
    rows = cloud.lists[f"/subscriptions/{SUB}/providers/Microsoft.CognitiveServices/accounts".lower()]
    rows[0]["properties"] |= {"migrationToken": secret, "apiProperties": {"superUser": secret, "n": 7}}
    rows[0]["tags"] = {"note": f"AccountKey={secret};EndpointSuffix=x"}
    cloud.lists[MODELS.lower()] = [{**model("gpt-realtime", realtime=True), "connectionString": secret}]
    collected = gather(cloud)
    text = dump(collected.snapshot)
    assert secret not in text
    assert text.count("[cut]") == 5


def test_same_azure_same_bytes(cloud: Cloud) -> None:
    first = gather(cloud).snapshot
    for rows in cloud.lists.values():
        rows.reverse()
    second = gather(cloud).snapshot
    assert first.digest == second.digest
    strip = {**first.document(), "collection": None}
    assert json.dumps(strip) == json.dumps({**second.document(), "collection": None})


def test_the_collection_block_says_how_it_was_read(cloud: Cloud) -> None:
    block = gather(cloud).snapshot.collection
    assert block["apiVersions"]["Microsoft.CognitiveServices/accounts"] == "2026-09-01"
    assert block["apiVersions"]["Microsoft.Insights/diagnosticSettings"] == "2021-05-01-preview"
    assert (
        block["calls"]["made"]
        == len(cloud.asked) - len([path for path in cloud.paths() if path.endswith("/metrics")]) // 2
    )
    assert block["runs"][0]["startedAt"] <= block["runs"][0]["finishedAt"]


def test_hostile_names_are_asked_for_literally(cloud: Cloud) -> None:
    odd = f"{group()}/providers/Microsoft.OperationalInsights/workspaces/a b#c?d=é"
    cloud.lists[f"{VOICE}/providers/Microsoft.Insights/diagnosticSettings".lower()][0]["properties"]["workspaceId"] = (
        odd
    )
    cloud.singles[odd.lower()] = {"id": odd, "properties": {}}
    assert arm_id.key(odd) in have(gather(cloud))
