"""The real management SDKs over a real socket: they take the simulator for Azure."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.policies import BearerTokenCredentialPolicy
from azure.identity import ManagedIdentityCredential
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
from azure.mgmt.monitor import MonitorManagementClient
from azure.mgmt.network import NetworkManagementClient

from rtaudit.simulate import Simulator

from .support import ACCOUNT, SUB, snapshot

KINDS = {
    "cognitive": CognitiveServicesManagementClient,
    "monitor": MonitorManagementClient,
    "network": NetworkManagementClient,
}


class _OverLoopback(BearerTokenCredentialPolicy):
    """The SDK's own policy refuses plain http, also to itself."""

    def on_request(self, request):
        request.context["enforce_https"] = False
        super().on_request(request)


@contextmanager
def _client(kind: str, sim: Simulator, monkeypatch, **options):
    for name, value in sim.environ.items():
        monkeypatch.setenv(name, value)
    with ManagedIdentityCredential() as credential:
        policy = _OverLoopback(credential, "https://management.azure.com/.default")
        with KINDS[kind](
            credential, SUB.rsplit("/", 1)[-1], base_url=sim.url, authentication_policy=policy, **options
        ) as client:
            yield client


def test_accounts_deployments_models_and_usages(monkeypatch):
    with Simulator([snapshot()], page_size=2) as sim, _client("cognitive", sim, monkeypatch) as client:
        assert [one.name or one.id.rsplit("/", 1)[-1] for one in client.accounts.list()] == ["voice-1", "voice-2"]
        assert client.accounts.get("RG-voice", "VOICE-1").kind == "AIServices"
        assert [one.name for one in client.deployments.list("rg-voice", "voice-1")] == ["d0", "d1", "d2", "d3", "d4"]
        assert [one.kind for one in client.models.list("EastUS2")] == ["A"] * 3 + ["B"] * 3
        assert [one.name.value for one in client.usages.list("eastus2")] == ["q"]
        assert len(list(client.rai_policies.list("rg-voice", "voice-1"))) == 1
        assert [one.state for one in client.defender_for_ai_settings.list("rg-voice", "voice-1")] == ["Enabled"]
        assert len(sim.token_requests) == 1
        assert {request.method for request in sim.requests} == {"GET"}
        assert sim.tally["accepted"] == 2, "one connection for tokens, one for everything else"


def test_what_is_not_there_is_the_sdks_own_error(monkeypatch):
    with Simulator([snapshot()]) as sim, _client("cognitive", sim, monkeypatch) as client:
        with pytest.raises(ResourceNotFoundError) as caught:
            client.accounts.get("rg-voice", "none")
        assert caught.value.error.code == "ResourceNotFound"


def test_a_denied_read_is_the_sdks_own_error(monkeypatch):
    with (
        Simulator([snapshot()], deny=["*/deployments"]) as sim,
        _client("cognitive", sim, monkeypatch) as client,
        pytest.raises(HttpResponseError) as caught,
    ):
        list(client.deployments.list("rg-voice", "voice-1"))
    assert caught.value.status_code == 403
    assert caught.value.error.code == "AuthorizationFailed"


def test_the_sdk_waits_as_long_as_a_throttled_answer_says(monkeypatch):
    with (
        Simulator([snapshot()], throttle=True, bucket=1, refill=2) as sim,
        _client("cognitive", sim, monkeypatch) as client,
    ):
        for _ in range(2):
            assert client.accounts.get("rg-voice", "voice-1").kind == "AIServices"
        assert sim.tally["throttled"] == 1


def test_the_sdk_gets_through_failing_requests(monkeypatch):
    with (
        Simulator([snapshot()], fail_rate=0.3, seed=3) as sim,
        _client("cognitive", sim, monkeypatch, retry_backoff_factor=0.01, retry_status=10, retry_read=10) as client,
    ):
        for number in range(5):
            assert client.deployments.get("rg-voice", "voice-1", f"d{number}").name == f"d{number}"
        assert len(sim.requests) > 5


def test_the_sdk_without_its_writing_policy_only_reads(monkeypatch):
    # With it (the default), a GET on a provider that is not registered would POST a registration: it is refused and recorded.
    gone = snapshot(
        without=["/"],
        extra=[{"id": f"{SUB}/providers/Microsoft.CognitiveServices", "registrationState": "NotRegistered"}],
    )
    with Simulator([gone]) as sim, _client("cognitive", sim, monkeypatch) as client:
        with pytest.raises(HttpResponseError):
            list(client.accounts.list())
        assert [request.method for request in sim.requests] == ["GET", "POST"]
        assert sim.requests[1].path.endswith("/providers/Microsoft.CognitiveServices/register")


def test_network_and_monitor(monkeypatch):
    with Simulator([snapshot()]) as sim:
        with _client("network", sim, monkeypatch) as network:
            assert len(list(network.private_endpoints.list_by_subscription())) == 1
            assert len(list(network.private_dns_zone_groups.list("pe-voice-1", "rg-voice"))) == 1
        with _client("monitor", sim, monkeypatch) as monitor:
            assert len(list(monitor.metric_alerts.list_by_subscription())) == 1
            assert len(list(monitor.activity_log_alerts.list_by_subscription_id())) == 1
            assert len(list(monitor.action_groups.list_by_subscription_id())) == 1
            answer = monitor.metrics.list(
                ACCOUNT, metricnames="RealtimeUsageTime", timespan="P7D", filter="ModelDeploymentName eq '*'"
            )
            points = [point.total for series in answer.value[0].timeseries for point in series.data]
            assert sum(point for point in points if point is not None) == 3600.5
