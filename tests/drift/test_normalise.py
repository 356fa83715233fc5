from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rtaudit.drift.ignored_fields import NATURAL, IgnoredField

from .estate import (
    Resource,
    account,
    account_id,
    changes,
    deployment,
    diagnostics,
    edited,
    estate,
    filters,
    group,
    paths,
    snapshot,
    subscription,
)

_IDS = {
    "microsoft.network/privateendpoints": "/providers/Microsoft.Network/privateEndpoints/pe",
    "microsoft.network/privateendpoints/privatednszonegroups": "/providers/Microsoft.Network/privateEndpoints/pe/privateDnsZoneGroups/default",
    "microsoft.network/privatednszones/a": "/providers/Microsoft.Network/privateDnsZones/z/A/x",
}


def resource(label: str, resource_type: str) -> Resource:
    if resource_type == "microsoft.resources/subscriptions":
        return {"id": subscription(label)}
    if resource_type == "microsoft.resources/providers":
        return {"id": f"{subscription(label)}/providers/Microsoft.CognitiveServices"}
    if resource_type in _IDS:
        return {"id": group(label) + _IDS[resource_type]}
    return {"id": account_id(label, f"voice-{label}"), "kind": "OpenAI"}


def rows() -> list[Any]:
    return [pytest.param(row, field, id=field) for row in NATURAL for field in sorted(row.fields)]


@pytest.mark.parametrize(("row", "field"), rows())
def test_what_differs_by_nature_is_no_change(row: IgnoredField, field: str) -> None:
    resource_type = min(row.types) if row.types else "microsoft.cognitiveservices/accounts"
    owners = [account("test"), account("prod")]
    left, right = resource("test", resource_type), resource("prod", resource_type)
    for item, value in ((left, "one"), (right, "other")):
        if field not in ("id", "name"):
            item[field] = [value] if field in ("networkInterfaces", "aRecords") else value
            item["properties"] = {field: value}
            if not row.top:
                item["properties"]["inner"] = {field: value}
    extra = resource_type != "microsoft.cognitiveservices/accounts"
    assert (
        paths(
            snapshot("test", [owners[0], left][0 if extra else 1 :]),
            snapshot("prod", [owners[1], right][0 if extra else 1 :]),
        )
        == []
    )


@pytest.mark.parametrize(("row", "field"), rows())
def test_over_time_only_some_of_it_is_left_out(row: IgnoredField, field: str) -> None:
    resource_type = min(row.types) if row.types else "microsoft.cognitiveservices/accounts"
    if field == "id":
        return
    owner = [] if resource_type == "microsoft.cognitiveservices/accounts" else [account("prod")]
    left, right = resource("prod", resource_type), resource("prod", resource_type)
    for item, value in ((left, "one"), (right, "other")):
        item[field] = value
    assert paths(snapshot("prod", [*owner, left]), snapshot("prod", [*owner, right])) == (
        [] if row.always else [(f"/{field}", "drift")]
    )


def test_each_row_has_a_reason() -> None:
    assert all(len(row.reason) > 10 and row.fields for row in NATURAL)


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("publicNetworkAccess", None, "Enabled"),
        ("publicNetworkAccess", "enabled", "Enabled"),
        ("disableLocalAuth", None, False),
        ("networkAcls", None, {"defaultAction": "Allow", "ipRules": [], "virtualNetworkRules": None}),
        ("networkAcls", {"ipRules": [{"value": "1.2.3.4"}]}, {"ipRules": [{"value": "1.2.3.4/32"}]}),
        ("networkAcls", {"ipRules": [{"value": "1.1.1.1"}, {"value": "2.2.2.2"}]}, {"ipRules": [{"value": "2.2.2.2"}, {"value": "1.1.1.1"}]}),
        ("migrationToken", "[cut]", None),
        ("allowedFqdnList", ["a.example", "b.example"], ["b.example", "a.example"]),
        ("dynamicThrottlingEnabled", None, None),
    ],
)  # fmt: skip
def test_two_ways_to_write_one_setting(field: str, one: Any, other: Any) -> None:
    assert (
        paths(
            snapshot("test", [account("test", **{field: one})]), snapshot("prod", [account("prod", **{field: other})])
        )
        == []
    )


def test_locations_are_compared_as_regions() -> None:
    left, right = (
        snapshot("test", [account("test", location="East US 2")]),
        snapshot("prod", [account("prod", location="EASTUS2")]),
    )
    assert paths(left, right) == []


def test_a_custom_subdomain_differs_by_nature_but_its_absence_does_not() -> None:
    left = snapshot("test", [account("test")])
    bare = account("prod", customSubDomainName=None, endpoint="https://eastus2.api.cognitive.microsoft.com/")
    assert paths(left, snapshot("prod", [bare])) == [
        ("/properties/customSubDomainName", "drift"),
        ("/properties/endpoint", "drift"),
    ]


def test_tags_that_name_the_environment() -> None:
    left = snapshot("test", [account("test", tags={"env": "Test", "hidden-link:/x": "y", "cost": "1"})])
    right = snapshot("prod", [account("prod", tags={"env": "production", "cost": "2"})])
    assert paths(left, right) == [("/tags/cost", "drift")]


