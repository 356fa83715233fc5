"""Opt-in readers: read Defender for AI, perimeters, budgets, free capacity of regions, and a week's metrics in sums."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from rtaudit.azure import arm_id
from rtaudit.collect.answers import sound
from rtaudit.collect.aspects.calls import below, itself, list_of
from rtaudit.collect.aspects.cognitive import is_realtime
from rtaudit.collect.failures import ReadFailure
from rtaudit.collect.reader import Reader, Row
from rtaudit.documents.json_values import is_number, listing

if TYPE_CHECKING:
    from rtaudit.collect.arm import ArmReader, ResponsePage
    from rtaudit.collect.collected import CollectedRows

DAYS = 7
"""Days that the metrics are summed over."""

REQUESTS = "AzureOpenAIRequests"
"""The metric that tells whether requests were refused."""

METRICS: tuple[tuple[tuple[str, ...], dict[str, str]], ...] = (
    ((REQUESTS,), {"ModelDeploymentName": "deployment", "StatusCode": "statusCode"}),
    (("RealtimeUsageTime", "AudioPromptTokens", "AudioCompletionTokens"), {"ModelDeploymentName": "deployment"}),
)
"""Metrics that are asked for together -> the dimensions that split them, and what those are called in a snapshot."""


def _plans(collected: CollectedRows) -> Iterable[str]:
    return (f"/subscriptions/{name}/providers/Microsoft.Security/pricings/AI" for name in collected.subscriptions)


def _ask_metrics(arm: ArmReader, subject: str, page: ResponsePage, version: str) -> None:
    """The sums of each metric, as one resource; Azure's series of points are not kept."""
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    stamps = ((moment.strftime("%Y-%m-%dT%H:%M:%SZ")) for moment in (end - timedelta(days=DAYS), end))
    timespan = "/".join(stamps)
    path = f"{subject.rstrip('/')}/providers/Microsoft.Insights/metrics"
    rows: list[Row] = []
    for names, dimensions in METRICS:
        arm.get(
            path,
            page=page,
            api_version=version,
            metricnames=",".join(names),
            metricnamespace="Microsoft.CognitiveServices/accounts",
            timespan=timespan,
            interval="P1D",
            aggregation="Total",
            # Without it Azure answers with ten series and says nothing of the others.
            top="10000",
            **{"$filter": " and ".join(f"{dimension} eq '*'" for dimension in dimensions)},
        )
        answer = sound(page.document)
        sums = list(_sums(answer, dimensions))
        named = {_name(metric).lower() for metric in listing(answer.get("value"))}
        missing = [name for name in names if name.lower() not in named]
        if missing:
            # Azure names each metric that was asked for, with an empty series where nothing happened.
            raise ReadFailure("failed", f"the answer does not name the metric {missing[0]}", code="MalformedAnswer")
        rows += sums
    if not any(row["name"] == REQUESTS for row in rows):
        # Named, and nothing happened: that is an answer too.
        rows.append({"name": REQUESTS, "total": 0})
    rows.sort(key=lambda row: tuple(str(row.get(name)) for name in ("name", "deployment", "statusCode")))
    page.document = {
        "value": [{"id": path, "type": "Microsoft.Insights/metrics", "timespan": f"P{DAYS}D", "value": rows}]
    }


def _sums(document: Row, dimensions: dict[str, str]) -> Iterator[Row]:
    fields = {dimension.lower(): name for dimension, name in dimensions.items()}
    for metric in listing(document.get("value")):
        name = _name(metric)
        if not name:
            raise ReadFailure("failed", "a metric has no name", code="MalformedAnswer")
        totals: dict[tuple[tuple[str, str], ...], float] = defaultdict(float)
        for series in listing(metric.get("timeseries")):
            if isinstance(series, dict):
                totals[tuple(sorted(_values(series, fields)))] += sum(map(_total, listing(series.get("data"))))
        for values, total in totals.items():
            yield {"name": name, **dict(values), "total": int(total) if total == int(total) else total}


def _name(metric: Any) -> str:
    name = metric.get("name") if isinstance(metric, dict) else None
    name = name.get("value") if isinstance(name, dict) else name
    return name if isinstance(name, str) else ""


def _values(series: Row, fields: dict[str, str]) -> Iterator[tuple[str, str]]:
    for value in listing(series.get("metadatavalues")):
        name = value.get("name") if isinstance(value, dict) else None
        name = name.get("value") if isinstance(name, dict) else name
        if isinstance(name, str) and name.lower() in fields and value.get("value") is not None:
            yield fields[name.lower()], str(value["value"])


