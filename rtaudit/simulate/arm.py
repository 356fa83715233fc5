"""ARM handler: answers one request of Azure Resource Manager from the served estate."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import CAPACITIES, CATALOGUES
from rtaudit.simulate import azure_errors
from rtaudit.simulate.azcli import answer_az
from rtaudit.simulate.azure_errors import CannedResponse
from rtaudit.simulate.faults import Denials
from rtaudit.simulate.metrics import answer_metrics
from rtaudit.simulate.permissions import answer_permissions
from rtaudit.simulate.routes import Route, action_of, parse
from rtaudit.simulate.served import ServedEstate, encode, target_of
from rtaudit.simulate.writes import OPERATIONS, Writes
from rtaudit.snapshot import Gap

_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-[a-z0-9-]+)?", re.IGNORECASE)
_EQUALS = re.compile(r"^\s*(?:assignedTo\(\s*'([^']*)'\s*\)|([A-Za-z]+)\s+eq\s+'([^']*)')\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ArmRequest:
    """One request, as it came."""

    method: str
    path: str
    """As it was on the wire, percent-escapes included."""
    query: Mapping[str, str]
    """Parameters, percent-escapes undone, names in lower case."""
    headers: Mapping[str, str]
    """Headers, names in lower case."""
    body: bytes = b""


class ArmHandler:
    """Answers GETs from an estate, in Azure Resource Manager's words."""

    def __init__(
        self,
        served: ServedEstate,
        denials: Denials,
        *,
        page_size: int,
        api_versions: Mapping[str, Sequence[str]],
        retry_after: int,
        writable: bool = False,
    ) -> None:
        self._served = served
        self._denials = denials
        self._page_size = page_size
        self._api_versions = {name.lower(): list(versions) for name, versions in api_versions.items()}
        self._retry_after = retry_after
        self._writes = Writes(served) if writable else None
        self._lock = threading.Lock()

    def reset(self, served: ServedEstate) -> None:
        """Answer from another estate from now on."""
        with self._lock:
            self._served = served
            if self._writes is not None:
                self._writes = Writes(served)

    def answer(self, request: ArmRequest, url: str) -> CannedResponse:
        """The answer to a request whose token is good; `url` is the service's own address, for nextLink."""
        route = parse(request.path)
        writes = self._writes
        if request.method != "GET" and not (writes and request.method in OPERATIONS):
            return self._refuse_write(request, route)
        refusal = self._refuse_version(route, request.query.get("api-version"))
        if refusal:
            return refusal
        if self._denials.match(route.key) or self._denials.match(request.path):
            return azure_errors.denied(route.action, route.display_scope)
        if writes is None:
            return self._read(request, route, url)
        # One change at a time: what is read meanwhile is all of it or none.
        with self._lock:
            if request.method != "GET":
                return writes.answer(request.method, route, request.body, request.headers)
            for_az = answer_az(self._served, route, request.path)
            return writes.read(route) or for_az or self._read(request, route, url)

    def _refuse_write(self, request: ArmRequest, route: Route) -> CannedResponse:
        verb = {"PUT": "write", "PATCH": "write", "DELETE": "delete", "POST": "action"}.get(request.method)
        if verb is None:
            return azure_errors.error(405, "MethodNotAllowed", f"The HTTP method '{request.method}' is not supported.")
        return azure_errors.denied(
            action_of(route.type or "unknown", route.segments, verb), "/" + "/".join(route.segments)
        )

    def _refuse_version(self, route: Route, version: str | None) -> CannedResponse | None:
        if not version:
            return azure_errors.no_api_version()
        namespace = route.type.partition("/")[0]
        supported = self._api_versions.get(route.type) or self._api_versions.get(namespace)
        if supported is None and not _VERSION.fullmatch(version):
            supported = ["2022-12-01"]
        if supported is None or version.lower() in map(str.lower, supported):
            return None
        return azure_errors.unknown_api_version(route, version, supported, self._location(route))

    def _location(self, route: Route) -> str:
        for key in (route.key, route.scope):
            location = self._served.resources.get(key, {}).get("location")
            if location:
                return arm_id.region(location)
        return "global"

    def _read(self, request: ArmRequest, route: Route, url: str) -> CannedResponse:
        served = self._served
        if route.key in {"/tenants", "/subscriptions"}:
            return self._tenant_list(request, route, url)
        stored = None if route.collection else served.resources.get(route.key)
        if stored is not None:
            return CannedResponse(200, served.encoded(route.key))
        gap = served.gap_of(route)
        if route.subscription and not served.knows_subscription(route.subscription):
            return azure_errors.subscription_not_found(route.segments[1])
        if route.type == "microsoft.resources/resourcegroups" and route.read:
            return self._groups(request, route, url)
        if route.collection:
            return self._list(request, route, gap, url)
        if gap:
            return azure_errors.recorded(gap, route, self._retry_after)
        return self._missing(route, request.query["api-version"])

    def _tenant_list(self, request: ArmRequest, route: Route, url: str) -> CannedResponse:
        if route.key == "/tenants":
            rows: list[dict[str, Any]] = [
                {"id": f"/tenants/{name}", "tenantId": name, "tenantCategory": "Home"} for name in self._served.tenants
            ]
        else:
            rows = [row for key, row in sorted(self._served.subscriptions.items()) if self._visible(key)]
        return self._page(request, [encode(row) for row in rows], url)

    def _visible(self, subscription: str) -> bool:
        return not self._denials.match(f"/subscriptions/{subscription}")

    def _groups(self, request: ArmRequest, route: Route, url: str) -> CannedResponse:
        assert route.subscription is not None
        if route.collection:
            return self._page(request, [encode(group) for group in self._served.groups(route.subscription)], url)
        for gap in self._served.gaps_of(route.key, "accounts"):
            return azure_errors.recorded(gap, route, self._retry_after)
        group = self._served.group(route.subscription, route.group or "")
        return CannedResponse(200, encode(group)) if group else azure_errors.group_not_found(route.segments[3])

    def _missing(self, route: Route, version: str) -> CannedResponse:
        """One resource that the estate does not hold."""
        served, read = self._served, route.read
        if read is None:
            return azure_errors.unknown_type(route, version) if route.type else azure_errors.not_found(route)
        if route.type == "microsoft.authorization/roledefinitions":
            # A built-in role is the same under every scope.
            name = "/" + route.segments[-1].lower()
            for key in served.below("", route.type):
                if key.endswith(name) and (
                    not route.scope or served.resources[key].get("properties", {}).get("type") != "CustomRole"
                ):
                    return CannedResponse(200, served.encoded(key))
        if route.type == "microsoft.resources/subscriptions":
            found = served.subscriptions.get(route.subscription or "")
            return (
                CannedResponse(200, encode(found)) if found else azure_errors.subscription_not_found(route.segments[1])
            )
        if not served.knows_aspect(route.subscription, read.aspect):
            return azure_errors.not_in_snapshot(read.aspect or "")
        if route.type == "microsoft.resources/providers":
            return azure_errors.unknown_namespace(route.namespace)
        if route.group and not served.group(route.subscription or "", route.group):
            return azure_errors.group_not_found(route.segments[3])
        return azure_errors.not_found(route)

    def _list(self, request: ArmRequest, route: Route, gap: Gap | None, url: str) -> CannedResponse:
        served, read = self._served, route.read
        if read is None:
            return azure_errors.unknown_type(route, request.query["api-version"])
        if route.type == CAPACITIES:
            rows = [encode(row) for row in served.resources.get(_capacity_key(route, request), {}).get("value") or ()]
        elif route.type in CATALOGUES:
            rows = [encode(row) for row in served.resources.get(route.key, {}).get("value") or ()]
        else:
            rows = [
                served.encoded(key, route.subscription) for key in self._filtered(request, route, served.members(route))
            ]
        if gap and (not rows or request.query.get("$skiptoken") == _token(len(rows))):
            return azure_errors.recorded(gap, route, self._retry_after)
        if not gap and not rows:
            refusal = self._refuse_empty(route)
            if refusal:
                return refusal
        if route.type == "microsoft.authorization/permissions":
            return answer_permissions(served, self._denials, route)
        if route.type == "microsoft.insights/metrics":
            if gap:
                return azure_errors.recorded(gap, route, self._retry_after)
            return answer_metrics(served.resources.get(route.key), route, request.query, self._location(route))
        if not read.paged:
            return CannedResponse(200, b'{"value":[' + b",".join(rows) + b"]}")
        return self._page(request, rows, url, broken=gap is not None)

    def _refuse_empty(self, route: Route) -> CannedResponse | None:
        """Why an empty list would be wrong, or None."""
        served, read = self._served, route.read
        assert read is not None
        if not served.exists(route.scope) and route.type not in {*CATALOGUES, CAPACITIES}:
            if route.scope.count("/") == 4 and route.group:
                return azure_errors.group_not_found(route.segments[3])
            return azure_errors.error(404, "ResourceNotFound", azure_errors.words_of_not_found(route))
        registration = served.resources.get(
            f"/subscriptions/{route.subscription}/providers/{route.namespace.lower()}", {}
        )
        if str(registration.get("registrationState", "Registered")).lower() in {"notregistered", "unregistered"}:
            return azure_errors.not_registered(route.namespace)
        stored = route.key in served.resources
        if not stored and not served.knows_aspect(route.subscription, read.aspect):
            return azure_errors.not_in_snapshot(read.aspect or "")
        return None

    def _filtered(self, request: ArmRequest, route: Route, keys: Iterable[str]) -> list[str]:
        text = request.query.get("$filter", "").strip()
        if not text or not route.type.startswith("microsoft.authorization/"):
            return list(keys)
        if text.lower() == "atscope()":
            return [key for key in keys if not key.startswith(route.scope + "/") or target_of(key) == route.scope]
        found = _EQUALS.match(text)
        if not found:
            return list(keys)
        name, value = ("principalId", found[1]) if found[1] is not None else (found[2], found[3])
        return [key for key in keys if _property(self._served.seen(key, route.subscription), name) == value.lower()]

    def _page(self, request: ArmRequest, rows: Sequence[bytes], url: str, *, broken: bool = False) -> CannedResponse:
        """One page of rows. After the last page of a `broken` list comes a link to the failure."""
        start = 0
        if token := request.query.get("$skiptoken"):
            try:
                start = int(base64.urlsafe_b64decode(token.encode()).decode().removeprefix("skip:"))
            except ValueError:
                return azure_errors.error(400, "InvalidSkipToken", "The $skiptoken is invalid.")
        end = start + self._page_size
        body = b'{"value":[' + b",".join(rows[start:end])
        if end < len(rows) or broken:
            query = {name: value for name, value in request.query.items() if name != "$skiptoken"}
            query["$skiptoken"] = _token(min(end, len(rows)))
            return CannedResponse(
                200, body + b'],"nextLink":' + encode(f"{url}{request.path}?{urlencode(query)}") + b"}"
            )
        return CannedResponse(200, body + b"]}")


def _token(start: int) -> str:
    return base64.urlsafe_b64encode(f"skip:{start}".encode()).decode()


def _property(resource: Mapping[str, Any], name: str) -> str:
    properties = resource.get("properties") or {}
    return next((str(value).lower() for field, value in properties.items() if field.lower() == name.lower()), "")


def _capacity_key(route: Route, request: ArmRequest) -> str:
    """The key of what a snapshot holds of a region's capacity for the model that is asked about."""
    model = ".".join(request.query.get(name, "") for name in ("modelformat", "modelname", "modelversion"))
    return arm_id.key(f"{route.key}/{model}")
