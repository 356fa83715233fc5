"""Preflight targets: checks that the accounts and deployments that are expected exist, or may be planned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rtaudit.azure import arm_id
from rtaudit.collect.collected import CollectedRows
from rtaudit.collect.gather import Collector
from rtaudit.collect.preflight.model import Expected, PreflightFinding
from rtaudit.collect.reader import Row
from rtaudit.documents.json_values import properties


def check_expected(gathering: Collector, expected: Iterable[Expected]) -> Iterator[PreflightFinding]:
    """One check for each account, deployment or region that is expected."""
    collected = gathering.collected
    blind = any(gap.aspect == "accounts" for gap in gathering.gaps)
    hidden = {arm_id.key(gap.scope) for gap in gathering.gaps if gap.aspect == "deployments"}
    for one in dict.fromkeys(expected):
        if not one.account:
            continue
        account = find_account(collected, one.account)
        kind = "deployment" if one.deployment else "region" if one.region else "account"
        if account is None:
            if one.planned is not None and not blind:
                yield PreflightFinding(
                    kind, one.deployment or one.account, "pass", "it does not exist yet: it is planned"
                )
                continue
            outcome = "unknown" if blind else "fail"
            yield PreflightFinding(
                kind, one.account, outcome, f"{one.source} expects the account {one.account}; it is not to be seen"
            )
        elif one.region:
            there = arm_id.region(account.get("location"))
            outcome = "pass" if there == arm_id.region(one.region) else "fail"
            yield PreflightFinding(
                "region", account["id"], outcome, f"it is in {there}; {one.source} expects {arm_id.region(one.region)}"
            )
        elif one.deployment:
            yield _deployment(account, one, deployments_of(collected, account), hidden)
        else:
            yield PreflightFinding(
                "account", account["id"], "pass", f"it is there, in {arm_id.region(account.get('location'))}"
            )


def find_account(collected: CollectedRows, named: str) -> Row | None:
    """The account of this name or id among those that were read, or None."""
    wanted, name = arm_id.key(named), named.lower()
    return next(
        (row for key, row in collected.in_scope().items() if key == wanted or arm_id.name_of(key) == name), None
    )


def deployments_of(collected: CollectedRows, account: Row) -> dict[str, Row]:
    """Name in lower case -> deployment of an account."""
    return collected.memo(_by_account).get(arm_id.key(account["id"]), {})


def _by_account(collected: CollectedRows) -> dict[str, dict[str, Row]]:
    found: dict[str, dict[str, Row]] = {}
    for row in collected.kept("deployments"):
        found.setdefault(arm_id.parent_of(row["id"]), {})[arm_id.name_of(row["id"]).lower()] = row
    return found


def _deployment(account: Row, one: Expected, there: dict[str, Row], hidden: set[str]) -> PreflightFinding:
    name = str(one.deployment)
    found = there.get(name.lower())
    if found is not None:
        model = properties(found).get("model")
        model = model if isinstance(model, dict) else {}
        what = f"{model.get('name')} {model.get('version')}" if model else "an unknown model"
        plan = one.planned
        other = plan is not None and (
            str(model.get("name")).lower() != plan.model.lower()
            or (plan.version is not None and str(model.get("version")).lower() != plan.version.lower())
        )
        if plan is not None and other:
            wanted = f"{plan.model} {plan.version or ''}".strip()
            return PreflightFinding(
                "deployment", found["id"], "fail", f"{name} is there with {what}, and {wanted} is planned"
            )
        return PreflightFinding("deployment", found["id"], "pass", f"{name} is there: {what}")
    if arm_id.key(account["id"]) in hidden:
        return PreflightFinding(
            "deployment",
            account["id"],
            "unknown",
            f"not verified: the deployments could not be listed, {name} may be there",
        )
    if one.planned is not None:
        return PreflightFinding("deployment", account["id"], "pass", f"{name} does not exist yet: it is planned")
    said = f"{one.source} expects the deployment {name}"
    as_model = sorted(arm_id.name_of(row["id"]) for row in there.values() if _model_name(row) == name.lower())
    if as_model:
        detail = f"{said}, which is a model here: it is deployed as {', '.join(as_model)}"
    else:
        listing = ", ".join(sorted(arm_id.name_of(row["id"]) for row in there.values())) or "none"
        detail = f"{said}; the account has {listing}"
    return PreflightFinding("deployment", account["id"], "fail", detail)


def _model_name(row: Row) -> str:
    model = properties(row).get("model")
    return str(model.get("name")).lower() if isinstance(model, dict) else ""
