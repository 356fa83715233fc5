"""Preflight build: finds the deployments that are asked about, there or planned, and what has to be read to answer for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.collect.aspects import READERS
from rtaudit.collect.aspects.authorization import CALLERS
from rtaudit.collect.aspects.calls import below
from rtaudit.collect.collected import CollectedRows
from rtaudit.collect.gather import Collector
from rtaudit.collect.preflight.model import Expected, PreflightFinding
from rtaudit.collect.preflight.targets import deployments_of, find_account
from rtaudit.collect.reader import Reader, Row
from rtaudit.contract.sections import caller_of
from rtaudit.documents.json_values import listing, properties
from rtaudit.snapshot import Snapshot
from rtaudit.subjects import EstateIndex as Facts

CS = "Microsoft.CognitiveServices"
_ASPECTS = ("accounts", "deployments", "models", "usages", "roleAssignments")


@dataclass(slots=True)
class Site:
    """A deployment, there or planned, with what is known of it."""

    expected: Expected
    account: Row
    """The account; one that does not exist yet has the id that it would have."""
    deployment: Row
    region: str
    is_account_there: bool
    is_there: bool

    @property
    def subscription(self) -> str:
        """Lower case."""
        return arm_id.subscription_of(self.account["id"]) or ""

    @property
    def units(self) -> int:
        """Units of quota and capacity that are still to be had: of a deployment that is there, what it is to grow by."""
        plan = self.expected.planned
        have = (self.deployment.get("sku") or {}).get("capacity") if self.is_there else 0
        return max(0, plan.capacity - (have if isinstance(have, int) else 0)) if plan is not None else 0

    @property
    def place(self) -> str:
        """`/subscriptions/S/providers/Microsoft.CognitiveServices/locations/REGION`."""
        return f"/subscriptions/{self.subscription}/providers/{CS}/locations/{self.region}"

    @property
    def model(self) -> dict[str, Any]:
        """`format`, `name`, `version`."""
        found: dict[str, Any] = properties(self.deployment)["model"]
        return found


def find_sites(collected: CollectedRows, expected: Iterable[Expected]) -> tuple[list[Site], list[PreflightFinding]]:
    """The deployments to look into, and what keeps one from being looked into."""
    sites: list[Site] = []
    checks: list[PreflightFinding] = []
    for one in dict.fromkeys(expected):
        if one.planned is None and one.contract is None:
            continue
        if (
            one.account
            and not one.deployment
            and one.contract is None
            and any(other.account == one.account and other.deployment for other in expected if other is not one)
        ):
            continue  # its deployment is looked into
        account = find_account(collected, one.account) if one.account else None
        if account is not None:
            sites += _at(collected, one, account)
        elif one.planned is not None and one.planned.region:
            for subscription in _subscriptions(collected, one.account):
                sites += _at(collected, one, _planned_account(collected, subscription, one))
        elif one.planned is not None:
            where = one.account or one.planned.model
            checks.append(
                PreflightFinding(
                    "region",
                    where,
                    "unknown",
                    f"not verified: nothing says in which region {where} is planned; say --region",
                )
            )
    return sites, checks


def _subscriptions(collected: CollectedRows, account: str) -> Sequence[str]:
    named = arm_id.subscription_of(account) if account.startswith("/") else None
    return [named] if named else collected.subscriptions


def _planned_account(collected: CollectedRows, subscription: str, one: Expected) -> Row:
    group = (
        arm_id.group_of(one.account) if one.account.startswith("/") else next(iter(sorted(collected.groups)), "planned")
    )
    name = arm_id.name_of(one.account) or "planned"
    return {
        "id": f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{CS}/accounts/{name}",
        "name": name, "type": f"{CS}/accounts", "kind": "AIServices", "location": one.planned.region if one.planned else None,
        "properties": {},
    }  # fmt: skip


def _at(collected: CollectedRows, one: Expected, account: Row) -> Iterator[Site]:
    there = find_account(collected, account["id"]) is not None
    found = deployments_of(collected, account).get((one.deployment or "").lower())
    region = arm_id.region(account.get("location"))
    if found is not None and isinstance(properties(found).get("model"), dict):
        yield Site(one, account, found, region, there, True)
    elif found is None and one.planned is not None:
        plan, name = one.planned, one.deployment or one.planned.model
        row = {
            "id": f"{account['id']}/deployments/{name}", "name": name, "sku": {"name": plan.sku, "capacity": plan.capacity},
            "properties": {"model": {"format": "OpenAI", "name": plan.model, "version": plan.version or ""}},
        }  # fmt: skip
        yield Site(one, account, row, region, there, False)


def readers_for(sites: Sequence[Site]) -> dict[str, Reader]:
    """What is read to answer for the sites: catalogues and quota of their regions, capacities, deleted accounts, roles."""
    if not sites:
        return {}
    found = {}
    for name in ("models", "usages"):
        found[name] = replace(
            READERS[name],
            targets=_each(f"{site.place}/{name}" for site in sites),
            row_filter=None,
            keep_depends_on=(),
            depends_on=(),
            of_each=None,
        )
    for number, site in enumerate(sites):
        if site.units:
            found[f"capacity {number}"] = _capacity(number, site)
    missing = {site.subscription for site in sites if site.expected.account and not site.is_account_there}
    if missing:
        found["deletedAccounts"] = Reader(
            name="deletedAccounts", aspect="deletedAccounts", type=f"{CS}/locations/resourceGroups/deletedAccounts",
            action=f"{CS}/deletedAccounts/read", send=below(f"/providers/{CS}/deletedAccounts"),
            targets=_each(f"/subscriptions/{one}" for one in sorted(missing)),
        )  # fmt: skip
    callers = [caller_of(site.expected.contract) for site in sites if site.expected.contract is not None]
    if any(callers):
        types = {arm_id.type_of(one) for one in callers if one.startswith("/")}
        for reader in (READERS["roleAssignments"], READERS["roleDefinitions"], *CALLERS):
            if reader not in CALLERS or reader.type.lower() in types:
                found[reader.name] = reader
    return found


def _each(paths: Iterable[str]) -> Any:
    listed_once = list(dict.fromkeys(paths))
    return lambda _collected: listed_once


def _capacity(number: int, site: Site) -> Reader:
    """What the region has left of the site's model; asked for once the catalogue has said which version is the default."""

    def targets(collected: CollectedRows) -> list[str]:
        settle_version(site, collected)
        return [f"{site.place}/modelCapacities"] if site.model["version"] else []

    def ask(arm: Any, subject: str, page: Any, version: str) -> None:
        of = {"modelFormat": "format", "modelName": "name", "modelVersion": "version"}
        below("", **{query: str(site.model[field]) for query, field in of.items()})(arm, subject, page, version)

    return Reader(
        name=f"capacity {number}", aspect="capacity", type=f"{CS}/locations/modelCapacities",
        action=f"{CS}/locations/modelCapacities/read", targets=targets, send=ask, depends_on=("models",), shape="catalogue",
        part=f"/{site.model['name']}",
    )  # fmt: skip


