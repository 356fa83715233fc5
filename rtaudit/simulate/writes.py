"""Writes: change the served estate by PUT, PATCH and DELETE, as Azure Resource Manager would; to try fixes on.

What a request replaces, merges and keeps, the codes that it is answered with, and what Azure makes of it elsewhere follow
recorded answers of Resource Manager and the published REST API. What a resource provider would refuse is not simulated.
"""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from rtaudit.azure import arm_id, effects, shapes
from rtaudit.azure.resource_types import (
    ACCOUNT,
    ACTION_GROUP,
    ASSIGNMENT,
    COMMONLY_ASSIGNED,
    DEPLOYMENT,
    DIAGNOSTICS,
    METRIC_ALERT,
    PRIVATE_ENDPOINT,
    RAI_POLICY,
    RESOURCE_TYPES,
    ZONE_GROUP,
    ZONE_LINK,
)
from rtaudit.simulate import azure_errors
from rtaudit.simulate.azure_errors import CannedResponse
from rtaudit.simulate.routes import Route
from rtaudit.simulate.served import ServedEstate, encode

CONNECTION = "microsoft.cognitiveservices/accounts/privateendpointconnections"
ASSOCIATION = "microsoft.network/networksecurityperimeters/resourceassociations"
PERIMETER = "microsoft.cognitiveservices/accounts/networksecurityperimeterconfigurations"
TAGS = "microsoft.resources/tags"
PRICING = "microsoft.security/pricings"
OPERATIONS = {"PUT", "PATCH", "DELETE", "POST"}

_ALWAYS_200 = frozenset({DIAGNOSTICS, METRIC_ALERT, PRICING})
_READ_ONLY_ACCOUNT = ("privateEndpointConnections", "endpoint", "endpoints", "capabilities")

Resource = dict[str, Any]


