"""Branches: tell whether a condition asks for Azure, so that what is in the other branch is none of Azure's."""

from __future__ import annotations

import re

OTHER = "\0other service"
"""The guard of a mark that is not there for Azure."""
PREVIEW_ONLY = "\0preview only"
"""The guard of a mark that is there for models or deployments of the preview alone."""
_PREVIEW = re.compile(r"preview|beta|legacy", re.IGNORECASE)
_GA = re.compile(r"(?:\b|_)(?:is|[uU]se|using)?_?[gG][aA](?![a-z]|[A-Z]{2})")
_NO = re.compile(r"!|\bnot\b|\bfalse\b", re.IGNORECASE)
_PARTS = re.compile(r"&&|\band\b")
_EITHER = re.compile(r"\|\||\bor\b|\bin\b|\?|,")
_NOT = re.compile(r"\A(?:!|not\b)\s*")
_COMPARED = re.compile(r"\A(.+?)\s*(===?|!==?|\bis not\b|\bis\b)\s*(.+)\Z", re.DOTALL)
_EQUALS = re.compile(r"\A.+\.(?:equals|Equals|equalsIgnoreCase)\((.+)\)\Z", re.DOTALL)
_FLAG = re.compile(
    r"\A(?:[\w$]+[.?!]*(?:\(\))?\.)*(?:is|use|using|for|on|with)?_?azure_?(?:open_?ai|provider|mode|enabled|host)?(?:\(\))?\Z",
    re.IGNORECASE,
)
_AZURE = re.compile(r"azure", re.IGNORECASE)
_OPENAI = re.compile(r"(?:\A|[\"'._])open_?ai(?:_?direct)?[\"']?\Z", re.IGNORECASE)
_VALUE = re.compile(r"\A[\w.:\"'-]+\Z")


def asks_for(condition: str) -> bool | None:
    """True where a condition holds for Azure alone, False where it holds for another service alone, None where it says neither.

    `isAzure && ready` says True of what it guards, but nothing of its `else`: such a condition is None. `!isAzure && ready` is False.
    """
    text = condition.strip()
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    if _EITHER.search(text):
        return None
    parts = [_part(one.strip()) for one in _PARTS.split(text)]
    if False in parts:
        return False
    return True if parts == [True] else None


def asks_for_preview(condition: str) -> bool | None:
    """True where a condition holds for the preview, False where it holds for the generally available protocol, None where it says neither."""
    preview, ga = _PREVIEW.search(condition), _GA.search(condition)
    if (preview is None) == (ga is None):
        return None
    return (preview is not None) != (_NO.search(condition) is not None)


def _part(text: str) -> bool | None:
    no = _NOT.match(text)
    if no:
        inner = text[no.end() :].strip()
        if inner.startswith("(") and inner.endswith(")"):
            inner = inner[1:-1].strip()
        asked = _part(inner)
        return None if asked is None else not asked
    if _FLAG.match(text):
        return True
    compared = _COMPARED.match(text)
    if compared:
        sides = (compared[1].strip(), compared[3].strip())
        same = "!" not in compared[2] and "not" not in compared[2]
    else:
        equal = _EQUALS.match(text)
        if not equal:
            return None
        sides, same = ("", equal[1].strip()), True
    for side in reversed(sides):
        if not _VALUE.match(side):
            continue
        if _AZURE.search(side) and (side[:1] in "\"'" or side.rsplit(".", 1)[-1].isupper() or "." in side):
            return same
        if _OPENAI.search(side) and not _AZURE.search(side):
            return not same if same else None
    return None
