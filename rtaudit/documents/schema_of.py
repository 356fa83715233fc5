"""Schemas of dataclasses: make the JSON Schema of a document from the class that holds it.

A field's type gives its shape, and `Annotated[…, {…}]` what else the schema says of it (`enum`, `pattern`, `description`).
"""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

Schema = dict[str, Any]

STRING: Schema = {"type": "string"}
STRINGS: Schema = {"type": "array", "items": STRING}
TEXT: Schema = {"type": "string", "minLength": 1}
TEXTS: Schema = {"type": "array", "items": TEXT}
NULLABLE: Schema = {"type": ["string", "null"]}
COUNT: Schema = {"type": "integer", "minimum": 0}
DATE: Schema = {
    "type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$", "format": "date", "x-pattern-means": "a date YYYY-MM-DD",
}  # fmt: skip
DIALECT = "https://json-schema.org/draft/2020-12/schema"

_PLAIN: dict[Any, Schema] = {
    str: STRING, bool: {"type": "boolean"}, int: {"type": "integer"}, Any: {}, types.NoneType: {"type": "null"},
}  # fmt: skip


def object_of(properties: Mapping[str, Schema], *optional: str, closed: bool = True) -> Schema:
    """An object whose `properties` are all required but the `optional` ones; a closed one has no others."""
    required = [name for name in properties if name not in optional]
    found: Schema = {"type": "object", "properties": dict(properties)}
    return found | ({"required": required} if required else {}) | ({"additionalProperties": False} if closed else {})


def closed(properties: Mapping[str, Schema], *required: str, **more: Any) -> Schema:
    """An object that has no other keys than `properties`, of which `required` must be there; `more` as the schema says it."""
    found: Schema = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return found | ({"required": list(required)} if required else {}) | more


def one_of(words: Sequence[Any]) -> Schema:
    """One of these values."""
    return {"enum": list(words)}


def list_of(items: Schema, description: str | None = None) -> Schema:
    """A list of `items`."""
    return {"type": "array", "items": items} | ({"description": description} if description else {})


def schema_of(
    kind: type, *, without: Sequence[str] = (), required: Sequence[str] = (), closed: bool = True, **more: Schema
) -> Schema:
    """The schema of a dataclass as a document: its fields in camelCase, those without a default required.

    `without` are fields (as in Python) that the document lacks, `required` further properties (as in the document) that it
    always has, `more` properties that are computed, or another schema for a field of that name.
    """
    hints = get_type_hints(kind, include_extras=True)
    found, always = {}, list(required)
    for one in fields(kind):
        if one.name in without:
            continue
        name = camel_case(one.name)
        found[name] = more.get(name) or _shape(hints[one.name])
        if one.default is MISSING and one.default_factory is MISSING and name not in always:
            always.append(name)
    found |= more
    return object_of(found, *(name for name in found if name not in always), closed=closed)


def camel_case(name: str) -> str:
    """`collected_at` as `collectedAt`."""
    head, *tail = name.split("_")
    return head + "".join(word.title() for word in tail)


def _shape(hint: Any) -> Schema:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        said = {key: value for extra in arguments[1:] for key, value in extra.items()}
        return said if {"type", "enum", "const", "anyOf"} & said.keys() else {**_shape(arguments[0]), **said}
    if hint in _PLAIN:
        return _PLAIN[hint]
    if is_dataclass(hint):
        return schema_of(hint)  # type: ignore[arg-type]
    if origin is types.UnionType:
        shapes = [_shape(one) for one in arguments]
        return {**shapes[0], "type": [one["type"] for one in shapes]}
    if origin in (Sequence, list):
        return list_of(_shape(arguments[0]))
    assert origin in (Mapping, dict), hint
    value = _shape(arguments[1])
    return {"type": "object"} | ({"additionalProperties": value} if value else {})
