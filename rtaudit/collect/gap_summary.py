"""Gap summary: sums up the gaps of a collection in words, and writes its calls as log lines."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import RESOURCE_TYPES
from rtaudit.snapshot import Gap
from rtaudit.snapshot.secrets import scrub

_GUID = re.compile(r"(?<![\w-])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![\w-])", re.IGNORECASE)


def gap_lines(gaps: Iterable[Gap]) -> Iterator[str]:
    """One line for gaps that are alike: `diagnostics of 3 accounts: Microsoft.Insights/…/read denied`."""
    alike: dict[tuple[str, str, str], list[Gap]] = defaultdict(list)
    for gap in gaps:
        alike[gap.what, _noun(gap.scope), _why(gap)].append(gap)
    for (what, noun, why), some in sorted(alike.items()):
        scopes = sorted({gap.scope for gap in some})
        where = f"{len(scopes)} {_many(noun)}" if len(scopes) > 1 else f"{noun} {_name(noun, scopes[0])}"
        yield f"{what} of {where}: {why}"


def _many(noun: str) -> str:
    return f"{noun.removesuffix('y')}ies" if noun.endswith("y") else f"{noun}s"


def _noun(scope: str) -> str:
    if arm_id.is_list(scope):
        return "subscription"
    if _is_list_of_group(scope):
        return "resource group"
    row = RESOURCE_TYPES.get(arm_id.type_of(scope))
    return row.noun if row is not None else "resource"


def _is_list_of_group(scope: str) -> bool:
    """True for the id of a resource group's list: `/subscriptions/S/resourceGroups/G/providers/Microsoft.Insights/metricAlerts`."""
    group, _, rest = scope.lower().strip("/").partition("/providers/")
    return group.count("/") == 3 and rest.count("/") == 1


def _name(noun: str, scope: str) -> str:
    if noun == "resource group":
        return arm_id.group_of(scope) or scope
    if noun == "region":
        return scope.rstrip("/").rsplit("/", 2)[-2]
    return (arm_id.subscription_of(scope) if noun == "subscription" else None) or arm_id.name_of(scope)


def _why(gap: Gap) -> str:
    match gap.reason:
        case "denied":
            return f"{gap.needs} denied" if gap.needs else f"denied ({gap.code or gap.status})"
        case "throttled":
            return "throttled to the end (429)"
        case "interrupted":
            return "not read, the collection was stopped"
        case "missing":
            return f"not there ({gap.code or gap.status})"
        case _:
            code = (
                gap.code
                if gap.code and gap.status is None
                else " ".join(str(part) for part in (gap.status, gap.code) if part)
            )
            return f"failed ({code}): {gap.message}" if gap.message else f"failed ({code})"


def call_line(method: str, path: str, status: int, seconds: float, request_id: str) -> str:
    """One call as a line of the log: time, method, path, status, milliseconds, Azure's request id. Never another header."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    # Support asks for a GUID; anything else in its place is not Azure's.
    known = _GUID.search(request_id[:200])
    return (
        f"{now} {method} {scrub(path)} {status or 'no answer'} {seconds * 1000:.0f}ms {known.group() if known else '-'}"
    )
