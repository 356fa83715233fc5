"""Subscription: attributes of `subscription` subjects: provider registrations and Service Health alerts."""

from __future__ import annotations

from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import ACTIVITY_ALERT, BUDGET, DELETED_ACCOUNT, PRIVATE_ENDPOINT
from rtaudit.snapshot import Gap
from rtaudit.subjects.alerts import has_working_action_group, list_gaps
from rtaudit.subjects.estate import Subject, listing, mapping, text
from rtaudit.subjects.parts import WithGaps, fact, relation
from rtaudit.subjects.watching import notices_pass

BUDGETS = "/providers/Microsoft.Consumption/budgets"
"""Behind the id of what budgets are listed of."""


@relation("subscription", aspects=("accounts",), fields="account")
def accounts(subscription: Subject) -> list[dict[str, Any]]:
    """The accounts in scope that are in the subscription."""
    return [one.raw for one in subscription.estate.accounts_by_subscription.get(arm_id.key(subscription.resource), ())]


@relation("subscription", aspects=("alerts",), fields="activityLogAlert")
def activity_log_alerts(subscription: Subject) -> WithGaps:
    """The subscription's activity-log alerts."""
    estate = subscription.estate
    found = list(estate.index.below(ACTIVITY_ALERT, subscription.resource))
    return WithGaps(found, list_gaps(estate, ACTIVITY_ALERT, subscription.resource))


@fact("subscription", aspects=("providers", "privateEndpoints"), fields="provider: registrationState")
def provider_registrations(subscription: Subject) -> WithGaps:
    """The providers that a launch needs in the subscription: `namespace`, `registrationState`, `id`.

    Microsoft.CognitiveServices and Microsoft.Insights; Microsoft.Network too where a private endpoint is in it.
    """
    estate = subscription.estate
    wanted = ["Microsoft.CognitiveServices", "Microsoft.Insights"]
    gaps: list[Gap] = []
    if estate.index.below(PRIVATE_ENDPOINT, subscription.resource):
        wanted.append("Microsoft.Network")
    else:
        gaps += estate.gaps("privateEndpoints", subscription.resource)
    rows = []
    for namespace in wanted:
        provider_id = f"{subscription.resource}/providers/{namespace}"
        found = estate.resource(provider_id)
        if found is not None:
            rows.append(
                {"namespace": namespace, "registrationState": found.get("registrationState"), "id": found["id"]}
            )
        else:
            message = f"the registration of {namespace} was not read"
            gaps += estate.gaps("providers", provider_id) or (
                Gap(provider_id, "providers", "missing", message=message),
            )
    return WithGaps(rows, tuple(dict.fromkeys(gaps)))


@fact(
    "subscription",
    aspects=("alerts",),
    fields=(
        "account: location; actionGroup: properties; "
        "activityLogAlert: properties.actions properties.condition properties.enabled properties.scopes"
    ),
)
def service_health_alerts(subscription: Subject) -> WithGaps:
    """Enabled Service Health alerts of the subscription whose action acts and that retirement notices of Azure OpenAI pass: `name`, `id`.

    One that is narrowed to other incident types, services or regions than those of the accounts does not count; several
    that are narrowed to a region each count where they cover every region of the accounts together.
    """
    alerts = subscription.join("activityLogAlerts")
    regions = {arm_id.region(one.get("location")) for one in subscription.join("accounts").value} - {""}
    rows, gaps = [], list(alerts.gaps)
    of_some: list[tuple[set[str], dict[str, Any]]] = []
    for alert in alerts.value:
        properties = mapping(alert.get("properties"))
        scopes = [str(one) for one in listing(properties.get("scopes"))]
        if properties.get("enabled") is not True or not _on_service_health(properties):
            continue
        heard = {one for one in regions if notices_pass(properties, {one}) is True}
        passes = notices_pass(properties, regions)
        if (passes is False and not heard) or not any(arm_id.covers(scope, subscription.resource) for scope in scopes):
            continue
        groups = listing(mapping(properties.get("actions")).get("actionGroups"))
        acting = has_working_action_group(subscription.estate, [mapping(one).get("actionGroupId") for one in groups])
        if not acting.value:
            gaps += acting.gaps
        elif passes:
            rows.append({"name": arm_id.name_of(alert["id"]), "id": alert["id"]})
        elif heard:
            of_some.append((heard, {"name": arm_id.name_of(alert["id"]), "id": alert["id"]}))
        else:
            message = f"the alert {arm_id.name_of(alert['id'])} is narrowed in a way of which it is not documented what passes"
            gaps.append(Gap(alert["id"], "alerts", "missing", code="NotDocumented", message=message))
    if of_some and regions <= set().union(*(heard for heard, _ in of_some)):
        rows += [row for _, row in of_some]
    return WithGaps(rows, tuple(dict.fromkeys(gaps)))


