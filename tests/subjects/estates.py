"""A small estate: one account with a deployment, and helpers to change it."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.snapshot import ASPECTS, Gap, Snapshot
from rtaudit.subjects import EstateIndex, Subject

SUB = "/subscriptions/0a000000-0000-4000-8000-000000000001"
OTHER_SUB = "/subscriptions/0b000000-0000-4000-8000-000000000002"
GROUP = f"{SUB}/resourceGroups/rg-voice"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/voice"
DEPLOYMENT = f"{ACCOUNT}/deployments/talk"
LOCATION = f"{SUB}/providers/Microsoft.CognitiveServices/locations/eastus2"
ENDPOINT = f"{GROUP}/providers/Microsoft.Network/privateEndpoints/pe-voice"
ZONES = f"{GROUP}/providers/Microsoft.Network/privateDnsZones"
NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/hub"
SCOPE = {"cloud": "AzureCloud", "tenant": None, "subscriptions": [SUB.rsplit("/", 1)[-1]]}

Resource = dict[str, Any]


def estate(
    *resources: Resource,
    gaps: Iterable[Gap] = (),
    aspects: Iterable[str] = tuple(ASPECTS),
    cloud: str = "AzureCloud",
    api_versions: Mapping[str, str] | None = None,
) -> EstateIndex:
    """The estate of these resources."""
    scope = {**SCOPE, "cloud": cloud, "aspects": sorted(aspects)}
    collection = {"apiVersions": dict(api_versions or {})}
    return EstateIndex(Snapshot.of("prod", scope, copy.deepcopy(resources), gaps, collection=collection))


def the(kind: str, *resources: Resource, **settings: Any) -> Subject:
    """The one subject of a kind in the estate of these resources."""
    (found,) = estate(*resources, **settings).each(kind)
    return found


def account(
    name: str = ACCOUNT, /, kind: str = "AIServices", location: str = "East US 2", **properties: Any
) -> Resource:
    return {"id": name, "kind": kind, "location": location, "properties": properties}


def deployment(
    name: str = "gpt-realtime",
    version: str = "2025-08-28",
    at: str = DEPLOYMENT,
    sku: str = "GlobalStandard",
    **properties: Any,
) -> Resource:
    model = {"format": "OpenAI", "name": name, "version": version}
    return {
        "id": at,
        "sku": {"name": sku, "capacity": 10},
        "properties": {"model": model, "provisioningState": "Succeeded", **properties},
    }


def row(name: str = "gpt-realtime", version: str = "2025-08-28", /, kind: str = "AIServices", **model: Any) -> Resource:
    """A row of a region's catalogue."""
    return {"kind": kind, "model": {"format": "OpenAI", "name": name, "version": version, **model}}


def models(*rows: Resource, at: str = LOCATION) -> Resource:
    return {"id": f"{at}/models", "value": list(rows)}


def usages(*rows: Resource, at: str = LOCATION) -> Resource:
    return {"id": f"{at}/usages", "value": list(rows)}


def gap(aspect: str, scope: str = SUB, reason: str = "denied") -> Gap:
    return Gap(scope, aspect, reason, 403 if reason == "denied" else None)


def value(subject: Subject, name: str) -> Any:
    """What a fact says: its value, or `…` where a gap is against it."""
    joined = subject.join(name)
    return ... if joined.gaps and not isinstance(joined.value, list) else joined.value


def name_of(resource: Resource) -> str:
    return arm_id.name_of(resource["id"])
