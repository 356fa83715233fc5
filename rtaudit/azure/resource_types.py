"""Resource types: tell what rtaudit knows of each type of Azure resource, one row a type.

What other modules need by type or by aspect (`ASPECTS`, readers of plain lists, api-versions, routes of the simulated
Azure, nouns, drift categories, short names in rule cases) is worked out from these rows. A further type is a row here,
and a Reader in `rtaudit.collect.aspects` where its list has to be filtered or asked for in a way of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ACCOUNT = "microsoft.cognitiveservices/accounts"
DEPLOYMENT = "microsoft.cognitiveservices/accounts/deployments"
RAI_POLICY = "microsoft.cognitiveservices/accounts/raipolicies"
MODELS = "microsoft.cognitiveservices/locations/models"
CAPACITIES = "microsoft.cognitiveservices/locations/modelcapacities"
DELETED_ACCOUNT = "microsoft.cognitiveservices/locations/resourcegroups/deletedaccounts"
BUDGET = "microsoft.consumption/budgets"
USAGES = "microsoft.cognitiveservices/locations/usages"
SUBSCRIPTION = "microsoft.resources/subscriptions"
PROVIDER = "microsoft.resources/providers"
PRIVATE_ENDPOINT = "microsoft.network/privateendpoints"
ZONE_GROUP = "microsoft.network/privateendpoints/privatednszonegroups"
ZONE = "microsoft.network/privatednszones"
ZONE_LINK = "microsoft.network/privatednszones/virtualnetworklinks"
ZONE_RECORD = "microsoft.network/privatednszones/a"
DIAGNOSTICS = "microsoft.insights/diagnosticsettings"
METRIC_ALERT = "microsoft.insights/metricalerts"
ACTIVITY_ALERT = "microsoft.insights/activitylogalerts"
LOG_ALERT = "microsoft.insights/scheduledqueryrules"
ACTION_GROUP = "microsoft.insights/actiongroups"
METRICS = "microsoft.insights/metrics"
WORKSPACE = "microsoft.operationalinsights/workspaces"
ASSIGNMENT = "microsoft.authorization/roleassignments"
DEFINITION = "microsoft.authorization/roledefinitions"
LOCK = "microsoft.authorization/locks"

_NONE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One type of Azure resource."""

    name: str
    """As Azure's documentation writes it: `Microsoft.CognitiveServices/accounts/deployments`."""
    aspect: str | None = None
    """The aspect that reads it; None for what a snapshot never holds."""
    about: str = ""
    """On the first row of an aspect: what the aspect is, in a few words."""
    opt_in: bool = False
    """On the first row of an aspect: True when it is read only if asked for."""

    # How it is read.
    asked_of: str = ""
    """What its list is asked of: `subscriptions`, `accounts`, `regions`; empty where a Reader has its own targets."""
    operation: str = ""
    """The SDK operation that words the read (`deployments.list`); empty: a plain GET of `path`."""
    reader: str = ""
    """The name of its Reader, where it is not the last word of `name`."""
    api_version: str = ""
    """The newest api-version that is known; empty: its parent type's or provider's (see `PROVIDER_VERSIONS`)."""
    action: str = ""
    """The RBAC action of a read, where it is not `<name>/read`."""
    paged: bool = True
    """False where the API has no nextLink."""
    inherited: bool = False
    """True when a list shows what is above and below the scope too."""
    catalogue: bool = False
    """True for a region's collection, which a snapshot keeps as one resource with its rows in `value`."""
    kinds: frozenset[str] = frozenset()
    """Kinds (lower case) that are kept and compared; empty: all."""
    filtered_by: tuple[str, ...] = ()
    """Aspects, and types of the same aspect, that say what of its lists is kept: a gap there hides resources here."""
    rows_filtered_by: str = ""
    """Of a catalogue: the aspect that says which of its rows are kept."""

    # How it is spoken of.
    noun: str = "resource"
    """What a gap's scope of this type is called."""
    short: str = ""
    """Its name in the cases of rules (`at: account:east`)."""

    # How it is compared.
    compared: str = "always"
    """`always`, `overTime` (not between environments) or `never`."""
    category: str = "other"
    """The category of its changes (`drift.CATEGORIES`)…"""
    categories: Mapping[str, str] = field(default_factory=lambda: _NONE)
    """…but for those at or below these JSON Pointers."""
    defaults: Mapping[str, object] = field(default_factory=lambda: _NONE)
    """JSON Pointer -> what Azure documents the field's absence to mean."""
    follows: Mapping[str, str] = field(default_factory=lambda: _NONE)
    """JSON Pointer -> the pointer whose change it follows from: reported once, at the cause."""
    late: Mapping[str, str] = field(default_factory=lambda: _NONE)
    """JSON Pointer -> the first stable api-version that shows the field."""
    assigned: tuple[str, ...] = ()
    """JSON Pointers (`*`: each element) of what Azure alone writes, beside `COMMONLY_ASSIGNED`: no plan can hold it.

    Source: the read-only flags of Microsoft's type definitions and SDK models.
    """

    @property
    def key(self) -> str:
        """The name in lower case, as types are compared."""
        return self.name.lower()

    @property
    def parent(self) -> str:
        """The type (lower case) that it is a child of; empty for a type of its own or an extension."""
        return self.key.rpartition("/")[0] if self.name.count("/") > 1 else ""

    @property
    def path(self) -> str:
        """What is behind the id that its list is asked of."""
        return f"/{self.name.rpartition('/')[2]}" if self.parent in RESOURCE_TYPES else f"/providers/{self.name}"

    @property
    def read_action(self) -> str:
        """The RBAC action that a read needs."""
        return self.action or f"{self.name}/read"


