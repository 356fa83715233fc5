"""Facts and relations read no field that they do not declare."""

from __future__ import annotations

import pytest

from rtaudit import assets
from rtaudit.contract.load import load_contract
from rtaudit.impact.join import part_reads
from rtaudit.snapshot import Snapshot, load
from rtaudit.subjects import ATTRIBUTES
from tests.impact.reads import noted, reads_of

NAMES = ("id", "name")
"""What pairs and joins resources is no field that a comparison shows."""


def _samples() -> list[Snapshot]:
    contracts = [load_contract(path) for path in sorted((assets.snapshots() / "clients").glob("*.yaml"))]
    found = [load(assets.snapshots() / f"{label}.json").with_clients(contracts) for label in ("dev", "test", "prod")]
    return [*found, load(assets.policies() / "rules" / "good.json")]


SAMPLES = [noted(one) for one in _samples()]
DECLARED = [
    (kind, name)
    for kind in ATTRIBUTES
    if kind != "probe"
    for name, part in ATTRIBUTES[kind].items()
    if part.fields is not None
]


@pytest.mark.parametrize(("kind", "name"), DECLARED, ids=[f"{kind}.{name}" for kind, name in DECLARED])
def test_a_part_reads_what_it_declares(kind: str, name: str) -> None:
    part = ATTRIBUTES[kind][name]
    declared = list(part_reads(kind, part))
    for snapshot, log in SAMPLES:
        number = 0
        while (found := reads_of(part, kind, number, snapshot, log)) is not None:
            number += 1
            undeclared = {
                (resource_type, path)
                for resource_type, path in found
                if path not in NAMES and not any(resource_type == one and _holds(top, path) for one, top in declared)
            }
            assert not undeclared, f"declare it in fields=: {sorted(undeclared)}"


def _holds(top: str, path: str) -> bool:
    return not top or path == top or path.startswith(f"{top}.")


def test_nearly_every_part_declares_its_fields() -> None:
    undeclared = {
        f"{kind}.{name}"
        for kind in ATTRIBUTES
        if kind != "probe"
        for name, one in ATTRIBUTES[kind].items()
        if one.fields is None
    }
    # They read identities, of types that stand in no table.
    assert {one for one in undeclared if not one.startswith("client.facts.caller")} == set()
