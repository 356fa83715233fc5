"""What watches an account: alerts with their action groups, and the workspaces that receive diagnostics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from rtaudit.azure import arm_id
from rtaudit.collect.aspects.authorization import scopes_above
from rtaudit.collect.aspects.calls import below, list_of
from rtaudit.collect.reader import Reader, Row
from rtaudit.collect.world import listed, properties

if TYPE_CHECKING:
    from rtaudit.collect.world import World


def _keep_alert(world: World, row: Row) -> Row | None:
    """An alert whose scopes are, or stand above, an account in scope."""
    above = world.memo(scopes_above)
    scopes = [scope for scope in listed(properties(row).get("scopes")) if isinstance(scope, str)]
    return row if any(arm_id.key(scope) in above for scope in scopes) else None


def action_groups_of(alert: Row) -> Iterator[str]:
    """The action groups that an alert calls: `actions[]` of a metric alert, `actions.actionGroups[]` of the others."""
    actions: Any = properties(alert).get("actions")
    if isinstance(actions, dict):
        actions = actions.get("actionGroups")
    for action in listed(actions):
        named = action.get("actionGroupId") if isinstance(action, dict) else action
        if isinstance(named, str) and arm_id.type_of(named) == "microsoft.insights/actiongroups":
            yield named


def _called(world: World) -> dict[str, str]:
    return {
        arm_id.key(group): group
        for name in ("metricAlerts", "activityLogAlerts")
        for alert in world.kept(name)
        for group in action_groups_of(alert)
    }


def _keep_group(world: World, row: Row) -> Row | None:
    """Of an action group only whether it acts: receivers are people's addresses."""
    if arm_id.key(row["id"]) not in world.memo(_called):
        return None
    found = properties(row)
    count = found.get("receivers")
    if not isinstance(count, int):
        count = sum(len(listed(value)) for name, value in found.items() if name.lower().endswith("receivers"))
    kept: Row = {name: row[name] for name in ("id", "name", "type", "location") if name in row}
    return {**kept, "properties": {"enabled": found.get("enabled"), "receivers": count}}


def _groups_elsewhere(world: World) -> Iterable[str]:
    scope = set(world.subscriptions)
    return (group for group in world.memo(_called).values() if arm_id.subscription_of(group) not in scope)


def _workspaces(world: World) -> Iterable[str]:
    named: dict[str, str] = {}
    for setting in world.kept("diagnostics"):
        workspace = properties(setting).get("workspaceId")
        if isinstance(workspace, str) and arm_id.type_of(workspace) == "microsoft.operationalinsights/workspaces":
            named[arm_id.key(workspace)] = workspace
    return named.values()


READERS = (
    *(
        # Several lists of one aspect: each has gaps of its own.
        list_of(f"Microsoft.Insights/{name}", keep=keep, keep_needs=needs, part=f"/providers/Microsoft.Insights/{name}")
        for name, keep, needs in (
            ("metricAlerts", _keep_alert, ("accounts",)),
            ("activityLogAlerts", _keep_alert, ("accounts",)),
            ("actionGroups", _keep_group, ("accounts", "metricAlerts", "activityLogAlerts")),
        )
    ),
    Reader(
        name="actionGroupsElsewhere",
        aspect="alerts",
        type="Microsoft.Insights/actionGroups",
        action="Microsoft.Insights/actionGroups/read",
        targets=_groups_elsewhere,
        ask=below(),
        after=("accounts", "metricAlerts", "activityLogAlerts"),
        shape="one",
        keep=_keep_group,
        keep_needs=("accounts", "metricAlerts", "activityLogAlerts"),
    ),
    Reader(
        name="workspaces",
        aspect="workspaces",
        type="Microsoft.OperationalInsights/workspaces",
        action="Microsoft.OperationalInsights/workspaces/read",
        targets=_workspaces,
        # By id and not by list: a handful is named, often in a subscription of its own.
        ask=below(),
        after=("accounts", "diagnostics"),
        shape="one",
    ),
)
"""Readers of the aspects alerts and workspaces."""
