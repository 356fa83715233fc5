"""The writable simulator: what PUT, PATCH and DELETE make of the estate, and that it is off unless asked for."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from rtaudit import assets
from rtaudit.simulate import Simulator
from rtaudit.simulate.tokens import issue
from rtaudit.snapshot import load
from tests.conftest import Run

SUB = "/subscriptions/900d0000-0000-4000-8000-000000000005"
GROUP = f"{SUB}/resourceGroups/voice-rg/providers"
EAST = f"{GROUP}/Microsoft.CognitiveServices/accounts/east"
ENDPOINT = f"{GROUP}/Microsoft.Network/privateEndpoints/new-pe"


def good() -> Any:
    return load(assets.policies() / "rules" / "good.json")


@pytest.fixture
def served() -> Iterator[Simulator]:
    with Simulator([good()], writable=True) as simulator:
        yield simulator


def ask(
    simulator: Simulator,
    method: str,
    path: str,
    body: Any = None,
    context: ssl.SSLContext | None = None,
    **headers: str,
) -> tuple[int, Any]:
    request = urllib.request.Request(
        f"{simulator.url}{path}?api-version=2025-09-01",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {issue('1a7e0000-0000-4000-8000-00000000cafe', 'x')}", **headers},
    )
    try:
        with urllib.request.urlopen(request, context=context) as answer:
            said = answer.read()
            return answer.status, json.loads(said) if said else None
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read() or b"null")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST"])
def test_nothing_changes_unless_it_is_asked_for(method):
    with Simulator([good()]) as simulator:
        status, said = ask(simulator, method, EAST, {"properties": {}})
        assert (status, said["error"]["code"]) == (403, "AuthorizationFailed")


def test_put_replaces_and_keeps_what_azure_alone_writes(served):
    before = ask(served, "GET", EAST)[1]
    sent = {"kind": "AIServices", "location": "eastus2", "properties": {"disableLocalAuth": False, "endpoints": {}}}
    assert ask(served, "PUT", EAST.lower().replace("/accounts/", "//accounts/"), sent)[0] == 200
    after = ask(served, "GET", EAST)[1]
    assert after["id"] == before["id"]
    assert after["properties"]["disableLocalAuth"] is False
    assert "networkAcls" not in after["properties"]
    for kept in ("endpoints", "privateEndpointConnections", "capabilities"):
        assert after["properties"][kept] == before["properties"][kept]


def test_patch_merges(served):
    before = ask(served, "GET", EAST)[1]
    assert (
        ask(served, "PATCH", EAST, {"properties": {"disableLocalAuth": False}, "identity": {"type": "SystemAssigned"}})[
            0
        ]
        == 200
    )
    after = ask(served, "GET", EAST)[1]
    assert after["properties"] == {**before["properties"], "disableLocalAuth": False}
    assert after["identity"]["principalId"] == before["identity"]["principalId"]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("PUT", f"{SUB}/resourceGroups/none/providers/Microsoft.CognitiveServices/accounts/x", {}, 404, "ResourceGroupNotFound"),
        ("PUT", f"{GROUP}/Microsoft.CognitiveServices/accounts/none/deployments/x", {}, 404, "ParentResourceNotFound"),
        ("PUT", EAST.replace("900d", "0000"), {}, 404, "SubscriptionNotFound"),
        ("PUT", EAST, {"If-None-Match": "*"}, 412, "PreconditionFailed"),
        ("PATCH", f"{GROUP}/Microsoft.CognitiveServices/accounts/none", {}, 404, "ResourceNotFound"),
        ("PATCH", f"{EAST}/raiPolicies/guard", {}, 405, "MethodNotAllowed"),
    ],
)  # fmt: skip
def test_what_is_refused(served, method, path, headers, status, code):
    found, said = ask(served, method, path, {"properties": {}}, **headers)
    assert (found, said["error"]["code"]) == (status, code)


def test_a_body_that_is_no_json_is_refused(served):
    request = urllib.request.Request(
        f"{served.url}{EAST}?api-version=1", method="PUT", data=b"{", headers={"Authorization": "Bearer x"}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    with refused.value:
        assert refused.value.code == 400


def test_a_private_endpoint_and_its_connection(served):
    sent = {
        "location": "eastus2",
        "properties": {
            "subnet": {"id": "/x"},
            "privateLinkServiceConnections": [
                {"name": "a", "properties": {"groupIds": ["account"], "privateLinkServiceId": EAST}}
            ],
        },
    }
    status, made = ask(served, "PUT", ENDPOINT, sent)
    assert status == 201
    assert {one["fqdn"] for one in made["properties"]["customDnsConfigs"]} >= {"east.openai.azure.com"}
    (connection,) = [
        one
        for one in ask(served, "GET", EAST)[1]["properties"]["privateEndpointConnections"]
        if one["properties"]["privateEndpoint"]["id"] == ENDPOINT
    ]
    rejected = {"properties": {"privateLinkServiceConnectionState": {"status": "Rejected", "description": "no"}}}
    assert ask(served, "PUT", connection["id"], rejected)[0] == 200
    seen = ask(served, "GET", connection["id"])[1]["properties"]
    assert seen["privateLinkServiceConnectionState"]["status"] == "Rejected"
    assert seen["provisioningState"] == "Succeeded"
    assert ask(served, "DELETE", ENDPOINT)[0] == 200
    assert ask(served, "GET", connection["id"])[0] == 404
    assert ask(served, "DELETE", ENDPOINT)[0] == 204


def test_capacity_comes_as_text_and_is_a_number(served):
    sent = {"sku": {"name": "GlobalStandard", "capacity": "4"}, "properties": {"model": {"name": "gpt-realtime"}}}
    made = ask(served, "PUT", f"{EAST}/deployments/voice", sent)[1]
    assert made["sku"]["capacity"] == made["properties"]["currentCapacity"] == 4
    assert next(one["count"] for one in made["properties"]["rateLimits"] if one["key"] == "request") == 80
    assert "raiPolicyName" not in made["properties"]


def test_diagnostic_settings_are_answered_200_also_when_new(served):
    path = f"{EAST}/providers/Microsoft.Insights/diagnosticSettings/other"
    assert ask(served, "PUT", path, {"properties": {"workspaceId": "/x"}})[0] == 200
    names = [one["name"] for one in ask(served, "GET", path.rpartition("/")[0])[1]["value"]]
    assert "other" in names


def test_a_deleted_role_assignment_is_given_back(served):
    path = f"{SUB}/resourceGroups/voice-rg/providers/Microsoft.Authorization/roleAssignments/concierge"
    status, gone = ask(served, "DELETE", path)
    assert (status, gone["name"]) == (200, "concierge")


def test_tags_are_merged(served):
    path = f"{EAST}/providers/Microsoft.Resources/tags/default"
    ask(served, "PATCH", path, {"operation": "Merge", "properties": {"tags": {"x": "y"}}})
    tags = ask(served, "GET", EAST)[1]["tags"]
    assert tags["x"] == "y"
    assert len(tags) > 1


def test_tls_with_an_authority_of_its_own(tmp_path):
    with Simulator([good()], writable=True, tls=tmp_path) as simulator:
        assert simulator.url.startswith("https://localhost:")
        trusting = ssl.create_default_context(cafile=str(simulator.ca_file))
        assert ask(simulator, "GET", EAST, context=trusting)[0] == 200
        metadata = ask(simulator, "GET", "/metadata/endpoints", context=trusting)[1]
        assert metadata["resourceManager"] == f"{simulator.url}/"
        with pytest.raises(urllib.error.URLError):
            ask(simulator, "GET", EAST, context=ssl.create_default_context())


def test_the_estate_is_saved_as_a_snapshot(served):
    ask(served, "PATCH", EAST, {"properties": {"disableLocalAuth": False}})
    saved = served.served.snapshot(good())
    changed = [one for one, other in zip(saved.resources, good().resources, strict=True) if one != other]
    assert [one["name"] for one in changed] == ["east"]


@pytest.mark.parametrize("words", [["--save", "x.json"], ["--save", "x.json", "--writable", "a.json"]])
def test_what_cannot_be_saved(rtaudit: Run, words):
    ended = rtaudit("simulate", str(assets.snapshots() / "prod.json"), *words)
    assert ended.returncode == 2
    assert "--save" in ended.stderr
