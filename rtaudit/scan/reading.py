"""Reading: read one file of a tree: its packages, and its marks where a check may find something."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field

from rtaudit.scan.marks import Source
from rtaudit.scan.packages import Package, packages_in
from rtaudit.scan.source import read_source

MAX_BYTES = 5_000_000
"""A text file larger than this is not read, and named."""
_SNIFF = 8192

HINTS = (
    "/realtime", ".realtime", "realtime.", "realtime/", "realtime_", "_realtime", "realtime-", "-realtime", "realtimeclient", "realtimemodel",
    "realtimeagent", "realtimesession", "realtimertc", "realtimerunner", "realtimeconversation", "realtimeweb", "realtimebeta", "realtimellm",
    "openairealtime", "azurerealtime", "realtimedeployment", "intent=transcription", "client_secret", "session.update", "input_audio",
    "response.audio", "response.text.", "jqqj9", "openai.azure", "azure_openai", "azureopenai", "azure-openai", "azure.ai.openai", "aoai", "rtclient", "rt-client",
    "api-key", "api-version", "api_version", "apiversion", "subscription-key", "keycredential", "allowbrowser", "openai(", "/.default",
    "services.ai.azure", "cognitiveservices.azure", "cognitive.microsoft", "openai_base_url", "openai/v1", "azure_key", "foundry",
)  # fmt: skip
"""In lower case: no check finds anything in a file that holds none of these, and no key."""
_KEYS = re.compile(r"(?<![0-9a-f-])[0-9a-f]{32}(?![0-9a-f-])")

_OWN = re.compile(r"[\"']?schema[\"']?\s*:\s*[\"']?rtaudit\.\w+/\d|\"name\": ?\"rtaudit\"")
"""Reports, contracts, checks and cases: what they quote is no source."""


@dataclass(slots=True)
class FileRead:
    """What one file says, or why it was not read."""

    path: str
    """From the root of the scan, with slashes."""
    left_out: str = ""
    """Why it is none of those that count: binary, no regular file."""
    unread: str = ""
    """Why it could not be read."""
    late: bool = False
    """True where its grammar did not end in time, and it was read as text."""
    is_own: bool = False
    """True for a document of rtaudit: what it quotes is no source."""
    speaks: bool = False
    """True where it says realtime."""
    packages: list[Package] | None = None
    """Those that it names; None for none."""
    source: Source | None = field(default=None, repr=False)
    """None where no check could find anything in it."""


def read_file(file: str, path: str, *, parse: bool = True) -> FileRead:
    """Read a file of the disk; as text where `parse` is false, whatever its grammar."""
    try:
        # Not blocking: opening a pipe would wait for a writer.
        handle = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(handle, "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                return FileRead(path, left_out="no regular file")
            data = stream.read(_SNIFF)
            if b"\0" in data and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
                return FileRead(path, left_out="binary")
            if status.st_size > MAX_BYTES:
                return FileRead(path, unread=f"{status.st_size:,} bytes, more than {MAX_BYTES:,}")
            data += stream.read(MAX_BYTES + 1 - len(data))
    except OSError as error:
        return FileRead(path, unread=error.strerror or str(error))
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return read_text(path, data.decode("utf-16", "replace"), parse=parse)
    try:
        return read_text(path, data.decode("utf-8-sig"), parse=parse)
    except UnicodeDecodeError:
        return read_text(path, data.decode("latin-1"), parse=parse)


def read_text(path: str, text: str, *, parse: bool = True) -> FileRead:
    """Read a text: by its grammar where it may matter, and `parse` is true."""
    found = FileRead(path, packages=packages_in(path, text) or None)
    if _OWN.search(text[:400]) is not None:
        found.is_own = True
        return found
    lower = text.lower()
    found.speaks = "realtime" in lower
    if any(hint in lower for hint in HINTS) or ("key" in lower and _KEYS.search(lower)):
        found.source = read_source(path, text, parse=parse)
    return found
