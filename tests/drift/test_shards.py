"""A shard is not the whole: what it lacks another part of the collection may hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rtaudit.drift import Drift, DriftPolicy
from rtaudit.drift.policy import Entry
from rtaudit.snapshot import Snapshot

from .estate import Resource, account, deployment, group, run, snapshot

SAID = "this is shard 1/2 of a collection: `rtaudit snapshot merge` joins them"


def part(given: Snapshot, number: int = 1) -> Snapshot:
    return replace(given, scope={**given.scope, "shard": f"{number}/2"})


def told(drift: Drift) -> list[tuple[str, str, str, str]]:
    return [
        (change.decision, change.role, change.type.rsplit("/", 1)[-1], change.kind)
        for change in drift.comparisons[0].changes
    ]


UNSEEN = ("unknown", "environment", "accounts", "changed")


def endpoint(owner: Resource, label: str) -> Resource:
    connection = {"properties": {"privateLinkServiceId": owner["id"], "groupIds": ["account"]}}
    return {
        "id": f"{group(label)}/providers/Microsoft.Network/privateEndpoints/pe-{label}",
        "properties": {"privateLinkServiceConnections": [connection]},
    }


def whole(label: str) -> Snapshot:
    """Two accounts, one of them with an endpoint, and a workspace."""
    voice, chat = account(label), account(label, f"chat-{label}")
    workspace = {"id": f"{group(label)}/providers/Microsoft.OperationalInsights/workspaces/logs-{label}"}
    more = [deployment(voice), deployment(chat, "chat"), endpoint(chat, label), workspace]
    return snapshot(label, [voice, chat, *more])


def shard(label: str) -> Snapshot:
    """What the part of one account holds: endpoints are listed by every part."""
    voice, chat = account(label), account(label, f"chat-{label}")
    return part(snapshot(label, [voice, deployment(voice), endpoint(chat, label)]))


@pytest.mark.parametrize("mirrored", [True, False])
def test_what_a_shard_lacks_is_unknown(mirrored: bool) -> None:
    left, right = (shard("test"), whole("prod")) if mirrored else (whole("test"), shard("prod"))
    drift = run(left, right)
    assert told(drift) == [UNSEEN]
    label = "test" if mirrored else "prod"
    (change,) = drift.comparisons[0].changes
    assert (change.decided_by, drift.verdict, drift.exit_code) == (f"{label}: {SAID}", "incomplete", 4)
    (warning,) = drift.warnings
    assert warning.startswith(f"{label} is shard 1/2 of a collection: what the others hold is not compared")


def test_parts_of_two_environments_hold_what_they_hold() -> None:
    other = part(snapshot("prod", [account("prod", "chat-prod")]), 2)
    drift = run(shard("test"), other)
    assert told(drift) == [UNSEEN]
    assert len(drift.warnings) == 2


def test_what_hangs_on_an_account_that_a_shard_read_is_seen() -> None:
    left = whole("test")
    right = part(snapshot("prod", [account("prod")]))
    assert told(run(left, right)) == [("drift", "voice/voice", "deployments", "removed"), UNSEEN]


def test_zones_of_an_endpoint_are_another_parts() -> None:
    def zoned(label: str, *, seen: bool) -> Snapshot:
        owner = account(label)
        pe = endpoint(owner, label)
        zones = {"id": f"{pe['id']}/privateDnsZoneGroups/default", "properties": {"privateDnsZoneConfigs": []}}
        return snapshot(label, [owner, pe, *[zones] * seen])

    assert told(run(zoned("test", seen=True), part(zoned("prod", seen=False)))) == [UNSEEN]
    assert told(run(part(zoned("test", seen=True)), zoned("prod", seen=False)))[0][0] == "drift"


def test_over_time_a_shard_is_held_against_the_whole() -> None:
    prod = whole("prod")
    assert told(run(prod, shard("prod"))) == told(run(shard("prod"), prod)) == [UNSEEN]
    other = part(snapshot("prod", [account("prod"), account("prod", "night-prod")]), 2)
    assert ("unknown", "environment") in {one[:2] for one in told(run(shard("prod"), other))}
    assert not [one for one in told(run(shard("prod"), other)) if one[2] == "accounts" and one != UNSEEN]


def test_over_time_one_part_holds_the_same_accounts() -> None:
    # Which part an account belongs to follows from its id: it did not go to another.
    later = part(snapshot("prod", [account("prod"), account("prod", "night-prod")]))
    found = told(run(shard("prod"), later))
    assert ("drift", "night-prod", "accounts", "added") in found
    assert ("drift", "voice-prod/voice", "deployments", "removed") in found
    assert UNSEEN in found


def test_where_accounts_are_ignored_what_else_a_shard_hides_is_unknown() -> None:
    policy = DriftPolicy([Entry("e", ignore=True, types=("microsoft.cognitiveservices/accounts",))])
    found = told(run(whole("test"), shard("prod"), policy))
    assert ("unknown", "logs", "workspaces", "removed") in found
    assert ("ignored", "environment", "accounts", "changed") in found
    assert not [one for one in found if one[0] == "drift"]


def test_client_contracts_are_no_parts() -> None:
    left = replace(snapshot("test", [account("test")]), clients=[{"name": "frontdesk"}])
    assert ("drift", "client/frontdesk", "client", "removed") in [
        (one.decision, one.left, one.type, one.kind)
        for one in run(left, part(snapshot("prod", [account("prod")]))).comparisons[0].changes
    ]
