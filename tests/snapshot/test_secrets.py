"""No secret is written: by the name of its field, by its shape, below a parent; and nothing else is eaten."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rtaudit.assets import snapshots
from rtaudit.snapshot.secrets import MASK, cut_secrets, scrub
from rtaudit.snapshot.secrets.shapes import SHAPES, is_harmless
from tests.canaries import AI_KEY, ANYWHERE, B64, GITHUB, HEX, HEX64, KEPT, NAMES, STORAGE_KEY, WORD
from tests.canaries import JWT as TOKEN


@pytest.mark.parametrize(("text", "secret"), ANYWHERE.values(), ids=ANYWHERE.keys())
def test_shapes_are_cut_wherever_they_stand(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in scrub(text)
    assert MASK in scrub(text)
    assert scrub(scrub(text)) == scrub(text)
    assert secret not in scrub(f"before {text} after")
    for resource in (
        {"properties": {"description": text}}, {"tags": {"note": text}}, {"list": [[text]]}, {"tags": {text: "a name"}},
        {"properties": {"text": json.dumps({"inner": text})}},
    ):  # fmt: skip
        made = json.dumps(cut_secrets(resource))
        assert secret not in made
        assert cut_secrets(json.loads(made)) == json.loads(made)


@pytest.mark.parametrize("text", KEPT)
def test_identifiers_and_prose_stay(text: str) -> None:
    assert scrub(text) == text
    resource = {"id": text, "etag": text, "properties": {"any": [text], "endpoints": {"Token": text}}}
    assert cut_secrets(resource) is resource


@pytest.mark.parametrize("value", [HEX, HEX64, B64, STORAGE_KEY])
@pytest.mark.parametrize("name", ["openai", "the-key-of-it", "hookAuth", "slack_webhook", "x-token-2"])
def test_the_shape_of_a_key_is_cut_beside_a_telling_name_only(name: str, value: str) -> None:
    made = cut_secrets({"properties": {name: value, "internalId": HEX, "keyVersion": HEX, "sha": HEX64, "hash": B64}})
    cut = name != "openai" or value == STORAGE_KEY
    assert made == {
        "properties": {name: MASK if cut else value, "internalId": HEX, "keyVersion": HEX, "sha": HEX64, "hash": B64}
    }


@pytest.mark.parametrize("label", ["name", "key", "header"])
@pytest.mark.parametrize("secret_name", ["Authorization", "x-functions-key", "apiKey", "client_secret"])
def test_a_name_beside_its_value(label: str, secret_name: str) -> None:
    pairs = [{label: secret_name, "value": WORD}, {label: "region", "value": "eastus2"}]
    made = cut_secrets({"settings": pairs})
    assert made == {"settings": [{label: secret_name, "value": MASK}, {label: "region", "value": "eastus2"}]}


def test_tag_names_that_are_cut_alike_stay_apart() -> None:
    made = cut_secrets({"tags": {f"a {GITHUB}": "1", f"a {GITHUB[:-3]}": "2"}})
    assert sorted(made["tags"].values()) == ["1", "2"]
    assert GITHUB[:20] not in json.dumps(made)


@pytest.mark.parametrize(
    "text", ["[" * 5000, '{"a":' * 900 + "1" + "}" * 900, "{" + "9" * 5000 + "}", "=:" * 200_000, "a" * 300_000]
)
def test_no_text_is_too_much(text: str) -> None:
    assert scrub(text) == text
    cut_secrets({"properties": {"text": text}})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", ["hunter2", ["hunter2"], {"value": "hunter2"}, {"a": [{"b": "hunter2"}]}])
def test_names_are_cut_whatever_the_value(name: str, value: Any) -> None:
    made = cut_secrets({"properties": {name: value}, "tags": {name: "hunter2"}})
    assert "hunter2" not in json.dumps(made)
    assert name in made["properties"]


def test_everything_below_api_properties_is_cut_and_what_is_empty_stays() -> None:
    made = cut_secrets(
        {"properties": {"apiProperties": {"a": "x", "b": {"c": ["y", 5]}, "d": None, "e": "", "f": True}}}
    )
    assert made["properties"]["apiProperties"] == {"a": MASK, "b": {"c": [MASK, MASK]}, "d": None, "e": "", "f": True}


def test_a_number_of_tokens_is_a_number_and_a_number_for_a_password_is_cut() -> None:
    made = cut_secrets({"tokens": 100, "token": 5, "maxContextToken": "128000", "password": 12345678, "key1": 12345678})
    assert made == {"tokens": 100, "token": 5, "maxContextToken": "128000", "password": MASK, "key1": MASK}


def test_thirty_two_hex_digits_are_a_key_in_a_tag_and_an_identifier_elsewhere() -> None:
    digits = "0123456789abcdef" * 2
    made = cut_secrets({"tags": {"note": f"key {digits}"}, "properties": {"internalId": digits}})
    assert made == {"tags": {"note": f"key {MASK}"}, "properties": {"internalId": digits}}


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
            "accessPolicies": [{"permissions": {"keys": ["get"], "secrets": ["list"]}}],
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
        MASK,
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


_OF_NAMES = st.sampled_from(
    [
        "/subscriptions/",
        "sig",
        "key",
        "Basic",
        "token",
        "hunter2",
        ".",
        "_",
        "-",
        "--",
        "(",
        HEX,
        WORD,
        AI_KEY,
        TOKEN,
        GITHUB,
        "APIM",
    ]
    + [secret for _, secret in ANYWHERE.values()]
)


@given(st.lists(_OF_NAMES, max_size=6).map("".join))
def test_a_name_or_an_id_is_looked_through_for_every_shape(text: str) -> None:
    expected = text
    for shape in SHAPES:
        expected = shape.cut(expected)
    assert scrub(text) == expected or len(text) < 20 or any(sign in text for sign in ":=")


@given(
    st.lists(_OF_NAMES | st.sampled_from(["/", "/api/", "webhooks/", "desk-", "A" * 30, "a" * 9]), max_size=6).map(
        "".join
    )
)
@example("/api/webhooks/1/abc")
@example("x.webhook.office.com/abc")
@example("hooks.slack.com/services/abc")
@example("A" * 20 + "/" + "A" * 20 + "AIoT/" + "abcdef")
def test_an_id_is_harmless_by_its_segments_only_where_no_shape_is_found_in_the_whole(text: str) -> None:
    if text and is_harmless(text, re.compile("[0-9a-f]{32}")):
        assert all(shape.cut(text) == text for shape in SHAPES)


@given(_VALUE)
def test_cutting_twice_is_cutting_once_and_keeps_every_field(value: Any) -> None:
    before = copy.deepcopy(value)
    made = cut_secrets(value)
    assert value == before
    assert cut_secrets(made) is made
    assert _shape(made) == _shape(value)


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in value.items()}
    return [_shape(item) for item in value] if isinstance(value, list) else None
