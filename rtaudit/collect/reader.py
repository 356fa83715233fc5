"""What a reader is: one kind of read, declared in one entry of the table of its aspect."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rtaudit.collect.arm import ArmReader, ResponsePage
    from rtaudit.collect.collected import CollectedRows

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reader:
    """One kind of read. Adding an aspect is adding a module with its readers to `rtaudit.collect.aspects`."""

    name: str
    """Unique; other readers name it in `depends_on`."""
    aspect: str
    """The aspect that it fills, and that its gaps carry."""
    type: str
    """The resource type that it reads, as Azure's documentation writes it."""
    action: str
    """The RBAC action that it needs."""
    targets: Callable[[CollectedRows], Iterable[str]] | None
    """The ids to ask about: subscriptions, accounts, zones… None where `of_each` names them."""
    send: Callable[[ArmReader, str, ResponsePage, str], None]
    """Read the first page about one id into a Page, with an api-version. Raises Fault."""
    depends_on: tuple[str, ...] = ()
    """Readers that must have come to an end before `targets` is known."""
    of_each: Callable[[Row], Iterable[str]] | None = None
    """The ids to ask about for one row of the reader in `depends_on`, as soon as that row is there."""
    part: str = ""
    """What is behind the asked id in the scope of a gap, where readers of one aspect ask about the same id."""
    shape: str = "list"
    """`list`: rows in `value`; `one`: the answer is the resource; `catalogue`: rows stay together under the asked id."""
    row_filter: Callable[[CollectedRows, Row], Row | None] | None = None
    """What is kept of a row, once everything that it depends on was read; None leaves it out."""
    keep_depends_on: tuple[str, ...] = ()
    """Readers that `row_filter` looks at."""
    apart: bool = False
    """True where its SDK takes long to load: of several processes that read, one sends these reads and no others."""
    absent_codes: frozenset[str] = frozenset()
    """Error codes with status 404 that say that there is none, which is an answer and no gap."""

    def gap_scope(self, subject: str) -> str:
        """The scope of the gap that a failed read about `subject` leaves."""
        return subject + self.part


@dataclass(slots=True)
class ReadTask:
    """One read on its way: a reader, the id that it asks about, and what came so far."""

    reader: Reader
    subject: str
    """The id asked about, as Azure wrote it."""
    subscription: str
    """Whose bucket of reads it takes from (lower case); empty for the tenant's."""
    rows: list[Row] = field(default_factory=list)
    next_link: str | None = None
    doubt: str | None = None
    """The first thing that came and was not what was asked for; the rest is kept."""
    seen: set[str] = field(default_factory=set)
    """Links followed, so that a loop is noticed."""
    attempts: int = 0
    """Failed attempts at the present page."""
    since: float = 0.0
    """When the first attempt at the present page began, by the monotonic clock."""
    throttle_count: int = 0
    """Times that the present page was refused with 429."""
    negotiated: int = 0
    """Times that another api-version had to be taken."""
