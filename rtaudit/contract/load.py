"""Contract loader: reads client contracts, validates them, and removes anything that looks like a secret."""

from __future__ import annotations

import pathlib
import re
from typing import Any
from urllib.parse import unquote, urlsplit

from rtaudit.contract.schema import CONTRACT, CONTRACT_SCHEMA
from rtaudit.documents import Document, KeyPath, check_schema, load_yaml, parse_yaml
from rtaudit.snapshot.secrets import MASK, cut_secrets

SCHEMES = ("wss", "https", "ws", "http", "sip", "sips")
"""What an endpoint may begin with. Those without TLS are read, and then evaluated."""

_KEY_NAMES = ("api-key", "apikey", "subscription-key", "ocp-apim-subscription-key", "code", "key", "authorization")
_PARAMETER = re.compile(r"(?<=[?&])([^&#=]*)=([^&#]*)")


def load_contract(path: str | pathlib.Path) -> dict[str, Any]:
    """The contract in the YAML file `path` (`-` is standard input), as it is in a snapshot's `clients`.

    Raises InputError, with file, line and column, for anything that is no contract.
    """
    return _checked(load_yaml(path))


def parse_contract(text: str, name: str) -> dict[str, Any]:
    """The contract in `text`; `name` is what errors call it. Raises InputError."""
    return _checked(parse_yaml(text, name))


def _checked(document: Document) -> dict[str, Any]:
    value = document.value
    stated = value.get("schema") if isinstance(value, dict) else None
    if stated != CONTRACT:
        said = f"its schema is '{stated}'" if stated is not None else "it states no schema"
        raise document.error(
            ("schema",) if stated is not None else (),
            f"this is not a client contract: {said}",
            f"a contract begins with `schema: {CONTRACT}`; `rtaudit client init` writes one",
        )
    check_schema(value, CONTRACT_SCHEMA, document.error)
    _check_endpoint(document, (), value)
    for label, section in value.get("environments", {}).items():
        _check_endpoint(document, ("environments", label), section)
    contract: dict[str, Any] = cut_secrets(_without_keys(value))
    return contract


def _check_endpoint(document: Document, path: KeyPath, section: dict[str, Any]) -> None:
    endpoint = section.get("endpoint")
    if endpoint is None:
        return
    where = (*path, "endpoint")
    scheme, colon, _ = endpoint.partition(":")
    if not colon or scheme.lower() not in SCHEMES:
        raise document.error(
            where, "'endpoint' has no scheme that is known", "write wss://NAME.openai.azure.com, or https:// or sip:"
        )
    if scheme.lower() in ("sip", "sips"):
        return
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise document.error(where, f"'endpoint' is not a URL: {error}", "write wss://NAME.openai.azure.com") from None
    if not host:
        raise document.error(where, "'endpoint' names no host", "write wss://NAME.openai.azure.com")
    if parts.username is not None or parts.password is not None:
        raise document.error(where, "'endpoint' holds a user or a password", "a contract holds no secret: take it out")


def _without_keys(value: Any) -> Any:
    """A contract whose queries, of `protocol` and of `endpoint`, hold no key's value: that one is sent is reported, not which."""
    if not isinstance(value, dict):
        return value
    cleaned = {key: _without_keys(item) for key, item in value.items()}
    if isinstance(cleaned.get("endpoint"), str):
        cleaned["endpoint"] = _PARAMETER.sub(_cut_parameter, cleaned["endpoint"])
    protocol = cleaned.get("protocol")
    if isinstance(protocol, dict) and isinstance(protocol.get("query"), dict):
        query = {
            name: MASK if name.lower() in _KEY_NAMES and item is not None else item
            for name, item in protocol["query"].items()
        }
        cleaned["protocol"] = {**protocol, "query": query}
    return cleaned


def _cut_parameter(found: re.Match[str]) -> str:
    return f"{found.group(1)}={MASK}" if unquote(found.group(1)).lower() in _KEY_NAMES else found.group()
