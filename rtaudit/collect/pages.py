"""Pages: ask for one page of a read, hold what came against what was asked for, and add it to the read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rtaudit.collect.answers import resource_of, rows_of
from rtaudit.collect.arm import ArmReader, ResponsePage
from rtaudit.collect.failures import ReadFailure
from rtaudit.collect.interner import RowInterner
from rtaudit.collect.limits import Limits
from rtaudit.collect.pacer import REMAINING
from rtaudit.collect.reader import Reader, ReadTask, Row


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One page to ask for."""

    reader: str
    """The name of the reader whose page it is."""
    subject: str
    """The id asked about."""
    version: str
    """The api-version of the first page; a link holds its own."""
    link: str | None
    """Where a further page is; None for the first."""
    sdks: tuple[str, ...] = ()
    """The modules of `ArmReader.sdks`."""


@dataclass(slots=True)
class PageResult:
    """What came for a PageRequest."""

    rows: list[Row] = field(default_factory=list)
    next_link: str | None = None
    doubt: str | None = None
    """The first thing that came and was not what was asked for; the rest is in `rows`."""
    came: bool = False
    """True for an answer with status 200, whatever is in it."""
    remaining: str | None = None
    """What Azure said is left of the bucket."""
    fault: ReadFailure | None = None


class PageReader:
    """Sends PageRequests to one Resource Manager; used by every thread."""

    def __init__(self, arm: ArmReader, readers: Mapping[str, Reader]) -> None:
        self.parts = RowInterner()
        """The parts that rows share."""
        self._arm = arm
        self._readers = readers

    def read(self, request: PageRequest) -> PageResult:
        """What Azure answers. Raises only what is a bug."""
        result, page = PageResult(), ResponsePage()
        reader = self._readers[request.reader]
        self._arm.sdks.update(request.sdks)
        try:
            if request.link is None:
                reader.send(self._arm, request.subject, page, request.version)
            else:
                self._arm.follow(request.link, page=page)
            result.came = True
            self._take(ReadTask(reader, request.subject, ""), page.document, result)
            result.remaining = page.headers.get(REMAINING)
        except ReadFailure as fault:
            result.fault = fault
        return result

    def _take(self, read: ReadTask, document: Row, result: PageResult) -> None:
        if read.reader.shape == "one":
            result.rows.append(self.parts.keep(resource_of(read, document)))
            return
        keep = self.parts.shelve if read.reader.shape == "catalogue" else self.parts.keep
        result.rows.extend(map(keep, rows_of(read, document)))
        result.doubt = read.doubt
        link = document.get("nextLink")
        if link is not None and not isinstance(link, str):
            raise ReadFailure("failed", "the nextLink is not a text", code="MalformedAnswer")
        result.next_link = link or None


class Paging:
    """Which page of a read is next, and in which api-version. Used by every thread."""

    def __init__(self, arm: ArmReader, limits: Limits) -> None:
        self._arm = arm
        self._limits = limits

    def next_page(self, read: ReadTask) -> PageRequest:
        """The page to ask for."""
        version = self._arm.versions.ask(read.reader.type)
        return PageRequest(read.reader.name, read.subject, version, read.next_link, tuple(self._arm.sdks))

    def add(self, read: ReadTask, request: PageRequest, result: PageResult) -> bool:
        """Add a page to its read; False where it is to be asked for at once, in another api-version. Raises ReadFailure."""
        kind, versions, fault = read.reader.type, self._arm.versions, result.fault
        if fault is not None and not result.came:
            known = versions.refused(kind, request.version, fault.status, fault.code, fault.message)
            if request.link is None and known and read.negotiated < 3:
                read.negotiated += 1
                return False
            raise fault
        if request.link is None:
            versions.answered(kind, request.version)
        read.attempts = read.throttle_count = 0
        read.rows += result.rows
        read.doubt = read.doubt or result.doubt
        if fault is not None:
            raise fault
        read.next_link = result.next_link
        if read.next_link is not None:
            if read.next_link in read.seen:
                raise ReadFailure("failed", "the pages of the list lead in a circle", code="PageLoop")
            read.seen.add(read.next_link)
            if len(read.seen) >= self._limits.pages:
                raise ReadFailure("failed", f"the list has more than {self._limits.pages} pages", code="TooManyPages")
        return True
