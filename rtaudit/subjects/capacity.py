"""Capacity: work out what is left of a model when a region is gone, and what an automatic upgrade brings."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.documents.json_values import is_number
from rtaudit.snapshot import Gap
from rtaudit.subjects.dates import parse_date
from rtaudit.subjects.deployment import catalogue_of, region_of
from rtaudit.subjects.estate import EstateIndex, Subject, listing, mapping, text
from rtaudit.subjects.parts import WithGaps, fact

_BOTH = ("deployment", "realtimeDeployment")


@fact(*_BOTH, aspects=("models",), fields="account: kind location; deployment: properties sku; models: value")
def successor(deployment: Subject) -> WithGaps:
    """The version that Azure moves the deployment to: `modelAndVersion`, `requestsPerMinute`, `retirementDate`, `retiresEarlier`; null where none is known.

    The one that the catalogue row names (`replacementConfig`), else the default version of the same name. Its limit is that
    of the deployment's own SKU and capacity. Null with NoAutoUpgrade, and on the default version.
    """
    row = deployment.join("model")
    if row.value is None or deployment.fact("effectiveUpgradeOption") == "NoAutoUpgrade":
        return WithGaps(None, () if deployment.fact("effectiveUpgradeOption") == "NoAutoUpgrade" else row.gaps)
    rows, gaps = catalogue_of(deployment)
    own = mapping(deployment.properties.get("model"))
    target = mapping(row.value.get("replacementConfig"))
    name = text(target.get("targetModelName")) or text(own.get("name"))
    version = text(target.get("targetModelVersion"))
    owner = deployment.account
    kind = text(owner.raw.get("kind")) if owner else ""
    candidates = [
        one
        for key, one in rows.items()
        if key[:3] == (kind, text(own.get("format")), name)
        and (key[3] == version if version else one.get("isDefaultVersion") is True)
    ]
    if not candidates or candidates[0] is row.value:
        return WithGaps(None, gaps)
    new, sku = candidates[0], mapping(deployment.raw.get("sku"))
    of_sku = next(
        (one for one in map(mapping, listing(new.get("skus"))) if text(one.get("name")) == text(sku.get("name"))), {}
    )
    dates = [parse_date(mapping(new.get("deprecation")).get("inference")), parse_date(of_sku.get("deprecationDate"))]
    retires = min((one for one in dates if one is not None), default=None)
    ours = next((one["date"] for one in deployment.join("facts.retirementDates").value), None)
    return WithGaps(
        {
            "modelAndVersion": f"{new.get('name')}@{new.get('version')}",
            "requestsPerMinute": _per_minute(of_sku, sku.get("capacity")),
            "retirementDate": retires.isoformat() if retires else None,
            "retiresEarlier": bool(retires and ours and retires.isoformat() < ours),
        },
        gaps,
    )


def _per_minute(sku: dict[str, Any], units: Any) -> float | None:
    for limit in map(mapping, listing(sku.get("rateLimits"))):
        count, period = limit.get("count"), limit.get("renewalPeriod")
        if (
            text(limit.get("key")) == "request"
            and is_number(count)
            and is_number(period)
            and is_number(units)
            and period
        ):
            return count * 60 / period * units
    return None


@fact(
    *_BOTH,
    aspects=("deployments", "models", "usages"),
    fields="account: kind location; deployment: properties.model sku; models: value; usages: value",
)
def quota_taken(deployment: Subject) -> WithGaps:
    """How much of the pool's used quota the deployments that were read hold, in words: given on purpose, or taken elsewhere."""
    row = deployment.join("quota")
    used = mapping(row.value).get("currentValue")
    if row.value is None or not is_number(used):
        return WithGaps(None, row.gaps)
    held = sum(deployment.estate.once(_held).get(_pool(deployment, row.value), ()))
    return WithGaps("all by deployments here" if held >= used else f"{held:g} of {used:g} units by deployments here")


