"""The azurerm mapping: what each azurerm resource is in Azure Resource Manager, read from `azurerm.yaml` beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rtaudit.documents import load_yaml


@dataclass(frozen=True)
class MappingRow:
    """One attribute, or block, of an azurerm resource."""

    attribute: str
    to: str = ""
    """Where it is in the ARM resource, dotted; empty where it is no part of it."""
    convert: str = ""
    """The conversion; empty for the value as it is."""
    key: str = ""
    """Of `objects`: the one key of each object."""
    default: Any = None
    """The provider's own default, which is in the plan like a value that was written; None without one."""
    refers: str | None = None
    """The ARM type of the resource whose id it holds; empty for any type."""
    hides: str = ""
    """The ARM value that the provider reads out of another one too: of a resource that it does not change it is not known."""
    also: Mapping[str, Any] = field(default_factory=dict)
    """Set in each block's object."""
    rows: Mapping[str, MappingRow] = field(default_factory=dict)
    """Attributes of each block."""


@dataclass(frozen=True)
class Mapped:
    """One azurerm resource type."""

    kind: str
    type: str
    """The ARM type."""
    place: str
    """How its id is made: subscription, group, parent, extension, association, patch."""
    parents: tuple[str, ...] = ()
    """Attributes that hold the id of what it belongs to."""
    parent_name: str | None = None
    """The attribute that holds its parent's name, in versions without the id."""
    also: Mapping[str, Any] = field(default_factory=dict)
    rows: Mapping[str, MappingRow] = field(default_factory=dict)
    unmodelled: tuple[str, ...] = ()
    """Dotted ARM paths that the provider cannot set."""

    @property
    def extension(self) -> bool:
        """True where it is an extension of any resource."""
        return self.place == "extension"

    @property
    def group_of_subscription(self) -> bool:
        """True for resource groups."""
        return self.place == "subscription"


def _row(attribute: str, raw: Mapping[str, Any]) -> MappingRow:
    return MappingRow(
        attribute,
        to=raw.get("to", ""),
        convert=raw.get("as", ""),
        key=raw.get("key", ""),
        default=raw.get("default"),
        refers=raw.get("refers"),
        hides=raw.get("hides", ""),
        also=raw.get("also", {}),
        rows={name: _row(name, one) for name, one in raw.get("rows", {}).items()},
    )


def _mapped(kind: str, raw: Mapping[str, Any]) -> Mapped:
    return Mapped(
        kind,
        raw["type"],
        raw["in"],
        tuple(raw.get("parents", ())),
        raw.get("parentName"),
        raw.get("also", {}),
        {name: _row(name, one) for name, one in raw["rows"].items()},
        tuple(raw.get("unmodelled", ())),
    )


MAPPING: dict[str, Mapped] = {
    kind: _mapped(kind, raw) for kind, raw in load_yaml(Path(__file__).with_name("azurerm.yaml")).value.items()
}
"""Terraform type -> what it is in Azure Resource Manager."""
