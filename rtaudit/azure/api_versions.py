"""API versions: choose the newest that rtaudit knows, or an older one where the cloud knows only older ones."""

from __future__ import annotations

import re
import threading

from rtaudit.azure.resource_types import PROVIDER_VERSIONS, RESOURCE_TYPES

NEWEST: dict[str, str] = {
    **PROVIDER_VERSIONS,
    **{row.key: row.api_version for row in RESOURCE_TYPES.values() if row.api_version},
}
"""Provider or type (lower case; the longest that fits counts) -> the newest api-version that its reader knows."""

_CODES = frozenset(
    {"NoRegisteredProviderFound", "InvalidApiVersionParameter", "InvalidResourceType", "UnsupportedApiVersion"}
)
_VERSION = re.compile(r"\b\d{4}-\d{2}-\d{2}(?:-(?:preview|privatepreview|beta|alpha))?\b")


def family_of(resource_type: str) -> str:
    """The entry of NEWEST that a type belongs to. Raises KeyError for a type without one."""
    name = resource_type.lower()
    while name not in NEWEST:
        name, _, rest = name.rpartition("/")
        if not rest or not name:
            raise KeyError(resource_type)
    return name


class Versions:
    """The api-versions of one collection, shared by its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._families: dict[str, str] = {}
        self._types: dict[str, str] = {}
        self.used: dict[str, str] = {}
        """Resource type -> the api-version that it was read with."""

    def ask(self, resource_type: str) -> str:
        """The api-version to ask for now."""
        family = family_of(resource_type)
        with self._lock:
            return self._types.get(resource_type.lower()) or self._families.get(family) or NEWEST[family]

    def answered(self, resource_type: str, version: str) -> None:
        """Note that `version` was answered."""
        if self.used.get(resource_type) != version:
            with self._lock:
                self.used[resource_type] = version

    def refused(self, resource_type: str, version: str, status: int | None, code: str | None, message: str) -> bool:
        """Whether to ask again: the cloud refused `version`, and another is known by now.

        The newest stable one that the error names is taken, for the whole provider; where the provider's own was
        refused already (some type knows fewer), for this type.
        """
        if status not in {400, 404} or code not in _CODES:
            return False
        family = family_of(resource_type)
        with self._lock:
            current = self._types.get(resource_type.lower()) or self._families.get(family) or NEWEST[family]
            if current != version:
                return True
            _, _, supported = message.partition("upported")
            named = {found for found in _VERSION.findall(supported) if found < version}
            if not named:
                return False
            best = max(named, key=lambda found: (len(found) == 10, found))
            if family in self._families:
                self._types[resource_type.lower()] = best
            else:
                self._families[family] = best
            return True
