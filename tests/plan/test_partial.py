"""A value that is not known makes what reads it unknown, and turns nothing from pass to fail or back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtaudit.plan import plan
from rtaudit.policy import check, load_policies
from rtaudit.snapshot import Gap, Snapshot, load
from rtaudit.snapshot.partial import Partial, noting, with_gaps

SAMPLES = Path(__file__).parents[2] / "snapshots"


def unknown(field: str, scope: str = "/x") -> Gap:
    return Gap(scope, "accounts", "notYetKnown", field=field)


@pytest.mark.parametrize(
    ("field", "read", "noted"),
    [
        pytest.param("/properties/a", lambda one: one["properties"].get("a"), True, id="the value"),
        pytest.param("/properties/a", lambda one: "a" in one["properties"], True, id="whether it is there"),
        pytest.param("/properties/a", lambda one: list(one["properties"].items()), True, id="all of the object"),
        pytest.param("/properties/a", lambda one: one["properties"].get("b"), False, id="another"),
        pytest.param("/properties/l", lambda one: one["properties"].get("l"), True, id="a list that is not whole"),
        pytest.param(
            "/properties/o", lambda one: one["properties"]["o"].get("k"), False, id="what is there of an object"
        ),
        pytest.param("/properties/o", lambda one: one["properties"]["o"].get("z"), True, id="what else may be there"),
        pytest.param("/properties/n/x", lambda one: one["properties"].get("n"), True, id="below what is not there"),
        pytest.param("/properties/l/0/y", lambda one: one["properties"]["l"][0].get("y"), True, id="in an element"),
        pytest.param("/properties/l/0/y", lambda one: one["properties"]["l"][1].get("y"), False, id="another element"),
        pytest.param("/kind", lambda one: one.get("kind"), True, id="at the top"),
        pytest.param("/properties/s~1t", lambda one: one["properties"].get("s/t"), True, id="an escaped name"),
    ],
)
def test_what_is_read_is_noted(field: str, read: Any, noted: bool) -> None:
    raw = {"id": "/x", "properties": {"b": 1, "l": [{"x": 1}, {"x": 2}], "o": {"k": 1}}}
    one = with_gaps(raw, [unknown(field)])
    with noting() as found:
        read(one)
    assert bool(found) is noted
    assert raw == {"id": "/x", "properties": {"b": 1, "l": [{"x": 1}, {"x": 2}], "o": {"k": 1}}}


def test_two_gaps_of_one_object_are_both_kept() -> None:
    one = with_gaps({"id": "/x", "properties": {}}, [unknown("/properties/a"), unknown("/properties/b")])
    assert isinstance(one["properties"], Partial)
    with noting() as found:
        one["properties"].get("b")
    assert [gap.field for gap in found] == ["/properties/b"]


@cache
def prod() -> Snapshot:
    return load(SAMPLES / "prod.json")


@cache
def packs() -> Any:
    return load_policies(["regulated"], {"peakSessionsPerMinute": 10, "approvedModels": ["gpt-realtime"]})


@cache
def outcomes() -> dict[tuple[str, str], str]:
    return {(one.rule, one.resource): one.outcome for one in check([prod()], packs()).findings}


def pointers(value: Any, at: str = "") -> list[str]:
    """Every field below an object, and not inside of lists: those are what a plan can leave open."""
    found = []
    for key, item in value.items() if isinstance(value, dict) else ():
        pointer = f"{at}/{key.replace('~', '~0').replace('/', '~1')}"
        if pointer not in ("/id", "/name", "/type"):
            found += [pointer, *pointers(item, pointer)]
    return found


FIELDS = [
    (index, pointer)
    for index, resource in enumerate(load(SAMPLES / "prod.json").resources)
    if "/locations/" not in resource["id"]
    for pointer in pointers(resource)
]


@given(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=4, unique=True))
def test_no_outcome_turns_by_what_is_not_known(chosen: list[tuple[int, str]]) -> None:
    """The kind of an account decides what is a subject at all, which the reader of plans keeps: it is left as it is."""
    resources = [dict(one) for one in prod().resources]
    gaps = list(prod().gaps)
    for index, pointer in chosen:
        if pointer == "/kind" and "/accounts/" in resources[index]["id"]:
            continue
        resources[index] = without(resources[index], pointer.split("/")[1:])
        gaps.append(Gap(resources[index]["id"], "accounts", "notYetKnown", field=pointer))
    planned = Snapshot.of(prod().environment, prod().scope, resources, gaps, prod().clients)
    planned = replace(planned, collection=prod().collection)
    for one in check([planned], packs()).findings:
        before = outcomes().get((one.rule, one.resource))
        expected = (before, "unknown") if before else ("notApplicable", "unknown")  # a subject that it may be
        assert one.outcome in expected, (chosen, one.rule, one.resource, before, one.outcome)


def without(value: Any, steps: list[str]) -> Any:
    name = steps[0].replace("~1", "/").replace("~0", "~")
    if not isinstance(value, dict) or name not in value:
        return value
    copy = dict(value)
    if len(steps) == 1:
        del copy[name]
    else:
        copy[name] = without(copy[name], steps[1:])
    return copy


@pytest.mark.parametrize("rule", ["RTA-DNS-002", "RTA-DNS-003", "RTA-DNS-004", "RTA-RAI-004"])
def test_what_rests_on_what_azure_makes_does_not_block(rule: str) -> None:
    """The hosts of a new account, and the content policies that Azure makes with it."""
    planned, _ = plan(
        [str(SAMPLES / "plans" / "prod.azurerm.json")], environment="prod", base=load(SAMPLES / "prod.json")
    )
    report = check([planned], load_policies(["production"]), as_of=date(2026, 11, 22))
    found = [one for one in report.findings if one.rule == rule and one.outcome == "unknown"]
    assert found
    assert all(one.waits_for_azure for one in found)
