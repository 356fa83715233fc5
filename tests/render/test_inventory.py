from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from rtaudit.inventory import INVENTORIES
from rtaudit.inventory.capacity import capacity
from rtaudit.render import whole
from rtaudit.render.inventory import show
from rtaudit.snapshot import Gap, Snapshot
from rtaudit.subjects import EstateIndex

from .samples import ACCOUNTS, EAST, HOSTILE, SUBSCRIPTION

LOCATION = f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/locations/eastus2"
ALL = ("accounts", "deployments", "contentPolicies", "diagnostics", "models", "usages", "privateEndpoints")


def model(name="gpt-realtime", version="2025-08-28", kind="OpenAI", sku="GlobalStandard", **changes):
    row = {
        "format": "OpenAI",
        "name": name,
        "version": version,
        "lifecycleStatus": "GenerallyAvailable",
        "capabilities": {"realtime": "true"},
        "deprecation": {"inference": "2027-02-28T00:00:00Z"},
        "skus": [{"name": sku, "usageName": f"OpenAI.{sku}.{name}"}],
    }
    return {"kind": kind, "model": {**row, **changes}}


def usage(name="OpenAI.GlobalStandard.gpt-realtime", used=6, limit=10):
    return {"name": {"value": name}, "currentValue": used, "limit": limit, "unit": "Count"}


def deployment(name="voice", account=EAST, model_name="gpt-realtime", version="2025-08-28", sku="GlobalStandard"):
    return {
        "id": f"{account}/deployments/{name}",
        "sku": {"name": sku, "capacity": 6},
        "properties": {
            "model": {"format": "OpenAI", "name": model_name, "version": version},
            "rateLimits": [{"key": "request", "renewalPeriod": 10, "count": 1}],
        },
    }


def estate(*resources, models=None, usages=None, gaps=(), account=None):
    base = [account or {"id": EAST, "kind": "OpenAI", "location": "East US 2", "properties": {}}, *resources]
    if models is not None:
        base.append({"id": f"{LOCATION}/models", "value": models})
    if usages is not None:
        base.append({"id": f"{LOCATION}/usages", "value": usages})
    collection = {"runs": [{"finishedAt": "2026-11-22T10:00:00Z"}]}
    return Snapshot.of("prod", {"cloud": "AzureCloud", "aspects": list(ALL)}, base, gaps, collection=collection)


def only(snapshot):
    (row,) = capacity(EstateIndex(snapshot))
    return row


