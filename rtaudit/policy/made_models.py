"""Made values of models: work out a successor, a deployment in a second region, the filters of a content policy."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import RAI_POLICY
from rtaudit.policy.made import Given, made
from rtaudit.subjects import EstateIndex, Subject
from rtaudit.subjects.dates import parse_date
from rtaudit.subjects.deployment import region_index, row_role
from rtaudit.subjects.estate import listing, mapping, text

# Capacity


@made
def _units_for_peak(given: Given) -> int | None:
    """The capacity whose rate limit admits the declared peak; Azure gives requests a minute in proportion to it."""
    subject = given.subject
    peaks = [given.params.get("peakSessionsPerMinute"), subject.fact("declaredPeakSessions")]
    peak = max((one for one in peaks if isinstance(one, int | float)), default=None)
    rate, capacity = subject.fact("requestsPerMinute"), mapping(subject.raw.get("sku")).get("capacity")
    if not peak or not rate or not isinstance(capacity, int | float):
        return None
    per_session = given.params.get("requestsPerSession") or 1
    units: int = math.ceil(capacity * peak * per_session / rate)
    return units


@made
def _rate_limits_for_peak(given: Given) -> list[Any] | None:
    """The rate limits that come with that capacity."""
    units, capacity = _units_for_peak(given), mapping(given.subject.raw.get("sku")).get("capacity")
    if not units or not capacity:
        return None
    limits = copy.deepcopy(listing(given.subject.properties.get("rateLimits")))
    for one in limits:
        if isinstance(mapping(one).get("count"), int | float):
            one["count"] = one["count"] * units / capacity
    return limits


# Models


def _roles(given: Given) -> set[str]:
    """The realtime roles that a model to deploy may have: the deployment's own, else those that are served."""
    own = given.subject.fact("realtimeRole") if given.subject.kind == "realtimeDeployment" else None
    return {own} if own not in (None, "unknown") else set(listing(given.params.get("servedRoles"))) or {"speech"}


def _catalogue(estate: EstateIndex, account: Subject, roles: set[str]) -> Iterator[dict[str, Any]]:
    """The models of these realtime roles that the region of an account offers to its kind."""
    subscription = arm_id.subscription_of(account.resource)
    region = arm_id.region(account.raw.get("location"))
    collection = f"/subscriptions/{subscription}/providers/Microsoft.CognitiveServices/locations/{region}/models"
    rows, _ = region_index(estate, collection, "models")
    for key, row in rows.items():
        if key[0] == text(account.raw.get("kind")) and row_role(row) in roles:
            yield row


def _retires(row: Mapping[str, Any], sku: str) -> date | None:
    own: Any = next((one for one in listing(row.get("skus")) if text(mapping(one).get("name")) == text(sku)), {})
    days = (mapping(row.get("deprecation")).get("inference"), mapping(own).get("deprecationDate"))
    return min((day for one in days if (day := parse_date(one)) is not None), default=None)


def _offers(row: Mapping[str, Any], sku: str) -> bool:
    return any(text(mapping(one).get("name")) == text(sku) for one in listing(row.get("skus")))


def _spoken(estate: EstateIndex) -> set[str]:
    return {str(one["model"]) for one in estate.each("environment")[0].fact("speechModels")}


def _usable(given: Given, account: Subject, sku: str, roles: set[str] | None = None) -> list[dict[str, Any]]:
    """The generally available models of the roles (of those in question) with that SKU that outlive the horizon, best first.

    Best is what the environment speaks with already, then what retires last.
    """
    horizon = given.params.get("retirementHorizonDays") or 0
    speaks = given.estate.once(_spoken)
    found = []
    for row in _catalogue(given.estate, account, roles or _roles(given)):
        retires = _retires(row, sku)
        known = f"{row.get('name')}@{row.get('version')}" in speaks
        lasts = retires is None or (retires - given.today).days > horizon
        if lasts and _offers(row, sku) and text(row.get("lifecycleStatus")) in ("generallyavailable", "stable"):
            found.append((not known, -(retires or date.max).toordinal(), str(row.get("version")), row))
    return [row for *_, row in sorted(found, key=lambda one: one[:3])]


