"""Advice: each finding says what is the matter with its own resource, and its steps fit what was observed."""

from __future__ import annotations

from typing import Any

import pytest

from rtaudit.assets import policies
from rtaudit.policy import check, load_policies
from rtaudit.policy.cases import base_of, find_case_files, load_cases
from rtaudit.policy.edit import edited
from rtaudit.report import Finding
from tests.policy.judging import TODAY

FILES = {one.name: load_cases(one) for one in find_case_files(policies() / "rules")}
GOOD = base_of(FILES["models.cases.yaml"])
GOOD_CLIENT = base_of(FILES["client.cases.yaml"])
HOME = "/subscriptions/900d0000-0000-4000-8000-000000000005/resourceGroups"
NETWORKS = f"{HOME}/voice-rg/providers/Microsoft.Network/virtualNetworks"
NOT_OFFERED = {"at": "models:eastus2", "set": {"value": []}}
OPEN = {
    "at": "account:east",
    "set": {
        "properties.publicNetworkAccess": "Enabled",
        "properties.networkAcls.ipRules": [{"value": "20.0.0.0-20.0.0.9"}],
    },
}
LOGGED = {
    "at": "diagnosticSetting:east-logs",
    "append": {"properties.logs": {"category": "RequestResponse", "enabled": True}},
}


def zone_of(group: str, network: str) -> list[dict[str, Any]]:
    """A second private DNS zone of the name, linked to a network."""
    zone = f"{HOME}/{group}/providers/Microsoft.Network/privateDnsZones/privatelink.openai.azure.com"
    link = {"id": f"{zone}/virtualNetworkLinks/x", "properties": {"virtualNetwork": {"id": f"{NETWORKS}/{network}"}}}
    return [{"add": {"id": zone, "name": "privatelink.openai.azure.com"}}, {"add": link}]


def failed(rule: str, change: list[dict[str, Any]], **params: Any) -> Finding:
    of_client = rule.startswith("RTA-CON-")
    packs = load_policies(["client" if of_client else "regulated"], params)
    findings = check([edited(GOOD_CLIENT if of_client else GOOD, change)], packs, as_of=TODAY).findings
    return next(one for one in findings if one.rule == rule and one.outcome in ("fail", "unknown"))


