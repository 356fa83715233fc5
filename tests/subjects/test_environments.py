"""The environment as a whole, and the estate: subjects, gaps, and what hides what."""

from __future__ import annotations

from typing import Any

import pytest

from rtaudit.snapshot import ASPECTS, Gap
from rtaudit.subjects import ATTRIBUTES, KINDS, EstateIndex
from rtaudit.subjects.estate import not_shown
from tests.subjects.estates import (
    ACCOUNT,
    DEPLOYMENT,
    ENDPOINT,
    GROUP,
    LOCATION,
    OTHER_SUB,
    SUB,
    Resource,
    account,
    deployment,
    estate,
    gap,
    models,
    row,
    the,
)

NORTH = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/voice-north"
SPEECH = {"capabilities": {"realtime": "true"}}
ROWS = [
    row(**SPEECH),
    row("gpt-realtime", "2026-01-01", **SPEECH),
    row("gpt-4o", "1", capabilities={"chatCompletion": "true"}),
]
CATALOGUES = [models(*ROWS), models(*ROWS, at=LOCATION.replace("eastus2", "swedencentral"))]
TWO = [account(), account(NORTH, location="Sweden Central"), *CATALOGUES]


def north(
    name: str = "gpt-realtime", version: str = "2025-08-28", sku: str = "GlobalStandard", **properties: Any
) -> Resource:
    return deployment(name, version, f"{NORTH}/deployments/{name}", sku, **properties)


API = {"Microsoft.CognitiveServices/accounts/deployments": "2026-09-01"}


def test_speech_models_with_their_regions() -> None:
    second = deployment("gpt-realtime", "2026-01-01", f"{ACCOUNT}/deployments/next")
    one = the("environment", *TWO, deployment(), north(), second, north("gpt-4o", "1"), api_versions=API)
    models_of = {found["model"]: found["regions"].value for found in one.fact("speechModels")}
    assert models_of == {
        "gpt-realtime@2025-08-28": ["eastus2", "swedencentral"],
        "gpt-realtime@2026-01-01": ["eastus2"],
    }
    assert len(one.fact("speechDeployments")) == 3
    assert one.resource == "environment/prod"


def test_two_accounts_in_one_region_are_one_region() -> None:
    one = the(
        "environment",
        account(),
        account(NORTH, location="EASTUS2"),
        CATALOGUES[0],
        deployment(),
        north(),
        api_versions=API,
    )
    assert one.fact("speechModels")[0]["regions"].value == ["eastus2"]


def test_a_region_that_may_hide_a_model_keeps_the_regions_open() -> None:
    one = the("environment", *TWO, deployment(), gaps=[gap("deployments", NORTH)], api_versions=API)
    (found,) = one.fact("speechModels")
    assert found["regions"].value == ["eastus2"]
    assert found["regions"].gaps
    # A deployment of which nothing tells the role may be one more.
    doubtful = the("environment", *TWO, deployment(), north("mystery"))
    assert doubtful.join("facts.speechDeployments").gaps


@pytest.mark.parametrize(
    ("state", "version", "regions", "open_"),
    [
        ("Running", "2026-09-01", ["eastus2", "swedencentral"], False),
        (None, "2025-12-01", ["eastus2", "swedencentral"], False),
        ("Paused", "2026-09-01", ["eastus2"], False),
        ("paused", "2025-09-01", ["eastus2"], False),
        # An older api-version does not show the pause.
        (None, "2025-09-01", [], True),
    ],
)
def test_a_paused_deployment_stands_in_no_region(state: Any, version: str, regions: list[str], open_: bool) -> None:
    running = {"deploymentState": "Running"} if state else {}
    stated = {"deploymentState": state} if state else {}
    api = {"Microsoft.CognitiveServices/accounts/deployments": version}
    one = the("environment", *TWO, deployment(**running), north(**stated), api_versions=api)
    (found,) = one.fact("realtimeModels")
    assert (found["role"], found["regions"].value, bool(found["regions"].gaps)) == ("speech", regions, open_)


