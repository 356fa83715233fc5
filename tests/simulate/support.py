"""A small estate, and a client that asks over a real socket."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from rtaudit.simulate import Simulator
from rtaudit.simulate.tokens import issue
from rtaudit.snapshot import ASPECTS, Gap, Snapshot

TENANT = "11111111-0000-4000-8000-000000000001"
SUB = "/subscriptions/0a000000-0000-4000-8000-000000000001"
GROUP = f"{SUB}/resourceGroups/rg-Voice"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/voice-1"
ZONE = f"{GROUP}/providers/Microsoft.Network/privateDnsZones/privatelink.openai.azure.com"
ENDPOINT = f"{GROUP}/providers/Microsoft.Network/privateEndpoints/pe-voice-1"
MODELS = f"{SUB}/providers/Microsoft.CognitiveServices/locations/eastus2/models"
USAGES = f"{SUB}/providers/Microsoft.CognitiveServices/locations/eastus2/usages"
ROOT = "/providers/Microsoft.Authorization"
READER = f"{SUB}{ROOT}/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
MANAGED = "/providers/Microsoft.Management/managementGroups/hotels"


def resources() -> list[dict[str, Any]]:
    """Something of every type that is served."""
    made: list[dict[str, Any]] = [
        {
            "id": SUB,
            "subscriptionId": SUB.rsplit("/", 1)[-1],
            "tenantId": TENANT,
            "displayName": "Voice",
            "state": "Enabled",
        },
        {"id": f"{SUB}/providers/Microsoft.CognitiveServices", "registrationState": "Registered"},
        {"id": f"{SUB}/providers/Microsoft.Insights", "registrationState": "NotRegistered"},
        {
            "id": ACCOUNT,
            "kind": "AIServices",
            "location": "EastUS2",
            "tags": {"owner": "møller \u202e<b>"},
            "properties": {},
        },
        {
            "id": f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/voice-2",
            "kind": "OpenAI",
            "location": "eastus2",
        },
        *({"id": f"{ACCOUNT}/deployments/d{n}", "name": f"d{n}", "properties": {"x": n}} for n in range(5)),
        {"id": f"{ACCOUNT}/raiPolicies/Microsoft.DefaultV2", "properties": {}},
        {"id": f"{ACCOUNT.lower().lstrip('/')}/providers/microsoft.insights/diagnosticSettings/to-law", "type": None},
        {"id": f"{ACCOUNT}/defenderForAISettings/Default", "properties": {"state": "Enabled"}},
        {"id": f"{ACCOUNT}/networkSecurityPerimeterConfigurations/p1", "properties": {}},
        {
            "id": MODELS,
            "location": "eastus2",
            "value": [{"kind": k, "model": {"name": f"m{n}"}} for k in "AB" for n in range(3)],
        },
        {"id": USAGES, "location": "eastus2", "value": [{"name": {"value": "q"}, "limit": 0}]},
        {"id": ENDPOINT, "location": "eastus2", "properties": {}},
        {"id": f"{ENDPOINT}/privateDnsZoneGroups/default", "properties": {}},
        {"id": ZONE, "location": "global", "properties": {}},
        {"id": f"{ZONE}/virtualNetworkLinks/hub", "properties": {}},
        {"id": f"{ZONE}/A/voice-1", "properties": {}},
        {"id": READER, "properties": {"roleName": "Reader", "type": "BuiltInRole"}},
        _assignment(f"{SUB}", "at-sub", "aaaa"),
        _assignment(ACCOUNT, "at-account", "bbbb"),
        _assignment(MANAGED, "at-mg", "aaaa"),
        _assignment("", "at-root", "cccc"),
        {"id": f"{GROUP}{ROOT}/locks/on-group", "properties": {"level": "CanNotDelete"}},
        {"id": f"{ACCOUNT}{ROOT}/locks/on-account", "properties": {"level": "ReadOnly"}},
        {"id": f"{GROUP}/providers/microsoft.insights/metricalerts/high", "properties": {}},
        {"id": f"{GROUP}/providers/Microsoft.Insights/scheduledQueryRules/refused", "properties": {}},
        {"id": f"{SUB}/providers/Microsoft.Consumption/budgets/voice", "properties": {}},
        {
            "id": f"{SUB}/providers/Microsoft.CognitiveServices/locations/eastus2/resourceGroups/old/deletedAccounts/gone",
            "properties": {},
        },
        {
            "id": f"{SUB}/providers/Microsoft.CognitiveServices/locations/eastus2/modelCapacities/OpenAI.gpt-realtime.1",
            "value": [{"name": "left", "location": "eastus2", "properties": {"skuName": "GlobalStandard"}}],
        },
        {"id": f"{GROUP}/providers/Microsoft.Insights/activityLogAlerts/health", "properties": {}},
        {"id": f"{GROUP}/providers/microsoft.insights/actionGroups/oncall", "properties": {}},
        {
            "id": f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/law",
            "properties": {"retentionInDays": 30},
        },
        {"id": f"{SUB}/providers/Microsoft.Security/pricings/AI", "properties": {"pricingTier": "Free"}},
        {
            "id": f"{ACCOUNT}/providers/Microsoft.Insights/metrics",
            "timespan": "P7D",
            "value": [
                {"name": "AzureOpenAIRequests", "deployment": "d0", "statusCode": "200", "total": 101},
                {"name": "AzureOpenAIRequests", "deployment": "d0", "statusCode": "429", "total": 12},
                {"name": "AzureOpenAIRequests", "deployment": "d1", "statusCode": "200", "total": 7},
                {"name": "RealtimeUsageTime", "deployment": "d0", "total": 3600.5},
            ],
        },
    ]
    return made


def _assignment(scope: str, name: str, principal: str) -> dict[str, Any]:
    properties = {"scope": scope or "/", "principalId": principal, "roleDefinitionId": READER}
    return {"id": f"{scope}{ROOT}/roleAssignments/{name}", "properties": properties}


def snapshot(
    extra: Iterable[dict[str, Any]] = (),
    *,
    without: Iterable[str] = (),
    gaps: Iterable[Gap] = (),
    aspects: Iterable[str] = tuple(ASPECTS),
    **scope: Any,
) -> Snapshot:
    """The small estate; `without` leaves out what is at or below these ids."""
    gone = tuple(name.lower() for name in without)
    kept = [one for one in resources() if not gone or not ("/" + one["id"].lower().lstrip("/")).startswith(gone)]
    asked = {"tenant": TENANT, "subscriptions": [SUB.rsplit("/", 1)[-1]], "aspects": sorted(aspects), **scope}
    return Snapshot.of("prod", asked, [*kept, *extra], gaps)


class Got(NamedTuple):
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        body = self.json
        return str((body.get("error") or body)["code"])

    @property
    def message(self) -> str:
        body = self.json
        return str((body.get("error") or body)["message"])

    @property
    def names(self) -> list[str]:
        return [row["id"].rsplit("/", 1)[-1] for row in self.json["value"]]


TOKEN = issue(TENANT, "https://management.azure.com")


def send(
    sim: Simulator, path: str, method: str = "GET", headers: dict[str, str] | None = None, body: Any = None
) -> Got:
    """One request as it is given."""
    connection = http.client.HTTPConnection("127.0.0.1", int(sim.url.rsplit(":", 1)[-1]), timeout=60)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        return Got(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read().decode())
    finally:
        connection.close()


def get(sim: Simulator, path: str, query: str = "", version: str = "2025-09-01", method: str = "GET") -> Got:
    """One request with a good token and an api-version."""
    return send(sim, f"{path}?api-version={version}{query}", method, {"Authorization": f"Bearer {TOKEN}"})
