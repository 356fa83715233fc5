"""azurerm conversions: those that set more than one value of the ARM resource, or put another in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from rtaudit.plan.azurerm_table import MappingRow
from rtaudit.plan.changes import PlannedChange, attribute
from rtaudit.plan.connections import may_be_account
from rtaudit.plan.model import Unknown, put, without_nulls

CHOSEN = "Azure chooses it: the code does not set it"


class Referring(Protocol):
    """What a conversion needs of the reader: the change, and where references lead."""

    change: PlannedChange

    def refer(self, row: MappingRow, expression: Any) -> str | None:
        """The id that an expression refers to."""


@dataclass(frozen=True)
class Conversion:
    """Where a conversion that sets more than one value reads and writes."""

    reader: Referring
    body: dict[str, Any]
    row: MappingRow
    value: Any
    expression: Any


def _identity(place: Conversion) -> None:
    block = place.value[0] if isinstance(place.value, list) and place.value else place.value
    if not isinstance(block, dict):
        if isinstance(block, Unknown):
            put(place.body, place.row.to, block)
        return
    put(place.body, f"{place.row.to}.type", block.get("type"))
    ids = block.get("identity_ids")
    if isinstance(ids, list) and ids:
        if all(isinstance(one, str) for one in ids):
            put(place.body, f"{place.row.to}.userAssignedIdentities", {one: {} for one in ids})
        else:
            put(place.body, f"{place.row.to}.userAssignedIdentities", Unknown("known after apply"))
    elif isinstance(ids, Unknown):
        put(place.body, f"{place.row.to}.userAssignedIdentities", ids)


def customer_key(place: Conversion) -> None:
    block = place.value[0] if isinstance(place.value, list) and place.value else place.value
    if isinstance(block, Unknown):
        put(place.body, place.row.to, block)
    elif isinstance(block, dict):
        put(place.body, f"{place.row.to}.keySource", "Microsoft.KeyVault")
        key = block.get("key_vault_key_id") or block.get("managed_hsm_key_id")
        put(place.body, f"{place.row.to}.keyVaultProperties.identityClientId", block.get("identity_client_id"))
        if isinstance(key, str) and "/keys/" in key:
            vault, _, rest = key.partition("/keys/")
            name, _, version = rest.partition("/")
            put(place.body, f"{place.row.to}.keyVaultProperties.keyVaultUri", vault)
            put(place.body, f"{place.row.to}.keyVaultProperties.keyName", name)
            put(place.body, f"{place.row.to}.keyVaultProperties.keyVersion", version or None)
        else:
            for name in ("keyVaultUri", "keyName", "keyVersion"):
                put(place.body, f"{place.row.to}.keyVaultProperties.{name}", key if isinstance(key, Unknown) else None)


def _connections(place: Conversion) -> None:
    blocks = place.value if isinstance(place.value, list) else [place.value]
    for number, block in enumerate(blocks):
        if not isinstance(block, dict):
            put(place.body, "properties.privateLinkServiceConnections", block)
            continue
        stated = (
            place.expression[number]
            if isinstance(place.expression, list) and number < len(place.expression)
            else place.expression
        )
        stated = stated if isinstance(stated, dict) else {}
        target = block.get("private_connection_resource_id")
        if isinstance(target, Unknown) and may_be_account(block.get("subresource_names")):
            refers = MappingRow("private_connection_resource_id", refers="Microsoft.CognitiveServices/accounts")
            target = place.reader.refer(refers, stated.get("private_connection_resource_id")) or target
        manual = block.get("is_manual_connection")
        one: dict[str, Any] = {}
        put(one, "name", block.get("name"))
        put(one, "properties.privateLinkServiceId", target)
        put(one, "properties.groupIds", block.get("subresource_names"))
        put(one, "properties.requestMessage", block.get("request_message"))
        name = "manualPrivateLinkServiceConnections" if manual is True else "privateLinkServiceConnections"
        place.body.setdefault("properties", {}).setdefault(name, []).append(one)


def _role(place: Conversion) -> None:
    if isinstance(place.value, str) and place.value:
        put(place.body, place.row.to, place.value)
        return
    stated = attribute(place.reader.change, "role_definition_name")
    # A role that is named by its name has no id in a plan; the name goes with the assignment until the role is found.
    put(place.body, "properties.roleDefinitionName", stated)
    put(place.body, place.row.to, Unknown("the plan names the role by its name"))


def _criteria(place: Conversion) -> None:
    if not isinstance(place.value, list):
        put(place.body, "properties.criteria.allOf", place.value)
        return
    criteria = place.body.setdefault("properties", {}).setdefault("criteria", {})
    criteria["odata.type"] = "Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria"
    dynamic = place.row.convert == "dynamic_criteria"
    for number, block in enumerate(place.value):
        if not isinstance(block, dict):
            criteria.setdefault("allOf", []).append(block)
            continue
        one: dict[str, Any] = {"name": f"Metric{number + 1}", "criterionType": "DynamicThresholdCriterion" if dynamic else "StaticThresholdCriterion"}  # fmt: skip
        for name, to in CRITERION.items():
            put(one, to, block.get(name))
        dimensions = block.get("dimension")
        if isinstance(dimensions, Unknown):
            one["dimensions"] = dimensions
        elif isinstance(dimensions, list) and dimensions:
            one["dimensions"] = [without_nulls(dimension) for dimension in dimensions]
        criteria.setdefault("allOf", []).append(one)


CRITERION = {
    "metric_namespace": "metricNamespace",
    "metric_name": "metricName",
    "aggregation": "timeAggregation",
    "operator": "operator",
    "threshold": "threshold",
    "alert_sensitivity": "alertSensitivity",
    "skip_metric_validation": "skipMetricValidation",
}
"""Argument of a metric alert's criterion -> its field in Azure Resource Manager."""


