"""Gaps: name the reads that did not give what was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import Annotated, Any

from rtaudit.azure import arm_id
from rtaudit.documents.schema_of import one_of

ASSIGNED = "assignedByAzure"
"""The reason of a value that no plan can hold: Azure alone assigns it."""
NOT_YET = "notYetKnown"
"""The reason of what a plan could have given, and does not."""

GAP_REASONS = ("denied", "throttled", "missing", "failed", "interrupted", NOT_YET, ASSIGNED)
"""Why a read did not give what was asked: no permission; 429 to the end; not there; any other error; the run was stopped.

The last two are of planned snapshots.
"""


@dataclass(frozen=True, slots=True)
class Gap:
    """A read that did not give what was asked for. What a gap could have changed is unknown, never pass."""

    scope: str
    """ARM id of what was read: an account, a private endpoint, a subscription, a region's collection.

    Where an aspect has several lists of a subscription, the list's own: `…/providers/Microsoft.Insights/metricAlerts`.
    """
    aspect: str
    """The aspect that was being read."""
    reason: Annotated[str, one_of(GAP_REASONS)]
    """One of GAP_REASONS."""
    status: int | None = None
    """HTTP status, where there was one."""
    code: str | None = None
    """Azure's error code, or ours where no answer came."""
    needs: Annotated[str | None, {"description": "The RBAC action that was missing."}] = None
    """The RBAC action that was missing, when denied."""
    message: str | None = None
    """The service's own words, without secrets."""
    field: Annotated[str | None, {"description": "JSON Pointer of the one value that is not known."}] = None
    """JSON Pointer of the one value of the resource `scope` that is not known; None where all of it is meant."""

    @property
    def what(self) -> str:
        """The aspect, and which of its lists where it has several: `alerts (metricAlerts)`."""
        if self.field is not None:
            return f"{self.aspect} ({self.field})"
        part = arm_id.name_of(self.scope) if arm_id.is_list(self.scope) else self.aspect
        return self.aspect if part == self.aspect else f"{self.aspect} ({part})"

    @property
    def sentence(self) -> str:
        """What was not read, and why: `diagnostics not read: denied (403 AuthorizationFailed), needs …/read`."""
        answer = " ".join(str(part) for part in (self.status, self.code) if part is not None)
        text = f"{self.what} not read: {self.reason}" + (f" ({answer})" if answer else "")
        return f"{text}, needs {self.needs}" if self.needs else text

    @property
    def order(self) -> tuple[str, ...]:
        """Sort key."""
        return (
            arm_id.key(self.scope),
            self.aspect,
            self.reason,
            str(self.status),
            str(self.code),
            str(self.needs),
            str(self.message),
            str(self.field),
        )

    def document(self) -> dict[str, Any]:
        """The gap as it is in a document; a field only where there is one."""
        # By name, not by asdict, which copies deeply: a large plan has 100,000 gaps.
        found = dict(zip(_FIELDS, _VALUES(self), strict=True))
        if self.field is None:
            del found["field"]
        return found


_FIELDS = tuple(Gap.__dataclass_fields__)
_VALUES = attrgetter(*_FIELDS)