@made
def _successor(given: Given) -> dict[str, Any] | None:
    """The model to move a deployment to: `name` and `version` of a row that its region offers with its SKU."""
    subject = given.subject
    sku, own = str(mapping(subject.raw.get("sku")).get("name")), subject.fact("modelAndVersion")
    if subject.account is None:
        return None
    rows = [one for one in _usable(given, subject.account, sku) if f"{one.get('name')}@{one.get('version')}" != own]
    return rows[0] if rows else None


@made
def _approved_model(given: Given) -> dict[str, Any] | None:
    """The first approved model that the deployment's region offers with its SKU: `name` and `version`."""
    subject, sku = given.subject, str(mapping(given.subject.raw.get("sku")).get("name"))
    if subject.account is None:
        return None
    rows = _usable(given, subject.account, sku)
    for wanted in listing(given.params.get("approvedModels")):
        for row in rows:
            if text(wanted) in (text(row.get("name")), text(f"{row.get('name')}@{row.get('version')}")):
                return row
    return None


def _new_deployment(account: Subject, name: str, model: dict[str, Any], like: dict[str, Any]) -> Any:
    """A deployment to make: `id`, `name`, `body` (what is sent) and `resource` (what is there then)."""
    of_account = {text(arm_id.name_of(one["id"])) for one in account.join("deployments").value}
    while text(name) in of_account:
        name += "-2"
    properties = mapping(like.get("properties"))
    policies = {text(arm_id.name_of(one["id"])): arm_id.name_of(one["id"]) for one in _policies(account)}
    policy = policies.get(text(properties.get("raiPolicyName"))) or _best_policy(account)
    body = {
        "sku": {key: value for key, value in mapping(like.get("sku")).items() if key in ("name", "capacity")},
        "properties": {
            "model": {"format": "OpenAI", "name": model["name"], "version": model["version"]},
            "raiPolicyName": policy,
            "versionUpgradeOption": properties.get("versionUpgradeOption") or "OnceCurrentVersionExpired",
        },
    }
    deployment_id = f"{account.resource}/deployments/{name}"
    deployed = copy.deepcopy(body)
    deployed["properties"] |= {"provisioningState": "Succeeded", "deploymentState": "Running"}
    if "rateLimits" in properties:
        deployed["properties"]["rateLimits"] = copy.deepcopy(properties["rateLimits"])
    kind = "Microsoft.CognitiveServices/accounts/deployments"
    resource = {"id": deployment_id, "name": name, "type": kind, **deployed}
    return {"id": deployment_id, "name": name, "account": account.name, "body": body, "resource": resource}


@made
def _second_deployment(given: Given) -> Any:
    """The deployment that brings a realtime model to one more region: the same model, SKU and capacity in another account.

    None where no other region offers that model generally available: it would have to be moved away again.
    """
    row = mapping(given.element)
    name, _, version = str(row.get("model")).partition("@")
    regions = getattr(row.get("regions"), "value", row.get("regions")) or ()
    source = next((given.estate.resource(one) for one in listing(row.get("deployments"))), None)
    if source is None:
        return None
    accounts = [one for one in given.estate.accounts if arm_id.region(one.raw.get("location")) not in regions]
    for account in sorted(accounts, key=lambda one: (one.fact("hostsRealtime") is not True, one.resource)):
        usable = _usable(
            given, account, mapping(source.get("sku")).get("name") or "", {str(row.get("role") or "speech")}
        )
        for model in usable:
            if (text(model.get("name")), text(model.get("version"))) == (text(name), text(version)):
                return _new_deployment(account, arm_id.name_of(source["id"]), model, source)
    return None


@made
def _idle_deployment(given: Given) -> dict[str, Any] | None:
    """A deployment of the model in another region that serves nobody: its `id` and its `state`."""
    found = next((given.estate.resource(one) for one in listing(mapping(given.element).get("idle"))), None)
    if found is None:
        return None
    properties = mapping(found.get("properties"))
    provisioned = text(properties.get("provisioningState")) in ("", "succeeded")
    return {"id": found["id"], "state": properties.get("deploymentState" if provisioned else "provisioningState")}


@made
def _leaving_model(given: Given) -> str | None:
    """The model, where no region lists it any more or each says that it is retired: no new deployment of it can be made."""
    ids = {arm_id.key(str(one)) for one in listing(mapping(given.element).get("deployments"))}
    for one in given.estate.deployments if ids else ():
        row = one.join("model").value if arm_id.key(one.resource) in ids else None
        retires = parse_date(one.fact("retirementDate")) if row is not None else None
        offered = row is not None and text(row.get("lifecycleStatus")) != "deprecated"
        if offered and (retires is None or retires >= given.today):
            return None
    return str(mapping(given.element).get("model")) if ids else None


