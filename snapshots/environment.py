"""One environment of the sample company while it is being put together: who it is, where things are, what is added how."""
# ruff: noqa: INP001

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import catalogue as cat
import shapes as arm
import shapes_shared as net

from rtaudit.snapshot import Gap, Snapshot
from rtaudit.snapshot.aspects import DEFAULT_ASPECTS, RECORDS

TENANT = "1a7e0000-0000-4000-8000-00000000cafe"
SUBSCRIPTIONS = {
    "dev": "de000000-0000-4000-8000-000000000001",
    "test": "7e570000-0000-4000-8000-000000000002",
    "prod": "9d0d0000-0000-4000-8000-000000000003",
}
PLATFORM = "91a70000-0000-4000-8000-000000000004"
"""The platform team's subscription: outside the audit, but some things point into it."""
SIEM_NAMESPACE = (
    f"/subscriptions/{PLATFORM}/resourceGroups/lh-security-rg/providers/Microsoft.EventHub/namespaces/lh-siem"
)
SIEM = (f"{SIEM_NAMESPACE}/authorizationRules/send", "azure-audit")
"""Where the security team collects: the event hub's authorization rule and its name."""
ADDRESS = {"dev": "10.20", "test": "10.30", "prod": "10.40"}
SHORT = {"eastus2": "eus2", "swedencentral": "sdc"}
ZONES = {
    "openai": "privatelink.openai.azure.com",
    "cognitive": "privatelink.cognitiveservices.azure.com",
    "ai": "privatelink.services.ai.azure.com",
}
ROLES = {
    "owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "openai user": "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
}
API_VERSIONS = {
    "Microsoft.CognitiveServices/accounts": "2026-09-01",
    "Microsoft.CognitiveServices/accounts/deployments": "2026-09-01",
    "Microsoft.CognitiveServices/accounts/raiPolicies": "2026-09-01",
    "Microsoft.CognitiveServices/locations/models": "2026-09-01",
    "Microsoft.CognitiveServices/locations/resourceGroups/deletedAccounts": "2026-09-01",
    "Microsoft.CognitiveServices/locations/usages": "2026-09-01",
    "Microsoft.Insights/diagnosticSettings": "2021-05-01-preview",
    "Microsoft.Network/privateEndpoints": "2026-03-01",
}