def _agreement(*resources: Resource, **settings: Any) -> dict[str, Any]:
    rows = the("environment", *TWO, *resources, **settings).fact("regionAgreement")
    return {found["setting"]: ... if found["agree"].gaps else found["agree"].value for found in rows}


ALIKE = {"sku": True, "capacity": True, "versionUpgradeOption": True}


AZURE = [kind for kind in KINDS if kind not in ("environment", "client", "probe")]
"""Kinds of subject that are Azure resources."""


def policy(at: str, level: str) -> Resource:
    filters = [{"name": "Hate", "source": "Prompt", "enabled": True, "blocking": True, "severityThreshold": level}]
    return {"id": f"{at}/raiPolicies/strict", "properties": {"contentFilters": filters}}


def test_regions_that_agree() -> None:
    strict = {"raiPolicyName": "strict"}
    same = [deployment(**strict), north(**strict), policy(ACCOUNT, "Low"), policy(NORTH, "low")]
    assert _agreement(*same) == {**ALIKE, "contentFilters": True}
    other = [deployment(**strict), north(**strict), policy(ACCOUNT, "Low"), policy(NORTH, "High")]
    assert _agreement(*other) == {**ALIKE, "contentFilters": False}
    unread = _agreement(
        deployment(**strict), north(**strict), policy(ACCOUNT, "Low"), gaps=[gap("contentPolicies", NORTH)]
    )
    assert unread["contentFilters"] is ...
    assert _agreement(deployment(), north(sku="DataZoneStandard"))["sku"] is False
    option = {"versionUpgradeOption": "OnceCurrentVersionExpired"}
    assert _agreement(deployment(), north(**option))["versionUpgradeOption"] is True
    assert _agreement(deployment()) == {}


def test_chat_deployments_are_those_whose_row_says_so() -> None:
    one = the("environment", *TWO, deployment(), north("gpt-4o", "1"))
    assert [found["model"] for found in one.fact("chatDeployments")] == ["gpt-4o@1"]
    unread = the("environment", account(), deployment("gpt-4o", "1")).join("facts.chatDeployments")
    assert (unread.value, bool(unread.gaps)) == ([], True)


def test_an_environment_whose_accounts_were_not_read_is_open() -> None:
    one = the("environment", gaps=[gap("accounts")])
    for name in ("accounts", "deployments", *(part for part in ATTRIBUTES["environment"] if part.startswith("facts."))):
        assert one.join(name).gaps, name


@pytest.mark.parametrize(
    ("aspect", "scope", "at", "hides"),
    [
        ("locks", SUB, ACCOUNT, True),
        ("locks", SUB.upper(), ACCOUNT, True),
        ("locks", "/", ACCOUNT, True),
        ("locks", GROUP, ACCOUNT, True),
        ("locks", OTHER_SUB, ACCOUNT, False),
        ("locks", f"{GROUP}2", ACCOUNT, False),
        ("locks", DEPLOYMENT, ACCOUNT, False),
        ("diagnostics", ACCOUNT[1:], ACCOUNT, True),
        ("diagnostics", NORTH, ACCOUNT, False),
        ("alerts", SUB, ACCOUNT, False),
    ],
)
def test_a_gap_hides_what_stands_at_or_below_it(aspect: str, scope: str, at: str, hides: bool) -> None:
    found = estate(gaps=[gap(aspect, scope)])
    assert bool(found.gaps("diagnostics" if aspect == "diagnostics" else "locks", at)) is hides
    assert bool(found.gaps_anywhere(aspect)) is True


