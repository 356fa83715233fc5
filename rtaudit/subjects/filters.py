"""Content filters: work out which content policy a deployment has, and what it blocks."""

from __future__ import annotations

from typing import Any

from rtaudit.azure import arm_id
from rtaudit.snapshot import Gap
from rtaudit.snapshot.gaps import ASSIGNED
from rtaudit.subjects.estate import EstateIndex, Subject, listing, mapping, text
from rtaudit.subjects.parts import WithGaps, fact, relation

_BOTH = ("deployment", "realtimeDeployment")

HARMS = tuple(
    (name, source) for name in ("Hate", "Sexual", "Selfharm", "Violence") for source in ("Prompt", "Completion")
)
"""The eight harm filters: name and source, as Azure writes them."""
PROMPT_SHIELDS = (("Jailbreak", "Prompt"),)
"""The filters that keep a caller from talking the model out of its instructions."""

_LEFT_OPEN = ("", "none")
"""Values of a filter's `action` that say nothing. Recorded DefaultV2 policies have `blocking: true, action: NONE`."""


@relation(*_BOTH, aspects=("contentPolicies",), fields="contentPolicy; deployment: properties.raiPolicyName")
def rai_policy(deployment: Subject) -> WithGaps:
    """The content-filter policy that the deployment names, or null."""
    return _policy(deployment, deployment.properties.get("raiPolicyName"))


@fact(
    *_BOTH,
    aspects=("contentPolicies",),
    fields=(
        "contentPolicy: properties.basePolicyName properties.contentFilters properties.format; "
        "deployment: properties.raiPolicyName"
    ),
)
def effective_filters(deployment: Subject) -> WithGaps:
    """The content filters in force: the policy's own over those of the policy it is based on (`basePolicyName`).

    Not readable, so unknown, with no policy named, or with one that the account does not list. What older api-versions call
    `allowedContentLevel` is given as `severityThreshold`.
    """
    named = deployment.properties.get("raiPolicyName")
    # Deployments of one account that name one policy have the same filters; gaps name the deployment.
    memo = deployment.estate.once(_filters_by_policy)
    key = (arm_id.parent_of(deployment.resource), text(named))
    known = memo.get(key)
    # In a plan, what is not known has to be noted for each deployment that reads it.
    if known is None or deployment.estate.partial:
        known = _effective_filters(deployment, named)
        if not known.gaps:
            memo[key] = known
    return known


def _filters_by_policy(_estate: EstateIndex) -> dict[tuple[str, str], WithGaps]:
    return {}


@fact(
    *_BOTH,
    aspects=("contentPolicies",),
    fields=(
        "contentPolicy: properties.basePolicyName properties.contentFilters properties.format; "
        "deployment: properties.raiPolicyName"
    ),
)
def harm_filters(deployment: Subject) -> WithGaps:
    """The eight harm filters in force, each once: `name`, `source`, `stated`, `enabled`, `blocking`, `severityThreshold`.

    Hate, Sexual, Selfharm and Violence on Prompt and Completion. One that the policy itself states is known whatever its base
    says; one that no policy states is off. `blocking` is unknown where the filter's `action` says otherwise.
    """
    return _asked_for(deployment, HARMS)


@fact(
    *_BOTH,
    aspects=("contentPolicies",),
    fields=(
        "contentPolicy: properties.basePolicyName properties.contentFilters properties.format; "
        "deployment: properties.raiPolicyName"
    ),
)
def prompt_shields(deployment: Subject) -> WithGaps:
    """The filter Jailbreak on Prompt in force, with the fields of `facts.harmFilters`."""
    return _asked_for(deployment, PROMPT_SHIELDS)


def _asked_for(deployment: Subject, pairs: tuple[tuple[str, str], ...]) -> WithGaps:
    filters = deployment.join("facts.effectiveFilters")
    by_pair = {(text(one.get("name")), text(one.get("source"))): one for one in filters.value}
    policy = deployment.join("raiPolicy").value
    rows = []
    for name, source in pairs:
        one = by_pair.get((name.lower(), source.lower()))
        row: dict[str, Any] = {"name": name, "source": source, "stated": one is not None}
        if policy is not None:
            row["id"] = policy["id"]
        if one is not None:
            row |= {
                "enabled": one.get("enabled") is True,
                "blocking": blocking_of(deployment, one),
                "severityThreshold": one.get("severityThreshold"),
            }
        else:
            # Only a base that could not be read may still hold it.
            row |= {field: WithGaps(False, filters.gaps) for field in ("stated", "enabled", "blocking")}
            row["severityThreshold"] = WithGaps(None, filters.gaps)
        rows.append(row)
    return WithGaps(rows)


