"""Facts of accounts and subscriptions, one table of cases each."""

from __future__ import annotations

from typing import Any

import pytest

from rtaudit.snapshot import ASPECTS
from tests.subjects.estates import (
    ACCOUNT,
    DEPLOYMENT,
    ENDPOINT,
    GROUP,
    OTHER_SUB,
    SUB,
    Resource,
    account,
    deployment,
    estate,
    gap,
    models,
    row,
    the,
    value,
)


@pytest.mark.parametrize(
    ("properties", "exposure"),
    [
        ({}, "public"),
        ({"publicNetworkAccess": None, "networkAcls": None}, "public"),
        ({"publicNetworkAccess": "Enabled"}, "public"),
        ({"networkAcls": {}}, "public"),
        ({"networkAcls": {"defaultAction": None}}, "public"),
        ({"networkAcls": {"defaultAction": "Allow", "ipRules": [{"value": "10.0.0.0/24"}]}}, "public"),
        ({"networkAcls": {"ipRules": [{"value": "10.0.0.0/24"}]}}, "public"),
        ({"networkAcls": {"defaultAction": "Deny"}}, "restricted"),
        ({"networkAcls": {"defaultAction": "deny"}}, "restricted"),
        ({"publicNetworkAccess": "SecuredByPerimeter", "networkAcls": {"defaultAction": "Deny"}}, "perimeter"),
        ({"publicNetworkAccess": "securedByPerimeter"}, "perimeter"),
        ({"publicNetworkAccess": "Disabled"}, "private"),
        ({"publicNetworkAccess": "disabled", "networkAcls": {"defaultAction": "Allow"}}, "private"),
        ({"publicNetworkAccess": "Disabled ", "networkAcls": []}, "public"),
    ],
)
def test_exposure(properties: Resource, exposure: str) -> None:
    assert the("account", account(**properties)).fact("exposure") == exposure


def _answering(*domains: str) -> dict[str, Any]:
    hosts = [f"https://Voice.{domain}/" for domain in domains]
    return {"endpoint": hosts[0], "endpoints": {f"API {number}": host for number, host in enumerate(hosts)}}


COMMERCIAL = ["cognitiveservices.azure.com", "openai.azure.com", "services.ai.azure.com"]


@pytest.mark.parametrize(
    ("cloud", "stated", "zones"),
    [
        ("AzureCloud", _answering("openai.azure.com"), ["privatelink.openai.azure.com"]),
        ("AzureCloud", _answering(*COMMERCIAL), [f"privatelink.{domain}" for domain in COMMERCIAL]),
        # A regional host, and one of another service, need no zone.
        ("AzureCloud", {"endpoint": "https://eastus2.api.cognitive.microsoft.com/"}, []),
        ("AzureCloud", {"endpoint": "https://voice.openai.azure.com.evil.example/"}, []),
        ("AzureUSGovernment", _answering("openai.azure.us"), ["privatelink.openai.azure.us"]),
        ("AzureCloud", {}, ...),
        ("AzureCloud", {"endpoint": None, "endpoints": {"a": 5, "b": "https://[", "c": ""}}, ...),
        ("AzureChinaCloud", _answering("openai.azure.cn"), ...),
        ("MoonCloud", _answering("openai.azure.com"), ...),
    ],
)
def test_required_dns_zones_are_those_of_the_account_s_own_hosts(cloud: str, stated: Any, zones: Any) -> None:
    joined = the("account", account(**stated), cloud=cloud).join("facts.requiredDnsZones")
    assert (... if joined.gaps else joined.value) == zones


PERIMETER = f"{ACCOUNT}/networkSecurityPerimeterConfigurations/p"


