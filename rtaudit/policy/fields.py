"""Documented fields: list what Azure documents for the types that rules check; `policy lint` knows a field by it.

Source: the models of azure-mgmt-cognitiveservices, -network and the type definitions of newer api-versions. A field that is
not here may still come over the wire; lint then says that nobody documents it.
"""

from __future__ import annotations

_RESOURCE = {
    "id",
    "name",
    "type",
    "kind",
    "location",
    "tags",
    "etag",
    "sku",
    "identity",
    "systemData",
    "properties",
    "zones",
}

TOP_FIELDS: dict[str, set[str]] = {
    "account": _RESOURCE,
    "deployment": _RESOURCE,
    "realtimeDeployment": _RESOURCE,
    "privateEndpoint": _RESOURCE | {"extendedLocation"},
    "subscription": {
        "id",
        "subscriptionId",
        "displayName",
        "state",
        "tenantId",
        "subscriptionPolicies",
        "tags",
        "authorizationSource",
        "managedByTenants",
    },
    "environment": {"id"},
}
"""Kind of subject -> fields of the raw resource. Kinds that are not here are not checked."""

PROPERTIES: dict[str, set[str]] = {
    "account": {
        "provisioningState", "endpoint", "internalId", "capabilities", "isMigrated", "migrationToken", "skuChangeInfo",
        "customSubDomainName", "networkAcls", "encryption", "userOwnedStorage", "amlWorkspace", "privateEndpointConnections",
        "publicNetworkAccess", "apiProperties", "dateCreated", "callRateLimit", "dynamicThrottlingEnabled",
        "storedCompletionsDisabled", "quotaLimit", "restrictOutboundNetworkAccess", "allowedFqdnList", "disableLocalAuth",
        "endpoints", "restore", "deletionDate", "scheduledPurgeDate", "locations", "commitmentPlanAssociations",
        "abusePenalty", "raiMonitorConfig", "networkInjections", "allowProjectManagement", "defaultProject",
        "associatedProjects", "armFeatures", "foundryAutoUpgrade", "a365LoggingEnabled", "agentHostingConfigurations",
        "capabilitySettings", "costControlIds",
    },
    "deployment": {
        "model", "scaleSettings", "capabilities", "raiPolicyName", "callRateLimit", "rateLimits", "versionUpgradeOption",
        "dynamicThrottlingEnabled", "currentCapacity", "capacitySettings", "parentDeploymentName", "spilloverDeploymentName",
        "provisioningState", "deploymentState", "serviceTier", "routing", "speculativeDecoding", "costControlIds",
    },
    "privateEndpoint": {
        "subnet", "networkInterfaces", "provisioningState", "privateLinkServiceConnections",
        "manualPrivateLinkServiceConnections", "customDnsConfigs", "ipConfigurations", "customNetworkInterfaceName",
        "applicationSecurityGroups", "billingSku", "ipVersionType", "resourceGuid",
    },
}  # fmt: skip
"""Kind of subject -> fields below `properties`."""
PROPERTIES["realtimeDeployment"] = PROPERTIES["deployment"]

VALUES: dict[str, set[str]] = {
    "facts.exposure": {"public", "restricted", "perimeter", "private"},
    "facts.realtimeRole": {"speech", "transcription", "translation", "live", "none", "unknown"},
    "facts.effectiveUpgradeOption": {"OnceNewDefaultVersionAvailable", "OnceCurrentVersionExpired", "NoAutoUpgrade"},
    "facts.hostsRealtime": set(),
}
"""Fact -> the only strings that it can be; a comparison with another one never holds."""
