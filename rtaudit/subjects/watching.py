"""Watching: work out which metrics of an account's realtime deployments an alert watches, and who hears of retirements."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import LOG_ALERT, METRIC_ALERT
from rtaudit.documents import canonical
from rtaudit.snapshot import Gap
from rtaudit.subjects.alerts import (
    alerted_places,
    alerts_by_place,
    has_working_action_group,
    list_gaps,
    places_of,
)
from rtaudit.subjects.estate import EstateIndex, Subject, listing, mapping, text
from rtaudit.subjects.parts import WithGaps, fact

SAME = {"modelrequests": "AzureOpenAIRequests", "modelavailabilityrate": "AzureOpenAIAvailabilityRate"}
"""Metric of Foundry's newer family (lower case) -> the one that says the same. Source: Microsoft's metrics reference."""

_OF_LOGS = "AzureOpenAIRequests"
"""The metric that a query over AzureDiagnostics replaces: its rows are requests."""
_TOKEN = re.compile(r"[a-z0-9_-]+")


@fact(
    "account",
    aspects=("alerts", "deployments"),
    fields=(
        "account: kind location; actionGroup: properties; deployment: properties; models; logAlert: properties; "
        "metricAlert: properties.actions properties.criteria properties.enabled properties.scopes "
        "properties.targetResourceRegion properties.targetResourceType"
    ),
)
def alerted_metrics(account: Subject) -> WithGaps:
    """Metrics that enabled alerts with an action that acts watch for each realtime deployment of the account.

    An alert watches what its scopes, region and dimensions let it: one on another deployment, or on StatusCode 200 alone,
    does not. A log alert counts for the metrics that its query names where it names the account too.
    """
    estate = account.estate
    gaps = [*list_gaps(estate, METRIC_ALERT, account.resource), *list_gaps(estate, LOG_ALERT, account.resource)]
    # "" means a deployment that is not there yet, or was not seen.
    wanted: dict[str, Subject | None] = {"": None}
    doubtful = {"": account.join("deployments").gaps}
    sure: set[str] = set()
    for one in estate.deployments_of(account):
        role = one.join("facts.realtimeRole")
        if role.value in ("speech", "live", "unknown"):
            wanted[one.name.lower()] = one
            if role.value == "unknown":
                doubtful[one.name.lower()] = role.gaps
            else:
                sure.add(one.name.lower())
    seen: dict[str, set[str]] = {}
    for at in alerted_places(account):
        everything, narrowed, more = estate.once(_watching, *at)
        gaps += more
        for metric in everything:
            seen.setdefault(metric, set()).update(wanted)
        for name, deployment in wanted.items() if narrowed else ():
            own = _compared(deployment, account)
            for criterion in (*narrowed.get(name, ()), *narrowed.get("*", ())):
                holds = _watches(criterion.dimensions, own)
                watched = seen.setdefault(criterion.metric, set())
                if holds:
                    watched.add(name)
                elif holds is None:
                    gaps += map(_narrowed, criterion.alerts)
    for metric, named in _log_alerts(account):
        if named:
            seen.setdefault(metric, set()).update(wanted)
        else:
            gaps.append(_unnamed(account))
    gaps += estate.once(_acting_log_alerts)[1]
    complete = {metric for metric, watched in seen.items() if watched >= (sure or {""})}
    for name, found in doubtful.items():
        if not seen or any(name not in watched for watched in seen.values()):
            gaps += found
    twins = {twin for twin in ("ModelRequests", "ModelAvailabilityRate") if SAME[twin.lower()] in complete}
    return WithGaps(sorted(complete | twins), tuple(dict.fromkeys(gaps)))


@dataclass(frozen=True, slots=True)
class _Narrowed:
    """A criterion with dimensions, and the alerts that have it: each team's copy, for instance."""

    metric: str
    dimensions: Sequence[tuple[str, str, frozenset[str]]]
    """Name, operator and values, all as they are compared."""
    alerts: list[dict[str, Any]]


_Watching = tuple[set[str], dict[str, list[_Narrowed]], tuple[Gap, ...]]


