"""Demand: what planned deployments add to the quota pools of their regions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import ACCOUNT, DEPLOYMENT, MODELS, USAGES
from rtaudit.documents.json_values import is_number
from rtaudit.plan.model import at
from rtaudit.snapshot import Snapshot


def with_demand(base: Snapshot, resources: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The resources, with the quota use of each region as it is after the planned deployments.

    The use that Azure reports counts the deployments of `base`; what the plan adds and takes away is added to it. The pool is
    the one that the region's catalogue names for the model and SKU.
    """
    resources = list(resources)
    before, after = _use(base.resources, base.resources), _use(resources, base.resources)
    change = {pool: after.get(pool, 0) - before.get(pool, 0) for pool in {*before, *after}}
    change = {pool: amount for pool, amount in change.items() if amount}
    return [_moved(one, change) if change and arm_id.type_of(one["id"]) == USAGES else one for one in resources]


def _use(
    resources: Iterable[dict[str, Any]], catalogues: Iterable[dict[str, Any]]
) -> dict[tuple[str, str, str], float]:
    """(subscription, region, usage name) -> capacity of the deployments that draw on it."""
    pools = _pools(catalogues)
    locations = {
        arm_id.key(one["id"]): arm_id.region(one.get("location"))
        for one in resources
        if arm_id.type_of(one["id"]) == ACCOUNT
    }
    used: dict[tuple[str, str, str], float] = defaultdict(float)
    for one in resources:
        if arm_id.type_of(one["id"]) != DEPLOYMENT:
            continue
        region = locations.get(arm_id.parent_of(one["id"]), "")
        subscription = arm_id.subscription_of(one["id"]) or ""
        model, capacity = at(one, ("properties", "model")), at(one, ("sku", "capacity"))
        if not isinstance(model, dict) or not is_number(capacity):
            continue
        words = (model.get("format"), model.get("name"), model.get("version"), at(one, ("sku", "name")))
        pool = pools.get((subscription, region, *(str(word).lower() for word in words)))
        if pool is not None:
            used[subscription, region, pool] += capacity
    return used


def _pools(catalogues: Iterable[dict[str, Any]]) -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {}
    for catalogue in catalogues:
        if arm_id.type_of(catalogue["id"]) != MODELS:
            continue
        subscription, region = _place(catalogue["id"])
        for row in catalogue.get("value") or ():
            model = row.get("model") if isinstance(row, dict) else None
            if not isinstance(model, dict):
                continue
            for sku in model.get("skus") or ():
                if isinstance(sku, dict) and isinstance(sku.get("usageName"), str):
                    words = (model.get("format"), model.get("name"), model.get("version"), sku.get("name"))
                    found[(subscription, region, *(str(word).lower() for word in words))] = sku["usageName"].lower()
    return found


def _place(resource_id: str) -> tuple[str, str]:
    """The subscription and region of a region's collection."""
    parts = arm_id.key(resource_id).split("/")
    region = parts[parts.index("locations") + 1] if "locations" in parts[:-1] else ""
    return arm_id.subscription_of(resource_id) or "", arm_id.region(region)


def _moved(usages: dict[str, Any], change: dict[tuple[str, str, str], float]) -> dict[str, Any]:
    subscription, region = _place(usages["id"])
    rows = []
    for row in usages.get("value") or ():
        name = at(row, ("name", "value"))
        amount = change.get((subscription, region, str(name).lower()), 0)
        current = row.get("currentValue") if isinstance(row, dict) else None
        if amount and is_number(current):
            rows.append({**row, "currentValue": current + amount})
        else:
            rows.append(row)
    return {**usages, "value": rows}
