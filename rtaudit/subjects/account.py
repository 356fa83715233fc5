"""What belongs to an account, and the facts about it."""

from __future__ import annotations

import re
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.clouds import CLOUDS
from rtaudit.azure.resource_types import DEPLOYMENT, DIAGNOSTICS, LOCK, METRICS, PRIVATE_ENDPOINT, RAI_POLICY
from rtaudit.snapshot import Gap
from rtaudit.subjects.parts import Joined, fact, root
from rtaudit.subjects.world import (
    Subject,
    World,
    connection_targets,
    listing,
    mapping,
    text,
)

_DESTINATIONS = {
    "workspaceId": "workspace",
    "eventHubAuthorizationRuleId": "eventHub",
    "storageAccountId": "storage",
    "marketplacePartnerId": "partner",
    "serviceBusRuleId": "serviceBus",
}
"""Field of a diagnostic setting -> what it sends to."""


def _children(subject: Subject, resource_type: str, aspect: str) -> Joined:
    world = subject.world
    return Joined(list(world.children(resource_type, subject.resource)), world.gaps(aspect, subject.resource))


@root("account", reads=("deployments",))
def deployments(account: Subject) -> Joined:
    """The account's model deployments."""
    return _children(account, DEPLOYMENT, "deployments")


@root("account", reads=("contentPolicies",))
def content_policies(account: Subject) -> Joined:
    """The account's content-filter (RAI) policies."""
    return _children(account, RAI_POLICY, "contentPolicies")


@root("account", reads=("diagnostics",))
def diagnostic_settings(account: Subject) -> Joined:
    """The account's diagnostic settings, those without a destination too."""
    return _children(account, DIAGNOSTICS, "diagnostics")


@root("account", reads=("privateEndpoints",))
def private_endpoints(account: Subject) -> Joined:
    """The private endpoints that connect to the account. One in a subscription that was not read is a gap."""
    world = account.world
    found = world.once(_endpoints_by_target).get(arm_id.key(account.resource), [])
    have = {arm_id.key(one["id"]) for one in found}
    gaps: list[Gap] = []
    for connection in listing(account.properties.get("privateEndpointConnections")):
        endpoint = mapping(mapping(mapping(connection).get("properties")).get("privateEndpoint")).get("id")
        if isinstance(endpoint, str) and arm_id.key(endpoint) not in have:
            where = world.gaps("privateEndpoints", endpoint)
            message = "the private endpoint is not among those that were read: another subscription or tenant"
            gaps += where or (Gap(endpoint, "privateEndpoints", "missing", message=message),)
    return Joined(found, tuple(dict.fromkeys(gaps)))


def _endpoints_by_target(world: World) -> dict[str, list[dict[str, Any]]]:
    by_target: dict[str, list[dict[str, Any]]] = {}
    for endpoint in world.of_type(PRIVATE_ENDPOINT):
        for target in {arm_id.key(target) for target in connection_targets(endpoint)}:
            by_target.setdefault(target, []).append(endpoint)
    return by_target


@root("account", reads=("locks",))
def locks(account: Subject) -> Joined:
    """The resource locks that cover the account: its own, its group's, its subscription's."""
    world = account.world
    return Joined(world.index.covering(LOCK, account.resource), world.gaps("locks", account.resource))


@root("account", reads=("diagnostics", "workspaces"))
def workspaces(account: Subject) -> Joined:
    """The Log Analytics workspaces that the account's diagnostic settings send to."""
    world = account.world
    destinations = account.join("facts.logDestinations")
    found, gaps = [], list(destinations.gaps)
    for destination in destinations.value:
        if destination["kind"] == "workspace":
            workspace = world.resource(destination["id"])
            if workspace is not None:
                found.append(workspace)
            else:
                message = "the workspace is not among those that were read"
                missing = Gap(destination["id"], "workspaces", "missing", message=message)
                gaps += world.gaps("workspaces", destination["id"]) or (missing,)
    unique = {arm_id.key(one["id"]): one for one in found}
    return Joined(list(unique.values()), tuple(dict.fromkeys(gaps)))


@root("account", reads=("perimeters",))
def perimeter_configurations(account: Subject) -> Joined:
    """The account's network security perimeter configurations."""
    return _children(
        account, "microsoft.cognitiveservices/accounts/networksecurityperimeterconfigurations", "perimeters"
    )


@root("account", reads=("defender",))
def defender_settings(account: Subject) -> Joined:
    """The account's own Defender for AI settings."""
    return _children(account, "microsoft.cognitiveservices/accounts/defenderforaisettings", "defender")


@root("account", reads=("defender",))
def defender_plan(account: Subject) -> Joined:
    """The subscription's Defender plan for AI (`Microsoft.Security/pricings/AI`), or null."""
    world = account.world
    plan = f"/subscriptions/{arm_id.subscription_of(account.resource)}/providers/Microsoft.Security/pricings/AI"
    found = world.resource(plan)
    return Joined(found, () if found else world.gaps("defender", plan))