def _on_service_health(properties: dict[str, Any]) -> bool:
    stated = [mapping(one) for one in listing(mapping(properties.get("condition")).get("allOf"))]
    conditions = [option for one in stated for option in (one, *map(mapping, listing(one.get("anyOf"))))]
    return any(
        text(one.get("field")) == "category" and text(one.get("equals")) == "servicehealth" for one in conditions
    )


@fact("subscription", aspects=("defender",), fields="defenderPlan: properties")
def prompt_evidence(subscription: Subject) -> WithGaps:
    """True when Defender for AI takes callers' words along as evidence of an alert (extension AIPromptEvidence of the plan).

    False without the plan; unknown where the plan is Standard and does not name the extension.
    """
    estate = subscription.estate
    plan_id = f"{subscription.resource}/providers/Microsoft.Security/pricings/AI"
    plan = estate.resource(plan_id)
    if plan is None:
        missing = Gap(plan_id, "defender", "missing", message="the Defender plan for AI was not read")
        return WithGaps(None, estate.gaps("defender", plan_id) or (missing,))
    properties = mapping(plan.get("properties"))
    for one in map(mapping, listing(properties.get("extensions"))):
        if text(one.get("name")) == "aipromptevidence":
            return WithGaps(text(str(one.get("isEnabled"))) == "true")
    if text(properties.get("pricingTier")) != "standard":
        return WithGaps(value=False)
    message = "the Defender plan for AI does not name its extension AIPromptEvidence"
    return WithGaps(None, (Gap(plan_id, "defender", "missing", code="NotNamed", message=message),))


@fact("subscription", aspects=("accounts",), fields="account: properties.customSubDomainName; deletedAccount")
def blocked_names(subscription: Subject) -> WithGaps:
    """Soft-deleted accounts whose name or subdomain is that of an account of the subscription: `name`, `account`, `purgedOn`, `id`.

    Until it is purged, an account cannot be made again under that name. Unknown where deleted accounts were not read.
    """
    estate = subscription.estate
    listed = f"{subscription.resource}/providers/Microsoft.CognitiveServices/deletedAccounts"
    gaps = estate.gaps("accounts", listed)
    if estate.snapshot.api_version(DELETED_ACCOUNT) is None and not gaps:
        gaps = (Gap(listed, "accounts", "missing", message="the deleted accounts were not read"),)
    taken: dict[str, str] = {}
    for account in subscription.join("accounts").value:
        name = arm_id.name_of(account["id"])
        for word in (name, mapping(account.get("properties")).get("customSubDomainName")):
            if text(word):
                taken[text(word)] = name
    rows = []
    for deleted in estate.index.below(DELETED_ACCOUNT, subscription.resource):
        properties = mapping(deleted.get("properties"))
        words = (arm_id.name_of(deleted["id"]).lower(), text(properties.get("customSubDomainName")))
        account = next((taken[word] for word in words if word in taken), None)
        if account is not None:
            purged = properties.get("scheduledPurgeDate")
            rows.append({"name": words[0], "account": account, "purgedOn": purged, "id": deleted["id"]})
    return WithGaps(rows, gaps)


@fact("subscription", aspects=("budgets",), fields="account; budget: properties")
def budget_alerts(subscription: Subject) -> WithGaps:
    """Budgets with an enabled notification that cover the subscription or the group of one of its accounts: `name`, `id`.

    Of a budget that is filtered by anything but resource groups it is not known what it covers.
    """
    estate = subscription.estate
    groups = {(arm_id.group_of(one["id"]) or "").lower() for one in subscription.join("accounts").value}
    scopes = [f"{subscription.resource}/resourceGroups/{group}{BUDGETS}" for group in sorted(groups)]
    gaps = [*estate.gaps("budgets", f"{subscription.resource}{BUDGETS}", *scopes)]
    rows = []
    for budget in estate.index.below(BUDGET, subscription.resource):
        properties = mapping(budget.get("properties"))
        notifications = [mapping(one) for one in mapping(properties.get("notifications")).values()]
        group = (arm_id.group_of(budget["id"]) or "").lower()
        if not any(one.get("enabled") is True for one in notifications) or (group and group not in groups):
            continue
        covers = _budget_covers(mapping(properties.get("filter")), groups)
        if covers:
            rows.append({"name": arm_id.name_of(budget["id"]), "id": budget["id"]})
        elif covers is None:
            message = f"the budget {arm_id.name_of(budget['id'])} is filtered: what it covers is not known"
            gaps.append(Gap(budget["id"], "budgets", "missing", code="NotDocumented", message=message))
    return WithGaps(rows, tuple(dict.fromkeys(gaps)))


def _budget_covers(given: dict[str, Any], groups: set[str]) -> bool | None:
    parts = [mapping(one) for one in (*listing(given.get("and")), given) if mapping(one)]
    dimensions = [mapping(one.get("dimensions")) for one in parts if one.get("dimensions")]
    if any(one.get("tags") for one in parts) or any(text(one.get("name")) != "resourcegroupname" for one in dimensions):
        return None
    return all(groups & {text(value) for value in listing(one.get("values"))} for one in dimensions)