def _pool(deployment: Subject, row: dict[str, Any]) -> tuple[str | None, str]:
    return arm_id.subscription_of(deployment.resource), text(mapping(row.get("name")).get("value"))


def _held(estate: EstateIndex) -> dict[tuple[str | None, str], list[float]]:
    """The capacities of the deployments that count against each pool: a subscription's usage row of a name."""
    found: dict[tuple[str | None, str], list[float]] = defaultdict(list)
    for one in estate.deployments:
        row, units = one.join("quota").value, mapping(one.raw.get("sku")).get("capacity")
        if row is not None and is_number(units):
            found[_pool(one, row)].append(units)
    return found


@fact(*_BOTH, aspects=("capacity",), fields="account: location; capacity; deployment: properties.model sku")
def available_capacity(deployment: Subject) -> WithGaps:
    """Units of the deployment's model and SKU that its region has left, whatever the quota says (`modelCapacities`)."""
    estate, model = deployment.estate, mapping(deployment.properties.get("model"))
    named = ".".join(str(model.get(field)) for field in ("format", "name", "version"))
    place = (
        f"/subscriptions/{arm_id.subscription_of(deployment.resource)}/providers/Microsoft.CognitiveServices/locations"
    )
    scope = f"{place}/{region_of(deployment)}/modelCapacities/{named}"
    sku = text(mapping(deployment.raw.get("sku")).get("name"))
    if not is_number(mapping(deployment.raw.get("sku")).get("capacity")):
        message = "the deployment states no capacity of its own to compare with"
        return WithGaps(None, (Gap(deployment.resource, "deployments", "missing", code="NotStated", message=message),))
    for row in map(mapping, listing(mapping(estate.resource(scope)).get("value"))):
        stated = mapping(row.get("properties"))
        here = arm_id.region(row.get("location")) in ("", region_of(deployment))
        if here and text(stated.get("skuName")) == sku and is_number(stated.get("availableCapacity")):
            return WithGaps(stated["availableCapacity"])
    message = f"{region_of(deployment)} states no capacity of {model.get('name')} with this SKU"
    return WithGaps(None, estate.gaps("capacity", scope) or (Gap(scope, "capacity", "missing", message=message),))


@fact(
    "environment",
    aspects=("accounts", "deployments", "models", "usages"),
    fields="account; client: account deployment peakSessionsPerMinute; deployment; models; usages",
)
def failover(environment: Subject) -> WithGaps:
    """Each realtime model that serves, with its largest region gone: `model`, `role`, `largest`, `left`, `declared`, `poolHolds`.

    `left` are the requests a minute of the other regions, `declared` the highest peak that client contracts declare for one
    of its deployments, `poolHolds` whether the quota that they count against is not overdrawn.
    """
    models = environment.join("facts.realtimeModels")
    by_id = {arm_id.key(one.resource): one for one in environment.estate.deployments}
    rows = []
    for model in models.value:
        deployed = [by_id[arm_id.key(one)] for one in model["deployments"]]
        of_region: dict[str, float] = defaultdict(float)
        gaps = list(model["regions"].gaps)
        for one in deployed:
            rate = one.join("facts.requestsPerMinute")
            gaps += rate.gaps
            of_region[region_of(one)] += rate.value or 0
        largest = max(sorted(of_region), key=lambda region: of_region[region])
        peaks = [peak for one in deployed if (peak := one.seen_as("realtimeDeployment").fact("declaredPeakSessions"))]
        use = [one.join("facts.quotaUse") for one in deployed]
        overdrawn = any(one.value is not None and one.value > 1 for one in use)
        rows.append(
            {
                "model": model["model"],
                "role": model["role"],
                "largest": largest,
                "left": WithGaps(sum(of_region.values()) - of_region[largest], tuple(dict.fromkeys(gaps))),
                "declared": max(peaks, default=None),
                "poolHolds": WithGaps(not overdrawn, () if overdrawn else tuple(g for one in use for g in one.gaps)),
                "id": model["id"],
            }
        )
    return WithGaps(rows, models.gaps)
