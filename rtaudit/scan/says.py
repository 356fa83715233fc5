"""Scan sentences: fill a pattern's sentence in with the names of the place."""

from __future__ import annotations

import re

from rtaudit.report import wording
from rtaudit.scan.masks import mask
from rtaudit.scan.match import CheckMatch
from rtaudit.scan.urls import Url, read_url

_FIELD = re.compile(r"\{(name|found|key|value|host|side|path|version|model|scheme)\}")


def sentence(match: CheckMatch) -> str:
    """The sentence of a match, at most 160 characters, without a secret."""
    url = match.url or read_url(match.mark.shown)
    words = {
        "name": match.source.path.rsplit("/", 1)[-1],
        "found": _readable(match.found),
        "key": match.mark.key or (match.mark.under[-1] if match.mark.under else ""),
        "value": _readable(match.mark.shown),
        "side": {"browser": "browser", "mobile": "mobile app"}.get(match.source.side, match.source.side),
        **_of_url(url),
    }
    return wording.finish(wording.to_printable(mask(_FIELD.sub(lambda one: words.get(one[1], ""), match.find.says))))


def _of_url(url: Url | None) -> dict[str, str]:
    if url is None:
        return {"host": "the account's host", "path": "", "version": "", "model": "", "scheme": ""}
    return {
        "host": _readable(url.host) or "the account's host",
        # A path that is made of itself in code (`path = path + "/openai/realtime"`) is shown once.
        "path": _readable(re.sub(r"(/openai(?:/v1)?/realtime)\1+", r"\1", re.sub(r"^.*?(?=openai/)", "/", url.path)))[
            :60
        ],
        "version": _readable(url.query.get("api-version", "")),
        "model": _readable(url.query.get("model", "")),
        "scheme": url.scheme,
    }


def _readable(text: str) -> str:
    """A value with its holes, those of printf too, as names in angle brackets, shortened."""
    text = re.sub(r"%[sdv@]", "{}", " ".join(text.split()))
    return wording.shorten(re.sub(r"\{(\w*)\}", lambda one: f"<{one[1] or '…'}>", text), 60)
