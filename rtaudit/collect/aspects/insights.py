"""What watches an account: alerts with their action groups, and the workspaces that receive diagnostics."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from rtaudit.azure import arm_id, shapes
from rtaudit.collect.aspects.authorization import scopes_above
from rtaudit.collect.aspects.calls import below, list_of
from rtaudit.collect.reader import Reader, Row
from rtaudit.documents.json_values import listing, properties

if TYPE_CHECKING:
    from rtaudit.collect.collected import CollectedRows


def _keep_alert(collected: CollectedRows, row: Row) -> Row | None:
    """An alert whose scopes are, or are above, an account in scope."""
    above = collected.memo(scopes_above)
    scopes = [scope for scope in listing(properties(row).get("scopes")) if isinstance(scope, str)]
    return row if any(arm_id.key(scope) in above for scope in scopes) else None


_ABOUT = frozenset({"azurediagnostics", "azuremetrics", "cognitiveservices", "azureopenairequests", "modelrequests"})
_WORD = re.compile(r"[a-z0-9_-]+")


def _keep_log_alert(collected: CollectedRows, row: Row) -> Row | None:
    """A log alert on an account in scope, or whose query is about one, or about requests and metrics at all."""
    if _keep_alert(collected, row) is not None:
        return row
    criteria = properties(row).get("criteria")
    parts = listing(criteria.get("allOf")) if isinstance(criteria, dict) else []
    words = {word for part in parts if isinstance(part, dict) for word in _WORD.findall(str(part.get("query")).lower())}
    return row if words & _ABOUT or words & collected.memo(_account_names) else None


def _account_names(collected: CollectedRows) -> frozenset[str]:
    return frozenset(arm_id.name_of(key) for key in collected.in_scope())


def action_groups_of(alert: Row) -> Iterator[str]:
    """The action groups that an alert calls: `actions[]` of a metric alert, `actions.actionGroups[]` of the others."""
    actions: Any = properties(alert).get("actions")
    if isinstance(actions, dict):
        actions = actions.get("actionGroups")
    for action in listing(actions):
        named = action.get("actionGroupId") if isinstance(action, dict) else action
        if isinstance(named, str) and arm_id.type_of(named) == "microsoft.insights/actiongroups":
            yield named


def _called(collected: CollectedRows) -> dict[str, str]:
    return {
        arm_id.key(group): group
        for name in _ALERTS
        for alert in collected.kept(name)
        for group in action_groups_of(alert)
    }


def _keep_group(collected: CollectedRows, row: Row) -> Row | None:
    """Of an action group only whether it acts: receivers are people's addresses."""
    if arm_id.key(row["id"]) not in collected.memo(_called):
        return None
    found = properties(row)
    kept: Row = {name: row[name] for name in ("id", "name", "type", "location") if name in row}
    counts = {name: found[name] for name in ("receivers", "reachable") if isinstance(found.get(name), int)}
    if "receivers" not in counts:
        receivers = shapes.receivers(found)
        reachable = [one for one in receivers if not shapes.reaches_nobody(one)]
        counts = {"receivers": len(receivers)}
        if len(reachable) != len(receivers):
            counts["reachable"] = len(reachable)
    return {**kept, "properties": {"enabled": found.get("enabled"), **counts}}


def _groups_elsewhere(collected: CollectedRows) -> Iterable[str]:
    scope = set(collected.subscriptions)
    return (group for group in collected.memo(_called).values() if arm_id.subscription_of(group) not in scope)


def _workspaces(collected: CollectedRows) -> Iterable[str]:
    named: dict[str, str] = {}
    for setting in collected.kept("diagnostics"):
        workspace = properties(setting).get("workspaceId")
        if isinstance(workspace, str) and arm_id.type_of(workspace) == "microsoft.operationalinsights/workspaces":
            named[arm_id.key(workspace)] = workspace
    return named.values()


_ALERTS = ("metricAlerts", "activityLogAlerts", "logAlerts")
"""Readers of alerts, whose action groups are kept."""

READERS = (
    *(
        # Several lists of one aspect: each has gaps of its own.
        list_of(
            f"Microsoft.Insights/{name}",
            row_filter=keep,
            keep_depends_on=needs,
            part=f"/providers/Microsoft.Insights/{name}",
        )
        for name, keep, needs in (
            ("metricAlerts", _keep_alert, ("accounts",)),
            ("activityLogAlerts", _keep_alert, ("accounts",)),
            ("scheduledQueryRules", _keep_log_alert, ("accounts",)),
            ("actionGroups", _keep_group, ("accounts", *_ALERTS)),
        )
    ),
    Reader(
        name="actionGroupsElsewhere",
        aspect="alerts",
        type="Microsoft.Insights/actionGroups",
        action="Microsoft.Insights/actionGroups/read",
        targets=_groups_elsewhere,
        send=below(),
        depends_on=("accounts", *_ALERTS),
        shape="one",
        row_filter=_keep_group,
        keep_depends_on=("accounts", *_ALERTS),
    ),
    Reader(
        name="workspaces",
        aspect="workspaces",
        type="Microsoft.OperationalInsights/workspaces",
        action="Microsoft.OperationalInsights/workspaces/read",
        targets=_workspaces,
        # By id and not by list: a handful is named, often in a subscription of its own.
        send=below(),
        depends_on=("accounts", "diagnostics"),
        shape="one",
    ),
)
"""Readers of the aspects alerts and workspaces."""
