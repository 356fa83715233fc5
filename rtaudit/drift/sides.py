"""Side index: indexes one snapshot of a comparison by type, id and parent, with the tokens that name its environment."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from rtaudit.azure import arm_id, shapes
from rtaudit.azure.resource_types import ACCOUNT, ASSIGNMENT, DEPLOYMENT, LOCK
from rtaudit.contract.sections import in_environment
from rtaudit.documents.json_values import mappings, properties, text
from rtaudit.drift import names
from rtaudit.snapshot import Snapshot

CLIENT = "client"
"""The type of a client contract, which is no Azure resource."""

HELD = frozenset({ASSIGNMENT, LOCK})
"""Compared between environments as what is held at an account, not one by one."""

Resource = dict[str, Any]


class SideIndex:
    """A snapshot with what pairing and normalising ask of it. Nothing in it is copied."""

    def __init__(self, snapshot: Snapshot, tokens: frozenset[str] | None = None) -> None:
        self.snapshot = snapshot
        self.label = snapshot.environment
        self.tokens = names.tokens_of_label(snapshot.environment) if tokens is None else tokens
        self.index = snapshot.index
        self.by_key: dict[str, Resource] = self.index.by_key
        self.by_type: dict[str, list[Resource]] = dict(self.index.by_type)
        self.clients: list[Resource] = [in_environment(client, self.label) for client in snapshot.clients]
        if self.clients:
            self.by_type[CLIENT] = self.clients

    @cached_property
    def accounts_by_name(self) -> dict[str, list[Resource]]:
        """Accounts by their name in lower case, which may be that of several."""
        found: dict[str, list[Resource]] = {}
        for item in self.by_type.get(ACCOUNT, ()):
            found.setdefault(name(item).lower(), []).append(item)
        return found

    @cached_property
    def client_keys(self) -> frozenset[str]:
        """Keys of its client contracts."""
        return frozenset(arm_id.key(client["id"]) for client in self.clients)

    @cached_property
    def caller_roles(self) -> dict[str, list[str]]:
        """Id of a client contract -> the roles of the caller that it names, where they are known."""
        from rtaudit.subjects import EstateIndex  # most comparisons need no facts

        found = {one.resource: one.join("facts.callerRoles") for one in EstateIndex(self.snapshot).clients}
        return {contract: one.value for contract, one in found.items() if one.value is not None and not one.gaps}

    @cached_property
    def regions(self) -> frozenset[str]:
        """The words that name a region in which it has accounts."""
        return names.region_tokens(arm_id.region(text(item.get("location"))) for item in self.by_type.get(ACCOUNT, ()))

    @cached_property
    def hosts(self) -> dict[str, str]:
        """First label of an account's host names, lower case -> the account's key."""
        found: dict[str, str] = {}
        for item in self.by_type.get(ACCOUNT, ()):
            account = arm_id.key(item["id"])
            found.setdefault(arm_id.name_of(account), account)
            subdomain = text(properties(item).get("customSubDomainName"))
            if subdomain:
                found[subdomain.lower()] = account
        return found

    @cached_property
    def model_names(self) -> frozenset[str]:
        """Names of deployed models in lower case, with and without their version, as quota names them."""
        found: set[str] = set()
        for item in self.by_type.get(DEPLOYMENT, ()):
            model = properties(item).get("model")
            if isinstance(model, dict) and isinstance(model.get("name"), str):
                name = model["name"].lower()
                found |= {name, f"{name}-{str(model.get('version') or '').lower()}"}
        return frozenset(found)

    def base_name(self, name: str, regions: frozenset[str] = frozenset()) -> str:
        """`name` without this environment's tokens and the words of `regions`: those of both sides, which name alike."""
        return names.base_name(name, self.tokens, regions)


def name(item: Resource) -> str:
    """A resource's own short name, from its id."""
    return arm_id.name_of(str(item["id"]))


def type_of(resource_id: str) -> str:
    """The type of what a snapshot holds under an id, client contracts included."""
    return CLIENT if arm_id.key(resource_id).startswith("/client/") else arm_id.type_of(resource_id)


def serves(endpoint: Resource, own: SideIndex, other: SideIndex) -> bool:
    """True when a private endpoint of one snapshot connects to an account of the other too, and so is no lack there.

    Of an account that both hold its own list decides: the endpoint may have gone between the two collections.
    """
    for target in shapes.targets(endpoint):
        account = other.by_key.get(target)
        if account is None:
            continue
        listed = (
            properties(one).get("privateEndpoint")
            for one in mappings(properties(account).get("privateEndpointConnections"))
        )
        known = {arm_id.key(text(one.get("id"))) for one in listed if isinstance(one, dict)}
        if target not in own.by_key or arm_id.key(endpoint["id"]) in known:
            return True
    return False
