"""Small estates to compare: built by hand, one function for each kind of resource."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.drift import Change, Drift, DriftPolicy, diff, load_policy
from rtaudit.snapshot import ASPECTS, Gap, Snapshot

TODAY = date(2026, 11, 22)
DEFAULT = load_policy(None, TODAY)
ALL = sorted(name for name, aspect in ASPECTS.items() if not aspect.opt_in)
SUBSCRIPTIONS = {"test": "7e570000-0000-4000-8000-000000000002", "prod": "9d0d0000-0000-4000-8000-000000000003"}
Resource = dict[str, Any]


def subscription(label: str) -> str:
    return f"/subscriptions/{SUBSCRIPTIONS.get(label, label)}"


def group(label: str) -> str:
    return f"{subscription(label)}/resourceGroups/rg-voice-{label}"


def account_id(label: str, name: str) -> str:
    return f"{group(label)}/providers/Microsoft.CognitiveServices/accounts/{name}"


def account(label: str, name: str = "", *, location: str = "eastus2", kind: str = "OpenAI", **more: Any) -> Resource:
    name = name or f"voice-{label}"
    return {
        "id": account_id(label, name),
        "name": name,
        "type": "Microsoft.CognitiveServices/accounts",
        "etag": f'"{label}"',
        "kind": kind,
        "location": location,
        "sku": {"name": "S0"},
        "tags": more.pop("tags", {"env": label, "owner": "voice-team"}),
        "identity": more.pop("identity", {"type": "SystemAssigned", "principalId": f"principal-{label}"}),
        "properties": {
            "provisioningState": "Succeeded",
            "endpoint": f"https://{name}.openai.azure.com/",
            "customSubDomainName": name,
            "publicNetworkAccess": "Disabled",
            "disableLocalAuth": True,
            "networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "198.51.100.7"}]},
            **more,
        },
    }


def deployment(
    owner: Resource, name: str = "voice", model: str = "gpt-realtime", capacity: int = 6, **more: Any
) -> Resource:
    return {
        "id": f"{owner['id']}/deployments/{name}",
        "name": name,
        "sku": {"name": "GlobalStandard", "capacity": capacity},
        "properties": {
            "model": {"format": "OpenAI", "name": model, "version": "2025-08-28"},
            "raiPolicyName": "guard",
            "provisioningState": "Succeeded",
            "deploymentState": "Running",
            "rateLimits": [{"key": "request", "renewalPeriod": 60, "count": capacity}],
            **more,
        },
    }


def diagnostics(owner: Resource, label: str, **more: Any) -> Resource:
    return {
        "id": f"{owner['id'].lower()}/providers/microsoft.insights/diagnosticSettings/to-logs-{label}",
        "properties": {
            "workspaceId": f"{group(label)}/providers/Microsoft.OperationalInsights/workspaces/logs-{label}",
            "logs": [{"categoryGroup": "allLogs", "enabled": True}],
            **more,
        },
    }


def filters(owner: Resource, **more: Any) -> Resource:
    return {
        "id": f"{owner['id']}/raiPolicies/guard",
        "properties": {
            "mode": "Blocking",
            "contentFilters": [
                {"name": name, "source": source, "enabled": True, "blocking": True, "severityThreshold": "Medium"}
                for name in ("Hate", "Violence")
                for source in ("Prompt", "Completion")
            ],
            **more,
        },
    }


def snapshot(label: str, resources: Iterable[Resource], gaps: Iterable[Gap] = (), **more: Any) -> Snapshot:
    scope = {"cloud": "AzureCloud", "aspects": more.pop("aspects", ALL)}
    return Snapshot.of(label, scope, resources, gaps, **more)


def estate(label: str) -> Snapshot:
    """One account with what belongs to it, and its subscription."""
    owner = account(label)
    return snapshot(
        label,
        [
            {"id": subscription(label), "displayName": f"Voice {label}", "state": "Enabled"},
            owner,
            deployment(owner),
            filters(owner),
            diagnostics(owner, label),
            {
                "id": f"{subscription(label)}/providers/Microsoft.CognitiveServices",
                "registrationState": "Registered",
                "resourceTypes": [{"resourceType": label}],
            },
        ],
    )


def edited(given: Snapshot, resource_type: str, edit: Callable[[Resource], Any]) -> Snapshot:
    """`given` with `edit` applied to a copy of each resource of a type (its last segment)."""
    resources = []
    for item in map(copy.deepcopy, given.resources):
        if arm_id.type_of(item["id"]).rsplit("/", 1)[-1] == resource_type.lower():
            edit(item)
        resources.append(item)
    return Snapshot.of(given.environment, given.scope, resources, given.gaps, given.clients, given.collection)


def without(given: Snapshot, resource_type: str) -> Snapshot:
    """`given` without its resources of a type (its last segment)."""
    kept = [item for item in given.resources if arm_id.type_of(item["id"]).rsplit("/", 1)[-1] != resource_type.lower()]
    return Snapshot.of(given.environment, given.scope, kept, given.gaps, given.clients, given.collection)


def run(left: Snapshot, right: Snapshot, policy: DriftPolicy = DEFAULT, **more: Any) -> Drift:
    return diff([left, right], policy, as_of=TODAY, **more)


def changes(left: Snapshot, right: Snapshot, policy: DriftPolicy = DEFAULT, **more: Any) -> list[Change]:
    return list(run(left, right, policy, **more).comparisons[0].changes)


def paths(left: Snapshot, right: Snapshot, **more: Any) -> list[tuple[str, str]]:
    return [(change.path, change.decision) for change in changes(left, right, **more)]
