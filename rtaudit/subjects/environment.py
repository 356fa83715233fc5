"""The snapshot as a whole: what is deployed where, and whether the regions agree."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.snapshot import Gap
from rtaudit.subjects.parts import Joined, fact, root
from rtaudit.subjects.world import Subject, World, mapping, text


@root("environment", reads=("accounts",))
def accounts(environment: Subject) -> Joined:
    """The accounts of the kinds that can host realtime deployments."""
    world = environment.world
    return Joined([one.raw for one in world.accounts], world.gaps_anywhere("accounts"))


@root("environment", reads=("accounts", "deployments"))
def deployments(environment: Subject) -> Joined:
    """The deployments of those accounts."""
    world = environment.world
    return Joined([one.raw for one in world.deployments], _deployment_gaps(world))


@fact("environment", reads=("accounts", "deployments", "models"))
def speech_deployments(environment: Subject) -> Joined:
    """Deployments of realtime role speech: `id`, `model` (name@version), `region`, `provisioningState`, `sku`, `capacity`."""
    world = environment.world
    speech, gaps = _speech(world)
    return Joined([_row(one) for one in speech], gaps)


@fact("environment", reads=("accounts", "deployments", "models"))
def speech_models(environment: Subject) -> Joined:
    """Each speech model and version that stands deployed: `model`, `regions` (normalised), `deployments` (ids)."""
    speech, gaps = _speech(environment.world)
    by_model: dict[str, list[Subject]] = defaultdict(list)
    for one in speech:
        # One that failed serves nobody, in its region neither.
        if text(one.properties.get("provisioningState")) in ("", "succeeded"):
            by_model[one.fact("modelAndVersion")].append(one)
    rows = [
        {
            "model": model,
            # Where a deployment may be hidden, so may a region of this model.
            "regions": Joined(sorted({_region(one) for one in found}), gaps),
            "deployments": [one.resource for one in found],
            "id": found[0].resource,
        }
        for model, found in sorted(by_model.items())
    ]
    return Joined(rows, gaps)


@fact("environment", reads=("accounts", "deployments", "models", "contentPolicies"))
def region_agreement(environment: Subject) -> Joined:
    """For each speech model in several regions and each setting (sku, capacity, upgrade option, content filters): `agree`, `values`."""
    speech, gaps = _speech(environment.world)
    by_model: dict[str, list[Subject]] = defaultdict(list)
    for one in speech:
        by_model[one.fact("modelAndVersion")].append(one)
    rows = []
    for model, found in sorted(by_model.items()):
        if len({_region(one) for one in found}) < 2:
            continue
        for setting, read in _SETTINGS.items():
            values = [(one, read(one)) for one in found]
            known = [joined.value for _, joined in values if not joined.gaps]
            differ = any(value != known[0] for value in known[1:])
            open_gaps = () if differ else tuple(gap for _, joined in values for gap in joined.gaps)
            rows.append(
                {
                    "model": model,
                    "setting": setting,
                    "values": [
                        {
                            "region": _region(one),
                            "value": None if joined.gaps else joined.value,
                            "deployment": f"{one.account.name if one.account else ''}/{one.name}",
                        }
                        for one, joined in values
                    ],
                    "agree": Joined(not differ, open_gaps),
                    "id": found[0].resource,
                }
            )
    return Joined(rows, gaps)


@fact("environment", reads=("accounts", "deployments", "models"))
def chat_deployments(environment: Subject) -> Joined:
    """Deployments that can answer in text (catalogue capability `chatCompletion`): `id`, `model`, `provisioningState`."""
    world = environment.world
    rows, gaps = [], list(_deployment_gaps(world))
    for one in world.deployments:
        row = one.join("model")
        if row.value is None:
            if one.fact("realtimeRole") == "unknown":
                gaps += row.gaps
        elif text(mapping(row.value.get("capabilities")).get("chatCompletion")) == "true":
            rows.append(_row(one))
    return Joined(rows, tuple(dict.fromkeys(gaps)))


def _speech(world: World) -> tuple[list[Subject], tuple[Gap, ...]]:
    return world.once(_find_speech)


def _find_speech(world: World) -> tuple[list[Subject], tuple[Gap, ...]]:
    roles = [(one, one.join("facts.realtimeRole")) for one in world.deployments]
    speech = [one for one, role in roles if role.value == "speech"]
    doubtful = (gap for _, role in roles if role.value == "unknown" for gap in role.gaps)
    return speech, tuple(dict.fromkeys((*_deployment_gaps(world), *doubtful)))


def _deployment_gaps(world: World) -> tuple[Gap, ...]:
    return (*world.gaps_anywhere("accounts"), *world.gaps_anywhere("deployments"))


def _row(deployment: Subject) -> dict[str, Any]:
    sku = mapping(deployment.raw.get("sku"))
    return {
        "id": deployment.resource,
        "model": deployment.fact("modelAndVersion"),
        "region": _region(deployment),
        "provisioningState": deployment.properties.get("provisioningState"),
        "sku": sku.get("name"),
        "capacity": sku.get("capacity"),
    }


def _region(deployment: Subject) -> str:
    owner = deployment.account
    return arm_id.region(owner.raw.get("location") if owner else None)


def _filters(deployment: Subject) -> Joined:
    filters = deployment.join("facts.effectiveFilters")
    # The list is kept with what is made of it: its identity is the key.
    memo = deployment.world.once(_comparable)
    if id(filters.value) not in memo:
        rows = sorted(
            [
                text(one.get("name")),
                text(one.get("source")),
                bool(one.get("enabled")),
                bool(one.get("blocking")),
                text(one.get("severityThreshold")),
            ]
            for one in filters.value
        )
        memo[id(filters.value)] = (rows, filters.value)
    return Joined(memo[id(filters.value)][0], filters.gaps)


def _comparable(_world: World) -> dict[int, tuple[list[Any], Any]]:
    return {}


_SETTINGS = {
    "sku": lambda one: Joined(mapping(one.raw.get("sku")).get("name")),
    "capacity": lambda one: Joined(mapping(one.raw.get("sku")).get("capacity")),
    "versionUpgradeOption": lambda one: Joined(one.fact("effectiveUpgradeOption")),
    "contentFilters": _filters,
}
