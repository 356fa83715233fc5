"""Alerts: find metric alerts that cover an account, and whether their action groups can notify anybody."""

from __future__ import annotations

from typing import Any

from rtaudit.azure import arm_id, shapes
from rtaudit.azure.resource_types import ACCOUNT, ACTION_GROUP, METRIC_ALERT
from rtaudit.snapshot import Gap
from rtaudit.snapshot.index import ancestors
from rtaudit.subjects.estate import EstateIndex, Subject, listing, mapping, text
from rtaudit.subjects.parts import WithGaps, fact, relation

LEGACY_METRICS = frozenset(
    {
        "totalcalls",
        "successfulcalls",
        "totalerrors",
        "blockedcalls",
        "servererrors",
        "clienterrors",
        "latency",
        "successrate",
        "datain",
        "dataout",
        "ratelimit",
    }
)
"""Metrics (lower case) documented "do not use for Azure OpenAI". Source: Microsoft's metrics reference."""


@relation("account", aspects=("alerts",), fields="account: location; metricAlert")
def metric_alerts(account: Subject) -> WithGaps:
    """The metric alerts that cover the account: on itself, or on its group or subscription for its type and region."""
    estate = account.estate
    return WithGaps([alert for _, alert in _covering(account)], list_gaps(estate, METRIC_ALERT, account.resource))


@fact(
    "account",
    aspects=("alerts",),
    fields=(
        "account: location; "
        "metricAlert: properties.criteria properties.scopes properties.targetResourceRegion "
        "properties.targetResourceType"
    ),
)
def legacy_alerts(account: Subject) -> WithGaps:
    """Metrics of alerts on the account that Microsoft documents as not for Azure OpenAI: `metric`, `id` (the alert)."""
    alerts = account.join("metricAlerts")
    legacy = {
        place: rows for at in alerted_places(account) for place, rows in account.estate.once(_legacy, *at).items()
    }
    return WithGaps([row for place in sorted(legacy) for row in legacy[place]], alerts.gaps)


def _legacy(estate: EstateIndex, scope: str, region: str) -> dict[int, list[dict[str, Any]]]:
    """Of the alerts of one place: the legacy metrics, by the alert's place among all."""
    return {
        place: rows
        for place, alert in estate.once(alerts_by_place)[scope, region]
        if (rows := [{"metric": one, "id": alert["id"]} for one in _metrics(alert) if one.lower() in LEGACY_METRICS])
    }


def has_working_action_group(estate: EstateIndex, action_group_ids: list[Any]) -> WithGaps:
    """True when one of the action groups is there, enabled and has a receiver. A group outside what was read is a gap."""
    gaps: list[Gap] = []
    for group_id in action_group_ids:
        if not isinstance(group_id, str) or not group_id:
            continue
        group = estate.resource(group_id)
        if group is not None:
            properties = mapping(group.get("properties"))
            if properties.get("enabled") is True and receivers(properties) > 0:
                return WithGaps(value=True)
            continue
        of_group = list_gaps(estate, ACTION_GROUP, group_id)
        if not of_group and arm_id.subscription_of(group_id) not in _subscriptions(estate):
            message = "the action group is in a subscription that was not read"
            of_group = (Gap(group_id, "alerts", "missing", message=message),)
        gaps += of_group
    return WithGaps(value=False, gaps=tuple(gaps))


def list_gaps(estate: EstateIndex, kind: str, resource: str) -> tuple[Gap, ...]:
    """The gaps of the list of a kind (METRIC_ALERT and the others) in the subscription of `resource`, and at the resource."""
    return estate.gaps("alerts", resource, f"/subscriptions/{arm_id.subscription_of(resource)}/providers/{kind}")


def receivers(properties: dict[str, Any]) -> int:
    """The number of an action group's receivers that reach somebody, from the counts that a snapshot keeps or Azure's own lists.

    One whose `status` is Disabled or NotSpecified reaches nobody; many kinds of receiver have no status.
    """
    for field in ("reachable", "receivers"):
        count = properties.get(field)
        if isinstance(count, int) and not isinstance(count, bool):
            return count
    return sum(not shapes.reaches_nobody(one) for one in shapes.receivers(properties))


def _subscriptions(estate: EstateIndex) -> set[str]:
    return {str(one).lower() for one in listing(estate.snapshot.scope.get("subscriptions"))}


def _metrics(alert: dict[str, Any]) -> list[str]:
    criteria = mapping(mapping(alert.get("properties")).get("criteria"))
    parts = [*listing(criteria.get("allOf")), criteria]
    return [name for part in parts if isinstance(name := mapping(part).get("metricName"), str) and name]


def alerts_by_place(estate: EstateIndex) -> dict[tuple[str, str], list[tuple[int, dict[str, Any]]]]:
    """Metric alerts by scope and the region that they are for (empty: as one on the resource itself), with their place among all."""
    found: dict[tuple[str, str], list[tuple[int, dict[str, Any]]]] = {}
    for place, alert in enumerate(estate.of_type(METRIC_ALERT)):
        properties = mapping(alert.get("properties"))
        regions = [""]
        if text(properties.get("targetResourceType")) == ACCOUNT:
            regions.append(arm_id.region(properties.get("targetResourceRegion")) or "-")
        scopes = (arm_id.key(one) for one in listing(properties.get("scopes")) if isinstance(one, str) and one)
        for scope in dict.fromkeys(scopes):
            for region in regions:
                found.setdefault((scope, region), []).append((place, alert))
    return found


def places_of(account: Subject) -> list[tuple[str, str]]:
    """Where an alert that covers the account can be: on itself, or above it for accounts of its region."""
    key = arm_id.key(account.resource)
    region = arm_id.region(account.raw.get("location")) or "-"
    return [(key, ""), *((above, region) for above in ancestors(key) if above != key)]


def alerted_places(account: Subject) -> list[tuple[str, str]]:
    """Those of `places_of` at which there is a metric alert."""
    by_place = account.estate.once(alerts_by_place)
    return [at for at in places_of(account) if at in by_place]


def _covering(account: Subject) -> list[tuple[int, dict[str, Any]]]:
    by_place = account.estate.once(alerts_by_place)
    return sorted({place: alert for at in alerted_places(account) for place, alert in by_place[at]}.items())
