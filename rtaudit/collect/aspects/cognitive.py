"""Account readers: read subscriptions, accounts, deployments, content policies, catalogue, quota and providers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rtaudit.collect.aspects.calls import below, list_of, subscriptions
from rtaudit.collect.reader import Reader, Row
from rtaudit.documents.json_values import listing, properties

if TYPE_CHECKING:
    from rtaudit.collect.collected import CollectedRows

PROVIDERS = ("Microsoft.CognitiveServices", "Microsoft.Insights", "Microsoft.Network")
"""Resource providers whose registration is read."""

_REALTIME = re.compile(r"(^|-)realtime(-|$)|^gpt-live", re.IGNORECASE)


def _groups(collected: CollectedRows) -> Iterable[str]:
    """The resource groups that were named and of which no account came: they may be empty, or not exist."""
    for name in sorted(collected.groups - collected.groups_seen()):
        if "/" not in name:
            yield from (
                f"/subscriptions/{subscription}/resourceGroups/{name}" for subscription in collected.subscriptions
            )


def _keep_account(collected: CollectedRows, row: Row) -> Row | None:
    return row if collected.covers_account(row) and collected.mine(row["id"]) else None


def _providers(collected: CollectedRows) -> Iterable[str]:
    for subscription in collected.subscriptions:
        for name in PROVIDERS:
            yield f"/subscriptions/{subscription}/providers/{name}"


def _keep_models(collected: CollectedRows, row: Row) -> Row:
    deployed = collected.memo(_deployed)
    kept = [one for one in listing(row.get("value")) if is_realtime(one) or _model_key(_model(one)) in deployed]
    return {**row, "value": kept}


def _deployed(collected: CollectedRows) -> set[tuple[str, str, str]]:
    return {_model_key(properties(deployment).get("model")) for deployment in collected.kept("deployments")}


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
        send=below(),
        shape="one",
    ),
    list_of(f"{_CS}/accounts", row_filter=_keep_account),
    Reader(
        name="deletedAccounts",
        aspect="accounts",
        type=f"{_CS}/locations/resourceGroups/deletedAccounts",
        action=f"{_CS}/deletedAccounts/read",
        targets=subscriptions,
        send=below(f"/providers/{_CS}/deletedAccounts"),
        part=f"/providers/{_CS}/deletedAccounts",
    ),
    Reader(
        name="groups",
        aspect="accounts",
        type="Microsoft.Resources/resourceGroups",
        action="Microsoft.Resources/subscriptions/resourceGroups/read",
        targets=_groups,
        send=below(),
        depends_on=("accounts",),
        shape="one",
        # Only whether it is there counts.
        row_filter=lambda _collected, _row: None,
        absent_codes=frozenset({"ResourceGroupNotFound"}),
    ),
    list_of(f"{_CS}/locations/models", row_filter=_keep_models, keep_depends_on=("deployments",)),
    Reader(
        name="providers",
        aspect="providers",
        type="Microsoft.Resources/providers",
        action="Microsoft.Resources/subscriptions/providers/read",
        targets=_providers,
        send=below(),
        shape="one",
    ),
)
"""Readers of the aspects accounts, models and providers; the table of resource types makes the plain ones."""
