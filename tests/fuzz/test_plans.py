"""Plans that are nearly right: a snapshot that can be checked and read again, or a clear error."""

from __future__ import annotations

import json
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtaudit.assets import snapshots
from rtaudit.errors import RtauditError
from rtaudit.plan import plan
from rtaudit.policy import check, load_policies
from rtaudit.render import render, whole
from rtaudit.snapshot import Snapshot, dump, load
from rtaudit.snapshot.files import parse

from .mutations import mutated

fuzzed = settings(settings.get_profile("fuzz"))
PACKS = load_policies(["production"])
_prod = load(snapshots() / "prod.json")
PROD = Snapshot.of("prod", _prod.scope, _prod.resources[:40], _prod.gaps)
PLANS = {
    name: json.loads((snapshots() / "plans" / f"prod.{name}.json").read_text())
    for name in ("bicep", "azurerm", "azapi")
}
PLANS["bicep"]["predictedResources"] = PLANS["bicep"]["predictedResources"][:14]
for _name in ("azurerm", "azapi"):
    PLANS[_name]["resource_changes"] = PLANS[_name]["resource_changes"][:14]
PLANS["whatif"] = {
    "status": "Succeeded",
    "changes": [
        {"changeType": kind, "resourceId": one["id"], "before": one, "after": one}
        for kind, one in zip(
            ["Create", "Modify", "NoChange", "Delete", "Ignore", "Deploy", "Unsupported"] * 2,
            PLANS["bicep"]["predictedResources"],
            strict=True,
        )
    ],
}
CODE = 'resource "azurerm_cognitive_account" "x" {\n'


def read(document: Any, base: Snapshot | None) -> Snapshot:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.json"
        path.write_bytes(json.dumps(document).encode("utf-8", "surrogatepass"))
        (Path(folder) / "main.tf").write_text(CODE)
        return plan([str(path)], base=base, sources=[folder])[0]


@pytest.mark.parametrize("name", sorted(PLANS))
@fuzzed
@given(st.data())
def test_plans(name: str, data: st.DataObject) -> None:
    document = data.draw(mutated(PLANS[name], 6)).document
    try:
        found = read(document, data.draw(st.sampled_from([None, PROD])))
    except RtauditError:
        return
    again = parse(dump(found), "planned.json")
    assert again.digest == found.digest
    report = check([again], PACKS, as_of=date(2026, 11, 22))
    assert report.verdict in ("ready", "notReady", "incomplete")
    for form in ("table", "sarif", "junit", "markdown", "github"):
        whole(render(report, form, snapshots=[again]))


@pytest.mark.parametrize("name", sorted(PLANS))
def test_the_plans_themselves_are_read(name: str) -> None:
    assert read(PLANS[name], None).resources
