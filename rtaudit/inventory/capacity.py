"""Capacity: lists what each region hosts, and could host, of the realtime models. Quota is pooled over regions: it is shown, never summed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.documents.json_values import is_number
from rtaudit.subjects import EstateIndex, Subject
from rtaudit.subjects.dates import parse_date
from rtaudit.subjects.deployment import region_index, row_role
from rtaudit.subjects.estate import listing, mapping, text

MODELS = "microsoft.cognitiveservices/locations/models"

_Key = tuple[str, str, str, str, str, str]


@dataclass
class _Offer:
    """One model version with one SKU in one region of one subscription."""

    model: dict[str, Any]
    sku: dict[str, Any]
    kinds: set[str] = field(default_factory=set)
    in_catalogue: bool = True
    role: str = ""


def capacity(estate: EstateIndex) -> list[dict[str, Any]]:
    """One row per subscription, region, realtime model, version and SKU; and one per region whose catalogue was not read."""
    offers: dict[_Key, _Offer] = {}
    regions = {
        (arm_id.subscription_of(one.resource) or "", arm_id.region(one.raw.get("location"))) for one in estate.accounts
    }
    for resource in estate.of_type(MODELS):
        here = (arm_id.subscription_of(resource["id"]) or "", arm_id.region(arm_id.key(resource["id"]).split("/")[-2]))
        regions.add(here)
        for row in listing(resource.get("value")):
            _offer(offers, here, mapping(row))
    hosting = _hosting(estate, offers)
    rows = [_row(estate, key, offer, hosting.get(key, [])) for key, offer in offers.items()]
    rows += [_not_read(*here) for here in regions if _catalogue(estate, *here) is None]
    return sorted(
        rows, key=lambda row: tuple(str(row[name]) for name in ("subscription", "region", "model", "version", "sku"))
    )


def _offer(offers: dict[_Key, _Offer], here: tuple[str, str], row: dict[str, Any]) -> None:
    model = mapping(row.get("model"))
    role = row_role(model)
    if role == "none":
        return
    # A row without SKUs is offered, but by no SKU that could be named.
    for sku in [mapping(one) for one in listing(model.get("skus"))] or [{}]:
        key = _key(here, model, sku)
        offer = offers.setdefault(key, _Offer(model, sku, role=role))
        offer.kinds.add(str(row.get("kind") or ""))


def _hosting(estate: EstateIndex, offers: dict[_Key, _Offer]) -> dict[_Key, list[Subject]]:
    """The realtime deployments of each offer; one that no catalogue row explains becomes an offer of its own."""
    found: dict[_Key, list[Subject]] = {}
    for deployment in estate.deployments:
        role = deployment.fact("realtimeRole")
        if role == "none":
            continue
        account = deployment.account
        here = (
            arm_id.subscription_of(deployment.resource) or "",
            arm_id.region(account.raw.get("location") if account else None),
        )
        model, sku = mapping(deployment.properties.get("model")), mapping(deployment.raw.get("sku"))
        key = _key(here, model, sku)
        found.setdefault(key, []).append(deployment)
        if key not in offers:
            offers[key] = _Offer(model, {"name": sku.get("name")}, in_catalogue=False, role=str(role))
    return found


def _key(here: tuple[str, str], model: dict[str, Any], sku: dict[str, Any]) -> _Key:
    return (*here, *(text(model.get(part)) for part in ("format", "name", "version")), text(sku.get("name")))  # type: ignore[return-value]  # six strings, by this line


def _catalogue(estate: EstateIndex, subscription: str, region: str) -> dict[str, Any] | None:
    return estate.resource(
        f"/subscriptions/{subscription}/providers/Microsoft.CognitiveServices/locations/{region}/models"
    )


def _row(estate: EstateIndex, key: _Key, offer: _Offer, deployments: list[Subject]) -> dict[str, Any]:
    subscription, region = key[:2]
    retires = min(
        filter(
            None,
            (
                parse_date(mapping(offer.model.get("deprecation")).get("inference")),
                parse_date(offer.sku.get("deprecationDate")),
            ),
        ),
        default=None,
    )
    used, limit, not_read = _quota(estate, subscription, region, offer)
    could, because = _could_host(estate, offer, retires, used, limit, not_read, hosted=bool(deployments))
    return {
        "subscription": subscription,
        "region": region,
        "model": offer.model.get("name"),
        "version": offer.model.get("version"),
        "sku": offer.sku.get("name"),
        "role": offer.role,
        "kinds": ", ".join(sorted(offer.kinds)) or None,
        "couldHost": could,
        "because": because,
        "hosts": len(deployments),
        "deployments": [one.resource for one in deployments],
        "lifecycle": offer.model.get("lifecycleStatus"),
        "retires": retires.isoformat() if retires else None,
        "used": used,
        "limit": limit,
        "quota": offer.sku.get("usageName"),
    }


def _quota(
    estate: EstateIndex, subscription: str, region: str, offer: _Offer
) -> tuple[float | None, float | None, str | None]:
    """Used, limit, and why they are not known."""
    wanted = text(offer.sku.get("usageName"))
    collection = f"/subscriptions/{subscription}/providers/Microsoft.CognitiveServices/locations/{region}/usages"
    if not wanted:
        return None, None, "the catalogue names no quota for it"
    rows, _ = region_index(estate, collection, "usages")
    row = rows.get(wanted)
    if row is not None:
        used, limit = row.get("currentValue"), row.get("limit")
        numbers = [one for one in (used, limit) if is_number(one)]
        return (used, limit, None) if len(numbers) == 2 else (None, None, "its quota has no numbers")
    if estate.resource(collection) is None or estate.gaps("usages", collection):
        return None, None, "usages not read"
    return None, None, "no quota row"


def _could_host(
    estate: EstateIndex,
    offer: _Offer,
    retires: date | None,
    used: float | None,
    limit: float | None,
    not_read: str | None,
    *,
    hosted: bool,
) -> tuple[str, str | None]:
    """yes, no or unknown, and why."""
    lifecycle = text(offer.model.get("lifecycleStatus"))
    if not offer.in_catalogue:
        return "unknown", "the catalogue that was read has no such row"
    if lifecycle == "deprecated":
        return "no", "deprecated"
    collected = parse_date(estate.snapshot.collected_at)
    if retires is not None and collected is not None and retires <= collected:
        return "no", "its retirement date is past"
    if limit is not None and used is not None and limit - used <= 0:
        return "no", "no quota" if limit <= 0 else "quota used up"
    if not_read is not None:
        return ("no" if not_read == "no quota row" else "unknown"), not_read
    if lifecycle == "deprecating" and not hosted:
        return "unknown", "deprecating: new ones only beside an existing deployment"
    return "yes", None


def _not_read(subscription: str, region: str) -> dict[str, Any]:
    empty = dict.fromkeys(
        (
            "model",
            "version",
            "sku",
            "role",
            "kinds",
            "hosts",
            "deployments",
            "lifecycle",
            "retires",
            "used",
            "limit",
            "quota",
        )
    )
    return {
        **empty,
        "subscription": subscription,
        "region": region,
        "couldHost": "unknown",
        "because": "the catalogue was not read",
    }
