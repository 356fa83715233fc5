"""Attachment: gives client contracts and probe documents to the snapshots that they are of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rtaudit.errors import InputError

if TYPE_CHECKING:
    from rtaudit.snapshot import Snapshot


def with_contracts(snapshots: Sequence[Snapshot], paths: Sequence[str]) -> tuple[list[Snapshot], list[str]]:
    """The snapshots, each with those of the contracts that name its environment in place of its own, and warnings.

    A contract that names some of the environments only is warned of. Raises InputError for one that names none of them.
    """
    from rtaudit.contract import load_contract
    from rtaudit.contract.sections import covers, in_environment, other_api_of

    if not paths:
        return list(snapshots), []
    contracts = [(path, load_contract(path)) for path in paths]
    names = [contract["name"] for _, contract in contracts]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two contracts are named {name}", "give each client a name of its own")
    warnings = []
    labels = [snapshot.environment for snapshot in snapshots]
    for path, contract in contracts:
        missing = [label for label in labels if not covers(contract, label)]
        named = ", ".join(contract.get("environments", ()))
        if len(missing) == len(labels):
            raise InputError(
                f"{path}: the contract {contract['name']} has no section for {' or '.join(map(repr, labels))}",
                f"its environments: {named}; the label is what `collect --environment` was given",
            )
        warnings += [f"{path} has no section for '{label}': not checked there" for label in missing]
        used = next(filter(None, (other_api_of(in_environment(contract, label)) for label in labels)), None)
        if used is not None:
            warnings.append(f"{path} is about {used}, another API than the Realtime API: not checked")
    return [
        snapshot.with_clients(one for _, one in contracts if covers(one, snapshot.environment))
        for snapshot in snapshots
    ], warnings


def probes_of(snapshots: Sequence[Snapshot], paths: Sequence[str]) -> list[list[dict[str, Any]]]:
    """The probes for each snapshot: of its accounts, else of its environment.

    Raises InputError for one that belongs to none of the snapshots, and for two of the same target.
    """
    from rtaudit.contract.probes import load_probe

    given: list[list[dict[str, Any]]] = [[] for _ in snapshots]
    for path in paths:
        probe = load_probe(path)
        target = probe["target"]
        owner = next(
            (index for index, one in enumerate(snapshots) if _is_of(probe, one, alone=len(snapshots) == 1)), None
        )
        if owner is None:
            what = target.get("account") or target.get("environment") or target["host"]
            raise InputError(
                f"{path}: the probe is of {what}, which none of the snapshots holds",
                "probe with --snapshot, so that the probe knows its account",
            )
        for other in given[owner]:
            if all(other["target"][key] == target[key] for key in ("host", "deployment")):
                raise InputError(
                    f"two probes are of {target['host']} and {target['deployment']}", "check them in two runs"
                )
        given[owner].append(probe)
    return given


def _is_of(probe: dict[str, Any], snapshot: Snapshot, *, alone: bool) -> bool:
    from rtaudit.azure import arm_id

    account, label = probe["target"].get("account"), probe["target"].get("environment")
    if account is not None:
        return arm_id.key(account) in snapshot.index.by_key
    return label == snapshot.environment if label is not None else alone
