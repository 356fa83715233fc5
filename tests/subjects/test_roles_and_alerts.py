"""Who may do what, and what watches: role assignments and alerts."""

from __future__ import annotations

from typing import Any

import pytest

from rtaudit.subjects.alerts import receivers
from tests.subjects.estates import ACCOUNT, DEPLOYMENT, GROUP, OTHER_SUB, SUB, Resource, account, gap, the

ROLES = "/providers/Microsoft.Authorization/roleDefinitions"
ROLE = "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"
REALTIME = "Microsoft.CognitiveServices/accounts/OpenAI/deployments/realtime/action"
MANAGED = "/providers/Microsoft.Management/managementGroups/hotels"


def role(*permissions: Resource, name: str = ROLE, at: str = SUB) -> Resource:
    return {"id": f"{at}{ROLES}/{name}", "properties": {"roleName": "Voice", "permissions": list(permissions)}}


def held(
    scope: str | None = ACCOUNT, principal: str = "p1", kind: str = "ServicePrincipal", **properties: Any
) -> Resource:
    return {
        "properties": {
            "roleDefinitionId": f"{SUB}{ROLES}/{ROLE.upper()}",
            "principalId": principal,
            "principalType": kind,
            "condition": None,
            **({"scope": scope} if scope else {}),
            **properties,
        },
        "id": f"{'' if scope in (None, '/') else scope}/providers/Microsoft.Authorization/roleAssignments/a-{principal}",
    }


DATA = {"dataActions": [REALTIME]}


@pytest.mark.parametrize(
    ("permission", "granted"),
    [
        ({"dataActions": [REALTIME]}, True),
        ({"dataActions": [REALTIME.upper()]}, True),
        ({"dataActions": ["*"]}, True),
        ({"dataActions": ["Microsoft.CognitiveServices/*"]}, True),
        ({"dataActions": ["Microsoft.CognitiveServices/accounts/OpenAI/*"]}, True),
        ({"dataActions": ["Microsoft.CognitiveServices/accounts/OpenAI/deployments/*/action"]}, True),
        ({"dataActions": ["*/realtime/action"]}, True),
        ({"dataActions": ["Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/*"]}, False),
        ({"dataActions": ["Microsoft.CognitiveServices/accounts/OpenAI"]}, False),
        ({"dataActions": ["Microsoft_CognitiveServices/*"]}, False),
        ({"dataActions": ["*"], "notDataActions": [REALTIME]}, False),
        ({"dataActions": ["*"], "notDataActions": ["Microsoft.CognitiveServices/accounts/OpenAI/*"]}, False),
        ({"dataActions": ["*"], "notDataActions": ["Microsoft.CognitiveServices/accounts/Speech/*"]}, True),
        # Owner has every action, and no data action.
        ({"actions": ["*"]}, False),
        ({"actions": [REALTIME]}, False),
        ({"dataActions": None, "notDataActions": None}, False),
        ({}, False),
    ],
)
def test_what_a_role_grants(permission: Resource, granted: bool) -> None:
    one = the("account", account(), role(permission), held())
    assert bool(one.fact("realtimeCallers")) is granted


def test_what_one_permission_takes_back_another_may_grant() -> None:
    taken = {"dataActions": ["*"], "notDataActions": ["*"]}
    assert the("account", account(), role(taken, DATA), held()).fact("realtimeCallers")


@pytest.mark.parametrize(
    ("scope", "reaches"),
    [
        (ACCOUNT, True),
        (ACCOUNT.upper(), True),
        (GROUP, True),
        (SUB, True),
        ("/", True),
        (MANAGED, True),
        (f"{GROUP}2", False),
        (OTHER_SUB, False),
        (DEPLOYMENT, False),
    ],
)
def test_assignments_reach_from_above(scope: str, reaches: bool) -> None:
    one = the("account", account(), role(DATA), held(scope))
    assert bool(one.fact("realtimeCallers")) is reaches


@pytest.mark.parametrize("at", [ACCOUNT, GROUP, SUB])
def test_an_assignment_without_a_scope_stands_where_its_id_says(at: str) -> None:
    stated = held(at)
    del stated["properties"]["scope"]
    assert the("account", account(), role(DATA), stated).fact("realtimeCallers")


@pytest.mark.parametrize("at", [SUB, "", OTHER_SUB])
def test_a_role_is_known_by_its_guid_wherever_it_is_named(at: str) -> None:
    assert the("account", account(), role(DATA, at=at), held()).fact("realtimeCallers")


def test_a_role_that_was_not_read_is_a_gap_and_hides_nobody() -> None:
    unread = held(principal="p2", roleDefinitionId=f"{SUB}{ROLES}/unread")
    joined = the("account", account(), role(DATA), held(), unread).join("facts.realtimeCallers")
    assert [row["principalId"] for row in joined.value] == ["p1"]
    assert joined.gaps
    denied = the("account", account(), gaps=[gap("roleAssignments")]).join("facts.keyReaders")
    assert (denied.value, denied.gaps[0].reason) == ([], "denied")


