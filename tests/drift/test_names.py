from __future__ import annotations

import pytest

from rtaudit.drift.names import base_name, path_stem, region_tokens, tokens_of_label


@pytest.mark.parametrize(
    ("label", "name", "left"),
    [
        ("prod", "voice-prod", "voice"),
        ("prod", "VOICE_Prod.eastus2", "voice-eastus2"),
        ("prod", "prod-voice-prd", "voice"),
        ("production", "voice-prod", "voice"),
        ("prod", "product-search", "product-search"),
        ("prod", "voiceprod", "voiceprod"),
        ("prod", "voice-prod01", "voice-01"),
        ("test", "tst2-voice", "2-voice"),
        ("prod-eu", "voice-eu-prod", "voice"),
        ("prod", "prod", ""),
        ("stage", "voice-stg", "voice"),
        ("blue", "voice-blue", "voice"),
        ("blue2", "voice-blue2", "voice"),
    ],
)
def test_whole_tokens_of_the_label_go(label: str, name: str, left: str) -> None:
    assert base_name(name, tokens_of_label(label)) == left


@pytest.mark.parametrize(
    ("name", "left"), [("voice-eastus2", "voice"), ("voice-eus2-prod", "voice"), ("voice-weu", "voice-weu")]
)
def test_only_regions_in_use_go(name: str, left: str) -> None:
    assert base_name(name, tokens_of_label("prod"), region_tokens(["eastus2"])) == left


def test_an_id_keeps_types_and_names() -> None:
    identity = (
        "/subscriptions/s/resourceGroups/rg-prod/providers/Microsoft.Network/virtualNetworks/vnet-prod/subnets/pe"
    )
    assert path_stem(identity, tokens_of_label("prod"), frozenset()) == "virtualnetworks/vnet/subnets/pe"
    assert (
        path_stem("/subscriptions/s/resourceGroups/rg-prod", tokens_of_label("prod"), frozenset())
        == "resourcegroups/rg"
    )
    assert path_stem("/subscriptions/s", tokens_of_label("prod"), frozenset()) == "subscriptions"
