from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rtaudit.drift import DriftPolicy, load_policy
from rtaudit.drift.policy import path_fits
from rtaudit.errors import InputError
from rtaudit.report import SEVERITIES

from .estate import DEFAULT, TODAY, Resource, account, changes, deployment, edited, estate, snapshot

CAPACITY = "where: {type: Microsoft.CognitiveServices/accounts/deployments, path: /sku/capacity"


def policy(tmp_path: Path, entries: str, head: str = "") -> DriftPolicy:
    file = tmp_path / "mine.yaml"
    file.write_text(f"schema: rtaudit.driftpolicy/1\n{head}entries:\n{entries}")
    return load_policy(file, TODAY)


def capacity(label: str, value: int) -> Any:
    owner = account(label)
    return snapshot(label, [owner, deployment(owner, capacity=value)])


def decided(given: DriftPolicy, left: Any, right: Any) -> list[tuple[str, str, str | None]]:
    return [(one.path, one.decision, one.decided_by) for one in changes(left, right, given)]


@pytest.mark.parametrize(
    ("glob", "path", "fits"),
    [
        ("**", "", True),
        ("**", "/a/b", True),
        ("", "", True),
        ("", "/a", False),
        ("/a", "/a", True),
        ("/a", "/a/b", False),
        ("/a/*", "/a/b", True),
        ("/a/*", "/a/b/c", False),
        ("/a/**", "/a", True),
        ("/a/**", "/a/b/c", True),
        ("/a/**", "/ab", False),
        ("**/capacity", "/sku/capacity", True),
        ("/**/capacity", "/sku/capacity", True),
        ("/tags/cost*", "/tags/costCentre", True),
        ("/tags/cost*", "/tags/cost/x", False),
        ("/a.c", "/abc", False),
        ("/A", "/a", True),
    ],
)
def test_globs_over_paths(glob: str, path: str, fits: bool) -> None:
    assert path_fits(glob, path) is fits


def test_ignore(tmp_path: Path) -> None:
    given = policy(tmp_path, "  - {id: cap, " + CAPACITY + "}, ignore: true, reason: sized apart}\n")
    assert decided(given, capacity("test", 1), capacity("prod", 6)) == [("/sku/capacity", "ignored", "cap")]


@pytest.mark.parametrize(
    ("expect", "environments", "left", "right", "decision"),
    [
        ("{is: lower}", "[test]", ("test", 1), ("prod", 6), "expected"),
        ("{is: lower}", "[test]", ("prod", 6), ("test", 1), "expected"),
        ("{is: lower}", "[test]", ("test", 6), ("prod", 1), "drift"),
        ("{is: lower}", "[test]", ("prod", 1), ("test", 6), "drift"),
        ("{is: higher}", "[prod]", ("test", 1), ("prod", 6), "expected"),
        ("{is: lower}", "[dev]", ("test", 1), ("prod", 6), "drift"),
        ("{from: 1, to: 6}", "[test, prod]", ("test", 1), ("prod", 6), "expected"),
        ("{from: 1, to: 6}", "[test, prod]", ("prod", 6), ("test", 1), "expected"),
        ("{from: 1, to: 6}", "[prod, test]", ("test", 1), ("prod", 6), "drift"),
        ("{from: 1, to: 6}", "[test, prod]", ("test", 1), ("prod", 7), "drift"),
        ("{to: 6}", "[test, prod]", ("test", 2), ("prod", 6), "expected"),
        ("{from: '1'}", "[test]", ("test", 1), ("prod", 6), "drift"),
        ("{from: 1}", "{from: [dev, test], to: [prod]}", ("prod", 6), ("test", 1), "expected"),
        ("{from: 1}", "{from: [dev], to: [prod]}", ("prod", 6), ("test", 1), "drift"),
    ],
)
def test_expect(
    tmp_path: Path, expect: str, environments: str, left: tuple[str, int], right: tuple[str, int], decision: str
) -> None:
    where = f"{CAPACITY}, environments: {environments}}}"
    given = policy(tmp_path, f"  - {{id: cap, {where}, expect: {expect}, reason: test is small}}\n")
    (found,) = decided(given, capacity(*left), capacity(*right))
    assert found == ("/sku/capacity", decision, "cap" if decision == "expected" else None)


