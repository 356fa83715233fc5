"""Facts of private endpoints: groups, zones, links and records."""

from __future__ import annotations

from typing import Any

import pytest

from rtaudit.snapshot import Gap
from tests.subjects.worlds import (
    ACCOUNT,
    ENDPOINT,
    GROUP,
    NETWORK,
    OTHER_SUB,
    SUB,
    ZONES,
    Resource,
    account,
    gap,
    the,
    world,
)

OPENAI = f"{ZONES}/privatelink.openai.azure.com"
COGNITIVE = f"{ZONES}/privatelink.cognitiveservices.azure.com"
BLOB = f"{ZONES}/privatelink.blob.core.windows.net"
AWAY = OPENAI.replace(SUB, OTHER_SUB)


def endpoint(manual: bool = False, target: str = ACCOUNT, groups: Any = ("account",), **properties: Any) -> Resource:
    name = "manualPrivateLinkServiceConnections" if manual else "privateLinkServiceConnections"
    connection = {
        "properties": {"privateLinkServiceId": target, "groupIds": list(groups) if groups is not None else None}
    }
    subnet = {"id": f"{NETWORK}/subnets/endpoints"}
    return {"id": ENDPOINT, "properties": {name: [connection], "subnet": subnet, **properties}}


def group(*zones: tuple[str, list[Resource] | None]) -> Resource:
    configs = [{"properties": {"privateDnsZoneId": zone, "recordSets": records}} for zone, records in zones]
    return {"id": f"{ENDPOINT}/privateDnsZoneGroups/default", "properties": {"privateDnsZoneConfigs": configs}}


def record_set(name: str, *addresses: str) -> Resource:
    return {"recordType": "A", "recordSetName": name, "ipAddresses": list(addresses)}


def link(zone: str, network: str) -> Resource:
    return {"id": f"{zone}/virtualNetworkLinks/l-{network[-3:]}", "properties": {"virtualNetwork": {"id": network}}}


def a_record(zone: str, name: str, *addresses: str) -> Resource:
    return {"id": f"{zone}/A/{name}", "properties": {"aRecords": [{"ipv4Address": one} for one in addresses]}}


@pytest.mark.parametrize(
    ("resource", "groups"),
    [
        (endpoint(), ["account"]),
        (endpoint(manual=True, target=ACCOUNT.upper()), ["account"]),
        (endpoint(groups=("openai", "account")), ["account", "openai"]),
        (endpoint(groups=None), []),
    ],
)
def test_group_ids_of_automatic_and_manual_connections(resource: Resource, groups: list[str]) -> None:
    assert the("privateEndpoint", account(), resource).fact("groupIds") == groups


def test_an_endpoint_of_another_target_is_no_subject() -> None:
    assert world(account(), endpoint(target=f"{ACCOUNT}2")).private_endpoints == []
    assert world(account(), {"id": ENDPOINT, "properties": None}).private_endpoints == []


def test_group_ids_are_those_of_the_accounts_in_scope_only() -> None:
    both = endpoint()
    both["properties"]["manualPrivateLinkServiceConnections"] = [
        {"properties": {"privateLinkServiceId": "/subscriptions/x/vault", "groupIds": ["vault"]}}
    ]
    assert the("privateEndpoint", account(), both).fact("groupIds") == ["account"]


@pytest.mark.parametrize(
    ("subnet", "network"),
    [
        ({"id": f"{NETWORK}/subnets/endpoints"}, NETWORK),
        ({"id": f"{NETWORK}/SUBNETS/x"}, NETWORK),
        ({"id": NETWORK}, None),
        (None, None),
        ({"id": None}, None),
    ],
)
def test_virtual_network(subnet: Any, network: str | None) -> None:
    assert the("privateEndpoint", account(), endpoint(subnet=subnet)).fact("virtualNetwork") == network