def _activity(place: Conversion) -> None:
    block = place.value[0] if isinstance(place.value, list) and place.value else place.value
    if not isinstance(block, dict):
        put(place.body, f"{place.row.to}.allOf", block)
        return
    parts: list[Any] = []
    for name, field in _ACTIVITY.items():
        one = block.get(name)
        if isinstance(one, Unknown) or (isinstance(one, str) and one):
            parts.append({"field": field, "equals": one})
        elif isinstance(one, list) and one:
            parts.append({"anyOf": [{"field": field, "equals": item} for item in one]})
    health = block.get("service_health")
    health = health[0] if isinstance(health, list) and health else health
    if isinstance(health, Unknown) and str(block.get("category")) == "ServiceHealth":
        # Optional and computed: where the code has no block, Azure keeps it empty.
        stated = place.expression[0] if isinstance(place.expression, list) and place.expression else {}
        if isinstance(stated, dict) and "service_health" in stated:
            parts.append(health)
    elif isinstance(health, dict):
        impacted = "properties.impactedServices[*]"
        if health.get("events"):
            parts.append({"anyOf": [{"field": "properties.incidentType", "equals": one} for one in health["events"]]})
        if health.get("services"):
            parts.append({"field": f"{impacted}.ServiceName", "containsAny": health["services"]})
        if health.get("locations"):
            parts.append({"field": f"{impacted}.ImpactedRegions[*].RegionName", "containsAny": health["locations"]})
    put(place.body, f"{place.row.to}.allOf", parts)


_ACTIVITY = {
    "category": "category",
    "operation_name": "operationName",
    "caller": "caller",
    "level": "level",
    "levels": "level",
    "resource_id": "resourceId",
    "resource_ids": "resourceId",
    "resource_group": "resourceGroup",
    "resource_groups": "resourceGroup",
    "resource_provider": "resourceProvider",
    "resource_providers": "resourceProvider",
    "resource_type": "resourceType",
    "resource_types": "resourceType",
    "status": "status",
    "statuses": "status",
    "sub_status": "subStatus",
    "sub_statuses": "subStatus",
}


def _receivers(place: Conversion) -> None:
    # Addresses and hooks are people's and secrets: only that a receiver is there is kept.
    if isinstance(place.value, list):
        place.body.setdefault("properties", {})[place.row.to.rpartition(".")[2]] = [{} for _ in place.value]
    else:
        put(place.body, place.row.to, place.value)


WHOLE: dict[str, Callable[[Conversion], None]] = {
    "identity": _identity,
    "customer_key": customer_key,
    "connections": _connections,
    "role_by_id": _role,
    "criteria": _criteria,
    "dynamic_criteria": _criteria,
    "activity_criteria": _activity,
    "receivers": _receivers,
}
"""Conversions that set more than one value."""

CONVERT: dict[str, Callable[[MappingRow, Any], Any]] = {
    "not": lambda _, value: not value if isinstance(value, bool) else value,
    "enabled": lambda _, value: ("Enabled" if value else "Disabled") if isinstance(value, bool) else value,
    "text": lambda _, value: value or None,
    "objects": lambda row, value: (
        [one if isinstance(one, Unknown) else {row.key: one} for one in value]
        if isinstance(value, list)
        else Unknown("the plan shows no list there")
    ),
    "chosen_by_azure": lambda _, value: value or Unknown(CHOSEN),
}
