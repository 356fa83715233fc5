"""Probe target: taken from a contract, a snapshot, or an address; decides whether a token may go there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from rtaudit.azure import arm_id
from rtaudit.azure.clouds import CLOUDS
from rtaudit.azure.hosts import is_loopback
from rtaudit.azure.realtime_api import LIVE, REALTIME, ROLES, TRANSLATIONS, session_query
from rtaudit.contract import load_contract
from rtaudit.contract.sections import covers, in_environment, other_api_of
from rtaudit.errors import InputError, UsageError, allowed_hint
from rtaudit.snapshot import Snapshot
from rtaudit.subjects import EstateIndex, Subject
from rtaudit.subjects.client import find_account

_PATH_SAFE = "/-._~:@!$&'()*+,;=%"
_HOST = re.compile(r"[a-z0-9.:-]{1,253}")

_SUFFIXES = (
    "openai.azure.com", "cognitiveservices.azure.com", "services.ai.azure.com", "openai.azure.us",
    "cognitiveservices.azure.us", "openai.azure.cn", "cognitiveservices.azure.cn",
)  # fmt: skip
"""What the hosts of Azure OpenAI end on. Sources: the sovereign clouds' tables; Foundry's `services.ai` is public only."""


@dataclass(frozen=True)
class ProbeTarget:
    """One deployment behind one host."""

    host: str
    deployment: str
    port: int = 443
    path: str = REALTIME
    api_version: str | None = None
    """The api-version that a contract says its client sends."""
    cloud: str = "AzureCloud"
    environment: str | None = None
    client: str | None = None
    """Name of the contract."""
    account: str | None = None
    """ARM id of the account."""
    expected_addresses: Sequence[str] | None = None
    """Addresses of the account's private endpoints; None where nothing says what the name should resolve to."""
    expected_deployments: Sequence[Mapping[str, str]] | None = None
    """`name`, `model`, `version` of the account's deployments in the control plane; None where there is no snapshot."""

    use: str = "speech"
    """What the session is for: speech, transcription, translation or live."""
    query: Mapping[str, str] = field(default_factory=dict)
    """What a contract says that its client names in the URL, where that is not what the use wants."""

    @property
    def audience(self) -> str:
        """What the token is asked for."""
        return CLOUDS[self.cloud].data_plane_audience

    @property
    def url(self) -> str:
        """The endpoint, without its query."""
        port = "" if self.port == 443 else f":{self.port}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"wss://{host}{port}{quote(self.path, safe=_PATH_SAFE)}"

    @property
    def session_url(self) -> str:
        """What a session is opened at: as the use wants it, and as the client asks for it where its contract says so."""
        version = {"api-version": self.api_version} if self.api_version else {}
        named = self.query or session_query(self.use, self.deployment, self.path)
        return f"{self.url}?{urlencode({**version, **named}, safe='', quote_via=quote)}"


