"""Azure CLI: serve what az asks of a Resource Manager besides resources: the cloud's endpoints, api-versions, locations."""

from __future__ import annotations

from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import RESOURCE_TYPES
from rtaudit.simulate.azure_errors import CannedResponse
from rtaudit.simulate.routes import Route
from rtaudit.simulate.served import ServedEstate, encode

METADATA_PATH = "/metadata/endpoints"
"""Where `az cloud register --endpoint-resource-manager` asks for the cloud's endpoints, without a token."""

_VERSIONS = {
    "microsoft.cognitiveservices": "2025-09-01",
    "microsoft.network": "2024-05-01",
    "microsoft.insights": "2021-05-01-preview",
    "microsoft.operationalinsights": "2023-09-01",
    "microsoft.authorization": "2022-04-01",
    "microsoft.security": "2024-01-01",
}
"""Namespace -> the api-version that is offered for its types; az takes the first that is no preview."""

_OWN_VERSIONS = {"microsoft.insights/metricalerts": "2018-03-01", "microsoft.insights/actiongroups": "2023-01-01"}
_BESIDES = {"microsoft.network": ("networkSecurityPerimeters", "privateDnsZones", "virtualNetworks")}


def answer_metadata(url: str) -> CannedResponse:
    """The cloud's endpoints, all of them here."""
    return CannedResponse(
        200,
        encode(
            {
                "name": "Simulated",
                "resourceManager": f"{url}/",
                "microsoftGraphResourceId": f"{url}/graph/",
                "authentication": {"loginEndpoint": f"{url}/login", "audiences": [f"{url}/"], "tenant": "common"},
                "suffixes": {},
            }
        ),
    )


def answer_az(served: ServedEstate, route: Route, path: str) -> CannedResponse | None:
    """The answer to a GET that only az sends, or None."""
    if path.startswith("/graph/"):
        return CannedResponse(
            403, encode({"error": {"code": "Authorization_RequestDenied", "message": "There is no directory."}})
        )
    if route.type == "microsoft.resources/providers" and not route.collection and route.subscription:
        return CannedResponse(200, encode(_provider(served, route)))
    if route.key.endswith("/providers/microsoft.insights/eventtypes/management/values"):
        return CannedResponse(200, encode({"value": []}))
    if route.subscription and route.segments[2:] == ("locations",):
        found = sorted({arm_id.region(one.get("location")) for one in served.resources.values() if one.get("location")})
        return CannedResponse(
            200, encode({"value": [{"name": one, "displayName": one} for one in found if one != "global"]})
        )
    return None


def _provider(served: ServedEstate, route: Route) -> dict[str, Any]:
    """A provider as az wants it: with its types, and of each the api-versions."""
    namespace = route.namespace.lower()
    known = served.resources.get(route.key) or {
        "id": "/" + "/".join(route.segments),
        "namespace": route.namespace,
        "registrationState": "Registered",
    }
    names = [row.name.partition("/")[2] for row in RESOURCE_TYPES.values() if row.key.partition("/")[0] == namespace]
    types = [
        {
            "resourceType": name,
            "apiVersions": [_OWN_VERSIONS.get(f"{namespace}/{name.lower()}", _VERSIONS.get(namespace, "2024-01-01"))],
            "locations": [],
        }
        for name in (*names, *_BESIDES.get(namespace, ()))
    ]
    return {**known, "resourceTypes": types}
