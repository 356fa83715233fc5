"""Assembly: the resources of plans, laid over what a snapshot holds where one is given, as a Snapshot with gaps.

A gap with a `field` says that one value is not known: `assignedByAzure` where no plan can hold it, `notYetKnown` where this
one could have. A gap without says that a whole resource, or list, is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import (
    ACCOUNT,
    ACTIVITY_ALERT,
    ASSIGNMENT,
    COMMONLY_ASSIGNED,
    DEPLOYMENT,
    LOCK,
    PRIVATE_ENDPOINT,
    RESOURCE_TYPES,
    ZONE_GROUP,
)
from rtaudit.plan.connections import connected, of_other_services
from rtaudit.plan.demand import with_demand
from rtaudit.plan.model import Plan, PlannedResource, Unknown, at, settle
from rtaudit.plan.overlay import elements, merge, over, steps, unset
from rtaudit.plan.roles import definitions_by_name, with_definition
from rtaudit.snapshot import Gap, Snapshot
from rtaudit.snapshot.gaps import ASSIGNED, NOT_YET
from rtaudit.snapshot.secrets import cut_secrets, scrub

CARRIED = (
    "accounts",
    "alerts",
    "contentPolicies",
    "deployments",
    "diagnostics",
    "locks",
    "privateDns",
    "privateEndpoints",
    "roleAssignments",
    "workspaces",
)
"""Aspects whose resources a plan can hold."""

_OUTSIDE = {
    "models": "the region's model catalogue",
    "usages": "the region's quota",
    "providers": "which resource providers are registered",
}
"""Aspects that no plan holds and rules of the shipped packs read -> what they are, as a clause."""

_ON_ACCOUNT = (
    "alerts",
    "contentPolicies",
    "deployments",
    "diagnostics",
    "locks",
    "privateEndpoints",
    "roleAssignments",
)
"""Aspects of what belongs to an account."""

NOT_MODELLED = "this kind of code cannot say it"

_TEMPLATES = ("microsoft.resources/deployments", "microsoft.resources/deploymentstacks")
"""Types that make other resources, which no plan shows."""

_WRITABLE = ("/properties/deploymentState", "/properties/currentCapacity")
"""Assigned by Azure where the code does not say them."""

_HINT = "rtaudit plan --with SNAPSHOT brings it"


def assemble(plans: Sequence[Plan], environment: str, base: Snapshot | None) -> Snapshot:
    """The environment after the plans, as far as they and `base` (what is there now) tell."""
    found = _Assembly(plans, base)
    ids = [planned.id for planned in found.planned.values()]
    subscriptions = sorted({one for resource_id in ids if (one := arm_id.subscription_of(resource_id))})
    scope: dict[str, Any] = dict(base.scope) if base else {"cloud": "AzureCloud", "subscriptions": subscriptions}
    scope["subscriptions"] = sorted({*map(str, scope.get("subscriptions") or ()), *subscriptions})
    scope["aspects"] = sorted(base.aspects if base else {*CARRIED, *_OUTSIDE})
    scope["planned"] = {
        "plans": [{"format": plan.format, "file": plan.file.replace("\\", "/").rsplit("/", 1)[-1]} for plan in plans],
        "with": base.digest if base else None,
        "addresses": {
            planned.id: planned.address for planned in found.planned.values() if planned.address != planned.id
        },
        "sources": {
            planned.id: {"file": planned.source[0], "line": planned.source[1]}
            for planned in found.planned.values()
            if planned.source
        },
        "defaults": {planned.id: dict(planned.defaults) for planned in found.planned.values() if planned.defaults},
    }
    scope["planned"] = {key: value for key, value in scope["planned"].items() if value}
    resources = list(found.resources.values())
    if base:
        resources = with_demand(base, resources, found.possible)
    # Which api-version showed a resource says what its absent fields mean.
    versions = base.collection.get("apiVersions") if base else None
    collection = {"apiVersions": versions} if versions else {}
    cut = [cut_secrets(one) for one in resources]
    return Snapshot.of(environment, scope, cut, found.gaps, base.clients if base else (), collection)


class _Assembly:
    """The resources and gaps of the plans together."""

    def __init__(self, plans: Sequence[Plan], base: Snapshot | None) -> None:
        self.base = base
        self.resources = {arm_id.key(one["id"]): one for one in base.resources} if base else {}
        self.gaps: list[Gap] = list(base.gaps) if base else []
        self.planned: dict[str, PlannedResource] = {}
        """Key of id -> what is planned of it, patches and repetitions laid together."""
        self.possible: list[dict[str, Any]] = []
        """What a condition decides on that the plan does not settle."""
        for plan in plans:
            for planned in plan.resources:
                self._take(planned)
        self.gaps += self._gaps_of_templates()
        self._replaced, gone = self._remove()
        self._roles = definitions_by_name(base.resources) if base else {}
        for planned in self.planned.values():
            self._lay(planned)
        self.gaps += connected(self.resources, gone, self.planned)
        self.gaps += _gaps_of_plans(plans)
        self.gaps += self._gaps_of_accounts()
        if base is None:
            self.gaps += [
                Gap("/", aspect, NOT_YET, message=f"a plan does not hold {what}; {_HINT}")
                for aspect, what in _OUTSIDE.items()
            ]

    def _take(self, planned: PlannedResource) -> None:
        key = arm_id.key(planned.id)
        earlier = self.planned.get(key)
        if earlier is None or earlier.fate in ("delete", "exists"):
            self.planned[key] = planned
        elif planned.fate not in ("delete", "exists"):
            # The same id from two modules, or a patch over a resource of the plan.
            if earlier.fate == "change" and planned.fate in ("create", "put"):
                earlier, planned = planned, earlier
            body = merge(earlier.body, planned.body)
            for path in planned.cleared:
                unset(body, path.split("."))
            self.planned[key] = replace(
                earlier,
                body=body,
                fate=planned.fate if earlier.fate == "keep" else earlier.fate,
                cleared=[path for path in [*earlier.cleared, *planned.cleared] if at(body, path.split(".")) is None],
                conditional=earlier.conditional and planned.conditional,
                unmodelled=[
                    path for path in earlier.unmodelled if at(planned.body, path.strip("/").split("/")) is None
                ],
            )

    def _remove(self) -> tuple[set[str], set[str]]:
        """Take away what is deleted or replaced, with everything below it; returns the keys of these, and of all that went."""
        gone = {
            key
            for key, planned in self.planned.items()
            if planned.fate in ("delete", "create") and key in self.resources
        }
        below = {key for key in self.resources if any(above in gone for above in _above(key))} if gone else set()
        for key in below:
            del self.resources[key]
        for key in [key for key, planned in self.planned.items() if planned.fate == "delete"]:
            del self.planned[key]
        return gone, below

    def _lay(self, planned: PlannedResource) -> None:
        key = arm_id.key(planned.id)
        kind = arm_id.type_of(planned.id)
        row = RESOURCE_TYPES.get(kind)
        aspect = row.aspect if row else None
        if row is None or aspect is None:
            return
        there = self.resources.get(key)
        if planned.fate == "exists":
            if planned.partial:
                self.gaps.append(Gap(planned.id, aspect, NOT_YET, message="the plan does not show what it will be"))
            elif there is None:
                self.gaps.append(Gap(planned.id, aspect, NOT_YET, message=f"the plan does not show it; {_HINT}"))
            return
        if planned.conditional:
            message = f"whether it is deployed depends on a condition that the plan does not settle ({planned.address})"
            self.gaps.append(Gap(planned.id, aspect, NOT_YET, message=message))
            self.possible.append(settle(planned.body)[0])
            return
        planned_body = planned.body
        if kind == ACCOUNT and not isinstance(planned_body.get("kind"), str):
            if there is None:
                self.gaps.append(Gap(planned.id, aspect, NOT_YET, message="the plan does not tell its kind"))
                return
            planned_body = {**planned_body, "kind": there.get("kind")}
        if kind == "microsoft.insights/actiongroups":
            planned_body = _only_whether_it_acts(planned_body)
        elif kind == PRIVATE_ENDPOINT:
            planned_body = of_other_services(planned_body)
        elif kind == ASSIGNMENT:
            planned_body = with_definition(planned_body, self._roles)
        body, unknown = settle(planned_body)
        if not isinstance(body.get("properties", {}), dict):
            del body["properties"]
            unknown.append(("/properties", "its properties are not an object in the plan"))
        assigned = [*COMMONLY_ASSIGNED, *row.assigned]
        # A template may state what only Azure decides, such as a connection's approval: a wish, and no fact.
        decided = [one for one in elements(body, assigned) if one not in _WRITABLE]
        for pointer in decided:
            unset(body, steps(pointer))
        unknown = [one for one in unknown if not any(f"{one[0]}/".startswith(f"{above}/") for above in decided)]
        if there is not None:
            body, unknown = over(there, body, planned, unknown, assigned)
        fields = {pointer: (NOT_YET, f"{why} ({planned.address})") for pointer, why in unknown}
        if there is None:
            for pointer in planned.unmodelled:
                fields.setdefault(pointer, (NOT_YET, f"{NOT_MODELLED} ({planned.address})"))
            if planned.partial:
                fields.setdefault(
                    "/properties", (NOT_YET, f"the plan shows what the code wrote, not all that Azure holds; {_HINT}")
                )
        # Of what is there already, what Azure has not assigned is known to be absent.
        for pointer in elements(body, assigned) if there is None else ():
            if at(body, steps(pointer)) is None:
                fields.setdefault(pointer, (ASSIGNED, "Azure assigns it"))
        for pointer, (reason, message) in fields.items():
            code = "NotModelled" if message.startswith(NOT_MODELLED) else None
            self.gaps.append(Gap(planned.id, aspect, reason, code=code, field=pointer, message=message))
        if kind == ZONE_GROUP:
            self.gaps += _written_by(body, there)
        self.resources[key] = body

    def _gaps_of_templates(self) -> Iterator[Gap]:
        for key, planned in self.planned.items():
            stays = planned.fate == "exists" or (planned.fate == "keep" and self.base is not None)
            if arm_id.type_of(key) in _TEMPLATES and not stays:
                yield from _everywhere(
                    f"{planned.address} deploys a template, and the plan does not show what is in it"
                )

    def _gaps_of_accounts(self) -> Iterator[Gap]:
        """What else is on the accounts that the plan does not make, and above those that it makes."""
        there = {arm_id.key(one["id"]) for one in self.base.resources} if self.base else set()
        groups = {_group_of(key) for key in there if arm_id.type_of(key) == ACCOUNT}
        accounts = {account for key in self.planned if (account := _account_of(key))}
        if self.base is None and not accounts:
            message = f"the plan holds no account; {_HINT}"
            yield from (Gap("/", aspect, NOT_YET, message=message) for aspect in ("accounts", *_ON_ACCOUNT))
        new = {arm_id.subscription_of(key) for key in accounts} - {arm_id.subscription_of(key) for key in there}
        for subscription in sorted(one for one in new if one):
            message = f"activity-log alerts that are not in the plan are not shown; {_HINT}"
            yield Gap(f"/subscriptions/{subscription}/providers/{ACTIVITY_ALERT}", "alerts", NOT_YET, message=message)
        seen: set[str] = set()
        for key, planned in list(self.planned.items()):
            account = _account_of(key)
            if account is None or account in seen or (account in there and account not in self._replaced):
                continue
            seen.add(account)
            made = self.planned.get(account)
            if made is not None and made.fate in ("create", "put"):
                if _group_of(account) not in groups:
                    yield from _inherited(made.id)
                continue
            shown = made.id if made else planned.id[: len(planned.id) - len(key) + len(account)]
            if made is None:
                yield Gap(shown, "accounts", NOT_YET, message=f"the account is not in the plan; {_HINT}")
            message = f"the plan does not show what else is on the account; {_HINT}"
            yield from (Gap(shown, aspect, NOT_YET, message=message) for aspect in _ON_ACCOUNT)


def _gaps_of_plans(plans: Iterable[Plan]) -> Iterator[Gap]:
    for plan in plans:
        for sentence in plan.missing:
            yield from _everywhere(sentence)


def _everywhere(sentence: str) -> Iterator[Gap]:
    """Nothing follows from what is absent; and what is missing may draw on the quota too."""
    yield from (Gap("/", aspect, NOT_YET, message=scrub(sentence)) for aspect in (*CARRIED, "usages"))


def _inherited(account: str) -> Iterator[Gap]:
    for kind, what in ((ASSIGNMENT, "roles"), (LOCK, "locks")):
        aspect = RESOURCE_TYPES[kind].aspect
        assert aspect is not None
        message = f"{what} of its resource group, subscription and above are not in the plan; {_HINT}"
        yield Gap(account, aspect, NOT_YET, message=message)


def _written_by(zone_group: dict[str, Any], there: dict[str, Any] | None) -> Iterator[Gap]:
    """The records that a zone group writes into zones that are new to it, once its endpoint has an address."""
    known = set(map(arm_id.key, _zones(there)))
    for zone in _zones(zone_group):
        if arm_id.key(zone) not in known:
            yield Gap(zone, "privateDns", ASSIGNED, message="the zone group writes the records at the deployment")


def _zones(zone_group: dict[str, Any] | None) -> list[str]:
    configs = at(zone_group, ("properties", "privateDnsZoneConfigs"))
    zones = [at(one, ("properties", "privateDnsZoneId")) for one in (configs if isinstance(configs, list) else ())]
    return [one for one in zones if isinstance(one, str)]


def _only_whether_it_acts(body: dict[str, Any]) -> dict[str, Any]:
    """Of an action group only whether it acts, as a collected snapshot holds it."""
    kept: dict[str, Any] = {name: body[name] for name in ("id", "name", "type", "location") if name in body}
    properties = body.get("properties") or {}
    if not isinstance(properties, dict):
        return {**kept, "properties": properties}
    lists = [value for name, value in properties.items() if name.endswith("Receivers")]
    # A receiver counts also where its address is not known.
    open_list = next((one for one in lists if isinstance(one, Unknown)), None)
    count = open_list or sum(len(one) for one in lists if isinstance(one, list))
    return {**kept, "properties": {"enabled": properties.get("enabled"), "receivers": count}}


def _account_of(key: str) -> str | None:
    """The account (key of its id) that a resource is, or is on; None for others."""
    for above in reversed(_above(key)) if f"/{ACCOUNT}/" in key else ():
        if arm_id.type_of(above) == ACCOUNT:
            return above
    return None


def _group_of(key: str) -> str:
    return key.partition("/providers/")[0]


def _above(key: str) -> list[str]:
    """The ids above a resource, and its own."""
    parts = key.split("/")
    return ["/".join(parts[:end]) for end in range(2, len(parts) + 1)]


__all__ = ["ASSIGNED", "CARRIED", "DEPLOYMENT", "NOT_YET", "assemble"]
