"""Azure Resource Manager ids: taken apart and compared. Azure returns them in any case, some without a leading slash."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote


@lru_cache(maxsize=262_144)
def key(resource_id: str) -> str:
    """The form to compare ids by: lower case, one leading slash, no trailing one, percent-escapes undone."""
    text = unquote(resource_id) if "%" in resource_id else resource_id
    return "/" + text.strip("/").lower()


@lru_cache(maxsize=262_144)
def type_of(resource_id: str) -> str:
    """The resource type that an id names, in lower case: `microsoft.cognitiveservices/accounts/deployments`.

    The id is asked and not the `type` field, which Azure leaves null or misspells. Of an extension resource it is the
    extension's type. A subscription is `microsoft.resources/subscriptions`, a resource group
    `microsoft.resources/resourcegroups`, a provider's registration `microsoft.resources/providers`. Empty when the id is none.
    """
    parts = key(resource_id).split("/")[1:]
    if "providers" in parts:
        at = len(parts) - 1 - parts[::-1].index("providers")
        tail = parts[at + 1 :]
        if len(tail) == 1:
            return "microsoft.resources/providers"
        if tail:
            # namespace, then type/name pairs; a collection ends on a type without a name
            return "/".join([tail[0], *tail[1::2]])
    if len(parts) == 2 and parts[0] == "subscriptions":
        return "microsoft.resources/subscriptions"
    if len(parts) == 4 and parts[2] == "resourcegroups":
        return "microsoft.resources/resourcegroups"
    return ""


def name_of(resource_id: str) -> str:
    """The last segment of an id, as Azure wrote it."""
    return resource_id.rstrip("/").rsplit("/", 1)[-1]


def subscription_of(resource_id: str) -> str | None:
    """The subscription's id in lower case, or None for a tenant-level id."""
    parts = key(resource_id).split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "subscriptions" else None


def group_of(resource_id: str) -> str | None:
    """The resource group's name as Azure wrote it, or None."""
    found = re.search(r"/resourcegroups/([^/]+)", resource_id, re.IGNORECASE)
    return found.group(1) if found else None


def parent_of(resource_id: str) -> str:
    """The id of what the resource belongs to, lower case: a child's parent, an extension's target, else its group or subscription."""
    parts = key(resource_id).split("/")[1:]
    if "providers" in parts:
        at = len(parts) - 1 - parts[::-1].index("providers")
        tail = parts[at + 1 :]
        # namespace/type/name -> what stands before `providers`; deeper -> without the last type/name pair
        kept = parts[:at] if len(tail) <= 3 else parts[: at + 1] + tail[: 3 if len(tail) == 4 else len(tail) - 2]
        return "/" + "/".join(kept)
    return "/" + "/".join(parts[:-2])


def covers(scope: str, resource_id: str) -> bool:
    """True when `scope` (a management scope or resource id) is `resource_id` or stands above it."""
    upper, lower = key(scope), key(resource_id)
    return upper in {"/", lower} or lower.startswith(upper + "/")


def region(location: str | None) -> str:
    """A location as it is compared: `East US 2`, `EASTUS2` and `eastus2` are one. Empty for None."""
    return re.sub(r"[\s_-]+", "", location or "").lower()