def blocking_of(deployment: Subject, one: dict[str, Any]) -> WithGaps:
    """Whether a filter blocks; unknown where its `blocking` and its `action` say different things."""
    blocks, action = one.get("blocking") is True, one.get("action")
    if text(action) in _LEFT_OPEN or (isinstance(action, str) and (text(action) == "blocking") == blocks):
        return WithGaps(blocks)
    stated = str(one.get("blocking")).lower() if "blocking" in one else "nothing"
    message = (
        f"the filter {one.get('name')} on {one.get('source')} says {stated} for blocking and {action} for action: Microsoft"
        " does not document which of them counts"
    )
    gap = Gap(deployment.resource, "contentPolicies", "missing", code="NotDocumented", message=message)
    return WithGaps(blocks, (gap,))


def _effective_filters(deployment: Subject, named: Any) -> WithGaps:
    filters: dict[tuple[str, str], dict[str, Any]] = {}
    visited: set[str] = set()
    while isinstance(named, str) and named and named.lower() not in visited:
        visited.add(named.lower())
        policy = _policy(deployment, named)
        properties = mapping(mapping(policy.value).get("properties"))
        unread = policy.gaps or _not_readable(deployment, named, policy.value)
        if unread:
            return WithGaps(list(filters.values()), unread)
        for one in listing(properties.get("contentFilters")):
            if isinstance(one, dict):
                filters.setdefault((text(one.get("name")), text(one.get("source"))), _current(one))
        named = properties.get("basePolicyName")
    if not visited:
        return WithGaps([], _no_policy(deployment))
    return WithGaps(list(filters.values()))


@fact(
    *_BOTH,
    aspects=("contentPolicies",),
    fields="contentPolicy: properties.format properties.mode; deployment: properties.raiPolicyName",
)
def filter_mode(deployment: Subject) -> WithGaps:
    """The mode of the content policy in force (Blocking, Default, Asynchronous_filter, Deferred); null where it states none.

    Not readable, so unknown, where the filters are not: see effectiveFilters.
    """
    named = deployment.properties.get("raiPolicyName")
    if not named:
        return WithGaps(None, _no_policy(deployment))
    policy = _policy(deployment, named)
    unread = policy.gaps or _not_readable(deployment, named, policy.value)
    return WithGaps(None if unread else mapping(mapping(policy.value).get("properties")).get("mode"), unread)


@fact(*_BOTH, aspects=("contentPolicies",), fields="deployment: properties.raiPolicyName")
def names_known_policy(deployment: Subject) -> WithGaps:
    """True when the content policy that is named exists on the account; Microsoft's own (`Microsoft.*`) count as known.

    Unknown for a name that the account does not list: it may be a subscription's (since api-version 2025-10-01-preview).
    """
    named = deployment.properties.get("raiPolicyName")
    if text(named).startswith("microsoft."):
        return WithGaps(True)
    policy = _policy(deployment, named)
    if policy.value is not None:
        return WithGaps(True)
    # What is not a text names nothing; any other name may be that of a policy of the subscription.
    return WithGaps(False, policy.gaps or ((_unlisted(deployment, named),) if isinstance(named, str) and named else ()))


def _policy(deployment: Subject, named: Any) -> WithGaps:
    owner = deployment.account
    if owner is None or not isinstance(named, str) or not named:
        return WithGaps(None)
    policies = owner.join("contentPolicies")
    # Some tools write the policy's ARM id where Azure writes its name.
    by_id = named.startswith("/")
    found = next(
        (one for one in policies.value if _same(one["id"] if by_id else arm_id.name_of(one["id"]), named)), None
    )
    return WithGaps(found, () if found else policies.gaps)


def _same(one: str, other: str) -> bool:
    return arm_id.key(one) == arm_id.key(other)


def _current(content_filter: dict[str, Any]) -> dict[str, Any]:
    if "severityThreshold" in content_filter or "allowedContentLevel" not in content_filter:
        return content_filter
    return {**content_filter, "severityThreshold": content_filter["allowedContentLevel"]}


def _not_readable(deployment: Subject, named: Any, policy: dict[str, Any] | None) -> tuple[Gap, ...]:
    """The gap of a policy that the account does not list, or that is written in a format without content filters."""
    if policy is None:
        return (_unlisted(deployment, named),)
    form = mapping(policy.get("properties")).get("format")
    if text(form) != "acs":
        return ()
    message = f"the content policy {named} is of format {form}: its filters are not in Azure Resource Manager"
    return (Gap(policy["id"], "contentPolicies", "missing", code="NotReadable", message=message),)


def _unlisted(deployment: Subject, named: Any) -> Gap:
    if deployment.estate.snapshot.planned and text(named).startswith("microsoft."):
        message = f"Azure makes the content policy {named} with the account: no plan holds what it does"
        return Gap(deployment.resource, "contentPolicies", ASSIGNED, message=message)
    message = f"the account does not list the content policy {arm_id.name_of(str(named))}: "
    if text(named).startswith("microsoft."):
        message += "what this policy of Microsoft filters is not known"
    else:
        message += "it may be one of the subscription, which is not read"
    return Gap(deployment.resource, "contentPolicies", "missing", code="NotReadable", message=message)


def _no_policy(deployment: Subject) -> tuple[Gap, ...]:
    message = "no content policy is named: which default applies cannot be read"
    return (Gap(deployment.resource, "contentPolicies", "missing", code="NotReadable", message=message),)
