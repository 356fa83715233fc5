"""Made values of monitoring: work out the rows of a diagnostic setting, a workspace, an action group and the alerts to add."""

from __future__ import annotations

import copy
from typing import Any

from rtaudit.azure.resource_types import ACTION_GROUP, WORKSPACE
from rtaudit.policy.made import Given, made
from rtaudit.policy.operators import OPERATORS
from rtaudit.subjects import EstateIndex
from rtaudit.subjects.alerts import has_working_action_group
from rtaudit.subjects.estate import listing, mapping, text


@made
def _workspace(given: Given) -> str | None:
    """The workspace to send logs to, where only one was read."""
    found = given.estate.of_type(WORKSPACE)
    return str(found[0]["id"]) if len(found) == 1 else None


@made
def _allowed_workspace(given: Given) -> str | None:
    """The first workspace that was read and that logs may go to."""
    allowed = given.params.get("allowedDestinations")
    return next(
        (
            one["id"]
            for one in given.estate.of_type(WORKSPACE)
            if OPERATORS["like"].test(one["id"], allowed, given.today)
        ),
        None,
    )


@made
def _log_setting(given: Given) -> str | None:
    """The first diagnostic setting of the account that sends somewhere."""
    found = listing(given.subject.fact("logDestinations"))
    return str(found[0]["setting"]) if found else None


def _rows(
    given: Given, field: str, wanted: tuple[str, ...], without: tuple[str, ...] = (), at: str | None = None
) -> Any:
    setting = given.estate.resource(at or _log_setting(given))
    if setting is None:
        return None
    rows = [copy.deepcopy(mapping(one)) for one in listing(mapping(setting.get("properties")).get(field))]
    rows = [one for one in rows if text(one.get("category") or one.get("categoryGroup")) not in map(text, without)]
    for name in wanted:
        same = [one for one in rows if text(one.get("category")) == text(name)]
        for one in same:
            one["enabled"] = True
        if not same:
            rows.append({"category": name, "enabled": True})
    return rows


@made
def _logs_with_audit(given: Given) -> Any:
    """The rows of that setting with the audit log."""
    return _rows(given, "logs", ("Audit",))


@made
def _logs_with_usage(given: Given) -> Any:
    """The rows of that setting with the usage log."""
    return _rows(given, "logs", ("AzureOpenAIRequestUsage",))


@made
def _logs_with_requests(given: Given) -> Any:
    """The rows of that setting with requests and responses."""
    return _rows(given, "logs", ("RequestResponse",))


@made
def _logs_without_requests(given: Given) -> Any:
    """The rows of the setting that was observed without requests and responses and the group that holds them."""
    others = ("Audit", "AzureOpenAIRequestUsage")
    at = str(mapping(given.element).get("id") or "")
    return _rows(given, "logs", others, without=("RequestResponse", "allLogs"), at=at) if at else None


@made
def _metrics_routed(given: Given) -> Any:
    """The metrics of that setting, all of them on."""
    return _rows(given, "metrics", ("AllMetrics",))


@made
def _action_group(given: Given) -> str | None:
    """The first action group that is enabled and reaches somebody."""
    return given.estate.once(_acting)


def _acting(estate: EstateIndex) -> str | None:
    return next(
        (one["id"] for one in estate.of_type(ACTION_GROUP) if has_working_action_group(estate, [one["id"]]).value), None
    )


_ALERTS = {
    "throttled": ("AzureOpenAIRequests", "GreaterThan", 20, "Total"),
    "availability": ("AzureOpenAIAvailabilityRate", "LessThan", 99, "Average"),
    "speech": ("RealtimeUsageTime", "GreaterThan", 36000, "Total"),
}


@made
def _alert(given: Given) -> dict[str, Any]:
    """The metric alerts that rules ask for, by what they watch."""
    group = given.subject.resource[: given.subject.resource.lower().index("/providers/")]
    return {
        name: {
            "id": f"{group}/providers/Microsoft.Insights/metricAlerts/{given.subject.name}-{name}",
            "name": f"{given.subject.name}-{name}",
            "type": "Microsoft.Insights/metricAlerts",
            "location": "global",
            "properties": {
                "enabled": True,
                "scopes": [given.subject.resource],
                "actions": [{"actionGroupId": _action_group(given)}],
                "criteria": {
                    "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                    "allOf": [
                        {
                            "name": "cond0",
                            "metricName": metric,
                            "operator": operator,
                            "threshold": threshold,
                            "timeAggregation": aggregation,
                        }
                    ],
                },
            },
        }
        for name, (metric, operator, threshold, aggregation) in _ALERTS.items()
    }