def test_what_one_side_lacks_can_be_expected(tmp_path: Path) -> None:
    owners = account("test"), account("prod")
    left, right = snapshot("test", [owners[0]]), snapshot("prod", [owners[1], deployment(owners[1])])
    entry = "  - {id: more, where: {path: '', category: deployments, environments: [test]}, expect: {from: null}, reason: prod only}\n"
    assert decided(policy(tmp_path, entry), left, right) == [("", "expected", "more")]
    assert decided(policy(tmp_path, entry), right, left) == [("", "expected", "more")]
    other_way = snapshot("test", [owners[0], deployment(owners[0])]), snapshot("prod", [owners[1]])
    assert decided(policy(tmp_path, entry), *other_way) == [("", "drift", None)]


def test_own_entries_come_before_those_they_extend(tmp_path: Path) -> None:
    entries = "  - {id: mine, where: {path: /properties/disableLocalAuth}, severity: info}\n"
    given = policy(tmp_path, entries, "extends: [default]\n")
    changed = edited(estate("prod"), "accounts", lambda item: item["properties"].update(disableLocalAuth=False))
    assert [(one.severity, one.decided_by) for one in changes(estate("test"), changed, given)] == [("info", "mine")]
    assert [(one.severity, one.decided_by) for one in changes(estate("test"), changed)] == [
        ("high", "local-authentication")
    ]
    assert [source["name"] for source in given.sources] == ["mine", "default"]


@pytest.mark.parametrize(("expires", "counts"), [("2026-11-21", False), ("2026-11-22", True)])
def test_an_expired_entry_no_longer_counts_and_is_said(tmp_path: Path, expires: str, counts: bool) -> None:
    entry = f"  - {{id: cap, {CAPACITY}}}, ignore: true, reason: soon, owner: ops, expires: {expires}}}\n"
    given = policy(tmp_path, entry)
    (found,) = decided(given, capacity("test", 1), capacity("prod", 6))
    assert found[1] == ("ignored" if counts else "drift")
    said = ["entry cap of mine expired on 2026-11-21 and no longer counts, owner ops"]
    assert given.warnings == ([] if counts else said)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ("  - {id: a, ignore: true}\n", r"mine.yaml:3:\d+: the entry 'a' gives no reason"),
        ("  - {id: a, reason: b}\n", "the entry 'a' says nothing"),
        ("  - {id: a, ignore: true, severity: low, reason: b}\n", "the entry 'a' says ignore and severity"),
        ("  - {id: a, ignroe: true}\n", "unknown key 'ignroe'"),
        ("  - {id: a, severity: hihg}\n", "cannot be 'hihg'"),
        ("  - {id: a, severity: low, where: {category: netwrok}}\n", "netwrok"),
        ("  - {id: a, severity: low, where: {path: sku/capacity}}\n", r"mine.yaml:3:\d+: the path 'sku/capacity' does not begin"),
        ("  - {id: a, severity: low, expires: 2026-02-30}\n", "is not a valid date"),
        ("  - {id: a, severity: low, expires: soon}\n", "not a date YYYY-MM-DD"),
        ("  - {id: a, severity: low}\n  - {id: a, severity: low}\n", r"mine.yaml:4:\d+: the id 'a' appears twice"),
        ("  - {severity: low}\n", "lacks 'id'"),
        ("  []\n", None),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_line(tmp_path: Path, entries: str, said: str | None) -> None:
    if said is None:
        assert policy(tmp_path, entries).entries == []
        return
    with pytest.raises(InputError, match=said):
        policy(tmp_path, entries)


def test_extending_in_a_circle_or_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="drift policies extend each other in a circle"):
        policy(tmp_path, "  []\n", "extends: [mine.yaml]\n")
    with pytest.raises(InputError, match=r"mine.yaml:2:\d+: unknown drift policy 'none.yaml'"):
        policy(tmp_path, "  []\n", "extends: [none.yaml]\n")
    with pytest.raises(InputError, match="unknown drift policy 'xxxx"):
        policy(tmp_path, "  []\n", f"extends: [{'x' * 300}]\n")


def test_the_default_decides_severities_for_what_matters() -> None:
    def loosen(item: Resource) -> None:
        item["properties"]["publicNetworkAccess"] = "Enabled"
        item["tags"]["cost"] = "1"

    found = {one.path: one.severity for one in changes(estate("test"), edited(estate("prod"), "accounts", loosen))}
    assert found == {"/properties/publicNetworkAccess": "high", "/tags/cost": "low"}
    assert not [entry.id for entry in DEFAULT.entries if entry.severity not in (None, *SEVERITIES)]
    assert len({entry.id for entry in DEFAULT.entries}) == len(DEFAULT.entries)
