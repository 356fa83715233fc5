"""No secret is written: by the name of its field, by its shape, below a parent; and nothing else is eaten."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtaudit.assets import snapshots
from rtaudit.snapshot.secrets import CUT, cut_secrets, scrub

# Put together here, so that no scanner takes this file for a leak.
STORAGE_KEY = "aB3+/" * 17 + "x" + "=="
AI_KEY = "a1B2" * 13 + "JQQJ9" + "9xY" * 8
TOKEN = "eyJ" + "hbGciOiJSUzI1NiJ9" + "." + "eyJzdWIiOiJyZWFkZXIifQ" + "." + "c2lnbmF0dXJl"
SAS = "sv=2024-01-01&sr=c&" + "sig=" + "abc%2Fdef%3D" + "&se=2026-01-01"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"https://x.blob.core.windows.net/c?{SAS}", "abc%2Fdef"),
        (SAS.split("&", 2)[2], "abc%2Fdef"),
        ("DefaultEndpointsProtocol=https;AccountName=x;AccountKey=" + STORAGE_KEY + ";EndpointSuffix=y", STORAGE_KEY),
        ("Endpoint=sb://x/;SharedAccessKeyName=r;SharedAccessKey=" + "s3cr3t+Value=", "s3cr3t"),
        ("Server=x;User=y;Password=" + "hunter2;Encrypt=true", "hunter2"),
        ('{"password": "' + 'hunter2"}', "hunter2"),
        ("pwd = " + "'hunter2'", "hunter2"),
        ("api-key: " + "0123456789abcdef", "0123456789abcdef"),
        ("client_secret=" + "hunter2&x=1", "hunter2"),
        ("https://user:" + "hunter2@host/path", "hunter2"),
        ("Authorization: Bearer " + TOKEN, TOKEN),
        ("the token " + TOKEN + " was refused", TOKEN),
        ("bearer " + "abcdefghijklmnop1234", "abcdefghijklmnop1234"),
        (STORAGE_KEY, STORAGE_KEY),
        (AI_KEY, AI_KEY),
    ],
)
def test_shapes_are_cut_wherever_they_stand(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in scrub(text)
    assert CUT in scrub(text)
    for resource in ({"properties": {"description": text}}, {"tags": {"note": text}}, {"list": [[text]]}):
        assert secret not in json.dumps(cut_secrets(resource))


@pytest.mark.parametrize(
    "name",
    [
        "migrationToken", "apiKey", "api-key", "api_key", "accessKey", "primaryKey", "secondaryKey", "clientSecret",
        "password", "adminPassword", "connectionString", "storageAccountConnectionString", "connection-string",
        "sasToken", "SAS_URL", "accessToken", "refresh_token", "subscriptionKey", "qnaAzureSearchEndpointKey",
        "instrumentationKey", "credentials",
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", ["hunter2", 12345678, ["hunter2"], {"value": "hunter2"}, {"a": [{"b": "hunter2"}]}])
def test_names_are_cut_whatever_the_value(name: str, value: Any) -> None:
    made = cut_secrets({"properties": {name: value}, "tags": {name: "hunter2"}})
    assert "hunter2" not in json.dumps(made)
    assert "12345678" not in json.dumps(made)
    assert name in made["properties"]


def test_everything_below_api_properties_is_cut_and_what_is_empty_stays() -> None:
    made = cut_secrets(
        {"properties": {"apiProperties": {"a": "x", "b": {"c": ["y", 5]}, "d": None, "e": "", "f": True}}}
    )
    assert made["properties"]["apiProperties"] == {"a": CUT, "b": {"c": [CUT, CUT]}, "d": None, "e": "", "f": True}


def test_a_name_beside_its_value() -> None:
    made = cut_secrets({"settings": [{"name": "apiKey", "value": "hunter2"}, {"name": "region", "value": "eastus2"}]})
    assert made == {"settings": [{"name": "apiKey", "value": CUT}, {"name": "region", "value": "eastus2"}]}


def test_thirty_two_hex_digits_are_a_key_in_a_tag_and_an_identifier_elsewhere() -> None:
    digits = "0123456789abcdef" * 2
    made = cut_secrets({"tags": {"note": f"key {digits}"}, "properties": {"internalId": digits}})
    assert made == {"tags": {"note": f"key {CUT}"}, "properties": {"internalId": digits}}


def test_what_is_no_secret_stays() -> None:
    kept = {
        "id": "/subscriptions/0a000000-0000-4000-8000-000000000001/resourceGroups/secret-group/providers/M.K/vaults/password",
        "etag": '"0a00b0c0-0000-0200-0000-65a000000000"',
        "properties": {
            "internalId": "0123456789abcdef0123456789abcdef",
            "disableLocalAuth": False,
            "encryption": {
                "keySource": "Microsoft.KeyVault",
                "keyVaultProperties": {"keyName": "voice", "keyVersion": "a" * 32},
            },
            "endpoints": {"OpenAI Realtime API": "https://voice.openai.azure.com/"},
            "rateLimits": [{"key": "request", "count": 10, "renewalPeriod": 60}, {"key": "token", "count": 1000}],
            "capabilities": [{"name": "CustomerManagedKey"}, {"name": "MaxFineTuneCount", "value": "500"}],
            "permissions": [{"actions": ["Microsoft.CognitiveServices/accounts/listKeys/action"]}],
            "contentFilters": [{"name": "Jailbreak", "blocking": True}],
        },
        "digest": "sha256:" + "0123456789abcdef" * 4,
        "tags": {"owner": "voice@example.com", "hidden-link:/subscriptions/x": "Resource", "cost": "12:30"},
    }
    before = copy.deepcopy(kept)
    assert cut_secrets(kept) == before
    assert kept == before


@pytest.mark.parametrize("label", ["dev", "test", "prod"])
def test_the_samples_hold_none(label: str) -> None:
    document = json.loads((snapshots() / f"{label}.json").read_text())
    assert cut_secrets(document["resources"]) == document["resources"]


_WORD = st.sampled_from(
    [
        "Password=",
        "pwd: ",
        "sig=",
        "?",
        "&",
        ";",
        " ",
        '"',
        "'",
        "Bearer ",
        "api-key",
        "=",
        "://",
        "@",
        ":",
        "x",
        TOKEN,
        AI_KEY,
        STORAGE_KEY,
        CUT,
    ]
)
_STRING = st.lists(_WORD, max_size=8).map("".join) | st.text(max_size=20)
_NAME = st.sampled_from(["a", "name", "value", "tags", "apiProperties", "apiKey", "password", "properties"])
_VALUE = st.recursive(
    _STRING | st.none() | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAME, inner, max_size=3),
    max_leaves=10,
)


@given(_STRING)
def test_scrubbing_twice_is_scrubbing_once(text: str) -> None:
    assert scrub(scrub(text)) == scrub(text)
    for secret in (TOKEN, AI_KEY, STORAGE_KEY):
        assert f" {secret} " not in f" {scrub(f'{text} {secret} ')} "


@given(_VALUE)
def test_cutting_twice_is_cutting_once_and_keeps_every_field(value: Any) -> None:
    before = copy.deepcopy(value)
    made = cut_secrets(value)
    assert value == before
    assert cut_secrets(made) == made
    assert _shape(made) == _shape(value)


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in value.items()}
    return [_shape(item) for item in value] if isinstance(value, list) else None
