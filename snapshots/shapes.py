"""How Azure Resource Manager words the resources of the sample company: one function for each type.

The shapes are those of real answers, oddities included: ids in mixed case, a region spelled as the caller spelled it,
dates with six and with seven digits, capabilities as strings, null where nothing is set.
"""
# ruff: noqa: INP001

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Resource = dict[str, Any]

_NAMESPACE = uuid.UUID("1a7e0000-0000-4000-8000-00000000cafe")
TRUSTED = "Microsoft.CognitiveServices,Microsoft.MachineLearningServices,Microsoft.Search,Microsoft.CognitiveServices"
ENDPOINT_NAMES = {
    "OpenAI": (
        "OpenAI Language Model Instance API",
        "OpenAI Realtime API",
        "OpenAI Whisper API",
        "OpenAI Assistants API",
    ),
    "AIServices": (
        "AI Foundry API",
        "OpenAI Language Model Instance API",
        "OpenAI Realtime API",
        "OpenAI Realtime Translation WebSocket API",
        "OpenAI Whisper API",
        "Content Safety",
    ),
}


def guid(*parts: str) -> str:
    """An identifier that is the same every time for the same parts."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts)))


def etag(*parts: str) -> str:
    return f'"{guid("etag", *parts)}"'


def system_data(created: str, modified: str, by: str) -> Resource:
    """Who made it and changed it: always the pipeline's application, an object id."""
    return {
        "createdBy": guid("application", by),
        "createdByType": "Application",
        "createdAt": created,
        "lastModifiedBy": guid("application", by),
        "lastModifiedByType": "Application",
        "lastModifiedAt": modified,
    }


def subscription(subscription_id: str, name: str, tenant: str) -> Resource:
    return {
        "id": f"/subscriptions/{subscription_id}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription_id,
        "tenantId": tenant,
        "displayName": name,
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "EnterpriseAgreement_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def provider(subscription_id: str, namespace: str, types: Mapping[str, str], state: str = "Registered") -> Resource:
    return {
        "id": f"/subscriptions/{subscription_id}/providers/{namespace}",
        "namespace": namespace,
        "registrationState": state,
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": [
            {"resourceType": name, "apiVersions": [version], "locations": ["East US 2", "Sweden Central"]}
            for name, version in types.items()
        ],
    }


def account(
    group: str,
    name: str,
    kind: str,
    location: str,
    *,
    public: str | None,
    acls: Resource | None,
    local_auth_disabled: bool | None,
    connections: Sequence[Resource] = (),
    tags: Mapping[str, str] | None = None,
    created: str = "2026-01-19T08:41:12.5529012Z",
    tenant: str,
    **extra: Any,
) -> Resource:
    """An account; `None` leaves a property out, as Azure does when it was never set."""
    host = "openai.azure.com" if kind == "OpenAI" else "cognitiveservices.azure.com"
    identity = f"{group}/providers/Microsoft.CognitiveServices/accounts/{name}"
    suffixes = {"AI Foundry API": "services.ai.azure.com", "Content Safety": "cognitiveservices.azure.com"}
    properties: Resource = {
        "endpoint": f"https://{name}.{host}/",
        "provisioningState": "Succeeded",
        "internalId": guid("internal", name).replace("-", ""),
        "dateCreated": created,
        "callRateLimit": {
            "rules": [
                {
                    "key": "openai.realtime",
                    "renewalPeriod": 60,
                    "count": 1000,
                    "matchPatterns": [{"path": "openai/v1/realtime*", "method": "*"}],
                }
            ]
        },
        "isMigrated": False,
        "customSubDomainName": name,
        "privateEndpointConnections": [
            {**item, "id": f"{identity}/privateEndpointConnections/{item['name']}"} for item in connections
        ],
        "capabilities": [
            {"name": "VirtualNetworks"},
            {"name": "CustomerManagedKey"},
            {"name": "TrustedServices", "value": TRUSTED},
            {"name": "NetworkSecurityPerimeter"},
            {"name": "RaiMonitor"},
            {"name": "MaxFineTuneCount", "value": "500"},
        ],
        "endpoints": {
            label: f"https://{name}.{suffixes.get(label, 'openai.azure.com')}/" for label in ENDPOINT_NAMES[kind]
        },
        **({} if public is None else {"publicNetworkAccess": public}),
        **({} if acls is None else {"networkAcls": acls}),
        **({} if local_auth_disabled is None else {"disableLocalAuth": local_auth_disabled}),
        **(
            {"apiProperties": {"qnaAzureSearchEndpointKey": None}, "allowProjectManagement": True}
            if kind == "AIServices"
            else {}
        ),
        **extra,
    }
    return {
        "id": identity,
        "name": name,
        "type": "Microsoft.CognitiveServices/accounts",
        "etag": etag(name),
        "location": location,
        "sku": {"name": "S0"},
        "kind": kind,
        "tags": dict(tags or {}),
        "identity": {"type": "SystemAssigned", "principalId": guid("identity", name), "tenantId": tenant},
        "properties": properties,
        "systemData": system_data(created, "2026-10-06T14:02:55.1870436Z", "delivery"),
    }


