"""Deployment: attributes of `deployment` subjects: realtime role, retirement, content filters, quota."""

from __future__ import annotations

import re
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.retirements import page_says
from rtaudit.documents.json_values import is_number
from rtaudit.snapshot import Gap
from rtaudit.subjects.dates import parse_date
from rtaudit.subjects.estate import EstateIndex, Subject, listing, mapping, text
from rtaudit.subjects.parts import WithGaps, fact, relation

_BOTH = ("deployment", "realtimeDeployment")
_REALTIME_NAME = re.compile(r"(^|-)realtime([-.]|$)", re.IGNORECASE)
_LIVE_NAME = re.compile(r"^gpt-live([-.]|$)", re.IGNORECASE)
_FINE_TUNED = re.compile(r"\.ft-", re.IGNORECASE)

DEFAULT_UPGRADE_OPTION = "OnceCurrentVersionExpired"
"""What a null versionUpgradeOption means. Source: Microsoft's "Working with models"."""


@relation(*_BOTH, aspects=("accounts",), fields="account")
def account(deployment: Subject) -> WithGaps:
    """The account that the deployment is in."""
    owner = deployment.account
    return WithGaps(owner.raw if owner else None)


@relation(*_BOTH, aspects=("models",), fields="account: kind location; deployment: properties.model; models: value")
def model(deployment: Subject) -> WithGaps:
    """The region's catalogue row for the deployment's model: the `model` of the row of its kind, format, name and version."""
    location, gaps = _region_rows(deployment, "models")
    row = location.get(_catalogue_key(deployment))
    if row is not None:
        return WithGaps(row)
    return WithGaps(None, gaps or (_no_row(deployment),))


@relation(
    *_BOTH,
    aspects=("models", "usages"),
    fields="account: kind location; deployment: properties.model sku.name; models: value; usages: value",
)
def quota(deployment: Subject) -> WithGaps:
    """The usage row that the deployment's SKU counts against, joined by the catalogue's `usageName`."""
    row = deployment.join("model")
    if row.value is None:
        return WithGaps(None, row.gaps)
    usage_name = _own_sku(deployment, row.value).get("usageName")
    rows, gaps = _region_rows(deployment, "usages")
    found = rows.get(text(usage_name)) if text(usage_name) else None
    if found is not None:
        return WithGaps(found)
    message = f"no usage row is named {usage_name}" if usage_name else "the catalogue names no usage row for this SKU"
    return WithGaps(None, gaps or (Gap(deployment.resource, "usages", "missing", message=message),))


@fact(
    *_BOTH,
    aspects=("models",),
    fields="account: kind location; deployment: properties.capabilities properties.model; models: value",
)
def realtime_role(deployment: Subject) -> WithGaps:
    """What the deployment does on the Realtime API: speech, transcription, translation, live, none or unknown.

    Decided by the capability `realtime` (the string "true") of the deployment itself, else by that of the catalogue row for
    kind, format, name and version, else by a pattern over name and version. Transcription and text-to-speech models claim
    the capability too: the name tells them apart. Catalogues list base models only: a model without a row is `none` where
    the deployment's own capabilities name others than realtime, or where it is fine-tuned or another publisher's and says
    nothing. `unknown`, never `none`, when nothing decides.
    """
    role, _, gaps = _role(deployment)
    return WithGaps(role, gaps)


@fact(
    *_BOTH,
    aspects=("models",),
    fields="account: kind location; deployment: properties.capabilities properties.model; models: value",
)
def realtime_evidence(deployment: Subject) -> str:
    """What the realtime role rests on."""
    return _role(deployment)[1]


def _role(deployment: Subject) -> tuple[str, str, tuple[Gap, ...]]:
    name, version = _model_field(deployment, "name"), _model_field(deployment, "version")
    title = f"{name} {version}".strip()
    row = deployment.join("model")
    # No plan holds a deployment's own capabilities: there they are asked for only where catalogue and name do not tell.
    named = deployment.estate.partial and (row.value is not None or _looks_realtime(name, version))
    if not named and text(mapping(deployment.properties.get("capabilities")).get("realtime")) == "true":
        return _claimed_role(name), "capability realtime=true of the deployment itself", ()
    if row.value is not None:
        claim = mapping(row.value.get("capabilities")).get("realtime")
        if text(claim) == "true":
            return _claimed_role(name), f"capability realtime=true of the catalogue row of {title}", ()
        if _LIVE_NAME.search(name):
            return _claimed_role(name), f"name of the catalogue row of {title}", ()
        if claim is not None or not _looks_realtime(name, version):
            said = f"realtime={claim}" if claim is not None else "no realtime capability"
            return "none", f"{said} in the catalogue row of {title}", ()
    if _looks_realtime(name, version):
        return _claimed_role(name), f"pattern over name and version of {title}; the catalogue does not say", ()
    unlisted = any(gap.code == "NotInCatalogue" for gap in row.gaps)
    other = _other_capability(deployment) if unlisted else None
    if other is not None:
        return "none", f"the deployment's own capabilities name {other} and no realtime", ()
    if unlisted and _is_own_or_partner(deployment):
        return "none", f"nothing says realtime of {title}, a fine-tuned model or one of another publisher", ()
    return (
        "unknown",
        f"nothing: the catalogue has no row of {title or 'its model'}, and the name says nothing",
        row.gaps,
    )


