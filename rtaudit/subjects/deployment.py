"""What belongs to a deployment, and the facts about it: realtime role, retirement, content filters, quota."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any, TypeGuard

from rtaudit.azure import arm_id
from rtaudit.snapshot import Gap
from rtaudit.subjects.parts import Joined, fact, root
from rtaudit.subjects.world import Subject, World, listing, mapping, text

_BOTH = ("deployment", "realtimeDeployment")
_REALTIME_NAME = re.compile(r"(^|-)realtime(-|$)", re.IGNORECASE)
_LIVE_NAME = re.compile(r"^gpt-live(-|$)", re.IGNORECASE)

DEFAULT_UPGRADE_OPTION = "OnceCurrentVersionExpired"
"""What a null versionUpgradeOption means. Source: Microsoft's "Working with models"."""


@root(*_BOTH, reads=("accounts",))
def account(deployment: Subject) -> Joined:
    """The account that the deployment stands in."""
    owner = deployment.account
    return Joined(owner.raw if owner else None)


@root(*_BOTH, reads=("models",))
def model(deployment: Subject) -> Joined:
    """The region's catalogue row for the deployment's model: the `model` of the row of its kind, format, name and version."""
    location, gaps = _region_rows(deployment, "models")
    row = location.get(_catalogue_key(deployment))
    if row is not None:
        return Joined(row)
    return Joined(None, gaps or (_no_row(deployment),))


@root(*_BOTH, reads=("models", "usages"))
def quota(deployment: Subject) -> Joined:
    """The usage row that the deployment's SKU counts against, joined by the catalogue's `usageName`."""
    row = deployment.join("model")
    if row.value is None:
        return Joined(None, row.gaps)
    usage_name = text(_own_sku(deployment, row.value).get("usageName"))
    rows, gaps = _region_rows(deployment, "usages")
    found = rows.get(usage_name) if usage_name else None
    if found is not None:
        return Joined(found)
    message = f"no usage row is named {usage_name}" if usage_name else "the catalogue names no usage row for this SKU"
    return Joined(None, gaps or (Gap(deployment.resource, "usages", "missing", message=message),))


@root(*_BOTH, reads=("contentPolicies",))
def rai_policy(deployment: Subject) -> Joined:
    """The content-filter policy that the deployment names, or null."""
    return _policy(deployment, deployment.properties.get("raiPolicyName"))


@fact(*_BOTH, reads=("models",))
def realtime_role(deployment: Subject) -> Joined:
    """What the deployment does on the Realtime API: speech, transcription, translation, live, none or unknown.

    Decided by the capability `realtime` (the string "true") of the deployment itself, else by that of the catalogue row for
    kind, format, name and version, else by a pattern over name and version. Transcription and text-to-speech models claim
    the capability too: the name tells them apart. `unknown`, never `none`, when nothing decides.
    """
    role, _, gaps = _role(deployment)
    return Joined(role, gaps)


@fact(*_BOTH, reads=("models",))
def realtime_evidence(deployment: Subject) -> str:
    """What the realtime role rests on."""
    return _role(deployment)[1]


def _role(deployment: Subject) -> tuple[str, str, tuple[Gap, ...]]:
    name, version = _model_field(deployment, "name"), _model_field(deployment, "version")
    title = f"{name} {version}".strip()
    row = deployment.join("model")
    if text(mapping(deployment.properties.get("capabilities")).get("realtime")) == "true":
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
    return (
        "unknown",
        f"nothing: the catalogue has no row of {title or 'its model'}, and the name says nothing",
        row.gaps,
    )


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


@fact(*_BOTH, reads=("models",))
def retirement_dates(deployment: Subject) -> Joined:
    """The retirement dates that the catalogue gives, earliest first: `date` (YYYY-MM-DD) and `source` (the model, or its own SKU)."""
    row = deployment.join("model")
    if row.value is None:
        return Joined([], row.gaps)
    sku = _own_sku(deployment, row.value)
    candidates = [
        (mapping(row.value.get("deprecation")).get("inference"), "deprecation.inference"),
        (sku.get("deprecationDate"), f"skus[{sku.get('name')}].deprecationDate"),
    ]
    dated = [(day, source) for value, source in candidates if (day := parse_date(value)) is not None]
    gaps = tuple(
        Gap(deployment.resource, "models", "missing", code="NotReadable", message=f"{source} is no date: {value}")
        for value, source in candidates
        if value is not None and parse_date(value) is None
    )
    return Joined([{"date": day.isoformat(), "source": source} for day, source in sorted(dated)], gaps)


