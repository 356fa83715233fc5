"""Every kind of read, as Azure answers it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import CALLER_TYPES
from rtaudit.azure.resource_types import RESOURCE_TYPES as READS
from rtaudit.simulate import Simulator

from .support import (
    ACCOUNT,
    ENDPOINT,
    GROUP,
    MANAGED,
    MODELS,
    READER,
    ROOT,
    SUB,
    TENANT,
    USAGES,
    ZONE,
    get,
    resources,
    send,
    snapshot,
)


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with Simulator([snapshot()]) as simulator:
        yield simulator


@pytest.mark.parametrize("spell", [str, str.lower, str.upper])
def test_a_resource_is_found_in_any_case_and_comes_as_it_is(sim, spell):
    got = get(sim, spell(ACCOUNT))
    assert got.status == 200
    assert got.json == next(one for one in resources() if one["id"] == ACCOUNT)
    assert got.headers["content-type"] == "application/json; charset=utf-8"


def test_every_stored_resource_can_be_read_by_its_id(sim):
    for key, resource in sim.served.resources.items():
        kind = arm_id.type_of(key)
        if kind.endswith(("/models", "/usages", "insights/metrics")):
            continue  # these are collections
        assert get(sim, quote("/" + resource["id"].lstrip("/"))).json == resource, key


def test_something_of_every_type_that_is_served_is_in_this_test(sim):
    stored = {arm_id.type_of(key) for key in sim.served.resources}
    callers = set(map(str.lower, CALLER_TYPES))
    assert set(READS) - stored - callers == {
        "microsoft.resources/resourcegroups",
        "microsoft.authorization/permissions",
    }


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/subscriptions", [SUB.rsplit("/", 1)[-1]]),
        (f"{SUB}/resourceGroups", ["rg-Voice"]),
        (f"{SUB}/providers", ["Microsoft.CognitiveServices", "Microsoft.Insights"]),
        (f"{SUB}/providers/Microsoft.CognitiveServices/accounts", ["voice-1", "voice-2"]),
        (f"{GROUP.lower()}/providers/microsoft.cognitiveservices/ACCOUNTS", ["voice-1", "voice-2"]),
        (f"{ACCOUNT}/deployments", ["d0", "d1", "d2", "d3", "d4"]),
        (f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/voice-2/deployments", []),
        (f"{ACCOUNT}/raiPolicies", ["Microsoft.DefaultV2"]),
        (f"{ACCOUNT}/defenderForAISettings", ["Default"]),
        (f"{ACCOUNT}/networkSecurityPerimeterConfigurations", ["p1"]),
        (f"{ACCOUNT}/providers/Microsoft.Insights/diagnosticSettings", ["to-law"]),
        (f"{SUB}/providers/Microsoft.Network/privateEndpoints", ["pe-voice-1"]),
        (f"{ENDPOINT}/privateDnsZoneGroups", ["default"]),
        (f"{SUB}/providers/Microsoft.Network/privateDnsZones", ["privatelink.openai.azure.com"]),
        (f"{ZONE}/virtualNetworkLinks", ["hub"]),
        (f"{ZONE}/A", ["voice-1"]),
        (f"{SUB}{ROOT}/roleAssignments", ["at-mg", "at-root", "at-sub", "at-account"]),
        (f"{GROUP}{ROOT}/roleAssignments", ["at-mg", "at-root", "at-sub", "at-account"]),
        (f"{ENDPOINT}{ROOT}/roleAssignments", ["at-mg", "at-root", "at-sub"]),
        (f"{SUB}{ROOT}/roleDefinitions", ["acdd72a7-3385-48ef-bd42-f606fba81ae7"]),
        (f"{SUB}{ROOT}/locks", ["on-account", "on-group"]),
        (f"{ACCOUNT}{ROOT}/locks", ["on-account", "on-group"]),
        (f"{ENDPOINT}{ROOT}/locks", ["on-group"]),
        (f"{SUB}/providers/Microsoft.Insights/metricAlerts", ["high"]),
        (f"{SUB}/providers/Microsoft.Insights/activityLogAlerts", ["health"]),
        (f"{SUB}/providers/Microsoft.Insights/actionGroups", ["oncall"]),
        (f"{SUB}/providers/Microsoft.Insights/scheduledQueryRules", ["refused"]),
        (f"{SUB}/providers/Microsoft.Consumption/budgets", ["voice"]),
        (f"{SUB}/providers/Microsoft.CognitiveServices/deletedAccounts", ["gone"]),
        (f"{SUB}/providers/Microsoft.OperationalInsights/workspaces", ["law"]),
        (f"{SUB}/providers/Microsoft.Security/pricings", ["AI"]),
    ],
)
def test_lists(sim, path, names):
    got = get(sim, path)
    assert got.status == 200, got.text
    assert sorted(got.names) == sorted(names)
    assert "nextLink" not in got.json


def test_a_diagnostic_setting_belongs_to_its_account_only(sim):
    got = get(
        sim,
        f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/voice-2/providers/microsoft.insights/diagnosticSettings",
    )
    # The provider is not registered here, and nothing is stored: that is what Azure says then.
    assert (got.status, got.code) == (409, "MissingSubscriptionRegistration")
    assert "The subscription is not registered to use namespace 'microsoft.insights'." in got.message


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("atScope()", ["at-mg", "at-root", "at-sub"]),
        ("principalId eq 'AAAA'", ["at-mg", "at-sub"]),
        ("assignedTo('bbbb')", ["at-account"]),
        ("principalId eq 'nobody'", []),
    ],
)
def test_role_assignments_are_filtered(sim, text, names):
    assert sorted(get(sim, f"{SUB}{ROOT}/roleAssignments", f"&$filter={quote(text)}").names) == names


def test_a_built_in_role_is_found_under_any_scope(sim):
    guid = READER.rsplit("/", 1)[-1]
    for scope in ("", SUB, ACCOUNT):
        assert get(sim, f"{scope}{ROOT}/roleDefinitions/{guid}").json["properties"]["roleName"] == "Reader"
    assert get(sim, f"{SUB}{ROOT}/roleDefinitions/0").status == 404


def test_assignments_above_one_subscription_do_not_reach_another():
    other = "/subscriptions/0b000000-0000-4000-8000-000000000002"
    second = snapshot([{"id": other}], without=["/"], subscriptions=[other.rsplit("/", 1)[-1]])
    with Simulator([snapshot(), second]) as sim:
        assert get(sim, f"{other}{ROOT}/roleAssignments").names == []
        assert "at-mg" in get(sim, f"{SUB}{ROOT}/roleAssignments").names
        assert get(sim, f"{MANAGED}{ROOT}/roleAssignments/at-mg").status == 200


def test_what_stands_above_two_subscriptions_reads_as_each_of_them_saw_it():
    other = "/subscriptions/0b000000-0000-4000-8000-000000000002"
    there = {"id": f"{MANAGED}{ROOT}/roleAssignments/at-mg", "properties": {"scope": MANAGED, "principalId": "dddd"}}
    second = snapshot([{"id": other}, there], without=["/"], subscriptions=[other.rsplit("/", 1)[-1]])
    with Simulator([snapshot(), second]) as sim:
        assert get(sim, f"{other}{ROOT}/roleAssignments").json["value"] == [there]
        assert sorted(get(sim, f"{SUB}{ROOT}/roleAssignments", "&$filter=principalId%20eq%20'aaaa'").names) == [
            "at-mg",
            "at-sub",
        ]
        assert get(sim, f"{other}{ROOT}/roleAssignments", "&$filter=principalId%20eq%20'aaaa'").names == []


@pytest.mark.parametrize("region", ["eastus2", "EastUS2", "East US 2"])
def test_a_regions_catalogue_is_its_rows(sim, region):
    path = f"{SUB}/providers/Microsoft.CognitiveServices/locations/{quote(region)}/models"
    assert [row["model"]["name"] for row in get(sim, path).json["value"]] == ["m0", "m1", "m2"] * 2
    assert get(sim, USAGES).json["value"] == [{"name": {"value": "q"}, "limit": 0}]
    assert get(sim, MODELS.replace("eastus2", "nowhere")).json == {"value": []}


def test_pages_are_linked_with_absolute_addresses():
    with Simulator([snapshot()], page_size=2) as sim:
        pages, link = [], f"{sim.url}{ACCOUNT}/deployments?api-version=2025-09-01"
        while link:
            parts = urlsplit(link)
            assert f"{parts.scheme}://{parts.netloc}" == sim.url
            got = send(sim, f"{parts.path}?{parts.query}", headers={"Authorization": "Bearer x"})
            pages.append(got.names)
            link = got.json.get("nextLink")
            assert link is None or "skiptoken=" in link
        assert pages == [["d0", "d1"], ["d2", "d3"], ["d4"]]
        assert len(get(sim, MODELS).json["value"]) == 2
        assert get(sim, f"{ACCOUNT}/deployments", "&$skiptoken=nonsense").code == "InvalidSkipToken"


def test_filters_are_kept_on_the_next_page():
    with Simulator([snapshot()], page_size=1) as sim:
        link = get(sim, f"{SUB}{ROOT}/roleAssignments", "&$filter=principalId%20eq%20'aaaa'").json["nextLink"]
        got = send(sim, link.removeprefix(sim.url), headers={"Authorization": "Bearer x"})
        assert got.names == ["at-sub"]
        assert "nextLink" not in got.json


def test_diagnostic_settings_are_never_paged():
    more = [{"id": f"{ACCOUNT}/providers/microsoft.insights/diagnosticSettings/s{n}"} for n in range(3)]
    with Simulator([snapshot(more)], page_size=1) as sim:
        got = get(sim, f"{ACCOUNT}/providers/microsoft.insights/diagnosticSettings")
        assert len(got.names) == 4
        assert "nextLink" not in got.json


@pytest.mark.parametrize(
    ("path", "status", "code", "words"),
    [
        ("/subscriptions/none", 404, "SubscriptionNotFound", "The subscription 'none' could not be found."),
        (f"{SUB}/resourceGroups/none", 404, "ResourceGroupNotFound", "Resource group 'none' could not be found."),
        (
            f"{SUB}/resourceGroups/none/providers/Microsoft.CognitiveServices/accounts",
            404,
            "ResourceGroupNotFound",
            "Resource group 'none'",
        ),
        (
            f"{ACCOUNT}x",
            404,
            "ResourceNotFound",
            "The Resource 'Microsoft.CognitiveServices/accounts/voice-1x' under resource group 'rg-Voice'",
        ),
        (f"{ACCOUNT}x/deployments", 404, "ResourceNotFound", "'Microsoft.CognitiveServices/accounts/voice-1x'"),
        (f"{ACCOUNT}/deployments/none", 404, "ResourceNotFound", "accounts/voice-1/deployments/none' under"),
        (f"{ACCOUNT}/nothings", 404, "InvalidResourceType", "'accounts/nothings' could not be found"),
        (f"{SUB}/providers/Microsoft.Nothing", 404, "InvalidResourceNamespace", "'Microsoft.Nothing' is invalid"),
        (f"{ACCOUNT}x/providers/microsoft.insights/diagnosticSettings", 404, "ResourceNotFound", "accounts/voice-1x'"),
        ("/", 404, "ResourceNotFound", "was not found"),
    ],
)
def test_what_is_not_there(sim, path, status, code, words):
    got = get(sim, path)
    assert (got.status, got.code) == (status, code)
    assert words in got.message


def test_insights_has_an_envelope_of_its_own(sim):
    got = get(sim, f"{ACCOUNT}/providers/microsoft.insights/diagnosticSettings/none")
    assert got.status == 404
    assert set(got.json) == {"code", "message"}
    assert set(get(sim, f"{ACCOUNT}x").json) == {"error"}


def test_accounts_of_other_kinds_have_stand_ins():
    counted = snapshot(leftOut={"accountsOfOtherKinds": {"SpeechServices": 2, "Face": 1}})
    with Simulator([counted]) as sim:
        rows = get(sim, f"{SUB}/providers/Microsoft.CognitiveServices/accounts").json["value"]
        assert sorted(row["kind"] for row in rows) == [
            "AIServices",
            "Face",
            "OpenAI",
            "SpeechServices",
            "SpeechServices",
        ]
        assert all(get(sim, row["id"]).status == 200 for row in rows)


def test_what_the_snapshot_did_not_read_is_not_an_empty_list():
    with Simulator([snapshot(without=[f"{GROUP}{ROOT}", f"{ACCOUNT}{ROOT}"], aspects=["accounts"])]) as sim:
        got = get(sim, f"{SUB}{ROOT}/locks")
        assert (got.status, got.code) == (501, "NotInSnapshot")
        assert "'locks'" in got.message
        of = "&modelFormat=OpenAI&modelName=gpt-realtime&modelVersion=2025-08-28"
        got = get(sim, f"{SUB}/providers/Microsoft.CognitiveServices/locations/eastus2/modelCapacities", of)
        assert (got.status, got.code) == (501, "NotInSnapshot")


def test_tenants_are_those_of_the_snapshots(sim):
    assert [row["tenantId"] for row in get(sim, "/tenants").json["value"]] == [TENANT]


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("POST", f"{ACCOUNT}/listKeys", "Microsoft.CognitiveServices/accounts/listKeys/action"),
        ("PUT", ACCOUNT, "Microsoft.CognitiveServices/accounts/write"),
        ("DELETE", f"{ACCOUNT}/deployments/d0", "Microsoft.CognitiveServices/accounts/deployments/delete"),
    ],
)
def test_a_reader_changes_nothing_and_the_attempt_is_on_record(sim, method, path, action):
    got = get(sim, path, method=method)
    assert (got.status, got.code) == (403, "AuthorizationFailed")
    assert f"to perform action '{action}'" in got.message
    assert (sim.requests[-1].method, sim.requests[-1].path) == (method, path)
    assert get(sim, f"{ACCOUNT}/deployments/d0").status == 200


def _sums(metric: dict) -> dict[tuple[str, ...], float]:
    return {
        tuple(one["value"] for one in series["metadatavalues"]): sum(point.get("total", 0) for point in series["data"])
        for series in metric["timeseries"]
    }


def test_metrics_are_series_that_add_up_to_the_stored_sums(sim):
    path = f"{ACCOUNT}/providers/Microsoft.Insights/metrics"
    split = quote("ModelDeploymentName eq '*' and StatusCode eq '*'")
    got = get(sim, path, f"&metricnames=AzureOpenAIRequests&timespan=P7D&interval=P1D&$filter={split}").json
    assert _sums(got["value"][0]) == {("d0", "200"): 101, ("d0", "429"): 12, ("d1", "200"): 7}
    assert [one["name"]["value"] for one in got["value"][0]["timeseries"][0]["metadatavalues"]] == [
        "modeldeploymentname",
        "statuscode",
    ]
    assert _sums(get(sim, path, "&metricnames=AzureOpenAIRequests").json["value"][0]) == {(): 120}
    one = get(sim, path, "&metricnames=AzureOpenAIRequests&$filter=" + quote("StatusCode eq '429'")).json
    assert _sums(one["value"][0]) == {("429",): 12}
    both = get(
        sim, path, "&metricnames=RealtimeUsageTime,AudioPromptTokens&$filter=" + quote("ModelDeploymentName eq '*'")
    ).json
    assert [_sums(metric) for metric in both["value"]] == [{("d0",): 3600.5}, {}]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (
            "&metricnames=RealtimeUsageTime&$filter=" + quote("StatusCode eq '*'"),
            "does not support requested dimension",
        ),
        ("&metricnames=RealtimeUsageTime&$filter=nonsense", "The filter clause is invalid"),
        ("&metricnames=RealtimeUsageTime&timespan=yesterday", "The timespan is invalid"),
        ("", "metricnames"),
    ],
)
def test_metrics_refuse_what_azure_refuses(sim, query, words):
    got = get(sim, f"{ACCOUNT}/providers/Microsoft.Insights/metrics", query)
    assert got.status == 400
    assert set(got.json) == {"code", "message"}
    assert words in got.message


CORPUS = Path(__file__).resolve().parents[2] / ".." / "shared" / "arm-corpus" / "microsoft.insights" / "metrics-list"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no recordings here")
def test_metrics_have_the_shape_of_recorded_ones(sim):
    recorded = json.loads(min(CORPUS.glob("*-1.json")).read_text())["response"]["body"]
    ours = get(sim, f"{ACCOUNT}/providers/Microsoft.Insights/metrics", "&metricnames=RealtimeUsageTime").json
    assert set(ours) >= set(recorded)
    assert set(ours["value"][0]) >= set(recorded["value"][0])
    assert set(ours["value"][0]["timeseries"][0]) == set(recorded["value"][0]["timeseries"][0])


def test_the_capacity_of_a_region_is_that_of_the_model_that_is_asked_about(sim):
    place = f"{SUB}/providers/Microsoft.CognitiveServices/locations/eastus2/modelCapacities"
    asked = "&modelFormat=OpenAI&modelName={}&modelVersion=1"
    assert [row["name"] for row in get(sim, place, asked.format("gpt-realtime")).json["value"]] == ["left"]
    assert get(sim, place, asked.format("gpt-4.1")).json["value"] == []