def _is_own_or_partner(deployment: Subject) -> bool:
    """True of a fine-tuned model and of one of another publisher: catalogues list neither."""
    publisher = _model_field(deployment, "format").lower()
    return bool(_FINE_TUNED.search(_model_field(deployment, "name"))) or publisher not in ("", "openai")


def _other_capability(deployment: Subject) -> str | None:
    """A capability other than realtime that the deployment itself claims, or an explicit `realtime: "false"`."""
    own = mapping(deployment.properties.get("capabilities"))
    if "realtime" in own:
        return f"realtime={own['realtime']}"
    claimed = (name for name, value in sorted(own.items()) if text(value) == "true")
    # What a model may be bought with says nothing of what it does.
    return next((name for name in claimed if not name.lower().startswith("allow")), None)


def row_role(model: dict[str, Any]) -> str:
    """The realtime role that a catalogue row's `model` has, by the rules of a deployment's; `none` where it claims none."""
    name, version = str(model.get("name") or ""), str(model.get("version") or "")
    claim = text(mapping(model.get("capabilities")).get("realtime"))
    if claim == "true" or _LIVE_NAME.search(name) or (not claim and _looks_realtime(name, version)):
        return _claimed_role(name)
    return "none"


def _claimed_role(name: str) -> str:
    lower = name.lower()
    if "tts" in lower.split("-"):
        return "none"
    if "transcribe" in lower or "whisper" in lower:
        return "transcription"
    if "translate" in lower:
        return "translation"
    return "live" if _LIVE_NAME.search(lower) else "speech"


def _looks_realtime(name: str, version: str) -> bool:
    return bool(_REALTIME_NAME.search(name) or _REALTIME_NAME.search(version) or _LIVE_NAME.search(name))


@fact(
    *_BOTH, aspects=("models",), fields="account: kind location; deployment: properties.model sku.name; models: value"
)
def retirement_dates(deployment: Subject) -> WithGaps:
    """The retirement dates that the catalogue gives, earliest first: `date` (YYYY-MM-DD) and `source` (the model, or its own SKU)."""
    row = deployment.join("model")
    if row.value is None:
        return WithGaps([], row.gaps)
    sku = _own_sku(deployment, row.value)
    candidates = [
        (mapping(row.value.get("deprecation")).get("inference"), "deprecation.inference"),
        (sku.get("deprecationDate"), f"skus[{sku.get('name')}].deprecationDate"),
    ]
    dated = [(day, source) for value, source in candidates if (day := parse_date(value)) is not None]
    gaps = tuple(
        Gap(deployment.resource, "models", "missing", code="NotReadable", message=f"{source} is not a date: {value}")
        for value, source in candidates
        if value is not None and parse_date(value) is None
    )
    return WithGaps([{"date": day.isoformat(), "source": source} for day, source in sorted(dated)], gaps)


@fact(
    *_BOTH, aspects=("models",), fields="account: kind location; deployment: properties.model sku.name; models: value"
)
def retirement_date(deployment: Subject) -> WithGaps:
    """The earlier of the model's and its own SKU's retirement date (YYYY-MM-DD); unknown where the catalogue has none."""
    return _earliest(deployment, "date")


@fact(
    *_BOTH, aspects=("models",), fields="account: kind location; deployment: properties.model sku.name; models: value"
)
def retirement_source(deployment: Subject) -> WithGaps:
    """Which field of the catalogue the retirement date is in."""
    return _earliest(deployment, "source")


def _earliest(deployment: Subject, field: str) -> WithGaps:
    dates = deployment.join("facts.retirementDates")
    if dates.value:
        return WithGaps(dates.value[0][field], dates.gaps)
    message = "the catalogue gives no retirement date for this model"
    return WithGaps(None, dates.gaps or (Gap(deployment.resource, "models", "missing", message=message),))


