"""Account: attributes of `account` subjects, relations and facts."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from rtaudit.azure import arm_id, shapes
from rtaudit.azure.clouds import CLOUDS
from rtaudit.azure.resource_types import DEPLOYMENT, DIAGNOSTICS, LOCK, METRICS, PRIVATE_ENDPOINT, RAI_POLICY
from rtaudit.snapshot import Gap
from rtaudit.snapshot.partial import note, noting
from rtaudit.subjects.estate import (
    EstateIndex,
    Subject,
    listing,
    mapping,
    text,
)
from rtaudit.subjects.parts import WithGaps, fact, relation

_DESTINATIONS = {
    "workspaceId": "workspace",
    "eventHubAuthorizationRuleId": "eventHub",
    "storageAccountId": "storage",
    "marketplacePartnerId": "partner",
    "serviceBusRuleId": "serviceBus",
}
"""Field of a diagnostic setting -> what it sends to."""


def _children(subject: Subject, resource_type: str, aspect: str) -> WithGaps:
    estate = subject.estate
    return WithGaps(list(estate.children(resource_type, subject.resource)), estate.gaps(aspect, subject.resource))


@relation("account", aspects=("deployments",), fields="deployment")
def deployments(account: Subject) -> WithGaps:
    """The account's model deployments."""
    return _children(account, DEPLOYMENT, "deployments")


@relation("account", aspects=("contentPolicies",), fields="contentPolicy")
def content_policies(account: Subject) -> WithGaps:
    """The account's content-filter (RAI) policies."""
    return _children(account, RAI_POLICY, "contentPolicies")


@relation("account", aspects=("diagnostics",), fields="diagnosticSetting")
def diagnostic_settings(account: Subject) -> WithGaps:
    """The account's diagnostic settings, those without a destination too."""
    return _children(account, DIAGNOSTICS, "diagnostics")


@relation(
    "account", aspects=("privateEndpoints",), fields="account: properties.privateEndpointConnections; privateEndpoint"
)
def private_endpoints(account: Subject) -> WithGaps:
    """The private endpoints that connect to the account. One in a subscription that was not read is a gap."""
    estate = account.estate
    found = estate.once(_endpoints_by_target).get(arm_id.key(account.resource), [])
    have = {arm_id.key(one["id"]) for one in found}
    gaps: list[Gap] = []
    for connection in listing(account.properties.get("privateEndpointConnections")):
        endpoint = mapping(mapping(mapping(connection).get("properties")).get("privateEndpoint")).get("id")
        if isinstance(endpoint, str) and arm_id.key(endpoint) not in have:
            where = estate.gaps("privateEndpoints", endpoint)
            message = "the private endpoint is not among those that were read: another subscription or tenant"
            gaps += where or (Gap(endpoint, "privateEndpoints", "missing", message=message),)
    return WithGaps(found, tuple(dict.fromkeys(gaps)))


def _endpoints_by_target(estate: EstateIndex) -> dict[str, list[dict[str, Any]]]:
    by_target: dict[str, list[dict[str, Any]]] = {}
    for endpoint in estate.of_type(PRIVATE_ENDPOINT):
        for target in set(shapes.targets(endpoint)):
            by_target.setdefault(target, []).append(endpoint)
    return by_target


@relation("account", aspects=("locks",), fields="lock")
def locks(account: Subject) -> WithGaps:
    """The resource locks that cover the account: its own, its group's, its subscription's."""
    estate = account.estate
    return WithGaps(estate.index.covering(LOCK, account.resource), estate.gaps("locks", account.resource))


@relation(
    "account",
    aspects=("diagnostics", "workspaces"),
    fields=(
        "diagnosticSetting: properties.eventHubAuthorizationRuleId properties.marketplacePartnerId "
        "properties.serviceBusRuleId properties.storageAccountId properties.workspaceId; workspace"
    ),
)
def workspaces(account: Subject) -> WithGaps:
    """The Log Analytics workspaces that the account's diagnostic settings send to."""
    estate = account.estate
    destinations = account.join("facts.logDestinations")
    found, gaps = [], list(destinations.gaps)
    for destination in destinations.value:
        if destination["kind"] == "workspace":
            workspace = estate.resource(destination["id"])
            if workspace is not None:
                found.append(workspace)
            else:
                message = "the workspace is not among those that were read"
                missing = Gap(destination["id"], "workspaces", "missing", message=message)
                gaps += estate.gaps("workspaces", destination["id"]) or (missing,)
    unique = {arm_id.key(one["id"]): one for one in found}
    return WithGaps(list(unique.values()), tuple(dict.fromkeys(gaps)))


@relation("account", aspects=("perimeters",), fields="perimeter")
def perimeter_configurations(account: Subject) -> WithGaps:
    """The account's network security perimeter configurations."""
    return _children(
        account, "microsoft.cognitiveservices/accounts/networksecurityperimeterconfigurations", "perimeters"
    )