def from_endpoint(endpoint: str, deployment: str | None, cloud: str | None = None) -> ProbeTarget:
    """The target that an address names (`https://name.openai.azure.com`, or just the host). Raises UsageError.

    Where no `cloud` is given, it is the one that the host belongs to. A path of its own is probed as it is, with the
    deployment and the api-version of the query.
    """
    if cloud is not None and cloud not in CLOUDS:
        raise UsageError(f"unknown cloud '{cloud}'", allowed_hint(cloud, CLOUDS))
    try:
        parts = urlsplit(endpoint if "://" in endpoint else f"wss://{endpoint}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"'{endpoint}' is not a valid address: {error}", "write wss://NAME.openai.azure.com") from None
    if parts.scheme.lower() not in ("wss", "https"):
        raise UsageError(f"a probe uses TLS: '{parts.scheme}' is neither wss nor https", "write wss://…")
    if not host or parts.username is not None or parts.password is not None or not _HOST.fullmatch(host.lower()):
        raise UsageError(f"'{endpoint}' is not an address to probe", "write wss://NAME.openai.azure.com")
    query = dict(parse_qsl(parts.query))
    asked = query.get("deployment") or query.get("model")
    if deployment and asked and asked.lower() != deployment.lower():
        raise UsageError(
            f"--endpoint asks for '{asked}', and --deployment for '{deployment}'", "leave out one of the two"
        )
    named = deployment or asked
    if not named:
        raise UsageError("which deployment?", "say --deployment NAME")
    # What leads to the path of realtime, such as an SDK's base URL, is no path of its own.
    begins = f"{REALTIME}/".startswith(f"{parts.path.rstrip('/')}/")
    path = REALTIME if begins else parts.path
    use = {LIVE: "live", TRANSLATIONS: "translation"}.get(path.rstrip("/"), "speech")
    if query.get("intent", "").lower() == "transcription":
        use = "transcription"
    target = ProbeTarget(host.lower(), named, port or 443, path, use=use, cloud=cloud or _cloud_of(host.lower()))
    return replace(target, api_version=query.get("api-version"))


def _cloud_of(host: str) -> str:
    ends = {"azure.us": "AzureUSGovernment", "azure.cn": "AzureChinaCloud"}
    return ends.get(".".join(host.split(".")[-2:]), "AzureCloud")


def from_snapshot(snapshot: Snapshot, account: str | None, deployment: str | None) -> ProbeTarget:
    """The target that an account of a snapshot is. Raises UsageError for one that is not there, or not the only one."""
    estate = EstateIndex(snapshot)
    found = _the_account(estate, account)
    speech = [one for one in estate.deployments_of(found) if one.fact("realtimeRole") == "speech"]
    named = deployment or (speech[0].name if len(speech) == 1 else None)
    if named is None:
        names = ", ".join(one.name for one in speech) or "none"
        raise UsageError(f"{found.name} has {len(speech)} speech deployments: {names}", "say --deployment NAME")
    cloud = str(snapshot.scope.get("cloud") or "AzureCloud")
    suffix = CLOUDS[cloud].openai_suffix if cloud in CLOUDS else CLOUDS["AzureCloud"].openai_suffix
    subdomain = found.properties.get("customSubDomainName")
    if not isinstance(subdomain, str) or not subdomain:
        raise UsageError(f"{found.name} has no custom subdomain, so Entra tokens do not work there", "give it one")
    role = next(
        (one.fact("realtimeRole") for one in estate.deployments_of(found) if one.name.lower() == named.lower()), None
    )
    target = ProbeTarget(f"{subdomain}.{suffix}".lower(), named, cloud=cloud if cloud in CLOUDS else "AzureCloud")
    return _with_account(_used(target, role if role in ROLES else "speech"), estate, found)


def _used(target: ProbeTarget, use: str) -> ProbeTarget:
    """A target at the path that its use opens."""
    return replace(target, use=use, path=LIVE if use == "live" else REALTIME)


def from_contract(
    contract: Mapping[str, Any], snapshot: Snapshot | None, environment: str | None, cloud: str | None = None
) -> ProbeTarget:
    """The target that a contract names, in the snapshot's environment or the one named. Raises InputError, UsageError."""
    label = environment or (snapshot.environment if snapshot else None)
    sections = contract.get("environments") or {}
    if label is None and len(sections) == 1:
        label = next(iter(sections))
    if label is None and sections:
        raise UsageError("which environment of the contract?", f"say --environment, one of {', '.join(sections)}")
    if label is not None and not covers(contract, label):
        raise InputError(
            f"the contract {contract.get('name')} has no section for '{label}'",
            f"its environments: {', '.join(sections)}",
        )
    held = in_environment(contract, label or "default")
    another = other_api_of(held)
    if another is not None:
        raise UsageError(
            f"the contract {contract.get('name')} is about {another}", "a probe opens sessions of the Realtime API"
        )
    if not held.get("endpoint"):
        raise InputError(f"the contract {contract.get('name')} declares no endpoint", "add one: wss://…")
    if held.get("transport") == "sip" or str(held["endpoint"]).lower().startswith("sip"):
        raise UsageError(
            "a probe opens WebSocket sessions, and this contract is of SIP", "probe the account: --snapshot"
        )
    if snapshot is not None:
        cloud = str(snapshot.scope.get("cloud") or "AzureCloud")
        cloud = cloud if cloud in CLOUDS else "AzureCloud"
    address = str(held["endpoint"]).partition("?")[0]
    target = from_endpoint(address, held.get("deployment"), cloud)
    target = _used(replace(target, client=str(contract.get("name")), environment=label), held.get("use") or "speech")
    # What the client asks for is what is probed, the preview's path and api-version too.
    if held.get("transport") == "websocket":
        url, protocol = urlsplit(str(held["endpoint"])), held.get("protocol") or {}
        query = {**dict(parse_qsl(url.query)), **(protocol.get("query") or {})}
        target = replace(target, api_version=protocol.get("apiVersion") or query.get("api-version"))
        path = str(protocol.get("path") or url.path).strip("/")
        target = replace(target, path=f"/{path}") if path else target
        # Only what names the session: a key in a query is not sent.
        named = {name: str(query[name]) for name in ("intent", "model", "deployment") if query.get(name) is not None}
        target = replace(target, query=named)
    if snapshot is not None:
        estate = EstateIndex(snapshot)
        joined = find_account(estate, held.get("account"))
        if joined.value is not None:
            target = _with_account(target, estate, joined.value)
        elif held.get("account") and not joined.gaps:
            raise InputError(
                f"the contract {contract.get('name')} names the account '{held['account']}', which the snapshot of "
                f"'{snapshot.environment}' does not hold",
                allowed_hint(str(held["account"]), [one.name for one in estate.accounts]),
            )
    return target


def choose_target(
    *,
    snapshot: Snapshot | None,
    account: str | None,
    deployment: str | None,
    client: str | None,
    environment: str | None,
    endpoint: str | None,
    cloud: str | None,
) -> ProbeTarget:
    """The target that a snapshot and account, a contract, or an address name. Raises UsageError and InputError."""
    if endpoint is not None:
        if snapshot or client or account or environment:
            raise UsageError("--endpoint says it all", "leave out --snapshot, --account, --client and --environment")
        return from_endpoint(endpoint, deployment, cloud)
    if snapshot is not None and cloud not in (None, snapshot.scope.get("cloud") or "AzureCloud"):
        raise UsageError(
            f"--cloud {cloud} is not the cloud of {snapshot.file or 'the snapshot'}",
            "leave out --cloud: the snapshot says it",
        )
    if client is not None:
        if account or deployment:
            raise UsageError("the contract names account and deployment", "leave out --account and --deployment")
        return from_contract(load_contract(client), snapshot, environment, cloud)
    if environment is not None:
        raise UsageError(
            "--environment is one of a contract's, and there is none", "add --client FILE, or leave it out"
        )
    if snapshot is None:
        raise UsageError("nothing to probe", "say --snapshot FILE --account NAME, --client FILE, or --endpoint URL")
    return from_snapshot(snapshot, account, deployment)


def check_host(target: ProbeTarget, allowed: Sequence[str]) -> None:
    """Raise UsageError where a token must not go: to a host that is neither Azure OpenAI's, nor loopback, nor allowed."""
    if target.host.endswith(tuple("." + suffix for suffix in _SUFFIXES)):
        return
    if is_loopback(target.host) or target.host in {one.lower() for one in allowed}:
        return
    raise UsageError(
        f"{target.host} is not a host of Azure OpenAI: no token of yours is sent there",
        f"where it is your own gateway: --allow-host {target.host}",
    )


def _the_account(estate: EstateIndex, named: str | None) -> Subject:
    names = [one.name for one in estate.accounts]
    if named is None:
        if len(names) == 1:
            return estate.accounts[0]
        raise UsageError(f"the snapshot holds {len(names)} accounts", f"say --account: {', '.join(names) or 'none'}")
    found = find_account(estate, named)
    if found.value is None:
        why = found.gaps[0].message if found.gaps else None
        raise UsageError(f"the snapshot holds no account '{named}'", why or allowed_hint(named, names))
    owner: Subject = found.value
    return owner


def _with_account(target: ProbeTarget, estate: EstateIndex, account: Subject) -> ProbeTarget:
    deployments = [
        {
            "name": one.name,
            "model": str((one.properties.get("model") or {}).get("name") or ""),
            "version": str((one.properties.get("model") or {}).get("version") or ""),
        }
        for one in estate.deployments_of(account)
    ]
    return replace(
        target,
        account=account.resource,
        environment=target.environment or estate.snapshot.environment,
        expected_addresses=_addresses(estate, account, target.host),
        expected_deployments=None if estate.gaps("deployments", account.resource) else deployments,
    )


def _addresses(estate: EstateIndex, account: Subject, host: str) -> list[str] | None:
    """The addresses of the account's private endpoints (for this host, where they are distinguished).

    None where the account is reached publicly, or the addresses were not read.
    """
    if account.fact("exposure") != "private":
        return None
    key = arm_id.key(account.resource)
    every: set[str] = set()
    of_host: set[str] = set()
    for endpoint in estate.private_endpoints:
        if any(arm_id.key(one["id"]) == key for one in endpoint.join("accounts").value or ()):
            for row in endpoint.fact("hostRecords") or ():
                expected = row["expected"] if isinstance(row.get("expected"), list) else []
                every.update(expected)
                if str(row.get("host")).lower() == host:
                    of_host.update(expected)
    return sorted(of_host or every) or None