def test_a_principal_stands_once_with_all_its_roles_and_conditional_only_if_all_are() -> None:
    other = role(DATA, name="second")
    second = {
        **held(GROUP, principal="P1", roleDefinitionId=f"{SUB}{ROLES}/second"),
        "id": f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/2",
    }
    condition = {"condition": "@Resource[x] StringEquals 'y'"}
    (row,) = the("account", account(), role(DATA), other, held(**condition), second).fact("realtimeCallers")
    assert (row["conditional"], len(row["scopes"])) == (False, 2)
    (row,) = the("account", account(), role(DATA), held(kind="User", **condition)).fact("realtimeCallers")
    assert (row["conditional"], row["principalType"], row["roles"]) == (True, "User", ["Voice (conditional)"])


def test_keys_and_deployments_are_actions() -> None:
    keys = {"actions": ["Microsoft.CognitiveServices/accounts/listKeys/action"]}
    writes = {
        "actions": ["Microsoft.CognitiveServices/*"],
        "notActions": ["Microsoft.CognitiveServices/accounts/listKeys/action"],
    }
    reader = the("account", account(), role(keys), held())
    assert (len(reader.fact("keyReaders")), len(reader.fact("deploymentWriters"))) == (1, 0)
    writer = the("account", account(), role(writes), held())
    assert (len(writer.fact("keyReaders")), len(writer.fact("deploymentWriters"))) == (0, 1)
    owner = the("account", account(), role({"actions": ["*"]}), held("/"))
    assert (len(owner.fact("keyReaders")), len(owner.fact("deploymentWriters"))) == (1, 1)


ACTION = f"{GROUP}/providers/Microsoft.Insights/actionGroups/on-call"


def acting(enabled: Any = True, at: str = ACTION, **receivers: Any) -> Resource:
    return {"id": at, "properties": {"enabled": enabled, **(receivers or {"receivers": 1})}}


def alert(
    *metrics: str, scopes: Any = (ACCOUNT,), actions: Any = (ACTION,), enabled: Any = True, **properties: Any
) -> Resource:
    return {
        "id": f"{GROUP}/providers/microsoft.insights/metricalerts/watch",
        "properties": {
            "enabled": enabled,
            "scopes": list(scopes),
            "actions": [{"actionGroupId": one} for one in actions],
            "criteria": {"allOf": [{"metricName": one} for one in metrics]},
            **properties,
        },
    }


TYPE = "Microsoft.CognitiveServices/accounts"


@pytest.mark.parametrize(
    ("stated", "covers"),
    [
        (alert("M"), True),
        (alert("M", scopes=[ACCOUNT.lower()]), True),
        (alert("M", scopes=[f"{ACCOUNT}2"]), False),
        (alert("M", scopes=[DEPLOYMENT]), False),
        # A group or a subscription: for the type and the region that are named.
        (alert("M", scopes=[GROUP], targetResourceType=TYPE, targetResourceRegion="East US 2"), True),
        (alert("M", scopes=[SUB.upper()], targetResourceType=TYPE.lower(), targetResourceRegion="EASTUS2"), True),
        (alert("M", scopes=[GROUP], targetResourceType=TYPE, targetResourceRegion="westus"), False),
        (
            alert("M", scopes=[GROUP], targetResourceType="Microsoft.Storage/accounts", targetResourceRegion="eastus2"),
            False,
        ),
        (alert("M", scopes=[GROUP]), False),
        (alert("M", scopes=[OTHER_SUB], targetResourceType=TYPE, targetResourceRegion="eastus2"), False),
        (alert("M", scopes=[""], targetResourceType=TYPE, targetResourceRegion="eastus2"), False),
        (alert("M", scopes=[None, 5]), False),
        (alert("M", enabled=False), False),
        (alert("M", enabled=None), False),
        (alert("M", actions=[]), False),
        (alert("M", actions=[None, ""]), False),
        (alert("M", actions=[f"{ACTION}-gone"]), False),
        (alert("M", actions=[f"{ACTION}-gone", ACTION.upper()]), True),
        ({**alert("M"), "properties": None}, False),
        (alert("M", criteria={"metricName": "M"}), True),
        (alert("M", criteria=None), False),
    ],
)
def test_alerts_that_cover_an_account(stated: Resource, covers: bool) -> None:
    joined = the("account", account(), stated, acting()).join("facts.alertedMetrics")
    assert (joined.value, joined.gaps) == (["M"] if covers else [], ())


@pytest.mark.parametrize(
    ("group", "acts"),
    [
        (acting(), True),
        (acting(receivers=0), False),
        (acting(enabled=False), False),
        (acting(enabled=None), False),
        (acting(emailReceivers=[{"name": "x"}]), True),
        (acting(emailReceivers=[], smsReceivers=[]), False),
        (acting(webhookReceivers=[{}], receivers=None), True),
        (acting(receivers=True), False),
        ({"id": ACTION, "properties": None}, False),
    ],
)
def test_action_groups_that_act(group: Resource, acts: bool) -> None:
    assert bool(the("account", account(), alert("M"), group).fact("alertedMetrics")) is acts


