"""Routes: parse a Resource Manager path: which type, below what, one resource or a collection."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import CATALOGUES, DELETED_ACCOUNT, RESOURCE_TYPES, ResourceType


@dataclass(frozen=True, slots=True)
class Route:
    """A path, taken apart."""

    key: str
    """The path in the form that ids are compared by."""
    type: str
    """The type asked for, lower case; empty when the path names none."""
    collection: bool
    """True for a list, False for one resource."""
    scope: str
    """Key of what a list is asked below: a parent, an extension's target, a group, a subscription; empty for the tenant."""
    subscription: str | None
    """Lower case."""
    group: str | None
    """Lower case."""
    namespace: str
    """The provider's namespace as the caller wrote it; empty when there is none."""
    segments: tuple[str, ...]
    """The path's segments as the caller wrote them."""

    @property
    def read(self) -> ResourceType | None:
        """What is known of the type, or None when it is not served."""
        if self.namespace.lower() == "microsoft.resources" and self.type != "microsoft.resources/providers":
            return None  # subscriptions and groups have paths of their own, not below a provider
        return RESOURCE_TYPES.get(self.type)

    @property
    def action(self) -> str:
        """The RBAC action that a GET needs."""
        return action_of(self.type, self.segments)

    @property
    def display_scope(self) -> str:
        """The scope that an error names, as the caller wrote it."""
        if not self.collection or self.type in CATALOGUES or not self.scope:
            return "/" + "/".join(self.segments)
        return "/" + "/".join(self.segments[: self.scope.count("/")])


@lru_cache(maxsize=65_536)
def parse(path: str) -> Route:
    """Take a path (percent-escapes allowed, any case) apart."""
    segments = tuple(segment for segment in unquote(path).split("/") if segment)
    parts = tuple(segment.lower() for segment in segments)
    subscription = parts[1] if len(parts) > 1 and parts[0] == "subscriptions" else None
    group = parts[3] if subscription and len(parts) > 3 and parts[2] == "resourcegroups" else None

    def route(kind: str, scope: tuple[str, ...], *, collection: bool, namespace: str = "") -> Route:
        key = "/" + "/".join(parts)
        above = "/" + "/".join(scope) if scope else ""
        return Route(key, kind, collection, above, subscription, group, namespace, segments)

    if "providers" in parts:
        at = len(parts) - 1 - parts[::-1].index("providers")
        tail = parts[at + 1 :]
        if not tail:
            return route("microsoft.resources/providers", parts[:at], collection=True)
        if len(tail) == 1:
            return route("microsoft.resources/providers", parts[:at], collection=False, namespace=segments[at + 1])
        kind = "/".join([tail[0], *tail[1::2]])
        if kind in CATALOGUES:
            parts = (*parts[: at + 3], arm_id.region(parts[at + 3]), *parts[at + 4 :])
        collection = len(tail) % 2 == 0
        if kind == "microsoft.cognitiveservices/deletedaccounts":
            # Listed below the subscription; what is listed is below a region and a group.
            kind = DELETED_ACCOUNT
        # A list is below its parent or below what the provider extends; so is a resource of that list.
        owner = tail[:-1] if collection else tail[:-2]
        scope = parts[:at] if len(owner) == 1 else parts[: at + 1 + len(owner)]
        return route(kind, scope, collection=collection, namespace=segments[at + 1])
    if parts[:1] == ("subscriptions",) and len(parts) <= 2:
        return route("microsoft.resources/subscriptions", (), collection=len(parts) == 1)
    if subscription and len(parts) in {3, 4} and parts[2] == "resourcegroups":
        return route("microsoft.resources/resourcegroups", parts[:2], collection=len(parts) == 3)
    return route("", (), collection=False)


def action_of(kind: str, segments: tuple[str, ...] = (), verb: str = "read") -> str:
    """The RBAC action of `verb` on a type (lower case); `segments` give the spelling of one that is not served."""
    if kind in RESOURCE_TYPES:
        return RESOURCE_TYPES[kind].read_action.removesuffix("read") + verb
    spelled = {segment.lower(): segment for segment in segments}
    return f"{'/'.join(spelled.get(part, part) for part in kind.split('/'))}/{verb}"
