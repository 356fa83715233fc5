"""What is probed, where, and for which cloud the token is."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtaudit.contract import parse_contract
from rtaudit.errors import InputError
from rtaudit.probe import from_contract, from_endpoint
from rtaudit.snapshot import load

from .conftest import HOST

GOOD = Path(__file__).parents[2] / "policies" / "rules" / "good.json"


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (HOST, f"wss://{HOST}/openai/v1/realtime?model=voice"),
        (f"https://{HOST}/", f"wss://{HOST}/openai/v1/realtime?model=voice"),
        (f"https://{HOST}/openai/v1/", f"wss://{HOST}/openai/v1/realtime?model=voice"),
        ("wss://gateway.example/voices/realtime", "wss://gateway.example/voices/realtime?model=voice"),
        (
            f"wss://{HOST}/openai/realtime?api-version=2025-04-01-preview&deployment=voice",
            f"wss://{HOST}/openai/realtime?api-version=2025-04-01-preview&deployment=voice",
        ),
    ],
)
def test_an_address_with_a_path_is_probed_there(address: str, url: str):
    assert from_endpoint(address, "voice").session_url == url


def test_the_deployment_of_an_address_is_the_one_that_is_asked_for():
    assert from_endpoint(f"wss://{HOST}/openai/v1/realtime?model=voice", None).deployment == "voice"


CONTRACT = (
    "schema: rtaudit.client/1\nname: guest\ntransport: websocket\nrunsIn: server\nauth: entra\ndeployment: voice\n"
)


def test_the_token_is_for_the_cloud_of_the_host_unless_one_is_named():
    for host, audience in (
        (HOST, "https://cognitiveservices.azure.com"),
        ("voice.openai.azure.us", "https://cognitiveservices.azure.us"),
        ("voice.openai.azure.cn", "https://cognitiveservices.azure.cn"),
        ("gateway.example", "https://cognitiveservices.azure.com"),
    ):
        contract = parse_contract(f"{CONTRACT}endpoint: 'wss://{host}'\n", "guest.yaml")
        assert from_endpoint(host, "voice").audience == audience
        assert from_contract(contract, None, None).audience == audience
        asked = from_contract(contract, None, None, "AzureUSGovernment")
        assert asked.audience == "https://cognitiveservices.azure.us"


def test_a_contract_of_another_snapshot_is_refused():
    contract = parse_contract(f"{CONTRACT}endpoint: 'wss://{HOST}'\naccount: eats\n", "guest.yaml")
    with pytest.raises(InputError, match="names the account 'eats', which the snapshot of 'good' does not hold"):
        from_contract(contract, load(GOOD), None)
    assert from_contract(contract, None, None).account is None
