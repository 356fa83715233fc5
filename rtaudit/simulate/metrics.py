"""Platform metrics: the sums that a snapshot keeps, answered as the series that Microsoft.Insights would give."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from rtaudit.simulate.azure_errors import CannedResponse, insights_error
from rtaudit.simulate.routes import Route
from rtaudit.simulate.served import encode

DIMENSIONS: dict[str, str] = {
    "deployment": "ModelDeploymentName",
    "statusCode": "StatusCode",
    "model": "ModelName",
    "modelVersion": "ModelVersion",
    "region": "Region",
    "apiName": "ApiName",
    "operation": "OperationName",
    "streamType": "StreamType",
}
"""Field of a stored row -> the dimension as Azure names it."""

_OF_TOKENS = {"ModelDeploymentName", "ModelName", "ModelVersion", "Region"}
DIMENSIONS_OF: dict[str, set[str]] = {
    "realtimeusagetime": {"Region", "ModelDeploymentName"},
    "audioprompttokens": _OF_TOKENS,
    "audiocompletiontokens": _OF_TOKENS,
}
"""Metrics (lower case) that have few dimensions; a filter by another one is refused."""

_CLAUSE = re.compile(r"\s*(\w+)\s+eq\s+'([^']*)'\s*", re.IGNORECASE)


def answer_metrics(
    stored: Mapping[str, Any] | None, route: Route, query: Mapping[str, str], location: str
) -> CannedResponse:
    """The answer to `GET {account}/providers/Microsoft.Insights/metrics?metricnames=…&$filter=…`."""
    names = [name.strip() for name in query.get("metricnames", "").split(",") if name.strip()]
    if not names:
        return insights_error(400, "BadRequest", "The metricnames query parameter is required.")
    try:
        split, wanted = _filter(query.get("$filter", ""))
        start, end = _timespan(query.get("timespan", ""))
    except ValueError as problem:
        return insights_error(400, "BadRequest", str(problem))
    target = "/" + "/".join(route.segments[:-3])
    rows = list((stored or {}).get("value") or ())
    metrics = []
    for name in names:
        allowed = DIMENSIONS_OF.get(name.lower())
        unknown = sorted(set(split) | set(wanted)) if allowed is not None else []
        unknown = [
            dimension for dimension in unknown if dimension.lower() not in {one.lower() for one in allowed or ()}
        ]
        if unknown:
            return insights_error(
                400,
                "BadRequest",
                f"Metric: {name} does not support requested dimension combination: {','.join(unknown).lower()}",
            )
        mine = [row for row in rows if str(row.get("name")).lower() == name.lower() and _matches(row, wanted)]
        metrics.append(
            {
                "id": f"{target}/providers/Microsoft.Insights/metrics/{name}",
                "type": "Microsoft.Insights/metrics",
                "name": {"value": name, "localizedValue": name},
                "unit": "Count",
                "timeseries": _series(mine, split, start, end),
                "errorCode": "Success",
            }
        )
    body = {
        "cost": 0,
        "timespan": f"{_stamp(start)}/{_stamp(end)}",
        "interval": query.get("interval", "P1D"),
        "value": metrics,
        "namespace": query.get("metricnamespace", "Microsoft.CognitiveServices/accounts"),
        "resourceregion": location,
    }
    return CannedResponse(200, encode(body))


def _filter(text: str) -> tuple[list[str], dict[str, str]]:
    """Dimensions that split the series (`eq '*'`), and those that must have a value."""
    split: list[str] = []
    wanted: dict[str, str] = {}
    for clause in re.split(r"\s+and\s+", text, flags=re.IGNORECASE) if text.strip() else ():
        found = _CLAUSE.fullmatch(clause)
        if not found:
            raise ValueError(f"The filter clause is invalid: {clause}")
        split.append(found[1])
        if found[2] != "*":
            wanted[found[1]] = found[2]
    return split, wanted


def _value(row: Mapping[str, Any], dimension: str) -> str | None:
    for field, name in DIMENSIONS.items():
        if name.lower() == dimension.lower() and field in row:
            return str(row[field])
    return next((str(value) for field, value in row.items() if field.lower() == dimension.lower()), None)


def _matches(row: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    return all((_value(row, name) or "").lower() == value.lower() for name, value in wanted.items())


def _series(
    rows: Sequence[Mapping[str, Any]], split: Sequence[str], start: dt.datetime, end: dt.datetime
) -> list[dict[str, Any]]:
    sums: defaultdict[tuple[str | None, ...], float] = defaultdict(int)
    for row in rows:
        total = row.get("total")
        sums[tuple(_value(row, name) for name in split)] += total if isinstance(total, int | float) else 0
    return [
        {
            # Azure writes the dimensions' names in lower case here.
            "metadatavalues": [
                {"name": {"value": name.lower(), "localizedValue": name.lower()}, "value": value}
                for name, value in zip(split, values, strict=True)
                if value is not None
            ],
            "data": _points(total, start, end),
        }
        for values, total in sorted(sums.items(), key=lambda item: tuple(map(str, item[0])))
    ]


def _points(total: float, start: dt.datetime, end: dt.datetime) -> list[dict[str, Any]]:
    """Three points whose sum is the total; one without a value, as Azure has them where nothing happened."""
    middle = start + (end - start) / 2
    first = total // 2 if isinstance(total, int) else 0
    return [
        {"timeStamp": _stamp(start), "total": float(first)},
        {"timeStamp": _stamp(middle)},
        {"timeStamp": _stamp(end), "total": float(total - first)},
    ]


def _timespan(text: str) -> tuple[dt.datetime, dt.datetime]:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    if not text:
        return now - dt.timedelta(hours=1), now
    days = re.fullmatch(r"P(\d{1,4})D", text, re.IGNORECASE)
    if days:
        return now - dt.timedelta(days=int(days[1])), now
    # az escapes it twice.
    begin, _, finish = unquote(text).partition("/")
    try:
        return dt.datetime.fromisoformat(begin), dt.datetime.fromisoformat(finish)
    except ValueError:
        raise ValueError(f"The timespan is invalid: {text}") from None


def _stamp(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