@pytest.mark.parametrize(
    ("kind", "aspect", "scope", "hides"),
    [
        ("account", "accounts", SUB, True),
        ("account", "deployments", ACCOUNT, False),
        ("subscription", "accounts", SUB, True),
        ("deployment", "accounts", SUB, True),
        ("realtimeDeployment", "deployments", ACCOUNT, True),
        ("privateEndpoint", "privateEndpoints", SUB, True),
        ("privateEndpoint", "privateEndpoints", ENDPOINT, False),
        ("privateEndpoint", "privateDns", SUB, False),
        ("environment", "accounts", SUB, False),
        ("client", "accounts", SUB, False),
    ],
)
def test_gaps_that_hide_subjects(kind: str, aspect: str, scope: str, hides: bool) -> None:
    assert bool(estate(account(), gaps=[gap(aspect, scope)]).listing_gaps(kind)) is hides


@pytest.mark.parametrize("kind", AZURE)
def test_accounts_that_were_not_collected_hide_every_subject(kind: str) -> None:
    found = estate(aspects=[name for name in ASPECTS if name != "accounts"])
    assert found.each(kind) == []
    assert found.listing_gaps(kind)[0].code == "NotCollected"


@pytest.mark.parametrize(
    ("version", "shown"),
    [
        ("2026-05-01", True),
        ("2026-09-01", True),
        ("2025-09-01", False),
        ("2026-01-15-preview", False),
        ("2026-09-15-preview", False),
        (None, False),
    ],
)
def test_a_field_that_the_api_version_cannot_show(version: str | None, shown: bool) -> None:
    used = {} if version is None else {"microsoft.cognitiveservices/Accounts/deployments": version}
    found = estate(account(), deployment(), api_versions=used)
    hidden = not_shown(found, found.deployments[0].raw, "properties.deploymentState")
    assert (hidden is None) is shown
    assert not_shown(found, found.deployments[0].raw, "properties.provisioningState") is None


def test_every_part_says_what_it_reads_and_bears_an_empty_estate() -> None:
    bare: list[Resource] = [{"id": ACCOUNT, "kind": "OpenAI"}, {"id": DEPLOYMENT}, {"id": ENDPOINT}]
    connected = {
        "id": f"{ENDPOINT}2",
        "properties": {"privateLinkServiceConnections": [{"properties": {"privateLinkServiceId": ACCOUNT}}]},
    }
    found = estate(*bare, connected)
    for kind in KINDS:
        for subject in found.each(kind):
            for name in ATTRIBUTES[kind]:
                subject.join(name)
                assert ATTRIBUTES[kind][name].about
    assert {kind: len(found.each(kind)) for kind in KINDS} == {
        "account": 1,
        "deployment": 1,
        "realtimeDeployment": 1,
        "privateEndpoint": 1,
        "subscription": 1,
        "environment": 1,
        "client": 0,
        "probe": 0,
    }


def test_a_part_is_open_whenever_an_aspect_it_reads_was_skipped() -> None:
    """What a part declares to read, it looks at: without the aspect it says so, unless another part of it decides."""
    resources = [*TWO, deployment(), north()]
    for kind in ("account", "environment"):
        for name, part in ATTRIBUTES[kind].items():
            for aspect in part.aspects:
                made: EstateIndex = estate(*resources, aspects=[one for one in ASPECTS if one != aspect])
                made_gaps: set[Gap] = set()
                for subject in made.each(kind):
                    made_gaps.update(subject.join(name).gaps)
                    value = subject.join(name).value
                    for item in value if isinstance(value, list) else ():
                        for inner in item.values() if isinstance(item, dict) else ():
                            made_gaps.update(getattr(inner, "gaps", ()))
                decided = (name, aspect) in {
                    # The catalogue was skipped, and the names of the models still tell their role.
                    ("facts.hostsRealtime", "models"),
                    ("facts.hostsRealtime", "deployments"),
                    ("facts.speechDeployments", "models"),
                    ("facts.speechModels", "models"),
                    ("facts.regionAgreement", "models"),
                    ("facts.chatDeployments", "models"),
                    # No account has a connection: there is no endpoint to look for.
                    ("privateEndpoints", "privateEndpoints"),
                    # No setting sends to a workspace.
                    ("workspaces", "workspaces"),
                }
                assert made_gaps or decided, (kind, name, aspect)
