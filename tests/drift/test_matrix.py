from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rtaudit.drift import MatrixRow, columns, diff, matrix
from rtaudit.snapshot import Gap, Snapshot

from .estate import DEFAULT, TODAY, Resource, account, account_id, deployment, edited, estate, snapshot, without


def rows(*snapshots: Snapshot) -> list[MatrixRow]:
    return matrix(diff(snapshots, DEFAULT, as_of=TODAY))


def cells(row: MatrixRow) -> Sequence[tuple[Any, bool]]:
    return [(cell.value if cell.known else "?", cell.odd) for cell in row.cells]


def exposed(label: str, state: str) -> Snapshot:
    def change(item: Resource) -> None:
        item["properties"]["publicNetworkAccess"] = state

    return edited(estate(label), "accounts", change)


def test_the_odd_one_out_is_marked() -> None:
    (row,) = rows(exposed("dev", "Enabled"), exposed("test", "Disabled"), exposed("prod", "Disabled"))
    assert cells(row) == [("Enabled", True), ("Disabled", False), ("Disabled", False)]
    (row,) = rows(exposed("dev", "Disabled"), exposed("test", "Enabled"), exposed("prod", "Disabled"))
    assert cells(row) == [("Disabled", False), ("Enabled", True), ("Disabled", False)]
    assert row.changes[1] is None
    (row,) = rows(exposed("test", "Enabled"), exposed("prod", "Disabled"))
    assert cells(row) == [("Enabled", False), ("Disabled", False)]


def test_what_an_environment_lacks_is_absent_and_not_the_bases_value() -> None:
    def owners(label: str, *models: str) -> Snapshot:
        owner = account(label)
        return snapshot(label, [owner, *(deployment(owner, "rt", model) for model in models)])

    found = rows(owners("dev", "a"), owners("test"), owners("prod", "b"))
    by_path = {row.path: row for row in found}
    assert cells(by_path[""]) == [(True, False), (None, True), (True, False)]
    model = by_path["/properties/model/name"]
    assert [(cell.value, cell.there) for cell in model.cells] == [("a", True), (None, False), ("b", True)]
    # The deployment of an account that is missing altogether is absent too.
    found = rows(owners("dev", "a"), snapshot("test", []), owners("prod", "b"))
    model = {row.path: row for row in found}["/properties/model/name"]
    assert [cell.there for cell in model.cells] == [True, False, True]


def test_what_could_not_be_seen_is_a_question_mark() -> None:
    gap = Gap(account_id("test", "voice-test"), "deployments", "denied")
    dark = without(estate("test"), "deployments")
    dark = Snapshot.of("test", dark.scope, dark.resources, [gap])
    faster = edited(estate("prod"), "deployments", lambda item: item["sku"].update(capacity=9))
    found = {(row.path, row.type.rsplit("/", 1)[-1]): row for row in rows(estate("dev"), dark, faster)}
    assert cells(found["/sku/capacity", "deployments"]) == [(6, False), ("?", False), (9, True)]
    assert found["", "deployments"].decision == "unknown"


def test_rows_of_one_resource_stay_together() -> None:
    def change(item: Resource) -> None:
        item["properties"]["networkAcls"]["defaultAction"] = "Allow"
        item["properties"]["restrictOutboundNetworkAccess"] = True

    both = [
        snapshot(label, [edited(snapshot(label, [one]), "accounts", edit).resources[0] for one in made])
        for label, edit in (("test", lambda _item: None), ("prod", change))
        for made in [[account(label), account(label, f"chat-{label}")]]
    ]
    found = [(row.role, row.severity) for row in rows(*both)]
    assert found == [("chat", "high"), ("chat", "medium"), ("voice", "high"), ("voice", "medium")]


def test_headings_tell_two_moments_of_one_environment_apart() -> None:
    def at(when: str, file: str) -> Snapshot:
        return replace(estate("prod"), collection={"runs": [{"finishedAt": when}]}, file=file)

    drift = diff([at("2026-01-01", "a/x.json"), at("2026-02-01", "b/x.json")], DEFAULT, as_of=TODAY)
    assert columns(drift) == ["prod (2026-01-01)", "prod (2026-02-01)"]
    drift = diff([at("2026-01-01", "a/x.json"), at("2026-01-01", "b/x.json")], DEFAULT, as_of=TODAY)
    assert columns(drift) == ["prod (a/x.json)", "prod (b/x.json)"]
    deep = "/srv/" + "a-long-folder/" * 5
    drift = diff([at("", f"{deep}before/x.json"), at("", f"{deep}after/x.json")], DEFAULT, as_of=TODAY)
    assert columns(drift) == ["prod (before)", "prod (after)"]
    drift = diff([at("", f"{deep}{'a' * 50}/x.json"), at("", f"{deep}{'b' * 50}/x.json")], DEFAULT, as_of=TODAY)
    assert columns(drift) == ["prod #1", "prod #2"]
    assert columns(diff([estate("test"), estate("prod")], DEFAULT, as_of=TODAY)) == ["test", "prod"]


def test_a_tag_has_one_row_however_it_is_spelt() -> None:
    values = {"test": ("cost", "1"), "uat": ("cost", "2"), "prod": ("Cost", "3")}
    made = [snapshot(label, [account(label, tags={name: value})]) for label, (name, value) in values.items()]
    (row,) = rows(*made)
    assert (row.path, [cell.value for cell in row.cells]) == ("/tags/cost", ["1", "2", "3"])
