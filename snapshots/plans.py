"""Make the sample plans: the production of the sample company as the code would say it that deployed it.

    python snapshots/plans.py     writes plans/prod.bicep.json, plans/prod.azurerm.json and plans/prod.azapi.json beside this file

Three formats of one estate: a Bicep snapshot, a Terraform plan with azurerm resources, and one whose accounts and deployments
are azapi resources. A plan holds what is written by people; what Azure assigns is in none of them.
"""
# ruff: noqa: INP001

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from plans_terraform import terraform  # noqa: E402

from rtaudit.azure import arm_id  # noqa: E402
from rtaudit.azure.resource_types import ACTION_GROUP, COMMONLY_ASSIGNED, RAI_POLICY, RESOURCE_TYPES, ZONE_RECORD  # noqa: E402
from rtaudit.snapshot import load  # noqa: E402

Resource = dict[str, Any]

_NOT_DEPLOYED = {"", *(f"microsoft.{name}" for name in ("resources/subscriptions", "resources/providers", "authorization/roledefinitions", "cognitiveservices/locations/models", "cognitiveservices/locations/usages"))}  # fmt: skip
"""Types that no code deploys."""


def written(prod: list[Resource]) -> list[Resource]:
    """What of an environment people write: no read-only fields, no records that a zone group writes, no root assignments."""
    by_hand = {arm_id.key(one["id"]) for one in prod if arm_id.type_of(one["id"]) == ZONE_RECORD}
    for group in prod:
        for config in (group.get("properties") or {}).get("privateDnsZoneConfigs") or ():
            for record in config["properties"]["recordSets"]:
                zone = config["properties"]["privateDnsZoneId"]
                by_hand.discard(arm_id.key(f"{zone}/A/{record['recordSetName']}"))
    found = []
    for resource in prod:
        kind = arm_id.type_of(resource["id"])
        if kind == RAI_POLICY and resource["name"].startswith("Microsoft."):
            continue  # every account has Azure's own
        if kind in _NOT_DEPLOYED or resource["id"].lower().startswith("/providers/"):
            continue
        if kind == ZONE_RECORD and arm_id.key(resource["id"]) not in by_hand:
            continue
        found.append(_without_assigned(resource, kind))
    return found


def _without_assigned(resource: Resource, kind: str) -> Resource:
    kept = json.loads(json.dumps(resource))
    for pointer in (*COMMONLY_ASSIGNED, *RESOURCE_TYPES[kind].assigned):
        _cut(kept, pointer.split("/")[1:])
    for name in ("migrationToken", "apiProperties", "currentCapacity", "deploymentState"):
        (kept.get("properties") or {}).pop(name, None)
    if kind == ACTION_GROUP:
        # A snapshot keeps how many receivers there are; code lists them.
        count = kept["properties"].pop("receivers")
        kept["properties"]["groupShortName"] = "oncall"
        kept["properties"]["emailReceivers"] = [
            {"name": f"desk-{number}", "emailAddress": f"desk-{number}@lanternhouse.example"} for number in range(count)
        ]
    return _plain(kept)


def _plain(value: Any) -> Any:
    """Without nulls and without what is only in answers: etag, ids and types of inner objects."""
    if isinstance(value, dict):
        return {
            key: _plain(item) for key, item in value.items() if item is not None and key not in ("etag", "systemData")
        }
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _cut(value: Any, steps: list[str]) -> None:
    if isinstance(value, list):
        for item in value if steps[0] == "*" else ():
            _cut(item, steps[1:])
    elif isinstance(value, dict):
        if len(steps) == 1:
            value.pop(steps[0], None)
        else:
            _cut(value.get(steps[0]), steps[1:])


def bicep(resources: list[Resource]) -> dict[str, Any]:
    """The resources as `bicep snapshot` writes them: children are named `parent/child`, unset values are null."""
    predicted = []
    for resource in resources:
        names = resource["id"].rsplit("/providers/", 1)[-1].split("/")
        head = {
            "id": resource["id"],
            "type": "/".join([names[0], *names[1::2]]),
            "name": "/".join(names[2::2]),
            "apiVersion": "2025-06-01",
        }
        body = {key: value for key, value in resource.items() if key not in head}
        predicted.append({**head, **body})
    return {"predictedResources": predicted, "diagnostics": [], "outputs": {}}


PLANS: dict[str, Callable[[list[Resource]], dict[str, Any]]] = {
    "prod.bicep.json": bicep,
    "prod.azurerm.json": lambda resources: terraform(resources, azapi=False),
    "prod.azapi.json": lambda resources: terraform(resources, azapi=True),
}
"""File name -> what makes it of the resources that people write."""


def build() -> dict[str, str]:
    """File name -> text of each sample plan."""
    resources = written(list(load(HERE / "prod.json").resources))
    return {name: json.dumps(make(resources), indent=2) + "\n" for name, make in PLANS.items()}


if __name__ == "__main__":
    (HERE / "plans").mkdir(exist_ok=True)
    for file_name, content in build().items():
        (HERE / "plans" / file_name).write_text(content, "utf-8")
