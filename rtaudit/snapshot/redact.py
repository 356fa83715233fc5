"""redact: a copy that can be shown to others. Names, ids and addresses become stable pseudonyms, so that two still diff.

A pseudonym is a keyed hash of what it stands for; the key is the tenant's id, which the copy does not hold. What rules
judge by stays: types, kinds, regions, models, SKUs, states, built-in roles, prefix lengths, whether an address is private.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from dataclasses import replace
from typing import Any
from uuid import UUID

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import CATALOGUES
from rtaudit.snapshot.gaps import Gap
from rtaudit.snapshot.model import Snapshot
from rtaudit.snapshot.secrets import cut_secrets

_GUID = re.compile(
    r"(?<![0-9a-f-])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-f-])", re.IGNORECASE
)
_MAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_ADDRESS = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})(?:/\d{1,3})?(?![\w.:])", re.IGNORECASE
)
_ID = re.compile(r"/(?:subscriptions|providers)/[^\s'\"<>,;]*", re.IGNORECASE)
_HOST = re.compile(
    r"\b((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:azure|azurewebsites|microsoft|windows|chinacloudapi|usgovcloudapi)\.(?:com|us|cn|net))",
    re.IGNORECASE,
)
_HEX = re.compile(r"\b[0-9a-f]{32}\b", re.IGNORECASE)
_TOKEN = re.compile(r"[^-_.\s]+")

_NAME_FIELDS = frozenset(
    {
        "name", "displayname", "customsubdomainname", "recordsetname", "raipolicyname", "basepolicyname",
        "parentdeploymentname", "spilloverdeploymentname", "eventhubname", "groupshortname", "keyname", "blocklistname",
        "defaultproject", "deployment", "account", "owner", "customnetworkinterfacename", "sourceaccount",
    }
)  # fmt: skip
"""Fields (lower case) that hold somebody's own name for something."""

_TEXT_FIELDS = frozenset({"description", "rolename", "notes", "createdby", "lastmodifiedby", "condition", "message"})
"""Fields that hold free text; all of it is replaced, but in built-in roles."""

_PUBLIC = frozenset(
    [
        "default",
        "microsoft",
        "defaultv2",
        "ai",
        "alllogs",
        "audit",
        "eastus2",
        "openai",
        "account",
        "privatelink",
        "com",
        "azure",
        "us",
        "cn",
        "services",
        "models",
        "usages",
        "api",
        "cognitive",
        "cognitiveservices",
        "dev",
        "development",
        "test",
        "staging",
        "stage",
        "prod",
        "production",
        "uat",
        "qa",
        "sandbox",
    ]
)
"""Words of names that give nothing away, or that pairing needs."""

_PUBLIC_PARENTS = frozenset(
    {
        "model",
        "sku",
        "skus",
        "contentfilters",
        "capabilities",
        "logs",
        "metrics",
        "ratelimits",
        "allof",
        "value",
        "dimensions",
    }
)
"""Fields below which `name` is Azure's own word."""


def redact(snapshot: Snapshot) -> Snapshot:
    """The snapshot with pseudonyms in place of ids, names, addresses and free text; who wrote what, and etags, are cut.

    The digest is another one: it is over what the copy holds.
    """
    hide = _Hiding(snapshot)
    scope = dict(snapshot.scope)
    for field in ("subscriptions", "resourceGroups", "accounts"):
        scope[field] = sorted(hide.identity(one) if "/" in one else hide.name(one) for one in scope.get(field) or ())
    scope["tenant"] = hide.text(str(scope["tenant"])) if scope.get("tenant") else None
    collection = {name: value for name, value in snapshot.collection.items() if name != "principal"}
    if snapshot.collection.get("principal"):
        collection["principal"] = hide.text(str(snapshot.collection["principal"]))
    return Snapshot.of(
        snapshot.environment,
        scope,
        [hide.resource(resource) for resource in snapshot.resources],
        [hide.gap(gap) for gap in snapshot.gaps],
        [hide.value(client, "client") for client in snapshot.clients],
        collection,
    )