@fact(*_BOTH, fields="deployment: properties.versionUpgradeOption")
def effective_upgrade_option(deployment: Subject) -> str:
    """The version upgrade option in force: null means OnceCurrentVersionExpired."""
    return str(deployment.properties.get("versionUpgradeOption") or DEFAULT_UPGRADE_OPTION)


@fact(*_BOTH, fields="deployment: properties.model")
def model_and_version(deployment: Subject) -> str:
    """`name@version` of the deployed model."""
    return f"{_model_field(deployment, 'name')}@{_model_field(deployment, 'version')}"


@fact(*_BOTH, fields="deployment: properties.rateLimits")
def requests_per_minute(deployment: Subject) -> Any:
    """Requests per minute that the deployment's rate limit admits: rateLimits with key `request`, per 60 seconds.

    Opening a session is at least one request, so fewer requests than sessions a minute are sure to be too few; more prove
    nothing. Source: Microsoft's limits of realtime models are RPM and TPM since January 2025.
    """
    return _per_minute(deployment, "request")


@fact(*_BOTH, fields="deployment: properties.rateLimits")
def tokens_per_minute(deployment: Subject) -> Any:
    """Tokens per minute that the deployment's rate limit admits: rateLimits with key `token`, per 60 seconds."""
    return _per_minute(deployment, "token")


def _per_minute(deployment: Subject, key: str) -> Any:
    limits = [mapping(one) for one in listing(deployment.properties.get("rateLimits"))]
    stated = [(one.get("count"), one.get("renewalPeriod")) for one in limits if text(one.get("key")) == key]
    rates = [count * 60 / period for count, period in stated if is_number(count) and is_number(period) and period > 0]
    if rates:
        return min(rates)  # of several, the one that is reached first
    message = f"the deployment states no rate limit with key {key}"
    return WithGaps(None, (Gap(deployment.resource, "deployments", "missing", message=message),))


@fact(
    *_BOTH,
    aspects=("models", "usages"),
    fields="account: kind location; deployment: properties.model sku.name; models: value; usages: value",
)
def quota_use(deployment: Subject) -> WithGaps:
    """Used share of the deployment's quota, 0 to 1 (more when over): `currentValue` / `limit`."""
    row = deployment.join("quota")
    if row.value is None:
        return WithGaps(None, row.gaps)
    used, limit = row.value.get("currentValue"), row.value.get("limit")
    if is_number(used) and is_number(limit) and limit > 0:
        return WithGaps(round(used / limit, 4))
    message = f"the quota has a limit of {limit} and a use of {used}: no share follows"
    if used is None:
        message = "how much of the quota is used is not known"
    return WithGaps(None, (Gap(deployment.resource, "usages", "missing", message=message),))


@fact(
    *_BOTH,
    aspects=("models", "usages"),
    fields="account: kind location; deployment: properties.model sku.name; models: value; usages: value",
)
def quota_pool(deployment: Subject) -> WithGaps:
    """The quota pool in words: the usage row's name, and its scope where Azure states one (`scopeType`, `scopeId`)."""
    row = deployment.join("quota")
    if row.value is None:
        return WithGaps(None, row.gaps)
    scope = " ".join(str(row.value[name]) for name in ("scopeType", "scopeId") if row.value.get(name))
    return WithGaps(f"{mapping(row.value.get('name')).get('value')} ({scope or 'scope not stated'})")


@fact(*_BOTH, aspects=("metrics",), fields="metrics: value")
def requests_last_week(deployment: Subject) -> WithGaps:
    """AzureOpenAIRequests of the deployment in the last 7 days; unknown where the answer does not name the metric."""
    rows = _request_rows(deployment)
    return WithGaps(sum(total for _, total in rows.value), rows.gaps)


@fact(*_BOTH, aspects=("metrics",), fields="metrics: value")
def throttled_share(deployment: Subject) -> WithGaps:
    """Share of the deployment's AzureOpenAIRequests of the last 7 days that ended in 429, 0 to 1; null without requests."""
    rows = _request_rows(deployment)
    everything = sum(total for _, total in rows.value)
    refused = sum(total for status, total in rows.value if status == "429")
    return WithGaps(round(refused / everything, 6) if everything else None, rows.gaps)


def _request_rows(deployment: Subject) -> WithGaps:
    """Status and number of the deployment's requests. Azure names each metric that was asked for, even where nothing happened."""
    owner = deployment.account
    if owner is None:
        return WithGaps([])
    metrics = owner.join("metrics")
    by_deployment = deployment.estate.once(_requests_of, owner.resource)
    gaps = metrics.gaps
    if not by_deployment and not gaps:
        message = "the metrics of the account do not name AzureOpenAIRequests: that answer did not come"
        gaps = (Gap(owner.resource, "metrics", "missing", code="NotNamed", message=message),)
    return WithGaps([row for row in by_deployment.get(deployment.name.lower(), []) if is_number(row[1])], gaps)