class Writes:
    """Changes an estate, one request at a time."""

    def __init__(self, served: ServedEstate) -> None:
        self._served = served

    def read(self, route: Route) -> CannedResponse | None:
        """The answer to a GET of what is within other resources, or None."""
        if route.type == CONNECTION:
            return self._read_connection(route)
        if route.type == ASSOCIATION:
            found = self._association(route)
            return (
                CannedResponse(200, encode(_as_association(route, found))) if found else azure_errors.not_found(route)
            )
        if route.type == TAGS:
            target = self._served.resources.get(route.scope)
            return CannedResponse(200, encode(_as_tags(route, target))) if target else azure_errors.not_found(route)
        return None

    def answer(self, method: str, route: Route, body: bytes, headers: Mapping[str, str]) -> CannedResponse:
        """Do what is asked, and answer it."""
        if method == "POST":
            return self._register(route)
        if route.collection or not route.type:
            return azure_errors.error(405, "MethodNotAllowed", f"The HTTP method '{method}' is not supported here.")
        if method == "DELETE":
            return self._delete(route)
        try:
            sent = json.loads(body or b"{}")
        except ValueError:
            sent = None
        if not isinstance(sent, dict):
            return azure_errors.error(
                400, "InvalidRequestContent", "The request content was invalid and could not be read."
            )
        special = {CONNECTION: self._put_connection, ASSOCIATION: self._put_association, TAGS: self._put_tags}
        if route.type in special:
            return special[route.type](route, sent)
        refused = self._refuse(route)
        if refused:
            return refused
        before = self._served.resources.get(route.key)
        if method == "PATCH":
            return self._patch(route, before, sent)
        if headers.get("if-none-match") == "*" and before is not None:
            return azure_errors.error(412, "PreconditionFailed", "The resource exists already.")
        return self._put(route, before, sent)

    def _refuse(self, route: Route) -> CannedResponse | None:
        served = self._served
        if route.subscription and not served.knows_subscription(route.subscription):
            return azure_errors.subscription_not_found(route.segments[1])
        if route.group and not served.group(route.subscription or "", route.group):
            return azure_errors.group_not_found(route.segments[3])
        parent = arm_id.parent_of(route.key)
        if "/providers/" in parent and parent not in served.resources and route.type.count("/") > 1:
            return azure_errors.error(
                404, "ParentResourceNotFound", f"The parent resource of '{route.key}' was not found."
            )
        return None

    def _put(self, route: Route, before: Resource | None, sent: Resource) -> CannedResponse:
        made = {key: value for key, value in sent.items() if key not in ("id", "name", "type", "etag", "systemData")}
        made = {**_identity(route, before), **made}
        if before is not None:
            _keep(route.type, before, made)
        if isinstance(made.get("identity"), dict):
            made["identity"] = _principal(made["identity"], (before or {}).get("identity"))
        self._settle(route, made, before)
        status = 200 if before is not None or route.type in _ALWAYS_200 else 201
        return CannedResponse(status, encode(made))

    def _patch(self, route: Route, before: Resource | None, sent: Resource) -> CannedResponse:
        if before is None:
            return azure_errors.not_found(route)
        if route.type not in (ACCOUNT, DEPLOYMENT):
            return azure_errors.error(405, "MethodNotAllowed", "The type has no PATCH.")
        made = copy.deepcopy(before)
        for key in ("sku", "tags", "properties", "identity"):
            if isinstance(sent.get(key), dict):
                made[key] = {**(made.get(key) or {}), **sent[key]}
        if isinstance(made.get("identity"), dict):
            made["identity"] = _principal(made["identity"], before.get("identity"))
        self._settle(route, made, before)
        return CannedResponse(200, encode(made))

    def _settle(self, route: Route, made: Resource, before: Resource | None) -> None:
        """What Azure makes of what was sent, here and elsewhere, and into the estate with it."""
        effect: dict[str, Callable[[Resource, Resource | None], None]] = {
            DEPLOYMENT: _deployment,
            PRIVATE_ENDPOINT: self._endpoint,
            ZONE_GROUP: self._zone_group,
            ZONE_LINK: lambda one, _: one["properties"].update(virtualNetworkLinkState="Completed"),
            RAI_POLICY: lambda one, _: one["properties"].setdefault("type", "UserManaged"),
            ASSIGNMENT: lambda one, _: one["properties"].setdefault("scope", _scope_as_sent(one["id"])),
            ACTION_GROUP: lambda one, _: one["properties"].setdefault("enabled", True),
        }
        properties = made.setdefault("properties", {})
        if route.type not in (DIAGNOSTICS, ASSIGNMENT, METRIC_ALERT, ACTION_GROUP, PRICING, RAI_POLICY):
            properties["provisioningState"] = "Succeeded"
        if route.type in effect:
            effect[route.type](made, before)
        self._served.put(made)

    def _endpoint(self, made: Resource, before: Resource | None) -> None:
        properties = made["properties"]
        hosts: set[str] = set()
        listed = [*(properties.get("privateLinkServiceConnections") or ())]
        for one in listed:
            stated = one.setdefault("properties", {})
            stated["privateLinkServiceConnectionState"] = {"actionsRequired": "None", "status": "Approved"}
            stated["provisioningState"] = "Succeeded"
            account = self._served.resources.get(arm_id.key(str(stated.get("privateLinkServiceId") or "/")))
            if account is None:
                continue
            endpoints = [
                *(account["properties"].get("endpoints") or {}).values(),
                account["properties"].get("endpoint"),
            ]
            hosts |= {host for url in endpoints if (host := urlsplit(str(url or "")).hostname)}
            known = account["properties"].get("privateEndpointConnections") or []
            mine = [each for each in known if _endpoint_of(each) == arm_id.key(made["id"])]
            if not mine:
                changed = copy.deepcopy(account)
                changed["properties"]["privateEndpointConnections"] = [
                    *known,
                    effects.connection(account["id"], made["id"]),
                ]
                self._served.put(changed)
        properties.setdefault("manualPrivateLinkServiceConnections", [])
        if before is None or not properties.get("customDnsConfigs"):
            properties["customDnsConfigs"] = effects.dns_configs(sorted(hosts))

    def _zone_group(self, made: Resource, _: Resource | None) -> None:
        endpoint = self._served.resources.get(arm_id.parent_of(arm_id.key(made["id"])), {})
        made["properties"]["privateDnsZoneConfigs"] = [
            effects.zone_config(made["id"], endpoint, str(one["properties"]["privateDnsZoneId"]), str(one.get("name")))
            for one in made["properties"].get("privateDnsZoneConfigs") or ()
        ]
        for config in made["properties"]["privateDnsZoneConfigs"]:
            record = effects.a_record(config)
            if record is not None and arm_id.key(config["properties"]["privateDnsZoneId"]) in self._served.resources:
                self._served.put(record)

    def _delete(self, route: Route) -> CannedResponse:
        if route.type == CONNECTION:
            return self._delete_connection(route)
        before = self._served.resources.get(route.key)
        if before is None:
            return CannedResponse(204)
        for key in [one for one in self._served.resources if one.startswith(route.key + "/")]:
            self._served.remove(key)
        self._served.remove(route.key)
        if route.type == PRIVATE_ENDPOINT:
            for account in [one for one in self._served.resources.values() if arm_id.type_of(one["id"]) == ACCOUNT]:
                self._without_connections(account, lambda each: _endpoint_of(each) == route.key)
        # Of a role assignment Azure gives back what is gone.
        return CannedResponse(200, encode(before) if route.type == ASSIGNMENT else b"")

    def _account_of(self, route: Route) -> tuple[Resource | None, Resource | None]:
        account = self._served.resources.get(arm_id.parent_of(route.key) if not route.collection else route.scope)
        listed = ((account or {}).get("properties") or {}).get("privateEndpointConnections") or []
        return account, next((one for one in listed if arm_id.key(str(one.get("id"))) == route.key), None)

    def _read_connection(self, route: Route) -> CannedResponse:
        account, found = self._account_of(route)
        if account is None:
            return azure_errors.not_found(route)
        if route.collection:
            return CannedResponse(200, encode({"value": account["properties"].get("privateEndpointConnections") or []}))
        return CannedResponse(200, encode(found)) if found else azure_errors.not_found(route)

    def _put_connection(self, route: Route, sent: Resource) -> CannedResponse:
        account, found = self._account_of(route)
        if account is None or found is None:
            return azure_errors.not_found(route)
        state = (sent.get("properties") or {}).get("privateLinkServiceConnectionState") or {}
        made = copy.deepcopy(found)
        made["properties"]["privateLinkServiceConnectionState"] = {
            "actionsRequired": "None",
            "description": state.get("description") or "",
            "status": state.get("status"),
        }
        made["properties"]["provisioningState"] = "Succeeded"
        changed = copy.deepcopy(account)
        listed = changed["properties"]["privateEndpointConnections"]
        changed["properties"]["privateEndpointConnections"] = [
            made if one.get("id") == found.get("id") else one for one in listed
        ]
        self._served.put(changed)
        endpoint = self._served.resources.get(_endpoint_of(made))
        if endpoint is not None:
            changed = copy.deepcopy(endpoint)
            for one in shapes.connections(changed):
                if arm_id.key(str(one["properties"].get("privateLinkServiceId"))) == arm_id.key(account["id"]):
                    one["properties"]["privateLinkServiceConnectionState"]["status"] = state.get("status")
            self._served.put(changed)
        return CannedResponse(200, encode(made))

    def _delete_connection(self, route: Route) -> CannedResponse:
        account, found = self._account_of(route)
        if account is None or found is None:
            return CannedResponse(204)
        self._without_connections(account, lambda each: each.get("id") == found.get("id"))
        return CannedResponse(200)

    def _without_connections(self, account: Resource, gone: Callable[[Resource], bool]) -> None:
        listed = (account.get("properties") or {}).get("privateEndpointConnections") or []
        if any(gone(one) for one in listed):
            changed = copy.deepcopy(account)
            changed["properties"]["privateEndpointConnections"] = [one for one in listed if not gone(one)]
            self._served.put(changed)

    def _association(self, route: Route) -> Resource | None:
        perimeter, _, name = route.key.rpartition("/resourceassociations/")
        for one in self._served.resources.values():
            properties = one.get("properties") or {}
            if arm_id.type_of(one["id"]) != PERIMETER:
                continue
            stated = (properties.get("networkSecurityPerimeter") or {}).get("id")
            named = (properties.get("resourceAssociation") or {}).get("name")
            if arm_id.key(str(stated)) == perimeter and str(named).lower() == name:
                return one
        return None

    def _put_association(self, route: Route, sent: Resource) -> CannedResponse:
        found = self._association(route)
        if found is None:
            return azure_errors.not_found(route)
        changed = copy.deepcopy(found)
        mode = (sent.get("properties") or {}).get("accessMode")
        changed["properties"]["resourceAssociation"]["accessMode"] = mode
        self._served.put(changed)
        return CannedResponse(200, encode(_as_association(route, changed)))

    def _put_tags(self, route: Route, sent: Resource) -> CannedResponse:
        target = self._served.resources.get(route.scope)
        if target is None:
            return azure_errors.not_found(route)
        given = (sent.get("properties") or {}).get("tags") or {}
        tags = dict(target.get("tags") or {})
        how = str(sent.get("operation") or "Replace").lower()
        if how == "delete":
            tags = {key: value for key, value in tags.items() if key not in given}
        else:
            tags = {**tags, **given} if how == "merge" else dict(given)
        changed = {**target, "tags": tags}
        self._served.put(changed)
        return CannedResponse(200, encode(_as_tags(route, changed)))

    def _register(self, route: Route) -> CannedResponse:
        namespace = route.segments[3] if len(route.segments) == 5 else ""
        if route.segments[-1:] != ("register",) or not namespace:
            return azure_errors.denied(f"{route.type or 'unknown'}/action", "/" + "/".join(route.segments))
        provider = f"/subscriptions/{route.segments[1]}/providers/{namespace}"
        before = self._served.resources.get(arm_id.key(provider), {"id": provider, "namespace": namespace})
        made = {**before, "registrationState": "Registered"}
        self._served.put(made)
        return CannedResponse(200, encode(made))


