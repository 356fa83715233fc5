"""Sensitive values of a Terraform plan: hides what it marks, and the names that are part of ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rtaudit.plan.model import Plan, Unknown, known

WHY = "Terraform marks it as sensitive"
_NAMES = ("name", "resource_group_name", "custom_subdomain_name", "parent_name", "zone_name", "private_dns_zone_name", "virtual_network_name")  # fmt: skip
_SHORT = 6
"""Names shorter than this are hidden only where they are a whole word: they may be a part of anything."""


def hidden(value: Any, marks: Any) -> Any:
    """`value` with an Unknown in place of each value that `marks` (of `after_sensitive`) marks; null is no secret."""
    if marks is True:
        return Unknown(WHY) if known(value) else value
    if isinstance(marks, dict) and marks and isinstance(value, dict):
        return {key: hidden(item, marks.get(key)) for key, item in value.items()}
    if isinstance(marks, list) and marks and isinstance(value, list):
        return [hidden(item, marks[index] if index < len(marks) else None) for index, item in enumerate(value)]
    return value


def names(value: Any, marks: Any) -> list[str]:
    """The names of a resource, or of what it belongs to, that are marked: ids hold them too, and are not marked."""
    if not isinstance(value, dict) or marks is None or marks is False:
        return []
    found = [
        value.get(name) for name in _NAMES if marks is True or (isinstance(marks, dict) and marks.get(name) is True)
    ]
    return [one for one in found if isinstance(one, str) and one]


def hide_names(plan: Plan, replaced: Mapping[str, str]) -> None:
    """Put another word in place of each of these names, wherever in the plan it is: ids still lead to each other."""
    if not replaced:
        return
    words = {name.lower(): word for name, word in replaced.items()}
    longest_first = sorted(words, key=lambda name: (-len(name), name))
    pattern = re.compile(
        "|".join(re.escape(one) if len(one) >= _SHORT else rf"(?<!\w){re.escape(one)}(?!\w)" for one in longest_first),
        re.IGNORECASE,
    )

    def shown(value: Any) -> Any:
        if isinstance(value, str):
            return pattern.sub(lambda found: words[found[0].lower()], value)
        if isinstance(value, dict):
            return {shown(key): shown(item) for key, item in value.items()}
        return [shown(item) for item in value] if isinstance(value, list) else value

    for resource in plan.resources:
        if resource.fate == "delete":
            continue  # it is in no output: its id only says what goes
        kind = resource.body.get("type")
        resource.id, resource.body = shown(resource.id), shown(resource.body)
        if kind is not None:
            resource.body["type"] = kind
    plan.missing = shown(plan.missing)
    plan.warnings = shown(plan.warnings)
