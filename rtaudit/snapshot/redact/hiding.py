"""Hiding: pseudonyms for ids, names, hosts, addresses and texts, made with a key that is in no copy."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from uuid import UUID

from rtaudit.snapshot.redact.shown import ENVIRONMENTS, ID_WORDS, NAME_WORDS, REGIONS, SUFFIXES
from rtaudit.snapshot.secrets import MASK

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_URL = re.compile(r"(https?|wss?|sips?)://([^/?#@\s]+)(/\S*)?", re.IGNORECASE)
_HOST = re.compile(r"(?:[a-z0-9_*-]+\.)+[a-z]{2,}\.?", re.IGNORECASE)
_TOKEN = re.compile(r"[^-_.\s]+")
_HINTED = frozenset({"true", "false", "none", "null", "*", "/", MASK})
SHORT = 3
"""Characters up to which a number is shown: instances are counted with it."""


class Hiding:
    """One key, and what it makes of every kind of text. The same text is hidden alike wherever it is."""

    def __init__(self, key: bytes, built_in_roles: frozenset[str]) -> None:
        self._key = key
        self._built_in = built_in_roles

    def text(self, text: str) -> str:
        """Any text, by what it is as a whole; what is nothing known becomes one pseudonym."""
        if text == "" or text.lower() in _HINTED:
            return text
        if text.startswith("/"):
            return self.identity(text)
        if _GUID.fullmatch(text):
            return self.guid(text)
        if _HEX.fullmatch(text):
            return hashlib.md5(self._digest(text), usedforsecurity=False).hexdigest()
        return self.address(text) or self.host(text) or self._hash(text)

    def name(self, name: str) -> str:
        """A name, word by word, so that names still pair; words that are Azure's stay."""
        if _GUID.fullmatch(name):
            return self.guid(name)
        if name.startswith("/"):
            return self.identity(name)
        if "@" in name or ":" in name:
            return self.text(name)
        return _TOKEN.sub(lambda found: self._word(found.group()), name)

    def identity(self, resource_id: str) -> str:
        """An ARM id: subscription, group and names hidden, providers and types that are known kept."""
        parts = resource_id.split("/")
        lower = [part.lower() for part in parts]
        for index, part in enumerate(parts):
            before = lower[index - 1] if index else ""
            if not part:
                continue
            if before == "locations" and lower[index] in REGIONS:
                continue
            if before == "roledefinitions" and lower[index] in self._built_in:
                continue
            named = before in {"subscriptions", "resourcegroups", "managementgroups"} or _is_name(lower, index)
            if named or lower[index] not in ID_WORDS:
                host = None if not named else self.host(part) if "." in part else None
                parts[index] = host or self.name(part)
        return "/".join(parts)

    def guid(self, guid: str) -> str:
        """A GUID's pseudonym, of version 8 so that it is known for one; that of a built-in role stays."""
        if guid.lower() in self._built_in or guid.startswith("00000000-0000-0000-0000"):
            return guid
        return str(_version8(self._digest(guid)))

    def host(self, text: str) -> str | None:
        """An address or host with its names hidden, and the end that is Azure's kept; None for anything else."""
        found = _URL.fullmatch(text)
        scheme, host, path = (f"{found.group(1)}://", found.group(2), found.group(3) or "") if found else ("", text, "")
        name, colon, port = host.partition(":")
        if not (_HOST.fullmatch(name) or (found and name)):
            return None
        hidden = "/".join(self._word(part) if part else "" for part in path.split("/"))
        end = next((end for end in SUFFIXES if name.lower() == end or name.lower().endswith(f".{end}")), "")
        own = name[: len(name) - len(end)].rstrip(".") if end else name
        labels = [self.name(label) for label in own.split(".") if label]
        return (
            f"{scheme}{'.'.join([*labels, *([end] if end else ['example'])])}{':443' if colon and port else ''}{hidden}"
        )

    def address(self, text: str) -> str | None:
        """An IP address, network or `address:port`; its kind and size stay. None for anything else."""
        written, slash, prefix = text.partition("/")
        if written.count(":") == 1 and written.count(".") == 3:
            written = written.partition(":")[0]
        try:
            address = ipaddress.ip_address(written)
            hidden = address if address.is_unspecified or address.is_loopback else self._neighbour(address)
            return str(hidden) if not slash else str(ipaddress.ip_network(f"{hidden}/{prefix}", strict=False))
        except ValueError:
            return None

    def _word(self, word: str) -> str:
        lower = word.lower()
        public = lower in REGIONS or lower in ENVIRONMENTS or lower in NAME_WORDS or lower in _HINTED
        return word if public or (word.isdigit() and len(word) <= SHORT) else self._hash(word)

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


def _is_name(lower: list[str], index: int) -> bool:
    if "providers" not in lower[:index]:
        return False
    at = index - 1 - lower[:index][::-1].index("providers")
    # /providers/Namespace/type/name/type/name
    return index - at >= 3 and (index - at) % 2 == 1


def _version8(digest: bytes) -> UUID:
    value = int.from_bytes(digest[:16], "big")
    value = value & ~(0xF << 76) | (8 << 76)
    return UUID(int=value & ~(0x3 << 62) | (0x2 << 62))