class _Hiding:
    def __init__(self, snapshot: Snapshot) -> None:
        seed = str(snapshot.scope.get("tenant") or "rtaudit").lower()
        self._key = hashlib.sha256(f"rtaudit redact {seed}".encode()).digest()
        models = {
            str(model.get("name"))
            for resource in snapshot.resources
            for model in _models(resource)
            if isinstance(model, dict)
        }
        regions = {arm_id.region(str(resource.get("location") or "")) for resource in snapshot.resources}
        words = {word for name in (*models, *regions, snapshot.environment) for word in _TOKEN.findall(name.lower())}
        self._public = _PUBLIC | words
        self._custom_roles = {
            arm_id.name_of(resource["id"]).lower()
            for resource in snapshot.resources
            if arm_id.type_of(resource["id"]) == "microsoft.authorization/roledefinitions"
            and (resource.get("properties") or {}).get("type") == "CustomRole"
        }

    def resource(self, resource: dict[str, Any]) -> dict[str, Any]:
        """A resource, cut and hidden."""
        kind = arm_id.type_of(resource["id"])
        built_in = kind == "microsoft.authorization/roledefinitions" and (
            arm_id.name_of(resource["id"]).lower() not in self._custom_roles
        )
        hidden = {
            name: self.rows(value)
            if name == "value" and kind in CATALOGUES
            else value
            if (name == "properties" and built_in) or (name == "name" and kind in CATALOGUES)
            else self.value(value, name)
            for name, value in cut_secrets(resource).items()
            if name not in {"systemData", "etag"}
        }
        if kind.endswith("/roledefinitions") and built_in:
            hidden["name"] = resource.get("name", arm_id.name_of(resource["id"]))
            scopes = hidden.get("properties", {}).get("assignableScopes")
            if scopes:
                hidden["properties"] = {**hidden["properties"], "assignableScopes": self.value(scopes, "")}
        hidden["id"] = self.identity(resource["id"])
        return hidden

    def rows(self, rows: Any) -> Any:
        """Rows of a catalogue: Azure's own words but for the ids."""
        if not isinstance(rows, list):
            return rows
        return [
            {
                name: self.identity(value) if name == "id" and isinstance(value, str) else value
                for name, value in row.items()
            }
            if isinstance(row, dict)
            else row
            for row in rows
        ]

    def gap(self, gap: Gap) -> Gap:
        """A gap; its message is free text."""
        return replace(
            gap, scope=self.identity(gap.scope), message=self.text(gap.message) if gap.message else gap.message
        )

    def value(self, value: Any, field: str, parent: str = "") -> Any:
        """A value below the field `field`."""
        if isinstance(value, dict):
            if field.lower() == "tags":
                return {self.text(key): self.word(str(item)) for key, item in value.items()}
            return {self.text(key) if "/" in key else key: self.value(item, key, field) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, field, parent) for item in value]
        if not isinstance(value, str):
            return value
        lower = field.lower()
        if "/" not in value and lower in _NAME_FIELDS and parent.lower() not in _PUBLIC_PARENTS:
            return self.text(value) if _HOST.search(value) else self.name(value)
        if lower in _TEXT_FIELDS:
            return self.word(value) if value else value
        return self.text(value)

    def identity(self, resource_id: str) -> str:
        """An ARM id: subscription, group and names hidden, types and providers kept."""
        parts = resource_id.split("/")
        for index, part in enumerate(parts):
            before = parts[index - 1].lower() if index else ""
            if not part or index == 0:
                continue
            if _GUID.fullmatch(part):
                keep = before == "roledefinitions" and part.lower() not in self._custom_roles
                parts[index] = part if keep else self.guid(part)
            elif before in {"subscriptions", "resourcegroups", "managementgroups"} or self._is_name(parts, index):
                parts[index] = self.name(part)
        return "/".join(parts)

    @staticmethod
    def _is_name(parts: list[str], index: int) -> bool:
        lower = [part.lower() for part in parts[:index]]
        if "providers" not in lower:
            return False
        at = len(lower) - 1 - lower[::-1].index("providers")
        # /providers/Namespace/type/name/type/name
        return index - at >= 3 and (index - at) % 2 == 1 and lower[-1] != "locations"

    def text(self, text: str) -> str:
        """Any text: ids, hosts, GUIDs, addresses and mail addresses in it are hidden."""
        text = _MAIL.sub(lambda found: f"{self._hash(found.group())}@example.com", text)
        text = _ID.sub(lambda found: self.identity(found.group()), text)
        text = _HOST.sub(lambda found: self._host(found.group()), text)
        text = _GUID.sub(lambda found: self._guid_in(text, found), text)
        text = _HEX.sub(lambda found: hashlib.md5(self._digest(found.group()), usedforsecurity=False).hexdigest(), text)
        return _ADDRESS.sub(lambda found: self._address(found.group()), text)

    def _guid_in(self, text: str, found: re.Match[str]) -> str:
        role = text[: found.start()].lower().endswith("roledefinitions/")
        known = found.group().lower().startswith("00000000-") or UUID(found.group()).version == 8
        return (
            found.group()
            if known or (role and found.group().lower() not in self._custom_roles)
            else self.guid(found.group())
        )

    def _host(self, host: str) -> str:
        labels = host.split(".")
        return ".".join([self.name(label) if index < len(labels) - 3 else label for index, label in enumerate(labels)])

    def name(self, name: str) -> str:
        """A name, word by word; public words stay, so that names still pair."""
        if _GUID.fullmatch(name):
            return self.guid(name)
        return _TOKEN.sub(
            lambda found: found.group() if self._is_public(found.group()) else self._hash(found.group()), name
        )

    def _is_public(self, word: str) -> bool:
        return word.lower() in self._public or len(word) < 2 or word.isdigit() or _PSEUDONYM.fullmatch(word) is not None

    def word(self, text: str) -> str:
        """Free text as one pseudonym; true, false, public words and what is empty stay."""
        known = text.lower() in self._public or text.lower() in {"", "true", "false", "[cut]"}
        return text if known or _PSEUDONYM.fullmatch(text) else self._hash(text)

    def guid(self, guid: str) -> str:
        """A GUID's pseudonym, of version 8 so that it is known for one."""
        if UUID(guid).version == 8:
            return guid
        return str(_version8(self._digest(guid)))

    def _address(self, text: str) -> str:
        written, slash, prefix = text.partition("/")
        try:
            address = ipaddress.ip_address(written)
            hidden = address if address.is_unspecified or address.is_loopback else self._neighbour(address)
            if not slash:
                return str(hidden)
            return str(ipaddress.ip_network(f"{hidden}/{prefix}", strict=False))
        except ValueError:
            return text

    def _neighbour(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> object:
        """An address of the same kind; those of one /24 (or /64) stay together."""
        if isinstance(address, ipaddress.IPv6Address):
            base = int(ipaddress.IPv6Address("fd00::" if address.is_private else "2600::"))
            high, low = int(address) >> 64, int(address) & (1 << 64) - 1
            noise = int.from_bytes(self._digest(hex(high))[:4], "big")
            return ipaddress.IPv6Address(base + (noise << 64) + low % 65_536)
        network, _, last = str(address).rpartition(".")
        octets = self._digest(network)
        if str(address).startswith("10.") or not address.is_private:
            return ipaddress.IPv4Address(f"{10 if address.is_private else 20}.{octets[0]}.{octets[1]}.{last}")
        return ipaddress.IPv4Address(f"{'.'.join(network.split('.')[:2])}.{octets[0]}.{last}")

    def _hash(self, text: str) -> str:
        return f"x{self._digest(text).hex()[:8]}"

    def _digest(self, text: str) -> bytes:
        return hmac.new(self._key, text.lower().encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


_PSEUDONYM = re.compile(r"x[0-9a-f]{8}")


def _version8(digest: bytes) -> UUID:
    value = int.from_bytes(digest[:16], "big")
    value = value & ~(0xF << 76) | (8 << 76)
    return UUID(int=value & ~(0x3 << 62) | (0x2 << 62))


def _models(resource: dict[str, Any]) -> list[Any]:
    properties = resource.get("properties")
    rows = resource.get("value")
    found = [properties.get("model")] if isinstance(properties, dict) else []
    return found + [row.get("model") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else found