@relation("account", aspects=("defender",), fields="defenderSetting")
def defender_settings(account: Subject) -> WithGaps:
    """The account's own Defender for AI settings."""
    return _children(account, "microsoft.cognitiveservices/accounts/defenderforaisettings", "defender")


@relation("account", aspects=("defender",), fields="defenderPlan")
def defender_plan(account: Subject) -> WithGaps:
    """The subscription's Defender plan for AI (`Microsoft.Security/pricings/AI`), or null."""
    estate = account.estate
    plan = f"/subscriptions/{arm_id.subscription_of(account.resource)}/providers/Microsoft.Security/pricings/AI"
    found = estate.resource(plan)
    return WithGaps(found, () if found else estate.gaps("defender", plan))


@relation("account", aspects=("metrics",), fields="metrics: value")
def metrics(account: Subject) -> WithGaps:
    """Platform metrics summed over the last 7 days: rows of `name`, `total` and dimensions."""
    estate = account.estate
    stored = estate.children(METRICS, account.resource)
    rows = [row for one in stored for row in listing(one.get("value"))]
    gaps = estate.gaps("metrics", account.resource)
    if not stored and not gaps:
        gaps = (Gap(account.resource, "metrics", "missing", message="the account's metrics are not in the snapshot"),)
    return WithGaps(rows, gaps)


@fact(
    "account",
    helped_by=("perimeters",),
    fields=(
        "account: properties.networkAcls properties.publicNetworkAccess; perimeter: properties.resourceAssociation"
    ),
)
def exposure(account: Subject) -> WithGaps:
    """Who can reach the account: `public` (anyone), `restricted` (selected networks), `perimeter` or `private` (private endpoints only).

    `perimeter`: public access is on, and a network security perimeter in Enforced mode (or publicNetworkAccess
    SecuredByPerimeter) decides who gets in; its access rules replace the account's own firewall. Else what
    `facts.exposureByFirewall` says. Source: Microsoft's network security perimeter and virtual networks pages.
    """
    own = account.fact("exposureByFirewall")
    enforced = account.join("facts.perimeterEnforced")
    if own == "private" or (enforced.value is False and not enforced.gaps):
        return WithGaps(own)
    return WithGaps("perimeter") if enforced.value else WithGaps(own, enforced.gaps)


@fact("account", fields="account: properties.networkAcls properties.publicNetworkAccess")
def exposure_by_firewall(account: Subject) -> str:
    """The exposure that the account's own settings give, without a perimeter: `public`, `restricted` or `private`.

    Public access absent or not "Disabled" is enabled; a default action absent or not "Deny" allows; rules of the firewall
    are irrelevant when public access is Disabled. Source: Microsoft's virtual networks page and built-in policies.
    """
    if text(account.properties.get("publicNetworkAccess")) == "disabled":
        return "private"
    action = text(mapping(account.properties.get("networkAcls")).get("defaultAction"))
    return "restricted" if action == "deny" else "public"


@fact(
    "account",
    helped_by=("perimeters",),
    fields="account: properties.publicNetworkAccess; perimeter: properties.resourceAssociation",
)
def perimeter_enforced(account: Subject) -> WithGaps:
    """True when publicNetworkAccess is SecuredByPerimeter, or a perimeter configuration that was read is in Enforced mode.

    False where perimeters were not asked for; unknown where they were and could not be read.
    """
    if text(account.properties.get("publicNetworkAccess")) == "securedbyperimeter":
        return WithGaps(value=True)
    if "perimeters" not in account.estate.snapshot.aspects:
        return WithGaps(value=False)
    configurations = account.join("perimeterConfigurations")
    modes = [mapping(mapping(one.get("properties")).get("resourceAssociation")) for one in configurations.value]
    if any(text(mode.get("accessMode")) == "enforced" for mode in modes):
        return WithGaps(value=True)
    return WithGaps(False, configurations.gaps)


@fact(
    "account",
    helped_by=("perimeters",),
    fields=(
        "account: properties.networkAcls properties.publicNetworkAccess; perimeter: properties.resourceAssociation"
    ),
)
def exposure_evidence(account: Subject) -> str:
    """What the exposure rests on, in words; that perimeters were not read, where that could change it."""
    access = account.properties.get("publicNetworkAccess") or "not set"
    action = mapping(account.properties.get("networkAcls")).get("defaultAction") or "not set"
    said = f"public access {access}, default action {action}"
    if account.fact("exposureByFirewall") == "private" or account.fact("perimeterEnforced"):
        return said
    if "perimeters" not in account.estate.snapshot.aspects or account.join("perimeterConfigurations").gaps:
        return f"{said}; perimeter not read"
    return said