CASES = {
    "quota is left": (estate(models=[model()], usages=[usage()]), "yes", None),
    "quota is used up": (estate(models=[model()], usages=[usage(used=10)]), "no", "quota used up"),
    "no quota at all": (estate(models=[model()], usages=[usage(used=0, limit=0)]), "no", "no quota"),
    "no row of quota": (estate(models=[model()], usages=[]), "no", "no quota row"),
    "usages not read": (estate(models=[model()]), "unknown", "usages not read"),
    "usages in part": (
        estate(models=[model()], usages=[], gaps=[Gap(f"{LOCATION}/usages", "usages", "throttled", 429)]),
        "unknown",
        "usages not read",
    ),
    "deprecated": (estate(models=[model(lifecycleStatus="Deprecated")], usages=[usage()]), "no", "deprecated"),
    "retired by date": (
        estate(models=[model(deprecation={"inference": "2026-11-22T00:00:00Z"})], usages=[usage()]),
        "no",
        "its retirement date is past",
    ),
    "deprecating, hosted": (
        estate(deployment(), models=[model(lifecycleStatus="Deprecating")], usages=[usage()]),
        "yes",
        None,
    ),
    "deprecating, not hosted": (
        estate(models=[model(lifecycleStatus="Deprecating")], usages=[usage()]),
        "unknown",
        "deprecating: new ones only beside an existing deployment",
    ),
    "deployed, not in the catalogue": (
        estate(deployment(), models=[], usages=[]),
        "unknown",
        "the catalogue that was read has no such row",
    ),
    "the catalogue was not read": (estate(), "unknown", "the catalogue was not read"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_region_could_host(case):
    snapshot, could, because = CASES[case]
    row = only(snapshot)
    assert (row["couldHost"], row["because"]) == (could, because)
    assert row["region"] == "eastus2"


def test_the_kinds_of_one_offer_are_one_row_and_its_sku_may_retire_earlier():
    sku = {"name": "GlobalStandard", "usageName": "x", "deprecationDate": "2027-01-01T00:00:00Z"}
    row = only(
        estate(deployment(), models=[model(skus=[sku]), model(kind="AIServices", skus=[sku])], usages=[usage("X")])
    )
    assert row["kinds"] == "AIServices, OpenAI"
    assert row["retires"] == "2027-01-01"
    assert (row["used"], row["limit"], row["hosts"]) == (6, 10, 1)
    assert row["deployments"] == [f"{EAST}/deployments/voice"]


def test_speech_to_text_is_named_so_and_text_to_speech_is_no_realtime_model():
    rows = capacity(
        EstateIndex(
            estate(models=[model("gpt-4o-transcribe"), model("gpt-4o-mini-tts"), model("gpt-4o", "realtime-preview")])
        )
    )
    assert [(row["model"], row["role"]) for row in rows] == [
        ("gpt-4o", "speech"),
        ("gpt-4o-transcribe", "transcription"),
    ]


def test_a_gap_is_unknown_and_not_zero():
    gaps = [Gap(EAST, "deployments", "denied", 403), Gap(EAST, "diagnostics", "denied", 403)]
    (row,) = INVENTORIES["accounts"].rows(EstateIndex(estate(gaps=gaps)))
    assert (row["deployments"], row["realtime"], row["logsTo"]) == ("unknown", "unknown", "unknown")
    assert row["notSeen"] == ["deployments", "diagnostics"]
    (row,) = INVENTORIES["accounts"].rows(EstateIndex(estate()))
    assert (row["deployments"], row["realtime"], row["logsTo"]) == (0, False, "nowhere")


def test_a_deployment_says_how_many_sessions_a_minute_it_admits():
    (row,) = INVENTORIES["deployments"].rows(EstateIndex(estate(deployment(), models=[model()])))
    assert (row["requestsPerMinute"], row["role"], row["retires"]) == (6, "speech", "2027-02-28")


def test_an_endpoint_that_was_not_read_is_unknown():
    connection = {
        "properties": {
            "privateEndpoint": {
                "id": f"{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Network/privateEndpoints/p"
            },
            "privateLinkServiceConnectionState": {"status": "Pending"},
        }
    }
    account = {
        "id": EAST,
        "kind": "OpenAI",
        "location": "eastus2",
        "properties": {"privateEndpointConnections": [connection]},
    }
    (row,) = INVENTORIES["endpoints"].rows(EstateIndex(estate(account=account)))
    assert (row["endpoint"], row["status"], row["network"], row["zones"]) == ("p", "Pending", "unknown", "unknown")
    (row,) = INVENTORIES["endpoints"].rows(EstateIndex(estate()))
    assert (row["endpoint"], row["zones"]) == (None, None)


@pytest.mark.parametrize("what", INVENTORIES)
def test_every_format_of_every_inventory_has_the_same_rows(what):
    snapshot = estate(deployment(), models=[model()], usages=[usage()], gaps=[Gap(EAST, "locks", "denied", 403)])
    rows = json.loads(whole(show(snapshot, what, "json")))
    assert len(rows) == 1
    table = list(csv.DictReader(io.StringIO(whole(show(snapshot, what, "csv")).removeprefix("\ufeff"))))
    assert len(table) == 1
    assert set(table[0]) == set(rows[0]) == set(INVENTORIES[what].columns)
    assert set(INVENTORIES[what].terminal) <= set(rows[0])
    lines = whole(show(snapshot, what, "table")).splitlines()
    assert len(lines[0].split("  ")) > 3
    assert len(lines) == (2 if what == "gaps" else 4)
    narrow = whole(show(snapshot, what, "table", width=60)).splitlines()
    assert narrow[0].startswith(INVENTORIES[what].terminal[0] + " ")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_text(text):
    account = f"{ACCOUNTS}/{text.replace('/', '_')}"
    snapshot = estate(
        deployment(text.replace("/", "_"), account, text, text, text),
        models=[model(text, text, sku=text)],
        usages=[usage(text)],
        gaps=[Gap(account, "locks", "denied", 403, text, text, text)],
        account={"id": account, "kind": "OpenAI", "location": "eastus2", "properties": {"customSubDomainName": text}},
    )
    for what in INVENTORIES:
        for width in (None, 80):
            lines = whole(show(snapshot, what, "table", width)).split("\n")
            assert all(line.isprintable() for line in lines)
        for row in csv.reader(io.StringIO(whole(show(snapshot, what, "csv")))):
            assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)


SAMPLES = Path(__file__).parents[2] / "snapshots"


@pytest.mark.parametrize("what", INVENTORIES)
@pytest.mark.parametrize("file", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_the_samples_have_an_inventory(file, what):
    from rtaudit.snapshot import load

    assert whole(show(load(file), what, "table"))
