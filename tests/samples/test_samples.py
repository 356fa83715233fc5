"""The sample snapshots are what their builder makes, are valid, and are nobody's real data."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rtaudit import assets
from rtaudit.azure import arm_id
from rtaudit.documents import canonical
from rtaudit.simulate import Simulator
from rtaudit.snapshot import ASPECTS, dump, load
from rtaudit.snapshot.aspects import DEFAULT_ASPECTS
from rtaudit.snapshot.secrets import cut_secrets

LABELS = ("dev", "test", "prod")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    subprocess.run([sys.executable, str(assets.snapshots() / "build.py"), str(folder)], check=True)
    return folder


@pytest.mark.parametrize("label", LABELS)
def test_file_is_what_the_builder_makes(label: str, built: Path) -> None:
    assert (assets.snapshots() / f"{label}.json").read_bytes() == (built / f"{label}.json").read_bytes()


def test_good_environment_is_what_the_builder_makes(built: Path) -> None:
    assert (assets.policies() / "rules" / "good.json").read_bytes() == (built / "good.json").read_bytes()


@pytest.mark.parametrize("label", LABELS)
def test_snapshot_is_whole_and_canonical(label: str) -> None:
    path = assets.snapshots() / f"{label}.json"
    snapshot = load(path)
    assert snapshot.environment == label
    assert snapshot.digest == snapshot.recorded_digest
    assert dump(snapshot) == path.read_text("utf-8")
    assert snapshot.aspects == set(DEFAULT_ASPECTS)
    assert all(gap.aspect in ASPECTS for gap in snapshot.gaps)
    assert path.stat().st_size < 250_000


@pytest.mark.parametrize("label", LABELS)
def test_no_secret_and_no_person(label: str) -> None:
    snapshot = load(assets.snapshots() / f"{label}.json")
    for resource in snapshot.resources:
        assert canonical(cut_secrets(resource)) == canonical(resource)
    assert not re.search(r"[\w.]+@[\w-]+\.\w+", json.dumps(snapshot.document()))


@pytest.mark.parametrize("label", LABELS)
def test_types_stand_where_a_collection_puts_them(label: str) -> None:
    types = {arm_id.type_of(resource["id"]) for resource in load(assets.snapshots() / f"{label}.json").resources}
    everywhere = {
        "microsoft.cognitiveservices/accounts",
        "microsoft.cognitiveservices/accounts/deployments",
        "microsoft.cognitiveservices/accounts/raipolicies",
        "microsoft.cognitiveservices/locations/models",
        "microsoft.cognitiveservices/locations/usages",
        "microsoft.insights/diagnosticsettings",
        "microsoft.resources/providers",
        "microsoft.resources/subscriptions",
    }
    shared = {
        "microsoft.authorization/roleassignments",
        "microsoft.authorization/roledefinitions",
        "microsoft.insights/actiongroups",
        "microsoft.insights/activitylogalerts",
        "microsoft.insights/metricalerts",
        "microsoft.network/privatednszones",
        "microsoft.network/privatednszones/a",
        "microsoft.network/privatednszones/virtualnetworklinks",
        "microsoft.network/privateendpoints",
        "microsoft.network/privateendpoints/privatednszonegroups",
        "microsoft.operationalinsights/workspaces",
    }
    expected = {
        "dev": everywhere,
        "test": everywhere | shared,
        "prod": everywhere | shared | {"microsoft.authorization/locks"},
    }
    assert types == expected[label]


def test_the_flaws_that_the_demo_shows() -> None:
    prod = load(assets.snapshots() / "prod.json")
    accounts = {
        r["name"]: r for r in prod.resources if arm_id.type_of(r["id"]) == "microsoft.cognitiveservices/accounts"
    }
    statuses = {
        name: [
            item["properties"]["privateLinkServiceConnectionState"]["status"]
            for item in account["properties"]["privateEndpointConnections"]
        ]
        for name, account in accounts.items()
    }
    stranded = [
        name
        for name, account in accounts.items()
        if account["properties"]["publicNetworkAccess"] == "Disabled" and "Approved" not in statuses[name]
    ]
    assert stranded == ["lh-nightdesk-prod-sdc"]
    keys_on = [name for name, account in accounts.items() if account["properties"].get("disableLocalAuth") is not True]
    assert keys_on == ["lh-frontdesk-prod-eus2"]
    assert prod.scope["leftOut"]["accountsOfOtherKinds"] == {"SpeechServices": 1}
    retiring = [
        row["model"]["name"]
        for resource in prod.resources
        if arm_id.type_of(resource["id"]) == "microsoft.cognitiveservices/locations/models"
        for row in resource["value"]
        if row["model"]["deprecation"]["inference"].startswith("2026-12-15")
    ]
    assert set(retiring) == {"gpt-realtime-mini"}


@pytest.mark.parametrize("label", LABELS)
def test_a_collection_of_the_simulated_sample_is_the_sample(label: str, tmp_path: Path) -> None:
    sample = load(assets.snapshots() / f"{label}.json")
    out = tmp_path / "collected.json"
    with Simulator([sample]) as azure:
        command = [
            sys.executable,
            "-m",
            "rtaudit",
            "collect",
            "--arm-endpoint",
            azure.url,
            "--auth",
            "managed-identity",
        ]
        command += ["-s", sample.scope["subscriptions"][0], "--environment", label, "-o", str(out)]
        done = subprocess.run(command, env={**os.environ, **azure.environ}, capture_output=True, text=True, check=False)
    assert done.returncode == (4 if sample.gaps else 0), done.stderr
    assert load(out).digest == sample.digest


def test_gaps_name_the_permission() -> None:
    gaps = load(assets.snapshots() / "dev.json").gaps
    assert {gap.aspect for gap in gaps} == {"diagnostics", "roleAssignments", "workspaces"}
    assert all(gap.reason == "denied" and gap.needs and gap.needs in (gap.message or "") for gap in gaps)
