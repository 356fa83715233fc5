"""Map file: pairs accounts, and other resources in doubt, as a person states. It is validated against the snapshots."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rtaudit.azure import arm_id
from rtaudit.azure.resource_types import ACCOUNT
from rtaudit.documents import Document, load_yaml
from rtaudit.drift.schema import MAP
from rtaudit.drift.sides import HELD, SideIndex, type_of
from rtaudit.drift.sides import name as name_of
from rtaudit.errors import did_you_mean
from rtaudit.snapshot import Snapshot


@dataclass(frozen=True)
class PairingMap:
    """A map as read from its file."""

    roles: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    """Role -> environment -> ids of resources, or names of accounts."""
    regions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Environment -> its regions (normalised), in the order in which they are counterparts."""
    tokens: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Environment -> the words that mean it in names."""
    source: Document | None = None
    """The file, for errors that name line and column."""
    warnings: Sequence[str] = ()
    """Environments of which it speaks and no snapshot is: there may be more of them than are compared, or one is misspelt."""

    def resolve(self, side: SideIndex) -> dict[str, list[str]]:
        """Role -> keys of what it names in this environment.

        Raises InputError when a name is not in the snapshot, or is claimed by two roles.
        """
        assert self.source is not None or not self.roles
        resolved: dict[str, list[str]] = {}
        claimed: dict[str, str] = {}
        for role, per_environment in self.roles.items():
            for index, wanted in enumerate(per_environment.get(side.label, ())):
                found = self._find(side, role, index, wanted)
                if found in claimed:
                    raise self._error(
                        side,
                        role,
                        index,
                        f"'{wanted}' has two roles, '{claimed[found]}' and '{role}'",
                        "keep one of them",
                    )
                claimed[found] = role
                resolved.setdefault(role, []).append(found)
        return resolved

    def counterpart(self, left: str, left_region: str, right: str) -> str | None:
        """The region of environment `right` that is where `left_region` is in environment `left`; None: not said."""
        here, there = self.regions.get(left, ()), self.regions.get(right, ())
        if left_region in here and (at := list(here).index(left_region)) < len(there):
            return there[at]
        return None

    def _find(self, side: SideIndex, role: str, index: int, wanted: str) -> str:
        if "/" in wanted:
            key, kind = arm_id.key(wanted), type_of(wanted)
            if kind in HELD:
                hint = "roles and locks are compared as what is held at an account; name the account"
                raise self._error(side, role, index, f"role '{role}' names '{wanted}', which is not paired", hint)
            if key in side.by_key or key in side.client_keys:
                return key
            # By their names: their ids are long and all alike.
            known = {arm_id.name_of(item["id"]): str(item["id"]) for item in side.by_type.get(kind or ACCOUNT, ())}
            named = did_you_mean(arm_id.name_of(wanted), known)
            near = known[named] if named else None
        else:
            accounts = side.accounts_by_name.get(wanted.lower(), [])
            if len(accounts) == 1:
                return arm_id.key(accounts[0]["id"])
            if accounts:
                raise self._error(
                    side,
                    role,
                    index,
                    f"{len(accounts)} accounts of {side.label} are called '{wanted}'",
                    "give the ARM id",
                )
            near = did_you_mean(wanted, [name_of(item) for item in side.by_type.get(ACCOUNT, ())])
        hint = f"did you mean '{near}'?" if near else "`rtaudit snapshot show FILE` lists the accounts"
        raise self._error(
            side, role, index, f"role '{role}' names '{wanted}', which is not in the snapshot of {side.label}", hint
        )

    def _error(self, side: SideIndex, role: str, index: int, message: str, hint: str) -> Exception:
        assert self.source is not None
        return self.source.error(("roles", role, side.label, index), message, hint)


NO_MAP = PairingMap()
"""Nothing said."""


def load_map(path: str | Path, snapshots: Sequence[Snapshot]) -> PairingMap:
    """The map in the YAML (or JSON) file `path`. Raises InputError, also when it names no environment of `snapshots`."""
    source = load_yaml(path, MAP)
    value = source.value
    roles = {
        role: {label: [given] if isinstance(given, str) else list(given) for label, given in sides.items()}
        for role, sides in value.get("roles", {}).items()
    }
    labels = {snapshot.environment for snapshot in snapshots}
    if roles and not any(labels & set(sides) for sides in roles.values()):
        said = sorted({label for sides in roles.values() for label in sides})
        raise source.error(
            ("roles",),
            f"the map names {', '.join(said)}, and the snapshots are of {', '.join(sorted(labels))}",
            "use the labels that the snapshots have in 'environment'",
        )
    return PairingMap(
        roles=roles,
        regions={label: [arm_id.region(item) for item in given] for label, given in value.get("regions", {}).items()},
        tokens={label: frozenset(map(str.lower, given)) for label, given in value.get("tokens", {}).items()},
        source=source,
        warnings=_strangers(source, labels),
    )


def _strangers(source: Document, labels: Collection[str]) -> list[str]:
    """A sentence on each environment of the map that none of `labels` is, at its first place."""
    value = source.value
    named: list[tuple[tuple[str, ...], Mapping[str, object]]] = [
        (("roles", role), sides) for role, sides in value.get("roles", {}).items()
    ]
    named += [((key,), value.get(key, {})) for key in ("regions", "tokens")]
    found: dict[str, str] = {}
    for path, per_environment in named:
        for label in per_environment:
            if label in labels or label in found:
                continue
            line, column = source.position((*path, label), at_key=True)
            said = f"{source.name}:{line}:{column}: the map names '{label}', and no snapshot is of it"
            # Of what is beside it none can be meant.
            near = did_you_mean(label, [one for one in sorted(labels) if one not in per_environment])
            found[label] = f"{said}: did you mean '{near}'?" if near else said
    return list(found.values())