def _scope_as_sent(resource_id: str) -> str:
    """The scope of an extension resource, as its id writes it."""
    return resource_id[: resource_id.lower().rindex("/providers/")] or "/"


def _identity(route: Route, before: Resource | None) -> Resource:
    if before is not None:
        return {key: before[key] for key in ("id", "name", "type") if key in before}
    row = RESOURCE_TYPES.get(route.type)
    kind = row.name if row else "/".join([route.namespace, *route.type.split("/")[1:]])
    return {"id": "/" + "/".join(route.segments), "name": route.segments[-1], "type": kind}


def _keep(kind: str, before: Resource, made: Resource) -> None:
    """Keep what Azure alone writes, whatever was sent of it."""
    row = RESOURCE_TYPES.get(kind)
    pointers = [*COMMONLY_ASSIGNED, *(row.assigned if row else ())]
    if kind == ACCOUNT:
        pointers += [f"/properties/{name}" for name in _READ_ONLY_ACCOUNT]
    for pointer in pointers:
        steps = pointer.strip("/").split("/")
        if "*" in steps:
            continue
        source: Any = before
        for step in steps:
            source = source.get(step) if isinstance(source, dict) else None
        target = made
        for step in steps[:-1]:
            target = target.setdefault(step, {}) if isinstance(target, dict) else {}
        if source is not None and isinstance(target, dict):
            target[steps[-1]] = copy.deepcopy(source)


