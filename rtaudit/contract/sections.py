"""A client contract as it holds in one environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def in_environment(contract: Mapping[str, Any], label: str) -> dict[str, Any]:
    """What the contract says of every environment, overlaid with what it says of this one; `id` is `client/<name>`.

    A key of the environment's section replaces the one at the top as a whole. A null there takes it away.
    """
    section = section_of(contract, label) or {}
    top = {key: value for key, value in contract.items() if key != "environments"}
    return {**top, **section, "id": f"client/{contract.get('name') or 'unnamed'}"}


def section_of(contract: Mapping[str, Any], label: str) -> Mapping[str, Any] | None:
    """The section for an environment's label (any case), or None where the contract has none of that name."""
    sections = contract.get("environments")
    if not isinstance(sections, Mapping):
        return None
    named = {str(name).casefold(): section for name, section in sections.items()}
    found = sections.get(label, named.get(label.casefold()))
    return found if isinstance(found, Mapping) else None


def covers(contract: Mapping[str, Any], label: str) -> bool:
    """True when the contract speaks of this environment: it names it, or names none and so speaks of all."""
    return "environments" not in contract or section_of(contract, label) is not None
