"""Preflight run: reads what the checks need, and answers whether everything is there; GETs only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from rtaudit.collect.arm import ArmReader
from rtaudit.collect.aspects import READERS
from rtaudit.collect.collected import CollectedRows
from rtaudit.collect.credentials import Identity
from rtaudit.collect.endpoint import Endpoint
from rtaudit.collect.gather import Collector
from rtaudit.collect.limits import Limits
from rtaudit.collect.preflight.access import (
    PERMISSIONS,
    check_groups,
    check_identity,
    check_permissions,
    check_providers,
    check_subscriptions,
)
from rtaudit.collect.preflight.build import Site, facts_of, find_sites, readers_for
from rtaudit.collect.preflight.model import Expected, Preflight
from rtaudit.collect.preflight.site_checks import check_sites
from rtaudit.collect.preflight.targets import check_expected
from rtaudit.collect.request import CollectionRequest
from rtaudit.collect.run import CollectionObserver, find_subscriptions, refused
from rtaudit.contract.sections import caller_of


def preflight(
    request: CollectionRequest,
    endpoint: Endpoint,
    identity: Identity,
    expected: Sequence[Expected] = (),
    limits: Limits | None = None,
    watch: CollectionObserver | None = None,
    today: date | None = None,
) -> Preflight:
    """Look whether a collection of `request` would see everything, and whether what is expected is there or can be built.

    `today` is the day that retirements are counted from. Raises CredentialError as `collect` does.
    """
    limits, watch = limits or Limits(), watch or CollectionObserver()
    arm = ArmReader(endpoint, identity, limits, watch.log)
    planned = {one.account.lower() for one in expected if one.planned is not None}
    named = [Expected(name, source="--account") for name in request.accounts if name.lower() not in planned]
    expected = [*named, *expected]
    try:
        identity.get_token(endpoint.scope)
        subscriptions = find_subscriptions(arm, request)
        readers = {name: READERS[name] for name in ("subscriptions", "providers", "accounts", "groups")}
        readers["permissions"] = PERMISSIONS
        if any(one.deployment for one in expected):
            readers["deployments"] = READERS["deployments"]
        groups = frozenset(name.lower() for name in request.groups)
        collected = CollectedRows(endpoint.cloud, subscriptions, groups, frozenset(), readers)
        gathering = Collector(
            arm, collected, readers, limits, observe=watch.observe, stop=watch.stop,
            must_exist=frozenset(f"/subscriptions/{name}" for name in subscriptions),
        )  # fmt: skip
        watch.gathering = True
        gathering.run()
        if gathering.refusal is not None:
            raise refused(arm, gathering.refusal.read.subject, gathering.refusal.fault, request)
        sites, open_questions = find_sites(collected, expected)
        second = _look_further(arm, collected, sites, limits, watch)
    finally:
        arm.close()
    if "interrupted" in (gathering.interrupted, second.interrupted if second else None):
        raise KeyboardInterrupt
    tenants = sorted({str(row["tenantId"]) for row in collected.kept("subscriptions") if row.get("tenantId")})
    tenant = identity.tenant or (tenants[0] if len(tenants) == 1 else None)
    answer = Preflight(
        {
            "cloud": endpoint.cloud.name,
            "tenant": tenant,
            "principal": identity.principal,
            "application": identity.claims.get("appid"),
            "subscriptions": subscriptions,
        }
    )
    answer.checks += check_identity(request, identity, tenants)
    answer.checks += check_subscriptions(gathering)
    answer.checks += check_providers(gathering, request)
    answer.checks += check_permissions(gathering, request, identity)
    answer.checks += check_groups(gathering, request)
    answer.checks += check_expected(gathering, expected)
    answer.checks += open_questions
    if second is not None:
        scope = {
            "cloud": endpoint.cloud.name,
            "tenant": tenants[0] if len(tenants) == 1 else tenant,
            "subscriptions": subscriptions,
        }
        facts = facts_of(gathering, second, sites, scope)
        answer.checks += check_sites(sites, facts, second, today or datetime.now(UTC).date())
    return answer


def _look_further(
    arm: ArmReader, first: CollectedRows, sites: Sequence[Site], limits: Limits, watch: CollectionObserver
) -> Collector | None:
    """Read what the sites need, once it is known where they are; None where there is none."""
    readers = readers_for(sites)
    if not readers:
        return None
    callers = [caller_of(site.expected.contract) for site in sites if site.expected.contract is not None]
    collected = CollectedRows(
        first.cloud, first.subscriptions, frozenset(), frozenset(), readers,
        callers=[one for one in dict.fromkeys(callers) if one.startswith("/")],
    )  # fmt: skip
    collected.rows["accounts"] = {**first.rows["accounts"], "planned": [site.account for site in sites]}
    gathering = Collector(arm, collected, readers, limits, observe=watch.observe, stop=watch.stop)
    gathering.run()
    return gathering
