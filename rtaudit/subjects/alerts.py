"""What watches an account: metric alerts, and action groups that act."""

from __future__ import annotations

from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import ACCOUNT, ACTION_GROUP, METRIC_ALERT
from rtaudit.snapshot import Gap
from rtaudit.subjects.parts import Joined, fact, root
from rtaudit.subjects.world import Subject, World, listing, mapping, text

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


@root("account", reads=("alerts",))
def metric_alerts(account: Subject) -> Joined:
    """The metric alerts that cover the account: on itself, or on its group or subscription for its type and region."""
    world = account.world
    found = [one for one in world.index.covering(METRIC_ALERT, account.resource) if _covers(one, account)]
    return Joined(found, unlisted(world, METRIC_ALERT, account.resource))


@fact("account", reads=("alerts",))
def alerted_metrics(account: Subject) -> Joined:
    """Metrics on which an enabled alert with an action that acts covers the account."""
    alerts = account.join("metricAlerts")
    names: set[str] = set()
    gaps = list(alerts.gaps)
    for alert in alerts.value:
        properties = mapping(alert.get("properties"))
        acting = acts(account.world, [mapping(one).get("actionGroupId") for one in listing(properties.get("actions"))])
        if properties.get("enabled") is True and acting.value:
            names.update(_metrics(alert))
        elif properties.get("enabled") is True:
            gaps += acting.gaps
    return Joined(sorted(names), tuple(dict.fromkeys(gaps)))


@fact("account", reads=("alerts",))
def legacy_alerts(account: Subject) -> Joined:
    """Metrics of alerts on the account that Microsoft documents as not for Azure OpenAI: `metric`, `id` (the alert)."""
    alerts = account.join("metricAlerts")
    rows = [
        {"metric": metric, "id": alert["id"]}
        for alert in alerts.value
        for metric in _metrics(alert)
        if metric.lower() in LEGACY_METRICS
    ]
    return Joined(rows, alerts.gaps)


def acts(world: World, action_group_ids: list[Any]) -> Joined:
    """True when one of the action groups is there, enabled and has a receiver. A group outside what was read is a gap."""
    gaps: list[Gap] = []
    for group_id in action_group_ids:
        if not isinstance(group_id, str) or not group_id:
            continue
        group = world.resource(group_id)
        if group is not None:
            properties = mapping(group.get("properties"))
            if properties.get("enabled") is True and receivers(properties) > 0:
                return Joined(value=True)
            continue
        of_group = unlisted(world, ACTION_GROUP, group_id)
        if not of_group and arm_id.subscription_of(group_id) not in _subscriptions(world):
            message = "the action group stands in a subscription that was not read"
            of_group = (Gap(group_id, "alerts", "missing", message=message),)
        gaps += of_group
    return Joined(value=False, gaps=tuple(gaps))


def unlisted(world: World, kind: str, resource: str) -> tuple[Gap, ...]:
    """The gaps of the list of a kind (METRIC_ALERT and the others) in the subscription of `resource`, and at the resource."""
    return world.gaps("alerts", resource, f"/subscriptions/{arm_id.subscription_of(resource)}/providers/{kind}")


def receivers(properties: dict[str, Any]) -> int:
    """The number of receivers of an action group, from the count that a snapshot keeps or from Azure's own lists."""
    count = properties.get("receivers")
    if isinstance(count, int) and not isinstance(count, bool):
        return count
    return sum(
        len(value) for name, value in properties.items() if name.endswith("Receivers") and isinstance(value, list)
    )


def _subscriptions(world: World) -> set[str]:
    return {str(one).lower() for one in listing(world.snapshot.scope.get("subscriptions"))}


def _metrics(alert: dict[str, Any]) -> list[str]:
    criteria = mapping(mapping(alert.get("properties")).get("criteria"))
    parts = [*listing(criteria.get("allOf")), criteria]
    return [name for part in parts if isinstance(name := mapping(part).get("metricName"), str) and name]


def _covers(alert: dict[str, Any], account: Subject) -> bool:
    properties = mapping(alert.get("properties"))
    for scope in listing(properties.get("scopes")):
        if not isinstance(scope, str):
            continue
        if arm_id.key(scope) == arm_id.key(account.resource):
            return True
        same_type = text(properties.get("targetResourceType")) == ACCOUNT
        target_region = arm_id.region(properties.get("targetResourceRegion"))
        if (
            arm_id.covers(scope, account.resource)
            and same_type
            and target_region == arm_id.region(account.raw.get("location"))
        ):
            return True
    return False
