"""preflight: whether a deployment that is there, or planned, can be built and used here; one cause each, GETs only."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rtaudit.cli import app
from rtaudit.collect import CollectionRequest, Identity, find_endpoint
from rtaudit.collect.preflight import Expected, PlannedDeployment, Preflight, PreflightFinding, expected_of, preflight
from rtaudit.contract import parse_contract
from tests.collect.support import MODELS, QUICK, ROLE, SUB, USAGES, VOICE, Cloud, Reply, Static, denied

READER: list[dict[str, Any]] = [{"actions": ["*/read"], "notActions": []}]
PLACE = MODELS.removesuffix("/models")
CAPACITIES = f"{PLACE}/modelCapacities"
DELETED = f"/subscriptions/{SUB}/providers/Microsoft.CognitiveServices/deletedAccounts"
ASSIGNMENTS = f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleAssignments"
POOL = "OpenAI.GlobalStandard.gpt-realtime"
WHO = "44444444-0000-4000-8000-000000000004"
TODAY = date(2026, 11, 22)
PLAN = PlannedDeployment("gpt-realtime", "1", "GlobalStandard", 4)


def catalogue_row(**more: Any) -> dict[str, Any]:
    model = {
        "format": "OpenAI", "name": "gpt-realtime", "version": "1", "isDefaultVersion": True,
        "lifecycleStatus": "GenerallyAvailable", "capabilities": {"realtime": "true"},
        "deprecation": {"inference": "2027-06-01T00:00:00Z"},
        "skus": [{"name": "GlobalStandard", "usageName": POOL, "rateLimits": []}],
    }  # fmt: skip
    return {"kind": "OpenAI", "model": {**model, **more}}


def capacity_row(free: int, sku: str = "GlobalStandard", region: str = "East US 2") -> dict[str, Any]:
    return {"location": region, "properties": {"skuName": sku, "availableCapacity": free}}


@pytest.fixture
def ready(cloud: Cloud) -> Cloud:
    cloud.lists[f"/subscriptions/{SUB}/providers/Microsoft.Authorization/permissions".lower()] = READER
    cloud.lists[MODELS.lower()] = [catalogue_row(), {**catalogue_row(), "kind": "AIServices"}]
    cloud.lists[CAPACITIES.lower()] = [capacity_row(50)]
    return cloud


def look(cloud: Cloud, *expected: Expected, **request: Any) -> Preflight:
    wanted = CollectionRequest(**{"subscriptions": [SUB], **request})
    answer = preflight(wanted, find_endpoint(arm_endpoint=cloud.url), Identity(Static()), expected, QUICK, today=TODAY)
    assert {method for method, _, _ in cloud.asked} == {"GET"}
    return answer


def of(answer: Preflight, kind: str) -> PreflightFinding:
    (found,) = [check for check in answer.checks if check.check == kind]
    return found


def causes(answer: Preflight) -> list[tuple[str, str]]:
    """What does not pass."""
    return [(check.check, check.outcome) for check in answer.checks if check.outcome != "pass"]


def at(account: str = "voice", **plan: Any) -> Expected:
    return Expected(
        account, source="--model", planned=PlannedDeployment(**{"model": "gpt-realtime", "version": "1", **plan})
    )


def test_what_is_planned_can_be_built(ready: Cloud) -> None:
    answer = look(ready, Expected("voice", deployment="next", planned=PLAN))
    assert answer.ready, causes(answer)
    assert {"deployment", "model", "sku", "retirement", "quota", "capacity", "use"} <= {
        one.check for one in answer.checks
    }
    asked = [target for _, target, _ in ready.asked if "modelCapacities" in target]
    assert len(asked) == 1
    assert "modelFormat=OpenAI&modelName=gpt-realtime&modelVersion=1" in asked[0]


def test_without_a_version_the_default_one_is_meant(ready: Cloud) -> None:
    answer = look(ready, at(version=None))
    assert answer.ready, causes(answer)
    assert of(answer, "model").detail == "gpt-realtime 1 is offered in eastus2: GenerallyAvailable"


def test_the_model_is_not_offered(ready: Cloud) -> None:
    answer = look(ready, at(version="2"))
    assert causes(answer)[0] == ("model", "fail")
    assert of(answer, "model").detail == "eastus2 does not offer gpt-realtime 2; it offers gpt-realtime 1"
    assert not [one for one in answer.checks if one.check in ("sku", "retirement")]


def test_the_sku_is_not_offered(ready: Cloud) -> None:
    answer = look(ready, at(sku="DataZoneStandard"))
    assert of(answer, "sku").outcome == "fail"
    assert of(answer, "sku").detail == "eastus2 offers gpt-realtime as GlobalStandard, not as DataZoneStandard"


@pytest.mark.parametrize(
    ("row", "outcome", "words"),
    [
        ({"deprecation": {"inference": "2026-12-15T00:00:00Z"}}, "fail", "retires on 2026-12-15, in 23 days"),
        ({"deprecation": {"inference": "2026-11-01T00:00:00Z"}}, "fail", "retired on 2026-11-01, 21 days ago"),
        (
            {
                "deprecation": {"inference": "2026-12-01"},
                "replacementConfig": {"targetModelName": "gpt-realtime-2", "targetModelVersion": "7"},
            },
            "fail",
            "gpt-realtime-2 7 follows it",
        ),
        ({"deprecation": None}, "pass", "states no retirement date"),
        ({}, "pass", "retires on 2027-06-01"),
    ],
)
def test_a_model_that_retires(ready: Cloud, row: dict[str, Any], outcome: str, words: str) -> None:
    ready.lists[MODELS.lower()] = [catalogue_row(**row)]
    check = of(look(ready, at()), "retirement")
    assert (check.outcome, words in check.detail) == (outcome, True), check


@pytest.mark.parametrize("status", ["Deprecated", "Deprecating"])
def test_a_model_that_is_not_for_new_deployments(ready: Cloud, status: str) -> None:
    ready.lists[MODELS.lower()] = [catalogue_row(lifecycleStatus=status)]
    assert ("model", "fail") in causes(look(ready, at()))


def test_the_quota_is_used_up_and_the_pool_is_named(ready: Cloud) -> None:
    ready.lists[USAGES.lower()] = [{"name": {"value": POOL}, "currentValue": 8, "limit": 10, "scopeType": "Global"}]
    answer = look(ready, at(capacity=4))
    assert causes(answer) == [("quota", "fail")]
    assert of(answer, "quota").detail == (
        f"the pool {POOL} (subscription {SUB}, Global) has 8 of 10 units in use; 4 more are needed, 2 are free"
    )


def test_the_region_is_full(ready: Cloud) -> None:
    ready.lists[CAPACITIES.lower()] = [capacity_row(3), capacity_row(90, "DataZoneStandard")]
    answer = look(ready, at(capacity=4))
    assert causes(answer) == [("capacity", "fail")]
    assert (
        "eastus2 has 3 units of gpt-realtime GlobalStandard left; 4 are needed: the region is full"
        in of(answer, "capacity").detail
    )


def test_a_soft_deleted_account_holds_the_name(ready: Cloud) -> None:
    ready.lists[DELETED.lower()] = [
        {
            "id": f"{PLACE}/resourceGroups/old-rg/deletedAccounts/Brand-New", "name": "Brand-New", "location": "eastus2",
            "properties": {"scheduledPurgeDate": "2026-12-24T00:00:00Z", "customSubDomainName": "brand-new"},
        }
    ]  # fmt: skip
    answer = look(ready, at("brand-new", region="East US 2"))
    assert causes(answer) == [("name", "fail")]
    assert (
        of(answer, "name").detail == "a soft-deleted account in eastus2 holds the name and its quota until 2026-12-24"
    )
    assert "az cognitiveservices account purge --name Brand-New --location eastus2 --resource-group old-rg" in str(
        of(answer, "name").fix
    )
    assert look(ready, at("another", region="eastus2")).ready


def test_a_region_alone_can_be_asked_about(ready: Cloud) -> None:
    answer = look(ready, at("", region="eastus2"))
    assert answer.ready, causes(answer)
    assert not [one for one in answer.checks if one.check in ("account", "name")]


def test_where_it_is_planned_has_to_be_said(ready: Cloud) -> None:
    answer = look(ready, at("brand-new"))
    assert causes(answer) == [("region", "unknown")]
    assert "say --region" in of(answer, "region").detail


@pytest.mark.parametrize(
    ("path", "kind"), [(MODELS, "model"), (USAGES, "quota"), (CAPACITIES, "capacity"), (DELETED, "name")]
)
def test_what_could_not_be_read_is_not_verified(ready: Cloud, path: str, kind: str) -> None:
    ready.on(path, denied("Microsoft.CognitiveServices/the/read"))
    answer = look(ready, at("brand-new", region="eastus2"))
    check = of(answer, kind)
    assert (check.outcome, check.needs) == ("unknown", ("Microsoft.CognitiveServices/the/read",))
    assert check.detail.startswith("not verified: ")
    assert not answer.ready


def test_a_region_that_says_nothing_of_its_capacity_is_not_verified(ready: Cloud) -> None:
    ready.lists[CAPACITIES.lower()] = []
    assert causes(look(ready, at())) == [("capacity", "unknown")]


def test_a_model_without_a_realtime_role_is_none(ready: Cloud) -> None:
    ready.lists[MODELS.lower()] = [
        catalogue_row(name="gpt-4.1", capabilities={"chatCompletion": "true", "realtime": "false"})
    ]
    assert ("use", "fail") in causes(look(ready, at(model="gpt-4.1")))


def contract(more: str, **held: Any) -> list[Expected]:
    head = "schema: rtaudit.client/1\nname: bridge\ntransport: websocket\nrunsIn: server\nauth: entra\naccount: voice\n"
    return list(expected_of(parse_contract(head + more, "c.yaml"), None, "c.yaml", held.get("planned")))


def assigned(scope: str, role: str = ROLE) -> dict[str, Any]:
    inner = {"scope": scope, "principalId": WHO, "principalType": "ServicePrincipal", "roleDefinitionId": role}
    return {"id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/mine", "properties": inner}


def test_of_a_contract_use_and_caller_are_asked_about(ready: Cloud) -> None:
    expected = contract(f"deployment: speech\ncaller: {WHO}\n")
    answer = look(ready, *expected)
    assert causes(answer) == [("caller", "fail")]
    assert "holds no role with the realtime data action" in of(answer, "caller").detail
    definition = {
        "roleName": "User",
        "permissions": [{"dataActions": ["Microsoft.CognitiveServices/accounts/OpenAI/*"]}],
    }
    ready.singles[ROLE.lower()] = {"id": ROLE, "properties": definition}
    ready.lists[ASSIGNMENTS.lower()] = [assigned(VOICE)]
    assert look(ready, *expected).ready
    ready.on(ASSIGNMENTS, denied())
    assert causes(look(ready, *expected)) == [("caller", "unknown")]


def test_a_contract_that_uses_the_model_for_something_else_fails(ready: Cloud) -> None:
    answer = look(ready, *contract("deployment: speech\nuse: transcription\n"))
    assert causes(answer) == [("use", "fail")]
    assert "does not transcribe" in of(answer, "use").detail


def test_a_contract_whose_deployment_is_planned(ready: Cloud) -> None:
    expected = contract("deployment: next\n")
    assert ("deployment", "fail") in causes(look(ready, *expected))
    assert look(ready, *contract("deployment: next\n", planned=PLAN)).ready


def test_a_deployment_that_is_there_with_another_model_fails(ready: Cloud) -> None:
    answer = look(ready, *contract("deployment: speech\n", planned=PlannedDeployment("gpt-realtime-2")))
    assert of(answer, "deployment").detail == "speech is there with gpt-realtime 1, and gpt-realtime-2 is planned"


def test_a_model_that_left_the_catalogue_is_most_likely_retired(ready: Cloud) -> None:
    ready.lists[MODELS.lower()] = []
    check = of(look(ready, *contract("deployment: speech\n")), "model")
    assert check.outcome == "fail"
    assert "most likely the model is retired" in check.detail


def test_what_is_there_needs_no_further_quota(ready: Cloud) -> None:
    ready.lists[USAGES.lower()] = [{"name": {"value": POOL}, "currentValue": 10, "limit": 10}]
    ready.lists[CAPACITIES.lower()] = [capacity_row(0)]
    assert look(ready, *contract("deployment: speech\n")).ready


def test_the_command_with_a_plan(ready: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ready.singles["/token"] = {"access_token": "t", "expires_on": "9999999999", "token_type": "Bearer", "resource": "x"}
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{ready.url}/token")
    words = ["preflight", "--arm-endpoint", ready.url, "-s", SUB]
    plan = ["--model", "gpt-realtime", "--version", "1", "--sku", "GlobalStandard", "--capacity", "4"]
    ready.lists[MODELS.lower()] = [
        {**catalogue_row(deprecation=None), "kind": kind} for kind in ("OpenAI", "AIServices")
    ]
    for more in (["-a", "voice"], ["--region", "eastus2"], ["-a", "brand-new", "--region", "eastus2"]):
        done = CliRunner().invoke(app, [*words, *plan, *more])
        assert done.exit_code == 0, done.stdout
    ready.on(CAPACITIES, Reply(403, {"error": {"code": "AuthorizationFailed", "message": "m"}}))
    done = CliRunner().invoke(app, [*words, *plan, "-a", "voice"])
    assert done.exit_code == 1
    assert "not verified: m" in done.stdout
    for wrong in (["--sku", "x"], ["--model", "gpt-realtime"], ["--capacity", "3"]):
        done = CliRunner().invoke(app, [*words, *wrong])
        assert (done.exit_code, done.stdout) == (2, "")


def test_a_model_where_a_deployment_is_expected_is_named_as_that(ready: Cloud) -> None:
    check = of(look(ready, *contract("deployment: gpt-realtime\n")), "deployment")
    assert (check.outcome, check.detail) == (
        "fail",
        "c.yaml expects the deployment gpt-realtime, which is a model here: it is deployed as speech",
    )
