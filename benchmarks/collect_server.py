"""A Resource Manager for measuring: answers made beforehand, a latency, nothing else. Run as a process of its own.

    python benchmarks/collect_server.py --accounts 200 --subscriptions 2 --latency-ms 50 [--tls CERT KEY] [--bucket]

Prints one line of JSON (port, paths) when it is ready, and one (requests, connections, in flight, refused) at SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import ssl
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

REGIONS = ("eastus2", "swedencentral")
CS = "providers/Microsoft.CognitiveServices"


def guid(number: int) -> str:
    return f"{number:08d}-0000-4000-8000-000000000000"


def call_rate_limit() -> dict[str, Any]:
    """The 135 rules that a real account carries: 32 kB that nobody reads."""
    paths = ["openai/deployments/*/chat/completions", "openai/v1/realtime", "openai/threads/*/runs/*/steps"]
    return {
        "rules": [
            {
                "key": f"openai.rule.{number}",
                "renewalPeriod": 1,
                "count": 30 + number,
                "dynamicThrottlingEnabled": False,
                "matchPatterns": [
                    {"path": f"{paths[number % 3]}/{number}", "method": verb} for verb in ("GET", "POST")
                ],
            }
            for number in range(135)
        ]
    }


def account(subscription: str, number: int) -> dict[str, Any]:
    name = f"voice-{number:04d}"
    base = f"/subscriptions/{subscription}/resourceGroups/rg-{number % 20}"
    endpoint = f"{base}/providers/Microsoft.Network/privateEndpoints/{name}-pe"
    return {
        "id": f"{base}/{CS}/accounts/{name}",
        "name": name,
        "type": "Microsoft.CognitiveServices/accounts",
        "kind": "OpenAI" if number % 3 else "AIServices",
        "location": REGIONS[number % 2],
        "sku": {"name": "S0"},
        "tags": {"owner": "voice", "env": "prod"},
        "properties": {
            "provisioningState": "Succeeded",
            "customSubDomainName": name,
            "publicNetworkAccess": "Disabled",
            "disableLocalAuth": True,
            "endpoint": f"https://{name}.openai.azure.com/",
            "callRateLimit": call_rate_limit(),
            "privateEndpointConnections": [
                {
                    "id": f"{base}/{CS}/accounts/{name}/privateEndpointConnections/{name}-pe",
                    "properties": {
                        "privateEndpoint": {"id": endpoint},
                        "privateLinkServiceConnectionState": {"status": "Approved"},
                    },
                }
            ],
        },
    }


def deployments(owner: str) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{owner}/deployments/{name}",
            "name": name,
            "type": "Microsoft.CognitiveServices/accounts/deployments",
            "sku": {"name": "GlobalStandard", "capacity": 10},
            "properties": {
                "model": {"format": "OpenAI", "name": name, "version": "2025-08-28"},
                "provisioningState": "Succeeded",
                "rateLimits": [{"key": "request", "renewalPeriod": 60, "count": 100}],
                "capabilities": {"realtime": "true"},
            },
        }
        for name in ("gpt-realtime", "gpt-4o-transcribe", "gpt-4.1-mini")
    ]


def policies(owner: str) -> list[dict[str, Any]]:
    names = ("Hate", "Sexual", "Selfharm", "Violence", "Jailbreak")
    return [
        {
            "id": f"{owner}/raiPolicies/{policy}",
            "name": policy,
            "type": "Microsoft.CognitiveServices/accounts/raiPolicies",
            "properties": {
                "mode": "Default",
                "contentFilters": [
                    {"name": name, "blocking": True, "enabled": True, "severityThreshold": "Medium", "source": source}
                    for name in names
                    for source in ("Prompt", "Completion")
                ],
            },
        }
        for policy in ("Microsoft.DefaultV2", "voice")
    ]


def settings(owner: str) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{owner.lower()}/providers/microsoft.insights/diagnosticSettings/to-logs",
            "name": "to-logs",
            "type": "Microsoft.Insights/diagnosticSettings",
            "properties": {
                "eventHubAuthorizationRuleId": "/subscriptions/x/resourceGroups/y/providers/z/t/n",
                "logs": [{"categoryGroup": "allLogs", "enabled": True}],
                "metrics": [{"category": "AllMetrics", "enabled": True}],
            },
        }
    ]


def endpoint(one: dict[str, Any]) -> dict[str, Any]:
    name = one["name"]
    base = one["id"].split("/providers/")[0]
    return {
        "id": f"{base}/providers/Microsoft.Network/privateEndpoints/{name}-pe",
        "name": f"{name}-pe",
        "type": "Microsoft.Network/privateEndpoints",
        "location": one["location"],
        "properties": {
            "privateLinkServiceConnections": [
                {"properties": {"privateLinkServiceId": one["id"], "groupIds": ["account"]}}
            ],
            "manualPrivateLinkServiceConnections": [],
            "customDnsConfigs": [],
        },
    }


def catalogue(region: str) -> list[dict[str, Any]]:
    return [
        {
            "kind": kind,
            "skuName": "S0",
            "model": {
                "format": "OpenAI",
                "name": "gpt-realtime" if number == 0 else f"model-{number}",
                "version": "2025-08-28",
                "capabilities": {"realtime": "true" if number == 0 else "false", "chatCompletion": "true"},
                "lifecycleStatus": "GenerallyAvailable",
                "deprecation": {"inference": "2031-02-28T00:00:00Z"},
                "skus": [
                    {
                        "name": sku,
                        "usageName": f"OpenAI.{sku}.model-{number}",
                        "capacity": {"maximum": 1000, "default": 10},
                    }
                    for sku in ("GlobalStandard", "DataZoneStandard", "Standard")
                ],
            },
            "location": region,
        }
        for kind in ("OpenAI", "AIServices")
        for number in range(218)
    ]


def answers(accounts: int, subscriptions: int) -> Iterator[tuple[str, Any]]:
    """Path (lower case) -> the answer."""
    ids = [guid(number) for number in range(1, subscriptions + 1)]
    for index, subscription in enumerate(ids):
        here = f"/subscriptions/{subscription}"
        yield (
            here,
            {"id": here, "subscriptionId": subscription, "tenantId": guid(0), "displayName": "s", "state": "Enabled"},
        )
        mine = [account(subscription, number) for number in range(index, accounts, subscriptions)]
        yield f"{here}/{CS}/accounts", {"value": mine}
        for name in ("CognitiveServices", "Insights", "Network"):
            full = f"{here}/providers/Microsoft.{name}"
            yield full, {"id": full, "namespace": f"Microsoft.{name}", "registrationState": "Registered"}
        for region in REGIONS:
            yield f"{here}/{CS}/locations/{region}/models", {"value": catalogue(region)}
            yield f"{here}/{CS}/locations/{region}/usages", {"value": []}
        yield f"{here}/providers/Microsoft.Network/privateEndpoints", {"value": [endpoint(one) for one in mine]}
        for one in mine:
            yield f"{one['id']}/deployments", {"value": deployments(one["id"])}
            yield f"{one['id']}/raiPolicies", {"value": policies(one["id"])}
            yield f"{one['id']}/providers/Microsoft.Insights/diagnosticSettings", {"value": settings(one["id"])}
            group = f"{endpoint(one)['id']}/privateDnsZoneGroups"
            yield group, {"value": [{"id": f"{group}/default", "name": "default", "properties": {}}]}


class Server:
    def __init__(self, options: argparse.Namespace) -> None:
        self.latency = options.latency_ms / 1000
        self.bodies = {
            path.lower(): json.dumps(body).encode() for path, body in answers(options.accounts, options.subscriptions)
        }
        self.paths = [path for path, _ in answers(options.accounts, options.subscriptions)]
        self.bucket = options.bucket
        self.tokens: dict[str, tuple[float, float]] = {}
        self.requests = self.connections = self.flying = self.most = self.refused = self.other = 0

    def take(self, path: str) -> float | None:
        """What is left in the subscription's bucket of 250, refilled with 25 a second; None when it is empty."""
        subscription = path.split("/")[2]
        now = time.monotonic()
        left, at = self.tokens.get(subscription, (250.0, now))
        left = min(250.0, left + (now - at) * 25)
        self.tokens[subscription] = (left - 1 if left >= 1 else left, now)
        return left - 1 if left >= 1 else None

    def answer(self, path: str) -> tuple[bytes, bytes, bytes]:
        if path == "/token":
            token = {"access_token": "opaque", "expires_on": str(int(time.time()) + 3600), "token_type": "Bearer"}
            return b"200 OK", b"", json.dumps(token).encode()
        header = b""
        if self.bucket and path.startswith("/subscriptions/"):
            left = self.take(path)
            if left is None:
                self.refused += 1
                return (
                    b"429 Too Many Requests",
                    b"Retry-After: 5\r\n",
                    b'{"error":{"code":"SubscriptionRequestsThrottled"}}',
                )
            header = f"x-ms-ratelimit-remaining-subscription-reads: {int(left)}\r\n".encode()
        body = self.bodies.get(path)
        if body is None:
            self.other += 1
            # Lists that nothing is in.
            return b"200 OK", header, b'{"value":[]}'
        return b"200 OK", header, body

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = unquote(urlsplit(head.split(b" ", 2)[1].decode()).path).lower()
                if path != "/token":
                    self.requests += 1
                    self.flying += 1
                    self.most = max(self.most, self.flying)
                status, header, body = self.answer(path)
                if path != "/token":
                    await asyncio.sleep(self.latency)
                    self.flying -= 1
                writer.write(
                    b"HTTP/1.1 %b\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n%b"
                    % (status, header, len(body), body)
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def counts(self) -> dict[str, int]:
        return {
            "requests": self.requests, "connections": self.connections, "inFlight": self.most,
            "refused": self.refused, "emptyLists": self.other,
        }  # fmt: skip


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--subscriptions", type=int, default=2)
    parser.add_argument("--latency-ms", type=float, default=50)
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    parser.add_argument("--bucket", action="store_true")
    options = parser.parse_args()
    context = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*options.tls)
    server = Server(options)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context, backlog=1024, limit=1 << 20)
    # A plain port for tokens, whatever the other one speaks.
    tokens = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    print(
        json.dumps(
            {
                "port": listening.sockets[0].getsockname()[1],
                "tokenPort": tokens.sockets[0].getsockname()[1],
                "paths": server.paths,
            }
        ),
        flush=True,
    )
    done = asyncio.Event()
    loop = asyncio.get_running_loop()

    def report() -> None:
        print(json.dumps(server.counts()), flush=True)
        server.requests = server.connections = server.most = server.refused = server.other = 0
        server.tokens.clear()

    loop.add_signal_handler(signal.SIGTERM, done.set)
    loop.add_signal_handler(signal.SIGUSR1, report)
    await done.wait()


if __name__ == "__main__":
    asyncio.run(main())
