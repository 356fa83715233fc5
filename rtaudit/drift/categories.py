"""The category of a change: what an architect would file it under. One table, the first row that fits decides."""

from __future__ import annotations

from functools import lru_cache

_ACCOUNTS = "microsoft.cognitiveservices/accounts"

_TABLE: tuple[tuple[str, str, str], ...] = (
    # type (a prefix ending in * fits what begins so), path prefix, category
    ("*", "/tags", "tags"),
    ("client", "", "client"),
    (_ACCOUNTS + "/deployments", "/properties/model", "models"),
    (_ACCOUNTS + "/deployments", "/properties/versionUpgradeOption", "models"),
    (_ACCOUNTS + "/deployments", "/sku/capacity", "quota"),
    (_ACCOUNTS + "/deployments", "/properties/rateLimits", "quota"),
    (_ACCOUNTS + "/deployments", "/properties/dynamicThrottlingEnabled", "quota"),
    (_ACCOUNTS + "/deployments", "/properties/raiPolicyName", "contentSafety"),
    (_ACCOUNTS + "/deployments", "", "deployments"),
    (_ACCOUNTS + "/rai*", "", "contentSafety"),
    (_ACCOUNTS + "/networksecurityperimeterconfigurations", "", "network"),
    (_ACCOUNTS, "/properties/publicNetworkAccess", "network"),
    (_ACCOUNTS, "/properties/networkAcls", "network"),
    (_ACCOUNTS, "/properties/restrictOutboundNetworkAccess", "network"),
    (_ACCOUNTS, "/properties/allowedFqdnList", "network"),
    (_ACCOUNTS, "/properties/networkInjections", "network"),
    (_ACCOUNTS, "/properties/endpoint", "network"),
    (_ACCOUNTS, "/properties/privateEndpointConnections", "privateEndpoints"),
    (_ACCOUNTS, "/properties/disableLocalAuth", "identity"),
    (_ACCOUNTS, "/properties/customSubDomainName", "identity"),
    (_ACCOUNTS, "/identity", "identity"),
    (_ACCOUNTS, "/properties/quotaLimit", "quota"),
    (_ACCOUNTS, "/properties/dynamicThrottlingEnabled", "quota"),
    (_ACCOUNTS, "/properties/abusePenalty", "quota"),
    (_ACCOUNTS, "/properties/raiMonitorConfig", "contentSafety"),
    ("microsoft.cognitiveservices/locations/models", "", "models"),
    ("microsoft.cognitiveservices/locations/usages", "", "quota"),
    ("microsoft.network/privateendpoints/privatednszonegroups", "", "dns"),
    ("microsoft.network/privatednszones*", "", "dns"),
    ("microsoft.network/privateendpoints*", "", "privateEndpoints"),
    ("microsoft.network/*", "", "network"),
    ("microsoft.insights/*", "", "logging"),
    ("microsoft.operationalinsights/*", "", "logging"),
    ("microsoft.authorization/role*", "", "identity"),
)


@lru_cache(maxsize=4096)
def category_of(resource_type: str, path: str) -> str:
    """The category (see `model.CATEGORIES`) of a change at `path` of a resource of this type (lower case)."""
    for wanted, prefix, category in _TABLE:
        if _fits(wanted, resource_type) and (not prefix or path == prefix or path.startswith(prefix + "/")):
            return category
    return "other"


@lru_cache(maxsize=256)
def categories_of(resource_type: str) -> frozenset[str]:
    """Every category that a change of a resource of this type (lower case) may have."""
    found: set[str] = set()
    for wanted, prefix, category in _TABLE:
        if _fits(wanted, resource_type):
            found.add(category)
            if not prefix:
                return frozenset(found)
    return frozenset(found | {"other"})


def _fits(wanted: str, resource_type: str) -> bool:
    return resource_type.startswith(wanted[:-1]) if wanted.endswith("*") else resource_type == wanted