@pytest.mark.parametrize("label", ["test", "prod"])
def test_a_tags_name_has_no_case_and_its_value_has(label: str) -> None:
    def tagged(label: str, **tags: str) -> Any:
        return snapshot(label, [account(label, "voice", tags=tags)])

    left = tagged("prod", CostCenter="A1", Owner="Voice")
    assert paths(left, tagged(label, costcenter="A1", OWNER="Voice")) == []
    right = tagged(label, costCenter="a1", owner="Voice")
    for one, other, before in ((left, right, "A1"), (right, left, "a1")):
        (found,) = changes(one, other)
        assert (found.path, found.before, found.category) == ("/tags/CostCenter", before, "tags")


def test_null_tags_and_no_tags_are_one() -> None:
    left, right = account("test", tags=None), account("prod", tags={})
    assert paths(snapshot("test", [left]), snapshot("prod", [right])) == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ([{"key": "request", "renewalPeriod": 10, "count": 1}], [{"key": "request", "renewalPeriod": 60, "count": 6}], True),
        ([{"key": "request", "renewalPeriod": 10, "count": 1}], [{"key": "request", "renewalPeriod": 60, "count": 10}], False),
    ],
)  # fmt: skip
def test_rate_limits_are_compared_per_minute(one: Any, other: Any, same: bool) -> None:
    owners = account("test"), account("prod")
    left = snapshot("test", [owners[0], deployment(owners[0], rateLimits=one)])
    right = snapshot("prod", [owners[1], deployment(owners[1], rateLimits=other)])
    assert (paths(left, right) == []) is same


def test_internal_capabilities_are_left_out_and_others_are_not() -> None:
    owners = account("test"), account("prod")
    held = [{"_H_key": "x", "area": "US", "agentsV2": "true"}, {"_H_key": "y", "area": "EU", "agentsV2": "false"}]
    left = snapshot("test", [owners[0], deployment(owners[0], capabilities=held[0])])
    right = snapshot("prod", [owners[1], deployment(owners[1], capabilities=held[1])])
    assert paths(left, right) == [("/properties/capabilities/agentsV2", "drift")]


def test_a_log_category_that_is_off_is_as_good_as_none() -> None:
    owners = account("test"), account("prod")
    logs = [
        [
            {
                "category": "Audit",
                "categoryGroup": None,
                "enabled": True,
                "retentionPolicy": {"enabled": False, "days": 0},
            }
        ],
        [{"category": "audit", "enabled": True}, {"category": "Trace", "enabled": False}],
    ]
    left = snapshot("test", [owners[0], diagnostics(owners[0], "test", logs=logs[0])])
    right = snapshot("prod", [owners[1], diagnostics(owners[1], "prod", logs=logs[1])])
    assert paths(left, right) == []


def test_references_are_compared_by_role() -> None:
    assert paths(estate("test"), estate("prod")) == []
    elsewhere = f"{group('prod')}/providers/Microsoft.OperationalInsights/workspaces/siem"
    moved = edited(estate("prod"), "diagnosticSettings", lambda item: item["properties"].update(workspaceId=elsewhere))
    assert paths(estate("test"), moved) == [("/properties/workspaceId", "drift")]


@pytest.mark.parametrize("further", [True, False])
def test_a_region_in_a_name_is_the_same_word_on_both_sides(further: bool) -> None:
    def made(label: str, *more: Resource) -> Any:
        workspace = f"{group(label)}/providers/Microsoft.OperationalInsights/workspaces/logs-sdc-{label}"
        owner = account(label)
        return snapshot(label, [owner, diagnostics(owner, label, workspaceId=workspace), *more])

    # Only production has an account in the region that the workspace's name names.
    second = account("prod", "night-prod", location="swedencentral")
    assert paths(made("test"), made("prod", *[second] * further)) == [("", "drift")] * further


def test_one_shared_thing_is_the_same_for_both_whatever_its_name() -> None:
    shared = "/subscriptions/hub/resourceGroups/rg-prod/providers/Microsoft.OperationalInsights/workspaces/siem-prod"

    def point(item: Resource) -> None:
        item["properties"]["workspaceId"] = shared

    assert (
        paths(edited(estate("test"), "diagnosticSettings", point), edited(estate("prod"), "diagnosticSettings", point))
        == []
    )


def test_to_write_into_the_other_environment_is_drift() -> None:
    def workspaces(label: str) -> Resource:
        return {"id": f"{group(label)}/providers/Microsoft.OperationalInsights/workspaces/logs-{label}"}

    owners = account("test"), account("prod")
    wrong = diagnostics(owners[0], "test", workspaceId=workspaces("prod")["id"])
    left = snapshot("test", [owners[0], wrong, workspaces("test")])
    right = snapshot("prod", [owners[1], diagnostics(owners[1], "prod"), workspaces("prod")])
    assert paths(left, right) == [("/properties/workspaceId", "drift")]