_CS = "Microsoft.CognitiveServices"
_NET = "Microsoft.Network"
_INSIGHTS = "Microsoft.Insights"
_AUTH = "Microsoft.Authorization"


def _properties(*names: str) -> tuple[str, ...]:
    return tuple(f"/properties/{name}" for name in names)


CALLER_TYPES: dict[str, str] = {
    "Microsoft.ManagedIdentity/userAssignedIdentities": "2023-01-31",
    "Microsoft.Web/sites": "2023-12-01",
    "Microsoft.App/containerApps": "2024-03-01",
    "Microsoft.App/jobs": "2024-03-01",
    "Microsoft.Compute/virtualMachines": "2024-07-01",
    "Microsoft.Compute/virtualMachineScaleSets": "2024-07-01",
    "Microsoft.ContainerInstance/containerGroups": "2023-05-01",
    "Microsoft.ApiManagement/service": "2022-08-01",
    "Microsoft.Logic/workflows": "2019-05-01",
}
"""Types whose identity a client can connect as -> the api-version that they are read with."""

_ROWS = (
    ResourceType(
        f"{_CS}/accounts", "accounts",
        "accounts of kind OpenAI and AIServices, and the subscriptions that hold them",
        asked_of="subscriptions", operation="accounts.list", noun="account", short="account",
        kinds=frozenset({"openai", "aiservices"}),
        categories={
            **dict.fromkeys(_properties("publicNetworkAccess", "networkAcls", "restrictOutboundNetworkAccess", "allowedFqdnList", "networkInjections", "endpoint"), "network"),
            "/properties/privateEndpointConnections": "privateEndpoints",
            **dict.fromkeys((*_properties("disableLocalAuth", "customSubDomainName"), "/identity"), "identity"),
            **dict.fromkeys(_properties("quotaLimit", "dynamicThrottlingEnabled", "abusePenalty"), "quota"),
            "/properties/raiMonitorConfig": "contentSafety",
        },
        defaults={
            "/properties/publicNetworkAccess": "Enabled", "/properties/networkAcls/defaultAction": "Allow",
            "/properties/networkAcls/bypass": "None", "/properties/disableLocalAuth": False,
        },
        follows={"/properties/capabilities": "/kind"},
        assigned=(
            *_properties("provisioningState", "endpoint", "endpoints", "internalId", "capabilities", "isMigrated", "skuChangeInfo", "privateEndpointConnections", "dateCreated", "callRateLimit", "quotaLimit", "deletionDate", "scheduledPurgeDate", "commitmentPlanAssociations", "abusePenalty"),
            "/identity/principalId", "/identity/tenantId",
        ),
    ),
    ResourceType(
        "Microsoft.Resources/subscriptions", "accounts", noun="subscription", short="subscription", api_version="2022-12-01",
        assigned=("/tenantId", "/subscriptionId", "/authorizationSource", "/managedByTenants", "/state"),
    ),
    ResourceType(
        "Microsoft.Resources/resourceGroups", noun="resource group", api_version="2021-04-01",
        action="Microsoft.Resources/subscriptions/resourceGroups/read", assigned=_properties("provisioningState"),
    ),
    ResourceType(
        f"{_CS}/accounts/deployments", "deployments", "model deployments of each account",
        asked_of="accounts", operation="deployments.list", noun="deployment", short="deployment",
        category="deployments",
        categories={
            **dict.fromkeys(_properties("model", "versionUpgradeOption"), "models"),
            **dict.fromkeys(("/sku/capacity", *_properties("rateLimits", "dynamicThrottlingEnabled")), "quota"),
            "/properties/raiPolicyName": "contentSafety",
        },
        defaults={"/properties/versionUpgradeOption": "OnceCurrentVersionExpired"},
        follows={
            "/properties/capabilities": "/properties/model", "/properties/rateLimits": "/sku/capacity",
            "/properties/currentCapacity": "/sku/capacity",
        },
        # Microsoft's type definitions hold it in stable versions since then, and in none before.
        late={"/properties/deploymentState": "2025-12-01"},
        assigned=_properties("provisioningState", "deploymentState", "currentCapacity", "capabilities", "callRateLimit", "rateLimits", "dynamicThrottlingEnabled", "model/callRateLimit", "scaleSettings/activeCapacity"),
    ),
    ResourceType(
        f"{_CS}/accounts/raiPolicies", "contentPolicies", "content-filter (RAI) policies of each account",
        asked_of="accounts", operation="rai_policies.list", reader="contentPolicies", noun="content policy", short="contentPolicy",
        category="contentSafety", assigned=_properties("type"),
    ),
    ResourceType(
        # azure-mgmt-monitor 7 has no operation for it: docs/decisions/0001-plain-get.md.
        f"{_INSIGHTS}/diagnosticSettings", "diagnostics", "diagnostic settings of each account",
        asked_of="accounts", reader="diagnostics", noun="diagnostic setting", short="diagnosticSetting",
        api_version="2021-05-01-preview", paged=False, category="logging",
    ),
    ResourceType(
        f"{_CS}/locations/models", "models", "the model catalogue of each region in use",
        asked_of="regions", operation="models.list", noun="region", short="models", catalogue=True,
        filtered_by=("accounts",), rows_filtered_by="deployments", compared="overTime", category="models",
    ),
    ResourceType(
        f"{_CS}/locations/usages", "usages", "quota and its use in each region in use",
        asked_of="regions", operation="usages.list", noun="region", short="usages", catalogue=True,
        filtered_by=("accounts",), category="quota",
    ),
    ResourceType(
        f"{_NET}/privateEndpoints", "privateEndpoints", "private endpoints that connect to an account, with their DNS zone groups",
        asked_of="subscriptions", noun="private endpoint", short="privateEndpoint",
        filtered_by=("accounts",), category="privateEndpoints",
        assigned=_properties(
            "provisioningState", "networkInterfaces", "resourceGuid", "customDnsConfigs",
            *(f"{name}/*/properties/{state}" for name in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections") for state in ("provisioningState", "privateLinkServiceConnectionState")),
        ),
    ),
    ResourceType(
        f"{_NET}/privateEndpoints/privateDnsZoneGroups", "privateEndpoints", reader="zoneGroups",
        noun="DNS zone group", short="zoneGroup", category="dns",
        assigned=_properties("provisioningState", "privateDnsZoneConfigs/*/properties/recordSets"),
    ),
    ResourceType(
        f"{_NET}/privateDnsZones", "privateDns", "private DNS zones, their virtual network links and A records",
        asked_of="subscriptions", reader="zones", noun="DNS zone", short="zone", api_version="2024-06-01",
        filtered_by=("accounts", "privateEndpoints"), category="dns",
        assigned=_properties("provisioningState", "internalId", "numberOfRecordSets", "maxNumberOfRecordSets", "numberOfVirtualNetworkLinks", "maxNumberOfVirtualNetworkLinks", "numberOfVirtualNetworkLinksWithRegistration", "maxNumberOfVirtualNetworkLinksWithRegistration"),
    ),
    ResourceType(
        f"{_NET}/privateDnsZones/virtualNetworkLinks", "privateDns", reader="zoneLinks", noun="DNS zone link",
        short="zoneLink", category="dns", assigned=_properties("provisioningState", "virtualNetworkLinkState"),
    ),
    ResourceType(
        f"{_NET}/privateDnsZones/A", "privateDns", reader="zoneRecords", noun="DNS record", short="record",
        category="dns", assigned=_properties("fqdn", "isAutoRegistered"),
    ),
    ResourceType(
        f"{_AUTH}/roleAssignments", "roleAssignments", "role assignments that reach an account, with the role definitions they name",
        asked_of="subscriptions", noun="role assignment", short="roleAssignment", api_version="2022-04-01", inherited=True,
        filtered_by=("accounts",), category="identity", assigned=_properties("createdOn", "updatedOn", "createdBy", "updatedBy"),
    ),
    ResourceType(
        f"{_AUTH}/roleDefinitions", "roleAssignments", noun="role definition", short="roleDefinition",
        api_version="2022-04-01", category="identity", assigned=_properties("createdOn", "updatedOn", "createdBy", "updatedBy"),
    ),
    ResourceType(
        f"{_INSIGHTS}/metricAlerts", "alerts", "metric alerts, log alerts, activity-log alerts and their action groups",
        asked_of="subscriptions", operation="metric_alerts.list_by_subscription", noun="metric alert", short="metricAlert",
        api_version="2018-03-01", filtered_by=("accounts",), category="logging", assigned=_properties("lastUpdatedTime", "isMigrated"),
    ),
    ResourceType(
        f"{_INSIGHTS}/activityLogAlerts", "alerts", asked_of="subscriptions",
        operation="activity_log_alerts.list_by_subscription_id", noun="activity-log alert", short="activityLogAlert",
        api_version="2020-10-01", category="logging",
    ),
    ResourceType(
        f"{_INSIGHTS}/scheduledQueryRules", "alerts", asked_of="subscriptions", reader="logAlerts", noun="log alert",
        short="logAlert", api_version="2023-12-01", filtered_by=("accounts",), category="logging",
        assigned=_properties("createdWithApiVersion", "isLegacyLogAnalyticsRule", "isWorkspaceAlertsStorageConfigured"),
    ),
    ResourceType(
        f"{_INSIGHTS}/actionGroups", "alerts", asked_of="subscriptions", operation="action_groups.list_by_subscription_id",
        noun="action group", short="actionGroup", api_version="2023-01-01", category="logging",
        filtered_by=(METRIC_ALERT, ACTIVITY_ALERT, LOG_ALERT),
        assigned=_properties("emailReceivers/*/status", "smsReceivers/*/status"),
    ),
    ResourceType(
        "Microsoft.OperationalInsights/workspaces", "workspaces", "Log Analytics workspaces that receive diagnostics",
        noun="workspace", short="workspace", api_version="2023-09-01", filtered_by=("accounts", "diagnostics"), category="logging",
        assigned=_properties("provisioningState", "customerId", "createdDate", "modifiedDate", "workspaceCapping/quotaNextResetTime", "workspaceCapping/dataIngestionStatus"),
    ),
    ResourceType(
        f"{_AUTH}/locks", "locks", "resource locks that cover an account",
        asked_of="subscriptions", noun="lock", short="lock", api_version="2020-05-01", inherited=True, filtered_by=("accounts",),
    ),
    ResourceType(
        "Microsoft.Resources/providers", "providers", "registration of the resource providers", noun="provider",
        short="provider", api_version="2021-04-01", action="Microsoft.Resources/subscriptions/providers/read",
        assigned=("/registrationState",),
    ),
    ResourceType(
        "Microsoft.Security/pricings", "defender", "Defender for AI on subscriptions and accounts", opt_in=True,
        reader="defenderPlans", noun="subscription", short="defenderPlan", api_version="2024-01-01", paged=False,
        assigned=_properties("enablementTime", "freeTrialRemainingTime", "deprecated", "replacedBy", "inherited", "inheritedFrom"),
    ),
    ResourceType(
        f"{_CS}/accounts/defenderForAISettings", "defender", asked_of="accounts",
        operation="defender_for_ai_settings.list", reader="defenderSettings", noun="Defender setting", short="defenderSetting",
    ),
    ResourceType(
        f"{_CS}/accounts/networkSecurityPerimeterConfigurations", "perimeters",
        "network security perimeter configurations of each account", opt_in=True,
        asked_of="accounts", operation="network_security_perimeter_configurations.list", reader="perimeters",
        noun="network security perimeter configuration", short="perimeter", category="network",
        assigned=_properties("provisioningState", "provisioningIssues"),
    ),
    ResourceType(
        f"{_CS}/locations/resourceGroups/deletedAccounts", "accounts", reader="deletedAccounts", noun="deleted account",
        short="deletedAccount", action=f"{_CS}/deletedAccounts/read", compared="never",
    ),
    ResourceType(
        f"{_CS}/locations/modelCapacities", "capacity", "what each region in use has left of the realtime models deployed there",
        opt_in=True, noun="model capacity", short="capacity", compared="never", category="quota",
    ),
    ResourceType(
        "Microsoft.Consumption/budgets", "budgets", "budgets of the subscriptions and of the accounts' groups", opt_in=True,
        asked_of="subscriptions", noun="budget", short="budget", api_version="2023-05-01", compared="overTime",
        assigned=_properties("currentSpend", "forecastSpend"),
    ),
    ResourceType(
        f"{_INSIGHTS}/metrics", "metrics", "summed platform metrics of the last 7 days", opt_in=True,
        noun="metric", short="metrics", api_version="2024-02-01", paged=False, compared="never", category="logging",
    ),
    *(
        # What a client contract may name as its caller: one GET tells its principal.
        ResourceType(name, "roleAssignments", reader=f"caller {name}", noun="app or identity", api_version=version, compared="never")
        for name, version in CALLER_TYPES.items()
    ),
    ResourceType(f"{_AUTH}/permissions", noun="permission", api_version="2022-04-01", paged=False),
)  # fmt: skip

RESOURCE_TYPES: dict[str, ResourceType] = {row.key: row for row in _ROWS}
"""Every type that is known, by its name in lower case. Of an aspect's types, the one that represents it first."""

PROVIDER_VERSIONS: dict[str, str] = {"microsoft.cognitiveservices": "2026-09-01", "microsoft.network": "2026-03-01"}
"""Provider (lower case) -> the newest api-version known, for its types that name none."""

COMMONLY_ASSIGNED = ("/etag", "/systemData")
"""JSON Pointers of what Azure alone writes, whatever the type."""

CATALOGUES: frozenset[str] = frozenset(row.key for row in _ROWS if row.catalogue)
"""Types that are kept as one resource: a region's rows under the collection's id, in `value`."""

ACCOUNT_KINDS: frozenset[str] = RESOURCE_TYPES[ACCOUNT].kinds
"""Kinds of account that can host realtime deployments, lower case."""


def shown_since(resource_type: str, pointer: str, used: str | None) -> str | None:
    """The first stable api-version that shows a field, where `used` (None: not recorded) is none that does; else None.

    A preview may lack what a stable version of an earlier date has.
    """
    row = RESOURCE_TYPES.get(resource_type)
    since = row.late.get(pointer) if row is not None else None
    if since is None or (used is not None and len(used) == len(since) and used >= since):
        return None
    return since
