"""Meaning: gives one sentence per type and path, the consequence of a change; none where it is not known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rtaudit.azure import resource_types
from rtaudit.documents.json_values import mappings
from rtaudit.drift import sides
from rtaudit.report.wording import plain_field

Words = Callable[[Any, Any], "str | None"]

_A, _D, _R = resource_types.ACCOUNT, resource_types.DEPLOYMENT, resource_types.RAI_POLICY


def _either(values: dict[Any, str]) -> Words:
    """A sentence by the value on the other side."""

    def say(_before: Any, after: Any) -> str | None:
        key = after.lower() if isinstance(after, str) else after
        return next(
            (text for value, text in values.items() if value is key or (isinstance(value, str) and value == key)), None
        )

    return say


def _always(text: str) -> Words:
    return lambda _before, _after: text


def _capacity(before: Any, after: Any) -> str | None:
    if not isinstance(before, int | float) or not isinstance(after, int | float) or not before:
        return None
    return (
        f"{after / before:.3g} times the capacity, and so {'fewer' if after < before else 'more'} requests per minute"
    )


def members(before: Any, after: Any) -> tuple[list[str], list[str], list[str]]:
    """What a list gained, what it lost, and how the elements that stayed changed: `name: field old → new`."""
    old, new = _named(before), _named(after)
    other = []
    for name in old:
        if name in new and old[name] != new[name]:
            fields = sorted(old[name].keys() | new[name].keys())
            other += [
                f"{name}: {plain_field(field)} {_short(old[name].get(field))} → {_short(new[name].get(field))}"
                for field in fields
                if old[name].get(field) != new[name].get(field)
            ]
    return [name for name in new if name not in old], [name for name in old if name not in new], other


def _members(before: Any, after: Any) -> str | None:
    """What a list gained and lost, element by element."""
    more, less, other = members(before, after)
    parts = [f"+ {name}" for name in more] + [f"- {name}" for name in less] + other
    if not parts:
        return None
    return ", ".join(parts[:6]) + (f" and {len(parts) - 6} more" if len(parts) > 6 else "")


_NAMING = (
    ("name", "source"),
    ("category",),
    ("categoryGroup",),
    ("key",),
    ("value",),
    ("id",),
    ("zoneName",),
    ("actionGroupId",),
)
"""Fields that name an element of a set."""


def _named(value: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(value, list):
        return {}
    found: dict[str, dict[str, Any]] = {}
    for item in value:
        if isinstance(item, dict):
            fields = next(
                (fields for fields in _NAMING if all(isinstance(item.get(field), str) for field in fields)), None
            )
            name = " on ".join(item[field] for field in fields) if fields else _short(item)
            found[name] = item
        else:
            found[_short(item)] = {}
    return found


def _short(value: Any) -> str:
    if value is None:
        return "(not set)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return " ".join(f"{key} {_short(held)}" for key, held in sorted(value.items()))
    if isinstance(value, list):
        return ", ".join(_short(item) for item in value)
    return str(value)


def _filters(before: Any, after: Any) -> str | None:
    said = _members(before, after)
    if said is None:
        return None
    old, new = _named(before), _named(after)
    off = [
        name
        for name, item in old.items()
        if item.get("blocking")
        and item.get("enabled", True)
        and not (new.get(name, {}).get("blocking") and new[name].get("enabled", True))
    ]
    return f"{said}: no longer blocked: {', '.join(off)}" if off else said


def _connections(_before: Any, after: Any) -> str | None:
    states = [str(item.get("status")) for item in mappings(after)]
    if not states:
        return "no private endpoint connects to the account"
    settled = [state for state in states if state.lower() == "approved"]
    return None if settled else "no connection is approved: the private path does not carry sessions"


_TABLE: tuple[tuple[str, str, Words], ...] = (
    (_A, "/properties/publicNetworkAccess", _either({"enabled": "the account is reachable from the internet, subject to its firewall", "disabled": "the account is reachable through private endpoints only"})),
    (_A, "/properties/networkAcls/defaultAction", _either({"allow": "every network is allowed; IP and subnet rules have no effect", "deny": "only listed networks are allowed"})),
    (_A, "/properties/networkAcls/bypass", _either({"azureservices": "trusted Azure services bypass the firewall", "none": "trusted Azure services no longer bypass the firewall"})),
    (_A, "/properties/disableLocalAuth", _either({True: "API keys are disabled: only Microsoft Entra tokens are accepted", False: "API keys are enabled: anyone holding a key has access, regardless of role"})),
    (_A, "/properties/customSubDomainName", lambda _before, after: "without a custom subdomain neither Entra tokens nor private endpoints work" if after is None else "Entra tokens and private endpoints become possible"),
    (_A, "/properties/restrictOutboundNetworkAccess", _either({True: "outbound calls are limited to the allowed hosts", False: "outbound calls are no longer limited"})),
    (_A, "/properties/privateEndpointConnections", _connections),
    (_A, "/properties/abusePenalty", lambda before, after: "Azure has put a penalty on the account" if before is None else "the penalty was lifted" if after is None else None),
    (_A, "/properties/provisioningState", lambda _before, after: None if str(after).lower() == "succeeded" else "the account is not healthy"),
    (_A, "/kind", _always("another kind of account: other host names, DNS zones and features")),
    (_A, "/location", _always("another region: other models, quota, latency and residency")),
    (_A, "/identity/type", lambda _before, after: "without a managed identity customer keys and own storage are impossible" if after is None else None),
    (_A, "/properties/encryption/keySource", _either({"microsoft.cognitiveservices": "data is encrypted with Microsoft's keys", "microsoft.keyvault": "data is encrypted with the customer's keys"})),
    (_D, "/name", _always("clients that ask for the deployment by name need another one here")),
    (_D, "/properties/model/version", _always("another version of the model: voices, limits, price and retirement may differ")),
    (_D, "/properties/model/name", _always("different model behind the same deployment name")),
    (_D, "/properties/versionUpgradeOption", _either({"noautoupgrade": "the deployment stops working when its model version retires", "oncecurrentversionexpired": "Azure upgrades the model when the version retires", "oncenewdefaultversionavailable": "Azure upgrades the model whenever a new default comes"})),
    (_D, "/properties/deploymentState", _either({"paused": "the deployment serves no requests until it is resumed", "running": "the deployment serves"})),
    (_D, "/properties/provisioningState", lambda _before, after: None if str(after).lower() == "succeeded" else "the deployment is not ready to serve"),
    (_D, "/properties/raiPolicyName", _always("a different content policy applies")),
    (_D, "/sku/capacity", _capacity),
    (_D, "/sku/name", _always("different SKU: data location, price and quota differ")),
    (_R, "/properties/contentFilters", _filters),
    (_R, "/properties/mode", lambda _before, after: "content is delivered before it is filtered" if str(after).lower() in ("asynchronous_filter", "deferred") else "content is filtered before it is delivered"),
    (resource_types.DIAGNOSTICS, "/properties/logs", _members),
    (resource_types.DIAGNOSTICS, "/properties/metrics", _members),
    (resource_types.DIAGNOSTICS, "/properties/workspaceId", lambda _before, after: "nothing is sent to a workspace" if after is None else "logs go to another workspace"),
    ("microsoft.operationalinsights/workspaces", "/properties/retentionInDays", lambda before, after: f"logs are kept {'shorter' if after < before else 'longer'}" if isinstance(before, int) and isinstance(after, int) else None),
    ("microsoft.resources/providers", "/registrationState", lambda _before, after: None if str(after).lower() == "registered" else "the provider is not registered in the subscription"),
    (sides.CLIENT, "/transport", _always("another transport: other firewalls, hosts and regions apply")),
    (sides.CLIENT, "/callerRoles", _always("the identity that connects holds other roles: sessions may be refused with 401")),
    (sides.CLIENT, "/auth", _always("clients authenticate differently")),
    (sides.CLIENT, "/protocol/apiVersion", _always("another version of the protocol: what works here may be refused there")),
    (sides.CLIENT, "/protocol/path", _always("another endpoint of the service: what works here may be refused there")),
    (sides.CLIENT, "/runsIn", _always("the code runs elsewhere: who can read its secrets, and which network it comes from, differ")),
)  # fmt: skip
"""Type, path, and what the change means."""

_BY_PLACE: dict[tuple[str, str], Words] = {(resource_type, path): words for resource_type, path, words in _TABLE}

_RESOURCE_SENTENCES: dict[str, tuple[str, str]] = {
    _D: ("the deployment does not exist here", "deployment that the base does not have"),
    _A: ("the role has no account here", "account that the base does not have"),
    resource_types.DIAGNOSTICS: ("what this setting recorded is not recorded here", "records what the base does not"),
    resource_types.PRIVATE_ENDPOINT: ("the private path is missing here", "a private path that the base does not have"),
    resource_types.ZONE_LINK: (
        "the linked network cannot resolve the private names",
        "a further network resolves the private names",
    ),
    resource_types.ZONE_GROUP: (
        "the endpoint's names are not written to private DNS",
        "the endpoint's names are written to private DNS",
    ),
    _R: ("the content policy does not exist here", "a content policy that the base does not have"),
}
"""Type -> what it means that the other side lacks it, and that it has it."""


def meaning_of(resource_type: str, path: str, kind: str, before: Any, after: Any) -> str | None:
    """What a change means, in one sentence without a full stop; None where nothing is known."""
    if path == "":
        if kind == "changed" or resource_type not in _RESOURCE_SENTENCES:
            return None
        return _RESOURCE_SENTENCES[resource_type][0 if kind == "removed" else 1]
    words = _BY_PLACE.get((resource_type, path))
    if words is not None:
        return words(before, after)
    return _members(before, after) if isinstance(before, list) or isinstance(after, list) else None
