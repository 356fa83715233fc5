"""JSON: read strictly (no duplicate keys, no NaN) and written the same way every time."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from rtaudit.documents.files import read_text
from rtaudit.errors import InputError


class _NotStrictError(ValueError):
    pass


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _NotStrictError(f"the key {json.dumps(key)} appears twice in one object")
            seen.add(key)
    return result


def _no_constant(name: str) -> NoReturn:
    raise _NotStrictError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise _NotStrictError(f"{text} is larger than a number can be")
    return number


def parse_json(text: str, name: str) -> Any:
    """The value that `text` holds; `name` is what errors call it.

    Raises InputError for anything that is not strict JSON: duplicate keys and NaN are refused.
    """
    try:
        return json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        if not text.strip():
            raise InputError(f"{name} is empty", "make it again, or take it from a backup") from None
        # A string without an end is one that was cut off: no line break may be in it.
        if error.pos >= len(text.rstrip()) or (error.msg.startswith("Unterminated") and "\n" not in text[error.pos :]):
            raise InputError(
                f"{name} ends in the middle (line {error.lineno}): it was cut off, or is still being written",
                "make it again, or take it from a backup",
            ) from None
        raise InputError(
            f"{name}:{error.lineno}:{error.colno}: not JSON: {error.msg}", "is this the right file?"
        ) from None
    except RecursionError:
        raise InputError(f"{name} is nested too deeply to be one of ours", "is this the right file?") from None
    except ValueError as error:
        raise InputError(
            f"{name}: not strict JSON: {error}", "write it with a JSON library; rtaudit writes none of that"
        ) from None


def load_json(path: str | Path) -> Any:
    """The value in the JSON file `path` (`-` is standard input). Raises InputError."""
    return parse_json(read_text(path), "standard input" if str(path) == "-" else str(path))


_LONG = 8
"""Children from which on a list is worth remembering: collections hold the same object many times."""
_VERY_LONG = 32
"""The same where the standard library's encoder, in C, is what is saved."""

_AT_ONCE = 64
"""Elements of a list whose text is made at once."""

_Seen = dict[Any, str | None]
"""Identity of a long list -> its text, once it was met a second time; until then None."""

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode


def canonical(value: Any) -> str:
    """`value` in the one form that is hashed and sorted by: sorted keys, compact, ASCII. NaN is refused."""
    return _CANONICAL(value)


def iter_canonical(values: Sequence[Any], *, shared: bool) -> Iterator[str]:
    """`canonical` of a list, in pieces. `shared`: several elements may hold the same long list (one object), worked out once."""
    seen: _Seen = {}
    yield "["
    for start in range(0, len(values), _AT_ONCE):
        some = values[start : start + _AT_ONCE]
        if shared and any(isinstance(value, dict) and _holds_long(value) for value in some):
            text = ",".join([_compact(value, seen) for value in some])
        else:
            text = _CANONICAL(list(some))[1:-1]
        yield f",{text}" if start else text
    yield "]"


def _holds_long(value: dict[str, Any], depth: int = 3) -> bool:
    for item in value.values():
        if isinstance(item, list):
            if len(item) >= _VERY_LONG:
                return True
        elif depth > 1 and isinstance(item, dict) and _holds_long(item, depth - 1):
            return True
    return False


def _compact(value: Any, seen: _Seen) -> str:
    if isinstance(value, dict) and value:
        return "{" + ",".join([f"{_CANONICAL(key)}:{_compact(value[key], seen)}" for key in sorted(value)]) + "}"
    if not isinstance(value, list) or len(value) < _VERY_LONG:
        return _CANONICAL(value)
    return _once(id(value), seen, lambda: _CANONICAL(value))


def _once(key: Any, seen: _Seen, work_out: Callable[[], str]) -> str:
    known = seen.get(key)
    if known is None:
        known = work_out()
        seen[key] = known if key in seen else None
    return known


def dumps(value: Any) -> str:
    """`value` as it is in files: sorted keys at every depth, two-space indent, one trailing newline."""
    return _indented(value, "", {}) + "\n"


def iter_json(document: Mapping[str, Any]) -> Iterator[str]:
    """The text of `dumps`, some elements of the document's lists at a time, for documents too large to hold as one text."""
    seen: _Seen = {}
    yield "{"
    for index, key in enumerate(sorted(document)):
        value = document[key]
        yield f"{',' if index else ''}\n  {_TEXT(key)}: "
        if isinstance(value, list) and value:
            for start in range(0, len(value), _AT_ONCE):
                some = [_indented(item, "    ", seen) for item in value[start : start + _AT_ONCE]]
                yield ("," if start else "[") + "\n    " + ",\n    ".join(some)
            yield "\n  ]"
        else:
            yield _indented(value, "  ", seen)
    yield "\n}\n" if document else "}\n"


_TEXT = json.encoder.encode_basestring
_SCALAR = json.JSONEncoder(allow_nan=False).encode
_WORDS = {True: "true", False: "false"}


def _indented(value: Any, pad: str, seen: _Seen) -> str:
    # What json.dumps(sort_keys=True, indent=2, ensure_ascii=False) writes, in a quarter of its time.
    if isinstance(value, str):
        return _TEXT(value)
    inner = pad + "  "
    if isinstance(value, dict) and value:
        pairs = [
            f"{inner}{_TEXT(key)}: "
            f"{_TEXT(item) if type(item := value[key]) is str else 'null' if item is None else _indented(item, inner, seen)}"
            for key in sorted(value)
        ]
        return "{\n" + ",\n".join(pairs) + f"\n{pad}}}"
    if isinstance(value, list | tuple) and value:
        if len(value) < _LONG:
            return _listed(value, pad, inner, seen)
        return _once((id(value), pad), seen, lambda: _listed(value, pad, inner, seen))
    if value is None:
        return "null"
    return _WORDS[value] if isinstance(value, bool) else _SCALAR(value)


def _listed(values: Sequence[Any], pad: str, inner: str, seen: _Seen) -> str:
    return "[\n" + ",\n".join([inner + _indented(item, inner, seen) for item in values]) + f"\n{pad}]"
