"""The identities that client contracts name: read with one GET each, and nothing else of the app is kept."""

from __future__ import annotations

from typing import Any

import pytest

from rtaudit.contract import parse_contract
from rtaudit.subjects import EstateIndex
from tests.collect.support import SUB, VOICE, Cloud, Reply, denied, gather, group

BRIDGE = f"{group()}/providers/Microsoft.Web/sites/bridge"
IDENTITY = f"{group()}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/voice"
WHO = "44444444-0000-4000-8000-000000000004"
HEAD = "schema: rtaudit.client/1\nname: bridge\ntransport: websocket\nrunsIn: server\nauth: entra\naccount: voice\n"


def contract(caller: str) -> dict[str, Any]:
    return parse_contract(HEAD + f"caller: {caller}\n", "bridge.yaml")


def asked_for(cloud: Cloud, what: str) -> int:
    return sum(path.lower().endswith(what.lower()) for path in cloud.paths())


def test_an_app_is_asked_for_once_and_only_its_identity_is_kept(cloud: Cloud) -> None:
    cloud.on(BRIDGE, Reply(200, {
        "id": BRIDGE, "name": "bridge", "type": "Microsoft.Web/sites", "location": "East US 2",
        "identity": {"type": "SystemAssigned", "principalId": WHO, "tenantId": "33333333-0000-4000-8000-000000000003"},
        "properties": {"defaultHostName": "bridge.azurewebsites.net", "siteConfig": {"appSettings": [{"name": "A"}]}},
    }))  # fmt: skip
    found = gather(cloud, clients=[contract(BRIDGE)])
    (kept,) = [one for one in found.snapshot.resources if one["id"] == BRIDGE]
    assert set(kept) == {"id", "name", "type", "location", "identity"}
    assert asked_for(cloud, "/sites/bridge") == 1
    (client,) = EstateIndex(found.snapshot).each("client")
    assert client.fact("callerPrincipals") == [WHO]


def test_a_principal_id_costs_no_read(cloud: Cloud) -> None:
    before = len(gather(cloud).snapshot.resources)
    calls = len(cloud.asked)
    assert len(gather(cloud, clients=[contract(WHO)]).snapshot.resources) == before
    assert len(cloud.asked) == 2 * calls


@pytest.mark.parametrize("reply", [denied(), Reply(404, {"error": {"code": "ResourceNotFound"}})], ids=["403", "404"])
def test_an_identity_that_cannot_be_read_is_a_gap(cloud: Cloud, reply: Reply) -> None:
    cloud.on(IDENTITY, reply)
    found = gather(cloud, clients=[contract(IDENTITY)]).snapshot
    (gap,) = [one for one in found.gaps if one.scope == IDENTITY]
    assert gap.aspect == "roleAssignments"
    (client,) = EstateIndex(found).each("client")
    assert client.join("facts.callerFit").gaps == (gap,)


def test_what_a_role_at_a_project_grants_is_kept_to_be_told(cloud: Cloud) -> None:
    scope = f"{VOICE}/projects/p"
    role = (
        f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleDefinitions/5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"
    )
    row = {
        "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/a",
        "properties": {
            "scope": scope,
            "principalId": WHO,
            "principalType": "ServicePrincipal",
            "roleDefinitionId": role,
        },
    }
    cloud.lists[f"/subscriptions/{SUB}/providers/microsoft.authorization/roleassignments"].append(row)
    (client,) = EstateIndex(gather(cloud, clients=[contract(WHO)]).snapshot).each("client")
    assert "on the project p alone" in client.fact("callerFit")
