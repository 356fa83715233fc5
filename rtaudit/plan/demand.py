"""Demand: what planned deployments add to the quota pools of their regions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import ACCOUNT, DEPLOYMENT, MODELS, USAGES
from rtaudit.documents.json_values import is_number
from rtaudit.plan.model import at
from rtaudit.snapshot import Snapshot

Pool = tuple[str, str, str]
"""Subscription, region and usage name; all in lower case."""
_Words = tuple[str, ...]
"""Subscription, region, model format, name and version, and SKU; empty where the plan does not tell one."""


@dataclass(frozen=True)
class _Draw:
    """What one deployment draws on, and how much."""

    words: _Words
    capacity: float | None


def with_demand(
    base: Snapshot, resources: Iterable[dict[str, Any]], possible: Iterable[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    """The resources, with the quota use of each region as it is after the planned deployments.

    The use that Azure reports counts the deployments of `base`; what the plan adds and takes away is added to it. The pool is
    the one that the region's catalogue names for the model and SKU. Where the plan does not tell how much a deployment takes,
    or of which pool, the use of each pool that it may be is not known, and left out. `possible` may be deployed or not.
    """
    resources = list(resources)
    pools = _pools(base.resources)
    before, after = _draws(base.resources, {}), _draws(resources, {})
    where = _locations(resources)
    change: dict[Pool, float] = defaultdict(float)
    unknown = {one.words for key, one in _draws(possible, where).items() if one != before.get(key)}
    for key in sorted({*before, *after}):
        was, will = before.get(key), after.get(key)
        if was == will:
            continue
        for draw, sign in ((was, -1), (will, 1)):
            if draw is None:
                continue
            pool = pools.get(draw.words)
            if draw.capacity is None or pool is None:
                unknown.add(draw.words)
            else:
                change[draw.words[0], draw.words[1], pool] += sign * draw.capacity
    partly = [words for words in unknown if "" in words]
    open_pools = {
        (words[0], words[1], pool)
        for words, pool in (pools.items() if unknown else ())
        if words in unknown
        or any(all(one in ("", word) for one, word in zip(wanted, words, strict=True)) for wanted in partly)
    }
    if not open_pools and not any(change.values()):
        return resources
    return [_moved(one, change, open_pools) if arm_id.type_of(one["id"]) == USAGES else one for one in resources]


def _locations(resources: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Key of an account -> its region."""
    return {
        arm_id.key(one["id"]): arm_id.region(one.get("location"))
        for one in resources
        if arm_id.type_of(one["id"]) == ACCOUNT
    }


def _draws(resources: Iterable[dict[str, Any]], also: dict[str, str]) -> dict[str, _Draw]:
    """Key of a deployment -> what it draws on; `also` are the regions of further accounts."""
    resources = list(resources)
    locations = {**also, **_locations(resources)}
    found: dict[str, _Draw] = {}
    for one in resources:
        if arm_id.type_of(one["id"]) != DEPLOYMENT:
            continue
        model, capacity = at(one, ("properties", "model")), at(one, ("sku", "capacity"))
        stated = [at(model, (name,)) for name in ("format", "name", "version")] + [at(one, ("sku", "name"))]
        words = [str(word).lower() if isinstance(word, str) else "" for word in stated]
        region = locations.get(arm_id.parent_of(one["id"]), "")
        found[arm_id.key(one["id"])] = _Draw(
            (arm_id.subscription_of(one["id"]) or "", region, *words), capacity if is_number(capacity) else None
        )
    return found


def _pools(catalogues: Iterable[dict[str, Any]]) -> dict[_Words, str]:
    """What a deployment draws on -> the usage name that the region's catalogue names."""
    found: dict[_Words, str] = {}
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


def _moved(usages: dict[str, Any], change: dict[Pool, float], unknown: set[Pool]) -> dict[str, Any]:
    subscription, region = _place(usages["id"])
    rows = []
    for row in usages.get("value") or ():
        pool = (subscription, region, str(at(row, ("name", "value"))).lower())
        amount = change.get(pool, 0)
        current = row.get("currentValue") if isinstance(row, dict) else None
        if pool in unknown and isinstance(row, dict):
            rows.append({name: value for name, value in row.items() if name != "currentValue"})
        elif amount and is_number(current):
            rows.append({**row, "currentValue": current + amount})
        else:
            rows.append(row)
    return {**usages, "value": rows}
