"""Answers: hold what came against what was asked for. What is something else is a gap, and the rest is kept."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from itertools import accumulate
from typing import Any

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import ACCOUNT
from rtaudit.collect.failures import ReadFailure, error_of
from rtaudit.collect.reader import ReadTask, Row

_ABOVE = "microsoft.authorization/"
"""Types whose lists show what a management group or the tenant hands down, too."""
_ROLES = "/providers/microsoft.authorization/roledefinitions/"
_MAPPINGS = ("properties", "tags", "identity", "sku")
"""Fields of a resource that are objects, where they are there."""


class Unfit:
    """What is in a document in place of a value that JSON cannot mean: a number without a size, a key given twice."""

    def __init__(self, why: str) -> None:
        self.why = why


class _Contradictory(dict[str, Any]):
    """A document in which something is `Unfit`: of the others, nearly all, no value is looked at again for it."""


def parse_answer(body: bytes, depth: int) -> dict[str, Any]:
    """The JSON object that an answer holds; what in it makes no sense is `Unfit`.

    Raises Fault when it is none, or is nested deeper than `depth`.
    """
    unfit: list[Unfit] = []

    def no_value(why: str) -> Unfit:
        unfit.append(Unfit(why))
        return unfit[-1]

    def mapping(pairs: list[tuple[str, Any]]) -> Any:
        made = dict(pairs)
        if len(made) == len(pairs):
            return made
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        return no_value(f"the key '{twice[:80]}' appears twice")

    def number(text: str) -> Any:
        size = float(text)
        return no_value(f"{text[:40]} is larger than a number can be") if math.isinf(size) else size

    def constant(name: str) -> Unfit:
        return no_value(f"{name} is not a JSON number")

    try:
        if _depth(body) > depth:
            raise ReadFailure("failed", f"the answer is nested deeper than {depth} levels", code="MalformedAnswer")
        document = json.loads(body, parse_constant=constant, parse_float=number, object_pairs_hook=mapping)
    except (ValueError, RecursionError) as error:
        raise ReadFailure("failed", f"the answer is not JSON: {error}"[:200], code="MalformedAnswer") from None
    if isinstance(document, Unfit):
        raise ReadFailure("failed", f"the answer contradicts itself: {document.why}", code="MalformedAnswer")
    if not isinstance(document, dict):
        raise ReadFailure("failed", "the answer is not a JSON object", code="MalformedAnswer")
    return _Contradictory(document) if unfit else document


def rows_of(read: ReadTask, document: Row) -> list[Row]:
    """The rows of one page of a list or catalogue that are what was asked for; `read.doubt` says what the others were.

    Raises Fault when the page has no list.
    """
    rows = document.get("value")
    if not isinstance(rows, list):
        raise ReadFailure("failed", "the answer has no list in 'value'", code="MalformedAnswer")
    if document.get("error") is not None:
        _doubt(read, f"the list came with an error beside it: {error_of(document)}")
    doubt_of = _catalogue_doubt if read.reader.shape == "catalogue" else _doubt_of
    good = []
    for row in rows:
        why = doubt_of(row, read) or _contradiction(document, row)
        if why is None:
            good.append(row)
        else:
            _doubt(read, why)
    return good


def resource_of(read: ReadTask, document: Row) -> Row:
    """The resource that was asked for. Raises Fault when the answer is another, or none."""
    if document.get("error") is not None:
        raise ReadFailure(
            "failed", f"the resource came with an error beside it: {error_of(document)}", code="MalformedAnswer"
        )
    identity = document.get("id")
    why = _shape_doubt(document) or _contradiction(document, document)
    if identity is None:
        document = {**document, "id": read.subject}
    elif not isinstance(identity, str) or not _is_asked(identity, read.subject):
        raise ReadFailure(
            "failed", "the answer is another resource than the one that was asked for", code="MalformedAnswer"
        )
    if why is not None:
        raise ReadFailure("failed", why, code="MalformedAnswer")
    return document


def _is_asked(identity: str, subject: str) -> bool:
    """Whether an id is the one that was asked for. A role that a management group defines is the tenant's, wherever it is read."""
    own, asked = arm_id.key(identity), arm_id.key(subject)
    return own == asked or (
        own.startswith(_ROLES) and own.removeprefix(_ROLES) == asked.rpartition(_ROLES)[2] and _ROLES in asked
    )