def test_an_action_group_out_of_sight_is_a_gap() -> None:
    away = alert("M", actions=[ACTION.replace(SUB, OTHER_SUB)])
    assert the("account", account(), away).join("facts.alertedMetrics").gaps
    unread = the("account", account(), alert("M"), gaps=[gap("alerts", GROUP)]).join("facts.alertedMetrics")
    assert unread.gaps
    # One that acts is proof enough, whatever the others are.
    both = alert("M", actions=[ACTION.replace(SUB, OTHER_SUB), ACTION])
    joined = the("account", account(), both, acting()).join("facts.alertedMetrics")
    assert (joined.value, joined.gaps) == (["M"], ())


def test_legacy_metrics_are_named() -> None:
    joined = the("account", account(), alert("SuccessRate", "AzureOpenAIRequests", "latency", enabled=False)).join(
        "facts.legacyAlerts"
    )
    assert [row["metric"] for row in joined.value] == ["SuccessRate", "latency"]


def health(
    scopes: Any = (SUB,), category: str = "ServiceHealth", enabled: Any = True, actions: Any = (ACTION,)
) -> Resource:
    return {
        "id": f"{GROUP}/providers/Microsoft.Insights/activityLogAlerts/health",
        "properties": {
            "enabled": enabled,
            "scopes": list(scopes),
            "condition": {"allOf": [{"field": "Category", "equals": category}]},
            "actions": {"actionGroups": [{"actionGroupId": one} for one in actions]},
        },
    }


@pytest.mark.parametrize(
    ("stated", "watches"),
    [
        (health(), True),
        (health(category="servicehealth"), True),
        (health(category="Administrative"), False),
        (health(enabled=False), False),
        (health(scopes=[GROUP]), False),
        (health(scopes=[OTHER_SUB]), False),
        (health(scopes=[f"{SUB}/".upper()]), True),
        (health(actions=[]), False),
        (health(actions=[f"{ACTION}-gone"]), False),
        ({**health(), "properties": {}}, False),
    ],
)
def test_service_health_alerts(stated: Resource, watches: bool) -> None:
    joined = the("subscription", account(), stated, acting()).join("facts.serviceHealthAlerts")
    assert (bool(joined.value), joined.gaps) == (watches, ())


def listed(name: str, sub: str = SUB) -> str:
    return f"{sub}/providers/Microsoft.Insights/{name}"


@pytest.mark.parametrize(
    ("scope", "alerted", "legacy", "healthy"),
    [
        (listed("metricAlerts"), False, False, True),
        (listed("activityLogAlerts"), True, True, False),
        # Whether what an alert calls acts is not known; that there is no legacy alert is.
        (listed("actionGroups"), False, True, False),
        (listed("ACTIONGROUPS").upper(), False, True, False),
        (listed("metricAlerts", OTHER_SUB), True, True, True),
        # As an older version wrote it: any of the lists.
        (SUB, False, False, False),
    ],
)
def test_each_fact_reads_the_lists_that_it_stands_on(scope: str, alerted: bool, legacy: bool, healthy: bool) -> None:
    resources = [account(), alert("M"), health()]
    stated = gap("alerts", scope)
    seen = {
        "facts.alertedMetrics": the("account", *resources, gaps=[stated]),
        "facts.legacyAlerts": the("account", *resources, gaps=[stated]),
        "facts.serviceHealthAlerts": the("subscription", *resources, gaps=[stated]),
    }
    known = {name: subject.join(name).gaps in ((), (stated,)) for name, subject in seen.items()}
    assert all(known.values())
    assert [not subject.join(name).gaps for name, subject in seen.items()] == [alerted, legacy, healthy]


def test_the_gap_of_an_action_group_elsewhere_is_the_reason_that_is_told() -> None:
    away = ACTION.replace(SUB, OTHER_SUB)
    stated = gap("alerts", away)
    joined = the("account", account(), alert("M", actions=[away]), gaps=[stated]).join("facts.alertedMetrics")
    assert joined.gaps == (stated,)


@pytest.mark.parametrize(
    ("properties", "reaching"),
    [
        ({"receivers": 2}, 2),
        ({"receivers": 2, "reachable": 0}, 0),
        ({"emailReceivers": [{"status": "Enabled"}, {"status": "disabled"}, {"status": "NotSpecified"}]}, 1),
        ({"webhookReceivers": [{"name": "hook"}], "smsReceivers": None}, 1),
        ({}, 0),
    ],
)
def test_receivers_that_reach_somebody(properties: dict[str, Any], reaching: int) -> None:
    assert receivers(properties) == reaching