def connection(endpoint_id: str, status: str, description: str) -> Resource:
    """A private endpoint connection as it is inside an account: no etag, no provisioning state."""
    name = endpoint_id.rsplit("/", 1)[-1] + "." + guid("connection", endpoint_id)
    return {
        "name": name,
        "type": "Microsoft.CognitiveServices/accounts/privateEndpointConnections",
        "properties": {
            "privateEndpoint": {"id": endpoint_id},
            "groupIds": ["account"],
            "privateLinkServiceConnectionState": {
                "status": status,
                "description": description,
                "actionsRequired": "None",
            },
        },
    }


def deployment(
    account_id: str,
    name: str,
    model: tuple[str, str],
    *,
    capacity: int,
    limits: tuple[int, int],
    policy: str | None,
    upgrade: str | None = "OnceCurrentVersionExpired",
    sku: str = "GlobalStandard",
    capabilities: Mapping[str, str],
    **extra: Any,
) -> Resource:
    """A deployment; `limits` are requests and tokens in 60 seconds."""
    properties: Resource = {
        "model": {"format": "OpenAI", "name": model[0], "version": model[1]},
        "currentCapacity": capacity,
        "capabilities": {
            **capabilities,
            "area": "EUR",
            "_H_azureml-throttling-key": f"oai-{guid('throttling', account_id, name).replace('-', '')}",
        },
        "provisioningState": "Succeeded",
        "deploymentState": "Running",
        "rateLimits": [
            {"key": "request", "renewalPeriod": 60, "count": limits[0]},
            {"key": "token", "renewalPeriod": 60, "count": limits[1]},
        ],
        **({} if policy is None else {"raiPolicyName": policy}),
        **({} if upgrade is None else {"versionUpgradeOption": upgrade}),
        **extra,
    }
    return {
        "id": f"{account_id}/deployments/{name}",
        "name": name,
        "type": "Microsoft.CognitiveServices/accounts/deployments",
        "etag": etag(account_id, name),
        "sku": {"name": sku, "capacity": capacity},
        "properties": properties,
        "systemData": system_data("2026-03-11T09:30:41.6605117Z", "2026-10-06T14:05:20.902114Z", "delivery"),
    }


def filters(threshold: str, *, jailbreak: bool) -> list[Resource]:
    """The filters of a whole content policy; `jailbreak` says whether prompt shields block."""
    harms = [
        {"name": name, "enabled": True, "blocking": True, "severityThreshold": threshold, "source": source}
        for name in ("Hate", "Sexual", "Selfharm", "Violence")
        for source in ("Prompt", "Completion")
    ]
    return [
        *harms,
        {"name": "Jailbreak", "enabled": True, "blocking": jailbreak, "source": "Prompt"},
        {"name": "Protected Material Text", "enabled": True, "blocking": True, "source": "Completion"},
        {"name": "Protected Material Code", "enabled": True, "blocking": False, "source": "Completion"},
    ]


def content_policy(account_id: str, name: str, **properties: Any) -> Resource:
    return {
        "id": f"{account_id}/raiPolicies/{name}",
        "name": name,
        "type": "Microsoft.CognitiveServices/accounts/raiPolicies",
        "etag": etag(account_id, "rai", name),
        "properties": properties,
        "systemData": system_data("2026-01-19T08:44:03.2210458Z", "2026-06-02T11:17:38.7451203Z", "delivery"),
    }


def diagnostic_setting(
    account_id: str,
    name: str,
    logs: Iterable[Resource],
    *,
    workspace: str | None = None,
    event_hub: tuple[str, str] | None = None,
    metrics: bool = True,
) -> Resource:
    """A diagnostic setting, with Azure's own lower-casing of the id in front of it."""
    return {
        "id": f"{account_id.lower()}/providers/microsoft.insights/diagnosticSettings/{name}",
        "type": "Microsoft.Insights/diagnosticSettings",
        "name": name,
        "location": None,
        "kind": None,
        "tags": None,
        "properties": {
            "storageAccountId": None,
            "serviceBusRuleId": None,
            "workspaceId": workspace,
            "eventHubAuthorizationRuleId": event_hub[0] if event_hub else None,
            "eventHubName": event_hub[1] if event_hub else None,
            "metrics": [
                {"category": "AllMetrics", "enabled": metrics, "retentionPolicy": {"enabled": False, "days": 0}}
            ],
            "logs": list(logs),
            "logAnalyticsDestinationType": None,
        },
        "identity": None,
    }


def log(category: str | None = None, group: str | None = None, *, enabled: bool = True) -> Resource:
    return {
        "category": category,
        "categoryGroup": group,
        "enabled": enabled,
        "retentionPolicy": {"enabled": False, "days": 0},
    }