class Environment:
    """One environment of the company while it is being put together."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.sub = SUBSCRIPTIONS[label]
        self.root = f"/subscriptions/{self.sub}"
        self.group = f"{self.root}/resourceGroups/lh-concierge-{label}-rg"
        self.hub = f"{self.root}/resourceGroups/lh-network-{label}-rg"
        self.observe = f"{self.root}/resourceGroups/lh-observe-{label}-rg"
        self.workspace = f"{self.observe}/providers/Microsoft.OperationalInsights/workspaces/lh-logs-{label}"
        self.oncall = f"{self.observe}/providers/microsoft.insights/actionGroups/concierge-oncall"
        self.resources: list[arm.Resource] = [
            arm.subscription(self.sub, f"Lanternhouse concierge {label}", TENANT),
            arm.provider(
                self.sub, "Microsoft.CognitiveServices", {"accounts": "2026-09-01", "locations/models": "2026-09-01"}
            ),
            arm.provider(self.sub, "Microsoft.Insights", {"diagnosticSettings": "2021-05-01-preview"}),
            arm.provider(self.sub, "Microsoft.Network", {"privateEndpoints": "2026-03-01"}),
        ]
        self.gaps: list[Gap] = []
        self.records: dict[str, list[arm.Resource]] = {zone: [] for zone in ZONES}

    def add(self, *resources: arm.Resource) -> None:
        self.resources += resources

    def tags(self, **more: str) -> dict[str, str]:
        return {"env": self.label, "owner": "guest-experience", "application": "voice-concierge", **more}

    def account(self, role: str, region: str, kind: str, **settings: Any) -> str:
        """Add an account with Azure's own content policies; returns its id."""
        name = f"lh-{role}-{self.label}-{SHORT[region]}"
        settings.setdefault("location", region)
        settings.setdefault("tags", self.tags())
        resource = arm.account(self.group, name, kind, tenant=TENANT, **settings)
        self.add(
            resource,
            arm.content_policy(
                resource["id"],
                "Microsoft.DefaultV2",
                type="SystemManaged",
                mode="Blocking",
                contentFilters=arm.filters("Medium", jailbreak=True),
            ),
        )
        return str(resource["id"])

    def guard(self, account: str, threshold: str, *, jailbreak: bool = True) -> str:
        """Add the company's own content policy: what it does not name, it takes from its base."""
        own = [
            item
            for item in arm.filters(threshold, jailbreak=jailbreak)
            if item["name"] in {"Hate", "Jailbreak", "Violence"}
        ]
        self.add(
            arm.content_policy(
                account,
                "concierge-guard",
                type="UserManaged",
                mode="Blocking",
                basePolicyName="Microsoft.DefaultV2",
                contentFilters=own,
            )
        )
        return "concierge-guard"

    def deploy(self, account: str, name: str, model: cat.Model, capacity: int, **settings: Any) -> None:
        requests, tokens = model.limits
        self.add(
            arm.deployment(
                account,
                name,
                (model.name, model.version),
                capacity=capacity,
                limits=(requests * capacity, tokens * capacity),
                capabilities=model.capabilities,
                **settings,
            )
        )

    def endpoint_id(self, role: str, region: str) -> str:
        return f"{self.hub}/providers/Microsoft.Network/privateEndpoints/lh-{role}-{self.label}-{SHORT[region]}-pe"

    def network(self, region: str) -> str:
        return f"{self.hub}/providers/Microsoft.Network/virtualNetworks/lh-voice-{self.label}-{SHORT[region]}"

    def zone_id(self, zone: str) -> str:
        return f"{self.hub}/providers/Microsoft.Network/privateDnsZones/{ZONES[zone]}"

    def endpoint(
        self,
        role: str,
        region: str,
        host: int,
        zones: Sequence[str] = tuple(ZONES),
        *,
        group_records: bool = True,
        manual: bool = False,
    ) -> None:
        """Add the private endpoint of an account with its zone group; `host` is the first of its addresses."""
        name = f"lh-{role}-{self.label}-{SHORT[region]}"
        third = {"eastus2": 1, "swedencentral": 2}[region]
        addresses = {ZONES[zone]: f"{ADDRESS[self.label]}.{third}.{host + n}" for n, zone in enumerate(ZONES)}
        hosts = {f"{name}.{zone.removeprefix('privatelink.')}": address for zone, address in addresses.items()}
        identity = self.endpoint_id(role, region)
        account = f"{self.group}/providers/Microsoft.CognitiveServices/accounts/{name}"
        self.add(
            net.private_endpoint(
                identity,
                region,
                # the network provider keeps the id as its caller wrote it
                account.replace("Microsoft.CognitiveServices", "microsoft.cognitiveservices") if manual else account,
                f"{self.network(region)}/subnets/endpoints",
                {} if group_records else {host: hosts[host] for host in list(hosts)[:2]},
                manual=manual,
                tags=self.tags(),
            ),
            net.zone_group(
                identity,
                {ZONES[zone]: self.zone_id(zone) for zone in zones},
                name,
                addresses if group_records else None,
            ),
        )
        for zone in zones:
            self.records[zone].append(net.a_record(self.zone_id(zone), name, [addresses[ZONES[zone]]]))

    def dns(self, regions: Sequence[str]) -> None:
        """Add the zones, their links and their A records."""
        for zone in ZONES:
            identity = self.zone_id(zone)
            self.add(net.zone(identity, len(self.records[zone]), len(regions)))
            self.add(*(net.zone_link(identity, self.network(region)) for region in regions))
            self.add(*self.records[zone])

    def catalogue(self, used: dict[str, tuple[float, float]]) -> None:
        for region in cat.OFFERED:
            self.add(cat.models(self.sub, region), cat.usages(self.sub, region, used))

    def roles(self) -> None:
        """Add the role definitions of the company and who holds what everywhere: platform, pipeline, auditor."""
        everything = ["*"]
        not_for_contributors = ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"]
        realtime = "Microsoft.CognitiveServices/accounts/OpenAI/deployments/realtime/action"
        self.add(
            net.role_definition(self.sub, ROLES["owner"], "Owner", actions=everything),
            net.role_definition(
                self.sub, ROLES["contributor"], "Contributor", actions=everything, not_actions=not_for_contributors
            ),
            net.role_definition(self.sub, ROLES["reader"], "Reader", actions=["*/read"]),
            net.role_definition(
                self.sub,
                ROLES["openai user"],
                "Cognitive Services OpenAI User",
                actions=[
                    "Microsoft.CognitiveServices/*/read",
                    "Microsoft.Authorization/roleAssignments/read",
                    "Microsoft.Authorization/roleDefinitions/read",
                ],
                data_actions=[
                    "Microsoft.CognitiveServices/accounts/OpenAI/*/read",
                    "Microsoft.CognitiveServices/accounts/OpenAI/deployments/audio/action",
                    "Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action",
                    realtime,
                ],
            ),
        )
        self.hold(
            "/providers/Microsoft.Management/managementGroups/lanternhouse", "reader", "auditor", "ServicePrincipal"
        )
        self.hold(self.root, "owner", "platform team", "Group")
        self.hold(self.group, "contributor", "delivery", "ServicePrincipal")

    def hold(self, scope: str, role: str, principal: str, kind: str) -> None:
        self.add(net.role_assignment(self.sub, scope, ROLES[role], arm.guid("principal", principal), kind))

    def diagnose(
        self, account: str, logs: Sequence[arm.Resource], *, hub: bool = False, workspace: str | None = None
    ) -> None:
        self.add(
            arm.diagnostic_setting(
                account, "to-logs", logs, workspace=workspace or self.workspace, event_hub=SIEM if hub else None
            )
        )

    def alert(self, name: str, metric: str, scope: str, region: str | None = None, **settings: Any) -> None:
        operator, threshold, aggregation = {
            "AzureOpenAIRequests": ("GreaterThan", 20.0, "Total"),
            "AzureOpenAIAvailabilityRate": ("LessThan", 99.0, "Average"),
            "RealtimeUsageTime": ("GreaterThan", 36000.0, "Total"),
            "Latency": ("GreaterThan", 2000.0, "Average"),
        }[metric]
        dimensions = (
            [{"name": "StatusCode", "operator": "Include", "values": ["429"]}] if metric.endswith("Requests") else []
        )
        self.add(
            net.metric_alert(
                self.observe, name, scope, metric, operator, threshold, aggregation, self.oncall,
                region=region, dimensions=dimensions, **settings,
            )
        )  # fmt: skip

    def denied(self, scope: str, aspect: str, action: str) -> None:
        auditor = arm.guid("principal", "auditor")
        message = (
            f"The client '{auditor}' with object id '{auditor}' does not have authorization to perform action '{action}' over "
            f"scope '{scope}' or the scope is invalid."
        )
        self.gaps.append(Gap(scope, aspect, "denied", 403, "AuthorizationFailed", action, message))

    def snapshot(self, other_kinds: dict[str, int]) -> Snapshot:
        scope = {
            "cloud": "AzureCloud",
            "tenant": TENANT,
            "subscriptions": [self.sub],
            "resourceGroups": [],
            "accounts": [],
            "aspects": sorted(DEFAULT_ASPECTS),
            "leftOut": {"accountsOfOtherKinds": other_kinds, "rules": LEFT_OUT},
        }
        collection = {
            "runs": [{"startedAt": "2026-11-22T06:00:00Z", "finishedAt": "2026-11-22T06:00:09Z"}],
            "tool": {"name": "rtaudit", "version": "sample"},
            "principal": arm.guid("principal", "auditor"),
            "apiVersions": API_VERSIONS,
            "calls": {},
        }
        return Snapshot.of(self.label, scope, self.resources, self.gaps, collection=collection)


LEFT_OUT = sorted(
    (
        RECORDS,
        "action groups: only whether they are enabled and how many receivers they have",
        "catalogue rows of models that are neither realtime-capable nor deployed",
        "private endpoints, DNS zones, role assignments and alerts that concern no account in scope",
        "secrets: migrationToken, apiProperties, connection strings, keys and signatures",
    )
)