@pytest.mark.parametrize(
    ("rule", "change", "params", "says", "fix", "never"),
    [
        pytest.param(
            "RTA-MOD-001",
            [
                {"at": f"deployment:{one}", "set": {"properties.deploymentState": "Paused"}}
                for one in ("voice", "voice-north")
            ],
            {},
            "east/voice is paused and serves nobody",
            "Bring east/voice up again",
            "Deploy ",
            id="a paused deployment is brought up again, and no other one made",
        ),
        pytest.param(
            "RTA-RES-001",
            [{"at": "deployment:voice", "set": {"properties.deploymentState": "Paused"}}],
            {},
            "is deployed in 1 region (swedencentral)",
            "Bring east/voice, whose state is Paused, up again",
            "Deploy ",
            id="the second region is there and paused",
        ),
        pytest.param(
            "RTA-RES-001",
            [
                {"at": "deployment:voice-north", "delete": True},
                {"at": "models:eastus2", "set": {"value": []}},
                {"at": "models:swedencentral", "set": {"value": []}},
            ],
            {},
            "is deployed in 1 region (eastus2)",
            "Move to a model that stays",
            "offers gpt-realtime@2025-08-28, and deploy it there",
            id="nobody can deploy a model that no catalogue lists",
        ),
        pytest.param(
            "RTA-MOD-005",
            [{"at": "deployment:voice", "set": {"properties.model.name": "gpt-realtime.ft-0a1b"}}],
            {},
            "lists base models of OpenAI only",
            "",
            "retired",
            id="no catalogue lists a fine-tuned model, retired or not",
        ),
        pytest.param(
            "RTA-MOD-005",
            [
                {
                    "at": "models:eastus2",
                    "set": {"value[name=AIServices.gpt-realtime.2025-08-28].model.lifecycleStatus": "Deprecated"},
                }
            ],
            {},
            "gpt-realtime@2025-08-28, is retired: its status is Deprecated",
            "Move the deployment to",
            "",
            id="deprecated is Azure's word for retired",
        ),
        pytest.param(
            "RTA-MOD-005",
            [{"at": "models:eastus2", "set": {"value": []}}],
            {},
            "is most likely retired: no row in eastus2 (Microsoft's page of 2026-09-02: 2027-03-02)",
            "",
            "",
            id="the dated page is the last resort",
        ),
        pytest.param(
            "RTA-CAP-002",
            [{"at": "usages:eastus2", "set": {"value[name.value=OpenAI.GlobalStandard.gpt-realtime].limit": 4}}],
            {},
            "is 100 % used, all by deployments here; 90 % is allowed",
            "Ask for more quota",
            "",
            id="quota that live deployments hold on purpose",
        ),
        pytest.param(
            "RTA-NET-001",
            [
                {"skip": "perimeters"},
                {"at": "account:east", "copy": "a-long-name-as-platforms-give-it"},
                {
                    "at": "account:a-long-name-as-platforms-give-it",
                    "set": {"properties.publicNetworkAccess": "Enabled"},
                },
            ],
            {"allowedExposure": ["private"]},
            "a-long-name-as-platforms-give-it is restricted (public access Enabled, default action Deny; perimeter not read)",
            "",
            "…",
            id="what the exposure rests on is not cut",
        ),
        pytest.param(
            "RTA-NET-003",
            [OPEN],
            {},
            "an IP rule that is not a valid address or range: 20.0.0.0-20.0.0.9",
            "Take the rule for 20.0.0.0-20.0.0.9 away",
            "whole internet",
            id="what is no range lets nobody in",
        ),
        pytest.param(
            "RTA-DNS-005",
            [
                *zone_of("spoke", "voice-net"),
                *(part for at in range(3) for part in zone_of(f"a-team-{at}", f"a-spoke-{at}")),
            ],
            {},
            "Network voice-net of east-pe is linked to another private DNS zone privatelink.openai.azure.com, in spoke",
            "Keep one zone of the name",
            "a-spoke",
            id="other people's networks are not named",
        ),
        pytest.param(
            "RTA-DNS-003",
            zone_of("spoke", "app-net"),
            {"clientVirtualNetworks": [f"{NETWORKS}/app-net"]},
            "not linked to the client network app-net",
            "The network is linked to another zone privatelink.openai.azure.com already, in spoke",
            "/subscriptions/",
            id="the other zone goes by its name and group",
        ),
        pytest.param(
            "RTA-OBS-004",
            [{"at": "diagnosticSetting:east-logs", "copy": "z-calls"}, {**LOGGED, "at": "diagnosticSetting:z-calls"}],
            {"requestResponseLogging": "forbidden"},
            "Request and response logging of east is on",
            "Leave the log of requests and responses out of east/z-calls",
            "Take the log",
            id="the setting that keeps the forbidden log is the one to change",
        ),
        pytest.param(
            "RTA-OBS-013",
            [
                {
                    "at": "defenderPlan",
                    "set": {"properties.extensions": [{"name": "AIPromptEvidence", "isEnabled": "True"}]},
                }
            ],
            {"promptEvidence": "forbidden"},
            "Prompt evidence of Defender for AI is on",
            "of the Defender plan for AI off",
            " on or off",
            id="what is forbidden is switched off",
        ),
        pytest.param(
            "RTA-OBS-008",
            [{"at": "actionGroup", "set": {"properties.enabled": False}}],
            {},
            "No enabled alert with a working action group watches",
            "Name who is notified",
            "with an action group",
            id="an action group that reaches nobody is there and does not work",
        ),
        pytest.param(
            "RTA-RES-002",
            [{"at": "contentPolicy:north/guard", "set": {"properties.contentFilters[name=Jailbreak].enabled": False}}],
            {},
            "eastus2 jailbreak on prompt on, swedencentral jailbreak on prompt off",
            "Make the content filters of gpt-realtime@2025-08-28 alike",
            "contentFilters",
            id="the setting in words",
        ),
        pytest.param(
            "RTA-CON-001",
            [{"at": "client", "set": {"deployment": "voic"}}],
            {},
            "east has no deployment named voic; perhaps voice is meant",
            "Name an account and a deployment",
            "…",
            id="the name that is meant is not cut away",
        ),
        pytest.param(
            "RTA-CON-001",
            [{"at": "client", "set": {"deployment": "gpt-realtime@2025-08-28"}}],
            {},
            "is a model here, not a deployment; it is deployed as voice",
            "",
            "",
            id="a model with its version is a model",
        ),
        pytest.param(
            "RTA-CON-001",
            [{"at": "client", "set": {"account": None}}],
            {},
            "the contract names no account",
            "",
            "not set",
            id="no account is named",
        ),
        pytest.param(
            "RTA-CON-002",
            [{"at": "client", "set": {"transport": "webrtc", "protocol.path": "/openai/realtime"}}],
            {},
            "/openai/realtime is not a path",
            "Connect to https://east.openai.azure.com/openai/v1/realtime/calls",
            "wss://",
            id="WebRTC begins with a POST",
        ),
        pytest.param(
            "RTA-CON-002",
            [{"at": "client", "set": {"protocol.path": "/openai/realtime"}}],
            {},
            "/openai/realtime is not a path",
            "Connect to wss://east.openai.azure.com/openai/v1/realtime?model=voice",
            "GPT-Live",
            id="a speech client is told nothing of other uses",
        ),
        pytest.param(
            "RTA-CON-003",
            [{"at": "client", "set": {"protocol.query": {"model": "voice", "api-key": "x"}}}],
            {},
            "the URL holds a key, in the parameter api-key",
            "Take api-key out of the URL",
            "client secret",
            id="a key in the URL leaves the URL",
        ),
        pytest.param(
            "RTA-CON-003",
            [{"at": "client", "set": {"runsIn": "mobile", "protocol.headers": ["api-key"]}}],
            {},
            "a mobile client sends the account's key",
            "Let a server of yours make a client secret",
            "out of the URL",
            id="a key in a header of an app",
        ),
        pytest.param(
            "RTA-CON-005",
            [{"at": "client", "set": {"runsIn": "browser", "network": "internet", "transport": "webrtc"}}],
            {},
            "a client on the internet cannot post its SDP",
            "Proxy the signalling",
            "SIP",
            id="WebRTC from outside",
        ),
        pytest.param(
            "RTA-CON-010",
            [{"at": "client", "set": {"gateway": {"kind": "apiManagement", "tier": "Consumption"}}}],
            {},
            "API Management has no WebSocket APIs in the Consumption tier",
            "a tier of API Management that has them",
            "Front Door",
            id="the gateway that is there",
        ),
    ],
)
def test_the_sentence_and_the_steps_fit(
    rule: str, change: list[dict[str, Any]], params: dict[str, Any], says: str, fix: str, never: str
):
    found = failed(rule, change, **params)
    steps = [line for one in found.observations for line in one.fix if not line.startswith("az ")]
    messages = [found.message, *(one.message for one in found.observations)]
    assert any(says in one for one in messages), messages
    assert not fix or any(fix in one for one in steps), steps
    assert not never or not any(never in one for one in (*messages, *steps)), (messages, steps)