def test_zones_of_several_groups_and_of_every_spelling() -> None:
    second = {**group((OPENAI.upper(), [])), "id": f"{ENDPOINT}/privateDnsZoneGroups/second"}
    one = the("privateEndpoint", account(), endpoint(), group((OPENAI, []), (COGNITIVE, None)), second)
    assert one.fact("zoneNames") == ["privatelink.cognitiveservices.azure.com", "privatelink.openai.azure.com"]
    denied = the("privateEndpoint", account(), endpoint(), gaps=[gap("privateEndpoints", ENDPOINT)])
    assert denied.join("facts.zoneNames").gaps
    assert denied.join("zoneGroups").gaps


@pytest.mark.parametrize("cloud", ["AzureCloud", "AzureUSGovernment"])
def test_required_zones_are_those_of_its_accounts(cloud: str) -> None:
    one = the("privateEndpoint", account(kind="OpenAI"), endpoint(), cloud=cloud)
    assert len(one.fact("requiredDnsZones")) == 2
    assert the("privateEndpoint", account(), endpoint(), cloud="AzureChinaCloud").join("facts.requiredDnsZones").gaps


def _links(*resources: Resource, **settings: Any) -> tuple[dict[str, Any], bool]:
    joined = the("privateEndpoint", account(), endpoint(), *resources, **settings).join("facts.zoneLinks")
    return {row["id"]: ... if row["networks"].gaps else row["networks"].value for row in joined.value}, not joined.gaps


def test_zone_links() -> None:
    spoke = NETWORK.replace("hub", "spoke")
    zones = [{"id": OPENAI}, {"id": COGNITIVE}]
    linked = [link(OPENAI, NETWORK.upper()), link(OPENAI, spoke), link(COGNITIVE, spoke)]
    both = group((OPENAI, []), (COGNITIVE, []))
    found, whole = _links(both, *zones, *linked)
    assert whole
    assert found == {OPENAI: sorted([NETWORK.lower(), spoke.lower()]), COGNITIVE: [spoke.lower()]}
    one = the("privateEndpoint", account(), endpoint(), both, *zones, *linked)
    assert one.fact("linkedNetworks") == [spoke.lower()]


def test_a_zone_that_was_not_read_is_a_gap_of_that_zone_alone() -> None:
    found, whole = _links(group((OPENAI, []), (AWAY, [])), {"id": OPENAI})
    assert (found, whole) == ({OPENAI: [], AWAY: ...}, True)
    found, whole = _links(
        group((OPENAI, []), (COGNITIVE, [])), {"id": OPENAI}, {"id": COGNITIVE}, gaps=[gap("privateDns", OPENAI)]
    )
    assert (found, whole) == ({OPENAI: ..., COGNITIVE: []}, True)
    one = the("privateEndpoint", account(), endpoint(), group((AWAY, [])))
    assert one.join("facts.linkedNetworks").gaps


HOST = "voice.openai.azure.com"
CUSTOM = [
    {"fqdn": f"{HOST}.", "ipAddresses": ["10.0.0.4"]},
    {"fqdn": "other.openai.azure.com", "ipAddresses": ["10.0.0.9"]},
]