@fact("account", fields="account: properties.endpoint properties.endpoints")
def hosts(account: Subject) -> WithGaps:
    """The account's own hosts with a private DNS zone each: `host`, `zone`, `record` (the A record's name in the zone).

    From `properties.endpoint` and `endpoints`. Regional hosts, which an account without a subdomain has, need no zone.
    """
    cloud_name = str(account.estate.snapshot.scope.get("cloud") or "AzureCloud")
    cloud = CLOUDS.get(cloud_name)
    if cloud is None or not cloud.dns_zones:
        message = f"Microsoft documents no private DNS zones of these services in {cloud_name}"
        return WithGaps([], (Gap(account.resource, "privateDns", "missing", code="NotDocumented", message=message),))
    with noting() as open_values:
        stated = [account.properties.get("endpoint"), *mapping(account.properties.get("endpoints")).values()]
    note(open_values)
    names = sorted({host for one in stated if isinstance(one, str) and (host := _host(one))})
    if not names and open_values:
        return WithGaps([], tuple(open_values))  # of a plan: Azure assigns them
    if not names:
        message = "the account states no host: neither endpoint nor endpoints"
        return WithGaps([], (Gap(account.resource, "accounts", "missing", code="NoHost", message=message),))
    rows = []
    for host in names:
        record, _, domain = host.partition(".")
        zone = f"privatelink.{domain}"
        if zone in cloud.dns_zones.values():
            rows.append({"host": host, "zone": zone, "record": record, "id": account.resource})
    return WithGaps(rows)


def _host(url: str) -> str:
    try:
        return (urlsplit(url if "//" in url else f"//{url}").hostname or "").rstrip(".")
    except ValueError:
        return ""


@fact("account", fields="account: properties.endpoint properties.endpoints")
def required_dns_zones(account: Subject) -> WithGaps:
    """The private DNS zones that the account's own hosts need (`properties.endpoint` and `endpoints`)."""
    found = account.join("facts.hosts")
    return WithGaps(sorted({row["zone"] for row in found.value}), found.gaps)


@fact(
    "account",
    aspects=("deployments", "models"),
    fields="account: kind location; deployment: properties.capabilities properties.model; models: value",
)
def hosts_realtime(account: Subject) -> Any:
    """True when a deployment of the account has the realtime role speech."""
    listed = account.join("deployments")
    roles = [one.join("facts.realtimeRole") for one in account.estate.deployments_of(account)]
    if any(role.value == "speech" for role in roles):
        return True
    gaps = [*listed.gaps, *(gap for role in roles if role.value == "unknown" for gap in role.gaps)]
    return WithGaps(False, tuple(gaps))


@fact(
    "account",
    aspects=("diagnostics",),
    fields=(
        "diagnosticSetting: properties.eventHubAuthorizationRuleId properties.marketplacePartnerId "
        "properties.serviceBusRuleId properties.storageAccountId properties.workspaceId"
    ),
)
def log_destinations(account: Subject) -> WithGaps:
    """Where the account's diagnostic settings send to: `kind` (workspace, eventHub, storage, partner), `id`, `setting`.

    An event hub also has `namespace`: its id is that of an authorization rule, which belongs to a namespace.
    """
    settings = account.join("diagnosticSettings")
    return WithGaps([one for setting in settings.value for one in _destinations(setting)], settings.gaps)


@fact(
    "account",
    aspects=("diagnostics",),
    fields=(
        "diagnosticSetting: properties.eventHubAuthorizationRuleId properties.logs "
        "properties.marketplacePartnerId properties.serviceBusRuleId properties.storageAccountId "
        "properties.workspaceId"
    ),
)
def delivered_logs(account: Subject) -> WithGaps:
    """The enabled log categories and groups of settings that have a destination: `category`, `categoryGroup`, `id` (the setting)."""
    return _delivered(account, "logs")


@fact(
    "account",
    aspects=("diagnostics",),
    fields=(
        "diagnosticSetting: properties.eventHubAuthorizationRuleId properties.marketplacePartnerId "
        "properties.metrics properties.serviceBusRuleId properties.storageAccountId properties.workspaceId"
    ),
)
def delivered_metrics(account: Subject) -> WithGaps:
    """The enabled metric categories of settings that have a destination: `category`, `id` (the setting)."""
    return _delivered(account, "metrics")


def _delivered(account: Subject, field: str) -> WithGaps:
    settings = account.join("diagnosticSettings")
    rows = [
        {"category": row.get("category"), "categoryGroup": row.get("categoryGroup"), "id": setting["id"]}
        for setting in settings.value
        if _destinations(setting)
        for row in listing(mapping(setting.get("properties")).get(field))
        if isinstance(row, dict) and row.get("enabled") is True
    ]
    return WithGaps(rows, settings.gaps)


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


@fact("account", fields="account: location")
def region(account: Subject) -> str:
    """The account's location, normalised: `East US 2` is `eastus2`."""
    return arm_id.region(account.raw.get("location"))


@fact("account", fields="account: tags")
def filled_tags(account: Subject) -> list[str]:
    """Names of the tags that have a value."""
    tags = mapping(account.raw.get("tags"))
    return [name for name, value in tags.items() if isinstance(value, str) and value.strip()]
