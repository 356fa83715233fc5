"""Inventory: answers what a snapshot holds, as rows. Queries only; `rtaudit.render.inventory` lays them out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rtaudit.inventory.capacity import capacity
from rtaudit.inventory.rows import InventoryRow, accounts, deployments, endpoints, gaps
from rtaudit.snapshot import Snapshot
from rtaudit.subjects import EstateIndex


@dataclass(frozen=True, slots=True)
class Inventory:
    """One kind of rows."""

    rows: Callable[[EstateIndex], list[InventoryRow]]
    """Every row with every column."""
    columns: tuple[str, ...]
    """Every column."""
    terminal: tuple[str, ...]
    """The columns that a terminal shows, unless all are asked for."""
    empty: str
    """The text where there is no row."""
    least: tuple[str, ...]
    """The columns that a narrow terminal leaves out, the least important first."""


def list_inventory(snapshot: Snapshot, what: str) -> list[InventoryRow]:
    """The rows of the inventory `what` (a key of INVENTORIES) of a snapshot, with every column."""
    return INVENTORIES[what].rows(EstateIndex(snapshot))


def _inventory(
    rows: Callable[[EstateIndex], list[InventoryRow]], columns: str, *, terminal: str, empty: str, least: str
) -> Inventory:
    return Inventory(rows, tuple(columns.split()), tuple(terminal.split()), empty, tuple(least.split()))


_NO_ACCOUNT = "No account of kind OpenAI or AIServices."

INVENTORIES: dict[str, Inventory] = {
    "accounts": _inventory(
        accounts,
        "account group subscription region kind exposure keys deployments realtime endpoints logsTo subdomain state "
        "notSeen id",
        terminal="account group region kind exposure keys deployments realtime endpoints logsTo notSeen",
        empty=_NO_ACCOUNT,
        least="notSeen group logsTo endpoints realtime kind deployments",
    ),
    "deployments": _inventory(
        deployments,
        "account deployment region model version role roleFrom sku capacity requestsPerMinute upgrade retires "
        "retiresFrom contentPolicy state id",
        terminal="account deployment region model version role sku capacity requestsPerMinute retires",
        empty="No model deployment.",
        least="requestsPerMinute sku region version role capacity",
    ),
    "capacity": _inventory(
        capacity,
        "subscription region model version sku role kinds couldHost because hosts deployments lifecycle retires used "
        "limit quota",
        terminal="region model version sku role couldHost because hosts used limit lifecycle retires",
        empty="No region in use.",
        least="lifecycle because limit role used retires sku version",
    ),
    "endpoints": _inventory(
        endpoints,
        "account exposure host endpoint status groupIds network zones missingZones endpointId id",
        terminal="account exposure endpoint status groupIds network zones missingZones",
        empty=_NO_ACCOUNT,
        least="groupIds network exposure zones status",
    ),
    "gaps": _inventory(
        gaps,
        "aspect scope reason status code needs message",
        terminal="aspect scope reason status code needs",
        empty="No gaps: every read succeeded.",
        least="code status reason",
    ),
}
"""What `snapshot show --what` takes."""

__all__ = ["INVENTORIES", "Inventory", "InventoryRow", "list_inventory"]
