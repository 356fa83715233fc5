"""Private endpoints that belong to more than one account, or stand in a hub that several environments share."""

from __future__ import annotations

from typing import Any

import pytest

from rtaudit.drift import Change
from rtaudit.snapshot import Snapshot

from .estate import Resource, account, changes, group, run, snapshot

HUB = "/subscriptions/hub/resourceGroups/network"


def endpoint(place: str, name: str, *targets: Resource) -> Resource:
    return {
        "id": f"{place}/providers/Microsoft.Network/privateEndpoints/{name}",
        "location": "eastus2",
        "properties": {
            "privateLinkServiceConnections": [
                {
                    "name": f"connection-{number}",
                    "properties": {"privateLinkServiceId": target["id"], "groupIds": ["account"]},
                }
                for number, target in enumerate(targets)
            ]
        },
    }


def zone_group(owner: Resource) -> Resource:
    return {"id": f"{owner['id']}/privateDnsZoneGroups/default", "properties": {"privateDnsZoneConfigs": []}}


def told(left: Snapshot, right: Snapshot) -> list[tuple[str, str, str]]:
    def said(change: Change) -> tuple[str, str, str]:
        return change.type.rsplit("/", 1)[-1], change.kind, change.path

    there, back = [said(one) for one in changes(left, right)], [said(one) for one in changes(right, left)]
    mirror = {"added": "removed", "removed": "added", "changed": "changed"}
    assert sorted(there) == sorted((kind, mirror[how], path) for kind, how, path in back)
    return there


def test_an_endpoint_that_both_snapshots_hold_is_one() -> None:
    alpha, omega = account("test", "alpha"), account("prod", "omega")
    shared = endpoint(HUB, "pe", alpha, omega)
    more = [shared, zone_group(shared)]
    found = sorted(told(snapshot("test", [alpha, *more]), snapshot("prod", [omega, *more])))
    assert found == [("accounts", "added", ""), ("accounts", "removed", "")]


def test_an_endpoint_of_two_roles_that_both_snapshots_hold_is_one() -> None:
    left, right = ([account(label), account(label, f"chat-{label}")] for label in ("test", "prod"))
    shared = endpoint(HUB, "pe", left[0], right[1])
    drift = run(snapshot("test", [*left, shared]), snapshot("prod", [*right, shared]))
    assert drift.comparisons[0].changes == []
    assert [pair.by for pair in drift.comparisons[0].pairs if pair.type.endswith("privateendpoints")] == ["id"]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("further", [True, False])
def test_the_first_of_several_connections_says_not_whose_an_endpoint_is(order: int, further: bool) -> None:
    left, right = ([account(label), account(label, f"chat-{label}")] for label in ("test", "prod"))
    one = endpoint(group("test"), "pe-test", *left)
    other = endpoint(group("prod"), "pe-prod", *right[::order][: 2 if further else 1])
    found = told(snapshot("test", [*left, one]), snapshot("prod", [*right, other]))
    assert found == [("privateendpoints", "changed", "/properties/privateLinkServiceConnections")] * (not further)


@pytest.mark.parametrize("listed", [True, False])
def test_an_endpoint_that_serves_the_other_side_too_is_not_missing_there(listed: bool) -> None:
    def both(label: str, **more: Any) -> Resource:
        return account(label, **more)

    shared = endpoint(HUB, "pe", both("test"), both("prod"))
    connection = {"properties": {"privateEndpoint": {"id": shared["id"].upper()}}}
    told_there = {"privateEndpointConnections": [connection]} if listed else {}
    left = snapshot("test", [both("test", **told_there)])
    right = snapshot("prod", [both("prod", **told_there), shared, zone_group(shared)])
    assert told(left, right) == []


@pytest.mark.parametrize("listed", [True, False])
def test_of_an_account_in_both_snapshots_the_account_says_whether_the_endpoint_is_there(listed: bool) -> None:
    def shared(label: str, *more: Resource, there: bool) -> Snapshot:
        connection = {"properties": {"privateEndpoint": {"id": pe["id"]}}}
        held = account("hub", "voice", privateEndpointConnections=[connection] if there else None)
        return snapshot(label, [held, *more])

    pe = endpoint(HUB, "pe", account("hub", "voice"))
    left, right = shared("test", pe, there=True), shared("prod", there=listed)
    found = [one for one in told(left, right) if one[0] == "privateendpoints"]
    assert found == ([] if listed else [("privateendpoints", "removed", "")])


def test_an_endpoint_of_one_environment_alone_is_still_missing() -> None:
    owner = account("test")
    left = snapshot("test", [owner, endpoint(group("test"), "pe-test", owner)])
    assert told(left, snapshot("prod", [account("prod")])) == [("privateendpoints", "removed", "")]
