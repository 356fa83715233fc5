"""azapi resources: a planned change of one; its body is the ARM resource that is sent.

Source: Azure/terraform-provider-azapi, `internal/services/azapi_resource.go`. Version 1 writes the body as JSON text, version
2 as an object. No default of the provider's own enters the body.
"""

from __future__ import annotations

from typing import Any

from rtaudit.azure import arm_id
from rtaudit.documents.json import parse_json
from rtaudit.errors import InputError
from rtaudit.plan.changes import Changes, PlannedChange, arm_type, attribute, fate_of
from rtaudit.plan.connections import may_be_account
from rtaudit.plan.model import AFTER_APPLY, Plan, PlannedResource, Unknown, known, put, without_nulls

_REFERENCES = {
    "privateLinkServiceId": "microsoft.cognitiveservices/accounts",
    "workspaceId": "microsoft.operationalinsights/workspaces",
    "privateDnsZoneId": "microsoft.network/privatednszones",
    "actionGroupId": "microsoft.insights/actiongroups",
    "subnet.id": "microsoft.network/virtualnetworks/subnets",
    "virtualNetwork.id": "microsoft.network/virtualnetworks",
    "storageAccountId": "microsoft.storage/storageaccounts",
}
"""Last steps of a path in a body -> the type of the resource whose id is there, lower case."""


def azapi_resource(plan: Plan, changes: Changes, change: PlannedChange) -> None:
    """Add the resource of an `azapi_resource` to the plan."""
    fate = fate_of(change)
    if fate == "delete":
        return
    kind, resource_id = arm_type(change), changes.id_of(change)
    if not kind or resource_id is None:
        plan.missing.append(f"{change.address}: the plan does not tell its type or what it belongs to")
        return
    assert fate is not None
    body = _body(changes, change)
    if isinstance(body, Unknown):
        body = dict.fromkeys(("kind", "sku", "properties"), body)
    name = attribute(change, "name")
    resource: dict[str, Any] = {
        "id": resource_id,
        "name": name if isinstance(name, Unknown) else arm_id.name_of(resource_id),
        "type": kind,
        **{key: value for key, value in body.items() if key.lower() not in ("id", "name", "type", "apiversion")},
    }
    for key in ("location", "tags"):
        value = attribute(change, key)
        if value is not None and (key not in resource or known(value)):
            resource[key] = without_nulls(value)
    _identity(resource, attribute(change, "identity"))
    _hidden(change, resource)
    # A no-op shows what the code wrote, not what Azure holds; an update is a PUT, so that what it leaves out is unset.
    plan.resources.append(
        PlannedResource(
            resource_id, resource, change.address, "put" if fate == "change" else fate, partial=fate == "keep"
        )
    )


def azapi_update(plan: Plan, changes: Changes, change: PlannedChange) -> None:
    """Lay the body of an `azapi_update_resource` over the resource that it patches; its removal changes nothing."""
    if fate_of(change) == "delete":
        return
    kind, resource_id = arm_type(change), changes.id_of(change)
    if not kind or resource_id is None or _made_up(changes, change, resource_id):
        plan.missing.append(f"{change.address}: the plan does not tell what it patches")
        return
    body = _body(changes, change)
    patch = dict.fromkeys(("sku", "properties"), body) if isinstance(body, Unknown) else body
    resource = {"id": resource_id, "name": arm_id.name_of(resource_id), "type": kind, **patch}
    plan.resources.append(PlannedResource(resource_id, resource, change.address, "change", partial=True))


def _made_up(changes: Changes, change: PlannedChange, resource_id: str) -> bool:
    """Whether a patch's id is one that nothing else has: the plan does not tell what it patches."""
    own = changes.slug(change)
    return resource_id.startswith(f"/planned/{own}/") or f"planned-{own}" in resource_id.split("/")


def _body(changes: Changes, change: PlannedChange) -> dict[str, Any] | Unknown:
    body = attribute(change, "body")
    if isinstance(body, str):
        try:
            body = parse_json(body, "body") if body else {}
        except InputError:
            return Unknown("its body is not JSON")
    if body is None:
        return {}
    if isinstance(body, Unknown):
        return body
    expression = changes.configured(change).get("body")
    resolved = _resolved(changes, change, without_nulls(body), expression, ())
    return resolved if isinstance(resolved, dict) else Unknown(AFTER_APPLY)


def _resolved(changes: Changes, change: PlannedChange, value: Any, expression: Any, steps: tuple[str, ...]) -> Any:
    """`value` with ids in place of unknown references, where the field says of which type they are."""
    if isinstance(value, Unknown):
        wanted = next((kind for path, kind in _REFERENCES.items() if ".".join(steps).endswith(path)), None)
        if wanted is None:
            return value
        found = changes.leads_to(change, expression, wanted, ".".join(steps))
        return found or value
    if isinstance(value, dict) and not may_be_account(value.get("groupIds")):
        return value  # an endpoint's connection to another service
    if isinstance(value, dict):
        return {key: _resolved(changes, change, item, expression, (*steps, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(changes, change, item, expression, steps) for item in value]
    return value


def _identity(resource: dict[str, Any], value: Any) -> None:
    block = value[0] if isinstance(value, list) and value else value
    if isinstance(block, Unknown):
        resource.setdefault("identity", block)
    elif isinstance(block, dict):
        put(resource, "identity.type", block.get("type"))
        ids = block.get("identity_ids")
        if isinstance(ids, Unknown) or (isinstance(ids, list) and any(isinstance(one, Unknown) for one in ids)):
            put(resource, "identity.userAssignedIdentities", Unknown(AFTER_APPLY))
        elif isinstance(ids, list) and ids:
            put(resource, "identity.userAssignedIdentities", {str(one): {} for one in ids})


def _hidden(change: PlannedChange, resource: dict[str, Any]) -> None:
    """Mark what `sensitive_body` sets as unknown: it is never in a plan. `sensitive_body_version` names the paths."""
    versions = attribute(change, "sensitive_body_version")
    for path in versions if isinstance(versions, dict) else ():
        put(resource, str(path), Unknown("sensitive_body sets it, which no plan holds"))