@root("account", reads=("metrics",))
def metrics(account: Subject) -> Joined:
    """Platform metrics summed over the last 7 days: rows of `name`, `total` and dimensions."""
    world = account.world
    stored = world.children(METRICS, account.resource)
    rows = [row for one in stored for row in listing(one.get("value"))]
    gaps = world.gaps("metrics", account.resource)
    if not stored and not gaps:
        gaps = (Gap(account.resource, "metrics", "missing", message="the account's metrics are not in the snapshot"),)
    return Joined(rows, gaps)


@fact("account")
def exposure(account: Subject) -> str:
    """Who can reach the account: `public` (anyone), `restricted` (selected networks) or `private` (private endpoints only).

    Public access absent or not "Disabled" is enabled; a default action absent or not "Deny" allows; rules of the firewall
    are irrelevant when public access is Disabled. Source: Microsoft's virtual networks page and built-in policies.
    """
    if text(account.properties.get("publicNetworkAccess")) == "disabled":
        return "private"
    action = text(mapping(account.properties.get("networkAcls")).get("defaultAction"))
    return "restricted" if action == "deny" else "public"


@fact("account")
def required_dns_zones(account: Subject) -> Any:
    """The private DNS zones that the account's hosts need: openai and cognitiveservices; services.ai too for kind AIServices."""
    cloud = CLOUDS.get(str(account.world.snapshot.scope.get("cloud") or "AzureCloud"))
    zones = cloud.dns_zones if cloud else {}
    if not zones:
        name = account.world.snapshot.scope.get("cloud")
        message = f"Microsoft documents no private DNS zones of these services in {name}"
        return Joined([], (Gap(account.resource, "privateDns", "missing", code="NotDocumented", message=message),))
    families = ["openai", "cognitiveservices"]
    if text(account.raw.get("kind")) == "aiservices":
        families.append("services.ai")
    return [zones[family] for family in families if family in zones]


@fact("account", reads=("deployments", "models"))
def hosts_realtime(account: Subject) -> Any:
    """True when a deployment of the account has the realtime role speech."""
    listed = account.join("deployments")
    roles = [one.join("facts.realtimeRole") for one in account.world.deployments_of(account)]
    if any(role.value == "speech" for role in roles):
        return True
    gaps = [*listed.gaps, *(gap for role in roles if role.value == "unknown" for gap in role.gaps)]
    return Joined(False, tuple(gaps))


@fact("account", reads=("diagnostics",))
def log_destinations(account: Subject) -> Joined:
    """Where the account's diagnostic settings send to: `kind` (workspace, eventHub, storage, partner), `id`, `setting`.

    An event hub also has `namespace`: its id is that of an authorization rule, which belongs to a namespace.
    """
    settings = account.join("diagnosticSettings")
    return Joined([one for setting in settings.value for one in _destinations(setting)], settings.gaps)


@fact("account", reads=("diagnostics",))
def delivered_logs(account: Subject) -> Joined:
    """The enabled log categories and groups of settings that have a destination: `category`, `categoryGroup`, `id` (the setting)."""
    return _delivered(account, "logs")


@fact("account", reads=("diagnostics",))
def delivered_metrics(account: Subject) -> Joined:
    """The enabled metric categories of settings that have a destination: `category`, `id` (the setting)."""
    return _delivered(account, "metrics")


def _delivered(account: Subject, field: str) -> Joined:
    settings = account.join("diagnosticSettings")
    rows = [
        {"category": row.get("category"), "categoryGroup": row.get("categoryGroup"), "id": setting["id"]}
        for setting in settings.value
        if _destinations(setting)
        for row in listing(mapping(setting.get("properties")).get(field))
        if isinstance(row, dict) and row.get("enabled") is True
    ]
    return Joined(rows, settings.gaps)


def _destinations(setting: dict[str, Any]) -> list[dict[str, Any]]:
    properties = mapping(setting.get("properties"))
    # An empty string is what Azure returns for "none", as often as null.
    found = [
        {"kind": kind, "id": properties[field], "setting": setting["id"]}
        for field, kind in _DESTINATIONS.items()
        if isinstance(properties.get(field), str) and properties[field]
    ]
    for one in found:
        if one["kind"] == "eventHub":
            one["namespace"] = re.split("/authorizationRules/", one["id"], flags=re.IGNORECASE)[0]
    return found


@fact("account")
def region(account: Subject) -> str:
    """The account's location, normalised: `East US 2` is `eastus2`."""
    return arm_id.region(account.raw.get("location"))


@fact("account")
def filled_tags(account: Subject) -> list[str]:
    """Names of the tags that have a value."""
    tags = mapping(account.raw.get("tags"))
    return [name for name, value in tags.items() if isinstance(value, str) and value.strip()]