@pytest.mark.parametrize(
    ("resources", "custom", "expected", "actual"),
    [
        # The zone's own record counts where it was read.
        ([group((OPENAI, [])), a_record(OPENAI, "voice", "10.0.0.4")], CUSTOM, ["10.0.0.4"], ["10.0.0.4"]),
        ([group((OPENAI, [])), a_record(OPENAI.upper(), "VOICE", "10.0.0.7")], CUSTOM, ["10.0.0.4"], ["10.0.0.7"]),
        (
            [group((OPENAI, [record_set("voice", "10.0.0.4")])), a_record(OPENAI, "voice", "10.0.0.7")],
            [],
            ["10.0.0.4"],
            ["10.0.0.7"],
        ),
        ([group((OPENAI, [])), a_record(OPENAI, "voice")], CUSTOM, ["10.0.0.4"], []),
        # Else what the zone group wrote.
        ([group((OPENAI, [record_set("Voice", "10.0.0.4")]))], CUSTOM, ["10.0.0.4"], ["10.0.0.4"]),
        (
            [group((OPENAI, [record_set("voice", "10.0.0.5", "10.0.0.4")]))],
            None,
            ["10.0.0.4", "10.0.0.5"],
            ["10.0.0.4", "10.0.0.5"],
        ),
        ([group((OPENAI, [{**record_set("voice", "10.0.0.4"), "recordType": "AAAA"}]))], CUSTOM, ["10.0.0.4"], ...),
        # A zone group without records (Azure returns the key empty), and the zone was not read.
        ([group((OPENAI, []))], CUSTOM, ["10.0.0.4"], ...),
        ([group((OPENAI, None))], CUSTOM, ["10.0.0.4"], ...),
        ([group((AWAY, []))], CUSTOM, ["10.0.0.4"], ...),
        # The endpoint does not say where it is.
        ([group((OPENAI, [])), a_record(OPENAI, "voice", "10.0.0.4")], [], [], ...),
        ([group((OPENAI, [])), a_record(OPENAI, "voice", "10.0.0.4")], [{"fqdn": HOST, "ipAddresses": None}], [], ...),
    ],
)
def test_host_records(resources: list[Resource], custom: Any, expected: list[str], actual: Any) -> None:
    one = the("privateEndpoint", account(customSubDomainName="Voice"), endpoint(customDnsConfigs=custom), *resources)
    (row,) = one.fact("hostRecords")
    assert (row["host"], row["expected"]) == (HOST, expected)
    assert (... if row["actual"].gaps else row["actual"].value) == actual
    assert bool(row["matches"].gaps) is (actual is ...)
    if actual is not ...:
        assert row["matches"].value is (expected == actual)


def test_records_of_zones_that_the_account_does_not_need_are_left_alone() -> None:
    services = f"{ZONES}/privatelink.services.ai.azure.com"
    zones = group((OPENAI, [record_set("voice", "10.0.0.4")]), (BLOB, []), (services, []))
    one = the("privateEndpoint", account(kind="OpenAI"), endpoint(), zones)
    assert [row["host"] for row in one.fact("hostRecords")] == [HOST]
    two = the("privateEndpoint", account(kind="AIServices"), endpoint(), zones)
    assert [row["host"] for row in two.fact("hostRecords")] == [HOST, "voice.services.ai.azure.com"]


def test_without_a_custom_subdomain_the_account_s_name_is_the_host() -> None:
    one = the("privateEndpoint", account(), endpoint(), group((OPENAI, [record_set("voice", "10.0.0.4")])))
    assert one.fact("hostRecords")[0]["host"] == HOST
    assert one.join("accounts").value[0]["id"] == ACCOUNT
    assert GROUP in one.resource


HUB = ENDPOINT.replace(SUB, OTHER_SUB)


def connected(status: str = "Approved", endpoint: str = HUB) -> Resource:
    stated = {"privateEndpoint": {"id": endpoint}, "privateLinkServiceConnectionState": {"status": status}}
    return account(privateEndpointConnections=[{"properties": stated}, {"properties": None}, None])


@pytest.mark.parametrize(
    ("stated", "gaps", "unread"),
    [
        (connected(), [], [HUB]),
        (connected("approved", HUB.upper()), [], [HUB.upper()]),
        (connected("Pending"), [], []),
        (connected("Disconnected"), [], []),
        (connected(endpoint=ENDPOINT), [], []),
        # The gap of the list, or of the endpoint, says it already.
        (connected(), [gap("privateEndpoints", OTHER_SUB)], []),
        (connected(), [gap("privateEndpoints", SUB)], [HUB]),
    ],
)
def test_an_approved_endpoint_that_nobody_read_hides_a_subject(
    stated: Resource, gaps: list[Gap], unread: list[str]
) -> None:
    found = world(stated, {"id": ENDPOINT}, gaps=gaps)
    assert [one.scope for one in found.unread_endpoints] == unread
    assert set(found.listing_gaps("privateEndpoint")) == {*gaps, *found.unread_endpoints}
    assert world(stated, aspects=["accounts"]).unread_endpoints == ()