def _watching(estate: EstateIndex, scope: str, region: str) -> _Watching:
    """What the enabled alerts of one place watch, shared by every account below it.

    Metrics without a dimension; criteria with some, and the alerts that have them, by the deployment that they name (`*`: any);
    and the gaps that may hide that an alert acts.
    """
    everything: set[str] = set()
    narrowed: dict[str, dict[str, _Narrowed]] = {}
    gaps: list[Gap] = []
    for _, alert in estate.once(alerts_by_place)[scope, region]:
        properties = mapping(alert.get("properties"))
        if properties.get("enabled") is not True:
            continue
        acting = has_working_action_group(
            estate, [mapping(one).get("actionGroupId") for one in listing(properties.get("actions"))]
        )
        if not acting.value:
            gaps += acting.gaps
            continue
        for criterion in _criteria(properties):
            dimensions = [mapping(one) for one in listing(criterion.get("dimensions"))]
            if not dimensions:
                everything.add(_metric(criterion))
            for name in _deployments_named(dimensions) if dimensions else ():
                alike = canonical([_metric(criterion), dimensions])
                of_name = narrowed.setdefault(name, {})
                if alike not in of_name:
                    of_name[alike] = _Narrowed(_metric(criterion), tuple(map(_dimension, dimensions)), [])
                of_name[alike].alerts.append(alert)
    return everything, {name: list(found.values()) for name, found in narrowed.items()}, tuple(gaps)


def _deployments_named(dimensions: list[dict[str, Any]]) -> list[str]:
    for one in dimensions:
        if text(one.get("name")) == "modeldeploymentname" and text(one.get("operator")) in ("", "include"):
            return [text(value) for value in listing(one.get("values"))]
    return ["*"]


def _metric(criterion: dict[str, Any]) -> str:
    return SAME.get(text(criterion["metricName"]), str(criterion["metricName"]))


def _criteria(properties: dict[str, Any]) -> Iterator[dict[str, Any]]:
    criteria = mapping(properties.get("criteria"))
    for part in (*listing(criteria.get("allOf")), criteria):
        if isinstance(part, dict) and isinstance(part.get("metricName"), str) and part["metricName"]:
            yield part


def _dimension(dimension: dict[str, Any]) -> tuple[str, str, frozenset[str]]:
    name, values = text(dimension.get("name")), {text(one) for one in listing(dimension.get("values"))}
    if name == "region":
        values = {arm_id.region(one) for one in values}
    return name, text(dimension.get("operator")) or "include", frozenset(values)


def _compared(deployment: Subject | None, account: Subject) -> dict[str, str]:
    """Dimension -> what Azure Monitor splits a deployment's metrics by."""
    model = mapping(deployment.properties.get("model")) if deployment else {}
    return {
        "modeldeploymentname": deployment.name.lower() if deployment else "",
        "modelname": text(model.get("name")),
        "modelversion": text(model.get("version")),
        "region": account.fact("region"),
    }


def _watches(dimensions: Sequence[tuple[str, str, frozenset[str]]], own: dict[str, str]) -> bool | None:
    """Whether dimensions let a criterion see the failures of what is `own`; None where it is not documented."""
    known: bool | None = True
    for name, operator, values in dimensions:
        if "*" in values:
            if operator == "exclude":
                return False
        elif operator not in ("include", "exclude", "startswith"):
            known = None
        elif name == "statuscode":
            # The numbers of HTTP: 2xx are successes, whatever the operator.
            if operator != "exclude" and values and all(one.startswith("2") for one in values):
                return False
        elif name in own:
            is_named = any(
                own[name].startswith(one) if operator == "startswith" else own[name] == one for one in values
            )
            if is_named == (operator == "exclude"):
                return False
        else:
            known = None
    return known


def _log_alerts(account: Subject) -> Iterator[tuple[str, bool]]:
    """Metrics that log alerts watch, and whether one names the account."""
    watching, _ = account.estate.once(_acting_log_alerts)
    for metric in watching.get("", ()):
        words = (account.name.lower(), *(scope for scope, _ in places_of(account)))
        yield metric, any(metric in watching.get(word, ()) for word in words)