@pytest.mark.parametrize(
    ("access", "mode", "settings", "exposure"),
    [
        ("Enabled", "Enforced", {}, "perimeter"),
        (None, "enforced", {}, "perimeter"),
        ("Disabled", "Enforced", {}, "private"),
        ("Enabled", "Learning", {}, "public"),
        ("Enabled", None, {}, "public"),
        # Not asked for: what the account's own settings say. Refused: not known.
        ("Enabled", None, {"aspects": ["accounts"]}, "public"),
        ("Enabled", None, {"gaps": [gap("perimeters", ACCOUNT)]}, ...),
        ("Disabled", None, {"gaps": [gap("perimeters", ACCOUNT)]}, "private"),
        ("SecuredByPerimeter", None, {"gaps": [gap("perimeters", ACCOUNT)]}, "perimeter"),
    ],
)
def test_exposure_behind_a_perimeter(access: Any, mode: Any, settings: dict[str, Any], exposure: Any) -> None:
    configured = [{"id": PERIMETER, "properties": {"resourceAssociation": {"accessMode": mode}}}] if mode else []
    one = the("account", account(publicNetworkAccess=access), *configured, **settings)
    assert value(one, "facts.exposure") == exposure
    unread = "aspects" in settings or exposure is ...
    assert ("not read" in one.fact("exposureEvidence")) is unread


@pytest.mark.parametrize(
    ("kind", "counts"),
    [
        ("OpenAI", True),
        ("AIServices", True),
        ("openai", True),
        ("CognitiveServices", False),
        ("Internal.AllInOne", False),
        ("", False),
        (None, False),
    ],
)
def test_kinds_of_account(kind: Any, counts: bool) -> None:
    assert bool(estate({**account(), "kind": kind}).accounts) is counts


def test_a_deleted_account_is_none() -> None:
    deleted = f"{SUB}/providers/Microsoft.CognitiveServices/locations/westus/resourceGroups/g/deletedAccounts/a"
    assert estate({**account(), "id": deleted, "type": "Microsoft.CognitiveServices/accounts"}).accounts == []


SPEECH = models(row(capabilities={"realtime": "true"}))
UNSEEN = models()


