"""A Resource Manager of a few lines, on a real socket, that answers exactly what a test writes down."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from azure.core.credentials import AccessToken

from rtaudit.azure import arm_id
from rtaudit.collect import Collected, CollectionObserver, CollectionRequest, Identity, Limits, collect, find_endpoint
from rtaudit.snapshot.aspects import ASPECTS

SUB = "11111111-0000-4000-8000-000000000001"
SUB2 = "22222222-0000-4000-8000-000000000002"
TOKEN = "token-of-the-test"
QUICK = Limits(
    concurrency=8,
    connect_timeout=20,
    read_timeout=20,
    backoff=0.001,
    backoff_cap=0.002,
    retry_after_cap=0.01,
    refill=5000,
)
"""Limits whose waits take no time."""
ALL = frozenset(ASPECTS)


def group(sub: str = SUB) -> str:
    return f"/subscriptions/{sub}/resourceGroups/rg"


def account_id(name: str = "voice", sub: str = SUB) -> str:
    return f"{group(sub)}/providers/Microsoft.CognitiveServices/accounts/{name}"


VOICE = account_id()
TEXT = account_id("text")
ENDPOINT = f"{group()}/providers/Microsoft.Network/privateEndpoints/pe"
ZONE = f"{group()}/providers/Microsoft.Network/privateDnsZones/privatelink.openai.azure.com"
WORKSPACE = f"{group()}/providers/Microsoft.OperationalInsights/workspaces/logs"
ROLE = f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleDefinitions/5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"
CALLED = f"{group()}/providers/Microsoft.Insights/actionGroups/oncall"
MODELS = f"/subscriptions/{SUB}/providers/Microsoft.CognitiveServices/locations/eastus2/models"
USAGES = MODELS.replace("/models", "/usages")


def account(name: str = "voice", sub: str = SUB, kind: str = "OpenAI", **properties: Any) -> dict[str, Any]:
    return {
        "id": account_id(name, sub),
        "name": name,
        "type": "Microsoft.CognitiveServices/accounts",
        "kind": kind,
        "location": "East US 2",
        "properties": {"customSubDomainName": name, "provisioningState": "Succeeded", **properties},
    }


def model(name: str, version: str = "1", *, realtime: bool = False, kind: str = "OpenAI") -> dict[str, Any]:
    capabilities = {"realtime": "true" if realtime else "false"}
    return {"kind": kind, "model": {"format": "OpenAI", "name": name, "version": version, "capabilities": capabilities}}


def deployment(owner: str, name: str, of: str = "gpt-realtime") -> dict[str, Any]:
    return {
        "id": f"{owner}/deployments/{name}",
        "name": name,
        "properties": {"model": {"format": "OpenAI", "name": of, "version": "1"}},
    }


def lists() -> dict[str, list[Any]]:
    """The default estate: every list that has something in it, by path."""
    sub = f"/subscriptions/{SUB}"
    insights = f"{sub}/providers/Microsoft.Insights"
    return {
        f"{sub}/providers/Microsoft.CognitiveServices/accounts": [
            account(), account("text", kind="AIServices"), account("ears", kind="SpeechServices"),
        ],
        f"{VOICE}/deployments": [deployment(VOICE, "speech")],
        f"{TEXT}/deployments": [deployment(TEXT, "chat", "gpt-4.1")],
        f"{VOICE}/raiPolicies": [{"id": f"{VOICE}/raiPolicies/voice", "properties": {"mode": "Default"}}],
        f"{VOICE}/providers/Microsoft.Insights/diagnosticSettings": [
            {"id": f"{VOICE}/providers/microsoft.insights/diagnosticSettings/x", "properties": {"workspaceId": WORKSPACE}}
        ],
        f"{VOICE}/defenderForAISettings": [{"id": f"{VOICE}/defenderForAISettings/Default", "properties": {}}],
        f"{VOICE}/networkSecurityPerimeterConfigurations": [
            {"id": f"{VOICE}/networkSecurityPerimeterConfigurations/p", "properties": {}}
        ],
        f"{VOICE}/providers/Microsoft.Insights/metrics": [
            {
                "name": {"value": "AzureOpenAIRequests"},
                "timeseries": [
                    {
                        "metadatavalues": [{"name": {"value": "modeldeploymentname"}, "value": "speech"}],
                        "data": [{"total": 3.0}, {}, {"total": 4.0}],
                    }
                ],
            }
        ],
        MODELS: [model("gpt-realtime", realtime=True), model("gpt-4.1"), model("dall-e-3")],
        USAGES: [{"name": {"value": "OpenAI.GlobalStandard.gpt-realtime"}, "currentValue": 1, "limit": 10}],
        f"{sub}/providers/Microsoft.Network/privateEndpoints": [
            private_endpoint(ENDPOINT, VOICE), private_endpoint(f"{ENDPOINT}-other", f"{VOICE}-other"),
        ],
        f"{ENDPOINT}/privateDnsZoneGroups": [
            {
                "id": f"{ENDPOINT}/privateDnsZoneGroups/default",
                "properties": {"privateDnsZoneConfigs": [{"name": "z", "properties": {"privateDnsZoneId": ZONE, "recordSets": []}}]},
            }
        ],
        f"{sub}/providers/Microsoft.Network/privateDnsZones": [{"id": ZONE}, {"id": ZONE.replace("openai", "other")}],
        f"{ZONE}/virtualNetworkLinks": [{"id": f"{ZONE}/virtualNetworkLinks/l", "properties": {}}],
        f"{ZONE}/A": [{"id": f"{ZONE}/A/voice", "properties": {}}, {"id": f"{ZONE}/A/stranger", "properties": {}}],
        f"{sub}/providers/Microsoft.Authorization/roleAssignments": [
            {"id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/{n}", "properties": {"scope": scope or "/", "roleDefinitionId": ROLE}}
            for n, scope in enumerate((sub, VOICE, "", f"{sub}/resourceGroups/another"))
        ],
        f"{sub}/providers/Microsoft.Authorization/locks": [
            {"id": f"{group()}/providers/Microsoft.Authorization/locks/keep", "properties": {"level": "CanNotDelete"}},
            {"id": f"{sub}/resourceGroups/another/providers/Microsoft.Authorization/locks/x", "properties": {}},
        ],
        f"{sub}/providers/Microsoft.CognitiveServices/deletedAccounts": [
            {"id": f"{sub}/providers/Microsoft.CognitiveServices/locations/eastus2/resourceGroups/rg/deletedAccounts/gone"}
        ],
        f"{sub}/providers/Microsoft.Consumption/budgets": [
            {"id": f"{sub}/providers/Microsoft.Consumption/budgets/voice", "properties": {}}
        ],
        f"{insights}/scheduledQueryRules": [
            {"id": f"{group()}/providers/Microsoft.Insights/scheduledQueryRules/q", "properties": {"scopes": [VOICE]}},
            {"id": f"{group()}/providers/Microsoft.Insights/scheduledQueryRules/other", "properties": {"scopes": [WORKSPACE]}},
        ],
        f"{insights}/metricAlerts": [
            {"id": f"{group()}/providers/microsoft.insights/metricalerts/m", "properties": {"scopes": [VOICE], "actions": [{"actionGroupId": CALLED}]}},
            {"id": f"{group()}/providers/microsoft.insights/metricalerts/other", "properties": {"scopes": [f"{VOICE}-other"]}},
        ],
        f"{insights}/activityLogAlerts": [
            {"id": f"{group()}/providers/Microsoft.Insights/activityLogAlerts/h", "properties": {"scopes": [sub], "actions": {"actionGroups": [{"actionGroupId": CALLED.lower()}]}}}
        ],
        f"{insights}/actionGroups": [
            {"id": CALLED, "name": "oncall", "properties": {"enabled": True, "emailReceivers": [{"emailAddress": "a@b.example"}], "smsReceivers": []}},
            {"id": f"{CALLED}-uncalled", "properties": {"enabled": True}},
        ],
    }  # fmt: skip


def private_endpoint(identity: str, target: str) -> dict[str, Any]:
    connection = {"properties": {"privateLinkServiceId": target, "groupIds": ["account"]}}
    return {"id": identity, "properties": {"manualPrivateLinkServiceConnections": [connection]}}


def singles() -> dict[str, dict[str, Any]]:
    sub = f"/subscriptions/{SUB}"
    found: dict[str, dict[str, Any]] = {
        sub: {
            "id": sub,
            "subscriptionId": SUB,
            "tenantId": "33333333-0000-4000-8000-000000000003",
            "displayName": "Voice",
        },
        WORKSPACE: {"id": WORKSPACE, "properties": {"retentionInDays": 30}},
        ROLE: {"id": ROLE, "properties": {"roleName": "Cognitive Services OpenAI User"}},
        f"{sub}/providers/Microsoft.Security/pricings/AI": {"id": f"{sub}/providers/Microsoft.Security/pricings/AI"},
    }
    for name in ("CognitiveServices", "Insights", "Network"):
        found[f"{sub}/providers/Microsoft.{name}"] = {
            "id": f"{sub}/providers/Microsoft.{name}",
            "registrationState": "Registered",
        }
    return found


@dataclass(frozen=True)
class Reply:
    """One answer, verbatim."""

    status: int = 200
    body: Any = b""
    """Bytes as they are; anything else as JSON."""
    headers: dict[str, str | list[str]] = field(default_factory=dict)
    """A name with several values is sent as several headers."""
    delay: float = 0.0
    reset: bool = False
    """Close the connection in place of an answer."""
    promise: int | None = None
    """The Content-Length to claim."""

    @property
    def payload(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def denied(action: str = "the/needed/action") -> Reply:
    message = (
        f"The client 'x' with object id 'x' does not have authorization to perform action '{action}' over scope '/s'."
    )
    return Reply(403, {"error": {"code": "AuthorizationFailed", "message": message}})


class Cloud:
    """The server, and what it was asked."""

    def __init__(self) -> None:
        self.lists = {path.lower(): rows for path, rows in lists().items()}
        self.singles = {path.lower(): one for path, one in singles().items()}
        self.scripts: dict[str, list[Reply]] = {}
        self.choose: Callable[[str], Reply | None] = lambda _path: None
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        """Method, path with query, headers (lower case)."""
        self.flying = self.most = 0
        self._lock = threading.Lock()
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _any(self) -> None:
                cloud._answer(self)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_CONNECT = _any  # noqa: N815 (http.server's names)

            def log_message(self, *_: object) -> None:
                pass

        class Listening(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_: object) -> None:
                pass

        self.server = Listening(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def on(self, path: str, *replies: Reply) -> None:
        """Answer `path` with these, one after the other; the last one stays."""
        self.scripts[path.lower()] = list(replies)

    def paths(self) -> list[str]:
        return [unquote(urlsplit(target).path) for _, target, _ in self.asked]

    def reply_to(self, path: str) -> Reply:
        with self._lock:
            script = self.scripts.get(path)
            if script:
                return script.pop(0) if len(script) > 1 else script[0]
        chosen = self.choose(path)
        if chosen is not None:
            return chosen
        if path in self.lists:
            return Reply(body={"value": self.lists[path]})
        if path in self.singles:
            return Reply(body=self.singles[path])
        if path == "/subscriptions":
            return Reply(body={"value": [one for key, one in self.singles.items() if key.count("/") == 2]})
        if len(path.split("/")) == 3:
            return Reply(
                404, {"error": {"code": "SubscriptionNotFound", "message": "The subscription could not be found."}}
            )
        return Reply(body={"value": []})

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        with self._lock:
            self.asked.append((handler.command, handler.path, {k.lower(): v for k, v in handler.headers.items()}))
            self.flying += 1
            self.most = max(self.most, self.flying)
        try:
            reply = self.reply_to(unquote(urlsplit(handler.path).path).lower().rstrip("/"))
            reply = _with_metrics(reply, handler.path)
            time.sleep(reply.delay)
            if reply.reset:
                handler.close_connection = True
                handler.connection.close()
                return
            handler.send_response(reply.status)
            for name, values in reply.headers.items():
                for value in [values] if isinstance(values, str) else values:
                    handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(reply.payload) if reply.promise is None else reply.promise))
            handler.end_headers()
            handler.wfile.write(reply.payload)
            if reply.promise is not None:
                handler.close_connection = True
        except OSError:
            pass
        finally:
            with self._lock:
                self.flying -= 1


def _with_metrics(reply: Reply, path: str) -> Reply:
    """Azure names each metric that was asked for, with an empty series where nothing happened."""
    asked = parse_qs(urlsplit(path).query).get("metricnames", [""])[0].split(",")
    if asked == [""] or not isinstance(reply.body, dict) or not isinstance(reply.body.get("value"), list):
        return reply
    rows = [one for one in reply.body["value"] if one["name"]["value"] in asked]
    named = {one["name"]["value"] for one in rows}
    empty = [{"name": {"value": name}, "timeseries": []} for name in asked if name not in named]
    return replace(reply, body={**reply.body, "value": [*rows, *empty]})


@contextmanager
def running() -> Iterator[Cloud]:
    cloud = Cloud()
    thread = threading.Thread(target=cloud.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield cloud
    finally:
        cloud.server.shutdown()
        cloud.server.server_close()
        thread.join()


class Static:
    """A credential of one token."""

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken(TOKEN, int(time.time()) + 3600)


def gather(cloud: Cloud, limits: Limits = QUICK, watch: CollectionObserver | None = None, **request: Any) -> Collected:
    request.setdefault("subscriptions", [SUB])
    request.setdefault("aspects", ALL)
    wanted = replace(CollectionRequest(), **request)
    return collect(wanted, find_endpoint(arm_endpoint=cloud.url), Identity(Static()), limits, watch)


def have(collected: Collected) -> set[str]:
    return {arm_id.key(resource["id"]) for resource in collected.snapshot.resources}


def get(collected: Collected, identity: str) -> dict[str, Any]:
    return next(one for one in collected.snapshot.resources if arm_id.key(one["id"]) == arm_id.key(identity))
