"""Preflight site checks: find for each deployment, present or planned, what keeps it from being built or used; one cause each."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import ACCOUNT_KINDS
from rtaudit.collect.gather import Collector
from rtaudit.collect.preflight.build import Site
from rtaudit.collect.preflight.model import PreflightFinding, unread
from rtaudit.contract.sections import caller_of
from rtaudit.documents.json_values import listing, properties
from rtaudit.subjects import EstateIndex as Facts
from rtaudit.subjects import Subject
from rtaudit.subjects.client import FITS
from rtaudit.subjects.dates import parse_date

HORIZON_DAYS = 30
"""A model that retires within so many days is about to: the horizon of the pack baseline."""


def check_sites(sites: Sequence[Site], facts: Facts, second: Collector, today: date) -> Iterator[PreflightFinding]:
    """The checks of every site."""
    for number, site in enumerate(sites):
        subject = next(
            one for one in facts.deployments if arm_id.key(one.resource) == arm_id.key(site.deployment["id"])
        )
        if site.expected.account and not site.is_account_there:
            yield _name(site, second)
        offered = _model(site, subject)
        yield offered
        if offered.outcome == "pass":
            row = subject.join("model").value
            if site.expected.planned is not None:
                yield _sku(site, subject, row)
            yield _retirement(subject, row, today)
        if site.units:
            yield _quota(site, subject)
            yield _room(site, subject, second, f"capacity {number}")
        yield from _use(site, subject, facts)


def _name(site: Site, second: Collector) -> PreflightFinding:
    name = arm_id.name_of(site.account["id"])
    subscription = f"/subscriptions/{site.subscription}"
    gap = next(
        (one for one in second.gaps if one.aspect == "deletedAccounts" and arm_id.key(one.scope) == subscription), None
    )
    if gap is not None:
        return unread("name", name, gap)
    for one in second.collected.kept("deletedAccounts"):
        names = (arm_id.name_of(one["id"]).lower(), str(properties(one).get("customSubDomainName")).lower())
        if name.lower() not in names or arm_id.subscription_of(one["id"]) != site.subscription:
            continue
        until = str(properties(one).get("scheduledPurgeDate") or "it is purged")[:10]
        region = arm_id.region(one.get("location")) or _region_of(one["id"])
        words = [
            "az",
            "cognitiveservices",
            "account",
            "purge",
            "--name",
            arm_id.name_of(one["id"]),
            "--location",
            region,
        ]
        words += ["--resource-group", arm_id.group_of(one["id"]) or "GROUP", "--subscription", site.subscription]
        detail = f"a soft-deleted account in {region} holds the name and its quota until {until}"
        return PreflightFinding("name", name, "fail", detail, fix=shlex.join(words))
    detail = "no soft-deleted account of the subscription holds the name; whether another tenant's account has it, no read tells"
    return PreflightFinding("name", name, "pass", detail)


def _region_of(deleted: str) -> str:
    parts = deleted.lower().split("/")
    return parts[parts.index("locations") + 1] if "locations" in parts[:-1] else "REGION"


def _model(site: Site, subject: Subject) -> PreflightFinding:
    joined = subject.join("model")
    title = f"{site.model['name']} {site.model['version'] or '(default version)'}"
    if joined.value is not None:
        status = joined.value.get("lifecycleStatus") or "no lifecycle is stated"
        if str(status).lower() == "deprecated":
            return PreflightFinding("model", subject.resource, "fail", f"{title} is retired in {site.region}")
        if str(status).lower() == "deprecating" and not site.is_there:
            return PreflightFinding(
                "model",
                subject.resource,
                "fail",
                f"{title} is offered in {site.region} to those who have it already, and to nobody else",
            )
        return PreflightFinding("model", subject.resource, "pass", f"{title} is offered in {site.region}: {status}")
    gap = next((one for one in joined.gaps if one.code != "NotInCatalogue"), None)
    if gap is not None or not joined.gaps:
        return unread("model", subject.resource, gap)
    others = sorted({version for name, version in _versions(site, subject) if name == str(site.model["name"]).lower()})
    detail = f"{site.region} does not offer {title}"
    if others:
        detail += f"; it offers {site.model['name']} {', '.join(others)}"
    elif site.is_there:
        detail += ": most likely the model is retired, as one that is offered has a row in the catalogue"
    return PreflightFinding("model", subject.resource, "fail", detail)


def _versions(site: Site, subject: Subject) -> Iterator[tuple[str, str]]:
    kind = str(site.account.get("kind")).lower()
    catalogue = subject.estate.resource(f"{site.place}/models") or {}
    for row in listing(catalogue.get("value")):
        model = row.get("model") if isinstance(row, dict) else None
        if isinstance(model, dict) and str(row.get("kind")).lower() in {kind} & ACCOUNT_KINDS:
            yield str(model.get("name")).lower(), str(model.get("version"))


def _sku(site: Site, subject: Subject, row: dict[str, Any]) -> PreflightFinding:
    wanted = site.expected.planned.sku if site.expected.planned else ""
    offered = sorted({str(one.get("name")) for one in listing(row.get("skus")) if isinstance(one, dict)})
    if wanted.lower() in map(str.lower, offered):
        return PreflightFinding(
            "sku", subject.resource, "pass", f"{wanted} is offered for {site.model['name']} in {site.region}"
        )
    return PreflightFinding(
        "sku",
        subject.resource,
        "fail",
        f"{site.region} offers {site.model['name']} as {', '.join(offered) or 'no SKU'}, not as {wanted}",
    )


def _retirement(subject: Subject, row: dict[str, Any], today: date) -> PreflightFinding:
    day = parse_date(subject.fact("retirementDate"))
    if day is None:
        return PreflightFinding("retirement", subject.resource, "pass", "the catalogue states no retirement date")
    left = (day - today).days
    when = f"{day.isoformat()}, in {left} days" if left >= 0 else f"{day.isoformat()}, {-left} days ago"
    follows = row.get("replacementConfig")
    follows = follows if isinstance(follows, dict) else {}
    after = (
        f"; {follows['targetModelName']} {follows.get('targetModelVersion') or ''} follows it".rstrip()
        if follows.get("targetModelName")
        else ""
    )
    if left < 0:
        return PreflightFinding("retirement", subject.resource, "fail", f"the model retired on {when}{after}")
    outcome = "fail" if left <= HORIZON_DAYS else "pass"
    return PreflightFinding("retirement", subject.resource, outcome, f"the model retires on {when}{after}")


def _quota(site: Site, subject: Subject) -> PreflightFinding:
    joined = subject.join("quota")
    if joined.value is None:
        return unread("quota", subject.resource, next(iter(joined.gaps), None))
    named = joined.value.get("name")
    pool = named.get("value") if isinstance(named, dict) else named
    scope = f", {joined.value['scopeType']}" if joined.value.get("scopeType") else ""
    used, limit = joined.value.get("currentValue"), joined.value.get("limit")
    if not isinstance(used, int | float) or not isinstance(limit, int | float):
        return PreflightFinding(
            "quota",
            subject.resource,
            "unknown",
            f"not verified: the pool {pool} has a limit of {limit} and a use of {used}",
        )
    free = max(0, limit - used)
    said = f"the pool {pool} (subscription {site.subscription}{scope}) has {used:g} of {limit:g} units in use"
    outcome = "pass" if free >= site.units else "fail"
    return PreflightFinding(
        "quota", subject.resource, outcome, f"{said}; {site.units} more are needed, {free:g} are free"
    )


def _room(site: Site, subject: Subject, second: Collector, reader: str) -> PreflightFinding:
    scope = f"{site.place}/modelCapacities/{site.model['name']}"
    gap = next(
        (one for one in second.gaps if one.aspect == "capacity" and arm_id.key(one.scope) == arm_id.key(scope)), None
    )
    if gap is not None:
        return unread("capacity", subject.resource, gap)
    sku = str((site.deployment.get("sku") or {}).get("name") or "")
    for row in second.collected.kept(reader):
        for one in listing(row.get("value")):
            stated = properties(one)
            where = one.get("location")
            free = stated.get("availableCapacity")
            if str(stated.get("skuName")).lower() != sku.lower() or not isinstance(free, int | float):
                continue
            if isinstance(where, str) and arm_id.region(where) != site.region:
                continue
            outcome = "pass" if free >= site.units else "fail"
            full = "" if outcome == "pass" else ": the region is full, whatever the quota says"
            return PreflightFinding(
                "capacity",
                subject.resource,
                outcome,
                f"{site.region} has {free:g} units of {site.model['name']} {sku} left; {site.units} are needed{full}",
            )
    return PreflightFinding(
        "capacity",
        subject.resource,
        "unknown",
        f"not verified: {site.region} states no capacity of {site.model['name']} {sku}",
    )


def _use(site: Site, subject: Subject, facts: Facts) -> Iterator[PreflightFinding]:
    contract = site.expected.contract
    if contract is None:
        role = subject.join("facts.realtimeRole")
        if role.value in (None, "unknown"):
            yield unread("use", subject.resource, next(iter(role.gaps), None))
        else:
            outcome = "fail" if role.value == "none" else "pass"
            yield PreflightFinding(
                "use", subject.resource, outcome, f"{site.model['name']} has the realtime role {role.value}"
            )
        return
    client = next(one for one in facts.clients if one.resource == contract["id"])
    asked = [("use", "deploymentFit", f"the deployment can be used for {client.fact('use')}")]
    if contract.get("transcriptionDeployment"):
        asked.append(("transcription", "transcriptionFit", "its transcription deployment transcribes"))
    if caller_of(contract):
        asked.append(("caller", "callerFit", "the caller holds a role with the realtime data action"))
    for kind, fact, good in asked:
        joined = client.join(f"facts.{fact}")
        if joined.gaps:
            yield unread(kind, subject.resource, joined.gaps[0])
        elif joined.value == FITS:
            yield PreflightFinding(kind, subject.resource, "pass", good)
        elif kind == "caller" and not site.is_account_there:
            yield PreflightFinding(
                kind,
                subject.resource,
                "unknown",
                f"not verified: the account does not exist yet; {joined.value} that it would inherit",
            )
        else:
            yield PreflightFinding(kind, subject.resource, "fail", str(joined.value))
