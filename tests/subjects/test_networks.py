"""Facts of private endpoints: groups, zones, links and records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rtaudit.snapshot import Gap
from rtaudit.snapshot.aspects import RECORDS
from rtaudit.subjects import EstateIndex
from tests.subjects.estates import (
    ACCOUNT,
    ENDPOINT,
    NETWORK,
    OTHER_SUB,
    SUB,
    ZONES,
    Resource,
    account,
    estate,
    gap,
    the,
)

OPENAI = f"{ZONES}/privatelink.openai.azure.com"
COGNITIVE = f"{ZONES}/privatelink.cognitiveservices.azure.com"
HOSTS = {"endpoint": "https://voice.openai.azure.com/", "endpoints": {"a": "https://VOICE.cognitiveservices.azure.com"}}
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
    assert estate(account(), endpoint(target=f"{ACCOUNT}2")).private_endpoints == []
    assert estate(account(), {"id": ENDPOINT, "properties": None}).private_endpoints == []


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


def test_required_zones_are_those_of_its_accounts() -> None:
    one = the("privateEndpoint", account(**HOSTS), endpoint())
    assert one.fact("requiredDnsZones") == ["privatelink.cognitiveservices.azure.com", "privatelink.openai.azure.com"]
    assert (
        the("privateEndpoint", account(**HOSTS), endpoint(), cloud="AzureChinaCloud")
        .join("facts.requiredDnsZones")
        .gaps
    )


def _links(*resources: Resource, **settings: Any) -> tuple[dict[str, Any], bool]:
    stated = account(endpoint=HOSTS["endpoint"])
    joined = the("privateEndpoint", stated, endpoint(), *resources, **settings).join("facts.zoneLinks")
    return {row["id"]: ... if row["networks"].gaps else row["networks"].value for row in joined.value}, not joined.gaps


def test_zone_links() -> None:
    spoke = NETWORK.replace("hub", "spoke")
    zones = [{"id": OPENAI}, {"id": COGNITIVE}]
    linked = [link(OPENAI, NETWORK.upper()), link(OPENAI, spoke), link(COGNITIVE, spoke)]
    both = group((OPENAI, []), (COGNITIVE, []))
    found, whole = _links(both, *zones, *linked)
    assert whole
    assert found == {OPENAI: sorted([NETWORK.lower(), spoke.lower()]), COGNITIVE: [spoke.lower()]}
    one = the("privateEndpoint", account(**HOSTS), endpoint(), both, *zones, *linked)
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
    one = the(
        "privateEndpoint",
        account(endpoint="https://Voice.openai.azure.com/"),
        endpoint(customDnsConfigs=custom),
        *resources,
    )
    (row,) = one.fact("hostRecords")
    assert (row["host"], row["expected"]) == (HOST, expected)
    assert (... if row["actual"].gaps else row["actual"].value) == actual
    assert bool(row["matches"].gaps) is (actual is ...)
    if actual is not ...:
        assert row["matches"].value is (expected == actual)


def test_records_of_zones_that_the_account_does_not_need_are_left_alone() -> None:
    services = f"{ZONES}/privatelink.services.ai.azure.com"
    zones = group((OPENAI, [record_set("voice", "10.0.0.4")]), (BLOB, []), (services, []))
    one = the("privateEndpoint", account(endpoint=HOSTS["endpoint"]), endpoint(), zones)
    assert [row["host"] for row in one.fact("hostRecords")] == [HOST]
    both = {"endpoint": HOSTS["endpoint"], "endpoints": {"a": "https://voice.services.ai.azure.com/"}}
    two = the("privateEndpoint", account(**both), endpoint(), zones)
    assert [row["host"] for row in two.fact("hostRecords")] == [HOST, "voice.services.ai.azure.com"]


def test_where_every_zone_s_records_were_read_what_is_not_there_is_not_there() -> None:
    """What a zone group says that it wrote counts only in snapshots from before zones were read."""
    said = group((OPENAI, [record_set("voice", "10.0.0.4")]))
    resources = [account(endpoint=HOSTS["endpoint"]), endpoint(), said, {"id": OPENAI}]
    read = estate(*resources)
    read = EstateIndex(replace(read.snapshot, scope={**read.snapshot.scope, "leftOut": {"rules": [RECORDS]}}))
    (row,) = read.private_endpoints[0].fact("hostRecords")
    assert (row["actual"].value, row["actual"].gaps, row["expected"]) == ([], (), ["10.0.0.4"])
    (old,) = the("privateEndpoint", *resources).fact("hostRecords")
    assert old["actual"].value == ["10.0.0.4"]


def test_a_zone_of_ten_thousand_records_costs_one_lookup_a_host() -> None:
    many = [a_record(OPENAI, f"other-{number}", "10.9.9.9") for number in range(10_000)]
    records = [*many, a_record(OPENAI, "voice", "10.0.0.4")]
    resources = [
        account(endpoint=HOSTS["endpoint"]),
        endpoint(customDnsConfigs=CUSTOM),
        {"id": OPENAI},
        link(OPENAI, NETWORK),
    ]
    one = the("privateEndpoint", *resources, *records)
    assert [row["answered"] for row in one.fact("hostZones")] == [True]
    assert one.fact("hostRecords")[0]["matches"].value is True


SPOKE = OPENAI.replace("rg-voice", "rg-spoke")


@pytest.mark.parametrize(
    ("resources", "answered", "conflicts"),
    [
        # A zone group that writes to the zone is enough.
        ([group((OPENAI, []))], True, {}),
        # So is a record by hand in a zone that the network is linked to.
        ([{"id": OPENAI}, link(OPENAI, NETWORK), a_record(OPENAI, "voice", "10.0.0.4")], True, {NETWORK: False}),
        (
            [{"id": OPENAI}, link(OPENAI, NETWORK.replace("hub", "spoke")), a_record(OPENAI, "voice", "10.0.0.4")],
            False,
            None,
        ),
        # Nothing of the name was seen: a zone elsewhere may answer.
        ([], ..., {}),
        # Another zone of the name: a network resolves by that one alone.
        (
            [group((OPENAI, [])), {"id": OPENAI}, {"id": SPOKE}, link(SPOKE, NETWORK)],
            True,
            {NETWORK: True},
        ),
        (
            [group((OPENAI, [])), {"id": OPENAI}, {"id": SPOKE}, link(OPENAI, NETWORK), link(SPOKE, NETWORK)],
            True,
            {NETWORK: True},
        ),
    ],
)
def test_host_zones(resources: list[Resource], answered: Any, conflicts: Any) -> None:
    one = the("privateEndpoint", account(endpoint=HOSTS["endpoint"]), endpoint(), *resources)
    (row,) = one.fact("hostZones")
    found = row["answered"]
    assert (found if found is True else ... if found.gaps else found.value) == answered
    if conflicts is not None:
        rows = {row["network"]: row["conflict"] for row in one.fact("networkZones")}
        assert rows == {network.lower(): conflict for network, conflict in conflicts.items()}
        assert (one.fact("linkedElsewhere") != "none") is any(conflicts.values())


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
    found = estate(stated, {"id": ENDPOINT}, gaps=gaps)
    assert [one.scope for one in found.unread_endpoints] == unread
    assert set(found.listing_gaps("privateEndpoint")) == {*gaps, *found.unread_endpoints}
    assert estate(stated, aspects=["accounts"]).unread_endpoints == ()
