from __future__ import annotations

from typing import Any

import pytest

from .estate import Resource, account, changes, diagnostics, edited, estate, group, paths, snapshot, subscription

HUB = "/subscriptions/hub/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones/privatelink.openai.azure.com"
SIEM = "/subscriptions/hub/resourceGroups/logs-prod/providers/Microsoft.OperationalInsights/workspaces/siem-prod"


def test_a_tag_that_names_one_environment_in_both_is_drift() -> None:
    tags = {"env": "production", "of": "prod", "tier": "live", "owner": "voice"}
    left, right = snapshot("test", [account("test", tags=tags)]), snapshot("prod", [account("prod", tags=tags)])
    # `live` can mean production, but both say it of their tier.
    assert paths(left, right) == [("/tags/env", "drift"), ("/tags/of", "drift")]
    assert paths(right, left) == paths(left, right)
    found = changes(left, right)[0]
    assert (found.before, found.after) == ("production", "{environment}")


@pytest.mark.parametrize(
    ("field", "value", "drifts"),
    [
        ("endpoint", "https://voice-test.openai.azure.com/", True),
        ("endpoint", "wss://VOICE-test.openai.azure.com/openai/v1/realtime?model=voice", True),
        ("endpoint", "https://gateway-prod.contoso.example/voice", False),
        ("account", "voice-test", True),
        ("account", "Voice-Test", True),
        # An account that neither snapshot holds is no other environment's.
        ("account", "gateway-prod", False),
        ("deployment", "voice-prod", False),
    ],
)
def test_to_call_the_other_environments_account_is_drift(field: str, value: str, drifts: bool) -> None:
    def calling(label: str) -> Any:
        contract = {"schema": "rtaudit.client/1", "name": "frontdesk", field: value}
        return snapshot(label, [account(label)], clients=[contract])

    there, back = paths(calling("test"), calling("prod")), paths(calling("prod"), calling("test"))
    assert there == back == ([(f"/{field}", "drift")] if drifts else [])


def test_a_custom_subdomain_names_its_account() -> None:
    def called(label: str) -> Any:
        owner = account(label, customSubDomainName=f"talk-{label}")
        storage = [{"resourceUri": "https://talk-test.openai.azure.com/files"}]
        return snapshot(label, [owner, diagnostics(owner, label, marketplace=storage)])

    assert paths(called("test"), called("prod")) == [("/properties/marketplace", "drift")]


def test_a_thing_below_one_that_has_a_counterpart_is_not_shared() -> None:
    def keyed(label: str) -> Any:
        target = f"{account('test')['id']}/projects/calls"
        return snapshot(label, [account(label), diagnostics(account(label), label, serviceBusRuleId=target)])

    assert paths(keyed("test"), keyed("prod")) == [("/properties/serviceBusRuleId", "drift")]


def test_a_subscription_alone_is_not_what_is_in_it() -> None:
    wanted = f"{subscription('prod')}/resourceGroups/rg-prod/providers/Microsoft.EventHub/namespaces/siem-prod"

    def point(item: Resource) -> None:
        item["properties"]["eventHubAuthorizationRuleId"] = wanted

    left, right = (edited(estate(label), "diagnosticSettings", point) for label in ("test", "prod"))
    assert paths(left, right) == []


def test_what_both_snapshots_hold_does_not_differ_from_itself() -> None:
    hub = {"id": HUB, "location": "global", "tags": {"env": "prod", "next": "test"}}
    left, right = (snapshot(label, [account(label), hub]) for label in ("test", "prod"))
    assert paths(left, right) == []
    later = snapshot("prod", [account("prod"), {**hub, "tags": {"env": "hub", "next": "test"}}])
    assert paths(left, later) == [("/tags/env", "drift")]


def test_a_shared_thing_beside_one_that_both_snapshots_hold_is_shared() -> None:
    hub = {"id": HUB, "location": "global"}

    def made(label: str) -> Any:
        alert = {
            "id": f"{group(label)}/providers/Microsoft.Insights/metricAlerts/throttled",
            "properties": {"scopes": [HUB, SIEM]},
        }
        return snapshot(label, [account(label), hub, alert])

    assert paths(made("test"), made("prod")) == []
