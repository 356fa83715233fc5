"""Contract sections: give a client contract as it holds in one environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from rtaudit.azure.realtime_api import OTHER_APIS, other_api


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


def caller_of(held: Mapping[str, Any]) -> str:
    """The principal id or ARM id that a contract (as it holds in an environment) names as its caller; empty where none."""
    stated = held.get("caller") or held.get("principalId")
    named = stated.get("id") if isinstance(stated, Mapping) else stated
    return named if isinstance(named, str) else ""


def callers_of(contracts: Iterable[Mapping[str, Any]], label: str) -> list[str]:
    """ARM ids that contracts name as callers in an environment, each once; principal ids need no look-up."""
    named = (caller_of(in_environment(one, label)) for one in contracts if covers(one, label))
    return list(dict.fromkeys(one for one in named if one.startswith("/")))


def other_api_of(held: Mapping[str, Any]) -> str | None:
    """The name of the API that a contract's client uses where it is another one than the Realtime API, or None."""
    protocol, endpoint = held.get("protocol"), held.get("endpoint")
    stated = protocol.get("path") if isinstance(protocol, Mapping) else None
    uses = [held.get("use"), other_api(stated) if isinstance(stated, str) else None, _api_of_url(endpoint)]
    return next((OTHER_APIS[one] for one in uses if isinstance(one, str) and one in OTHER_APIS), None)


def _api_of_url(endpoint: Any) -> str | None:
    try:
        return other_api(urlsplit(endpoint).path) if isinstance(endpoint, str) else None
    except ValueError:
        return None
