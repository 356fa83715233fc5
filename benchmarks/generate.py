"""Estates of any size for measuring: N accounts, 3 deployments each, with policies, diagnostics, catalogues and quota.

The same arguments make the same bytes. `generate(n, seed, "test")` is the twin of `generate(n, seed, "prod")`: the same
roles under the other environment's names, so that a diff between the two finds nothing.
"""

from __future__ import annotations

import copy
import random
import sys
import uuid
from collections.abc import Sequence
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.snapshot import ASPECTS, Snapshot, dump

REGIONS = ("eastus2", "swedencentral", "westeurope", "japaneast")
ACCOUNTS_PER_SUBSCRIPTION = 500
MODELS = (
    ("gpt-realtime", "2025-08-28", "GlobalStandard", "voice"),
    ("gpt-4o-transcribe", "2025-03-20", "GlobalStandard", "transcripts"),
    ("gpt-4.1-mini", "2025-04-14", "GlobalStandard", "text"),
)
"""Name, version, SKU, and the deployment's name: what each account deploys."""
HARMS = ("Hate", "Sexual", "Selfharm", "Violence")
SYSTEM = {
    "createdBy": "ops@contoso.example",
    "lastModifiedBy": "ops@contoso.example",
    "lastModifiedAt": "2026-06-01T08:00:00Z",
}
Resource = dict[str, Any]