@fact(*_BOTH, reads=("models",))
def retirement_date(deployment: Subject) -> Joined:
    """The earlier of the model's and its own SKU's retirement date (YYYY-MM-DD); unknown where the catalogue has none."""
    return _earliest(deployment, "date")


@fact(*_BOTH, reads=("models",))
def retirement_source(deployment: Subject) -> Joined:
    """Which field of the catalogue the retirement date stands in."""
    return _earliest(deployment, "source")


def _earliest(deployment: Subject, field: str) -> Joined:
    dates = deployment.join("facts.retirementDates")
    if dates.value:
        return Joined(dates.value[0][field], dates.gaps)
    message = "the catalogue gives no retirement date for this model"
    return Joined(None, dates.gaps or (Gap(deployment.resource, "models", "missing", message=message),))


@fact(*_BOTH)
def effective_upgrade_option(deployment: Subject) -> str:
    """The version upgrade option in force: null means OnceCurrentVersionExpired."""
    return str(deployment.properties.get("versionUpgradeOption") or DEFAULT_UPGRADE_OPTION)


@fact(*_BOTH)
def model_and_version(deployment: Subject) -> str:
    """`name@version` of the deployed model."""
    return f"{_model_field(deployment, 'name')}@{_model_field(deployment, 'version')}"


@fact(*_BOTH)
def requests_per_minute(deployment: Subject) -> Any:
    """New sessions per minute that the deployment's rate limit admits: rateLimits with key `request`, per 60 seconds."""
    for limit in listing(deployment.properties.get("rateLimits")):
        count, period = mapping(limit).get("count"), mapping(limit).get("renewalPeriod")
        if text(mapping(limit).get("key")) == "request" and _number(count) and _number(period) and period > 0:
            return count * 60 / period
    message = "the deployment states no rate limit with key request"
    return Joined(None, (Gap(deployment.resource, "deployments", "missing", message=message),))


@fact(*_BOTH, reads=("models", "usages"))
def quota_use(deployment: Subject) -> Joined:
    """Used share of the deployment's quota, 0 to 1 (more when over): `currentValue` / `limit`."""
    row = deployment.join("quota")
    if row.value is None:
        return Joined(None, row.gaps)
    used, limit = row.value.get("currentValue"), row.value.get("limit")
    if _number(used) and _number(limit) and limit > 0:
        return Joined(round(used / limit, 4))
    message = f"the quota has a limit of {limit} and a use of {used}: no share follows"
    return Joined(None, (Gap(deployment.resource, "usages", "missing", message=message),))


@fact(*_BOTH, reads=("contentPolicies",))
def effective_filters(deployment: Subject) -> Joined:
    """The content filters in force: the policy's own over those of the policy it is based on (`basePolicyName`).

    Not readable, so unknown, with no policy named, or with one that the account does not list. What older api-versions call
    `allowedContentLevel` stands as `severityThreshold`.
    """
    named = deployment.properties.get("raiPolicyName")
    # Deployments of one account that name one policy have the same filters; gaps name the deployment.
    memo = deployment.world.once(_filters_by_policy)
    key = (arm_id.parent_of(deployment.resource), text(named))
    known = memo.get(key)
    if known is None:
        known = _effective_filters(deployment, named)
        if not known.gaps:
            memo[key] = known
    return known


def _filters_by_policy(_world: World) -> dict[tuple[str, str], Joined]:
    return {}


def _effective_filters(deployment: Subject, named: Any) -> Joined:
    filters: dict[tuple[str, str], dict[str, Any]] = {}
    visited: set[str] = set()
    while isinstance(named, str) and named and named.lower() not in visited:
        visited.add(named.lower())
        policy = _policy(deployment, named)
        if policy.value is None:
            return Joined(list(filters.values()), policy.gaps or (_unlisted(deployment, named),))
        properties = mapping(policy.value.get("properties"))
        for one in listing(properties.get("contentFilters")):
            if isinstance(one, dict):
                filters.setdefault((text(one.get("name")), text(one.get("source"))), _current(one))
        named = properties.get("basePolicyName")
    if not visited:
        return Joined([], _no_policy(deployment))
    return Joined(list(filters.values()))


@fact(*_BOTH, reads=("contentPolicies",))
def filter_mode(deployment: Subject) -> Joined:
    """The mode of the content policy in force (Blocking, Default, Asynchronous_filter, Deferred); null where it states none.

    Not readable, so unknown, where the filters are not: see effectiveFilters.
    """
    named = deployment.properties.get("raiPolicyName")
    policy = _policy(deployment, named)
    if policy.value is None:
        return Joined(None, policy.gaps or (_unlisted(deployment, named),) if named else _no_policy(deployment))
    return Joined(mapping(policy.value.get("properties")).get("mode"))