def _requests_of(estate: EstateIndex, account_id: str) -> dict[str, list[tuple[str, Any]]]:
    """Of an account's metrics: deployment (lower case) -> status code and number of its requests."""
    found: dict[str, list[tuple[str, Any]]] = {}
    for row in estate.accounts_by_key[arm_id.key(account_id)].join("metrics").value:
        if isinstance(row, dict) and text(row.get("name")) == "azureopenairequests":
            total = (text(str(row.get("statusCode"))), row.get("total"))
            found.setdefault(text(row.get("deployment")), []).append(total)
    return found


def _no_row(deployment: Subject) -> Gap:
    owner = deployment.account
    region = arm_id.region(owner.raw.get("location") if owner else None)
    named = deployment.fact("modelAndVersion")
    message = f"the catalogue of {region} has no row for {named}"
    if _is_own_or_partner(deployment):
        message += ": it lists base models of OpenAI only"
    elif _looks_realtime(_model_field(deployment, "name"), _model_field(deployment, "version")):
        # A realtime model on offer has a row.
        page = page_says(named)
        why = f"no row in {region} ({page})" if page else f"the catalogue of {region} no longer lists it"
        message = f"{named} is most likely retired: {why}"
    return Gap(deployment.resource, "models", "missing", code="NotInCatalogue", message=message)


def _model_field(deployment: Subject, field: str) -> str:
    value = mapping(deployment.properties.get("model")).get(field)
    return value if isinstance(value, str) else ""


def _catalogue_key(deployment: Subject) -> tuple[str, str, str, str]:
    owner = deployment.account
    kind = text(owner.raw.get("kind")) if owner else ""
    wanted = (_model_field(deployment, field).lower() for field in ("format", "name", "version"))
    return (kind, *wanted)  # type: ignore[return-value]  # three fields, by the line above


def _own_sku(deployment: Subject, row: dict[str, Any]) -> dict[str, Any]:
    wanted = text(mapping(deployment.raw.get("sku")).get("name"))
    skus = (mapping(one) for one in listing(row.get("skus")))
    return next((one for one in skus if text(one.get("name")) == wanted), {})


def catalogue_of(deployment: Subject) -> tuple[dict[Any, dict[str, Any]], tuple[Gap, ...]]:
    """The catalogue of the deployment's region, models by (kind, format, name, version), and its gaps."""
    return _region_rows(deployment, "models")


def region_of(deployment: Subject) -> str:
    """The region of the deployment's account, normalised."""
    owner = deployment.account
    return arm_id.region(owner.raw.get("location") if owner else None)


def _region_rows(deployment: Subject, aspect: str) -> tuple[dict[Any, dict[str, Any]], tuple[Gap, ...]]:
    """The rows of the deployment's region, by what they are joined by, and the gaps that count against them."""
    owner = deployment.account
    if owner is None:
        return {}, ()
    region = arm_id.region(owner.raw.get("location"))
    subscription = arm_id.subscription_of(deployment.resource)
    collection = f"/subscriptions/{subscription}/providers/Microsoft.CognitiveServices/locations/{region}/{aspect}"
    return region_index(deployment.estate, collection, aspect)


def region_index(
    estate: EstateIndex, collection: str, aspect: str
) -> tuple[dict[Any, dict[str, Any]], tuple[Gap, ...]]:
    """A region's rows: models by (kind, format, name, version), usages by name, all lower case; and their gaps."""
    return estate.once(_region_index, collection, aspect)


def _region_index(
    estate: EstateIndex, collection: str, aspect: str
) -> tuple[dict[Any, dict[str, Any]], tuple[Gap, ...]]:
    resource = estate.resource(collection)
    gaps = estate.gaps(aspect, collection)
    if resource is None and not gaps:
        gaps = (Gap(collection, aspect, "missing", message=f"the {aspect} of this region are not in the snapshot"),)
    rows: dict[Any, dict[str, Any]] = {}
    for row in listing(mapping(resource).get("value")):
        if not isinstance(row, dict):
            continue
        if aspect == "usages":
            rows.setdefault(text(mapping(row.get("name")).get("value")), row)
        else:
            one = mapping(row.get("model"))
            key = (text(row.get("kind")), text(one.get("format")), text(one.get("name")), text(one.get("version")))
            rows.setdefault(key, one)
    return rows, gaps