@made
def _first_deployment(given: Given) -> Any:
    """A deployment of a served role for an environment that has none: the best model that its first account's region offers."""
    for account in given.estate.accounts:
        for model in _usable(given, account, "GlobalStandard"):
            sku = next(one for one in model["skus"] if text(one.get("name")) == "globalstandard")
            units = mapping(sku.get("capacity")).get("default") or 1
            like = {"sku": {"name": "GlobalStandard", "capacity": units}}
            return _new_deployment(account, str(model["name"]), model, like)
    return None


@made
def _laggard(given: Given) -> dict[str, Any] | None:
    """Of an unlike setting of the regions: `id` of a deployment that has less capacity than another, and the `most`."""
    row = mapping(given.element)
    values = [one for one in listing(row.get("values")) if isinstance(mapping(one).get("value"), int | float)]
    most = max((one["value"] for one in values), default=None)
    for one in values if text(row.get("setting")) == "capacity" else ():
        if one["value"] != most:
            return {"id": _deployment_id(given.estate, str(one.get("deployment"))), "most": most}
    return None


@made
def _unlike_option(given: Given) -> dict[str, Any] | None:
    """Of an unlike upgrade option of the regions: `id` of a deployment that has another than the first, and the `first`."""
    row = mapping(given.element)
    values = [mapping(one) for one in listing(row.get("values"))]
    for one in values if text(row.get("setting")) == "versionupgradeoption" else ():
        if one.get("value") != values[0].get("value"):
            found = _deployment_id(given.estate, str(one.get("deployment")))
            return {"id": found, "first": values[0].get("value")}
    return None


def _deployment_id(estate: EstateIndex, named: str) -> str | None:
    account, _, name = named.partition("/")
    return next(
        (
            one.resource
            for one in estate.deployments
            if one.name == name and one.account and one.account.name == account
        ),
        None,
    )


# Content policies


def _policies(account: Subject) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = list(account.estate.children(RAI_POLICY, account.resource))
    return found


def _best_policy(account: Subject) -> str:
    own = [one for one in _policies(account) if text(mapping(one.get("properties")).get("type")) == "usermanaged"]
    return arm_id.name_of(own[0]["id"]) if own else "Microsoft.DefaultV2"


@made
def _content_policy(given: Given) -> str | None:
    """The account's own content policy, else Microsoft's current default."""
    return _best_policy(given.subject.account) if given.subject.account else None


HARMS = ("Hate", "Sexual", "Selfharm", "Violence")
_STRICT_FIRST = ("low", "medium", "high")


def _filters(given: Given, wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The policy's own filters with those that are wanted put in their place."""
    policy = mapping(given.subject.join("raiPolicy").value)
    kept = [copy.deepcopy(mapping(one)) for one in listing(mapping(policy.get("properties")).get("contentFilters"))]
    by_key = {(text(one.get("name")), text(one.get("source"))): one for one in kept}
    for one in wanted:
        key = (text(one["name"]), text(one["source"]))
        if key in by_key:
            by_key[key].update(one)
        else:
            kept.append(one)
    return kept


@made
def _shield_filters(given: Given) -> list[dict[str, Any]]:
    """The policy's filters with prompt shields on and blocking."""
    return _filters(given, [{"name": "Jailbreak", "source": "Prompt", "enabled": True, "blocking": True}])


@made
def _harm_filters(given: Given) -> list[dict[str, Any]]:
    """The policy's filters with the four harms on, blocking, and as strict as is asked, both ways."""
    laxest = str(given.params.get("maxSeverityThreshold") or "Medium")
    in_force = {
        (text(one.get("name")), text(one.get("source"))): str(one.get("severityThreshold") or laxest)
        for one in map(mapping, given.subject.fact("effectiveFilters") or ())
    }
    wanted = []
    for name in HARMS:
        for source in ("Prompt", "Completion"):
            now = in_force.get((text(name), text(source)), laxest)
            known = [one for one in (now, laxest) if text(one) in _STRICT_FIRST]
            level = min(known, key=lambda one: _STRICT_FIRST.index(text(one)), default="Medium")
            wanted.append(
                {"name": name, "source": source, "enabled": True, "blocking": True, "severityThreshold": level}
            )
    return _filters(given, wanted)