def test_roles_held_count_and_principals_do_not() -> None:
    def assignments(label: str, *held: tuple[str, str]) -> list[Resource]:
        return [
            {
                "id": f"{group(label)}/providers/Microsoft.Authorization/roleAssignments/{label}{number}",
                "properties": {
                    "principalId": f"{label}{number}",
                    "principalType": kind,
                    "scope": group(label).upper(),
                    "roleDefinitionId": f"{subscription(label)}/providers/Microsoft.Authorization/roleDefinitions/{role}",
                },
            }
            for number, (kind, role) in enumerate(held)
        ]

    left = snapshot(
        "test", [account("test"), *assignments("test", ("ServicePrincipal", "user"), ("ServicePrincipal", "user"))]
    )
    right = snapshot("prod", [account("prod"), *assignments("prod", ("ServicePrincipal", "user"))])
    assert paths(left, right) == []
    right = snapshot("prod", [account("prod"), *assignments("prod", ("ServicePrincipal", "user"), ("User", "owner"))])
    found = changes(left, right)
    assert [(one.category, one.path, one.before, one.after) for one in found] == [
        ("identity", "/rolesHeld/User", None, ["owner"])
    ]

    # A condition narrows what is held: with it and without it are two things.
    narrowed, plain = (assignments("test", ("User", "owner")), assignments("prod", ("User", "owner")))
    narrowed[0]["properties"]["condition"] = "@Resource[name] StringEquals 'a'"
    found = changes(snapshot("test", [account("test"), *narrowed]), snapshot("prod", [account("prod"), *plain]))
    assert [(one.path, one.before, one.after) for one in found] == [
        ("/rolesHeld/User", ["owner (conditional)"], ["owner"])
    ]


def test_quota_of_models_that_nobody_deploys_is_not_compared() -> None:
    def usages(label: str, limit: int) -> Resource:
        place = f"{subscription(label)}/providers/Microsoft.CognitiveServices/locations/eastus2/usages"
        names = ("OpenAI.GlobalStandard.gpt-realtime", "OpenAI.Standard.gpt-4")
        return {
            "id": place,
            "value": [{"name": {"value": name}, "limit": limit, "currentValue": limit} for name in names],
        }

    left, right = estate("test"), estate("prod")
    found = changes(
        snapshot("test", [*left.resources, usages("test", 1)]), snapshot("prod", [*right.resources, usages("prod", 2)])
    )
    assert [(one.category, one.path, one.before, one.after) for one in found] == [
        ("quota", "/value/OpenAI.GlobalStandard.gpt-realtime/limit", 1, 2)
    ]


def test_private_endpoints_are_compared_without_their_generated_names() -> None:
    def endpoint(label: str, number: int, status: str) -> Resource:
        owner = account(label)["id"]
        return {
            "id": f"{group(label)}/providers/Microsoft.Network/privateEndpoints/pe-voice-{label}",
            "location": "eastus2",
            "properties": {
                "subnet": {"id": f"{group(label)}/providers/Microsoft.Network/virtualNetworks/vnet-{label}/subnets/pe"},
                "networkInterfaces": [{"id": f"nic.{number}"}],
                "privateLinkServiceConnections": [
                    {
                        "id": f"generated-{number}",
                        "name": f"connection.{number}",
                        "properties": {
                            "privateLinkServiceId": owner,
                            "groupIds": ["account"],
                            "privateLinkServiceConnectionState": {
                                "status": status,
                                "description": f"Auto Approved {number}",
                            },
                        },
                    }
                ],
            },
        }

    left = snapshot("test", [account("test"), endpoint("test", 1, "Approved")])
    assert paths(left, snapshot("prod", [account("prod"), endpoint("prod", 2, "Approved")])) == []
    found = changes(left, snapshot("prod", [account("prod"), endpoint("prod", 2, "Pending")]))
    assert [(one.category, one.path) for one in found] == [
        ("privateEndpoints", "/properties/privateLinkServiceConnections")
    ]


def test_content_filters_are_told_by_name() -> None:
    def relax(item: Resource) -> None:
        item["properties"]["contentFilters"][0]["blocking"] = False

    (found,) = changes(estate("test"), edited(estate("prod"), "raiPolicies", relax))
    assert (found.category, found.path) == ("contentSafety", "/properties/contentFilters")
    assert found.meaning is not None
    assert "blocking true → false: no longer blocked: Hate on Completion" in found.meaning
    assert filters(account("test"))["properties"]["contentFilters"][0]["blocking"] is True


def test_a_set_in_another_order_is_the_same_in_a_file_that_nobody_sorted() -> None:
    def rules(label: str, *values: str) -> Resource:
        return account(label, networkAcls={"defaultAction": "Deny", "ipRules": [{"value": value} for value in values]})

    left = replace(snapshot("test", []), resources=[rules("test", "198.51.100.2", "198.51.100.1")])
    right = replace(snapshot("prod", []), resources=[rules("prod", "198.51.100.1", "198.51.100.2")])
    assert paths(left, right) == []
    right = replace(right, resources=[rules("prod", "198.51.100.1", "198.51.100.3")])
    (found,) = changes(left, right)
    assert found.before == [{"value": "198.51.100.1"}, {"value": "198.51.100.2"}]
    assert found.meaning == "+ 198.51.100.3, - 198.51.100.2"