def generate(
    accounts: int,
    seed: int = 1,
    environment: str = "prod",
    models: Sequence[tuple[str, str, str, str]] = MODELS,
    *,
    endpoints: bool = False,
    per_subscription: int = ACCOUNTS_PER_SUBSCRIPTION,
) -> Snapshot:
    """A snapshot of `accounts` accounts. `seed` decides what they look like, `environment` what they are called.

    `models` are what each account deploys: name, version, SKU and the deployment's name. With `endpoints` each account has
    a private endpoint.
    """
    choose = random.Random(seed)
    resources: list[Resource] = []
    subscriptions = [
        str(uuid.uuid5(uuid.NAMESPACE_URL, f"{environment}/{number}"))
        for number in range((accounts - 1) // per_subscription + 1)
    ]
    for number, subscription in enumerate(subscriptions):
        resources += _subscription(subscription, number, environment)
    for number in range(accounts):
        resources += _account(number, subscriptions[number // per_subscription], environment, choose, models)
        if endpoints:
            account = next(one for one in reversed(resources) if one.get("kind"))
            resources.append(_endpoint(account))
    return Snapshot.of(
        environment=environment,
        scope={
            "cloud": "AzureCloud",
            "tenant": "00000000-0000-4000-8000-00000000000a",
            "subscriptions": subscriptions,
            "resourceGroups": [],
            "accounts": [],
            "aspects": sorted(name for name, aspect in ASPECTS.items() if not aspect.opt_in),
            "leftOut": {},
        },
        resources=resources,
        collection={"apiVersions": {"Microsoft.CognitiveServices/accounts/deployments": "2026-05-01"}},
    )


def mutate(snapshot: Snapshot, share: float, seed: int = 2) -> Snapshot:
    """`snapshot` with `share` (0 to 1) of its accounts and of its deployments changed in one setting each."""
    choose = random.Random(seed)
    resources = list(snapshot.resources)
    for wanted, change in (
        ("microsoft.cognitiveservices/accounts", _change_account),
        ("microsoft.cognitiveservices/accounts/deployments", _change_deployment),
    ):
        places = [index for index, item in enumerate(resources) if arm_id.type_of(item["id"]) == wanted]
        for index in choose.sample(places, round(len(places) * share)):
            resources[index] = copy.deepcopy(resources[index])
            change(resources[index], choose)
    return Snapshot.of(
        snapshot.environment, snapshot.scope, resources, snapshot.gaps, snapshot.clients, snapshot.collection
    )


def _change_account(item: Resource, choose: random.Random) -> None:
    inner = item["properties"]
    match choose.randrange(3):
        case 0:
            inner["publicNetworkAccess"] = "Enabled" if inner["publicNetworkAccess"] == "Disabled" else "Disabled"
        case 1:
            inner["disableLocalAuth"] = not inner["disableLocalAuth"]
        case _:
            item["tags"] = {**item["tags"], "owner": "somebody-else"}


def _change_deployment(item: Resource, choose: random.Random) -> None:
    if choose.randrange(2):
        item["sku"]["capacity"] += 1
    else:
        item["properties"]["model"]["version"] = "2026-02-23"


def _subscription(subscription: str, number: int, environment: str) -> list[Resource]:
    root = f"/subscriptions/{subscription}"
    found: list[Resource] = [
        {
            "id": root,
            "subscriptionId": subscription,
            "displayName": f"contoso voice {environment} {number}",
            "state": "Enabled",
        }
    ]
    found += [
        {"id": f"{root}/providers/{namespace}", "namespace": namespace, "registrationState": "Registered"}
        for namespace in ("Microsoft.CognitiveServices", "Microsoft.Insights", "Microsoft.Network")
    ]
    for region in REGIONS:
        place = f"{root}/providers/Microsoft.CognitiveServices/locations/{region}"
        found += [
            {"id": f"{place}/models", "name": "models", "type": "Microsoft.CognitiveServices/locations/models", "location": region, "value": [_model(*model, kind) for model in MODELS for kind in ("OpenAI", "AIServices")]},
            {"id": f"{place}/usages", "name": "usages", "type": "Microsoft.CognitiveServices/locations/usages", "location": region, "value": [_usage(name, sku) for name, _, sku, _ in MODELS]},
        ]  # fmt: skip
    return found


def _model(name: str, version: str, sku: str, _role: str, kind: str) -> Resource:
    return {
        "kind": kind,
        "skuName": "S0",
        "model": {
            "format": "OpenAI",
            "name": name,
            "version": version,
            "capabilities": {"realtime": "true" if name != "gpt-4.1-mini" else "false", "audio": "true"},
            "deprecation": {"inference": "2030-02-28T00:00:00Z"},
            "lifecycleStatus": "GenerallyAvailable",
            "skus": [{"name": sku, "usageName": f"OpenAI.{sku}.{name}", "capacity": {"maximum": 1000, "default": 10}}],
        },
    }


def _usage(name: str, sku: str) -> Resource:
    return {
        "name": {"value": f"OpenAI.{sku}.{name}", "localizedValue": name},
        "currentValue": 6.0,
        "limit": 1000.0,
        "unit": "Count",
    }


def _account(
    number: int, subscription: str, environment: str, choose: random.Random, models: Sequence[tuple[str, str, str, str]]
) -> list[Resource]:
    region = REGIONS[number % len(REGIONS)]
    name = f"contoso-{environment}-unit{number:05d}"
    group = f"/subscriptions/{subscription}/resourceGroups/rg-{environment}-{number // 50:03d}"
    root = f"{group}/providers/Microsoft.CognitiveServices/accounts/{name}"
    kind = choose.choice(("OpenAI", "AIServices"))
    private = choose.random() < 0.8
    unique = uuid.uuid5(uuid.NAMESPACE_URL, name)
    found: list[Resource] = [
        {
            "id": root,
            "name": name,
            "type": "Microsoft.CognitiveServices/accounts",
            "etag": f'"{unique}"',
            "kind": kind,
            "location": region,
            "sku": {"name": "S0"},
            "tags": {"env": environment, "owner": f"team-{choose.randrange(20)}", "unit": str(number)},
            "identity": {"type": "SystemAssigned", "principalId": str(unique), "tenantId": str(unique)},
            "systemData": SYSTEM,
            "properties": {
                "provisioningState": "Succeeded",
                "endpoint": f"https://{name}.openai.azure.com/",
                "customSubDomainName": name,
                "internalId": unique.hex,
                "dateCreated": "2026-01-05T10:00:00.1234567Z",
                "disableLocalAuth": choose.random() < 0.9,
                "publicNetworkAccess": "Disabled" if private else "Enabled",
                "networkAcls": {
                    "defaultAction": "Deny",
                    "virtualNetworkRules": [],
                    "ipRules": [{"value": f"198.51.100.{choose.randrange(1, 255)}"} for _ in range(choose.randrange(3))],
                },
                "privateEndpointConnections": [],
                "capabilities": [{"name": "VirtualNetworks"}, {"name": "CustomerManagedKey"}],
                "endpoints": {f"OpenAI API {index}": f"https://{name}.openai.azure.com/" for index in range(6)},
            },
        },
        {
            "id": f"{root}/raiPolicies/voice-guard",
            "name": "voice-guard",
            "type": "Microsoft.CognitiveServices/accounts/raiPolicies",
            "etag": f'"{unique}"',
            "systemData": SYSTEM,
            "properties": {
                "basePolicyName": "Microsoft.DefaultV2",
                "mode": "Blocking",
                "type": "UserManaged",
                "contentFilters": [
                    {"name": harm, "source": source, "enabled": True, "blocking": True, "severityThreshold": choose.choice(("Low", "Medium"))}
                    for harm in HARMS
                    for source in ("Prompt", "Completion")
                ]
                + [{"name": "Jailbreak", "source": "Prompt", "enabled": True, "blocking": True}],
            },
        },
        {
            "id": f"{root}/raiPolicies/Microsoft.DefaultV2",
            "name": "Microsoft.DefaultV2",
            "type": "Microsoft.CognitiveServices/accounts/raiPolicies",
            "properties": {"mode": "Blocking", "type": "SystemManaged", "contentFilters": []},
        },
        {
            "id": f"{root}/providers/microsoft.insights/diagnosticSettings/to-logs",
            "name": "to-logs",
            "type": "Microsoft.Insights/diagnosticSettings",
            "properties": {
                "workspaceId": f"{group}/providers/Microsoft.OperationalInsights/workspaces/logs-{environment}",
                "logs": [{"categoryGroup": "allLogs", "enabled": True}],
                "metrics": [{"category": "AllMetrics", "enabled": choose.random() < 0.9}],
            },
        },
    ]  # fmt: skip
    for model, version, sku, role in models:
        capacity = choose.randrange(1, 12)
        found.append(
            {
                "id": f"{root}/deployments/{role}",
                "name": role,
                "type": "Microsoft.CognitiveServices/accounts/deployments",
                "etag": f'"{unique}"',
                "sku": {"name": sku, "capacity": capacity},
                "systemData": SYSTEM,
                "properties": {
                    "model": {"format": "OpenAI", "name": model, "version": version},
                    "versionUpgradeOption": "OnceCurrentVersionExpired",
                    "raiPolicyName": "voice-guard",
                    "provisioningState": "Succeeded",
                    "deploymentState": "Running",
                    "capabilities": {"area": region, "realtime": "true"},
                    "rateLimits": [{"key": "request", "renewalPeriod": 60, "count": capacity}],
                },
            }
        )
    return found


def _endpoint(account: Resource) -> Resource:
    """A private endpoint of `account`, which gets the connection to it."""
    group = account["id"].partition("/providers/")[0]
    name = f"pe-{account['name']}"
    shared = {"groupIds": ["account"], "privateLinkServiceConnectionState": {"status": "Approved"}}
    made = {
        "id": f"{group}/providers/Microsoft.Network/privateEndpoints/{name}",
        "name": name,
        "type": "Microsoft.Network/privateEndpoints",
        "location": account["location"],
        "properties": {
            "subnet": {"id": f"{group}/providers/Microsoft.Network/virtualNetworks/voice/subnets/endpoints"},
            "privateLinkServiceConnections": [
                {"name": "account", "properties": {"privateLinkServiceId": account["id"], **shared}}
            ],
            "customDnsConfigs": [{"fqdn": f"{account['name']}.openai.azure.com", "ipAddresses": ["10.0.0.4"]}],
        },
    }
    connection = {"privateEndpoint": {"id": made["id"]}, **shared}
    account["properties"]["privateEndpointConnections"] = [
        {"id": f"{account['id']}/privateEndpointConnections/account", "properties": connection}
    ]
    return made


if __name__ == "__main__":
    sys.stdout.write(dump(generate(int(sys.argv[1]), *map(int, sys.argv[2:3]), *sys.argv[3:4])))
