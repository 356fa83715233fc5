"""The aspects of a collection: what can be read, skipped, missing. One table; the rooms above ask it by name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Aspect:
    """One thing that a collection reads."""

    name: str
    """As it stands in `scope.aspects`, in gaps and in `--aspect`/`--skip`."""
    about: str
    """What it is, in a few words."""
    opt_in: bool = False
    """True when it is read only if asked for (`--aspect`, or a pack that reads it)."""


ASPECTS: dict[str, Aspect] = {
    aspect.name: aspect
    for aspect in (
        Aspect("accounts", "accounts of kind OpenAI and AIServices, and the subscriptions that hold them"),
        Aspect("deployments", "model deployments of each account"),
        Aspect("contentPolicies", "content-filter (RAI) policies of each account"),
        Aspect("diagnostics", "diagnostic settings of each account"),
        Aspect("models", "the model catalogue of each region in use"),
        Aspect("usages", "quota and its use in each region in use"),
        Aspect("privateEndpoints", "private endpoints that connect to an account, with their DNS zone groups"),
        Aspect("privateDns", "private DNS zones, their virtual network links and A records"),
        Aspect("roleAssignments", "role assignments that reach an account, with the role definitions they name"),
        Aspect("alerts", "metric alerts, activity-log alerts and their action groups"),
        Aspect("workspaces", "Log Analytics workspaces that receive diagnostics"),
        Aspect("locks", "resource locks that cover an account"),
        Aspect("providers", "registration of the resource providers"),
        Aspect("defender", "Defender for AI on subscriptions and accounts", opt_in=True),
        Aspect("perimeters", "network security perimeter configurations of each account", opt_in=True),
        Aspect("metrics", "summed platform metrics of the last 7 days", opt_in=True),
    )
}
"""Every aspect by name."""

DEFAULT_ASPECTS: tuple[str, ...] = tuple(name for name, aspect in ASPECTS.items() if not aspect.opt_in)
"""The aspects that are read unless skipped."""

RECORDS = "A records of private DNS zones that name no account in scope"
"""Stands in `scope.leftOut.rules` of a snapshot that holds the zones' own records."""
