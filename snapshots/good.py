"""The good environment that the cases of the rules change: one of each kind, on which every rule passes or does not apply.

Names are short and say where a thing is, so that `deployment:voice` or `account:east` in a case reads well.
"""
# ruff: noqa: INP001

from __future__ import annotations

import catalogue as cat
import shapes as arm
import shapes_shared as net
from environment import API_VERSIONS, PLATFORM, TENANT, ZONES

from rtaudit.snapshot import ASPECTS, Snapshot
from rtaudit.snapshot.aspects import RECORDS

SUBSCRIPTION = "900d0000-0000-4000-8000-000000000005"
ROOT = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{ROOT}/resourceGroups/voice-rg"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
VNET = f"{NETWORK}/virtualNetworks/voice-net"
ENDPOINT = f"{NETWORK}/privateEndpoints/east-pe"
HUB = f"/subscriptions/{PLATFORM}/resourceGroups/hub/providers/Microsoft.Network"
HUB_VNET = f"{HUB}/virtualNetworks/hub-net"
HUB_ENDPOINT = f"{HUB}/privateEndpoints/north-pe"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
ONCALL = f"{GROUP}/providers/microsoft.insights/actionGroups/oncall"
LOGS = [arm.log("Audit"), arm.log("AzureOpenAIRequestUsage"), arm.log("Trace")]
REALTIME_ACTION = "Microsoft.CognitiveServices/accounts/OpenAI/deployments/realtime/action"


def good() -> Snapshot:
    """The good environment, every opt-in aspect collected too."""
    resources = [
        arm.subscription(SUBSCRIPTION, "Voice", TENANT),
        arm.provider(SUBSCRIPTION, "Microsoft.CognitiveServices", {"accounts": "2026-09-01"}),
        arm.provider(SUBSCRIPTION, "Microsoft.Insights", {"diagnosticSettings": "2021-05-01-preview"}),
        arm.provider(SUBSCRIPTION, "Microsoft.Network", {"privateEndpoints": "2026-03-01"}),
        *_account("east", "eastus2", ENDPOINT),
        # its endpoint is in the hub's subscription, which is collected too
        *_account("north", "Sweden Central", HUB_ENDPOINT),
        *_deployments(),
        *_network(),
        *_roles(),
        *_watch(),
    ]  # fmt: skip
    for region in cat.OFFERED:
        used: dict[str, tuple[float, float]] = {"OpenAI.GlobalStandard.gpt-realtime": (4, 10)}
        models = cat.models(SUBSCRIPTION, region)
        for row in models["value"]:
            # Azure gives the rows of both account kinds one name; here a case must be able to pick one
            row["name"] = f"{row['kind']}.{row['model']['name']}.{row['model']['version']}"
        resources += [models, cat.usages(SUBSCRIPTION, region, used), _capacity(region)]
    scope = {
        "cloud": "AzureCloud",
        "tenant": TENANT,
        "subscriptions": [SUBSCRIPTION, PLATFORM],
        "resourceGroups": [],
        "accounts": [],
        "aspects": sorted(ASPECTS),
        "leftOut": {"accountsOfOtherKinds": {}, "rules": [RECORDS]},
    }
    collection = {
        "runs": [{"startedAt": "2026-11-22T06:00:00Z", "finishedAt": "2026-11-22T06:00:09Z"}],
        "apiVersions": API_VERSIONS,
    }
    return Snapshot.of("good", scope, resources, collection=collection)


def _capacity(region: str) -> arm.Resource:
    named = f"OpenAI.{cat.REALTIME.name}.{cat.REALTIME.version}"
    row = {
        "location": region,
        "properties": {
            "model": {"format": "OpenAI", "name": cat.REALTIME.name, "version": cat.REALTIME.version},
            "skuName": "GlobalStandard",
            "availableCapacity": 40,
        },
    }
    place = f"{ROOT}/providers/Microsoft.CognitiveServices/locations/{region}"
    return {"id": f"{place}/modelCapacities/{named}", "value": [row]}


def _account_id(name: str) -> str:
    return f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/{name}"