def settle_version(site: Site, collected: CollectedRows) -> None:
    """Give a site whose plan names no version the one that its region's catalogue calls the default."""
    if site.model["version"]:
        return
    kind, name = str(site.account.get("kind")).lower(), str(site.model["name"]).lower()
    for row in collected.kept("models"):
        if arm_id.key(row["id"]) != arm_id.key(f"{site.place}/models"):
            continue
        for one in listing(row.get("value")):
            model = one.get("model") if isinstance(one, dict) else None
            if not isinstance(model, dict) or str(one.get("kind")).lower() != kind:
                continue
            if str(model.get("name")).lower() == name and model.get("isDefaultVersion") is True:
                site.model["version"] = str(model.get("version"))
                return


def facts_of(first: Collector, second: Collector | None, sites: Sequence[Site], scope: dict[str, Any]) -> Facts:
    """What was read, with what is planned in its place, as the subjects that rules are checked on."""
    collected = first.collected
    rows = {arm_id.key(row["id"]): row for name in ("accounts", "deployments") for row in collected.kept(name)}
    for site in sites:
        for row in (site.account, site.deployment):
            rows.setdefault(arm_id.key(row["id"]), row)
    gaps = list(first.gaps)
    if second is not None:
        gaps += second.gaps
        names = ("models", "usages", "roleAssignments", "roleDefinitions", *(reader.name for reader in CALLERS))
        rows.update((arm_id.key(row["id"]), row) for name in names for row in second.collected.kept(name))
    contracts = {
        str(site.expected.contract["id"]): dict(site.expected.contract) for site in sites if site.expected.contract
    }
    scope = {**scope, "aspects": list(_ASPECTS)}
    known = [gap for gap in gaps if gap.aspect in _ASPECTS]
    return Facts(Snapshot.of("preflight", scope, list(rows.values()), known, list(contracts.values()), {}))
