"""Accounts and what stands on them: subscriptions, deployments, content policies, catalogue, quota, providers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rtaudit.azure import arm_id
from rtaudit.collect.aspects.calls import accounts, below, parent_names, subscriptions
from rtaudit.collect.reader import Reader, Row
from rtaudit.collect.world import listed, properties

if TYPE_CHECKING:
    from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient

    from rtaudit.collect.arm import Arm, Page
    from rtaudit.collect.world import World

PROVIDERS = ("Microsoft.CognitiveServices", "Microsoft.Insights", "Microsoft.Network")
"""Resource providers whose registration is read."""

_REALTIME = re.compile(r"(^|-)realtime(-|$)|^gpt-live", re.IGNORECASE)


def cognitive(arm: Arm, subscription: str) -> CognitiveServicesManagementClient:
    """The SDK client of a subscription; its import waits until it is needed."""
    from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient

    return arm.client(CognitiveServicesManagementClient, subscription)


def _ask_accounts(arm: Arm, subject: str, page: Page, version: str) -> None:
    operation = cognitive(arm, arm_id.name_of(subject)).accounts.list
    arm.first(operation, page=page, api_version=version)


def _ask_deployments(arm: Arm, subject: str, page: Page, version: str) -> None:
    subscription, group, name = parent_names(subject)
    arm.first(cognitive(arm, subscription).deployments.list, group, name, page=page, api_version=version)


def _ask_policies(arm: Arm, subject: str, page: Page, version: str) -> None:
    subscription, group, name = parent_names(subject)
    arm.first(cognitive(arm, subscription).rai_policies.list, group, name, page=page, api_version=version)


def _ask_models(arm: Arm, subject: str, page: Page, version: str) -> None:
    operation = cognitive(arm, arm_id.subscription_of(subject) or "").models.list
    arm.first(operation, _region_of(subject), page=page, api_version=version)


def _ask_usages(arm: Arm, subject: str, page: Page, version: str) -> None:
    operation = cognitive(arm, arm_id.subscription_of(subject) or "").usages.list
    arm.first(operation, _region_of(subject), page=page, api_version=version)


def _region_of(subject: str) -> str:
    return subject.rsplit("/", 2)[-2]


def _groups(world: World) -> Iterable[str]:
    """The resource groups that were named and of which no account came: they may be empty, or not exist."""
    for name in sorted(world.groups - world.groups_seen()):
        if "/" not in name:
            yield from (f"/subscriptions/{subscription}/resourceGroups/{name}" for subscription in world.subscriptions)


def _keep_account(world: World, row: Row) -> Row | None:
    return row if world.covers_account(row) and world.mine(row["id"]) else None


def _regions(what: str) -> Any:
    def targets(world: World) -> Iterable[str]:
        places = {
            (arm_id.subscription_of(row["id"]), arm_id.region(row.get("location")))
            for row in world.kept("accounts")
            if isinstance(row.get("location"), str)
        }
        for subscription, region in sorted((s or "", r) for s, r in places if r):
            yield f"/subscriptions/{subscription}/providers/Microsoft.CognitiveServices/locations/{region}/{what}"

    return targets


def _providers(world: World) -> Iterable[str]:
    for subscription in world.subscriptions:
        for name in PROVIDERS:
            yield f"/subscriptions/{subscription}/providers/{name}"


def _keep_models(world: World, row: Row) -> Row:
    deployed = world.memo(_deployed)
    kept = [one for one in listed(row.get("value")) if is_realtime(one) or _model_key(_model(one)) in deployed]
    return {**row, "value": kept}


def _deployed(world: World) -> set[tuple[str, str, str]]:
    return {_model_key(properties(deployment).get("model")) for deployment in world.kept("deployments")}


def _model(row: Any) -> dict[str, Any]:
    found = row.get("model") if isinstance(row, dict) else None
    return found if isinstance(found, dict) else {}


def _model_key(model: Any) -> tuple[str, str, str]:
    model = model if isinstance(model, dict) else {}
    return (str(model.get("format")).lower(), str(model.get("name")).lower(), str(model.get("version")).lower())


def is_realtime(row: Any) -> bool:
    """True when a catalogue row says, or its name or version looks, as if the model had a realtime role."""
    model = _model(row)
    capabilities = model.get("capabilities")
    said = capabilities.get("realtime") if isinstance(capabilities, dict) else None
    return str(said).lower() == "true" or any(
        _REALTIME.search(str(model.get(name) or "")) for name in ("name", "version")
    )


_CS = "Microsoft.CognitiveServices"

READERS = (
    Reader(
        name="subscriptions",
        aspect="accounts",
        type="Microsoft.Resources/subscriptions",
        action="Microsoft.Resources/subscriptions/read",
        targets=subscriptions,
        ask=below(),
        shape="one",
    ),
    Reader(
        name="accounts",
        aspect="accounts",
        type=f"{_CS}/accounts",
        action=f"{_CS}/accounts/read",
        targets=subscriptions,
        ask=_ask_accounts,
        keep=_keep_account,
    ),
    Reader(
        name="groups",
        aspect="accounts",
        type="Microsoft.Resources/resourceGroups",
        action="Microsoft.Resources/subscriptions/resourceGroups/read",
        targets=_groups,
        ask=below(),
        after=("accounts",),
        shape="one",
        # Only whether it is there counts.
        keep=lambda _world, _row: None,
        absent_codes=frozenset({"ResourceGroupNotFound"}),
    ),
    Reader(
        name="deployments",
        aspect="deployments",
        type=f"{_CS}/accounts/deployments",
        action=f"{_CS}/accounts/deployments/read",
        targets=accounts,
        ask=_ask_deployments,
        after=("accounts",),
        eager=True,
    ),
    Reader(
        name="contentPolicies",
        aspect="contentPolicies",
        type=f"{_CS}/accounts/raiPolicies",
        action=f"{_CS}/accounts/raiPolicies/read",
        targets=accounts,
        ask=_ask_policies,
        after=("accounts",),
        eager=True,
    ),
    Reader(
        name="diagnostics",
        aspect="diagnostics",
        type="Microsoft.Insights/diagnosticSettings",
        action="Microsoft.Insights/diagnosticSettings/read",
        targets=accounts,
        # azure-mgmt-monitor 7 has no operation for it: docs/decisions/0001-plain-get.md.
        ask=below("/providers/Microsoft.Insights/diagnosticSettings"),
        after=("accounts",),
        eager=True,
    ),
    Reader(
        name="models",
        aspect="models",
        type=f"{_CS}/locations/models",
        action=f"{_CS}/locations/models/read",
        targets=_regions("models"),
        ask=_ask_models,
        after=("accounts",),
        eager=True,
        shape="catalogue",
        keep=_keep_models,
        keep_needs=("deployments",),
    ),
    Reader(
        name="usages",
        aspect="usages",
        type=f"{_CS}/locations/usages",
        action=f"{_CS}/locations/usages/read",
        targets=_regions("usages"),
        ask=_ask_usages,
        after=("accounts",),
        eager=True,
        shape="catalogue",
    ),
    Reader(
        name="providers",
        aspect="providers",
        type="Microsoft.Resources/providers",
        action="Microsoft.Resources/subscriptions/providers/read",
        targets=_providers,
        ask=below(),
        shape="one",
    ),
)
"""Readers of the aspects accounts, deployments, contentPolicies, diagnostics, models, usages and providers."""
