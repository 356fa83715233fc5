"""What the two regions of the sample company offer: model rows and quota, worded as Azure Resource Manager does."""
# ruff: noqa: INP001

from __future__ import annotations

from typing import Any, NamedTuple

from shapes import Resource, system_data


class Model(NamedTuple):
    """One row of a region's catalogue; it comes once for each account kind."""

    name: str
    version: str
    status: str
    retires: str
    usage: str
    """Name of its quota: to be joined, never built (Azure spells some of them irregularly)."""
    capabilities: dict[str, str]
    limits: tuple[int, int] = (20, 10000)
    """Requests and tokens in 60 seconds for one unit of capacity."""
    default: bool = False
    created: str = "2026-02-23"
    sku_retires: str | None = None
    """The SKU's own date, where it is another one."""
    skus: tuple[str, ...] = ("GlobalStandard",)


SPEECH = {"assistants": "false", "chatCompletion": "false", "completion": "false", "realtime": "true"}
TRANSCRIBE = {
    "audio": "true",
    "audioTranscriptions": "true",
    "chatCompletion": "false",
    "completion": "false",
    "maxContextToken": "128000",
    "maxOutputToken": "16384",
    "realtime": "true",
}
CHAT = {
    "agentsV2": "true",
    "assistants": "true",
    "chatCompletion": "true",
    "jsonSchemaResponse": "true",
    "maxContextToken": "400000",
    "priorityTierSkus": "DataZoneStandard,GlobalStandard",
    "responses": "true",
}

REALTIME = Model(
    "gpt-realtime", "2025-08-28", "GenerallyAvailable", "2027-02-28", "OpenAI.GlobalStandard.gpt-realtime", SPEECH,
    default=True, created="2025-08-28",
)  # fmt: skip
REALTIME_15 = Model(
    "gpt-realtime-1.5",
    "2026-02-23",
    "GenerallyAvailable",
    "2027-08-24",
    "OpenAI.GlobalStandard.gpt-realtime-1.5",
    SPEECH,
)
MINI_OLD = Model(
    "gpt-realtime-mini", "2025-10-06", "GenerallyAvailable", "2027-04-06", "OpenAI.GlobalStandard.gpt-realtime-mini", SPEECH,
    limits=(10, 10000), created="2025-10-06",
)  # fmt: skip
MINI = Model(
    "gpt-realtime-mini", "2025-12-15", "GenerallyAvailable", "2026-12-15", "OpenAI.GlobalStandard.gpt-realtime-mini", SPEECH,
    limits=(3, 10000), default=True, created="2025-12-11",
)  # fmt: skip
REALTIME_2 = Model(
    "gpt-realtime-2", "2026-05-06", "GenerallyAvailable", "2027-05-06", "OpenAI.GlobalStandard.gpt-realtime-2", SPEECH,
    created="2026-05-06",
)  # fmt: skip
OLD_PREVIEW = Model(
    "gpt-4o", "realtime-preview", "Deprecated", "2025-11-05", "OpenAI.GlobalStandard.gpt-4o-realtime-preview", SPEECH,
    limits=(6, 1000), created="2024-10-01",
)  # fmt: skip
TRANSCRIPTION = Model(
    "gpt-4o-mini-transcribe", "2025-12-15", "GenerallyAvailable", "2027-06-15", "OpenAI.GlobalStandard.gpt-4o-mini-transcribe",
    TRANSCRIBE, limits=(100, 1000), default=True, created="2025-12-15",
)  # fmt: skip
TEXT = Model(
    "gpt-5-mini", "2025-08-07", "GenerallyAvailable", "2027-08-07", "OpenAI.GlobalStandard.gpt-5-mini", CHAT,
    limits=(1, 1000), default=True, created="2025-08-07", skus=("GlobalStandard", "DataZoneStandard"),
    sku_retires="2027-02-07",
)  # fmt: skip

OFFERED = {
    "eastus2": (REALTIME, REALTIME_15, MINI_OLD, MINI, REALTIME_2, OLD_PREVIEW, TRANSCRIPTION, TEXT),
    "swedencentral": (REALTIME, REALTIME_15, MINI, OLD_PREVIEW, TRANSCRIPTION, TEXT),
}
"""Rows by region: Sweden Central has not got every model yet."""


