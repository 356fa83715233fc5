"""YAML 1.2 core: `2025-08-28`, `no` and `10:30` are strings; aliases, merges, tags and duplicate keys are refused.

PyYAML parses (its events carry line and column); which scalar is what is decided here, because PyYAML decides as YAML 1.1 does.
"""

from __future__ import annotations

import math
import pathlib
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from rtaudit.documents.files import read_text
from rtaudit.documents.validate import check_schema
from rtaudit.errors import InputError

KeyPath = tuple[str | int, ...]
"""Where a value is in a document: keys and indexes from the top."""

_MAX_BYTES = 4_000_000
_MAX_DEPTH = 64
_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))\Z")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Document:
    """A parsed YAML file that still knows where each value was."""

    name: str
    """The file's name, as errors say it."""
    value: Any
    """Plain dicts, lists, strings, numbers, booleans and None."""
    positions: dict[KeyPath, tuple[int, int]] = field(repr=False)
    """1-based line and column of each value."""
    keys: dict[KeyPath, tuple[int, int]] = field(repr=False)
    """1-based line and column of each mapping key."""

    def error(self, path: KeyPath, message: str, hint: str | None = None, *, at_key: bool = False) -> InputError:
        """An InputError that points at the value at `path` (or at its key): `file:line:column: message`."""
        line, column = self.position(path, at_key=at_key)
        return InputError(f"{self.name}:{line}:{column}: {message}", hint)

    def position(self, path: KeyPath, *, at_key: bool = False) -> tuple[int, int]:
        """Line and column (1-based) of the value at `path`, or of the nearest thing around it."""
        table = self.keys if at_key and path in self.keys else self.positions
        while path and path not in table:
            path = path[:-1]
            table = self.positions
        return table.get(path, (1, 1))


def load_yaml(path: str | pathlib.Path, schema: dict[str, Any] | None = None) -> Document:
    """The one document in the YAML file `path`, validated against `schema` where one is given. Raises InputError."""
    name = "standard input" if str(path) == "-" else str(path)
    document = parse_yaml(read_text(path, limit=_MAX_BYTES), name)
    if schema is not None:
        check_schema(document.value, schema, document.error)
    return document


def parse_yaml(text: str, name: str) -> Document:
    """The one document in `text`; `name` is what errors call it. Raises InputError."""
    try:
        builder = _built(text, name, _LOADER)
    except yaml.YAMLError as error:
        where = name + _where(error, text)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error).splitlines()[0]
        raise InputError(f"{where}: not YAML: {problem}", "check indentation, quotes and colons around there") from None
    except UnicodeEncodeError:
        raise InputError(f"{name}: not YAML: it holds bytes that are no text", "save it as UTF-8") from None
    return Document(name, builder.value, builder.positions, builder.keys)


def _built(text: str, name: str, loader: Any) -> _Builder:
    builder = _Builder(name)
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.take(event)
    except yaml.YAMLError as error:
        # libyaml scans ahead, and newer ones have a nesting limit of their own: the events before it say where ours is.
        if loader is not yaml.SafeLoader and "nesting" in str(getattr(error, "problem", "")):
            return _built(text, name, yaml.SafeLoader)
        raise
    return builder


class _Builder:
    """Turns PyYAML's events into plain values, refusing what rtaudit's files may not hold."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.value: Any = None
        self.positions: dict[KeyPath, tuple[int, int]] = {}
        self.keys: dict[KeyPath, tuple[int, int]] = {}
        self._stack: list[tuple[Any, KeyPath]] = []
        self._pending_key: list[str | None] = []
        self._documents = 0

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise self._refuse(event, "a second document ('---')", "keep one document in a file")
        elif isinstance(event, yaml.AliasEvent):
            raise self._refuse(event, f"the alias *{event.anchor}", "write the value out; aliases are not used here")
        elif isinstance(event, yaml.ScalarEvent):
            self._check_node(event)
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._check_node(event)
            container: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            if self._stack and isinstance(self._stack[-1][0], dict) and self._pending_key[-1] is None:
                raise self._refuse(event, "a key that is not a word", "keys are plain strings")
            path = self._place(container, event)
            self._stack.append((container, path))
            self._pending_key.append(None)
            if len(self._stack) > _MAX_DEPTH:
                raise self._refuse(event, f"nesting deeper than {_MAX_DEPTH} levels", "flatten it")
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._stack.pop()
            self._pending_key.pop()

    def _check_node(self, event: Any) -> None:
        if event.anchor is not None:
            raise self._refuse(event, f"the anchor &{event.anchor}", "write the value out; anchors are not used here")
        if event.tag is not None:
            raise self._refuse(event, f"the tag {event.tag}", "leave the tag out; a quoted value is a string")

    def _scalar(self, event: Any) -> None:
        if self._stack and isinstance(self._stack[-1][0], dict) and self._pending_key[-1] is None:
            mapping, path = self._stack[-1]
            key = event.value
            if key == "<<" and not event.style:
                raise self._refuse(event, "a merge key (<<)", "write the entries out; merges are not used here")
            if key in mapping:
                raise self._refuse(event, f"the key '{key}' a second time", "remove one of the two")
            self._pending_key[-1] = key
            self.keys[(*path, key)] = _mark(event)
            return
        plain = event.implicit[0] and not event.style
        self._place(self._resolve(event) if plain else event.value, event)

    def _place(self, value: Any, event: Any) -> KeyPath:
        if not self._stack:
            self.value = value
            path: KeyPath = ()
        else:
            container, parent = self._stack[-1]
            if isinstance(container, dict):
                key = self._pending_key[-1]
                assert key is not None
                path = (*parent, key)
                container[key] = value
                self._pending_key[-1] = None
            else:
                path = (*parent, len(container))
                container.append(value)
        self.positions[path] = _mark(event)
        return path

    def _resolve(self, event: Any) -> Any:
        text: str = event.value
        if text in _NULL:
            return None
        if text in _BOOL:
            return _BOOL[text]
        if _NOT_FINITE.match(text):
            raise self._refuse(event, f"the number {text}", "numbers here are finite; quote it if it is a word")
        if len(text) > 400:
            return text
        if _INT.match(text):
            return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
        if _FLOAT.match(text):
            number = float(text)
            if math.isinf(number):
                raise self._refuse(
                    event, f"the number {text}", "it is larger than a number can be; quote it if it is a word"
                )
            return number
        return text

    def _refuse(self, event: Any, what: str, hint: str) -> InputError:
        line, column = _mark(event)
        return InputError(f"{self.name}:{line}:{column}: {what} is not allowed", hint)


def _where(error: yaml.YAMLError, text: str) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark:
        return f":{mark.line + 1}:{mark.column + 1}"
    offset = getattr(error, "position", None)
    if not isinstance(offset, int):
        return ""
    # A character that YAML does not allow: the parser counts bytes.
    before = text.encode()[:offset].decode("utf-8", "ignore")
    return f":{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def _mark(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1