def _principal(identity: Resource, before: Any) -> Resource:
    made = {**identity}
    if "systemassigned" in str(made.get("type")).lower():
        known = before if isinstance(before, dict) else {}
        made["principalId"] = known.get("principalId") or str(uuid.uuid4())
        made["tenantId"] = known.get("tenantId") or str(uuid.uuid4())
    return made


def _deployment(made: Resource, before: Resource | None) -> None:
    sku, properties = made.setdefault("sku", {}), made["properties"]
    if str(sku.get("capacity")).isdigit():
        sku["capacity"] = int(sku["capacity"])
    old = ((before or {}).get("sku") or {}).get("capacity")
    properties["currentCapacity"] = sku.get("capacity")
    properties.setdefault("deploymentState", "Running")
    if before is None:
        properties["capabilities"] = {"realtime": "true"} if "realtime" in str(properties.get("model")) else {}
    elif old and sku.get("capacity"):
        for one in properties.get("rateLimits") or ():
            one["count"] = one["count"] * sku["capacity"] / old


def _endpoint_of(connection: Mapping[str, Any]) -> str:
    stated = ((connection.get("properties") or {}).get("privateEndpoint") or {}).get("id")
    return arm_id.key(str(stated or "/"))


def _as_association(route: Route, configuration: Resource) -> Resource:
    properties = configuration["properties"]
    return {
        "id": "/" + "/".join(route.segments),
        "name": route.segments[-1],
        "type": "Microsoft.Network/networkSecurityPerimeters/resourceAssociations",
        "properties": {
            "accessMode": (properties.get("resourceAssociation") or {}).get("accessMode"),
            "privateLinkResource": {"id": _scope_of(configuration["id"])},
            "profile": properties.get("profile") or {},
            "provisioningState": "Succeeded",
        },
    }


def _scope_of(resource_id: str) -> str:
    return "/".join(resource_id.split("/")[:-2])


def _as_tags(route: Route, target: Resource) -> Resource:
    return {
        "id": "/" + "/".join(route.segments),
        "name": "default",
        "type": "Microsoft.Resources/tags",
        "properties": {"tags": dict(target.get("tags") or {})},
    }