def single(read: ReadTask) -> list[Row]:
    """The rows of a list that is complete, without those whose id came twice with different contents."""
    by_id: dict[str, Row] = {}
    at_odds: set[str] = set()
    for row in read.rows:
        key = arm_id.key(row["id"])
        if key in by_id:
            _doubt(read, f"the list names {arm_id.name_of(row['id'])[:80]} twice")
            if _as_compared(by_id[key]) != _as_compared(row):
                at_odds.add(key)
        else:
            by_id[key] = row
    if len(by_id) == len(read.rows):
        return read.rows
    return [row for key, row in by_id.items() if key not in at_odds]


def sound(document: Row) -> Row:
    """A document that is read otherwise than by its rows. Raises Fault when an error is in it, or what makes no sense."""
    if document.get("error") is not None:
        raise ReadFailure(
            "failed", f"the answer came with an error beside it: {error_of(document)}", code="MalformedAnswer"
        )
    why = _contradiction(document, document, "the answer")
    if why is not None:
        raise ReadFailure("failed", why, code="MalformedAnswer")
    return document


def _as_compared(row: Row) -> Row:
    # Azure writes ids and types in any case.
    return {**row, **{name: str(row.get(name)).lower() for name in ("id", "type", "name")}}


def _doubt(read: ReadTask, why: str) -> None:
    read.doubt = read.doubt or why


def _doubt_of(row: Any, read: ReadTask) -> str | None:
    """Why a row is not what was asked for; None where it is."""
    if isinstance(row, Unfit):
        return f"a row of the list contradicts itself: {row.why}"
    identity = row.get("id") if isinstance(row, dict) else None
    if not isinstance(identity, str) or arm_id.type_of(identity) != read.reader.type.lower():
        return "the list holds something that is not a resource of its type"
    if not arm_id.covers(read.subject, identity):
        above = arm_id.subscription_of(identity) is None and read.reader.type.lower().startswith(_ABOVE)
        if not above:
            return f"the list holds a resource of another place: {identity[:200]}"
    if read.reader.type.lower() == ACCOUNT and not isinstance(row.get("kind"), str):
        return f"the account {arm_id.name_of(identity)[:80]} has no kind"
    return _shape_doubt(row)


def _catalogue_doubt(row: Any, read: ReadTask) -> str | None:
    if not isinstance(row, dict):
        return "the list holds something that is not an object"
    location, identity = row.get("location"), row.get("id")
    asked = arm_id.region(read.subject.rsplit("/", 2)[-2])
    if isinstance(location, str) and arm_id.region(location) not in ("", asked):
        return f"the list holds a row of another region: {location[:80]}"
    if isinstance(identity, str):
        subscription = arm_id.subscription_of(identity)
        if subscription not in (None, arm_id.subscription_of(read.subject)):
            return f"the list holds a row of another subscription: {subscription}"
    return _shape_doubt(row)


def _shape_doubt(row: Row) -> str | None:
    for field in _MAPPINGS:
        if not isinstance(row.get(field), dict | None):
            return f"'{field}' of a resource is not an object"
    return None


def _contradiction(document: Row, value: Any, what: str = "a resource") -> str | None:
    """What is `Unfit` in a part of a document, as a sentence; None where nothing is."""
    unfit = _first_unfit(value) if isinstance(document, _Contradictory) else None
    return None if unfit is None else f"{what} contradicts itself: {unfit.why}"


def _first_unfit(value: Any) -> Unfit | None:
    if isinstance(value, Unfit):
        return value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for item in inner if (found := _first_unfit(item)) is not None), None)


_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"')


def _depth(body: bytes) -> int:
    def deepest(text: bytes) -> int:
        return max(accumulate(map(_STEP.__getitem__, text.translate(None, _NOT_BRACKETS))), default=0)

    found = deepest(body)
    # Brackets inside strings only matter when there are suspiciously many.
    return found if found <= 50 else deepest(_STRINGS.sub(b"", body))
