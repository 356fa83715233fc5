"""`--client`: contracts on the command line, and the pack that joins when there are any."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rtaudit.cli.app import plain
from rtaudit.errors import InputError

if TYPE_CHECKING:
    from rtaudit.policy import Pack
    from rtaudit.snapshot import Snapshot

CLIENT_PACK = "client"
"""The pack that joins by itself where a snapshot holds contracts and no rule that judges them is selected."""


def give_contracts(snapshots: Sequence[Snapshot], paths: Sequence[str]) -> list[Snapshot]:
    """The snapshots, each with those of the contracts that speak of its environment in place of its own.

    Raises InputError for a contract that speaks of none of them.
    """
    from rtaudit.client import load_contract
    from rtaudit.subjects.contract import covers

    if not paths:
        return list(snapshots)
    contracts = [(path, load_contract(path)) for path in paths]
    names = [contract["name"] for _, contract in contracts]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two contracts are named {name}", "give each client a name of its own")
    labels = [snapshot.environment for snapshot in snapshots]
    for path, contract in contracts:
        missing = [label for label in labels if not covers(contract, label)]
        named = ", ".join(contract.get("environments", ()))
        if len(missing) == len(labels):
            raise InputError(
                f"{path}: the contract {contract['name']} has no section for {' or '.join(map(repr, labels))}",
                f"its environments: {named}; the label is what `collect --environment` was given",
            )
        for label in missing:
            print(f"warning: {plain(path)} has no section for '{plain(label)}': not judged there", file=sys.stderr)
    return [
        _given(snapshot, [one for _, one in contracts if covers(one, snapshot.environment)]) for snapshot in snapshots
    ]


def _given(snapshot: Snapshot, contracts: Sequence[dict[str, Any]]) -> Snapshot:
    # What was edited after it was collected stays told; what is put in here is no edit.
    whole = snapshot.recorded_digest == snapshot.digest
    return replace(snapshot.with_clients(contracts), recorded_digest=None if whole else snapshot.recorded_digest)


def joined_packs(names: Sequence[str], settings: dict[str, Any], snapshots: Sequence[Snapshot]) -> list[Pack]:
    """The packs that are named, and the client pack where a snapshot holds contracts and none of them judges any."""
    from rtaudit.policy import load_policies

    if any(snapshot.clients for snapshot in snapshots):
        selected = [rule for pack in load_policies(names) for rule in pack.rules.values()]
        if not any(rule.each == "client" for rule in selected):
            names = [*names, CLIENT_PACK]
    return load_policies(names, settings)