def _account(name: str, location: str, endpoint: str) -> list[arm.Resource]:
    account = arm.account(
        GROUP,
        name,
        "AIServices",
        location,
        public="Disabled",
        acls={"defaultAction": "Deny", "bypass": "None", "virtualNetworkRules": [], "ipRules": []},
        local_auth_disabled=True,
        connections=[arm.connection(endpoint, "Approved", "Auto-Approved")],
        tags={"owner": "guest-experience", "env": "good"},
        tenant=TENANT,
        storedCompletionsDisabled=True,
        restrictOutboundNetworkAccess=True,
        allowedFqdnList=["lanternhouse.example"],
        encryption={
            "keySource": "Microsoft.KeyVault",
            "keyVaultProperties": {
                "keyName": "voice",
                "keyVersion": "1",
                "keyVaultUri": "https://voice.vault.azure.net/",
            },
        },
        userOwnedStorage=[{"resourceId": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/voice"}],
    )
    identity = account["id"]
    return [
        account,
        arm.content_policy(
            identity,
            "Microsoft.DefaultV2",
            type="SystemManaged",
            mode="Blocking",
            contentFilters=arm.filters("Medium", jailbreak=True),
        ),
        # says little itself: the harm filters come from its base
        arm.content_policy(
            identity,
            "guard",
            type="UserManaged",
            mode="Blocking",
            basePolicyName="Microsoft.DefaultV2",
            contentFilters=[{"name": "Jailbreak", "enabled": True, "blocking": True, "source": "Prompt"}],
        ),
        arm.diagnostic_setting(identity, f"{name}-logs", LOGS, workspace=WORKSPACE),
        {
            "id": f"{identity}/networkSecurityPerimeterConfigurations/{name}-perimeter",
            "name": f"{name}-perimeter",
            "type": "Microsoft.CognitiveServices/accounts/networkSecurityPerimeterConfigurations",
            "properties": {
                "provisioningState": "Succeeded",
                "networkSecurityPerimeter": {"id": f"{NETWORK}/networkSecurityPerimeters/voice"},
                "resourceAssociation": {"name": name, "accessMode": "Enforced"},
            },
        },
        {
            "id": f"{identity}/providers/Microsoft.Insights/metrics",
            "type": "Microsoft.Insights/metrics",
            "timespan": "P7D",
            "value": [
                {"name": "AzureOpenAIRequests", "deployment": deployment, "statusCode": status, "total": total}
                for deployment in ("voice", "voice-north")
                for status, total in (("101", 9990), ("429", 10))
            ],
        },
    ]


def _deployments() -> list[arm.Resource]:
    def deploy(account: str, name: str, model: cat.Model, capacity: int) -> arm.Resource:
        requests, tokens = model.limits
        return arm.deployment(
            _account_id(account),
            name,
            (model.name, model.version),
            capacity=capacity,
            limits=(requests * capacity, tokens * capacity),
            policy="guard",
            capabilities=model.capabilities,
        )

    return [
        deploy("east", "voice", cat.REALTIME, 2),
        deploy("east", "transcripts", cat.TRANSCRIPTION, 10),
        deploy("east", "text", cat.TEXT, 10),
        deploy("north", "voice-north", cat.REALTIME, 2),
    ]


def _network() -> list[arm.Resource]:
    zones = {name: f"{NETWORK}/privateDnsZones/{name}" for name in ZONES.values()}
    addresses = {name: f"10.0.0.{4 + number}" for number, name in enumerate(zones)}
    hub_addresses = {name: f"10.1.0.{4 + number}" for number, name in enumerate(zones)}
    found = []
    for name, region, endpoint, network, own in (
        ("east", "eastus2", ENDPOINT, VNET, addresses),
        ("north", "swedencentral", HUB_ENDPOINT, HUB_VNET, hub_addresses),
    ):
        hosts = {f"{name}.{zone.removeprefix('privatelink.')}": address for zone, address in own.items()}
        found += [
            net.private_endpoint(endpoint, region, _account_id(name), f"{network}/subnets/endpoints", hosts),
            net.zone_group(endpoint, zones, name, own),
        ]
    for zone in zones.values():
        found += [net.zone(zone, 2, 2), net.zone_link(zone, VNET), net.zone_link(zone, HUB_VNET)]
    for name, zone in zones.items():
        found += [net.a_record(zone, "east", [addresses[name]]), net.a_record(zone, "north", [hub_addresses[name]])]
    return found


def _roles() -> list[arm.Resource]:
    def assignment(name: str, scope: str, role: str, kind: str) -> arm.Resource:
        made = net.role_assignment(SUBSCRIPTION, scope, role, name, kind)
        return {**made, "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}", "name": name}

    return [
        net.role_definition(SUBSCRIPTION, "owner", "Owner", actions=["*"]),
        net.role_definition(SUBSCRIPTION, "openai-user", "Cognitive Services OpenAI User", data_actions=[REALTIME_ACTION]),
        assignment("platform-team", ROOT, "owner", "Group"),
        assignment("pipeline", GROUP, "owner", "ServicePrincipal"),
        assignment("concierge", GROUP, "openai-user", "ServicePrincipal"),
    ]  # fmt: skip


def _watch() -> list[arm.Resource]:
    watched = {
        "AzureOpenAIRequests": ("GreaterThan", 20.0, "Total"),
        "AzureOpenAIAvailabilityRate": ("LessThan", 99.0, "Average"),
        "RealtimeUsageTime": ("GreaterThan", 36000.0, "Total"),
    }
    return [
        *(
            net.metric_alert(GROUP, f"{metric}-{region}", ROOT, metric, *settings, ONCALL, region=region)
            for metric, settings in watched.items()
            for region in cat.OFFERED
        ),
        net.health_alert(GROUP, SUBSCRIPTION, ONCALL),
        net.action_group(GROUP, "oncall", 2),
        net.workspace(WORKSPACE, "eastus2", 365),
        net.lock(GROUP, "keep", "CanNotDelete", "Guests are on the line"),
        {
            "id": f"{ROOT}/providers/Microsoft.Consumption/budgets/voice",
            "name": "voice",
            "type": "Microsoft.Consumption/budgets",
            "properties": {
                "category": "Cost",
                "amount": 5000,
                "timeGrain": "Monthly",
                "notifications": {"late": {"enabled": True, "operator": "GreaterThan", "threshold": 90}},
            },
        },
        {
            "id": f"{ROOT}/providers/Microsoft.Security/pricings/AI",
            "name": "AI",
            "type": "Microsoft.Security/pricings",
            "properties": {"pricingTier": "Standard", "freeTrialRemainingTime": "PT0S"},
        },
    ]