def models(subscription_id: str, region: str) -> Resource:
    """A region's catalogue as one resource: realtime-capable models and deployed ones."""
    collection = f"/subscriptions/{subscription_id}/providers/Microsoft.CognitiveServices/locations/{region}/models"
    shown = {"eastus2": "EastUS2", "swedencentral": "SwedenCentral"}[region]
    return {
        "id": collection,
        "type": "Microsoft.CognitiveServices/locations/models",
        "name": "models",
        "location": region,
        "value": [
            _row(subscription_id, shown, kind, model) for model in OFFERED[region] for kind in ("AIServices", "OpenAI")
        ],
    }


def _row(subscription_id: str, region: str, kind: str, model: Model) -> Resource:
    name = f"OpenAI.{model.name}.{model.version}"
    requests, tokens = model.limits
    return {
        "id": f"/subscriptions/{subscription_id}/providers/Microsoft.CognitiveServices/locations/{region}/models/{name}",
        "type": "Microsoft.CognitiveServices/locations/models",
        "name": name,
        "location": region,
        "kind": kind,
        "skuName": "S0",
        "model": {
            "format": "OpenAI",
            "name": model.name,
            "version": model.version,
            "isDefaultVersion": model.default,
            "skus": [
                {
                    "name": sku,
                    "usageName": model.usage.replace("GlobalStandard", sku),
                    "capacity": {"maximum": 30000, "default": 100},
                    "deprecationDate": f"{model.sku_retires or model.retires}T00:00:00Z",
                    "rateLimits": [
                        {"key": "request", "renewalPeriod": 60, "count": requests},
                        {"key": "token", "renewalPeriod": 60, "count": tokens},
                    ],
                }
                for sku in model.skus
            ],
            "maxCapacity": 3,
            "capabilities": model.capabilities,
            "deprecation": {"inference": f"{model.retires}T00:00:00Z"},
            "lifecycleStatus": model.status,
            "systemData": {
                **system_data(f"{model.created}T00:00:00Z", f"{model.created}T00:00:00Z", "catalogue"),
                "createdBy": "Microsoft",
                "lastModifiedBy": "Microsoft",
            },
        },
    }


def usages(subscription_id: str, region: str, used: dict[str, tuple[float, float]]) -> Resource:
    """A region's quota as one resource: `used` is (used, limit) by usage name; the rest has its default limit, unused.

    GlobalStandard quota is pooled: the same figures stand in every region.
    """
    rows: dict[str, tuple[float, float, str]] = {
        "OpenAI.GlobalStandard.gpt-realtime": (0, 10, "Requests Per Minute - gpt-realtime - GlobalStandard"),
        "OpenAI.GlobalStandard.gpt-realtime-1.5": (0, 10, "Requests Per Minute - gpt-realtime-1.5 - GlobalStandard"),
        "OpenAI.GlobalStandard.gpt-realtime-mini": (0, 20, "Requests Per Minute - gpt-realtime-mini - GlobalStandard"),
        "OpenAI.GlobalStandard.gpt-realtime-2": (0, 10, "Requests Per Minute - gpt-realtime-2 - GlobalStandard"),
        "OpenAI.GlobalStandard.gpt-4o-realtime-preview": (
            0, 6, "Requests Per Minute - gpt-4o-realtime-preview - GlobalStandard",
        ),
        "OpenAI.GlobalStandard.gpt-4o-mini-transcribe": (
            0, 600, "Tokens Per Minute (thousands) - gpt-4o-mini-transcribe - GlobalStandard",
        ),
        "OpenAI.GlobalStandard.gpt-5-mini": (0, 500, "Tokens Per Minute (thousands) - gpt-5-mini - GlobalStandard"),
        "OpenAI.DataZoneStandard.gpt-5-mini": (0, 300, "Tokens Per Minute (thousands) - gpt-5-mini - DataZoneStandard"),
        "OpenAI.ProvisionedManaged": (0, 0, "Provisioned Managed Throughput Unit"),
        "AIServices.GlobalStandard.MAI-Transcribe-2": (0, 100, "Requests Per Minute - MAI-Transcribe-2 - GlobalStandard"),
    }  # fmt: skip
    value: list[dict[str, Any]] = []
    for name, (current, limit, label) in rows.items():
        current, limit = used.get(name, (current, limit))  # noqa: PLW2901
        value.append(
            {"name": {"value": name, "localizedValue": label}, "currentValue": current, "limit": limit, "unit": "Count"}
        )
    return {
        "id": f"/subscriptions/{subscription_id}/providers/Microsoft.CognitiveServices/locations/{region}/usages",
        "type": "Microsoft.CognitiveServices/locations/usages",
        "name": "usages",
        "location": region,
        "value": value,
    }