def _acting_log_alerts(estate: EstateIndex) -> tuple[dict[str, set[str]], tuple[Gap, ...]]:
    """Metrics that enabled log alerts which act query, and the gaps that may hide that one acts.

    By each word of their queries and each scope, all under the empty word.
    """
    found: dict[str, set[str]] = {}
    # One for each set of metrics is enough to leave them open.
    gaps: dict[frozenset[str], Gap] = {}
    for alert in estate.of_type(LOG_ALERT):
        properties = mapping(alert.get("properties"))
        actions = properties.get("actions")
        groups = listing(mapping(actions).get("actionGroups")) or listing(actions)
        ids = [one if isinstance(one, str) else mapping(one).get("actionGroupId") for one in groups]
        metrics = _queried(alert)
        if properties.get("enabled") is not True or not metrics:
            continue
        acting = has_working_action_group(estate, ids)
        if not acting.value:
            gaps.update((frozenset(metrics), gap) for gap in acting.gaps)
            continue
        scopes = {arm_id.key(one) for one in listing(properties.get("scopes")) if isinstance(one, str) and one}
        for word in {"", *_words(alert), *scopes}:
            found.setdefault(word, set()).update(metrics)
    return found, tuple(gaps.values())


def _words(alert: dict[str, Any]) -> set[str]:
    parts = listing(mapping(mapping(alert.get("properties")).get("criteria")).get("allOf"))
    return {word for part in parts for word in _TOKEN.findall(text(mapping(part).get("query")))}


def _queried(alert: dict[str, Any]) -> set[str]:
    words = _words(alert)
    names = ("AzureOpenAIRequests", "AzureOpenAIAvailabilityRate", "RealtimeUsageTime")
    found = {name for name in names if name.lower() in words} | {SAME[word] for word in words if word in SAME}
    return found | ({_OF_LOGS} if "azurediagnostics" in words else set())


def _narrowed(alert: dict[str, Any]) -> Gap:
    message = f"the alert {arm_id.name_of(alert['id'])} is narrowed by a dimension of which realtime's values are not documented"
    return Gap(alert["id"], "alerts", "missing", code="NotDocumented", message=message)


def _unnamed(account: Subject) -> Gap:
    message = (
        f"a log alert queries requests or metrics and does not name {account.name}: whether it watches it is not known"
    )
    return Gap(account.resource, "alerts", "missing", code="NotNamed", message=message)


def notices_pass(properties: dict[str, Any], regions: set[str]) -> bool | None:
    """Whether retirement notices of Azure OpenAI pass a Service Health alert's conditions; None where it is not documented.

    Retirements are announced as `ActionRequired` or `Informational` (health advisories); an alert on `Incident` never fires
    for one. Source: Microsoft's model retirements and Service Health alert pages.
    """
    known: bool | None = True
    for condition in map(mapping, listing(mapping(properties.get("condition")).get("allOf"))):
        options = [mapping(one) for one in listing(condition.get("anyOf"))] or [condition]
        results = [_admits(one, regions) for one in options]
        if True not in results:
            if None not in results:
                return False
            known = None
    return known


def _admits(condition: dict[str, Any], regions: set[str]) -> bool | None:
    field = text(condition.get("field")).replace("[*]", "")
    values = [text(condition.get("equals"))] if condition.get("equals") is not None else []
    values += [text(one) for one in listing(condition.get("containsAny"))]
    if field in ("category", "status", "properties.stage"):
        return True
    if field == "properties.incidenttype":
        return any(one in ("actionrequired", "informational") for one in values)
    if field == "properties.impactedservices.servicename":
        if any("openai" in one.replace(" ", "") for one in values):
            return True
        # Azure OpenAI is part of these, under names that change.
        return None if any(part in one for part in ("cognitive", "azure ai", "foundry") for one in values) else False
    if field == "properties.impactedservices.impactedregions.regionname":
        return regions <= {arm_id.region(one) for one in values}
    return None
