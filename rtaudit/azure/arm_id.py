"""Azure Resource Manager ids: taken apart and compared. Azure returns them in any case, some without a leading slash."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote


@lru_cache(maxsize=1_048_576)
def key(resource_id: str) -> str:
    """The form to compare ids by: lower case, one leading slash, no trailing one, percent-escapes undone."""
    text = unquote(resource_id) if "%" in resource_id else resource_id
    return "/" + text.strip("/").lower()


@lru_cache(maxsize=1_048_576)
def type_of(resource_id: str) -> str:
    """The resource type that an id names, in lower case: `microsoft.cognitiveservices/accounts/deployments`.

    The id is asked and not the `type` field, which Azure leaves null or misspells. Of an extension resource it is the
    extension's type. A subscription is `microsoft.resources/subscriptions`, a resource group
    `microsoft.resources/resourcegroups`, a provider's registration `microsoft.resources/providers`. Empty when the id is none.
    """
    parts, at = segments(resource_id)
    if at is not None:
        tail = parts[at + 1 :]
        if len(tail) == 1:
            return "microsoft.resources/providers"
        # namespace, then type/name pairs; a collection ends on a type without a name
        return "/".join([tail[0], *tail[1::2]])
    if len(parts) == 2 and parts[0] == "subscriptions":
        return "microsoft.resources/subscriptions"
    if len(parts) == 4 and parts[2] == "resourcegroups":
        return "microsoft.resources/resourcegroups"
    return ""


def is_list(resource_id: str) -> bool:
    """True for the id of a subscription's list: `/subscriptions/S/providers/Microsoft.Insights/metricAlerts`."""
    parts, at = segments(resource_id)
    return at == 2 and len(parts) == 5 and parts[0] == "subscriptions"


def name_of(resource_id: str) -> str:
    """The last segment of an id, as Azure wrote it."""
    return resource_id.rstrip("/").rsplit("/", 1)[-1]


def subscription_of(resource_id: str) -> str | None:
    """The subscription's id in lower case, or None for a tenant-level id."""
    parts = key(resource_id).split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "subscriptions" else None


@lru_cache(maxsize=65_536)
def group_of(resource_id: str) -> str | None:
    """The resource group's name as Azure wrote it, or None."""
    found = re.search(r"/resourcegroups/([^/]+)", resource_id, re.IGNORECASE)
    return found.group(1) if found else None


def parent_of(resource_id: str) -> str:
    """The id of what the resource belongs to, lower case: a child's parent, an extension's target, else its group or subscription."""
    parts, at = segments(resource_id)
    if at is not None:
        tail = parts[at + 1 :]
        # namespace/type/name -> what is before `providers`; deeper -> without the last type/name pair (or type)
        kept = parts[:at] if len(tail) <= 3 else parts[: at + 1] + tail[: (len(tail) - 2) // 2 * 2 + 1]
        return "/" + "/".join(kept)
    return "/" + "/".join(parts[:-2])


def segments(resource_id: str) -> tuple[list[str], int | None]:
    """The segments of an id in lower case, and where the last `providers` that is a keyword (and no name) is."""
    parts = key(resource_id).split("/")[1:]
    if parts.count("providers") == 1:
        # Nearly every id: nothing to choose, nothing written twice.
        at = parts.index("providers")
        return parts, at if at % 2 == 0 and at < len(parts) - 1 else None
    found, at = None, 0
    while at < len(parts) - 1:
        if parts[at] == "providers":
            if parts[at + 1] == "providers" and at + 2 < len(parts):
                del parts[at]  # Azure has been seen to write the word twice
            found = at
        at += 2
    return parts, found


def covers(scope: str, resource_id: str) -> bool:
    """True when `scope` (a management scope or resource id) is `resource_id` or is above it."""
    upper, lower = key(scope), key(resource_id)
    return bool(scope) and (upper in {"/", lower} or lower.startswith(upper + "/"))


def region(location: object) -> str:
    """A location as it is compared: `East US 2`, `EASTUS2` and `eastus2` are one. Empty for what is not a text."""
    return _region(location) if isinstance(location, str) else ""


@lru_cache(maxsize=4096)
def _region(location: str) -> str:
    return re.sub(r"[\s_-]+", "", location).lower()