@fact(*_BOTH, reads=("contentPolicies",))
def names_known_policy(deployment: Subject) -> Joined:
    """True when the content policy that is named exists on the account; Microsoft's own (`Microsoft.*`) count as known."""
    named = deployment.properties.get("raiPolicyName")
    if text(named).startswith("microsoft."):
        return Joined(True)
    policy = _policy(deployment, named)
    return Joined(policy.value is not None, () if policy.value is not None else policy.gaps)


@fact(*_BOTH, reads=("metrics",))
def throttled_share(deployment: Subject) -> Joined:
    """Share of the deployment's AzureOpenAIRequests of the last 7 days that ended in 429, 0 to 1; 0 without requests."""
    owner = deployment.account
    if owner is None:
        return Joined(None)
    rows = owner.join("metrics")
    totals = deployment.world.once(_requests_of, owner.resource).get(deployment.name.lower(), [])
    everything = sum(total for _, total in totals if _number(total))
    refused = sum(total for status, total in totals if status == "429" and _number(total))
    return Joined(round(refused / everything, 6) if everything else 0, rows.gaps)


def _requests_of(world: World, account_id: str) -> dict[str, list[tuple[str, Any]]]:
    """Of an account's metrics: deployment (lower case) -> status code and number of its requests."""
    found: dict[str, list[tuple[str, Any]]] = {}
    for row in world.accounts_by_key[arm_id.key(account_id)].join("metrics").value:
        if isinstance(row, dict) and text(row.get("name")) == "azureopenairequests":
            total = (text(str(row.get("statusCode"))), row.get("total"))
            found.setdefault(text(row.get("deployment")), []).append(total)
    return found


def _policy(deployment: Subject, named: Any) -> Joined:
    owner = deployment.account
    if owner is None or not isinstance(named, str) or not named:
        return Joined(None)
    policies = owner.join("contentPolicies")
    found = next((one for one in policies.value if arm_id.name_of(one["id"]).lower() == named.lower()), None)
    return Joined(found, () if found else policies.gaps)


def _current(content_filter: dict[str, Any]) -> dict[str, Any]:
    if "severityThreshold" in content_filter or "allowedContentLevel" not in content_filter:
        return content_filter
    return {**content_filter, "severityThreshold": content_filter["allowedContentLevel"]}


def _unlisted(deployment: Subject, named: str) -> Gap:
    message = f"the account does not list the content policy {named}: its filters cannot be read"
    return Gap(deployment.resource, "contentPolicies", "missing", code="NotReadable", message=message)


def _no_policy(deployment: Subject) -> tuple[Gap, ...]:
    message = "no content policy is named: which default applies cannot be read"
    return (Gap(deployment.resource, "contentPolicies", "missing", code="NotReadable", message=message),)


def _no_row(deployment: Subject) -> Gap:
    owner = deployment.account
    region = arm_id.region(owner.raw.get("location") if owner else None)
    message = f"the catalogue of {region} has no row for {deployment.fact('modelAndVersion')}"
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


def _region_rows(deployment: Subject, aspect: str) -> tuple[dict[Any, dict[str, Any]], tuple[Gap, ...]]:
    """The rows of the deployment's region, by what they are joined by, and the gaps that stand against them."""
    owner = deployment.account
    if owner is None:
        return {}, ()
    region = arm_id.region(owner.raw.get("location"))
    subscription = arm_id.subscription_of(deployment.resource)
    collection = f"/subscriptions/{subscription}/providers/Microsoft.CognitiveServices/locations/{region}/{aspect}"
    return region_index(deployment.world, collection, aspect)


def region_index(world: World, collection: str, aspect: str) -> tuple[dict[Any, dict[str, Any]], tuple[Gap, ...]]:
    """A region's rows: models by (kind, format, name, version), usages by name, all lower case; and their gaps."""
    return world.once(_region_index, collection, aspect)


def _region_index(world: World, collection: str, aspect: str) -> tuple[dict[Any, dict[str, Any]], tuple[Gap, ...]]:
    resource = world.resource(collection)
    gaps = world.gaps(aspect, collection)
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


def parse_date(value: Any) -> date | None:
    """The day of a date as Azure writes them, else None.

    ISO 8601 with 0 to 7 fraction digits, an interval of two of these (its start counts), or `MM/DD/YYYY HH:MM:SS`.
    """
    if not isinstance(value, str):
        return None
    iso = re.match(r"\d{4}-\d{2}-\d{2}(?=$|[T /])", value)
    try:
        if iso:
            return date.fromisoformat(iso.group())
        return datetime.strptime(value.split(" ")[0], "%m/%d/%Y").date()  # noqa: DTZ007  (a day has no zone)
    except ValueError:
        return None


def _number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