def _total(point: Any) -> float:
    total = point.get("total") if isinstance(point, dict) else None
    return total if is_number(total) else 0.0


def _reachable(account: Row) -> Iterable[str]:
    """The account, where its public access is on: of no other does a verdict depend on a perimeter."""
    stated = account.get("properties")
    access = stated.get("publicNetworkAccess") if isinstance(stated, dict) else None
    return () if str(access).lower() == "disabled" else (account["id"],)


_BUDGETS = "/providers/Microsoft.Consumption/budgets"


def _group(account: Row) -> Iterable[str]:
    """The resource group of an account."""
    group = arm_id.group_of(account["id"])
    return (f"/subscriptions/{arm_id.subscription_of(account['id'])}/resourceGroups/{group}",) if group else ()


def _of_subscription(_collected: CollectedRows, row: Row) -> Row | None:
    # Those of groups are read there.
    return row if arm_id.group_of(row["id"]) is None else None


def _capacities(collected: CollectedRows) -> Iterable[str]:
    """For each region, the realtime models that are deployed there."""
    regions = {arm_id.key(row["id"]): arm_id.region(row.get("location")) for row in collected.kept("accounts")}
    found: dict[str, None] = {}
    for row in collected.kept("deployments"):
        stated = row.get("properties")
        model = stated.get("model") if isinstance(stated, dict) else None
        region = regions.get(arm_id.parent_of(row["id"]))
        if not isinstance(stated, dict) or not isinstance(model, dict) or not region:
            continue
        if is_realtime({"model": {**model, "capabilities": stated.get("capabilities")}}):
            named = ".".join(str(model.get(field)) for field in ("format", "name", "version"))
            place = f"/subscriptions/{arm_id.subscription_of(row['id'])}/providers/Microsoft.CognitiveServices"
            found[f"{place}/locations/{region}/modelCapacities/{named}"] = None
    return found


def _ask_capacity(arm: ArmReader, subject: str, page: ResponsePage, version: str) -> None:
    """What a region has left of a model, every page, as one resource."""
    path, _, named = subject.rpartition("/")
    publisher, _, rest = named.partition(".")
    # A version is a date or a word, without a dot; a model's name may hold some.
    name, _, of = rest.rpartition(".")
    arm.get(path, page=page, api_version=version, modelFormat=publisher, modelName=name, modelVersion=of)
    rows, links = [], set[str]()
    while True:
        answer = sound(page.document)
        rows += [one for one in listing(answer.get("value")) if isinstance(one, dict)]
        link = answer.get("nextLink")
        if not isinstance(link, str) or not link or link in links:
            break
        links.add(link)
        arm.follow(link, page=page)
    rows.sort(key=lambda row: str((row.get("properties") or {}).get("skuName")))
    page.document = {"value": [{"id": subject, "value": rows}]}


READERS = (
    list_of("Microsoft.Consumption/budgets", row_filter=_of_subscription, part=_BUDGETS),
    Reader(
        name="budgetsOfGroups",
        aspect="budgets",
        type="Microsoft.Consumption/budgets",
        action="Microsoft.Consumption/budgets/read",
        targets=None,
        of_each=_group,
        send=below(_BUDGETS),
        depends_on=("accounts",),
        part=_BUDGETS,
    ),
    Reader(
        name="capacities",
        aspect="capacity",
        type="Microsoft.CognitiveServices/locations/modelCapacities",
        action="Microsoft.CognitiveServices/locations/modelCapacities/read",
        targets=_capacities,
        send=_ask_capacity,
        depends_on=("accounts", "deployments"),
    ),
    list_of("Microsoft.CognitiveServices/accounts/networkSecurityPerimeterConfigurations", of_each=_reachable),
    Reader(
        name="defenderPlans",
        aspect="defender",
        type="Microsoft.Security/pricings",
        action="Microsoft.Security/pricings/read",
        targets=_plans,
        send=below(),
        shape="one",
    ),
    Reader(
        name="metrics",
        aspect="metrics",
        type="Microsoft.Insights/metrics",
        action="Microsoft.Insights/metrics/read",
        targets=None,
        of_each=itself,
        send=_ask_metrics,
        depends_on=("accounts",),
    ),
)
"""Readers of the opt-in aspects defender and metrics; the table of resource types makes the plain ones."""
