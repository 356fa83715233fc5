"""Environment: attributes of the whole snapshot: what is deployed where, and whether the regions agree."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from rtaudit.snapshot import Gap
from rtaudit.subjects.deployment import region_of
from rtaudit.subjects.estate import EstateIndex, Subject, mapping, not_shown, text
from rtaudit.subjects.filters import blocking_of
from rtaudit.subjects.parts import WithGaps, fact, relation

_DEPLOYMENTS = (
    "account: kind location; "
    "deployment: properties.capabilities properties.deploymentState properties.model "
    "properties.provisioningState sku.capacity sku.name; models: value"
)
"""What a row about a deployment is made of."""


_MODELS = (
    "account: kind location; "
    "deployment: properties.capabilities properties.deploymentState properties.model "
    "properties.provisioningState; models: value"
)
"""What the rows of `facts.realtimeModels` are made of."""


@relation("environment", aspects=("accounts",), fields="account")
def accounts(environment: Subject) -> WithGaps:
    """The accounts of the kinds that can host realtime deployments."""
    estate = environment.estate
    return WithGaps([one.raw for one in estate.accounts], estate.gaps_anywhere("accounts"))


@relation("environment", aspects=("accounts", "deployments"), fields="deployment")
def deployments(environment: Subject) -> WithGaps:
    """The deployments of those accounts."""
    estate = environment.estate
    return WithGaps([one.raw for one in estate.deployments], _deployment_gaps(estate))


@fact(
    "environment",
    aspects=("accounts", "deployments", "models"),
    fields=_DEPLOYMENTS,
)
def realtime_deployments(environment: Subject) -> WithGaps:
    """Deployments with a realtime role: `id`, `role`, `model` (name@version), `region`, `provisioningState`, `deploymentState`, `sku`, `capacity`."""
    estate = environment.estate
    found, gaps = _realtime(estate)
    return WithGaps([_row(one) for one in found], gaps)


@fact(
    "environment",
    aspects=("accounts", "deployments", "models"),
    fields=_DEPLOYMENTS,
)
def speech_deployments(environment: Subject) -> WithGaps:
    """Those of `facts.realtimeDeployments` whose role is speech."""
    return _of_speech(environment.join("facts.realtimeDeployments"))


@fact(
    "environment",
    aspects=("accounts", "deployments", "models"),
    fields=_MODELS,
)
def realtime_models(environment: Subject) -> WithGaps:
    """Each realtime model and version that serves: `role`, `model`, `regions` (normalised), `deployments` and `idle` (ids).

    One that failed or is paused serves nobody, in its region neither: those of other regions are `idle`.
    """
    found, gaps = _realtime(environment.estate)
    by_model: dict[str, list[tuple[Subject, WithGaps]]] = defaultdict(list)
    idle: dict[str, list[Subject]] = defaultdict(list)
    for one in found:
        serving = _serving(one)
        if serving.value or serving.gaps:
            by_model[one.fact("modelAndVersion")].append((one, serving))
        else:
            idle[one.fact("modelAndVersion")].append(one)
    rows = [
        {
            "role": of_model[0][0].fact("realtimeRole"),
            "model": model,
            "regions": WithGaps(
                sorted({region_of(one) for one, serving in of_model if not serving.gaps}),
                # Where a deployment may be hidden, so may a region of this model.
                (*gaps, *(gap for _, serving in of_model for gap in serving.gaps)),
            ),
            "deployments": [one.resource for one, _ in of_model],
            "idle": _elsewhere(idle.get(model, []), {region_of(one) for one, _ in of_model}),
            "id": of_model[0][0].resource,
        }
        for model, of_model in sorted(by_model.items())
    ]
    return WithGaps(rows, gaps)


@fact(
    "environment",
    aspects=("accounts", "deployments", "models"),
    fields=_MODELS,
)
def speech_models(environment: Subject) -> WithGaps:
    """Those of `facts.realtimeModels` whose role is speech."""
    return _of_speech(environment.join("facts.realtimeModels"))


def _elsewhere(deployments: list[Subject], regions: set[str]) -> list[str]:
    return [one.resource for one in deployments if region_of(one) not in regions]


def _of_speech(rows: WithGaps) -> WithGaps:
    return WithGaps([row for row in rows.value if row["role"] == "speech"], rows.gaps)


def _serving(deployment: Subject) -> WithGaps:
    """True when the deployment is Succeeded and not Paused; a gap where the api-version used cannot show the pause."""
    if text(deployment.properties.get("provisioningState")) not in ("", "succeeded"):
        return WithGaps(value=False)
    state = _state(deployment)
    return WithGaps(text(state.value) in ("", "running"), state.gaps)


def _state(deployment: Subject) -> WithGaps:
    state = deployment.properties.get("deploymentState")
    unseen = not_shown(deployment.estate, deployment.raw, "properties.deploymentState") if state is None else None
    return WithGaps(state, (unseen,) if unseen else ())


@fact(
    "environment",
    aspects=("accounts", "deployments", "models", "contentPolicies"),
    fields=(
        "account: kind location; "
        "contentPolicy: properties.basePolicyName properties.contentFilters properties.format; "
        "deployment: properties.capabilities properties.model properties.raiPolicyName "
        "properties.versionUpgradeOption sku.capacity sku.name; models: value"
    ),
)
def region_agreement(environment: Subject) -> WithGaps:
    """For each speech model in several regions and each setting (sku, capacity, upgrade option, content filters): `agree`, `values`."""
    found, gaps = _realtime(environment.estate)
    speech = [one for one in found if one.fact("realtimeRole") == "speech"]
    by_model: dict[str, list[Subject]] = defaultdict(list)
    for one in speech:
        by_model[one.fact("modelAndVersion")].append(one)
    rows = []
    for model, of_model in sorted(by_model.items()):
        if len({region_of(one) for one in of_model}) < 2:
            continue
        for setting, read in _SETTINGS.items():
            values = [(one, read(one)) for one in of_model]
            known = [joined.value for _, joined in values if not joined.gaps]
            differ = any(value != known[0] for value in known[1:])
            open_gaps = () if differ else tuple(gap for _, joined in values for gap in joined.gaps)
            rows.append(
                {
                    "model": model,
                    "setting": setting,
                    "values": [
                        {
                            "region": region_of(one),
                            "value": None if joined.gaps else joined.value,
                            "deployment": f"{one.account.name if one.account else ''}/{one.name}",
                        }
                        for one, joined in values
                    ],
                    "agree": WithGaps(not differ, open_gaps),
                    "id": of_model[0].resource,
                }
            )
    return WithGaps(rows, gaps)


@fact(
    "environment",
    aspects=("accounts", "deployments", "models"),
    fields=_DEPLOYMENTS,
)
def chat_deployments(environment: Subject) -> WithGaps:
    """Deployments that can answer in text (catalogue capability `chatCompletion`): `id`, `model`, `provisioningState`."""
    estate = environment.estate
    rows, gaps = [], list(_deployment_gaps(estate))
    for one in estate.deployments:
        row = one.join("model")
        if row.value is None and one.fact("realtimeRole") == "unknown":
            gaps += row.gaps
            continue
        # Catalogues list base models only: a fine-tuned one says itself what it can.
        stated = row.value if row.value is not None else one.properties
        if text(mapping(stated.get("capabilities")).get("chatCompletion")) == "true":
            rows.append(_row(one))
    return WithGaps(rows, tuple(dict.fromkeys(gaps)))


def _realtime(estate: EstateIndex) -> tuple[list[Subject], tuple[Gap, ...]]:
    return estate.once(_find_realtime)


def _find_realtime(estate: EstateIndex) -> tuple[list[Subject], tuple[Gap, ...]]:
    """Deployments with a realtime role, and the gaps that may hide one."""
    roles = [(one, one.join("facts.realtimeRole")) for one in estate.deployments]
    found = [one for one, role in roles if role.value not in ("none", "unknown")]
    doubtful = (gap for _, role in roles if role.value == "unknown" for gap in role.gaps)
    return found, tuple(dict.fromkeys((*_deployment_gaps(estate), *doubtful)))


def _deployment_gaps(estate: EstateIndex) -> tuple[Gap, ...]:
    return (*estate.gaps_anywhere("accounts"), *estate.gaps_anywhere("deployments"))


def _row(deployment: Subject) -> dict[str, Any]:
    sku = mapping(deployment.raw.get("sku"))
    return {
        "id": deployment.resource,
        "role": deployment.fact("realtimeRole"),
        "model": deployment.fact("modelAndVersion"),
        "region": region_of(deployment),
        "provisioningState": deployment.properties.get("provisioningState"),
        "deploymentState": _state(deployment),
        "sku": sku.get("name"),
        "capacity": sku.get("capacity"),
    }


def _filters(deployment: Subject) -> WithGaps:
    filters = deployment.join("facts.effectiveFilters")
    # The list is kept with what is made of it: its identity is the key.
    memo = deployment.estate.once(_comparable)
    if id(filters.value) not in memo:
        blocking = [blocking_of(deployment, one) for one in filters.value]
        rows = sorted(
            [
                text(one.get("name")),
                text(one.get("source")),
                bool(one.get("enabled")),
                blocks.value,
                text(one.get("severityThreshold")),
            ]
            for one, blocks in zip(filters.value, blocking, strict=True)
        )
        memo[id(filters.value)] = (rows, tuple(gap for blocks in blocking for gap in blocks.gaps), filters.value)
    rows, gaps, _ = memo[id(filters.value)]
    return WithGaps(rows, (*filters.gaps, *gaps))


def _comparable(_estate: EstateIndex) -> dict[int, tuple[list[Any], tuple[Gap, ...], Any]]:
    return {}


_SETTINGS = {
    "sku": lambda one: WithGaps(mapping(one.raw.get("sku")).get("name")),
    "capacity": lambda one: WithGaps(mapping(one.raw.get("sku")).get("capacity")),
    "versionUpgradeOption": lambda one: WithGaps(one.fact("effectiveUpgradeOption")),
    "contentFilters": _filters,
}
