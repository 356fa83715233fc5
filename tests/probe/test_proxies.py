"""Which proxy is on the way: the same answer for a collection and a probe, and the one that azure-identity gives itself."""

from __future__ import annotations

import pytest
import requests

from rtaudit.proxies import proxy_of

HOST = "voice.openai.azure.com"
CASES: dict[str, tuple[dict[str, str], str, str | None]] = {
    "none is named": ({}, HOST, None),
    "by scheme": ({"HTTPS_PROXY": "http://proxy.example:8080"}, HOST, "proxy.example:8080"),
    "of another scheme": ({"HTTP_PROXY": "http://proxy.example:8080"}, HOST, None),
    "for every scheme": ({"ALL_PROXY": "http://proxy.example:8080"}, HOST, "proxy.example:8080"),
    "without a scheme": ({"HTTPS_PROXY": "proxy.example:8080"}, HOST, "proxy.example:8080"),
    "without a port": ({"HTTPS_PROXY": "http://proxy.example"}, HOST, "proxy.example:80"),
    "over TLS, without a port": ({"HTTPS_PROXY": "https://proxy.example"}, HOST, "proxy.example:443"),
    "an address of version 6": ({"HTTPS_PROXY": "http://[fd00::1]:3128"}, HOST, "[fd00::1]:3128"),
    "a suffix goes without": ({"HTTPS_PROXY": "http://p.example:1", "NO_PROXY": ".openai.azure.com"}, HOST, None),
    "a domain goes without": ({"HTTPS_PROXY": "http://p.example:1", "NO_PROXY": "azure.com"}, HOST, None),
    "a network goes without": ({"HTTPS_PROXY": "http://p.example:1", "NO_PROXY": "10.0.0.0/8"}, "10.1.2.3", None),
    "another network": ({"HTTPS_PROXY": "http://p.example:1", "NO_PROXY": "10.0.0.0/8"}, "192.0.2.1", "p.example:1"),
}


@pytest.mark.parametrize(("environment", "host", "shown"), CASES.values(), ids=CASES)
def test_the_proxy_that_the_environment_names(
    environment: dict[str, str], host: str, shown: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = proxy_of(f"https://{host}/")
    assert (found and found.shown) == shown
    # The token is asked for through requests: it must not go another way than the reads.
    of_requests = requests.Session().merge_environment_settings(f"https://{host}/", {}, None, None, None)["proxies"]
    assert bool(of_requests.get("https") or of_requests.get("all")) is (shown is not None)


def test_a_user_is_sent_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:w%40rd@proxy.example:8080")
    found = proxy_of(f"https://{HOST}/")
    assert found is not None
    assert found.authorization == "Basic bWU6d0ByZA=="
    assert "d0ByZA" not in repr(found)


@pytest.mark.parametrize("named", ["socks5://proxy.example", "http://proxy.example:port", "http://"])
def test_what_is_no_proxy_is_named(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", named)
    with pytest.raises(ValueError, match="proxy"):
        proxy_of(f"https://{HOST}/")