@pytest.mark.parametrize(
    ("resources", "gaps", "hosts"),
    [
        ([deployment(), SPEECH], [], True),
        ([deployment(), SPEECH], [gap("deployments", ACCOUNT)], True),
        ([deployment("gpt-4o", "1"), models(row("gpt-4o", "1"))], [], False),
        ([deployment("gpt-4o", "1"), UNSEEN], [], ...),
        ([], [], False),
        ([], [gap("deployments", ACCOUNT)], ...),
        ([], [gap("deployments", f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/other")], False),
    ],
)
def test_hosts_realtime(resources: list[Resource], gaps: list[Any], hosts: Any) -> None:
    joined = the("account", account(), *resources, gaps=gaps).join("facts.hostsRealtime")
    assert (... if joined.gaps else joined.value) == hosts


def _setting(at: str = f"{ACCOUNT}/providers/microsoft.insights/diagnosticSettings/s", **properties: Any) -> Resource:
    return {"id": at, "type": None, "location": None, "properties": properties}


WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
HUB = f"{GROUP}/providers/Microsoft.EventHub/namespaces/hub"


@pytest.mark.parametrize(
    ("setting", "logs", "metrics", "kinds"),
    [
        (
            _setting(
                workspaceId=WORKSPACE,
                logs=[
                    {"category": "Audit", "categoryGroup": None, "enabled": True},
                    {"categoryGroup": "AllLogs", "enabled": False},
                ],
                metrics=[{"category": "AllMetrics", "enabled": True}],
            ),
            [("Audit", None)],
            ["AllMetrics"],
            ["workspace"],
        ),
        # Every destination null, or an empty string: the setting sends nowhere.
        (_setting(workspaceId=None, logs=[{"category": "Audit", "enabled": True}]), [], [], []),
        (_setting(workspaceId="", storageAccountId="", logs=[{"category": "Audit", "enabled": True}]), [], [], []),
        (
            _setting(storageAccountId="/s", logs=[{"categoryGroup": "allLogs", "enabled": True}]),
            [(None, "allLogs")],
            [],
            ["storage"],
        ),
        (
            _setting(marketplacePartnerId="/p", logs=None, metrics=[{"category": "AllMetrics", "enabled": "true"}]),
            [],
            [],
            ["partner"],
        ),
        (_setting(serviceBusRuleId="/b"), [], [], ["serviceBus"]),
        # Lower case throughout, as Azure Monitor writes it.
        (
            _setting(
                f"{ACCOUNT.lower()}/providers/microsoft.insights/diagnosticSettings/s",
                workspaceId="/w",
                logs=[{"category": "Audit", "enabled": True}],
            ),
            [("Audit", None)],
            [],
            ["workspace"],
        ),
        (_setting(f"{DEPLOYMENT}/providers/microsoft.insights/diagnosticSettings/s", workspaceId="/w"), [], [], []),
    ],
)
def test_what_is_delivered_where(setting: Resource, logs: list[Any], metrics: list[Any], kinds: list[str]) -> None:
    one = the("account", account(), setting)
    assert [(found["category"], found["categoryGroup"]) for found in one.fact("deliveredLogs")] == logs
    assert [found["category"] for found in one.fact("deliveredMetrics")] == metrics
    assert [found["kind"] for found in one.fact("logDestinations")] == kinds


def test_an_event_hub_is_named_by_its_namespace_too() -> None:
    rule = f"{HUB}/AuthorizationRules/send"
    (found,) = the("account", account(), _setting(eventHubAuthorizationRuleId=rule)).fact("logDestinations")
    assert (found["id"], found["namespace"]) == (rule, HUB)


def test_a_workspace_that_was_not_read_is_a_gap() -> None:
    setting = _setting(workspaceId=WORKSPACE)
    known = the("account", account(), setting, {"id": WORKSPACE.upper()}).join("workspaces")
    assert ([one["id"] for one in known.value], known.gaps) == ([WORKSPACE.upper()], ())
    assert the("account", account(), setting).join("workspaces").gaps
    denied = the("account", account(), setting, gaps=[gap("workspaces", WORKSPACE)]).join("workspaces")
    assert denied.gaps[0].reason == "denied"


@pytest.mark.parametrize(
    ("tags", "filled"),
    [
        ({"owner": "me", "env": "", "x": " "}, ["owner"]),
        (None, []),
        ({}, []),
        ({"a": 5, "can't": "b"}, ["can't"]),
        ("x", []),
    ],
)
def test_filled_tags(tags: Any, filled: list[str]) -> None:
    assert the("account", {**account(), "tags": tags}).fact("filledTags") == filled


def _connection(endpoint: str | None) -> Resource:
    return {"properties": {"privateEndpoint": {"id": endpoint} if endpoint else None}}


ELSEWHERE = ENDPOINT.replace(SUB, OTHER_SUB)


@pytest.mark.parametrize(
    ("connected", "read", "gaps", "found", "complete"),
    [
        ([ENDPOINT], [ENDPOINT], [], 1, True),
        ([ENDPOINT.upper()], [ENDPOINT], [], 1, True),
        ([ELSEWHERE], [], [], 0, False),
        ([ENDPOINT, ELSEWHERE], [ENDPOINT], [], 1, False),
        ([ENDPOINT], [], [gap("privateEndpoints")], 0, False),
        ([], [], [], 0, True),
        ([None], [], [], 0, True),
    ],
)
def test_private_endpoints_of_an_account(
    connected: list[Any], read: list[str], gaps: list[Any], found: int, complete: bool
) -> None:
    def endpoint(at: str) -> Resource:
        return {
            "id": at,
            "properties": {
                "manualPrivateLinkServiceConnections": [{"properties": {"privateLinkServiceId": ACCOUNT.upper()}}]
            },
        }

    one = the(
        "account",
        account(privateEndpointConnections=[_connection(at) for at in connected]),
        *map(endpoint, read),
        gaps=gaps,
    )
    joined = one.join("privateEndpoints")
    assert (len(joined.value), not joined.gaps) == (found, complete)


@pytest.mark.parametrize(
    ("at", "covers"),
    [
        (ACCOUNT, True),
        (GROUP, True),
        (SUB, True),
        (GROUP.upper(), True),
        (f"{GROUP}2", False),
        (DEPLOYMENT, False),
        (OTHER_SUB, False),
    ],
)
def test_locks_that_cover(at: str, covers: bool) -> None:
    lock = {"id": f"{at}/providers/Microsoft.Authorization/locks/keep", "properties": {"level": "CanNotDelete"}}
    assert bool(the("account", account(), lock).join("locks").value) is covers


def test_an_aspect_that_was_skipped_is_a_gap_of_all_that_reads_it() -> None:
    read = [name for name in ASPECTS if name not in ("diagnostics", "locks")]
    one = the("account", account(), aspects=read)
    for name in ("diagnosticSettings", "facts.deliveredLogs", "facts.logDestinations", "workspaces", "locks"):
        assert one.join(name).gaps[0].code == "NotCollected"
    assert not one.join("contentPolicies").gaps


def test_the_plan_of_defender_is_that_of_the_own_subscription() -> None:
    def plan(subscription: str, tier: str) -> Resource:
        return {"id": f"{subscription}/providers/Microsoft.Security/pricings/ai", "properties": {"pricingTier": tier}}

    one = the("account", account(), plan(SUB, "Standard"), plan(OTHER_SUB, "Free"))
    assert one.join("defenderPlan").value["properties"]["pricingTier"] == "Standard"
    assert the("account", account()).join("defenderPlan").value is None
    assert the("account", account(), gaps=[gap("defender")]).join("defenderPlan").gaps


def _provider(namespace: str, state: str, subscription: str = SUB) -> Resource:
    return {"id": f"{subscription}/providers/{namespace}", "registrationState": state}


def test_registrations_that_a_launch_needs() -> None:
    both = [_provider("microsoft.cognitiveservices", "Registered"), _provider("Microsoft.Insights", "NotRegistered")]
    endpoint = {"id": ENDPOINT, "properties": {}}
    joined = the("subscription", account(), *both).join("facts.providerRegistrations")
    assert [(one["namespace"], one["registrationState"]) for one in joined.value] == [
        ("Microsoft.CognitiveServices", "Registered"),
        ("Microsoft.Insights", "NotRegistered"),
    ]
    assert not joined.gaps
    # Where an endpoint is in it, the network provider too.
    assert the("subscription", account(), *both, endpoint).join("facts.providerRegistrations").gaps
    network = the("subscription", account(), *both, endpoint, _provider("Microsoft.Network", "Registered"))
    assert len(network.fact("providerRegistrations")) == 3
    # Whether one is there is not known: nor is whether the provider is needed.
    unread = the("subscription", account(), *both, gaps=[gap("privateEndpoints")])
    assert unread.join("facts.providerRegistrations").gaps
    skipped = the("subscription", account(), *both, aspects=[name for name in ASPECTS if name != "privateEndpoints"])
    assert skipped.join("facts.providerRegistrations").gaps
    # A registration of another subscription is no answer.
    other = [_provider(one["id"].rsplit("/", 1)[-1], "Registered", OTHER_SUB) for one in both]
    assert the("subscription", account(), *other).join("facts.providerRegistrations").value == []


def test_subscriptions_are_those_that_hold_an_account() -> None:
    stated = {"id": SUB.upper(), "displayName": "Voice"}
    elsewhere = account(ACCOUNT.replace(SUB, OTHER_SUB), kind="TextAnalytics")
    found = estate(account(), elsewhere, stated, {"id": OTHER_SUB}).each("subscription")
    assert [(one.resource, one.raw.get("displayName")) for one in found] == [(SUB.upper(), "Voice")]
    assert [one["id"] for one in found[0].join("accounts").value] == [ACCOUNT]
    # Without the subscription's own document it is still a subject.
    assert [one.resource for one in estate(account()).each("subscription")] == [SUB]
