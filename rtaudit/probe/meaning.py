"""Meaning: explains an answer of the realtime endpoint."""

from __future__ import annotations

_SAYS: tuple[tuple[int, str, str], ...] = (
    (
        401,
        "lacks the required data action",
        "the token is good, and its owner lacks a role with the realtime data action",
    ),
    (
        401,
        "",
        "the token is refused: another tenant or audience, or an api-version on the generally available path",
    ),
    (400, "intent=transcription present", "the URL names neither model= nor intent=transcription"),
    (400, "intent=transcription", "a transcription session takes no model= and no deployment= in its URL"),
    (
        403,
        "public access is disabled",
        "the network: public access is disabled, and the name did not lead to a private endpoint",
    ),
    (
        403,
        "virtual network/firewall",
        "the network: this place is not among the addresses and networks that are let in",
    ),
    (403, "", "refused: the network rules, or the role of the token's owner"),
    (404, "", "there is no such deployment, or no such path, at this account"),
    (
        400,
        "opperationnotsupported",
        "the deployment's model opens no session here; one that transcribes wants ?intent=transcription",
    ),
    (400, "", "the request is not understood: the preview's header or parameters at the generally available path"),
    (410, "", "the model is retired"),
    *((status, "", "redirected; a token is not sent there") for status in (301, 302, 303, 307, 308)),
    (429, "", "the rate limit, or the quota, is used up"),
)
"""Status, part of code or message, and what it means. The first that fits."""


def says_of(
    status: int | None, code: str | None, message: str | None, audience: str | None = None, location: str | None = None
) -> str | None:
    """What an answer means for the reader, or None where nothing is known of it.

    `audience` is what the token was asked for, reported on a 401; `location` where a redirect leads.
    """
    text = f"{code or ''} {message or ''}".lower()
    words = next((words for known, part, words in _SAYS if known == status and part in text), None)
    if words is not None and status == 401 and audience:
        return words.replace("the token is", f"the token, asked for {audience}, is", 1)
    if words is not None and location:
        return words.replace("redirected", f"redirected to {location}", 1)
    return words or message or code
