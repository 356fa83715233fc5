"""Ignored fields: list what always differs and is not compared. One table, each row with its reason.

Rows `always` hold over time as well; the others only between environments, where another id, host or date says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from rtaudit.azure.resource_types import (
    ACCOUNT,
    PRIVATE_ENDPOINT,
    PROVIDER,
    RESOURCE_TYPES,
    SUBSCRIPTION,
    ZONE_GROUP,
    ZONE_RECORD,
)


@dataclass(frozen=True, slots=True)
class IgnoredField:
    """Fields that are left out before two resources are compared."""

    reason: str
    fields: frozenset[str]
    """Names of fields, at any depth unless `top`."""
    always: bool = False
    """True: also over time; False: only between environments."""
    top: bool = False
    """True: only as a field of the resource itself or of its `properties`."""
    types: frozenset[str] = frozenset()
    """Only in resources of these types; empty: in all."""


NATURAL: tuple[IgnoredField, ...] = (
    IgnoredField("changes with every write, even one that changes nothing", frozenset({"etag"}), always=True),
    IgnoredField("who and when: shown beside a change, not compared", frozenset({"systemData"}), always=True),
    IgnoredField("the type is taken from the id; Azure leaves this field null or misspells it", frozenset({"type"}), always=True, top=True),
    IgnoredField("Azure's own throttling rules by path, the same for every account of a kind", frozenset({"callRateLimit"}), always=True),
    IgnoredField("derived by Azure from kind, name and region; new names come without a change", frozenset({"endpoints"}), always=True, types=frozenset({ACCOUNT})),
    IgnoredField("use, not a setting", frozenset({"currentValue", "nextResetTime"}), always=True),
    IgnoredField("counters of a shared zone", frozenset({"numberOfRecordSets", "numberOfVirtualNetworkLinks", "numberOfVirtualNetworkLinksWithRegistration"}), always=True, top=True),
    IgnoredField("what the provider offers is Azure's; the registration is ours", frozenset({"resourceTypes", "authorizations", "providerAuthorizationConsentState"}), always=True, top=True, types=frozenset({PROVIDER})),
    IgnoredField("an id names the environment", frozenset({"id"}), top=True),
    IgnoredField("the pairing has matched the names", frozenset({"name"}), top=True),
    IgnoredField("subscription, tenant and group name the environment", frozenset({"subscriptionId", "tenantId", "homeTenantId", "resourceGroup", "managedByTenants", "authorizationSource"})),
    IgnoredField("a subscription's name and offer belong to its contract", frozenset({"displayName", "subscriptionPolicies", "promotions"}), types=frozenset({SUBSCRIPTION})),
    IgnoredField("each environment has projects of its own", frozenset({"defaultProject", "associatedProjects"}), top=True, types=frozenset({ACCOUNT})),
    IgnoredField("identities are created with the resource", frozenset({"principalId", "clientId", "internalId", "immutableId", "resourceGuid", "customerId", "createdBy", "updatedBy"})),
    IgnoredField("each was created and written at its own time", frozenset({"dateCreated", "createdAt", "createdOn", "createdDate", "creationDate", "createdTime", "updatedOn", "modifiedDate", "lastModified", "timeCreated"})),
    IgnoredField("addresses come from the environment's own network", frozenset({"customDnsConfigs", "ipConfigurations", "networkInterfaces", "recordSets", "aRecords", "ipAddresses", "fqdn"}), types=frozenset({PRIVATE_ENDPOINT, ZONE_GROUP, ZONE_RECORD})),
    IgnoredField("the portal makes names for connections and interfaces", frozenset({"customNetworkInterfaceName"})),
    IgnoredField("scheduled by Azure for each workspace", frozenset({"quotaNextResetTime", "dataIngestionStatus"})),
)  # fmt: skip
"""Every field that is left out."""

INTERNAL_CAPABILITIES = "_H_"
"""Deployment capabilities whose name starts so are Azure's throttling keys, and `area` is where it runs: they churn."""

DEFAULTS: dict[str, dict[tuple[str, ...], object]] = {
    row.key: {tuple(pointer.split("/")[2:]): value for pointer, value in row.defaults.items()}
    for row in RESOURCE_TYPES.values()
    if row.defaults
}
"""Type -> property -> what Azure documents its absence to mean: to write the default out is no change."""

FOLLOWS: dict[tuple[str, str], str] = {
    (row.key, pointer): cause for row in RESOURCE_TYPES.values() for pointer, cause in row.follows.items()
}
"""Type and path -> the path whose change it follows from: reported once, at the cause."""


def dropped(resource_type: str, *, over_time: bool) -> tuple[frozenset[str], frozenset[str]]:
    """The fields to leave out of resources of a type: at any depth, and at the top only."""
    deep: set[str] = set()
    top: set[str] = set()
    for row in NATURAL:
        if (row.always or not over_time) and (not row.types or resource_type in row.types):
            (top if row.top else deep).update(row.fields)
    return frozenset(deep), frozenset(top)
